/* batch_filter: the filters of a batch's jobs, each opened once. */
#ifndef AIGC_CLI_BATCH_FILTER_H
#define AIGC_CLI_BATCH_FILTER_H

#include "cli/filter.h"
#include "cli/job_file.h"

enum { BATCH_FILTERS_MAX = 16 };
typedef struct {
    const char *standard; /* --filter: for jobs that name none; NULL: none */
    struct {
        char *path;
        filter *filter;
    } open[BATCH_FILTERS_MAX];
    size_t count;
} batch_filters;

/* The words of a job whose options are filled in, and those of the file it names. */
bool batch_filter_job(batch_filters *b, const job *j, status *st);

/* A text that the job made. */
bool batch_filter_text(batch_filters *b, const job *j, const char *text, status *st);

void batch_filters_free(batch_filters *b);

#endif
