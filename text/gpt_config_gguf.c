/* gpt_config_gguf: the metadata of a GGUF file as a gpt_config. The keys and what converters leave unsaid follow
 * github.com/ggml-org/ggml, docs/gguf.md. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "text/gpt_config.h"

typedef struct {
    const gguf *file;
    const char *architecture, *path;
    status *st;
} reader;

static bool read_number(const reader *r, const char *key, double *out)
{
    char full[128];
    snprintf(full, sizeof full, "%s.%s", r->architecture, key);
    return gguf_get_f64(r->file, full, out);
}

static double number(const reader *r, const char *key, double otherwise)
{
    double value;
    return read_number(r, key, &value) ? value : otherwise;
}

/* A whole number; `otherwise` where the key is absent, or an error where that is negative. */
static int64_t integer(const reader *r, const char *key, int64_t otherwise)
{
    char full[128];
    snprintf(full, sizeof full, "%s.%s", r->architecture, key);
    int64_t value;
    if (gguf_get_i64(r->file, full, &value)) return value;
    if (gguf_find(r->file, full)) status_set(r->st, STATUS_INPUT, "%s: '%s' is no whole number", r->path, full);
    else if (otherwise < 0) status_set(r->st, STATUS_INPUT, "%s: '%s' is missing", r->path, full);
    return otherwise;
}

static void read_shape(gpt_config *c, const reader *r)
{
    c->names = GPT_NAMES_GGUF;
    c->vocab = integer(r, "vocab_size", 0);
    c->context = integer(r, "context_length", -1);
    c->width = c->embed_width = integer(r, "embedding_length", -1);
    c->layers = integer(r, "block_count", -1);
    c->ffn = integer(r, "feed_forward_length", -1);
    c->heads = integer(r, "attention.head_count", -1);
    c->kv_heads = integer(r, "attention.head_count_kv", c->heads);
    c->head_dim = integer(r, "attention.key_length", c->heads > 0 ? c->width / c->heads : 0);
    if (integer(r, "attention.value_length", c->head_dim) != c->head_dim)
        status_set(r->st, STATUS_INPUT, "%s: keys of %lld and values of another length are not supported", r->path,
                   (long long)c->head_dim);
    c->attention_scale = c->head_dim > 0 ? 1 / sqrtf((float)c->head_dim) : 0;
}

static void read_rotary(gpt_config *c, const reader *r)
{
    c->rotary = integer(r, "rope.dimension_count", c->head_dim);
    c->rope_base = number(r, "rope.freq_base", 10000);
    char key[128];
    snprintf(key, sizeof key, "%s.rope.scaling.type", r->architecture);
    gguf_string type = {"none", 4};
    bool named = gguf_get_string(r->file, key, &type);
    c->scaling_factor = number(r, "rope.scaling.factor", number(r, "rope.scale_linear", 1));
    if (type.size == 6 && memcmp(type.text, "linear", 6) == 0) c->scaling = ROPE_LINEAR;
    else if (named && !(type.size == 4 && memcmp(type.text, "none", 4) == 0))
        status_set(r->st, STATUS_INPUT, "%s: the rotary scaling '%.*s' is unknown; none and linear are known", r->path,
                   type.size > 40 ? 40 : (int)type.size, type.text);
    else if (!named && c->scaling_factor > 1) c->scaling = ROPE_LINEAR;
}

/* <arch>.attention.sliding_window_pattern is a period (every so-manieth layer is dense) or one truth value a layer. */
static void read_window(gpt_config *c, const reader *r, int64_t period)
{
    c->window = integer(r, "attention.sliding_window", 0);
    if (!c->window) return;
    char key[128];
    snprintf(key, sizeof key, "%s.attention.sliding_window_pattern", r->architecture);
    const gguf_value *list = gguf_get_array(r->file, key);
    if (!list) period = integer(r, "attention.sliding_window_pattern", period);
    for (int64_t i = 0; i < c->layers && i < GPT_MAX_LAYERS; i++) {
        uint64_t banded = period < 1 || (i + 1) % period != 0;
        bool truths = list && list->item == GGUF_BOOL && (uint64_t)i < list->count;
        if (truths) banded = list->bytes[i];
        else if (list && !gguf_item_u64(list, (uint64_t)i, &banded)) {
            status_set(r->st, STATUS_INPUT, "%s: '%s' has no entry for layer %lld", r->path, key, (long long)i);
            return;
        }
        c->banded[i] = banded != 0;
    }
}

static void read_gpt2(gpt_config *c, const reader *r)
{
    c->norm_eps = (float)number(r, "attention.layer_norm_epsilon", 1e-5);
    c->activation = GPT_GELU_TANH;
    c->learned_positions = true;
}

static void read_gpt_neox(gpt_config *c, const reader *r)
{
    bool phi = strcmp(r->architecture, "phi2") == 0;
    char key[128];
    snprintf(key, sizeof key, "%s.use_parallel_residual", r->architecture);
    c->norm_eps = (float)number(r, "attention.layer_norm_epsilon", 1e-5);
    c->activation = phi ? GPT_GELU_TANH : GPT_GELU;
    c->parallel = true;
    gguf_get_bool(r->file, key, &c->parallel);
    c->shared_norm = phi;
    read_rotary(c, r);
}

static void read_llama(gpt_config *c, const reader *r)
{
    c->rms_norm = c->gated = true;
    c->norm_eps = (float)number(r, "attention.layer_norm_rms_epsilon", 1e-6);
    c->activation = GPT_SILU;
    c->rotary_interleaved = strcmp(r->architecture, "llama") == 0;
    c->norm_qk = strcmp(r->architecture, "qwen3") == 0;
    read_rotary(c, r);
    read_window(c, r, 0);
}

static void read_gemma3(gpt_config *c, const reader *r)
{
    c->rms_norm = c->gated = c->norm_sandwich = c->norm_qk = true; /* the converter has added the 1 to the norms */
    c->norm_eps = (float)number(r, "attention.layer_norm_rms_epsilon", 1e-6);
    c->activation = GPT_GELU_TANH;
    c->embed_scale = c->width > 0 ? sqrtf((float)c->width) : 0;
    if (c->layers == 62 && c->heads > 0) c->attention_scale = 1 / sqrtf((float)(c->width / c->heads)); /* the 27B alone */
    read_rotary(c, r);
    c->rope_base_local = number(r, "rope.freq_base_swa", 10000);
    read_window(c, r, 6);
}

static const struct {
    const char *name;
    void (*read)(gpt_config *c, const reader *r);
} FAMILIES[] = {
    {"gpt2", read_gpt2},   {"gptneox", read_gpt_neox}, {"phi2", read_gpt_neox}, {"llama", read_llama},
    {"qwen2", read_llama}, {"qwen3", read_llama},      {"phi3", read_llama},    {"gemma3", read_gemma3},
};

bool gpt_config_from_gguf(gpt_config *c, const gguf *g, const char *path, status *st)
{
    gguf_string name;
    if (!gguf_get_string(g, "general.architecture", &name))
        return status_set(st, STATUS_INPUT, "%s: 'general.architecture' is missing", path);
    for (size_t i = 0; i < sizeof FAMILIES / sizeof FAMILIES[0]; i++) {
        if (strlen(FAMILIES[i].name) != name.size || memcmp(FAMILIES[i].name, name.text, name.size) != 0) continue;
        reader r = {g, FAMILIES[i].name, path, st};
        *c = gpt_config_new(FAMILIES[i].name);
        read_shape(c, &r);
        if (status_ok(st)) FAMILIES[i].read(c, &r);
        return status_ok(st) && gpt_config_check(c, path, st);
    }
    char shown[48];
    size_t n = name.size < 40 ? name.size : 40;
    for (size_t i = 0; i < n; i++) shown[i] = name.text[i] >= ' ' && name.text[i] < 127 ? name.text[i] : '?';
    shown[n] = 0;
    return status_set(st, STATUS_INPUT, "%s: the architecture '%s' is unknown; known are gpt2, gptneox, llama, qwen2, qwen3, gemma3, phi2, phi3",
                      path, shown);
}
