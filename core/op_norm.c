/* op_norm: layer norm, RMS norm and group norm. */
#include <math.h>
#include <string.h>

#include "core/kernel/kernel.h"
#include "core/kernel/product_kernel.h"
#include "core/op_codes.h"
#include "core/op_rows.h"

typedef struct {
    void *y;
    dtype type; /* of y */
    const float *x, *weight, *bias;
    int64_t width;
    float eps;
    const panel_rows *codes; /* of y, or NULL */
} norm_job;

static void narrow_row(const norm_job *j, int64_t r)
{
    if (j->codes) kernel_get()->panel->quantize(j->codes, r, 0, j->width / PANEL_BLOCK, (const float *)j->y + r * j->width);
}

static void layer_norm_rows(void *job, int64_t from, int64_t n)
{
    norm_job *j = job;
    const kernel_table *k = kernel_get();
    int64_t size = j->type == DTYPE_F32 ? 4 : 2;
    for (int64_t r = from; r < from + n; r++) {
        const float *x = j->x + r * j->width;
        float mean = k->sum(x, j->width) / (float)j->width;
        float inverse = 1.0f / sqrtf(k->sum_sq_diff(x, mean, j->width) / (float)j->width + j->eps);
        product_kernel_of(j->type)->norm_row(j->type, (char *)j->y + r * j->width * size, x, mean, inverse, j->weight, j->bias, j->width);
        narrow_row(j, r);
    }
}

static void rms_norm_rows(void *job, int64_t from, int64_t n)
{
    norm_job *j = job;
    const kernel_table *k = kernel_get();
    int64_t size = j->type == DTYPE_F32 ? 4 : 2;
    for (int64_t r = from; r < from + n; r++) {
        const float *x = j->x + r * j->width;
        float inverse = 1.0f / sqrtf(k->dot(x, x, j->width) / (float)j->width + j->eps);
        product_kernel_of(j->type)->norm_row(j->type, (char *)j->y + r * j->width * size, x, 0, inverse, j->weight, NULL, j->width);
        narrow_row(j, r);
    }
}

static tensor *row_norm(op_ctx *c, const tensor *x, const float *weight, const float *bias, float eps, op_span_task task)
{
    x = op_as_f32(c, x);
    tensor *y = x ? tensor_new(c->mem, c->st, c->feed, x->rank, x->dim) : NULL;
    if (!y) return NULL;
    int64_t width = x->rank ? x->dim[x->rank - 1] : 1;
    if (c->feed == DTYPE_F32) y->codes = op_codes_wanted(c, tensor_rows(x), width);
    op_rows(c, task, &(norm_job){y->data, c->feed, x->data, weight, bias, width, eps, y->codes}, tensor_rows(x), width);
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

/* ---- group norm ---- */

/* Sums run over spans of pixels, in f32 about the span's first pixel so that a large mean costs no precision; spans and
 * channels are joined in double, in order. */
enum { SPAN_PIXELS = 64 };

typedef struct {
    const tensor *x;
    int64_t pixels, spans; /* of one picture */
    float *pivot, *sum, *square; /* [B, spans, C] */
} moments_job;

static void span_moments(void *arg, int64_t i)
{
    const moments_job *j = arg;
    const product_kernel *k = product_kernel_f32();
    int64_t C = j->x->dim[3], b = i / j->spans, from = i % j->spans * SPAN_PIXELS;
    int64_t n = j->pixels - from < SPAN_PIXELS ? j->pixels - from : SPAN_PIXELS, start = (b * j->pixels + from) * C;
    float *pivot = j->pivot + i * C, *sum = j->sum + i * C, *square = j->square + i * C;
    memset(sum, 0, (size_t)C * sizeof(float));
    memset(square, 0, (size_t)C * sizeof(float));
    if (j->x->type == DTYPE_F32) {
        const float *x = tensor_f32(j->x) + start;
        memcpy(pivot, x, (size_t)C * sizeof(float));
        k->channel_sums(x, pivot, sum, square, n, C);
        return;
    }
    const uint16_t *x = (const uint16_t *)j->x->data + start;
    enum { RUN = 1024 };
    float wide[RUN];
    k->widen(pivot, x, C);
    for (int64_t r = 0; r < n; r++)
        for (int64_t at = 0; at < C; at += RUN) {
            int64_t count = C - at < RUN ? C - at : RUN;
            k->widen(wide, x + r * C + at, count);
            k->channel_sums(wide, pivot + at, sum + at, square + at, 1, count);
        }
}

/* Joins the spans of group g of picture b (Chan, Golub and LeVeque 1983): first a span's channels, which are of one size. */
static void group_moments(const moments_job *j, int64_t b, int64_t g, int64_t width, double *mean, double *variance)
{
    int64_t C = j->x->dim[3];
    double count = 0, centre = 0, spread = 0;
    for (int64_t s = 0; s < j->spans; s++) {
        int64_t pixels = j->pixels - s * SPAN_PIXELS < SPAN_PIXELS ? j->pixels - s * SPAN_PIXELS : SPAN_PIXELS, at = (b * j->spans + s) * C + g * width;
        double n = (double)pixels, inverse = 1 / n, sum = 0, about = 0, first = (double)j->pivot[at]; /* means are taken about the first pivot */
        for (int64_t i = at; i < at + width; i++) {
            double d = (double)j->sum[i] * inverse, m = (double)j->pivot[i] - first + d;
            sum += m;
            about += (double)j->square[i] + n * (m * m - d * d);
        }
        double own = n * (double)width, m = sum / (double)width, delta = first + m - centre, total = count + own;
        spread += about - own * m * m + delta * delta * count * own / total;
        centre += delta * own / total;
        count = total;
    }
    *mean = centre;
    *variance = count > 0 && spread > 0 ? spread / count : 0;
}

typedef struct {
    moments_job moments;
    int groups;
    const float *weight, *bias;
    float eps, *scale, *shift; /* the last two [B, C] */
} affine_groups;

static void group_affine(void *arg, int64_t item)
{
    const affine_groups *j = arg;
    int64_t C = j->moments.x->dim[3], width = C / j->groups, b = item / j->groups, g = item % j->groups;
    double mean, variance;
    group_moments(&j->moments, b, g, width, &mean, &variance);
    double inverse = 1.0 / sqrt(variance + (double)j->eps);
    for (int64_t i = g * width; i < (g + 1) * width; i++) {
        double s = inverse * (j->weight ? (double)j->weight[i] : 1);
        j->scale[b * C + i] = (float)s;
        j->shift[b * C + i] = (float)((j->bias ? (double)j->bias[i] : 0) - mean * s);
    }
}

bool op_group_norm_affine(op_ctx *c, const tensor *x, int groups, const float *weight, const float *bias, float eps,
                          float *scale, float *shift)
{
    char shape[96];
    if (!op_wants_float(c, "op_group_norm", x)) return false;
    if (x->rank != 4 || groups < 1 || x->dim[3] % groups)
        return status_set(c->st, STATUS_FAIL, "op_group_norm: %d groups of a picture of shape %s", groups, tensor_shape_text(x, shape, sizeof shape));
    int64_t B = x->dim[0], C = x->dim[3];
    moments_job j = {.x = x, .pixels = x->dim[1] * x->dim[2]};
    j.spans = (j.pixels + SPAN_PIXELS - 1) / SPAN_PIXELS;
    size_t mark = arena_mark(c->mem);
    tensor *sums = op_new(c, 4, (int64_t[]){3, B, j.spans, C});
    if (!sums) return false;
    j.pivot = sums->data;
    j.sum = j.pivot + B * j.spans * C;
    j.square = j.sum + B * j.spans * C;
    pool_run(c->threads, span_moments, &j, B * j.spans);
    pool_run(c->threads, group_affine, &(affine_groups){j, groups, weight, bias, eps, scale, shift}, B * groups);
    arena_reset(c->mem, mark);
    return true;
}

typedef struct {
    const tensor *x;
    tensor *y;
    const product_kernel *kernel; /* of y's type */
    const float *scale, *shift;
    bool silu;
} affine_job;

static void affine_pixels(void *arg, int64_t from, int64_t n)
{
    const affine_job *j = arg;
    int64_t C = j->x->dim[3], pixels = j->x->dim[1] * j->x->dim[2], size = j->y->type == DTYPE_F32 ? 4 : 2;
    enum { RUN = 1024 };
    float wide[RUN];
    for (int64_t p = from; p < from + n; p++)
        for (int64_t i = 0; i < C; i += RUN) {
            int64_t b = p / pixels, count = C - i < RUN ? C - i : RUN;
            const float *x = wide;
            if (j->x->type == DTYPE_BF16) j->kernel->widen(wide, (const uint16_t *)j->x->data + p * C + i, count);
            else x = tensor_f32(j->x) + p * C + i;
            j->kernel->affine((char *)j->y->data + (p * C + i) * size, x, j->scale + b * C + i, j->shift + b * C + i, j->silu, count);
        }
}

tensor *op_group_norm(op_ctx *c, const tensor *x, int groups, const float *weight, const float *bias, float eps, bool silu)
{
    if (!op_wants_float(c, "op_group_norm", x)) return NULL;
    const product_kernel *kernel = product_kernel_of(c->feed);
    tensor *y = tensor_new(c->mem, c->st, kernel->type, x->rank, x->dim);
    size_t mark = arena_mark(c->mem);
    int64_t C = x->rank ? x->dim[x->rank - 1] : 1;
    tensor *affine = y ? op_new(c, 3, (int64_t[]){2, x->dim[0], C}) : NULL;
    if (!affine) return NULL;
    affine_job j = {x, y, kernel, tensor_f32(affine), tensor_f32(affine) + x->dim[0] * C, silu};
    if (!op_group_norm_affine(c, x, groups, weight, bias, eps, tensor_f32(affine), tensor_f32(affine) + x->dim[0] * C)) return NULL;
    op_rows(c, affine_pixels, &j, tensor_rows(x), C);
    arena_reset(c->mem, mark);
    return y;
}
