/* product_f32: the f32 product for any vector width. An including file defines LANES and ROWS (the strip's height, chosen
 * so that 2 · ROWS sums, two weights and one broadcast fit the registers) first. Strips of fewer rows have loops of their
 * own, so that the time is in proportion. */
#include "core/kernel/product_vector.h"
#include "core/kernel/product_winograd.h"

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 14") /* only then the sums live in registers */

INLINE void strip(const product_block *b, const int rows)
{
    vec low[ROWS], high[ROWS];
UNROLL
    for (int r = 0; r < rows; r++) {
        low[r] = b->add ? load(b->sum + r * 2 * LANES) : (vec){0};
        high[r] = b->add ? load(b->sum + r * 2 * LANES + LANES) : (vec){0};
    }
    const float *w = b->panel;
    const int64_t row = b->row_bytes;
    for (int t = 0; t < b->taps; t++) {
        const char *x = b->x[0] + b->tap[t];
        for (int64_t i = 0; i < b->in; i++, x += sizeof(float), w += 2 * LANES) {
            vec left = load(w), right = load(w + LANES);
UNROLL
            for (int r = 0; r < rows; r++) {
                vec v = splat(*(const float *)(x + r * row));
                low[r] = fma_vec(v, left, low[r]);
                high[r] = fma_vec(v, right, high[r]);
            }
        }
    }
UNROLL
    for (int r = 0; r < rows; r++) {
        store(b->sum + r * 2 * LANES, low[r]);
        store(b->sum + r * 2 * LANES + LANES, high[r]);
    }
}

#define CASE(N) case N: strip(b, N); break;

static void block(const product_block *b)
{
    switch (b->rows[0]) {
        CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6)
#if ROWS > 6
        CASE(7) CASE(8) CASE(9) CASE(10) CASE(11) CASE(12) CASE(13) CASE(14)
#endif
    }
}

static void finish(const product_result *r) { finish_as(r, 2 * LANES); }

static void average(const product_average *a) { average_as(a, 2 * LANES); }

static void convert(void *dst, const float *src, int64_t n) { memcpy(dst, src, (size_t)n * sizeof(float)); }

static void affine(void *dst, const float *src, const float *scale, const float *shift, bool silu, int64_t n)
{
    affine_as(dst, DTYPE_F32, src, scale, shift, silu, n);
}

static bool soften(const product_soften *s) { return soften_as(s, 2 * LANES, DTYPE_F32, exp_vec); }
