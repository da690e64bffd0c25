#include "cli/batch_filter.h"

#include <string.h>

#include "core/alloc.h"
#include "core/file.h"

enum { MAX_TEXT = 256 << 20 };

/* The job's filter in *f; NULL: it has none. */
static bool find(batch_filters *b, const job *j, filter **f, status *st)
{
    const char *path = b->standard;
    for (size_t i = 0; i < j->option_count; i++)
        if (strcmp(j->option[i].name, "filter") == 0) path = j->option[i].value;
    *f = NULL;
    if (!path) return true;
    for (size_t i = 0; i < b->count; i++)
        if (strcmp(b->open[i].path, path) == 0) {
            *f = b->open[i].filter;
            return true;
        }
    if (b->count == BATCH_FILTERS_MAX) return status_set(st, STATUS_USAGE, "more than %d filters in one job file", BATCH_FILTERS_MAX);
    char *copy = alloc_string(path, strlen(path), st);
    *f = copy ? filter_open(path, st) : NULL;
    if (*f) {
        b->open[b->count].path = copy;
        b->open[b->count++].filter = *f;
    } else alloc_free(copy);
    return *f != NULL;
}

static bool has_words(const char *option)
{
    static const char *const NAMES[] = {"prompt", "text", "system", "negative-prompt", "caption", "label-text", "messages", "field"};
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++)
        if (strcmp(option, NAMES[i]) == 0) return true;
    return false;
}

static bool check_file(filter *f, const char *path, status *st)
{
    size_t size;
    char *text = file_read(path, MAX_TEXT, &size, st);
    bool ok = text && filter_pass(f, FILTER_PROMPT, path, text, size, 0, st);
    alloc_free(text);
    return ok;
}

bool batch_filter_job(batch_filters *b, const job *j, filter **f, status *st)
{
    if (!find(b, j, f, st)) return false;
    for (size_t i = 0; *f && i < j->option_count; i++) {
        const job_option *o = &j->option[i];
        bool ok = strcmp(o->name, "file") == 0 ? check_file(*f, o->value, st)
                                               : !has_words(o->name) || filter_pass(*f, FILTER_PROMPT, o->name, o->value, strlen(o->value), 0, st);
        if (!ok) return false;
    }
    return true;
}

void batch_filters_free(batch_filters *b)
{
    for (size_t i = 0; i < b->count; i++) {
        filter_close(b->open[i].filter);
        alloc_free(b->open[i].path);
    }
    b->count = 0;
}
