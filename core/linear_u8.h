/* linear_u8: the weights of y = x W + b in int8 with one scale, by activations quantised on the fly to uint8 with one
 * scale and zero point for the whole of x: what ONNX's DynamicQuantizeLinear followed by MatMulInteger computes, and so
 * what onnxruntime's dynamic quantisation makes of a model.
 *
 *     s_x = (max(x, 0) − min(x, 0)) / 255,   z = round(−min(x, 0) / s_x),   q = clamp(round(x / s_x) + z, 0, 255)
 *     y   = s_x s_w Σ (q − z) (w − z_w) + b
 *
 * Built once at load, then only read, from any thread; holds its own packed copy.
 */
#ifndef AIGC_CORE_LINEAR_U8_H
#define AIGC_CORE_LINEAR_U8_H

#include "core/op.h"

typedef struct {
    int64_t in, out;
    float scale;       /* s_w */
    int32_t *sums;     /* [out rounded up to panels]: Σ weights of an output */
    float *bias;       /* likewise, in f32 */
    void *packed;
    size_t packed_bytes, panel_bytes;
} linear_u8;

/* weight: [in, out], of int8 with zero point 0; bias: [out] or NULL. Both may go after the call. */
bool linear_u8_init(linear_u8 *w, const int8_t *weight, int64_t in, int64_t out, float scale, const float *bias, status *st);
void linear_u8_free(linear_u8 *w);

/* x: [T, in] -> x W + b: [T, out]. range: the smallest and largest value that set the scale, where x is a part of
 * something; NULL: those of x. */
tensor *op_linear_u8(op_ctx *c, const tensor *x, const linear_u8 *w, const float *range);

/* The smallest and largest value of x and 0, as `range` wants them. */
void linear_u8_range(const tensor *x, float range[2]);

/* y += gamma · (x W + b); gamma: [out] or NULL for 1. y: [T, out]. */
bool op_linear_u8_add(op_ctx *c, tensor *y, const float *gamma, const tensor *x, const linear_u8 *w);

/* y += gamma · narrow(gelu(wide(x))), gelu by erf. */
bool op_mlp_u8_add(op_ctx *c, tensor *y, const float *gamma, const tensor *x, const linear_u8 *wide, const linear_u8 *narrow);

#endif
