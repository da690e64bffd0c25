#include "core/pool.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>

#include "core/alloc.h"
#include "core/log.h"

/* Each thread has a range of a loop's items, one stretch without gaps, and when it is done helps with the others' ranges.
 * A range's state is one word: the loop's generation in the upper half, the number of items not yet claimed in the lower.
 * A claim is one compare-and-swap on it, so a thread that wakes late can never take an item of a loop it did not look
 * at. Caches on two cores need some 100 ns to agree on who owns a line, so all that a thread needs to begin lies on the line
 * it waits for, nobody else touches that while it works in its own range, and finished items are counted once a thread. */
#define COUNT_MASK UINT64_C(0xFFFFFFFF)

typedef struct {
    _Alignas(64) _Atomic uint64_t state;
    int64_t end; /* of the range; this and the next two are written before state, and read after a claim */
    void (*task)(void *, int64_t);
    void *arg;
    _Alignas(64) _Atomic uint64_t finished; /* by the range's thread: generation and items, in whatever ranges */
} range;

typedef struct {
    struct pool *pool;
    int index;
} worker_place;

/* What the loop after the next reads, for whoever looks: errand[turn % 2] now, the other is written for the next turn. */
typedef struct {
    _Atomic(const char *) from[POOL_AHEAD];
    _Atomic int64_t lines[POOL_AHEAD], items[POOL_AHEAD];
    _Atomic int count;
    _Atomic bool side_by_side;
} errand;

typedef struct {
    _Alignas(64) _Atomic uint64_t turn;
    _Alignas(64) errand errand[2];
    int threads; /* that share it */
} errands;

/* This thread's copy of its errand: the stretch it is at, what comes after that, and where its own share of the loop ends. */
static _Thread_local struct {
    const errands *all;
    int thread;
    uint64_t turn;
    pool_reads run[POOL_AHEAD];
    int count, at; /* runs; at: the one whose item, or items, the stretch is of */
    bool side_by_side;
    int64_t item;        /* side by side: of each run */
    const char *from;    /* the stretch */
    int64_t lines, left; /* of the stretch, of the share */
    int64_t end;
} mine;

struct pool {
    int threads;
    pthread_t *worker;   /* [threads - 1] */
    worker_place *place; /* [threads - 1] */
    range *range;        /* [threads] */
    errands *errands;
    bool ahead;          /* an errand waits for the next loop */
    log_sink log;        /* of who made the pool */
    void *range_block, *errands_block; /* what they were allocated as */
    uint64_t generation; /* of the latest loop, below 2³² */
    _Atomic int limit;   /* threads with an index below it take part */
    _Atomic int sleepers;
    _Atomic bool stop;
    pthread_mutex_t lock;
    pthread_cond_t wake;   /* a loop begins */
    pthread_cond_t raised; /* the limit is higher */
};

enum { EAGER_SPINS = 2000, SPINS = 6000, BRING = 16 /* lines between two looks at what one waits for */, SHARE_LINES = 2048 /* that a thread brings of a loop */ };

/* A few µs without a pause, which costs 40 ns on some cores, then with it. */
static void relax(int spins)
{
#if defined(__x86_64__)
    if (spins > EAGER_SPINS) __builtin_ia32_pause();
#else
    (void)spins;
#endif
}

static uint64_t generation_of(const range *r) { return atomic_load(&r->state) >> 32; }

/* Claims one item of the range in this generation, or returns −1. */
static int64_t claim(range *r, uint64_t generation)
{
    uint64_t seen = atomic_load_explicit(&r->state, memory_order_acquire);
    while (seen >> 32 == generation && (seen & COUNT_MASK) != 0)
        if (atomic_compare_exchange_weak(&r->state, &seen, seen - 1)) return r->end - (int64_t)(seen & COUNT_MASK);
    return -1;
}

/* Runs the loop's items until none is left to claim, its own first; `finished` were done before. */
static void work(pool *p, int index, uint64_t generation, uint64_t finished)
{
    for (int t = 0; t < p->threads; t++) {
        range *r = &p->range[(index + t) % p->threads];
        for (int64_t i = claim(r, generation); i >= 0; i = claim(r, generation), finished++) {
            mine.end = r->end;
            r->task(r->arg, i);
        }
    }
    atomic_store_explicit(&p->range[index].finished, generation << 32 | finished, memory_order_release);
}

/* Sleeps until the next loop begins, or the limit keeps this thread out. */
static void sleep_for_loop(pool *p, int index, uint64_t seen)
{
    const range *own = &p->range[index];
    pthread_mutex_lock(&p->lock);
    atomic_fetch_add(&p->sleepers, 1);
    while (generation_of(own) == seen && index < atomic_load(&p->limit) && !atomic_load(&p->stop)) pthread_cond_wait(&p->wake, &p->lock);
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

/* Where a thread's share of n items begins; the next one's begin is its end. Thread 0 has item 0. */
static int64_t first_of_share(int64_t n, int thread, int threads) { return (n * thread + threads - 1) / threads; }

/* ---- what lies ahead ---- */

/* The address so many lines on. Nothing needs to lie there, nor at `from`. */
static const char *lines_after(const char *from, int64_t lines) { return (const char *)((uintptr_t)from + (uintptr_t)(64 * lines)); }

/* Cuts the runs down to this thread's own share. */
static void begin_share(void)
{
    int64_t items = mine.side_by_side && mine.count ? mine.run[0].items : 0, lines = 0, before = 0;
    for (int r = 0; r < mine.count && !mine.side_by_side; r++) items += mine.run[r].items;
    int64_t from = first_of_share(items, mine.thread, mine.all->threads), to = first_of_share(items, mine.thread + 1, mine.all->threads);
    for (int r = 0; r < mine.count; r++) {
        pool_reads *run = &mine.run[r];
        int64_t first = from - before > 0 ? from - before : 0, end = to - before < run->items ? to - before : run->items;
        if (!mine.side_by_side) before += run->items;
        run->from = lines_after(run->from, run->lines * first);
        run->items = end > first ? end - first : 0;
        lines += run->items * run->lines;
    }
    mine.at = -1;
    mine.item = 0;
    mine.lines = 0;
    mine.left = lines < SHARE_LINES ? lines : SHARE_LINES;
}

/* Goes on to the next stretch of the share, which has one as long as lines are left of it. */
static void next_stretch(void)
{
    if (++mine.at == mine.count) mine.at = 0, mine.item++;
    const pool_reads *r = &mine.run[mine.at];
    mine.from = lines_after(r->from, mine.side_by_side ? r->lines * mine.item : 0);
    mine.lines = r->lines * (mine.side_by_side ? 1 : r->items);
}

/* Copies the errand of this turn. It may be written anew meanwhile, for a turn two later: then it is none. */
static void begin_errand(uint64_t turn)
{
    const errand *e = &mine.all->errand[turn % 2];
    mine.turn = turn;
    mine.count = atomic_load_explicit(&e->count, memory_order_acquire);
    mine.side_by_side = atomic_load_explicit(&e->side_by_side, memory_order_acquire);
    for (int r = 0; r < mine.count; r++)
        mine.run[r] = (pool_reads){atomic_load_explicit(&e->from[r], memory_order_acquire), atomic_load_explicit(&e->lines[r], memory_order_acquire),
                                   atomic_load_explicit(&e->items[r], memory_order_acquire)};
    if (atomic_load_explicit(&mine.all->turn, memory_order_relaxed) != turn) mine.count = 0;
    begin_share();
}

const char *pool_take(int64_t *lines)
{
    if (!mine.all) return NULL;
    uint64_t turn = atomic_load_explicit(&mine.all->turn, memory_order_acquire);
    if (turn != mine.turn) begin_errand(turn);
    if (mine.left <= 0) return NULL;
    while (mine.lines <= 0) next_stretch();
    const char *from = mine.from;
    if (*lines > mine.lines) *lines = mine.lines;
    if (*lines > mine.left) *lines = mine.left;
    mine.from = lines_after(mine.from, *lines);
    mine.lines -= *lines;
    mine.left -= *lines;
    return from;
}

bool pool_bring(int64_t lines)
{
    const char *from = pool_take(&lines);
    for (int64_t i = 0; from && i < lines; i++) __builtin_prefetch(lines_after(from, i), 0, 2);
    return from != NULL;
}

bool pool_is_last(int64_t i) { return i + 1 == mine.end; }

/* ---- the workers ---- */

/* Waits for a loop after the one it has `seen`. */
static void wait_for_loop(pool *p, int index, uint64_t seen)
{
    const range *own = &p->range[index];
    for (int spins = 0; !atomic_load(&p->stop); spins++) {
        if (index >= atomic_load(&p->limit)) sleep_for_limit(p, index);
        else if (generation_of(own) != seen) return;
        else if (pool_bring(BRING)) spins = 0;
        else if (spins < SPINS) relax(spins);
        else sleep_for_loop(p, index, seen);
    }
}

static void *worker_main(void *arg)
{
    const worker_place *place = arg;
    pool *p = place->pool;
    log_set_sink(p->log);
    mine.all = p->errands;
    mine.thread = place->index;
    uint64_t generation = 0;
    while (!atomic_load(&p->stop)) {
        wait_for_loop(p, place->index, generation);
        generation = generation_of(&p->range[place->index]);
        work(p, place->index, generation, 0);
    }
    return NULL;
}

/* Whoever sees one of these stores in place of an older turn's also sees that the turn has passed. */
void pool_ahead(pool *p, const pool_reads *run, int count, bool side_by_side)
{
    if (!p) return;
    errand *e = &p->errands->errand[(atomic_load_explicit(&p->errands->turn, memory_order_relaxed) + 1) % 2];
    for (int r = 0; r < count; r++) {
        atomic_store_explicit(&e->from[r], run[r].from, memory_order_release);
        atomic_store_explicit(&e->lines[r], run[r].lines, memory_order_release);
        atomic_store_explicit(&e->items[r], run[r].items, memory_order_release);
    }
    atomic_store_explicit(&e->count, count, memory_order_release);
    atomic_store_explicit(&e->side_by_side, side_by_side, memory_order_release);
    p->ahead = true;
}

/* What was said to lie ahead is what the threads bring from now on. */
static void begin_errands(pool *p)
{
    if (p->ahead) atomic_store_explicit(&p->errands->turn, atomic_load_explicit(&p->errands->turn, memory_order_relaxed) + 1, memory_order_release);
    p->ahead = false;
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
    p->log = log_get_sink();
    atomic_store(&p->limit, wanted);
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->wake, NULL);
    pthread_cond_init(&p->raised, NULL);
    p->worker = alloc_zeroed((size_t)wanted, sizeof *p->worker, st);
    p->place = alloc_zeroed((size_t)wanted, sizeof *p->place, st);
    p->range_block = alloc_zeroed((size_t)wanted + 1, sizeof *p->range, st); /* one more: room to align */
    p->errands_block = alloc_zeroed(2, sizeof *p->errands, st);
    if (!p->worker || !p->place || !p->range_block || !p->errands_block) {
        pool_free(p);
        return NULL;
    }
    p->range = aligned(p->range_block);
    p->errands = aligned(p->errands_block);
    p->errands->threads = wanted;
    /* Signals are the main thread's: a worker interrupted in the middle of a kernel helps nobody. */
    sigset_t all, before;
    sigfillset(&all);
    sigdelset(&all, SIGBUS); /* a thread's own fault: blocked, it would kill without a word */
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
    if (mine.all == p->errands) mine.all = NULL;
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
    alloc_free(p->errands_block);
    alloc_free(p);
}

int pool_threads(const pool *p) { return p ? p->threads : 1; }

/* Items of this loop that are done. */
static int64_t finished(const pool *p, int sharers)
{
    uint64_t sum = 0;
    for (int t = 0; t < sharers; t++) {
        uint64_t seen = atomic_load_explicit(&p->range[t].finished, memory_order_acquire);
        if (seen >> 32 == p->generation) sum += seen & COUNT_MASK;
    }
    return (int64_t)sum;
}

/* Threads that sleep, or were about to while the loop was written: such a one counts itself, then looks at its range again. */
static int sleepers_after_stores(pool *p)
{
#ifdef __SANITIZE_THREAD__ /* knows no fences */
    return atomic_fetch_add(&p->sleepers, 0);
#else
    atomic_thread_fence(memory_order_seq_cst);
    return atomic_load(&p->sleepers);
#endif
}

void pool_run(pool *p, void (*task)(void *arg, int64_t i), void *arg, int64_t n)
{
    int sharers = p ? atomic_load(&p->limit) : 1; /* the threads that take part */
    if (sharers > pool_threads(p)) sharers = pool_threads(p);
    mine.all = p ? p->errands : NULL;
    mine.thread = 0;
    mine.end = n;
    if (sharers == 1 || n <= 1) {
        for (int64_t i = 0; i < n; i++) task(arg, i);
        return;
    }
    begin_errands(p);
    p->generation = (p->generation + 1) & COUNT_MASK;
    for (int t = sharers - 1; t >= 0; t--) {
        range *r = &p->range[t];
        int64_t from = first_of_share(n, t, sharers) + (t == 0); /* item 0 is this thread's, and nobody claims it */
        r->end = first_of_share(n, t + 1, sharers);
        r->task = task;
        r->arg = arg;
        atomic_store_explicit(&r->state, p->generation << 32 | (uint64_t)(r->end - from), memory_order_release);
    }
    /* Others need some 100 ns to give up the lines just written. A fence would wait for that; the first item does not, and
     * whoever was about to sleep meanwhile is seen after it. */
    if (atomic_load_explicit(&p->sleepers, memory_order_relaxed)) wake_all(p);
    mine.end = p->range[0].end;
    task(arg, 0);
    if (sleepers_after_stores(p)) wake_all(p);
    work(p, 0, p->generation, 1);
    for (int spins = 0; finished(p, sharers) < n; spins++) {
        if (pool_bring(BRING)) continue;
        if (spins < SPINS) relax(spins);
        else sched_yield();
    }
}
