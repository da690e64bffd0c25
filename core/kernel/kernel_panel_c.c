/* kernel_panel_c: panel products in plain C, the truth for every other level. */
#include "core/kernel/kernel_panel.h"

#include <math.h>
#include <string.h>

#include "core/half.h"

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

static void f16_product(float *y, int64_t ldy, const float *x, int64_t ldx, int64_t rows, const uint16_t *panels,
                        const uint16_t *ahead, int64_t in, int64_t out, bool more)
{
    (void)ahead;
    for (int64_t r = 0; r < rows; r++)
        for (int64_t o = 0; o < out; o++) {
            const uint16_t *w = panels + o / PANEL * PANEL * in + o % PANEL;
            float sum = more ? y[r * ldy + o] : 0.0f;
            for (int64_t k = 0; k < in; k++) sum = fmaf(x[r * ldx + k], half_from_f16(w[k * PANEL]), sum);
            y[r * ldy + o] = sum;
        }
}

static void quantize(const panel_rows *q, int64_t row, int64_t block, int64_t blocks, const float *x)
{
    for (int64_t b = block; b < block + blocks; b++, x += PANEL_BLOCK) {
        int64_t at = panel_row_at(q, row, b);
        float most = 0.0f;
        bool finite = true;
        for (int i = 0; i < PANEL_BLOCK; i++) {
            float size = fabsf(x[i]);
            finite &= size < INFINITY;
            most = size > most ? size : most;
        }
        bool empty = !finite || most < 1e-30f;
        float scale = empty ? 0.0f : most / 127.0f, inverse = empty ? 0.0f : 127.0f / most;
        int half[2] = {0, 0};
        for (int i = 0; i < PANEL_BLOCK; i++) {
            int code = empty ? 0 : (int)lrintf(x[i] * inverse);
            q->code[at * PANEL_BLOCK + i] = (int8_t)code;
            half[i / 16] += code;
        }
        if (!finite) scale = NAN;
        q->scale[at] = scale;
        q->sum[at] = scale * (float)(half[0] + half[1]);
        q->minus[at * 2] = -half[0];
        q->minus[at * 2 + 1] = -half[1];
    }
}

static float f16_at(const uint8_t *p, int64_t i)
{
    uint16_t h;
    memcpy(&h, p + 2 * i, sizeof h);
    return half_from_f16(h);
}

/* The code of output `lane` and input k, less its offset. */
static int code_at(panel_form f, const uint8_t *panel, int64_t blocks, int64_t k, int64_t lane)
{
    static const int8_t level[16] = {PANEL_LEVELS};
    const uint8_t *code = panel + panel_code_at(f, blocks), *high = panel + panel_high_at(f, blocks);
    int64_t block = k / 32, group = k % 32 / 4, byte = 4 * lane + k % 4;
    if (f.bits == 8) return (int8_t)code[block * 512 + group * 64 + byte];
    int value = code[block * 256 + group % 4 * 64 + byte] >> group / 4 * 4 & 15;
    if (f.table) return level[value];
    if (f.bits == 5) value |= (high[block * 64 + group * 8 + byte / 8] >> byte % 8 & 1) << 4;
    if (f.bits == 6) value |= (high[block * 128 + group / 4 * 64 + byte] >> group % 4 * 2 & 3) << 4;
    return value - f.offset;
}

static float output(panel_form f, const panel_rows *x, int64_t row, const uint8_t *panel, int64_t lane)
{
    int64_t blocks = x->in / PANEL_BLOCK;
    float y = 0.0f;
    for (int64_t g = 0; g < x->in / f.group; g++) {
        int64_t at = panel_row_at(x, row, g * f.group / PANEL_BLOCK);
        int32_t sum = 0;
        for (int64_t k = g * f.group; k < (g + 1) * f.group; k++)
            sum += code_at(f, panel, blocks, k, lane) * x->code[at * PANEL_BLOCK + k % PANEL_BLOCK];
        y = fmaf((float)sum, f16_at(panel, g * PANEL + lane) * x->scale[at], y);
        if (!f.min) continue;
        float total = f.group == 32 ? x->sum[at] : -x->scale[at] * (float)x->minus[2 * at + g % 2];
        y = fmaf(f16_at(panel + panel_min_at(f, blocks), g * PANEL + lane), total, y);
    }
    return y;
}

static void quantized_product(panel_form f, float *y, int64_t ldy, const panel_rows *x, int64_t first, int64_t rows,
                              const uint8_t *panels, int64_t out, float unit)
{
    size_t size = panel_bytes(f, x->in / PANEL_BLOCK);
    for (int64_t r = 0; r < rows; r++)
        for (int64_t o = 0; o < out; o++)
            y[r * ldy + o] = unit * output(f, x, first + r, panels + (size_t)(o / PANEL) * size, o % PANEL);
}

#define PRODUCT(KIND)                                                                                                  \
    static void product_##KIND(float *y, int64_t ldy, const panel_rows *x, int64_t first, int64_t rows,                \
                               const uint8_t *panels, const void *next, int64_t out, float unit)                       \
    {                                                                                                                  \
        (void)next;                                                                                                    \
        quantized_product((panel_form)PANEL_FORM_##KIND, y, ldy, x, first, rows, panels, out, unit);                   \
    }
PRODUCT(Q4)
PRODUCT(Q4_MIN)
PRODUCT(Q4_TABLE)
PRODUCT(Q4_16)
PRODUCT(Q4_MIN16)
PRODUCT(Q5)
PRODUCT(Q5_MIN)
PRODUCT(Q6_16)
PRODUCT(Q8)

const panel_kernels panel_kernels_c = {
    .f32 = f32_product,
    .f16 = f16_product,
    .quantize = quantize,
    .quantized = {product_Q4, product_Q4_MIN, product_Q4_TABLE, product_Q4_16, product_Q4_MIN16, product_Q5, product_Q5_MIN,
                  product_Q6_16, product_Q8},
};
