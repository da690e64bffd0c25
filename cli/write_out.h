/* write_out: the reports of `aigc write` on their way out: to one stream in their order, or a file each, in groups that are
 * synced once.
 *
 * Names of files are made from data, which strangers may have written: they stay beneath the folder that the pattern names
 * before its first place, through no link, and none of them is hidden, twice the same, or there already unless forced. All of that is checked before
 * the first is written.
 */
#ifndef AIGC_CLI_WRITE_OUT_H
#define AIGC_CLI_WRITE_OUT_H

#include "core/pool.h"
#include "write/report.h"

typedef struct {
    size_t written, failed, left_out; /* reports; sentences */
} write_out_count;

/* Whether the pattern makes a name for each report. */
bool write_out_has_places(const char *pattern);

/* All reports to path ("-": stdout), an empty line between two (raw: nothing); NULL: nowhere, they are tried. A report that fails is told and left out. */
bool write_out_stream(const report *r, const char *path, bool raw, pool *threads, write_out_count *count, status *st);

/* A file for each. check: only what their names would be. */
bool write_out_files(const report *r, const char *pattern, bool force, bool check, pool *threads, write_out_count *count, status *st);

#endif
