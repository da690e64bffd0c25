/* kernel_c: the kernels in plain C, the truth that every SIMD level is tested against. */
#include "core/kernel/kernel_levels.h"

#include <math.h>

#include "core/half.h"

static void add(float *dst, const float *a, const float *b, int64_t n)
{
    for (int64_t i = 0; i < n; i++) dst[i] = a[i] + b[i];
}

static void mul(float *dst, const float *a, const float *b, int64_t n)
{
    for (int64_t i = 0; i < n; i++) dst[i] = a[i] * b[i];
}

static void scale(float *dst, const float *a, float s, int64_t n)
{
    for (int64_t i = 0; i < n; i++) dst[i] = a[i] * s;
}

static void add_scaled(float *dst, const float *a, float s, int64_t n)
{
    for (int64_t i = 0; i < n; i++) dst[i] = fmaf(a[i], s, dst[i]);
}

static void silu(float *dst, const float *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++) dst[i] = x[i] / (1.0f + expf(-x[i]));
}

static void gelu(float *dst, const float *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++) dst[i] = 0.5f * x[i] * (1.0f + erff(x[i] * 0.70710678f));
}

static void gelu_tanh(float *dst, const float *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        dst[i] = 0.5f * x[i] * (1.0f + tanhf(0.79788456f * (x[i] + 0.044715f * x[i] * x[i] * x[i])));
}

static void quick_gelu(float *dst, const float *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++) dst[i] = x[i] / (1.0f + expf(-1.702f * x[i]));
}

static void exp_sub(float *dst, const float *x, float sub, int64_t n)
{
    for (int64_t i = 0; i < n; i++) dst[i] = expf(x[i] - sub);
}

static void from_f16(float *dst, const uint16_t *src, int64_t n)
{
    for (int64_t i = 0; i < n; i++) dst[i] = half_from_f16(src[i]);
}

static void to_f16(uint16_t *dst, const float *src, int64_t n)
{
    for (int64_t i = 0; i < n; i++) dst[i] = half_to_f16(src[i]);
}

static float dot(const float *a, const float *b, int64_t n)
{
    double s = 0;
    for (int64_t i = 0; i < n; i++) s += (double)a[i] * (double)b[i];
    return (float)s;
}

static float sum(const float *x, int64_t n)
{
    double s = 0;
    for (int64_t i = 0; i < n; i++) s += (double)x[i];
    return (float)s;
}

static float sum_sq_diff(const float *x, float mean, int64_t n)
{
    double s = 0;
    for (int64_t i = 0; i < n; i++) s += ((double)x[i] - (double)mean) * ((double)x[i] - (double)mean);
    return (float)s;
}

static float max(const float *x, int64_t n)
{
    float m = -INFINITY;
    for (int64_t i = 0; i < n; i++) m = x[i] > m ? x[i] : m;
    return m;
}

static void turn(float *dst, const float *x, const float *cosine, const float *sine, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        float a = x[i], b = x[i + n];
        dst[i] = a * cosine[i] - b * sine[i];
        dst[i + n] = a * sine[i] + b * cosine[i];
    }
}

static void turn_next(float *dst, const float *x, const float *cosine, const float *sine, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        float a = x[2 * i], b = x[2 * i + 1];
        dst[2 * i] = a * cosine[i] - b * sine[i];
        dst[2 * i + 1] = a * sine[i] + b * cosine[i];
    }
}

static float soften(float *x, int64_t n, int64_t from, int64_t to, float *top, float *total)
{
    float before = *top;
    if (from < 0) from = 0;
    if (to > n) to = n;
    if (from < to) *top = fmaxf(before, max(x + from, to - from));
    for (int64_t i = 0; i < n; i++) x[i] = i >= from && i < to ? expf(x[i] - *top) : 0.0f;
    float shrink = before == *top ? 1.0f : expf(before - *top);
    *total = *total * shrink + sum(x, n);
    return shrink;
}

const kernel_table kernel_c = {
    .name = "c", .add = add, .mul = mul, .scale = scale, .add_scaled = add_scaled, .silu = silu, .gelu = gelu,
    .gelu_tanh = gelu_tanh, .quick_gelu = quick_gelu, .exp_sub = exp_sub, .from_f16 = from_f16, .to_f16 = to_f16,
    .dot = dot, .sum = sum, .sum_sq_diff = sum_sq_diff, .max = max, .turn = turn, .turn_next = turn_next, .soften = soften,
    .panel = &panel_kernels_c,
};
