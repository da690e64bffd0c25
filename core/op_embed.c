/* op_embed: rows of a table by number. */
#include <string.h>

#include "core/kernel/kernel.h"
#include "core/op_rows.h"
#include "core/quant.h"

typedef struct {
    float *y;
    const tensor *table;
    const int32_t *ids;
    float scale;
} embed_job;

static void embed_rows(void *job, int64_t from, int64_t n)
{
    embed_job *j = job;
    int64_t width = j->table->dim[1];
    const dtype_info *info = dtype_of(j->table->type);
    size_t row_bytes = (size_t)(width / info->block * info->bytes);
    for (int64_t r = from; r < from + n; r++) {
        float *y = j->y + r * width;
        quant_dequantize(j->table->type, (const char *)j->table->data + (size_t)j->ids[r] * row_bytes, y, width);
        if (j->scale != 1.0f) kernel_get()->scale(y, y, j->scale, width);
    }
}

tensor *op_embed(op_ctx *c, const tensor *table, const int32_t *ids, int64_t n, float scale)
{
    if (op_failed(c) || !table) return NULL;
    if (table->rank != 2 || table->dim[1] % dtype_of(table->type)->block) {
        char shape[96];
        status_set(c->st, STATUS_FAIL, "op_embed: a table of shape %s, whole rows of blocks wanted", tensor_shape_text(table, shape, sizeof shape));
        return NULL;
    }
    for (int64_t i = 0; i < n; i++)
        if (ids[i] < 0 || ids[i] >= table->dim[0]) {
            status_set(c->st, STATUS_FAIL, "op_embed: row %d of a table of %lld rows", ids[i], (long long)table->dim[0]);
            return NULL;
        }
    tensor *y = op_new(c, SHAPE(n, table->dim[1]));
    if (y) op_rows(c, embed_rows, &(embed_job){y->data, table, ids, scale}, n, table->dim[1]);
    return y;
}

tensor *op_take_rows(op_ctx *c, const tensor *x, const int64_t *rows, int64_t n)
{
    if (!op_wants_f32(c, "op_take_rows", x)) return NULL;
    int64_t width = x->rank == 2 ? x->dim[1] : 0;
    for (int64_t i = 0; i < n; i++)
        if (x->rank != 2 || rows[i] < 0 || rows[i] >= x->dim[0]) {
            char shape[96];
            status_set(c->st, STATUS_FAIL, "op_take_rows: row %lld of %s", (long long)rows[i], tensor_shape_text(x, shape, sizeof shape));
            return NULL;
        }
    tensor *y = op_new(c, SHAPE(n, width));
    for (int64_t i = 0; y && i < n; i++)
        memcpy(tensor_f32(y) + i * width, tensor_f32(x) + rows[i] * width, (size_t)width * sizeof(float));
    return y;
}
