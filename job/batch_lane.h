/* batch_lane: jobs of different kinds side by side, each lane a thread that runs its kinds with its share of the cores.
 *
 * Texts and vectors have a lane, pictures and sounds another: where the first wait for memory, the second compute, and a
 * picture begins as soon as its text is there. With one thread there is one lane for all. While both have work, texts get
 * half of the threads, rounded down, the others the rest; a lane without work leaves its share to the other one. That
 * changes no result, as none depends on the number of threads.
 *
 *     the batch (one thread)                 the lane's runners (batch_text.c, batch_image.c, …)
 *     batch_lanes_give          -- item -->  batch_lane_take
 *     batch_lanes_wait          <-- item --  batch_lane_end
 *
 * Nothing else is shared: a runner knows its items and its models, the batch everything else.
 */
#ifndef AIGC_JOB_BATCH_LANE_H
#define AIGC_JOB_BATCH_LANE_H

#include "job/batch_item.h"
#include "core/pool.h"

enum { BATCH_LANES = 2 };

/* What the lanes keep from one batch to the next: their threads, and the models that are loaded. Starts as {0}. */
typedef struct {
    pool *threads[BATCH_LANES];
    struct batch_text *text;
    struct batch_embed *embed;
    struct batch_image *image;
    struct batch_speak *speak;
    struct batch_vocode *vocode;
} batch_models;

void batch_models_free(batch_models *m);

/* ---- for the batch ---- */

typedef struct batch_lanes batch_lanes;

/* threads: as pool_new has them, the same for all batches with these models. parallel: texts that share a pass. */
batch_lanes *batch_lanes_start(batch_models *models, int threads, int64_t parallel, status *st);

/* Ends the threads; every item given must have come back. NULL is allowed. */
void batch_lanes_free(batch_lanes *l);

int batch_lanes_count(const batch_lanes *l);

/* Which lane does jobs of this kind. */
int batch_lanes_of(const batch_lanes *l, job_kind kind);

/* Hands an item over. A lane's items are done in this order; texts of one model that follow one another run together. */
void batch_lanes_give(batch_lanes *l, batch_item *item);

/* How many items of a lane have not come back yet. */
size_t batch_lanes_at_hand(const batch_lanes *l, int lane);

/* Seconds of work of the lane so far: time counts by the share of the threads that the lane had. */
double batch_lanes_worked(const batch_lanes *l, int lane);

/* The next item that comes back from any lane; waits for it. NULL when none is at hand. */
batch_item *batch_lanes_wait(batch_lanes *l);

/* From now on items that no runner has taken yet come back as they are, with STATUS_INTERRUPTED. So they do after Ctrl-C. */
void batch_lanes_stop(batch_lanes *l);

/* ---- for the runners ---- */

typedef struct batch_lane batch_lane;

/* The lane's next item if it is of this kind and, unless that is NULL, of this model; NULL when it is not, or none is there
 * yet. */
batch_item *batch_lane_take(batch_lane *lane, job_kind kind, const char *model);

/* Gives an item back that has ended: well, with what it made written to item->path or, as its text, given here (copied), or
 * with the error in `result`. STATUS_INTERRUPTED: not done, to be done again. */
void batch_lane_end(batch_lane *lane, batch_item *item, const char *text, const status *result);

pool *batch_lane_threads(const batch_lane *lane);
int64_t batch_lane_parallel(const batch_lane *lane);

/* Each runs items of its kind until the lane's next one is of another kind or there is none. The state keeps models. */
typedef struct batch_text batch_text;
typedef struct batch_image batch_image;
typedef struct batch_speak batch_speak;
typedef struct batch_vocode batch_vocode;
typedef struct batch_embed batch_embed;
void batch_text_run(batch_lane *lane, batch_text **state);
void batch_text_free(batch_text *state);
void batch_image_run(batch_lane *lane, batch_image **state);
void batch_image_free(batch_image *state);
void batch_speak_run(batch_lane *lane, batch_speak **state);
void batch_speak_free(batch_speak *state);
void batch_vocode_run(batch_lane *lane, batch_vocode **state);
void batch_vocode_free(batch_vocode *state);
void batch_embed_run(batch_lane *lane, batch_embed **state);
void batch_embed_free(batch_embed *state);

#endif
