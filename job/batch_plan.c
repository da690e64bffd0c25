#include "job/batch_plan.h"

#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

#include "job/batch_options.h"
#include "job/batch_paths.h"
#include "job/batch_rates.h"
#include "job/batch_shard.h"
#include "core/alloc.h"
#include "core/clean.h"
#include "core/file.h"
#include "core/json.h"
#include "core/log.h"
#include "core/utf8.h"

enum { MAX_ROWS = 64, MODEL = 300 };

/* All jobs of one kind and model. */
typedef struct {
    request_kind kind;
    char model[MODEL];
    size_t jobs;
    double units;
    const batch_rate *rate; /* NULL: never measured */
} row;

typedef struct {
    const batch_options *o;
    batch_checker checker;  /* which jobs asks as long as it is open */
    job_file *jobs;
    job_inputs *inputs;
    journal *journal;       /* NULL: there is none yet */
    batch_rates *rates;
    uint8_t *elsewhere;     /* [jobs]: another machine's shard */
    row row[MAX_ROWS];
    size_t rows, done, open;
    arena *mem;
} plan;

static double seconds_of(const row *r) { return r->rate && r->rate->units > 0 ? r->rate->load + r->units * r->rate->seconds / r->rate->units : 0; }

static double bytes_of(const row *r) { return r->rate && r->rate->units > 0 ? r->units * r->rate->bytes / r->rate->units : 0; }

static bool is_measured(const row *r) { return r->rate && r->rate->jobs > 0 && r->rate->units > 0; }

/* ---- counting ---- */

/* The characters of the texts that a job's places will hold: what text jobs wrote for each token that was asked for. */
typedef struct {
    plan *p;
    double characters;
} place_context;

static const char *see_place(void *context, size_t index, const char *what, status *st)
{
    place_context *c = context;
    job other;
    if (strcmp(what, "text") != 0 || !job_file_get(c->p->jobs, index, c->p->mem, &other, st)) return status_ok(st) ? "" : NULL;
    const batch_rate *r = batch_rates_find(c->p->rates, other.kind, job_inputs_model(&other));
    if (other.kind != KIND_TEXT) c->characters += batch_rates_units(&other);
    else c->characters += batch_rates_units(&other) * (r && r->units > 0 ? r->bytes / r->units : 4);
    return "";
}

static double units_of(plan *p, size_t job_index, const job *j, status *st)
{
    place_context c = {p, batch_rates_units(j)};
    if (j->kind != KIND_SPEAK && j->kind != KIND_EMBED) return c.characters;
    for (size_t i = 0; i < j->option_count; i++)
        if (j->option[i].waits && !job_file_fill(p->jobs, job_index, j->option[i].value, see_place, &c, p->mem, st)) return 0;
    return c.characters;
}

static row *row_of(plan *p, const job *j)
{
    const char *model = job_inputs_model(j);
    for (size_t i = 0; i < p->rows; i++)
        if (p->row[i].kind == j->kind && strcmp(p->row[i].model, model) == 0) return &p->row[i];
    if (p->rows == MAX_ROWS) return &p->row[MAX_ROWS - 1]; /* a plan, not an account */
    row *r = &p->row[p->rows++];
    *r = (row){.kind = j->kind, .rate = batch_rates_find(p->rates, j->kind, model)};
    snprintf(r->model, MODEL, "%.*s", utf8_fit(model, MODEL - 1), model);
    return r;
}

static bool count(plan *p, status *st)
{
    for (size_t i = 0; i < job_file_count(p->jobs) && status_ok(st); i++) {
        job j;
        size_t mark = arena_mark(p->mem);
        if (p->elsewhere[i]) continue;
        if (!job_file_get(p->jobs, i, p->mem, &j, st) || !job_inputs_resolve(p->inputs, &j, p->mem, st)) break;
        const journal_record *r = p->journal && !p->o->force ? journal_find(p->journal, j.id) : NULL;
        if (r && r->done) p->done++;
        else {
            row *x = row_of(p, &j);
            x->jobs++;
            x->units += units_of(p, i, &j, st);
            p->open++;
        }
        arena_reset(p->mem, mark);
    }
    return status_ok(st);
}

/* ---- telling ---- */

static void format_bytes(double bytes, char text[24])
{
    static const char *const UNITS[] = {"B", "kB", "MB", "GB", "TB"};
    int u = 0;
    while (bytes >= 1000 && u < 4) bytes /= 1000, u++;
    snprintf(text, 24, bytes < 10 && u > 0 ? "%.1f %s" : "%.0f %s", bytes, UNITS[u]);
}

static void format_seconds(double s, char text[24])
{
    if (s < 90) snprintf(text, 24, "%.1f s", s);
    else if (s < 5400) snprintf(text, 24, "%.0f min", s / 60);
    else snprintf(text, 24, "%.1f h", s / 3600);
}

static void sum(const plan *p, double *seconds, double *bytes, double *memory, bool *whole)
{
    *seconds = *bytes = *memory = 0;
    *whole = true;
    for (size_t i = 0; i < p->rows; i++) {
        const row *r = &p->row[i];
        *seconds += seconds_of(r);
        *bytes += bytes_of(r);
        if (r->rate && r->rate->memory > *memory) *memory = r->rate->memory;
        *whole &= is_measured(r);
    }
}

static void print_table(const plan *p)
{
    double seconds, bytes, memory;
    bool whole;
    char time[24], disk[24], ram[24];
    sum(p, &seconds, &bytes, &memory, &whole);
    printf("%-7s %-28s %8s %7s %10s %10s %10s  %s\n", "kind", "model", "jobs", "loads", "time", "output", "memory", "measured on");
    for (size_t i = 0; i < p->rows; i++) {
        const row *r = &p->row[i];
        format_seconds(seconds_of(r), time);
        format_bytes(bytes_of(r), disk);
        format_bytes(r->rate ? r->rate->memory : 0, ram);
        printf("%-7s ", kind_name(r->kind));
        clean_padded(stdout, *r->model ? r->model : "-", 28);
        printf(" %8zu %7d ", r->jobs, *r->model != 0);
        if (is_measured(r)) printf("%10s %10s %10s  %.0f jobs\n", time, disk, ram, r->rate->jobs);
        else printf("%10s %10s %10s  nothing: run one such job\n", "?", "?", "?");
    }
    format_seconds(seconds, time);
    format_bytes(bytes, disk);
    format_bytes(memory, ram);
    printf("%s%zu jobs to run, %zu done before: %s%s, %s of outputs, %s of memory\n", p->rows ? "\n" : "", p->open, p->done, whole ? "" : "at least ", time, disk, ram);
}

static bool print_json(const plan *p, status *st)
{
    double seconds, bytes, memory;
    bool whole;
    sum(p, &seconds, &bytes, &memory, &whole);
    json_t *list = json_array();
    for (size_t i = 0; i < p->rows; i++) {
        const row *r = &p->row[i];
        bool known = is_measured(r);
        json_array_append_new(list, json_pack("{s:s, s:s, s:I, s:i, s:o, s:o, s:o, s:f}", "kind", kind_name(r->kind), "model", r->model, "jobs", (json_int_t)r->jobs,
                                              "loads", *r->model != 0, "seconds", known ? json_real(seconds_of(r)) : json_null(), "bytes",
                                              known ? json_real(bytes_of(r)) : json_null(), "memory", known ? json_real(r->rate->memory) : json_null(),
                                              "measured_jobs", known ? r->rate->jobs : 0.0));
    }
    json_t *root = json_pack("{s:I, s:I, s:I, s:f, s:f, s:f, s:b, s:o}", "jobs", (json_int_t)p->open, "done", (json_int_t)p->done, "faults",
                             (json_int_t)job_file_faults(p->jobs), "seconds", seconds, "bytes", bytes, "memory", memory, "complete", whole, "parts", list);
    if (!root || json_array_size(list) != p->rows) status_set(st, STATUS_NOMEM, "out of memory for the plan");
    else json_print(root, JSON_COMPACT | JSON_REAL_PRECISION(9), st);
    json_decref(root);
    return status_ok(st);
}

/* What the plan of p->jobs needs beside them. */
static bool open_rest(plan *p, status *st)
{
    char *journal_path = batch_paths_journal(p->o, st);
    p->inputs = journal_path ? job_inputs_new(p->o->job_path, &p->o->aliases, st) : NULL;
    if (p->inputs && file_exists(journal_path)) p->journal = journal_open(journal_path, st);
    p->rates = p->inputs && status_ok(st) ? batch_rates_open(pool_count((int)p->o->threads), st) : NULL;
    p->mem = p->rates ? arena_new(st) : NULL;
    p->elsewhere = p->mem ? alloc_zeroed(job_file_count(p->jobs) + 1, 1, st) : NULL;
    alloc_free(journal_path);
    return p->elsewhere && (!p->o->shards || batch_shard_mark(p->jobs, p->o->shard, p->o->shards, p->elsewhere, 1, st));
}

static bool open_all(plan *p, status *st)
{
    batch_checker_init(&p->checker, p->o->job_path, NULL, NULL);
    char *folder = batch_paths_folder(p->o, st), *journal_path = batch_paths_journal(p->o, st);
    char *answers = folder ? batch_paths_answers(p->o, folder, st) : NULL;
    job_file_where where = batch_paths_where(p->o, folder, journal_path, answers);
    p->jobs = answers && journal_path ? job_file_open(p->o->job_path, &where, &p->checker.hooks, st) : NULL;
    alloc_free(folder);
    alloc_free(journal_path);
    alloc_free(answers);
    return p->jobs && open_rest(p, st);
}

static void close_rest(plan *p)
{
    alloc_free(p->elsewhere);
    arena_free(p->mem);
    batch_rates_close(p->rates);
    journal_close(p->journal);
    job_inputs_free(p->inputs);
}

void batch_plan(const batch_options *o, status *st)
{
    plan *p = alloc_zeroed(1, sizeof *p, st);
    if (!p) return;
    p->o = o;
    if (open_all(p, st) && count(p, st)) {
        if (o->json) print_json(p, st);
        else print_table(p);
        if (job_file_faults(p->jobs)) status_set(st, STATUS_INPUT, "%s: %zu faults", o->job_path, job_file_faults(p->jobs));
    }
    close_rest(p);
    job_file_close(p->jobs);
    alloc_free(p);
}

/* Bytes that may be written where this folder lies, or its nearest one above that is there; false: not known. */
static bool room_at(const char *folder, double *bytes)
{
    struct statvfs info;
    status ignored = {0};
    char *path = alloc_string(folder, strlen(folder), &ignored);
    bool known = false;
    for (char *slash = path; path && !(known = statvfs(path, &info) == 0) && slash;) {
        slash = strrchr(path, '/');
        if (slash) slash[slash == path] = 0;
        if (slash == path) slash = NULL;
    }
    if (path && !known) known = statvfs(path[0] == '/' ? "/" : ".", &info) == 0;
    if (known) *bytes = (double)info.f_bavail * (double)info.f_frsize;
    alloc_free(path);
    return known;
}

bool batch_plan_fits(const batch_options *o, job_file *jobs, const char *folder, status *st)
{
    double seconds, bytes = 0, memory, room = 0;
    bool whole;
    plan *p = alloc_zeroed(1, sizeof *p, st);
    if (!p) return true;
    p->o = o;
    p->jobs = jobs;
    if (open_rest(p, st) && count(p, st)) sum(p, &seconds, &bytes, &memory, &whole);
    bool fits = !status_ok(st) || !room_at(folder, &room) || bytes <= room;
    char wanted[24], found[24];
    format_bytes(bytes, wanted);
    format_bytes(room, found);
    if (!fits) log_error("%s: its outputs will take some %s, as earlier runs tell (aigc plan); %s has room for %s", o->job_path, wanted, folder, found);
    close_rest(p);
    alloc_free(p);
    return fits;
}
