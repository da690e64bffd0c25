#include "job/batch_filter.h"

#include <string.h>

#include "core/alloc.h"

/* The list at path, NULL: none, in *f. */
static bool find(batch_filters *b, const char *path, filter **f, status *st)
{
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

bool batch_filters_open(batch_filters *b, const char *standard, status *st)
{
    filter *ignored;
    b->standard = standard;
    return find(b, standard, &ignored, st);
}

bool batch_filters_of(batch_filters *b, const job *j, filter_lists *lists, status *st)
{
    const char *own = NULL;
    for (size_t i = 0; i < j->option_count; i++)
        if (strcmp(j->option[i].name, "filter") == 0) own = j->option[i].value;
    return find(b, b->standard, &lists->list[0], st) && find(b, own, &lists->list[1], st);
}

void batch_filters_free(batch_filters *b)
{
    for (size_t i = 0; i < b->count; i++) {
        filter_close(b->open[i].filter);
        alloc_free(b->open[i].path);
    }
    b->count = 0;
}
