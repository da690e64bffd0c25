#include "core/pool.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>

#include "core/alloc.h"

/* A loop's state is one word: its generation in the upper half, the next item in the lower. A claim is one
 * compare-and-swap on it, so a worker that wakes late can never take an item of a loop it did not look at. */
#define ITEM_MASK UINT64_C(0xFFFFFFFF)
#define CLOSED ITEM_MASK /* as next item: nothing to claim */

struct pool {
    int threads;
    pthread_t *worker; /* [threads - 1] */
    char apart_0[64]; /* the words that threads fight for lie on cache lines of their own */
    _Atomic uint64_t state;
    _Atomic int64_t items;
    void (*task)(void *, int64_t);
    void *arg;
    char apart_1[64];
    _Atomic int64_t done;
    char apart_2[64];
    _Atomic int sleepers;
    _Atomic bool stop;
    pthread_mutex_t lock;
    pthread_cond_t wake;
};

enum { SPINS = 20000 };

static void relax(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

/* Runs items of the open loop until none is left to claim. */
static void work(pool *p)
{
    for (;;) {
        uint64_t seen = atomic_load(&p->state);
        if ((seen & ITEM_MASK) == CLOSED || (int64_t)(seen & ITEM_MASK) >= atomic_load(&p->items)) return;
        if (!atomic_compare_exchange_weak(&p->state, &seen, seen + 1)) continue;
        p->task(p->arg, (int64_t)(seen & ITEM_MASK));
        atomic_fetch_add(&p->done, 1);
    }
}

static void *worker_main(void *arg)
{
    pool *p = arg;
    uint64_t generation = 0;
    while (!atomic_load(&p->stop)) {
        int spins = 0;
        while (atomic_load(&p->state) >> 32 == generation && !atomic_load(&p->stop)) {
            if (++spins < SPINS) {
                relax();
                continue;
            }
            pthread_mutex_lock(&p->lock);
            atomic_fetch_add(&p->sleepers, 1);
            while (atomic_load(&p->state) >> 32 == generation && !atomic_load(&p->stop))
                pthread_cond_wait(&p->wake, &p->lock);
            atomic_fetch_sub(&p->sleepers, 1);
            pthread_mutex_unlock(&p->lock);
        }
        generation = atomic_load(&p->state) >> 32;
        work(p);
    }
    return NULL;
}

static int usable_cores(void)
{
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0 ? CPU_COUNT(&set) : 1;
}

pool *pool_new(int threads, status *st)
{
    pool *p = alloc_zeroed(1, sizeof *p, st);
    if (!p) return NULL;
    int wanted = threads > 0 ? threads : usable_cores();
    p->threads = 1;
    atomic_store(&p->state, CLOSED);
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->wake, NULL);
    p->worker = alloc_zeroed((size_t)wanted, sizeof *p->worker, st);
    if (!p->worker) {
        pool_free(p);
        return NULL;
    }
    /* Signals are the main thread's: a worker interrupted in the middle of a kernel helps nobody. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (p->threads < wanted && pthread_create(&p->worker[p->threads - 1], NULL, worker_main, p) == 0) p->threads++;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return p;
}

static void wake_all(pool *p)
{
    pthread_mutex_lock(&p->lock);
    pthread_cond_broadcast(&p->wake);
    pthread_mutex_unlock(&p->lock);
}

void pool_free(pool *p)
{
    if (!p) return;
    atomic_store(&p->stop, true);
    wake_all(p);
    for (int i = 0; i < p->threads - 1; i++) pthread_join(p->worker[i], NULL);
    pthread_mutex_destroy(&p->lock);
    pthread_cond_destroy(&p->wake);
    alloc_free(p->worker);
    alloc_free(p);
}

int pool_threads(const pool *p) { return p ? p->threads : 1; }

void pool_run(pool *p, void (*task)(void *arg, int64_t i), void *arg, int64_t n)
{
    if (!p || p->threads == 1 || n <= 1) {
        for (int64_t i = 0; i < n; i++) task(arg, i);
        return;
    }
    p->task = task;
    p->arg = arg;
    atomic_store(&p->done, 0);
    atomic_store(&p->items, n);
    uint64_t generation = (atomic_load(&p->state) >> 32) + 1;
    atomic_store(&p->state, generation << 32);
    if (atomic_load(&p->sleepers)) wake_all(p);
    work(p);
    for (int spins = 0; atomic_load(&p->done) < n; spins++) {
        if (spins < SPINS) relax();
        else sched_yield();
    }
    atomic_store(&p->state, (generation & ITEM_MASK) << 32 | CLOSED);
}
