/* kernel_avx512: the kernels for AVX-512 F, BW, DQ, VL and VNNI (Ice Lake and Zen 4 on). */
#define LANES 16
#include "core/kernel/kernel_vector.h"

const kernel_table kernel_avx512 = {.name = "avx512", VECTOR_KERNELS, .panel = &panel_kernels_avx512};
