/* Frames in one list with a table of hashes; a step is a walk over what is reached. */
#include "text/readings.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "text/automaton_parts.h"

enum { FIRST_SLOTS = 1024 };

bool readings_pool_init(readings_pool *p, const automaton *a, status *st)
{
    *p = (readings_pool){.a = a, .slots = FIRST_SLOTS, .slot = alloc_array(FIRST_SLOTS, sizeof(int32_t), st)};
    if (!p->slot) return false;
    memset(p->slot, 0xFF, p->slots * sizeof *p->slot);
    return true;
}

void readings_pool_free(readings_pool *p)
{
    alloc_free(p->frame);
    alloc_free(p->seen);
    alloc_free(p->slot);
    alloc_free(p->pile);
    *p = (readings_pool){0};
}

void readings_free(readings *r)
{
    alloc_free(r->frame);
    *r = (readings){0};
}

bool readings_add(readings *r, int32_t frame, status *st)
{
    if (frame < 0 || !automaton_room((void **)&r->frame, &r->room, r->count, 1, sizeof *r->frame, st)) return false;
    r->frame[r->count++] = frame;
    return true;
}

/* ---- frames ---- */

/* Frames are few words of the program's own making, whose order nobody outside chooses: a product is hash enough. */
static size_t place_of(const readings_pool *p, const readings_frame *f)
{
    uint64_t h = (uint64_t)(uint32_t)f->code * UINT64_C(0x9E3779B97F4A7C15) ^ (uint64_t)(uint32_t)f->parent * UINT64_C(0xC2B2AE3D27D4EB4F) ^
                 (uint64_t)(uint32_t)f->count * UINT64_C(0x165667B19E3779F9);
    return (size_t)(h ^ h >> 29 ^ h >> 47) & (p->slots - 1);
}

static bool grow_slots(readings_pool *p, status *st)
{
    int32_t *slot = alloc_array(2 * p->slots, sizeof *slot, st);
    if (!slot) return false;
    alloc_free(p->slot);
    p->slot = slot;
    p->slots *= 2;
    memset(slot, 0xFF, p->slots * sizeof *slot);
    for (int32_t i = 0; i < p->frames; i++) {
        size_t at = place_of(p, &p->frame[i]);
        while (slot[at] >= 0) at = (at + 1) & (p->slots - 1);
        slot[at] = i;
    }
    return true;
}

int32_t readings_frame_of(readings_pool *p, int32_t code, int32_t count, int32_t parent, status *st)
{
    readings_frame f = {code, count, parent};
    size_t at = place_of(p, &f);
    for (; p->slot[at] >= 0; at = (at + 1) & (p->slots - 1)) {
        const readings_frame *x = &p->frame[p->slot[at]];
        if (x->code == code && x->parent == parent && x->count == count) return p->slot[at];
    }
    if (p->frames >= READINGS_MOST_FRAMES) return status_set(st, STATUS_FAIL, "the grammar's calls are more than %d deep", READINGS_MOST_FRAMES), -1;
    if (2 * (size_t)(p->frames + 1) > p->slots) {
        if (!grow_slots(p, st)) return -1;
        for (at = place_of(p, &f); p->slot[at] >= 0;) at = (at + 1) & (p->slots - 1);
    }
    if (!automaton_room((void **)&p->frame, &p->frame_room, (size_t)p->frames, 1, sizeof f, st)) return -1;
    if (p->seen_room < p->frame_room) {
        uint32_t *seen = alloc_resize(p->seen, p->frame_room, sizeof *seen, st);
        if (!seen) return -1;
        memset(seen + p->seen_room, 0, (p->frame_room - p->seen_room) * sizeof *seen);
        p->seen = seen;
        p->seen_room = p->frame_room;
    }
    p->slot[at] = p->frames;
    p->seen[p->frames] = 0;
    p->frame[p->frames] = f;
    return p->frames++;
}

/* The last frame in is the last on its run of slots, so taking it out breaks no other's search. */
void readings_release(readings_pool *p, int32_t frames)
{
    while (p->frames > frames) {
        p->frames--;
        size_t at = place_of(p, &p->frame[p->frames]);
        while (p->slot[at] != p->frames) at = (at + 1) & (p->slots - 1);
        p->slot[at] = -1;
    }
}

bool readings_compact(readings_pool *p, readings *r, status *st)
{
    int32_t *number = alloc_zeroed((size_t)p->frames + 1, sizeof *number, st), kept = 0;
    if (!number) return false;
    for (size_t i = 0; i < r->count; i++)
        for (int32_t f = r->frame[i]; f >= 0 && !number[f]; f = p->frame[f].parent) number[f] = 1;
    for (int32_t f = 0; f < p->frames; f++) { /* parents lie before their children */
        if (!number[f]) continue;
        readings_frame x = p->frame[f];
        if (x.parent >= 0) x.parent = number[x.parent] - 1;
        p->frame[kept] = x;
        number[f] = ++kept;
    }
    for (size_t i = 0; i < r->count; i++) r->frame[i] = number[r->frame[i]] - 1;
    p->frames = kept;
    memset(p->slot, 0xFF, p->slots * sizeof *p->slot);
    for (int32_t i = 0; i < kept; i++) {
        size_t at = place_of(p, &p->frame[i]);
        while (p->slot[at] >= 0) at = (at + 1) & (p->slots - 1);
        p->slot[at] = i;
    }
    alloc_free(number);
    return true;
}

/* ---- what is reached without a byte ---- */

int32_t readings_settle(const readings_pool *p, int32_t frame)
{
    for (;;) {
        const readings_frame *f = &p->frame[frame];
        if (f->code >= 0 ? automaton_is_final(p->a, f->code) : f->code != FRAME_BOTTOM && !readings_is_free(f->code) && p->a->rule[readings_rule_of(f->code)].max == f->count)
            frame = f->parent;
        else return frame;
    }
}

static bool pile_up(readings_pool *p, size_t *height, int32_t frame, status *st)
{
    if (frame < 0) return false;
    if (p->seen[frame] == p->stamp) return true;
    p->seen[frame] = p->stamp;
    if (!automaton_room((void **)&p->pile, &p->pile_room, *height, 1, sizeof *p->pile, st)) return false;
    p->pile[(*height)++] = frame;
    return true;
}

/* The stack of a free counted frame that ends: what lies below it, with the count at its bottom. */
static int32_t leave_free(readings_pool *p, const readings_frame *f, status *st)
{
    readings_frame below = p->frame[f->parent];
    int32_t bottom = readings_frame_of(p, FRAME_BOTTOM, f->count, -1, st);
    return bottom < 0 || below.code == FRAME_BOTTOM ? bottom : readings_frame_of(p, below.code, below.count, bottom, st);
}

/* A counted rule between two repetitions: one more, or its end. */
static bool visit_counted(readings_pool *p, int32_t frame, size_t *height, status *st)
{
    readings_frame f = p->frame[frame];
    const automaton_rule *rule = &p->a->rule[readings_rule_of(f.code)];
    bool free = readings_is_free(f.code), unbounded = rule->max == GRAMMAR_ANY_TIMES;
    if (free || unbounded || f.count < rule->max) {
        int32_t count = !free && unbounded && f.count >= rule->min ? f.count : f.count + 1;
        int32_t back = readings_frame_of(p, f.code, count, f.parent, st);
        if (back < 0 || !pile_up(p, height, readings_frame_of(p, p->a->rule[rule->body].start, 0, back, st), st)) return false;
    }
    if (free) return pile_up(p, height, leave_free(p, &f, st), st);
    return f.count < rule->min || pile_up(p, height, f.parent, st);
}

/* The frame of a rule that is called above parent. */
static int32_t enter(readings_pool *p, const automaton_call *c, int32_t parent, status *st)
{
    const automaton_rule *rule = &p->a->rule[c->rule];
    bool last = !rule->counted && automaton_is_final(p->a, c->to); /* nothing comes behind it here: the stack need not grow */
    int32_t back = last ? parent : readings_frame_of(p, c->to, 0, parent, st);
    if (back < 0) return -1;
    return rule->counted ? readings_frame_of(p, readings_counted_code(c->rule, false), 0, back, st) : readings_frame_of(p, rule->start, 0, back, st);
}

static bool visit_state(readings_pool *p, int32_t frame, size_t *height, status *st)
{
    readings_frame f = p->frame[frame];
    const automaton_state *s = &p->a->state[f.code];
    for (uint32_t i = s->call; i < s->call + s->calls; i++)
        if (!pile_up(p, height, enter(p, &p->a->call[i], f.parent, st), st)) return false;
    return !s->accept || pile_up(p, height, f.parent, st);
}

int32_t readings_advance(readings_pool *p, int32_t frame, status *st)
{
    for (;;) {
        frame = readings_settle(p, frame);
        readings_frame f = p->frame[frame];
        const automaton_state *s = f.code < 0 ? NULL : &p->a->state[f.code];
        if (!s || s->accept || s->edges || s->calls != 1) return frame;
        frame = enter(p, &p->a->call[s->call], f.parent, st);
        if (frame < 0) return -1;
    }
}

bool readings_close(readings_pool *p, const int32_t *frame, size_t count, readings *out, status *st)
{
    size_t height = 0;
    out->count = 0;
    if (++p->stamp == 0) {
        memset(p->seen, 0, p->seen_room * sizeof *p->seen);
        p->stamp = 1;
    }
    for (size_t i = 0; i < count; i++)
        if (!pile_up(p, &height, frame[i], st)) return false;
    while (height) {
        int32_t f = p->pile[--height], code = p->frame[f].code;
        bool keeps = code == FRAME_BOTTOM || (code >= 0 && p->a->state[code].edges);
        if (keeps && !readings_add(out, f, st)) return false;
        if (out->count > READINGS_MOST)
            return status_set(st, STATUS_FAIL, "the grammar can be read in more than %d ways here; a less ambiguous one is wanted", READINGS_MOST);
        if (code >= 0 ? !visit_state(p, f, &height, st) : readings_is_counted(code) && !visit_counted(p, f, &height, st)) return false;
    }
    return true;
}

bool readings_begin(readings_pool *p, readings *out, status *st)
{
    int32_t bottom = readings_frame_of(p, FRAME_BOTTOM, 0, -1, st);
    out->count = 0;
    int32_t first = bottom < 0 ? -1 : readings_frame_of(p, p->a->rule[p->a->root].start, 0, bottom, st);
    return first >= 0 && readings_add(out, readings_advance(p, first, st), st);
}

bool readings_may_end(const readings_pool *p, const readings *closed)
{
    for (size_t i = 0; i < closed->count; i++)
        if (p->frame[closed->frame[i]].code == FRAME_BOTTOM) return true;
    return false;
}

/* ---- bytes ---- */

void readings_bytes(const readings_pool *p, const readings *closed, uint64_t set[4])
{
    memset(set, 0, 4 * sizeof *set);
    for (size_t i = 0; i < closed->count; i++) {
        int32_t code = p->frame[closed->frame[i]].code;
        if (code < 0) continue;
        const automaton_state *s = &p->a->state[code];
        for (uint32_t j = s->edge; j < s->edge + s->edges; j++)
            for (int b = p->a->edge[j].first; b <= p->a->edge[j].last; b++) set[b / 64] |= UINT64_C(1) << b % 64;
    }
}

static int by_place(const void *a, const void *b, void *arg)
{
    const readings_frame *frames = arg, *x = &frames[*(const int32_t *)a], *y = &frames[*(const int32_t *)b];
    if (x->code != y->code) return x->code < y->code ? -1 : 1;
    if (x->parent != y->parent) return x->parent < y->parent ? -1 : 1;
    return x->count < y->count ? -1 : x->count > y->count ? 1 : 0;
}

/* Of two readings that differ in how often a rule was repeated alone, both often enough, the one that may go on longer is
 * kept: what the other may read it may, too. */
static void drop_covered(const readings_pool *p, readings *r)
{
    size_t kept = 0, counted = 0;
    for (size_t i = 0; i < r->count; i++) counted += readings_is_counted(p->frame[r->frame[i]].code) && !readings_is_free(p->frame[r->frame[i]].code);
    if (counted < 2) return;
    qsort_r(r->frame, r->count, sizeof *r->frame, by_place, p->frame);
    for (size_t i = 0; i < r->count; i++) {
        const readings_frame *f = &p->frame[r->frame[i]], *last = kept ? &p->frame[r->frame[kept - 1]] : NULL;
        bool covered = last && readings_is_counted(f->code) && !readings_is_free(f->code) && last->code == f->code && last->parent == f->parent &&
                       last->count >= p->a->rule[readings_rule_of(f->code)].min;
        if (!covered) r->frame[kept++] = r->frame[i];
    }
    r->count = kept;
}

bool readings_step(readings_pool *p, const readings *closed, uint8_t byte, readings *out, status *st)
{
    out->count = 0;
    if (++p->stamp == 0) {
        memset(p->seen, 0, p->seen_room * sizeof *p->seen);
        p->stamp = 1;
    }
    for (size_t i = 0; i < closed->count; i++) {
        readings_frame f = p->frame[closed->frame[i]];
        int32_t to = f.code < 0 ? -1 : automaton_step(p->a, f.code, byte);
        if (to < 0) continue;
        int32_t next = readings_frame_of(p, to, 0, f.parent, st);
        if (next < 0 || (next = readings_advance(p, next, st)) < 0) return false;
        if (p->seen[next] == p->stamp) continue;
        p->seen[next] = p->stamp;
        if (!readings_add(out, next, st)) return false;
    }
    drop_covered(p, out);
    return true;
}
