#include "core/arena.h"

#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "core/alloc.h"
#include "core/guard.h"

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0 /* a wish, then */
#endif

struct arena {
    char *base;
    size_t reserved;  /* bytes of addresses; they grow where they are limited */
    size_t committed; /* bytes that may be touched */
    size_t used;
};

static const size_t GROWTH = (size_t)8 << 20, LEAST = (size_t)1 << 26, MOST = (size_t)1 << 38;
enum { PLACES = 128 };

static void *map_at(char *at, size_t bytes, int flags)
{
    void *p = mmap(at, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | flags, -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

/* Where addresses are limited (ulimit -v) an arena takes those that it uses and no more, so that all arenas, files and threads
 * of a run fit side by side. It begins where nothing else is for MOST bytes, and grows there. */
static bool begin_small(arena *a)
{
    static atomic_uint next; /* the places after one another, so that arenas do not meet */
    char *const first = (char *)(uintptr_t)0x200000000000;
    for (int tries = 0; tries < 8 && !a->base; tries++) {
        char *wanted = first + (size_t)(atomic_fetch_add(&next, 1) % PLACES) * MOST;
        char *p = map_at(wanted, GROWTH, 0);
        if (p && p != wanted) munmap(p, GROWTH);
        else a->base = p;
    }
    a->reserved = GROWTH;
    return a->base != NULL;
}

static bool is_limited(size_t *limit)
{
    struct rlimit l;
    if (getrlimit(RLIMIT_AS, &l) != 0 || l.rlim_cur == RLIM_INFINITY) return false;
    *limit = (size_t)l.rlim_cur;
    return true;
}

arena *arena_new(status *st)
{
    size_t most = MOST, limit;
    arena *a = alloc_zeroed(1, sizeof *a, st);
    if (!a) return NULL;
    if (is_limited(&limit)) {
        if (begin_small(a)) return a;
        if (most > limit / 16) most = limit / 16; /* a system that gives no addresses of our choice */
    }
    for (a->reserved = MOST; a->reserved >= LEAST; a->reserved /= 2) { /* addresses cost nothing where they are not limited */
        if (a->reserved > most && a->reserved > LEAST) continue;
        a->base = map_at(NULL, a->reserved, 0);
        if (a->base) return a;
    }
    alloc_free(a);
    status_set(st, STATUS_NOMEM, "out of memory: no addresses left for activations");
    return NULL;
}

/* More addresses behind those that there are; false: they are spent or taken. */
static bool reach(arena *a, size_t end)
{
    if (end <= a->reserved) return true;
    if (end > MOST) return false;
    size_t more = (end - a->reserved + GROWTH - 1) / GROWTH * GROWTH;
    char *wanted = a->base + a->reserved, *p = map_at(wanted, more, MAP_FIXED_NOREPLACE);
    if (p && p != wanted) munmap(p, more); /* a kernel before 4.17, which takes the address as a wish */
    if (p != wanted) return false;
    a->reserved += more;
    return true;
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
    size_t size = bytes <= MOST ? ((bytes + 63) & ~(size_t)63) + GUARD_GAP : SIZE_MAX - at;
    if (!reach(a, at + size)) {
        status_set(st, STATUS_NOMEM, "out of memory: %zu bytes of activations wanted at once", bytes);
        return NULL;
    }
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
