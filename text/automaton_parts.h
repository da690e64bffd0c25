/* automaton_parts: an automaton while it is made, shared by automaton_build.c and automaton_check.c. */
#ifndef AIGC_TEXT_AUTOMATON_PARTS_H
#define AIGC_TEXT_AUTOMATON_PARTS_H

#include "core/alloc.h"
#include "text/automaton.h"

/* What a rule of the automaton is made of. */
typedef struct {
    grammar_node node;  /* its expression; of a counted one, the repetition */
    const char *name;   /* the grammar's rule, or the one within which it stands */
} rule_source;

typedef struct {
    grammar *g;
    status *st;
    automaton *a;
    rule_source *source; /* [a->rules] */
    int32_t *of_rule;    /* [grammar's rules] the automaton's, −1: not yet */
    int32_t *of_node;    /* [grammar's nodes] the body or counted rule made of it, −1 */
    size_t state_room, edge_room, call_room, rule_room, source_room;
    uint64_t work;       /* steps taken, bounded */
} automaton_builder;

/* Room for `more` elements behind `count`. */
static inline bool automaton_room(void **list, size_t *room, size_t count, size_t more, size_t size, status *st)
{
    if (count + more <= *room) return true;
    size_t wanted = 2 * *room + 64 > count + more ? 2 * *room + 64 : count + more;
    void *longer = alloc_resize(*list, wanted, size, st);
    if (!longer) return false;
    *list = longer;
    *room = wanted;
    return true;
}

/* Appends one state without edges. */
int32_t automaton_add_state(automaton_builder *b, bool accept);

/* Removes what leads to no end, refuses left recursion, joins like states. `again`: a repetition has to be written out, and the
 * automaton made anew. */
bool automaton_check(automaton_builder *b, bool *again);

#endif
