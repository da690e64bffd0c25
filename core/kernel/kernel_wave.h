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
} kernel_wave;

/* The table that goes with kernel_get(). */
const kernel_wave *kernel_wave_get(void);

/* That of a level by name, or NULL when this CPU or build does not have it (tests). */
const kernel_wave *kernel_wave_find(const char *name);

#endif
