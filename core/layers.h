/* layers: a model's layers made from its parameters, by name.
 *
 * A model's loader is a list of these calls, one for each layer, and one check of the status at its end: errors are
 * sticky, and after the first one nothing more is looked up. Names are formed as printf does; ".weight" and ".bias" are
 * appended. In the mode LINEAR_FAST weights stored as f32 are rounded to bf16 too, where the CPU has bf16 products.
 *
 * With `check` the same calls look only whether all tensors are there and have the shapes wanted: nothing is read, packed or
 * returned. So a model's faults are told before work begins on its other parts.
 */
#ifndef AIGC_CORE_LAYERS_H
#define AIGC_CORE_LAYERS_H

#include "core/conv.h"
#include "core/linear.h"
#include "core/parameters.h"

typedef struct {
    parameters *from;
    linear_mode mode;
    pool *threads;
    status *st;
    bool check;
} layers;

/* The weight and bias of a norm, [C] each. */
typedef struct {
    const float *weight, *bias;
} affine;

#define LAYERS_FORMAT(place) __attribute__((format(printf, place, place + 1)))

/* NAME.weight and NAME.bias, [channels]. */
affine layers_affine(layers *l, int64_t channels, const char *name, ...) LAYERS_FORMAT(3);

/* NAME.weight [out, in], or [out, in, 1, 1] as a convolution of one pixel is stored; NAME.bias [out] when bias. */
void layers_linear(layers *l, linear *w, int64_t out, int64_t in, bool bias, const char *name, ...) LAYERS_FORMAT(6);

/* A 3×3 convolution: NAME.weight [out, in, 3, 3]; NAME.bias [out] when bias. */
void layers_conv(layers *l, conv2d *w, int64_t out, int64_t in, int stride, conv2d_padding padding, bool bias, const char *name, ...)
    LAYERS_FORMAT(8);

/* The tensor NAME itself as `count` values of f32. */
const float *layers_row(layers *l, int64_t count, const char *name, ...) LAYERS_FORMAT(3);

#endif
