#include "core/pool.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>

#include "core/alloc.h"

/* Each thread has a range of a loop's items, one stretch without gaps, and when it is done helps with the others' ranges.
 * A range's state is one word: the loop's generation in the upper half, the number of items not yet claimed in the lower.
 * A claim is one compare-and-swap on it, so a thread that wakes late can never take an item of a loop it did not look
 * at. While a thread works in its own range nobody else touches that word, and finished items are counted once a thread,
 * not once an item: caches on two cores need some 100 ns to agree on who owns a line. */
#define LEFT_MASK UINT64_C(0xFFFFFFFF)

typedef struct {
    _Alignas(64) _Atomic uint64_t state;
    int64_t end; /* of the range; written before state */
} range;

typedef struct {
    struct pool *pool;
    int index;
} worker_place;

/* What a worker is to bring into its cache. It may read one stretch while the next is written: it only ever prefetches. */
typedef struct {
    _Alignas(64) _Atomic uint64_t turn; /* raised when the stretches are new */
    _Atomic(const char *) from[POOL_AHEAD];
    _Atomic int64_t lines[POOL_AHEAD];
} errand;

struct pool {
    int threads;
    pthread_t *worker;   /* [threads - 1] */
    worker_place *place; /* [threads - 1] */
    range *range;        /* [threads] */
    errand *errand;      /* [threads] */
    void *range_block, *errand_block; /* what they were allocated as */
    void (*task)(void *, int64_t);
    void *arg;
    char apart_0[64]; /* the words that threads wait for lie on cache lines of their own */
    _Atomic uint64_t generation;
    _Atomic int limit; /* threads with an index below it take part */
    char apart_1[64];
    _Atomic int64_t done;
    char apart_2[64];
    _Atomic int sleepers;
    _Atomic bool stop;
    pthread_mutex_t lock;
    pthread_cond_t wake;   /* a loop begins */
    pthread_cond_t raised; /* the limit is higher */
};

enum { EAGER_SPINS = 2000, SPINS = 6000 };

/* A few µs without a pause, which costs 40 ns on some cores, then with it. */
static void relax(int spins)
{
#if defined(__x86_64__)
    if (spins > EAGER_SPINS) __builtin_ia32_pause();
#else
    (void)spins;
#endif
}

/* Claims one item of the range in this generation, or returns −1. */
static int64_t claim(range *r, uint64_t generation)
{
    uint64_t seen = atomic_load(&r->state);
    while (seen >> 32 == generation && (seen & LEFT_MASK) != 0)
        if (atomic_compare_exchange_weak(&r->state, &seen, seen - 1)) return r->end - (int64_t)(seen & LEFT_MASK);
    return -1;
}

/* Runs the loop's items until none is left to claim, its own first. */
static void work(pool *p, int index, uint64_t generation)
{
    int64_t finished = 0;
    for (int t = 0; t < p->threads; t++) {
        range *r = &p->range[(index + t) % p->threads];
        for (int64_t i = claim(r, generation); i >= 0; i = claim(r, generation), finished++) p->task(p->arg, i);
    }
    if (finished) atomic_fetch_add(&p->done, finished);
}

/* Sleeps until the next loop begins. */
static void sleep_for_loop(pool *p, uint64_t seen)
{
    pthread_mutex_lock(&p->lock);
    atomic_fetch_add(&p->sleepers, 1);
    while (atomic_load(&p->generation) == seen && !atomic_load(&p->stop)) pthread_cond_wait(&p->wake, &p->lock);
    atomic_fetch_sub(&p->sleepers, 1);
    pthread_mutex_unlock(&p->lock);
}

/* Sleeps while the limit keeps this thread out; no loop wakes it. */
static void sleep_for_limit(pool *p, int index)
{
    pthread_mutex_lock(&p->lock);
    while (index >= atomic_load(&p->limit) && !atomic_load(&p->stop)) pthread_cond_wait(&p->raised, &p->lock);
    pthread_mutex_unlock(&p->lock);
}

/* Waits for a loop after the one it has `seen`. */
static void wait_for_loop(pool *p, int index, uint64_t seen)
{
    for (int spins = 0; !atomic_load(&p->stop); spins++) {
        if (index >= atomic_load(&p->limit)) sleep_for_limit(p, index);
        else if (atomic_load(&p->generation) != seen) return;
        else if (spins < SPINS) relax(spins);
        else sleep_for_loop(p, seen);
    }
}

static void *worker_main(void *arg)
{
    const worker_place *place = arg;
    pool *p = place->pool;
    uint64_t generation = 0;
    while (!atomic_load(&p->stop)) {
        wait_for_loop(p, place->index, generation);
        generation = atomic_load(&p->generation);
        work(p, place->index, generation);
    }
    return NULL;
}

void pool_ahead(pool *p, int thread, const pool_stretch *stretch, int count)
{
    if (!p || thread == 0) {
        for (int s = 0; s < count; s++)
            for (int64_t i = 0; i < stretch[s].lines; i++) __builtin_prefetch(stretch[s].from + 64 * i, 0, 2);
        return;
    }
    errand *e = &p->errand[thread];
    for (int s = 0; s < POOL_AHEAD; s++) {
        atomic_store_explicit(&e->from[s], s < count ? stretch[s].from : NULL, memory_order_relaxed);
        atomic_store_explicit(&e->lines[s], s < count ? stretch[s].lines : 0, memory_order_relaxed);
    }
    atomic_fetch_add_explicit(&e->turn, 1, memory_order_release);
}

static int usable_cores(void)
{
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0 ? CPU_COUNT(&set) : 1;
}

int pool_count(int threads) { return threads > 0 ? threads : usable_cores(); }

/* The first place in block that a cache line begins at. */
static void *aligned(void *block) { return (void *)(((uintptr_t)block + 63) & ~(uintptr_t)63); }

pool *pool_new(int threads, status *st)
{
    pool *p = alloc_zeroed(1, sizeof *p, st);
    if (!p) return NULL;
    int wanted = pool_count(threads);
    p->threads = 1;
    atomic_store(&p->limit, wanted);
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->wake, NULL);
    pthread_cond_init(&p->raised, NULL);
    p->worker = alloc_zeroed((size_t)wanted, sizeof *p->worker, st);
    p->place = alloc_zeroed((size_t)wanted, sizeof *p->place, st);
    p->range_block = alloc_zeroed((size_t)wanted + 1, sizeof *p->range, st); /* one more: room to align */
    p->errand_block = alloc_zeroed((size_t)wanted + 1, sizeof *p->errand, st);
    if (!p->worker || !p->place || !p->range_block || !p->errand_block) {
        pool_free(p);
        return NULL;
    }
    p->range = aligned(p->range_block);
    p->errand = aligned(p->errand_block);
    /* Signals are the main thread's: a worker interrupted in the middle of a kernel helps nobody. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int started = 1;
    for (; started < wanted; started++) {
        p->place[started - 1] = (worker_place){p, started};
        if (pthread_create(&p->worker[started - 1], NULL, worker_main, &p->place[started - 1]) != 0) break;
    }
    p->threads = started; /* a worker looks at it only after the first loop has begun */
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return p;
}

static void wake_all(pool *p)
{
    pthread_mutex_lock(&p->lock);
    pthread_cond_broadcast(&p->wake);
    pthread_mutex_unlock(&p->lock);
}

void pool_limit(pool *p, int n)
{
    if (!p) return;
    pthread_mutex_lock(&p->lock);
    atomic_store(&p->limit, n > 1 ? n : 1);
    pthread_cond_broadcast(&p->raised);
    pthread_mutex_unlock(&p->lock);
}

void pool_free(pool *p)
{
    if (!p) return;
    atomic_store(&p->stop, true);
    wake_all(p);
    pool_limit(p, p->threads);
    for (int i = 0; i < p->threads - 1; i++) pthread_join(p->worker[i], NULL);
    pthread_mutex_destroy(&p->lock);
    pthread_cond_destroy(&p->wake);
    pthread_cond_destroy(&p->raised);
    alloc_free(p->worker);
    alloc_free(p->place);
    alloc_free(p->range_block);
    alloc_free(p->errand_block);
    alloc_free(p);
}

int pool_threads(const pool *p) { return p ? p->threads : 1; }

void pool_run(pool *p, void (*task)(void *arg, int64_t i), void *arg, int64_t n)
{
    int sharers = p ? atomic_load(&p->limit) : 1; /* the threads that get a range; who comes later may still help */
    if (sharers > pool_threads(p)) sharers = pool_threads(p);
    if (sharers == 1 || n <= 1) {
        for (int64_t i = 0; i < n; i++) task(arg, i);
        return;
    }
    p->task = task;
    p->arg = arg;
    atomic_store(&p->done, 0);
    uint64_t generation = (atomic_load(&p->generation) + 1) & LEFT_MASK;
    for (int t = 0; t < sharers; t++) { /* the others' ranges stay empty, as their last loop left them */
        int64_t from = n * t / sharers, end = n * (t + 1) / sharers;
        p->range[t].end = end;
        atomic_store(&p->range[t].state, generation << 32 | (uint64_t)(end - from));
    }
    atomic_store(&p->generation, generation);
    if (atomic_load(&p->sleepers)) wake_all(p);
    work(p, 0, generation);
    for (int spins = 0; atomic_load(&p->done) < n; spins++) {
        if (spins < SPINS) relax(spins);
        else sched_yield();
    }
}
