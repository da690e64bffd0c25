/* What the tokens of a vocabulary do on top of a stack of which only the upper frames are known: one walk over the tree of tokens, in
 * which sets of readings that were met before have numbers, and their steps a table. */
#include <stdlib.h>
#include <string.h>

#include "core/name_hash.h"
#include "text/automaton_parts.h"
#include "text/constraint_parts.h"

enum { UNKNOWN = -2, DEAD = -1, MOST_CONFIGS = 1 << 16, FEW = 512 /* tokens that are kept as a list alone */ };

/* A set of readings. Lists lie in one pool of numbers. */
typedef struct {
    uint32_t kernel, kernels, open, opens;
    uint32_t left, lefts, bottom, bottoms; /* the counts of readings behind the counted rule, and of those at the bottom */
    int32_t inside;                        /* the least count of those within it, −1: none */
} config;

typedef struct {
    const automaton *a;
    const token_trie *t;
    status *st;
    readings_pool pool;
    readings step, open;
    config *configs;
    int32_t *next; /* [configs][classes] */
    int32_t *number, *slot;
    size_t count, config_room, next_room, numbers, number_room, slots;
    uint8_t byte_of[256]; /* one byte of each class */
    struct {
        entry_item *item;
        uint8_t *byte;
        size_t count, room, byte_room;
    } inside, left, exit;
} walker;

static int by_number(const void *a, const void *b)
{
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return x < y ? -1 : x > y ? 1 : 0;
}

static bool push(walker *w, int32_t number)
{
    if (!automaton_room((void **)&w->number, &w->number_room, w->numbers, 1, sizeof *w->number, w->st)) return false;
    w->number[w->numbers++] = number;
    return true;
}

/* A list without what is in it twice. */
static uint32_t sort_unique(int32_t *list, size_t count)
{
    size_t kept = 0;
    if (count) qsort(list, count, sizeof *list, by_number);
    for (size_t i = 0; i < count; i++)
        if (!kept || list[kept - 1] != list[i]) list[kept++] = list[i];
    return (uint32_t)kept;
}

/* How far a reading is: true within the counted rule (or where there is none to tell), with its count. */
static bool is_inside(const walker *w, int32_t frame, int32_t *count)
{
    const readings_frame *f = &w->pool.frame[frame];
    while (f->code != FRAME_BOTTOM && !readings_is_free(f->code)) f = &w->pool.frame[f->parent];
    *count = f->count;
    return f->code != FRAME_BOTTOM;
}

static bool describe(walker *w, config *c)
{
    c->inside = -1;
    c->left = (uint32_t)w->numbers;
    for (uint32_t i = 0; i < c->kernels; i++) {
        int32_t count;
        if (!is_inside(w, w->number[c->kernel + i], &count)) {
            if (!push(w, count)) return false;
        } else if (c->inside < 0 || count < c->inside) c->inside = count;
    }
    c->lefts = sort_unique(w->number + c->left, w->numbers - c->left);
    w->numbers = c->left + c->lefts;
    c->bottom = (uint32_t)w->numbers;
    for (uint32_t i = 0; i < c->opens; i++) {
        const readings_frame *f = &w->pool.frame[w->number[c->open + i]];
        if (f->code == FRAME_BOTTOM && !push(w, f->count)) return false;
    }
    c->bottoms = (uint32_t)w->numbers - c->bottom;
    return true;
}

static bool grow_slots(walker *w)
{
    size_t slots = w->slots ? 2 * w->slots : 256;
    int32_t *slot = alloc_array(slots, sizeof *slot, w->st);
    if (!slot) return false;
    memset(slot, 0xFF, slots * sizeof *slot);
    alloc_free(w->slot);
    w->slot = slot;
    w->slots = slots;
    for (size_t i = 0; i < w->count; i++) {
        size_t at = (size_t)name_hash(w->number + w->configs[i].kernel, w->configs[i].kernels * sizeof *w->number) & (slots - 1);
        while (slot[at] >= 0) at = (at + 1) & (slots - 1);
        slot[at] = (int32_t)i;
    }
    return true;
}

/* The number of a set of readings; −1 on failure. */
static int32_t intern(walker *w, readings *r)
{
    r->count = sort_unique(r->frame, r->count);
    size_t size = r->count * sizeof *r->frame;
    if (2 * (w->count + 1) > w->slots && !grow_slots(w)) return -1;
    size_t at = (size_t)name_hash(r->frame, size) & (w->slots - 1);
    for (; w->slot[at] >= 0; at = (at + 1) & (w->slots - 1)) {
        const config *c = &w->configs[w->slot[at]];
        if (c->kernels == r->count && memcmp(w->number + c->kernel, r->frame, size) == 0) return w->slot[at];
    }
    size_t classes = (size_t)w->a->classes;
    config c = {.kernel = (uint32_t)w->numbers, .kernels = (uint32_t)r->count};
    if (w->count >= MOST_CONFIGS) return status_set(w->st, STATUS_FAIL, "the grammar can be read in too many ways; a less ambiguous one is wanted"), -1;
    for (size_t i = 0; i < r->count; i++)
        if (!push(w, r->frame[i])) return -1;
    if (!readings_close(&w->pool, r->frame, r->count, &w->open, w->st)) return -1;
    c.open = (uint32_t)w->numbers;
    c.opens = (uint32_t)w->open.count;
    for (size_t i = 0; i < w->open.count; i++)
        if (!push(w, w->open.frame[i])) return -1;
    if (!describe(w, &c) || !automaton_room((void **)&w->configs, &w->config_room, w->count, 1, sizeof c, w->st) ||
        !automaton_room((void **)&w->next, &w->next_room, w->count * classes, classes, sizeof *w->next, w->st)) return -1;
    for (size_t i = 0; i < classes; i++) w->next[w->count * classes + i] = UNKNOWN;
    w->configs[w->count] = c;
    w->slot[at] = (int32_t)w->count;
    return (int32_t)w->count++;
}

static int32_t find_next(walker *w, int32_t from, int class)
{
    const config *c = &w->configs[from];
    readings open = {w->number + c->open, c->opens, 0};
    if (!readings_step(&w->pool, &open, w->byte_of[class], &w->step, w->st)) return UNKNOWN;
    int32_t to = w->step.count ? intern(w, &w->step) : DEAD;
    if (w->step.count && to < 0) return UNKNOWN;
    w->next[(size_t)from * (size_t)w->a->classes + (size_t)class] = to;
    return to;
}

/* ---- the walk ---- */

#define ADD(list, the_item) (automaton_room((void **)&(list).item, &(list).room, (list).count, 1, sizeof(entry_item), w->st) && ((list).item[(list).count++] = (the_item), true))

static bool record(walker *w, int32_t node, const config *c)
{
    size_t count = (size_t)(w->t->first[node + 1] - w->t->first[node]);
    if (c->lefts == 0 && count == 1 && w->inside.count < w->inside.room) { /* the usual case */
        w->inside.item[w->inside.count++] = (entry_item){w->t->id[w->t->first[node]], c->inside};
        return true;
    }
    for (int32_t i = w->t->first[node]; i < w->t->first[node + 1]; i++) {
        int32_t token = w->t->id[i];
        if (c->inside >= 0 && !ADD(w->inside, ((entry_item){token, c->inside}))) return false;
        for (uint32_t j = 0; j < c->lefts; j++)
            if (!ADD(w->left, ((entry_item){token, w->number[c->left + j]}))) return false;
    }
    return true;
}

/* The children of a node where the rules known here may have ended. */
static bool record_exits(walker *w, int32_t node, const config *c)
{
    for (int32_t child = node + 1; child < w->t->end[node]; child = w->t->end[child])
        for (uint32_t i = 0; i < c->bottoms; i++) {
            if (!automaton_room((void **)&w->exit.byte, &w->exit.byte_room, w->exit.count, 1, 1, w->st)) return false;
            w->exit.byte[w->exit.count] = w->t->byte[child];
            if (!ADD(w->exit, ((entry_item){child, w->number[c->bottom + i]}))) return false;
        }
    return true;
}

static bool walk(walker *w, int32_t start)
{
    const token_trie *t = w->t;
    int32_t at[TOKEN_TRIE_DEEPEST + 1];
    size_t classes = (size_t)w->a->classes;
    at[0] = start;
    for (int32_t n = 1; n < t->nodes;) {
        int32_t from = at[t->depth[n] - 1];
        int class = w->a->class_of[t->byte[n]];
        int32_t to = w->next[(size_t)from * classes + (size_t)class];
        if (to == UNKNOWN && (to = find_next(w, from, class)) == UNKNOWN) return false;
        if (to == DEAD) {
            n = t->end[n];
            continue;
        }
        const config *c = &w->configs[to];
        if (t->first[n] < t->first[n + 1] && !record(w, n, c)) return false;
        if (c->bottoms && !record_exits(w, n, c)) return false;
        at[t->depth[n]] = to;
        n++;
    }
    return true;
}

/* ---- the entry ---- */

static bool walker_init(walker *w, const automaton *a, const token_trie *t, status *st)
{
    *w = (walker){.a = a, .t = t, .st = st};
    for (int b = 255; b >= 0; b--) w->byte_of[a->class_of[b]] = (uint8_t)b;
    return readings_pool_init(&w->pool, a, st);
}

static void walker_free(walker *w)
{
    readings_pool_free(&w->pool);
    readings_free(&w->step);
    readings_free(&w->open);
    alloc_free(w->configs);
    alloc_free(w->next);
    alloc_free(w->number);
    alloc_free(w->slot);
    alloc_free(w->inside.item);
    alloc_free(w->left.item);
    alloc_free(w->exit.item);
    alloc_free(w->exit.byte);
}

/* The stack as far as it is known: what the key says, on a bottom. */
static int32_t begin(walker *w, entry_key key, int32_t rule)
{
    int32_t frame = readings_frame_of(&w->pool, FRAME_BOTTOM, 0, -1, w->st);
    if (key.behind >= 0 && frame >= 0) frame = readings_frame_of(&w->pool, key.behind, 0, frame, w->st);
    if (key.body >= 0 && frame >= 0) frame = readings_frame_of(&w->pool, readings_counted_code(rule, true), 0, frame, w->st);
    if (key.state >= 0 && frame >= 0) frame = readings_frame_of(&w->pool, key.state, 0, frame, w->st);
    if (frame < 0) return -1;
    readings first = {0};
    int32_t number = readings_add(&first, frame, w->st) ? intern(w, &first) : -1;
    readings_free(&first);
    return number;
}

/* Items in the order of their counts, in a block of their own. */
static entry_item *by_count(const entry_item *item, size_t count, int32_t *most, status *st)
{
    entry_item *sorted = alloc_array(count, sizeof *sorted, st);
    *most = 0;
    for (size_t i = 0; i < count; i++)
        if (item[i].count > *most) *most = item[i].count;
    size_t *from = sorted ? alloc_zeroed((size_t)*most + 2, sizeof *from, st) : NULL;
    for (size_t i = 0; from && i < count; i++) from[item[i].count + 1]++;
    for (int32_t i = 0; from && i < *most; i++) from[i + 1] += from[i];
    for (size_t i = 0; from && i < count; i++) sorted[from[item[i].count]++] = item[i];
    if (!from) {
        alloc_free(sorted);
        sorted = NULL;
    }
    alloc_free(from);
    return sorted;
}

static void sort_exits(mask_entry *e, const walker *w)
{
    for (size_t i = 0; i < w->exit.count; i++) e->exit_from[w->exit.byte[i] + 1]++;
    for (int b = 0; b < 256; b++) e->exit_from[b + 1] += e->exit_from[b];
    uint32_t at[256];
    memcpy(at, e->exit_from, sizeof at);
    for (size_t i = 0; i < w->exit.count; i++) e->exit[at[w->exit.byte[i]]++] = w->exit.item[i];
}

static void set_bit(uint64_t *set, int32_t token) { set[token / 64] |= UINT64_C(1) << token % 64; }

/* The sets of those inside, each with the ones before it. */
static bool fill_levels(mask_entry *e, size_t words, status *st)
{
    e->level = alloc_zeroed(words * ENTRY_LEVELS, sizeof *e->level, st);
    if (!e->level) return false;
    e->bytes += words * ENTRY_LEVELS * sizeof *e->level;
    for (size_t n = 0; n < ENTRY_LEVELS; n++) {
        uint64_t *set = e->level + n * words;
        if (n) memcpy(set, set - words, words * sizeof *set);
        for (; e->above < e->insides && e->inside[e->above].count == (int32_t)n; e->above++) set_bit(set, e->inside[e->above].what);
    }
    return true;
}

static bool fill(mask_entry *e, const walker *w, int32_t start)
{
    size_t words = ((size_t)w->t->vocab + 63) / 64;
    bool few = w->inside.count + w->left.count <= FEW;
    e->ends = w->configs[start].bottoms > 0;
    e->counts = e->key.body >= 0;
    e->insides = w->inside.count;
    e->exit = alloc_array(w->exit.count, sizeof *e->exit, w->st);
    if (!e->exit) return false;
    sort_exits(e, w);
    e->all = few ? NULL : alloc_zeroed(words, sizeof *e->all, w->st);
    if (!few && !e->all) return false;
    for (size_t i = 0; !few && i < w->inside.count; i++) set_bit(e->all, w->inside.item[i].what);
    for (size_t i = 0; !few && i < w->left.count; i++) set_bit(e->all, w->left.item[i].what);
    e->bytes = sizeof *e + (e->insides + w->exit.count) * sizeof *e->exit + (few ? 0 : words * sizeof *e->all);
    if (!few && !e->counts) return true; /* without counts the set says it all */
    e->lefts = w->left.count;
    e->bytes += e->lefts * sizeof *e->left;
    e->inside = by_count(w->inside.item, e->insides, &e->most, w->st);
    e->left = by_count(w->left.item, e->lefts, &e->most_left, w->st);
    return e->inside && e->left && (few || fill_levels(e, words, w->st));
}

mask_entry *constraint_entry_new(const automaton *a, const token_trie *t, entry_key key, int32_t rule, status *st)
{
    walker w;
    mask_entry *e = alloc_zeroed(1, sizeof *e, st);
    if (!e) return NULL;
    e->key = key;
    bool ok = walker_init(&w, a, t, st);
    int32_t start = ok ? begin(&w, key, rule) : -1;
    ok = start >= 0 && walk(&w, start) && fill(e, &w, start);
    walker_free(&w);
    if (ok) return e;
    constraint_entry_free(e);
    return NULL;
}

void constraint_entry_free(mask_entry *e)
{
    if (!e) return;
    alloc_free(e->level);
    alloc_free(e->inside);
    alloc_free(e->left);
    alloc_free(e->all);
    alloc_free(e->exit);
    alloc_free(e);
}
