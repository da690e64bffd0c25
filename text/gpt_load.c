/* gpt_load: from named tensors to a model. Names are text/gpt_scheme.h's; what differs between layouts beyond names are
 * Conv1D weights (GPT-2 stores [in, out]), q, k, v in one tensor (side by side, or head by head), gate and up in one tensor,
 * and norms that store w for a factor of 1 + w. */
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/linear_queue.h"
#include "text/gpt.h"
#include "text/gpt_scheme.h"

typedef struct {
    const weights *file;
    gpt *m;
    gpt_scheme names;
    const char *prefix;
    int64_t layer; /* of the block being read; −1: outside the blocks */
    pool *threads;
    linear_queue *queue;        /* the weights that are packed from the file's own pages */
    atomic_size_t packed_bytes; /* of them, since the file's pages were last let go */
    status *st;
} loader;

typedef struct {
    char text[160];
} full_name;

static full_name name_of(const loader *l, const char *stem, const char *kind)
{
    full_name n;
    if (l->layer < 0) snprintf(n.text, sizeof n.text, "%s%s.%s", l->prefix, stem, kind);
    else snprintf(n.text, sizeof n.text, "%s%s%lld.%s.%s", l->prefix, l->names.block, (long long)l->layer, stem, kind);
    return n;
}

static const tensor *find(const loader *l, const char *stem, const char *kind)
{
    return stem ? weights_find(l->file, name_of(l, stem, kind).text) : NULL;
}

static const tensor *need(const loader *l, const char *stem, const char *kind, int rank, const int64_t *dim)
{
    return weights_need(l->file, l->st, name_of(l, stem, kind).text, rank, dim);
}

/* ---- norms ---- */

/* The values as f32 in memory of our own: a vector read from the file between two weights would keep their pages in memory. */
static const float *own_f32(const loader *l, const tensor *x)
{
    const float *values = weights_f32(l->m->mem, x, l->st);
    if (!values || values != x->data) return values;
    float *copy = arena_alloc(l->m->mem, tensor_bytes(x), l->st);
    return copy ? memcpy(copy, values, tensor_bytes(x)) : NULL;
}

static const float *vector(const loader *l, const char *stem, const char *kind, int64_t n)
{
    const tensor *x = need(l, stem, kind, SHAPE(n));
    return x ? own_f32(l, x) : NULL;
}

static bool load_norm(const loader *l, gpt_norm *out, const char *stem, int64_t n)
{
    out->weight = vector(l, stem, "weight", n);
    if (find(l, stem, "bias")) out->bias = vector(l, stem, "bias", n);
    if (!out->weight || !l->m->config.norm_plus_one) return status_ok(l->st);
    float *more = arena_alloc(l->m->mem, (size_t)n * sizeof *more, l->st);
    for (int64_t i = 0; more && i < n; i++) more[i] = 1.0f + out->weight[i];
    out->weight = more;
    return more != NULL;
}

/* ---- linear layers ---- */

/* A run of output rows within a tensor that may hold several layers' rows. */
typedef struct {
    int64_t first, count; /* rows wanted of `total` */
    int64_t total;
    int64_t run, stride;  /* they come in runs of `run` rows, `stride` apart; run = count: one run */
} part;

static part whole(int64_t rows) { return (part){0, rows, rows, rows, 0}; }

/* Output o of the part as a row of the file's tensor. */
static int64_t row_of(const part *p, int64_t o) { return p->first + o / p->run * p->stride + o % p->run; }

/* The part's rows one after another, turned from [in, out] where transposed; the copy lies in the model's arena. */
static bool copy_rows(const loader *l, tensor *out, const tensor *x, const part *p, int64_t in, bool transposed)
{
    const dtype_info *info = dtype_of(x->type);
    if (transposed && info->block != 1)
        return status_set(l->st, STATUS_INPUT, "%s: Conv1D weights of type %s are not supported", weights_path(l->file), info->name);
    size_t row_bytes = (size_t)(in / info->block * info->bytes), size = (size_t)info->bytes;
    char *to = arena_alloc(l->m->mem, (size_t)p->count * row_bytes, l->st);
    if (!to) return false;
    const char *from = x->data;
    for (int64_t o = 0; o < p->count; o++) {
        size_t row = (size_t)row_of(p, o);
        if (!transposed) memcpy(to + (size_t)o * row_bytes, from + row * row_bytes, row_bytes);
        else for (size_t i = 0; i < (size_t)in; i++) memcpy(to + (size_t)o * row_bytes + i * size, from + (i * (size_t)p->total + row) * size, size);
    }
    out->data = to;
    return true;
}

static bool load_bias(const loader *l, const float **out, const char *stem, const part *p)
{
    *out = NULL;
    if (!find(l, stem, "bias")) return true;
    const float *all = vector(l, stem, "bias", p->total);
    if (!all || p->run == p->count) return (*out = all ? all + p->first : NULL) != NULL;
    float *own = arena_alloc(l->m->mem, (size_t)p->count * sizeof *own, l->st);
    for (int64_t o = 0; own && o < p->count; o++) own[o] = all[row_of(p, o)];
    return (*out = own) != NULL;
}

static bool load_part(const loader *l, linear *out, const char *stem, part p, int64_t in)
{
    bool transposed = l->m->config.names == GPT_NAMES_GPT2 && l->layer >= 0;
    const tensor *x = transposed ? need(l, stem, "weight", SHAPE(in, p.total)) : need(l, stem, "weight", SHAPE(p.total, in));
    const float *bias;
    if (!x || !load_bias(l, &bias, stem, &p)) return false;
    const dtype_info *info = dtype_of(x->type);
    if (in % info->block)
        return status_set(l->st, STATUS_INPUT, "%s: tensor '%s' has rows of %lld, no multiple of %s's block of %d", weights_path(l->file),
                          name_of(l, stem, "weight").text, (long long)in, info->name, info->block);
    tensor w = {.type = x->type, .rank = 2, .dim = {p.count, in}, .data = x->data};
    if (!transposed && p.run == p.count) {
        w.data = (char *)x->data + (size_t)(p.first * (in / info->block)) * (size_t)info->bytes;
        return linear_queue_add(l->queue, out, &w, bias, l->m->mode, l->st);
    }
    size_t mark = arena_mark(l->m->mem);
    if (!copy_rows(l, &w, x, &p, in, transposed) || !linear_init(out, &w, bias, l->m->mode, l->threads, l->st)) return false;
    if (!out->packed) return true;
    arena_reset(l->m->mem, mark);
    weights_release(l->file, x);
    return true;
}

static bool load_linear(const loader *l, linear *out, const char *stem, int64_t rows, int64_t in)
{
    return load_part(l, out, stem, whole(rows), in);
}

/* q, k, v: three tensors, or one that holds them one after another, or (GPT-NeoX) head by head. */
static bool load_qkv(const loader *l, gpt_block *b)
{
    const gpt_config *g = &l->m->config;
    const gpt_scheme *s = &l->names;
    int64_t q = g->heads * g->head_dim, k = g->kv_heads * g->head_dim, all = q + 2 * k, d = g->head_dim;
    if (!find(l, s->fused, "weight") && s->query)
        return load_linear(l, &b->query, s->query, q, g->width) && load_linear(l, &b->key, s->key, k, g->width) &&
               load_linear(l, &b->value, s->value, k, g->width);
    if (g->names == GPT_NAMES_GPT_NEOX)
        return load_part(l, &b->query, s->fused, (part){0, q, all, d, 3 * d}, g->width) &&
               load_part(l, &b->key, s->fused, (part){d, k, all, d, 3 * d}, g->width) &&
               load_part(l, &b->value, s->fused, (part){2 * d, k, all, d, 3 * d}, g->width);
    return load_part(l, &b->query, s->fused, (part){0, q, all, q, 0}, g->width) &&
           load_part(l, &b->key, s->fused, (part){q, k, all, k, 0}, g->width) &&
           load_part(l, &b->value, s->fused, (part){q + k, k, all, k, 0}, g->width);
}

static bool load_mlp(const loader *l, gpt_block *b)
{
    const gpt_config *g = &l->m->config;
    const gpt_scheme *s = &l->names;
    if (!load_linear(l, &b->down, s->down, g->width, g->ffn)) return false;
    if (!g->gated) return load_linear(l, &b->up, s->up, g->ffn, g->width);
    if (find(l, s->gate, "weight")) return load_linear(l, &b->gate, s->gate, g->ffn, g->width) && load_linear(l, &b->up, s->up, g->ffn, g->width);
    return load_part(l, &b->gate, s->gate_up, (part){0, g->ffn, 2 * g->ffn, g->ffn, 0}, g->width) &&
           load_part(l, &b->up, s->gate_up, (part){g->ffn, g->ffn, 2 * g->ffn, g->ffn, 0}, g->width);
}

static bool load_block(const loader *l, gpt_block *b)
{
    const gpt_config *g = &l->m->config;
    const gpt_scheme *s = &l->names;
    if (!load_norm(l, &b->attention_norm, s->attention_norm, g->width)) return false;
    if (!g->shared_norm && !load_norm(l, &b->mlp_norm, s->mlp_norm, g->width)) return false;
    if (g->norm_sandwich && !(load_norm(l, &b->attention_after, s->attention_after, g->width) &&
                              load_norm(l, &b->mlp_after, s->mlp_after, g->width)))
        return false;
    if (g->norm_qk && !(load_norm(l, &b->query_norm, s->query_norm, g->head_dim) && load_norm(l, &b->key_norm, s->key_norm, g->head_dim)))
        return false;
    return load_qkv(l, b) && load_linear(l, &b->out, s->out, g->width, g->heads * g->head_dim) && load_mlp(l, b);
}

/* ---- outside the blocks ---- */

static bool find_prefix(loader *l)
{
    for (int i = 0; i < 4 && l->names.prefix[i]; i++) {
        l->prefix = l->names.prefix[i];
        if (find(l, l->names.tokens, "weight")) return true;
    }
    return status_set(l->st, STATUS_INPUT, "%s: no tensor '%s%s.weight'; is this a %s model?", weights_path(l->file), l->names.prefix[0],
                      l->names.tokens, l->m->config.architecture);
}

/* Tables are read row by row where they lie, so a row must be whole blocks. */
static const tensor *load_table(const loader *l, const char *stem, int64_t rows, int64_t width)
{
    const tensor *x = need(l, stem, "weight", SHAPE(rows, width));
    if (x && width % dtype_of(x->type)->block) {
        status_set(l->st, STATUS_INPUT, "%s: tensor '%s' has rows of %lld, no multiple of %s's block", weights_path(l->file),
                   name_of(l, stem, "weight").text, (long long)width, dtype_of(x->type)->name);
        return NULL;
    }
    return x;
}

static bool load_tables(const loader *l)
{
    gpt_config *g = &l->m->config;
    l->m->tokens = load_table(l, l->names.tokens, g->vocab ? g->vocab : -1, g->embed_width);
    if (!l->m->tokens) return false;
    g->vocab = l->m->tokens->dim[0];
    if (g->vocab < 1 || g->vocab > 1 << 22)
        return status_set(l->st, STATUS_INPUT, "%s: a vocabulary of %lld tokens", weights_path(l->file), (long long)g->vocab);
    if (!g->learned_positions) return true;
    l->m->positions = load_table(l, l->names.positions, -1, g->width);
    if (l->m->positions && l->m->positions->dim[0] <= g->position_offset)
        return status_set(l->st, STATUS_INPUT, "%s: a table of %lld positions", weights_path(l->file), (long long)l->m->positions->dim[0]);
    return l->m->positions != NULL;
}

/* The head stands outside the prefix in Hugging Face's layouts; where it is not in the file it is the token table. */
static bool load_head(loader *l)
{
    gpt_config *g = &l->m->config;
    static const char *const prefixes[] = {"", "language_model."};
    const char *kept = l->prefix;
    for (int i = 0; i < 2; i++) {
        l->prefix = prefixes[i];
        if (g->names == GPT_NAMES_GGUF) g->tied = !find(l, l->names.head, "weight");
        if (!g->tied && (i == 1 || find(l, l->names.head, "weight"))) return load_linear(l, &l->m->head, l->names.head, g->vocab, g->embed_width);
    }
    l->prefix = kept;
    return linear_queue_add(l->queue, &l->m->head, l->m->tokens, NULL, l->m->mode, l->st);
}

/* GGUF has the stretching of the rotary rates as a tensor of divisors. */
static bool divide_rates(const loader *l, float *rates)
{
    const tensor *x = weights_find(l->file, "rope_freqs.weight");
    if (!x) return true;
    if (tensor_count(x) != l->m->config.rotary / 2)
        return status_set(l->st, STATUS_INPUT, "%s: 'rope_freqs.weight' has %lld elements, %lld wanted", weights_path(l->file),
                          (long long)tensor_count(x), (long long)l->m->config.rotary / 2);
    const float *divisor = own_f32(l, x);
    for (int64_t i = 0; divisor && i < l->m->config.rotary / 2; i++) rates[i] /= divisor[i];
    return divisor != NULL;
}

static bool load_rates(const loader *l)
{
    gpt *m = l->m;
    if (!m->config.rotary) return true;
    if (weights_find(l->file, "rope_factors_long.weight"))
        return status_set(l->st, STATUS_INPUT, "%s: rotary factors for long contexts are not supported", weights_path(l->file));
    m->rope_rates = arena_alloc(m->mem, (size_t)m->config.rotary * sizeof(float), l->st);
    if (!m->rope_rates) return false;
    gpt_config_rope_rates(&m->config, false, m->rope_rates);
    if (strncmp(m->config.architecture, "gemma3", 6) == 0) {
        m->rope_rates_local = m->rope_rates + m->config.rotary / 2;
        gpt_config_rope_rates(&m->config, true, m->rope_rates_local);
    }
    return divide_rates(l, m->rope_rates);
}

static bool load(loader *l)
{
    gpt *m = l->m;
    gpt_config *g = &m->config;
    if (!find_prefix(l) || !load_tables(l) || !load_rates(l)) return false;
    const char *prefix = l->prefix;
    if (!load_head(l)) return false;
    l->prefix = prefix;
    if (!g->norm_after && !load_norm(l, &m->final_norm, l->names.final_norm, g->width)) return false;
    if (g->embed_width != g->width && !(load_linear(l, &m->project_in, l->names.project_in, g->width, g->embed_width) &&
                                        load_linear(l, &m->project_out, l->names.project_out, g->embed_width, g->width)))
        return false;
    for (l->layer = 0; l->layer < g->layers; l->layer++)
        if (!load_block(l, &m->block[l->layer])) return false;
    return true;
}

/* A model is in memory once: what was read of the file leaves it as the packed copy grows, a few MB at a time. */
static void let_go(void *arg, size_t bytes)
{
    enum { STEP = 8 << 20 };
    loader *l = arg;
    size_t before = atomic_fetch_add(&l->packed_bytes, bytes);
    if (before / STEP != (before + bytes) / STEP) weights_release_all(l->file);
}

gpt *gpt_new(const weights *w, const gpt_config *config, linear_mode mode, pool *threads, const gpt_beside *beside, status *st)
{
    gpt *m = alloc_zeroed(1, sizeof *m, st);
    if (!m) return NULL;
    m->config = *config;
    m->mode = mode;
    m->kv = op_kv_layout_of(config->kv_heads, config->head_dim, mode == LINEAR_FAST);
    m->mem = arena_new(st);
    m->block = alloc_zeroed((size_t)config->layers, sizeof *m->block, st);
    loader l = {.file = w, .m = m, .names = gpt_scheme_of(config), .prefix = "", .layer = -1, .threads = threads, .st = st};
    l.queue = linear_queue_new(st);
    bool loaded = m->mem && m->block && l.queue && load(&l);
    if (loaded) {
        linear_queue_run(l.queue, threads, &(linear_queue_around){beside ? beside->task : NULL, beside ? beside->arg : NULL, let_go, &l});
        if (atomic_load(&l.packed_bytes)) weights_release_all(w); /* rows of the token table come back as they are looked up */
    }
    linear_queue_free(l.queue);
    if (loaded) return m;
    gpt_free(m);
    return NULL;
}

static void free_block(gpt_block *b)
{
    linear *const all[] = {&b->query, &b->key, &b->value, &b->out, &b->gate, &b->up, &b->down};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) linear_free(all[i]);
}

void gpt_free(gpt *m)
{
    if (!m) return;
    for (int64_t i = 0; m->block && i < m->config.layers; i++) free_block(&m->block[i]);
    linear_free(&m->project_in);
    linear_free(&m->project_out);
    linear_free(&m->head);
    alloc_free(m->block);
    arena_free(m->mem);
    alloc_free(m);
}
