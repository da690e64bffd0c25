/* constraint_parts: what constraint.c and constraint_entry.c share. */
#ifndef AIGC_TEXT_CONSTRAINT_PARTS_H
#define AIGC_TEXT_CONSTRAINT_PARTS_H

#include "text/constraint.h"
#include "text/readings.h"

/* What a mask depends on at the top of a stack; −1: not there. */
typedef struct {
    int32_t state;  /* a state of a rule that is not counted */
    int32_t body;   /* the rule that a counted rule repeats, on top or right below the state */
    int32_t behind; /* the state where the text goes on when the counted rule ends */
} entry_key;

/* A token, or a node of the tree, and how many repetitions had begun by then, of those that the text so far had not. */
typedef struct {
    int32_t what, count;
} entry_item;

enum { ENTRY_LEVELS = 17 };

typedef struct {
    entry_key key;
    bool counts;            /* there is a counted rule: the items' counts mean something */
    bool ends;              /* the rule may end at once */
    int32_t most, most_left; /* the largest counts */
    entry_item *inside, *left; /* tokens, sorted by count: within the counted rule; behind it (or all, if there is none) */
    size_t insides, lefts;
    uint64_t *all;          /* their set, NULL where they are few */
    uint64_t *level;        /* [ENTRY_LEVELS][words] those inside up to each count; the rest of them is few */
    size_t above;           /* where those of larger counts begin in `inside` */
    entry_item *exit;       /* nodes whose last byte comes behind the end, by that byte */
    uint32_t exit_from[257];
    size_t bytes;           /* of memory */
} mask_entry;

/* Finds what tokens do on top of an unknown stack. rule: a counted rule with that body, where the key has one. NULL on failure. */
mask_entry *constraint_entry_new(const automaton *a, const token_trie *t, entry_key key, int32_t rule, status *st);
void constraint_entry_free(mask_entry *e);

#endif
