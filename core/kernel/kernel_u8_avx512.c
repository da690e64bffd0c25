/* kernel_u8_avx512: quantised products by VNNI: vpdpbusd sums four products of a byte pair at once. A strip is 12 rows
 * by 32 outputs; a panel is [depth / 4][32][4] bytes, rows are padded with zeros to fours. */
#include <immintrin.h>
#include <string.h>

#include "core/kernel/kernel_u8_levels.h"

enum { PANEL = 32, STEPS = 12 };

static int64_t fours(int64_t depth) { return (depth + 3) / 4; }

static int64_t row_bytes(int64_t depth) { return fours(depth) * 4; }

static size_t panel_bytes(int64_t depth) { return (size_t)(fours(depth) * 4 * PANEL); }

static void pack(void *to, const int8_t *w, int64_t outputs, int64_t depth, int64_t in_stride, int64_t out_stride)
{
    int8_t *p = to;
    memset(p, 0, panel_bytes(depth));
    for (int64_t i = 0; i < depth; i++)
        for (int64_t o = 0; o < outputs; o++) p[i / 4 * 4 * PANEL + o * 4 + i % 4] = w[i * in_stride + o * out_stride];
}

static __mmask16 part(int64_t n) { return (__mmask16)(n >= 16 ? 0xFFFFu : (1u << n) - 1); }

static void range(const float *x, int64_t n, float *low, float *high)
{
    __m512 l = _mm512_set1_ps(*low), h = _mm512_set1_ps(*high);
    for (int64_t i = 0; i < n; i += 16) {
        __m512 v = _mm512_mask_loadu_ps(l, part(n - i), x + i);
        l = _mm512_min_ps(v, l);
        h = _mm512_mask_max_ps(h, part(n - i), v, h);
    }
    *low = _mm512_reduce_min_ps(l);
    *high = _mm512_reduce_max_ps(h);
}

static void quantize(void *row, const float *x, int64_t depth, float scale, int32_t zero)
{
    uint8_t *q = row;
    __m512 s = _mm512_set1_ps(scale);
    __m512i z = _mm512_set1_epi32(zero), none = _mm512_setzero_si512();
    for (int64_t i = 0; i < depth; i += 16) {
        __m512i v = _mm512_cvtps_epi32(_mm512_div_ps(_mm512_maskz_loadu_ps(part(depth - i), x + i), s));
        v = _mm512_max_epi32(_mm512_add_epi32(v, z), none);
        _mm512_mask_cvtusepi32_storeu_epi8(q + i, part(depth - i), v);
    }
    for (int64_t i = depth; i < row_bytes(depth); i++) q[i] = 0;
}

#define EACH_STEP(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11)

static void strip(const u8_strip *s)
{
    const char *w = s->weights, *x = s->rows;
    const int64_t step = s->row_bytes;
#define ZERO(t) __m512i a##t = _mm512_setzero_si512(), b##t = a##t;
    EACH_STEP(ZERO)
    for (int64_t i = fours(s->depth); i > 0; i--, w += 4 * PANEL, x += 4) {
        __m512i left = _mm512_loadu_si512(w), right = _mm512_loadu_si512(w + 64);
#define MULTIPLY(t)                                                                                                    \
    {                                                                                                                  \
        int32_t four;                                                                                                  \
        memcpy(&four, x + t * step, sizeof four);                                                                      \
        __m512i value = _mm512_set1_epi32(four);                                                                       \
        a##t = _mm512_dpbusd_epi32(a##t, value, left);                                                                 \
        b##t = _mm512_dpbusd_epi32(b##t, value, right);                                                                \
    }
        EACH_STEP(MULTIPLY)
    }
    __m512i fix_a = _mm512_loadu_si512(s->correction), fix_b = _mm512_loadu_si512(s->correction + 16);
    __m512 bias_a = _mm512_loadu_ps(s->bias), bias_b = _mm512_loadu_ps(s->bias + 16), scale = _mm512_set1_ps(s->scale);
#define FINISH(t)                                                                                                      \
    _mm512_storeu_ps(s->y + t * s->y_step,                                                                             \
                     _mm512_add_ps(_mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_sub_epi32(a##t, fix_a)), scale), bias_a));  \
    _mm512_storeu_ps(s->y + t * s->y_step + 16,                                                                        \
                     _mm512_add_ps(_mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_sub_epi32(b##t, fix_b)), scale), bias_b));
    EACH_STEP(FINISH)
}

const kernel_u8 kernel_u8_avx512 = {PANEL, STEPS, row_bytes, panel_bytes, pack, range, quantize, strip, NULL, NULL};
