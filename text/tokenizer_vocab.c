#include "text/tokenizer_vocab.h"

#include <string.h>

#include "core/alloc.h"
#include "core/name_hash.h"

void tokenizer_vocab_free(tokenizer_vocab *v)
{
    alloc_free(v->span);
    alloc_free(v->type);
    alloc_free(v->score);
    alloc_free(v->text);
    alloc_free(v->slot);
    alloc_free(v->merge);
    *v = (tokenizer_vocab){0};
}

/* The power of two that leaves a table of `used` entries half empty. */
static size_t table_size(size_t used)
{
    size_t n = 64;
    while (n < used * 2) n *= 2;
    return n;
}

static void place(tokenizer_vocab *v, uint64_t h, int32_t id)
{
    uint32_t i = (uint32_t)h & v->slot_mask;
    while (v->slot[i].id >= 0) i = (i + 1) & v->slot_mask;
    v->slot[i] = (token_slot){.tag = (uint32_t)(h >> 32), .id = id};
    v->slot_used++;
}

static bool grow_table(tokenizer_vocab *v, size_t tokens, status *st)
{
    size_t n = table_size(tokens);
    token_slot *slot = alloc_array(n, sizeof *slot, st);
    if (!slot) return false;
    memset(slot, 0xFF, n * sizeof *slot);
    token_slot *old = v->slot;
    size_t old_size = old ? (size_t)v->slot_mask + 1 : 0;
    v->slot = slot;
    v->slot_mask = (uint32_t)(n - 1);
    v->slot_used = 0;
    for (size_t i = 0; i < old_size; i++)
        if (old[i].id >= 0)
            place(v, name_hash(tokenizer_vocab_text(v, old[i].id), v->span[old[i].id].length), old[i].id);
    alloc_free(old);
    return true;
}

static bool grow_rows(tokenizer_vocab *v, size_t rows, status *st)
{
    if (rows <= (size_t)v->room) return true;
    if (rows > TOKENIZER_MAX_SIZE) rows = TOKENIZER_MAX_SIZE;
    token_span *span = alloc_resize(v->span, rows, sizeof *span, st);
    if (span) v->span = span;
    uint8_t *type = span ? alloc_resize(v->type, rows, 1, st) : NULL;
    if (!type) return false;
    v->type = type;
    memset(span + v->room, 0, (rows - (size_t)v->room) * sizeof *span);
    memset(type + v->room, 0, rows - (size_t)v->room);
    v->room = (int32_t)rows;
    return true;
}

static bool grow_text(tokenizer_vocab *v, size_t room, status *st)
{
    if (room <= v->text_room) return true;
    char *text = alloc_resize(v->text, room, 1, st);
    if (!text) return false;
    v->text = text;
    v->text_room = room;
    return true;
}

bool tokenizer_vocab_reserve(tokenizer_vocab *v, size_t tokens, size_t bytes, status *st)
{
    if (tokens > TOKENIZER_MAX_SIZE || bytes > UINT32_MAX / 2)
        return status_set(st, STATUS_INPUT, "a vocabulary of %zu tokens in %zu bytes: at most %d in 2^31 are supported",
                          tokens, bytes, TOKENIZER_MAX_SIZE);
    return grow_rows(v, tokens, st) && grow_text(v, bytes, st) && grow_table(v, tokens, st);
}

static bool id_fits(tokenizer_vocab *v, int64_t id, const char *where, status *st)
{
    /* ids may have gaps, but a small file must not make a large table */
    int64_t limit = (int64_t)v->slot_used * 4 + 65536;
    if (limit < v->room) limit = v->room;
    if (limit > TOKENIZER_MAX_SIZE) limit = TOKENIZER_MAX_SIZE;
    if (id < 0 || id >= limit)
        return status_set(st, STATUS_INPUT, "%s: token id %lld is out of range (0 to %lld)", where, (long long)id,
                          (long long)limit - 1);
    if (id < v->room) return true;
    size_t rows = (size_t)id + 1 + (size_t)id / 2;
    return grow_rows(v, rows, st);
}

bool tokenizer_vocab_add(tokenizer_vocab *v, int64_t id, const char *text, size_t size, token_type type, bool unique,
                         const char *where, status *st)
{
    if (!id_fits(v, id, where, st)) return false;
    if (v->type[id] != TOKEN_ABSENT)
        return status_set(st, STATUS_INPUT, "%s: token id %lld is given to '%.*s' and to '%.*s'", where, (long long)id,
                          (int)(v->span[id].length < 60 ? v->span[id].length : 60), tokenizer_vocab_text(v, (int32_t)id),
                          (int)(size < 60 ? size : 60), text);
    if (size > UINT32_MAX / 2 - v->text_size)
        return status_set(st, STATUS_INPUT, "%s: the vocabulary has more than 2^31 bytes of text", where);
    if (v->text_size + size > v->text_room && !grow_text(v, (v->text_size + size) * 2, st)) return false;
    if (!v->slot || v->slot_used * UINT64_C(2) > v->slot_mask)
        if (!grow_table(v, (size_t)v->slot_used * 2, st)) return false;
    uint64_t h = name_hash(text, size);
    bool taken = false;
    for (uint32_t i = (uint32_t)h & v->slot_mask; v->slot[i].id >= 0 && !taken; i = (i + 1) & v->slot_mask) {
        token_span s = v->span[v->slot[i].id];
        taken = v->slot[i].tag == (uint32_t)(h >> 32) && s.length == size && memcmp(v->text + s.offset, text, size) == 0;
    }
    if (taken && unique)
        return status_set(st, STATUS_INPUT, "%s: the token '%.*s' has two ids", where, (int)(size < 60 ? size : 60), text);
    v->span[id] = (token_span){.offset = (uint32_t)v->text_size, .length = (uint32_t)size};
    v->type[id] = (uint8_t)type;
    if (size) memcpy(v->text + v->text_size, text, size);
    v->text_size += size;
    if (id >= v->size) v->size = (int32_t)id + 1;
    if (!taken) place(v, h, (int32_t)id);
    return true;
}

int32_t tokenizer_vocab_find(const tokenizer_vocab *v, const char *text, size_t size)
{
    if (!v->slot) return -1;
    uint64_t h = name_hash(text, size);
    for (uint32_t i = (uint32_t)h & v->slot_mask; v->slot[i].id >= 0; i = (i + 1) & v->slot_mask) {
        int32_t id = v->slot[i].id;
        if (v->slot[i].tag == (uint32_t)(h >> 32) && v->span[id].length == size &&
            memcmp(v->text + v->span[id].offset, text, size) == 0)
            return id < v->size ? id : -1; /* tokenizer_limit cuts the last ones off */
    }
    return -1;
}

bool tokenizer_vocab_reserve_merges(tokenizer_vocab *v, size_t count, status *st)
{
    if (count > TOKENIZER_MAX_SIZE)
        return status_set(st, STATUS_INPUT, "%zu merges: at most %d are supported", count, TOKENIZER_MAX_SIZE);
    size_t n = table_size(count);
    v->merge = alloc_array(n, sizeof *v->merge, st);
    if (!v->merge) return false;
    memset(v->merge, 0xFF, n * sizeof *v->merge);
    v->merge_mask = (uint32_t)(n - 1);
    v->merge_key = name_hash_own_key();
    return true;
}

/* The token with the text of left and right joined. `guess` is tried first: merges are mostly listed in the order of
 * the tokens they make, so that the id after the last one is nearly always right and no hash is needed. */
static int32_t find_joined(const tokenizer_vocab *v, int32_t guess, const char *left, size_t left_size,
                           const char *right, size_t right_size)
{
    if (guess < v->size && v->span[guess].length == left_size + right_size && v->type[guess] != TOKEN_ABSENT) {
        const char *text = tokenizer_vocab_text(v, guess);
        if (memcmp(text, left, left_size) == 0 && memcmp(text + left_size, right, right_size) == 0) return guess;
    }
    char joined[1024];
    if (left_size + right_size > sizeof joined) return -1;
    memcpy(joined, left, left_size);
    memcpy(joined + left_size, right, right_size);
    return tokenizer_vocab_find(v, joined, left_size + right_size);
}

bool tokenizer_vocab_add_merge(tokenizer_vocab *v, const char *left, size_t left_size, const char *right,
                               size_t right_size, size_t prefix, uint32_t rank, const char *where, status *st)
{
    int32_t a = tokenizer_vocab_find(v, left, left_size), b = tokenizer_vocab_find(v, right, right_size);
    int32_t id = -1;
    if (prefix > right_size) prefix = right_size;
    if (a >= 0 && b >= 0)
        id = find_joined(v, v->last_joined + 1, left, left_size, right + prefix, right_size - prefix);
    if (id < 0)
        return status_set(st, STATUS_INPUT, "%s: merge %u joins '%.*s' and '%.*s', and %s is not in the vocabulary", where,
                          rank, (int)(left_size < 60 ? left_size : 60), left, (int)(right_size < 60 ? right_size : 60),
                          right, a < 0 ? "the first" : b < 0 ? "the second" : "what they make");
    v->last_joined = id;
    uint64_t pair = (uint64_t)(uint32_t)a << 32 | (uint32_t)b;
    uint32_t i = tokenizer_vocab_merge_start(v, pair);
    while (v->merge[i].id >= 0 && v->merge[i].pair != pair) i = (i + 1) & v->merge_mask;
    v->merge[i] = (merge_slot){.pair = pair, .rank = rank, .id = id};
    return true;
}
