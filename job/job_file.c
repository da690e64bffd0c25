/* job_file: one pass over the lines makes the entries and reports what is wrong within a line; a second (job_check.c) checks
 * what lies between lines. */
#include "job/job_file.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "job/job_file_parts.h"
#include "job/job_name.h"
#include "job/job_path.h"
#include "core/alloc.h"
#include "core/name_hash.h"

static bool grow(void **array, size_t count, size_t *room, size_t size, status *st);

/* The answer to a request with a fault names it; a line without any place to put that is answered like any other. */
static void keep_refused(job_file *f, const job_text *line, const char *message)
{
    status st = {0};
    const char *id = NULL;
    if (!job_line_is_request((const char *)f->file.data + line->offset, line->size, f->mem, &id, &st)) return;
    f->has_requests = true;
    if (f->refused_count && f->refused[f->refused_count - 1].line == line->number) return; /* one answer a line */
    const char *copy = job_name_concat(f->mem, message, strlen(message), "", "", &st);
    if (copy && grow((void **)&f->refused, f->refused_count, &f->refused_room, sizeof *f->refused, &st))
        f->refused[f->refused_count++] = (job_refused){line->number, id, copy};
}

void job_file_fault(job_file *f, const job_text *line, size_t column, const char *format, ...)
{
    char message[512];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    f->faults++;
    if (f->hooks.report) f->hooks.report(f->hooks.context, line->number, column, message);
    keep_refused(f, line, message);
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

/* ---- the first pass ---- */

/* Whether an output may have this name: inside the folder, behind no link, and no file of the run itself. */
static bool output_is_free(job_file *f, const char *out, status *st)
{
    if (!job_path_check(out, st)) return false;
    return !f->where.out_folder || (job_path_check_links(f->where.out_folder, out, &f->absent, st) && job_path_check_taken(f->path, &f->where, out, st));
}

/* No job of our own form writes among the answers to requests. */
static bool lies_apart(const job_file *f, const char *out, status *st)
{
    return strncmp(out, f->answers, strlen(f->answers)) != 0 ||
           status_set(st, STATUS_USAGE, "\"out\" '%.60s' lies in %.60s, where the answers to requests go", out, f->answers);
}

/* The same of the record that lies beside a text, as the folders now stand. */
static bool record_is_free(job_file *f, const job *j, status *st)
{
    if (!f->where.out_folder || j->kind != KIND_TEXT || j->form != JOB_FORM_OWN) return true;
    const char *name = job_name_concat(f->scratch, j->out, strlen(j->out), ".origin.json", "", st);
    return name && job_path_check_links(f->where.out_folder, name, &f->absent, st);
}

/* Remembers the folders that this output makes, of which none may be another's file. */
static bool keep_folders(job_file *f, const char *out, status *st)
{
    const char *end = strrchr(out, '/');
    size_t n = end ? (size_t)(end - out) : 0;
    if (!n || (f->last_folder && strlen(f->last_folder) == n && memcmp(f->last_folder, out, n) == 0)) return true;
    for (const char *s = strchr(out, '/'); s; s = strchr(s + 1, '/')) {
        bool there;
        const char *name = job_name_concat(f->scratch, out, (size_t)(s - out), "", "", st);
        if (!name || !job_names_add(&f->folders, name, f->mem, &there, st)) return false;
    }
    return (f->last_folder = job_name_concat(f->mem, out, n, "", "", st)) != NULL;
}

static bool values_are_good(job_file *f, const job *j, job_entry *e, job_line *fields, status *st)
{
    for (size_t i = 0; i < j->option_count; i++) {
        fields->column = job_line_column(fields, j->option[i].name);
        e->has_more |= (j->option[i].about & OPTION_WRITES) != 0;
        e->has_files |= (j->option[i].about & OPTION_READS) != 0;
        if (j->option[i].waits) e->has_needs = true; /* its value is known when those jobs are done */
        else if (!f->hooks.check(f->hooks.context, j->kind, j->option[i].name, j->option[i].value, st)) return false;
        else if ((j->option[i].about & OPTION_WRITES) && !output_is_free(f, j->option[i].value, st)) return false;
    }
    fields->column = fields->out_column;
    if (j->kind == KIND_TEXT && j->form == JOB_FORM_OWN && !job_path_check_record(j->out, st)) return false;
    if (j->form == JOB_FORM_OWN && !lies_apart(f, j->out, st)) return false;
    if (!output_is_free(f, j->out, st) || !record_is_free(f, j, st) || !keep_folders(f, j->out, st)) return false;
    const char *at = NULL;
    if (!f->hooks.whole || f->hooks.whole(f->hooks.context, j, &at, st)) return true;
    fields->column = at && strcmp(at, "out") == 0 ? fields->out_column : at ? job_line_column(fields, at) : 1;
    return false;
}

/* Room for one line's jobs, which are counted before any is made: of rows and repetitions there may be too many. */
static bool jobs_fit(job_file *f, const job_line *fields, uint32_t text, size_t rows, status *st)
{
    const job_text *t = &f->line[text];
    uint64_t each = t->size, jobs = (uint64_t)rows * fields->repeat;
    for (uint32_t d = 0; d < t->defaults; d++) each += f->defaults[d].size;
    if (f->rows) each += table_row_bytes(f->rows);
    if (jobs > JOB_MAX_JOBS - f->entries)
        return status_set(st, STATUS_USAGE, "%zu rows with %u repetitions make %" PRIu64 " jobs, at most %d in a file wanted", rows, fields->repeat, jobs, JOB_MAX_JOBS);
    if (jobs * each > JOB_MAX_BYTES - f->bytes)
        return status_set(st, STATUS_USAGE, "%" PRIu64 " jobs of %" PRIu64 " bytes each (with defaults and row), all of a file's at most %" PRIu64 " bytes wanted", jobs, each, JOB_MAX_BYTES);
    f->bytes += jobs * each;
    return true;
}

static bool add_entry(job_file *f, const job_entry *e, status *st)
{
    if (!grow((void **)&f->entry, f->entries, &f->entry_room, sizeof *f->entry, st)) return false;
    f->entry[f->entries++] = *e;
    return true;
}

/* The names of a request's pictures: that of its answer, numbered from the second on. */
static bool add_pictures(job_file *f, const job *j, status *st)
{
    const char *dot = strrchr(j->out, '.');
    for (uint32_t k = 1; k <= j->choices; k++) {
        char number[24] = "";
        if (k > 1) snprintf(number, sizeof number, "-%u", k);
        const char *name = job_name_concat(f->scratch, j->out, (size_t)(dot - j->out), number, ".png", st);
        if (!name || !grow((void **)&f->picture, f->pictures, &f->picture_room, sizeof *f->picture, st)) return false;
        f->picture[f->pictures++] = (job_picture){name_hash(name, strlen(name)), (uint32_t)(f->entries - 1)};
    }
    return true;
}

/* Makes the entries of one job line: for every row and repetition. A fault in the first row or so is enough. */
static bool add_jobs(job_file *f, job_line *fields, uint32_t text, status *st)
{
    size_t rows = f->rows ? table_rows(f->rows) : 1, shown = 0;
    status many = {0};
    if (!jobs_fit(f, fields, text, rows, &many)) {
        job_file_fault(f, &f->line[text], 0, "%s", many.msg);
        return true;
    }
    for (size_t row = 0; row < rows; row++)
        for (uint32_t k = 0; k < fields->repeat; k++) {
            job_entry e = {.text = text, .row = f->rows ? (uint32_t)row : JOB_NO_ROW, .repeat = fields->repeat > 1 ? k + 1 : 0,
                       .kind = (uint8_t)fields->kind, .has_needs = fields->need_count > 0};
            status wrong = {0};
            job j;
            size_t mark = arena_mark(f->scratch);
            if (job_make_of(f, &e, f->scratch, &j, fields, &wrong) && values_are_good(f, &j, &e, fields, &wrong)) {
                e.id_hash = name_hash(j.id, strlen(j.id)), e.out_hash = name_hash(j.out, strlen(j.out));
                if (!add_entry(f, &e, st) || (j.form == JOB_FORM_IMAGE && !add_pictures(f, &j, st))) return false;
                f->has_requests |= j.form != JOB_FORM_OWN;
            } else if (wrong.code == STATUS_NOMEM) {
                return status_set(st, STATUS_NOMEM, "%s", wrong.msg);
            } else if (shown++ < 10) job_file_fault(f, &f->line[text], fields->column, "%s", wrong.msg);
            arena_reset(f->scratch, mark);
        }
    return true;
}

static bool set_rows(job_file *f, const char *path, const job_text *line, status *st)
{
    if (f->rows) {
        job_file_fault(f, line, 1, "a second \"rows\"; one table a job file");
        return true;
    }
    const char *full = job_name_beside(f->path, path, f->mem, st);
    status wrong = {0};
    f->rows_path = full ? job_name_concat(f->mem, full, strlen(full), "", "", st) : NULL; /* path lies in scratch */
    if (full) f->rows = table_open(full, &wrong);
    if (full && !f->rows) job_file_fault(f, line, 1, "%s", wrong.msg), f->rows_failed = true;
    return full != NULL;
}

/* A default for all kinds need not be an option of each, but of one it must be. */
static bool defaults_are_known(job_file *f, const job_text *line, const job_line *fields)
{
    bool all = true;
    for (size_t i = 0; i < fields->count; i++) {
        status unknown = {0}, ignored;
        bool known = strcmp(fields->field[i].name, "seed") == 0;
        for (int k = 0; k < KIND_COUNT && !known; k++) {
            ignored = (status){0};
            known = f->hooks.find(f->hooks.context, (request_kind)k, fields->field[i].name, k ? &ignored : &unknown) != NULL;
        }
        if (!known) job_file_fault(f, line, fields->field[i].column, "\"defaults\": '%.60s' is an option of no kind of job", fields->field[i].name);
        all = all && known;
    }
    return all;
}

static bool read_line(job_file *f, const job_text *line, status *st)
{
    job_line fields;
    status wrong = {0};
    const char *text = (const char *)f->file.data + line->offset;
    size_t mark = arena_mark(f->scratch);
    bool good = job_line_read(&fields, text, line->size, f->scratch, &wrong), ok = true;
    if (!good) job_file_fault(f, line, fields.column, "%s", wrong.msg);
    else if (fields.rows) ok = set_rows(f, fields.rows, line, st);
    else if (fields.is_defaults && f->default_count == JOB_MAX_DEFAULTS) job_file_fault(f, line, 0, "more than %d lines of \"defaults\"", JOB_MAX_DEFAULTS);
    else if (fields.is_defaults && !defaults_are_known(f, line, &fields)) {
    } else if (fields.is_defaults) {
        ok = grow((void **)&f->defaults, f->default_count, &f->default_room, sizeof *f->defaults, st);
        if (ok) f->defaults[f->default_count++] = (job_span){line->offset, line->size};
    } else if ((ok = grow((void **)&f->line, f->lines, &f->line_room, sizeof *f->line, st))) {
        f->line[f->lines++] = *line;
        if (f->rows && fields.id && f->templates < JOB_MAX_TEMPLATES && !strstr(fields.id, "{{"))
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
        while (first < end && memchr(" \t\r", s[first], 3)) first++;
        bool whole = end - at <= UINT32_MAX / 2;
        job_text line = {at, whole ? (uint32_t)(end - at) : 0, (uint32_t)number, (uint32_t)f->default_count};
        if (first < end && !whole) job_file_fault(f, &line, 1, "the line is too long");
        else if (first < end && !read_line(f, &line, st)) return false;
        at = stop ? end + 1 : end;
    }
    return true;
}

/* ---- opening and asking ---- */

/* "folder/jobs.jsonl" -> "jobs.answers/" */
static const char *name_answers(job_file *f, status *st)
{
    const char *slash = strrchr(f->path, '/'), *name = slash ? slash + 1 : f->path;
    size_t n = strlen(name);
    if (n > 6 && strcmp(name + n - 6, ".jsonl") == 0) n -= 6;
    return job_name_concat(f->mem, name, n < 200 ? n : 200, ".answers/", "", st);
}

static int by_line(const void *a, const void *b)
{
    const job_refused *x = a, *y = b;
    return (x->line > y->line) - (x->line < y->line);
}

static job_file *open_file(const char *path, const void *data, size_t size, const job_file_where *where, const job_file_hooks *hooks, status *st)
{
    job_file *f = alloc_zeroed(1, sizeof *f, st);
    if (!f) return NULL;
    f->hooks = *hooks;
    f->path = alloc_string(path, strlen(path), st);
    f->where = *where;
    f->mem = arena_new(st);
    f->scratch = arena_new(st);
    f->is_mapped = !data;
    if (data) f->file = (file_mapping){data, size};
    if (status_ok(st) && job_path_check_own(where, st) && (f->answers = name_answers(f, st)) && (data || file_map(&f->file, path, st)) && read_lines(f, st) && job_check_names(f, st) &&
        job_check_needs(f, st)) {
        if (f->refused_count) qsort(f->refused, f->refused_count, sizeof *f->refused, by_line);
        return f;
    }
    job_file_close(f);
    return NULL;
}

job_file *job_file_open(const char *path, const job_file_where *where, const job_file_hooks *hooks, status *st)
{
    return open_file(path, NULL, 0, where, hooks, st);
}

job_file *job_file_open_bytes(const char *path, const void *data, size_t size, const job_file_where *where, const job_file_hooks *hooks, status *st)
{
    return open_file(path, data, size, where, hooks, st);
}

void job_file_close(job_file *f)
{
    if (!f) return;
    table_close(f->rows);
    if (f->is_mapped) file_unmap(&f->file);
    arena_free(f->mem);
    arena_free(f->scratch);
    alloc_free(f->path);
    alloc_free(f->line);
    alloc_free(f->entry);
    alloc_free(f->picture);
    alloc_free(f->defaults);
    alloc_free(f->refused);
    alloc_free(f->folders.name);
    alloc_free(f->id_slot);
    alloc_free(f->out_slot);
    alloc_free(f);
}

size_t job_file_count(const job_file *f) { return f->entries; }

size_t job_file_faults(const job_file *f) { return f->faults; }

request_kind job_file_kind(const job_file *f, size_t i) { return (request_kind)f->entry[i].kind; }

bool job_file_has_requests(const job_file *f) { return f->has_requests; }

const job_refused *job_file_refused(const job_file *f, size_t *count)
{
    *count = f->refused_count;
    return f->refused;
}

bool job_file_has_needs(const job_file *f, size_t i) { return f->entry[i].has_needs; }
