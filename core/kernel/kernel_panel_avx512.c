/* kernel_panel_avx512: panel products for AVX-512. */
#include <immintrin.h>

#define LANES 16
#define TILE_PANELS 2
#define TILE_ROWS 12
typedef __m512 vec;
#define LOAD(p) _mm512_loadu_ps(p)
#define LOAD_PART(p, n) _mm512_maskz_loadu_ps((__mmask16)((1u << (n)) - 1), p)
#define SPLAT(s) _mm512_set1_ps(s)
#define FMA(a, b, c) _mm512_fmadd_ps(a, b, c)
#define STORE(p, v) _mm512_storeu_ps(p, v)
#define STORE_PART(p, v, n) _mm512_mask_storeu_ps(p, (__mmask16)((1u << (n)) - 1), v)
#include "core/kernel/kernel_panel_f32.h"

const panel_kernels panel_kernels_avx512 = {.f32 = f32_product};
