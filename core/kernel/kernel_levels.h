/* kernel_levels: the tables of all levels, for kernel_select.c and the files that fill them. */
#ifndef AIGC_CORE_KERNEL_LEVELS_H
#define AIGC_CORE_KERNEL_LEVELS_H

#include "core/kernel/kernel.h"

extern const kernel_table kernel_c;
#if defined(__x86_64__)
extern const kernel_table kernel_avx2;
extern const kernel_table kernel_avx512;
#endif

#endif
