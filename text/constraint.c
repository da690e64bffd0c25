/* Masks of whole stacks, and what a sequence has written. */
#include "text/constraint.h"

#include <string.h>

#include "core/alloc.h"
#include "core/log.h"
#include "text/automaton_parts.h"
#include "text/constraint_parts.h"

enum {
    MOST_ENTRY_BYTES = 48 << 20,  /* of what is kept about tops of stacks; then all is forgotten */
    MOST_FORCED = 512,            /* bytes that are looked ahead */
    COMPACT_FROM = 4096,          /* frames */
};

struct constraint {
    automaton *a;
    const token_trie *t;
    mask_entry **slot; /* by key */
    size_t slots, entries, bytes;
    int64_t users;
};

struct constraint_state {
    constraint *c;
    readings_pool pool;
    readings now, closed;      /* where the text is; closed: what may come there */
    readings exit, step, next; /* for walks */
    readings level[TOKEN_TRIE_DEEPEST + 1];
    int32_t kept;              /* frames when they were last compacted */
    bool started;
};

/* ---- constraints ---- */

constraint *constraint_new(automaton *a, const token_trie *tokens, status *st)
{
    constraint *c = alloc_zeroed(1, sizeof *c, st);
    if (c) *c = (constraint){.a = a, .t = tokens, .users = 1, .slots = 64, .slot = alloc_zeroed(64, sizeof *c->slot, st)};
    if (c && c->slot) return c;
    if (c) constraint_release(c);
    else automaton_free(a);
    return NULL;
}

static void forget(constraint *c)
{
    for (size_t i = 0; c->slot && i < c->slots; i++) {
        constraint_entry_free(c->slot[i]);
        c->slot[i] = NULL;
    }
    c->entries = c->bytes = 0;
}

constraint *constraint_retain(constraint *c)
{
    if (c) c->users++;
    return c;
}

void constraint_release(constraint *c)
{
    if (!c || --c->users > 0) return;
    forget(c);
    alloc_free(c->slot);
    automaton_free(c->a);
    alloc_free(c);
}

size_t constraint_mask_words(const constraint *c) { return ((size_t)c->t->vocab + 63) / 64; }

/* ---- entries ---- */

static size_t place_of(const constraint *c, entry_key k)
{
    uint64_t h = (uint64_t)(uint32_t)k.state * UINT64_C(0x9E3779B97F4A7C15) ^ (uint64_t)(uint32_t)k.body * UINT64_C(0xC2B2AE3D27D4EB4F) ^
                 (uint64_t)(uint32_t)k.behind * UINT64_C(0x165667B19E3779F9);
    return (size_t)(h ^ h >> 29 ^ h >> 47) & (c->slots - 1);
}

static mask_entry **find_slot(constraint *c, entry_key k)
{
    size_t at = place_of(c, k);
    while (c->slot[at] && memcmp(&c->slot[at]->key, &k, sizeof k) != 0) at = (at + 1) & (c->slots - 1);
    return &c->slot[at];
}

static bool grow(constraint *c, status *st)
{
    mask_entry **old = c->slot;
    size_t count = c->slots;
    mask_entry **slot = alloc_zeroed(2 * count, sizeof *slot, st);
    if (!slot) return false;
    c->slot = slot;
    c->slots = 2 * count;
    for (size_t i = 0; i < count; i++)
        if (old[i]) *find_slot(c, old[i]->key) = old[i];
    alloc_free(old);
    return true;
}

static mask_entry *entry_of(constraint *c, entry_key key, int32_t rule, status *st)
{
    mask_entry **slot = find_slot(c, key);
    if (*slot) return *slot;
    if (c->bytes > MOST_ENTRY_BYTES) forget(c);
    if (2 * (c->entries + 1) > c->slots && !grow(c, st)) return NULL;
    slot = find_slot(c, key);
    *slot = constraint_entry_new(c->a, c->t, key, rule, st);
    if (!*slot) return NULL;
    c->entries++;
    c->bytes += (*slot)->bytes;
    return *slot;
}

/* The dearest ones: repetitions, and states that read many bytes. */
bool constraint_warm(constraint *c, double seconds, status *st)
{
    enum { MANY = 64 };
    const automaton *a = c->a;
    double end = log_seconds() + seconds;
    for (int32_t s = 0; s < a->states; s++)
        for (uint32_t i = a->state[s].call; i < a->state[s].call + a->state[s].calls; i++) {
            const automaton_rule *rule = &a->rule[a->call[i].rule];
            if (log_seconds() > end) return true;
            if (rule->counted && !entry_of(c, (entry_key){-1, rule->body, a->call[i].to}, a->call[i].rule, st)) return false;
        }
    for (int32_t s = 0; s < a->states; s++) {
        int bytes = 0;
        for (uint32_t i = a->state[s].edge; i < a->state[s].edge + a->state[s].edges; i++) bytes += a->edge[i].last - a->edge[i].first + 1;
        if (bytes < MANY) continue;
        if (log_seconds() > end) return true;
        if (!entry_of(c, (entry_key){s, -1, -1}, -1, st)) return false;
    }
    return true;
}

/* ---- sequences ---- */

static bool close_now(constraint_state *s, status *st) { return readings_close(&s->pool, s->now.frame, s->now.count, &s->closed, st); }

constraint_state *constraint_begin(constraint *c, status *st)
{
    constraint_state *s = alloc_zeroed(1, sizeof *s, st);
    if (!s) return NULL;
    s->c = constraint_retain(c);
    if (readings_pool_init(&s->pool, c->a, st) && readings_begin(&s->pool, &s->now, st) && close_now(s, st)) return s;
    constraint_end(s);
    return NULL;
}

void constraint_end(constraint_state *s)
{
    if (!s) return;
    readings_pool_free(&s->pool);
    readings *lists[] = {&s->now, &s->closed, &s->exit, &s->step, &s->next};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) readings_free(lists[i]);
    for (int i = 0; i <= TOKEN_TRIE_DEEPEST; i++) readings_free(&s->level[i]);
    constraint_release(s->c);
    alloc_free(s);
}

bool constraint_may_end(const constraint_state *s) { return readings_may_end(&s->pool, &s->closed); }

bool constraint_must_end(const constraint_state *s)
{
    for (size_t i = 0; i < s->closed.count; i++)
        if (s->pool.frame[s->closed.frame[i]].code != FRAME_BOTTOM) return false;
    return true;
}

/* ---- masks ---- */

static void set_bit(uint64_t *mask, int32_t token) { mask[token / 64] |= UINT64_C(1) << token % 64; }

static void set_tokens(const token_trie *t, int32_t node, uint64_t *mask)
{
    for (int32_t i = t->first[node]; i < t->first[node + 1]; i++) set_bit(mask, t->id[i]);
}

/* The tokens below a node, behind whose bytes the readings are `at`. */
static bool walk(constraint_state *s, int32_t node, const readings *at, uint64_t *mask, status *st)
{
    const token_trie *t = s->c->t;
    if (t->end[node] == node + 1) return true;
    if (!readings_close(&s->pool, at->frame, at->count, &s->level[t->depth[node]], st)) return false;
    for (int32_t n = node + 1; n < t->end[node];) {
        if (!readings_step(&s->pool, &s->level[t->depth[n] - 1], t->byte[n], &s->step, st)) return false;
        if (!s->step.count) {
            n = t->end[n];
            continue;
        }
        set_tokens(t, n, mask);
        if (t->end[n] > n + 1 && !readings_close(&s->pool, s->step.frame, s->step.count, &s->level[t->depth[n]], st)) return false;
        n++;
    }
    return true;
}

/* What a stack's count leaves open: from `least` to `most` further repetitions may have begun when the counted rule ends. */
typedef struct {
    int32_t least, most;
} bounds;

static bool fits(const mask_entry *e, bounds b, int32_t count) { return !e->counts || (count >= b.least && count <= b.most); }

/* The tokens of the top of a stack. */
static void add_entry(const constraint *c, const mask_entry *e, bounds b, uint64_t *mask)
{
    size_t words = constraint_mask_words(c), first = 0;
    const uint64_t *set = e->all;
    bool whole = !e->counts || (b.least <= 0 && b.most >= e->most && b.most >= e->most_left);
    if (set && !whole) {
        set = e->level + words * (size_t)(b.most < ENTRY_LEVELS ? b.most : ENTRY_LEVELS - 1);
        first = e->above;
    }
    for (size_t i = 0; set && i < words; i++) mask[i] |= set[i];
    if (set && whole) return;
    for (size_t i = first; i < e->insides && e->inside[i].count <= b.most; i++) set_bit(mask, e->inside[i].what);
    for (size_t i = 0; i < e->lefts; i++)
        if (fits(e, b, e->left[i].count)) set_bit(mask, e->left[i].what);
}

/* Tokens that end the rule and go on below it. */
static bool add_exits(constraint_state *s, const mask_entry *e, bounds b, int32_t below, uint64_t *mask, status *st)
{
    uint64_t bytes[4];
    if (!e->exit_from[256]) return true;
    if (!readings_close(&s->pool, &below, 1, &s->exit, st)) return false;
    readings_bytes(&s->pool, &s->exit, bytes);
    for (int byte = 0; byte < 256; byte++) {
        bool stepped = false;
        if (!(bytes[byte / 64] >> byte % 64 & 1)) continue;
        for (uint32_t i = e->exit_from[byte]; i < e->exit_from[byte + 1]; i++) {
            if (!fits(e, b, e->exit[i].count)) continue;
            if (!stepped && !readings_step(&s->pool, &s->exit, (uint8_t)byte, &s->next, st)) return false;
            stepped = true;
            set_tokens(s->c->t, e->exit[i].what, mask);
            if (!walk(s, e->exit[i].what, &s->next, mask, st)) return false;
        }
    }
    return true;
}

/* The top of a stack as a key, and where it goes on below. */
static entry_key top_of(const readings_pool *p, int32_t frame, bounds *b, int32_t *rule, int32_t *below)
{
    const automaton *a = p->a;
    const readings_frame *f = &p->frame[frame];
    entry_key key = {-1, -1, -1};
    *b = (bounds){0, 0};
    *rule = -1;
    if (f->code >= 0) {
        key.state = f->code;
        *below = f->parent;
        f = &p->frame[f->parent];
    }
    if (!readings_is_counted(f->code)) return key;
    *rule = readings_rule_of(f->code);
    const automaton_rule *r = &a->rule[*rule];
    const readings_frame *behind = &p->frame[f->parent]; /* a state: a counted rule is never called last */
    key.body = r->body;
    key.behind = behind->code;
    *b = (bounds){r->min - f->count, r->max == GRAMMAR_ANY_TIMES ? INT32_MAX : r->max - f->count};
    *below = behind->parent;
    return key;
}

/* All tokens of one reading: those of its top, then of what lies below where the top may end at once, and so on. */
static bool add_stack(constraint_state *s, int32_t frame, uint64_t *mask, status *st)
{
    for (;;) {
        if ((frame = readings_advance(&s->pool, frame, st)) < 0) return false;
        if (s->pool.frame[frame].code == FRAME_BOTTOM) return true;
        bounds b;
        int32_t rule, below;
        entry_key key = top_of(&s->pool, frame, &b, &rule, &below);
        mask_entry *e = entry_of(s->c, key, rule, st);
        if (!e) return false;
        add_entry(s->c, e, b, mask);
        if (!add_exits(s, e, b, below, mask, st)) return false;
        if (!e->ends || !fits(e, b, 0)) return true;
        frame = below;
    }
}

/* At the beginning of a text that shows no space there: a token that begins with one is what follows it. */
static bool move_spaces(constraint_state *s, uint64_t *mask, status *st)
{
    const token_trie *t = s->c->t;
    int32_t node = token_trie_find(t, " ", 1);
    if (node < 0) return true;
    for (int32_t i = t->first[node]; i < t->first[t->end[node]]; i++) mask[t->id[i] / 64] &= ~(UINT64_C(1) << t->id[i] % 64);
    return walk(s, node, &s->now, mask, st);
}

bool constraint_mask(constraint_state *s, uint64_t *mask, status *st)
{
    int32_t frames = s->pool.frames;
    bool ok = true;
    memset(mask, 0, constraint_mask_words(s->c) * sizeof *mask);
    for (size_t i = 0; ok && i < s->now.count; i++) ok = add_stack(s, s->now.frame[i], mask, st);
    if (ok && !s->started && s->c->t->drops_space) ok = move_spaces(s, mask, st);
    readings_release(&s->pool, frames);
    return ok;
}

/* ---- moving on ---- */

static bool take_byte(constraint_state *s, uint8_t byte, status *st)
{
    if (!readings_step(&s->pool, &s->closed, byte, &s->step, st)) return false;
    if (!s->step.count) return status_set(st, STATUS_FAIL, "a token does not fit the grammar");
    readings swap = s->now;
    s->now = s->step;
    s->step = swap;
    return close_now(s, st);
}

static bool compact(constraint_state *s, status *st)
{
    if (s->pool.frames < COMPACT_FROM || s->pool.frames < 2 * s->kept) return true;
    if (!readings_compact(&s->pool, &s->now, st) || !close_now(s, st)) return false;
    s->kept = s->pool.frames;
    return true;
}

bool constraint_take(constraint_state *s, int32_t token, status *st)
{
    const token_trie *t = s->c->t;
    if (token < 0 || token >= t->vocab) return status_set(st, STATUS_FAIL, "token %d does not fit the grammar", token);
    uint32_t from = t->offset[token], to = t->offset[token + 1];
    if (!s->started && t->drops_space && from < to && t->bytes[from] == ' ') from++;
    if (from == to) return status_set(st, STATUS_FAIL, "token %d, which shows nothing, does not fit the grammar", token);
    s->started = true;
    for (uint32_t i = from; i < to; i++)
        if (!take_byte(s, (uint8_t)t->bytes[i], st)) return false;
    return compact(s, st);
}

/* ---- what must come ---- */

/* The one byte that may come, or −1. */
static int only_byte(const readings_pool *p, const readings *closed)
{
    int byte = -1;
    for (size_t i = 0; i < closed->count; i++) {
        int32_t code = p->frame[closed->frame[i]].code;
        if (code == FRAME_BOTTOM) return -1;
        const automaton_state *x = &p->a->state[code];
        for (uint32_t j = x->edge; j < x->edge + x->edges; j++) {
            const automaton_edge *e = &p->a->edge[j];
            if (e->first != e->last || (byte >= 0 && byte != e->first)) return -1;
            byte = e->first;
        }
    }
    return byte;
}

/* Whether a token may begin with these bytes and go on with what may come behind all that is certain. */
static bool may_grow(constraint_state *s, const char *bytes, size_t size, const uint64_t next[4])
{
    const token_trie *t = s->c->t;
    int32_t node = token_trie_find(t, bytes, size);
    if (node < 0) return false;
    for (int32_t child = node + 1; child < t->end[node]; child = t->end[child])
        if (next[t->byte[child] / 64] >> t->byte[child] % 64 & 1) return true;
    return false;
}

/* How many bytes of a token come at this place; 0: it does not fit there. */
static size_t fitting(const constraint_state *s, int32_t id, bool begins, const char *bytes, size_t size)
{
    const token_trie *t = s->c->t;
    if (id >= t->vocab) return 0;
    uint32_t from = t->offset[id], to = t->offset[id + 1];
    if (begins && !s->started && t->drops_space && from < to && t->bytes[from] == ' ') from++;
    return to - from <= size && memcmp(t->bytes + from, bytes, to - from) == 0 ? to - from : 0;
}

/* Keeps of the tokens from `first` on those that are certain: their bytes are size bytes, and none may be part of a longer one.
 * false: they are other bytes, as where the tokenizer puts a space before every text. */
static bool keep_certain(constraint_state *s, const char *bytes, size_t size, const uint64_t next[4], tokenizer_ids *ids, int64_t first)
{
    size_t at = 0;
    for (int64_t i = first; i < ids->count; i++) {
        size_t n = fitting(s, ids->id[i], i == first, bytes + at, size - at);
        if (n && may_grow(s, bytes + at, size - at, next)) {
            ids->count = i;
            return true;
        }
        if (n == 0) ids->count = first;
        if (n == 0) return false;
        at += n;
    }
    return at == size;
}

/* The longest token at each place. */
static bool cut_greedily(const token_trie *t, const char *bytes, size_t size, tokenizer_ids *out, status *st)
{
    for (size_t at = 0, n; at < size; at += n) {
        int32_t node = 0, id = -1;
        n = 0;
        for (size_t i = at; i < size; i++) {
            int32_t child = node + 1;
            while (child < t->end[node] && t->byte[child] != (uint8_t)bytes[i]) child = t->end[child];
            if (child >= t->end[node]) break;
            node = child;
            if (t->first[node] < t->first[node + 1]) id = t->id[t->first[node]], n = i + 1 - at;
        }
        if (id < 0) return true;
        if (out->count == out->room) {
            int64_t room = 2 * out->room + 64;
            int32_t *more = alloc_resize(out->id, (size_t)room, sizeof *more, st);
            if (!more) return false;
            out->id = more;
            out->room = room;
        }
        out->id[out->count++] = id;
    }
    return true;
}

bool constraint_forced(constraint_state *s, const tokenizer *k, tokenizer_ids *out, status *st)
{
    char bytes[MOST_FORCED];
    size_t size = 0;
    int32_t frames = s->pool.frames;
    int byte = only_byte(&s->pool, &s->closed);
    if (byte < 0) return true;
    uint64_t next[4] = {0};
    bool ok = readings_close(&s->pool, s->now.frame, s->now.count, &s->level[0], st);
    while (ok && byte >= 0 && size < MOST_FORCED) {
        bytes[size++] = (char)byte;
        ok = readings_step(&s->pool, &s->level[0], (uint8_t)byte, &s->step, st) && readings_close(&s->pool, s->step.frame, s->step.count, &s->level[0], st);
        byte = ok ? only_byte(&s->pool, &s->level[0]) : -1;
    }
    if (ok) readings_bytes(&s->pool, &s->level[0], next);
    readings_release(&s->pool, frames);
    int64_t first = out->count;
    if (!ok || !tokenizer_encode(k, bytes, size, 0, out, st)) return false;
    if (keep_certain(s, bytes, size, next, out, first)) return true;
    out->count = first;
    if (!cut_greedily(s->c->t, bytes, size, out, st)) return false;
    if (!keep_certain(s, bytes, size, next, out, first)) out->count = first;
    return true;
}
