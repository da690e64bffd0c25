/* batch: runs the jobs of a job file, each when what it needs is done, and journals each result.
 *
 * The thread that calls batch_run decides which jobs are ready, skips those that an earlier run finished, and records what
 * ends; the jobs themselves are done beside it, in lanes (job/batch_lane.h). A job's bytes depend on its own fields, model
 * and needs alone, never on what runs beside it.
 */
#ifndef AIGC_JOB_BATCH_H
#define AIGC_JOB_BATCH_H

#include "engine/lane.h"
#include "job/job_file.h"
#include "job/job_inputs.h"
#include "job/journal.h"
#include "engine/options.h"

/* How a job ended, for those who keep no journal (cli/cmd_worker.c). Its strings live until the call returns. */
typedef struct {
    size_t line;
    const char *id, *kind;
    const char *error; /* NULL: done */
    const journal_output *output; /* paths inside the output folder */
    size_t output_count;
} batch_result;

typedef struct {
    const char *job_path, *out_folder, *journal_path; /* folder and journal NULL: beside the job file */
    const char *answers_path;                         /* of OpenAI requests; NULL: beside the job file, or in out_folder */
    option_list aliases;                              /* NAME=MODEL */
    const char *filter;                               /* of all jobs, beside their own; NULL: none */
    int64_t threads, retries, parallel;               /* parallel: text jobs that share a pass */
    int64_t shard, shards;                            /* this machine does shard (from 1) of shards; 0: all */
    bool force, retry_failed, fail_fast, json, quiet;
    /* For a batch from memory, without journal and answers; job_path is then a name for messages. */
    const char *job_text;                             /* NULL: job_path is a file */
    size_t job_size;
    void (*on_result)(void *arg, const batch_result *r);
    job_file_report on_fault;                         /* NULL: faults are told on stderr */
    void *arg;                                        /* of both */
    lane_models *models;                             /* NULL: loaded and freed here */
    job_inputs *inputs;                               /* NULL: made here */
} batch_options;

/* Runs everything. STATUS_PARTIAL when some job failed, STATUS_INTERRUPTED after Ctrl-C. Faults of the job file have been
 * reported by log_error. */
void batch_run(const batch_options *o, status *st);

#endif
