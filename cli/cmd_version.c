/* version: the program and its kernels. */
#include "cli/arguments.h"
#include "cli/command.h"

#include <stdio.h>

#include "engine/options.h"
#include "core/kernel/kernel.h"
#include "core/pool.h"

static const help_text HELP = {
    "aigc version",
    "The program's version, the kernels it uses on this CPU, and how many threads it takes.",
    {{"aigc version", "two lines"}, {"aigc --version", "the same"}},
    NULL};

void cmd_version(int argc, char **argv, status *st)
{
    static const option TABLE[] = {{0}};
    const char *word = NULL;
    bool help = false;
    if (!arguments_parse_word(TABLE, argc, argv, &HELP, &word, &help, st) || help) return;
    if (word) status_set(st, STATUS_USAGE, "'%s' found, no word wanted", word);
    else printf("aigc %s\nkernels: %s, threads: %d\n", AIGC_VERSION, kernel_get()->name, pool_count(0));
}
