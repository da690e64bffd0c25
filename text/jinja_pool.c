#include "text/jinja_pool.h"

#include <stdint.h>
#include <string.h>

#include "core/alloc.h"
#include "core/guard.h"

enum { CHUNK = 16 << 10 };

struct jinja_chunk {
    _Alignas(16) jinja_chunk *next;
    size_t size; /* behind this header */
};

void *jinja_pool_take(jinja_pool *p, size_t size, status *st)
{
    if (size > p->limit || p->used > p->limit - size) {
        status_set(st, STATUS_FAIL, "the template wants more than %zu bytes of memory", p->limit);
        return NULL;
    }
    size_t rounded = ((size + 15) & ~(size_t)15) + GUARD_GAP;
    if (rounded > p->left) {
        /* Chunks grow with what is used, so that their number stays small; a large block gets one of its own. */
        size_t room = p->used / 4 < CHUNK ? CHUNK : p->used / 4;
        if (room < rounded) room = rounded;
        jinja_chunk *fresh = alloc_array(1, sizeof *fresh + room, st);
        if (!fresh) return NULL;
        fresh->next = p->chunk, fresh->size = room;
        p->chunk = fresh, p->left = room;
        guard_forbid(fresh + 1, room);
    }
    char *at = (char *)(p->chunk + 1) + (p->chunk->size - p->left);
    p->left -= rounded;
    guard_allow(at, size);
    p->used += rounded;
    return at;
}

void *jinja_pool_zeroed(jinja_pool *p, size_t size, status *st)
{
    void *at = jinja_pool_take(p, size, st);
    return at ? memset(at, 0, size) : NULL;
}

void jinja_pool_free(jinja_pool *p)
{
    while (p->chunk) {
        jinja_chunk *next = p->chunk->next;
        guard_allow(p->chunk + 1, p->chunk->size);
        alloc_free(p->chunk);
        p->chunk = next;
    }
    *p = (jinja_pool){0};
}
