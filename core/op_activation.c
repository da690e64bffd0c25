/* op_activation: the pointwise non-linearities and softmax. */
#include <string.h>

#include "core/kernel/kernel.h"
#include "core/op_rows.h"

typedef struct {
    void (*map)(float *dst, const float *x, int64_t n);
    float *dst;
    const float *x, *factor; /* factor: multiplied in, or NULL */
    float slope;
    int64_t width;
} activation_job;

static void map_span(void *job, int64_t from, int64_t n)
{
    activation_job *j = job;
    j->map(j->dst + from, j->x + from, n);
    if (j->factor) kernel_get()->mul(j->dst + from, j->dst + from, j->factor + from, n);
}

static tensor *map(op_ctx *c, const char *name, const tensor *x, const tensor *factor, void (*f)(float *, const float *, int64_t))
{
    if (!op_wants_f32(c, name, x)) return NULL;
    tensor *y = op_new(c, x->rank, x->dim);
    if (y) op_spans(c, map_span, &(activation_job){.map = f, .dst = y->data, .x = x->data, .factor = factor ? factor->data : NULL}, tensor_count(y));
    return y;
}

static tensor *gated(op_ctx *c, const char *name, const tensor *gate, const tensor *up, void (*f)(float *, const float *, int64_t))
{
    if (!op_wants_f32(c, name, gate) || !op_wants_f32(c, name, up)) return NULL;
    if (!tensor_shape_is(up, gate->rank, gate->dim)) {
        char a[96], b[96];
        status_set(c->st, STATUS_FAIL, "%s: shapes %s and %s differ", name, tensor_shape_text(gate, a, sizeof a),
                   tensor_shape_text(up, b, sizeof b));
        return NULL;
    }
    return map(c, name, gate, up, f);
}

tensor *op_silu(op_ctx *c, const tensor *x) { return map(c, "op_silu", x, NULL, kernel_get()->silu); }

tensor *op_gelu(op_ctx *c, const tensor *x) { return map(c, "op_gelu", x, NULL, kernel_get()->gelu); }

tensor *op_gelu_tanh(op_ctx *c, const tensor *x) { return map(c, "op_gelu_tanh", x, NULL, kernel_get()->gelu_tanh); }

tensor *op_quick_gelu(op_ctx *c, const tensor *x) { return map(c, "op_quick_gelu", x, NULL, kernel_get()->quick_gelu); }

tensor *op_silu_mul(op_ctx *c, const tensor *gate, const tensor *up) { return gated(c, "op_silu_mul", gate, up, kernel_get()->silu); }

tensor *op_gelu_tanh_mul(op_ctx *c, const tensor *gate, const tensor *up) { return gated(c, "op_gelu_tanh_mul", gate, up, kernel_get()->gelu_tanh); }

typedef struct {
    float *y;
    const float *x;
    int64_t width; /* of a row of y */
} geglu_job;

static void geglu_rows(void *job, int64_t from, int64_t n)
{
    geglu_job *j = job;
    for (int64_t r = from; r < from + n; r++) {
        const float *x = j->x + r * 2 * j->width;
        kernel_get()->gelu(j->y + r * j->width, x + j->width, j->width);
        kernel_get()->mul(j->y + r * j->width, j->y + r * j->width, x, j->width);
    }
}

tensor *op_geglu(op_ctx *c, const tensor *x)
{
    if (!op_wants_f32(c, "op_geglu", x)) return NULL;
    int last = x->rank - 1;
    if (last < 0 || x->dim[last] % 2) {
        char shape[96];
        status_set(c->st, STATUS_FAIL, "op_geglu: a last dimension of two halves is wanted, not %s", tensor_shape_text(x, shape, sizeof shape));
        return NULL;
    }
    int64_t dim[TENSOR_MAX_RANK];
    memcpy(dim, x->dim, sizeof dim);
    dim[last] /= 2;
    tensor *y = op_new(c, x->rank, dim);
    if (y) op_rows(c, geglu_rows, &(geglu_job){y->data, x->data, dim[last]}, tensor_rows(x), 2 * dim[last]);
    return y;
}

static void leaky_span(void *job, int64_t from, int64_t n)
{
    activation_job *j = job;
    for (int64_t i = from; i < from + n; i++) j->dst[i] = j->x[i] < 0 ? j->slope * j->x[i] : j->x[i];
}

tensor *op_leaky_relu(op_ctx *c, const tensor *x, float slope)
{
    if (!op_wants_f32(c, "op_leaky_relu", x)) return NULL;
    tensor *y = op_new(c, x->rank, x->dim);
    if (y) op_spans(c, leaky_span, &(activation_job){.dst = y->data, .x = x->data, .slope = slope}, tensor_count(y));
    return y;
}

tensor *op_relu(op_ctx *c, const tensor *x) { return op_leaky_relu(c, x, 0.0f); }

static void softmax_rows(void *job, int64_t from, int64_t n)
{
    activation_job *j = job;
    const kernel_table *k = kernel_get();
    for (int64_t r = from; r < from + n; r++) {
        const float *x = j->x + r * j->width;
        float *y = j->dst + r * j->width;
        k->exp_sub(y, x, k->max(x, j->width), j->width);
        k->scale(y, y, 1.0f / k->sum(y, j->width), j->width);
    }
}

tensor *op_softmax(op_ctx *c, const tensor *x)
{
    if (!op_wants_f32(c, "op_softmax", x)) return NULL;
    tensor *y = op_new(c, x->rank, x->dim);
    int64_t width = x->rank ? x->dim[x->rank - 1] : 1;
    if (y) op_rows(c, softmax_rows, &(activation_job){.dst = y->data, .x = x->data, .width = width}, tensor_rows(x), width);
    return y;
}
