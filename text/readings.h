/* readings: all the ways in which a text so far can be read by an automaton (text/automaton.h).
 *
 * A reading is a stack: the state within a rule, below it the states where the calls under way go on, and the counts of
 * counted rules. Stacks are chains of frames in one pool, which share what they have in common: a frame lies above its parent
 * and is there once, so two stacks are alike when they begin with the same frame. A text may have several readings; they are a
 * list of frames in which each is once. (Persistent stacks in place of a graph: Tomita 1986 needs merging where a grammar has
 * very many readings at once; here READINGS_MOST of them are a named failure.)
 *
 * A list is "closed" when it holds what can be reached without a byte; only then can it step. Frames that were made since a
 * mark can be given back, newest first. One thread at a time may use a pool.
 */
#ifndef AIGC_TEXT_READINGS_H
#define AIGC_TEXT_READINGS_H

#include "text/automaton.h"

enum { READINGS_MOST = 1024, READINGS_MOST_FRAMES = 1 << 22 };

/* What a frame is, by its code: a state (≥ 0), the bottom of a stack, or a counted rule between two repetitions. A free one counts
 * from 0 without bounds, whatever its rule says, and leaves its count at the bottom when it ends: a measure of what is not
 * known yet (text/constraint_entry.c). */
enum { FRAME_BOTTOM = -1, FRAME_COUNTED = -2 };

typedef struct {
    int32_t code, count, parent;
} readings_frame;

typedef struct {
    const automaton *a;
    readings_frame *frame;
    uint32_t *seen;        /* [frames] by the latest walk */
    int32_t *slot, frames;
    size_t frame_room, seen_room, slots;
    uint32_t stamp;
    int32_t *pile;
    size_t pile_room;
} readings_pool;

typedef struct {
    int32_t *frame;
    size_t count, room;
} readings;

bool readings_pool_init(readings_pool *p, const automaton *a, status *st);
void readings_pool_free(readings_pool *p);
void readings_free(readings *r);

static inline int32_t readings_counted_code(int32_t rule, bool free) { return FRAME_COUNTED - 2 * rule - free; }
static inline int32_t readings_rule_of(int32_t code) { return (FRAME_COUNTED - code) / 2; }
static inline bool readings_is_counted(int32_t code) { return code <= FRAME_COUNTED; }
static inline bool readings_is_free(int32_t code) { return code <= FRAME_COUNTED && (FRAME_COUNTED - code) % 2; }

/* The frame, made where it is not there yet; −1 on failure. */
int32_t readings_frame_of(readings_pool *p, int32_t code, int32_t count, int32_t parent, status *st);

/* The one reading of the empty text. */
bool readings_begin(readings_pool *p, readings *out, status *st);

bool readings_add(readings *r, int32_t frame, status *st);

/* Below a frame that can only end its rule: the frame where something may come. */
int32_t readings_settle(const readings_pool *p, int32_t frame);

/* The same, and up into the one rule that must be called next: the frame that says most about what comes. −1 on failure. */
int32_t readings_advance(readings_pool *p, int32_t frame, status *st);

/* Everything that frame[count] reaches without a byte: states that read one, and bottoms, where the text may end. out is filled anew. */
bool readings_close(readings_pool *p, const int32_t *frame, size_t count, readings *out, status *st);
bool readings_may_end(const readings_pool *p, const readings *closed);

/* The bytes that may come, a bit each. */
void readings_bytes(const readings_pool *p, const readings *closed, uint64_t set[4]);

/* Behind one byte, not closed; empty where it may not come. out is filled anew. */
bool readings_step(readings_pool *p, const readings *closed, uint8_t byte, readings *out, status *st);

/* Gives back the frames from `frames` on (as p->frames was). */
void readings_release(readings_pool *p, int32_t frames);

/* Keeps the frames alone that are reached from the list, which gets their new numbers. */
bool readings_compact(readings_pool *p, readings *r, status *st);

#endif
