/* help: the list of commands, a command's options, and what is made of all of them (docs/generate.sh). */
#include "cli/arguments.h"
#include "cli/command.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "cli/completion.h"
#include "cli/manual.h"
#include "engine/options.h"

static const help_text HELP = {
    "aigc help [COMMAND]",
    "The list of commands, or the options of one.",
    {{"aigc help", "the commands"}, {"aigc help text", "what aigc text can be told, as aigc text --help"}},
    "COMMAND"};

void cmd_help(int argc, char **argv, status *st)
{
    bool man = false, help = false;
    const char *shell = NULL, *word = NULL;
    const option table[] = {
        {0, "man", OPTION_FLAG, &man, NULL, "print the manual page, in troff", 0, 0, NULL, NULL},
        {0, "completion", OPTION_STRING, &shell, "SHELL", "print the completion script of a shell", 0, 0, NULL, "bash, zsh, fish"},
        {0},
    };
    if (!arguments_parse_word(table, argc, argv, &HELP, &word, &help, st) || help) return;
    if (man) manual_print(st);
    else if (shell) completion_print(shell, st);
    else if (!word) command_print_all(stdout);
    else if (command_find(word)) {
        char ask[] = "--help";
        char *words[] = {(char *)(uintptr_t)word, ask, NULL};
        command_find(word)->run(2, words, st);
    } else command_unknown(word, st);
}
