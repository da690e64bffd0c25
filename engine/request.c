#include "engine/request.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/interrupt.h"

void request_init(request *q, request_kind kind, arena *mem)
{
    memset(q, 0, sizeof *q);
    q->kind = kind;
    q->mem = mem;
    q->choices = 1;
    kind_of(kind)->defaults(&q->options);
    request_settle_model(q);
}

void request_settle_model(request *q)
{
    option table[KIND_OPTION_COUNT];
    kind_of(q->kind)->table(&q->options, table);
    q->model = kind_model(q->kind);
    for (const option *x = table; x->name; x++)
        if (x->type == OPTION_STRING && (x->about & OPTION_MODEL) && *(const char *const *)x->value) q->model = *(const char *const *)x->value;
}

bool request_goes_on(const request *q, status *st)
{
    if (atomic_load_explicit(&q->cancelled, memory_order_relaxed)) return status_set(st, STATUS_INTERRUPTED, "cancelled");
    return interrupt_check(st);
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

bool request_read_ids(const request *q, const char *text, const tokenizer *t, tokenizer_ids *ids, status *st)
{
    tokenizer_decoder d = {.special = true, .started = true};
    tokenizer_bytes words = {0};
    bool ok = read_ids(text, t, ids, st);
    if (ok && (q->filters.list[0] || q->filters.list[1]))
        ok = tokenizer_decode(t, &d, ids->id, ids->count, &words, st) &&
             filter_lists_pass(&q->filters, FILTER_PROMPT, "token-ids", words.data ? words.data : "", words.size, st);
    tokenizer_bytes_free(&words);
    if (!ok) tokenizer_ids_free(ids);
    return ok;
}

bool request_pass(const request *q, const char *text, status *st) { return filter_lists_pass(&q->filters, FILTER_OUTPUT, "the text", text, strlen(text), st); }
