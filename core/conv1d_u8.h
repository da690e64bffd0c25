/* conv1d_u8: convolutions along time (and linear layers, of one tap) in int8, by activations quantised on the fly to uint8
 * with one scale and zero point for the whole of x: what ONNX's DynamicQuantizeLinear with ConvInteger or MatMulInteger
 * computes, and so what onnxruntime's dynamic quantisation makes of a model. Sound is [T, C], channels last.
 *
 *     s, z    = the scale and zero point of f(x) as in core/linear_u8.h,   q = clamp(round(f(x) / s) + z, 0, 255)
 *     y[t, o] = s s_o Σ_{k, c} (q[t · stride + k · dilation − pad, c] − z) (w[o, c, k] − z_w) + b[o]
 *
 * with f(x) = 0 outside the T steps of x, and s_o the scale of the weights of output o. A dilated convolution is run as its
 * `dilation` phases, each a plain one over every dilation-th step; a plain one is a matrix product whose rows overlap, so the
 * kernels of core/kernel/kernel_u8.h do all. Built once at load, then only read, from any thread; holds its own packed copy.
 */
#ifndef AIGC_CORE_CONV1D_U8_H
#define AIGC_CORE_CONV1D_U8_H

#include "core/op.h"

/* The weights as a file holds them, without gaps: w[o · out_step + c · in_step + k · tap_step], int8 or uint8. */
typedef struct {
    const void *values;
    bool is_unsigned;
    int64_t out, in, taps;
    int64_t out_step, in_step, tap_step;
    int32_t zero;        /* z_w */
    const float *scale;  /* [out], or one for all where one_scale */
    bool one_scale;
    const float *bias;   /* [out], or NULL */
    bool whole_bias;     /* the bias is cut down to a whole multiple of s s_o, as onnxruntime's quantiser does in convolutions */
} conv1d_u8_weights;

typedef struct {
    int64_t stride, dilation; /* 0 means 1; only one of them may be more */
    int64_t pad;              /* both ends of x */
} conv1d_u8_options;

typedef struct {
    conv1d_u8_options o;
    int64_t in, out, taps;
    const struct kernel_u8 *kernel;
    int32_t zero;      /* of the packed weights */
    int32_t *sums;     /* [out rounded up to panels]: Σ packed weights of an output */
    float *scales, *bias; /* likewise */
    float *whole_bias; /* the bias where it is cut down to whole multiples, else NULL; `bias` is 0 then */
    void *packed;
    size_t packed_bytes, panel_bytes;
    conv1d_u8_weights source; /* until all panels are packed */
    uint8_t offset;           /* what is subtracted from every weight, modulo 256 */
} conv1d_u8;

/* All that w points to may go after the call. Sizes that the kernels cannot hold are a STATUS_INPUT that names `name`. */
bool conv1d_u8_init(conv1d_u8 *c, const char *name, const conv1d_u8_weights *w, conv1d_u8_options o, status *st);
/* conv1d_u8_init in two steps, for those who pack many layers at once: everything but the packing, then each panel
 * 0 ≤ panel < conv1d_u8_panels(c) once, from any thread. What w points to has to stay so long. */
bool conv1d_u8_prepare(conv1d_u8 *c, const char *name, const conv1d_u8_weights *w, conv1d_u8_options o, status *st);
int64_t conv1d_u8_panels(const conv1d_u8 *c);
void conv1d_u8_pack(conv1d_u8 *c, int64_t panel);

void conv1d_u8_free(conv1d_u8 *c); /* a zeroed conv1d_u8 is allowed */

/* What comes before a convolution, as its input is read: f(x) = g(x · scale + shift) with g(v) = v + sin²(alpha v) inverse, or
 * where alpha is NULL a leaky ReLU of that slope. scale = NULL: 1 and 0. */
typedef struct {
    const float *scale, *shift, *alpha, *inverse; /* [in] each */
    float slope; /* 1: no leaky ReLU */
} conv1d_before;

/* f(x) itself, [T, C]. */
tensor *op_conv1d_before(op_ctx *c, const tensor *x, const conv1d_before *before);

/* x: [T, in] -> [T', out]. before may be NULL; add: [T', out], added to the result, or NULL. to: where the result goes, of its
 * size; it may be `add` but not x; NULL: a new tensor. */
tensor *op_conv1d_u8(op_ctx *c, const tensor *x, const conv1d_u8 *w, const conv1d_before *before, const tensor *add, tensor *to);

/* One row, without a context: y[out] += x W, x [in] quantised by itself, as a recurrent layer does it step by step. row: of
 * conv1d_u8_row_bytes. For layers of one tap. */
size_t conv1d_u8_row_bytes(const conv1d_u8 *w);
void conv1d_u8_add_row(const conv1d_u8 *w, const float *x, void *row, float *y);

#endif
