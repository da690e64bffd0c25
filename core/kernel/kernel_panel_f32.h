/* kernel_panel_f32: the f32 panel product for any vector width, and the same with panels of f16 numbers. The including file
 * defines LANES, vec, LOAD, LOAD_HALF (from f16), SPLAT, FMA, STORE and STORE_PART (the first n elements). */
#include "core/kernel/kernel_panel.h"

enum { PARTS = PANEL / LANES }; /* vectors in one step of a panel */

#ifndef INLINE
#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 32")
#endif

/* One step of the sums, i after where from and step point. */
INLINE void f32_step(bool half, int rows, int panels, vec sum[12][8], const float *const *from, int64_t ldx, const char *const *step, int i)
{
    vec w[8];
    UNROLL for (int p = 0; p < panels * PARTS; p++) {
        int at = i * PANEL + p % PARTS * LANES;
        w[p] = half ? LOAD_HALF((const uint16_t *)(const void *)step[p / PARTS] + at) : LOAD((const float *)(const void *)step[p / PARTS] + at);
    }
    UNROLL for (int r = 0; r < rows; r++) {
        vec a = SPLAT(from[r / 3][r % 3 * ldx + i]);
        UNROLL for (int p = 0; p < panels * PARTS; p++) sum[r][p] = FMA(a, w[p], sum[r][p]);
    }
}

/* rows × (panels · 16) outputs, all kept in registers; half, rows and panels are constants where this is inlined. Rows are
 * addressed in threes from one pointer, so that the pointers stay in registers too. ahead: half panels that are asked for
 * meanwhile, a line of 64 bytes for each that is read. */
INLINE void f32_tile(bool half, int rows, int panels, float *y, int64_t ldy, const float *x, int64_t ldx, const void *w,
                     const char *ahead, int64_t in, int64_t out, bool more)
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
    const char *step[4] = {w};
    int64_t to_ahead = half ? ahead - (const char *)w : 0, line = 2 * PANEL * 2; /* two steps of a half panel */
    UNROLL for (int p = 1; p < panels; p++) step[p] = step[p - 1] + in * PANEL * (half ? 2 : 4);
    for (int64_t k = in / 2; k > 0; k--) {
        UNROLL for (int p = 0; half && p < panels; p++) __builtin_prefetch(step[p] + to_ahead, 0, 3);
        UNROLL for (int i = 0; i < 2; i++) f32_step(half, rows, panels, sum, from, ldx, step, i);
        UNROLL for (int i = 0; i < 4; i++) from[i] += 2;
        UNROLL for (int p = 0; p < panels; p++) step[p] += half ? line : 2 * line;
    }
    if (in % 2) f32_step(half, rows, panels, sum, from, ldx, step, 0);
    UNROLL for (int r = 0; r < rows; r++) {
        UNROLL for (int p = 0; p < wide; p++) {
            int64_t left = out - p * LANES;
            if (left >= LANES) STORE(y + r * ldy + p * LANES, sum[r][p]);
            else if (left > 0) STORE_PART(y + r * ldy + p * LANES, sum[r][p], left);
        }
    }
}

/* All rows by PANELS panels in registers: tiles of ROWS rows, of 9, 6 or 4 (attention has rows in threes), and a last one of 3,
 * 2 or 1. Once the first tile has asked for what lies ahead, the others ask for what they read themselves. */
#define F32_TILE(HALF, N, PANELS, ROWS)                                                                                \
    for (; N <= ROWS && rows >= N; rows -= N, x += N * ldx, y += N * ldy, ahead = w)                                   \
        f32_tile(HALF, N <= ROWS ? N : 1, PANELS, y, ldy, x, ldx, w, ahead, in, out, more);
#define F32_STRIP(NAME, HALF, PANELS, ROWS)                                                                            \
    static void NAME(float *y, int64_t ldy, const float *x, int64_t ldx, int64_t rows, const void *w, const void *ahead, \
                     int64_t in, int64_t out, bool more)                                                               \
    {                                                                                                                  \
        F32_TILE(HALF, ROWS, PANELS, ROWS)                                                                             \
        F32_TILE(HALF, 9, PANELS, ROWS)                                                                                \
        F32_TILE(HALF, 6, PANELS, ROWS)                                                                                \
        F32_TILE(HALF, 4, PANELS, ROWS)                                                                                \
        F32_TILE(HALF, 3, PANELS, ROWS)                                                                                \
        F32_TILE(HALF, 2, PANELS, ROWS)                                                                                \
        F32_TILE(HALF, 1, PANELS, ROWS)                                                                                \
    }

/* Few rows need many panels side by side to hide the adder's latency. */
enum { FEW_ROWS = 4, FEW_PANELS = 4 / PARTS };

#define F32_PRODUCT(NAME, HALF, TYPE)                                                                                  \
    F32_STRIP(NAME##_many_rows, HALF, TILE_PANELS, TILE_ROWS)                                                          \
    F32_STRIP(NAME##_one_panel, HALF, 1, TILE_ROWS)                                                                    \
    F32_STRIP(NAME##_few_rows, HALF, FEW_PANELS, FEW_ROWS)                                                             \
    static void NAME##_product(float *y, int64_t ldy, const float *x, int64_t ldx, int64_t rows, const TYPE *panels,   \
                               const TYPE *ahead, int64_t in, int64_t out, bool more)                                  \
    {                                                                                                                  \
        int group = rows < FEW_ROWS ? FEW_PANELS : TILE_PANELS;                                                        \
        int64_t step = group * PANEL * in;                                                                             \
        for (; out > (group - 1) * PANEL; out -= group * PANEL, y += group * PANEL, panels += step, ahead += step)     \
            (rows < FEW_ROWS ? NAME##_few_rows : NAME##_many_rows)(y, ldy, x, ldx, rows, panels, ahead, in, out, more); \
        for (; out > 0; out -= PANEL, y += PANEL, panels += PANEL * in, ahead += PANEL * in)                           \
            NAME##_one_panel(y, ldy, x, ldx, rows, panels, ahead, in, out, more);                                      \
    }
F32_PRODUCT(f32, false, float)
F32_PRODUCT(f16, true, uint16_t)

static void f32_alone(float *y, int64_t ldy, const float *x, int64_t ldx, int64_t rows, const float *panels, int64_t in,
                      int64_t out, bool more)
{
    f32_product(y, ldy, x, ldx, rows, panels, panels, in, out, more);
}
