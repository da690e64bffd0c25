#include "core/alloc.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { HEADER = 16 }; /* holds the block's size, keeps malloc's alignment */

static const size_t HUGE_PAGE = (size_t)2 << 20;

static _Atomic uint64_t in_use, peak, budget, fail_countdown;

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

void *alloc_zeroed(size_t n, size_t size, status *st)
{
    void *p = alloc_array(n, size, st);
    if (p) memset(p, 0, n * size);
    return p;
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
    return too_big(bytes, 1, &checked) ? NULL : take(NULL, checked);
}

void *alloc_huge(size_t bytes, status *st)
{
    size_t checked;
    if (too_big(bytes, 1, &checked) || fails_on_order() || !count(bytes)) return no_memory(1, bytes, st);
    size_t mapped = bytes + HUGE_PAGE; /* room to align; the untouched rest costs nothing */
    char *base = mmap(NULL, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base == MAP_FAILED) {
        atomic_fetch_sub(&in_use, bytes);
        return no_memory(1, bytes, st);
    }
    size_t before = (HUGE_PAGE - (uintptr_t)base % HUGE_PAGE) % HUGE_PAGE;
    if (before) munmap(base, before);
    size_t keep = (bytes + 4095) / 4096 * 4096;
    if (keep == 0) keep = 4096;
    if (mapped - before > keep) munmap(base + before + keep, mapped - before - keep);
    madvise(base + before, keep, MADV_HUGEPAGE);
    return base + before;
}

void alloc_huge_free(void *p, size_t bytes)
{
    if (!p) return;
    size_t keep = (bytes + 4095) / 4096 * 4096;
    munmap(p, keep ? keep : 4096);
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

void alloc_fail_at(uint64_t n) { atomic_store(&fail_countdown, n); }
