#include "cli/command.h"

#include <stdio.h>

#include "core/kernel/kernel.h"
#include "core/pool.h"

void cmd_version(int argc, char **argv, status *st)
{
    (void)argc, (void)argv;
    pool *threads = pool_new(0, st);
    if (!threads) return;
    printf("aigc %s\nkernels: %s, threads: %d\n", AIGC_VERSION, kernel_get()->name, pool_threads(threads));
    pool_free(threads);
}
