/* origin_options: from a command's options to the record of where its output came from. */
#ifndef AIGC_ENGINE_ORIGIN_OPTIONS_H
#define AIGC_ENGINE_ORIGIN_OPTIONS_H

#include "engine/options.h"
#include "provenance/origin.h"

/* Adds as settings every option of the table that is in use: numbers and lists, texts that are there, flags that are on.
 * defaults is the same table over the options' defaults; a number that is 0 and is so by default is left out. What is
 * no setting (option_is_setting) is left out. */
void origin_options_set(origin *g, const option *table, const option *defaults);

/* The files that shape a run's outputs. Starts as {0}: for models, whose digests are remembered, or found in the background
 * while the run goes on; or as {.at_once = true}: for what a user gives to one output, read when it is added. */
enum { ORIGIN_FILES_MAX = OPTION_LIST_MAX + 16 };
typedef struct {
    struct {
        const char *option; /* static */
        char *called;
        hash_task *task; /* NULL: the digest is there */
        hash_hex digest;
    } file[ORIGIN_FILES_MAX];
    size_t count;
    bool at_once;
} origin_files;

/* called: what the user said, path: where it lies. NULL in either: nothing is added. "-" and pipes have no digest. */
bool origin_files_add(origin_files *f, const char *name, const char *called, const char *path, status *st);

/* Adds them to the record; waits for digests that are not there yet. */
bool origin_files_record(origin_files *f, origin *g, status *st);
/* The digest of the first file under this name, waited for; false when there is none or an error is in st. */
bool origin_files_digest(const origin_files *f, const char *name, hash_hex *out, status *st);

void origin_files_free(origin_files *f);

#endif
