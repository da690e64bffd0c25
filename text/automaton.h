/* automaton: a grammar made ready to be followed byte by byte: a finite automaton for each rule, and calls between them.
 *
 * Each rule is a deterministic automaton over bytes, with calls of other rules as further steps: a state may read a byte, call a
 * rule and go on behind it, or end its rule. A counted rule repeats another from min to max times; the count lies on the
 * stack of whoever follows the automaton (text/readings.h), so that "at most 1000 characters" is one state, not a thousand.
 *
 * What can lead to no end is not there: from every state some text ends its rule, so a text that has been followed so far
 * can always be completed. A rule that calls itself before it has read a byte (left recursion) is refused. States that do the
 * same are one where they are not part of a circle.
 *
 * An automaton owns its memory and does not change: any thread may use it.
 */
#ifndef AIGC_TEXT_AUTOMATON_H
#define AIGC_TEXT_AUTOMATON_H

#include "text/grammar.h"

typedef struct {
    uint16_t first, last; /* these bytes */
    int32_t to;
} automaton_edge;

typedef struct {
    int32_t rule, to;
} automaton_call;

typedef struct {
    uint32_t edge, call;   /* where its edges, sorted by byte, and its calls begin */
    uint32_t edges, calls;
    bool accept;           /* the rule may end here */
} automaton_state;

typedef struct {
    bool counted;
    int32_t start;         /* not counted: its first state */
    int32_t body, min, max; /* counted: a rule that is not, and never empty; max may be GRAMMAR_ANY_TIMES */
} automaton_rule;

typedef struct {
    automaton_state *state;
    automaton_edge *edge;
    automaton_call *call;
    automaton_rule *rule;
    int32_t states, rules, root; /* root: a rule that is not counted */
    uint32_t edges, calls;
    uint8_t class_of[256];       /* bytes that no state tells apart have one class */
    int32_t classes;
} automaton;

enum { AUTOMATON_MAX_STATES = 1 << 18 };

/* Of the grammar's root. STATUS_USAGE where the grammar is at fault: no text fits it, left recursion, a rule that is not defined, or too
 * many states. g may be changed (how repetitions are written) but stays good. NULL on failure. */
automaton *automaton_new(grammar *g, status *st);
void automaton_free(automaton *a); /* NULL is allowed */

/* The state behind a byte, or −1. */
int32_t automaton_step(const automaton *a, int32_t state, uint8_t byte);

/* Whether nothing but the end of its rule can come. */
static inline bool automaton_is_final(const automaton *a, int32_t state)
{
    const automaton_state *s = &a->state[state];
    return s->accept && !s->edges && !s->calls;
}

#endif
