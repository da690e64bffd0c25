#include "core/alloc.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { HEADER = 16 }; /* holds the block's size, keeps malloc's alignment */

static const size_t HUGE_PAGE = (size_t)2 << 20;

static _Atomic uint64_t in_use, peak, budget, fail_countdown;
static atomic_bool library_failed;

static bool fails_on_order(void)
{
    uint64_t left = atomic_load_explicit(&fail_countdown, memory_order_relaxed);
    while (left && !atomic_compare_exchange_weak(&fail_countdown, &left, left - 1)) {}
    return left == 1;
}

/* Adds bytes to the count; false when the budget forbids it. */
static bool count(size_t bytes)
{
    uint64_t now = atomic_fetch_add(&in_use, bytes) + bytes;
    uint64_t limit = atomic_load_explicit(&budget, memory_order_relaxed);
    if (limit && now > limit) {
        atomic_fetch_sub(&in_use, bytes);
        return false;
    }
    uint64_t seen = atomic_load_explicit(&peak, memory_order_relaxed);
    while (now > seen && !atomic_compare_exchange_weak(&peak, &seen, now)) {}
    return true;
}

static bool too_big(size_t n, size_t size, size_t *bytes)
{
    return __builtin_mul_overflow(n, size, bytes) || *bytes > PTRDIFF_MAX - 2 * HUGE_PAGE;
}

static void *no_memory(size_t n, size_t size, status *st)
{
    uint64_t limit = atomic_load(&budget);
    if (limit)
        status_set(st, STATUS_NOMEM, "out of memory: %zu × %zu bytes wanted, %llu in use of a limit of %llu", n, size,
                   (unsigned long long)atomic_load(&in_use), (unsigned long long)limit);
    else
        status_set(st, STATUS_NOMEM, "out of memory: %zu × %zu bytes wanted, %llu in use", n, size,
                   (unsigned long long)atomic_load(&in_use));
    return NULL;
}

static void *take(void *old, size_t bytes)
{
    size_t old_bytes = 0;
    char *block = old ? (char *)old - HEADER : NULL;
    if (block) memcpy(&old_bytes, block, sizeof old_bytes);
    if (fails_on_order() || !count(bytes)) return NULL;
    block = realloc(block, bytes + HEADER);
    if (!block) {
        atomic_fetch_sub(&in_use, bytes);
        return NULL;
    }
    atomic_fetch_sub(&in_use, old_bytes);
    memcpy(block, &bytes, sizeof bytes);
    return block + HEADER;
}

void *alloc_array(size_t n, size_t size, status *st)
{
    return alloc_resize(NULL, n, size, st);
}

/* Asks for all pages of a large block in one call, which takes half the time of as many page faults or less. */
static void populate(void *p, size_t bytes)
{
#ifdef MADV_POPULATE_WRITE
    enum { PAGE = 4096, LARGE = 64 * PAGE };
    char *first = (char *)(((uintptr_t)p + PAGE - 1) / PAGE * PAGE);
    if (bytes >= LARGE) madvise(first, (bytes - PAGE) / PAGE * PAGE, MADV_POPULATE_WRITE);
#else
    (void)p, (void)bytes;
#endif
}

void *alloc_zeroed(size_t n, size_t size, status *st)
{
    void *p = alloc_array(n, size, st);
    if (!p) return NULL;
    populate(p, n * size);
    return memset(p, 0, n * size);
}

void *alloc_resize(void *p, size_t n, size_t size, status *st)
{
    size_t bytes;
    void *q = too_big(n, size, &bytes) ? NULL : take(p, bytes);
    return q ? q : no_memory(n, size, st);
}

char *alloc_string(const char *s, size_t n, status *st)
{
    char *copy = n < SIZE_MAX ? alloc_array(n + 1, 1, st) : no_memory(n, 1, st);
    if (!copy) return NULL;
    memcpy(copy, s, n);
    copy[n] = 0;
    return copy;
}

void alloc_free(void *p)
{
    if (!p) return;
    char *block = (char *)p - HEADER;
    size_t bytes;
    memcpy(&bytes, block, sizeof bytes);
    atomic_fetch_sub(&in_use, bytes);
    free(block);
}

void *alloc_for_library(size_t bytes)
{
    size_t checked;
    void *p = too_big(bytes, 1, &checked) ? NULL : take(NULL, checked);
    if (!p) atomic_store(&library_failed, true);
    return p;
}

void *alloc_for_library_with(size_t bytes, void *ignored)
{
    (void)ignored;
    return alloc_for_library(bytes);
}

void alloc_free_with(void *p, void *ignored)
{
    (void)ignored;
    alloc_free(p);
}

bool alloc_library_failed(void) { return atomic_load(&library_failed); }

/* ---- huge pages ----
 * A block smaller than a huge page would get none of its own, so small blocks share slabs. A slab knows how many of its
 * blocks are in use and goes when the last one does; its bytes are handed out once, so they are zero. */

static const size_t SLAB = (size_t)16 << 20, SLAB_BLOCK_MAX = (size_t)4 << 20;

typedef struct {
    size_t used; /* bytes handed out, this header's own included */
    size_t blocks;
} slab;

static pthread_mutex_t slab_lock = PTHREAD_MUTEX_INITIALIZER;
static slab *current;

/* Zeroed pages that begin at a multiple of `align`, or NULL. */
static void *map_huge(size_t bytes, size_t align)
{
    size_t mapped = bytes + align; /* room to align; the untouched rest costs nothing */
    char *base = mmap(NULL, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base == MAP_FAILED) return NULL;
    size_t before = (align - (uintptr_t)base % align) % align;
    if (before) munmap(base, before);
    if (mapped - before > bytes) munmap(base + before + bytes, mapped - before - bytes);
    madvise(base + before, bytes, MADV_HUGEPAGE);
    return base + before;
}

static void drop_block(slab *s)
{
    if (--s->blocks == 0) munmap(s, SLAB);
}

static void *take_from_slab(size_t bytes)
{
    pthread_mutex_lock(&slab_lock);
    if (!current || bytes > SLAB - current->used) {
        slab *fresh = map_huge(SLAB, SLAB);
        if (fresh) {
            *fresh = (slab){64, 1}; /* being the current one counts as a block */
            if (current) drop_block(current);
            current = fresh;
        } else bytes = SIZE_MAX;
    }
    char *p = NULL;
    if (bytes != SIZE_MAX) {
        p = (char *)current + current->used;
        current->used += bytes;
        current->blocks++;
    }
    pthread_mutex_unlock(&slab_lock);
    return p;
}

static void give_to_slab(void *p)
{
    pthread_mutex_lock(&slab_lock);
    drop_block((slab *)((uintptr_t)p & ~(SLAB - 1)));
    if (current && current->blocks == 1) { /* only being the current one is left */
        munmap(current, SLAB);
        current = NULL;
    }
    pthread_mutex_unlock(&slab_lock);
}

static size_t huge_size(size_t bytes) { return bytes <= SLAB_BLOCK_MAX ? (bytes + 63) / 64 * 64 : (bytes + 4095) / 4096 * 4096; }

void *alloc_huge(size_t bytes, status *st)
{
    size_t checked;
    if (too_big(bytes, 1, &checked) || fails_on_order() || !count(bytes)) return no_memory(1, bytes, st);
    void *p = bytes <= SLAB_BLOCK_MAX ? take_from_slab(huge_size(bytes)) : map_huge(huge_size(bytes), HUGE_PAGE);
    if (p) return p;
    atomic_fetch_sub(&in_use, bytes);
    return no_memory(1, bytes, st);
}

void alloc_huge_free(void *p, size_t bytes)
{
    if (!p) return;
    if (bytes <= SLAB_BLOCK_MAX) give_to_slab(p);
    else munmap(p, huge_size(bytes));
    atomic_fetch_sub(&in_use, bytes);
}

bool alloc_reserve(size_t bytes, status *st)
{
    if (!fails_on_order() && count(bytes)) return true;
    no_memory(1, bytes, st);
    return false;
}

void alloc_unreserve(size_t bytes) { atomic_fetch_sub(&in_use, bytes); }

void alloc_set_budget(uint64_t bytes) { atomic_store(&budget, bytes); }

uint64_t alloc_in_use(void) { return atomic_load(&in_use); }

uint64_t alloc_peak(void) { return atomic_load(&peak); }

void alloc_reset_peak(void) { atomic_store(&peak, atomic_load(&in_use)); }

void alloc_fail_at(uint64_t n) { atomic_store(&fail_countdown, n); }
