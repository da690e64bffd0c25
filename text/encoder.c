/* encoder: the forward pass stands last; before it, its weights by name. */
#include "text/encoder.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/config.h"
#include "core/layers.h"

typedef struct {
    affine norm1, norm2;
    linear q, k, v, out;
    linear fc1, fc2;
} encoder_layer;

struct encoder {
    encoder_config config;
    const tensor *token_embedding;   /* [vocabulary, C], as stored: a prompt needs few of its rows */
    const float *position_embedding; /* [positions, C] */
    encoder_layer *layer;
    affine final_norm;
};

bool encoder_config_read(encoder_config *config, const char *path, status *st)
{
    config_file *json = config_open(path, st);
    if (!json) return false;
    *config = (encoder_config){
        .width = config_int(json, "hidden_size", 512, 1, 65536),
        .inner = config_int(json, "intermediate_size", 2048, 1, 1 << 20),
        .layers = config_int(json, "num_hidden_layers", 12, 1, 1024),
        .heads = config_int(json, "num_attention_heads", 8, 1, 1024),
        .positions = config_int(json, "max_position_embeddings", 77, 3, 65536),
        .vocabulary = config_int(json, "vocab_size", 49408, 1, 1 << 24),
        .eps = (float)config_real(json, "layer_norm_eps", 1e-5, 0, 1),
    };
    const char *act = config_string(json, "hidden_act", "quick_gelu");
    if (strcmp(act, "quick_gelu") == 0) config->activation = ENCODER_QUICK_GELU;
    else if (strcmp(act, "gelu") == 0) config->activation = ENCODER_GELU;
    else if (strcmp(act, "gelu_new") == 0 || strcmp(act, "gelu_pytorch_tanh") == 0) config->activation = ENCODER_GELU_TANH;
    else config_refuse(json, "hidden_act", act, "quick_gelu, gelu or gelu_new");
    if (config->width % config->heads) config_refuse(json, "num_attention_heads", "a number", "a divisor of hidden_size");
    config_close(json);
    return status_ok(st);
}

static const char *prefix_of(const parameters *p)
{
    return parameters_peek(p, "text_model.embeddings.token_embedding.weight") ? "text_model." : "";
}

bool encoder_config_infer(encoder_config *config, const parameters *p, status *st)
{
    char name[96];
    const char *prefix = prefix_of(p);
    snprintf(name, sizeof name, "%sembeddings.token_embedding.weight", prefix);
    const tensor *token = parameters_peek(p, name);
    snprintf(name, sizeof name, "%sembeddings.position_embedding.weight", prefix);
    const tensor *position = parameters_peek(p, name);
    snprintf(name, sizeof name, "%sencoder.layers.0.mlp.fc1.weight", prefix);
    const tensor *fc1 = parameters_peek(p, name);
    if (!token || !position || !fc1 || token->rank != 2 || position->rank != 2 || fc1->rank != 2)
        return status_set(st, STATUS_INPUT, "%s: no CLIP text encoder found in it", parameters_source(p));
    *config = (encoder_config){
        .width = token->dim[1],
        .inner = fc1->dim[0],
        .heads = token->dim[1] % 64 ? 1 : token->dim[1] / 64,
        .positions = position->dim[0],
        .vocabulary = token->dim[0],
        .activation = token->dim[1] == 768 ? ENCODER_QUICK_GELU : ENCODER_GELU,
        .eps = 1e-5f,
    };
    do snprintf(name, sizeof name, "%sencoder.layers.%lld.mlp.fc1.weight", prefix, (long long)++config->layers);
    while (parameters_peek(p, name));
    return true;
}

static void load_layer(layers *l, encoder_layer *w, const encoder_config *g, const char *prefix, int64_t i)
{
    char name[96];
    snprintf(name, sizeof name, "%sencoder.layers.%lld", prefix, (long long)i);
    w->norm1 = layers_affine(l, g->width, "%s.layer_norm1", name);
    w->norm2 = layers_affine(l, g->width, "%s.layer_norm2", name);
    layers_linear(l, &w->q, g->width, g->width, true, "%s.self_attn.q_proj", name);
    layers_linear(l, &w->k, g->width, g->width, true, "%s.self_attn.k_proj", name);
    layers_linear(l, &w->v, g->width, g->width, true, "%s.self_attn.v_proj", name);
    layers_linear(l, &w->out, g->width, g->width, true, "%s.self_attn.out_proj", name);
    layers_linear(l, &w->fc1, g->inner, g->width, true, "%s.mlp.fc1", name);
    layers_linear(l, &w->fc2, g->width, g->inner, true, "%s.mlp.fc2", name);
}

/* As encoder_new; with l->check only a shell, to be freed. */
static encoder *load(layers *l, const encoder_config *config)
{
    encoder *e = alloc_zeroed(1, sizeof *e, l->st);
    if (!e) return NULL;
    e->config = *config;
    e->layer = alloc_zeroed((size_t)config->layers, sizeof *e->layer, l->st);
    const char *prefix = prefix_of(l->from);
    char token_name[64];
    snprintf(token_name, sizeof token_name, "%sembeddings.token_embedding.weight", prefix);
    const int64_t shape[] = {config->vocabulary, config->width};
    if (l->check) parameters_check(l->from, l->st, token_name, 2, shape);
    else e->token_embedding = parameters_need(l->from, l->st, token_name, 2, shape);
    e->position_embedding = layers_row(l, config->positions * config->width, "%sembeddings.position_embedding.weight", prefix);
    for (int64_t i = 0; e->layer && i < config->layers; i++) load_layer(l, &e->layer[i], config, prefix, i);
    e->final_norm = layers_affine(l, config->width, "%sfinal_layer_norm", prefix);
    return e;
}

encoder *encoder_new(parameters *p, const encoder_config *config, linear_mode mode, pool *threads, status *st)
{
    encoder *e = load(&(layers){.from = p, .mode = mode, .threads = threads, .st = st}, config);
    if (status_ok(st)) return e;
    encoder_free(e);
    return NULL;
}

bool encoder_check(parameters *p, const encoder_config *config, status *st)
{
    size_t mark = arena_mark(parameters_memory(p));
    encoder_free(load(&(layers){.from = p, .st = st, .check = true}, config));
    arena_reset(parameters_memory(p), mark);
    return status_ok(st);
}

void encoder_free(encoder *e)
{
    if (!e) return;
    for (int64_t i = 0; e->layer && i < e->config.layers; i++) {
        encoder_layer *w = &e->layer[i];
        linear *all[] = {&w->q, &w->k, &w->v, &w->out, &w->fc1, &w->fc2};
        for (size_t k = 0; k < sizeof all / sizeof all[0]; k++) linear_free(all[k]);
    }
    alloc_free(e->layer);
    alloc_free(e);
}

const encoder_config *encoder_config_of(const encoder *e) { return &e->config; }

static tensor *activation(op_ctx *c, encoder_activation kind, const tensor *x)
{
    switch (kind) {
    case ENCODER_QUICK_GELU: return op_quick_gelu(c, x);
    case ENCODER_GELU: return op_gelu(c, x);
    case ENCODER_GELU_TANH: break;
    }
    return op_gelu_tanh(c, x);
}

/* x: [1, T, C] -> [1, T, C] */
static tensor *layer_forward(op_ctx *c, const encoder_layer *w, const encoder_config *g, tensor *x)
{
    float scale = 1.0f / sqrtf((float)(g->width / g->heads));
    tensor *h = op_layer_norm(c, x, w->norm1.weight, w->norm1.bias, g->eps);
    tensor *q = op_linear(c, h, &w->q), *k = op_linear(c, h, &w->k), *v = op_linear(c, h, &w->v);
    h = op_attention(c, q, k, v, (int)g->heads, (int)g->heads, scale, true);
    x = op_add(c, x, op_linear(c, h, &w->out));
    h = op_layer_norm(c, x, w->norm2.weight, w->norm2.bias, g->eps);
    h = activation(c, g->activation, op_linear(c, h, &w->fc1)); /* [1, T, inner] */
    return op_add(c, x, op_linear(c, h, &w->fc2));
}

static const float *token_row(op_ctx *c, const encoder *e, int64_t token)
{
    const tensor *all = e->token_embedding;
    tensor row = {.type = all->type, .rank = 1, .dim = {e->config.width}};
    row.data = (char *)all->data + (size_t)token * tensor_bytes(&row);
    return weights_f32(c->mem, &row, c->st);
}

/* The learnt vectors of the tokens and of their places, added: [1, T, C]. */
static tensor *embed(op_ctx *c, const encoder *e, const int32_t *tokens, int64_t count)
{
    const encoder_config *g = &e->config;
    if (count < 1 || count > g->positions) {
        status_set(c->st, STATUS_FAIL, "the text encoder was given %lld tokens, 1 to %lld wanted", (long long)count, (long long)g->positions);
        return NULL;
    }
    tensor *x = op_new(c, SHAPE(1, count, g->width));
    for (int64_t t = 0; x && t < count; t++) {
        if (tokens[t] < 0 || tokens[t] >= g->vocabulary) {
            status_set(c->st, STATUS_INPUT, "token %d is outside the text encoder's vocabulary of %lld: the tokenizer belongs to another model",
                       (int)tokens[t], (long long)g->vocabulary);
            return NULL;
        }
        const float *word = token_row(c, e, tokens[t]), *place = e->position_embedding + t * g->width;
        for (int64_t i = 0; word && i < g->width; i++) tensor_f32(x)[t * g->width + i] = word[i] + place[i];
    }
    return x;
}

tensor *encoder_forward(op_ctx *c, const encoder *e, const int32_t *tokens, int64_t count, int64_t skip)
{
    const encoder_config *g = &e->config;
    tensor *x = embed(c, e, tokens, count); /* [1, T, C] */
    for (int64_t i = 0; i < g->layers - skip; i++) x = layer_forward(c, &e->layer[i], g, x);
    return op_layer_norm(c, x, e->final_norm.weight, e->final_norm.bias, g->eps);
}
