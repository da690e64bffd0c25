/* batch: runs the jobs of a job file, each when what it needs is done, and journals each result.
 *
 * The engine here decides which jobs are ready, skips those that an earlier run finished, and records what ends. The
 * runners (batch_text.c, batch_image.c, batch_speak.c) take ready jobs of their kind and do them with models that stay
 * loaded. A job's bytes depend on its own fields, model and needs alone, never on what runs beside it.
 *
 * One thread owns a batch.
 */
#ifndef AIGC_CLI_BATCH_H
#define AIGC_CLI_BATCH_H

#include "cli/job_file.h"
#include "cli/journal.h"
#include "core/pool.h"

typedef struct {
    const char *job_path, *out_folder, *journal_path; /* folder and journal NULL: beside the job file */
    int64_t threads, retries, parallel;               /* parallel: text jobs that share a pass */
    int64_t shard, shards;                            /* this machine does shard (from 1) of shards; 0: all */
    bool force, fail_fast, json, quiet;
} batch_options;

typedef struct batch batch;

/* A job taken by a runner; its strings stay until batch_finish. */
typedef struct {
    size_t index;
    job job;           /* options filled with the results of other jobs */
    const char *path;  /* where its output goes */
    hash_hex inputs;
    int attempt;       /* from 1 */
} batch_item;

/* Runs everything. STATUS_PARTIAL when some job failed. Faults of the job file have been reported by log_error. */
void batch_run(const batch_options *o, status *st);

/* ---- for the runners ---- */

/* Takes the next ready job of this kind whose "model" (or "voice") is `model`; NULL: any. NULL when there is none now. The
 * item belongs to the batch until batch_finish. */
batch_item *batch_take(batch *b, job_kind kind, const char *model);

/* The value of the job's model option, or the kind's default. */
const char *batch_model_of(const batch_item *item);

/* A job has ended: well, with its output written to item->path and `text` as its {{ID.text}} (copied; NULL: none), or
 * with the error in `result`. Records it and frees the item. */
void batch_finish(batch *b, batch_item *item, const char *text, const status *result);

pool *batch_threads(const batch *b);
int64_t batch_parallel(const batch *b);

/* An error that ends the whole run (the journal cannot be written), or --fail-fast after a failure. */
bool batch_stopped(const batch *b);

/* Each does ready jobs of its kind until none is left for now. The state keeps models loaded between calls. */
typedef struct batch_text batch_text;
typedef struct batch_image batch_image;
typedef struct batch_speak batch_speak;
bool batch_text_run(batch *b, batch_text **state);
void batch_text_free(batch_text *state);
bool batch_image_run(batch *b, batch_image **state);
void batch_image_free(batch_image *state);
bool batch_speak_run(batch *b, batch_speak **state);
void batch_speak_free(batch_speak *state);

/* Is `name` (with this value, unless NULL) an option of the kind? For job_file_open. */
bool batch_check_option(void *context, job_kind kind, const char *name, const char *value, status *st);

/* Tells a fault as file:line:column; the context is the job file's path. For job_file_open. */
void batch_report_fault(void *job_path, size_t line, size_t column, const char *message);

#endif
