/* kernel_conv1d_avx512: 12 steps by 32 channels, 24 of the 32 registers hold sums. */
#define LANES 16
#define STEPS 12
#include "core/kernel/kernel_conv1d_vector.h"

const kernel_conv1d kernel_conv1d_avx512 = CONV1D_KERNELS;
