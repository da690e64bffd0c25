/* kernel_panel_f32: the f32 panel product for any vector width, and the same with panels of f16 numbers. The including file
 * defines LANES, vec, LOAD, LOAD_HALF (from f16), SPLAT, FMA, STORE and STORE_PART (the first n elements). */
#include "core/kernel/kernel_panel.h"

enum { PARTS = PANEL / LANES }; /* vectors in one step of a panel */

#ifndef INLINE
#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 32")
#endif

/* rows × (panels · 16) outputs, all kept in registers; half, rows and panels are constants where this is inlined. Rows are
 * addressed in threes from one pointer, so that the pointers stay in registers too. */
INLINE void f32_tile(bool half, int rows, int panels, float *y, int64_t ldy, const float *x, int64_t ldx, const void *w,
                     int64_t in, int64_t out, bool more)
{
    vec sum[12][8];
    int wide = panels * PARTS;
    UNROLL for (int r = 0; r < rows; r++) {
        UNROLL for (int p = 0; p < wide; p++) {
            int64_t left = out - p * LANES;
            sum[r][p] = SPLAT(0.0f);
            if (more && left > 0) sum[r][p] = left >= LANES ? LOAD(y + r * ldy + p * LANES) : LOAD_PART(y + r * ldy + p * LANES, left);
        }
    }
    const float *from[4] = {x, x + 3 * ldx, x + 6 * ldx, x + 9 * ldx};
    for (int64_t k = 0; k < in; k++) {
        vec step[8];
        UNROLL for (int p = 0; p < wide; p++) {
            int64_t at = p / PARTS * in * PANEL + k * PANEL + p % PARTS * LANES;
            step[p] = half ? LOAD_HALF((const uint16_t *)w + at) : LOAD((const float *)w + at);
        }
        UNROLL for (int r = 0; r < rows; r++) {
            vec a = SPLAT(from[r / 3][r % 3 * ldx]);
            UNROLL for (int p = 0; p < wide; p++) sum[r][p] = FMA(a, step[p], sum[r][p]);
        }
        UNROLL for (int i = 0; i < 4; i++) from[i]++;
    }
    UNROLL for (int r = 0; r < rows; r++) {
        UNROLL for (int p = 0; p < wide; p++) {
            int64_t left = out - p * LANES;
            if (left >= LANES) STORE(y + r * ldy + p * LANES, sum[r][p]);
            else if (left > 0) STORE_PART(y + r * ldy + p * LANES, sum[r][p], left);
        }
    }
}

/* All rows by PANELS panels in registers: tiles of ROWS rows, of 4, and a last one of 3, 2 or 1. */
#define F32_STRIP(NAME, HALF, PANELS, ROWS)                                                                            \
    static void NAME(float *y, int64_t ldy, const float *x, int64_t ldx, int64_t rows, const void *w, int64_t in,      \
                     int64_t out, bool more)                                                                           \
    {                                                                                                                  \
        for (; rows >= ROWS; rows -= ROWS, x += ROWS * ldx, y += ROWS * ldy)                                           \
            f32_tile(HALF, ROWS, PANELS, y, ldy, x, ldx, w, in, out, more);                                            \
        for (; rows >= 4 && ROWS > 4; rows -= 4, x += 4 * ldx, y += 4 * ldy)                                           \
            f32_tile(HALF, 4, PANELS, y, ldy, x, ldx, w, in, out, more);                                               \
        if (rows == 3) f32_tile(HALF, 3, PANELS, y, ldy, x, ldx, w, in, out, more);                                    \
        if (rows == 2) f32_tile(HALF, 2, PANELS, y, ldy, x, ldx, w, in, out, more);                                    \
        if (rows == 1) f32_tile(HALF, 1, PANELS, y, ldy, x, ldx, w, in, out, more);                                    \
    }

/* Few rows need many panels side by side to hide the adder's latency. */
enum { FEW_ROWS = 4, FEW_PANELS = 4 / PARTS };

#define F32_PRODUCT(NAME, HALF, TYPE)                                                                                  \
    F32_STRIP(NAME##_many_rows, HALF, TILE_PANELS, TILE_ROWS)                                                          \
    F32_STRIP(NAME##_one_panel, HALF, 1, TILE_ROWS)                                                                    \
    F32_STRIP(NAME##_few_rows, HALF, FEW_PANELS, FEW_ROWS)                                                             \
    static void NAME##_product(float *y, int64_t ldy, const float *x, int64_t ldx, int64_t rows, const TYPE *panels,   \
                               int64_t in, int64_t out, bool more)                                                     \
    {                                                                                                                  \
        int group = rows < FEW_ROWS ? FEW_PANELS : TILE_PANELS;                                                        \
        for (; out > (group - 1) * PANEL; out -= group * PANEL, y += group * PANEL, panels += group * PANEL * in)      \
            (rows < FEW_ROWS ? NAME##_few_rows : NAME##_many_rows)(y, ldy, x, ldx, rows, panels, in, out, more);       \
        for (; out > 0; out -= PANEL, y += PANEL, panels += PANEL * in)                                                \
            NAME##_one_panel(y, ldy, x, ldx, rows, panels, in, out, more);                                             \
    }
F32_PRODUCT(f32, false, float)
F32_PRODUCT(f16, true, uint16_t)
