/* Expressions in one list, their items and bytes in two others. */
#include "text/grammar.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/utf8.h"

enum { FEW_TIMES = 4, SMALL = 8, FIRST_SURROGATE = 0xD800, LAST_SURROGATE = 0xDFFF };

typedef struct {
    char *name;
    grammar_node expression;
} rule;

struct grammar {
    status *st;
    grammar_expression *node;
    grammar_node *item;
    uint8_t *byte;
    rule *rules;
    size_t nodes, node_room, items, item_room, bytes, byte_room, rule_count, rule_room;
    int32_t root;
};

grammar *grammar_new(status *st)
{
    grammar *g = alloc_zeroed(1, sizeof *g, st);
    if (!g) return NULL;
    g->st = st;
    g->root = -1;
    return g;
}

void grammar_free(grammar *g)
{
    if (!g) return;
    for (size_t i = 0; i < g->rule_count; i++) alloc_free(g->rules[i].name);
    alloc_free(g->rules);
    alloc_free(g->node);
    alloc_free(g->item);
    alloc_free(g->byte);
    alloc_free(g);
}

/* Room for `more` elements in a list that may have `most`. */
static bool grow(grammar *g, void **list, size_t *room, size_t count, size_t more, size_t size, size_t most, const char *what)
{
    if (!status_ok(g->st)) return false;
    if (more > most - count) return status_set(g->st, STATUS_USAGE, "the grammar is too large: more than %zu %s", most, what);
    if (count + more <= *room) return true;
    size_t wanted = 2 * *room + 64 > count + more ? 2 * *room + 64 : count + more;
    void *longer = alloc_resize(*list, wanted, size, g->st);
    if (!longer) return false;
    *list = longer;
    *room = wanted;
    return true;
}

static grammar_node add(grammar *g, grammar_expression e)
{
    if (e.depth > GRAMMAR_MAX_DEPTH) status_set(g->st, STATUS_USAGE, "the grammar has more than %d expressions within each other", GRAMMAR_MAX_DEPTH);
    if (!grow(g, (void **)&g->node, &g->node_room, g->nodes, 1, sizeof *g->node, GRAMMAR_MAX_NODES, "expressions")) return -1;
    g->node[g->nodes] = e;
    return (grammar_node)g->nodes++;
}

grammar_node grammar_empty(grammar *g) { return add(g, (grammar_expression){.kind = GRAMMAR_EMPTY, .leaf = true}); }
grammar_node grammar_nothing(grammar *g) { return add(g, (grammar_expression){.kind = GRAMMAR_NOTHING, .leaf = true}); }

grammar_node grammar_literal(grammar *g, const char *bytes, size_t size)
{
    if (size == 0) return grammar_empty(g);
    if (!grow(g, (void **)&g->byte, &g->byte_room, g->bytes, size, 1, GRAMMAR_MAX_BYTES, "bytes of text")) return -1;
    memcpy(g->byte + g->bytes, bytes, size);
    g->bytes += size;
    return add(g, (grammar_expression){.kind = GRAMMAR_LITERAL, .leaf = true, .weight = (uint32_t)size, .start = (uint32_t)(g->bytes - size), .count = (uint32_t)size});
}

grammar_node grammar_byte_range(grammar *g, uint8_t first, uint8_t last)
{
    return add(g, (grammar_expression){.kind = GRAMMAR_BYTES, .leaf = true, .weight = 1, .first = first, .last = last});
}

static uint32_t sum(uint32_t a, uint32_t b) { return a + b < a ? UINT32_MAX : a + b; }

static grammar_node add_list(grammar *g, grammar_kind kind, const grammar_node *items, size_t count)
{
    grammar_expression e = {.kind = (uint8_t)kind, .leaf = true, .start = (uint32_t)g->items, .count = (uint32_t)count};
    if (!grow(g, (void **)&g->item, &g->item_room, g->items, count, sizeof *g->item, (size_t)4 * GRAMMAR_MAX_NODES, "parts")) return -1;
    for (size_t i = 0; i < count; i++) {
        if (items[i] < 0) return -1;
        const grammar_expression *part = &g->node[items[i]];
        if (part->depth >= e.depth) e.depth = (uint16_t)(part->depth + 1);
        e.leaf = e.leaf && part->leaf;
        e.weight = sum(e.weight, part->weight);
        g->item[g->items + i] = items[i];
    }
    g->items += count;
    return add(g, e);
}

grammar_node grammar_sequence(grammar *g, const grammar_node *items, size_t count)
{
    if (count == 0) return grammar_empty(g);
    return count == 1 ? items[0] : add_list(g, GRAMMAR_SEQUENCE, items, count);
}

grammar_node grammar_choice(grammar *g, const grammar_node *items, size_t count)
{
    if (count == 0) return grammar_nothing(g);
    return count == 1 ? items[0] : add_list(g, GRAMMAR_CHOICE, items, count);
}

/* A short thing a few times is written out; other bounds are counted, which is no leaf. */
grammar_node grammar_repeat(grammar *g, grammar_node item, int32_t min, int32_t max)
{
    if (!status_ok(g->st) || item < 0) return -1;
    if (min < 0 || min > GRAMMAR_MAX_REPEAT || max > GRAMMAR_MAX_REPEAT || (max != GRAMMAR_ANY_TIMES && max < min)) {
        status_set(g->st, STATUS_USAGE, "a repetition of %d to %d times found, at most %d wanted", min, max, GRAMMAR_MAX_REPEAT);
        return -1;
    }
    if (max == 0) return grammar_empty(g);
    if (min == 1 && max == 1) return item;
    grammar_node n = add_list(g, GRAMMAR_REPEAT, &item, 1);
    if (n < 0) return -1;
    grammar_expression *e = &g->node[n];
    int32_t times = max == GRAMMAR_ANY_TIMES ? min : max;
    e->min = min;
    e->max = max;
    e->expand = times <= 1 || (times <= FEW_TIMES && e->weight <= SMALL);
    e->leaf = e->leaf && e->expand && max != GRAMMAR_ANY_TIMES;
    e->weight = times > 1 && e->expand ? e->weight * (uint32_t)times : sum(e->weight, 1);
    return n;
}

void grammar_expand(grammar *g, grammar_node repeat)
{
    grammar_expression *e = &g->node[repeat];
    e->expand = true;
    if (e->max == GRAMMAR_ANY_TIMES) e->min = 0;
}

/* ---- rules ---- */

int32_t grammar_rule(grammar *g, const char *name, size_t size)
{
    if (!grow(g, (void **)&g->rules, &g->rule_room, g->rule_count, 1, sizeof *g->rules, GRAMMAR_MAX_RULES, "rules")) return -1;
    char *copy = alloc_string(name, size, g->st);
    if (!copy) return -1;
    g->rules[g->rule_count] = (rule){copy, -1};
    return (int32_t)g->rule_count++;
}

void grammar_define(grammar *g, int32_t r, grammar_node expression)
{
    if (status_ok(g->st) && r >= 0 && expression >= 0) g->rules[r].expression = expression;
}

bool grammar_is_defined(const grammar *g, int32_t r) { return r >= 0 && g->rules[r].expression >= 0; }

grammar_node grammar_call(grammar *g, int32_t r)
{
    return r < 0 ? -1 : add(g, (grammar_expression){.kind = GRAMMAR_CALL, .weight = 1, .start = (uint32_t)r});
}

void grammar_set_root(grammar *g, int32_t r) { g->root = r; }
int32_t grammar_root(const grammar *g) { return g->root; }

size_t grammar_size(const grammar *g) { return g->nodes; }
const grammar_expression *grammar_at(const grammar *g, grammar_node n) { return &g->node[n]; }
const grammar_node *grammar_items(const grammar *g, const grammar_expression *e) { return g->item + e->start; }
const uint8_t *grammar_bytes_of(const grammar *g, const grammar_expression *e) { return g->byte + e->start; }
int32_t grammar_rules(const grammar *g) { return (int32_t)g->rule_count; }
grammar_node grammar_rule_expression(const grammar *g, int32_t r) { return g->rules[r].expression; }
const char *grammar_rule_name(const grammar *g, int32_t r) { return g->rules[r].name; }

/* ---- characters ---- */

static int by_first(const void *a, const void *b)
{
    const grammar_range *x = a, *y = b;
    return x->first < y->first ? -1 : x->first > y->first ? 1 : 0;
}

size_t grammar_ranges_sort(grammar_range *r, size_t count)
{
    size_t kept = 0, n = 0;
    for (size_t i = 0; i < count; i++)
        if (r[i].first <= r[i].last && r[i].first <= GRAMMAR_LAST_CHARACTER) r[n++] = r[i];
    if (n) qsort(r, n, sizeof *r, by_first);
    for (size_t i = 0; i < n; i++) {
        uint32_t last = r[i].last < GRAMMAR_LAST_CHARACTER ? r[i].last : GRAMMAR_LAST_CHARACTER;
        if (kept && r[i].first <= r[kept - 1].last + 1) {
            if (last > r[kept - 1].last) r[kept - 1].last = last;
        } else r[kept++] = (grammar_range){r[i].first, last};
    }
    size_t out = 0; /* the one range that may hold surrogates is cut, or cut in two */
    for (size_t i = 0; i < kept; i++) {
        grammar_range x = r[i];
        bool below = x.first < FIRST_SURROGATE, above = x.last > LAST_SURROGATE;
        if (x.last < FIRST_SURROGATE || x.first > LAST_SURROGATE) r[out++] = x;
        else if (below && above) {
            memmove(r + i + 1, r + i, (kept - i) * sizeof *r);
            kept++;
            r[out++] = (grammar_range){x.first, FIRST_SURROGATE - 1};
            r[out++] = (grammar_range){LAST_SURROGATE + 1, x.last};
            i++;
        } else if (below) r[out++] = (grammar_range){x.first, FIRST_SURROGATE - 1};
        else if (above) r[out++] = (grammar_range){LAST_SURROGATE + 1, x.last};
    }
    return out;
}

size_t grammar_ranges_invert(const grammar_range *ranges, size_t count, grammar_range *out)
{
    size_t n = 0;
    uint32_t next = 0;
    for (size_t i = 0; i < count; i++) {
        if (ranges[i].first > next) out[n++] = (grammar_range){next, ranges[i].first - 1};
        next = ranges[i].last + 1;
    }
    if (next <= GRAMMAR_LAST_CHARACTER) out[n++] = (grammar_range){next, GRAMMAR_LAST_CHARACTER};
    return grammar_ranges_sort(out, n);
}

/* A run of byte ranges, one behind the other. */
static grammar_node byte_run(grammar *g, const uint8_t *first, const uint8_t *last, size_t count)
{
    grammar_node part[4];
    for (size_t i = 0; i < count; i++) part[i] = grammar_byte_range(g, first[i], last[i]);
    return grammar_sequence(g, part, count);
}

typedef struct {
    grammar_node *part;
    size_t count, room;
} parts;

static void push(grammar *g, parts *p, grammar_node n)
{
    if (grow(g, (void **)&p->part, &p->room, p->count, 1, sizeof *p->part, GRAMMAR_MAX_NODES, "expressions")) p->part[p->count++] = n;
}

/* Cuts a range until all its characters have as many bytes and, behind the first byte in which they differ, all of them. */
static void add_range(grammar *g, parts *p, uint32_t first, uint32_t last)
{
    static const uint32_t ends[] = {0x7F, 0x7FF, 0xFFFF};
    for (int i = 0; i < 3; i++)
        if (first <= ends[i] && last > ends[i]) {
            add_range(g, p, first, ends[i]);
            add_range(g, p, ends[i] + 1, last);
            return;
        }
    for (int bits = 6; first > 0x7F && bits <= 18; bits += 6) {
        uint32_t low = (UINT32_C(1) << bits) - 1;
        if ((first & ~low) == (last & ~low)) break;
        if (first & low) {
            add_range(g, p, first, first | low);
            add_range(g, p, (first | low) + 1, last);
            return;
        }
        if ((last & low) != low) {
            add_range(g, p, first, (last & ~low) - 1);
            add_range(g, p, last & ~low, last);
            return;
        }
    }
    char a[4], b[4];
    size_t n = utf8_encode(first, a);
    utf8_encode(last, b);
    push(g, p, byte_run(g, (const uint8_t *)a, (const uint8_t *)b, n));
}

grammar_node grammar_class(grammar *g, const grammar_range *ranges, size_t count, bool inverted)
{
    if (!status_ok(g->st)) return -1;
    grammar_range *own = alloc_array(2 * count + 4, sizeof *own, g->st), *other = own ? own + count + 1 : NULL;
    if (!own) return -1;
    if (count) memcpy(own, ranges, count * sizeof *own);
    size_t n = grammar_ranges_sort(own, count);
    parts p = {0};
    if (inverted) n = grammar_ranges_invert(own, n, other);
    for (size_t i = 0; i < n; i++) add_range(g, &p, (inverted ? other : own)[i].first, (inverted ? other : own)[i].last);
    grammar_node all = status_ok(g->st) ? grammar_choice(g, p.part, p.count) : -1;
    alloc_free(p.part);
    alloc_free(own);
    return all;
}
