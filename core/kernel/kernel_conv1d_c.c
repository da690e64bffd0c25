/* kernel_conv1d_c: convolutions along time in plain C, the truth that the other levels are tested against.
 * A panel is [taps][channels][PANEL] floats. */
#include <math.h>

#include "core/kernel/kernel_conv1d_levels.h"

enum { PANEL = 16, STEPS = 4 };

static int64_t row_bytes(int64_t channels) { return channels * (int64_t)sizeof(float); }

static size_t panel_bytes(int64_t channels, int64_t taps) { return (size_t)(channels * taps * PANEL) * sizeof(float); }

static void pack(void *to, const float *w, int64_t outputs, int64_t channels, int64_t taps, int64_t out_stride,
                 int64_t in_stride, int64_t tap_stride)
{
    float *p = to;
    for (int64_t k = 0; k < taps; k++)
        for (int64_t c = 0; c < channels; c++)
            for (int64_t o = 0; o < PANEL; o++)
                *p++ = o < outputs ? w[o * out_stride + c * in_stride + k * tap_stride] : 0.0f;
}

static void prepare(void *row, const float *x, int64_t channels, float slope, float scale)
{
    float *to = row;
    for (int64_t c = 0; c < channels; c++) to[c] = x ? scale * (x[c] < 0 ? slope * x[c] : x[c]) : 0.0f;
}

static void strip(const conv1d_strip *s)
{
    for (int64_t t = 0; t < STEPS; t++)
        for (int64_t o = 0; o < PANEL; o++) {
            const float *w = s->weights;
            float sum = 0;
            for (int64_t k = 0; k < s->taps; k++) {
                const float *x = (const float *)(const void *)(s->rows + (t * s->stride + k * s->dilation) * s->row_bytes);
                for (int64_t c = 0; c < s->channels; c++) sum = fmaf(x[c], w[(k * s->channels + c) * PANEL + o], sum);
            }
            sum += s->bias[o];
            s->y[t * s->y_step + o] = s->add ? sum + s->add[t * s->add_step + o] : sum;
        }
}

static void depthwise(float *y, const float *x, int64_t x_step, const float *w, const float *bias, int64_t taps,
                      int64_t channels)
{
    for (int64_t c = 0; c < channels; c++) {
        float sum = bias[c];
        for (int64_t k = 0; k < taps; k++) sum = fmaf(w[k * channels + c], x[k * x_step + c], sum);
        y[c] = sum;
    }
}

const kernel_conv1d kernel_conv1d_c = {PANEL, STEPS, row_bytes, panel_bytes, pack, prepare, strip, depthwise, NULL, NULL};
