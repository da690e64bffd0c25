/* winograd: convolutions of 3 × 3 taps and stride 1 with a quarter of the multiplications (Lavin and Gray, 2016):
 *
 *     Y = Aᵀ [ Σ_i (G g_i Gᵀ) ∘ (Bᵀ d_i B) ] A          F(4×4, 3×3)
 *
 * for a tile of 4 × 4 results, d_i the 6 × 6 pixels of channel i that it sees and g_i the taps; the matrices are those of
 * Toom and Cook for the points of core/kernel/winograd_points.h. The sum over the channels is a matrix product of its own for
 * each of the 36 coefficients. The weights, 36 coefficients for nine taps, take four times the memory, so only those of
 * moderate size are made so. For f32: results are off by some two to three times as much as direct sums (3e-6 of the largest);
 * bf16 products would lose too much.
 */
#ifndef AIGC_CORE_WINOGRAD_H
#define AIGC_CORE_WINOGRAD_H

#include "core/op.h"
#include "core/product.h"

enum { WINOGRAD_TILE = 4, WINOGRAD_REACH = 6, WINOGRAD_COEFFICIENTS = 36 };

/* Whether a convolution by this weight, [out, in, kernel height, kernel width], is better made so. */
bool winograd_suits(const tensor *weight, int stride, bool fast);

/* A product of 36 taps, of [out, in, 3, 3]; freed by product_free. Weight and bias are copied and may go afterwards. */
bool winograd_init(product *w, const tensor *weight, const float *bias, pool *threads, status *st);

/* Picture b's padded pixel (y, x) is row b · plane + y · pitch + x of w->in f32; result (b, y, x) sees those from (y, x) to
 * (y + 2, x + 2). height and width are of the results; pixels are read up to those of whole tiles: winograd_side. The
 * result is rows of w->out. */
bool winograd_run(op_ctx *c, const product *w, const product_rows *rows, const product_after *after, void *y);

/* Pixels along a side of `size` results. */
static inline int64_t winograd_side(int64_t size) { return (size + WINOGRAD_TILE - 1) / WINOGRAD_TILE * WINOGRAD_TILE + 2; }

#endif
