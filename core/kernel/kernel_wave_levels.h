/* kernel_wave_levels: the tables of all levels, for kernel_wave_select.c and the files that fill them. */
#ifndef AIGC_CORE_KERNEL_WAVE_LEVELS_H
#define AIGC_CORE_KERNEL_WAVE_LEVELS_H

#include "core/kernel/kernel_wave.h"

extern const kernel_wave kernel_wave_c;
#if defined(__x86_64__)
extern const kernel_wave kernel_wave_avx2;
extern const kernel_wave kernel_wave_avx512;
#endif

#endif
