/* product_winograd: the two transforms of core/winograd.h's convolutions, for any vector width; included by product_f32.h. */
#include "core/kernel/winograd_points.h"

/* Bᵀ d for one column or row of six: each coefficient is d times the product of (x − p) over the other points p. */
static inline void winograd_six(const vec d[6], vec v[6])
{
    const float aa = WINOGRAD_A * WINOGRAD_A, bb = WINOGRAD_B * WINOGRAD_B;
    vec p = fma_vec(splat(-bb), d[2], d[4]), q = splat(WINOGRAD_A) * fma_vec(splat(-bb), d[1], d[3]);
    vec r = fma_vec(splat(-aa), d[2], d[4]), s = splat(WINOGRAD_B) * fma_vec(splat(-aa), d[1], d[3]);
    v[0] = fma_vec(splat(aa * bb), d[0], fma_vec(splat(-aa - bb), d[2], d[4]));
    v[1] = p + q;
    v[2] = p - q;
    v[3] = r + s;
    v[4] = r - s;
    v[5] = fma_vec(splat(aa * bb), d[1], fma_vec(splat(-aa - bb), d[3], d[5]));
}

/* Aᵀ m for one column or row of six: the powers 0 to 3 of the points. */
static inline void winograd_four(const vec m[6], vec y[4])
{
    const float a = WINOGRAD_A, b = WINOGRAD_B;
    vec p = m[1] + m[2], q = m[1] - m[2], r = m[3] + m[4], s = m[3] - m[4];
    y[0] = m[0] + p + r;
    y[1] = fma_vec(splat(b), s, splat(a) * q);
    y[2] = fma_vec(splat(b * b), r, splat(a * a) * p);
    y[3] = fma_vec(splat(b * b * b), s, fma_vec(splat(a * a * a), q, m[5]));
}

static void winograd_in(const float *x, int64_t line, int64_t row, float *v, int64_t slice, int64_t n)
{
    for (int64_t i = 0; i < n; i += LANES) {
        int64_t left = n - i;
        vec half[6][6], d[6], t[6]; /* half[k][c]: coefficient k down column c */
        for (int c = 0; c < 6; c++) {
            for (int r = 0; r < 6; r++) d[r] = part_or_full(x + r * line + c * row + i, left);
            winograd_six(d, t);
            for (int k = 0; k < 6; k++) half[k][c] = t[k];
        }
        for (int k = 0; k < 6; k++) {
            winograd_six(half[k], t);
            for (int c = 0; c < 6; c++) put(v + (6 * k + c) * slice, DTYPE_F32, i, t[c], left);
        }
    }
}

static void winograd_out(const float *m, int64_t slice, float *y, int64_t line)
{
    enum { PANEL = 2 * LANES };
    for (int64_t i = 0; i < PANEL; i += LANES) {
        vec half[4][6], column[6], t[4];
        for (int c = 0; c < 6; c++) {
            for (int k = 0; k < 6; k++) column[k] = load(m + (6 * k + c) * slice + i);
            winograd_four(column, t);
            for (int r = 0; r < 4; r++) half[r][c] = t[r];
        }
        for (int r = 0; r < 4; r++) {
            winograd_four(half[r], t);
            for (int c = 0; c < 4; c++) store(y + r * line + c * PANEL + i, t[c]);
        }
    }
}
