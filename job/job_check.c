/* job_check: what lies between the jobs of a file: ids and outputs that come twice, needs that are missing or go in a circle. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "job/job_file_parts.h"
#include "job/job_graph.h"
#include "job/job_inputs.h"
#include "job/job_name.h"
#include "job/job_path.h"
#include "core/alloc.h"
#include "core/file.h"
#include "core/name_hash.h"

/* The column of entry i's id or output. */
static size_t place_of_name(const job_file *f, size_t i, bool by_out)
{
    status st = {0};
    job_line fields;
    const job_text *t = &f->line[f->entry[i].text];
    if (!job_line_read(&fields, (const char *)f->file.data + t->offset, t->size, f->scratch, &st)) return 0;
    return by_out ? fields.out_column : fields.id_column;
}

/* Leaves entry i out because its id or output is that of `other` too. */
static void leave_out(job_file *f, size_t i, size_t other, bool by_out, const char *what)
{
    size_t mark = arena_mark(f->scratch);
    job_file_fault(f, &f->line[f->entry[i].text], place_of_name(f, i, by_out), "the %s '%.80s' is taken by the job of line %u", what,
                   (by_out ? job_make_out : job_make_id)(f, i, f->scratch), f->line[f->entry[other].text].number);
    arena_reset(f->scratch, mark);
    f->entry[i].left_out = true;
}

/* Puts entry i into a hash table; when another one there has the same name, tells so and leaves entry i out. */
static void insert(job_file *f, uint32_t *slot, size_t i, bool by_out)
{
    uint64_t hash = by_out ? f->entry[i].out_hash : f->entry[i].id_hash;
    size_t s = (size_t)hash & (f->slots - 1);
    for (; slot[s]; s = (s + 1) & (f->slots - 1)) {
        size_t other = slot[s] - 1;
        if ((by_out ? f->entry[other].out_hash : f->entry[other].id_hash) != hash) continue;
        leave_out(f, i, other, by_out, by_out ? "output" : "id");
        return;
    }
    slot[s] = (uint32_t)i + 1;
}

/* ---- further outputs ---- */

static bool grow_set(job_names *s, status *st)
{
    if (s->slots && 2 * s->count < s->slots) return true;
    job_names larger = {.slots = s->slots ? 2 * s->slots : 64, .count = s->count};
    larger.name = alloc_zeroed(larger.slots, sizeof *larger.name, st);
    for (size_t i = 0; larger.name && i < s->slots; i++) {
        if (!s->name[i]) continue;
        size_t k = (size_t)name_hash(s->name[i], strlen(s->name[i])) & (larger.slots - 1);
        while (larger.name[k]) k = (k + 1) & (larger.slots - 1);
        larger.name[k] = s->name[i];
    }
    if (!larger.name) return false;
    alloc_free(s->name);
    *s = larger;
    return true;
}

bool job_names_add(job_names *s, const char *name, arena *mem, bool *there, status *st)
{
    if (!grow_set(s, st)) return false;
    size_t k = (size_t)name_hash(name, strlen(name)) & (s->slots - 1);
    while (s->name[k] && strcmp(s->name[k], name) != 0) k = (k + 1) & (s->slots - 1);
    *there = s->name[k] != NULL;
    if (*there) return true;
    const char *kept = mem ? job_name_concat(mem, name, strlen(name), "", "", st) : name;
    s->count += kept != NULL;
    return (s->name[k] = kept) != NULL;
}

/* The further outputs of entry i: none may be another's, or any job's "out". */
static bool check_outputs_of(job_file *f, size_t i, job_names *s, status *st)
{
    job j;
    job_line fields;
    status wrong = {0};
    size_t mark = arena_mark(f->scratch);
    bool there, made = job_make(f, &f->entry[i], f->scratch, &j, &fields, &wrong);
    for (size_t k = 0; made && k < j.option_count && status_ok(st); k++) {
        const char *value = j.option[k].value, *kept = (j.option[k].about & OPTION_WRITES) ? job_name_concat(f->mem, value, strlen(value), "", "", st) : NULL;
        if (!kept || !job_names_add(s, kept, NULL, &there, st) || (!there && job_file_find_out(f, kept) == SIZE_MAX)) continue;
        job_file_fault(f, &f->line[f->entry[i].text], job_line_column(&fields, j.option[k].name), "the output '%.80s' comes twice", kept);
        f->entry[i].left_out = true;
        break;
    }
    arena_reset(f->scratch, mark);
    return status_ok(st);
}

static bool check_outputs(job_file *f, status *st)
{
    job_names s = {0};
    for (size_t i = 0; i < f->entries && status_ok(st); i++)
        if (f->entry[i].has_more && !f->entry[i].left_out) check_outputs_of(f, i, &s, st);
    alloc_free(s.name);
    return status_ok(st);
}

/* ---- pictures of requests ---- */

static int by_hash(const void *a, const void *b)
{
    const job_picture *x = a, *y = b;
    if (x->hash != y->hash) return x->hash < y->hash ? -1 : 1;
    return x->entry < y->entry ? -1 : x->entry > y->entry;
}

/* "a" with two pictures writes a-2.png, and so would a request "a-2". Once: later the entries have moved. */
static void check_pictures(job_file *f)
{
    if (f->pictures) qsort(f->picture, f->pictures, sizeof *f->picture, by_hash);
    for (size_t i = 1; i < f->pictures; i++) {
        const job_picture *x = &f->picture[i - 1], *y = &f->picture[i];
        if (x->hash == y->hash && x->entry != y->entry && !f->entry[y->entry].left_out) leave_out(f, y->entry, x->entry, true, "picture of");
    }
    f->pictures = 0;
}

bool job_check_names(job_file *f, status *st)
{
    for (f->slots = 64; f->slots < 2 * f->entries; f->slots *= 2) {}
    f->id_slot = alloc_zeroed(f->slots, sizeof *f->id_slot, st);
    f->out_slot = alloc_zeroed(f->slots, sizeof *f->out_slot, st);
    if (!f->id_slot || !f->out_slot) return false;
    for (size_t i = 0; i < f->entries; i++) {
        insert(f, f->id_slot, i, false);
        if (!f->entry[i].left_out) insert(f, f->out_slot, i, true);
    }
    check_pictures(f);
    return check_outputs(f, st);
}

static bool find_needs(job_file *f, status *st)
{
    for (size_t i = 0; i < f->entries && status_ok(st); i++) {
        job_entry *e = &f->entry[i];
        if (e->left_out || !e->has_needs) continue;
        size_t mark = arena_mark(f->scratch);
        job j;
        job_line fields;
        status wrong = {0};
        if (!job_make_whole(f, i, f->scratch, &j, &fields, &wrong)) {
            e->left_out = true;
            job_file_fault(f, &f->line[e->text], fields.column, "%s", wrong.msg);
        }
        arena_reset(f->scratch, mark);
    }
    return status_ok(st);
}

/* ---- files that one job reads and another writes ---- */

/* The index of the job that writes this file, or SIZE_MAX. It is the file that counts, not how its path is spelt: what is there
 * already is looked at behind its links. */
static size_t writer_of_path(const job_file *f, const char *real_folder, const char *path)
{
    char real[PATH_MAX];
    return *real_folder && realpath(path, real) ? job_file_find_path(f, real_folder, real) : job_file_find_path(f, f->where.out_folder, path);
}

/* The path that an option of a job names, in scratch. */
static const char *path_of_option(job_file *f, const job_option *o, status *st)
{
    const char *name = job_name_concat(f->scratch, o->value, job_inputs_path_size(o), "", "", st);
    return name ? job_name_beside(f->path, name, f->scratch, st) : NULL;
}

/* Which of the files that the run writes this is: "journal", "answers", or NULL. */
static const char *written_by_run(const job_file *f, const char *path)
{
    for (int i = JOB_FILE_JOURNAL; i <= JOB_FILE_ANSWERS; i++)
        if (f->where.taken[i] && job_path_same(path, f->where.taken[i])) return i == JOB_FILE_JOURNAL ? "journal" : "answers";
    return NULL;
}

/* Nothing that a job reads may be what itself writes, or what another one does that it does not wait for: whether the old file or
 * the new one were read would be chance, and the old one would be gone. */
static bool check_files_of(job_file *f, size_t i, const char *real_folder, status *st)
{
    job j;
    job_line fields;
    status wrong = {0};
    size_t mark = arena_mark(f->scratch);
    bool made = job_make_whole(f, i, f->scratch, &j, &fields, &wrong);
    for (size_t k = 0; made && k < j.option_count && !f->entry[i].left_out; k++) {
        const job_option *o = &j.option[k];
        const char *path = o->waits || !(o->about & OPTION_READS) ? NULL : path_of_option(f, o, st);
        size_t writer = path ? writer_of_path(f, real_folder, path) : SIZE_MAX, n = 0;
        const char *written = path ? written_by_run(f, path) : NULL;
        if (written) {
            job_file_fault(f, &f->line[f->entry[i].text], job_line_column(&fields, o->name), "the \"%s\" '%.80s' is the %s of this run", o->name, o->value, written);
            f->entry[i].left_out = true;
        }
        if (writer == SIZE_MAX || f->entry[i].left_out) continue;
        while (n < j.need_count && j.need[n] != writer) n++;
        if (n < j.need_count) continue;
        size_t column = job_line_column(&fields, o->name);
        const job_text *line = &f->line[f->entry[i].text];
        if (writer == i) job_file_fault(f, line, column, "the \"%s\" '%.80s' is the job's own output", o->name, o->value);
        else job_file_fault(f, line, column, "the \"%s\" '%.80s' is the output of the job of line %u, which this one does not wait for: \"needs\": [\"%.80s\"] wanted", o->name,
                            o->value, f->line[f->entry[writer].text].number, job_make_id(f, writer, f->scratch));
        f->entry[i].left_out = true;
        if (writer != i && file_exists(path) && !f->entry[writer].left_out) { /* or the file would be gone */
            job_file_fault(f, &f->line[f->entry[writer].text], place_of_name(f, writer, true), "the output '%.80s' is there, and the job of line %u reads it", job_make_out(f, writer, f->scratch), line->number);
            f->entry[writer].left_out = true;
        }
    }
    arena_reset(f->scratch, mark);
    return status_ok(st);
}

/* The table that jobs are made of is no job's output, nor the run's journal or answers. */
static bool check_rows(job_file *f, const char *real_folder, status *st)
{
    const char *written = f->rows_path ? written_by_run(f, f->rows_path) : NULL;
    if (written) return status_set(st, STATUS_USAGE, "%s: the table of \"rows\" and the %s would be one file", f->rows_path, written);
    size_t writer = f->rows_path ? writer_of_path(f, real_folder, f->rows_path) : SIZE_MAX;
    if (writer == SIZE_MAX || f->entry[writer].left_out) return true;
    job_file_fault(f, &f->line[f->entry[writer].text], place_of_name(f, writer, true), "the output '%.80s' is the table of \"rows\"", job_make_out(f, writer, f->scratch));
    f->entry[writer].left_out = true;
    return true;
}

/* No output is a folder that others lie in. */
static void check_folders(job_file *f)
{
    for (size_t i = 0; i < f->folders.slots; i++) {
        size_t writer = f->folders.name[i] ? job_file_find_out(f, f->folders.name[i]) : SIZE_MAX;
        if (writer == SIZE_MAX || f->entry[writer].left_out) continue;
        job_file_fault(f, &f->line[f->entry[writer].text], place_of_name(f, writer, true), "the output '%.80s' is the folder of other outputs", f->folders.name[i]);
        f->entry[writer].left_out = true;
    }
}

static bool check_files(job_file *f, status *st)
{
    char real_folder[PATH_MAX] = "";
    check_folders(f);
    if (!f->where.out_folder) return true;
    if (!realpath(f->where.out_folder, real_folder)) real_folder[0] = 0; /* it is made when the jobs run */
    if (!check_rows(f, real_folder, st)) return false;
    for (size_t i = 0; i < f->entries && status_ok(st); i++)
        if (f->entry[i].has_files && !f->entry[i].left_out) check_files_of(f, i, real_folder, st);
    return status_ok(st);
}

/* ---- circles ---- */

/* A job that needs one with a fault has a fault itself. */
static void leave_out_with(job_file *f, size_t i, size_t need)
{
    size_t mark = arena_mark(f->scratch);
    job_file_fault(f, &f->line[f->entry[i].text], 0, "it needs '%.80s', which has a fault", job_make_id(f, need, f->scratch));
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
            job_file_fault(f, &f->line[f->entry[i].text], 0, "its needs go in a circle");
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
    return job_check_names(f, st);
}

bool job_check_needs(job_file *f, status *st) { return find_needs(f, st) && check_files(f, st) && check_circles(f, st) && drop_faulty(f, st); }
