/* op_basic: results in the arena, and the operations that work element by element. */
#include "core/op.h"

#include <math.h>
#include <string.h>

#include "core/kernel/kernel.h"
#include "core/op_rows.h"

tensor *op_new(op_ctx *c, int rank, const int64_t *dim)
{
    return op_failed(c) ? NULL : tensor_new(c->mem, c->st, DTYPE_F32, rank, dim);
}

static bool wants(op_ctx *c, const char *op, const tensor *x, bool fits, const char *wanted)
{
    if (op_failed(c) || !x) return false;
    char shape[96];
    return fits || status_set(c->st, STATUS_FAIL, "%s: an input of type %s and shape %s, %s wanted", op, dtype_of(x->type)->name,
                              tensor_shape_text(x, shape, sizeof shape), wanted);
}

bool op_wants_f32(op_ctx *c, const char *op, const tensor *x) { return wants(c, op, x, x && x->type == DTYPE_F32, "f32"); }

bool op_wants_float(op_ctx *c, const char *op, const tensor *x)
{
    return wants(c, op, x, x && (x->type == DTYPE_F32 || x->type == DTYPE_BF16), "f32 or bf16");
}

tensor *op_finite(op_ctx *c, tensor *x)
{
    if (!op_wants_f32(c, "op_finite", x)) return NULL;
    const float *v = tensor_f32(x);
    for (int64_t i = 0, n = tensor_count(x); i < n; i++) {
        if (isfinite(v[i])) continue;
        status_set(c->st, STATUS_INPUT, "the model's numbers left the range of f32: its weights, or what it was given, are damaged");
        return NULL;
    }
    return x;
}

bool op_wants_place(op_ctx *c, const char *op, tensor *to, dtype type, int64_t count)
{
    if (op_failed(c) || !to) return false;
    to->codes = NULL;
    char shape[96];
    return (to->type == type && tensor_count(to) == count) ||
           status_set(c->st, STATUS_FAIL, "%s: a result of %lld elements of type %s does not fit %s of type %s", op, (long long)count,
                      dtype_of(type)->name, tensor_shape_text(to, shape, sizeof shape), dtype_of(to->type)->name);
}

tensor *op_keep(op_ctx *c, size_t mark, const tensor *x)
{
    if (op_failed(c) || !x) return NULL;
    tensor header = *x;
    header.codes = NULL; /* they may lie in what is given back */
    size_t bytes = tensor_bytes(x);
    arena_reset_to_move(c->mem, mark);
    tensor *y = arena_alloc(c->mem, sizeof *y, c->st);
    if (y && (uintptr_t)header.data > (uintptr_t)y) {
        /* The block is reserved before anything is written: it begins at or below the elements' old place, since the
         * tensor that owns them has its header below them. */
        void *data = arena_alloc(c->mem, bytes, c->st);
        if (!data) return NULL;
        memmove(data, header.data, bytes);
        header.data = data;
    }
    if (y) *y = header;
    return y;
}

static bool same_shape(op_ctx *c, const char *op, const tensor *a, const tensor *b)
{
    if (tensor_shape_is(a, b->rank, b->dim)) return true;
    char left[96], right[96];
    return status_set(c->st, STATUS_FAIL, "%s: shapes %s and %s differ", op, tensor_shape_text(a, left, sizeof left),
                      tensor_shape_text(b, right, sizeof right));
}

typedef struct {
    float *dst;
    const float *a, *b;
    float s;
} binary_job;

static void add_span(void *job, int64_t from, int64_t n)
{
    binary_job *j = job;
    kernel_get()->add(j->dst + from, j->a + from, j->b + from, n);
}

static void mul_span(void *job, int64_t from, int64_t n)
{
    binary_job *j = job;
    kernel_get()->mul(j->dst + from, j->a + from, j->b + from, n);
}

static void scale_span(void *job, int64_t from, int64_t n)
{
    binary_job *j = job;
    kernel_get()->scale(j->dst + from, j->a + from, j->s, n);
}

static tensor *binary(op_ctx *c, const char *name, const tensor *a, const tensor *b, op_span_task task)
{
    if (!op_wants_f32(c, name, a) || !op_wants_f32(c, name, b) || !same_shape(c, name, a, b)) return NULL;
    tensor *y = op_new(c, a->rank, a->dim);
    if (y) op_spans(c, task, &(binary_job){y->data, a->data, b->data, 0}, tensor_count(y));
    return y;
}

tensor *op_add(op_ctx *c, const tensor *a, const tensor *b) { return binary(c, "op_add", a, b, add_span); }

tensor *op_mul(op_ctx *c, const tensor *a, const tensor *b) { return binary(c, "op_mul", a, b, mul_span); }

tensor *op_scale(op_ctx *c, const tensor *x, float s)
{
    if (!op_wants_f32(c, "op_scale", x)) return NULL;
    tensor *y = op_new(c, x->rank, x->dim);
    if (y) op_spans(c, scale_span, &(binary_job){y->data, x->data, NULL, s}, tensor_count(y));
    return y;
}

tensor *op_add_row(op_ctx *c, const tensor *x, const float *row)
{
    if (!op_wants_f32(c, "op_add_row", x)) return NULL;
    tensor *y = op_new(c, x->rank, x->dim);
    if (!y) return NULL;
    int64_t width = x->rank ? x->dim[x->rank - 1] : 1;
    for (int64_t r = 0; r < tensor_rows(x); r++)
        kernel_get()->add(tensor_f32(y) + r * width, tensor_f32(x) + r * width, row, width);
    return y;
}

typedef struct {
    char *to;
    const char *a, *b;
    size_t a_bytes, b_bytes; /* of a row */
} concat_job;

static void concat_rows(void *job, int64_t from, int64_t n)
{
    const concat_job *j = job;
    for (int64_t r = from; r < from + n; r++) {
        char *to = j->to + (size_t)r * (j->a_bytes + j->b_bytes);
        memcpy(to, j->a + (size_t)r * j->a_bytes, j->a_bytes);
        memcpy(to + j->a_bytes, j->b + (size_t)r * j->b_bytes, j->b_bytes);
    }
}

tensor *op_concat_last(op_ctx *c, const tensor *a, const tensor *b)
{
    if (!op_wants_f32(c, "op_concat_last", a) || !op_wants_f32(c, "op_concat_last", b)) return NULL;
    int last = a->rank - 1;
    int64_t wide = a->dim[last], other = b->dim[last], rows = tensor_rows(a);
    int64_t dim[TENSOR_MAX_RANK];
    memcpy(dim, a->dim, sizeof dim);
    dim[last] = other;
    if (!tensor_shape_is(b, a->rank, dim)) {
        same_shape(c, "op_concat_last", a, b);
        return NULL;
    }
    dim[last] = wide + other;
    tensor *y = op_new(c, a->rank, dim);
    if (y) op_rows(c, concat_rows, &(concat_job){y->data, a->data, b->data, (size_t)wide * sizeof(float), (size_t)other * sizeof(float)}, rows, wide + other);
    return y;
}

tensor *op_slice_last(op_ctx *c, const tensor *x, int64_t from, int64_t count)
{
    if (!op_wants_f32(c, "op_slice_last", x)) return NULL;
    int last = x->rank - 1;
    int64_t wide = x->dim[last], dim[TENSOR_MAX_RANK];
    if (from < 0 || count < 0 || from > wide - count) {
        status_set(c->st, STATUS_FAIL, "op_slice_last: %lld + %lld of %lld", (long long)from, (long long)count, (long long)wide);
        return NULL;
    }
    memcpy(dim, x->dim, sizeof dim);
    dim[last] = count;
    tensor *y = op_new(c, x->rank, dim);
    for (int64_t r = 0; y && r < tensor_rows(x); r++)
        memcpy(tensor_f32(y) + r * count, tensor_f32(x) + r * wide + from, (size_t)count * sizeof(float));
    return y;
}
