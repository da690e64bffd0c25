#include "text/language.h"

#include <stdlib.h>
#include <string.h>

#include "core/name_hash.h"
#include "text/automaton_parts.h"
#include "text/grammar_list.h"
#include "text/tokenizer_unicode.h"

enum { DEAD = -1, MOST_CLASSES = 1 << 14, MOST_WORK = 5000000 };

/* Characters that no state tells apart are a class: from cut[i] up to the next cut. */
struct language {
    uint32_t *cut;
    int32_t *next;   /* [states][classes], −1: no text goes on so */
    bool *accept;
    size_t classes, states, cut_room, next_room, accept_room;
};

static bool too_large(status *st) { return status_set(st, STATUS_USAGE, "a pattern, or what is left of two, needs more than %d states", LANGUAGE_MAX_STATES); }

void language_free(language *l)
{
    if (!l) return;
    alloc_free(l->cut);
    alloc_free(l->next);
    alloc_free(l->accept);
    alloc_free(l);
}

static int32_t add_state(language *l, bool accept, status *st)
{
    if (l->states >= LANGUAGE_MAX_STATES || (l->states + 1) * l->classes > LANGUAGE_MAX_TABLE) return too_large(st), -1;
    if (!automaton_room((void **)&l->next, &l->next_room, l->states * l->classes, l->classes, sizeof *l->next, st) ||
        !automaton_room((void **)&l->accept, &l->accept_room, l->states, 1, sizeof *l->accept, st)) return -1;
    memset(l->next + l->states * l->classes, 0xFF, l->classes * sizeof *l->next);
    l->accept[l->states] = accept;
    return (int32_t)l->states++;
}

static size_t class_of(const language *l, uint32_t c)
{
    size_t low = 0, high = l->classes;
    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        if (l->cut[middle] <= c) low = middle;
        else high = middle;
    }
    return low;
}

static int by_value(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y ? 1 : 0;
}

/* Classes from places where something begins. */
static bool finish_cuts(language *l, status *st)
{
    size_t kept = 0;
    if (!automaton_room((void **)&l->cut, &l->cut_room, l->classes, 1, sizeof *l->cut, st)) return false;
    l->cut[l->classes++] = 0;
    qsort(l->cut, l->classes, sizeof *l->cut, by_value);
    for (size_t i = 0; i < l->classes; i++)
        if ((!kept || l->cut[kept - 1] != l->cut[i]) && l->cut[i] <= GRAMMAR_LAST_CHARACTER) l->cut[kept++] = l->cut[i];
    l->classes = kept;
    return kept <= MOST_CLASSES || too_large(st);
}

static bool add_cut(language *l, uint32_t at, status *st)
{
    if (!automaton_room((void **)&l->cut, &l->cut_room, l->classes, 1, sizeof *l->cut, st)) return false;
    l->cut[l->classes++] = at;
    return true;
}

/* ---- sets of numbers, each with a state ---- */

typedef struct {
    int32_t *member;
    struct known {
        uint32_t start, count;
        int32_t state;
    } *set;
    int32_t *slot;
    size_t members, sets, slots, member_room, set_room;
} set_table;

static void set_table_free(set_table *t)
{
    alloc_free(t->member);
    alloc_free(t->set);
    alloc_free(t->slot);
}

static bool add_member(set_table *t, int32_t n, status *st)
{
    if (!automaton_room((void **)&t->member, &t->member_room, t->members, 1, sizeof n, st)) return false;
    t->member[t->members++] = n;
    return true;
}

static bool grow_slots(set_table *t, status *st)
{
    size_t slots = t->slots ? 2 * t->slots : 256;
    int32_t *slot = alloc_array(slots, sizeof *slot, st);
    if (!slot) return false;
    memset(slot, 0xFF, slots * sizeof *slot);
    alloc_free(t->slot);
    t->slot = slot;
    t->slots = slots;
    for (size_t i = 0; i < t->sets; i++) {
        size_t at = (size_t)name_hash(t->member + t->set[i].start, t->set[i].count * sizeof *t->member) & (slots - 1);
        while (slot[at] >= 0) at = (at + 1) & (slots - 1);
        slot[at] = (int32_t)i;
    }
    return true;
}

/* The set of the members from `start` on: where it stands in the table, or −1 on failure; new: with no state yet. */
static int64_t find_set(set_table *t, size_t start, bool *new, status *st)
{
    size_t count = t->members - start, size = count * sizeof *t->member;
    *new = false;
    if (2 * (t->sets + 1) > t->slots && !grow_slots(t, st)) return -1;
    size_t at = (size_t)name_hash(t->member + start, size) & (t->slots - 1);
    for (; t->slot[at] >= 0; at = (at + 1) & (t->slots - 1)) {
        const struct known *k = &t->set[t->slot[at]];
        if (k->count != count || memcmp(t->member + k->start, t->member + start, size) != 0) continue;
        t->members = start;
        return t->slot[at];
    }
    if (!automaton_room((void **)&t->set, &t->set_room, t->sets, 1, sizeof *t->set, st)) return -1;
    t->slot[at] = (int32_t)t->sets;
    t->set[t->sets] = (struct known){(uint32_t)start, (uint32_t)count, -1};
    *new = true;
    return (int64_t)t->sets++;
}

/* ---- patterns ---- */

typedef struct {
    int32_t first, last, to, next; /* classes; first −1: without a character */
} edge;

typedef struct {
    const pattern *p;
    language *l;
    status *st;
    int32_t *head;
    edge *edges;
    uint32_t *seen, stamp;
    int32_t *pile;
    size_t states, head_room, edge_count, edge_room, work;
    set_table sets;
    int32_t accept;
} nfa;

static bool find_cuts(nfa *n, int32_t node)
{
    const pattern_node *x = pattern_at(n->p, node);
    if (x->kind == PATTERN_SET) {
        for (uint32_t i = 0; i < x->count; i++)
            if (!add_cut(n->l, pattern_ranges(n->p, x)[i].first, n->st) || !add_cut(n->l, pattern_ranges(n->p, x)[i].last + 1, n->st)) return false;
        return true;
    }
    for (uint32_t i = 0; x->kind != PATTERN_EMPTY && i < x->count; i++)
        if (!find_cuts(n, pattern_items(n->p, x)[i])) return false;
    return true;
}

static int32_t new_state(nfa *n)
{
    if (n->states >= 8 * (size_t)LANGUAGE_MAX_STATES) return too_large(n->st), -1;
    if (!automaton_room((void **)&n->head, &n->head_room, n->states, 1, sizeof *n->head, n->st)) return -1;
    n->head[n->states] = -1;
    return (int32_t)n->states++;
}

static bool connect(nfa *n, int32_t from, int32_t to, int32_t first, int32_t last)
{
    if (from < 0 || to < 0 || !automaton_room((void **)&n->edges, &n->edge_room, n->edge_count, 1, sizeof *n->edges, n->st)) return false;
    n->edges[n->edge_count] = (edge){first, last, to, n->head[from]};
    n->head[from] = (int32_t)n->edge_count++;
    return true;
}

static bool build(nfa *n, int32_t node, int32_t from, int32_t to)
{
    const pattern_node *x = pattern_at(n->p, node);
    int32_t item = x->kind == PATTERN_REPEAT ? *pattern_items(n->p, x) : -1, copies = x->max == GRAMMAR_ANY_TIMES ? x->min : x->max;
    if (++n->work > MOST_WORK) return too_large(n->st);
    switch ((pattern_kind)x->kind) {
    case PATTERN_EMPTY: return connect(n, from, to, -1, -1);
    case PATTERN_SET:
        for (uint32_t i = 0; i < x->count; i++) {
            const grammar_range *r = &pattern_ranges(n->p, x)[i];
            if (!connect(n, from, to, (int32_t)class_of(n->l, r->first), (int32_t)class_of(n->l, r->last))) return false;
        }
        return true;
    case PATTERN_ROW:
        for (uint32_t i = 0; i < x->count; i++) {
            int32_t next = i + 1 < x->count ? new_state(n) : to;
            if (next < 0 || !build(n, pattern_items(n->p, x)[i], from, next)) return false;
            from = next;
        }
        return true;
    case PATTERN_CHOICE:
        for (uint32_t i = 0; i < x->count; i++)
            if (!build(n, pattern_items(n->p, x)[i], from, to)) return false;
        return true;
    case PATTERN_REPEAT: break;
    }
    for (int32_t i = 0; i < copies; i++) {
        int32_t next = new_state(n);
        if (next < 0 || (i >= x->min && !connect(n, from, to, -1, -1)) || !build(n, item, from, next)) return false;
        from = next;
    }
    if (x->max == GRAMMAR_ANY_TIMES) {
        int32_t circle = new_state(n);
        if (!connect(n, from, circle, -1, -1) || !build(n, item, circle, circle)) return false;
        from = circle;
    }
    return connect(n, from, to, -1, -1);
}

/* The state and what empty steps reach, as members of a set. */
static bool reach(nfa *n, int32_t from)
{
    size_t height = 0;
    if (n->seen[from] == n->stamp) return true;
    n->seen[from] = n->stamp;
    n->pile[height++] = from;
    while (height) {
        int32_t s = n->pile[--height];
        if (!add_member(&n->sets, s, n->st)) return false;
        for (int32_t i = n->head[s]; i >= 0; i = n->edges[i].next) {
            if (++n->work > MOST_WORK) return too_large(n->st);
            if (n->edges[i].first >= 0 || n->seen[n->edges[i].to] == n->stamp) continue;
            n->seen[n->edges[i].to] = n->stamp;
            n->pile[height++] = n->edges[i].to;
        }
    }
    return true;
}

static int by_number(const void *a, const void *b)
{
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return x < y ? -1 : x > y ? 1 : 0;
}

/* The state of the set whose members begin at `start`; −2: there are none, −1: failure. */
static int32_t state_of(nfa *n, size_t start)
{
    bool new;
    if (n->sets.members == start) return -2;
    qsort(n->sets.member + start, n->sets.members - start, sizeof(int32_t), by_number);
    bool accept = false;
    for (size_t i = start; i < n->sets.members; i++) accept = accept || n->sets.member[i] == n->accept;
    int64_t set = find_set(&n->sets, start, &new, n->st);
    if (set < 0) return -1;
    if (new) n->sets.set[set].state = add_state(n->l, accept, n->st);
    return n->sets.set[set].state;
}

static bool follow_set(nfa *n, size_t i)
{
    language *l = n->l;
    for (size_t class = 0; class < l->classes; class++) {
        size_t start = n->sets.members;
        n->stamp++;
        for (uint32_t m = 0; m < n->sets.set[i].count; m++)
            for (int32_t j = n->head[n->sets.member[n->sets.set[i].start + m]]; j >= 0; j = n->edges[j].next) {
                if (++n->work > MOST_WORK) return too_large(n->st);
                if (n->edges[j].first >= 0 && n->edges[j].first <= (int32_t)class && (int32_t)class <= n->edges[j].last && !reach(n, n->edges[j].to)) return false;
            }
        int32_t to = state_of(n, start);
        if (to == -1) return false;
        if (to >= 0) l->next[(size_t)n->sets.set[i].state * l->classes + class] = to;
    }
    return true;
}

static bool determine(nfa *n)
{
    int32_t start = new_state(n);
    n->accept = new_state(n);
    if (n->accept < 0 || !build(n, pattern_root(n->p), start, n->accept)) return false;
    n->seen = alloc_zeroed(n->states, sizeof *n->seen, n->st);
    n->pile = alloc_array(n->states, sizeof *n->pile, n->st);
    n->stamp = 1;
    if (!n->seen || !n->pile || !reach(n, start) || state_of(n, 0) < 0) return false;
    for (size_t i = 0; i < n->sets.sets; i++)
        if (!follow_set(n, i)) return false;
    return true;
}

static language *finish(language *l, bool ok)
{
    if (ok) return l;
    language_free(l);
    return NULL;
}

language *language_of_pattern(const pattern *p, status *st)
{
    nfa n = {.p = p, .st = st, .l = alloc_zeroed(1, sizeof(language), st)};
    bool ok = n.l && find_cuts(&n, pattern_root(p)) && finish_cuts(n.l, st) && determine(&n);
    alloc_free(n.head);
    alloc_free(n.edges);
    alloc_free(n.seen);
    alloc_free(n.pile);
    set_table_free(&n.sets);
    return finish(n.l, ok);
}

/* ---- lists and all ---- */

language *language_of_all(status *st)
{
    language *l = alloc_zeroed(1, sizeof *l, st);
    bool ok = l && finish_cuts(l, st) && add_state(l, true, st) == 0;
    if (ok) l->next[0] = 0;
    return finish(l, ok);
}

/* The character at *at, which moves behind it; a byte that is no UTF-8 stands for itself. */
static uint32_t next_character(const char *text, size_t size, size_t *at)
{
    uint32_t c;
    int n = tokenizer_unicode_char(text + *at, size - *at, &c);
    if (n == 0) c = (uint8_t)text[*at];
    *at += n ? (size_t)n : 1;
    return c;
}

language *language_of_texts(const char *const *text, const size_t *size, size_t count, status *st)
{
    language *l = alloc_zeroed(1, sizeof *l, st);
    bool ok = l != NULL;
    for (size_t i = 0; ok && i < count; i++)
        for (size_t at = 0; ok && at < size[i];) {
            uint32_t c = next_character(text[i], size[i], &at);
            ok = add_cut(l, c, st) && add_cut(l, c + 1, st);
        }
    ok = ok && finish_cuts(l, st) && add_state(l, false, st) == 0;
    for (size_t i = 0; ok && i < count; i++) {
        int32_t s = 0;
        for (size_t at = 0; ok && at < size[i];) {
            size_t class = class_of(l, next_character(text[i], size[i], &at)), place = (size_t)s * l->classes + class;
            if (l->next[place] < 0) {
                int32_t new = add_state(l, false, st);
                ok = new >= 0;
                if (ok) l->next[place] = new;
            }
            if (ok) s = l->next[place];
        }
        if (ok) l->accept[s] = true;
    }
    return finish(l, ok);
}

/* ---- of two, and by length ---- */

/* The state for a pair of numbers, made where it is new. */
static int32_t pair_state(language *l, set_table *t, int32_t a, int32_t b, bool accept, status *st)
{
    bool new;
    size_t start = t->members;
    if (!add_member(t, a, st) || !add_member(t, b, st)) return -1;
    int64_t set = find_set(t, start, &new, st);
    if (set < 0) return -1;
    if (new) t->set[set].state = add_state(l, accept, st);
    return t->set[set].state;
}

static bool ends(const language *a, int32_t state) { return state >= 0 && a->accept[state]; }

language *language_combine(const language *a, const language *b, language_operation op, status *st)
{
    set_table t = {0};
    language *l = alloc_zeroed(1, sizeof *l, st);
    bool ok = l != NULL;
    for (size_t i = 0; ok && i < a->classes; i++) ok = add_cut(l, a->cut[i], st);
    for (size_t i = 0; ok && i < b->classes; i++) ok = add_cut(l, b->cut[i], st);
#define BOTH_END(x, y) (ends(a, x) && (op == LANGUAGE_AND ? ends(b, y) : !ends(b, y)))
    ok = ok && finish_cuts(l, st) && pair_state(l, &t, 0, 0, BOTH_END(0, 0), st) == 0;
    for (size_t i = 0; ok && i < t.sets; i++) {
        int32_t x = t.member[t.set[i].start], y = t.member[t.set[i].start + 1];
        for (size_t class = 0; ok && class < l->classes; class++) {
            int32_t next_x = a->next[(size_t)x * a->classes + class_of(a, l->cut[class])];
            int32_t next_y = y < 0 ? DEAD : b->next[(size_t)y * b->classes + class_of(b, l->cut[class])];
            if (next_x < 0 || (next_y < 0 && op == LANGUAGE_AND)) continue;
            int32_t to = pair_state(l, &t, next_x, next_y, BOTH_END(next_x, next_y), st);
            ok = to >= 0;
            if (ok) l->next[(size_t)t.set[i].state * l->classes + class] = to;
        }
    }
    set_table_free(&t);
    return finish(l, ok);
}

language *language_bounded(const language *a, int64_t min, int64_t max, status *st)
{
    set_table t = {0};
    language *l = alloc_zeroed(1, sizeof *l, st);
    if (min > LANGUAGE_MAX_STATES || max > LANGUAGE_MAX_STATES) too_large(st);
    bool ok = l && status_ok(st), bounded = max != GRAMMAR_ANY_TIMES;
    for (size_t i = 0; ok && i < a->classes; i++) ok = add_cut(l, a->cut[i], st);
    ok = ok && finish_cuts(l, st) && pair_state(l, &t, 0, 0, a->accept[0] && min <= 0 && (!bounded || max >= 0), st) == 0;
    for (size_t i = 0; ok && i < t.sets; i++) {
        int32_t x = t.member[t.set[i].start], count = t.member[t.set[i].start + 1];
        if (bounded && count >= max) continue;
        int32_t longer = !bounded && count >= min ? count : count + 1;
        for (size_t class = 0; ok && class < l->classes; class++) {
            int32_t next = a->next[(size_t)x * a->classes + class];
            if (next < 0) continue;
            int32_t to = pair_state(l, &t, next, longer, a->accept[next] && longer >= min, st);
            ok = to >= 0;
            if (ok) l->next[(size_t)t.set[i].state * l->classes + class] = to;
        }
    }
    set_table_free(&t);
    return finish(l, ok);
}

/* ---- what it holds ---- */

size_t language_size(const language *l) { return l->states * l->classes; }

bool language_is_empty(const language *l)
{
    for (size_t i = 0; i < l->states; i++) /* each was reached when it was made */
        if (l->accept[i]) return false;
    return true;
}

bool language_holds(const language *l, const char *text, size_t size)
{
    int32_t s = 0;
    for (size_t at = 0; s >= 0 && at < size;) s = l->next[(size_t)s * l->classes + class_of(l, next_character(text, size, &at))];
    return ends(l, s);
}

typedef struct {
    int32_t to, class;
} way;

static int by_target(const void *a, const void *b)
{
    const way *x = a, *y = b;
    return x->to != y->to ? (x->to < y->to ? -1 : 1) : x->class < y->class ? -1 : x->class > y->class ? 1 : 0;
}

/* Room for what is written of one state. */
typedef struct {
    int32_t *rule;
    way *ways;
    grammar_range *range;
    grammar_list all;
} writer;

/* Characters that lead to one state, and the rule there. */
static grammar_node step(const language *l, const writer *w, size_t first, size_t last, grammar *g, character_form form, status *st)
{
    for (size_t i = first; i < last; i++) {
        size_t class = (size_t)w->ways[i].class;
        w->range[i - first] = (grammar_range){l->cut[class], class + 1 < l->classes ? l->cut[class + 1] - 1 : GRAMMAR_LAST_CHARACTER};
    }
    grammar_node part[2] = {character_class(g, w->range, last - first, false, form, st), grammar_call(g, w->rule[w->ways[first].to])};
    return grammar_sequence(g, part, 2);
}

static grammar_node state_expression(const language *l, writer *w, size_t s, grammar *g, character_form form, status *st)
{
    size_t count = 0;
    w->all.count = 0;
    bool ok = !l->accept[s] || grammar_list_add(&w->all, grammar_empty(g), st);
    for (size_t class = 0; class < l->classes; class++)
        if (l->next[s * l->classes + class] >= 0) w->ways[count++] = (way){l->next[s * l->classes + class], (int32_t)class};
    if (count) qsort(w->ways, count, sizeof *w->ways, by_target);
    for (size_t i = 0, j; ok && i < count; i = j) {
        for (j = i + 1; j < count && w->ways[j].to == w->ways[i].to;) j++;
        ok = grammar_list_add(&w->all, step(l, w, i, j, g, form, st), st);
    }
    return ok ? grammar_choice(g, w->all.item, w->all.count) : -1;
}

grammar_node language_to_grammar(const language *l, grammar *g, character_form form, status *st)
{
    writer w = {.rule = alloc_array(l->states, sizeof *w.rule, st), .ways = alloc_array(l->classes, sizeof *w.ways, st), .range = alloc_array(l->classes + 1, sizeof *w.range, st)};
    bool ok = w.rule && w.ways && w.range;
    for (size_t s = 0; ok && s < l->states; s++) ok = (w.rule[s] = grammar_rule(g, "pattern", 7)) >= 0;
    for (size_t s = 0; ok && s < l->states; s++) grammar_define(g, w.rule[s], state_expression(l, &w, s, g, form, st));
    grammar_node n = ok && status_ok(st) ? grammar_call(g, w.rule[0]) : -1;
    alloc_free(w.rule);
    alloc_free(w.ways);
    alloc_free(w.range);
    grammar_list_free(&w.all);
    return n;
}
