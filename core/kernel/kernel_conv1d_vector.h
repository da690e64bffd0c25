/* kernel_conv1d_vector: convolutions along time for any vector width; kernel_conv1d_avx2.c and kernel_conv1d_avx512.c
 * include it after defining LANES and STEPS. A strip is STEPS output steps by two vectors of channels: for each tap and
 * input channel two vectors of weights are loaded and STEPS values broadcast, so that 2 · STEPS products follow from
 * STEPS + 2 loads. A panel is [taps][channels][2 · LANES] floats. */
#include "core/kernel/kernel_conv1d_levels.h"
#include "core/kernel/vector_math.h"

enum { PANEL = 2 * LANES };

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
    if (!x) {
        memset(to, 0, (size_t)channels * sizeof(float));
        return;
    }
    float negative = slope * scale;
    for (int64_t c = 0; c < channels; c++) to[c] = x[c] * (x[c] < 0 ? negative : scale);
}

/* The steps are named one by one: only so do the sums surely stay in registers. */
#if STEPS == 12
#define EACH_STEP(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11)
#else
#define EACH_STEP(X) X(0) X(1) X(2) X(3) X(4) X(5)
#endif

static void strip(const conv1d_strip *s)
{
    const float *w = s->weights;
    const int64_t step = s->stride * s->row_bytes / (int64_t)sizeof(float);
#define ZERO(i) vec a##i = {0}, b##i = {0};
    EACH_STEP(ZERO)
    for (int64_t k = 0; k < s->taps; k++) {
        const float *x = (const float *)(const void *)(s->rows + k * s->dilation * s->row_bytes);
        for (int64_t c = 0; c < s->channels; c++, w += PANEL, x++) {
            vec left = load(w), right = load(w + LANES), value;
#define MULTIPLY(i)                                                                                                    \
    value = splat(x[i * step]);                                                                                        \
    a##i = fma_vec(left, value, a##i);                                                                                 \
    b##i = fma_vec(right, value, b##i);
            EACH_STEP(MULTIPLY)
        }
    }
    vec left = load(s->bias), right = load(s->bias + LANES);
#define FINISH(i)                                                                                                      \
    a##i += left;                                                                                                      \
    b##i += right;                                                                                                     \
    if (s->add) {                                                                                                      \
        a##i += load(s->add + i * s->add_step);                                                                        \
        b##i += load(s->add + i * s->add_step + LANES);                                                                \
    }                                                                                                                  \
    store(s->y + i * s->y_step, a##i);                                                                                 \
    store(s->y + i * s->y_step + LANES, b##i);
    EACH_STEP(FINISH)
}

static void depthwise(float *y, const float *x, int64_t x_step, const float *w, const float *bias, int64_t taps,
                      int64_t channels)
{
    int64_t c = 0;
    for (; c + LANES <= channels; c += LANES) {
        vec sum = load(bias + c);
        for (int64_t k = 0; k < taps; k++) sum = fma_vec(load(w + k * channels + c), load(x + k * x_step + c), sum);
        store(y + c, sum);
    }
    for (; c < channels; c++) {
        float sum = bias[c];
        for (int64_t k = 0; k < taps; k++) sum = __builtin_fmaf(w[k * channels + c], x[k * x_step + c], sum);
        y[c] = sum;
    }
}

#define CONV1D_KERNELS {PANEL, STEPS, row_bytes, panel_bytes, pack, prepare, strip, depthwise, NULL, NULL}
