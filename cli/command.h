/* command: what main.c's table holds. Each subcommand lies in cmd_NAME.c; its errors go into the status, which main
 * prints and turns into the exit code. */
#ifndef AIGC_CLI_COMMAND_H
#define AIGC_CLI_COMMAND_H

#include "core/status.h"

typedef struct {
    const char *name;
    void (*run)(int argc, char **argv, status *st); /* argv[0] is the command's name */
    const char *summary;
} command;

void cmd_image(int argc, char **argv, status *st);
void cmd_inspect(int argc, char **argv, status *st);
void cmd_quantize(int argc, char **argv, status *st);
void cmd_bench(int argc, char **argv, status *st);
void cmd_embed(int argc, char **argv, status *st);
void cmd_score(int argc, char **argv, status *st);
void cmd_text(int argc, char **argv, status *st);
void cmd_speak(int argc, char **argv, status *st);
void cmd_check(int argc, char **argv, status *st);
void cmd_rerun(int argc, char **argv, status *st);
void cmd_batch(int argc, char **argv, status *st);
void cmd_worker(int argc, char **argv, status *st);
void cmd_vocode(int argc, char **argv, status *st);
void cmd_version(int argc, char **argv, status *st);

#endif
