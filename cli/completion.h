/* completion: scripts that complete command lines in a shell, made from what the commands say of themselves. */
#ifndef AIGC_CLI_COMPLETION_H
#define AIGC_CLI_COMPLETION_H

#include "core/status.h"

/* Writes the script for "bash", "zsh" or "fish" to stdout; another shell is a STATUS_USAGE. */
void completion_print(const char *shell, status *st);

#endif
