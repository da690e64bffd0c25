/* kernel_panel_avx512: panel products for AVX-512 with VNNI. */
#include <immintrin.h>

#define LANES 16
#define TILE_PANELS 2
#define TILE_ROWS 12
typedef __m512 vec;
#define LOAD(p) _mm512_loadu_ps(p)
#define LOAD_PART(p, n) _mm512_maskz_loadu_ps((__mmask16)((1u << (n)) - 1), p)
#define LOAD_HALF(p) _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(p)))
#define SPLAT(s) _mm512_set1_ps(s)
#define FMA(a, b, c) _mm512_fmadd_ps(a, b, c)
#define STORE(p, v) _mm512_storeu_ps(p, v)
#define STORE_PART(p, v, n) _mm512_mask_storeu_ps(p, (__mmask16)((1u << (n)) - 1), v)
#include "core/kernel/kernel_panel_f32.h"
#include "core/kernel/kernel_panel_vnni.h"

void panel_f32_avx512(float *y, int64_t ldy, const float *x, int64_t ldx, int64_t rows, const float *panels, int64_t in,
                      int64_t out, bool more)
{
    f32_alone(y, ldy, x, ldx, rows, panels, in, out, more);
}

void panel_f16_avx512(float *y, int64_t ldy, const float *x, int64_t ldx, int64_t rows, const uint16_t *panels,
                      const uint16_t *ahead, int64_t in, int64_t out, bool more)
{
    f16_product(y, ldy, x, ldx, rows, panels, ahead, in, out, more);
}

INLINE void product(panel_kind kind, panel_form f, float *y, int64_t ldy, const panel_rows *x, int64_t first, int64_t rows,
                    const uint8_t *panels, const void *next, int64_t out, float unit)
{
    (void)kind;
    size_t size = panel_bytes(f, x->in / PANEL_BLOCK);
    const panel_ahead ahead = panel_ahead_of(f, panels, next, x->in / PANEL_BLOCK, out);
    for (; out > 0; out -= PANEL, y += PANEL, panels += size) vnni_panel(f, panel_ahead_at(&ahead, panels), y, ldy, x, first, rows, panels, out, unit);
}

PANEL_PRODUCTS(product)

const panel_kernels panel_kernels_avx512 = {
    .f32 = panel_f32_avx512,
    .f16 = panel_f16_avx512,
    .interleave = vnni_interleave,
    .quantize = vnni_quantize,
    .quantized = PANEL_PRODUCT_TABLE,
};
