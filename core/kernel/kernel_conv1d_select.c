/* kernel_conv1d_select: the convolution kernels that go with a level of core/kernel/kernel.h. */
#include <string.h>

#include "core/kernel/kernel.h"
#include "core/kernel/kernel_conv1d_levels.h"

static const kernel_conv1d *table_of(const char *name)
{
#if defined(__x86_64__)
    if (strcmp(name, "amx") == 0) return &kernel_conv1d_amx;
    if (strncmp(name, "avx512", 6) == 0) return &kernel_conv1d_avx512;
    if (strcmp(name, "avx2") == 0) return &kernel_conv1d_avx2;
#endif
    (void)name;
    return &kernel_conv1d_c;
}

const kernel_conv1d *kernel_conv1d_find(const char *name) { return kernel_find(name) ? table_of(name) : NULL; }

const kernel_conv1d *kernel_conv1d_get(bool exact)
{
    const char *name = kernel_get()->name;
    return table_of(exact && strcmp(name, "amx") == 0 ? "avx512" : name);
}
