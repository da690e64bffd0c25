/* batch_filter: the filters of a batch's jobs, each opened once. */
#ifndef AIGC_JOB_BATCH_FILTER_H
#define AIGC_JOB_BATCH_FILTER_H

#include "provenance/filter.h"
#include "job/job_file.h"

enum { BATCH_FILTERS_MAX = 16 };
typedef struct {
    const char *standard; /* as it was opened; NULL: none */
    struct {
        char *path;
        filter *filter;
    } open[BATCH_FILTERS_MAX];
    size_t count;
} batch_filters;

/* Opens --filter's list, which holds for all jobs, whatever they name; NULL: there is none. b starts as {0}. */
bool batch_filters_open(batch_filters *b, const char *standard, status *st);

/* The lists for a job whose options are filled in: the batch's and its own. They live as long as b. */
bool batch_filters_of(batch_filters *b, const job *j, filter_lists *lists, status *st);

void batch_filters_free(batch_filters *b);

#endif
