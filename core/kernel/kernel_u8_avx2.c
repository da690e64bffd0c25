/* kernel_u8_avx2: quantised products in 16 bits: vpmaddubsw would saturate (255 · 127 · 2 > 32767), so both sides are
 * widened and vpmaddwd sums pairs. A strip is 6 rows by 16 outputs; a panel is [depth / 2][16][2] 16-bit numbers, rows
 * are padded with zeros to pairs. */
#define LANES 8
#include "core/kernel/kernel_u8_quantize_avx2.h"

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

static void quantize(void *row, const float *x, int64_t depth, float scale, int32_t zero, bool gelu)
{
    int16_t *q = row;
    __m256 s = _mm256_set1_ps(scale);
    __m256i z = _mm256_set1_epi32(zero);
    for (int64_t i = 0; i < depth; i += 8) {
        __m128i words = quantize_eight(x + i, depth - i, s, z, gelu);
        memcpy(q + i, &words, depth - i < 8 ? (size_t)(depth - i) * 2 : sizeof words);
    }
    if (depth % 2) q[depth] = 0;
}

#define EACH_STEP(X) X(0) X(1) X(2) X(3) X(4) X(5)

static void strip(const u8_panel *p, const char *x, int32_t *sums)
{
    const char *w = p->weights;
    const int64_t step = p->row_bytes;
#define ZERO(t) __m256i a##t = _mm256_setzero_si256(), b##t = a##t;
    EACH_STEP(ZERO)
    for (int64_t i = pairs(p->depth); i > 0; i--, w += 4 * PANEL, x += 4) {
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
#define KEEP(t)                                                                                                        \
    _mm256_storeu_si256((__m256i *)(void *)(sums + t * PANEL), a##t);                                                  \
    _mm256_storeu_si256((__m256i *)(void *)(sums + t * PANEL + 8), b##t);
    EACH_STEP(KEEP)
}

static void multiply(const u8_panel *p)
{
    _Alignas(64) int32_t sums[STEPS * PANEL];
    for (int64_t t = 0; t < p->count; t += STEPS) {
        strip(p, p->rows + t * p->row_bytes, sums);
        finish(p, sums, PANEL, t, p->count - t < STEPS ? p->count - t : STEPS);
    }
}

const kernel_u8 kernel_u8_avx2 = {PANEL, STEPS, row_bytes, panel_bytes, pack, range, quantize, multiply, NULL, NULL};
