/* lane: requests of different kinds side by side, each lane a thread that does its kinds with its share of the cores.
 *
 * Texts and vectors have a lane, pictures and sounds another: where the first wait for memory, the second compute, and a
 * picture begins as soon as its text is there. With one thread there is one lane for all. While both have work, texts get
 * half of the threads, rounded down, the others the rest; a lane without work leaves its share to the other one. That
 * changes no result, as none depends on the number of threads.
 *
 *     who asks (any thread)                  the lane's runners (run_text.c, run_image.c, …)
 *     lanes_give                -- request -->  lane_take
 *     lanes_wait, q->on_end     <-- request --  lane_end
 *
 * Nothing else is shared: a runner knows its requests and its models, who asks everything else.
 */
#ifndef AIGC_ENGINE_LANE_H
#define AIGC_ENGINE_LANE_H

#include "core/pool.h"
#include "engine/request.h"

enum { LANE_COUNT = 2 };

/* What the lanes keep from one time to the next: their threads, and the models that are open. Starts as {0}. */
typedef struct {
    pool *threads[LANE_COUNT];
    void *state[KIND_COUNT]; /* of each kind's runner */
} lane_models;

void lane_models_free(lane_models *m);

/* ---- for who asks ---- */

typedef struct lanes lanes;

/* threads: as pool_new has them, the same for all lanes with these models. parallel: texts that share a pass. */
lanes *lanes_start(lane_models *models, int threads, int64_t parallel, status *st);

/* Ends the threads; every request given must have come back. NULL is allowed. */
void lanes_free(lanes *l);

int lanes_count(const lanes *l);

/* Which lane does requests of this kind. */
int lanes_of(const lanes *l, request_kind kind);

/* Hands a request over. A lane's requests are done in this order; texts of one model that follow one another run together. */
void lanes_give(lanes *l, request *q);

/* How many requests of a lane have not come back yet. */
size_t lanes_at_hand(lanes *l, int which);

/* Seconds of work of the lane so far: time counts by the share of the threads that the lane had. */
double lanes_worked(lanes *l, int which);

/* The next request without on_end that comes back from any lane; waits for it. NULL when none is at hand. */
request *lanes_wait(lanes *l);

/* Takes a request back that no runner has taken yet: it ends with STATUS_INTERRUPTED, in this thread. false: one has. */
bool lanes_withdraw(lanes *l, request *q);

/* From now on requests that no runner has taken yet come back as they are, with STATUS_INTERRUPTED. So they do after Ctrl-C. */
void lanes_stop(lanes *l);

/* ---- for the runners ---- */

/* The lane's next request if it is of this kind and, unless that is NULL, of this model; NULL when it is not, or none is there
 * yet. */
request *lane_take(lane *l, request_kind kind, const char *model);

/* Gives a request back that has ended, well or with the error in `result`. STATUS_INTERRUPTED: not done. */
void lane_end(lane *l, request *q, const status *result);

/* The whole of a runner that does one request after the other: takes those of the kind, has `one` do each, and gives it back with
 * st. *state, NULL in the beginning, becomes `size` zero bytes that stay. */
void lane_each(lane *l, request_kind kind, void **state, size_t size, void (*one)(lane *l, void *state, request *q, status *st));

pool *lane_threads(const lane *l);
int64_t lane_parallel(const lane *l);

#endif
