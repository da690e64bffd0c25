/* Patterns as expressions, their characters plain or as they stand within a JSON string. */
#include <string.h>

#include "core/alloc.h"
#include "text/grammar_list.h"
#include "text/pattern.h"

enum { FIRST_PRINTED = 0x20 };

static bool has(const grammar_range *r, size_t count, uint32_t c)
{
    for (size_t i = 0; i < count; i++)
        if (c >= r[i].first && c <= r[i].last) return true;
    return false;
}

/* The characters that a JSON string writes behind a backslash, each if it is in the set. */
static bool add_escapes(grammar *g, grammar_list *l, const grammar_range *set, size_t count, status *st)
{
    static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt", digits[] = "0123456789abcdef";
    for (size_t i = 0; i + 1 < sizeof from; i++)
        if (has(set, count, (uint8_t)from[i]) && !grammar_list_add(l, grammar_literal(g, (char[]){'\\', to[i]}, 2), st)) return false;
    for (uint32_t c = 1; c < FIRST_PRINTED; c++)
        if (!strchr(from, (int)c) && has(set, count, c) &&
            !grammar_list_add(l, grammar_literal(g, (char[]){'\\', 'u', '0', '0', digits[c >> 4], digits[c & 15]}, 6), st)) return false;
    return true;
}

/* Those of a sorted set that stand for themselves in a JSON string, into out. */
static size_t plain_part(const grammar_range *set, size_t count, grammar_range *out)
{
    static const grammar_range plain[] = {{FIRST_PRINTED, '"' - 1}, {'"' + 1, '\\' - 1}, {'\\' + 1, GRAMMAR_LAST_CHARACTER}};
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        for (int j = 0; j < 3; j++) {
            uint32_t first = set[i].first > plain[j].first ? set[i].first : plain[j].first, last = set[i].last < plain[j].last ? set[i].last : plain[j].last;
            if (first <= last) out[n++] = (grammar_range){first, last};
        }
    return n;
}

static grammar_node json_class(grammar *g, const grammar_range *set, size_t count, status *st)
{
    grammar_list l = {0};
    grammar_range *plain = alloc_array(3 * count + 1, sizeof *plain, st);
    size_t n = plain ? plain_part(set, count, plain) : 0;
    bool ok = plain && (!n || grammar_list_add(&l, grammar_class(g, plain, n, false), st)) && add_escapes(g, &l, set, count, st);
    grammar_node all = ok ? grammar_choice(g, l.item, l.count) : -1;
    grammar_list_free(&l);
    alloc_free(plain);
    return all;
}

grammar_node character_class(grammar *g, const grammar_range *ranges, size_t count, bool inverted, character_form form, status *st)
{
    if (form == CHARACTERS_PLAIN) return grammar_class(g, ranges, count, inverted);
    grammar_range *own = alloc_array(2 * count + 4, sizeof *own, st);
    if (!own) return -1;
    if (count) memcpy(own, ranges, count * sizeof *own);
    size_t n = grammar_ranges_sort(own, count);
    grammar_range *set = own;
    if (inverted) set = own + count + 1, n = grammar_ranges_invert(own, n, set);
    grammar_node all = json_class(g, set, n, st);
    alloc_free(own);
    return all;
}

grammar_node pattern_node_to_grammar(const pattern *p, int32_t node, grammar *g, character_form form, status *st)
{
    const pattern_node *n = pattern_at(p, node);
    if (n->kind == PATTERN_EMPTY) return grammar_empty(g);
    if (n->kind == PATTERN_SET) return character_class(g, pattern_ranges(p, n), n->count, false, form, st);
    if (n->kind == PATTERN_REPEAT) return grammar_repeat(g, pattern_node_to_grammar(p, *pattern_items(p, n), g, form, st), n->min, n->max);
    grammar_list l = {0};
    bool ok = true;
    for (uint32_t i = 0; ok && i < n->count; i++) ok = grammar_list_add(&l, pattern_node_to_grammar(p, pattern_items(p, n)[i], g, form, st), st);
    grammar_node all = !ok ? -1 : n->kind == PATTERN_ROW ? grammar_sequence(g, l.item, l.count) : grammar_choice(g, l.item, l.count);
    grammar_list_free(&l);
    return all;
}

grammar_node pattern_to_grammar(const pattern *p, grammar *g, character_form form, status *st) { return pattern_node_to_grammar(p, pattern_root(p), g, form, st); }
