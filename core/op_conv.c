/* op_conv: convolutions of pictures, with what surrounds them in the models: a norm before, a residual after.
 *
 * A convolution first writes its padded input once, in the kernel's element type: that pass also upsamples, or applies a
 * group norm. For a stride s the padded pixels are stored as s · s pictures of every s-th pixel, so that the pixels that
 * one tap needs along a line always lie side by side and core/product.h can read them in place.
 */
#include "core/conv.h"

#include <math.h>
#include <string.h>

#include "core/kernel/kernel.h"
#include "core/op.h"
#include "core/winograd.h"

bool conv2d_init(conv2d *w, const tensor *weight, const float *bias, int stride, conv2d_padding padding, linear_mode mode,
                 pool *threads, status *st)
{
    *w = (conv2d){0};
    char shape[96];
    if (weight->rank != 4 || stride < 1 || padding.top < 0 || padding.left < 0 || padding.bottom < 0 || padding.right < 0)
        return status_set(st, STATUS_INPUT, "a convolution's weight has shape %s, [out, in, height, width] is wanted",
                          tensor_shape_text(weight, shape, sizeof shape));
    *w = (conv2d){.in = weight->dim[1], .out = weight->dim[0], .stride = stride, .padding = padding};
    w->winograd = winograd_suits(weight, stride, mode == LINEAR_FAST);
    if (w->winograd ? !winograd_init(&w->weight, weight, bias, threads, st) : !product_init(&w->weight, weight, bias, mode == LINEAR_FAST, threads, st)) return false;
    w->kernel_height = (int)weight->dim[2];
    w->kernel_width = (int)weight->dim[3];
    return true;
}

void conv2d_free(conv2d *w)
{
    product_free(&w->weight);
    *w = (conv2d){0};
}

/* ---- the padded input ---- */

typedef struct {
    const conv2d *w;
    const tensor *x;           /* [B, H, W, C] */
    int64_t height, width;     /* of the picture the convolution sees, upsampled from x */
    int64_t lines, pitch;      /* of each of the stride² pictures */
    const float *scale, *shift; /* [B, C], or NULL */
    bool silu;
    char *to;
} pad_job;

static size_t size_of(dtype type) { return type == DTYPE_F32 ? 4 : 2; }

/* n source elements to the kernel's type; scale and shift belong to their channels. */
static void pad_pixel(const pad_job *j, char *to, const char *from, int64_t b, int64_t n)
{
    const product_kernel *k = j->w->weight.kernel;
    enum { RUN = 1024 };
    float wide[RUN];
    for (int64_t i = 0; i < n; i += RUN) {
        int64_t count = n - i < RUN ? n - i : RUN;
        char *dst = to + (size_t)i * size_of(k->type);
        const char *src = from + (size_t)i * size_of(j->x->type);
        if (j->x->type == k->type && !j->scale) {
            memcpy(dst, src, (size_t)count * size_of(k->type));
            continue;
        }
        if (j->x->type == DTYPE_BF16) {
            k->widen(wide, (const uint16_t *)(const void *)src, count);
            src = (const char *)wide;
        }
        const float *value = (const float *)(const void *)src;
        if (j->scale) k->affine(dst, value, j->scale + b * j->w->in + i, j->shift + b * j->w->in + i, j->silu, count);
        else k->convert(dst, value, count);
    }
}

/* One line of one of the stride² pictures. */
static void pad_line(void *arg, int64_t i)
{
    const pad_job *j = arg;
    const conv2d *w = j->w;
    int64_t s = w->stride, C = w->in, line = i % j->lines, phase_x = i / j->lines % s, phase_y = i / j->lines / s % s,
            b = i / j->lines / s / s;
    size_t row = (size_t)w->weight.row * size_of(w->weight.kernel->type), used = (size_t)C * size_of(w->weight.kernel->type);
    char *to = j->to + (size_t)(i * j->pitch) * row;
    int64_t y = line * s + phase_y - w->padding.top, H = j->x->dim[1], W = j->x->dim[2];
    if (y < 0 || y >= j->height) {
        memset(to, 0, (size_t)j->pitch * row);
        return;
    }
    const char *from = (const char *)j->x->data + (size_t)((b * H + y * H / j->height) * W * C) * size_of(j->x->type);
    size_t pixel = (size_t)C * size_of(j->x->type);
    for (int64_t p = 0; p < j->pitch; p++, to += row) {
        int64_t x = p * s + phase_x - w->padding.left;
        if (x < 0 || x >= j->width) {
            memset(to, 0, row);
            continue;
        }
        pad_pixel(j, to, from + (size_t)(x * W / j->width) * pixel, b, C);
        if (used < row) memset(to + used, 0, row - used);
    }
}

/* ---- the norm before ---- */

/* scale and shift, [B, C] each, such that x · scale + shift is the group norm of x. */
static bool norm_affine(op_ctx *c, const tensor *x, const conv2d_around *a, float **scale, float **shift)
{
    int64_t count = x->dim[0] * x->dim[3];
    *scale = arena_alloc(c->mem, (size_t)count * sizeof(float), c->st);
    *shift = arena_alloc(c->mem, (size_t)count * sizeof(float), c->st);
    return *scale && *shift && op_group_norm_affine(c, x, a->groups, a->norm_weight, a->norm_bias, a->eps, *scale, *shift);
}

/* ---- the convolution ---- */

static bool check_shapes(op_ctx *c, const tensor *x, const conv2d *w, const conv2d_around *a, int64_t *out)
{
    char shape[96];
    int64_t H = a->height ? a->height : x->rank == 4 ? x->dim[1] : 0, W = a->width ? a->width : x->rank == 4 ? x->dim[2] : 0;
    int64_t high = H + w->padding.top + w->padding.bottom - w->kernel_height, wide = W + w->padding.left + w->padding.right - w->kernel_width;
    if (x->rank != 4 || x->dim[3] != w->in || high < 0 || wide < 0)
        return status_set(c->st, STATUS_FAIL, "op_conv2d: a picture of shape %s does not fit a kernel of %d × %d on %lld channels",
                          tensor_shape_text(x, shape, sizeof shape), w->kernel_height, w->kernel_width, (long long)w->in);
    out[0] = x->dim[0];
    out[1] = high / w->stride + 1;
    out[2] = wide / w->stride + 1;
    out[3] = w->out;
    if (a->residual && (a->residual->type != DTYPE_F32 || !tensor_shape_is(a->residual, 4, out)))
        return status_set(c->st, STATUS_FAIL, "op_conv2d: a residual of shape %s is given to another result",
                          tensor_shape_text(a->residual, shape, sizeof shape));
    if (a->to && !tensor_shape_is(a->to, 4, out))
        return status_set(c->st, STATUS_FAIL, "op_conv2d: the place of the result has shape %s", tensor_shape_text(a->to, shape, sizeof shape));
    if (a->row && (a->row->type != DTYPE_F32 || tensor_count(a->row) != w->out * a->row->dim[0] ||
                   (a->row->dim[0] != 1 && a->row->dim[0] != x->dim[0])))
        return status_set(c->st, STATUS_FAIL, "op_conv2d: a row of shape %s is added to %lld channels",
                          tensor_shape_text(a->row, shape, sizeof shape), (long long)w->out);
    return true;
}

tensor *op_conv2d_with(op_ctx *c, const tensor *x, const conv2d *w, const conv2d_around *a)
{
    int64_t dim[4], s = w->stride;
    if (!op_wants_float(c, "op_conv2d", x) || !check_shapes(c, x, w, a, dim)) return NULL;
    dtype type = a->feed ? c->feed : DTYPE_F32;
    if (a->to && !op_wants_place(c, "op_conv2d", a->to, type, dim[0] * dim[1] * dim[2] * dim[3])) return NULL;
    tensor *y = a->to ? a->to : tensor_new(c->mem, c->st, type, 4, dim);
    size_t mark = arena_mark(c->mem);
    if (!y) return NULL;

    pad_job pad = {.w = w, .x = x, .height = a->height ? a->height : x->dim[1], .width = a->width ? a->width : x->dim[2], .silu = a->silu};
    float *scale = NULL, *shift = NULL;
    if (a->groups && !norm_affine(c, x, a, &scale, &shift)) return NULL;
    pad.scale = scale;
    pad.shift = shift;
    pad.lines = (pad.height + w->padding.top + w->padding.bottom + s - 1) / s;
    pad.pitch = (pad.width + w->padding.left + w->padding.right + s - 1) / s;
    if (w->winograd) { /* zeros up to whole tiles */
        pad.lines = winograd_side(dim[1]);
        pad.pitch = winograd_side(dim[2]);
    }
    int64_t B = x->dim[0], picture = pad.lines * pad.pitch;
    tensor *padded = tensor_new(c->mem, c->st, w->weight.kernel->type, 5, (int64_t[]){B, s * s, pad.lines, pad.pitch, w->weight.row});
    if (!padded) return NULL;
    pad.to = padded->data;
    pool_run(c->threads, pad_line, &pad, B * s * s * pad.lines);

    int64_t offset[PRODUCT_MAX_TAPS];
    for (int t = 0; t < w->kernel_height * w->kernel_width; t++) {
        int64_t ky = t / w->kernel_width, kx = t % w->kernel_width;
        offset[t] = (ky % s * s + kx % s) * picture + ky / s * pad.pitch + kx / s;
    }
    product_rows rows = {.x = padded->data, .offset = offset, .planes = B, .height = dim[1], .width = dim[2],
                         .plane = s * s * picture, .pitch = pad.pitch};
    product_after after = {.activation = a->activation, .type = type, .residual = a->residual ? a->residual->data : NULL,
                           .row = a->row ? a->row->data : NULL, .one_row = a->row && a->row->dim[0] == 1};
    if (!w->winograd) product_run(&w->weight, c->threads, &rows, &after, y->data);
    else if (!winograd_run(c, &w->weight, &rows, &after, y->data)) return NULL;
    arena_reset(c->mem, mark);
    return y;
}

tensor *op_conv2d(op_ctx *c, const tensor *x, const conv2d *w) { return op_conv2d_with(c, x, w, &(conv2d_around){0}); }
