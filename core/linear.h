/* linear: the weights of y = x Wᵀ + b, made ready for this CPU's kernels.
 *
 * A linear is built once at load from a tensor of any storage type (core/quant.h) and then only read, from any thread.
 * Where the kernels want another order of bytes it holds its own packed copy in huge pages, and the file's pages may go
 * (weights_release). The packed forms are those of core/kernel/kernel_panel.h.
 */
#ifndef AIGC_CORE_LINEAR_H
#define AIGC_CORE_LINEAR_H

#include "core/kernel/kernel_panel.h"
#include "core/pool.h"
#include "core/product.h"
#include "core/tensor.h"

/* What arithmetic a product may use. */
typedef enum {
    LINEAR_EXACT, /* weights widened to f32, f32 products and sums: the reference's numbers */
    LINEAR_WIDENED, /* as LINEAR_EXACT, 16-bit weights held as f32: twice the memory, no widening at each product */
    LINEAR_FAST,  /* quantised weights by int8 activations; 16-bit weights by bf16 products where the CPU has those */
    LINEAR_NARROWED, /* as LINEAR_FAST, f32 weights by bf16 products too */
} linear_mode;

typedef struct linear {
    int64_t in, out;
    linear_mode mode;
    dtype type;        /* of the weight as stored in the file */
    const float *bias; /* [out], or NULL */
    void *packed;      /* the kernels' own copy, or NULL when `weight` is used in place */
    size_t packed_bytes;
    const void *weight;
    enum { LINEAR_IN_PLACE, LINEAR_F32, LINEAR_QUANTIZED, LINEAR_PRODUCT } form; /* of `packed` */
    panel_kind kind;   /* LINEAR_QUANTIZED: the panels, */
    size_t panel_bytes; /* the size of one, */
    float unit;         /* and what their scales were divided by */
    product product;    /* LINEAR_PRODUCT: owns `packed` */
} linear;

/* weight: [out, in]; bias: f32 [out] or NULL. Both must outlive the linear unless `packed` holds a copy. A weight of no
 * float or quantised type, or of another rank, is a STATUS_INPUT. */
bool linear_init(linear *w, const tensor *weight, const float *bias, linear_mode mode, pool *threads, status *st);

/* linear_init in two steps, for those who pack many weights at once (core/linear_queue.h): everything but the packing, then
 * each panel 0 ≤ panel < linear_packing_panels(w), from any thread. */
bool linear_prepare(linear *w, const tensor *weight, const float *bias, linear_mode mode, status *st);
int64_t linear_packing_panels(const linear *w);
void linear_pack_one(const linear *w, const tensor *weight, int64_t panel);

void linear_free(linear *w);

/* The type in which results of models built with this mode feed products (op_ctx.feed). */
dtype linear_feed(linear_mode mode);

/* For core/op_linear.c. */
static inline int64_t linear_panels(const linear *w) { return (w->out + PANEL - 1) / PANEL; }

/* One panel's inputs from … from + n of a weight in place, as f32 [n][PANEL]; rows past the last are zero. from is a
 * multiple of the type's block, n too or up to the row's end, at most LINEAR_SLICE. */
enum { LINEAR_SLICE = 256 };
void linear_widen_panel(float *dst, const linear *w, const void *data, int64_t panel, int64_t from, int64_t n);

#endif
