/* product_avx512bf16: bf16 products by vdpbf16ps: 14 rows by 32 outputs in registers, two products a lane and instruction. */
#include <immintrin.h>

#include "core/kernel/product_bf16.h"

enum { PANEL = 32, ROWS = 14, STEP = 32 };

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 14") /* only then the sums live in registers */

INLINE void strip(const product_block *b, const int rows)
{
    __m512 low[ROWS], high[ROWS];
UNROLL
    for (int r = 0; r < rows; r++) {
        low[r] = b->add ? _mm512_loadu_ps(b->sum + r * PANEL) : _mm512_setzero_ps();
        high[r] = b->add ? _mm512_loadu_ps(b->sum + r * PANEL + 16) : _mm512_setzero_ps();
    }
    const char *w = b->panel;
    const int64_t row = b->row_bytes;
    for (int64_t i = 0; i < b->in; i += STEP)
        for (int t = 0; t < b->taps; t++) {
            const char *x = b->x[0] + b->tap[t] + i * 2;
            for (int k = 0; k < STEP / 2; k++, x += 4, w += 128) {
                __m512bh left = (__m512bh)_mm512_loadu_si512(w), right = (__m512bh)_mm512_loadu_si512(w + 64);
UNROLL
                for (int r = 0; r < rows; r++) {
                    int32_t pair;
                    memcpy(&pair, x + r * row, sizeof pair);
                    __m512bh v = (__m512bh)_mm512_set1_epi32(pair);
                    low[r] = _mm512_dpbf16_ps(low[r], v, left);
                    high[r] = _mm512_dpbf16_ps(high[r], v, right);
                }
            }
        }
UNROLL
    for (int r = 0; r < rows; r++) {
        _mm512_storeu_ps(b->sum + r * PANEL, low[r]);
        _mm512_storeu_ps(b->sum + r * PANEL + 16, high[r]);
    }
}

#define CASE(N) case N: strip(b, N); break;

static void block(const product_block *b)
{
    switch (b->rows[0]) {
        CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) CASE(7)
        CASE(8) CASE(9) CASE(10) CASE(11) CASE(12) CASE(13) CASE(14)
    }
}

const product_kernel product_avx512bf16 = {
    .name = "avx512bf16", .type = DTYPE_BF16, .panel = PANEL, .rows = ROWS, .strips = 1, .step = STEP, .block = block, .soften = soften, .pairs_of_f16 = pairs_of_f16, .average = average,
    .finish = finish, .convert = convert, .affine = affine, .widen = widen, .norm_row = norm_row, .channel_sums = channel_sums,
};
