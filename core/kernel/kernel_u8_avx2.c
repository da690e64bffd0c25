/* kernel_u8_avx2: quantised products in 16 bits: vpmaddubsw would saturate (255 · 127 · 2 > 32767), so both sides are
 * widened and vpmaddwd sums pairs. A strip is 6 rows by 16 outputs; a panel is [depth / 2][16][2] 16-bit numbers, rows
 * are padded with zeros to pairs. */
#include <immintrin.h>
#include <math.h>
#include <string.h>

#include "core/kernel/kernel_u8_levels.h"

enum { PANEL = 16, STEPS = 6 };

static int64_t pairs(int64_t depth) { return (depth + 1) / 2; }

static int64_t row_bytes(int64_t depth) { return pairs(depth) * 4; }

static size_t panel_bytes(int64_t depth) { return (size_t)(pairs(depth) * 4 * PANEL); }

static void pack(void *to, const int8_t *w, int64_t outputs, int64_t depth, int64_t in_stride, int64_t out_stride)
{
    int16_t *p = to;
    memset(p, 0, panel_bytes(depth));
    for (int64_t i = 0; i < depth; i++)
        for (int64_t o = 0; o < outputs; o++) p[i / 2 * 2 * PANEL + o * 2 + i % 2] = w[i * in_stride + o * out_stride];
}

static void range(const float *x, int64_t n, float *low, float *high)
{
    __m256 l = _mm256_set1_ps(*low), h = _mm256_set1_ps(*high);
    int64_t i = 0;
    for (; i + 8 <= n; i += 8) {
        l = _mm256_min_ps(_mm256_loadu_ps(x + i), l);
        h = _mm256_max_ps(_mm256_loadu_ps(x + i), h);
    }
    float lows[8], highs[8];
    _mm256_storeu_ps(lows, l);
    _mm256_storeu_ps(highs, h);
    for (int k = 0; k < 8; k++) {
        if (lows[k] < *low) *low = lows[k];
        if (highs[k] > *high) *high = highs[k];
    }
    for (; i < n; i++) {
        if (x[i] < *low) *low = x[i];
        if (x[i] > *high) *high = x[i];
    }
}

static __m256i quantized(__m256 x, __m256 scale, __m256i zero)
{
    __m256i v = _mm256_add_epi32(_mm256_cvtps_epi32(_mm256_div_ps(x, scale)), zero);
    return _mm256_min_epi32(_mm256_max_epi32(v, _mm256_setzero_si256()), _mm256_set1_epi32(255));
}

static void quantize(void *row, const float *x, int64_t depth, float scale, int32_t zero)
{
    int16_t *q = row;
    __m256 s = _mm256_set1_ps(scale);
    __m256i z = _mm256_set1_epi32(zero);
    int64_t i = 0;
    for (; i + 8 <= depth; i += 8) {
        __m256i v = quantized(_mm256_loadu_ps(x + i), s, z);
        _mm_storeu_si128((__m128i *)(void *)(q + i),
                         _mm_packs_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1)));
    }
    if (i < depth) {
        float last[8] = {0};
        int32_t values[8];
        memcpy(last, x + i, (size_t)(depth - i) * sizeof(float));
        _mm256_storeu_si256((__m256i *)(void *)values, quantized(_mm256_loadu_ps(last), s, z));
        for (int64_t k = 0; i + k < depth; k++) q[i + k] = (int16_t)values[k];
    }
    if (depth % 2) q[depth] = 0;
}

#define EACH_STEP(X) X(0) X(1) X(2) X(3) X(4) X(5)

static void strip(const u8_strip *s)
{
    const char *w = s->weights, *x = s->rows;
    const int64_t step = s->row_bytes;
#define ZERO(t) __m256i a##t = _mm256_setzero_si256(), b##t = a##t;
    EACH_STEP(ZERO)
    for (int64_t i = pairs(s->depth); i > 0; i--, w += 4 * PANEL, x += 4) {
        __m256i left = _mm256_loadu_si256((const __m256i *)(const void *)w);
        __m256i right = _mm256_loadu_si256((const __m256i *)(const void *)(w + 32));
#define MULTIPLY(t)                                                                                                    \
    {                                                                                                                  \
        int32_t pair;                                                                                                  \
        memcpy(&pair, x + t * step, sizeof pair);                                                                      \
        __m256i value = _mm256_set1_epi32(pair);                                                                       \
        a##t = _mm256_add_epi32(a##t, _mm256_madd_epi16(value, left));                                                 \
        b##t = _mm256_add_epi32(b##t, _mm256_madd_epi16(value, right));                                                \
    }
        EACH_STEP(MULTIPLY)
    }
    __m256i fix_a = _mm256_loadu_si256((const __m256i *)(const void *)s->correction);
    __m256i fix_b = _mm256_loadu_si256((const __m256i *)(const void *)(s->correction + 8));
    __m256 bias_a = _mm256_loadu_ps(s->bias), bias_b = _mm256_loadu_ps(s->bias + 8), scale = _mm256_set1_ps(s->scale);
#define FINISH(t)                                                                                                      \
    _mm256_storeu_ps(s->y + t * s->y_step,                                                                             \
                     _mm256_add_ps(_mm256_mul_ps(_mm256_cvtepi32_ps(_mm256_sub_epi32(a##t, fix_a)), scale), bias_a));  \
    _mm256_storeu_ps(s->y + t * s->y_step + 8,                                                                         \
                     _mm256_add_ps(_mm256_mul_ps(_mm256_cvtepi32_ps(_mm256_sub_epi32(b##t, fix_b)), scale), bias_b));
    EACH_STEP(FINISH)
}

const kernel_u8 kernel_u8_avx2 = {PANEL, STEPS, row_bytes, panel_bytes, pack, range, quantize, strip, NULL, NULL};
