#include "text/encoder_openclip.h"

#include <stdio.h>
#include <string.h>

enum { NAME_SIZE = 256 };

static const struct {
    const char *from, *to;
} TOP[] = {{"token_embedding.weight", "embeddings.token_embedding.weight"}, {"positional_embedding", "embeddings.position_embedding.weight"},
           {"ln_final.weight", "final_layer_norm.weight"}, {"ln_final.bias", "final_layer_norm.bias"}},
  LAYER[] = {{"ln_1", "layer_norm1"}, {"ln_2", "layer_norm2"}, {"attn.out_proj", "self_attn.out_proj"}, {"mlp.c_fc", "mlp.fc1"}, {"mlp.c_proj", "mlp.fc2"}};

/* A third of in_proj's rows: 0 is q's, 1 k's, 2 v's. */
static bool add_third(parameters *p, const weights *w, const tensor *x, int layer, int third, const char *kind, status *st)
{
    char name[NAME_SIZE];
    snprintf(name, sizeof name, "encoder.layers.%d.self_attn.%c_proj.%s", layer, "qkv"[third], kind);
    if (x->rank < 1 || x->dim[0] % 3) return status_set(st, STATUS_INPUT, "%s: layer %d's in_proj_%s is not three of one size", weights_path(w), layer, kind);
    tensor part = *x;
    part.dim[0] = x->dim[0] / 3;
    part.data = (char *)x->data + tensor_bytes(&part) * (size_t)third;
    return parameters_add(p, name, &part, NULL, st);
}

static bool add_layer_tensor(parameters *p, const weights *w, const tensor *x, int layer, const char *rest, status *st)
{
    char name[NAME_SIZE];
    if (strncmp(rest, "attn.in_proj_", 13) == 0) {
        for (int third = 0; third < 3; third++)
            if (!add_third(p, w, x, layer, third, rest + 13, st)) return false;
        return true;
    }
    for (size_t i = 0; i < sizeof LAYER / sizeof LAYER[0]; i++) {
        size_t n = strlen(LAYER[i].from);
        if (strncmp(rest, LAYER[i].from, n) != 0) continue;
        snprintf(name, sizeof name, "encoder.layers.%d.%s%s", layer, LAYER[i].to, rest + n);
        return parameters_add(p, name, x, w, st);
    }
    return true;
}

static int layer_count(const weights *w, const char *prefix)
{
    char name[NAME_SIZE];
    int n = 0;
    do snprintf(name, sizeof name, "%stransformer.resblocks.%d.ln_1.weight", prefix, n);
    while (weights_find(w, name) && ++n);
    return n;
}

bool encoder_openclip_add(parameters *p, const weights *w, const char *prefix, int64_t layers, status *st)
{
    if (!layers) layers = layer_count(w, prefix) - 1;
    for (int64_t i = 0; i < weights_count(w); i++) {
        const char *name;
        const tensor *x = weights_at(w, i, &name);
        if (strncmp(name, prefix, strlen(prefix)) != 0) continue;
        name += strlen(prefix);
        int layer = 0, at = 0;
        bool ok = true;
        if (sscanf(name, "transformer.resblocks.%4d.%n", &layer, &at) == 1 && at) {
            if (layer >= 0 && layer < layers) ok = add_layer_tensor(p, w, x, layer, name + at, st);
        }
        for (size_t k = 0; k < sizeof TOP / sizeof TOP[0]; k++)
            if (strcmp(name, TOP[k].from) == 0) ok = parameters_add(p, TOP[k].to, x, w, st);
        if (!ok) return false;
    }
    return true;
}
