/* kernel_avx2: the kernels for AVX2 and FMA (Haswell and Zen on). */
#define LANES 8
#include "core/kernel/kernel_vector.h"

const kernel_table kernel_avx2 = {.name = "avx2", VECTOR_KERNELS, .panel = &panel_kernels_avx2};
