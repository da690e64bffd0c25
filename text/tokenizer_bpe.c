/* Byte-pair encoding of one piece: its smallest symbols, then the merge of lowest rank (the leftmost of equals) again
 * and again, until none is left. A short piece is searched from end to end at each merge, which is quickest while it
 * fits in a few cache lines; a long one keeps its possible merges in a heap, so that n symbols take n log n steps.
 * Pieces recur (words), so what they became is kept in a small table for the length of one call. */
#include <string.h>

#include "core/alloc.h"
#include "core/name_hash.h"
#include "core/utf8.h"
#include "text/tokenizer_pipeline.h"
#include "text/tokenizer_unicode.h"

enum {
    SHORT_PIECE = 40,       /* symbols; measured: the heap wins from some 60 on */
    CACHE_KEY = 28,         /* bytes of a piece that the cache takes */
    CACHE_IDS = 6,
    CACHE_FROM = 1024,      /* a shorter text is not worth clearing a table for */
};

static const uint32_t NO_RANK = UINT32_MAX;

typedef struct {
    uint8_t size, count;
    char key[CACHE_KEY];
    int32_t id[CACHE_IDS];
} cache_entry;

/* One symbol of a long piece; neighbours by index, −1 at the ends. */
typedef struct {
    uint32_t begin, end;
    int32_t id; /* −1: no token (by_score only) */
    int32_t previous, next;
} symbol;

typedef struct {
    uint32_t rank;
    int32_t at; /* of the left symbol */
    uint32_t left_end, right_end; /* as they were: a candidate whose symbols have grown since is stale */
    int32_t id;
} candidate;

typedef struct tokenizer_bpe {
    symbol *symbol;
    size_t count, symbol_room;
    candidate *heap;
    size_t heap_count, heap_room;
    tokenizer_bytes text; /* a piece in GPT-2's alphabet, or a character with its suffix */
    cache_entry *cache;
    uint64_t cache_mask;
} tokenizer_bpe;

static tokenizer_bpe *buffers(tokenizer_work *w)
{
    if (!w->bpe) w->bpe = alloc_zeroed(1, sizeof *w->bpe, w->st);
    tokenizer_bpe *b = w->bpe;
    if (b && !b->cache && w->text_size >= CACHE_FROM) {
        size_t entries = 64;
        while (entries < 16384 && entries * 16 < w->text_size) entries *= 2;
        b->cache = alloc_zeroed(entries, sizeof *b->cache, w->st);
        b->cache_mask = entries - 1;
        if (!b->cache) return NULL;
    }
    return b;
}

void tokenizer_bpe_free(tokenizer_work *w)
{
    if (!w->bpe) return;
    alloc_free(w->bpe->symbol);
    alloc_free(w->bpe->heap);
    alloc_free(w->bpe->cache);
    tokenizer_bytes_free(&w->bpe->text);
    alloc_free(w->bpe);
}

/* ---- the smallest symbols ---- */

static bool push_symbol(tokenizer_work *w, int32_t id, size_t begin, size_t end)
{
    tokenizer_bpe *b = w->bpe;
    if (b->count == b->symbol_room) {
        size_t room = b->symbol_room ? b->symbol_room * 2 : 64;
        symbol *grown = alloc_resize(b->symbol, room, sizeof *grown, w->st);
        if (!grown) return false;
        b->symbol = grown;
        b->symbol_room = room;
    }
    b->symbol[b->count++] = (symbol){.begin = (uint32_t)begin, .end = (uint32_t)end, .id = id};
    return true;
}

/* Unknown characters waiting to become one unknown token. */
typedef struct {
    bool any;
    size_t begin, end;
} unknown_run;

static bool flush_unknown(tokenizer_work *w, unknown_run *u)
{
    bool any = u->any;
    u->any = false;
    return !any || push_symbol(w, w->t->unknown, u->begin, u->end);
}

static bool push_unknown(tokenizer_work *w, unknown_run *u, size_t begin, size_t end)
{
    if (w->t->unknown < 0) return true;
    if (u->any && w->t->fuse_unknown) {
        u->end = end;
        return true;
    }
    if (!flush_unknown(w, u)) return false;
    *u = (unknown_run){.any = true, .begin = begin, .end = end};
    return true;
}

static bool bytes_known(const tokenizer *t, const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (t->byte_id[(unsigned char)text[i]] < 0) return false;
    return true;
}

/* The id of a character with the prefix or suffix it carries by its place; −1 when there is none. */
static int32_t find_character(tokenizer_work *w, const char *text, size_t size, bool first, bool last, bool *ok)
{
    const tokenizer *t = w->t;
    bool prefix = !first && t->prefix.size, suffix = last && t->suffix.size;
    *ok = true;
    if (!prefix && !suffix) return tokenizer_vocab_find(&t->vocab, text, size);
    tokenizer_bytes *b = &w->bpe->text;
    b->size = 0;
    *ok = (!prefix || tokenizer_bytes_push(b, t->prefix.data, t->prefix.size, w->st)) &&
          tokenizer_bytes_push(b, text, size, w->st) &&
          (!suffix || tokenizer_bytes_push(b, t->suffix.data, t->suffix.size, w->st));
    return *ok ? tokenizer_vocab_find(&t->vocab, b->data, b->size) : -1;
}

static bool byte_symbols(tokenizer_work *w, const char *text, size_t size)
{
    const tokenizer *t = w->t;
    unknown_run u = {0};
    for (size_t i = 0; i < size; i++) {
        unsigned char byte = (unsigned char)text[i];
        int32_t id = i + 1 == size ? t->byte_id_last[byte] : t->byte_id[byte];
        bool ok = id < 0 ? push_unknown(w, &u, i, i + 1) : flush_unknown(w, &u) && push_symbol(w, id, i, i + 1);
        if (!ok) return false;
    }
    return flush_unknown(w, &u);
}

static bool character_symbols(tokenizer_work *w, const char *text, size_t size)
{
    const tokenizer *t = w->t;
    unknown_run u = {0};
    for (size_t i = 0, n; i < size; i += n) {
        uint32_t c;
        int length = tokenizer_unicode_char(text + i, size - i, &c);
        n = length > 0 ? (size_t)length : 1;
        bool ok;
        int32_t id = find_character(w, text + i, n, i == 0, i + n == size, &ok);
        if (!ok) return false;
        if (t->by_score && (id < 0 || t->vocab.type[id] == TOKEN_CONTROL || t->vocab.type[id] == TOKEN_UNKNOWN))
            ok = push_symbol(w, -1, i, i + n); /* it may still be part of a longer token */
        else if (id >= 0) ok = flush_unknown(w, &u) && push_symbol(w, id, i, i + n);
        else if (t->byte_fallback && bytes_known(t, text + i, n))
            for (size_t k = i; k < i + n && ok; k++) ok = push_symbol(w, t->byte_id[(unsigned char)text[k]], k, k + 1);
        else ok = push_unknown(w, &u, i, i + n);
        if (!ok) return false;
    }
    return flush_unknown(w, &u);
}

/* ---- merging ---- */

/* The token that two neighbouring symbols make and its rank; −1 when they make none. */
static int32_t merge_of(const tokenizer *t, const char *text, const symbol *left, const symbol *right, uint32_t *rank)
{
    if (!t->by_score) {
        const merge_slot *m = tokenizer_vocab_merge(&t->vocab, left->id, right->id);
        *rank = m ? m->rank : NO_RANK;
        return m ? m->id : -1;
    }
    int32_t id = tokenizer_vocab_find(&t->vocab, text + left->begin, right->end - left->begin);
    *rank = NO_RANK;
    if (id < 0) return -1;
    uint8_t type = t->vocab.type[id];
    if (type != TOKEN_NORMAL && type != TOKEN_USER && type != TOKEN_UNUSED) return -1;
    /* the bits of a float, turned so that a higher score is a lower rank */
    uint32_t bits;
    memcpy(&bits, &t->vocab.score[id], sizeof bits);
    bits = bits >> 31 ? bits : ~bits & UINT32_C(0x7FFFFFFF);
    *rank = bits == NO_RANK ? bits - 1 : bits;
    return id;
}

static size_t merge_short(const tokenizer *t, const char *text, symbol *s, size_t n)
{
    uint32_t rank[SHORT_PIECE];
    int32_t id[SHORT_PIECE];
    for (size_t i = 0; i + 1 < n; i++) id[i] = merge_of(t, text, &s[i], &s[i + 1], &rank[i]);
    for (;;) {
        size_t best = 0;
        for (size_t i = 1; i + 1 < n; i++)
            if (rank[i] < rank[best]) best = i;
        if (n < 2 || rank[best] == NO_RANK) return n;
        s[best].end = s[best + 1].end;
        s[best].id = id[best];
        n--;
        memmove(s + best + 1, s + best + 2, (n - best - 1) * sizeof *s);
        if (best + 1 < n) {
            memmove(rank + best + 1, rank + best + 2, (n - best - 2) * sizeof *rank);
            memmove(id + best + 1, id + best + 2, (n - best - 2) * sizeof *id);
            id[best] = merge_of(t, text, &s[best], &s[best + 1], &rank[best]);
        }
        if (best > 0) id[best - 1] = merge_of(t, text, &s[best - 1], &s[best], &rank[best - 1]);
    }
}

static bool before(const candidate *a, const candidate *b)
{
    return a->rank != b->rank ? a->rank < b->rank : a->at < b->at;
}

static bool heap_push(tokenizer_work *w, candidate c)
{
    tokenizer_bpe *b = w->bpe;
    if (b->heap_count == b->heap_room) {
        size_t room = b->heap_room ? b->heap_room * 2 : 256;
        candidate *grown = alloc_resize(b->heap, room, sizeof *grown, w->st);
        if (!grown) return false;
        b->heap = grown;
        b->heap_room = room;
    }
    size_t i = b->heap_count++;
    for (size_t parent; i > 0 && before(&c, &b->heap[parent = (i - 1) / 2]); i = parent) b->heap[i] = b->heap[parent];
    b->heap[i] = c;
    return true;
}

static candidate heap_pop(tokenizer_bpe *b)
{
    candidate top = b->heap[0], last = b->heap[--b->heap_count];
    size_t i = 0;
    for (size_t child; (child = 2 * i + 1) < b->heap_count; i = child) {
        if (child + 1 < b->heap_count && before(&b->heap[child + 1], &b->heap[child])) child++;
        if (!before(&b->heap[child], &last)) break;
        b->heap[i] = b->heap[child];
    }
    b->heap[i] = last;
    return top;
}

static bool push_merge(tokenizer_work *w, const char *text, int32_t left)
{
    const symbol *s = w->bpe->symbol;
    if (left < 0 || s[left].next < 0) return true;
    const symbol *l = &s[left], *r = &s[l->next];
    uint32_t rank;
    int32_t id = merge_of(w->t, text, l, r, &rank);
    return id < 0 || heap_push(w, (candidate){.rank = rank, .at = left, .left_end = l->end, .right_end = r->end, .id = id});
}

static bool merge_long(tokenizer_work *w, const char *text)
{
    tokenizer_bpe *b = w->bpe;
    symbol *s = b->symbol;
    int32_t n = (int32_t)b->count;
    for (int32_t i = 0; i < n; i++) {
        s[i].previous = i - 1;
        s[i].next = i + 1 < n ? i + 1 : -1;
    }
    b->heap_count = 0;
    for (int32_t i = 0; i < n; i++)
        if (!push_merge(w, text, i)) return false;
    while (b->heap_count) {
        candidate c = heap_pop(b);
        symbol *l = &s[c.at];
        if (l->begin == l->end || l->end != c.left_end || l->next < 0 || s[l->next].end != c.right_end) continue;
        symbol *r = &s[l->next];
        l->end = r->end;
        l->id = c.id;
        l->next = r->next;
        r->begin = r->end; /* gone */
        if (l->next >= 0) s[l->next].previous = c.at;
        if (!push_merge(w, text, l->previous) || !push_merge(w, text, c.at)) return false;
    }
    size_t kept = 0;
    for (int32_t i = 0; i >= 0;) { /* s[kept] is never ahead of s[i] */
        symbol left = s[i];
        s[kept++] = left;
        i = left.next;
    }
    b->count = kept;
    return true;
}

/* ---- a piece ---- */

/* SentencePiece: a symbol that is no token becomes its bytes, or an unknown token for a run of them. */
static bool push_scored(tokenizer_work *w, const char *text)
{
    const tokenizer *t = w->t;
    bool in_unknown = false;
    for (size_t i = 0; i < w->bpe->count; i++) {
        const symbol *s = &w->bpe->symbol[i];
        bool ok = true, unknown = false;
        if (s->id >= 0) ok = tokenizer_ids_push(w->out, &s->id, 1, w->st);
        else if (t->byte_fallback && bytes_known(t, text + s->begin, s->end - s->begin))
            for (uint32_t k = s->begin; k < s->end && ok; k++)
                ok = tokenizer_ids_push(w->out, &t->byte_id[(unsigned char)text[k]], 1, w->st);
        else {
            unknown = true;
            if (t->unknown >= 0 && !in_unknown) ok = tokenizer_ids_push(w->out, &t->unknown, 1, w->st);
        }
        in_unknown = unknown;
        if (!ok) return false;
    }
    return true;
}

static bool push_symbols(tokenizer_work *w)
{
    for (size_t i = 0; i < w->bpe->count; i++)
        if (!tokenizer_ids_push(w->out, &w->bpe->symbol[i].id, 1, w->st)) return false;
    return true;
}

/* With ignore_merges: the token that is the whole piece, or −1. */
static int32_t find_whole(tokenizer_work *w, const char *text, size_t size, bool *ok)
{
    *ok = true;
    if (!w->t->byte_level) return tokenizer_vocab_find(&w->t->vocab, text, size);
    tokenizer_bytes *b = &w->bpe->text;
    b->size = 0;
    for (size_t i = 0; i < size && *ok; i++) {
        char utf8[4];
        size_t n = utf8_encode(tokenizer_alphabet_code_point((unsigned char)text[i]), utf8);
        *ok = tokenizer_bytes_push(b, utf8, n, w->st);
    }
    return *ok ? tokenizer_vocab_find(&w->t->vocab, b->data, b->size) : -1;
}

static bool encode_piece(tokenizer_work *w, const char *text, size_t size)
{
    const tokenizer *t = w->t;
    if (t->ignore_merges && size <= 1024) {
        bool ok;
        int32_t id = find_whole(w, text, size, &ok);
        if (!ok || id >= 0) return ok && tokenizer_ids_push(w->out, &id, 1, w->st);
    }
    w->bpe->count = 0;
    bool ok = t->byte_level ? byte_symbols(w, text, size) : character_symbols(w, text, size);
    if (!ok) return false;
    if (w->bpe->count <= SHORT_PIECE) w->bpe->count = merge_short(t, text, w->bpe->symbol, w->bpe->count);
    else if (!merge_long(w, text)) return false;
    return t->by_score ? push_scored(w, text) : push_symbols(w);
}

static bool encode_cached(tokenizer_work *w, const char *text, size_t size)
{
    tokenizer_bpe *b = w->bpe;
    if (!b->cache || size > CACHE_KEY) return encode_piece(w, text, size);
    cache_entry *e = &b->cache[name_hash(text, size) & b->cache_mask];
    if (e->size == size && memcmp(e->key, text, size) == 0) return tokenizer_ids_push(w->out, e->id, e->count, w->st);
    int64_t from = w->out->count;
    if (!encode_piece(w, text, size)) return false;
    int64_t made = w->out->count - from;
    if (made <= CACHE_IDS) {
        e->size = (uint8_t)size;
        e->count = (uint8_t)made;
        memcpy(e->key, text, size);
        if (made) memcpy(e->id, w->out->id + from, (size_t)made * sizeof *e->id);
    }
    return true;
}

/* Where the piece may be cut in front of a "▁" (E2 96 81) because no token, and so no merge, reaches across. */
static size_t cut_at_space(const tokenizer *t, const char *text, size_t size)
{
    for (size_t i = 1; i + 3 <= size; i++) {
        const char *at = memchr(text + i, 0xE2, size - i - 2);
        if (!at) return size;
        i = (size_t)(at - text);
        if (memcmp(at, "\xE2\x96\x81", 3) == 0 && !t->cut_not_after[(unsigned char)at[-1]]) return i;
    }
    return size;
}

bool tokenizer_bpe_piece(tokenizer_work *w, const char *text, size_t size)
{
    if (!buffers(w)) return false;
    if (!w->t->space_cuts) return encode_cached(w, text, size);
    while (size) {
        size_t n = cut_at_space(w->t, text, size);
        if (!encode_cached(w, text, n)) return false;
        text += n;
        size -= n;
    }
    return true;
}
