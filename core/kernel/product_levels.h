/* product_levels: the product kernels of all levels, for product_select.c and the files that fill them. */
#ifndef AIGC_CORE_PRODUCT_LEVELS_H
#define AIGC_CORE_PRODUCT_LEVELS_H

#include "core/kernel/product_kernel.h"

extern const product_kernel product_c, product_c_bf16;
#if defined(__x86_64__)
extern const product_kernel product_avx2, product_avx512, product_avx512bf16, product_amx;
#endif

#endif
