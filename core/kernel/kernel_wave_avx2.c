/* kernel_wave_avx2: the elementary functions of sound, 8 at a time. */
#define LANES 8
#include "core/kernel/kernel_wave_vector.h"

const kernel_wave kernel_wave_avx2 = WAVE_KERNELS;
