/* vector_math: vectors of LANES floats with the compiler's vector types, and the functions of them that models need. A
 * file defines LANES before it includes this, and is compiled for its own instruction set. */
#ifndef AIGC_CORE_VECTOR_MATH_H
#define AIGC_CORE_VECTOR_MATH_H

#if defined(__x86_64__)
#include <immintrin.h>
#endif
#include <math.h>
#include <stdint.h>
#include <string.h>

typedef float vec __attribute__((vector_size(LANES * 4)));
typedef int32_t ivec __attribute__((vector_size(LANES * 4)));

static inline vec load(const float *p)
{
    vec v;
    memcpy(&v, p, sizeof v);
    return v;
}

static inline void store(float *p, vec v) { memcpy(p, &v, sizeof v); }

/* The first n of a vector's elements, 0 ≤ n < LANES; the others are 0, or stay as they are in memory. */
static inline vec load_part(const float *p, int64_t n)
{
#if LANES == 16
    return (vec)_mm512_maskz_loadu_ps((__mmask16)((1u << n) - 1), p);
#else
    vec v = {0};
    memcpy(&v, p, (size_t)n * sizeof(float));
    return v;
#endif
}

static inline void store_part(float *p, vec v, int64_t n)
{
#if LANES == 16
    _mm512_mask_storeu_ps(p, (__mmask16)((1u << n) - 1), (__m512)v);
#else
    memcpy(p, &v, (size_t)n * sizeof(float));
#endif
}

static inline vec splat(float x) { return x - (vec){0}; } /* x + 0 would be a real addition: -0 + 0 is not -0 */

static inline vec choose(ivec mask, vec a, vec b) { return (vec)((mask & (ivec)a) | (~mask & (ivec)b)); }

/* a > b ? a : b and a < b ? a : b; b where one is no number. */
static inline vec larger(vec a, vec b)
{
#if LANES == 16
    return (vec)_mm512_max_ps((__m512)a, (__m512)b);
#elif LANES == 8
    return (vec)_mm256_max_ps((__m256)a, (__m256)b);
#else
    return choose(a > b, a, b);
#endif
}

static inline vec smaller(vec a, vec b)
{
#if LANES == 16
    return (vec)_mm512_min_ps((__m512)a, (__m512)b);
#elif LANES == 8
    return (vec)_mm256_min_ps((__m256)a, (__m256)b);
#else
    return choose(a < b, a, b);
#endif
}

/* x > limit ? a : b */
static inline vec where_greater(vec x, vec limit, vec a, vec b)
{
#if LANES == 16
    return (vec)_mm512_mask_blend_ps(_mm512_cmp_ps_mask((__m512)x, (__m512)limit, _CMP_GT_OQ), (__m512)b, (__m512)a);
#else
    return choose(x > limit, a, b);
#endif
}

static inline vec fma_vec(vec a, vec b, vec c)
{
    vec r;
    for (int i = 0; i < LANES; i++) r[i] = __builtin_fmaf(a[i], b[i], c[i]);
    return r;
}

/* eʳ for |r| ≤ ½ ln 2: a polynomial of degree 6. */
static inline vec exp_near_zero(vec r)
{
    vec p = fma_vec(splat(1.39887e-3f), r, splat(8.33346e-3f));
    p = fma_vec(p, r, splat(4.1666389e-2f));
    p = fma_vec(p, r, splat(1.6666648e-1f));
    p = fma_vec(p, r, splat(5.0000000e-1f));
    p = fma_vec(p, r, splat(1.0f));
    return fma_vec(p, r, splat(1.0f));
}

/* eˣ with a relative error below 2e-7: x = k ln 2 + r, eʳ, then the exponent's bits. Results
 * that would be subnormal become 0, too large ones infinity, NaN stays. */
static inline vec exp_vec(vec x)
{
    vec clamped = larger(splat(-87.3f), smaller(splat(88.8f), x));
    vec shifted = fma_vec(clamped, splat(1.44269504f), splat(12582912.0f)); /* 1.5 · 2²³: the low bits are round(x / ln 2) */
    vec k = shifted - splat(12582912.0f);
    vec r = fma_vec(k, splat(-0.693145752f), clamped);
    r = fma_vec(k, splat(-1.42860677e-6f), r);
    vec p = exp_near_zero(r);
    ivec half = ((ivec)shifted - 0x4B400000) >> 1, rest = ((ivec)shifted - 0x4B400000) - half; /* 2ᵏ in two steps: k may be 128 */
    vec y = p * (vec)((half + 127) << 23) * (vec)((rest + 127) << 23);
    y = where_greater(x, splat(88.72283f), splat(INFINITY), y);
    y = where_greater(splat(-87.3f), x, splat(0.0f), y);
    return choose(x == x, y, x);
}

/* eˣ for x ≤ 0, −∞ included: where the CPU scales by 2ᵏ itself, a third of the steps; the same bits. */
static inline vec exp_falling_vec(vec x)
{
#if LANES == 16
    vec shifted = fma_vec(x, splat(1.44269504f), splat(12582912.0f)), k = shifted - splat(12582912.0f);
    vec r = fma_vec(k, splat(-1.42860677e-6f), fma_vec(k, splat(-0.693145752f), x));
    vec p = exp_near_zero(r);
    __mmask16 kept = _mm512_cmp_ps_mask((__m512)x, _mm512_set1_ps(-87.3f), _CMP_NLT_UQ); /* numbers that are none, too */
    return (vec)_mm512_maskz_scalef_ps(kept, (__m512)p, (__m512)k);
#else
    return exp_vec(x);
#endif
}

/* 1 / x of a normal number, up to its last bit. */
static inline vec reciprocal(vec x)
{
#if LANES == 16
    vec r = (vec)_mm512_rcp14_ps((__m512)x);
    return fma_vec(fma_vec(-x, r, splat(1.0f)), r, r); /* Newton: 14 bits become 28 */
#else
    return splat(1.0f) / x;
#endif
}

/* tanh by e^(2x); near 0, where that would cancel, an odd polynomial. Beyond 10 it is ±1. */
static inline vec tanh_vec(vec x)
{
    vec inside = larger(splat(-10.0f), smaller(splat(10.0f), x)), e = exp_vec(inside + inside);
    vec big = fma_vec(splat(-2.0f), reciprocal(e + splat(1.0f)), splat(1.0f));
    vec s = x * x, p = fma_vec(s, splat(-0.05396825f), splat(0.13333334f));
    p = fma_vec(p, s, splat(-0.33333334f));
    vec small = fma_vec(p * s, x, x);
    return where_greater(splat(0.01f), s, small, big);
}

/* erf(x / √2) = x P(x²) / Q(x²) with an error below 4e-7, by a minimax fit up to |x| = 5.6; beyond it is ±1. */
static inline vec erf_half_vec(vec x)
{
    vec a = smaller((vec)((ivec)x & 0x7FFFFFFF), splat(5.6f)), s = a * a;
    vec p = fma_vec(splat(4.45951187e-8f), s, splat(1.2579565e-5f));
    p = fma_vec(p, s, splat(3.37856560e-4f));
    p = fma_vec(p, s, splat(9.35468823e-3f));
    p = fma_vec(p, s, splat(6.78578392e-2f));
    p = fma_vec(p, s, splat(7.97884524e-1f));
    vec q = fma_vec(splat(1.17966170e-6f), s, splat(7.33439592e-5f));
    q = fma_vec(q, s, splat(1.88548607e-3f));
    q = fma_vec(q, s, splat(2.86774952e-2f));
    q = fma_vec(q, s, splat(2.51713514e-1f));
    q = fma_vec(q, s, splat(1.0f));
    vec y = p * a * reciprocal(q);
    y = where_greater(splat(5.6f), a, y, splat(1.0f));
    return (vec)((ivec)y | ((ivec)x & INT32_MIN));
}

static inline vec silu_vec(vec x) { return x / (splat(1.0f) + exp_vec(-x)); }
static inline vec gelu_vec(vec x)
{
    vec h = splat(0.5f) * x;
    return fma_vec(h, erf_half_vec(x), h);
}
static inline vec gelu_tanh_vec(vec x)
{
    vec u = splat(0.79788456f) * fma_vec(splat(0.044715f) * x * x, x, x);
    return splat(0.5f) * x * (splat(1.0f) + tanh_vec(u));
}
static inline vec quick_gelu_vec(vec x) { return x / (splat(1.0f) + exp_vec(splat(-1.702f) * x)); }

static inline float most_lane(vec v)
{
#if LANES == 16
    return _mm512_reduce_max_ps((__m512)v);
#else
    for (int half = LANES / 2; half; half /= 2)
        for (int i = 0; i < half; i++) v[i] = v[i] > v[i + half] ? v[i] : v[i + half];
    return v[0];
#endif
}

static inline float add_lanes(vec v)
{
#if LANES == 16
    return _mm512_reduce_add_ps((__m512)v); /* in the same order: halves, quarters, … */
#endif
    for (int half = LANES / 2; half; half /= 2)
        for (int i = 0; i < half; i++) v[i] += v[i + half];
    return v[0];
}

#endif
