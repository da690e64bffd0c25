/* batch_trial: tries every job of a job file without doing its work: `aigc batch --check`.
 *
 * Each job goes to its runner as in a run, which opens the model and the files, reads the words and settles the sizes, and stops
 * there (batch_item.only_check); what a run would fail with for the job's own words fails here. Another job's text, which is not
 * there yet, is stood in for by a word; options that name another job's file are left out.
 */
#ifndef AIGC_JOB_BATCH_TRIAL_H
#define AIGC_JOB_BATCH_TRIAL_H

#include "job/batch.h"
#include "job/batch_options.h"

/* Tells each fault by batch_report_fault, in the order of the lines, and adds to failed[kind] how many. */
bool batch_trial_run(const batch_options *o, const batch_checker *checker, const job_file *jobs, const char *out_folder, size_t failed[KIND_COUNT], status *st);

#endif
