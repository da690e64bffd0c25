/* kernel_panel_avx512: panel products for AVX-512 with VNNI. */
#include <immintrin.h>
#include <math.h>

#define LANES 16
#define TILE_PANELS 2
#define TILE_ROWS 12
typedef __m512 vec;
#define LOAD(p) _mm512_loadu_ps(p)
#define LOAD_PART(p, n) _mm512_maskz_loadu_ps((__mmask16)((1u << (n)) - 1), p)
#define SPLAT(s) _mm512_set1_ps(s)
#define FMA(a, b, c) _mm512_fmadd_ps(a, b, c)
#define STORE(p, v) _mm512_storeu_ps(p, v)
#define STORE_PART(p, v, n) _mm512_mask_storeu_ps(p, (__mmask16)((1u << (n)) - 1), v)
#include "core/kernel/kernel_panel_f32.h"
#include "core/kernel/kernel_panel_codes.h"

/* ---- activations to 8 bits ---- */

static void quantize(const panel_rows *q, int64_t row, const float *x)
{
    int64_t blocks = q->in / PANEL_BLOCK;
    const __m512i size_mask = _mm512_set1_epi32(0x7FFFFFFF);
    for (int64_t b = 0; b < blocks; b++, x += PANEL_BLOCK) {
        __m512 low = _mm512_loadu_ps(x), high = _mm512_loadu_ps(x + 16);
        /* as integers the bits of |x| are ordered like |x|, and infinities and NaNs are the largest */
        int32_t most_bits = _mm512_reduce_max_epi32(_mm512_max_epi32(_mm512_and_si512(_mm512_castps_si512(low), size_mask),
                                                                     _mm512_and_si512(_mm512_castps_si512(high), size_mask)));
        float most = _mm_cvtss_f32(_mm_castsi128_ps(_mm_cvtsi32_si128(most_bits)));
        bool finite = most_bits < 0x7F800000, empty = !finite || most < 1e-30f;
        float scale = empty ? 0.0f : most / 127.0f, inverse = empty ? 0.0f : 127.0f / most;
        __m512i code[2] = {_mm512_setzero_si512(), _mm512_setzero_si512()};
        if (!empty) {
            code[0] = _mm512_cvtps_epi32(_mm512_mul_ps(low, _mm512_set1_ps(inverse)));
            code[1] = _mm512_cvtps_epi32(_mm512_mul_ps(high, _mm512_set1_ps(inverse)));
        }
        int8_t *to = q->code + row * q->stride + b * PANEL_BLOCK;
        _mm_storeu_si128((__m128i *)to, _mm512_cvtepi32_epi8(code[0]));
        _mm_storeu_si128((__m128i *)(to + 16), _mm512_cvtepi32_epi8(code[1]));
        int32_t half[2] = {_mm512_reduce_add_epi32(code[0]), _mm512_reduce_add_epi32(code[1])};
        if (!finite) scale = NAN;
        q->scale[row * blocks + b] = scale;
        q->sum[row * blocks + b] = scale * (float)(half[0] + half[1]);
        q->minus[(row * blocks + b) * 2] = -half[0];
        q->minus[(row * blocks + b) * 2 + 1] = -half[1];
    }
}

/* ---- quantised products ---- */

/* What of a row of activations a product reads. */
typedef struct {
    const int8_t *code;
    const float *scale, *sum;
    const int32_t *minus;
} row_parts;

INLINE __m512 f16_vector(const uint8_t *p) { return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)p)); }

INLINE __m512i four_inputs(const int8_t *p)
{
    int32_t word;
    __builtin_memcpy(&word, p, sizeof word);
    return _mm512_set1_epi32(word);
}

/* One block's part of a tile: `rows` (a constant where this is inlined) rows by one panel. */
INLINE void add_block(panel_form f, int rows, __m512 *y, const row_parts *x, int64_t b, const uint8_t *panel, int64_t blocks)
{
    __m512i code[8];
    panel_unpack_avx512(f, code, panel, blocks, b);
    int groups = PANEL_BLOCK / f.group, shift = panel_code_shift(f), steps = 8 / groups;
    UNROLL for (int g = 0; g < groups; g++) {
        __m512 scale = f16_vector(panel + (b * groups + g) * PANEL * 2);
        __m512 min = f.min ? f16_vector(panel + panel_min_at(f, blocks) + (b * groups + g) * PANEL * 2) : _mm512_setzero_ps();
        UNROLL for (int r = 0; r < rows; r++) {
            __m512i sum = _mm512_setzero_si512();
            if (shift) {
                int32_t minus = groups == 2 ? x[r].minus[2 * b + g] : x[r].minus[2 * b] + x[r].minus[2 * b + 1];
                sum = _mm512_set1_epi32((int32_t)((uint32_t)minus << shift));
            }
            UNROLL for (int s = 0; s < steps; s++)
                sum = _mm512_dpbusd_epi32(sum, code[g * steps + s], four_inputs(x[r].code + b * PANEL_BLOCK + (g * steps + s) * 4));
            y[r] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(sum), _mm512_mul_ps(scale, _mm512_set1_ps(x[r].scale[b])), y[r]);
            if (f.min) {
                float total = groups == 1 ? x[r].sum[b] : -x[r].scale[b] * (float)x[r].minus[2 * b + g];
                y[r] = _mm512_fmadd_ps(min, _mm512_set1_ps(total), y[r]);
            }
        }
    }
}

/* Far enough ahead that a panel's lines are there in time, wherever the last page ended. */
enum { AHEAD = 4096 };

INLINE void prefetch_block(panel_form f, const uint8_t *panel, int64_t blocks, int64_t b)
{
    int64_t bytes = (int64_t)(panel_bytes(f, blocks) / (size_t)blocks) & ~(int64_t)63;
    const char *from = (const char *)panel + b * bytes + AHEAD;
    int lines = f.bits == 8 ? 9 : 6;
    UNROLL for (int i = 0; i < lines; i++) _mm_prefetch(from + i * 64, _MM_HINT_T0);
}

INLINE void tile(panel_form f, int rows, float *y, int64_t ldy, const panel_rows *x, int64_t first, const uint8_t *panel,
                 int64_t out, float unit)
{
    int64_t blocks = x->in / PANEL_BLOCK;
    row_parts part[16];
    __m512 sum[16];
    UNROLL for (int r = 0; r < rows; r++) {
        int64_t row = first + r;
        part[r] = (row_parts){x->code + row * x->stride, x->scale + row * blocks, x->sum + row * blocks, x->minus + row * blocks * 2};
        sum[r] = _mm512_setzero_ps();
    }
    for (int64_t b = 0; b < blocks; b++) {
        if (rows == 1) prefetch_block(f, panel, blocks, b);
        add_block(f, rows, sum, part, b, panel, blocks);
    }
    UNROLL for (int r = 0; r < rows; r++)
        STORE_PART(y + r * ldy, _mm512_mul_ps(sum[r], _mm512_set1_ps(unit)), out < PANEL ? out : PANEL);
}

INLINE void product(panel_form f, float *y, int64_t ldy, const panel_rows *x, int64_t first, int64_t rows,
                    const uint8_t *panels, int64_t out, float unit)
{
    size_t size = panel_bytes(f, x->in / PANEL_BLOCK);
    for (; out > 0; out -= PANEL, y += PANEL, panels += size) {
        int64_t r = 0;
        for (; r + 12 <= rows; r += 12) tile(f, 12, y + r * ldy, ldy, x, first + r, panels, out, unit);
        for (; r + 4 <= rows; r += 4) tile(f, 4, y + r * ldy, ldy, x, first + r, panels, out, unit);
        for (; r < rows; r++) tile(f, 1, y + r * ldy, ldy, x, first + r, panels, out, unit);
    }
}

PANEL_PRODUCTS(product)

const panel_kernels panel_kernels_avx512 = {
    .f32 = f32_product,
    .quantize = quantize,
    .quantized = PANEL_PRODUCT_TABLE,
};
