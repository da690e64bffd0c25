#include "cli/batch.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/batch_filter.h"
#include "cli/batch_answer.h"
#include "cli/batch_options.h"
#include "cli/batch_rates.h"
#include "cli/batch_report.h"
#include "cli/batch_shard.h"
#include "cli/interrupt.h"
#include "cli/job_graph.h"
#include "cli/job_inputs.h"
#include "cli/job_path.h"
#include "core/alloc.h"
#include "core/file.h"
#include "core/log.h"
#include "core/origin.h"

enum { MAX_TEXT = 64 << 20, MAX_MODELS = 255, MAX_TABLE = 40 };

/* WAITING: for other jobs; DOOMED: one of them failed; ELSEWHERE: another machine's, or not asked for. */
typedef enum { READY, WAITING, DOOMED, RUNNING, DONE, FAILED, ELSEWHERE } job_state;

struct batch {
    const batch_options *o;
    batch_checker checker;
    job_file *jobs;
    job_graph *graph;
    job_inputs *inputs;
    journal *journal;              /* NULL: the results go to o->on_result */
    pool *threads;
    char *out_folder, *answers_path;
    uint8_t *state, *attempts;     /* [jobs] */
    uint8_t *model;                /* [jobs]: which of models, from 1; 0: not known yet */
    char *models[MAX_MODELS];
    size_t model_count;
    size_t next[JOB_KINDS];        /* no job of the kind below this index is ready or doomed */
    batch_report report;
    batch_rates *rates;            /* NULL: nobody asks */
    double last_end, loading;      /* log_seconds when a job ended last; seconds of loading since then */
    batch_filters filters;
    status fatal;
    bool fail_fast_hit;
};

/* ---- results of other jobs ---- */

/* An item and the arena that its strings live in. */
typedef struct {
    batch_item item;
    arena *mem;
} owned_item;

static const char *path_of(const batch *b, const char *out, arena *mem, status *st)
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
        size_t front = origin_front_matter_size(text, size);
        size -= front;
        while (size > 0 && (text[front + size - 1] == '\n' || text[front + size - 1] == ' ')) size--;
        memcpy(copy, text + front, size);
        copy[size] = 0;
    }
    alloc_free(text);
    return copy && j.form != JOB_FORM_OWN ? batch_answer_content(copy, r->mem, st) : copy;
}

/* ---- the journal ---- */

static bool same_file(const batch *b, const journal_output *o, arena *mem)
{
    status ignored = {0};
    hash_hex found;
    const char *path = path_of(b, o->path, mem, &ignored);
    return path && file_exists(path) && hash_path(path, &found, &ignored) && strcmp(found.text, o->sha256.text) == 0;
}

static bool finished_before(batch *b, const owned_item *x)
{
    const batch_item *item = &x->item;
    const journal_record *r = b->o->force || !b->journal ? NULL : journal_find(b->journal, item->job.id);
    if (!r || !r->done || strcmp(r->inputs.text, item->inputs.text) != 0 || r->output_count < 1 || strcmp(r->output[0].path, item->job.out) != 0) return false;
    for (size_t i = 0; i < r->output_count; i++)
        if (job_path_check(r->output[i].path, &(status){0}) == false || !same_file(b, &r->output[i], x->mem)) return false;
    return true;
}

static void record(batch *b, const owned_item *x, const char *error)
{
    const batch_item *item = &x->item;
    journal_record r = {.id = item->job.id, .done = !error, .inputs = item->inputs, .error = error};
    if (!r.inputs.text[0]) memset(r.inputs.text, '0', HASH_TEXT - 1);
    if (!error) {
        r.output_count = 1 + item->more_count;
        r.output[0].path = item->job.out;
        memcpy(r.output + 1, item->more, item->more_count * sizeof *item->more);
        for (size_t i = 0; i < r.output_count; i++) {
            const char *path = path_of(b, r.output[i].path, x->mem, &b->fatal);
            if (!path || !hash_path(path, &r.output[i].sha256, &b->fatal)) return;
        }
    }
    if (b->journal) journal_add(b->journal, &r, &b->fatal);
    if (b->o->on_result && status_ok(&b->fatal))
        b->o->on_result(b->o->arg, &(batch_result){item->job.line, item->job.id, job_kind_name(item->job.kind), error, r.output, r.output_count});
}

static void free_item(batch_item *item)
{
    arena_free(((owned_item *)item)->mem);
    alloc_free(item);
}

static void set_next(batch *b, size_t i)
{
    size_t *next = &b->next[job_file_kind(b->jobs, i)];
    if (*next > i) *next = i;
}

/* Job i has ended: those that waited for it may be ready, or will never be. */
static void release(batch *b, size_t i, bool good)
{
    size_t n;
    const uint32_t *waiting = job_graph_waiting(b->graph, i, &n);
    if (good) job_graph_done(b->graph, i);
    for (size_t k = 0; k < n; k++) {
        uint8_t *s = &b->state[waiting[k]];
        if (*s != WAITING) continue;
        if (!good) *s = DOOMED;
        else if (job_graph_pending(b->graph, waiting[k]) == 0) *s = READY;
        if (*s != WAITING) set_next(b, waiting[k]);
    }
}

/* Jobs of a kind run one after another, or share their passes: what passed since the last one ended is this one's time. */
static void measure(batch *b, const batch_item *item, batch_end end)
{
    double now = log_seconds(), bytes = 0;
    struct stat info;
    status ignored = {0};
    if (end == BATCH_DONE && b->rates) {
        arena *mem = ((const owned_item *)item)->mem;
        if (stat(item->path, &info) == 0) bytes += (double)info.st_size;
        for (size_t i = 0; i < item->more_count; i++) {
            const char *path = path_of(b, item->more[i].path, mem, &ignored);
            if (path && stat(path, &info) == 0) bytes += (double)info.st_size;
        }
        batch_rates_add_job(b->rates, item->job.kind, batch_model_of(item), batch_rates_units(&item->job), now - b->last_end - b->loading, bytes, (double)alloc_peak());
    }
    b->last_end = now;
    b->loading = 0;
}

void batch_loaded(batch *b, job_kind kind, const char *model, double seconds)
{
    b->loading += seconds;
    if (b->rates) batch_rates_add_load(b->rates, kind, model, seconds);
}

static void end_job(batch *b, const owned_item *x, batch_end end, const char *error)
{
    const batch_item *item = &x->item;
    if (end != BATCH_SKIPPED) record(b, x, error);
    if (!status_ok(&b->fatal)) return; /* not recorded: not done */
    measure(b, item, end);
    b->state[item->index] = end == BATCH_FAILED ? FAILED : DONE;
    if (end == BATCH_FAILED && b->o->fail_fast) b->fail_fast_hit = true;
    batch_report_job(&b->report, &item->job, end, item->attempt, item->taken > 0 ? log_seconds() - item->taken : 0, error);
    release(b, item->index, end != BATCH_FAILED);
}

static bool write_text(const char *path, const char *text, status *st)
{
    size_t n = strlen(text);
    char *line = alloc_array(n + 2, 1, st);
    if (!line) return false;
    snprintf(line, n + 2, "%s\n", text);
    bool ok = file_write(path, line, n + (n == 0 || text[n - 1] != '\n'), st);
    alloc_free(line);
    return ok;
}

void batch_finish(batch *b, batch_item *item, const char *text, const status *result)
{
    owned_item *x = (owned_item *)item;
    status written = *result;
    if (status_ok(&written) && text) write_text(item->path, text, &written);
    if (status_ok(&written)) end_job(b, x, BATCH_DONE, NULL);
    else if (written.code == STATUS_INTERRUPTED ||
             (item->attempt <= b->o->retries && written.code != STATUS_USAGE && written.code != STATUS_INPUT &&
              written.code != STATUS_REFUSED)) {
        b->state[item->index] = READY; /* what may pass: memory, a full disk */
        set_next(b, item->index);
    } else end_job(b, x, BATCH_FAILED, written.msg);
    free_item(item);
}

const char *batch_more_output(batch *b, batch_item *item, const char *ending, const char **out, status *st)
{
    arena *mem = ((owned_item *)item)->mem;
    const char *main = item->job.out, *slash = strrchr(main, '/'), *dot = strrchr(slash ? slash : main, '.');
    size_t stem = dot ? (size_t)(dot - main) : strlen(main), size = stem + strlen(ending) + 1;
    if (item->more_count == JOURNAL_MAX_OUTPUTS - 1) {
        status_set(st, STATUS_USAGE, "more than %d outputs", JOURNAL_MAX_OUTPUTS);
        return NULL;
    }
    char *name = arena_alloc(mem, size, st);
    if (!name) return NULL;
    snprintf(name, size, "%.*s%s", (int)stem, main, ending);
    item->more[item->more_count++].path = name;
    if (out) *out = name;
    return path_of(b, name, mem, st);
}

/* ---- which job next ---- */

static bool fill_options(batch *b, batch_item *item, arena *mem, status *st)
{
    result_context context = {b, mem};
    for (size_t i = 0; i < item->job.option_count; i++) {
        item->job.option[i].value = job_file_fill(b->jobs, item->job.option[i].value, result_of, &context, mem, st);
        if (!item->job.option[i].value) return false;
        if (!batch_check_option(&b->checker, item->job.kind, item->job.option[i].name, item->job.option[i].value, st)) return false;
    }
    return true;
}

/* The number of a model's name, from 1; 0 when there are too many. */
static uint8_t number_of_model(batch *b, const char *name)
{
    for (size_t i = 0; i < b->model_count; i++)
        if (strcmp(b->models[i], name) == 0) return (uint8_t)(i + 1);
    if (b->model_count == MAX_MODELS || !(b->models[b->model_count] = alloc_string(name, strlen(name), &b->fatal))) return 0;
    return (uint8_t)++b->model_count;
}

const char *batch_model_of(const batch_item *item) { return job_inputs_model(&item->job); }

static const char *reason_of_doom(batch *b, const job *j, arena *mem)
{
    status ignored = {0};
    for (size_t i = 0; i < j->need_count; i++) {
        job other;
        if (b->state[j->need[i]] != FAILED || !job_file_get(b->jobs, j->need[i], mem, &other, &ignored)) continue;
        size_t size = strlen(other.id) + 40;
        char *text = arena_alloc(mem, size, &ignored);
        if (text) snprintf(text, size, "it needs '%.200s', which failed", other.id);
        if (text) return text;
    }
    return "a job that it needs failed";
}

/* Ready job i with everything filled in: taken (true), or ended here: an earlier run did it, or it cannot be run. */
static bool prepare(batch *b, owned_item *x)
{
    batch_item *item = &x->item;
    status wrong = {0};
    item->path = path_of(b, item->job.out, x->mem, &wrong);
    bool whole = item->path && fill_options(b, item, x->mem, &wrong) && job_inputs_digest(b->inputs, &item->job, &item->inputs, &wrong);
    bool before = whole && finished_before(b, x); /* reads the whole output: asked once */
    if (whole && !before) whole = batch_filter_job(&b->filters, &item->job, &wrong);
    if (whole && !before) whole = job_path_make_folders(b->out_folder, item->job.out, &wrong);
    item->attempt = ++b->attempts[item->index];
    if (!whole) end_job(b, x, BATCH_FAILED, wrong.msg);
    else if (before) end_job(b, x, BATCH_SKIPPED, NULL);
    else {
        b->state[item->index] = RUNNING;
        item->taken = log_seconds();
        return true;
    }
    return false;
}

/* Looks at ready or doomed job i: gives it out, ends it, or passes it over because of its model (NULL). */
static batch_item *consider(batch *b, size_t i, const char *model)
{
    owned_item *x = alloc_zeroed(1, sizeof *x, &b->fatal);
    if (!x) return NULL;
    x->mem = arena_new(&b->fatal);
    x->item.index = i;
    job *j = &x->item.job;
    bool taken = false;
    if (x->mem && job_file_get(b->jobs, i, x->mem, j, &b->fatal)) {
        if (b->state[i] == DOOMED) end_job(b, x, BATCH_FAILED, reason_of_doom(b, j, x->mem));
        else {
            status wrong = {0};
            if (!job_inputs_resolve(b->inputs, j, x->mem, &wrong)) end_job(b, x, BATCH_FAILED, wrong.msg);
            else if (!model || strcmp(batch_model_of(&x->item), model) == 0) taken = prepare(b, x);
            else b->model[i] = number_of_model(b, batch_model_of(&x->item));
        }
    }
    if (taken) return &x->item;
    free_item(&x->item);
    return NULL;
}

batch_item *batch_take(batch *b, job_kind kind, const char *model)
{
    size_t count = job_file_count(b->jobs), first = SIZE_MAX; /* first: the first one passed over */
    uint8_t wanted = model ? number_of_model(b, model) : 0;
    batch_item *item = NULL;
    size_t i = b->next[kind];
    b->next[kind] = count;
    for (; i < count && !item && !batch_stopped(b); i++) {
        if (b->state[i] != READY && b->state[i] != DOOMED) continue;
        if (job_file_kind(b->jobs, i) != kind) continue;
        bool other = b->state[i] == READY && model && b->model[i] && b->model[i] != wanted;
        if (!other) item = consider(b, i, model);
        if (!item && (b->state[i] == READY || b->state[i] == DOOMED) && first == SIZE_MAX) first = i;
    }
    if (first == SIZE_MAX) first = i; /* stopped early: the rest was not looked at */
    if (b->next[kind] > first) b->next[kind] = first;
    return item;
}

bool batch_pass(batch *b, const batch_item *item, const char *text, status *st) { return batch_filter_text(&b->filters, &item->job, text, st); }

pool *batch_threads(const batch *b) { return b->threads; }

int64_t batch_parallel(const batch *b) { return b->o->parallel; }

bool batch_stopped(const batch *b) { return b->fail_fast_hit || !status_ok(&b->fatal) || interrupt_asked(); }

/* ---- the run ---- */

char *batch_out_folder(const batch_options *o, status *st)
{
    const char *slash = strrchr(o->job_path, '/');
    if (o->out_folder) return alloc_string(o->out_folder, strlen(o->out_folder), st);
    return slash ? alloc_string(o->job_path, slash == o->job_path ? 1 : (size_t)(slash - o->job_path), st) : alloc_string(".", 1, st);
}

/* "JOBFILE.journal", "JOBFILE.1-of-2.journal". */
char *batch_journal_path(const batch_options *o, status *st)
{
    if (o->journal_path) return alloc_string(o->journal_path, strlen(o->journal_path), st);
    size_t size = strlen(o->job_path) + 64;
    char *path = alloc_array(size, 1, st);
    if (path && o->shards) snprintf(path, size, "%s.%" PRId64 "-of-%" PRId64 ".journal", o->job_path, o->shard, o->shards);
    else if (path) snprintf(path, size, "%s.journal", o->job_path);
    return path;
}

/* "jobs.jsonl" -> "OUT/jobs.output.jsonl", "OUT/jobs.1-of-2.output.jsonl". */
static char *find_answers(const batch *b, status *st)
{
    const batch_options *o = b->o;
    if (o->answers_path) return alloc_string(o->answers_path, strlen(o->answers_path), st);
    const char *slash = strrchr(o->job_path, '/'), *name = slash ? slash + 1 : o->job_path;
    size_t n = strlen(name), size = strlen(b->out_folder) + n + 80;
    if (n > 6 && strcmp(name + n - 6, ".jsonl") == 0) n -= 6;
    char *path = alloc_array(size, 1, st);
    if (path && o->shards) snprintf(path, size, "%s/%.*s.%" PRId64 "-of-%" PRId64 ".output.jsonl", b->out_folder, (int)n, name, o->shard, o->shards);
    else if (path) snprintf(path, size, "%s/%.*s.output.jsonl", b->out_folder, (int)n, name);
    return path;
}

/* With the folders above it. The user's own path: links are followed. */
static bool make_folder(char *path, status *st)
{
    for (char *s = path + 1;; s++) {
        char kept = *s;
        if (kept && kept != '/') continue;
        *s = 0;
        bool there = mkdir(path, 0777) == 0 || errno == EEXIST || file_is_folder(path);
        if (!there) status_set(st, STATUS_IO, "%s: cannot be made: %s", path, strerror(errno));
        *s = kept;
        if (!there || !kept) return there;
    }
}

static bool open_jobs(batch *b, status *st)
{
    const batch_options *o = b->o;
    b->out_folder = batch_out_folder(o, st);
    if (!b->out_folder || !make_folder(b->out_folder, st)) return false;
    batch_checker_init(&b->checker, o->job_path, o->on_fault, o->arg);
    b->jobs = o->job_text ? job_file_open_bytes(o->job_path, o->job_text, o->job_size, b->out_folder, batch_check_option, batch_report_fault, &b->checker, st)
                          : job_file_open(o->job_path, b->out_folder, batch_check_option, batch_report_fault, &b->checker, st);
    if (!b->jobs) return false;
    b->graph = job_graph_new(b->jobs, st);
    b->inputs = !b->graph ? NULL : o->inputs ? o->inputs : job_inputs_new(o->job_path, &o->aliases, st);
    if (b->inputs && !o->job_text) {
        char *path = batch_journal_path(o, st);
        b->journal = path ? journal_open(path, st) : NULL;
        alloc_free(path);
        b->answers_path = find_answers(b, st);
    }
    return status_ok(st);
}

/* --retry-failed: what no earlier run has recorded stays away. */
static void keep_recorded(batch *b, status *st)
{
    arena *mem = arena_new(st);
    for (size_t i = 0; mem && i < job_file_count(b->jobs); i++) {
        job j;
        size_t mark = arena_mark(mem);
        if (!job_file_get(b->jobs, i, mem, &j, st)) break;
        if (!journal_find(b->journal, j.id)) b->state[i] = ELSEWHERE;
        arena_reset(mem, mark);
    }
    arena_free(mem);
}

static bool open_batch(batch *b, status *st)
{
    if (!open_jobs(b, st)) return false;
    size_t count = job_file_count(b->jobs);
    b->state = alloc_zeroed(count + 1, 1, st);
    b->attempts = alloc_zeroed(count + 1, 1, st);
    b->model = alloc_zeroed(count + 1, 1, st);
    b->threads = b->o->pool ? b->o->pool : status_ok(st) ? pool_new((int)b->o->threads, st) : NULL;
    if (!b->threads || !b->state || !b->attempts || !b->model) return false;
    for (size_t i = 0; i < count; i++)
        if (job_graph_pending(b->graph, i)) b->state[i] = WAITING;
    if (b->o->shards && !batch_shard_mark(b->jobs, b->o->shard, b->o->shards, b->state, ELSEWHERE, st)) return false;
    if (b->o->retry_failed && b->journal) keep_recorded(b, st);
    for (size_t i = 0; i < count; i++) b->report.total[job_file_kind(b->jobs, i)] += b->state[i] != ELSEWHERE;
    return status_ok(st);
}

/* Text first: pictures and speech are made from it. A round in which nothing ended means that what is left cannot run. */
static void run_all(batch *b, batch_models *m)
{
    for (size_t before = SIZE_MAX, now = 0; now != before && !batch_stopped(b);) {
        before = now;
        batch_text_run(b, &m->text);
        batch_embed_run(b, &m->embed);
        batch_image_run(b, &m->image);
        batch_speak_run(b, &m->speak);
        batch_vocode_run(b, &m->vocode);
        now = batch_report_count(&b->report, BATCH_DONE) + batch_report_count(&b->report, BATCH_SKIPPED) + batch_report_count(&b->report, BATCH_FAILED);
    }
}

void batch_models_free(batch_models *m)
{
    batch_text_free(m->text);
    batch_embed_free(m->embed);
    batch_image_free(m->image);
    batch_speak_free(m->speak);
    batch_vocode_free(m->vocode);
    *m = (batch_models){0};
}

/* What failed, a line each. */
static void tell_failures(const batch *b)
{
    status ignored = {0};
    arena *mem = arena_new(&ignored);
    size_t failed = batch_report_count(&b->report, BATCH_FAILED), shown = 0;
    for (size_t i = 0; mem && b->journal && shown < failed && i < job_file_count(b->jobs); i++) {
        job j;
        if (b->state[i] != FAILED || !job_file_get(b->jobs, i, mem, &j, &ignored)) continue;
        if (shown++ == MAX_TABLE) break;
        const journal_record *r = journal_find(b->journal, j.id);
        batch_report_failure(&b->report, &j, r ? r->error : NULL);
    }
    if (failed > MAX_TABLE && !b->o->json) log_message("  and %zu more; the journal holds them all", failed - MAX_TABLE);
    arena_free(mem);
}

static void sum_up(const batch *b, status *st)
{
    size_t faults = job_file_faults(b->jobs), failed = batch_report_count(&b->report, BATCH_FAILED), total = batch_report_total(&b->report),
           ended = failed + batch_report_count(&b->report, BATCH_DONE) + batch_report_count(&b->report, BATCH_SKIPPED);
    batch_report_end(&b->report, faults, interrupt_asked());
    if (failed && !b->o->quiet) tell_failures(b);
    if (!status_ok(&b->fatal)) *st = b->fatal;
    if (ended < total && interrupt_asked()) st->code = STATUS_INTERRUPTED; /* told by the summary */
    if (failed || faults || ended < total)
        status_set(st, STATUS_PARTIAL, "%zu of %zu jobs failed, %zu faults in the job file", failed, total, faults);
}

/* The answers to OpenAI requests that there are by now, in the order of the job file. */
static void write_answers(batch *b)
{
    status wrong = {0};
    batch_answers *a = b->answers_path ? batch_answers_new(b->answers_path, &wrong) : NULL;
    arena *mem = a ? arena_new(&wrong) : NULL;
    for (size_t i = 0; mem && i < job_file_count(b->jobs) && status_ok(&wrong); i++) {
        job j;
        size_t mark = arena_mark(mem);
        if (b->state[i] != DONE && b->state[i] != FAILED) continue;
        if (!job_file_get(b->jobs, i, mem, &j, &wrong)) break;
        const char *path = path_of(b, j.out, mem, &wrong);
        const journal_record *r = b->journal ? journal_find(b->journal, j.id) : NULL;
        if (j.form != JOB_FORM_OWN && path && b->state[i] == DONE) batch_answers_add_file(a, path, &wrong);
        else if (j.form != JOB_FORM_OWN && path) batch_answers_add_error(a, j.id, r && r->error ? r->error : "failed", 500, &wrong);
        arena_reset(mem, mark);
    }
    if (a && job_file_faults(b->jobs) && status_ok(&wrong)) batch_answers_add_faults(a, b->o->job_path, b->jobs, &wrong);
    arena_free(mem);
    batch_answers_close(a, &wrong);
    if (!status_ok(&wrong)) status_set(&b->fatal, wrong.code, "%s", wrong.msg);
}

void batch_run(const batch_options *o, status *st)
{
    batch b = {.o = o, .filters = {.standard = o->filter}, .report = {.job_path = o->job_path, .json = o->json, .quiet = o->quiet}};
    batch_models own = {0};
    if (open_batch(&b, st)) {
        if (!o->job_text) b.rates = batch_rates_open(pool_threads(b.threads), st);
        batch_report_begin(&b.report);
        b.last_end = log_seconds();
        run_all(&b, o->models ? o->models : &own);
        if (job_file_has_requests(b.jobs) && b.journal) write_answers(&b);
        sum_up(&b, st);
    }
    batch_models_free(&own);
    if (!o->pool) pool_free(b.threads);
    batch_rates_close(b.rates);
    batch_filters_free(&b.filters);
    journal_close(b.journal);
    job_graph_free(b.graph);
    if (!o->inputs) job_inputs_free(b.inputs);
    job_file_close(b.jobs);
    for (size_t i = 0; i < b.model_count; i++) alloc_free(b.models[i]);
    alloc_free(b.out_folder);
    alloc_free(b.answers_path);
    alloc_free(b.state);
    alloc_free(b.attempts);
    alloc_free(b.model);
}
