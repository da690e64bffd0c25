/* kernel_wave: the elementary functions that making sound needs over and over, a table for each instruction set. Errors
 * are below 1e-6 of the result's largest value. dst may be one of the inputs.
 */
#ifndef AIGC_CORE_KERNEL_WAVE_H
#define AIGC_CORE_KERNEL_WAVE_H

#include <stdint.h>

typedef struct kernel_wave {
    void (*sine)(float *dst, const float *x, int64_t n); /* |x| up to 10⁵ */
    void (*tanh)(float *dst, const float *x, int64_t n);
    void (*gate)(float *dst, const float *a, const float *b, int64_t n); /* tanh(a) σ(b), WaveNet's */
    /* re + i im = e^{min(log_magnitude, limit)} e^{i phase} */
    void (*polar)(float *re, float *im, const float *log_magnitude, const float *phase, float limit, int64_t n);
    /* e^{min(log_magnitude, limit)} */
    void (*magnitude)(float *dst, const float *log_magnitude, float limit, int64_t n);
    /* Two normal numbers from 64 random bits each (Box and Muller 1958). */
    void (*normal_pairs)(float *re, float *im, const uint64_t *bits, int64_t n);
    /* The two ends of a real Fourier transform of 2 m points by a complex one of m (core/fft.c). spectrum: m + 1 complex
     * numbers, in place; turn: [2][2 m], for k < m the pairs (c, c) and (−s, s) of c + i s = −i e^(−πi k / m).
     * unfold:  X[k] = E + T, X[m − k] = conj(E − T);  E, D = ½ (Z[k] ± conj Z[m − k]), T = (c + i s) D
     * fold:    Z[k] = E + U, Z[m − k] = conj(E − U);  E, D = scale (X[k] ± conj X[m − k]), U = (c − i s) D */
    void (*unfold)(float *spectrum, const float *turn, int64_t m);
    void (*fold)(float *spectrum, const float *turn, float scale, int64_t m);
    /* sum += x − pivot and square += (x − pivot)², channel by channel */
    void (*moments)(float *sum, float *square, const float *x, const float *pivot, int64_t n);
    /* v = x scale + shift, channel by channel; dst = v, or slope · v where v < 0 */
    void (*affine_leaky)(float *dst, const float *x, const float *scale, const float *shift, float slope, int64_t n);
    /* v as above; dst = v + sin²(alpha v) inverse, |alpha v| up to 10⁴ (the Snake of Ziyin, Hartwig and Ueda 2020) */
    void (*affine_snake)(float *dst, const float *x, const float *scale, const float *shift, const float *alpha, const float *inverse, int64_t n);
} kernel_wave;

/* The table that goes with kernel_get(). */
const kernel_wave *kernel_wave_get(void);

/* That of a level by name, or NULL when this CPU or build does not have it (tests). */
const kernel_wave *kernel_wave_find(const char *name);

#endif
