/* kernel_u8: products of int8 weights and uint8 activations that share one scale and zero point, as ONNX's
 * DynamicQuantizeLinear and MatMulInteger define them; a table for each instruction set. All levels give the same bits:
 * the sums are whole numbers. (Only gelu, where it is asked for, differs in its last bit from level to level.)
 */
#ifndef AIGC_CORE_KERNEL_U8_H
#define AIGC_CORE_KERNEL_U8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where gelu is smallest: it falls up to there and rises after it. So the range of gelu over many values follows from
 * three of them, which cost less to find than gelu itself. */
#define U8_GELU_LOWEST (-0.75179f)

typedef struct {
    float highest;  /* of all values */
    float before;   /* the highest of those up to U8_GELU_LOWEST; −∞: there are none */
    float after;    /* the lowest of those above it; ∞: there are none */
} u8_bounds;

typedef struct {
    const char *rows;         /* quantised rows; whole strips are read, so that the last may lie past `count` */
    int64_t row_bytes, count;
    int64_t depth;            /* inputs of a product */
    const void *weights;      /* one packed panel */
    int64_t outputs;          /* how many of the panel's are wanted */
    const int32_t *correction; /* [panel]: subtracted from the sums: zero point · Σ weights */
    const int32_t *row_correction; /* [count]: subtracted from a row's sums: the weights' zero point · Σ row; NULL: it is 0 */
    float scale;
    const float *scales;      /* [panel]: a factor more of each output, or NULL */
    const float *bias;        /* [panel] */
    const float *gamma;       /* [outputs], or NULL */
    const float *add;         /* laid out like y, or NULL */
    float *y;                 /* [count][outputs]: gamma · (scale · scales · (sum − corrections) + bias) + add; y_step floats from row to row */
    int64_t y_step;
    u8_bounds *bounds;        /* widened by what is written to y, or NULL */
} u8_panel;

typedef struct kernel_u8 {
    int64_t panel, steps;
    int64_t (*row_bytes)(int64_t depth);
    size_t (*panel_bytes)(int64_t depth);
    /* weight of input i and output o: w[i · in_stride + o · out_stride]; the missing of `panel` outputs are zeros. */
    void (*pack)(void *to, const int8_t *w, int64_t outputs, int64_t depth, int64_t in_stride, int64_t out_stride);
    /* The smallest and largest of x and of what *low, *high held before. */
    void (*range)(const float *x, int64_t n, float *low, float *high);
    /* q = clamp(round_half_even(x / scale) + zero, 0, 255) of one row; with gelu, of gelu(x). */
    void (*quantize)(void *row, const float *x, int64_t depth, float scale, int32_t zero, bool gelu);
    void (*multiply)(const u8_panel *p);
    void (*begin)(void), (*end)(void); /* around a run of products on one thread; NULL: nothing is to be set up */
} kernel_u8;

/* The table that goes with kernel_get(). */
const kernel_u8 *kernel_u8_get(void);

/* The same for weights that seldom are large, as quantisers that spare a bit make them: where the CPU has no products of four
 * bytes (AVX2) sums of eight of these mostly fit 16 bits, which is three times as fast. All weights are computed rightly; U8_NARROW
 * is up to where it pays. Elsewhere the table is the same. */
const kernel_u8 *kernel_u8_get_narrow(void);
enum { U8_NARROW = 96 };

/* That of a level by name, or NULL when this CPU or build does not have it (tests). */
const kernel_u8 *kernel_u8_find(const char *name);
const kernel_u8 *kernel_u8_find_narrow(const char *name);

#endif
