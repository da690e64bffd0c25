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
    *item = (batch_item){.index = index, .folder = item->folder, .mem = item->mem};
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

static bool read_ids(const char *text, const tokenizer *t, tokenizer_ids *ids, status *st)
{
    size_t most = strlen(text) / 2 + 1; /* an id and a blank each */
    int32_t size = tokenizer_size(t);
    ids->id = alloc_array(most, sizeof *ids->id, st);
    if (!ids->id) return false;
    ids->room = (int64_t)most;
    for (const char *s = text + strspn(text, " "); *s;) {
        char *end;
        long id = strtol(s, &end, 10);
        if (end == s || (*end && *end != ' ')) return status_set(st, STATUS_USAGE, "\"token-ids\": '%.20s' found, numbers with blanks between wanted", s);
        if (id < 0 || id >= size) return status_set(st, STATUS_INPUT, "token id %ld: the model has the ids 0 to %d", id, size - 1);
        ids->id[ids->count++] = (int32_t)id;
        s = end + strspn(end, " ");
    }
    return true;
}

bool batch_item_read_ids(const batch_item *item, const char *text, const tokenizer *t, tokenizer_ids *ids, status *st)
{
    tokenizer_decoder d = {.special = true, .started = true};
    tokenizer_bytes words = {0};
    bool ok = read_ids(text, t, ids, st);
    if (ok && (item->filters.list[0] || item->filters.list[1]))
        ok = tokenizer_decode(t, &d, ids->id, ids->count, &words, st) &&
             filter_lists_pass(&item->filters, FILTER_PROMPT, "token-ids", words.data ? words.data : "", words.size, st);
    tokenizer_bytes_free(&words);
    if (!ok) tokenizer_ids_free(ids);
    return ok;
}

bool batch_item_pass(const batch_item *item, const char *text, status *st)
{
    return filter_lists_pass(&item->filters, FILTER_OUTPUT, "the text", text, strlen(text), st);
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
