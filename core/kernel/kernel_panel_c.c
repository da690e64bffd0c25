/* kernel_panel_c: panel products in plain C, the truth for every other level. */
#include "core/kernel/kernel_panel.h"

#include <math.h>

static void f32_product(float *y, int64_t ldy, const float *x, int64_t ldx, int64_t rows, const float *panels, int64_t in,
                        int64_t out, bool more)
{
    for (int64_t r = 0; r < rows; r++)
        for (int64_t o = 0; o < out; o++) {
            const float *w = panels + o / PANEL * PANEL * in + o % PANEL;
            float sum = more ? y[r * ldy + o] : 0.0f;
            for (int64_t k = 0; k < in; k++) sum = fmaf(x[r * ldx + k], w[k * PANEL], sum);
            y[r * ldy + o] = sum;
        }
}

const panel_kernels panel_kernels_c = {.f32 = f32_product};
