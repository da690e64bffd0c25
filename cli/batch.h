/* batch: runs the jobs of a job file, each when what it needs is done, and journals each result.
 *
 * The engine here decides which jobs are ready, skips those that an earlier run finished, and records what ends. The
 * runners (batch_text.c, batch_image.c, batch_speak.c, batch_vocode.c, batch_embed.c) take ready jobs of their kind and do
 * them with models that stay loaded. A job's bytes depend on its own fields, model and needs alone, never on what runs
 * beside it.
 *
 * One thread owns a batch.
 */
#ifndef AIGC_CLI_BATCH_H
#define AIGC_CLI_BATCH_H

#include "cli/job_file.h"
#include "cli/job_inputs.h"
#include "cli/journal.h"
#include "cli/options.h"
#include "core/pool.h"

/* How a job ended, for those who keep no journal (cli/cmd_worker.c). Its strings live until the call returns. */
typedef struct {
    size_t line;
    const char *id, *kind;
    const char *error; /* NULL: done */
    const journal_output *output; /* paths inside the output folder */
    size_t output_count;
} batch_result;

/* The runners' models, kept from one batch to the next. Starts as {0}. */
typedef struct {
    struct batch_text *text;
    struct batch_image *image;
    struct batch_speak *speak;
    struct batch_vocode *vocode;
    struct batch_embed *embed;
} batch_models;

typedef struct {
    const char *job_path, *out_folder, *journal_path; /* folder and journal NULL: beside the job file */
    const char *answers_path;                         /* of OpenAI requests; NULL: beside the job file, or in out_folder */
    option_list aliases;                              /* NAME=MODEL */
    const char *filter;                               /* for jobs that name none; NULL: none */
    int64_t threads, retries, parallel;               /* parallel: text jobs that share a pass */
    int64_t shard, shards;                            /* this machine does shard (from 1) of shards; 0: all */
    bool force, retry_failed, fail_fast, json, quiet;
    /* For a batch from memory, without journal and answers; job_path is then a name for messages. */
    const char *job_text;                             /* NULL: job_path is a file */
    size_t job_size;
    void (*on_result)(void *arg, const batch_result *r);
    job_file_report on_fault;                         /* NULL: faults are told on stderr */
    void *arg;                                        /* of both */
    batch_models *models;                             /* NULL: loaded and freed here */
    pool *pool;                                       /* NULL: made here */
    job_inputs *inputs;                               /* NULL: made here */
} batch_options;

typedef struct batch batch;

/* A job taken by a runner; its strings stay until batch_finish. */
typedef struct {
    size_t index;
    job job;           /* options filled with the results of other jobs */
    const char *path;  /* where its output goes */
    journal_output more[JOURNAL_MAX_OUTPUTS - 1]; /* further outputs; see batch_more_output */
    size_t more_count;
    hash_hex inputs;
    int attempt;       /* from 1 */
    double taken;      /* log_seconds */
} batch_item;

/* Runs everything. STATUS_PARTIAL when some job failed, STATUS_INTERRUPTED after Ctrl-C. Faults of the job file have been
 * reported by log_error. */
void batch_run(const batch_options *o, status *st);

/* --out-dir, or the folder of the job file; freed with alloc_free. */
char *batch_out_folder(const batch_options *o, status *st);

/* --journal, or the one beside the job file; freed with alloc_free. */
char *batch_journal_path(const batch_options *o, status *st);

void batch_models_free(batch_models *m);

/* ---- for the runners ---- */

/* Takes the next ready job of this kind whose model is `model`; NULL: any. NULL when there is none now. The item belongs to
 * the batch until batch_finish. */
batch_item *batch_take(batch *b, job_kind kind, const char *model);

/* The value of the job's model option, or the kind's default. */
const char *batch_model_of(const batch_item *item);

/* Names a further output of the item: its output's name with `ending` in place of the extension. Gives the path to write
 * to; *out, where asked for, the path inside the output folder. */
const char *batch_more_output(batch *b, batch_item *item, const char *ending, const char **out, status *st);

/* A job has ended: well, with its output written to item->path or, as its text, given here to be written there (copied), or
 * with the error in `result`; STATUS_INTERRUPTED puts it back. Records it and frees the item. */
void batch_finish(batch *b, batch_item *item, const char *text, const status *result);

/* The model of the next jobs has been loaded, in so many seconds; for the rates that are measured. */
void batch_loaded(batch *b, job_kind kind, const char *model, double seconds);

/* Does the text pass the job's filter? Asked before anything of it is written. */
bool batch_pass(batch *b, const batch_item *item, const char *text, status *st);

pool *batch_threads(const batch *b);
int64_t batch_parallel(const batch *b);

/* An error that ends the whole run (the journal cannot be written), Ctrl-C, or --fail-fast after a failure. */
bool batch_stopped(const batch *b);

/* Each does ready jobs of its kind until none is left for now. The state keeps models loaded between calls. */
typedef struct batch_text batch_text;
typedef struct batch_image batch_image;
typedef struct batch_speak batch_speak;
typedef struct batch_vocode batch_vocode;
typedef struct batch_embed batch_embed;
void batch_text_run(batch *b, batch_text **state);
void batch_text_free(batch_text *state);
void batch_image_run(batch *b, batch_image **state);
void batch_image_free(batch_image *state);
void batch_speak_run(batch *b, batch_speak **state);
void batch_speak_free(batch_speak *state);
void batch_vocode_run(batch *b, batch_vocode **state);
void batch_vocode_free(batch_vocode *state);
void batch_embed_run(batch *b, batch_embed **state);
void batch_embed_free(batch_embed *state);

#endif
