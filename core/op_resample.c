/* op_resample: pictures made larger. */
#include <string.h>

#include "core/op.h"
#include "core/op_rows.h"

typedef struct {
    const tensor *x;
    tensor *y;
} resample_job;

static void nearest_lines(void *arg, int64_t from, int64_t n)
{
    const resample_job *j = arg;
    int64_t H = j->x->dim[1], W = j->x->dim[2], C = j->x->dim[3], high = j->y->dim[1], wide = j->y->dim[2];
    for (int64_t line = from; line < from + n; line++) {
        const float *source = tensor_f32(j->x) + (line / high * H + line % high * H / high) * W * C;
        float *to = tensor_f32(j->y) + line * wide * C;
        for (int64_t x = 0; x < wide; x++) memcpy(to + x * C, source + x * W / wide * C, (size_t)C * sizeof(float));
    }
}

tensor *op_upsample_nearest(op_ctx *c, const tensor *x, int64_t height, int64_t width)
{
    if (!op_wants_f32(c, "op_upsample_nearest", x)) return NULL;
    char shape[96];
    if (x->rank != 4 || height < 1 || width < 1 || x->dim[1] < 1 || x->dim[2] < 1) {
        status_set(c->st, STATUS_FAIL, "op_upsample_nearest: a picture of shape %s to %lld × %lld", tensor_shape_text(x, shape, sizeof shape),
                   (long long)height, (long long)width);
        return NULL;
    }
    tensor *y = op_new(c, SHAPE(x->dim[0], height, width, x->dim[3]));
    if (y) op_rows(c, nearest_lines, &(resample_job){x, y}, x->dim[0] * height, width * x->dim[3]);
    return y;
}
