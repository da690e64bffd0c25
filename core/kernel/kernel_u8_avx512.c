/* kernel_u8_avx512: quantised products by VNNI: vpdpbusd sums four products of a byte pair at once. A strip is 12 rows
 * by 32 outputs; a panel is [depth / 4][32][4] bytes, rows are padded with zeros to fours. */
#define LANES 16
#include "core/kernel/kernel_u8_quantize.h"

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

static void quantize(void *row, const float *x, int64_t depth, float scale, int32_t zero, bool gelu)
{
    quantize_row(row, x, depth, scale, zero, gelu);
    memset((char *)row + depth, 0, (size_t)(row_bytes(depth) - depth));
}

#define EACH_STEP(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11)

static void strip(const u8_panel *p, const char *x, int32_t *sums)
{
    const char *w = p->weights;
    const int64_t step = p->row_bytes;
#define ZERO(t) __m512i a##t = _mm512_setzero_si512(), b##t = a##t;
    EACH_STEP(ZERO)
    for (int64_t i = fours(p->depth); i > 0; i--, w += 4 * PANEL, x += 4) {
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
#define KEEP(t)                                                                                                        \
    _mm512_store_si512(sums + t * PANEL, a##t);                                                                        \
    _mm512_store_si512(sums + t * PANEL + 16, b##t);
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

const kernel_u8 kernel_u8_avx512 = {PANEL, STEPS, row_bytes, panel_bytes, pack, range, quantize, multiply, NULL, NULL};
