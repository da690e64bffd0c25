/* kernel_wave_levels: the tables of all levels, for kernel_wave_select.c and the files that fill them. */
#ifndef AIGC_CORE_KERNEL_WAVE_LEVELS_H
#define AIGC_CORE_KERNEL_WAVE_LEVELS_H

#include "core/kernel/kernel_wave.h"

extern const kernel_wave kernel_wave_c;
#if defined(__x86_64__)
extern const kernel_wave kernel_wave_avx2;
extern const kernel_wave kernel_wave_avx512;
#endif

/* One pair of bins, k and m − k, k < m − k. sign: 1 turns as unfold does, −1 as fold. */
static inline void wave_pair(float *low, float *high, float c, float s, float scale, float sign)
{
    float er = scale * (low[0] + high[0]), ei = scale * (low[1] - high[1]);
    float dr = scale * (low[0] - high[0]), di = scale * (low[1] + high[1]);
    s *= sign;
    float tr = c * dr - s * di, ti = c * di + s * dr;
    low[0] = er + tr, low[1] = ei + ti;
    high[0] = er - tr, high[1] = ti - ei;
}

/* Bins 0 and m, which are real, and the middle one, which turns into its conjugate. */
static inline void wave_unfold_ends(float *z, int64_t m)
{
    float sum = z[0] + z[1], difference = z[0] - z[1];
    z[0] = sum, z[1] = 0;
    z[2 * m] = difference, z[2 * m + 1] = 0;
    if (m % 2 == 0) z[m + 1] = -z[m + 1];
}

static inline void wave_fold_ends(float *x, float scale, int64_t m)
{
    float first = x[0], last = x[2 * m];
    x[0] = scale * (first + last), x[1] = scale * (first - last);
    if (m % 2 == 0) x[m] = 2 * scale * x[m], x[m + 1] = -2 * scale * x[m + 1];
}

#endif
