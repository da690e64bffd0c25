/* job_make: from a line of a job file to a job: places filled, defaults added, names and seed given, needs found. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "job/job_file_parts.h"
#include "job/job_name.h"
#include "engine/options.h"
#include "job/template.h"
#include "core/name_hash.h"
#include "core/name_hash.h"

/* What a place in a job's string may be: a column of its row, or another job's result. Columns are known while the job is made;
 * a string that takes results stays as it was written until they are there, and is then filled in one pass: what comes into a
 * place, a cell or a text that a model wrote, is never looked at for places of its own. */
typedef enum { PLACES_COLUMNS, PLACES_TRIED, PLACES_NEEDED, PLACES_FILLED } place_use;

typedef struct {
    const job_file *f;
    const job_entry *e;
    place_use use;
    arena *mem;
    bool waits;             /* TRIED: another job's result is among the places */
    bool files_only;        /* a path is no text that somebody wrote */
    job *j;                 /* NEEDED: it gets the needs */
    job_file_result lookup; /* FILLED */
    void *context;
} place_context;

static bool add_need(const job_file *f, job *j, const char *id, status *st);

static bool is_template(const job_file *f, const char *id, size_t n)
{
    for (size_t i = 0; i < f->templates; i++)
        if (strlen(f->template_id[i]) == n && memcmp(f->template_id[i], id, n) == 0) return true;
    return false;
}

/* The id (n bytes) that a job's words name: of a job of the same row, where such a line is meant. */
static const char *full_id(const place_context *p, const char *id, size_t n, status *st)
{
    if (p->e->row != JOB_NO_ROW && is_template(p->f, id, n)) return job_name_of_row(id, n, p->e->row, p->mem, st);
    return job_name_concat(p->mem, id, n, "", "", st);
}

static const char *column_place(place_context *p, const char *name, size_t n, status *st)
{
    if (p->e->row == JOB_NO_ROW) {
        status_set(st, STATUS_USAGE, p->f->rows_failed ? "'{{%.*s}}': the table of {\"rows\": …} cannot be read" : "'{{%.*s}}': there is no {\"rows\": …} line above", (int)n, name);
        return NULL;
    }
    const char *column = job_name_concat(p->mem, name + 4, n - 4, "", "", st);
    return column ? table_cell(p->f->rows, p->e->row, column, p->mem, st) : NULL;
}

static const char *result_place(place_context *p, const char *id, bool is_text, status *st)
{
    if (p->use == PLACES_NEEDED) return add_need(p->f, p->j, id, st) ? "" : NULL;
    size_t index = job_file_find(p->f, id);
    if (index == SIZE_MAX) status_set(st, STATUS_USAGE, "no job has the id '%.80s' that this one needs", id);
    return index == SIZE_MAX ? NULL : p->lookup(p->context, index, is_text ? "text" : "file", st);
}

static const char *place(void *context, const char *name, size_t n, status *st)
{
    place_context *p = context;
    if (n > 4 && memcmp(name, "row.", 4) == 0) return column_place(p, name, n, st);
    bool is_text = n > 5 && memcmp(name + n - 5, ".text", 5) == 0, is_result = is_text || (n > 5 && memcmp(name + n - 5, ".file", 5) == 0);
    const char *wrong = !is_result ? "{{row.COLUMN}}, {{ID.text}} or {{ID.file}}" : p->use == PLACES_COLUMNS ? "{{row.COLUMN}}" : p->f->where.alone ? "a job that stands for itself" : p->files_only && is_text ? "{{ID.file}}" : NULL;
    if (wrong) {
        status_set(st, STATUS_USAGE, "'{{%.*s}}' found, %s wanted", n > 80 ? 80 : (int)n, name, wrong);
        return NULL;
    }
    p->waits = true;
    if (p->use == PLACES_TRIED) return "";
    const char *id = full_id(p, name, n - 5, st);
    return id ? result_place(p, id, is_text, st) : NULL;
}

/* A string that only columns may come into: an id, an output's name. */
static const char *fill(const job_file *f, const job_entry *e, const char *text, arena *mem, status *st)
{
    return template_fill(text, place, &(place_context){.f = f, .e = e, .use = PLACES_COLUMNS, .mem = mem}, mem, st);
}

/* An option's value: filled in, or as it was written when it waits for another job. */
static const char *fill_option(const job_file *f, const job_entry *e, unsigned about, const char *text, arena *mem, bool *waits, status *st)
{
    bool is_model = about & OPTION_MODEL; /* which one is known before anything runs */
    place_context p = {.f = f, .e = e, .use = is_model ? PLACES_COLUMNS : PLACES_TRIED, .mem = mem, .files_only = about & OPTION_READS};
    const char *filled = template_fill(text, place, &p, mem, st);
    *waits = p.waits;
    return filled && p.waits ? text : filled;
}

/* Adds an option unless the job has one of that name (defaults come after the job's own). */
static bool add_option(job *j, const job_option *o, size_t from, status *st)
{
    for (size_t i = 0; i < from; i++)
        if (strcmp(j->option[i].name, o->name) == 0) return true;
    if (j->option_count == JOB_MAX_OPTIONS) return status_set(st, STATUS_USAGE, "more than %d options", JOB_MAX_OPTIONS);
    j->option[j->option_count++] = *o;
    return true;
}

/* The options among a line's fields. Those that the kind does not know are skipped when they are defaults for all kinds. */
static bool take_options(const job_file *f, const job_entry *e, job_line *fields, bool skip_unknown, arena *mem, job *j,
                         status *st)
{
    size_t own = j->option_count;
    for (size_t i = 0; i < fields->count; i++) {
        const job_field *x = &fields->field[i];
        fields->column = x->column;
        bool is_seed = strcmp(x->name, "seed") == 0;
        status unknown = {0};
        const option *known = is_seed ? NULL : f->hooks.find(f->hooks.context, j->kind, x->name, &unknown);
        if (!is_seed && !known) {
            if (skip_unknown) continue;
            *st = status_ok(st) ? unknown : *st;
            return false;
        }
        job_option o = {.name = x->name, .about = known ? known->about : 0};
        o.value = fill_option(f, e, o.about, x->value, mem, &o.waits, st);
        if (!o.value || !add_option(j, &o, own, st)) return false;
    }
    return true;
}

/* Further outputs are told apart as "out" is. */
static bool number_outputs(job *j, const job_entry *e, arena *mem, status *st)
{
    for (size_t i = 0; e->repeat && i < j->option_count; i++)
        if ((j->option[i].about & OPTION_WRITES) && !(j->option[i].value = job_name_numbered(j->option[i].value, e->repeat, mem, st))) return false;
    return true;
}

/* A seed that with `more` added is still one that every command takes and every record holds. */
static bool read_seed(const char *text, uint64_t more, uint64_t *seed, status *st)
{
    char *end;
    errno = 0;
    *seed = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end || errno || *seed > OPTION_MOST_SEED)
        return status_set(st, STATUS_USAGE, "\"seed\": '%.40s' found, a whole number from 0 to %" PRIu64 " wanted", text, OPTION_MOST_SEED);
    if (more > OPTION_MOST_SEED - *seed)
        return status_set(st, STATUS_USAGE, "\"seed\": %" PRIu64 " and %" PRIu64 " more found, seeds up to %" PRIu64 " wanted", *seed, more, OPTION_MOST_SEED);
    return true;
}

static bool take_seed(job *j, const job_entry *e, status *st)
{
    j->seed = (uint32_t)job_name_hash(j->id);
    for (size_t i = 0; i < j->option_count; i++) {
        if (strcmp(j->option[i].name, "seed") != 0) continue;
        uint64_t more = e->repeat ? e->repeat - 1 : 0;
        if (j->form != JOB_FORM_OWN && j->choices > 1) more += j->choices - 1;
        if (!read_seed(j->option[i].value, more, &j->seed, st)) return false;
        j->seed += e->repeat ? e->repeat - 1 : 0;
        memmove(&j->option[i], &j->option[i + 1], (--j->option_count - i) * sizeof *j->option);
        break;
    }
    return true;
}

/* "ID.txt" and so on; of an OpenAI request "JOBFILE.answers/ID.json". */
static const char *default_out(const job_file *f, const job *j, arena *mem, status *st)
{
    if (j->form == JOB_FORM_OWN) return job_name_as_file(j->id, "", kind_of(j->kind)->ending, mem, st);
    return f->answers ? job_name_as_file(j->id, f->answers, ".json", mem, st) : NULL;
}

static bool name_job(const job_file *f, const job_entry *e, const job_text *t, job_line *fields, arena *mem, job *j, status *st)
{
    char number[32];
    const char *id = fields->id;
    fields->column = fields->id_column;
    if (!id) {
        snprintf(number, sizeof number, "line-%u", t->number);
        id = job_name_concat(mem, number, strlen(number), "", "", st);
        if (id && e->row != JOB_NO_ROW) id = job_name_of_row(id, strlen(id), e->row, mem, st);
    } else if (e->row != JOB_NO_ROW && !strstr(id, "{{")) id = job_name_of_row(id, strlen(id), e->row, mem, st);
    else id = fill(f, e, id, mem, st);
    if (id && e->repeat) {
        snprintf(number, sizeof number, "#%u", e->repeat);
        id = job_name_concat(mem, id, strlen(id), number, "", st);
    }
    j->id = id;
    if (!id) return false;
    if (!*id || strlen(id) > 1000) return status_set(st, STATUS_USAGE, "\"id\" has %zu bytes, 1 to 1000 wanted", strlen(id));
    fields->column = fields->out_column;
    j->out = fields->out ? fill(f, e, fields->out, mem, st) : default_out(f, j, mem, st);
    if (j->out && fields->out && e->repeat) j->out = job_name_numbered(j->out, e->repeat, mem, st);
    return j->out != NULL;
}

/* Everything of a job but the indices of its needs, from its line. */
bool job_make_of(const job_file *f, const job_entry *e, arena *mem, job *j, job_line *fields, status *st)
{
    const job_text *t = &f->line[e->text];
    *j = (job){.line = t->number};
    j->kind = fields->kind, j->form = fields->form, j->choices = fields->choices, j->format = fields->format;
    if (!name_job(f, e, t, fields, mem, j, st) || !take_options(f, e, fields, false, mem, j, st)) return false;
    for (uint32_t d = t->defaults; d-- > 0;) { /* the nearest first */
        job_line defaults;
        const job_span *s = &f->defaults[d];
        if (!job_line_read_defaults(&defaults, (const char *)f->file.data + s->offset, s->size, mem, st)) return false;
        if (defaults.has_kind && defaults.kind != j->kind) continue;
        if (!take_options(f, e, &defaults, !defaults.has_kind, mem, j, st)) return false;
    }
    fields->column = job_line_column(fields, "seed");
    return take_seed(j, e, st) && number_outputs(j, e, mem, st);
}

bool job_make(const job_file *f, const job_entry *e, arena *mem, job *j, job_line *fields, status *st)
{
    const job_text *t = &f->line[e->text];
    return job_line_read(fields, (const char *)f->file.data + t->offset, t->size, mem, st) && job_make_of(f, e, mem, j, fields, st);
}

/* ---- between jobs ---- */

const char *job_make_id(const job_file *f, size_t i, arena *mem)
{
    status st = {0};
    job j;
    job_line fields;
    return job_make(f, &f->entry[i], mem, &j, &fields, &st) ? j.id : "";
}

const char *job_make_out(const job_file *f, size_t i, arena *mem)
{
    status st = {0};
    job j;
    job_line fields;
    return job_make(f, &f->entry[i], mem, &j, &fields, &st) ? j.out : "";
}

/* The entry of that id, or of that output. Names are the same when their hashes are: 64 bits under a key that nobody knows
 * (core/name_hash.h). To compare the names themselves their lines would have to be read again, which may be long. */
static size_t find(const job_file *f, const char *name, bool by_out)
{
    uint64_t hash = name_hash(name, strlen(name));
    const uint32_t *slot = by_out ? f->out_slot : f->id_slot;
    if (!f->slots) return SIZE_MAX;
    for (size_t s = (size_t)hash & (f->slots - 1); slot[s]; s = (s + 1) & (f->slots - 1)) {
        const job_entry *e = &f->entry[slot[s] - 1];
        if ((by_out ? e->out_hash : e->id_hash) == hash) return slot[s] - 1;
    }
    return SIZE_MAX;
}

size_t job_file_find(const job_file *f, const char *id) { return find(f, id, false); }

size_t job_file_find_out(const job_file *f, const char *out) { return find(f, out, true); }

size_t job_file_find_path(const job_file *f, const char *folder, const char *path)
{
    size_t n = strlen(folder);
    if (strncmp(path, folder, n) == 0 && path[n] == '/') path += n + 1;
    else if (strcmp(folder, ".") != 0) return SIZE_MAX;
    return job_file_find_out(f, path);
}

size_t job_file_column(const job_file *f, size_t i, const char *name, arena *mem)
{
    status ignored = {0};
    job_line fields;
    const job_text *t = &f->line[f->entry[i].text];
    bool read = job_line_read(&fields, (const char *)f->file.data + t->offset, t->size, mem, &ignored);
    return read ? job_line_column(&fields, name) : 0;
}

static bool add_need(const job_file *f, job *j, const char *id, status *st)
{
    size_t index = job_file_find(f, id);
    if (index == SIZE_MAX) return status_set(st, STATUS_USAGE, "no job has the id '%.80s' that this one needs", id);
    for (size_t i = 0; i < j->need_count; i++)
        if (j->need[i] == index) return true;
    if (j->need_count == JOB_MAX_NEEDS) return status_set(st, STATUS_USAGE, "more than %d needs", JOB_MAX_NEEDS);
    j->need[j->need_count++] = index;
    return true;
}

const char *job_file_fill(const job_file *f, size_t i, const char *text, job_file_result lookup, void *context, arena *mem, status *st)
{
    place_context p = {.f = f, .e = &f->entry[i], .use = PLACES_FILLED, .mem = mem, .lookup = lookup, .context = context};
    return template_fill(text, place, &p, mem, st);
}

static bool take_needs(const job_file *f, const job_entry *e, job_line *fields, arena *mem, job *j, status *st)
{
    fields->column = fields->needs_column;
    for (size_t i = 0; i < fields->need_count; i++) {
        const char *id = fields->need[i];
        id = e->row != JOB_NO_ROW && is_template(f, id, strlen(id)) ? job_name_of_row(id, strlen(id), e->row, mem, st) : fill(f, e, id, mem, st);
        if (!id || !add_need(f, j, id, st)) return false;
    }
    place_context p = {.f = f, .e = e, .use = PLACES_NEEDED, .mem = mem, .j = j};
    for (size_t i = 0; i < j->option_count; i++) {
        fields->column = job_line_column(fields, j->option[i].name);
        if (j->option[i].waits && !template_fill(j->option[i].value, place, &p, NULL, st)) return false;
    }
    return true;
}

/* The job, and its line, whose column tells where a fault is. */
bool job_make_whole(const job_file *f, size_t i, arena *mem, job *out, job_line *fields, status *st)
{
    return job_make(f, &f->entry[i], mem, out, fields, st) && (!f->entry[i].has_needs || take_needs(f, &f->entry[i], fields, mem, out, st));
}

bool job_file_get(const job_file *f, size_t i, arena *mem, job *out, status *st)
{
    job_line fields;
    return job_make_whole(f, i, mem, out, &fields, st);
}
