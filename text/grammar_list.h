/* grammar_list: a growing list of expressions, for the readers of grammars. Starts as {0}; errors go to the grammar's status. */
#ifndef AIGC_TEXT_GRAMMAR_LIST_H
#define AIGC_TEXT_GRAMMAR_LIST_H

#include "core/alloc.h"
#include "text/grammar.h"

typedef struct {
    grammar_node *item;
    size_t count, room;
} grammar_list;

static inline bool grammar_list_add(grammar_list *l, grammar_node n, status *st)
{
    if (n < 0) return false;
    if (l->count == l->room) {
        size_t room = 2 * l->room + 16;
        grammar_node *more = alloc_resize(l->item, room, sizeof *more, st);
        if (!more) return false;
        l->item = more;
        l->room = room;
    }
    l->item[l->count++] = n;
    return true;
}

static inline void grammar_list_free(grammar_list *l)
{
    alloc_free(l->item);
    *l = (grammar_list){0};
}

#endif
