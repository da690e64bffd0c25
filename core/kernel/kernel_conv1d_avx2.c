/* kernel_conv1d_avx2: 6 steps by 16 channels, 12 of the 16 registers hold sums. */
#define LANES 8
#define STEPS 6
#include "core/kernel/kernel_conv1d_vector.h"

const kernel_conv1d kernel_conv1d_avx2 = CONV1D_KERNELS;
