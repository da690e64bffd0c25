/* job_line: one line of a job file taken apart into its fields (docs/batch.md). */
#ifndef AIGC_CLI_JOB_LINE_H
#define AIGC_CLI_JOB_LINE_H

#include "cli/job_file.h"

typedef struct {
    const char *name, *value; /* strings unescaped; numbers and booleans as written; an item of a list each */
    bool reserved;            /* id, kind, out, …: no option */
} job_field;

typedef struct {
    bool is_defaults;
    const char *rows;          /* of a {"rows": …} line */
    bool has_kind;
    job_kind kind;
    const char *id, *out;      /* NULL when absent */
    uint32_t repeat;           /* 1 when absent */
    const char *need[JOB_MAX_NEEDS];
    size_t need_count;
    job_field field[2 * JOB_MAX_OPTIONS];
    size_t count;
    size_t column;             /* of the first fault, from 1 */
} job_line;

/* Strings go into mem. false with STATUS_USAGE (the message without file and line) and the column set. */
bool job_line_read(job_line *out, const char *text, size_t size, arena *mem, status *st);

/* The fields inside the "defaults" object of such a line. */
bool job_line_read_defaults(job_line *out, const char *text, size_t size, arena *mem, status *st);

#endif
