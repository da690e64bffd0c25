/* kernel_panel: products of activations with weights kept in panels of 16 outputs.
 *
 * A panel holds 16 rows of a weight matrix [out, in] interleaved, so that one vector register holds one step of the sum
 * for 16 outputs and no sum ever runs across a register. An output's sum has one fixed order, whatever the number of
 * rows in the call, the instruction set or the place of the output: all levels give the same bits as kernel_panel_c.c.
 *
 *     f32 panel:  [in][16] f32
 */
#ifndef AIGC_CORE_KERNEL_PANEL_H
#define AIGC_CORE_KERNEL_PANEL_H

#include <stdbool.h>
#include <stdint.h>

enum { PANEL = 16 }; /* outputs in a panel */

typedef struct panel_kernels {
    /* y[r][o] = Σ_k x[r][k] w[k][o] for 0 ≤ r < rows, 0 ≤ o < out, in ascending k, each step one fused multiply-add.
     * more: the sum goes on from what y holds. Panels lie one after another, the last one padded. ldx and ldy: floats from
     * one row to the next. */
    void (*f32)(float *y, int64_t ldy, const float *x, int64_t ldx, int64_t rows, const float *panels, int64_t in,
                int64_t out, bool more);
} panel_kernels;

extern const panel_kernels panel_kernels_c;
#if defined(__x86_64__)
extern const panel_kernels panel_kernels_avx2;
extern const panel_kernels panel_kernels_avx512;
#endif

#endif
