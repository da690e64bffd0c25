/* kernel_vector: the float kernels written once for any vector width with the compiler's vector types. kernel_avx2.c and
 * kernel_avx512.c include it, each compiled for its own instruction set, after defining LANES. A tail is done by copying
 * it through a zero-padded vector, so that an element's value does not depend on its place. */
#include <immintrin.h>

#include "core/half.h"
#include "core/kernel/kernel_levels.h"
#include "core/kernel/vector_math.h"

#define MAP(NAME, ARGS, EXPR_FULL, EXPR_PART)                                                                          \
    static void NAME ARGS                                                                                              \
    {                                                                                                                  \
        int64_t i = 0;                                                                                                 \
        for (; i + LANES <= n; i += LANES) store(dst + i, EXPR_FULL);                                                  \
        if (i < n) store_part(dst + i, EXPR_PART, n - i);                                                              \
    }
#define LOAD(p) load(p + i)
#define PART(p) load_part(p + i, n - i)

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
    vec m[4] = {splat(-INFINITY), splat(-INFINITY), splat(-INFINITY), splat(-INFINITY)};
    int64_t i = 0;
    for (; i + 4 * LANES <= n; i += 4 * LANES)
        for (int j = 0; j < 4; j++) m[j] = larger(load(x + i + j * LANES), m[j]); /* m where x is no number */
    for (; i + LANES <= n; i += LANES) m[0] = larger(load(x + i), m[0]);
    float best = most_lane(larger(larger(m[0], m[1]), larger(m[2], m[3])));
    for (; i < n; i++) best = x[i] > best ? x[i] : best;
    return best;
}

static void turn(float *dst, const float *x, const float *cosine, const float *sine, int64_t n)
{
    for (int64_t i = 0; i < n; i += LANES) {
        bool full = n - i >= LANES;
        vec a = full ? LOAD(x) : PART(x), b = full ? load(x + n + i) : load_part(x + n + i, n - i);
        vec c = full ? LOAD(cosine) : PART(cosine), s = full ? LOAD(sine) : PART(sine);
        vec first = a * c - b * s, second = a * s + b * c;
        if (full) store(dst + i, first), store(dst + n + i, second);
        else store_part(dst + i, first, n - i), store_part(dst + n + i, second, n - i);
    }
}

/* LANES / 2 numbers, each twice; a vector's neighbours exchanged; a − b in even lanes, a + b in odd ones. */
#if LANES == 16
#define TWICE(p)                                                                                                       \
    (vec)_mm512_permutexvar_ps(_mm512_set_epi32(7, 7, 6, 6, 5, 5, 4, 4, 3, 3, 2, 2, 1, 1, 0, 0), _mm512_castps256_ps512(_mm256_loadu_ps(p)))
#define EXCHANGED(v) (vec)_mm512_permute_ps((__m512)(v), 0xB1)
#define LESS_AND_MORE(a, b) (vec)_mm512_mask_sub_ps(_mm512_add_ps((__m512)(a), (__m512)(b)), 0x5555, (__m512)(a), (__m512)(b))
#else
#define TWICE(p) (vec)_mm256_permutevar8x32_ps(_mm256_castps128_ps256(_mm_loadu_ps(p)), _mm256_set_epi32(3, 3, 2, 2, 1, 1, 0, 0))
#define EXCHANGED(v) (vec)_mm256_permute_ps((__m256)(v), 0xB1)
#define LESS_AND_MORE(a, b) (vec)_mm256_addsub_ps((__m256)(a), (__m256)(b))
#endif

static void turn_next(float *dst, const float *x, const float *cosine, const float *sine, int64_t n)
{
    int64_t i = 0;
    for (; i + LANES / 2 <= n; i += LANES / 2) {
        vec v = load(x + 2 * i);
        store(dst + 2 * i, LESS_AND_MORE(v * TWICE(cosine + i), EXCHANGED(v) * TWICE(sine + i)));
    }
    kernel_c.turn_next(dst + 2 * i, x + 2 * i, cosine + i, sine + i, n - i);
}

/* x, whose first element is the one at i; `other` in place of what lies outside from ≤ i < to. */
static vec seen_alone(vec x, int64_t i, int64_t from, int64_t to, float other)
{
#if LANES == 16
    const __m512i place = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    const __m512i first = _mm512_set1_epi32((int32_t)(from - i)), end = _mm512_set1_epi32((int32_t)(to - i));
    __mmask16 seen = _mm512_mask_cmplt_epi32_mask(_mm512_cmpge_epi32_mask(place, first), place, end);
    return (vec)_mm512_mask_blend_ps(seen, _mm512_set1_ps(other), (__m512)x);
#else
    const ivec place = {0, 1, 2, 3, 4, 5, 6, 7};
    return choose((place >= (int32_t)(from - i)) & (place < (int32_t)(to - i)), x, splat(other));
#endif
}

static float soften(float *x, int64_t n, int64_t from, int64_t to, float *top, float *total)
{
    if (from >= to) {
        memset(x, 0, (size_t)n * sizeof(float));
        return 1;
    }
    vec most[4], sums[4] = {{0}, {0}, {0}, {0}};
    bool all = from <= 0 && to >= n;
    for (int j = 0; j < 4; j++) most[j] = splat(-INFINITY);
    for (int64_t i = 0; i < n; i += 4 * LANES)
        for (int j = 0; j < 4; j++) {
            float *at = x + i + j * LANES;
            vec v = load(at);
            if (!all) store(at, v = seen_alone(v, i + j * LANES, from, to, -INFINITY));
            most[j] = larger(v, most[j]); /* most where v is no number */
        }
    float before = *top, raised = most_lane(larger(larger(most[0], most[1]), larger(most[2], most[3]))), after = raised > before ? raised : before;
    for (int64_t i = 0; i < n; i += 4 * LANES)
        for (int j = 0; j < 4; j++) {
            float *at = x + i + j * LANES;
            vec v = exp_falling_vec(load(at) - splat(after));
            if (!all) v = seen_alone(v, i + j * LANES, from, to, 0);
            store(at, v);
            sums[j] += v;
        }
    float shrink = after == before ? 1.0f : before == -INFINITY ? 0.0f : expf(before - after);
    *top = after;
    *total = *total * shrink + add_lanes((sums[0] + sums[1]) + (sums[2] + sums[3]));
    return shrink;
}

#define VECTOR_KERNELS                                                                                                 \
    .add = add, .mul = mul, .scale = scale, .add_scaled = add_scaled, .silu = silu, .gelu = gelu,                      \
    .gelu_tanh = gelu_tanh, .quick_gelu = quick_gelu, .exp_sub = exp_sub, .dot = dot, .sum = sum,                      \
    .from_f16 = from_f16, .to_f16 = to_f16,                                                                            \
    .sum_sq_diff = sum_sq_diff, .max = max, .turn = turn, .turn_next = turn_next, .soften = soften
