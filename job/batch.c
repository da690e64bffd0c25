#include "job/batch.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "job/batch_answer.h"
#include "job/batch_ask.h"
#include "job/batch_filter.h"
#include "job/batch_options.h"
#include "job/batch_paths.h"
#include "job/batch_rates.h"
#include "job/batch_report.h"
#include "job/batch_shard.h"
#include "job/batch_words.h"
#include "core/interrupt.h"
#include "job/job_graph.h"
#include "job/job_inputs.h"
#include "job/job_path.h"
#include "core/alloc.h"
#include "core/fence.h"
#include "core/file.h"
#include "core/log.h"
#include "provenance/origin.h"
#include "core/utf8.h"

enum { MAX_TEXT = 64 << 20, MAX_SAID = 256 << 20, MAX_MODELS = 255, MAX_TABLE = 40, AHEAD = 2 /* items that a lane has before it needs them */ };

/* WAITING: for other jobs; DOOMED: one of them failed; ELSEWHERE: another machine's, or not asked for. */
typedef enum { READY, WAITING, DOOMED, RUNNING, DONE, FAILED, ELSEWHERE } job_state;

/* What a lane was given last; more of that is preferred, so that models are seldom changed. */
typedef struct {
    request_kind kind;
    char *model;   /* NULL: nothing yet */
    double worked; /* lanes_worked when a job of it ended last */
} lane_history;

typedef struct {
    const batch_options *o;
    batch_checker checker;
    job_file *jobs;
    job_graph *graph;
    job_inputs *inputs;
    journal *journal;              /* NULL: the results go to o->on_result */
    lanes *lanes;
    lane_history history[LANE_COUNT];
    char *out_folder, *answers_path;
    fence *fence;                  /* around out_folder */
    uint8_t *state, *attempts;     /* [jobs] */
    uint8_t *spoken;               /* [jobs]: 1: a speak job says its text */
    uint8_t *blamed;               /* [jobs]: 1: it failed by its own words, which no other try would change */
    uint8_t *model;                /* [jobs]: which of models, from 1; 0: not known yet */
    char *models[MAX_MODELS];
    size_t model_count;
    char **said;                   /* [jobs], NULL: none yet; see keep_said */
    size_t said_bytes;
    size_t next[KIND_COUNT];        /* no job of the kind below this index is ready or doomed */
    batch_report report;
    batch_rates *rates;            /* NULL: nobody asks */
    batch_filters filters;
    status fatal;
    bool fail_fast_hit;
} batch;

/* ---- results of other jobs ---- */

typedef struct {
    batch *b;
    arena *mem;
} result_context;

static bool is_said(const job *j, const job_option *o) { return strcmp(o->name, j->kind == KIND_SPEAK ? "text" : "prompt") == 0; }

/* What a picture or a sound was made from. Texts that took other jobs' results were kept when their job was made ready. */
static const char *said_by(const batch *b, size_t index, const job *j, status *st)
{
    if (b->said && b->said[index]) return b->said[index];
    for (size_t i = 0; i < j->option_count; i++)
        if (is_said(j, &j->option[i]) && !j->option[i].waits) return j->option[i].value;
        else if (is_said(j, &j->option[i])) status_set(st, STATUS_FAIL, "the text of job '%.80s' is not known", j->id);
    return status_ok(st) ? "" : NULL;
}

/* Keeps the text of a job that took others' results, once, for those that take it in their turn: to be filled again for each
 * of them it would be filled 2ⁿ times in a chain of n jobs. */
static bool keep_said(batch *b, size_t index, const char *text, status *st)
{
    size_t n, size = strlen(text);
    job_graph_waiting(b->graph, index, &n);
    if (!n || (b->said && b->said[index])) return true;
    if (!b->said && !(b->said = alloc_zeroed(job_file_count(b->jobs), sizeof *b->said, st))) return false;
    if (size > MAX_SAID - b->said_bytes)
        return status_set(st, STATUS_INPUT, "the texts that jobs take from pictures and sounds have more than %d bytes, fewer wanted", MAX_SAID);
    b->said_bytes += size;
    return (b->said[index] = alloc_string(text, size, st)) != NULL;
}

/* {{ID.file}} is the output's path; {{ID.text}} the text of a text job (its file, without the last line break), and of
 * others the text they were made from. */
static const char *result_of(void *context, size_t index, const char *what, status *st)
{
    result_context *r = context;
    job j;
    if (!job_file_get(r->b->jobs, index, r->mem, &j, st)) return NULL;
    const char *path = batch_paths_join(r->b->out_folder, j.out, r->mem, st);
    if (!path || strcmp(what, "file") == 0) return path;
    if (j.kind != KIND_TEXT) return said_by(r->b, index, &j, st);
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

static bool same_file(const batch_item *item, const journal_output *o)
{
    status ignored = {0};
    hash_hex found;
    const char *path = batch_paths_join(item->folder, o->path, item->mem, &ignored);
    return path && file_exists(path) && hash_path(path, &found, &ignored) && strcmp(found.text, o->sha256.text) == 0;
}

static bool finished_before(const batch *b, const batch_item *item)
{
    const journal_record *r = b->o->force || !b->journal ? NULL : journal_find(b->journal, item->job.id);
    if (!r || !r->done || strcmp(r->inputs.text, item->inputs.text) != 0 || r->output_count < 1 || strcmp(r->output[0].path, item->job.out) != 0) return false;
    for (size_t i = 0; i < r->output_count; i++)
        if (job_path_check(r->output[i].path, &(status){0}) == false || !same_file(item, &r->output[i])) return false;
    return true;
}

/* The digests of what the job wrote. */
static bool digest_outputs(const batch_item *item, journal_record *r, status *st)
{
    r->output_count = 1 + item->more_count;
    for (size_t i = 0; i < r->output_count; i++) {
        r->output[i].path = i ? item->more[i - 1].out : item->job.out;
        const char *path = batch_paths_join(item->folder, r->output[i].path, item->mem, st);
        if (!path || !hash_path(path, &r->output[i].sha256, st)) return false;
    }
    return true;
}

/* outputs: their digests, of a job that is done. */
static void record(batch *b, const batch_item *item, const journal_record *outputs, const char *error)
{
    journal_record r = error ? (journal_record){0} : *outputs;
    r.id = item->job.id, r.done = !error, r.inputs = item->inputs, r.error = error;
    if (!r.inputs.text[0]) memset(r.inputs.text, '0', HASH_TEXT - 1);
    if (b->journal) journal_add(b->journal, &r, &b->fatal);
    if (b->o->on_result && status_ok(&b->fatal))
        b->o->on_result(b->o->arg, &(batch_result){item->job.line, item->job.id, kind_name(item->job.kind), error, r.output, r.output_count});
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

static double size_of(const char *path)
{
    struct stat info;
    return path && stat(path, &info) == 0 ? (double)info.st_size : 0;
}

/* The work of a lane since a job of it ended last is this one's, as its jobs follow one another or share their passes. */
static double measure(batch *b, const batch_item *item, batch_end end)
{
    int which = lanes_of(b->lanes, item->job.kind);
    double worked = lanes_worked(b->lanes, which), spent = worked - b->history[which].worked, bytes = size_of(item->path);
    b->history[which].worked = worked;
    if (!b->rates) return spent;
    if (item->q.loading > 0) batch_rates_add_load(b->rates, item->job.kind, batch_item_model(item), item->q.loading);
    if (end != BATCH_DONE) return spent;
    status ignored = {0};
    for (size_t i = 0; i < item->more_count; i++) bytes += size_of(batch_paths_join(item->folder, item->more[i].out, item->mem, &ignored));
    batch_rates_add_job(b->rates, item->job.kind, batch_item_model(item), batch_rates_units(&item->job),
                        spent > item->q.loading ? spent - item->q.loading : 0, bytes, (double)alloc_peak());
    return spent;
}

static void end_job(batch *b, const batch_item *item, batch_end end, const char *error)
{
    status wrong = {0};
    journal_record outputs = {0};
    if (end == BATCH_DONE && !digest_outputs(item, &outputs, &wrong)) end = BATCH_FAILED, error = wrong.msg; /* it was there a moment ago */
    if (end != BATCH_SKIPPED) record(b, item, &outputs, error);
    if (!status_ok(&b->fatal)) return; /* not recorded: not done */
    double spent = item->q.ended > 0 ? measure(b, item, end) : 0; /* else no lane had it */
    b->state[item->index] = end == BATCH_FAILED ? FAILED : DONE;
    if (end == BATCH_FAILED && b->o->fail_fast) b->fail_fast_hit = true;
    batch_report_job(&b->report, &item->job, end, item->attempt, item->q.ended - item->q.begun, spent, item->q.cut, error);
    if (!error && item->q.remark) batch_report_remark(&b->report, &item->job, item->q.remark);
    release(b, item->index, end != BATCH_FAILED);
}

static bool is_own_fault(status_code code) { return code == STATUS_USAGE || code == STATUS_INPUT || code == STATUS_REFUSED; }

/* An item is back from its lane. What failed for want of memory or disk may be tried again. */
static void finish(batch *b, batch_item *item)
{
    if (status_ok(&item->q.result) && batch_ask_end(item, &item->q.result)) batch_item_write(item, &item->q.result);
    status_code code = item->q.result.code;
    bool may_pass = !is_own_fault(code);
    b->blamed[item->index] = !may_pass;
    if (code == STATUS_OK) end_job(b, item, BATCH_DONE, NULL);
    else if (code == STATUS_INTERRUPTED || (may_pass && item->attempt <= b->o->retries)) {
        b->state[item->index] = READY;
        set_next(b, item->index);
    } else end_job(b, item, BATCH_FAILED, item->q.result.msg);
    batch_item_free(item);
}

/* ---- which job next ---- */

/* Puts results in place of what waits for them. A path of the job file's own is meant relative to it, as elsewhere; one that
 * begins with another job's file is a path already. */
static bool fill_options(batch *b, batch_item *item, arena *mem, status *st)
{
    result_context context = {b, mem};
    for (size_t i = 0; i < item->job.option_count; i++) {
        job_option *o = &item->job.option[i];
        if (!o->waits) continue;
        bool is_path = strncmp(o->value, "{{", 2) == 0;
        o->value = job_file_fill(b->jobs, item->index, o->value, result_of, &context, mem, st);
        o->waits = false;
        if (!o->value || (!is_path && !job_inputs_resolve_option(b->inputs, &item->job, o, mem, st))) return false;
        if (!batch_check_option(&b->checker, item->job.kind, o->name, o->value, st)) return false;
        if (item->job.kind != KIND_TEXT && is_said(&item->job, o) && !keep_said(b, item->index, o->value, st)) return false;
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

static const char *reason_of_doom(batch *b, const job *j, arena *mem)
{
    status ignored = {0};
    for (size_t i = 0; i < j->need_count; i++) {
        job other;
        if (b->state[j->need[i]] != FAILED || !job_file_get(b->jobs, j->need[i], mem, &other, &ignored)) continue;
        size_t size = strlen(other.id) + 40;
        char *text = arena_alloc(mem, size, &ignored);
        if (text) snprintf(text, size, "it needs '%.*s', which failed", utf8_fit(other.id, 200), other.id);
        if (text) return text;
    }
    return "a job that it needs failed";
}

static bool stopped(const batch *b) { return b->fail_fast_hit || !status_ok(&b->fatal) || interrupt_asked(); }

/* The folders on the way to an output, before the work. */
static bool make_folder(const batch *b, const char *out, status *st)
{
    const char *name;
    int fd = fence_open_folder(b->fence, out, true, &name, st);
    if (fd >= 0) close(fd);
    return fd >= 0;
}

static bool make_folders(const batch *b, const batch_item *item, status *st)
{
    bool ok = make_folder(b, item->job.out, st);
    for (size_t i = 0; ok && i < item->job.option_count; i++)
        if ((item->job.option[i].about & OPTION_WRITES)) ok = make_folder(b, item->job.option[i].value, st);
    return ok;
}

/* A ready job with everything filled in: to be done (true), or ended here: an earlier run did it, or it cannot be run. */
static bool prepare(batch *b, batch_item *item)
{
    status wrong = {0};
    item->path = batch_paths_join(item->folder, item->job.out, item->mem, &wrong);
    const char *at;
    bool whole = item->path && fill_options(b, item, item->mem, &wrong) && batch_words_check(NULL, &item->job, &at, &wrong) && job_inputs_digest(b->inputs, &item->job, &item->inputs, &wrong);
    bool before = whole && finished_before(b, item); /* reads the whole output: asked once */
    if (whole && !before) whole = batch_ask(item, &wrong) && batch_filters_of(&b->filters, &item->job, &item->q.filters, &wrong);
    if (whole && !before) whole = make_folders(b, item, &wrong);
    item->attempt = ++b->attempts[item->index];
    b->blamed[item->index] = is_own_fault(wrong.code);
    if (!whole) end_job(b, item, BATCH_FAILED, wrong.msg);
    else if (before) end_job(b, item, BATCH_SKIPPED, NULL);
    else b->state[item->index] = RUNNING;
    return whole && !before;
}

/* What is spoken ends with a whole sentence, unless its job says otherwise. */
static void end_whole(const batch *b, batch_item *item)
{
    job *j = &item->job;
    if (!b->spoken[item->index] || j->kind != KIND_TEXT || j->option_count == JOB_MAX_OPTIONS) return;
    for (size_t i = 0; i < j->option_count; i++)
        if (strcmp(j->option[i].name, "on-length") == 0) return;
    j->option[j->option_count++] = (job_option){.name = "on-length", .value = "sentence"};
}

/* Looks at ready or doomed job i: makes an item of it, ends it, or passes it over because of its model (NULL). */
static batch_item *consider(batch *b, size_t i, const char *model)
{
    batch_item *item = batch_item_new(i, b->out_folder, &b->fatal);
    bool taken = false;
    if (item && job_file_get(b->jobs, i, item->mem, &item->job, &b->fatal)) {
        status wrong = {0};
        end_whole(b, item);
        if (b->state[i] == DOOMED) end_job(b, item, BATCH_FAILED, reason_of_doom(b, &item->job, item->mem));
        else if (!job_inputs_resolve(b->inputs, &item->job, item->mem, &wrong)) end_job(b, item, BATCH_FAILED, wrong.msg);
        else if (!model || strcmp(batch_item_model(item), model) == 0) taken = prepare(b, item);
        else b->model[i] = number_of_model(b, batch_item_model(item));
    }
    if (taken) return item;
    batch_item_free(item);
    return NULL;
}

/* The next ready job of this kind whose model is `model` (NULL: any); NULL when there is none now. */
static batch_item *choose(batch *b, request_kind kind, const char *model)
{
    size_t count = job_file_count(b->jobs), first = SIZE_MAX; /* first: the first one passed over */
    uint8_t wanted = model ? number_of_model(b, model) : 0;
    batch_item *item = NULL;
    size_t i = b->next[kind];
    b->next[kind] = count;
    for (; i < count && !item && !stopped(b); i++) {
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

/* ---- the lanes ---- */

static bool remember(lane_history *h, const batch_item *item, status *st)
{
    const char *model = batch_item_model(item);
    h->kind = item->job.kind;
    if (h->model && strcmp(h->model, model) == 0) return true;
    alloc_free(h->model);
    h->model = alloc_string(model, strlen(model), st);
    return h->model != NULL;
}

/* The lane's next item: like its last one; another kind or model only when the lane has nothing else to do. */
static batch_item *choose_for(batch *b, int which)
{
    lane_history *h = &b->history[which];
    batch_item *item = h->model ? choose(b, h->kind, h->model) : NULL;
    if (lanes_at_hand(b->lanes, which) == 0)
        for (int k = 0; k < KIND_COUNT && !item; k++)
            if (lanes_of(b->lanes, (request_kind)k) == which) item = choose(b, (request_kind)k, NULL);
    if (item) remember(h, item, &b->fatal);
    return item;
}

/* How many items a lane should have: those that run together, and the next ones; after a failure that stops all, no more. */
static size_t wanted_at_hand(const batch *b, int which)
{
    size_t together = b->history[which].kind == KIND_TEXT ? (size_t)b->o->parallel : 1;
    return b->o->fail_fast ? together : together + AHEAD;
}

/* Gives each lane what it can do. A job that ends here may make others ready, or doom them: for any lane. */
static void feed(batch *b)
{
    for (size_t before = SIZE_MAX; before != batch_report_ended(&b->report);) {
        before = batch_report_ended(&b->report);
        for (int which = 0; which < lanes_count(b->lanes); which++)
            for (batch_item *item; lanes_at_hand(b->lanes, which) < wanted_at_hand(b, which) && (item = choose_for(b, which));)
                lanes_give(b->lanes, &item->q);
    }
}

/* Until nothing can run any more. */
static void run_all(batch *b)
{
    feed(b);
    for (request *q; (q = lanes_wait(b->lanes));) {
        finish(b, q->arg);
        if (stopped(b)) lanes_stop(b->lanes);
        else feed(b);
    }
}

/* ---- the run ---- */

static bool open_jobs(batch *b, status *st)
{
    const batch_options *o = b->o;
    b->out_folder = batch_paths_folder(o, st);
    if (!b->out_folder || !batch_paths_make(b->out_folder, st) || !(b->fence = fence_new(b->out_folder, st))) return false;
    if (!o->json && !o->quiet && !o->job_text) batch_paths_tell(o, b->out_folder);
    char *journal_path = o->job_text ? NULL : batch_paths_journal(o, st);
    b->answers_path = o->job_text ? NULL : batch_paths_answers(o, b->out_folder, st);
    job_file_where where = batch_paths_where(o, b->out_folder, journal_path, b->answers_path);
    batch_checker_init(&b->checker, o->job_path, o->on_fault, o->arg);
    if (status_ok(st))
        b->jobs = o->job_text ? job_file_open_bytes(o->job_path, o->job_text, o->job_size, &where, &b->checker.hooks, st)
                              : job_file_open(o->job_path, &where, &b->checker.hooks, st);
    b->graph = b->jobs ? job_graph_new(b->jobs, st) : NULL;
    b->inputs = !b->graph ? NULL : o->inputs ? o->inputs : job_inputs_new(o->job_path, &o->aliases, st);
    if (b->inputs && journal_path) b->journal = journal_open(journal_path, st);
    alloc_free(journal_path);
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

typedef struct {
    batch *b;
    size_t *open, count; /* pictures and sounds whose text is spoken, and not yet looked at */
} spoken_search;

/* A job whose text is spoken; that of a picture or a sound may come from yet another job. */
static const char *mark_text(void *context, size_t index, const char *what, status *st)
{
    spoken_search *s = context;
    (void)st;
    if (strcmp(what, "text") != 0 || s->b->spoken[index]) return "";
    s->b->spoken[index] = 1;
    if (job_file_kind(s->b->jobs, index) != KIND_TEXT) s->open[s->count++] = index;
    return "";
}

static bool mark_sources(spoken_search *s, size_t index, arena *mem, status *st)
{
    job j;
    size_t mark = arena_mark(mem);
    bool ok = job_file_get(s->b->jobs, index, mem, &j, st);
    for (size_t k = 0; ok && k < j.option_count; k++)
        if (j.option[k].waits) ok = job_file_fill(s->b->jobs, index, j.option[k].value, mark_text, s, mem, st) != NULL;
    arena_reset(mem, mark);
    return ok;
}

static bool mark_spoken(batch *b, status *st)
{
    size_t count = job_file_count(b->jobs);
    arena *mem = arena_new(st);
    spoken_search s = {b, alloc_array(count + 1, sizeof *s.open, st), 0};
    bool ok = mem && s.open;
    for (size_t i = 0; ok && i < count; i++) {
        if (job_file_kind(b->jobs, i) == KIND_SPEAK && job_file_has_needs(b->jobs, i)) ok = mark_sources(&s, i, mem, st);
        while (ok && s.count) ok = mark_sources(&s, s.open[--s.count], mem, st);
    }
    alloc_free(s.open);
    arena_free(mem);
    return ok;
}

static bool open_batch(batch *b, status *st)
{
    if (!batch_filters_open(&b->filters, b->o->filter, st) || !open_jobs(b, st)) return false;
    size_t count = job_file_count(b->jobs);
    b->state = alloc_zeroed(count + 1, 1, st);
    b->attempts = alloc_zeroed(count + 1, 1, st);
    b->model = alloc_zeroed(count + 1, 1, st);
    b->blamed = alloc_zeroed(count + 1, 1, st);
    b->spoken = alloc_zeroed(count + 1, 1, st);
    if (!b->state || !b->attempts || !b->model || !b->blamed || !b->spoken || !mark_spoken(b, st)) return false;
    for (size_t i = 0; i < count; i++)
        if (job_graph_pending(b->graph, i)) b->state[i] = WAITING;
    if (b->o->shards && !batch_shard_mark(b->jobs, b->o->shard, b->o->shards, b->state, ELSEWHERE, st)) return false;
    if (b->o->retry_failed && b->journal) keep_recorded(b, st);
    for (size_t i = 0; i < count; i++) b->report.total[job_file_kind(b->jobs, i)] += b->state[i] != ELSEWHERE;
    return status_ok(st);
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
           ended = batch_report_ended(&b->report);
    batch_report_end(&b->report, faults, interrupt_asked());
    if (failed && !b->o->quiet) tell_failures(b);
    if (b->o->json && (fflush(stderr) != 0 || ferror(stderr))) status_set(st, STATUS_IO, "standard error: the events could not be written");
    if (!status_ok(&b->fatal)) *st = b->fatal;
    if (ended < total && interrupt_asked()) st->code = STATUS_INTERRUPTED; /* told by the summary */
    if (failed || faults || ended < total)
        status_set(st, STATUS_PARTIAL, "%zu of %zu jobs failed, %zu faults in the job file", failed, total, faults);
}

static void write_answer(const batch *b, batch_answers *a, size_t i, const job *j, arena *mem, status *st)
{
    const char *path = batch_paths_join(b->out_folder, j->out, mem, st);
    const journal_record *r = journal_find(b->journal, j->id);
    if (path && b->state[i] == DONE) batch_answers_add_file(a, path, st);
    else if (path) batch_answers_add_error(a, j->id, r && r->error ? r->error : "failed", b->blamed[i] ? 400 : 500, st);
}

/* Of requests with a fault one shard alone tells. */
static size_t count_refused(const batch *b)
{
    size_t count;
    job_file_refused(b->jobs, &count);
    return b->o->shards && b->o->shard != 1 ? 0 : count;
}

/* The answers to OpenAI requests that there are by now, also to those that have a fault, in the order of the job file. */
static void write_answers(batch *b)
{
    status wrong = {0};
    batch_answers *a = b->answers_path ? batch_answers_new(b->answers_path, &wrong) : NULL;
    arena *mem = a ? arena_new(&wrong) : NULL;
    size_t refused = count_refused(b), next = 0, ignored;
    const job_refused *r = job_file_refused(b->jobs, &ignored);
    for (size_t i = 0; mem && i < job_file_count(b->jobs) && status_ok(&wrong); i++) {
        job j;
        size_t mark = arena_mark(mem);
        if (b->state[i] != DONE && b->state[i] != FAILED) continue;
        if (!job_file_get(b->jobs, i, mem, &j, &wrong)) break;
        for (; next < refused && r[next].line < j.line; next++) batch_answers_add_error(a, r[next].custom_id, r[next].message, 400, &wrong);
        if (j.form != JOB_FORM_OWN) write_answer(b, a, i, &j, mem, &wrong);
        arena_reset(mem, mark);
    }
    for (; mem && next < refused; next++) batch_answers_add_error(a, r[next].custom_id, r[next].message, 400, &wrong);
    arena_free(mem);
    batch_answers_close(a, &wrong);
    if (!status_ok(&wrong)) status_set(&b->fatal, wrong.code, "%s", wrong.msg);
}

static void run(batch *b, lane_models *models, status *st)
{
    if (!b->o->job_text) b->rates = batch_rates_open(pool_count((int)b->o->threads), st);
    batch_report_begin(&b->report, b->out_folder);
    b->lanes = lanes_start(models, (int)b->o->threads, b->o->parallel, &b->fatal);
    if (b->lanes) run_all(b);
    lanes_free(b->lanes);
    if (job_file_has_requests(b->jobs) && b->journal) write_answers(b);
    sum_up(b, st);
}

void batch_run(const batch_options *o, status *st)
{
    batch b = {.o = o, .report = {.job_path = o->job_path, .json = o->json, .quiet = o->quiet}};
    lane_models own = {0};
    if (open_batch(&b, st)) run(&b, o->models ? o->models : &own, st);
    lane_models_free(&own);
    batch_rates_close(b.rates);
    batch_filters_free(&b.filters);
    journal_close(b.journal);
    job_graph_free(b.graph);
    if (!o->inputs) job_inputs_free(b.inputs);
    for (size_t i = 0; b.said && i < job_file_count(b.jobs); i++) alloc_free(b.said[i]);
    alloc_free(b.said);
    for (size_t i = 0; i < b.model_count; i++) alloc_free(b.models[i]);
    for (int i = 0; i < LANE_COUNT; i++) alloc_free(b.history[i].model);
    job_file_close(b.jobs);
    fence_free(b.fence);
    alloc_free(b.out_folder);
    alloc_free(b.answers_path);
    alloc_free(b.state);
    alloc_free(b.attempts);
    alloc_free(b.model);
    alloc_free(b.blamed);
    alloc_free(b.spoken);
}
