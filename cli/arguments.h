/* arguments: the flags of the command line, by a command's table of options (engine/options.h).
 *
 * --name value and --name=value both work; -- ends the flags. An option is given once, unless it is a list; a flag may be
 * repeated, but not denied too. Every command has -q, -v and --help, which no table holds. Strings point into argv.
 */
#ifndef AIGC_CLI_ARGUMENTS_H
#define AIGC_CLI_ARGUMENTS_H

#include "cli/help.h"
#include "engine/options.h"

/* Parses argv[1 … argc − 1]. Words that are no flags are collected in positional (argc places) and *positional_count.
 * --help prints the text on stdout and sets *help; then the caller returns at once. -q and -v set the level of the log. */
bool arguments_parse(const option *table, int argc, char **argv, const help_text *text, const char **positional,
                   int *positional_count, bool *help, status *st);

/* The same for a command that takes one word at most, such as a prompt: it becomes *word where that is still NULL; a second
 * word, or one beside the flag that says the same, is a STATUS_USAGE. */
bool arguments_parse_word(const option *table, int argc, char **argv, const help_text *text, const char **word, bool *help, status *st);

#endif
