#include "text/kv_cache.h"

#include <string.h>

#include "core/alloc.h"

/* A chunk's count of users lies in front of its data, on a cache line of its own. */
typedef struct {
    int64_t users;
    char apart[64 - sizeof(int64_t)];
} chunk_head;

static chunk_head *head_of(void *chunk) { return (chunk_head *)chunk - 1; }

size_t kv_cache_chunk_bytes(const kv_cache *k) { return k->layout.layer_bytes * (size_t)k->layers; }

/* Zeroed: positions not yet written take part in products with weight 0, and 0 times a stray NaN would be one. */
static void *chunk_new(const kv_cache *k, status *st)
{
    chunk_head *head = alloc_zeroed(1, sizeof(chunk_head) + kv_cache_chunk_bytes(k), st);
    if (!head) return NULL;
    head->users = 1;
    return head + 1;
}

static void chunk_leave(void *chunk)
{
    if (--head_of(chunk)->users == 0) alloc_free(head_of(chunk));
}

bool kv_cache_init(kv_cache *k, const op_kv_layout *layout, int64_t layers, int64_t limit, status *st)
{
    *k = (kv_cache){.layout = *layout, .layers = layers, .limit = limit};
    k->chunk = alloc_zeroed((size_t)(limit + KV_CHUNK - 1) / KV_CHUNK, sizeof *k->chunk, st);
    return k->chunk != NULL;
}

void kv_cache_free(kv_cache *k)
{
    for (int64_t i = 0; i < k->chunks; i++) chunk_leave(k->chunk[i]);
    alloc_free(k->chunk);
    *k = (kv_cache){0};
}

/* A chunk that will be written must be this sequence's alone. */
static bool own(kv_cache *k, int64_t i, status *st)
{
    if (head_of(k->chunk[i])->users == 1) return true;
    void *copy = chunk_new(k, st);
    if (!copy) return false;
    memcpy(copy, k->chunk[i], kv_cache_chunk_bytes(k));
    chunk_leave(k->chunk[i]);
    k->chunk[i] = copy;
    return true;
}

bool kv_cache_reserve(kv_cache *k, int64_t length, status *st)
{
    if (length > k->limit)
        return status_set(st, STATUS_FAIL, "the context of %lld positions is full", (long long)k->limit);
    for (int64_t i = k->length / KV_CHUNK; i < k->chunks && i * KV_CHUNK < length; i++)
        if (!own(k, i, st)) return false;
    while (k->chunks * KV_CHUNK < length) {
        k->chunk[k->chunks] = chunk_new(k, st);
        if (!k->chunk[k->chunks]) return false;
        k->chunks++;
    }
    return true;
}

void kv_cache_truncate(kv_cache *k, int64_t length)
{
    if (length < k->length) k->length = length;
    while (k->chunks * KV_CHUNK >= k->length + KV_CHUNK) chunk_leave(k->chunk[--k->chunks]);
}

void kv_cache_rewind(kv_cache *k, int64_t length)
{
    if (length < k->length) k->length = length;
}

bool kv_cache_share(kv_cache *k, const kv_cache *from, int64_t length, status *st)
{
    kv_cache_truncate(k, 0);
    if (length > from->length || length > k->limit)
        return status_set(st, STATUS_FAIL, "a sequence of %lld positions cannot lend %lld", (long long)from->length, (long long)length);
    for (; k->chunks * KV_CHUNK < length; k->chunks++) {
        k->chunk[k->chunks] = from->chunk[k->chunks];
        head_of(k->chunk[k->chunks])->users++;
    }
    k->length = length;
    return true;
}
