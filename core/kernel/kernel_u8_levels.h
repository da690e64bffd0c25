/* kernel_u8_levels: the tables of all levels, for kernel_u8_select.c and the files that fill them. */
#ifndef AIGC_CORE_KERNEL_U8_LEVELS_H
#define AIGC_CORE_KERNEL_U8_LEVELS_H

#include "core/kernel/kernel_u8.h"

extern const kernel_u8 kernel_u8_c;
#if defined(__x86_64__)
extern const kernel_u8 kernel_u8_avx2;
extern const kernel_u8 kernel_u8_narrow_avx2;
extern const kernel_u8 kernel_u8_avx512;
extern const kernel_u8 kernel_u8_amx;
#endif

#endif
