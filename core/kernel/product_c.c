/* product_c: products in plain C, the truth that every SIMD level is tested against, for f32 and for bf16. */
#include <math.h>
#include <string.h>

#include "core/half.h"
#include "core/kernel/product_levels.h"

static float wide(uint16_t h)
{
    uint32_t bits = (uint32_t)h << 16;
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* The nearest bf16, ties to even; NaN stays NaN. */
static uint16_t narrow(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    if (x != x) return (uint16_t)(bits >> 16 | 0x40);
    return (uint16_t)((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

enum { PANEL = 16, ROWS = 4, PANEL_BF16 = 32, ROWS_BF16 = 4, STEP = 32 };

static void block(const product_block *b)
{
    for (int r = 0; r < b->rows[0]; r++) {
        double sum[PANEL];
        for (int o = 0; o < PANEL; o++) sum[o] = b->add ? (double)b->sum[r * PANEL + o] : 0;
        const float *w = b->panel;
        for (int t = 0; t < b->taps; t++) {
            const float *x = (const float *)(b->x[0] + r * b->row_bytes + b->tap[t]);
            for (int64_t i = 0; i < b->in; i++, w += PANEL)
                for (int o = 0; o < PANEL; o++) sum[o] += (double)(x[i] * w[o]);
        }
        for (int o = 0; o < PANEL; o++) b->sum[r * PANEL + o] = (float)sum[o];
    }
}

static void block_bf16(const product_block *b)
{
    for (int r = 0; r < b->rows[0]; r++) {
        float sum[PANEL_BF16] = {0};
        if (b->add) memcpy(sum, b->sum + r * PANEL_BF16, sizeof sum);
        const uint16_t *w = b->panel;
        for (int64_t i = 0; i < b->in; i += STEP)
            for (int t = 0; t < b->taps; t++) {
                const uint16_t *x = (const uint16_t *)(b->x[0] + r * b->row_bytes + b->tap[t]) + i;
                for (int k = 0; k < STEP; k += 2)
                    for (int o = 0; o < PANEL_BF16; o++, w += 2)
                        sum[o] += wide(x[k]) * wide(w[0]) + wide(x[k + 1]) * wide(w[1]);
            }
        memcpy(b->sum + r * PANEL_BF16, sum, sizeof sum);
    }
}

static float activate(product_activation activation, float x)
{
    switch (activation) {
    case PRODUCT_SILU: return x / (1.0f + expf(-x));
    case PRODUCT_GELU: return 0.5f * x * (1.0f + erff(x * 0.70710678f));
    case PRODUCT_GELU_TANH: return 0.5f * x * (1.0f + tanhf(0.79788456f * (x + 0.044715f * x * x * x)));
    case PRODUCT_QUICK_GELU: return x / (1.0f + expf(-1.702f * x));
    case PRODUCT_RELU: return x < 0 ? 0 : x;
    case PRODUCT_ADD_RELU: /* after the residual */
    case PRODUCT_PLAIN: break;
    }
    return x;
}

static void finish_as(const product_result *r, int64_t panel)
{
    for (int64_t i = 0; i < r->rows * r->count; i++) {
        int64_t row = i / r->count, o = i % r->count, at = row * r->stride + o;
        float y = r->sum[row * panel + o] + (r->bias ? r->bias[o] : 0);
        if (r->row) y += r->row[o];
        if (r->gate) y *= activate(r->activation, r->gate[row * panel + o] + (r->gate_bias ? r->gate_bias[o] : 0));
        else y = activate(r->activation, y);
        if (r->residual) y += r->residual[at];
        if (r->activation == PRODUCT_ADD_RELU) y = activate(PRODUCT_RELU, y);
        if (r->type == DTYPE_BF16) ((uint16_t *)r->y)[at] = narrow(y);
        else ((float *)r->y)[at] = y;
    }
}

static void finish(const product_result *r) { finish_as(r, PANEL); }

static void finish_bf16(const product_result *r) { finish_as(r, PANEL_BF16); }

static void convert(void *dst, const float *src, int64_t n) { memcpy(dst, src, (size_t)n * sizeof(float)); }

static void convert_bf16(void *dst, const float *src, int64_t n)
{
    for (int64_t i = 0; i < n; i++) ((uint16_t *)dst)[i] = narrow(src[i]);
}

static void widen(float *dst, const uint16_t *src, int64_t n)
{
    for (int64_t i = 0; i < n; i++) dst[i] = wide(src[i]);
}

static void affine(void *dst, const float *src, const float *scale, const float *shift, bool silu, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        ((float *)dst)[i] = activate(silu ? PRODUCT_SILU : PRODUCT_PLAIN, fmaf(src[i], scale[i], shift[i]));
}

static void affine_bf16(void *dst, const float *src, const float *scale, const float *shift, bool silu, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        ((uint16_t *)dst)[i] = narrow(activate(silu ? PRODUCT_SILU : PRODUCT_PLAIN, fmaf(src[i], scale[i], shift[i])));
}

static void norm_row(dtype type, void *dst, const float *x, float mean, float inverse, const float *weight, const float *bias, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        float y = (x[i] - mean) * inverse * (weight ? weight[i] : 1) + (bias ? bias[i] : 0);
        if (type == DTYPE_BF16) ((uint16_t *)dst)[i] = narrow(y);
        else ((float *)dst)[i] = y;
    }
}

static void channel_sums(const float *x, const float *pivot, float *sum, float *square, int64_t rows, int64_t n)
{
    for (int64_t r = 0; r < rows; r++)
        for (int64_t i = 0; i < n; i++) {
            float d = x[r * n + i] - pivot[i];
            sum[i] += d;
            square[i] = fmaf(d, d, square[i]);
        }
}

static bool soften_as(const product_soften *s, int64_t panel, dtype type)
{
    int64_t wide = s->panels * panel;
    bool raised = false;
    for (int64_t r = 0; r < s->rows; r++) {
        product_seen seen = product_soften_seen(s, r);
        float most = s->most[r], largest = -INFINITY, total = 0;
        for (int64_t i = seen.from; i < seen.to; i++) largest = fmaxf(largest, s->score[(i / panel * s->rows + r) * panel + i % panel] * s->scale);
        s->fade[r] = 1;
        if (largest > most + PRODUCT_HEADROOM) {
            s->fade[r] = expf(most - largest);
            s->most[r] = most = largest;
            raised = true;
        }
        for (int64_t i = 0; i < wide; i++) {
            float p = i >= seen.from && i < seen.to ? expf(s->score[(i / panel * s->rows + r) * panel + i % panel] * s->scale - most) : 0;
            total += p;
            if (type == DTYPE_BF16) ((uint16_t *)s->p)[r * wide + i] = narrow(p);
            else ((float *)s->p)[r * wide + i] = p;
        }
        s->total[r][0] = s->total[r][0] * s->fade[r] + total;
    }
    return raised;
}

static bool soften(const product_soften *s) { return soften_as(s, PANEL, DTYPE_F32); }

static bool soften_bf16(const product_soften *s) { return soften_as(s, PANEL_BF16, DTYPE_BF16); }

static void pairs_of_f16(uint16_t *dst, const uint16_t *src, int64_t pairs)
{
    for (int64_t i = 0; i < pairs; i++)
        for (int o = 0; o < 16; o++)
            for (int e = 0; e < 2; e++) dst[(i * PANEL_BF16 + o) * 2 + e] = narrow(half_from_f16(src[(2 * i + e) * 16 + o]));
}

static void average_as(const product_average *a, int64_t panel)
{
    for (int64_t r = 0; r < a->rows; r++) {
        float total = 0;
        for (int i = 0; i < PRODUCT_SUMS; i++) total += a->total[r][i];
        float scale = total > 0 ? 1.0f / total : 0;
        for (int64_t d = 0; d < a->D; d++) {
            float y = a->sum[(d / panel * a->rows + r) * panel + d % panel] * scale;
            if (a->type == DTYPE_BF16) ((uint16_t *)(void *)(a->y + r * a->stride))[d] = narrow(y);
            else ((float *)(void *)(a->y + r * a->stride))[d] = y;
        }
    }
}

static void average(const product_average *a) { average_as(a, PANEL); }

static void average_bf16(const product_average *a) { average_as(a, PANEL_BF16); }

const product_kernel product_c = {
    .name = "c", .type = DTYPE_F32, .panel = PANEL, .rows = ROWS, .strips = 1, .step = 1, .block = block, .soften = soften, .average = average,
    .finish = finish, .convert = convert, .affine = affine, .widen = widen, .norm_row = norm_row, .channel_sums = channel_sums,
};

const product_kernel product_c_bf16 = {
    .name = "c-bf16", .type = DTYPE_BF16, .panel = PANEL_BF16, .rows = ROWS_BF16, .strips = 1, .step = STEP,
    .block = block_bf16, .soften = soften_bf16, .pairs_of_f16 = pairs_of_f16, .average = average_bf16, .finish = finish_bf16, .convert = convert_bf16, .affine = affine_bf16, .widen = widen, .norm_row = norm_row, .channel_sums = channel_sums,
};
