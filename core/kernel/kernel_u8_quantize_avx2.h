/* kernel_u8_quantize_avx2: kernel_u8_vector with quantisation by AVX2, for the levels that have it. */
#include "core/kernel/kernel_u8_vector.h"

/* The first n of eight values at x, at most eight, each from 0 to 255 in 16 bits; those behind them are as of zeros. */
static inline __attribute__((always_inline)) __m128i quantize_eight(const float *x, int64_t n, __m256 scale, __m256i zero, bool gelu)
{
    vec v = n < 8 ? load_part(x, n) : load(x);
    __m256i whole = _mm256_cvtps_epi32(_mm256_div_ps((__m256)(gelu ? gelu_vec(v) : v), scale));
    whole = _mm256_min_epi32(_mm256_max_epi32(_mm256_add_epi32(whole, zero), _mm256_setzero_si256()), _mm256_set1_epi32(255));
    return _mm_packs_epi32(_mm256_castsi256_si128(whole), _mm256_extracti128_si256(whole, 1));
}
