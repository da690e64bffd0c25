/* kernel_panel_avx2: panel products for AVX2 and FMA. */
#include <immintrin.h>
#include <string.h>

#define LANES 8
#define TILE_PANELS 1
#define TILE_ROWS 6
typedef __m256 vec;

static inline __m256 load_part(const float *p, int64_t n)
{
    float all[8] = {0};
    memcpy(all, p, (size_t)n * sizeof(float));
    return _mm256_loadu_ps(all);
}

static inline void store_part(float *p, __m256 v, int64_t n)
{
    float all[8];
    _mm256_storeu_ps(all, v);
    memcpy(p, all, (size_t)n * sizeof(float));
}

#define LOAD(p) _mm256_loadu_ps(p)
#define LOAD_PART(p, n) load_part(p, n)
#define SPLAT(s) _mm256_set1_ps(s)
#define FMA(a, b, c) _mm256_fmadd_ps(a, b, c)
#define STORE(p, v) _mm256_storeu_ps(p, v)
#define STORE_PART(p, v, n) store_part(p, v, n)
#include "core/kernel/kernel_panel_f32.h"

const panel_kernels panel_kernels_avx2 = {.f32 = f32_product};
