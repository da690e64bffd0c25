/* batch_item: one job of a batch on its way: made ready by the batch, done by a runner in a lane, and given back.
 *
 * It belongs to whoever holds it, one thread at a time: the batch, a lane, the batch again.
 */
#ifndef AIGC_JOB_BATCH_ITEM_H
#define AIGC_JOB_BATCH_ITEM_H

#include "provenance/filter.h"
#include "job/job_file.h"
#include "job/journal.h"
#include "core/arena.h"
#include "text/tokenizer.h"

typedef struct batch_item batch_item;

struct batch_item {
    size_t index;        /* of the job in its file */
    job job;             /* options filled with the results of other jobs */
    hash_hex inputs;     /* digest of all that the job depends on */
    const char *folder;  /* of all outputs; outlives the item */
    const char *path;    /* where its output goes */
    filter_lists filters; /* that its words, and the texts made of them, are held against */
    int attempt;         /* from 1 */
    bool only_check;     /* the runner does all but the work: what would fail fails, and nothing is made */
    arena *mem;          /* the strings of all of this */
    batch_item *next;    /* in the queue that holds it */

    /* What the runner made of it. */
    status result;
    const char *text;    /* to be written to path; NULL: the runner wrote it itself */
    struct {
        const char *out, *text; /* name inside the folder; text: as above */
    } more[JOURNAL_MAX_OUTPUTS - 1];
    size_t more_count;
    bool cut;            /* its text was cut by its length */
    const char *remark;  /* to be told of it when it ends well; NULL: nothing. Lives as long as mem */
    double begun, ended; /* log_seconds: taken by the runner, given back */
    double loading;      /* seconds of that which loaded its model */
    int64_t room;        /* of a text that was only checked: how many more tokens the context would hold */
};

batch_item *batch_item_new(size_t index, const char *folder, status *st);
/* An item that has come back as if it were new: its memory is cleared, not given back. */
void batch_item_reuse(batch_item *item, size_t index);
void batch_item_free(batch_item *item); /* NULL is allowed */

/* The value of the job's model option, or the kind's default. */
const char *batch_item_model(const batch_item *item);

/* ---- for runners ---- */

/* Names a further output: the output's name with `ending` in place of its extension. text (copied) is written there when
 * the item is given back; NULL: the runner writes to the path returned. NULL with st set when there are too many. */
const char *batch_item_add_output(batch_item *item, const char *ending, const char *text, status *st);

/* The same for an output of that name, inside the folder; the runner writes it. */
const char *batch_item_add_named(batch_item *item, const char *name, status *st);

/* A prompt as token ids, "1 2 3", into ids, which starts as {0}. STATUS_INPUT for one that the tokenizer does not have; the text
 * that they are is held against the job's filter. */
bool batch_item_read_ids(const batch_item *item, const char *text, const tokenizer *t, tokenizer_ids *ids, status *st);

/* Does the text pass the job's filter? Asked before anything of it is given away. */
bool batch_item_pass(const batch_item *item, const char *text, status *st);

/* ---- for the batch ---- */

/* Writes the texts, each to its place, ended by a line break. */
bool batch_item_write(const batch_item *item, status *st);

#endif
