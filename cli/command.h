/* command: the table of subcommands. Each lies in cmd_NAME.c; its errors go into the status, which main prints and turns
 * into the exit code. */
#ifndef AIGC_CLI_COMMAND_H
#define AIGC_CLI_COMMAND_H

#include <stdio.h>

#include "core/status.h"

typedef struct {
    const char *name;
    void (*run)(int argc, char **argv, status *st); /* argv[0] is the command's name */
    const char *summary;
} command;

/* All of them, in the order of the help; ended by an entry without a name. */
const command *command_table(void);

const command *command_find(const char *name); /* NULL: there is none */

/* STATUS_USAGE about a name that no command has, with the one that is near. */
bool command_unknown(const char *name, status *st);

/* The usage and the list of all, as 'aigc --help' shows it. */
void command_print_all(FILE *out);

void cmd_image(int argc, char **argv, status *st);
void cmd_inspect(int argc, char **argv, status *st);
void cmd_quantize(int argc, char **argv, status *st);
void cmd_bench(int argc, char **argv, status *st);
void cmd_embed(int argc, char **argv, status *st);
void cmd_score(int argc, char **argv, status *st);
void cmd_tokenize(int argc, char **argv, status *st);
void cmd_text(int argc, char **argv, status *st);
void cmd_speak(int argc, char **argv, status *st);
void cmd_check(int argc, char **argv, status *st);
void cmd_rerun(int argc, char **argv, status *st);
void cmd_batch(int argc, char **argv, status *st);
void cmd_worker(int argc, char **argv, status *st);
void cmd_vocode(int argc, char **argv, status *st);
void cmd_version(int argc, char **argv, status *st);
void cmd_write(int argc, char **argv, status *st);
void cmd_help(int argc, char **argv, status *st);

#endif
