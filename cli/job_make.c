/* job_make: from a line of a job file to a job: places filled, defaults added, names and seed given, needs found. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/job_file_parts.h"
#include "cli/job_name.h"
#include "cli/template.h"
#include "core/name_hash.h"

/* What a place in a job's string may name while the job is made: columns are filled in; a job of the same row is named
 * by its full id; any other job stays. */
typedef struct {
    const job_file *f;
    const job_entry *e;
    arena *mem;
} place_context;

static bool is_template(const job_file *f, const char *id, size_t n)
{
    for (size_t i = 0; i < f->templates; i++)
        if (strlen(f->template_id[i]) == n && memcmp(f->template_id[i], id, n) == 0) return true;
    return false;
}

static const char *fill_place(void *context, const char *name, size_t n, status *st)
{
    place_context *p = context;
    if (n > 4 && memcmp(name, "row.", 4) == 0) {
        if (p->e->row == JOB_NO_ROW) {
            status_set(st, STATUS_USAGE, "'{{%.*s}}': there is no {\"rows\": …} line above", (int)n, name);
            return NULL;
        }
        const char *column = job_name_concat(p->mem, name + 4, n - 4, "", "", st);
        return column ? table_cell(p->f->rows, p->e->row, column, p->mem, st) : NULL;
    }
    size_t id = n;
    while (id > 0 && name[id - 1] != '.') id--;
    if (id < 2 || (strncmp(name + id, "text}}", 6) != 0 && strncmp(name + id, "file}}", 6) != 0 &&
                   strncmp(name + id, "text ", 5) != 0 && strncmp(name + id, "file ", 5) != 0)) {
        status_set(st, STATUS_USAGE, "'{{%.*s}}' found, {{row.COLUMN}}, {{ID.text}} or {{ID.file}} wanted", (int)n, name);
        return NULL;
    }
    const char *full = p->e->row != JOB_NO_ROW && is_template(p->f, name, id - 1)
                           ? job_name_of_row(name, id - 1, p->e->row, p->mem, st)
                           : job_name_concat(p->mem, name, id - 1, "", "", st);
    if (!full) return NULL;
    const char *what = job_name_concat(p->mem, name + id - 1, n - id + 1, "}}", "", st);
    const char *open = job_name_concat(p->mem, "{{", 2, full, "", st);
    return what && open ? job_name_concat(p->mem, open, strlen(open), what, "", st) : NULL;
}

static const char *fill(const job_file *f, const job_entry *e, const char *text, arena *mem, status *st)
{
    return template_fill(text, fill_place, &(place_context){f, e, mem}, mem, st);
}

/* Adds an option unless the job has one of that name (defaults come after the job's own). */
static bool add_option(job *j, const char *name, const char *value, size_t from, status *st)
{
    for (size_t i = 0; i < from; i++)
        if (strcmp(j->option[i].name, name) == 0) return true;
    if (j->option_count == JOB_MAX_OPTIONS) return status_set(st, STATUS_USAGE, "more than %d options", JOB_MAX_OPTIONS);
    j->option[j->option_count++] = (job_option){name, value};
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
        if (!is_seed && !f->hooks.check(f->hooks.context, j->kind, x->name, NULL, &unknown)) {
            if (skip_unknown) continue;
            *st = status_ok(st) ? unknown : *st;
            return false;
        }
        const char *value = fill(f, e, x->value, mem, st);
        if (!value || !add_option(j, x->name, value, own, st)) return false;
    }
    return true;
}

bool job_file_is_output(const char *option) { return strcmp(option, "srt") == 0 || strcmp(option, "vtt") == 0; }

/* Further outputs are told apart as "out" is. */
static bool number_outputs(job *j, const job_entry *e, arena *mem, status *st)
{
    for (size_t i = 0; e->repeat && i < j->option_count; i++)
        if (job_file_is_output(j->option[i].name) && !(j->option[i].value = job_name_numbered(j->option[i].value, e->repeat, mem, st))) return false;
    return true;
}

static bool take_seed(job *j, const job_entry *e, status *st)
{
    j->seed = (uint32_t)job_name_hash(j->id);
    for (size_t i = 0; i < j->option_count; i++) {
        if (strcmp(j->option[i].name, "seed") != 0) continue;
        char *end;
        j->seed = strtoull(j->option[i].value, &end, 10);
        if (end == j->option[i].value || *end || j->option[i].value[0] == '-')
            return status_set(st, STATUS_USAGE, "\"seed\": '%.40s' found, a whole number wanted", j->option[i].value);
        if (e->repeat) j->seed += e->repeat - 1;
        memmove(&j->option[i], &j->option[i + 1], (--j->option_count - i) * sizeof *j->option);
        break;
    }
    return true;
}

/* "ID.txt" and so on; of an OpenAI request "JOBFILE.answers/ID.json". */
static const char *default_out(const job_file *f, const job *j, arena *mem, status *st)
{
    static const char *const EXTENSION[JOB_KINDS] = {".txt", ".png", ".wav", ".wav", ".json"};
    if (j->form == JOB_FORM_OWN) return job_name_as_file(j->id, "", EXTENSION[j->kind], mem, st);
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

/* The entry of that id, or of that output. */
static size_t find(const job_file *f, const char *name, bool by_out)
{
    uint64_t hash = name_hash(name, strlen(name));
    const uint32_t *slot = by_out ? f->out_slot : f->id_slot;
    if (!f->slots) return SIZE_MAX;
    for (size_t s = (size_t)hash & (f->slots - 1); slot[s]; s = (s + 1) & (f->slots - 1)) {
        size_t i = slot[s] - 1;
        if ((by_out ? f->entry[i].out_hash : f->entry[i].id_hash) != hash) continue;
        size_t mark = arena_mark(f->scratch);
        bool same = strcmp((by_out ? job_make_out : job_make_id)(f, i, f->scratch), name) == 0;
        arena_reset(f->scratch, mark);
        if (same) return i;
    }
    return SIZE_MAX;
}

size_t job_file_find(const job_file *f, const char *id) { return find(f, id, false); }

size_t job_file_find_out(const job_file *f, const char *out) { return find(f, out, true); }

size_t job_file_column(const job_file *f, size_t i, const char *option, arena *mem)
{
    status ignored = {0};
    job_line fields;
    const job_text *t = &f->line[f->entry[i].text];
    bool read = job_line_read(&fields, (const char *)f->file.data + t->offset, t->size, mem, &ignored);
    return read ? job_line_column(&fields, option) : 0;
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

typedef struct {
    const job_file *f;
    job *j;
    arena *mem;
    job_file_result lookup;
    void *context;
} result_context;

/* A place that names a job: "ID.text" or "ID.file". With lookup NULL it becomes a need. */
static const char *result_place(void *context, const char *name, size_t n, status *st)
{
    result_context *r = context;
    const char *id = n > 5 ? job_name_concat(r->mem, name, n - 5, "", "", st) : NULL;
    if (!id) {
        status_set(st, STATUS_USAGE, "'{{%.*s}}' found, {{ID.text}} or {{ID.file}} wanted", (int)n, name);
        return NULL;
    }
    if (!r->lookup) return add_need(r->f, r->j, id, st) ? "" : NULL;
    size_t index = job_file_find(r->f, id);
    return index == SIZE_MAX ? NULL : r->lookup(r->context, index, strncmp(name + n - 4, "text", 4) == 0 ? "text" : "file", st);
}

const char *job_file_fill(const job_file *f, const char *text, job_file_result lookup, void *context, arena *mem, status *st)
{
    return template_fill(text, result_place, &(result_context){f, NULL, mem, lookup, context}, mem, st);
}

static bool take_needs(const job_file *f, const job_entry *e, job_line *fields, arena *mem, job *j, status *st)
{
    fields->column = fields->needs_column;
    for (size_t i = 0; i < fields->need_count; i++) {
        const char *id = fields->need[i];
        id = e->row != JOB_NO_ROW && is_template(f, id, strlen(id)) ? job_name_of_row(id, strlen(id), e->row, mem, st) : fill(f, e, id, mem, st);
        if (!id || !add_need(f, j, id, st)) return false;
    }
    result_context r = {f, j, mem, NULL, NULL};
    for (size_t i = 0; i < j->option_count; i++) {
        fields->column = job_line_column(fields, j->option[i].name);
        if (!template_fill(j->option[i].value, result_place, &r, NULL, st)) return false;
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
