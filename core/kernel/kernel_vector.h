/* kernel_vector: the float kernels written once for any vector width with the compiler's vector types. kernel_avx2.c and
 * kernel_avx512.c include it, each compiled for its own instruction set, after defining LANES. A tail is done by copying
 * it through a zero-padded vector, so that an element's value does not depend on its place. */
#include <immintrin.h>
#include <math.h>
#include <string.h>

#include "core/half.h"
#include "core/kernel/kernel_levels.h"

typedef float vec __attribute__((vector_size(LANES * 4)));
typedef int32_t ivec __attribute__((vector_size(LANES * 4)));

static inline vec load(const float *p)
{
    vec v;
    memcpy(&v, p, sizeof v);
    return v;
}

static inline void store(float *p, vec v) { memcpy(p, &v, sizeof v); }

static inline vec load_part(const float *p, int64_t n)
{
    vec v = {0};
    memcpy(&v, p, (size_t)n * sizeof(float));
    return v;
}

static inline void store_part(float *p, vec v, int64_t n) { memcpy(p, &v, (size_t)n * sizeof(float)); }

static inline vec splat(float x) { return x - (vec){0}; } /* x + 0 would be a real addition: -0 + 0 is not -0 */

static inline vec choose(ivec mask, vec a, vec b) { return (vec)((mask & (ivec)a) | (~mask & (ivec)b)); }

static inline vec fma_vec(vec a, vec b, vec c)
{
    vec r;
    for (int i = 0; i < LANES; i++) r[i] = __builtin_fmaf(a[i], b[i], c[i]);
    return r;
}

/* eˣ with a relative error below 2e-7: x = k ln 2 + r, a polynomial of degree 6 for eʳ, then the exponent's bits. Results
 * that would be subnormal become 0, too large ones infinity, NaN stays. */
static inline vec exp_vec(vec x)
{
    vec clamped = choose(x > splat(88.8f), splat(88.8f), x);
    clamped = choose(clamped < splat(-87.3f), splat(-87.3f), clamped);
    vec shifted = fma_vec(clamped, splat(1.44269504f), splat(12582912.0f)); /* 1.5 · 2²³: the low bits are round(x / ln 2) */
    vec k = shifted - splat(12582912.0f);
    vec r = fma_vec(k, splat(-0.693145752f), clamped);
    r = fma_vec(k, splat(-1.42860677e-6f), r);
    vec p = fma_vec(splat(1.39887e-3f), r, splat(8.33346e-3f));
    p = fma_vec(p, r, splat(4.1666389e-2f));
    p = fma_vec(p, r, splat(1.6666648e-1f));
    p = fma_vec(p, r, splat(5.0000000e-1f));
    p = fma_vec(p, r, splat(1.0f));
    p = fma_vec(p, r, splat(1.0f));
    ivec half = ((ivec)shifted - 0x4B400000) >> 1, rest = ((ivec)shifted - 0x4B400000) - half; /* 2ᵏ in two steps: k may be 128 */
    vec y = p * (vec)((half + 127) << 23) * (vec)((rest + 127) << 23);
    y = choose(x > splat(88.72283f), splat(INFINITY), y);
    y = choose(x < splat(-87.3f), splat(0.0f), y);
    return choose(x == x, y, x);
}

/* tanh by e^(2x); near 0, where that would cancel, an odd polynomial. */
static inline vec tanh_vec(vec x)
{
    vec e = exp_vec(x + x);
    vec big = splat(1.0f) - splat(2.0f) / (e + splat(1.0f));
    vec s = x * x, p = fma_vec(s, splat(-0.05396825f), splat(0.13333334f));
    p = fma_vec(p, s, splat(-0.33333334f));
    vec small = fma_vec(p * s, x, x);
    return choose((x < splat(0.1f)) & (x > splat(-0.1f)), small, big);
}

/* erf by Abramowitz and Stegun 7.1.26, absolute error below 2e-7 (near 0 by its series, where that matters most). */
static inline vec erf_vec(vec x)
{
    vec a = (vec)((ivec)x & 0x7FFFFFFF);
    vec t = splat(1.0f) / fma_vec(splat(0.3275911f), a, splat(1.0f));
    vec p = fma_vec(splat(1.061405429f), t, splat(-1.453152027f));
    p = fma_vec(p, t, splat(1.421413741f));
    p = fma_vec(p, t, splat(-0.284496736f));
    p = fma_vec(p, t, splat(0.254829592f));
    vec y = splat(1.0f) - p * t * exp_vec(-a * a);
    vec s = x * x, q = fma_vec(s, splat(-0.0268661706f), splat(0.112837917f));
    q = fma_vec(q, s, splat(-0.376126389f));
    vec small = x * fma_vec(q, s, splat(1.12837917f));
    y = (vec)((ivec)y | ((ivec)x & INT32_MIN));
    return choose(a < splat(0.25f), small, y);
}

#define MAP(NAME, ARGS, EXPR_FULL, EXPR_PART)                                                                          \
    static void NAME ARGS                                                                                              \
    {                                                                                                                  \
        int64_t i = 0;                                                                                                 \
        for (; i + LANES <= n; i += LANES) store(dst + i, EXPR_FULL);                                                  \
        if (i < n) store_part(dst + i, EXPR_PART, n - i);                                                              \
    }
#define LOAD(p) load(p + i)
#define PART(p) load_part(p + i, n - i)

static inline vec silu_vec(vec x) { return x / (splat(1.0f) + exp_vec(-x)); }
static inline vec gelu_vec(vec x) { return splat(0.5f) * x * (splat(1.0f) + erf_vec(x * splat(0.70710678f))); }
static inline vec gelu_tanh_vec(vec x)
{
    vec u = splat(0.79788456f) * fma_vec(splat(0.044715f) * x * x, x, x);
    return splat(0.5f) * x * (splat(1.0f) + tanh_vec(u));
}
static inline vec quick_gelu_vec(vec x) { return x / (splat(1.0f) + exp_vec(splat(-1.702f) * x)); }

MAP(add, (float *dst, const float *a, const float *b, int64_t n), LOAD(a) + LOAD(b), PART(a) + PART(b))
MAP(mul, (float *dst, const float *a, const float *b, int64_t n), LOAD(a) * LOAD(b), PART(a) * PART(b))
MAP(scale, (float *dst, const float *a, float s, int64_t n), LOAD(a) * splat(s), PART(a) * splat(s))
MAP(add_scaled, (float *dst, const float *a, float s, int64_t n), fma_vec(LOAD(a), splat(s), LOAD(dst)),
    fma_vec(PART(a), splat(s), PART(dst)))
MAP(silu, (float *dst, const float *x, int64_t n), silu_vec(LOAD(x)), silu_vec(PART(x)))
MAP(gelu, (float *dst, const float *x, int64_t n), gelu_vec(LOAD(x)), gelu_vec(PART(x)))
MAP(gelu_tanh, (float *dst, const float *x, int64_t n), gelu_tanh_vec(LOAD(x)), gelu_tanh_vec(PART(x)))
MAP(quick_gelu, (float *dst, const float *x, int64_t n), quick_gelu_vec(LOAD(x)), quick_gelu_vec(PART(x)))
MAP(exp_sub, (float *dst, const float *x, float sub, int64_t n), exp_vec(LOAD(x) - splat(sub)),
    exp_vec(PART(x) - splat(sub)))

#if LANES == 16
#define FROM_F16(p) _mm512_storeu_ps(dst + i, _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(p))))
#define TO_F16(p) _mm256_storeu_si256((__m256i *)(p), _mm512_cvtps_ph(_mm512_loadu_ps(src + i), _MM_FROUND_TO_NEAREST_INT))
#else
#define FROM_F16(p) _mm256_storeu_ps(dst + i, _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(p))))
#define TO_F16(p) _mm_storeu_si128((__m128i *)(p), _mm256_cvtps_ph(_mm256_loadu_ps(src + i), _MM_FROUND_TO_NEAREST_INT))
#endif

static void from_f16(float *dst, const uint16_t *src, int64_t n)
{
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES) FROM_F16(src + i);
    for (; i < n; i++) dst[i] = half_from_f16(src[i]);
}

static void to_f16(uint16_t *dst, const float *src, int64_t n)
{
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES) TO_F16(dst + i);
    for (; i < n; i++) dst[i] = half_to_f16(src[i]);
}

static inline float add_lanes(vec v)
{
    for (int half = LANES / 2; half; half /= 2)
        for (int i = 0; i < half; i++) v[i] += v[i + half];
    return v[0];
}

/* Four accumulators hide the adder's latency; the order of the sum is fixed by n alone. */
#define REDUCE(TERM_FULL, TERM_PART)                                                                                   \
    vec s0 = {0}, s1 = {0}, s2 = {0}, s3 = {0};                                                                        \
    int64_t i = 0;                                                                                                     \
    for (; i + 4 * LANES <= n; i += LANES) {                                                                           \
        s0 = TERM_FULL(s0);                                                                                            \
        i += LANES;                                                                                                    \
        s1 = TERM_FULL(s1);                                                                                            \
        i += LANES;                                                                                                    \
        s2 = TERM_FULL(s2);                                                                                            \
        i += LANES;                                                                                                    \
        s3 = TERM_FULL(s3);                                                                                            \
    }                                                                                                                  \
    for (; i + LANES <= n; i += LANES) s0 = TERM_FULL(s0);                                                             \
    if (i < n) s1 = TERM_PART(s1);                                                                                     \
    return add_lanes((s0 + s1) + (s2 + s3));

static float dot(const float *a, const float *b, int64_t n)
{
#define FULL(s) fma_vec(LOAD(a), LOAD(b), s)
#define LAST(s) fma_vec(PART(a), PART(b), s)
    REDUCE(FULL, LAST)
#undef FULL
#undef LAST
}

static float sum(const float *x, int64_t n)
{
#define FULL(s) (s + LOAD(x))
#define LAST(s) (s + PART(x))
    REDUCE(FULL, LAST)
#undef FULL
#undef LAST
}

static float sum_sq_diff(const float *x, float mean, int64_t n)
{
    float padding[LANES]; /* the tail's missing elements are set to the mean: they add nothing */
    for (int j = 0; j < LANES; j++) padding[j] = mean;
    if (n % LANES) memcpy(padding, x + n - n % LANES, (size_t)(n % LANES) * sizeof(float));
    vec m = splat(mean);
#define FULL(s) fma_vec(LOAD(x) - m, LOAD(x) - m, s)
#define LAST(s) fma_vec(load(padding) - m, load(padding) - m, s)
    REDUCE(FULL, LAST)
#undef FULL
#undef LAST
}

static float max(const float *x, int64_t n)
{
    vec m = splat(-INFINITY);
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        vec v = load(x + i);
        m = choose(v > m, v, m);
    }
    float best = -INFINITY;
    for (int j = 0; j < LANES; j++) best = m[j] > best ? m[j] : best;
    for (; i < n; i++) best = x[i] > best ? x[i] : best;
    return best;
}

#define VECTOR_KERNELS                                                                                                 \
    .add = add, .mul = mul, .scale = scale, .add_scaled = add_scaled, .silu = silu, .gelu = gelu,                      \
    .gelu_tanh = gelu_tanh, .quick_gelu = quick_gelu, .exp_sub = exp_sub, .dot = dot, .sum = sum,                      \
    .from_f16 = from_f16, .to_f16 = to_f16,                                                                            \
    .sum_sq_diff = sum_sq_diff, .max = max
