#include "core/arena.h"

#include <stdint.h>
#include <sys/mman.h>

#include "core/alloc.h"
#include "core/guard.h"

struct arena {
    char *base;
    size_t reserved;  /* bytes of addresses */
    size_t committed; /* bytes that may be touched */
    size_t used;
};

static const size_t GROWTH = (size_t)8 << 20;

arena *arena_new(status *st)
{
    arena *a = alloc_zeroed(1, sizeof *a, st);
    if (!a) return NULL;
    /* Addresses cost nothing; take fewer where a limit (ulimit -v) says so. */
    for (a->reserved = (size_t)1 << 38; a->reserved >= (size_t)1 << 26; a->reserved /= 2) {
        void *p = mmap(NULL, a->reserved, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (p == MAP_FAILED) continue;
        a->base = p;
        return a;
    }
    alloc_free(a);
    status_set(st, STATUS_NOMEM, "out of memory: no addresses left for activations");
    return NULL;
}

void arena_free(arena *a)
{
    if (!a) return;
    guard_allow(a->base, a->committed); /* the addresses may be mapped again by others */
    munmap(a->base, a->reserved);
    alloc_unreserve(a->committed);
    alloc_free(a);
}

static bool commit(arena *a, size_t end, status *st)
{
    size_t grow = (end - a->committed + GROWTH - 1) / GROWTH * GROWTH;
    if (grow > a->reserved - a->committed) grow = a->reserved - a->committed;
    if (!alloc_reserve(grow, st)) return false;
    if (mprotect(a->base + a->committed, grow, PROT_READ | PROT_WRITE) != 0) {
        alloc_unreserve(grow);
        return status_set(st, STATUS_NOMEM, "out of memory: %zu bytes of activations in use, %zu more wanted",
                          a->committed, grow);
    }
    madvise(a->base + a->committed, grow, MADV_HUGEPAGE);
    guard_forbid(a->base + a->committed, grow);
    a->committed += grow;
    return true;
}

/* Makes the block that begins at offset `at`, the latest, `bytes` long. */
static void *set_block(arena *a, size_t at, size_t bytes, status *st)
{
    if (bytes > a->reserved - at || bytes > SIZE_MAX - 63 - GUARD_GAP) {
        status_set(st, STATUS_NOMEM, "out of memory: %zu bytes of activations wanted at once", bytes);
        return NULL;
    }
    size_t size = ((bytes + 63) & ~(size_t)63) + GUARD_GAP;
    if (size > a->reserved - at) size = a->reserved - at;
    if (at + size > a->committed && !commit(a, at + size, st)) return NULL;
    guard_allow(a->base + at, bytes);
    a->used = at + size;
    return a->base + at;
}

void *arena_alloc(arena *a, size_t bytes, status *st) { return set_block(a, a->used, bytes, st); }

void *arena_extend(arena *a, void *last, size_t bytes, status *st)
{
    return last ? set_block(a, (size_t)((char *)last - a->base), bytes, st) : arena_alloc(a, bytes, st);
}

size_t arena_mark(const arena *a) { return a->used; }

void arena_reset(arena *a, size_t mark)
{
    guard_forbid(a->base + mark, a->used - mark);
    a->used = mark;
}

void arena_reset_to_move(arena *a, size_t mark) { a->used = mark; }
