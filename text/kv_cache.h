/* kv_cache: the keys and values of one sequence, in chunks of KV_CHUNK positions (core/op.h) that sequences may share.
 *
 * Memory grows chunk by chunk with the sequence, so a long context costs nothing until it is used. A chunk has a count of
 * its users: a sequence that begins like another takes the other's whole chunks as they are and copies the last, broken
 * one. A chunk that is shared is never written again, because only positions past a sequence's length are written.
 * One thread at a time may use the caches that share chunks.
 */
#ifndef AIGC_TEXT_KV_CACHE_H
#define AIGC_TEXT_KV_CACHE_H

#include "core/op.h"

typedef struct {
    op_kv_layout layout;
    int64_t layers;
    int64_t length;  /* positions that hold keys and values */
    int64_t limit;   /* positions it may grow to */
    int64_t chunks;  /* allocated */
    void **chunk;    /* [chunks needed for the limit] */
} kv_cache;

bool kv_cache_init(kv_cache *k, const op_kv_layout *layout, int64_t layers, int64_t limit, status *st);
void kv_cache_free(kv_cache *k);

/* Chunks for the positions below `length`, ready to be written from k->length on. STATUS_FAIL past the limit. */
bool kv_cache_reserve(kv_cache *k, int64_t length, status *st);

/* Forgets the positions from `length` on. */
void kv_cache_truncate(kv_cache *k, int64_t length);

/* The same where the next pass writes them anew: their memory is kept. */
void kv_cache_rewind(kv_cache *k, int64_t length);

/* Makes k, which must be empty, hold the first `length` positions of `from`. */
bool kv_cache_share(kv_cache *k, const kv_cache *from, int64_t length, status *st);

/* Bytes of one chunk: memory a sequence takes for every KV_CHUNK positions. */
size_t kv_cache_chunk_bytes(const kv_cache *k);

#endif
