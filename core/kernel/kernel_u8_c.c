/* kernel_u8_c: quantised products in plain C, the truth that the other levels are tested against. A panel is
 * [depth][PANEL] bytes. */
#include <math.h>

#include "core/kernel/kernel_u8_levels.h"

enum { PANEL = 16, STEPS = 4 };

static int64_t row_bytes(int64_t depth) { return depth; }

static size_t panel_bytes(int64_t depth) { return (size_t)(depth * PANEL); }

static void pack(void *to, const int8_t *w, int64_t outputs, int64_t depth, int64_t in_stride, int64_t out_stride)
{
    int8_t *p = to;
    for (int64_t i = 0; i < depth; i++)
        for (int64_t o = 0; o < PANEL; o++) *p++ = o < outputs ? w[i * in_stride + o * out_stride] : 0;
}

static void range(const float *x, int64_t n, float *low, float *high)
{
    for (int64_t i = 0; i < n; i++) {
        if (x[i] < *low) *low = x[i];
        if (x[i] > *high) *high = x[i];
    }
}

static void quantize(void *row, const float *x, int64_t depth, float scale, int32_t zero, bool gelu)
{
    uint8_t *q = row;
    for (int64_t i = 0; i < depth; i++) {
        float v = gelu ? 0.5f * x[i] * (1 + erff(x[i] * 0.70710678f)) : x[i], r = nearbyintf(v / scale) + (float)zero;
        q[i] = (uint8_t)(r > 0 ? (r < 255 ? r : 255) : 0);
    }
}

static void widen(u8_bounds *b, float v)
{
    if (v > b->highest) b->highest = v;
    if (v <= U8_GELU_LOWEST && v > b->before) b->before = v;
    if (v > U8_GELU_LOWEST && v < b->after) b->after = v;
}

static void multiply(const u8_panel *p)
{
    const int8_t *w = p->weights;
    for (int64_t t = 0; t < p->count; t++) {
        const uint8_t *x = (const uint8_t *)p->rows + t * p->row_bytes;
        for (int64_t o = 0; o < p->outputs; o++) {
            int32_t sum = 0;
            for (int64_t i = 0; i < p->depth; i++) sum += x[i] * w[i * PANEL + o];
            if (p->row_correction) sum -= p->row_correction[t];
            float scale = p->scales ? p->scale * p->scales[o] : p->scale;
            float v = (float)(sum - p->correction[o]) * scale + p->bias[o];
            if (p->gamma) v *= p->gamma[o];
            if (p->add) v += p->add[t * p->y_step + o];
            p->y[t * p->y_step + o] = v;
            if (p->bounds) widen(p->bounds, v);
        }
    }
}

const kernel_u8 kernel_u8_c = {PANEL, STEPS, row_bytes, panel_bytes, pack, range, quantize, multiply, NULL, NULL};
