/* From expressions to automata: rule by rule a nondeterministic one (Thompson 1968), made deterministic by sets of states (Rabin
 * and Scott 1959), in which a call is a symbol like a byte. */
#include <stdlib.h>
#include <string.h>

#include "core/name_hash.h"
#include "text/automaton_parts.h"

enum {
    INLINED = 24,           /* a rule of at most this weight that calls none is put where it is called */
    MOST_WORK = 8000000,    /* elements of sets that are looked at, for one automaton */
    FEW_SLOTS = 1024,
    NO_EDGE = -1,
};

typedef enum { EDGE_EMPTY, EDGE_BYTES, EDGE_CALL } edge_kind;

typedef struct {
    uint8_t kind, first, last;
    int32_t rule, to, next; /* next: of the same state */
} edge;

/* Of one rule; its memory is used again for the next. */
typedef struct {
    automaton_builder *b;
    int32_t *head;       /* [states] the first edge */
    edge *edges;
    size_t states, head_room, edge_count, edge_room;
    int32_t accept;
    const char *name;
    /* the sets found so far */
    int32_t *member;     /* of all sets */
    size_t members, member_room;
    struct {
        uint32_t start, count;
        int32_t state;   /* of the automaton */
    } *set;
    size_t sets, set_room;
    int32_t *slot;       /* by hash: a set, −1 free */
    size_t slots;
    uint32_t *seen, stamp; /* [states] */
    size_t seen_room;
    int32_t *pile;       /* states to be looked at */
    size_t pile_room;
    automaton_edge *step; /* of the set in hand: bytes to a state */
    size_t steps, step_room;
    automaton_call *call;
    size_t calls, call_room;
} nfa;

static bool too_large(automaton_builder *b)
{
    return status_set(b->st, STATUS_USAGE, "the grammar is too large: it needs more than %d states, or too many alternatives at once", AUTOMATON_MAX_STATES);
}

static bool spend(automaton_builder *b, size_t steps) { return (b->work += steps) <= MOST_WORK || too_large(b); }

int32_t automaton_add_state(automaton_builder *b, bool accept)
{
    automaton *a = b->a;
    if (a->states >= AUTOMATON_MAX_STATES) return too_large(b), -1;
    if (!automaton_room((void **)&a->state, &b->state_room, (size_t)a->states, 1, sizeof *a->state, b->st)) return -1;
    a->state[a->states] = (automaton_state){.edge = a->edges, .call = a->calls, .accept = accept};
    return a->states++;
}

/* ---- rules ---- */

static int32_t add_rule(automaton_builder *b, automaton_rule r, grammar_node node, const char *name)
{
    automaton *a = b->a;
    if (a->rules >= GRAMMAR_MAX_RULES) return too_large(b), -1;
    if (!automaton_room((void **)&a->rule, &b->rule_room, (size_t)a->rules, 1, sizeof r, b->st) ||
        !automaton_room((void **)&b->source, &b->source_room, (size_t)a->rules, 1, sizeof *b->source, b->st)) return -1;
    a->rule[a->rules] = r;
    b->source[a->rules] = (rule_source){node, name};
    return a->rules++;
}

static int32_t rule_of_call(automaton_builder *b, int32_t r)
{
    const char *name = grammar_rule_name(b->g, r);
    grammar_node expression = grammar_rule_expression(b->g, r);
    if (expression < 0) return status_set(b->st, STATUS_USAGE, "the rule '%.80s' is not defined", name), -1;
    if (b->of_rule[r] < 0) b->of_rule[r] = add_rule(b, (automaton_rule){.start = -1}, expression, name);
    return b->of_rule[r];
}

/* The rule that counts a repetition. */
static int32_t rule_of_repeat(automaton_builder *b, grammar_node n, const char *name)
{
    const grammar_expression *e = grammar_at(b->g, n);
    grammar_node item = *grammar_items(b->g, e);
    if (b->of_node[n] >= 0) return b->of_node[n];
    bool taken = b->of_node[item] >= 0 && !b->a->rule[b->of_node[item]].counted; /* else it counts itself, and gets a rule around it */
    int32_t body = taken ? b->of_node[item] : add_rule(b, (automaton_rule){.start = -1}, item, name);
    if (body < 0) return -1;
    if (grammar_at(b->g, item)->kind != GRAMMAR_REPEAT) b->of_node[item] = body;
    return b->of_node[n] = add_rule(b, (automaton_rule){.counted = true, .start = -1, .body = body, .min = e->min, .max = e->max}, n, name);
}

/* ---- the nondeterministic automaton ---- */

static int32_t new_state(nfa *n)
{
    if (n->states >= AUTOMATON_MAX_STATES) return too_large(n->b), -1;
    if (!automaton_room((void **)&n->head, &n->head_room, n->states, 1, sizeof *n->head, n->b->st)) return -1;
    n->head[n->states] = NO_EDGE;
    return (int32_t)n->states++;
}

static bool connect(nfa *n, int32_t from, edge e)
{
    if (from < 0 || e.to < 0 || !automaton_room((void **)&n->edges, &n->edge_room, n->edge_count, 1, sizeof e, n->b->st)) return false;
    if (n->edge_count > 8 * (size_t)AUTOMATON_MAX_STATES) return too_large(n->b);
    e.next = n->head[from];
    n->edges[n->edge_count] = e;
    n->head[from] = (int32_t)n->edge_count++;
    return true;
}

static bool build(nfa *n, grammar_node node, int32_t from, int32_t to);

static bool build_literal(nfa *n, const grammar_expression *e, int32_t from, int32_t to)
{
    const uint8_t *byte = grammar_bytes_of(n->b->g, e);
    for (uint32_t i = 0; i < e->count; i++) {
        int32_t next = i + 1 < e->count ? new_state(n) : to;
        if (!connect(n, from, (edge){.kind = EDGE_BYTES, .first = byte[i], .last = byte[i], .to = next})) return false;
        from = next;
    }
    return true;
}

static bool build_sequence(nfa *n, grammar_node node, int32_t from, int32_t to)
{
    uint32_t count = grammar_at(n->b->g, node)->count;
    for (uint32_t i = 0; i < count; i++) {
        int32_t next = i + 1 < count ? new_state(n) : to;
        if (next < 0 || !build(n, grammar_items(n->b->g, grammar_at(n->b->g, node))[i], from, next)) return false;
        from = next;
    }
    return true;
}

/* Written out: so many copies, and then as many that may be left out, or a circle. */
static bool build_copies(nfa *n, const grammar_expression *e, int32_t from, int32_t to)
{
    grammar_node item = *grammar_items(n->b->g, e);
    int32_t copies = e->max == GRAMMAR_ANY_TIMES ? e->min : e->max;
    for (int32_t i = 0; i < copies; i++) {
        int32_t next = new_state(n);
        if (next < 0 || (i >= e->min && !connect(n, from, (edge){.to = to})) || !build(n, item, from, next)) return false;
        from = next;
    }
    if (e->max == GRAMMAR_ANY_TIMES) {
        int32_t circle = new_state(n);
        if (!connect(n, from, (edge){.to = circle}) || !build(n, item, circle, circle)) return false;
        from = circle;
    }
    return connect(n, from, (edge){.to = to});
}

static bool build_call(nfa *n, const grammar_expression *e, int32_t from, int32_t to)
{
    int32_t r = rule_of_call(n->b, (int32_t)e->start);
    if (r < 0) return false;
    grammar_node expression = grammar_rule_expression(n->b->g, (int32_t)e->start);
    const grammar_expression *whole = grammar_at(n->b->g, expression);
    if (whole->leaf && whole->weight <= INLINED) return build(n, expression, from, to);
    return connect(n, from, (edge){.kind = EDGE_CALL, .rule = r, .to = to});
}

/* Everything that leads from one state to another. */
static bool build(nfa *n, grammar_node node, int32_t from, int32_t to)
{
    const grammar_expression *e = grammar_at(n->b->g, node);
    if (!spend(n->b, 1)) return false;
    switch ((grammar_kind)e->kind) {
    case GRAMMAR_EMPTY: return connect(n, from, (edge){.to = to});
    case GRAMMAR_NOTHING: return true;
    case GRAMMAR_LITERAL: return build_literal(n, e, from, to);
    case GRAMMAR_BYTES: return connect(n, from, (edge){.kind = EDGE_BYTES, .first = e->first, .last = e->last, .to = to});
    case GRAMMAR_SEQUENCE: return build_sequence(n, node, from, to);
    case GRAMMAR_CHOICE:
        for (uint32_t i = 0; i < e->count; i++)
            if (!build(n, grammar_items(n->b->g, e)[i], from, to)) return false;
        return true;
    case GRAMMAR_REPEAT:
        if (e->expand) return build_copies(n, e, from, to);
        int32_t counted = rule_of_repeat(n->b, node, n->name);
        if (counted < 0) return false;
        return connect(n, from, (edge){.kind = EDGE_CALL, .rule = counted, .to = to});
    case GRAMMAR_CALL: return build_call(n, e, from, to);
    }
    return false;
}

/* ---- sets of states ---- */

static int by_number(const void *a, const void *b)
{
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return x < y ? -1 : x > y ? 1 : 0;
}

static bool grow_slots(nfa *n)
{
    size_t slots = n->slots ? 2 * n->slots : 256;
    int32_t *slot = alloc_array(slots, sizeof *slot, n->b->st);
    if (!slot) return false;
    memset(slot, 0xFF, slots * sizeof *slot);
    for (size_t i = 0; i < n->sets; i++) {
        size_t at = (size_t)name_hash(n->member + n->set[i].start, n->set[i].count * sizeof *n->member) & (slots - 1);
        while (slot[at] >= 0) at = (at + 1) & (slots - 1);
        slot[at] = (int32_t)i;
    }
    alloc_free(n->slot);
    n->slot = slot;
    n->slots = slots;
    return true;
}

/* The set of the members from `start` on, found or made; its state of the automaton, or −1. */
static int32_t intern(nfa *n, size_t start)
{
    size_t count = n->members - start, size = count * sizeof *n->member;
    if (2 * (n->sets + 1) > n->slots && !grow_slots(n)) return -1;
    size_t at = (size_t)name_hash(n->member + start, size) & (n->slots - 1);
    for (; n->slot[at] >= 0; at = (at + 1) & (n->slots - 1)) {
        size_t i = (size_t)n->slot[at];
        if (n->set[i].count != count || memcmp(n->member + n->set[i].start, n->member + start, size) != 0) continue;
        n->members = start;
        return n->set[i].state;
    }
    bool accept = false;
    for (size_t i = start; i < n->members; i++) accept = accept || n->member[i] == n->accept;
    int32_t state = automaton_add_state(n->b, accept);
    if (state < 0 || !automaton_room((void **)&n->set, &n->set_room, n->sets, 1, sizeof *n->set, n->b->st)) return -1;
    n->slot[at] = (int32_t)n->sets;
    n->set[n->sets].start = (uint32_t)start;
    n->set[n->sets].count = (uint32_t)count;
    n->set[n->sets++].state = state;
    return state;
}

/* Puts a state and all that empty steps reach on the list of members; those that do something are kept. */
static bool reach(nfa *n, int32_t from)
{
    size_t height = 0;
    if (!automaton_room((void **)&n->pile, &n->pile_room, 0, n->states + 1, sizeof *n->pile, n->b->st)) return false;
    if (n->seen[from] == n->stamp) return true;
    n->seen[from] = n->stamp;
    n->pile[height++] = from;
    while (height) {
        int32_t s = n->pile[--height];
        bool does = s == n->accept;
        for (int32_t i = n->head[s]; i != NO_EDGE; i = n->edges[i].next) {
            const edge *e = &n->edges[i];
            if (!spend(n->b, 1)) return false;
            if (e->kind != EDGE_EMPTY) does = true;
            else if (n->seen[e->to] != n->stamp) {
                n->seen[e->to] = n->stamp;
                n->pile[height++] = e->to;
            }
        }
        if (!does) continue;
        if (!automaton_room((void **)&n->member, &n->member_room, n->members, 1, sizeof *n->member, n->b->st)) return false;
        n->member[n->members++] = s;
    }
    return true;
}

static int32_t finish_set(nfa *n, size_t start)
{
    if (n->members == start) return -2;
    qsort(n->member + start, n->members - start, sizeof *n->member, by_number);
    return intern(n, start);
}

/* A list of the set's edges of one kind, sorted by what they read. */
static int by_bytes(const void *a, const void *b)
{
    const automaton_edge *x = a, *y = b;
    return x->first != y->first ? (x->first < y->first ? -1 : 1) : x->to < y->to ? -1 : x->to > y->to ? 1 : 0;
}

static int by_rule(const void *a, const void *b)
{
    const automaton_call *x = a, *y = b;
    return x->rule != y->rule ? (x->rule < y->rule ? -1 : 1) : x->to < y->to ? -1 : x->to > y->to ? 1 : 0;
}

static bool collect(nfa *n, size_t set)
{
    n->steps = n->calls = 0;
    for (uint32_t i = 0; i < n->set[set].count; i++)
        for (int32_t j = n->head[n->member[n->set[set].start + i]]; j != NO_EDGE; j = n->edges[j].next) {
            const edge *e = &n->edges[j];
            if (!spend(n->b, 1)) return false;
            if (e->kind == EDGE_BYTES) {
                if (!automaton_room((void **)&n->step, &n->step_room, n->steps, 1, sizeof *n->step, n->b->st)) return false;
                n->step[n->steps++] = (automaton_edge){e->first, e->last, e->to};
            } else if (e->kind == EDGE_CALL) {
                if (!automaton_room((void **)&n->call, &n->call_room, n->calls, 1, sizeof *n->call, n->b->st)) return false;
                n->call[n->calls++] = (automaton_call){e->rule, e->to};
            }
        }
    if (n->steps) qsort(n->step, n->steps, sizeof *n->step, by_bytes);
    if (n->calls) qsort(n->call, n->calls, sizeof *n->call, by_rule);
    return true;
}

static bool add_edge(automaton_builder *b, int32_t state, int first, int last, int32_t to)
{
    automaton *a = b->a;
    automaton_state *s = &a->state[state];
    if (s->edges && a->edge[a->edges - 1].to == to && a->edge[a->edges - 1].last + 1 == first) {
        a->edge[a->edges - 1].last = (uint16_t)last;
        return true;
    }
    if (!automaton_room((void **)&a->edge, &b->edge_room, a->edges, 1, sizeof *a->edge, b->st)) return false;
    a->edge[a->edges++] = (automaton_edge){(uint16_t)first, (uint16_t)last, to};
    s->edges++;
    return true;
}

/* The steps by byte: between two places where a range begins or ends, all bytes do the same. */
static bool add_edges(nfa *n, int32_t state)
{
    bool cut[257] = {0};
    size_t from = 0; /* ranges before it end before the bytes in hand, if all are short */
    for (size_t i = 0; i < n->steps; i++) cut[n->step[i].first] = cut[n->step[i].last + 1] = true;
    for (int first = 0, last; first < 256; first = last + 1) {
        for (last = first; last < 255 && !cut[last + 1]; last++) {}
        size_t start = n->members;
        n->stamp++;
        while (from < n->steps && n->step[from].last < first) from++;
        for (size_t i = from; i < n->steps && n->step[i].first <= first; i++) {
            if (!spend(n->b, 1)) return false;
            if (n->step[i].last >= first && !reach(n, n->step[i].to)) return false;
        }
        int32_t to = finish_set(n, start);
        if (to == -1 || (to >= 0 && !add_edge(n->b, state, first, last, to))) return false;
    }
    return true;
}

static bool add_calls(nfa *n, int32_t state)
{
    automaton *a = n->b->a;
    for (size_t i = 0; i < n->calls;) {
        int32_t rule = n->call[i].rule;
        size_t start = n->members;
        n->stamp++;
        for (; i < n->calls && n->call[i].rule == rule; i++)
            if (!reach(n, n->call[i].to)) return false;
        int32_t to = finish_set(n, start);
        if (to == -1) return false;
        if (to < 0) continue;
        if (!automaton_room((void **)&a->call, &n->b->call_room, a->calls, 1, sizeof *a->call, n->b->st)) return false;
        a->call[a->calls++] = (automaton_call){rule, to};
        a->state[state].calls++;
    }
    return true;
}

static bool build_rule(nfa *n, int32_t r)
{
    n->states = n->edge_count = n->members = n->sets = 0;
    if (n->slots > FEW_SLOTS) { /* clearing what a large rule left would cost more than the rules that follow */
        alloc_free(n->slot);
        n->slot = NULL;
        n->slots = 0;
    } else if (n->slots) memset(n->slot, 0xFF, n->slots * sizeof *n->slot);
    n->name = n->b->source[r].name;
    int32_t start = new_state(n);
    n->accept = new_state(n);
    if (n->accept < 0 || !build(n, n->b->source[r].node, start, n->accept)) return false;
    if (n->seen_room < n->states) {
        uint32_t *seen = alloc_resize(n->seen, n->states, sizeof *seen, n->b->st);
        if (!seen) return false;
        n->seen = seen;
        n->seen_room = n->states;
        memset(n->seen, 0, n->seen_room * sizeof *seen);
        n->stamp = 0;
    }
    n->stamp++;
    if (!reach(n, start)) return false;
    int32_t first = finish_set(n, 0);
    if (first == -2) first = automaton_add_state(n->b, false); /* nothing fits it */
    if (first < 0) return false;
    n->b->a->rule[r].start = first;
    for (size_t i = 0; i < n->sets; i++) {
        int32_t state = n->set[i].state;
        n->b->a->state[state].edge = n->b->a->edges;
        n->b->a->state[state].call = n->b->a->calls;
        if (!collect(n, i) || !add_edges(n, state) || !add_calls(n, state)) return false;
    }
    return true;
}

static bool build_all(automaton_builder *b)
{
    nfa n = {.b = b};
    bool ok = true;
    for (int32_t r = 0; ok && r < b->a->rules; r++) /* rules are added on the way */
        if (!b->a->rule[r].counted) ok = build_rule(&n, r);
    alloc_free(n.head);
    alloc_free(n.edges);
    alloc_free(n.member);
    alloc_free(n.set);
    alloc_free(n.slot);
    alloc_free(n.seen);
    alloc_free(n.pile);
    alloc_free(n.step);
    alloc_free(n.call);
    return ok;
}

/* ---- the whole ---- */

static int32_t *minus_ones(size_t count, status *st)
{
    int32_t *list = alloc_array(count, sizeof *list, st);
    if (list && count) memset(list, 0xFF, count * sizeof *list);
    return list;
}

static automaton *attempt(grammar *g, bool *again, status *st)
{
    automaton_builder b = {.g = g, .st = st, .a = alloc_zeroed(1, sizeof(automaton), st)};
    b.of_rule = minus_ones((size_t)grammar_rules(g), st);
    b.of_node = minus_ones(grammar_size(g), st);
    *again = false;
    bool ok = b.a && b.of_rule && b.of_node && rule_of_call(&b, grammar_root(g)) == 0 && build_all(&b) && automaton_check(&b, again) && !*again;
    alloc_free(b.of_rule);
    alloc_free(b.of_node);
    alloc_free(b.source);
    if (ok) return b.a;
    automaton_free(b.a);
    return NULL;
}

automaton *automaton_new(grammar *g, status *st)
{
    bool again = true;
    automaton *a = NULL;
    if (!status_ok(st)) return NULL;
    if (grammar_root(g) < 0) return status_set(st, STATUS_USAGE, "the grammar has no rule 'root'"), NULL;
    while (again) a = attempt(g, &again, st);
    return a;
}

void automaton_free(automaton *a)
{
    if (!a) return;
    alloc_free(a->state);
    alloc_free(a->edge);
    alloc_free(a->call);
    alloc_free(a->rule);
    alloc_free(a);
}

int32_t automaton_step(const automaton *a, int32_t state, uint8_t byte)
{
    const automaton_state *s = &a->state[state];
    if (!s->edges) return -1;
    const automaton_edge *e = a->edge + s->edge;
    uint32_t low = 0, high = s->edges;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (e[middle].last < byte) low = middle + 1;
        else high = middle;
    }
    return low < s->edges && e[low].first <= byte ? e[low].to : -1;
}
