#include "job/batch_item.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "job/batch_paths.h"
#include "job/job_inputs.h"
#include "core/alloc.h"
#include "core/file.h"

batch_item *batch_item_new(size_t index, const char *folder, status *st)
{
    batch_item *item = alloc_zeroed(1, sizeof *item, st);
    if (!item) return NULL;
    item->index = index;
    item->folder = folder;
    item->mem = arena_new(st);
    if (item->mem) return item;
    batch_item_free(item);
    return NULL;
}

void batch_item_reuse(batch_item *item, size_t index)
{
    arena_reset(item->mem, 0);
    const char *folder = item->folder;
    arena *mem = item->mem;
    memset(item, 0, sizeof *item);
    item->index = index, item->folder = folder, item->mem = mem;
}

void batch_item_free(batch_item *item)
{
    if (!item) return;
    arena_free(item->mem);
    alloc_free(item);
}

const char *batch_item_model(const batch_item *item) { return job_inputs_model(&item->job); }

const char *batch_item_add_output(batch_item *item, const char *ending, const char *text, status *st)
{
    const char *main = item->job.out, *slash = strrchr(main, '/'), *dot = strrchr(slash ? slash : main, '.');
    size_t stem = dot ? (size_t)(dot - main) : strlen(main), size = stem + strlen(ending) + 1, n = text ? strlen(text) + 1 : 0;
    if (item->more_count == JOURNAL_MAX_OUTPUTS - 1) {
        status_set(st, STATUS_USAGE, "more than %d outputs", JOURNAL_MAX_OUTPUTS);
        return NULL;
    }
    char *name = arena_alloc(item->mem, size, st), *copy = name && text ? arena_alloc(item->mem, n, st) : NULL;
    if (!name || (text && !copy)) return NULL;
    snprintf(name, size, "%.*s%s", (int)stem, main, ending);
    if (copy) memcpy(copy, text, n);
    item->more[item->more_count].out = name;
    item->more[item->more_count++].text = copy;
    return batch_paths_join(item->folder, name, item->mem, st);
}

const char *batch_item_add_named(batch_item *item, const char *name, status *st)
{
    if (item->more_count == JOURNAL_MAX_OUTPUTS - 1) {
        status_set(st, STATUS_USAGE, "more than %d outputs", JOURNAL_MAX_OUTPUTS);
        return NULL;
    }
    item->more[item->more_count].text = NULL;
    item->more[item->more_count++].out = name;
    return batch_paths_join(item->folder, name, item->mem, st);
}

static bool write_text(const char *path, const char *text, status *st)
{
    size_t n = strlen(text);
    char *line = alloc_array(n + 2, 1, st);
    if (!line) return false;
    snprintf(line, n + 2, "%s\n", text);
    bool ok = file_write(path, line, n + (n == 0 || text[n - 1] != '\n'), st);
    alloc_free(line);
    return ok;
}

bool batch_item_write(const batch_item *item, status *st)
{
    for (size_t i = 0; i < item->more_count; i++) {
        const char *path = item->more[i].text ? batch_paths_join(item->folder, item->more[i].out, item->mem, st) : NULL;
        if (item->more[i].text && !(path && write_text(path, item->more[i].text, st))) return false;
    }
    return !item->text || write_text(item->path, item->text, st);
}
