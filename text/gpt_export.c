#include "text/gpt_export.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "text/gpt_scheme.h"

/* ---- keys ---- */

static const char *const ARCHITECTURES[][2] = {
    {"gpt2", "gpt2"},   {"gpt_neox", "gptneox"}, {"phi", "phi2"},      {"phi3", "phi3"},          {"llama", "llama"},
    {"mistral", "llama"}, {"qwen2", "qwen2"},    {"qwen3", "qwen3"},   {"gemma3", "gemma3"},      {"gemma3_text", "gemma3"},
};

static const char *gguf_architecture(const gpt_config *c)
{
    for (size_t i = 0; i < sizeof ARCHITECTURES / sizeof ARCHITECTURES[0]; i++)
        if (strcmp(c->architecture, ARCHITECTURES[i][0]) == 0) return ARCHITECTURES[i][1];
    return NULL;
}

typedef struct {
    gguf_writer *w;
    const char *architecture;
} keys;

typedef struct {
    char text[96];
} full_key;

static full_key key_of(const keys *k, const char *key)
{
    full_key full;
    snprintf(full.text, sizeof full.text, "%s.%s", k->architecture, key);
    return full;
}

static void put_count(const keys *k, const char *key, int64_t value) { gguf_write_u32(k->w, key_of(k, key).text, (uint32_t)value); }
static void put_real(const keys *k, const char *key, double value) { gguf_write_f32(k->w, key_of(k, key).text, (float)value); }

static void put_window(const keys *k, const gpt_config *c)
{
    if (!c->window) return;
    bool usual = true, gemma = strcmp(k->architecture, "gemma3") == 0;
    for (int64_t i = 0; i < c->layers; i++) usual = usual && c->banded[i] == (!gemma || (i + 1) % 6 != 0);
    put_count(k, "attention.sliding_window", c->window);
    if (usual) return;
    gguf_write_array(k->w, key_of(k, "attention.sliding_window_pattern").text, GGUF_BOOL, (uint64_t)c->layers);
    for (int64_t i = 0; i < c->layers; i++) gguf_write_bool_item(k->w, c->banded[i]);
}

static void put_rotary(const keys *k, const gpt_config *c)
{
    if (!c->rotary) return;
    put_count(k, "rope.dimension_count", c->rotary);
    put_real(k, "rope.freq_base", c->rope_base);
    if (c->scaling != ROPE_LINEAR) return; /* llama3's stretching goes into the tensor rope_freqs */
    gguf_write_string(k->w, key_of(k, "rope.scaling.type").text, "linear", 6);
    put_real(k, "rope.scaling.factor", c->scaling_factor);
}

static void put_keys(const keys *k, const gpt_config *c)
{
    gguf_write_string(k->w, "general.architecture", k->architecture, strlen(k->architecture));
    put_count(k, "context_length", c->context);
    put_count(k, "embedding_length", c->width);
    put_count(k, "block_count", c->layers);
    put_count(k, "feed_forward_length", c->ffn);
    put_count(k, "attention.head_count", c->heads);
    put_count(k, "attention.head_count_kv", c->kv_heads);
    put_count(k, "vocab_size", c->vocab);
    if (c->head_dim * c->heads != c->width) {
        put_count(k, "attention.key_length", c->head_dim);
        put_count(k, "attention.value_length", c->head_dim);
    }
    put_real(k, c->rms_norm ? "attention.layer_norm_rms_epsilon" : "attention.layer_norm_epsilon", (double)c->norm_eps);
    if (c->names == GPT_NAMES_GPT_NEOX) gguf_write_bool(k->w, key_of(k, "use_parallel_residual").text, c->parallel);
    put_rotary(k, c);
    put_window(k, c);
}

/* The first thing in which the two decoders differ, or NULL. What the exporter changes on purpose is left out: the order
 * of rotated rows, llama3's stretching, norms that store w − 1. */
static const char *difference(const gpt_config *a, const gpt_config *b)
{
    const struct {
        const char *name;
        double x, y;
    } fields[] = {
        {"width of the embedding", (double)a->embed_width, (double)b->embed_width},
        {"size of a head", (double)a->head_dim, (double)b->head_dim},
        {"kind of norm", a->rms_norm, b->rms_norm},
        {"place of the norms", a->norm_after * 2 + a->norm_sandwich, b->norm_after * 2 + b->norm_sandwich},
        {"norm of queries and keys", a->norm_qk, b->norm_qk},
        {"parallel residual", a->parallel * 2 + a->shared_norm, b->parallel * 2 + b->shared_norm},
        {"activation", a->activation, b->activation},
        {"gate of the MLP", a->gated, b->gated},
        {"kind of positions", a->learned_positions, b->learned_positions},
        {"offset of positions", (double)a->position_offset, (double)b->position_offset},
        {"scale of the embedding", (double)a->embed_scale, (double)b->embed_scale},
        {"scale of the attention", (double)a->attention_scale, (double)b->attention_scale},
        {"size of the rotary embedding", (double)a->rotary, (double)b->rotary},
        {"rotary base", a->rope_base, b->rope_base},
        {"local rotary base", a->norm_sandwich ? a->rope_base_local : 0, a->norm_sandwich ? b->rope_base_local : 0},
        {"attention window", (double)a->window, (double)b->window},
    };
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        if (fabs(fields[i].x - fields[i].y) > 1e-6 * fabs(fields[i].x)) return fields[i].name;
    for (int64_t i = 0; i < a->layers; i++)
        if (a->window && a->banded[i] != b->banded[i]) return "choice of banded layers";
    return NULL;
}

/* Reads the keys back as a GGUF file's. */
static bool check_keys(const gpt_config *c, const char *architecture, const char *path, status *st)
{
    gguf_writer *w = gguf_write_new(st);
    if (!w) return false;
    put_keys(&(keys){w, architecture}, c);
    size_t size = 0;
    const void *bytes = gguf_write_bytes(w, &size);
    weights_table none = {.path = path};
    gguf *g = bytes ? gguf_open(bytes, size, path, &none, st) : NULL;
    gpt_config again;
    bool ok = g && gpt_config_from_gguf(&again, g, path, st);
    const char *what = ok ? difference(c, &again) : NULL;
    if (what) ok = status_set(st, STATUS_INPUT, "%s: a GGUF file of the architecture %s cannot say the model's %s", path, architecture, what);
    gguf_close(g);
    weights_table_free(&none);
    gguf_write_free(w);
    return ok;
}

bool gpt_export_keys(const gpt_config *c, gguf_writer *w, const char *path, status *st)
{
    const char *architecture = gguf_architecture(c);
    if (!architecture) return status_set(st, STATUS_INPUT, "%s: GGUF has no architecture for %s models", path, c->architecture);
    if (!check_keys(c, architecture, path, st)) return false;
    put_keys(&(keys){w, architecture}, c);
    return status_ok(st);
}

/* ---- tensors ---- */

/* A slot of the file's scheme and the same one of GGUF's. */
typedef struct {
    const char *from, *to;
} renaming;

enum { BLOCK_NAMES = 15 };

static void block_names(const gpt_scheme *a, const gpt_scheme *b, renaming *out)
{
    const renaming all[BLOCK_NAMES] = {
        {a->attention_norm, b->attention_norm}, {a->mlp_norm, b->mlp_norm}, {a->attention_after, b->attention_after},
        {a->mlp_after, b->mlp_after}, {a->query_norm, b->query_norm}, {a->key_norm, b->key_norm}, {a->query, b->query},
        {a->key, b->key}, {a->value, b->value}, {a->fused, b->fused}, {a->out, b->out}, {a->gate, b->gate}, {a->up, b->up},
        {a->gate_up, b->gate_up}, {a->down, b->down},
    };
    memcpy(out, all, sizeof all);
}

typedef struct {
    gpt_export *e;
    const weights *w;
    const gpt_config *c;
    gpt_scheme from, to;
    const char *prefix;
    status *st;
} exporter;

static const char *find_prefix(exporter *x)
{
    char name[160];
    for (int i = 0; i < 4 && x->from.prefix[i]; i++) {
        snprintf(name, sizeof name, "%s%s.weight", x->from.prefix[i], x->from.tokens);
        if (weights_find(x->w, name)) return x->from.prefix[i];
    }
    status_set(x->st, STATUS_INPUT, "%s: no tensor '%s%s.weight'", weights_path(x->w), x->from.prefix[0], x->from.tokens);
    return NULL;
}

static requantize_job *add_job(exporter *x, const char *name, const tensor *source)
{
    gpt_export *e = x->e;
    if (e->count == e->room) {
        int64_t room = e->room ? 2 * e->room : 256;
        requantize_job *grown = alloc_resize(e->job, (size_t)room, sizeof *grown, x->st);
        if (!grown) return NULL;
        e->job = grown;
        e->room = room;
    }
    char *copy = arena_alloc(e->mem, strlen(name) + 1, x->st);
    if (!copy) return NULL;
    memcpy(copy, name, strlen(name) + 1);
    requantize_job *j = &e->job[e->count++];
    *j = (requantize_job){.name = copy, .source = source, .rank = source->rank};
    memcpy(j->dim, source->dim, sizeof j->dim);
    return j;
}

/* What the layouts do differently with one tensor of a block. */
static bool arrange(exporter *x, requantize_job *j, const char *stem)
{
    const gpt_config *c = x->c;
    int64_t heads = stem == x->from.query ? c->heads : stem == x->from.key ? c->kv_heads : 0;
    bool interleaved = strcmp(gguf_architecture(c), "llama") == 0; /* its GGUF form rotates neighbours */
    if (heads && interleaved) j->rotary_heads = heads;
    if (stem == x->from.fused && c->names == GPT_NAMES_GPT_NEOX) j->fused_heads = c->heads;
    int64_t rows = j->dim[0], head_rows = j->rotary_heads ? heads * c->head_dim : 3 * c->heads * c->head_dim;
    if ((j->rotary_heads || j->fused_heads) && (rows != head_rows || c->head_dim % 2))
        return status_set(x->st, STATUS_INPUT, "%s: tensor '%s' has %lld rows, %lld wanted", weights_path(x->w), stem, (long long)rows, (long long)head_rows);
    if (c->names == GPT_NAMES_GPT2 && j->rank == 2) { /* Conv1D: [in, out] */
        j->transposed = true;
        j->dim[0] = j->source->dim[1];
        j->dim[1] = j->source->dim[0];
    }
    return true;
}

static bool is_norm(const gpt_scheme *s, const char *stem)
{
    return stem == s->attention_norm || stem == s->mlp_norm || stem == s->attention_after || stem == s->mlp_after || stem == s->query_norm ||
           stem == s->key_norm || stem == s->final_norm;
}

/* One slot, weight and bias, inside a block (layer ≥ 0) or outside. *found counts what is there. */
static bool add_slot(exporter *x, renaming slot, const char *prefix, int64_t layer, int *found)
{
    static const char *const KINDS[] = {"weight", "bias"};
    if (!slot.from || !slot.to) return true;
    for (int k = 0; k < 2; k++) {
        char from[200], to[100];
        if (layer < 0) {
            snprintf(from, sizeof from, "%s%s.%s", prefix, slot.from, KINDS[k]);
            snprintf(to, sizeof to, "%s.%s", slot.to, KINDS[k]);
        } else {
            snprintf(from, sizeof from, "%s%s%lld.%s.%s", prefix, x->from.block, (long long)layer, slot.from, KINDS[k]);
            snprintf(to, sizeof to, "%s%lld.%s.%s", x->to.block, (long long)layer, slot.to, KINDS[k]);
        }
        const tensor *source = weights_find(x->w, from);
        if (!source) continue;
        if (source->rank < 1 || source->rank > 2)
            return status_set(x->st, STATUS_INPUT, "%s: tensor '%s' has %d dimensions, 1 or 2 wanted", weights_path(x->w), from, source->rank);
        requantize_job *j = add_job(x, to, source);
        if (!j || (layer >= 0 && !arrange(x, j, slot.from))) return false;
        if (x->c->norm_plus_one && k == 0 && is_norm(&x->from, slot.from)) j->add = 1;
        ++*found;
    }
    return true;
}

static bool add_blocks(exporter *x)
{
    renaming names[BLOCK_NAMES];
    block_names(&x->from, &x->to, names);
    if (x->c->shared_norm) names[1].from = NULL;
    if (!x->c->norm_sandwich) names[2].from = names[3].from = NULL;
    if (!x->c->norm_qk) names[4].from = names[5].from = NULL;
    int first = 0;
    for (int64_t layer = 0; layer < x->c->layers; layer++) {
        int found = 0;
        for (int i = 0; i < BLOCK_NAMES; i++)
            if (!add_slot(x, names[i], x->prefix, layer, &found)) return false;
        if (layer == 0) first = found;
        if (found == 0 || found != first)
            return status_set(x->st, STATUS_INPUT, "%s: layer %lld has %d known tensors, layer 0 has %d", weights_path(x->w), (long long)layer, found, first);
    }
    return true;
}

/* The divisors of llama3's rotary rates, as the tensor rope_freqs. */
static bool add_rope_freqs(exporter *x)
{
    if (x->c->scaling != ROPE_LLAMA3) return true;
    gpt_config plain = *x->c;
    plain.scaling = ROPE_PLAIN;
    int64_t n = x->c->rotary / 2;
    tensor *divisors = tensor_new(x->e->mem, x->st, DTYPE_F32, SHAPE(n)), *rates = tensor_new(x->e->mem, x->st, DTYPE_F32, SHAPE(n));
    if (!divisors || !rates) return false;
    gpt_config_rope_rates(&plain, false, tensor_f32(divisors));
    gpt_config_rope_rates(x->c, false, tensor_f32(rates));
    for (int64_t i = 0; i < n; i++) tensor_f32(divisors)[i] /= tensor_f32(rates)[i];
    return add_job(x, "rope_freqs.weight", divisors) != NULL;
}

bool gpt_export_tensors(gpt_export *e, const weights *w, const gpt_config *c, status *st)
{
    exporter x = {.e = e, .w = w, .c = c, .from = gpt_scheme_of(c), .to = gpt_scheme_gguf(), .st = st};
    int found = 0;
    e->mem = arena_new(st);
    x.prefix = e->mem ? find_prefix(&x) : NULL;
    if (!x.prefix) return false;
    const renaming top[] = {{x.from.tokens, x.to.tokens}, {x.from.positions, x.to.positions}, {x.from.final_norm, x.to.final_norm}};
    for (size_t i = 0; i < sizeof top / sizeof top[0]; i++)
        if (!add_slot(&x, top[i], x.prefix, -1, &found)) return false;
    const renaming head = {x.from.head, x.to.head};
    if (!c->tied && (!add_slot(&x, head, "", -1, &found) || !add_slot(&x, head, "language_model.", -1, &found))) return false;
    return add_rope_freqs(&x) && add_blocks(&x);
}

void gpt_export_free(gpt_export *e)
{
    alloc_free(e->job);
    arena_free(e->mem);
    *e = (gpt_export){0};
}
