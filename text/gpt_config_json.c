/* gpt_config_json: a Hugging Face config.json as a gpt_config. Both spellings of the rotary settings are read: rope_theta
 * and rope_scaling beside the other keys, and rope_parameters, which transformers 5 writes. */
#include <math.h>
#include <string.h>

#include "core/json.h"
#include "text/gpt_config.h"

typedef struct {
    const json_t *object;
    const char *path;
    status *st;
} reader;

static const json_t *value_of(const reader *r, const char *key)
{
    const json_t *v = json_object_get(r->object, key);
    return json_is_null(v) ? NULL : v;
}

/* The first of the keys that is there; `otherwise` where none is, or an error where that is negative. */
static int64_t integer(const reader *r, const char *key, const char *other_key, int64_t otherwise)
{
    const json_t *v = value_of(r, key);
    if (!v && other_key) v = value_of(r, key = other_key);
    if (json_is_integer(v)) return json_integer_value(v);
    if (v) status_set(r->st, STATUS_INPUT, "%s: \"%s\" is no whole number", r->path, key);
    else if (otherwise < 0) status_set(r->st, STATUS_INPUT, "%s: \"%s\" is missing", r->path, key);
    return otherwise;
}

static double number(const reader *r, const char *key, double otherwise)
{
    const json_t *v = value_of(r, key);
    if (json_is_number(v)) return json_number_value(v);
    if (v) status_set(r->st, STATUS_INPUT, "%s: \"%s\" is no number", r->path, key);
    return otherwise;
}

static bool boolean(const reader *r, const char *key, bool otherwise)
{
    const json_t *v = value_of(r, key);
    if (json_is_boolean(v)) return json_is_true(v);
    if (v) status_set(r->st, STATUS_INPUT, "%s: \"%s\" is neither true nor false", r->path, key);
    return otherwise;
}

static const char *string(const reader *r, const char *key, const char *otherwise)
{
    const json_t *v = value_of(r, key);
    if (json_is_string(v)) return json_string_value(v);
    if (v) status_set(r->st, STATUS_INPUT, "%s: \"%s\" is no string", r->path, key);
    return otherwise;
}

static gpt_activation activation(const reader *r, const char *key, const char *otherwise)
{
    static const struct {
        const char *name;
        gpt_activation kind;
    } known[] = {{"relu", GPT_RELU},           {"gelu", GPT_GELU},     {"gelu_new", GPT_GELU_TANH}, {"gelu_pytorch_tanh", GPT_GELU_TANH},
                 {"gelu_fast", GPT_GELU_TANH}, {"silu", GPT_SILU},     {"swish", GPT_SILU}};
    const char *name = string(r, key, otherwise);
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(name, known[i].name) == 0) return known[i].kind;
    status_set(r->st, STATUS_INPUT, "%s: \"%s\" is \"%.40s\"; relu, gelu, gelu_new, gelu_pytorch_tanh and silu are known", r->path,
               key, name);
    return GPT_RELU;
}

/* ---- the rotary embedding ---- */

/* One description such as {"rope_type": "llama3", "factor": 8, …}; older files say "type". */
static void read_scaling(gpt_config *c, const reader *r)
{
    const char *type = string(r, "rope_type", string(r, "type", "default"));
    if (strcmp(type, "linear") == 0) c->scaling = ROPE_LINEAR;
    else if (strcmp(type, "llama3") == 0) c->scaling = ROPE_LLAMA3;
    else if (strcmp(type, "default") == 0 || strcmp(type, "dynamic") == 0) return; /* dynamic: plain up to the context, our limit */
    else {
        status_set(r->st, STATUS_INPUT, "%s: the rotary scaling \"%.40s\" is unknown; default, linear, llama3 and dynamic are known",
                   r->path, type);
        return;
    }
    c->scaling_factor = number(r, "factor", 1);
    if (c->scaling == ROPE_LINEAR) return;
    c->low_frequency_factor = number(r, "low_freq_factor", 1);
    c->high_frequency_factor = number(r, "high_freq_factor", 4);
    c->original_context = number(r, "original_max_position_embeddings", 8192);
}

static reader inside(const reader *r, const char *key)
{
    const json_t *v = value_of(r, key);
    if (v && !json_is_object(v)) status_set(r->st, STATUS_INPUT, "%s: \"%s\" is no object", r->path, key);
    return (reader){v, r->path, r->st};
}

static void read_rotary(gpt_config *c, const reader *r, double base, double part)
{
    reader newer = inside(r, "rope_parameters"), older = inside(r, "rope_scaling");
    reader local = inside(&newer, "sliding_attention"), global = inside(&newer, "full_attention");
    c->rope_base = number(r, "rope_theta", number(r, "rotary_emb_base", base));
    c->rope_base_local = number(r, "rope_local_base_freq", 10000);
    part = number(r, "partial_rotary_factor", number(r, "rotary_pct", part));
    if (older.object) read_scaling(c, &older);
    if (global.object) newer = global;
    if (newer.object) {
        c->rope_base = number(&newer, "rope_theta", c->rope_base);
        part = number(&newer, "partial_rotary_factor", part);
        read_scaling(c, &newer);
    }
    if (local.object) c->rope_base_local = number(&local, "rope_theta", c->rope_base_local);
    if (!(part >= 0 && part <= 1)) status_set(r->st, STATUS_INPUT, "%s: the rotary part of a head is %g, 0 to 1 wanted", r->path, part);
    else if (c->head_dim > 0 && c->head_dim <= GPT_MAX_HEAD_DIM) c->rotary = (int64_t)((double)c->head_dim * part);
}

/* ---- which layers are banded ---- */

static void band_layer(gpt_config *c, const reader *r, int64_t layer, const json_t *kind)
{
    const char *name = json_string_value(kind);
    if (!name || layer >= GPT_MAX_LAYERS) {
        status_set(r->st, STATUS_INPUT, "%s: the list of attention kinds makes no sense at layer %lld", r->path, (long long)layer);
        return;
    }
    if (strcmp(name, "local") == 0 || strcmp(name, "sliding_attention") == 0) c->banded[layer] = true;
    else if (strcmp(name, "global") != 0 && strcmp(name, "full_attention") != 0)
        status_set(r->st, STATUS_INPUT, "%s: the attention kind \"%.40s\" is unknown", r->path, name);
}

/* "layer_types": ["sliding_attention", …], one for each layer */
static bool read_layer_types(gpt_config *c, const reader *r)
{
    const json_t *list = value_of(r, "layer_types");
    if (!list) return false;
    if ((int64_t)json_array_size(list) != c->layers)
        return status_set(r->st, STATUS_INPUT, "%s: \"layer_types\" has %zu entries, %lld wanted", r->path, json_array_size(list),
                          (long long)c->layers);
    for (int64_t i = 0; i < c->layers && status_ok(r->st); i++) band_layer(c, r, i, json_array_get(list, (size_t)i));
    return true;
}

/* "attention_types": [[["global", "local"], 6]]: each list of kinds so many times. GPT-Neo's key, and ours for GPT-3's
 * alternating dense and locally banded layers in a gpt2 config. */
static void read_attention_types(gpt_config *c, const reader *r)
{
    const json_t *groups = value_of(r, "attention_types");
    if (!groups) return;
    int64_t layer = 0;
    for (size_t g = 0; g < json_array_size(groups) && status_ok(r->st); g++) {
        const json_t *group = json_array_get(groups, g), *kinds = json_array_get(group, 0);
        json_int_t times = json_integer_value(json_array_get(group, 1));
        if (json_array_size(kinds) == 0 || times < 1) times = GPT_MAX_LAYERS + 1; /* caught below */
        for (json_int_t t = 0; t < times && layer <= GPT_MAX_LAYERS && status_ok(r->st); t++) {
            if (json_array_size(kinds) == 0) layer = GPT_MAX_LAYERS + 1;
            for (size_t k = 0; k < json_array_size(kinds) && status_ok(r->st); k++) band_layer(c, r, layer++, json_array_get(kinds, k));
        }
    }
    if (layer != c->layers) status_set(r->st, STATUS_INPUT, "%s: \"attention_types\" does not name %lld layers", r->path, (long long)c->layers);
    c->window = integer(r, "window_size", NULL, 256);
}

static void band_all(gpt_config *c, const reader *r)
{
    c->window = integer(r, "sliding_window", NULL, 0);
    for (int64_t i = 0; c->window && i < c->layers && i < GPT_MAX_LAYERS; i++) c->banded[i] = true;
}

/* ---- one function for each family ---- */

/* What a configuration leaves out where it is the default of its class: multimodal models' text_config does. −1: must be there. */
typedef struct {
    int64_t vocab, width, layers, heads, kv_heads, context, head_dim, ffn;
} shape_defaults;
static const shape_defaults NO_DEFAULTS = {-1, -1, -1, -1, -1, -1, -1, -1};
static const shape_defaults GEMMA3_DEFAULTS = {262208, 2304, 26, 8, 4, 131072, 256, 9216}; /* transformers, Gemma3TextConfig */

static const shape_defaults *defaults_of(const gpt_config *c) { return strncmp(c->architecture, "gemma3", 6) == 0 ? &GEMMA3_DEFAULTS : &NO_DEFAULTS; }

static void read_shape(gpt_config *c, const reader *r)
{
    const shape_defaults *d = defaults_of(c);
    c->vocab = integer(r, "vocab_size", NULL, d->vocab);
    c->width = c->embed_width = integer(r, "hidden_size", "n_embd", d->width);
    c->layers = integer(r, "num_hidden_layers", value_of(r, "n_layer") ? "n_layer" : "num_layers", d->layers);
    c->heads = integer(r, "num_attention_heads", value_of(r, "n_head") ? "n_head" : "num_heads", d->heads);
    c->kv_heads = integer(r, "num_key_value_heads", NULL, d->kv_heads > 0 ? d->kv_heads : c->heads);
    c->context = integer(r, "max_position_embeddings", "n_positions", d->context);
    c->head_dim = integer(r, "head_dim", NULL, d->head_dim > 0 ? d->head_dim : c->heads > 0 ? c->width / c->heads : 0);
    c->attention_scale = c->head_dim > 0 ? 1 / sqrtf((float)c->head_dim) : 0;
}

static void read_gpt2(gpt_config *c, const reader *r)
{
    bool neo = strcmp(c->architecture, "gpt_neo") == 0;
    c->names = neo ? GPT_NAMES_GPT_NEO : GPT_NAMES_GPT2;
    c->ffn = integer(r, neo ? "intermediate_size" : "n_inner", NULL, 0);
    if (c->ffn == 0 && c->width > 0 && c->width < 1 << 16) c->ffn = 4 * c->width;
    c->norm_eps = (float)number(r, "layer_norm_epsilon", 1e-5);
    c->activation = activation(r, "activation_function", "gelu_new");
    c->learned_positions = true;
    if (neo || !boolean(r, "scale_attn_weights", true)) c->attention_scale = 1;
    if (boolean(r, "scale_attn_by_inverse_layer_idx", false))
        status_set(r->st, STATUS_INPUT, "%s: \"scale_attn_by_inverse_layer_idx\" is not supported", r->path);
    c->tied = boolean(r, "tie_word_embeddings", true);
    read_attention_types(c, r);
}

static void read_opt(gpt_config *c, const reader *r)
{
    c->names = GPT_NAMES_OPT;
    c->ffn = integer(r, "ffn_dim", NULL, -1);
    c->embed_width = integer(r, "word_embed_proj_dim", NULL, c->width);
    c->activation = activation(r, "activation_function", "relu");
    c->norm_after = !boolean(r, "do_layer_norm_before", true);
    c->learned_positions = true;
    c->position_offset = 2;
    c->tied = boolean(r, "tie_word_embeddings", true);
    if (boolean(r, "_remove_final_layer_norm", false))
        status_set(r->st, STATUS_INPUT, "%s: \"_remove_final_layer_norm\" is not supported", r->path);
}

static void read_gpt_neox(gpt_config *c, const reader *r)
{
    bool phi = strcmp(c->architecture, "phi") == 0;
    c->names = phi ? GPT_NAMES_PHI : GPT_NAMES_GPT_NEOX;
    c->ffn = integer(r, "intermediate_size", NULL, -1);
    c->norm_eps = (float)number(r, "layer_norm_eps", 1e-5);
    c->activation = activation(r, "hidden_act", phi ? "gelu_new" : "gelu");
    c->parallel = phi || boolean(r, "use_parallel_residual", true);
    c->shared_norm = phi;
    c->tied = boolean(r, "tie_word_embeddings", false);
    read_rotary(c, r, 10000, phi ? 0.5 : 0.25);
    if (boolean(r, "qk_layernorm", false)) status_set(r->st, STATUS_INPUT, "%s: \"qk_layernorm\" is not supported", r->path);
}

static void read_llama(gpt_config *c, const reader *r)
{
    c->names = GPT_NAMES_LLAMA;
    c->ffn = integer(r, "intermediate_size", NULL, -1);
    c->rms_norm = c->gated = true;
    c->norm_eps = (float)number(r, "rms_norm_eps", 1e-6);
    c->activation = activation(r, "hidden_act", "silu");
    c->tied = boolean(r, "tie_word_embeddings", false);
    c->norm_qk = strcmp(c->architecture, "qwen3") == 0;
    read_rotary(c, r, 10000, 1);
    bool by_flag = strncmp(c->architecture, "qwen", 4) == 0; /* Qwen names a window and says beside it whether it is used */
    if (by_flag && !boolean(r, "use_sliding_window", false)) return;
    if (read_layer_types(c, r)) {
        c->window = integer(r, "sliding_window", NULL, 0);
        return;
    }
    band_all(c, r);
    int64_t dense = by_flag ? integer(r, "max_window_layers", NULL, 0) : 0;
    for (int64_t i = 0; i < dense && i < GPT_MAX_LAYERS; i++) c->banded[i] = false;
}

static void read_gemma3(gpt_config *c, const reader *r)
{
    c->names = GPT_NAMES_LLAMA;
    c->ffn = integer(r, "intermediate_size", NULL, defaults_of(c)->ffn);
    c->rms_norm = c->gated = c->norm_plus_one = c->norm_sandwich = c->norm_qk = true;
    c->norm_eps = (float)number(r, "rms_norm_eps", 1e-6);
    c->activation = activation(r, "hidden_activation", "gelu_pytorch_tanh");
    c->tied = boolean(r, "tie_word_embeddings", true);
    c->embed_scale = c->width > 0 ? sqrtf((float)c->width) : 0;
    c->attention_scale = 1 / sqrtf((float)number(r, "query_pre_attn_scalar", 256));
    read_rotary(c, r, 1000000, 1);
    c->window = integer(r, "sliding_window", NULL, 4096);
    if (value_of(r, "attn_logit_softcapping") || value_of(r, "final_logit_softcapping"))
        status_set(r->st, STATUS_INPUT, "%s: soft caps on logits are not supported", r->path);
    if (read_layer_types(c, r)) return;
    int64_t period = integer(r, "sliding_window_pattern", "_sliding_window_pattern", 6);
    for (int64_t i = 0; i < c->layers && i < GPT_MAX_LAYERS; i++) c->banded[i] = period < 1 || (i + 1) % period != 0;
}

static const struct {
    const char *name;
    void (*read)(gpt_config *c, const reader *r);
} FAMILIES[] = {
    {"gpt2", read_gpt2},   {"gpt_neo", read_gpt2}, {"opt", read_opt},     {"gpt_neox", read_gpt_neox}, {"phi", read_gpt_neox},
    {"llama", read_llama}, {"mistral", read_llama}, {"qwen2", read_llama}, {"qwen3", read_llama},       {"phi3", read_llama},
    {"gemma3", read_gemma3}, {"gemma3_text", read_gemma3},
};

static void read_ends(gpt_config *c, const reader *r)
{
    const json_t *eos = value_of(r, "eos_token_id"), *bos = value_of(r, "bos_token_id");
    if (json_is_integer(bos)) c->bos = json_integer_value(bos);
    size_t count = json_is_array(eos) ? json_array_size(eos) : json_is_integer(eos) ? 1 : 0;
    for (size_t i = 0; i < count && c->eos_count < 8; i++) {
        const json_t *id = json_is_array(eos) ? json_array_get(eos, i) : eos;
        if (json_is_integer(id)) c->eos[c->eos_count++] = json_integer_value(id);
    }
}

static bool read_config(gpt_config *c, reader *r)
{
    const char *type = string(r, "model_type", NULL);
    if (!status_ok(r->st)) return false;
    if (!type) return status_set(r->st, STATUS_INPUT, "%s: \"model_type\" is missing", r->path);
    for (size_t i = 0; i < sizeof FAMILIES / sizeof FAMILIES[0]; i++)
        if (strcmp(type, FAMILIES[i].name) == 0) {
            *c = gpt_config_new(type);
            reader part = *r;
            if (strcmp(type, "gemma3") == 0 && value_of(r, "text_config")) part = inside(r, "text_config");
            read_shape(c, &part);
            if (status_ok(r->st)) FAMILIES[i].read(c, &part);
            read_ends(c, &part);
            return status_ok(r->st) && gpt_config_check(c, r->path, r->st);
        }
    return status_set(r->st, STATUS_INPUT, "%s: the architecture \"%.40s\" is unknown; known are %s", r->path, type, gpt_config_known());
}

bool gpt_config_from_json(gpt_config *c, const char *text, size_t size, const char *path, status *st)
{
    json_error_t where;
    json_t *root = json_parse_config(text, size, JSON_REJECT_DUPLICATES, &where);
    if (!root && where.line < 0) return status_set(st, STATUS_NOMEM, "%s: out of memory", path);
    if (!root) return status_set(st, STATUS_INPUT, "%s:%d:%d: %s", path, where.line, where.column, where.text);
    reader r = {root, path, st};
    bool ok = json_is_object(root) ? read_config(c, &r) : status_set(st, STATUS_INPUT, "%s: a JSON object wanted", path);
    json_decref(root);
    return ok;
}
