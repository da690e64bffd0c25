/* batch_item: one job of a batch on its way: made ready by the batch, done as a request in a lane (engine/lane.h), and given back.
 *
 * It belongs to whoever holds it, one thread at a time: the batch, a lane, the batch again.
 */
#ifndef AIGC_JOB_BATCH_ITEM_H
#define AIGC_JOB_BATCH_ITEM_H

#include "engine/request.h"
#include "job/job_file.h"
#include "job/journal.h"
#include "core/arena.h"

typedef struct batch_item {
    request q;           /* first, so that what comes back from a lane is the item */
    size_t index;        /* of the job in its file */
    job job;             /* options filled with the results of other jobs */
    hash_hex inputs;     /* digest of all that the job depends on */
    const char *folder;  /* of all outputs; outlives the item */
    const char *path;    /* where its output goes */
    int attempt;         /* from 1 */
    const char *text;    /* to be written to path; NULL: the lane's runner wrote it */
    struct {
        const char *out, *text; /* name inside the folder; text: as above */
    } more[JOURNAL_MAX_OUTPUTS - 1];
    size_t more_count;
    arena *mem;          /* the strings of all of this */
    struct batch_item *next; /* in a list of who holds it */
} batch_item;

batch_item *batch_item_new(size_t index, const char *folder, status *st);
/* An item that has come back as if it were new: its memory is cleared, not given back. */
void batch_item_reuse(batch_item *item, size_t index);
void batch_item_free(batch_item *item); /* NULL is allowed */

/* The value of the job's model option, or the kind's default. */
const char *batch_item_model(const batch_item *item);

/* Names a further output: the output's name with `ending` in place of its extension. text (copied) is written there when
 * the item is given back; NULL: the runner writes to the path returned. NULL with st set when there are too many. */
const char *batch_item_add_output(batch_item *item, const char *ending, const char *text, status *st);

/* The same for an output of that name, inside the folder; the runner writes it. */
const char *batch_item_add_named(batch_item *item, const char *name, status *st);

/* Writes the texts, each to its place, ended by a line break. */
bool batch_item_write(const batch_item *item, status *st);

#endif
