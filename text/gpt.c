/* gpt: the forward pass. Loading is in gpt_load.c. */
#include "text/gpt.h"

#include <string.h>

#include "core/alloc.h"

/* What a pass works out once for all its layers. */
typedef struct {
    op_ctx *c;
    const gpt *m;
    const op_kv_segment *segments;
    int64_t segment_count;
    const tensor *rope, *rope_local; /* cos and sin of each row's position, NULL: no rotary embedding */
    bool few; /* rows: weights come from memory, so the threads are told what will be read next */
} pass;

static void ahead(const pass *p, int n, const linear *const *w)
{
    if (p->few) op_linear_ahead(p->c, n, w);
}

/* w: the next block, or the end of the blocks */
static void block_ahead(const pass *p, const gpt_block *w)
{
    bool last = w == p->m->block + p->m->config.layers;
    if (last) ahead(p, 1, (const linear *const[]){&p->m->head});
    else ahead(p, 3, (const linear *const[]){&w->query, &w->key, &w->value});
}

static void mlp_ahead(const pass *p, const gpt_block *w)
{
    if (!p->few) return;
    if (p->m->config.gated) op_linear_gated_ahead(p->c, &w->gate, &w->up);
    else op_linear_ahead(p->c, 1, (const linear *const[]){&w->up});
}

/* The norm of what only feeds products. */
static tensor *norm(const pass *p, const tensor *x, const gpt_norm *w)
{
    if (p->m->config.rms_norm) return op_rms_norm(p->c, x, w->weight, p->m->config.norm_eps);
    return op_layer_norm(p->c, x, w->weight, w->bias, p->m->config.norm_eps);
}

/* The norm of what is added, rotated or given out: in f32. */
static tensor *full_norm(const pass *p, const tensor *x, const gpt_norm *w)
{
    op_ctx *c = p->c;
    dtype feed = c->feed;
    bool codes = c->codes;
    c->feed = DTYPE_F32, c->codes = false;
    tensor *y = norm(p, x, w);
    c->feed = feed, c->codes = codes;
    return y;
}

/* RMSNorm of each head by itself. x: [N, heads·D] */
static tensor *head_norm(const pass *p, tensor *x, const gpt_norm *w)
{
    if (!x || !w->weight) return x;
    int64_t d = p->m->config.head_dim, rows = x->dim[0], width = x->dim[1];
    tensor *heads = tensor_reshape(p->c->mem, p->c->st, x, SHAPE(rows * (width / d), d));
    x = full_norm(p, heads, w);
    return x ? tensor_reshape(p->c->mem, p->c->st, x, SHAPE(rows, width)) : NULL;
}

static tensor *project(op_ctx *c, const tensor *x, const linear *w, const tensor *residual, tensor *to)
{
    return residual ? op_linear_add(c, x, w, residual, to) : op_linear(c, x, w);
}

/* x: [N, C] -> [N, C]. residual: added to the result unless NULL. */
static tensor *attention(const pass *p, const gpt_block *w, int64_t layer, const tensor *x, const tensor *residual)
{
    const gpt_config *g = &p->m->config;
    op_ctx *c = p->c;
    const op_rope rope = {g->banded[layer] && p->rope_local ? p->rope_local : p->rope, g->rotary_interleaved};
    tensor *qkv[3];
    if (p->few) op_kv_ahead(c, &p->m->kv, layer, p->segments, p->segment_count);
    op_linear_many(c, x, 3, (const linear *const[]){&w->query, &w->key, &w->value}, qkv);
    tensor *q = head_norm(p, qkv[0], &w->query_norm); /* [N, heads·D] */
    tensor *k = head_norm(p, qkv[1], &w->key_norm);   /* [N, kv_heads·D] */
    tensor *v = qkv[2];                               /* [N, kv_heads·D] */
    ahead(p, 1, (const linear *const[]){&w->out});
    tensor *y = op_attention_cached(c, q, k, v, &rope, &p->m->kv, layer, p->segments, p->segment_count, g->heads, g->attention_scale,
                                    g->banded[layer] ? g->window : 0);
    mlp_ahead(p, w);
    return project(c, y, &w->out, residual, NULL); /* [N, C] */
}

static tensor *activate(const pass *p, const tensor *x)
{
    switch (p->m->config.activation) {
    case GPT_RELU: return op_relu(p->c, x);
    case GPT_GELU: return op_gelu(p->c, x);
    case GPT_GELU_TANH: return op_gelu_tanh(p->c, x);
    case GPT_SILU: break;
    }
    return op_silu(p->c, x);
}

/* x: [N, C] -> [N, F] */
static tensor *mlp_inner(const pass *p, const gpt_block *w, const tensor *x)
{
    op_ctx *c = p->c;
    if (!p->m->config.gated) return activate(p, op_linear(c, x, &w->up));
    if (p->m->config.activation == GPT_SILU) return op_linear_silu_mul(c, x, &w->gate, &w->up);
    if (p->m->config.activation == GPT_GELU_TANH) return op_linear_gelu_tanh_mul(c, x, &w->gate, &w->up);
    return op_mul(c, activate(p, op_linear(c, x, &w->gate)), op_linear(c, x, &w->up));
}

/* x: [N, C] -> [N, C]. residual: added to the result unless NULL; to: where that goes then, NULL: a new tensor. */
static tensor *mlp(const pass *p, const gpt_block *w, const tensor *x, const tensor *residual, tensor *to)
{
    ahead(p, 1, (const linear *const[]){&w->down});
    tensor *inner = mlp_inner(p, w, x);
    block_ahead(p, w + 1);
    return project(p->c, inner, &w->down, residual, to);
}

/* One decoder block. x: [N, C] -> [N, C], in x itself or elsewhere; x is used up. */
static tensor *block(const pass *p, int64_t layer, tensor *x)
{
    const gpt_config *g = &p->m->config;
    const gpt_block *w = &p->m->block[layer];
    op_ctx *c = p->c;
    if (g->norm_after) {
        tensor *h = full_norm(p, attention(p, w, layer, x, x), &w->attention_norm);
        return full_norm(p, mlp(p, w, h, h, NULL), &w->mlp_norm);
    }
    tensor *h = norm(p, x, &w->attention_norm);
    if (g->parallel) {
        tensor *a = attention(p, w, layer, h, NULL);
        return op_add(c, mlp(p, w, g->shared_norm ? h : norm(p, x, &w->mlp_norm), a, NULL), x);
    }
    if (g->norm_sandwich) {
        tensor *y = op_add(c, x, full_norm(p, attention(p, w, layer, h, NULL), &w->attention_after));
        return op_add(c, y, full_norm(p, mlp(p, w, norm(p, y, &w->mlp_norm), NULL, NULL), &w->mlp_after));
    }
    tensor *y = attention(p, w, layer, h, x);
    return mlp(p, w, norm(p, y, &w->mlp_norm), y, x);
}

/* The rows of all segments, one after another: their tokens and positions. */
static int64_t flatten(const gpt_segment *segments, int64_t count, int32_t *token, int64_t *position)
{
    int64_t n = 0;
    for (int64_t s = 0; s < count; s++)
        for (int64_t i = 0; i < segments[s].count; i++, n++) {
            if (!token) continue;
            token[n] = segments[s].token[i];
            position[n] = segments[s].cache->length + i;
        }
    return n;
}

/* Tokens and positions as vectors. -> [N, C] */
static tensor *embed(const pass *p, const int32_t *token, const int64_t *position, int64_t n)
{
    const gpt *m = p->m;
    op_ctx *c = p->c;
    tensor *x = op_embed(c, m->tokens, token, n, m->config.embed_scale); /* [N, E] */
    if (m->project_in.in) x = op_linear(c, x, &m->project_in);         /* [N, C] */
    if (!m->positions) return x;
    int32_t *row = arena_alloc(c->mem, (size_t)n * sizeof *row, c->st);
    if (!row) return NULL;
    for (int64_t i = 0; i < n; i++) row[i] = (int32_t)(position[i] + m->config.position_offset);
    return op_add(c, x, op_embed(c, m->positions, row, n, 1));
}

/* Room in every cache, and where the pass writes. NULL on failure. */
static op_kv_segment *reserve(op_ctx *c, const gpt *m, const gpt_segment *segments, int64_t count)
{
    op_kv_segment *out = arena_alloc(c->mem, (size_t)count * sizeof *out, c->st);
    for (int64_t s = 0; out && s < count; s++) {
        kv_cache *k = segments[s].cache;
        if (k->length + segments[s].count > gpt_context(m) && m->positions) {
            status_set(c->st, STATUS_FAIL, "the model has %lld positions", (long long)gpt_context(m));
            return NULL;
        }
        if (!kv_cache_reserve(k, k->length + segments[s].count, c->st)) return NULL;
        out[s] = (op_kv_segment){k->length, segments[s].count, k->chunk};
    }
    return out;
}

/* The rows the caller wants. x: [N, C] -> [kept, C] */
static tensor *keep_rows(op_ctx *c, const tensor *x, const gpt_segment *segments, int64_t count)
{
    if (!x) return NULL;
    int64_t *row = arena_alloc(c->mem, (size_t)x->dim[0] * sizeof *row, c->st), kept = 0, first = 0;
    if (!row) return NULL;
    for (int64_t s = 0; s < count; s++) {
        int64_t from = segments[s].keep == GPT_KEEP_ALL ? 0 : segments[s].keep == GPT_KEEP_LAST ? segments[s].count - 1 : segments[s].count;
        for (int64_t i = from; i < segments[s].count; i++) row[kept++] = first + i;
        first += segments[s].count;
    }
    return op_take_rows(c, x, row, kept);
}

static tensor *rope_table(const pass *p, const int64_t *position, int64_t n, const float *rates)
{
    return rates ? op_rope_table(p->c, position, n, rates, p->m->config.rotary) : NULL;
}

tensor *gpt_forward(op_ctx *c, const gpt *m, const gpt_segment *segments, int64_t count, const gpt_observer *observer)
{
    if (op_failed(c)) return NULL;
    int64_t n = flatten(segments, count, NULL, NULL);
    int32_t *token = arena_alloc(c->mem, (size_t)n * sizeof *token, c->st);
    int64_t *position = arena_alloc(c->mem, (size_t)n * sizeof *position, c->st);
    pass p = {.c = c, .m = m, .segments = reserve(c, m, segments, count), .segment_count = count, .few = n <= OP_LINEAR_FEW_ROWS};
    if (!token || !position || !p.segments) return NULL;
    flatten(segments, count, token, position);
    p.rope = rope_table(&p, position, n, m->rope_rates);
    p.rope_local = rope_table(&p, position, n, m->rope_rates_local);
    c->feed = c->bulk ? linear_feed(m->mode) : DTYPE_F32;
    c->codes = !c->bulk && m->block->down.form == LINEAR_QUANTIZED;
    tensor *x = embed(&p, token, position, n); /* [N, C] */
    if (observer && x) observer->see(observer->arg, -1, x);
    for (int64_t layer = 0; layer < m->config.layers && x; layer++) {
        size_t mark = arena_mark(c->mem); /* a block's scratch is used again by the next */
        tensor *y = block(&p, layer, x);
        if (!y) break;
        if (y != x) memcpy(x->data, y->data, tensor_bytes(x));
        arena_reset(c->mem, mark);
        if (observer) observer->see(observer->arg, layer, x);
    }
    c->feed = DTYPE_F32;
    c->codes = false;
    x = keep_rows(c, x, segments, count); /* [kept, C] */
    if (m->final_norm.weight) x = full_norm(&p, x, &m->final_norm);
    for (int64_t s = 0; x && s < count; s++) segments[s].cache->length += segments[s].count;
    return x;
}

tensor *gpt_logits(op_ctx *c, const gpt *m, const tensor *hidden)
{
    const tensor *x = m->project_out.in ? op_linear(c, hidden, &m->project_out) : hidden; /* [n, E] */
    return op_linear(c, x, &m->head);                                                   /* [n, V] */
}

int64_t gpt_context(const gpt *m)
{
    if (!m->positions) return m->config.context;
    int64_t rows = m->positions->dim[0] - m->config.position_offset;
    return rows < m->config.context ? rows : m->config.context;
}

bool gpt_has_bulk(const gpt *m) { return m->mode != LINEAR_EXACT && op_has_bulk(); }

bool gpt_new_cache(const gpt *m, kv_cache *k, int64_t limit, status *st)
{
    return kv_cache_init(k, &m->kv, m->config.layers, limit, st);
}
