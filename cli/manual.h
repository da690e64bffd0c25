/* manual: the manual page, made from what the commands say of themselves. */
#ifndef AIGC_CLI_MANUAL_H
#define AIGC_CLI_MANUAL_H

#include "cli/help.h"
#include "core/status.h"

/* Writes the page, in troff's man macros, to stdout. */
void manual_print(status *st);

/* Asks every command for its help and hands it to the visitor, in the order of the table. */
void manual_visit(help_visitor visitor, void *arg, status *st);

#endif
