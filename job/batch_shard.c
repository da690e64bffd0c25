#include "job/batch_shard.h"

#include "core/alloc.h"
#include "core/hash.h"

#include <stdlib.h>
#include <string.h>

/* Union-find over the jobs; the root is the smallest index. */
static uint32_t root_of(uint32_t *parent, uint32_t i)
{
    while (parent[i] != i) i = parent[i] = parent[parent[i]];
    return i;
}

static bool join_needs(const job_file *f, uint32_t *parent, status *st)
{
    arena *mem = arena_new(st);
    for (size_t i = 0; mem && i < job_file_count(f); i++) {
        job j;
        if (!job_file_has_needs(f, i)) continue;
        size_t start = arena_mark(mem);
        if (!job_file_get(f, i, mem, &j, st)) break;
        for (size_t k = 0; k < j.need_count; k++) {
            uint32_t a = root_of(parent, (uint32_t)i), b = root_of(parent, (uint32_t)j.need[k]);
            parent[a > b ? a : b] = a < b ? a : b;
        }
        arena_reset(mem, start);
    }
    arena_free(mem);
    return status_ok(st);
}

bool batch_shard_mark(const job_file *f, int64_t shard, int64_t shards, uint8_t *state, uint8_t mark, status *st)
{
    size_t count = job_file_count(f);
    uint32_t *parent = alloc_array(count + 1, sizeof *parent, st);
    if (!parent) return false;
    for (size_t i = 0; i < count; i++) parent[i] = (uint32_t)i;
    arena *mem = join_needs(f, parent, st) ? arena_new(st) : NULL;
    for (size_t i = 0; mem && i < count; i++) {
        uint32_t root = root_of(parent, (uint32_t)i);
        if (root != i) { /* the root came first and is marked already */
            if (state[root] == mark) state[i] = mark;
            continue;
        }
        job j;
        hash_hex digest;
        size_t start = arena_mark(mem);
        if (!job_file_get(f, i, mem, &j, st) || !hash_data(j.id, strlen(j.id), &digest, st)) break;
        digest.text[15] = 0; /* 60 bits are plenty */
        if ((int64_t)(strtoull(digest.text, NULL, 16) % (uint64_t)shards) != shard - 1) state[i] = mark;
        arena_reset(mem, start);
    }
    arena_free(mem);
    alloc_free(parent);
    return status_ok(st);
}
