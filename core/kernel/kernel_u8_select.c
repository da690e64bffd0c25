/* kernel_u8_select: the quantised products that go with a level of core/kernel/kernel.h. */
#include <string.h>

#include "core/kernel/kernel.h"
#include "core/kernel/kernel_u8_levels.h"

static const kernel_u8 *table_of(const char *name)
{
#if defined(__x86_64__)
    if (strcmp(name, "amx") == 0) return &kernel_u8_amx;
    if (strncmp(name, "avx512", 6) == 0) return &kernel_u8_avx512;
    if (strcmp(name, "avx2") == 0) return &kernel_u8_avx2;
#endif
    (void)name;
    return &kernel_u8_c;
}

static const kernel_u8 *narrow_table_of(const char *name)
{
#if defined(__x86_64__)
    if (strcmp(name, "avx2") == 0) return &kernel_u8_narrow_avx2;
#endif
    return table_of(name);
}

const kernel_u8 *kernel_u8_find(const char *name) { return kernel_find(name) ? table_of(name) : NULL; }

const kernel_u8 *kernel_u8_get(void) { return table_of(kernel_get()->name); }

const kernel_u8 *kernel_u8_find_narrow(const char *name) { return kernel_find(name) ? narrow_table_of(name) : NULL; }

const kernel_u8 *kernel_u8_get_narrow(void) { return narrow_table_of(kernel_get()->name); }
