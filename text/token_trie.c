#include "text/token_trie.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"

/* A token on its way into the tree: its first bytes as a number, so that most comparisons end there. */
typedef struct {
    uint64_t head;
    uint32_t at, size;
    int32_t id;
} entry;

typedef struct {
    entry *item;
    size_t count;
    const char *bytes;
} entries;

static int compare(const void *a, const void *b, void *arg)
{
    const entry *x = a, *y = b;
    const char *bytes = arg;
    if (x->head != y->head) return x->head < y->head ? -1 : 1;
    uint32_t least = x->size < y->size ? x->size : y->size;
    int order = memcmp(bytes + x->at, bytes + y->at, least);
    if (order) return order;
    if (x->size != y->size) return x->size < y->size ? -1 : 1;
    return x->id < y->id ? -1 : x->id > y->id ? 1 : 0;
}

/* All tokens' bytes one behind the other, in the order of their ids. */
static bool read_bytes(token_trie *t, const tokenizer *k, status *st)
{
    tokenizer_bytes all = {0};
    t->offset = alloc_array((size_t)t->vocab + 1, sizeof *t->offset, st);
    bool ok = t->offset != NULL;
    for (int32_t id = 0; ok && id < t->vocab; id++) {
        tokenizer_decoder within = {.started = true, .stripped = INT32_MAX}; /* in the middle of a text */
        size_t before = all.size;
        t->offset[id] = (uint32_t)before;
        ok = tokenizer_is_special(k, id) || tokenizer_decode(k, &within, &id, 1, &all, st);
        if (all.size - before > TOKEN_TRIE_DEEPEST) all.size = before;
        if (all.size > UINT32_MAX / 2) ok = status_set(st, STATUS_INPUT, "the vocabulary has more than 2 GiB of text");
    }
    if (ok) t->offset[t->vocab] = (uint32_t)all.size;
    t->bytes = all.data;
    return ok;
}

static bool sort(const token_trie *t, entries *e, status *st)
{
    e->item = alloc_array((size_t)t->vocab, sizeof *e->item, st);
    e->bytes = t->bytes;
    if (!e->item) return false;
    for (int32_t id = 0; id < t->vocab; id++) {
        uint32_t size = t->offset[id + 1] - t->offset[id];
        uint64_t head = 0;
        if (!size) continue;
        for (uint32_t i = 0; i < 8; i++) head = head << 8 | (i < size ? (uint8_t)t->bytes[t->offset[id] + i] : 0);
        e->item[e->count++] = (entry){head, t->offset[id], size, id};
    }
    if (e->count) qsort_r(e->item, e->count, sizeof *e->item, compare, (void *)(uintptr_t)e->bytes);
    return true;
}

/* How many bytes a token has in common with the one before it. */
static uint32_t shared(const entries *e, size_t i)
{
    if (i == 0) return 0;
    const entry *x = &e->item[i - 1], *y = &e->item[i];
    uint32_t n = 0;
    while (n < x->size && n < y->size && e->bytes[x->at + n] == e->bytes[y->at + n]) n++;
    return n;
}

static bool reserve(token_trie *t, const entries *e, status *st)
{
    size_t nodes = 1;
    for (size_t i = 0; i < e->count; i++) nodes += e->item[i].size - shared(e, i);
    if (nodes > INT32_MAX) return status_set(st, STATUS_INPUT, "the vocabulary's texts are too long");
    t->byte = alloc_array(nodes, 1, st);
    t->depth = alloc_array(nodes, 1, st);
    t->end = alloc_array(nodes, sizeof *t->end, st);
    t->first = alloc_array(nodes + 1, sizeof *t->first, st);
    t->id = alloc_array(e->count, sizeof *t->id, st);
    return t->byte && t->depth && t->end && t->first && t->id;
}

static void fill(token_trie *t, const entries *e)
{
    int32_t way[TOKEN_TRIE_DEEPEST + 1] = {0};
    uint32_t depth = 0;
    t->nodes = 1;
    t->byte[0] = t->depth[0] = 0;
    t->first[0] = 0;
    for (size_t i = 0; i < e->count; i++) {
        const entry *x = &e->item[i];
        uint32_t same = shared(e, i);
        for (; depth > same; depth--) t->end[way[depth]] = t->nodes;
        for (; depth < x->size; depth++) {
            int32_t n = t->nodes++;
            way[depth + 1] = n;
            t->byte[n] = (uint8_t)e->bytes[x->at + depth];
            t->depth[n] = (uint8_t)(depth + 1);
            t->first[n] = t->tokens;
        }
        t->id[t->tokens++] = x->id;
    }
    for (;; depth--) {
        t->end[way[depth]] = t->nodes;
        if (depth == 0) break;
    }
    t->first[t->nodes] = t->tokens;
}

token_trie *token_trie_new(const tokenizer *k, int32_t vocab, status *st)
{
    token_trie *t = alloc_zeroed(1, sizeof *t, st);
    if (!t) return NULL;
    t->vocab = vocab < tokenizer_size(k) ? vocab : tokenizer_size(k);
    tokenizer_decoder start = {0};
    tokenizer_bytes shown = {0};
    int32_t space = tokenizer_find(k, "\xE2\x96\x81", 3); /* how a space is written where one may be dropped */
    entries e = {0};
    bool ok = (space < 0 || tokenizer_decode(k, &start, &space, 1, &shown, st)) && read_bytes(t, k, st) && sort(t, &e, st) && reserve(t, &e, st);
    t->drops_space = space >= 0 && shown.size == 0;
    if (ok) fill(t, &e);
    tokenizer_bytes_free(&shown);
    alloc_free(e.item);
    if (ok) return t;
    token_trie_free(t);
    return NULL;
}

void token_trie_free(token_trie *t)
{
    if (!t) return;
    alloc_free(t->byte);
    alloc_free(t->depth);
    alloc_free(t->end);
    alloc_free(t->first);
    alloc_free(t->id);
    alloc_free(t->offset);
    alloc_free(t->bytes);
    alloc_free(t);
}

int32_t token_trie_find(const token_trie *t, const char *bytes, size_t size)
{
    int32_t node = 0;
    for (size_t i = 0; i < size; i++) {
        int32_t child = node + 1, end = t->end[node];
        while (child < end && t->byte[child] != (uint8_t)bytes[i]) child = t->end[child];
        if (child >= end) return -1;
        node = child;
    }
    return node;
}
