/* What is wrong with an automaton that was just made, and what is too much of it.
 *
 * Which states can reach an end, and which can without a byte, are least fixed points of Horn clauses ("alive if where a call
 * returns is alive and the called rule is"): a queue gives them in linear time (Dowling and Gallier 1984). */
#include <string.h>

#include "core/name_hash.h"
#include "text/automaton_parts.h"

enum { MOST_WRITTEN_OUT = 1000 };

/* Who depends on a state or rule: chains through two lists. */
typedef struct {
    int32_t *of_state, *of_rule; /* the first link, −1: none */
    struct link {
        int32_t next, state, call; /* the state that may come true; call ≥ 0: this call of it has one condition less */
    } *link;
    size_t links;
    uint8_t *wanted;  /* [calls] conditions that are still open */
    bool *state, *rule; /* what is true */
    int32_t *queue;   /* states; rules as −1 − rule */
    size_t head, tail;
} facts;

static void facts_free(facts *f)
{
    alloc_free(f->of_state);
    alloc_free(f->of_rule);
    alloc_free(f->link);
    alloc_free(f->wanted);
    alloc_free(f->state);
    alloc_free(f->rule);
    alloc_free(f->queue);
}

static bool facts_init(facts *f, const automaton *a, status *st)
{
    size_t states = (size_t)a->states, rules = (size_t)a->rules;
    *f = (facts){.of_state = alloc_array(states, sizeof(int32_t), st), .of_rule = alloc_array(rules, sizeof(int32_t), st),
                 .link = alloc_array(a->edges + 2 * (size_t)a->calls + 2 * rules, sizeof *f->link, st), .wanted = alloc_array(a->calls, 1, st),
                 .state = alloc_zeroed(states, 1, st), .rule = alloc_zeroed(rules, 1, st), .queue = alloc_array(states + rules, sizeof(int32_t), st)};
    if (!f->of_state || !f->of_rule || !f->link || !f->wanted || !f->state || !f->rule || !f->queue) return false;
    memset(f->of_state, 0xFF, states * sizeof(int32_t));
    memset(f->of_rule, 0xFF, rules * sizeof(int32_t));
    memset(f->wanted, 2, a->calls);
    return true;
}

static void depend(facts *f, int32_t *chain, int32_t state, int32_t call)
{
    f->link[f->links] = (struct link){*chain, state, call};
    *chain = (int32_t)f->links++;
}

static void set_state(facts *f, int32_t s)
{
    if (f->state[s]) return;
    f->state[s] = true;
    f->queue[f->tail++] = s;
}

static void set_rule(facts *f, int32_t r)
{
    if (f->rule[r]) return;
    f->rule[r] = true;
    f->queue[f->tail++] = -1 - r;
}

static void follow(facts *f, int32_t chain)
{
    for (int32_t i = chain; i >= 0; i = f->link[i].next) {
        struct link *l = &f->link[i];
        if (l->state < 0) set_rule(f, -1 - l->state);
        else if (l->call < 0 || --f->wanted[l->call] == 0) set_state(f, l->state);
    }
}

/* What can end: by_bytes also by reading, else without a byte. */
static bool find_facts(facts *f, const automaton *a, bool by_bytes, status *st)
{
    if (!facts_init(f, a, st)) return false;
    for (int32_t r = 0; r < a->rules; r++) {
        const automaton_rule *rule = &a->rule[r];
        if (rule->counted) depend(f, &f->of_rule[rule->body], -1 - r, -1);
        else depend(f, &f->of_state[rule->start], -1 - r, -1);
        if (rule->counted && rule->min == 0) set_rule(f, r);
    }
    for (int32_t s = 0; s < a->states; s++) {
        const automaton_state *x = &a->state[s];
        for (uint32_t i = 0; by_bytes && i < x->edges; i++) depend(f, &f->of_state[a->edge[x->edge + i].to], s, -1);
        for (uint32_t i = x->call; i < x->call + x->calls; i++) {
            depend(f, &f->of_state[a->call[i].to], s, (int32_t)i);
            depend(f, &f->of_rule[a->call[i].rule], s, (int32_t)i);
        }
        if (x->accept) set_state(f, s);
    }
    while (f->head < f->tail) {
        int32_t fact = f->queue[f->head++];
        follow(f, fact < 0 ? f->of_rule[-1 - fact] : f->of_state[fact]);
    }
    return true;
}

/* ---- what leads nowhere ---- */

static bool prune(automaton_builder *b, const facts *alive)
{
    automaton *a = b->a;
    size_t edge_room = 0, call_room = 0;
    for (int32_t s = 0; s < a->states; s++) edge_room += a->state[s].edges, call_room += a->state[s].calls;
    automaton_edge *edge = alloc_array(edge_room, sizeof *edge, b->st);
    automaton_call *call = alloc_array(call_room, sizeof *call, b->st);
    if (!edge || !call) {
        alloc_free(edge);
        alloc_free(call);
        return false;
    }
    uint32_t edges = 0, calls = 0;
    for (int32_t s = 0; s < a->states; s++) {
        automaton_state *x = &a->state[s];
        uint32_t first_edge = edges, first_call = calls;
        for (uint32_t i = x->edge; i < x->edge + x->edges; i++)
            if (alive->state[a->edge[i].to]) edge[edges++] = a->edge[i];
        for (uint32_t i = x->call; i < x->call + x->calls; i++)
            if (alive->state[a->call[i].to] && alive->rule[a->call[i].rule]) call[calls++] = a->call[i];
        *x = (automaton_state){first_edge, first_call, edges - first_edge, calls - first_call, x->accept};
    }
    alloc_free(a->edge);
    alloc_free(a->call);
    a->edge = edge, a->call = call;
    a->edges = edges, a->calls = calls;
    b->edge_room = edge_room, b->call_room = call_room;
    for (int32_t r = 0; r < a->rules; r++)
        if (a->rule[r].counted && !alive->rule[a->rule[r].body]) a->rule[r].min = a->rule[r].max = 0;
    return true;
}

/* ---- repetitions of what may be empty ---- */

/* X{m,n} is (X without the empty text){0,n}. Where X is empty by itself alone its first state gets a twin that does not end. */
static bool strip(automaton_builder *b, const facts *empty, int32_t body, bool *expand)
{
    automaton *a = b->a;
    const automaton_state *start = &a->state[a->rule[body].start];
    for (uint32_t i = start->call; i < start->call + start->calls; i++)
        if (empty->rule[a->call[i].rule] && empty->state[a->call[i].to]) return *expand = true;
    int32_t twin = automaton_add_state(b, false);
    if (twin < 0) return false;
    start = &a->state[a->rule[body].start];
    a->state[twin] = (automaton_state){start->edge, start->call, start->edges, start->calls, false};
    a->rule[body].start = twin;
    return true;
}

static bool strip_all(automaton_builder *b, facts *empty, bool *again)
{
    automaton *a = b->a;
    const int32_t states = a->states;
    for (int32_t r = 0; r < a->rules; r++) {
        automaton_rule *counted = &a->rule[r];
        bool expand = false;
        if (!counted->counted || !empty->rule[counted->body] || counted->max == 0) continue;
        bool done = a->rule[counted->body].start >= states; /* the twin of another repetition */
        if (!done && !strip(b, empty, counted->body, &expand)) return false;
        if (expand && counted->max > MOST_WRITTEN_OUT)
            return status_set(b->st, STATUS_USAGE, "a repetition of at most %d times wanted of what may be empty by a rule that it calls, %d found, in the rule '%.80s'", MOST_WRITTEN_OUT, counted->max,
                              b->source[r].name);
        if (expand) {
            grammar_expand(b->g, b->source[r].node);
            *again = true;
        }
        a->rule[r].min = 0;
    }
    return true;
}

/* ---- left recursion ---- */

typedef struct {
    int32_t rule, place; /* place: in its list of rules that may come first */
} visit;

/* The rules that may be called before a byte was read, of each rule one after the other: list[from[r] … from[r + 1]). */
static bool first_calls(automaton_builder *b, const facts *empty, int32_t **list, size_t *from)
{
    const automaton *a = b->a;
    size_t room = 0, count = 0;
    uint32_t stamp = 0;
    uint32_t *seen = alloc_zeroed((size_t)a->states, sizeof *seen, b->st);
    int32_t *pile = alloc_array((size_t)a->states + 1, sizeof *pile, b->st);
    bool ok = seen && pile;
    for (int32_t r = 0; ok && r < a->rules; r++) {
        size_t height = 0;
        from[r] = count;
        stamp++;
        if (a->rule[r].counted) {
            if ((ok = automaton_room((void **)list, &room, count, 1, sizeof **list, b->st)) && a->rule[r].max != 0) (*list)[count++] = a->rule[r].body;
        } else pile[height++] = a->rule[r].start, seen[a->rule[r].start] = stamp;
        while (ok && height) {
            const automaton_state *s = &a->state[pile[--height]];
            for (uint32_t i = s->call; ok && i < s->call + s->calls; i++) {
                const automaton_call *c = &a->call[i];
                if ((ok = automaton_room((void **)list, &room, count, 1, sizeof **list, b->st))) (*list)[count++] = c->rule;
                if (empty->rule[c->rule] && seen[c->to] != stamp) pile[height++] = c->to, seen[c->to] = stamp;
            }
        }
    }
    from[a->rules] = count;
    alloc_free(seen);
    alloc_free(pile);
    return ok;
}

static bool refuse_circles(automaton_builder *b, const int32_t *list, const size_t *from)
{
    const automaton *a = b->a;
    uint8_t *colour = alloc_zeroed((size_t)a->rules, 1, b->st); /* 1: on the way, 2: done */
    visit *way = alloc_array((size_t)a->rules, sizeof *way, b->st);
    bool ok = colour && way;
    for (int32_t r = 0; ok && r < a->rules; r++) {
        size_t height = 0;
        if (!colour[r]) way[height++] = (visit){r, 0}, colour[r] = 1;
        while (ok && height) {
            visit *v = &way[height - 1];
            size_t at = from[v->rule] + (size_t)v->place++;
            if (at >= from[v->rule + 1]) colour[v->rule] = 2, height--;
            else if (colour[list[at]] == 1)
                ok = status_set(b->st, STATUS_USAGE, "the rule '%.80s' calls itself before it has read anything (left recursion)", b->source[list[at]].name);
            else if (!colour[list[at]]) colour[list[at]] = 1, way[height++] = (visit){list[at], 0};
        }
    }
    alloc_free(colour);
    alloc_free(way);
    return ok;
}

static bool check_recursion(automaton_builder *b, const facts *empty)
{
    int32_t *list = NULL;
    size_t *from = alloc_array((size_t)b->a->rules + 1, sizeof *from, b->st);
    bool ok = from && first_calls(b, empty, &list, from) && refuse_circles(b, list, from);
    alloc_free(list);
    alloc_free(from);
    return ok;
}

/* ---- like states ---- */

/* States that do the same are joined from the ends backwards: a state gets its number when those behind it have theirs. */
typedef struct {
    automaton_builder *b;
    automaton *a, *to;
    int32_t *number;   /* [states] of `to`; −1: not yet, −2: on the way */
    int32_t *of_rule;  /* [rules] of `to`, −1 */
    int32_t *slot;     /* states of `to` by hash */
    size_t slots;
    size_t state_room, edge_room, call_room, rule_room;
    struct pending {
        int32_t state;
        uint32_t place;
    } *way;
    size_t height, way_room;
    int32_t *rule_queue; /* the old number of each new rule */
    size_t queue_room;
} joiner;

/* A counted rule like another is that one. */
static int32_t join_rule(joiner *j, int32_t r)
{
    if (j->of_rule[r] >= 0) return j->of_rule[r];
    automaton_rule rule = j->a->rule[r];
    if (rule.counted) {
        rule.body = join_rule(j, rule.body);
        if (rule.body < 0) return -1;
    }
    if (!automaton_room((void **)&j->to->rule, &j->rule_room, (size_t)j->to->rules, 1, sizeof rule, j->b->st) ||
        !automaton_room((void **)&j->rule_queue, &j->queue_room, (size_t)j->to->rules, 1, sizeof *j->rule_queue, j->b->st)) return -1;
    if (!rule.counted) rule.start = -1;
    j->to->rule[j->to->rules] = rule;
    j->rule_queue[j->to->rules] = r;
    return j->of_rule[r] = j->to->rules++;
}

static uint64_t hash_of(const automaton *a, const automaton_state *s)
{
    uint64_t h = s->edges ? name_hash(a->edge + s->edge, s->edges * sizeof *a->edge) * 3 : 0;
    if (s->calls) h += name_hash(a->call + s->call, s->calls * sizeof *a->call);
    return h * 2 + s->accept;
}

static bool same(const automaton *a, const automaton_state *x, const automaton_state *y)
{
    return x->accept == y->accept && x->edges == y->edges && x->calls == y->calls &&
           (!x->edges || memcmp(a->edge + x->edge, a->edge + y->edge, x->edges * sizeof *a->edge) == 0) &&
           (!x->calls || memcmp(a->call + x->call, a->call + y->call, x->calls * sizeof *a->call) == 0);
}

/* Gives a state its edges, whose ends have numbers. */
static bool write_state(joiner *j, int32_t old, int32_t number)
{
    automaton *t = j->to;
    const automaton_state *s = &j->a->state[old];
    if (!automaton_room((void **)&t->edge, &j->edge_room, t->edges, s->edges, sizeof *t->edge, j->b->st) ||
        !automaton_room((void **)&t->call, &j->call_room, t->calls, s->calls, sizeof *t->call, j->b->st)) return false;
    automaton_state x = {t->edges, t->calls, s->edges, s->calls, s->accept};
    for (uint32_t i = 0; i < s->edges; i++) {
        const automaton_edge *e = &j->a->edge[s->edge + i];
        t->edge[t->edges++] = (automaton_edge){e->first, e->last, j->number[e->to]};
    }
    for (uint32_t i = 0; i < s->calls; i++) {
        const automaton_call *c = &j->a->call[s->call + i];
        int32_t rule = join_rule(j, c->rule);
        if (rule < 0) return false;
        t->call[t->calls++] = (automaton_call){rule, j->number[c->to]};
    }
    t->state[number] = x;
    return true;
}

static int32_t claim(joiner *j)
{
    if (!automaton_room((void **)&j->to->state, &j->state_room, (size_t)j->to->states, 1, sizeof *j->to->state, j->b->st)) return -1;
    j->to->state[j->to->states] = (automaton_state){0};
    return j->to->states++;
}

/* A state all of whose ends have final numbers: like one that is there, or new. */
static bool settle(joiner *j, int32_t old)
{
    automaton *t = j->to;
    int32_t number = claim(j);
    uint32_t edges = t->edges, calls = t->calls;
    if (number < 0 || !write_state(j, old, number)) return false;
    size_t at = (size_t)hash_of(t, &t->state[number]) & (j->slots - 1);
    for (; j->slot[at] >= 0; at = (at + 1) & (j->slots - 1))
        if (same(t, &t->state[j->slot[at]], &t->state[number])) {
            t->states--, t->edges = edges, t->calls = calls;
            j->number[old] = j->slot[at];
            return true;
        }
    j->slot[at] = number;
    j->number[old] = number;
    return true;
}

static int32_t end_of(const automaton *a, const automaton_state *s, uint32_t place)
{
    return place < s->edges ? a->edge[s->edge + place].to : a->call[s->call + place - s->edges].to;
}

static bool enter(joiner *j, int32_t state)
{
    if (!automaton_room((void **)&j->way, &j->way_room, j->height, 1, sizeof *j->way, j->b->st)) return false;
    j->number[state] = -2;
    j->way[j->height++] = (struct pending){state, 0};
    return true;
}

/* The state and all that are reached from it. A state that is met again while it is on the way is part of a circle: it is
 * named at once, and like no other. */
static bool join_from(joiner *j, int32_t first)
{
    if (j->number[first] >= 0) return true;
    if (!enter(j, first)) return false;
    while (j->height) {
        struct pending *p = &j->way[j->height - 1];
        const automaton_state *s = &j->a->state[p->state];
        int32_t state = p->state;
        if (p->place < s->edges + s->calls) {
            int32_t end = end_of(j->a, s, p->place++);
            if (j->number[end] == -1 ? !enter(j, end) : j->number[end] == -2 && (j->number[end] = claim(j)) < 0) return false;
            continue;
        }
        j->height--;
        if (!(j->number[state] == -2 ? settle(j, state) : write_state(j, state, j->number[state]))) return false;
    }
    return true;
}

static bool join_all(joiner *j)
{
    if ((j->to->root = join_rule(j, 0)) < 0) return false;
    for (int32_t r = 0; r < j->to->rules; r++) { /* rules are added on the way */
        const automaton_rule *rule = &j->a->rule[j->rule_queue[r]];
        if (rule->counted) continue;
        if (!join_from(j, rule->start)) return false;
        j->to->rule[r].start = j->number[rule->start];
    }
    return true;
}

static bool join(automaton_builder *b)
{
    joiner j = {.b = b, .a = b->a, .slots = 64};
    while (j.slots < 2 * (size_t)b->a->states) j.slots *= 2;
    j.to = alloc_zeroed(1, sizeof *j.to, b->st);
    j.number = alloc_array((size_t)b->a->states, sizeof *j.number, b->st);
    j.of_rule = alloc_array((size_t)b->a->rules, sizeof *j.of_rule, b->st);
    j.slot = alloc_array(j.slots, sizeof *j.slot, b->st);
    bool ok = j.to && j.number && j.of_rule && j.slot;
    if (ok) {
        memset(j.number, 0xFF, (size_t)b->a->states * sizeof *j.number);
        memset(j.of_rule, 0xFF, (size_t)b->a->rules * sizeof *j.of_rule);
        memset(j.slot, 0xFF, j.slots * sizeof *j.slot);
        ok = join_all(&j);
    }
    alloc_free(j.number);
    alloc_free(j.of_rule);
    alloc_free(j.slot);
    alloc_free(j.way);
    alloc_free(j.rule_queue);
    if (!ok) {
        automaton_free(j.to);
        return false;
    }
    automaton_free(b->a);
    b->a = j.to;
    return true;
}

/* ---- classes of bytes ---- */

static void find_classes(automaton *a)
{
    bool cut[257] = {0};
    for (uint32_t i = 0; i < a->edges; i++) cut[a->edge[i].first] = cut[a->edge[i].last + 1] = true;
    a->classes = 1;
    for (int i = 0; i < 256; i++) {
        if (i && cut[i]) a->classes++;
        a->class_of[i] = (uint8_t)(a->classes - 1);
    }
}

bool automaton_check(automaton_builder *b, bool *again)
{
    facts alive = {0}, empty = {0};
    bool ok = find_facts(&alive, b->a, true, b->st);
    if (ok && !alive.rule[0]) ok = status_set(b->st, STATUS_USAGE, "no text fits the rule '%.80s'", b->source[0].name);
    ok = ok && prune(b, &alive) && find_facts(&empty, b->a, false, b->st) && strip_all(b, &empty, again);
    facts_free(&empty);
    empty = (facts){0};
    if (ok && !*again) { /* what was stripped may be nothing now, and changes what may be empty */
        facts_free(&alive);
        alive = (facts){0};
        ok = find_facts(&alive, b->a, true, b->st);
        ok = ok && prune(b, &alive) && find_facts(&empty, b->a, false, b->st) && check_recursion(b, &empty) && join(b);
        if (ok) find_classes(b->a);
    }
    facts_free(&alive);
    facts_free(&empty);
    return ok;
}
