/* kernel: the inner loops, one table for each instruction set.
 *
 * kernel_c.c is the truth in plain C. A SIMD file fills a table of the same shape; an entry it does not improve is taken
 * from the level below. kernel_get() picks the best table this CPU can run, once; the environment variable AIGC_KERNEL
 * (c, avx2, avx512, avx512bf16, amx) asks for a lower one. Kernels are single-threaded, never allocate, and accept any alignment.
 */
#ifndef AIGC_CORE_KERNEL_H
#define AIGC_CORE_KERNEL_H

#include <stdint.h>

#include "core/kernel/kernel_panel.h"

typedef struct kernel_table {
    const char *name;
    /* dst[i] = f(…) for 0 ≤ i < n; dst may be one of the inputs */
    void (*add)(float *dst, const float *a, const float *b, int64_t n);
    void (*mul)(float *dst, const float *a, const float *b, int64_t n);
    void (*scale)(float *dst, const float *a, float s, int64_t n);
    void (*add_scaled)(float *dst, const float *a, float s, int64_t n); /* dst += s · a */
    void (*silu)(float *dst, const float *x, int64_t n);                /* x / (1 + e⁻ˣ) */
    void (*gelu)(float *dst, const float *x, int64_t n);                /* x Φ(x) by erf */
    void (*gelu_tanh)(float *dst, const float *x, int64_t n);
    void (*quick_gelu)(float *dst, const float *x, int64_t n);
    void (*exp_sub)(float *dst, const float *x, float sub, int64_t n);  /* exp(x − sub) */
    void (*from_f16)(float *dst, const uint16_t *src, int64_t n);
    void (*to_f16)(uint16_t *dst, const float *src, int64_t n);         /* to nearest even */
    /* n pairs turned by their angles, (a, b) -> (a cos − b sin, a sin + b cos): those of elements i and i + n, or (turn_next) of
     * 2i and 2i + 1. Each product is rounded before it is added: all levels give the same bits. dst may not be x. */
    void (*turn)(float *dst, const float *x, const float *cosine, const float *sine, int64_t n);
    void (*turn_next)(float *dst, const float *x, const float *cosine, const float *sine, int64_t n);
    float (*dot)(const float *a, const float *b, int64_t n);
    float (*sum)(const float *x, int64_t n);
    float (*sum_sq_diff)(const float *x, float mean, int64_t n);        /* Σ (x − mean)² */
    float (*max)(const float *x, int64_t n);                            /* −∞ for n = 0 */
    /* A stretch of a softmax: x[i] becomes exp(x[i] − *top) for from ≤ i < to and 0 for the others of n, a multiple of 64, after
     * *top has been raised to the largest of those. *sum becomes Σ x[i] + *sum · shrink, where shrink = exp(*top before − *top) is
     * what earlier stretches are to be multiplied by, and is given. */
    float (*soften)(float *x, int64_t n, int64_t from, int64_t to, float *top, float *sum);
    const panel_kernels *panel;                                         /* products with weights in panels */
} kernel_table;

const kernel_table *kernel_get(void);

/* The table of a level by name, or NULL when this build or CPU does not have it (tests). */
const kernel_table *kernel_find(const char *name);

#endif
