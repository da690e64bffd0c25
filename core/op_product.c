/* op_product: a matrix product by core/product.h on rows of any tensor. */
#include <string.h>

#include "core/op.h"
#include "core/op_rows.h"

typedef struct {
    const product_kernel *kernel;
    const tensor *x;
    int64_t in, row;
    char *to;
} row_job;

/* Rows in the kernel's type, padded with zeros. */
static void copy_rows(void *arg, int64_t from, int64_t n)
{
    const row_job *j = arg;
    const product_kernel *k = j->kernel;
    int64_t size = k->type == DTYPE_F32 ? 4 : 2;
    bool same = j->x->type == k->type;
    if (j->in == j->row && !same && k->type == DTYPE_BF16) {
        k->convert(j->to + from * j->row * size, (const float *)j->x->data + from * j->in, n * j->in);
        return;
    }
    for (int64_t r = from; r < from + n; r++) {
        char *to = j->to + r * j->row * size;
        const char *x = (const char *)j->x->data + r * j->in * (j->x->type == DTYPE_F32 ? 4 : 2);
        if (same) memcpy(to, x, (size_t)(j->in * size));
        else if (k->type == DTYPE_BF16) k->convert(to, (const float *)(const void *)x, j->in);
        else k->widen((float *)(void *)to, (const uint16_t *)(const void *)x, j->in);
        if (j->row > j->in) memset(to + j->in * size, 0, (size_t)((j->row - j->in) * size));
    }
}

tensor *op_product(op_ctx *c, const tensor *x, const product *w, const product_after *after)
{
    return op_product_to(c, x, w, after, NULL);
}

tensor *op_product_to(op_ctx *c, const tensor *x, const product *w, const product_after *after, tensor *to)
{
    if (!op_wants_float(c, "op_product", x)) return NULL;
    char shape[96];
    if (x->rank < 1 || x->dim[x->rank - 1] != w->in || w->taps != 1) {
        status_set(c->st, STATUS_FAIL, "op_product: x has shape %s, the weight [%lld, %lld]",
                   tensor_shape_text(x, shape, sizeof shape), (long long)w->out, (long long)w->in);
        return NULL;
    }
    int64_t dim[TENSOR_MAX_RANK], rows = tensor_rows(x);
    memcpy(dim, x->dim, sizeof dim);
    dim[x->rank - 1] = after->gated ? w->out / 2 : w->out;
    tensor *y = to ? to : tensor_new(c->mem, c->st, after->type, x->rank, dim);
    size_t mark = arena_mark(c->mem);
    if (!y || !op_wants_place(c, "op_product", y, after->type, rows * dim[x->rank - 1])) return NULL;
    const void *data = x->data;
    if (x->type != w->kernel->type || w->row != w->in) {
        tensor *copy = tensor_new(c->mem, c->st, w->kernel->type, 2, (int64_t[]){rows, w->row});
        if (!copy) return NULL;
        op_rows(c, copy_rows, &(row_job){w->kernel, x, w->in, w->row, copy->data}, rows, w->row);
        data = copy->data;
    }
    product_rows all = {.x = data, .planes = 1, .height = 1, .width = rows, .plane = rows, .pitch = rows};
    product_run(w, c->threads, &all, after, y->data);
    arena_reset(c->mem, mark);
    return y;
}

static void widen_span(void *job, int64_t from, int64_t n)
{
    const row_job *j = job;
    j->kernel->widen((float *)(void *)j->to + from, (const uint16_t *)j->x->data + from, n);
}

static void narrow_span(void *arg, int64_t from, int64_t n)
{
    const row_job *j = arg;
    j->kernel->convert(j->to + from * 2, tensor_f32(j->x) + from, n);
}

const tensor *op_as_bf16(op_ctx *c, const tensor *x)
{
    if (!op_wants_float(c, "op_as_bf16", x)) return NULL;
    if (x->type == DTYPE_BF16) return x;
    tensor *y = tensor_new(c->mem, c->st, DTYPE_BF16, x->rank, x->dim);
    if (y) op_spans(c, narrow_span, &(row_job){.kernel = product_kernel_bf16(), .x = x, .to = y->data}, tensor_count(x));
    return y;
}

const tensor *op_as_f32(op_ctx *c, const tensor *x)
{
    if (!op_wants_float(c, "op_as_f32", x)) return NULL;
    if (x->type == DTYPE_F32) return x;
    tensor *y = op_new(c, x->rank, x->dim);
    if (y) op_spans(c, widen_span, &(row_job){.kernel = product_kernel_f32(), .x = x, .to = y->data}, tensor_count(x));
    return y;
}
