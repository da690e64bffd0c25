/* kernel_u8_quantize: kernel_u8_vector with quantisation by AVX-512, for the levels that have it. */
#include "core/kernel/kernel_u8_vector.h"

/* x / s, correctly rounded, by products: with r = 1 / s and q = x r, the remainder x − q s is exact, and q + (x − q s) r
 * rounds to the quotient (Markstein 1990). Four times as fast as a division. */
static inline __m512 divide(__m512 x, __m512 s, __m512 r)
{
    __m512 q = _mm512_mul_ps(x, r);
    return _mm512_fmadd_ps(_mm512_fnmadd_ps(q, s, x), r, q);
}

static inline __attribute__((always_inline)) void quantize_any(uint8_t *q, const float *x, int64_t depth, float scale, int32_t zero,
                                                               bool gelu, bool plain)
{
    __m512 s = _mm512_set1_ps(scale), r = _mm512_set1_ps(1.0f / scale);
    __m512i z = _mm512_set1_epi32(zero), none = _mm512_setzero_si512();
    for (int64_t i = 0; i < depth; i += 16) {
        int64_t n = depth - i < 16 ? depth - i : 16;
        vec v = n < 16 ? load_part(x + i, n) : load(x + i);
        if (gelu) v = gelu_vec(v);
        __m512i whole = _mm512_cvtps_epi32(plain ? _mm512_div_ps((__m512)v, s) : divide((__m512)v, s, r));
        whole = _mm512_max_epi32(_mm512_add_epi32(whole, z), none);
        if (n == 16) _mm_storeu_si128((__m128i *)(void *)(q + i), _mm512_cvtusepi32_epi8(whole));
        else _mm512_mask_cvtusepi32_storeu_epi8(q + i, (__mmask16)((1u << n) - 1), whole);
    }
}

/* Very small and very large scales have reciprocals without all their bits: they are divided by. */
static void quantize_row(void *row, const float *x, int64_t depth, float scale, int32_t zero, bool gelu)
{
    if (!(scale > 1e-30f && scale < 1e30f)) quantize_any(row, x, depth, scale, zero, gelu, true);
    else if (gelu) quantize_any(row, x, depth, scale, zero, true, false);
    else quantize_any(row, x, depth, scale, zero, false, false);
}
