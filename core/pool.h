/* pool: threads that share the items of one loop.
 *
 * The caller splits work by its size alone, never by the number of threads, and each item computes the same numbers
 * wherever it runs; items are claimed in turn, so a slow core takes fewer. That makes every result independent of the
 * thread count. Workers spin for some 100 µs after a loop, because the next one comes soon, then sleep.
 */
#ifndef AIGC_CORE_POOL_H
#define AIGC_CORE_POOL_H

#include <stdbool.h>
#include <stdint.h>

#include "core/status.h"

typedef struct pool pool;

/* A pool of `threads` threads, the caller counted; 0 takes one for each core this process may run on. */
pool *pool_new(int threads, status *st);
void pool_free(pool *p);
int pool_threads(const pool *p); /* 1 for NULL */

/* How many threads pool_new(threads) means. */
int pool_count(int threads);

/* From its next loop on the pool uses n of its threads (at least the caller, at most all) and lets the others sleep, so
 * that two pools can share the cores. May be called from any thread, also while a loop runs. */
void pool_limit(pool *p, int n);

/* Calls task(arg, i) once for each 0 ≤ i < n < 2³², in any order, and returns when all are done. One caller at a time;
 * a task must not call pool_run on the same pool. p = NULL runs them here. */
void pool_run(pool *p, void (*task)(void *arg, int64_t i), void *arg, int64_t n);

/* Memory that the loop after the pool's next one will read, as `count` runs of items, at most POOL_AHEAD. Each thread brings the
 * beginning of its own share into its second cache while it waits for others at the next loop's end, and for the loop after it.
 * One after another the runs' items are the loop's; side by side (equally many) item i of each run is read by item i of the
 * loop. It need not be there when the threads look at it, and a wrong guess costs time alone. Called by the loops' caller. */
enum { POOL_AHEAD = 8 };
typedef struct {
    const char *from;     /* an item's bytes follow those of the one before */
    int64_t lines, items; /* lines of 64 bytes of an item; items */
} pool_reads;
void pool_ahead(pool *p, const pool_reads *run, int count, bool side_by_side);

/* For tasks and the loops' caller, between two steps of theirs: brings up to `lines` more lines of what lies ahead of this
 * thread. Some 48 are on their way at a time, and telling of so many takes no longer than a few additions. False: no more lie
 * ahead. */
bool pool_bring(int64_t lines);

/* For a task that brings such memory itself: the next lines ahead of this thread, up to *lines of them, which are taken as
 * brought; NULL: none. */
const char *pool_take(int64_t *lines);

/* Whether item i is the last of this thread's own stretch of the loop, after which it reads what lies ahead. */
bool pool_is_last(int64_t i);

#endif
