/* product_bf16: what the bf16 levels share beside their products. */
#include <immintrin.h>

#define LANES 16
#define SHORT_SILU silu_short
#define SHORT_GELU gelu_short
#include "core/kernel/vector_math.h"

/* 2ᵗ with a relative error below 2e-4, a tenth of bf16's: a polynomial for the fraction, the instruction for the rest.
 * What would be subnormal, and slow, stays 2⁻¹²⁶. */
static inline __m512 exp2_short(__m512 t)
{
    t = _mm512_max_ps(_mm512_set1_ps(-126.0f), t);
    __m512 f = _mm512_reduce_ps(t, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC); /* t − ⌊t⌋ */
    __m512 p = _mm512_fmadd_ps(_mm512_set1_ps(0.0781455f), f, _mm512_set1_ps(0.2262122f));
    p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(0.6953725f));
    p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(0.9999239f));
    return _mm512_scalef_ps(p, t);
}

/* x / (1 + e⁻ˣ), as exact as the result's 8 bits ask: the reciprocal is the instruction's, of 14 bits. */
static inline vec silu_short(vec x)
{
    __m512 e = exp2_short(_mm512_mul_ps((__m512)x, _mm512_set1_ps(-1.44269504f)));
    return (vec)_mm512_mul_ps((__m512)x, _mm512_rcp14_ps(_mm512_add_ps(_mm512_set1_ps(1.0f), e)));
}

/* x Φ(x); erf by Abramowitz and Stegun 7.1.25, absolute error 2.5e-5. */
static inline vec gelu_short(vec x)
{
    __m512 v = (__m512)x, a = _mm512_abs_ps(_mm512_mul_ps(v, _mm512_set1_ps(0.70710678f)));
    a = _mm512_min_ps(a, _mm512_set1_ps(8.0f)); /* beyond, the tail would be subnormal and slow */
    __m512 t = _mm512_rcp14_ps(_mm512_fmadd_ps(_mm512_set1_ps(0.47047f), a, _mm512_set1_ps(1.0f)));
    __m512 p = _mm512_fmadd_ps(_mm512_set1_ps(0.7478556f), t, _mm512_set1_ps(-0.0958798f));
    p = _mm512_mul_ps(_mm512_fmadd_ps(p, t, _mm512_set1_ps(0.3480242f)), t);
    __m512 e = exp2_short(_mm512_mul_ps(_mm512_mul_ps(a, a), _mm512_set1_ps(-1.44269504f)));
    __m512 half = _mm512_mul_ps(_mm512_set1_ps(0.5f), v), tail = _mm512_mul_ps(p, e); /* 1 − erf(a) */
    /* x > 0: x/2 (2 − tail); else x/2 tail */
    __mmask16 negative = _mm512_movepi32_mask((__m512i)v);
    return (vec)_mm512_mul_ps(half, _mm512_mask_sub_ps(tail, (__mmask16)~negative, _mm512_set1_ps(2.0f), tail));
}

#include "core/kernel/product_vector.h"

static void finish(const product_result *r) { finish_as(r, 32); }

static void average(const product_average *a) { average_as(a, 32); }

static void convert(void *dst, const float *src, int64_t n) { convert_as(dst, DTYPE_BF16, src, n); }

static void affine(void *dst, const float *src, const float *scale, const float *shift, bool silu, int64_t n)
{
    affine_as(dst, DTYPE_BF16, src, scale, shift, silu, n);
}

enum { KEYS_AT_ONCE = 32 }; /* a panel of scores */

/* A bit for each of the 32 keys from i on that is seen. */
static inline uint32_t keys_below(int64_t n) { return n >= KEYS_AT_ONCE ? ~UINT32_C(0) : n > 0 ? (UINT32_C(1) << n) - 1 : 0; }
static inline uint32_t keys_seen(int64_t i, product_seen seen) { return keys_below(seen.to - i) & ~keys_below(seen.from - i); }

/* What a row's loops over its panels share. */
typedef struct {
    const float *score;
    int64_t step, panels; /* floats from panel to panel */
    product_seen seen;
    bool all;             /* keys are seen */
} soften_row;

static inline void largest_of(const soften_row *w, int64_t i, bool all, __m512 *a, __m512 *b)
{
    const float *score = w->score + i * w->step;
    uint32_t mask = all ? 0 : keys_seen(i * KEYS_AT_ONCE, w->seen);
    __m512 x = _mm512_load_ps(score), y = _mm512_load_ps(score + 16);
    *a = all ? _mm512_max_ps(x, *a) : _mm512_mask_max_ps(*a, (__mmask16)mask, x, *a);
    *b = all ? _mm512_max_ps(y, *b) : _mm512_mask_max_ps(*b, (__mmask16)(mask >> 16), y, *b);
}

/* The largest seen score in any of 16 lanes. */
static inline __m512 row_largest(const soften_row *w)
{
    __m512 a = _mm512_set1_ps(-INFINITY), b = a;
    if (w->all)
        for (int64_t i = 0; i < w->panels; i++) largest_of(w, i, true, &a, &b);
    else
        for (int64_t i = 0; i < w->panels; i++) largest_of(w, i, false, &a, &b);
    return _mm512_max_ps(a, b);
}

/* The probabilities of a row's 32 keys of one panel, rounded to bf16; the sums go to total. */
static inline void soften_panel(const soften_row *w, int64_t i, bool all, __m512 scale, __m512 shift, char *p, __m512 *total)
{
    const float *score = w->score + i * w->step;
    __m512 a = exp2_short(_mm512_fmadd_ps(_mm512_load_ps(score), scale, shift));
    __m512 b = exp2_short(_mm512_fmadd_ps(_mm512_load_ps(score + 16), scale, shift));
    if (!all) {
        uint32_t mask = keys_seen(i * KEYS_AT_ONCE, w->seen);
        a = _mm512_maskz_mov_ps((__mmask16)mask, a);
        b = _mm512_maskz_mov_ps((__mmask16)(mask >> 16), b);
    }
    _mm512_storeu_si512(p + i * 64, (__m512i)_mm512_cvtne2ps_pbh(b, a));
    *total = _mm512_add_ps(*total, _mm512_add_ps(a, b));
}

static inline __m512 soften_panels(const soften_row *w, float scale, float shift, char *p, __m512 total)
{
    __m512 factor = _mm512_set1_ps(scale), offset = _mm512_set1_ps(shift);
    if (w->all)
        for (int64_t i = 0; i < w->panels; i++) soften_panel(w, i, true, factor, offset, p, &total);
    else
        for (int64_t i = 0; i < w->panels; i++) soften_panel(w, i, false, factor, offset, p, &total);
    return total;
}

static bool soften(const product_soften *s)
{
    const float log2_e = 1.44269504f;
    bool raised = false;
    for (int64_t r = 0; r < s->rows; r++) {
        soften_row w = {s->score + r * KEYS_AT_ONCE, s->rows * KEYS_AT_ONCE, s->panels, product_soften_seen(s, r), false};
        w.all = w.seen.from == 0 && w.seen.to == s->panels * KEYS_AT_ONCE;
        float most = s->most[r];
        __m512 largest = _mm512_mul_ps(row_largest(&w), _mm512_set1_ps(s->scale));
        s->fade[r] = 1;
        if (_mm512_cmp_ps_mask(largest, _mm512_set1_ps(most + PRODUCT_HEADROOM), _CMP_GT_OQ)) {
            float top = _mm512_reduce_max_ps(largest);
            s->fade[r] = most > -INFINITY ? exp_vec(splat(most - top))[0] : 0;
            s->most[r] = most = top;
            raised = true;
        }
        __m512 total = _mm512_mul_ps(_mm512_loadu_ps(s->total[r]), _mm512_set1_ps(s->fade[r]));
        char *p = (char *)s->p + r * s->panels * KEYS_AT_ONCE * 2;
        _mm512_storeu_ps(s->total[r], soften_panels(&w, s->scale * log2_e, most > -INFINITY ? -most * log2_e : 0, p, total));
    }
    return raised;
}

static void pairs_of_f16(uint16_t *dst, const uint16_t *src, int64_t pairs)
{
    const __m512i interleave = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22, 6, 21, 5, 20, 4,
                                                19, 3, 18, 2, 17, 1, 16, 0);
    for (int64_t i = 0; i < pairs; i++, src += 32, dst += 64) {
        __m512 even = _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(const void *)src));
        __m512 odd = _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(const void *)(src + 16)));
        _mm512_storeu_si512(dst, _mm512_permutexvar_epi16(interleave, (__m512i)_mm512_cvtne2ps_pbh(odd, even)));
    }
}
