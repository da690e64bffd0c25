/* product_bf16: what the bf16 levels share beside their products. */
#define LANES 16
#include "core/kernel/product_vector.h"

static void convert(void *dst, const float *src, int64_t n) { convert_as(dst, DTYPE_BF16, src, n); }

static void affine(void *dst, const float *src, const float *scale, const float *shift, bool silu, int64_t n)
{
    affine_as(dst, DTYPE_BF16, src, scale, shift, silu, n);
}

static void soften(const product_soften *s) { soften_as(s, 32, DTYPE_BF16, exp_vec); }
