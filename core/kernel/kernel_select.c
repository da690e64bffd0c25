/* kernel_select: picks the best table this CPU can run. */
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/kernel/kernel_levels.h"
#include "core/log.h"

static const kernel_table *chosen = &kernel_c;
static const kernel_table *usable[5];
static int count;
static pthread_once_t found = PTHREAD_ONCE_INIT, once = PTHREAD_ONCE_INIT;

#if defined(__x86_64__)
#include <cpuid.h>

/* Linux keeps the tile registers from a process until it asks for them (Documentation/arch/x86/xstate.rst). */
static bool amx_usable(void)
{
    enum { ARCH_REQ_XCOMP_PERM = 0x1023, XFEATURE_XTILEDATA = 18 };
    unsigned a, b, c, d;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return false;
    bool bf16 = d >> 22 & 1, tile = d >> 24 & 1, int8 = d >> 25 & 1;
    return bf16 && tile && int8 && syscall(SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA) == 0;
}

/* The levels above AVX-512 differ from it in some products only. */
static const kernel_table *level_like_avx512(kernel_table *table, const char *name, const panel_kernels *panel)
{
    *table = kernel_avx512;
    table->name = name;
    table->panel = panel;
    return table;
}
#endif

/* The levels this CPU can run, in ascending order. */
static void find_levels(void)
{
    usable[count++] = &kernel_c;
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) return;
    usable[count++] = &kernel_avx2;
    if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512bw") || !__builtin_cpu_supports("avx512dq") ||
        !__builtin_cpu_supports("avx512vl") || !__builtin_cpu_supports("avx512vnni"))
        return;
    usable[count++] = &kernel_avx512;
    if (!__builtin_cpu_supports("avx512bf16")) return;
    static kernel_table avx512bf16, amx;
    usable[count++] = level_like_avx512(&avx512bf16, "avx512bf16", &panel_kernels_avx512);
    if (amx_usable()) usable[count++] = level_like_avx512(&amx, "amx", &panel_kernels_amx);
#endif
}

const kernel_table *kernel_find(const char *name)
{
    pthread_once(&found, find_levels);
    for (int i = 0; i < count; i++)
        if (strcmp(usable[i]->name, name) == 0) return usable[i];
    return NULL;
}

static void choose(void)
{
    pthread_once(&found, find_levels);
    chosen = usable[count - 1];
    const char *wanted = getenv("AIGC_KERNEL");
    if (!wanted || !*wanted) return;
    const kernel_table *forced = kernel_find(wanted);
    if (forced) chosen = forced;
    else log_warning("AIGC_KERNEL: this CPU has no kernels '%s'; '%s' are used", wanted, chosen->name);
}

const kernel_table *kernel_get(void)
{
    pthread_once(&once, choose);
    return chosen;
}
