#include "job/batch_trial.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "job/batch_ask.h"
#include "job/batch_filter.h"
#include "job/batch_paths.h"
#include "job/batch_words.h"
#include "core/interrupt.h"
#include "job/job_name.h"
#include "core/alloc.h"
#include "core/file.h"
#include "core/name_hash.h"

enum { AT_HAND = 32, SHAPES = 1024 };
static const char WORD[] = "word"; /* stands in for a text that is not there yet */

typedef struct {
    uint64_t key;   /* jobs of one key share an open model */
    uint32_t index;
} place;

typedef struct {
    size_t line, column;
    char *message;
} fault;

/* Text jobs that differ in nothing but the words of their prompts: when one of them was found good, the others are that are
 * short enough. */
typedef struct {
    uint64_t key;  /* of all else that they say; 0: none */
    int64_t room;  /* a prompt of so many more tokens than that of the one that was tried fits the context */
} shape;

typedef struct {
    const batch_options *o;
    const job_file *jobs;
    const char *folder;
    job_inputs *inputs;
    batch_filters filters;
    lane_models models;
    lanes *lanes;
    size_t at_hand;
    batch_item *spare; /* those that came back, by their next */
    shape shape[SHAPES]; /* by key, open addressing */
    size_t shapes;
    fault *fault;
    size_t faults, room;
    size_t *failed; /* [KIND_COUNT] */
} trial;

/* ---- what is not there yet ---- */

typedef struct {
    const trial *t;
    bool file; /* a place for a file was met */
} stand_in;

static const char *give_word(void *context, size_t index, const char *what, status *st)
{
    stand_in *s = context;
    (void)index, (void)st;
    s->file |= strcmp(what, "file") == 0;
    return WORD;
}

/* Fills the places of the job's options, and leaves out those that depend on a file to come: a text's file becomes a word, a mask
 * goes with its picture, a vocoder's input leaves nothing to try (false). */
static bool fill(const trial *t, size_t index, job *j, arena *mem, status *st)
{
    size_t kept = 0;
    bool picture_to_come = false;
    for (size_t i = 0; i < j->option_count; i++) {
        job_option *x = &j->option[i];
        stand_in s = {t, false};
        if (x->waits && !(x->value = job_file_fill(t->jobs, index, x->value, give_word, &s, mem, st))) return false;
        else if (s.file || ((x->about & OPTION_READS) && !file_exists(x->value) && job_file_find_path(t->jobs, t->folder, x->value) != SIZE_MAX)) {
            if (strcmp(x->name, "input") == 0) return false;
            picture_to_come |= strcmp(x->name, "init-img") == 0;
            if (strcmp(x->name, "file") == 0 && j->kind != KIND_IMAGE) *x = (job_option){.name = j->kind == KIND_SPEAK ? "text" : "prompt", .value = WORD, .about = OPTION_WORDS};
            else if (!(x->about & (OPTION_WORDS | OPTION_CHOICE))) continue;
        }
        j->option[kept++] = *x;
    }
    j->option_count = kept;
    for (size_t i = 0; picture_to_come && i < j->option_count; i++)
        if (strcmp(j->option[i].name, "mask") == 0) memmove(&j->option[i], &j->option[i + 1], (--j->option_count - i) * sizeof *j->option);
    return true;
}

/* ---- jobs of one shape ---- */

/* The key of a text job's shape, and how many tokens its words have at most; 0 for a job that is to be tried whatever it is:
 * where words are looked at for more than their length (by a filter, or by a template that looks for tags), or are no prompt. */
static uint64_t shape_of(const trial *t, const job *j, int64_t *tokens)
{
    enum { MOST_BYTES = 18 /* that normal forms make of a character, and so tokens */ };
    *tokens = 0;
    if (j->kind != KIND_TEXT || t->o->filter) return 0;
    uint64_t key = ((uint64_t)j->form + 1) * 256 + j->choices;
    for (size_t i = 0; i < j->option_count; i++) {
        const char *name = j->option[i].name, *value = j->option[i].value, *words = strcmp(name, "prompt") == 0 ? value : NULL;
        bool message = strcmp(name, "messages") == 0;
        if (strcmp(name, "filter") == 0 || strcmp(name, "token-ids") == 0 || (message && *value == '{')) return 0;
        if (message && (words = strchr(value, ':')) == NULL) return 0;
        key = key * UINT64_C(0x9E3779B97F4A7C15) ^ name_hash(name, strlen(name));
        key = key * UINT64_C(0x9E3779B97F4A7C15) ^ name_hash(value, words ? (size_t)(words - value) : strlen(value));
        if (!words) continue;
        words += message;
        if (strpbrk(words, "<{") || !words[strspn(words, " \t\r\n\xEF\xBB\xBF")]) return 0; /* tags; nothing but blanks and marks */
        for (; *words; words++) *tokens += *words & 0x80 ? MOST_BYTES : 1;
    }
    return key ? key : 1;
}

static shape *find_shape(trial *t, uint64_t key)
{
    size_t i = (size_t)key % SHAPES;
    while (t->shape[i].key && t->shape[i].key != key) i = (i + 1) % SHAPES;
    return &t->shape[i];
}

static bool is_known_good(trial *t, const job *j)
{
    int64_t tokens;
    uint64_t key = shape_of(t, j, &tokens);
    const shape *known = key ? find_shape(t, key) : NULL;
    return known && known->key && tokens <= known->room;
}

static void keep_shape(trial *t, const batch_item *item)
{
    int64_t tokens;
    uint64_t key = shape_of(t, &item->job, &tokens);
    shape *s = key ? find_shape(t, key) : NULL;
    if (!s || (!s->key && ++t->shapes == SHAPES)) return; /* the last place stays free: it ends a search */
    if (!s->key || item->q.room > s->room) *s = (shape){key, item->q.room};
}

/* ---- faults ---- */

static void add_fault(trial *t, size_t line, size_t column, const char *message, status *st)
{
    if (t->faults == t->room) {
        size_t room = t->room ? 2 * t->room : 64;
        fault *grown = alloc_resize(t->fault, room, sizeof *grown, st);
        if (!grown) return;
        t->fault = grown, t->room = room;
    }
    char *copy = alloc_string(message, strlen(message), st);
    if (copy) t->fault[t->faults++] = (fault){line, column, copy};
}

/* The place of the option that the message names, or whose value it tells; else of what the job is made from, else the line's
 * beginning. */
static size_t column_of(const trial *t, const batch_item *item, const char *message)
{
    char named[2][80];
    for (size_t i = 0; i < item->job.option_count; i++) {
        const job_option *x = &item->job.option[i];
        snprintf(named[0], sizeof named[0], "--%.70s", x->name);
        snprintf(named[1], sizeof named[1], "\"%.70s\"", x->name);
        bool value = strlen(x->value) > 2 && strstr(message, x->value);
        size_t column = value || strstr(message, named[0]) || strstr(message, named[1]) ? job_file_column(t->jobs, item->index, x->name, item->mem) : 0;
        if (column) return column;
    }
    static const char *const SOURCES[] = {"text", "prompt", "messages", "token-ids", "file", "input"};
    for (size_t i = 0; i < sizeof SOURCES / sizeof SOURCES[0]; i++) {
        size_t column = job_file_column(t->jobs, item->index, SOURCES[i], item->mem);
        if (column) return column;
    }
    return 1;
}

static void give_back(trial *t, batch_item *item)
{
    item->next = t->spare;
    t->spare = item;
}

static void end(trial *t, batch_item *item, const status *result, status *st)
{
    if (result->code == STATUS_INTERRUPTED || result->code == STATUS_NOMEM) status_set(st, result->code, "%s", result->msg);
    else if (!status_ok(result)) {
        t->failed[item->job.kind]++;
        add_fault(t, item->job.line, column_of(t, item, result->msg), result->msg, st);
    } else keep_shape(t, item);
    give_back(t, item);
}

static batch_item *take_item(trial *t, size_t index, status *st)
{
    batch_item *item = t->spare;
    if (!item) return batch_item_new(index, t->folder, st);
    t->spare = item->next;
    batch_item_reuse(item, index);
    return item;
}

static int by_line(const void *a, const void *b)
{
    const fault *x = a, *y = b;
    return x->line != y->line ? (x->line > y->line) - (x->line < y->line) : (x->column > y->column) - (x->column < y->column);
}

/* ---- the jobs ---- */

static void wait_for_one(trial *t, status *st)
{
    request *q = lanes_wait(t->lanes);
    if (!q) return;
    t->at_hand--;
    end(t, q->arg, &q->result, st);
}

static bool ask(trial *t, batch_item *item, status *st)
{
    bool ok = batch_ask(item, st) && batch_filters_of(&t->filters, &item->job, &item->q.filters, st);
    item->q.only_check = true;
    return ok;
}

static void try_job(trial *t, batch_item *item, status *st)
{
    status wrong = {0};
    const char *at;
    item->path = batch_paths_join(t->folder, item->job.out, item->mem, &wrong);
    bool whole = job_inputs_resolve(t->inputs, &item->job, item->mem, &wrong) && fill(t, item->index, &item->job, item->mem, &wrong) &&
                 (!job_file_has_needs(t->jobs, item->index) || batch_words_check(NULL, &item->job, &at, &wrong)) && /* else asked when the file was opened */
                 job_inputs_find_model(t->inputs, &item->job, &wrong);
    if (whole && is_known_good(t, &item->job)) give_back(t, item);
    else if (whole && ask(t, item, &wrong)) {
        lanes_give(t->lanes, &item->q);
        if (++t->at_hand >= AT_HAND) wait_for_one(t, st);
    } else end(t, item, &wrong, st);
}

/* Jobs of one key have one open model. */
static uint64_t key_of(const job *j)
{
    uint64_t key = (uint64_t)j->kind + 1;
    for (size_t i = 0; i < j->option_count; i++)
        if (j->option[i].about & OPTION_LOADS) key = key * UINT64_C(0x100000001B3) + (job_name_hash(j->option[i].value) ^ job_name_hash(j->option[i].name));
    return key;
}

static int by_key(const void *a, const void *b)
{
    const place *x = a, *y = b;
    return x->key != y->key ? (x->key > y->key) - (x->key < y->key) : (x->index > y->index) - (x->index < y->index);
}

/* The jobs of the model that a kind has open, as they come; the others in an order that opens each model once. */
static void try_all(trial *t, status *st)
{
    uint64_t open[KIND_COUNT] = {0};
    size_t later = 0, room = 0;
    place *p = NULL;
    for (size_t i = 0; i < job_file_count(t->jobs) && status_ok(st) && interrupt_check(st); i++) {
        batch_item *item = take_item(t, i, st);
        uint64_t key = item && job_file_get(t->jobs, i, item->mem, &item->job, st) ? key_of(&item->job) : 0;
        if (key && !open[item->job.kind]) open[item->job.kind] = key;
        if (!key) batch_item_free(item);
        else if (key == open[item->job.kind]) try_job(t, item, st);
        else {
            if (later == room) {
                place *grown = alloc_resize(p, room ? 2 * room : 64, sizeof *p, st);
                if (grown) p = grown, room = room ? 2 * room : 64;
            }
            if (later < room) p[later++] = (place){key, (uint32_t)i};
            give_back(t, item);
        }
    }
    if (later) qsort(p, later, sizeof *p, by_key);
    for (size_t i = 0; i < later && status_ok(st) && interrupt_check(st); i++) {
        batch_item *item = take_item(t, p[i].index, st);
        if (item && job_file_get(t->jobs, item->index, item->mem, &item->job, st)) try_job(t, item, st);
        else batch_item_free(item);
    }
    alloc_free(p);
}

static void close_trial(trial *t)
{
    lanes_free(t->lanes);
    lane_models_free(&t->models);
    batch_filters_free(&t->filters);
    job_inputs_free(t->inputs);
    for (size_t i = 0; i < t->faults; i++) alloc_free(t->fault[i].message);
    alloc_free(t->fault);
    for (batch_item *item; (item = t->spare);) {
        t->spare = item->next;
        batch_item_free(item);
    }
}

bool batch_trial_run(const batch_options *o, const batch_checker *checker, const job_file *jobs, const char *out_folder, size_t failed[KIND_COUNT], status *st)
{
    trial t = {.o = o, .jobs = jobs, .folder = out_folder, .failed = failed};
    t.inputs = batch_filters_open(&t.filters, o->filter, st) ? job_inputs_new(o->job_path, &o->aliases, st) : NULL;
    t.lanes = t.inputs ? lanes_start(&t.models, (int)o->threads, o->parallel, st) : NULL;
    if (t.lanes) try_all(&t, st);
    while (t.lanes && t.at_hand) wait_for_one(&t, st);
    if (t.faults) qsort(t.fault, t.faults, sizeof *t.fault, by_line);
    for (size_t i = 0; i < t.faults; i++) batch_report_fault((void *)(uintptr_t)checker, t.fault[i].line, t.fault[i].column, t.fault[i].message);
    close_trial(&t);
    return status_ok(st);
}
