/* op_attention: attention over keys and values that are all at hand, by tiles (core/attention_tile.h). Keys and values are
 * packed as panels once for all queries of a head.
 */
#include <string.h>

#include "core/attention_tile.h"
#include "core/op.h"

typedef struct {
    attention_form form;        /* keys: Tk padded to whole panels */
    const tensor *q, *k, *v;
    tensor *y;
    int64_t B, Tq, Tk, heads, kv_heads;
    int64_t q_items, q_tiles;   /* an item is q_tiles tiles of ATTENTION_QUERIES */
    char *q_rows;               /* [B, heads, Tq, row] */
    char *key_panels;           /* [B, kv_heads, keys / panel] panels of row × panel */
    char *value_panels;         /* [B, kv_heads, value_panels] panels of keys × panel */
    bool causal;
} attention_job;

/* ---- packing ---- */

/* Row t of one head of x, in the kernel's type. */
static const void *head_row(const attention_form *f, const tensor *x, int64_t row, int64_t head, void *buffer)
{
    int64_t at = row * x->dim[2] + head * f->D;
    const char *from = (const char *)x->data + at * (x->type == DTYPE_F32 ? 4 : 2);
    if (x->type == f->kernel->type) return from;
    if (x->type == DTYPE_F32) f->kernel->convert(buffer, (const float *)(const void *)from, f->D);
    else f->kernel->widen(buffer, (const uint16_t *)(const void *)from, f->D);
    return buffer;
}

static void pack_query(void *arg, int64_t i)
{
    const attention_job *j = arg;
    const attention_form *f = &j->form;
    int64_t step = j->q_tiles * ATTENTION_QUERIES, first = i % j->q_items * step;
    int64_t head = i / j->q_items % j->heads, b = i / j->q_items / j->heads;
    for (int64_t t = first; t < j->Tq && t < first + step; t++) {
        float buffer[ATTENTION_MAX_D];
        char *to = j->q_rows + ((b * j->heads + head) * j->Tq + t) * f->row * f->size;
        memcpy(to, head_row(f, j->q, b * j->Tq + t, head, buffer), (size_t)(f->D * f->size));
        memset(to + f->D * f->size, 0, (size_t)((f->row - f->D) * f->size));
    }
}

/* A key is an output of the product: its lane runs down the panel (core/product.c has the order). */
static void put_key(const attention_form *f, char *panels, int64_t t, const void *row)
{
    int64_t panel = f->kernel->panel;
    char *to = panels + t / panel * panel * f->row * f->size + t % panel * 4;
    int64_t words = f->size == 4 ? f->D : f->D / 2; /* one element, or a pair */
    for (int64_t i = 0; i < words; i++) memcpy(to + i * panel * 4, (const char *)row + i * 4, 4);
    if (f->size == 2 && f->D % 2) memcpy(to + words * panel * 4, (const char *)row + words * 4, 2);
}

/* A value is an input: it lies along the panel; two of bf16 are interleaved. */
static void put_value(const attention_form *f, char *panels, int64_t t, const void *row)
{
    int64_t panel = f->kernel->panel;
    for (int64_t d = 0; d < f->D; d += panel) {
        int64_t n = f->D - d < panel ? f->D - d : panel;
        char *to = panels + d * f->keys * f->size;
        if (f->size == 4) {
            memcpy(to + t * panel * 4, (const float *)row + d, (size_t)n * 4);
            continue;
        }
        uint16_t *pair = (uint16_t *)(void *)to + t / 2 * panel * 2 + t % 2;
        for (int64_t i = 0; i < n; i++) pair[2 * i] = ((const uint16_t *)row)[d + i];
    }
}

enum { PACKED_KEYS = 64 };

static void pack_keys(void *arg, int64_t i)
{
    const attention_job *j = arg;
    const attention_form *f = &j->form;
    int64_t chunks = (f->keys + PACKED_KEYS - 1) / PACKED_KEYS, first = i % chunks * PACKED_KEYS;
    int64_t head = i / chunks % j->kv_heads, b = i / chunks / j->kv_heads, at = b * j->kv_heads + head;
    char *key = j->key_panels + at * (int64_t)attention_key_bytes(f), *value = j->value_panels + at * (int64_t)attention_value_bytes(f);
    float buffer[ATTENTION_MAX_D];
    for (int64_t t = first; t < j->Tk && t < first + PACKED_KEYS; t++) {
        put_key(f, key, t, head_row(f, j->k, b * j->Tk + t, head, buffer));
        put_value(f, value, t, head_row(f, j->v, b * j->Tk + t, head, buffer));
    }
}

/* ---- one item of queries ---- */

/* Rows of the tile that begins at query `from`. */
static int64_t rows_of(int64_t from, int64_t last) { return last - from < ATTENTION_QUERIES ? last - from : ATTENTION_QUERIES; }

/* Keys that any query before `query` sees: query i sees those up to i + Tk − Tq. */
static int64_t keys_seen(const attention_job *j, int64_t query)
{
    int64_t end = query + j->Tk - j->Tq;
    return j->causal && end < j->Tk ? end : j->Tk;
}

static void attend(void *arg, int64_t item)
{
    const attention_job *j = arg;
    const attention_form *f = &j->form;
    int64_t head = item / j->q_items % j->heads, b = item / j->q_items / j->heads;
    int64_t first_q = item % j->q_items * j->q_tiles * ATTENTION_QUERIES, last_q = first_q + j->q_tiles * ATTENTION_QUERIES;
    int64_t kv = b * j->kv_heads + head / (j->heads / j->kv_heads);
    const char *q = j->q_rows + (b * j->heads + head) * j->Tq * f->row * f->size;
    if (last_q > j->Tq) last_q = j->Tq;

    attention_tile tile[ATTENTION_TILES];
    int64_t tiles = (last_q - first_q + ATTENTION_QUERIES - 1) / ATTENTION_QUERIES, end = keys_seen(j, last_q);
    for (int64_t t = 0; t < tiles; t++) attention_tile_clear(&tile[t]);
    attention_span s = {.keys = j->key_panels + kv * (int64_t)attention_key_bytes(f), .values = j->value_panels + kv * (int64_t)attention_value_bytes(f),
                        .more = j->causal};
    if (f->kernel->begin) f->kernel->begin();
    for (s.first = 0; s.first < end; s.first += ATTENTION_KEYS)
        for (int64_t t = 0; t < tiles; t++) {
            int64_t from = first_q + t * ATTENTION_QUERIES;
            s.count = end - s.first < ATTENTION_KEYS ? end - s.first : ATTENTION_KEYS;
            s.seen = j->causal ? from + j->Tk - j->Tq + 1 - s.first : s.count;
            attention_tile_see(f, &tile[t], q + from * f->row * f->size, rows_of(from, last_q), &s);
        }
    if (f->kernel->end) f->kernel->end();
    int64_t size = j->y->type == DTYPE_F32 ? 4 : 2, stride = j->heads * f->D * size;
    for (int64_t t = 0; t < tiles; t++) {
        int64_t from = first_q + t * ATTENTION_QUERIES;
        char *y = (char *)j->y->data + (b * j->Tq + from) * stride + head * f->D * size;
        attention_tile_write(f, &tile[t], rows_of(from, last_q), j->y->type, y, stride);
    }
}

/* ---- the whole ---- */

static bool check_shapes(op_ctx *c, const tensor *q, const tensor *k, const tensor *v, int heads, int kv_heads)
{
    bool fits = q->rank == 3 && k->rank == 3 && v->rank == 3 && heads > 0 && kv_heads > 0 && heads % kv_heads == 0 &&
                q->dim[2] % heads == 0 && q->dim[2] / heads <= ATTENTION_MAX_D && q->dim[2] > 0 && k->dim[2] == q->dim[2] / heads * kv_heads &&
                k->dim[1] > 0 && k->dim[0] == q->dim[0] && tensor_shape_is(v, 3, k->dim);
    char a[96], b[96], d[96];
    return fits || status_set(c->st, STATUS_FAIL, "op_attention: q %s, k %s, v %s with %d heads, %d of keys",
                              tensor_shape_text(q, a, sizeof a), tensor_shape_text(k, b, sizeof b),
                              tensor_shape_text(v, d, sizeof d), heads, kv_heads);
}

static char *zeroed(op_ctx *c, size_t bytes)
{
    char *p = arena_alloc(c->mem, bytes, c->st);
    if (p) memset(p, 0, bytes);
    return p;
}

tensor *op_attention(op_ctx *c, const tensor *q, const tensor *k, const tensor *v, int heads, int kv_heads, float scale, bool causal)
{
    if (!op_wants_float(c, "op_attention", q) || !op_wants_float(c, "op_attention", k) || !op_wants_float(c, "op_attention", v) ||
        !check_shapes(c, q, k, v, heads, kv_heads)) return NULL;
    const product_kernel *kernel = product_kernel_of(c->feed);
    attention_job j = {.form = attention_form_of(kernel, q->dim[2] / heads, k->dim[1], scale), .q = q, .k = k, .v = v, .B = q->dim[0],
                       .Tq = q->dim[1], .Tk = k->dim[1], .heads = heads, .kv_heads = kv_heads, .causal = causal};
    j.y = tensor_new(c->mem, c->st, c->feed, 3, q->dim);
    size_t mark = arena_mark(c->mem);
    const attention_form *f = &j.form;
    j.q_tiles = attention_tiles_at_once(f);
    j.q_items = (j.Tq + j.q_tiles * ATTENTION_QUERIES - 1) / (j.q_tiles * ATTENTION_QUERIES);
    int64_t pairs = j.B * kv_heads;
    j.q_rows = j.y ? arena_alloc(c->mem, (size_t)(j.B * heads * j.Tq * f->row * f->size), c->st) : NULL;
    j.key_panels = zeroed(c, (size_t)pairs * attention_key_bytes(f));
    j.value_panels = zeroed(c, (size_t)pairs * attention_value_bytes(f));
    if (!j.q_rows || !j.key_panels || !j.value_panels) return NULL;
    pool_run(c->threads, pack_query, &j, j.B * heads * j.q_items);
    pool_run(c->threads, pack_keys, &j, pairs * ((f->keys + PACKED_KEYS - 1) / PACKED_KEYS));
    pool_run(c->threads, attend, &j, j.B * heads * j.q_items);
    arena_reset(c->mem, mark);
    return j.y;
}
