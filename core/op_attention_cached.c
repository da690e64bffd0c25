/* op_attention_cached: attention over a cache in chunks, with a running maximum and sum (Dao et al. 2022).
 *
 * The query heads that share a key head are taken together, as rows of one product: each key and value is read once for
 * all of them. The keys are walked in spans of SPAN_CHUNKS chunks counted from position 0. A span's part of a row's
 * result is worked out from nothing and then merged into what the spans before gave, in ascending order. So one span
 * after another in one item (a prompt: many rows, items are tiles of rows) and spans as items of their own (one new
 * token: the cores share its keys) give the same bits.
 */
#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "core/op_attention_cached.h"
#include "core/op_codes.h"
#include "core/op_rows.h"

enum {
    SPAN_CHUNKS = 4,
    TILE = 48,      /* query rows × heads of a tile, about */
    FEW_ROWS = 16,  /* a segment of at most so many rows is split over spans: one tile, and most often one item of it too few */
};

op_kv_layout op_kv_layout_of(int64_t kv_heads, int64_t head_dim, bool half)
{
    size_t size = half ? sizeof(uint16_t) : sizeof(float);
    op_kv_layout l = {.kv_heads = kv_heads, .head_dim = head_dim, .half = half};
    l.key_bytes = (size_t)(KV_CHUNK * head_dim) * size;
    l.value_bytes = (size_t)(KV_CHUNK * op_kv_value_panels(head_dim) * PANEL) * size;
    l.layer_bytes = (size_t)kv_heads * (l.key_bytes + l.value_bytes);
    return l;
}

/* ---- storing ---- */

typedef struct {
    const op_kv_layout *layout;
    const op_rope *rope;
    const float *k, *v;
    int64_t layer;
    const op_kv_segment *segment;
    int64_t first; /* the segment's first row in k and v */
} store_job;

/* A value past f16's range is stored as the largest it has, never as an infinity that would poison the sums. */
static void narrow(uint16_t *dst, const float *src, int64_t n)
{
    kernel_get()->to_f16(dst, src, n);
    for (int64_t i = 0; i < n; i++) dst[i] = (uint16_t)(dst[i] - ((dst[i] & 0x7FFF) == 0x7C00)); /* the code below infinity's */
}

/* Rows of `width` elements, one after another, become columns of a panel; four of 16 bits are stored as one word. */
static void put_columns16(uint16_t *panel, const uint16_t *row, int64_t rows, int64_t width)
{
    int64_t r = 0;
    for (; r + 4 <= rows; r += 4, row += 4 * width)
        for (int64_t e = 0; e < width; e++) {
            uint16_t four[4] = {row[e], row[e + width], row[e + 2 * width], row[e + 3 * width]};
            memcpy(panel + e * PANEL + r, four, sizeof four);
        }
    for (; r < rows; r++, row += width)
        for (int64_t e = 0; e < width; e++) panel[e * PANEL + r] = row[e];
}

static void put_columns32(float *panel, const float *row, int64_t rows, int64_t width)
{
    for (int64_t r = 0; r < rows; r++)
        for (int64_t e = 0; e < width; e++) panel[e * PANEL + r] = row[r * width + e];
}

/* A row of values lies in pieces in the value panels. */
static void put_value(char *values, int64_t slot, const void *row, int64_t d, int64_t size)
{
    const char *from = row;
    int64_t piece = PANEL * size, whole = d / PANEL;
    values += slot * piece;
    for (int64_t p = 0; p < whole; p++)
        for (int64_t i = 0; i < piece; i += 32) memcpy(values + p * KV_CHUNK * piece + i, from + p * piece + i, 32);
    memcpy(values + whole * KV_CHUNK * piece, from + whole * piece, (size_t)((d - whole * PANEL) * size));
}

/* One head's rows r … r + n − 1 of the segment, whose positions lie in one panel of keys. */
static void store_run(const store_job *j, int64_t h, int64_t r, int64_t n)
{
    const op_kv_layout *l = j->layout;
    int64_t d = l->head_dim, ld = l->kv_heads * d, position = j->segment->start + r, slot = position % KV_CHUNK;
    char *keys = op_kv_head(l, j->segment->chunk[position / KV_CHUNK], j->layer, h), *values = keys + l->key_bytes;
    const float *k = j->k + (j->first + r) * ld + h * d, *v = j->v + (j->first + r) * ld + h * d;
    int64_t at = slot / PANEL * PANEL * d + slot % PANEL;
    float turned[PANEL * KV_MAX_HEAD_DIM];
    turned[0] = 0; /* a compiler that checks addresses does not see that there is a row */
    for (int64_t i = 0; i < n; i++) op_rope_turn(j->rope, j->first + r + i, k + i * ld, turned + i * d, d);
    if (!l->half) {
        put_columns32((float *)(void *)keys + at, turned, n, d);
        for (int64_t i = 0; i < n; i++) put_value(values, slot + i, v + i * ld, d, sizeof(float));
        return;
    }
    uint16_t half[PANEL * KV_MAX_HEAD_DIM];
    narrow(half, turned, n * d);
    put_columns16((uint16_t *)(void *)keys + at, half, n, d);
    for (int64_t i = 0; i < n; i++) {
        narrow(half, v + i * ld, d);
        put_value(values, slot + i, half, d, sizeof(uint16_t));
    }
}

static void store_head(const store_job *j, int64_t h, int64_t from, int64_t n)
{
    for (int64_t r = from, run; r < from + n; r += run) {
        run = op_kv_min(PANEL - (j->segment->start + r) % PANEL, from + n - r);
        store_run(j, h, r, run);
    }
}

static void store_rows(void *job, int64_t from, int64_t n)
{
    const store_job *j = job;
    for (int64_t h = 0; h < j->layout->kv_heads; h++) store_head(j, h, from, n);
}

/* Whether k and v hold the rows of the segments. */
static bool stores(op_ctx *c, const tensor *k, const tensor *v, const op_kv_layout *layout, const op_kv_segment *segments, int64_t count)
{
    if (!op_wants_f32(c, "op_kv_store", k) || !op_wants_f32(c, "op_kv_store", v)) return false;
    int64_t rows = 0, width = layout->kv_heads * layout->head_dim;
    for (int64_t s = 0; s < count; s++) rows += segments[s].rows;
    char keys[96], values[96];
    return (tensor_shape_is(k, SHAPE(rows, width)) && tensor_shape_is(v, SHAPE(rows, width))) ||
           status_set(c->st, STATUS_FAIL, "op_kv_store: keys of shape %s and values of %s, [%lld, %lld] wanted", tensor_shape_text(k, keys, sizeof keys),
                      tensor_shape_text(v, values, sizeof values), (long long)rows, (long long)width);
}

void op_kv_store(op_ctx *c, const tensor *k, const tensor *v, const op_rope *rope, const op_kv_layout *layout, int64_t layer,
                 const op_kv_segment *segments, int64_t count)
{
    if (!stores(c, k, v, layout, segments, count)) return;
    int64_t first = 0;
    for (int64_t s = 0; s < count; s++) {
        store_job j = {layout, rope, k->data, v->data, layer, &segments[s], first};
        op_rows(c, store_rows, &j, segments[s].rows, 2 * layout->kv_heads * layout->head_dim);
        first += segments[s].rows;
    }
}

void op_kv_ahead(op_ctx *c, const op_kv_layout *layout, int64_t layer, const op_kv_segment *segments, int64_t count)
{
    if (count != 1 || segments->rows > FEW_ROWS) return;
    int64_t chunks = op_kv_min((segments->start + segments->rows - 1) / KV_CHUNK + 1, POOL_AHEAD);
    int64_t lines = (int64_t)((layout->key_bytes + layout->value_bytes) / 64);
    pool_reads run[POOL_AHEAD];
    for (int64_t i = 0; i < chunks; i++) run[i] = (pool_reads){op_kv_head(layout, segments->chunk[i], layer, 0), lines, layout->kv_heads};
    pool_ahead(c->threads, run, (int)chunks, true);
}

/* ---- attending ---- */

/* What a tile of rows has gathered: per row the maximum of its scores, the sum of exp(score − maximum) and the values
 * weighted alike. */
typedef struct {
    float *max, *sum, *values; /* [rows], [rows], [rows, padded D] */
} gathered;

/* The work space of one running item. */
typedef struct {
    atomic_flag busy;
    float *q, *scores, *keys, *chunk_values, *storage;
    gathered span, total;
} workspace;

/* A tile of query rows by one key head, over all the spans it sees or (one of several items) over one of them. */
typedef struct item {
    int64_t segment, first_row, row, rows, kv_head; /* first_row: of the segment in q */
    int64_t span, spans;
    int64_t pieces;       /* of the tile: items that follow one another */
    struct item *first;   /* of them, */
    _Atomic int64_t left; /* which counts those that are not done */
    float *partial;       /* where an item of one of several spans leaves what it gathered, else NULL */
} item;

typedef struct {
    const op_kv_layout *layout;
    const op_kv_segment *segment;
    const op_rope *rope;
    const float *q;
    const float *k, *v; /* NULL, or what an item stores before it attends */
    float *y;
    const panel_rows *codes; /* of y, or NULL */
    int64_t layer, heads, group, width, padded, window; /* group: query heads a key head; padded: D in whole panels */
    float scale;
    item *items;
    int64_t item_count;
    workspace *spaces;
    int64_t space_count;
} attention_job;

static void clear(const attention_job *j, gathered *g, int64_t rows)
{
    for (int64_t r = 0; r < rows; r++) g->max[r] = -INFINITY, g->sum[r] = 0;
    memset(g->values, 0, (size_t)(rows * j->padded) * sizeof(float));
}

/* into ← into and from together, row by row. */
static void merge(const attention_job *j, gathered *into, const gathered *from, int64_t rows)
{
    const kernel_table *k = kernel_get();
    for (int64_t r = 0; r < rows; r++) {
        if (from->sum[r] == 0) continue;
        if (into->sum[r] == 0) { /* nothing yet: the numbers below, without the work */
            into->max[r] = from->max[r], into->sum[r] = from->sum[r];
            memcpy(into->values + r * j->padded, from->values + r * j->padded, (size_t)j->padded * sizeof(float));
            continue;
        }
        float top = fmaxf(into->max[r], from->max[r]), keep = expf(into->max[r] - top), add = expf(from->max[r] - top);
        float *values = into->values + r * j->padded;
        k->scale(values, values, keep, j->padded);
        k->add_scaled(values, from->values + r * j->padded, add, j->padded);
        into->sum[r] = into->sum[r] * keep + from->sum[r] * add;
        into->max[r] = top;
    }
}

/* Keys and values lie in memory in pieces too short for the processor to guess the next: it is told. */
static void fetch(const char *from, size_t bytes)
{
    for (size_t i = 0; i < bytes; i += 64) __builtin_prefetch(from + i, 0, 2);
}

/* y[rows, out] = x · panels [in, out], added to what y holds if `more`. Panels in f16 that many rows share are widened once,
 * into room. ahead: as many bytes that this thread reads next. */
static void multiply(const attention_job *j, float *y, int64_t ldy, const float *x, int64_t ldx, int64_t rows, const void *panels,
                     const void *ahead, int64_t in, int64_t out, bool more, float *room)
{
    enum { MANY_ROWS = 37 };
    const kernel_table *k = kernel_get();
    if (j->layout->half && rows < MANY_ROWS) {
        k->panel->f16(y, ldy, x, ldx, rows, panels, ahead, in, out, more);
        return;
    }
    fetch(ahead, (size_t)(in * op_kv_value_panels(out) * PANEL) * (j->layout->half ? sizeof(uint16_t) : sizeof(float)));
    if (j->layout->half) {
        k->from_f16(room, panels, in * op_kv_value_panels(out) * PANEL);
        panels = room;
    }
    k->panel->f32(y, ldy, x, ldx, rows, panels, in, out, more);
}

/* next: the keys that this thread reads after this chunk. */
static void attend_chunk(const attention_job *j, const item *it, workspace *w, int64_t chunk, const void *next)
{
    const op_kv_layout *l = j->layout;
    const op_kv_segment *s = &j->segment[it->segment];
    const kernel_table *k = kernel_get();
    int64_t rows = it->rows * j->group, base = chunk * KV_CHUNK, last = s->start + it->row + it->rows - 1;
    int64_t filled = op_kv_min(KV_CHUNK, (last - base) / PANEL * PANEL + PANEL); /* whole panels of keys that some row sees */
    const char *keys = op_kv_head(l, s->chunk[chunk], j->layer, it->kv_head), *values = keys + l->key_bytes;
    if (filled < KV_CHUNK) fetch(values, l->value_bytes); /* fewer keys are read than values */
    multiply(j, w->scores, KV_CHUNK, w->q, l->head_dim, rows, keys, values, l->head_dim, filled, false, w->keys);
    for (int64_t r = 0; r < rows; r++) {
        int64_t position = s->start + it->row + r / j->group;
        int64_t from = op_kv_max(0, op_kv_first_seen(j->window, position) - base), to = op_kv_min(KV_CHUNK, position + 1 - base);
        float shrink = k->soften(w->scores + r * KV_CHUNK, KV_CHUNK, from, to, &w->span.max[r], &w->span.sum[r]);
        float *gathered_values = w->span.values + r * j->padded;
        if (shrink != 1.0f) k->scale(gathered_values, gathered_values, shrink, j->padded);
    }
    multiply(j, w->span.values, j->padded, w->scores, KV_CHUNK, rows, values, next, KV_CHUNK, j->padded, true, w->chunk_values);
}

/* The first chunk that the item sees of the span, and the one after the last. */
static int64_t first_chunk(const attention_job *j, const item *it, int64_t span)
{
    return op_kv_max(op_kv_first_seen(j->window, j->segment[it->segment].start + it->row) / KV_CHUNK, span * SPAN_CHUNKS);
}

static int64_t end_chunk(const attention_job *j, const item *it, int64_t span)
{
    return op_kv_min((j->segment[it->segment].start + it->row + it->rows - 1) / KV_CHUNK + 1, (span + 1) * SPAN_CHUNKS);
}

static const void *keys_of(const attention_job *j, const item *it, int64_t chunk)
{
    return op_kv_head(j->layout, j->segment[it->segment].chunk[chunk], j->layer, it->kv_head);
}

/* What the thread most likely reads after an item's span: the next span's keys, the next item's, or these again. */
static const void *after_span(const attention_job *j, const item *it, int64_t span)
{
    if (span + 1 < it->span + it->spans) return keys_of(j, it, first_chunk(j, it, span + 1));
    const item *next = it + 1 < j->items + j->item_count ? it + 1 : it;
    return keys_of(j, next, first_chunk(j, next, next->span));
}

static void attend_span(const attention_job *j, const item *it, workspace *w, int64_t span)
{
    int64_t end = end_chunk(j, it, span);
    clear(j, &w->span, it->rows * j->group);
    for (int64_t c = first_chunk(j, it, span); c < end; c++)
        attend_chunk(j, it, w, c, c + 1 < end ? keys_of(j, it, c + 1) : after_span(j, it, span));
}

/* The item's query rows, turned and scaled, the heads of a position side by side: [rows · group, D]. */
static void gather_queries(const attention_job *j, const item *it, float *q)
{
    int64_t d = j->layout->head_dim;
    for (int64_t r = 0; r < it->rows * j->group; r++) {
        int64_t row = it->first_row + it->row + r / j->group, head = it->kv_head * j->group + r % j->group;
        op_rope_turn(j->rope, row, j->q + row * j->width + head * d, q + r * d, d);
    }
    kernel_get()->scale(q, q, j->scale, it->rows * j->group * d);
}

static void give_out(const attention_job *j, const item *it, const gathered *g)
{
    int64_t d = j->layout->head_dim;
    for (int64_t r = 0; r < it->rows * j->group; r++) {
        int64_t row = it->first_row + it->row + r / j->group, from = (it->kv_head * j->group + r % j->group) * d;
        float *y = j->y + row * j->width + from;
        kernel_get()->scale(y, g->values + r * j->padded, 1.0f / g->sum[r], d);
        if (j->codes) kernel_get()->panel->quantize(j->codes, row, from / PANEL_BLOCK, d / PANEL_BLOCK, y);
    }
}

/* Where a split item's result lies: maxima, sums, values. */
static gathered partial_of(const attention_job *j, const item *it)
{
    int64_t rows = it->rows * j->group;
    return (gathered){it->partial, it->partial + rows, it->partial + 2 * rows};
}

/* Puts the spans of a split tile together, in ascending order whoever does it. */
static void join_spans(const attention_job *j, const item *first, workspace *w)
{
    int64_t rows = first->rows * j->group;
    clear(j, &w->total, rows);
    for (const item *it = first; it < first + first->pieces; it++) {
        gathered part = partial_of(j, it);
        merge(j, &w->total, &part, rows);
    }
    give_out(j, first, &w->total);
}

static void run_item(void *arg, int64_t i)
{
    attention_job *j = arg;
    const item *it = &j->items[i];
    int64_t rows = it->rows * j->group;
    workspace *w = j->spaces; /* as many as threads: one is free */
    while (atomic_flag_test_and_set(&w->busy)) w = w + 1 < j->spaces + j->space_count ? w + 1 : j->spaces;
    fetch(keys_of(j, it, first_chunk(j, it, it->span)), j->layout->key_bytes);
    if (j->k && it == it->first + it->pieces - 1)
        store_head(&(store_job){j->layout, j->rope, j->k, j->v, j->layer, &j->segment[it->segment], it->first_row}, it->kv_head, 0, it->rows);
    gather_queries(j, it, w->q);
    if (it->partial) {
        attend_span(j, it, w, it->span);
        gathered out = partial_of(j, it);
        clear(j, &out, rows);
        merge(j, &out, &w->span, rows);
        if (atomic_fetch_sub(&it->first->left, 1) == 1) join_spans(j, it->first, w);
    } else {
        clear(j, &w->total, rows);
        for (int64_t s = it->span; s < it->span + it->spans; s++) {
            attend_span(j, it, w, s);
            merge(j, &w->total, &w->span, rows);
        }
        give_out(j, it, &w->total);
    }
    atomic_flag_clear(&w->busy);
}

/* ---- planning ---- */

static int64_t tile_rows(const attention_job *j) { return op_kv_max(1, TILE / j->group); }

static int64_t span_of(int64_t position) { return position / (KV_CHUNK * SPAN_CHUNKS); }

/* The items of one segment, written to `to` unless it is NULL; their number. */
static int64_t plan_segment(const attention_job *j, int64_t segment, int64_t first_row, item *to)
{
    const op_kv_segment *s = &j->segment[segment];
    int64_t step = tile_rows(j), count = 0;
    for (int64_t row = 0; row < s->rows; row += step) {
        item it = {.segment = segment, .first_row = first_row, .row = row, .rows = op_kv_min(step, s->rows - row)};
        int64_t first = span_of(op_kv_first_seen(j->window, s->start + row)), last = span_of(s->start + row + it.rows - 1);
        it.pieces = s->rows <= FEW_ROWS ? last - first + 1 : 1;
        it.spans = (last - first + 1) / it.pieces;
        it.left = it.pieces;
        for (it.kv_head = 0; it.kv_head < j->layout->kv_heads; it.kv_head++)
            for (int64_t p = 0; p < it.pieces; p++, count++) {
                it.span = first + p;
                if (!to) continue;
                to[count] = it;
                to[count].first = &to[count - p];
            }
    }
    return count;
}

static bool plan(op_ctx *c, attention_job *j, int64_t segments)
{
    j->item_count = 0;
    for (int64_t s = 0; s < segments; s++) j->item_count += plan_segment(j, s, 0, NULL);
    j->items = arena_alloc(c->mem, (size_t)j->item_count * sizeof(item), c->st);
    if (!j->items) return false;
    item *at = j->items;
    for (int64_t s = 0, row = 0; s < segments; row += j->segment[s++].rows) at += plan_segment(j, s, row, at);
    for (int64_t i = 0; i < j->item_count; i++) {
        item *it = &j->items[i];
        if (it->pieces == 1) continue;
        it->partial = arena_alloc(c->mem, (size_t)(it->rows * j->group * (2 + j->padded)) * sizeof(float), c->st);
        if (!it->partial) return false;
    }
    return true;
}

/* Whether each head of a segment has one item that sees the new positions: then it may store them itself. */
static bool seen_by_one_item(const attention_job *j, int64_t segments)
{
    for (int64_t i = 0; i < segments; i++) {
        const op_kv_segment *s = &j->segment[i];
        if (s->rows > FEW_ROWS || s->rows > tile_rows(j) || span_of(s->start) != span_of(s->start + s->rows - 1)) return false;
    }
    return true;
}

static bool make_spaces(op_ctx *c, attention_job *j)
{
    const op_kv_layout *l = j->layout;
    int64_t rows = tile_rows(j) * j->group, d = l->head_dim;
    int64_t floats = rows * (d + KV_CHUNK + 2 * (2 + j->padded)) + KV_CHUNK * (d + j->padded);
    j->space_count = pool_threads(c->threads);
    j->spaces = arena_alloc(c->mem, (size_t)j->space_count * sizeof(workspace), c->st);
    for (int64_t i = 0; j->spaces && i < j->space_count; i++) {
        workspace *w = &j->spaces[i];
        float *at = arena_alloc(c->mem, (size_t)floats * sizeof(float), c->st);
        if (!at) return false;
        atomic_flag_clear(&w->busy);
        w->keys = at, at += KV_CHUNK * d;
        w->chunk_values = at, at += KV_CHUNK * j->padded;
        w->q = at, at += rows * d;
        w->scores = at, at += rows * KV_CHUNK;
        w->span = (gathered){at, at + rows, at + 2 * rows}, at += rows * (2 + j->padded);
        w->total = (gathered){at, at + rows, at + 2 * rows};
    }
    return j->spaces != NULL;
}

tensor *op_attention_cached(op_ctx *c, const tensor *q, const tensor *k, const tensor *v, const op_rope *rope, const op_kv_layout *layout,
                            int64_t layer, const op_kv_segment *segments, int64_t count, int64_t heads, float scale, int64_t window)
{
    if (!op_wants_f32(c, "op_attention_cached", q) || !k != !v || (k && !stores(c, k, v, layout, segments, count))) return NULL;
    int64_t rows = 0, width = heads * layout->head_dim;
    for (int64_t s = 0; s < count; s++) rows += segments[s].rows;
    if (!tensor_shape_is(q, SHAPE(rows, width)) || layout->head_dim > KV_MAX_HEAD_DIM) {
        char shape[96];
        status_set(c->st, STATUS_FAIL, "op_attention_cached: queries of shape %s, [%lld, %lld] wanted",
                   tensor_shape_text(q, shape, sizeof shape), (long long)rows, (long long)width);
        return NULL;
    }
    const product_kernel *bulk = c->bulk && layout->half ? product_kernel_bulk() : NULL;
    tensor *y = tensor_new(c->mem, c->st, bulk ? c->feed : DTYPE_F32, SHAPE(rows, width));
    if (!y) return NULL;
    attention_job j = {.layout = layout, .segment = segments, .rope = rope, .q = q->data, .y = y->data, .layer = layer, .heads = heads,
                       .group = heads / layout->kv_heads, .width = width, .padded = op_kv_value_panels(layout->head_dim) * PANEL,
                       .window = window, .scale = scale};
    if (k && !bulk && seen_by_one_item(&j, count)) j.k = k->data, j.v = v->data;
    else if (k) op_kv_store(c, k, v, rope, layout, layer, segments, count);
    if (bulk) {
        op_attention_bulk(c, bulk, q, rope, layout, layer, segments, count, heads, scale, window, y);
        return op_failed(c) ? NULL : y;
    }
    if (layout->head_dim % PANEL_BLOCK == 0) j.codes = y->codes = op_codes_wanted(c, rows, width);
    if (!make_spaces(c, &j) || !plan(c, &j, count)) return NULL;
    pool_run(c->threads, run_item, &j, j.item_count);
    return y;
}
