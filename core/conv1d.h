/* conv1d: convolutions along time, and their transposes, made ready for this CPU's kernels; and the ops that run them.
 *
 * Sound is [T, C], channels last. A conv1d is built once at load and then only read, from any thread; it holds its own
 * packed copy of the weights.
 *
 *     conv          y[t, o] = b[o] + Σ_{k, c} w[o, c, k] · f(x[t · stride + k · dilation − pad, c])
 *     transposed    y[t, o] = b[o] + Σ_{i, k, c : i · stride + k = t + pad} w[c, o, k] · f(x[i, c])
 *
 * with x = 0 outside its T steps (or mirrored there) and f(v) = scale · leaky_relu(v): the activation that comes before
 * a convolution is applied while its input is read. A transposed convolution is run as its `stride` phases, each a
 * plain convolution (Shi et al. 2016, "Is the deconvolution layer the same as a convolutional layer?").
 */
#ifndef AIGC_CORE_CONV1D_H
#define AIGC_CORE_CONV1D_H

#include "core/op.h"

typedef struct {
    int64_t stride, dilation; /* 0 means 1 */
    int64_t pad;              /* both ends of x; transposed: what is cut off both ends of y */
    int64_t out_pad;          /* transposed: steps added to the end of y */
    bool transposed;
    bool mirror;              /* x is reflected at its ends instead of continued with zeros */
    bool exact;               /* products in f32 also where split ones would be faster (core/kernel/kernel_conv1d_amx.c) */
    bool depthwise;           /* w: [C, 1, K]; each channel by itself */
} conv1d_options;

typedef struct {
    conv1d_options o;
    int64_t in, out, taps;
    float *bias;    /* [out rounded up to panels] */
    void *packed;   /* depthwise: [K][C] floats; else panels, phase by phase */
    size_t packed_bytes, panel_bytes;
} conv1d;

/* weight: f32 [out, in, K], transposed [in, out, K], depthwise [C, 1, K]; bias: f32 [out] or NULL. Both may go after
 * the call. Sizes that the kernels cannot hold are a STATUS_INPUT that names `name`. */
bool conv1d_init(conv1d *w, const char *name, const float *weight, int64_t out, int64_t in, int64_t taps, const float *bias,
                 conv1d_options o, status *st);
void conv1d_free(conv1d *w);

/* The steps that come out for `steps` steps in; 0 or less: too short. */
int64_t conv1d_steps(const conv1d *w, int64_t steps);

typedef struct {
    bool leaky;       /* f is a leaky ReLU of `slope` (0: a ReLU) */
    float slope;
    float scale;      /* 0 means 1 */
    const tensor *add; /* added to the result: [T', out], or NULL */
} conv1d_extra;

/* x: [T, in] -> [T', out]. extra may be NULL. */
tensor *op_conv1d(op_ctx *c, const tensor *x, const conv1d *w, const conv1d_extra *extra);

#endif
