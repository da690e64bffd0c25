/* batch_report: what a batch says on stderr: events as JSON lines, or errors, a progress line and a summary. */
#ifndef AIGC_JOB_BATCH_REPORT_H
#define AIGC_JOB_BATCH_REPORT_H

#include "job/job_file.h"

typedef enum { BATCH_DONE, BATCH_SKIPPED, BATCH_FAILED, BATCH_ENDS } batch_end; /* SKIPPED: done by an earlier run */

typedef struct {
    const char *job_path;
    bool json, quiet;
    size_t total[KIND_COUNT], ended[KIND_COUNT][BATCH_ENDS];
    size_t cut;                   /* texts that were cut by their length */
    size_t remarks;               /* told so far */
    double begun, last;           /* log_seconds: the start; when the last job ended */
    double spent[KIND_COUNT];      /* seconds of the machine for jobs that were run */
} batch_report;

/* folder: of the outputs. */
void batch_report_begin(batch_report *r, const char *folder);

/* Something about job j that did not make it fail. */
void batch_report_remark(batch_report *r, const job *j, const char *remark);

/* Job j has ended after so many attempts; cut: its text was cut by its length. seconds: from its begin to its end; spent: of them the part of the machine that it
 * had; error: why it failed, else NULL. */
void batch_report_job(batch_report *r, const job *j, batch_end end, int attempts, double seconds, double spent, bool cut, const char *error);

/* The summary; `interrupted` and `faults` (lines of the job file that are no jobs) are part of it. */
void batch_report_end(const batch_report *r, size_t faults, bool interrupted);

/* A line of the table of failures. */
void batch_report_failure(const batch_report *r, const job *j, const char *error);

size_t batch_report_count(const batch_report *r, batch_end end); /* over all kinds */
size_t batch_report_ended(const batch_report *r);
size_t batch_report_total(const batch_report *r);

#endif
