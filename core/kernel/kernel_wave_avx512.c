/* kernel_wave_avx512: the elementary functions of sound, 16 at a time. */
#define LANES 16
#include "core/kernel/kernel_wave_vector.h"

const kernel_wave kernel_wave_avx512 = WAVE_KERNELS;
