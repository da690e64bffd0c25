#include "cli/write_out.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "job/batch_paths.h"
#include "core/interrupt.h"
#include "job/job_path.h"
#include "core/alloc.h"
#include "core/fence.h"
#include "core/file.h"
#include "core/log.h"
#include "core/name_index.h"

enum { GROUP = 192, /* files open at once, each with its folder: below the usual limit of 1,024 */ MOST_TOLD = 20 };

typedef struct {
    text_out text;
    file_output *file;
    size_t left_out;
    status st;
} item;

typedef struct {
    const report *r;
    size_t first; /* report of item 0 */
    char **path;  /* of files, NULL: a stream */
    item *item;   /* [GROUP] */
} work;

bool write_out_has_places(const char *pattern) { return strstr(pattern, "{{") || strstr(pattern, "{%"); }

/* ---- one report, in any thread ---- */

static void make(void *arg, int64_t i)
{
    work *w = arg;
    item *it = &w->item[i];
    it->st = (status){0};
    it->text.st = &it->st;
    it->text.size = 0;
    it->left_out = 0;
    it->file = NULL;
    size_t unit = w->first + (size_t)i;
    if (!report_write(w->r, unit, &it->text, &it->left_out, &it->st) || !w->path) return;
    if (!(it->file = file_create_regular(w->path[unit], &it->st))) return;
    fwrite(it->text.data ? it->text.data : "", 1, it->text.size, file_stream(it->file)); /* a failure stays until it is committed */
}

/* Tells a report's own fault; false where it ends the run. */
static bool take_fault(const item *it, write_out_count *count, status *st)
{
    if (it->st.code != STATUS_FAIL && it->st.code != STATUS_INPUT) return status_set(st, it->st.code, "%s", it->st.msg);
    if (++count->failed <= MOST_TOLD) log_error("%s", it->st.msg);
    if (count->failed == MOST_TOLD) log_error("further faults are counted, not told");
    return true;
}

static bool summary(const write_out_count *count, status *st)
{
    if (!count->failed) return true;
    return status_set(st, count->written ? STATUS_PARTIAL : STATUS_FAIL, "%zu of %zu reports failed and were left out", count->failed, count->failed + count->written);
}

/* Groups grow from one report, so that the first is out at once. */
static size_t next_group(size_t group) { return group * 2 > GROUP ? GROUP : group * 2; }

static bool begin_work(work *w, const report *r, status *st)
{
    *w = (work){.r = r, .item = alloc_zeroed(GROUP, sizeof *w->item, st)};
    return w->item != NULL;
}

static void end_work(work *w)
{
    for (size_t i = 0; w->item && i < GROUP; i++) {
        w->item[i].text.st = &w->item[i].st;
        text_out_free(&w->item[i].text);
    }
    alloc_free(w->item);
}

/* ---- one stream ---- */

static bool write_items(const work *w, size_t n, FILE *out, bool raw, write_out_count *count, status *st)
{
    for (size_t i = 0; i < n; i++) {
        const item *it = &w->item[i];
        if (!status_ok(&it->st)) {
            if (!take_fault(it, count, st)) return false;
            continue;
        }
        if (out && count->written && !raw) fputc('\n', out);
        if (out) fwrite(it->text.data ? it->text.data : "", 1, it->text.size, out);
        count->written++, count->left_out += it->left_out;
    }
    return true;
}

bool write_out_stream(const report *r, const char *path, bool raw, pool *threads, write_out_count *count, status *st)
{
    work w;
    file_output *f = path ? file_create(path, st) : NULL;
    bool ok = (f || !path) && begin_work(&w, r, st);
    for (size_t group = 1, n; ok && w.first < report_count(r); w.first += n, group = next_group(group)) {
        n = report_count(r) - w.first < group ? report_count(r) - w.first : group;
        pool_run(threads, make, &w, (int64_t)n);
        ok = write_items(&w, n, f ? file_stream(f) : NULL, raw, count, st) && interrupt_check(st);
        if (ok && f && group == 1 && strcmp(path, "-") == 0) fflush(file_stream(f));
    }
    if (f || !path) end_work(&w);
    if (!f) return ok && summary(count, st);
    if (ok) return file_commit(f, st) && summary(count, st);
    file_abort(f);
    return false;
}

/* ---- a file each ---- */

typedef struct {
    const report *r;
    char *folder;      /* of the pattern, before its first place */
    size_t prefix;     /* bytes of the pattern that name it, with the slash */
    size_t slashes;    /* behind it */
    char **path;       /* [reports], each within folder */
} names;

static bool begin_names(names *n, const report *r, const char *pattern, status *st)
{
    size_t place = strcspn(pattern, "{");
    while (pattern[place] && pattern[place + 1] != '{' && pattern[place + 1] != '%') place += 1 + strcspn(pattern + place + 1, "{");
    *n = (names){.r = r};
    for (size_t i = 0; i < place; i++)
        if (pattern[i] == '/') n->prefix = i + 1;
    bool inside = false;
    for (const char *s = pattern + n->prefix; *s; s++) {
        if (s[0] == '{' && (s[1] == '{' || s[1] == '%')) inside = true;
        if (s[0] == '}' && s != pattern && (s[-1] == '}' || s[-1] == '%')) inside = false;
        n->slashes += *s == '/' && !inside;
    }
    n->folder = n->prefix > 1 ? alloc_string(pattern, n->prefix - 1, st) : alloc_string(n->prefix ? "/" : ".", 1, st);
    return n->folder && (n->path = alloc_zeroed(report_count(r) + 1, sizeof *n->path, st));
}

static void end_names(names *n)
{
    for (size_t i = 0; n->path && i < report_count(n->r); i++) alloc_free(n->path[i]);
    alloc_free(n->path);
    alloc_free(n->folder);
}

/* The name of a report, checked; the pattern's own part of it was typed by the user, the rest came from data. */
static bool make_name(names *n, size_t i, status *st)
{
    char *made = report_path(n->r, i, st);
    if (!made) return false;
    size_t slashes = 0;
    status why = {0};
    bool ok = strlen(made) > n->prefix && job_path_check(made + n->prefix, &why);
    for (const char *s = made + (ok ? n->prefix : strlen(made)); *s; s++) slashes += *s == '/';
    if (ok && slashes != n->slashes) ok = status_set(&why, STATUS_INPUT, "a value of it holds a '/'; |slug makes it fit");
    if (!ok) status_set(st, STATUS_INPUT, "-o: report %zu: the name '%.100s' cannot be given: %.250s", i + 1, made, *why.msg ? why.msg : "it is empty");
    if (ok) n->path[i] = file_join(n->folder, made + n->prefix, st);
    alloc_free(made);
    return ok && n->path[i];
}

static bool make_names(names *n, bool force, status *st)
{
    name_index index = {0};
    bool ok = true, fresh;
    for (size_t i = 0; ok && i < report_count(n->r); i++) {
        ok = make_name(n, i, st) && name_index_add(&index, n->path[i], strlen(n->path[i]), (uint32_t)i, &fresh, st);
        if (ok && !fresh)
            ok = status_set(st, STATUS_INPUT, "-o: reports %lld and %zu would both be %s; more of the row in the name tells them apart", (long long)name_index_find(&index, n->path[i], strlen(n->path[i])) + 1, i + 1, n->path[i]);
        if (ok && !force && file_exists(n->path[i])) ok = status_set(st, STATUS_USAGE, "%s: is there already; --force replaces what is there, another -o names others", n->path[i]);
    }
    name_index_free(&index);
    return ok;
}

/* Makes the folders that names lie in. */
static bool make_folders(const names *n, const fence *f, status *st)
{
    const char *inside, *last, *before = NULL;
    for (size_t i = 0; n->slashes && i < report_count(n->r); i++) {
        if (fence_of(n->path[i], &inside) != f) return status_set(st, STATUS_IO, "%s: lies outside of %s", n->path[i], n->folder);
        size_t size = (size_t)(strrchr(inside, '/') - inside);
        if (before && strncmp(before, inside, size + 1) == 0) continue;
        int fd = fence_open_folder(f, inside, true, &last, st);
        if (fd < 0) return false;
        close(fd);
        before = inside;
    }
    return true;
}

static bool commit_items(work *w, size_t n, write_out_count *count, status *st)
{
    file_output *file[GROUP];
    size_t files = 0, named = 0, left_out = 0;
    bool ok = true;
    for (size_t i = 0; i < n; i++) {
        const item *it = &w->item[i];
        if (it->file) file[files++] = it->file, left_out += it->left_out;
        else if (ok) ok = take_fault(it, count, st);
    }
    if (!ok) {
        for (size_t i = 0; i < files; i++) file_abort(file[i]);
        return false;
    }
    ok = file_commit_all(file, files, &named, st);
    count->written += named, count->left_out += left_out;
    return ok;
}

bool write_out_files(const report *r, const char *pattern, bool force, bool check, pool *threads, write_out_count *count, status *st)
{
    names n;
    work w = {0};
    bool ok = begin_names(&n, r, pattern, st) && make_names(&n, force || check, st);
    if (ok && !check) {
        ok = batch_paths_make(n.folder, st);
        fence *f = ok ? fence_new(n.folder, st) : NULL;
        ok = f && make_folders(&n, f, st) && begin_work(&w, r, st);
        w.path = n.path;
        for (size_t group = 1, m; ok && w.first < report_count(r); w.first += m, group = next_group(group)) {
            m = report_count(r) - w.first < group ? report_count(r) - w.first : group;
            pool_run(threads, make, &w, (int64_t)m);
            ok = commit_items(&w, m, count, st) && interrupt_check(st);
            if (report_count(r) > GROUP) log_progress("%zu of %zu reports", count->written, report_count(r));
        }
        log_progress_end();
        end_work(&w);
        fence_free(f);
    }
    end_names(&n);
    return ok && summary(count, st);
}
