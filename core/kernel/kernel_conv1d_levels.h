/* kernel_conv1d_levels: the tables of all levels, for kernel_conv1d_select.c and the files that fill them. */
#ifndef AIGC_CORE_KERNEL_CONV1D_LEVELS_H
#define AIGC_CORE_KERNEL_CONV1D_LEVELS_H

#include "core/kernel/kernel_conv1d.h"

extern const kernel_conv1d kernel_conv1d_c;
#if defined(__x86_64__)
extern const kernel_conv1d kernel_conv1d_avx2;
extern const kernel_conv1d kernel_conv1d_avx512;
extern const kernel_conv1d kernel_conv1d_amx;
#endif

#endif
