/* kernel_u8: products of int8 weights and uint8 activations that share one scale and zero point, as ONNX's
 * DynamicQuantizeLinear and MatMulInteger define them; a table for each instruction set. All levels give the same bits:
 * the sums are whole numbers.
 */
#ifndef AIGC_CORE_KERNEL_U8_H
#define AIGC_CORE_KERNEL_U8_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
    const char *rows;         /* quantised rows */
    int64_t row_bytes;
    int64_t depth;            /* inputs of a product */
    const void *weights;      /* one packed panel */
    const int32_t *correction; /* [panel]: subtracted from the sums: zero point · Σ weights */
    float scale;
    const float *bias;        /* [panel] */
    float *y;                 /* [steps][panel]: scale · (sum − correction) + bias; y_step floats from row to row */
    int64_t y_step;
} u8_strip;

typedef struct kernel_u8 {
    int64_t panel, steps;
    int64_t (*row_bytes)(int64_t depth);
    size_t (*panel_bytes)(int64_t depth);
    /* weight of input i and output o: w[i · in_stride + o · out_stride]; the missing of `panel` outputs are zeros. */
    void (*pack)(void *to, const int8_t *w, int64_t outputs, int64_t depth, int64_t in_stride, int64_t out_stride);
    /* The smallest and largest of x and of what *low, *high held before. */
    void (*range)(const float *x, int64_t n, float *low, float *high);
    /* q = clamp(round_half_even(x / scale) + zero, 0, 255) of one row. */
    void (*quantize)(void *row, const float *x, int64_t depth, float scale, int32_t zero);
    void (*strip)(const u8_strip *s);
    void (*begin)(void), (*end)(void); /* around a run of strips on one thread; NULL: nothing is to be set up */
} kernel_u8;

/* The table that goes with kernel_get(). */
const kernel_u8 *kernel_u8_get(void);

/* That of a level by name, or NULL when this CPU or build does not have it (tests). */
const kernel_u8 *kernel_u8_find(const char *name);

#endif
