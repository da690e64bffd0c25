/* kernel_u8_narrow_avx2: quantised products with weights from −64 to 64: vpmaddubsw sums two of them in 16 bits without
 * saturating (2 · 255 · 64 = 32640), vpmaddwd with ones makes four of that. A strip is 5 rows by 16 outputs, which with
 * weights, ones and what is between fill the 16 registers; a panel is [depth / 4][16][4] bytes, rows are padded with
 * zeros to fours. */
#define LANES 8
#include "core/kernel/kernel_u8_vector.h"

enum { PANEL = 16, STEPS = 5 };

static int64_t fours(int64_t depth) { return (depth + 3) / 4; }

static int64_t row_bytes(int64_t depth) { return fours(depth) * 4; }

static size_t panel_bytes(int64_t depth) { return (size_t)(fours(depth) * 4 * PANEL); }

static void pack(void *to, const int8_t *w, int64_t outputs, int64_t depth, int64_t in_stride, int64_t out_stride)
{
    int8_t *p = to;
    memset(p, 0, panel_bytes(depth));
    for (int64_t o = 0; o < outputs; o++) {
        const int8_t *from = w + o * out_stride;
        int8_t *at = p + o * 4;
        int64_t i = 0;
        for (; in_stride == 1 && i + 4 <= depth; i += 4, at += 4 * PANEL) memcpy(at, from + i, 4);
        for (; i < depth; i++) p[i / 4 * 4 * PANEL + o * 4 + i % 4] = from[i * in_stride];
    }
}

static __m256i quantized(__m256 x, __m256 scale, __m256i zero)
{
    __m256i v = _mm256_add_epi32(_mm256_cvtps_epi32(_mm256_div_ps(x, scale)), zero);
    return _mm256_min_epi32(_mm256_max_epi32(v, _mm256_setzero_si256()), _mm256_set1_epi32(255));
}

static void quantize(void *row, const float *x, int64_t depth, float scale, int32_t zero, bool gelu)
{
    uint8_t *q = row;
    __m256 s = _mm256_set1_ps(scale);
    __m256i z = _mm256_set1_epi32(zero);
    for (int64_t i = 0; i < depth; i += 8) {
        vec v = depth - i < 8 ? load_part(x + i, depth - i) : load(x + i);
        __m256i whole = quantized((__m256)(gelu ? gelu_vec(v) : v), s, z);
        __m128i words = _mm_packs_epi32(_mm256_castsi256_si128(whole), _mm256_extracti128_si256(whole, 1));
        __m128i bytes = _mm_packus_epi16(words, words);
        memcpy(q + i, &bytes, depth - i < 8 ? (size_t)(depth - i) : 8);
    }
    memset(q + depth, 0, (size_t)(row_bytes(depth) - depth));
}

#define EACH_STEP(X) X(0) X(1) X(2) X(3) X(4)

static void strip(const u8_panel *p, const char *x, int32_t *sums)
{
    const char *w = p->weights;
    const int64_t step = p->row_bytes;
    const __m256i ones = _mm256_set1_epi16(1);
#define ZERO(t) __m256i a##t = _mm256_setzero_si256(), b##t = a##t;
    EACH_STEP(ZERO)
    for (int64_t i = fours(p->depth); i > 0; i--, w += 4 * PANEL, x += 4) {
        __m256i left = _mm256_loadu_si256((const __m256i *)(const void *)w);
        __m256i right = _mm256_loadu_si256((const __m256i *)(const void *)(w + 32));
#define MULTIPLY(t)                                                                                                    \
    {                                                                                                                  \
        int32_t four;                                                                                                  \
        memcpy(&four, x + t * step, sizeof four);                                                                      \
        __m256i value = _mm256_set1_epi32(four);                                                                       \
        a##t = _mm256_add_epi32(a##t, _mm256_madd_epi16(_mm256_maddubs_epi16(value, left), ones));                     \
        b##t = _mm256_add_epi32(b##t, _mm256_madd_epi16(_mm256_maddubs_epi16(value, right), ones));                    \
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

const kernel_u8 kernel_u8_narrow_avx2 = {PANEL, STEPS, row_bytes, panel_bytes, pack, range, quantize, multiply, NULL, NULL};
