/* job_line: one line of a job file taken apart into its fields (docs/batch.md). */
#ifndef AIGC_JOB_JOB_LINE_H
#define AIGC_JOB_JOB_LINE_H

#include "job/job_file.h"

typedef struct {
    const char *name, *value; /* strings unescaped; numbers and booleans as written; an item of a list each */
    size_t column;            /* where the value stands in the line, from 1 */
} job_field;

typedef struct {
    bool is_defaults;
    const char *rows;          /* of a {"rows": …} line */
    bool has_kind;
    request_kind kind;
    job_form form;
    uint32_t choices;          /* 1 when absent */
    const char *format;        /* see job */
    const char *id, *out;      /* NULL when absent */
    uint32_t repeat;           /* 1 when absent */
    const char *need[JOB_MAX_NEEDS];
    size_t need_count;
    job_field field[2 * JOB_MAX_OPTIONS];
    size_t count;
    size_t id_column, out_column, needs_column; /* 0 when absent */
    size_t column;             /* of the fault that was found, from 1 */
} job_line;

/* Strings go into mem. false with STATUS_USAGE (the message without file and line) and the column set. */
bool job_line_read(job_line *out, const char *text, size_t size, arena *mem, status *st);

/* Is this line, though it may hold a fault, a request of an OpenAI batch file? *custom_id: its id, in mem; NULL where none can
 * be read. */
bool job_line_is_request(const char *text, size_t size, arena *mem, const char **custom_id, status *st);

/* One more field, standing at line->column; the strings must live as long as the line. */
bool job_line_add(job_line *line, const char *name, const char *value, status *st);

/* Where the value of the first field of that name stands; 0: the line has none. */
size_t job_line_column(const job_line *line, const char *name);

/* A message of a conversation as a field's value: "ROLE:CONTENT", in mem. */
const char *job_line_message(const char *role, const char *content, arena *mem, status *st);

/* The fields inside the "defaults" object of such a line. */
bool job_line_read_defaults(job_line *out, const char *text, size_t size, arena *mem, status *st);

#endif
