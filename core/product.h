/* product: matrix products and convolutions as one loop over rows of channels:
 *
 *     y[p][o] = after( Σ_t Σ_i x[p + offset(t)][i] · w[o][t][i] )
 *
 * A row is what one position holds: in elements. A matrix product has one tap at offset 0. A convolution's rows are the
 * pixels of a padded picture, and a tap's offset says how many rows away its pixel lies, so no copy for each tap (im2col)
 * is made. Weights are packed once, in panels of the kernel's width, in the order in which the kernel reads them, in huge
 * pages. A row's numbers depend on that row alone, not on how many there are; sums run in one fixed order, so results do
 * not depend on the number of threads. A product may be read from any thread.
 */
#ifndef AIGC_CORE_PRODUCT_H
#define AIGC_CORE_PRODUCT_H

#include "core/kernel/product_kernel.h"
#include "core/pool.h"

typedef struct product {
    const product_kernel *kernel;
    int64_t in, out;
    int64_t row;   /* elements of a row of x: `in`, padded with zeros to a multiple of the kernel's step */
    int taps;
    float *bias;   /* [out], the product's own copy, or NULL */
    void *packed;
    size_t packed_bytes;
} product;

/* weight: [out, in] (taps = 1), or [out, in, kh, kw] with kh · kw = taps. fast: bf16 products where the CPU has
 * them; else, and on other CPUs, f32. Weight and bias are copied and may go afterwards. */
bool product_init(product *w, const tensor *weight, const float *bias, bool fast, pool *threads, status *st);

/* product_init in two steps, for those who pack many weights at once (core/linear_queue.h): everything but the packing, then
 * each panel 0 ≤ panel < product_panels(w), from any thread. */
bool product_prepare(product *w, const tensor *weight, const float *bias, bool fast, status *st);
int64_t product_panels(const product *w);
void product_pack_panel(const product *w, const tensor *weight, int64_t panel);

/* n weights of output o from its element `from` on, of the `count` ([in][taps]) that it has, as f32. */
void product_read_weights(const tensor *weight, int64_t o, int64_t count, int64_t from, int64_t n, float *to);

void product_free(product *w); /* a zeroed product is allowed */

/* The rows: `planes` groups of height × width results; result (b, y, x) has its tap 0 at row b · plane + y · pitch + x. */
typedef struct {
    const void *x;         /* rows of w->row elements of the kernel's type */
    const int64_t *offset; /* [taps], in rows; NULL for one tap at 0 */
    int64_t planes, height, width;
    int64_t plane, pitch;  /* in rows */
} product_rows;

/* What follows the sum: y = activation(sum + bias + row[b]) + residual, or max(0, sum + bias + row[b] + residual) for
 * PRODUCT_ADD_RELU. All optional. */
typedef struct {
    product_activation activation;
    const float *row;      /* [planes, out], or [out] for all when one_row */
    bool one_row;
    const float *residual; /* [rows, out], f32 */
    bool gated;            /* the outputs are two halves a, b; the result is a · gelu(b), half as wide
                              (GEGLU, Shazeer 2020); out / 2 must be a multiple of the kernel's panel */
    dtype type;            /* of y: DTYPE_F32 or DTYPE_BF16 */
} product_after;

/* y: [planes · height · width, out], or out / 2 when gated. */
void product_run(const product *w, pool *threads, const product_rows *rows, const product_after *after, void *y);

#endif
