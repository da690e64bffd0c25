/* batch_rates: how fast this machine was at jobs like these, kept from run to run for `aigc plan`.
 *
 * A rate belongs to a kind of job, a model and a number of threads. Work is counted in units that can be told before it is
 * done: tokens asked for (text), steps × pixels (image: a picture of 25 steps at 512 × 512 is one; what a job leaves to the
 * model counts as that), characters (speak, embed), jobs (vocode). The file is $XDG_CACHE_HOME/aigc/rates.json (else
 * ~/.cache/aigc/rates.json); what is measured later weighs more. Without a cache folder nothing is kept.
 * One thread owns it.
 */
#ifndef AIGC_JOB_BATCH_RATES_H
#define AIGC_JOB_BATCH_RATES_H

#include "job/job_file.h"

typedef struct {
    double jobs, units, seconds; /* of work, without loading */
    double bytes;                /* of outputs */
    double load;                 /* seconds of the last loading */
    double memory;               /* bytes: the most in use while it worked, with all that was loaded beside it */
} batch_rate;

typedef struct batch_rates batch_rates;

batch_rates *batch_rates_open(int threads, status *st);

/* Writes what changed, unless nothing did, and frees. Failures are silent: it is a cache. NULL is allowed. */
void batch_rates_close(batch_rates *r);

/* NULL: never measured. */
const batch_rate *batch_rates_find(const batch_rates *r, request_kind kind, const char *model);

void batch_rates_add_job(batch_rates *r, request_kind kind, const char *model, double units, double seconds, double bytes, double memory);
void batch_rates_add_load(batch_rates *r, request_kind kind, const char *model, double seconds);

/* The units of a job. characters: of its text as far as it is known; places for other jobs' texts count as nothing. */
double batch_rates_units(const job *j);

#endif
