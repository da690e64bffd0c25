/* op_norm: layer norm, RMS norm and group norm. */
#include <math.h>
#include <string.h>

#include "core/kernel/kernel.h"
#include "core/op_rows.h"

typedef struct {
    float *y;
    const float *x, *weight, *bias;
    int64_t width;
    float eps;
} norm_job;

static void layer_norm_rows(void *job, int64_t from, int64_t n)
{
    norm_job *j = job;
    const kernel_table *k = kernel_get();
    for (int64_t r = from; r < from + n; r++) {
        const float *x = j->x + r * j->width;
        float *y = j->y + r * j->width;
        float mean = k->sum(x, j->width) / (float)j->width;
        float inverse = 1.0f / sqrtf(k->sum_sq_diff(x, mean, j->width) / (float)j->width + j->eps);
        for (int64_t i = 0; i < j->width; i++) y[i] = (x[i] - mean) * inverse;
        if (j->weight) k->mul(y, y, j->weight, j->width);
        if (j->bias) k->add(y, y, j->bias, j->width);
    }
}

static void rms_norm_rows(void *job, int64_t from, int64_t n)
{
    norm_job *j = job;
    const kernel_table *k = kernel_get();
    for (int64_t r = from; r < from + n; r++) {
        const float *x = j->x + r * j->width;
        float *y = j->y + r * j->width;
        k->scale(y, x, 1.0f / sqrtf(k->dot(x, x, j->width) / (float)j->width + j->eps), j->width);
        if (j->weight) k->mul(y, y, j->weight, j->width);
    }
}

static tensor *row_norm(op_ctx *c, const tensor *x, const float *weight, const float *bias, float eps, op_span_task task)
{
    if (op_failed(c) || !x) return NULL;
    tensor *y = op_new(c, x->rank, x->dim);
    int64_t width = x->rank ? x->dim[x->rank - 1] : 1;
    if (y) op_rows(c, task, &(norm_job){y->data, x->data, weight, bias, width, eps}, tensor_rows(x), width);
    return y;
}

tensor *op_layer_norm(op_ctx *c, const tensor *x, const float *weight, const float *bias, float eps)
{
    return row_norm(c, x, weight, bias, eps, layer_norm_rows);
}

tensor *op_rms_norm(op_ctx *c, const tensor *x, const float *weight, float eps)
{
    return row_norm(c, x, weight, NULL, eps, rms_norm_rows);
}
