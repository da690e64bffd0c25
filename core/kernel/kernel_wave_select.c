/* kernel_wave_select: the elementary functions that go with a level of core/kernel/kernel.h. */
#include <string.h>

#include "core/kernel/kernel.h"
#include "core/kernel/kernel_wave_levels.h"

static const kernel_wave *table_of(const char *name)
{
#if defined(__x86_64__)
    if (strncmp(name, "avx512", 6) == 0 || strcmp(name, "amx") == 0) return &kernel_wave_avx512;
    if (strcmp(name, "avx2") == 0) return &kernel_wave_avx2;
#endif
    (void)name;
    return &kernel_wave_c;
}

const kernel_wave *kernel_wave_find(const char *name) { return kernel_find(name) ? table_of(name) : NULL; }

const kernel_wave *kernel_wave_get(void) { return table_of(kernel_get()->name); }
