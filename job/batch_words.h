/* batch_words: what a job's own words tell of it, before any file is read: what its kind cannot be run without, what excludes
 * each other, texts that are no UTF-8. Asked when a job file is opened, and again when the results of other jobs are filled in. */
#ifndef AIGC_JOB_BATCH_WORDS_H
#define AIGC_JOB_BATCH_WORDS_H

#include "job/job_file.h"

/* A job_file_check_whole: STATUS_USAGE, and *at the option at fault or NULL. context is not looked at. */
bool batch_words_check(void *context, const job *j, const char **at, status *st);

#endif
