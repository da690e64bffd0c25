/* help: what a command says of itself. One text a command, printed by --help, gathered into the manual page and the shells'
 * completions (cli/manual.h), so that none of them can say anything else.
 */
#ifndef AIGC_CLI_HELP_H
#define AIGC_CLI_HELP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct option;

enum { HELP_EXAMPLES = 2, HELP_LONGEST = 1024 /* bytes of an option's text */ };
typedef struct {
    const char *usage; /* "aigc text [OPTION]… [PROMPT]" */
    const char *text;  /* what it does with what it is given, a paragraph */
    struct {
        const char *command, *what; /* a command line that works as it is, and what it does */
    } example[HELP_EXAMPLES];
    const char *words; /* what its words are, "a, b"; FILE among them: files; NULL: no help with them */
} help_text;

/* Prints usage, text, options and examples on stdout: on a terminal in its width (or $COLUMNS), elsewhere an option a line,
 * so that grep finds it whole. */
void help_print(const help_text *h, const struct option *table);

/* While a visitor is set, help that is asked for goes to it instead of stdout. For one thread; NULL ends it. */
typedef void (*help_visitor)(void *arg, const help_text *h, const struct option *table);
void help_visit(help_visitor visitor, void *arg);

/* The columns of stdout's terminal, or $COLUMNS; 0: it is no terminal and nobody says. */
int help_columns(void);

/* Words from column `at` on; one that would pass the last column begins a line of its own at `indent`. 0 columns: no end. */
void help_print_words(FILE *out, const char *text, int at, int indent, int columns);

/* An option's text and its values, as "text: a, b, c"; returns the length that it has or would have. */
size_t help_option_text(const struct option *o, char *to, size_t size);

#endif
