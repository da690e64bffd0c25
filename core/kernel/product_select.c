/* product_select: picks the best product kernels this CPU can run. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/kernel/kernel.h"
#include "core/kernel/product_levels.h"

/* In ascending order. A bf16 entry needs the CPU to have all levels before it. */
static const product_kernel *usable[8];
static int count;
static const product_kernel *best_f32, *best_bf16;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* Where AIGC_KERNEL stops the climb; an unknown name does not (kernel_select.c warns of it). */
static int level_limit(void)
{
    static const char *const LEVELS[] = {"c", "avx2", "avx512", "avx512bf16", "amx"};
    const char *wanted = getenv("AIGC_KERNEL");
    for (int i = 0; wanted && i < 5; i++)
        if (strcmp(wanted, LEVELS[i]) == 0) return i;
    return 4;
}

static void choose(void)
{
    int limit = level_limit();
    usable[count++] = &product_c;
    usable[count++] = &product_c_bf16;
    best_f32 = &product_c;
#if defined(__x86_64__)
    if (kernel_find("avx2")) usable[count++] = &product_avx2;
    if (kernel_find("avx512")) {
        usable[count++] = &product_avx512;
        if (kernel_find("avx512bf16")) usable[count++] = &product_avx512bf16;
        if (kernel_find("amx")) usable[count++] = &product_amx;
    }
    for (int i = 2; i < count && i - 1 <= limit; i++) {
        if (usable[i]->type == DTYPE_F32) best_f32 = usable[i];
        else best_bf16 = usable[i];
    }
#else
    (void)limit;
#endif
}

const product_kernel *product_kernel_f32(void)
{
    pthread_once(&once, choose);
    return best_f32;
}

const product_kernel *product_kernel_bf16(void)
{
    pthread_once(&once, choose);
    return best_bf16;
}

const product_kernel *product_kernel_find(const char *name)
{
    pthread_once(&once, choose);
    for (int i = 0; i < count; i++)
        if (strcmp(usable[i]->name, name) == 0) return usable[i];
    return NULL;
}
