#include "cli/command.h"

#include <stdio.h>

#include "core/kernel/kernel.h"
#include "core/pool.h"

void cmd_version(int argc, char **argv, status *st)
{
    (void)argc, (void)argv, (void)st;
    printf("aigc %s\nkernels: %s, threads: %d\n", AIGC_VERSION, kernel_get()->name, pool_count(0));
}
