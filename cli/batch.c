#include "cli/batch.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/batch_shard.h"
#include "cli/job_path.h"
#include "cli/model_path.h"
#include "core/alloc.h"
#include "core/file.h"
#include "core/log.h"

enum { MAX_TEXT = 64 << 20, MAX_MODELS = 64, MAX_SHOWN = 20 };

typedef enum { WAITING, RUNNING, DONE, FAILED, ELSEWHERE } job_state; /* ELSEWHERE: another machine's shard */

typedef struct {
    char *name;
    hash_hex digest;
} known_digest;

struct batch {
    const batch_options *o;
    job_file *jobs;
    journal *journal;
    pool *threads;
    char *out_folder;
    uint8_t *state, *attempts;     /* [jobs] */
    size_t next[JOB_KINDS];        /* no job of the kind below this index is waiting */
    size_t left[JOB_KINDS];        /* waiting or running */
    size_t done, skipped, failed, total;
    known_digest digest[MAX_MODELS]; /* of files that jobs name */
    size_t digests;
    double begun;
    status fatal;
    bool fail_fast_hit;
};

/* ---- what a job depends on ---- */

static bool digest_of_file(batch *b, const char *path, hash_hex *out, status *st)
{
    for (size_t i = 0; i < b->digests; i++)
        if (strcmp(b->digest[i].name, path) == 0) {
            *out = b->digest[i].digest;
            return true;
        }
    if (!hash_path(path, out, st)) return false;
    if (b->digests < MAX_MODELS && (b->digest[b->digests].name = alloc_string(path, strlen(path), st)))
        b->digest[b->digests++].digest = *out;
    return status_ok(st);
}

static bool names_file(const char *option)
{
    static const char *const NAMES[] = {"file", "examples", "noise", "init-img", "mask", "font", "input", "pronunciations", "vae", "lora"};
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++)
        if (strcmp(option, NAMES[i]) == 0) return true;
    return false;
}

static bool names_model(const char *option) { return strcmp(option, "model") == 0 || strcmp(option, "voice") == 0; }

static const char *default_model(job_kind kind)
{
    static const char *const NAMES[JOB_KINDS] = {"smollm2", "icons", "hibari"};
    return NAMES[kind];
}

const char *batch_model_of(const batch_item *item)
{
    for (size_t i = 0; i < item->job.option_count; i++)
        if (names_model(item->job.option[i].name)) return item->job.option[i].value;
    return default_model(item->job.kind);
}

static bool digest_of_model(batch *b, const char *name, hash_hex *out, status *st)
{
    *out = (hash_hex){{0}};
    if (!*name) return true;
    char *path = model_path_find(name, st);
    bool ok = path && digest_of_file(b, path, out, st);
    alloc_free(path);
    return ok;
}

/* The digest of all that a job's bytes depend on: version, kind, seed, model, options in their order, files they name. */
static bool digest_inputs(batch *b, batch_item *item, status *st)
{
    const job *j = &item->job;
    hash_hex model;
    if (!digest_of_model(b, batch_model_of(item), &model, st)) return false;
    json_t *all = json_array();
    for (size_t i = 0; i < j->option_count; i++) {
        const job_option *o = &j->option[i];
        hash_hex file = {{0}};
        if (names_file(o->name) && strcmp(o->name, "lora") != 0 && file_exists(o->value)) digest_of_file(b, o->value, &file, st);
        json_array_append_new(all, json_pack("[s, s, s]", o->name, o->value, file.text));
    }
    json_t *root = json_pack("[s, s, I, s, s, o]", AIGC_VERSION, job_kind_name(j->kind), (json_int_t)j->seed, model.text, j->out, all);
    size_t n = root ? json_dumpb(root, NULL, 0, JSON_COMPACT) : 0;
    char *text = n ? alloc_array(n, 1, st) : NULL;
    bool ok = text && json_dumpb(root, text, n, JSON_COMPACT) == n && hash_data(text, n, &item->inputs, st);
    if (!ok) status_set(st, STATUS_FAIL, "job '%s': its inputs have no digest (is a value no UTF-8?)", j->id);
    alloc_free(text);
    json_decref(root);
    return ok;
}

/* ---- results of other jobs ---- */

/* An item and the arena that its strings live in. */
typedef struct {
    batch_item item;
    arena *mem;
} owned_item;

static const char *path_of(batch *b, const char *out, arena *mem, status *st)
{
    size_t size = strlen(b->out_folder) + strlen(out) + 2;
    char *path = arena_alloc(mem, size, st);
    if (path) snprintf(path, size, "%s/%s", b->out_folder, out);
    return path;
}

typedef struct {
    batch *b;
    arena *mem;
} result_context;

/* {{ID.file}} is the output's path; {{ID.text}} the text of a text job (its file, without the last line break), and of
 * others the text they were made from. */
static const char *result_of(void *context, size_t index, const char *what, status *st)
{
    result_context *r = context;
    job j;
    if (!job_file_get(r->b->jobs, index, r->mem, &j, st)) return NULL;
    const char *path = path_of(r->b, j.out, r->mem, st);
    if (!path || strcmp(what, "file") == 0) return path;
    if (j.kind != JOB_TEXT) {
        for (size_t i = 0; i < j.option_count; i++)
            if (strcmp(j.option[i].name, j.kind == JOB_SPEAK ? "text" : "prompt") == 0)
                return job_file_fill(r->b->jobs, j.option[i].value, result_of, context, r->mem, st);
        return "";
    }
    size_t size;
    char *text = file_read(path, MAX_TEXT, &size, st), *copy = text ? arena_alloc(r->mem, size + 1, st) : NULL;
    if (copy) {
        while (size > 0 && (text[size - 1] == '\n' || text[size - 1] == ' ')) size--;
        memcpy(copy, text, size);
        copy[size] = 0;
    }
    alloc_free(text);
    return copy;
}

/* ---- the journal ---- */

static bool same_file(const char *path, const hash_hex *digest)
{
    status ignored = {0};
    hash_hex found;
    return file_exists(path) && hash_path(path, &found, &ignored) && strcmp(found.text, digest->text) == 0;
}

static bool finished_before(batch *b, const batch_item *item)
{
    const journal_record *r = b->o->force ? NULL : journal_find(b->journal, item->job.id);
    return r && r->done && strcmp(r->inputs.text, item->inputs.text) == 0 && r->output_count == 1 &&
           strcmp(r->output[0].path, item->job.out) == 0 && same_file(item->path, &r->output[0].sha256);
}

static void tell(batch *b, const batch_item *item, const char *state, const char *error)
{
    if (b->o->json) {
        json_t *event = json_pack("{s:s, s:s, s:s, s:i, s:s*}", "id", item->job.id, "state", state, "out", item->job.out, "line",
                                  (int)item->job.line, "error", error);
        char *line = event ? json_dumps(event, JSON_COMPACT) : NULL;
        if (line) fprintf(stderr, "%s\n", line);
        alloc_free(line);
        json_decref(event);
    } else if (error && b->failed <= MAX_SHOWN) log_error("%s:%zu: job '%s': %s", b->o->job_path, item->job.line, item->job.id, error);
    size_t ended = b->done + b->skipped + b->failed;
    double seconds = log_seconds() - b->begun, rate = seconds > 0 ? (double)(b->done + b->failed) / seconds : 0;
    if (rate > 0) log_progress("%zu/%zu jobs, %zu failed, %.1f a minute, %.0f s left", ended, b->total, b->failed, 60 * rate, (double)(b->total - ended) / rate);
}

static void record(batch *b, const batch_item *item, const char *error)
{
    journal_record r = {.id = item->job.id, .done = !error, .inputs = item->inputs, .error = error};
    if (!r.inputs.text[0]) memset(r.inputs.text, '0', HASH_TEXT - 1);
    if (!error) {
        r.output[0].path = item->job.out;
        r.output_count = 1;
        if (!hash_path(item->path, &r.output[0].sha256, &b->fatal)) return;
    }
    journal_add(b->journal, &r, &b->fatal);
}

static void free_item(batch_item *item)
{
    arena_free(((owned_item *)item)->mem);
    alloc_free(item);
}

static void fail(batch *b, batch_item *item, const char *error)
{
    b->state[item->index] = FAILED;
    b->failed++;
    b->left[item->job.kind]--;
    if (b->o->fail_fast) b->fail_fast_hit = true;
    record(b, item, error);
    tell(b, item, "failed", error);
}

void batch_finish(batch *b, batch_item *item, const char *text, const status *result)
{
    status written = *result;
    if (status_ok(&written) && text) {
        size_t n = strlen(text);
        char *line = alloc_array(n + 2, 1, &written);
        if (line) {
            snprintf(line, n + 2, "%s\n", text);
            file_write(item->path, line, n + (n == 0 || text[n - 1] != '\n'), &written);
        }
        alloc_free(line);
    }
    if (status_ok(&written)) {
        record(b, item, NULL);
        b->state[item->index] = DONE;
        b->done++;
        b->left[item->job.kind]--;
        tell(b, item, "done", NULL);
    } else if (item->attempt <= b->o->retries && written.code != STATUS_USAGE && written.code != STATUS_INPUT) {
        b->state[item->index] = WAITING; /* what may pass: memory, a full disk */
        if (b->next[item->job.kind] > item->index) b->next[item->job.kind] = item->index;
    } else fail(b, item, written.msg);
    free_item(item);
}

/* ---- which job next ---- */

/* 1: all its needs are done; 0: not yet; −1: one of them failed, its id in *bad. */
static int needs_state(const batch *b, const job *j, size_t *bad)
{
    int state = 1;
    for (size_t i = 0; i < j->need_count; i++) {
        job_state s = (job_state)b->state[j->need[i]];
        if (s == FAILED) {
            *bad = j->need[i];
            return -1;
        }
        if (s != DONE) state = 0;
    }
    return state;
}

static bool fill_options(batch *b, batch_item *item, arena *mem, status *st)
{
    result_context context = {b, mem};
    for (size_t i = 0; i < item->job.option_count; i++) {
        item->job.option[i].value = job_file_fill(b->jobs, item->job.option[i].value, result_of, &context, mem, st);
        if (!item->job.option[i].value) return false;
        if (!batch_check_option(NULL, item->job.kind, item->job.option[i].name, item->job.option[i].value, st)) return false;
    }
    return true;
}

/* Filled and with its digest, as far as that goes: a failure is recorded with what is known. */
static void prepare(batch *b, owned_item *x, status *st)
{
    batch_item *item = &x->item;
    item->path = path_of(b, item->job.out, x->mem, st);
    if (fill_options(b, item, x->mem, st)) digest_inputs(b, item, st);
}

/* Looks at waiting job i: skips it, fails it, or gives it out. */
static batch_item *consider(batch *b, size_t i, const char *model)
{
    status wrong = {0};
    owned_item *x = alloc_zeroed(1, sizeof *x, &b->fatal);
    if (!x) return NULL;
    x->mem = arena_new(&b->fatal);
    x->item.index = i;
    size_t bad = 0;
    int needs = x->mem && job_file_get(b->jobs, i, x->mem, &x->item.job, &b->fatal) ? needs_state(b, &x->item.job, &bad) : 0;
    if (needs == 1 && (!model || strcmp(batch_model_of(&x->item), model) == 0)) {
        prepare(b, x, &wrong);
        bool before = status_ok(&wrong) && finished_before(b, &x->item); /* reads the whole output: asked once */
        if (status_ok(&wrong) && !before) job_path_make_folders(b->out_folder, x->item.job.out, &wrong);
        x->item.attempt = ++b->attempts[i];
        if (!status_ok(&wrong)) fail(b, &x->item, wrong.msg);
        else if (before) {
            b->state[i] = DONE;
            b->skipped++;
            b->left[x->item.job.kind]--;
            tell(b, &x->item, "skipped", NULL);
        } else {
            b->state[i] = RUNNING;
            return &x->item;
        }
    } else if (needs < 0) {
        job other;
        char text[300];
        if (job_file_get(b->jobs, bad, x->mem, &other, &wrong)) snprintf(text, sizeof text, "it needs '%.200s', which failed", other.id);
        else snprintf(text, sizeof text, "a job that it needs failed");
        fail(b, &x->item, text);
    }
    free_item(&x->item);
    return NULL;
}

batch_item *batch_take(batch *b, job_kind kind, const char *model)
{
    size_t count = job_file_count(b->jobs), i = b->next[kind];
    bool first = true; /* no job of the kind has been passed over yet */
    for (; i < count && !batch_stopped(b); i++) {
        if (job_file_kind(b->jobs, i) != kind || b->state[i] != WAITING) continue;
        batch_item *item = consider(b, i, model);
        if (item || b->state[i] != WAITING) {
            if (item) {
                if (first) b->next[kind] = i;
                return item;
            }
            continue;
        }
        if (first) b->next[kind] = i, first = false;
    }
    if (first && i == count) b->next[kind] = count;
    return NULL;
}

pool *batch_threads(const batch *b) { return b->threads; }

int64_t batch_parallel(const batch *b) { return b->o->parallel; }

bool batch_stopped(const batch *b) { return b->fail_fast_hit || !status_ok(&b->fatal); }

/* ---- the run ---- */

/* The folder of the job file, or --out-dir; it is made when it is missing. */
static char *find_out_folder(const batch_options *o, status *st)
{
    if (o->out_folder) {
        if (mkdir(o->out_folder, 0777) != 0 && errno != EEXIST) status_set(st, STATUS_IO, "%s: cannot be made: %s", o->out_folder, strerror(errno));
        return status_ok(st) ? alloc_string(o->out_folder, strlen(o->out_folder), st) : NULL;
    }
    const char *slash = strrchr(o->job_path, '/');
    return slash ? alloc_string(o->job_path, slash == o->job_path ? 1 : (size_t)(slash - o->job_path), st) : alloc_string(".", 1, st);
}

static char *find_journal(const batch_options *o, status *st)
{
    if (o->journal_path) return alloc_string(o->journal_path, strlen(o->journal_path), st);
    size_t size = strlen(o->job_path) + 64;
    char *path = alloc_array(size, 1, st);
    if (path && o->shards) snprintf(path, size, "%s.%" PRId64 "-of-%" PRId64 ".journal", o->job_path, o->shard, o->shards);
    else if (path) snprintf(path, size, "%s.journal", o->job_path);
    return path;
}

static bool open_batch(batch *b, status *st)
{
    b->out_folder = find_out_folder(b->o, st);
    if (!b->out_folder) return false;
    b->jobs = job_file_open(b->o->job_path, b->out_folder, batch_check_option, batch_report_fault, (void *)(uintptr_t)b->o->job_path, st);
    if (!b->jobs) return false;
    char *journal_path = find_journal(b->o, st);
    size_t count = job_file_count(b->jobs);
    b->journal = journal_path ? journal_open(journal_path, st) : NULL;
    alloc_free(journal_path);
    b->state = alloc_zeroed(count + 1, 1, st);
    b->attempts = alloc_zeroed(count + 1, 1, st);
    b->threads = b->journal && status_ok(st) ? pool_new((int)b->o->threads, st) : NULL;
    if (!b->threads) return false;
    if (b->o->shards && !batch_shard_mark(b->jobs, b->o->shard, b->o->shards, b->state, ELSEWHERE, st)) return false;
    for (size_t i = 0; i < count; i++)
        if (b->state[i] == WAITING) b->left[job_file_kind(b->jobs, i)]++, b->total++;
    b->begun = log_seconds();
    return true;
}

/* Text first: pictures and speech are made from it. A pass in which nothing ended means that what is left cannot run. */
static void run_all(batch *b)
{
    batch_text *text = NULL;
    batch_image *image = NULL;
    batch_speak *speak = NULL;
    for (bool progress = true; progress && !batch_stopped(b);) {
        size_t before = b->done + b->skipped + b->failed;
        batch_text_run(b, &text);
        batch_image_run(b, &image);
        batch_speak_run(b, &speak);
        for (int k = 0; k < JOB_KINDS; k++) b->next[k] = 0; /* what waited for other jobs may be ready now */
        progress = b->done + b->skipped + b->failed != before;
    }
    batch_text_free(text);
    batch_image_free(image);
    batch_speak_free(speak);
}

static void sum_up(const batch *b, status *st)
{
    log_progress_end();
    if (!status_ok(&b->fatal)) *st = b->fatal;
    size_t faults = job_file_faults(b->jobs), unfinished = b->total - b->done - b->skipped - b->failed;
    if (!b->o->quiet && !b->o->json)
        log_message("%zu jobs: %zu done, %zu were done before, %zu failed%s", b->total, b->done, b->skipped, b->failed, unfinished ? ", the rest not run" : "");
    if (b->failed > MAX_SHOWN && !b->o->json) log_error("and %zu more failures; the journal holds them all", b->failed - MAX_SHOWN);
    if (b->failed || faults || unfinished)
        status_set(st, STATUS_PARTIAL, "%zu of %zu jobs failed, %zu faults in the job file", b->failed, b->total, faults);
}

void batch_run(const batch_options *o, status *st)
{
    batch b = {.o = o};
    if (open_batch(&b, st)) {
        run_all(&b);
        sum_up(&b, st);
    }
    pool_free(b.threads);
    journal_close(b.journal);
    job_file_close(b.jobs);
    for (size_t i = 0; i < b.digests; i++) alloc_free(b.digest[i].name);
    alloc_free(b.out_folder);
    alloc_free(b.state);
    alloc_free(b.attempts);
}
