/* job_file: one pass over the lines makes the entries and reports what is wrong within a line; a second checks what lies
 * between lines: ids and outputs that come twice, needs that are missing or go in a circle. */
#include "cli/job_file.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/job_graph.h"
#include "cli/job_line.h"
#include "cli/job_name.h"
#include "cli/job_path.h"
#include "cli/table.h"
#include "cli/template.h"
#include "core/alloc.h"
#include "core/file.h"

enum { MAX_TEMPLATES = 256 };
static const uint32_t NO_ROW = UINT32_MAX;

/* A job until it is asked for. */
typedef struct {
    uint64_t id_hash, out_hash;
    uint32_t text;   /* index into lines */
    uint32_t row;    /* of the table, or NO_ROW */
    uint32_t repeat; /* 0: not repeated; else from 1 */
    uint8_t kind;
    bool has_needs, left_out;
} entry;

/* A line that holds jobs. */
typedef struct {
    size_t offset;
    uint32_t size, number;
    uint32_t defaults; /* how many of the defaults stand above it */
} job_text;

typedef struct {
    size_t offset;
    uint32_t size;
} span;

struct job_file {
    file_mapping file;
    bool is_mapped;
    char *path, *out_folder;
    const char *answers; /* the folder that the answers to OpenAI requests lie in, with '/' */
    bool has_requests;
    table *rows;
    job_text *line;
    size_t lines, line_room;
    entry *entry;
    size_t entries, entry_room;
    span *defaults;
    size_t default_count, default_room;
    const char *template_id[MAX_TEMPLATES]; /* the ids of the lines below "rows", as written */
    size_t templates;
    uint32_t *id_slot, *out_slot; /* open hash tables of entry index plus 1 */
    size_t slots;
    size_t faults;
    arena *mem;     /* what lives as long as the file */
    arena *scratch; /* reset for every job */
    job_file_check check;
    job_file_report report;
    void *context;
};

const char *job_kind_name(job_kind kind)
{
    static const char *const NAMES[JOB_KINDS] = {"text", "image", "speak", "vocode", "embed"};
    return NAMES[kind];
}

static void fault(job_file *f, size_t line, size_t column, const char *format, ...) __attribute__((format(printf, 4, 5)));
static void fault(job_file *f, size_t line, size_t column, const char *format, ...)
{
    char message[512];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    f->faults++;
    if (f->report) f->report(f->context, line, column, message);
}

/* One more element of `size` bytes in a growing array. */
static bool grow(void **array, size_t count, size_t *room, size_t size, status *st)
{
    if (count < *room) return true;
    size_t wanted = *room ? 2 * *room : 64;
    void *grown = count < UINT32_MAX / 2 ? alloc_resize(*array, wanted, size, st) : NULL;
    if (!grown) return status_set(st, STATUS_INPUT, "more jobs than %zu", count);
    *array = grown, *room = wanted;
    return true;
}

/* ---- from a line to a job ---- */

/* What a place in a job's string may name while the job is made: columns are filled in; a job of the same row is named
 * by its full id; any other job stays. */
typedef struct {
    const job_file *f;
    const entry *e;
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
        if (p->e->row == NO_ROW) {
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
    const char *full = p->e->row != NO_ROW && is_template(p->f, name, id - 1)
                           ? job_name_of_row(name, id - 1, p->e->row, p->mem, st)
                           : job_name_concat(p->mem, name, id - 1, "", "", st);
    if (!full) return NULL;
    const char *what = job_name_concat(p->mem, name + id - 1, n - id + 1, "}}", "", st);
    const char *open = job_name_concat(p->mem, "{{", 2, full, "", st);
    return what && open ? job_name_concat(p->mem, open, strlen(open), what, "", st) : NULL;
}

static const char *fill(const job_file *f, const entry *e, const char *text, arena *mem, status *st)
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
static bool take_options(const job_file *f, const entry *e, job_line *fields, bool skip_unknown, arena *mem, job *j,
                         status *st)
{
    size_t own = j->option_count;
    for (size_t i = 0; i < fields->count; i++) {
        const job_field *x = &fields->field[i];
        fields->column = x->column;
        bool is_seed = strcmp(x->name, "seed") == 0;
        status unknown = {0};
        if (!is_seed && !f->check(f->context, j->kind, x->name, NULL, &unknown)) {
            if (skip_unknown) continue;
            *st = status_ok(st) ? unknown : *st;
            return false;
        }
        const char *value = fill(f, e, x->value, mem, st);
        if (!value || !add_option(j, x->name, value, own, st)) return false;
    }
    return true;
}

/* Where the value of an option stands in its job's line; 0 for one that comes from elsewhere. */
static size_t column_of(const job_line *fields, const char *name)
{
    for (size_t i = 0; i < fields->count; i++)
        if (strcmp(fields->field[i].name, name) == 0) return fields->field[i].column;
    return 0;
}

static bool take_seed(job *j, const entry *e, status *st)
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

/* "folder/jobs.jsonl" -> "jobs.answers/" */
static const char *name_answers(job_file *f, status *st)
{
    const char *slash = strrchr(f->path, '/'), *name = slash ? slash + 1 : f->path;
    size_t n = strlen(name);
    if (n > 6 && strcmp(name + n - 6, ".jsonl") == 0) n -= 6;
    return job_name_concat(f->mem, name, n < 200 ? n : 200, ".answers/", "", st);
}

static bool name_job(const job_file *f, const entry *e, const job_text *t, job_line *fields, arena *mem, job *j, status *st)
{
    char number[32];
    const char *id = fields->id;
    fields->column = fields->id_column;
    if (!id) {
        snprintf(number, sizeof number, "line-%u", t->number);
        id = job_name_concat(mem, number, strlen(number), "", "", st);
        if (id && e->row != NO_ROW) id = job_name_of_row(id, strlen(id), e->row, mem, st);
    } else if (e->row != NO_ROW && !strstr(id, "{{")) id = job_name_of_row(id, strlen(id), e->row, mem, st);
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
static bool make_job_of(const job_file *f, const entry *e, arena *mem, job *j, job_line *fields, status *st)
{
    const job_text *t = &f->line[e->text];
    *j = (job){.line = t->number};
    j->kind = fields->kind, j->form = fields->form, j->choices = fields->choices, j->format = fields->format;
    if (!name_job(f, e, t, fields, mem, j, st) || !take_options(f, e, fields, false, mem, j, st)) return false;
    for (uint32_t d = t->defaults; d-- > 0;) { /* the nearest first */
        job_line defaults;
        const span *s = &f->defaults[d];
        if (!job_line_read_defaults(&defaults, (const char *)f->file.data + s->offset, s->size, mem, st)) return false;
        if (defaults.has_kind && defaults.kind != j->kind) continue;
        if (!take_options(f, e, &defaults, !defaults.has_kind, mem, j, st)) return false;
    }
    fields->column = column_of(fields, "seed");
    return take_seed(j, e, st);
}

static bool make_job(const job_file *f, const entry *e, arena *mem, job *j, job_line *fields, status *st)
{
    const job_text *t = &f->line[e->text];
    return job_line_read(fields, (const char *)f->file.data + t->offset, t->size, mem, st) && make_job_of(f, e, mem, j, fields, st);
}

/* ---- between jobs ---- */

static const char *id_of(const job_file *f, size_t i, arena *mem)
{
    status st = {0};
    job j;
    job_line fields;
    return make_job(f, &f->entry[i], mem, &j, &fields, &st) ? j.id : "";
}

size_t job_file_find(const job_file *f, const char *id)
{
    uint64_t hash = job_name_hash(id);
    if (!f->slots) return SIZE_MAX;
    for (size_t s = (size_t)hash & (f->slots - 1); f->id_slot[s]; s = (s + 1) & (f->slots - 1)) {
        size_t i = f->id_slot[s] - 1;
        if (f->entry[i].id_hash != hash) continue;
        size_t mark = arena_mark(f->scratch);
        bool same = strcmp(id_of(f, i, f->scratch), id) == 0;
        arena_reset(f->scratch, mark);
        if (same) return i;
    }
    return SIZE_MAX;
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

static bool take_needs(const job_file *f, const entry *e, job_line *fields, arena *mem, job *j, status *st)
{
    fields->column = fields->needs_column;
    for (size_t i = 0; i < fields->need_count; i++) {
        const char *id = fields->need[i];
        id = e->row != NO_ROW && is_template(f, id, strlen(id)) ? job_name_of_row(id, strlen(id), e->row, mem, st) : fill(f, e, id, mem, st);
        if (!id || !add_need(f, j, id, st)) return false;
    }
    result_context r = {f, j, mem, NULL, NULL};
    for (size_t i = 0; i < j->option_count; i++) {
        fields->column = column_of(fields, j->option[i].name);
        if (!template_fill(j->option[i].value, result_place, &r, NULL, st)) return false;
    }
    return true;
}

/* The job, and its line, whose column tells where a fault is. */
static bool get(const job_file *f, size_t i, arena *mem, job *out, job_line *fields, status *st)
{
    return make_job(f, &f->entry[i], mem, out, fields, st) && (!f->entry[i].has_needs || take_needs(f, &f->entry[i], fields, mem, out, st));
}

bool job_file_get(const job_file *f, size_t i, arena *mem, job *out, status *st)
{
    job_line fields;
    return get(f, i, mem, out, &fields, st);
}

/* ---- the first pass ---- */

static bool values_are_good(job_file *f, const job *j, entry *e, job_line *fields, status *st)
{
    for (size_t i = 0; i < j->option_count; i++) {
        fields->column = column_of(fields, j->option[i].name);
        if (template_has_places(j->option[i].value)) e->has_needs = true; /* its value is known when those jobs are done */
        else if (!f->check(f->context, j->kind, j->option[i].name, j->option[i].value, st)) return false;
    }
    fields->column = fields->out_column;
    return job_path_check(j->out, st) && (!f->out_folder || job_path_check_links(f->out_folder, j->out, st));
}

static bool add_entry(job_file *f, const entry *e, status *st)
{
    if (!grow((void **)&f->entry, f->entries, &f->entry_room, sizeof *f->entry, st)) return false;
    f->entry[f->entries++] = *e;
    return true;
}

/* Makes the entries of one job line: for every row and repetition. A fault in the first row or so is enough. */
static bool add_jobs(job_file *f, job_line *fields, uint32_t text, status *st)
{
    size_t rows = f->rows ? table_rows(f->rows) : 1, shown = 0;
    for (size_t row = 0; row < rows; row++)
        for (uint32_t k = 0; k < fields->repeat; k++) {
            entry e = {.text = text, .row = f->rows ? (uint32_t)row : NO_ROW, .repeat = fields->repeat > 1 ? k + 1 : 0,
                       .kind = (uint8_t)fields->kind, .has_needs = fields->need_count > 0};
            status wrong = {0};
            job j;
            size_t mark = arena_mark(f->scratch);
            if (make_job_of(f, &e, f->scratch, &j, fields, &wrong) && values_are_good(f, &j, &e, fields, &wrong)) {
                e.id_hash = job_name_hash(j.id), e.out_hash = job_name_hash(j.out);
                if (!add_entry(f, &e, st)) return false;
                f->has_requests |= j.form != JOB_FORM_OWN;
            } else if (wrong.code == STATUS_NOMEM) {
                return status_set(st, STATUS_NOMEM, "%s", wrong.msg);
            } else if (shown++ < 10) fault(f, f->line[text].number, fields->column, "%s", wrong.msg);
            arena_reset(f->scratch, mark);
        }
    return true;
}

static bool set_rows(job_file *f, const char *path, size_t number, status *st)
{
    if (f->rows) {
        fault(f, number, 0, "a second \"rows\"; one table a job file");
        return true;
    }
    const char *slash = strrchr(f->path, '/');
    const char *full = path[0] == '/' || !slash ? path : job_name_concat(f->mem, f->path, (size_t)(slash - f->path) + 1, path, "", st);
    status wrong = {0};
    if (full) f->rows = table_open(full, &wrong);
    if (full && !f->rows) fault(f, number, 0, "%s", wrong.msg);
    return full != NULL;
}

static bool read_line(job_file *f, size_t offset, size_t size, size_t number, status *st)
{
    job_line fields;
    status wrong = {0};
    const char *text = (const char *)f->file.data + offset;
    size_t mark = arena_mark(f->scratch);
    bool good = job_line_read(&fields, text, size, f->scratch, &wrong), ok = true;
    if (!good) fault(f, number, fields.column, "%s", wrong.msg);
    else if (fields.rows) ok = set_rows(f, fields.rows, number, st);
    else if (fields.is_defaults) {
        ok = grow((void **)&f->defaults, f->default_count, &f->default_room, sizeof *f->defaults, st);
        if (ok) f->defaults[f->default_count++] = (span){offset, (uint32_t)size};
    } else if ((ok = grow((void **)&f->line, f->lines, &f->line_room, sizeof *f->line, st))) {
        f->line[f->lines++] = (job_text){offset, (uint32_t)size, (uint32_t)number, (uint32_t)f->default_count};
        if (f->rows && fields.id && f->templates < MAX_TEMPLATES && !strstr(fields.id, "{{"))
            f->template_id[f->templates++] = job_name_concat(f->mem, fields.id, strlen(fields.id), "", "", st);
        ok = status_ok(st) && add_jobs(f, &fields, (uint32_t)(f->lines - 1), st);
    }
    arena_reset(f->scratch, mark);
    return ok;
}

static bool read_lines(job_file *f, status *st)
{
    const char *s = f->file.data;
    size_t number = 1, at = f->file.size >= 3 && memcmp(s, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    for (; at < f->file.size; number++) {
        const char *stop = memchr(s + at, '\n', f->file.size - at);
        size_t end = stop ? (size_t)(stop - s) : f->file.size, first = at;
        while (first < end && strchr(" \t\r", s[first])) first++;
        if (first < end && end - at > UINT32_MAX / 2) fault(f, number, 0, "the line is too long");
        else if (first < end && !read_line(f, at, end - at, number, st)) return false;
        at = stop ? end + 1 : end;
    }
    return true;
}

/* ---- the second pass ---- */

static const char *out_of(const job_file *f, size_t i, arena *mem)
{
    status st = {0};
    job j;
    job_line fields;
    return make_job(f, &f->entry[i], mem, &j, &fields, &st) ? j.out : "";
}

/* The column of entry i's id or output. */
static size_t place_of_name(const job_file *f, size_t i, bool by_out)
{
    status st = {0};
    job_line fields;
    const job_text *t = &f->line[f->entry[i].text];
    if (!job_line_read(&fields, (const char *)f->file.data + t->offset, t->size, f->scratch, &st)) return 0;
    return by_out ? fields.out_column : fields.id_column;
}

/* Puts entry i into a hash table; when another one there has the same text, tells so and leaves entry i out. */
static void insert(job_file *f, uint32_t *slot, size_t i, bool by_out)
{
    uint64_t hash = by_out ? f->entry[i].out_hash : f->entry[i].id_hash;
    size_t s = (size_t)hash & (f->slots - 1);
    for (; slot[s]; s = (s + 1) & (f->slots - 1)) {
        size_t other = slot[s] - 1;
        if ((by_out ? f->entry[other].out_hash : f->entry[other].id_hash) != hash) continue;
        size_t mark = arena_mark(f->scratch);
        const char *a = (by_out ? out_of : id_of)(f, i, f->scratch), *b = (by_out ? out_of : id_of)(f, other, f->scratch);
        bool same = strcmp(a, b) == 0;
        if (same)
            fault(f, f->line[f->entry[i].text].number, place_of_name(f, i, by_out), "the %s '%.80s' is taken by the job of line %u", by_out ? "output" : "id",
                  a, f->line[f->entry[other].text].number);
        arena_reset(f->scratch, mark);
        if (!same) continue;
        f->entry[i].left_out = true;
        return;
    }
    slot[s] = (uint32_t)i + 1;
}

static bool check_names(job_file *f, status *st)
{
    for (f->slots = 64; f->slots < 2 * f->entries; f->slots *= 2) {}
    f->id_slot = alloc_zeroed(f->slots, sizeof *f->id_slot, st);
    f->out_slot = alloc_zeroed(f->slots, sizeof *f->out_slot, st);
    if (!f->id_slot || !f->out_slot) return false;
    for (size_t i = 0; i < f->entries; i++) {
        insert(f, f->id_slot, i, false);
        if (!f->entry[i].left_out) insert(f, f->out_slot, i, true);
    }
    return true;
}

static bool check_needs(job_file *f, status *st)
{
    for (size_t i = 0; i < f->entries && status_ok(st); i++) {
        entry *e = &f->entry[i];
        if (e->left_out || !e->has_needs) continue;
        size_t mark = arena_mark(f->scratch);
        job j;
        job_line fields;
        status wrong = {0};
        if (!get(f, i, f->scratch, &j, &fields, &wrong)) {
            e->left_out = true;
            fault(f, f->line[e->text].number, fields.column, "%s", wrong.msg);
        }
        arena_reset(f->scratch, mark);
    }
    return status_ok(st);
}

/* A job that needs one with a fault has a fault itself. */
static void leave_out_with(job_file *f, size_t i, size_t need)
{
    size_t mark = arena_mark(f->scratch);
    fault(f, f->line[f->entry[i].text].number, 0, "it needs '%.80s', which has a fault", id_of(f, need, f->scratch));
    arena_reset(f->scratch, mark);
    f->entry[i].left_out = true;
}

/* Takes jobs away that wait for none, and so on (Kahn 1962); gives how many. ready: room for all. */
static size_t take_away(job_file *f, job_graph *g, uint32_t *ready)
{
    size_t taken = 0, count = 0, n;
    for (size_t i = 0; i < f->entries; i++)
        if (job_graph_pending(g, i) == 0) ready[count++] = (uint32_t)i;
    for (; taken < count; taken++) {
        size_t i = ready[taken];
        const uint32_t *waiting = job_graph_waiting(g, i, &n);
        job_graph_done(g, i);
        for (size_t k = 0; k < n; k++) {
            if (f->entry[i].left_out && !f->entry[waiting[k]].left_out) leave_out_with(f, waiting[k], i);
            if (job_graph_pending(g, waiting[k]) == 0) ready[count++] = waiting[k];
        }
    }
    return taken;
}

/* Jobs whose needs go in a circle, or to a job with a fault. */
static bool check_circles(job_file *f, status *st)
{
    bool any = false;
    for (size_t i = 0; i < f->entries; i++) {
        if (f->entry[i].left_out) f->entry[i].has_needs = false; /* nobody asks any more */
        any |= f->entry[i].has_needs;
    }
    if (!any) return true;
    job_graph *g = job_graph_new(f, st);
    uint32_t *ready = g ? alloc_array(f->entries, sizeof *ready, st) : NULL;
    if (ready && take_away(f, g, ready) < f->entries)
        for (size_t i = 0; i < f->entries; i++) {
            if (job_graph_pending(g, i) == 0 || f->entry[i].left_out) continue;
            f->entry[i].left_out = true;
            fault(f, f->line[f->entry[i].text].number, 0, "its needs go in a circle");
        }
    alloc_free(ready);
    job_graph_free(g);
    return status_ok(st);
}

/* Takes the jobs with faults out. Their names stay taken in the hash tables' terms, so those are made again. */
static bool drop_faulty(job_file *f, status *st)
{
    size_t kept = 0;
    for (size_t i = 0; i < f->entries; i++)
        if (!f->entry[i].left_out) f->entry[kept++] = f->entry[i];
    if (kept == f->entries) return true;
    f->entries = kept;
    alloc_free(f->id_slot);
    alloc_free(f->out_slot);
    f->id_slot = f->out_slot = NULL;
    return check_names(f, st);
}

static job_file *open_file(const char *path, const void *data, size_t size, const char *out_folder, job_file_check check,
                           job_file_report report, void *context, status *st)
{
    job_file *f = alloc_zeroed(1, sizeof *f, st);
    if (!f) return NULL;
    f->check = check, f->report = report, f->context = context;
    f->path = alloc_string(path, strlen(path), st);
    f->out_folder = out_folder ? alloc_string(out_folder, strlen(out_folder), st) : NULL;
    f->mem = arena_new(st);
    f->scratch = arena_new(st);
    f->is_mapped = !data;
    if (data) f->file = (file_mapping){data, size};
    if (status_ok(st) && (f->answers = name_answers(f, st)) && (data || file_map(&f->file, path, st)) && read_lines(f, st) && check_names(f, st) &&
        check_needs(f, st) && check_circles(f, st) && drop_faulty(f, st))
        return f;
    job_file_close(f);
    return NULL;
}

job_file *job_file_open(const char *path, const char *out_folder, job_file_check check, job_file_report report, void *context, status *st)
{
    return open_file(path, NULL, 0, out_folder, check, report, context, st);
}

job_file *job_file_open_bytes(const char *path, const void *data, size_t size, const char *out_folder, job_file_check check,
                              job_file_report report, void *context, status *st)
{
    return open_file(path, data, size, out_folder, check, report, context, st);
}

void job_file_close(job_file *f)
{
    if (!f) return;
    table_close(f->rows);
    if (f->is_mapped) file_unmap(&f->file);
    arena_free(f->mem);
    arena_free(f->scratch);
    alloc_free(f->path);
    alloc_free(f->out_folder);
    alloc_free(f->line);
    alloc_free(f->entry);
    alloc_free(f->defaults);
    alloc_free(f->id_slot);
    alloc_free(f->out_slot);
    alloc_free(f);
}

size_t job_file_count(const job_file *f) { return f->entries; }

size_t job_file_faults(const job_file *f) { return f->faults; }

job_kind job_file_kind(const job_file *f, size_t i) { return (job_kind)f->entry[i].kind; }

bool job_file_has_requests(const job_file *f) { return f->has_requests; }

bool job_file_has_needs(const job_file *f, size_t i) { return f->entry[i].has_needs; }
