/* batch_options: what jobs say, held against the options that their kinds have (engine/kind.h). */
#ifndef AIGC_JOB_BATCH_OPTIONS_H
#define AIGC_JOB_BATCH_OPTIONS_H

#include "job/job_file.h"
#include "engine/kind.h"

/* v, which has the kind's defaults, takes the job's options. */
bool batch_options_set(const job *j, request_options *v, status *st);

/* What job_file_open's callbacks ask and tell: the tables of all kinds, made once, and who hears of faults. It points into
 * itself and must not be moved. */
typedef struct {
    request_options value[KIND_COUNT];
    option table[KIND_COUNT][KIND_OPTION_COUNT];
    const char *job_path;    /* for messages */
    job_file_report report;  /* NULL: faults are told on stderr */
    void *report_arg;
    job_file_hooks hooks;    /* what job_file_open takes */
} batch_checker;

void batch_checker_init(batch_checker *c, const char *job_path, job_file_report report, void *report_arg);

/* The kind's option of that name, and whether a value is good for it, as job_file_hooks ask. `checker` is a batch_checker. */
const option *batch_find_option(void *checker, request_kind kind, const char *name, status *st);
bool batch_check_option(void *checker, request_kind kind, const char *name, const char *value, status *st);

/* Tells a fault as file:line:column. `checker` is a batch_checker. */
void batch_report_fault(void *checker, size_t line, size_t column, const char *message);

/* Writes the JSON Schema (draft 2020-12) of a line of a job file to stdout, made from these tables. */
void batch_options_print_schema(status *st);

#endif
