/* kernel_panel_f32: the f32 panel product for any vector width. The including file defines LANES, vec, LOAD, SPLAT, FMA,
 * STORE and STORE_PART (the first n elements). */
#include "core/kernel/kernel_panel.h"

enum { PARTS = PANEL / LANES }; /* vectors in one step of a panel */

#ifndef INLINE
#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 32")
#endif

/* rows × (panels · 16) outputs, all kept in registers; rows and panels are constants where this is inlined. Rows are
 * addressed in threes from one pointer, so that the pointers stay in registers too. */
INLINE void f32_tile(int rows, int panels, float *y, int64_t ldy, const float *x, int64_t ldx, const float *w, int64_t in,
                     int64_t out, bool more)
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
        UNROLL for (int p = 0; p < wide; p++) step[p] = LOAD(w + p / PARTS * in * PANEL + k * PANEL + p % PARTS * LANES);
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

/* All rows by `panels` panels: whole tiles first, then the rows that are left. */
#define F32_STRIP(NAME, PANELS, ROWS)                                                                                  \
    static void NAME(float *y, int64_t ldy, const float *x, int64_t ldx, int64_t rows, const float *w, int64_t in,     \
                     int64_t out, bool more)                                                                           \
    {                                                                                                                  \
        for (; rows >= ROWS; rows -= ROWS, x += ROWS * ldx, y += ROWS * ldy)                                           \
            f32_tile(ROWS, PANELS, y, ldy, x, ldx, w, in, out, more);                                                  \
        for (; rows >= 4 && ROWS > 4; rows -= 4, x += 4 * ldx, y += 4 * ldy)                                           \
            f32_tile(4, PANELS, y, ldy, x, ldx, w, in, out, more);                                                     \
        for (; rows > 0; rows--, x += ldx, y += ldy) f32_tile(1, PANELS, y, ldy, x, ldx, w, in, out, more);            \
    }
F32_STRIP(f32_many_rows, TILE_PANELS, TILE_ROWS)
F32_STRIP(f32_one_panel, 1, TILE_ROWS)
F32_STRIP(f32_few_rows, 8 / PARTS, 1) /* one row needs many sums side by side to hide the adder's latency */

static void f32_product(float *y, int64_t ldy, const float *x, int64_t ldx, int64_t rows, const float *panels, int64_t in,
                        int64_t out, bool more)
{
    int group = rows < 4 ? 8 / PARTS : TILE_PANELS;
    for (; out > (group - 1) * PANEL; out -= group * PANEL, y += group * PANEL, panels += group * PANEL * in)
        (rows < 4 ? f32_few_rows : f32_many_rows)(y, ldy, x, ldx, rows, panels, in, out, more);
    for (; out > 0; out -= PANEL, y += PANEL, panels += PANEL * in)
        f32_one_panel(y, ldy, x, ldx, rows, panels, in, out, more);
}
