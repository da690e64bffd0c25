/* op_rope: rotary position embedding. The angles of a pass are worked out once and shared by all its layers. */
#include <math.h>

#include "core/op_rows.h"

typedef struct {
    float *y;
    const int64_t *positions;
    const float *rates;
    int64_t half;
} table_job;

static void table_rows(void *job, int64_t from, int64_t n)
{
    table_job *j = job;
    for (int64_t r = from; r < from + n; r++)
        for (int64_t i = 0; i < j->half; i++) {
            float angle = (float)j->positions[r] * j->rates[i];
            j->y[r * 2 * j->half + i] = cosf(angle);
            j->y[r * 2 * j->half + j->half + i] = sinf(angle);
        }
}

tensor *op_rope_table(op_ctx *c, const int64_t *positions, int64_t n, const float *rates, int64_t rotary)
{
    tensor *y = op_new(c, SHAPE(n, rotary));
    if (y) op_rows(c, table_rows, &(table_job){y->data, positions, rates, rotary / 2}, n, rotary * 8);
    return y;
}

typedef struct {
    float *x;
    const float *table;
    int64_t heads, head_dim, rotary;
    bool interleaved;
} rope_job;

static void turn_interleaved(float *x, const float *cosine, const float *sine, int64_t half)
{
    for (int64_t i = 0; i < half; i++) {
        float a = x[2 * i], b = x[2 * i + 1];
        x[2 * i] = a * cosine[i] - b * sine[i];
        x[2 * i + 1] = a * sine[i] + b * cosine[i];
    }
}

static void turn_halves(float *restrict x, float *restrict y, const float *cosine, const float *sine, int64_t half)
{
    for (int64_t i = 0; i < half; i++) {
        float a = x[i], b = y[i];
        x[i] = a * cosine[i] - b * sine[i];
        y[i] = a * sine[i] + b * cosine[i];
    }
}

static void rope_rows(void *job, int64_t from, int64_t n)
{
    rope_job *j = job;
    int64_t half = j->rotary / 2;
    for (int64_t r = from; r < from + n; r++) {
        const float *cosine = j->table + r * j->rotary, *sine = cosine + half;
        for (int64_t h = 0; h < j->heads; h++) {
            float *x = j->x + (r * j->heads + h) * j->head_dim;
            if (j->interleaved) turn_interleaved(x, cosine, sine, half);
            else turn_halves(x, x + half, cosine, sine, half);
        }
    }
}

void op_rope_inplace(op_ctx *c, tensor *x, const tensor *table, int64_t head_dim, bool interleaved)
{
    if (op_failed(c) || !x || !table) return;
    int64_t width = x->dim[1];
    rope_job j = {x->data, tensor_f32(table), width / head_dim, head_dim, table->dim[1], interleaved};
    op_rows(c, rope_rows, &j, x->dim[0], width);
}
