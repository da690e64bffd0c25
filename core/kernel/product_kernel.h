/* product_kernel: the inner loops of matrix products and convolutions, one table for each instruction set and element type.
 *
 * core/product.h splits a product into panels of outputs and strips of rows; a kernel computes one panel for one or two
 * strips, and `finish` turns those sums into results. AIGC_KERNEL (core/kernel/kernel.h) holds here too. Kernels are
 * single-threaded and never allocate.
 */
#ifndef AIGC_CORE_PRODUCT_KERNEL_H
#define AIGC_CORE_PRODUCT_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/tensor.h"

enum { PRODUCT_MAX_PANEL = 32, PRODUCT_MAX_ROWS = 32 /* of all strips */, PRODUCT_MAX_TAPS = 64, PRODUCT_SUMS = 16 };

typedef enum { PRODUCT_PLAIN, PRODUCT_SILU, PRODUCT_GELU, PRODUCT_GELU_TANH, PRODUCT_QUICK_GELU, PRODUCT_RELU, PRODUCT_ADD_RELU } product_activation;

/* sum[s][r][o] = Σ_tap Σ_i x[s][r + tap][i] · w[o][tap][i] for the outputs o of one panel. */
typedef struct {
    const char *x[2];    /* the first row of each strip */
    int rows[2];         /* rows of each strip; rows[1] = 0: one strip */
    int64_t row_bytes;   /* from one row to the next */
    const int64_t *tap;  /* [taps]: bytes from a row to its tap */
    int taps;
    int64_t in;          /* elements of a row: a multiple of the kernel's step */
    const void *panel;   /* the packed weights */
    float *sum;          /* strip s begins at s · kernel.rows · panel */
    bool add;            /* to what sum holds already */
} product_block;

/* Rows of results: y[o] = activation(sum[o] + bias[o] + row[o]) + residual[o]; with gate: (sum + bias) ·
 * activation(gate + gate_bias). PRODUCT_ADD_RELU: max(0, sum + bias + row + residual). Row r begins r · panel elements further on in sum and gate, r · stride in residual and y. */
typedef struct {
    const float *sum, *bias, *row, *residual; /* all but sum may be NULL */
    const float *gate, *gate_bias;            /* NULL: no gate */
    product_activation activation;
    dtype type; /* of y: f32 or bf16 */
    void *y;
    int64_t rows, count, stride;
} product_result;

/* One step of an attention's softmax over a tile of keys. Row r sees those of the first min(keys + r · more, limit) keys that
 * come before keys + r · more by at most `window` (0: all of them). most[r] is
 * raised to the row's largest score · scale where that exceeds it by more than PRODUCT_HEADROOM (a maximum need not be
 * the last bit of it to keep exp in range, and a raise costs a pass over the results so far); then
 * p[r][i] = exp(score · scale − most[r]), 0 for keys not seen; fade[r] = exp(old most[r] − most[r]);
 * total[r] = total[r] · fade[r] + Σ p[r][i], as 16 sums that make up the whole when added. Returns whether any most was raised. scale must not be negative. */
typedef struct {
    const float *score; /* [panels][rows][panel] */
    void *p;            /* [rows][panels · panel], of the kernel's type */
    int64_t rows, panels, keys, more, window, limit;
    float scale;
    float *most, *fade;         /* [rows]; most is −∞ at first */
    float (*total)[PRODUCT_SUMS]; /* [rows] */
} product_soften;

#define PRODUCT_HEADROOM 8.0f

/* Rows of an attention's result: y[r][d] = sum[d / panel][r][d % panel] / Σ total[r] for 0 ≤ d < D, or 0 · sum where the total is
 * not above 0. Row r of y begins r · stride bytes on. */
typedef struct {
    const float *sum;                   /* [⌈D / panel⌉][rows][panel] */
    const float (*total)[PRODUCT_SUMS]; /* [rows] */
    int64_t rows, D;
    dtype type; /* of y: f32 or bf16 */
    char *y;
    int64_t stride;
} product_average;

/* The keys that row r sees: from … to − 1. */
typedef struct {
    int64_t from, to;
} product_seen;
static inline product_seen product_soften_seen(const product_soften *s, int64_t r)
{
    int64_t end = s->keys + r * s->more, from = s->window && end > s->window ? end - s->window : 0;
    int64_t to = end < 0 ? 0 : end < s->limit ? end : s->limit;
    return (product_seen){from < to ? from : to, to};
}

typedef struct product_kernel {
    const char *name;
    dtype type; /* of rows and packed weights: f32 or bf16 */
    int panel;  /* outputs in a panel */
    int rows;   /* most rows in a strip */
    int strips; /* strips in a block: 1 or 2 */
    int step;   /* rows of x are padded with zeros to a multiple of this many elements */
    bool whole; /* a strip costs the same however few rows it has */
    void (*begin)(void); /* once before and after a run of blocks on a thread; NULL where not needed */
    void (*end)(void);
    void (*block)(const product_block *b);
    void (*finish)(const product_result *r);
    /* dst[i] = src[i] as the kernel's type */
    void (*convert)(void *dst, const float *src, int64_t n);
    /* dst[i] = the f32 of src[i], which is bf16 */
    void (*widen)(float *dst, const uint16_t *src, int64_t n);
    /* dst[i] = f(src[i] · scale[i] + shift[i]) as the kernel's type; f is x σ(x) with silu */
    void (*affine)(void *dst, const float *src, const float *scale, const float *shift, bool silu, int64_t n);
    /* dst[i] = (x[i] − mean) · inverse · weight[i] + bias[i] as type; weight and bias may be NULL */
    void (*norm_row)(dtype type, void *dst, const float *x, float mean, float inverse, const float *weight, const float *bias, int64_t n);
    /* For `rows` rows of n elements: sum[i] += x − pivot[i], square[i] += (x − pivot[i])² */
    void (*channel_sums)(const float *x, const float *pivot, float *sum, float *square, int64_t rows, int64_t n);
    bool (*soften)(const product_soften *s);
    /* 16 outputs of a panel of 32 from a panel of 16 in f16 (core/kernel/kernel_panel.h): dst[i][o][e] = src[2i + e][o] for
     * 0 ≤ i < pairs; dst's pairs are a panel's 32 outputs apart. NULL for f32. */
    void (*pairs_of_f16)(uint16_t *dst, const uint16_t *src, int64_t pairs);
    void (*average)(const product_average *a);
    /* core/winograd.h's transforms; NULL where there are none. v[(6k + l) · slice + i] = (Bᵀ d_i B)[k][l] of the 6 × 6 pixels of
     * n channels at x, lines `line` and pixels `row` floats apart; y[r · line + s · panel + o] = (Aᵀ m_o A)[r][s] for a panel's
     * outputs o, m_o[k][l] = m[(6k + l) · slice + o]. */
    void (*winograd_in)(const float *x, int64_t line, int64_t row, float *v, int64_t slice, int64_t n);
    void (*winograd_out)(const float *m, int64_t slice, float *y, int64_t line);
} product_kernel;

/* The best kernels of this CPU for f32, and for bf16 products (NULL where it has no instructions for them). */
const product_kernel *product_kernel_f32(void);
const product_kernel *product_kernel_bf16(void);

/* Those for passes of many rows that may trade their last bits for speed (op_ctx's bulk): bf16 by tiles. NULL where the CPU has
 * none, or where a lower level is asked for. */
static inline const product_kernel *product_kernel_bulk(void)
{
    const product_kernel *k = product_kernel_bf16();
    return k && k->whole ? k : NULL;
}

/* Those of an element type; f32's where there are none of bf16's. */
static inline const product_kernel *product_kernel_of(dtype type)
{
    const product_kernel *k = type == DTYPE_BF16 ? product_kernel_bf16() : NULL;
    return k ? k : product_kernel_f32();
}

/* The kernels of a level ("c", "avx2", "avx512": f32; "c-bf16", "avx512bf16", "amx": bf16), or NULL (tests). */
const product_kernel *product_kernel_find(const char *name);

#endif
