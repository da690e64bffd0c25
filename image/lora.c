#include "image/lora.h"

#include <stdio.h>
#include <string.h>

#include "core/log.h"
#include "core/name_index.h"
#include "core/weights.h"

enum { NAME_SIZE = 320 };

/* How the two halves of an update are named after the layer. */
static const struct {
    const char *down, *up;
} HALVES[] = {{".lora_down.weight", ".lora_up.weight"}, {".lora_A.weight", ".lora_B.weight"},
              {".lora.down.weight", ".lora.up.weight"}, {"_lora.down.weight", "_lora.up.weight"}};

/* One update as found in the file. */
typedef struct {
    const tensor *down, *up; /* [rank, in …], [out, rank …] */
    float scale;             /* strength · alpha / rank */
    char layer[NAME_SIZE];   /* the layer's name with every '.' as '_', without the network's prefix */
    bool is_text;
} update;

/* Copies a name with '.' as '_', leaving out what `without` names. */
static void flatten(char *to, const char *name, size_t n, const char *without)
{
    size_t used = 0, skip = without ? strlen(without) : 0;
    for (size_t i = 0; i < n && used + 1 < NAME_SIZE;) {
        if (skip && n - i >= skip && memcmp(name + i, without, skip) == 0) i += skip;
        else {
            to[used++] = name[i] == '.' ? '_' : name[i];
            i++;
        }
    }
    to[used] = 0;
}

static const char *after(const char *s, const char *prefix)
{
    size_t n = strlen(prefix);
    return strncmp(s, prefix, n) == 0 ? s + n : NULL;
}

/* Which network and layer a stem means. */
static void name_layer(update *u, const char *stem, size_t n)
{
    static const struct {
        const char *prefix;
        bool is_text;
    } PREFIXES[] = {{"lora_unet_", false}, {"lora_te_", true}, {"lora_te1_", true}, {"base_model.model.unet.", false},
                    {"base_model.model.text_encoder.", true}, {"unet.", false}, {"text_encoder.", true}, {"base_model.model.", false}};
    char full[NAME_SIZE];
    snprintf(full, sizeof full, "%.*s", (int)n, stem);
    const char *rest = full;
    for (size_t i = 0; i < sizeof PREFIXES / sizeof PREFIXES[0]; i++) {
        const char *found = after(full, PREFIXES[i].prefix);
        if (!found) continue;
        rest = found;
        u->is_text = PREFIXES[i].is_text;
        break;
    }
    flatten(u->layer, rest, strlen(rest), ".processor");
    const char *inside = after(u->layer, "text_model_");
    if (inside) memmove(u->layer, inside, strlen(inside) + 1);
    size_t length = strlen(u->layer); /* the older names say to_out for to_out.0 */
    if (length > 6 && length + 2 < NAME_SIZE && strcmp(u->layer + length - 6, "to_out") == 0) memcpy(u->layer + length, "_0", 3);
}

/* The scalar tensor stem.alpha, or the rank. */
static bool read_alpha(const weights *w, arena *mem, const char *stem, size_t n, float *alpha, status *st)
{
    char name[NAME_SIZE];
    snprintf(name, sizeof name, "%.*s.alpha", (int)n, stem);
    const tensor *x = weights_find(w, name);
    if (!x) return true;
    const float *value = tensor_count(x) == 1 ? weights_f32(mem, x, st) : NULL;
    if (!value) return status_set(st, STATUS_INPUT, "%s: '%s' is not one number", weights_path(w), name);
    *alpha = *value;
    return true;
}

/* The update whose lower half is tensor i of the file; *found is false when that is another tensor. */
static bool read_update(const weights *w, int64_t i, arena *mem, float strength, update *u, bool *found, status *st)
{
    const char *name;
    char up_name[NAME_SIZE];
    *found = false;
    *u = (update){.down = weights_at(w, i, &name)};
    if (strstr(name, ".hada_") || strstr(name, ".lokr_") || strstr(name, ".lora_mid."))
        return status_set(st, STATUS_INPUT, "%s: '%s' is no plain LoRA; LoHa, LoKr and Tucker forms are not read", weights_path(w), name);
    for (size_t k = 0; k < sizeof HALVES / sizeof HALVES[0] && !*found; k++) {
        size_t n = strlen(name), suffix = strlen(HALVES[k].down);
        if (n <= suffix || n >= NAME_SIZE - 16 || strcmp(name + n - suffix, HALVES[k].down) != 0) continue;
        n -= suffix;
        snprintf(up_name, sizeof up_name, "%.*s%s", (int)n, name, HALVES[k].up);
        u->up = weights_find(w, up_name);
        if (!u->up || u->down->rank < 2 || u->up->rank < 2 || u->up->dim[1] != u->down->dim[0] || u->down->dim[0] < 1 ||
            tensor_count(u->up) != u->up->dim[0] * u->up->dim[1])
            return status_set(st, STATUS_INPUT, "%s: '%s' has no fitting upper half '%s'", weights_path(w), name, up_name);
        float alpha = (float)u->down->dim[0];
        if (!read_alpha(w, mem, name, n, &alpha, st)) return false;
        u->scale = strength * alpha / (float)u->down->dim[0];
        name_layer(u, name, n);
        *found = true;
    }
    return true;
}

/* From a layer, as updates call it, to the parameter: its flattened name without ".weight" and "text_model.". The first of
 * two that are the same counts. The names lie in mem. */
static bool index_layers(name_index *layers, const parameters *p, arena *mem, status *st)
{
    for (int64_t i = 0; i < parameters_count(p); i++) {
        const char *name = parameters_name(p, i), *inside = after(name, "text_model.");
        size_t n = strlen(inside ? inside : name);
        char flat[NAME_SIZE];
        bool fresh;
        if (n <= 7 || n >= NAME_SIZE || strcmp((inside ? inside : name) + n - 7, ".weight") != 0) continue;
        flatten(flat, inside ? inside : name, n - 7, NULL);
        size_t size = strlen(flat);
        char *kept = arena_alloc(mem, size + 1, st);
        if (!kept) return false;
        memcpy(kept, flat, size + 1);
        if (!name_index_add(layers, kept, size, (uint32_t)i, &fresh, st)) return false;
    }
    return true;
}

/* W += scale · up · down, once W is asked for */
static bool merge_one(parameters *p, const char *name, const update *u, arena *mem, const char *path, status *st)
{
    const tensor *target = parameters_peek(p, name);
    int64_t out = u->up->dim[0], rank = u->down->dim[0], in = tensor_count(u->down) / rank;
    if (target->rank < 2 || target->dim[0] != out || tensor_count(target) != out * in) {
        char a[96], b[96], c[96];
        return status_set(st, STATUS_INPUT, "%s: an update %s · %s does not fit the model's '%s' of shape %s", path,
                          tensor_shape_text(u->up, a, sizeof a), tensor_shape_text(u->down, b, sizeof b), name, tensor_shape_text(target, c, sizeof c));
    }
    const float *up = weights_f32(mem, u->up, st), *down = weights_f32(mem, u->down, st);
    return up && down && parameters_update(p, name, &(parameters_low_rank){out, rank, in, up, down, u->scale}, st);
}

static bool merge_all(const weights *w, parameters *unet, parameters *text, const name_index layers[2], arena *mem, float strength, status *st)
{
    int64_t merged = 0, strange = 0;
    update u;
    for (int64_t i = 0; i < weights_count(w); i++) {
        size_t mark = arena_mark(mem);
        bool found;
        if (!read_update(w, i, mem, strength, &u, &found, st)) return false;
        if (!found) continue;
        parameters *p = u.is_text ? text : unet;
        int64_t place = name_index_find(&layers[u.is_text], u.layer, strlen(u.layer));
        const char *name = place < 0 ? NULL : parameters_name(p, place);
        if (name && !merge_one(p, name, &u, mem, weights_path(w), st)) return false;
        if (name) merged++;
        else strange++;
        arena_reset(mem, mark);
    }
    if (!merged) return status_set(st, STATUS_INPUT, "%s: none of its updates is for a layer of this model", weights_path(w));
    if (strange) log_warning("%s: %lld of its %lld updates are for layers that this model does not have", weights_path(w), (long long)strange, (long long)(merged + strange));
    return true;
}

bool lora_merge(parameters *unet, parameters *text, const weights *file, float strength, status *st)
{
    arena *mem = arena_new(st);
    name_index layers[2] = {{0}}; /* of the U-Net, of the text encoder */
    bool ok = mem && index_layers(&layers[0], unet, mem, st) && index_layers(&layers[1], text, mem, st) && merge_all(file, unet, text, layers, mem, strength, st);
    name_index_free(&layers[0]);
    name_index_free(&layers[1]);
    arena_free(mem);
    return ok;
}
