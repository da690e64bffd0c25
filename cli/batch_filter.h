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

/* Do the words of a job whose options are filled in, and those of the file it names, pass its filter? *f: that filter, for the
 * texts that the job makes; NULL: it has none. */
bool batch_filter_job(batch_filters *b, const job *j, filter **f, status *st);

void batch_filters_free(batch_filters *b);

#endif
