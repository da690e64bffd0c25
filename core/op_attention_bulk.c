/* op_attention_bulk: the attention of many new positions over a cache, by tiles of bf16 products (core/attention_tile.h).
 *
 * The keys and values that a segment sees are packed once from the cache's panels in f16. Then each item is a tile of its
 * positions in one or several of the heads that share a key head. Spans of keys are counted from position 0, so that
 * a row meets the same ones however its prompt was cut in passes.
 */
#include <string.h>

#include "core/attention_tile.h"
#include "core/op_attention_cached.h"

/* A segment with its packed keys and values: [kv_heads], positions first … first + form.keys − 1. */
typedef struct {
    const op_kv_segment *segment;
    attention_form form;
    int64_t first;     /* a multiple of ATTENTION_KEYS */
    int64_t first_row; /* of the segment in q */
    char *keys, *values;
} packed;

typedef struct {
    const packed *from;
    int64_t row, rows, kv_head, head, heads; /* query heads head … head + heads − 1 of its key head's */
} item;

typedef struct {
    const packed *from;
    int64_t chunk, kv_head;
} pack_item;

typedef struct {
    const op_kv_layout *layout;
    const op_rope *rope;
    const float *q;
    char *y;
    dtype type; /* of y */
    int64_t layer, group, width, window; /* group: query heads a key head */
    packed *segment;
    pack_item *packs;
    item *items;
    int64_t pack_count, item_count;
} bulk_job;

/* ---- packing ---- */

/* A chunk's keys: pairs of channels by panels of 32 positions, padded with zeros to the form's row. */
static void pack_keys(const attention_form *f, const uint16_t *from, uint16_t *to)
{
    int64_t pairs = f->D / 2, panel = f->kernel->panel, stride = f->row * panel;
    for (int64_t p = 0; p < KV_CHUNK / PANEL; p++) {
        const uint16_t *keys = from + p * f->D * PANEL;
        uint16_t *half = to + p / 2 * stride + p % 2 * PANEL * 2;
        f->kernel->pairs_of_f16(half, keys, pairs);
        int64_t i = pairs;
        if (f->D % 2) {
            uint16_t last[2 * PANEL] = {0};
            memcpy(last, keys + 2 * i * PANEL, PANEL * sizeof *last);
            f->kernel->pairs_of_f16(half + i++ * panel * 2, last, 1);
        }
        for (; i < f->row / 2; i++) memset(half + i * panel * 2, 0, 2 * PANEL * sizeof *half);
    }
}

/* A chunk's values: pairs of positions by panels of 32 channels. to: the chunk's place in the first panel. */
static void pack_values(const attention_form *f, const uint16_t *from, uint16_t *to)
{
    int64_t panel = f->kernel->panel, panels = op_kv_value_panels(f->D);
    for (int64_t p = 0; p < panels; p++)
        f->kernel->pairs_of_f16(to + p / 2 * f->keys * panel + p % 2 * PANEL * 2, from + p * KV_CHUNK * PANEL, KV_CHUNK / 2);
    if (panels % 2 == 0) return;
    for (int64_t i = 0; i < KV_CHUNK / 2; i++) memset(to + panels / 2 * f->keys * panel + (i * panel + PANEL) * 2, 0, 2 * PANEL * sizeof *to);
}

static void pack(void *arg, int64_t i)
{
    const bulk_job *j = arg;
    const pack_item *it = &j->packs[i];
    const packed *s = it->from;
    const attention_form *f = &s->form;
    const op_kv_layout *l = j->layout;
    const char *at = op_kv_head(l, s->segment->chunk[it->chunk], j->layer, it->kv_head);
    int64_t slot = it->chunk * KV_CHUNK - s->first, panel = f->kernel->panel;
    char *keys = s->keys + it->kv_head * (int64_t)attention_key_bytes(f), *values = s->values + it->kv_head * (int64_t)attention_value_bytes(f);
    pack_keys(f, (const uint16_t *)(const void *)at, (uint16_t *)(void *)keys + slot * f->row);
    pack_values(f, (const uint16_t *)(const void *)(at + l->key_bytes), (uint16_t *)(void *)values + slot * panel);
}

/* ---- attending ---- */

/* The item's queries, turned, as rows of the kernel, head by head: [heads, rows, row]. They come from the caches of the threads
 * that computed them, in pieces too short for the processor to guess the next: it is told some rows ahead. */
static void gather_queries(const bulk_job *j, const item *it, uint16_t *to)
{
    enum { AHEAD = 4, LINE = 16 };
    const attention_form *f = &it->from->form;
    float turned[KV_MAX_HEAD_DIM];
    for (int64_t h = 0; h < it->heads; h++)
        for (int64_t r = 0; r < it->rows; r++, to += f->row) {
            int64_t row = it->from->first_row + it->row + r, head = it->kv_head * j->group + it->head + h;
            const float *q = j->q + row * j->width + head * f->D;
            if (r + AHEAD < it->rows)
                for (int64_t e = 0; e < f->D; e += LINE) __builtin_prefetch(q + AHEAD * j->width + e);
            op_rope_turn(j->rope, row, q, turned, f->D);
            f->kernel->convert(to, turned, f->D);
            memset(to + f->D, 0, (size_t)(f->row - f->D) * sizeof *to);
        }
}

static void attend(void *arg, int64_t i)
{
    const bulk_job *j = arg;
    const item *it = &j->items[i];
    const packed *from = it->from;
    const attention_form *f = &from->form;
    const product_kernel *k = f->kernel;
    _Alignas(64) uint16_t q[ATTENTION_TILES * ATTENTION_QUERIES * KV_MAX_HEAD_DIM];
    attention_tile tile[ATTENTION_TILES];
    attention_span s = {.keys = from->keys + it->kv_head * (int64_t)attention_key_bytes(f),
                        .values = from->values + it->kv_head * (int64_t)attention_value_bytes(f), .more = 1, .window = j->window};
    int64_t position = from->segment->start + it->row, end = position + it->rows;
    gather_queries(j, it, q);
    for (int64_t h = 0; h < it->heads; h++) attention_tile_clear(&tile[h]);
    if (k->begin) k->begin();
    for (int64_t base = op_kv_first_seen(j->window, position) / ATTENTION_KEYS * ATTENTION_KEYS; base < end; base += ATTENTION_KEYS) {
        s.first = base - from->first;
        s.count = op_kv_min(end - base, ATTENTION_KEYS);
        s.seen = position + 1 - base;
        for (int64_t h = 0; h < it->heads; h++) attention_tile_see(f, &tile[h], (const char *)(q + h * it->rows * f->row), it->rows, &s);
    }
    if (k->end) k->end();
    for (int64_t h = 0; h < it->heads; h++) {
        int64_t at = (from->first_row + it->row) * j->width + (it->kv_head * j->group + it->head + h) * f->D, size = j->type == DTYPE_F32 ? 4 : 2;
        attention_tile_write(f, &tile[h], it->rows, j->type, j->y + at * size, j->width * size);
    }
}

/* ---- planning ---- */

/* The chunks of a segment that are packed, each for all key heads, to packs unless that is NULL; their number. */
static int64_t plan_packs(const bulk_job *j, const packed *s, pack_item *to)
{
    int64_t count = 0, end = (s->first + s->form.keys) / KV_CHUNK;
    for (int64_t chunk = s->first / KV_CHUNK; chunk < end; chunk++)
        for (int64_t h = 0; h < j->layout->kv_heads; h++, count++)
            if (to) to[count] = (pack_item){s, chunk, h};
    return count;
}

/* The same for the items; the longest first, so that at the end threads wait for short ones. */
static int64_t plan_items(const bulk_job *j, const packed *s, item *to)
{
    int64_t count = 0, rows = s->segment->rows, heads = attention_tiles_at_once(&s->form), tiles = (rows + ATTENTION_QUERIES - 1) / ATTENTION_QUERIES;
    for (int64_t t = tiles - 1; t >= 0; t--)
        for (int64_t kv = 0; kv < j->layout->kv_heads; kv++)
            for (int64_t h = 0; h < j->group; h += heads, count++)
                if (to)
                    to[count] = (item){s, t * ATTENTION_QUERIES, op_kv_min(rows - t * ATTENTION_QUERIES, ATTENTION_QUERIES), kv, h,
                                       op_kv_min(heads, j->group - h)};
    return count;
}

static bool plan(op_ctx *c, bulk_job *j, const product_kernel *kernel, const op_kv_segment *segments, int64_t count, float scale)
{
    j->segment = arena_alloc(c->mem, (size_t)count * sizeof *j->segment, c->st);
    if (!j->segment) return false;
    for (int64_t i = 0, row = 0; i < count; row += segments[i++].rows) {
        packed *s = &j->segment[i];
        int64_t end = (segments[i].start + segments[i].rows + KV_CHUNK - 1) / KV_CHUNK * KV_CHUNK;
        s->segment = &segments[i];
        s->first_row = row;
        s->first = op_kv_first_seen(j->window, segments[i].start) / ATTENTION_KEYS * ATTENTION_KEYS;
        s->form = attention_form_of(kernel, j->layout->head_dim, end - s->first, scale);
        s->keys = arena_alloc(c->mem, (size_t)j->layout->kv_heads * attention_key_bytes(&s->form), c->st);
        s->values = arena_alloc(c->mem, (size_t)j->layout->kv_heads * attention_value_bytes(&s->form), c->st);
        if (!s->keys || !s->values) return false;
        j->pack_count += plan_packs(j, s, NULL);
        j->item_count += plan_items(j, s, NULL);
    }
    j->packs = arena_alloc(c->mem, (size_t)j->pack_count * sizeof *j->packs, c->st);
    j->items = arena_alloc(c->mem, (size_t)j->item_count * sizeof *j->items, c->st);
    if (!j->packs || !j->items) return false;
    pack_item *packs = j->packs;
    item *items = j->items;
    for (int64_t i = 0; i < count; i++) {
        packs += plan_packs(j, &j->segment[i], packs);
        items += plan_items(j, &j->segment[i], items);
    }
    return true;
}

void op_attention_bulk(op_ctx *c, const product_kernel *kernel, const tensor *q, const op_rope *rope, const op_kv_layout *layout,
                       int64_t layer, const op_kv_segment *segments, int64_t count, int64_t heads, float scale, int64_t window, tensor *y)
{
    size_t mark = arena_mark(c->mem);
    bulk_job j = {.layout = layout, .rope = rope, .q = tensor_f32(q), .y = y->data, .type = y->type, .layer = layer, .group = heads / layout->kv_heads,
                  .width = heads * layout->head_dim, .window = window};
    if (plan(c, &j, kernel, segments, count, scale)) {
        pool_run(c->threads, pack, &j, j.pack_count);
        pool_run(c->threads, attend, &j, j.item_count);
    }
    arena_reset(c->mem, mark);
}
