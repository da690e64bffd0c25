/* rerun_files: where the files that a record names lie now, found by name and proved by digest. */
#ifndef AIGC_CLI_RERUN_FILES_H
#define AIGC_CLI_RERUN_FILES_H

#include <jansson.h>

#include "engine/options.h"

/* The FILE of --with NAME=FILE, or NULL. */
const char *rerun_files_with(const option_list *with, const char *name);

/* Is it given by an option of that name? What belongs to a voice is only proved. */
bool rerun_files_is_option(const char *use);

/* What to give for one of the record's files, which one of `options` names: a path, or a model's short name; a LoRA's with its strength. Looked for in
 * --with, beside `output`, in the current folder and among the models; the first with the recorded digest is taken. NULL
 * with STATUS_INPUT that says what was found instead. Freed with alloc_free. */
char *rerun_files_find(const json_t *record, const json_t *file, const option *options, const option_list *with, const char *output, status *st);

#endif
