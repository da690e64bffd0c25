/* batch_plan: what a job file will take, from the rates that earlier runs measured (job/batch_rates.h). */
#ifndef AIGC_JOB_BATCH_PLAN_H
#define AIGC_JOB_BATCH_PLAN_H

#include "job/batch.h"

/* Checks the job file as a run does and prints the plan on stdout: a table, or with o->json one object. Jobs that the journal
 * calls done are not counted; whether their outputs are still whole is not looked at. */
void batch_plan(const batch_options *o, status *st);

/* Do the outputs, as far as they can be reckoned, find room where `folder` lies or will lie? Where not, it is told. */
bool batch_plan_fits(const batch_options *o, job_file *jobs, const char *folder, status *st);

#endif
