/* conv: the weights of a 2-D convolution, made ready for this CPU's kernels.
 *
 * Built once at load and then only read, from any thread. The weights are packed (core/product.h); the tensor they came
 * from may go.
 */
#ifndef AIGC_CORE_CONV_H
#define AIGC_CORE_CONV_H

#include "core/linear.h"
#include "core/product.h"

/* Zeros around the picture, in pixels. */
typedef struct {
    int top, left, bottom, right;
} conv2d_padding;

typedef struct conv2d {
    product weight;
    int64_t in, out;
    int kernel_height, kernel_width, stride;
    bool winograd; /* core/winograd.h makes it */
    conv2d_padding padding;
} conv2d;

/* weight: [out, in, kernel height, kernel width] as PyTorch stores it; bias: f32 [out] or NULL. LINEAR_EXACT: f32 products
 * and sums; LINEAR_FAST: bf16 products where the CPU has them. */
bool conv2d_init(conv2d *w, const tensor *weight, const float *bias, int stride, conv2d_padding padding, linear_mode mode,
                 pool *threads, status *st);
void conv2d_free(conv2d *w); /* a zeroed conv2d is allowed */

/* The same number of pixels on all sides. */
static inline conv2d_padding conv2d_pad(int pixels) { return (conv2d_padding){pixels, pixels, pixels, pixels}; }

#endif
