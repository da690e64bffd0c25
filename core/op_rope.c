/* op_rope: rotary position embedding. The angles of a pass are worked out once and shared by all its layers; queries and keys
 * are turned where they are read. */
#include <math.h>
#include <string.h>

#include "core/kernel/kernel.h"
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

void op_rope_turn(const op_rope *rope, int64_t row, const float *x, float *y, int64_t head_dim)
{
    int64_t rotary = rope->table ? rope->table->dim[1] : 0;
    memcpy(y + rotary, x + rotary, (size_t)(head_dim - rotary) * sizeof *y);
    if (!rotary) return;
    const float *cosine = tensor_f32(rope->table) + row * rotary, *sine = cosine + rotary / 2;
    (rope->interleaved ? kernel_get()->turn_next : kernel_get()->turn)(y, x, cosine, sine, rotary / 2);
}
