/* kernel_select: picks the best table this CPU can run. */
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/kernel/kernel_levels.h"
#include "core/log.h"

static const kernel_table *chosen = &kernel_c;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static const kernel_table *const *levels(int *count)
{
    static const kernel_table *usable[8];
    static int n;
    if (n == 0) {
        usable[n++] = &kernel_c;
#if defined(__x86_64__)
        __builtin_cpu_init();
        bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
        bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
                      __builtin_cpu_supports("avx512vnni");
        if (avx2) usable[n++] = &kernel_avx2;
        if (avx512) usable[n++] = &kernel_avx512;
#endif
    }
    *count = n;
    return usable;
}

const kernel_table *kernel_find(const char *name)
{
    int n;
    const kernel_table *const *usable = levels(&n);
    for (int i = 0; i < n; i++)
        if (strcmp(usable[i]->name, name) == 0) return usable[i];
    return NULL;
}

static void choose(void)
{
    int n;
    const kernel_table *const *usable = levels(&n);
    chosen = usable[n - 1];
    const char *wanted = getenv("AIGC_KERNEL");
    if (!wanted || !*wanted) return;
    const kernel_table *forced = kernel_find(wanted);
    bool products = strcmp(wanted, "avx512bf16") == 0 || strcmp(wanted, "amx") == 0; /* levels of product_select.c */
    if (forced) chosen = forced;
    else if (products) return;
    else log_warning("AIGC_KERNEL: this CPU has no kernels '%s'; '%s' are used", wanted, chosen->name);
}

const kernel_table *kernel_get(void)
{
    pthread_once(&once, choose);
    return chosen;
}
