/* kernel_conv1d: the inner loop of convolutions along time, a table for each instruction set.
 *
 * A convolution is done in strips: a strip is `steps` output steps of `panel` output channels, held in registers while
 * all taps and input channels go by. Input rows are first prepared (activation applied, zeros for padding) in the order
 * of bytes the strip wants; weights are packed once into panels. A step's sum runs over taps, then channels, wherever
 * the step lies in a strip, so that results do not depend on how time is divided.
 */
#ifndef AIGC_CORE_KERNEL_CONV1D_H
#define AIGC_CORE_KERNEL_CONV1D_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    const char *rows;      /* the prepared row of output step 0, tap 0 */
    int64_t row_bytes;     /* from row to row */
    int64_t channels;      /* of the input */
    int64_t taps;
    int64_t stride;        /* rows between output steps */
    int64_t dilation;      /* rows between taps */
    const void *weights;   /* one packed panel */
    const float *bias;     /* [panel] */
    const float *add;      /* added to the result, laid out like y; or NULL */
    int64_t add_step;      /* floats from output step to step */
    float *y;              /* [steps][panel], y_step floats from step to step */
    int64_t y_step;
} conv1d_strip;

typedef struct kernel_conv1d {
    int64_t panel, steps;
    int64_t (*row_bytes)(int64_t channels);
    size_t (*panel_bytes)(int64_t channels, int64_t taps);
    /* w(o, c, k) lies at w[o · out_stride + c · in_stride + k · tap_stride], for 0 ≤ o < outputs ≤ panel; the missing
     * outputs are packed as zeros. `to` is aligned to 64 bytes. */
    void (*pack)(void *to, const float *w, int64_t outputs, int64_t channels, int64_t taps, int64_t out_stride,
                 int64_t in_stride, int64_t tap_stride);
    /* One row from `channels` floats: scale · (x < 0 ? slope · x : x); x = NULL makes a row of zeros. */
    void (*prepare)(void *row, const float *x, int64_t channels, float slope, float scale);
    void (*strip)(const conv1d_strip *s);
    /* Each channel by itself: y[c] = bias[c] + Σ_k w[k][c] · x[k][c], x_step floats from tap to tap of x. */
    void (*depthwise)(float *y, const float *x, int64_t x_step, const float *w, const float *bias, int64_t taps,
                      int64_t channels);
    void (*begin)(void), (*end)(void); /* around a run of strips on one thread; NULL: nothing is to be set up */
} kernel_conv1d;

/* The table that goes with kernel_get(); exact: the fastest whose products are f32 (AMX's are split, see there). */
const kernel_conv1d *kernel_conv1d_get(bool exact);

/* That of a level by name ("c", "avx2", "avx512", …), or NULL when this CPU or build does not have it (tests). */
const kernel_conv1d *kernel_conv1d_find(const char *name);

#endif
