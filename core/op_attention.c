/* op_attention: softmax(scale · q kᵀ) v a tile at a time, with a running maximum and sum (Milakov and Gimelshein 2018; Dao
 * et al. 2022), on the product kernels: keys are the outputs of a product with the queries, the head's channels the
 * outputs of a product with the probabilities. Keys and values are packed as panels once for all queries of a head.
 */
#include <math.h>
#include <string.h>

#include "core/kernel/kernel.h"
#include "core/kernel/product_kernel.h"
#include "core/op.h"

enum { QUERIES = 32, KEYS = 128, MAX_D = 1024, MAX_TILES = 4 }; /* a tile's; the widest head; tiles that share a pass over the keys */

typedef struct {
    const product_kernel *kernel;
    const tensor *q, *k, *v;
    tensor *y;
    int64_t B, Tq, Tk, heads, kv_heads, D;
    int64_t row;                /* D padded to the kernel's step */
    int64_t keys;               /* Tk padded to whole panels: a row of probabilities */
    int64_t value_panels;       /* of D */
    int64_t q_items, q_tiles;   /* an item is q_tiles tiles of QUERIES */
    int64_t size;               /* bytes of an element */
    char *q_rows;               /* [B, heads, Tq, row] */
    char *key_panels;           /* [B, kv_heads, keys / panel] panels of row × panel */
    char *value_panels_at;      /* [B, kv_heads, value_panels] panels of keys × panel */
    float scale;
    bool causal;
} attention_job;

/* ---- packing ---- */

/* Row t of one head of x, in the kernel's type. */
static const void *head_row(const attention_job *j, const tensor *x, int64_t row, int64_t head, void *buffer)
{
    int64_t at = row * x->dim[2] + head * j->D;
    const char *from = (const char *)x->data + at * (x->type == DTYPE_F32 ? 4 : 2);
    if (x->type == j->kernel->type) return from;
    if (x->type == DTYPE_F32) j->kernel->convert(buffer, (const float *)(const void *)from, j->D);
    else j->kernel->widen(buffer, (const uint16_t *)(const void *)from, j->D);
    return buffer;
}

static void pack_query(void *arg, int64_t i)
{
    const attention_job *j = arg;
    int64_t step = j->q_tiles * QUERIES, first = i % j->q_items * step;
    int64_t head = i / j->q_items % j->heads, b = i / j->q_items / j->heads;
    for (int64_t t = first; t < j->Tq && t < first + step; t++) {
        float buffer[MAX_D];
        char *to = j->q_rows + ((b * j->heads + head) * j->Tq + t) * j->row * j->size;
        memcpy(to, head_row(j, j->q, b * j->Tq + t, head, buffer), (size_t)(j->D * j->size));
        memset(to + j->D * j->size, 0, (size_t)((j->row - j->D) * j->size));
    }
}

/* A key is an output of the product: its lane runs down the panel (core/product.c has the order). */
static void put_key(const attention_job *j, char *panels, int64_t t, const void *row)
{
    int64_t panel = j->kernel->panel;
    char *to = panels + t / panel * panel * j->row * j->size + t % panel * 4;
    int64_t words = j->size == 4 ? j->D : j->D / 2; /* one element, or a pair */
    for (int64_t i = 0; i < words; i++) memcpy(to + i * panel * 4, (const char *)row + i * 4, 4);
    if (j->size == 2 && j->D % 2) memcpy(to + words * panel * 4, (const char *)row + words * 4, 2);
}

/* A value is an input: it lies along the panel; two of bf16 are interleaved. */
static void put_value(const attention_job *j, char *panels, int64_t t, const void *row)
{
    int64_t panel = j->kernel->panel;
    for (int64_t d = 0; d < j->D; d += panel) {
        int64_t n = j->D - d < panel ? j->D - d : panel;
        char *to = panels + d * j->keys * j->size;
        if (j->size == 4) {
            memcpy(to + t * panel * 4, (const float *)row + d, (size_t)n * 4);
            continue;
        }
        uint16_t *pair = (uint16_t *)(void *)to + t / 2 * panel * 2 + t % 2;
        for (int64_t i = 0; i < n; i++) pair[2 * i] = ((const uint16_t *)row)[d + i];
    }
}

enum { PACKED_KEYS = 64, SMALL_HEAD = 1 << 20 };

static void pack_keys(void *arg, int64_t i)
{
    const attention_job *j = arg;
    int64_t chunks = (j->keys + PACKED_KEYS - 1) / PACKED_KEYS, first = i % chunks * PACKED_KEYS;
    int64_t head = i / chunks % j->kv_heads, b = i / chunks / j->kv_heads, at = b * j->kv_heads + head;
    char *key = j->key_panels + at * j->keys * j->row * j->size;
    char *value = j->value_panels_at + at * j->value_panels * j->kernel->panel * j->keys * j->size;
    float buffer[MAX_D];
    for (int64_t t = first; t < j->Tk && t < first + PACKED_KEYS; t++) {
        put_key(j, key, t, head_row(j, j->k, b * j->Tk + t, head, buffer));
        put_value(j, value, t, head_row(j, j->v, b * j->Tk + t, head, buffer));
    }
}

/* ---- one item of queries ---- */

typedef struct {
    float acc[QUERIES * MAX_D] __attribute__((aligned(64))); /* [value panel][rows][panel] */
    float most[QUERIES], total[QUERIES];
} tile_state;

/* Up to QUERIES rows against one panel, in strips. sum: [rows][panel] */
static void multiply(const attention_job *j, const char *x, int64_t row_bytes, int64_t in, int64_t rows, const void *panel,
                     float *sum, bool add)
{
    static const int64_t here = 0;
    const product_kernel *k = j->kernel;
    for (int64_t r = 0; r < rows; r += k->rows * k->strips) {
        product_block b = {.row_bytes = row_bytes, .tap = &here, .taps = 1, .in = in, .panel = panel, .sum = sum + r * k->panel, .add = add};
        for (int s = 0; s < k->strips; s++) {
            int64_t from = r + s * k->rows, left = rows - from;
            b.x[s] = x + from * row_bytes;
            b.rows[s] = (int)(left < 0 ? 0 : left < k->rows ? left : k->rows);
        }
        k->block(&b);
    }
}

static void fade_rows(const attention_job *j, tile_state *t, const float *fade, int64_t rows)
{
    int64_t panel = j->kernel->panel;
    for (int64_t p = 0; p < j->value_panels; p++)
        for (int64_t r = 0; r < rows; r++) {
            float *acc = t->acc + (p * rows + r) * panel;
            kernel_get()->scale(acc, acc, fade[r], panel);
        }
}

/* One tile of queries against one tile of keys: first … first + left. */
static void attend_keys(const attention_job *j, tile_state *t, const char *q, int64_t first_q, int64_t rows, const char *keys,
                        const char *values, int64_t first, int64_t left)
{
    float score[QUERIES * KEYS] __attribute__((aligned(64))), p[QUERIES * KEYS] __attribute__((aligned(64))), fade[QUERIES];
    const product_kernel *k = j->kernel;
    int64_t panels = (left + k->panel - 1) / k->panel, n = panels * k->panel;
    product_soften s = {.score = score, .p = p, .rows = rows, .panels = panels, .keys = left, .limit = left, .scale = j->scale,
                        .most = t->most, .total = t->total, .fade = fade};
    if (j->causal) {
        s.keys = first_q + j->Tk - j->Tq + 1 - first;
        s.more = 1;
    }
    for (int64_t i = 0; i < panels; i++)
        multiply(j, q, j->row * j->size, j->row, rows, keys + (first + i * k->panel) * j->row * j->size, score + i * rows * k->panel, false);
    if (k->soften(&s)) fade_rows(j, t, fade, rows);
    for (int64_t i = 0; i < j->value_panels; i++)
        multiply(j, (const char *)p, n * j->size, n, rows, values + (i * j->keys + first) * k->panel * j->size, t->acc + i * rows * k->panel, true);
}

static void write_tile(const attention_job *j, const tile_state *t, int64_t b, int64_t head, int64_t first_q, int64_t rows)
{
    int64_t panel = j->kernel->panel, size = j->y->type == DTYPE_F32 ? 4 : 2;
    for (int64_t r = 0; r < rows; r++) {
        int64_t at = (b * j->Tq + first_q + r) * j->heads * j->D + head * j->D;
        float scale = t->total[r] > 0 ? 1.0f / t->total[r] : 0;
        for (int64_t d = 0; d < j->D; d += panel)
            j->kernel->scale_row(j->y->type, (char *)j->y->data + (at + d) * size, t->acc + (d * rows + r * panel), scale, j->D - d < panel ? j->D - d : panel);
    }
}

static void attend(void *arg, int64_t item)
{
    const attention_job *j = arg;
    const product_kernel *k = j->kernel;
    int64_t head = item / j->q_items % j->heads, b = item / j->q_items / j->heads;
    int64_t first_q = item % j->q_items * j->q_tiles * QUERIES, last_q = first_q + j->q_tiles * QUERIES < j->Tq ? first_q + j->q_tiles * QUERIES : j->Tq;
    int64_t kv = b * j->kv_heads + head / (j->heads / j->kv_heads);
    const char *q = j->q_rows + (b * j->heads + head) * j->Tq * j->row * j->size;
    const char *keys = j->key_panels + kv * j->keys * j->row * j->size;
    const char *values = j->value_panels_at + kv * j->value_panels * k->panel * j->keys * j->size;

    tile_state tile[MAX_TILES];
    int64_t tiles = (last_q - first_q + QUERIES - 1) / QUERIES;
    for (int64_t t = 0; t < tiles; t++) {
        memset(tile[t].acc, 0, (size_t)(j->value_panels * k->panel * QUERIES) * sizeof(float));
        for (int r = 0; r < QUERIES; r++) tile[t].most[r] = -INFINITY, tile[t].total[r] = 0;
    }
    int64_t end = j->causal && last_q + j->Tk - j->Tq < j->Tk ? last_q + j->Tk - j->Tq : j->Tk; /* query i sees keys up to i + Tk − Tq */
    if (k->begin) k->begin();
    for (int64_t first = 0; first < end; first += KEYS)
        for (int64_t t = 0; t < tiles; t++) {
            int64_t from = first_q + t * QUERIES, rows = last_q - from < QUERIES ? last_q - from : QUERIES;
            attend_keys(j, tile + t, q + from * j->row * j->size, from, rows, keys, values, first, end - first < KEYS ? end - first : KEYS);
        }
    if (k->end) k->end();
    for (int64_t t = 0; t < tiles; t++) {
        int64_t from = first_q + t * QUERIES;
        write_tile(j, tile + t, b, head, from, last_q - from < QUERIES ? last_q - from : QUERIES);
    }
}

/* ---- the whole ---- */

static bool check_shapes(op_ctx *c, const tensor *q, const tensor *k, const tensor *v, int heads, int kv_heads)
{
    bool fits = q->rank == 3 && k->rank == 3 && v->rank == 3 && heads > 0 && kv_heads > 0 && heads % kv_heads == 0 &&
                q->dim[2] % heads == 0 && q->dim[2] / heads <= MAX_D && q->dim[2] > 0 && k->dim[2] == q->dim[2] / heads * kv_heads &&
                k->dim[1] > 0 && k->dim[0] == q->dim[0] && tensor_shape_is(v, 3, k->dim);
    char a[96], b[96], d[96];
    return fits || status_set(c->st, STATUS_FAIL, "op_attention: q %s, k %s, v %s with %d heads, %d of keys",
                              tensor_shape_text(q, a, sizeof a), tensor_shape_text(k, b, sizeof b),
                              tensor_shape_text(v, d, sizeof d), heads, kv_heads);
}

static char *zeroed(op_ctx *c, int64_t elements, int64_t size)
{
    char *p = arena_alloc(c->mem, (size_t)(elements * size), c->st);
    if (p) memset(p, 0, (size_t)(elements * size));
    return p;
}

tensor *op_attention(op_ctx *c, const tensor *q, const tensor *k, const tensor *v, int heads, int kv_heads, float scale, bool causal)
{
    if (op_failed(c) || !q || !k || !v || !check_shapes(c, q, k, v, heads, kv_heads)) return NULL;
    const product_kernel *kernel = product_kernel_of(c->feed);
    attention_job j = {.kernel = kernel, .q = q, .k = k, .v = v, .B = q->dim[0], .Tq = q->dim[1], .Tk = k->dim[1], .heads = heads,
                       .kv_heads = kv_heads, .D = q->dim[2] / heads, .scale = scale, .causal = causal};
    j.y = tensor_new(c->mem, c->st, c->feed, 3, q->dim);
    size_t mark = arena_mark(c->mem);
    int64_t panel = kernel->panel, step = kernel->step > 1 ? kernel->step : 1;
    j.size = kernel->type == DTYPE_F32 ? 4 : 2;
    j.row = (j.D + step - 1) / step * step;
    j.keys = (j.Tk + panel - 1) / panel * panel; /* panels are a multiple of every step */
    j.value_panels = (j.D + panel - 1) / panel;
    j.q_tiles = j.keys * j.D * j.size > SMALL_HEAD ? MAX_TILES : 1; /* a head's keys that do not fit the cache are passed over less often */
    j.q_items = (j.Tq + j.q_tiles * QUERIES - 1) / (j.q_tiles * QUERIES);
    int64_t pairs = j.B * kv_heads;
    j.q_rows = j.y ? arena_alloc(c->mem, (size_t)(j.B * heads * j.Tq * j.row * j.size), c->st) : NULL;
    j.key_panels = zeroed(c, pairs * j.keys * j.row, j.size);
    j.value_panels_at = zeroed(c, pairs * j.value_panels * panel * j.keys, j.size);
    if (!j.q_rows || !j.key_panels || !j.value_panels_at) return NULL;
    pool_run(c->threads, pack_query, &j, j.B * heads * j.q_items);
    pool_run(c->threads, pack_keys, &j, pairs * ((j.keys + PACKED_KEYS - 1) / PACKED_KEYS));
    pool_run(c->threads, attend, &j, j.B * heads * j.q_items);
    arena_reset(c->mem, mark);
    return j.y;
}
