/* kernel_wave_c: in plain C, the truth that the other levels are tested against. */
#include <math.h>

#include "core/kernel/kernel_wave_levels.h"

static void sine(float *dst, const float *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++) dst[i] = sinf(x[i]);
}

static void hyperbolic_tangent(float *dst, const float *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++) dst[i] = tanhf(x[i]);
}

static void gate(float *dst, const float *a, const float *b, int64_t n)
{
    for (int64_t i = 0; i < n; i++) dst[i] = tanhf(a[i]) / (1.0f + expf(-b[i]));
}

static void polar(float *re, float *im, const float *log_magnitude, const float *phase, float limit, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        float magnitude = expf(log_magnitude[i] > limit ? limit : log_magnitude[i]), angle = phase[i];
        re[i] = magnitude * cosf(angle);
        im[i] = magnitude * sinf(angle);
    }
}

static void magnitude(float *dst, const float *log_magnitude, float limit, int64_t n)
{
    for (int64_t i = 0; i < n; i++) dst[i] = expf(log_magnitude[i] > limit ? limit : log_magnitude[i]);
}

static void normal_pairs(float *re, float *im, const uint64_t *bits, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        float u = (float)((bits[i] >> 40) + 1) * 0x1p-24f, turn = (float)(bits[i] >> 8 & 0xFFFFFF) * 0x1p-24f; /* (0, 1], [0, 1) */
        float radius = sqrtf(-2.0f * logf(u)), angle = 6.2831853f * turn;
        re[i] = radius * cosf(angle);
        im[i] = radius * sinf(angle);
    }
}

static void unfold(float *z, const float *turn, int64_t m)
{
    wave_unfold_ends(z, m);
    for (int64_t k = 1; 2 * k < m; k++) wave_pair(z + 2 * k, z + 2 * (m - k), turn[2 * k], turn[2 * m + 2 * k + 1], 0.5f, 1);
}

static void fold(float *x, const float *turn, float scale, int64_t m)
{
    wave_fold_ends(x, scale, m);
    for (int64_t k = 1; 2 * k < m; k++) wave_pair(x + 2 * k, x + 2 * (m - k), turn[2 * k], turn[2 * m + 2 * k + 1], scale, -1);
}

static void moments(float *sum, float *square, const float *x, const float *pivot, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        float d = x[i] - pivot[i];
        sum[i] += d;
        square[i] = fmaf(d, d, square[i]);
    }
}

static void affine_leaky(float *dst, const float *x, const float *scale, const float *shift, float slope, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        float v = fmaf(x[i], scale[i], shift[i]);
        dst[i] = v < 0 ? slope * v : v;
    }
}

static void affine_snake(float *dst, const float *x, const float *scale, const float *shift, const float *alpha, const float *inverse, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        float v = fmaf(x[i], scale[i], shift[i]), s = sinf(alpha[i] * v);
        dst[i] = fmaf(s * s, inverse[i], v);
    }
}

const kernel_wave kernel_wave_c = {sine, hyperbolic_tangent, gate, polar, magnitude, normal_pairs, unfold, fold, moments, affine_leaky, affine_snake};
