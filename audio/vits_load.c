/* vits_load: from a Piper ONNX file to the structure of the voice. Most tensors carry their module's name; what the
 * exporter dropped is found by the node that reads it: folded weight norms of the flow (loader_find_weight), the symbol
 * embedding (input 0 of /enc_p/emb/Gather), the affine flow's exp(−logs). */
#include <math.h>
#include <string.h>

#include "audio/vits_parts.h"
#include "core/alloc.h"

/* What input k of the node `name` reads, copied. */
static const float *take_input(loader *l, const char *node, int k, int64_t dim[2])
{
    const tensor *t = onnx_need(l->graph, l->st, node, k);
    if (!t) return NULL;
    if (t->rank != 2) {
        status_set(l->st, STATUS_INPUT, "%s: input %d of '%s' has %d dimensions, 2 wanted", weights_path(l->file), k, node, t->rank);
        return NULL;
    }
    dim[0] = t->dim[0];
    dim[1] = t->dim[1];
    const float *from = weights_f32(l->mem, t, l->st);
    size_t bytes = (size_t)(dim[0] * dim[1]) * sizeof(float);
    float *copy = from ? arena_alloc(l->mem, bytes, l->st) : NULL;
    if (copy) memcpy(copy, from, bytes);
    return copy;
}

static bool load_norm(loader *l, vits_norm *n, const char *prefix, int64_t width)
{
    n->weight = loader_take(l, loader_format("%s.gamma", prefix).text, SHAPE(width));
    n->bias = loader_take(l, loader_format("%s.beta", prefix).text, SHAPE(width));
    return status_ok(l->st);
}

static bool plain(loader *l, conv1d *w, const char *prefix, int64_t out, int64_t in)
{
    return loader_conv(l, w, prefix, out, in, (conv1d_options){0});
}

static bool load_relative(loader *l, const vits *v, attention_relative *r, const char *prefix)
{
    loader_name keys = loader_format("%s.emb_rel_k", prefix), values = loader_format("%s.emb_rel_v", prefix);
    const tensor *t = weights_need(l->file, l->st, keys.text, SHAPE(1, -1, -1));
    if (!t) return false;
    if (t->dim[1] % 2 == 0 || t->dim[2] < 1 || v->width % t->dim[2])
        return status_set(l->st, STATUS_INPUT, "%s: '%s' does not fit %lld channels", weights_path(l->file), keys.text, (long long)v->width);
    r->window = t->dim[1] / 2;
    r->keys = loader_take(l, keys.text, 3, t->dim);
    r->values = loader_take(l, values.text, 3, t->dim);
    return status_ok(l->st);
}

static bool load_layer(loader *l, vits *v, vits_layer *w, int i)
{
    loader_name attention = loader_format("enc_p.encoder.attn_layers.%d", i), mlp = loader_format("enc_p.encoder.ffn_layers.%d", i);
    int64_t width = v->width;
    if (!plain(l, &w->q, loader_format("%s.conv_q", attention.text).text, width, width) ||
        !plain(l, &w->k, loader_format("%s.conv_k", attention.text).text, width, width) ||
        !plain(l, &w->v, loader_format("%s.conv_v", attention.text).text, width, width) ||
        !plain(l, &w->out, loader_format("%s.conv_o", attention.text).text, width, width) ||
        !load_relative(l, v, &w->relative, attention.text) ||
        !plain(l, &w->wide, loader_format("%s.conv_1", mlp.text).text, -1, width) ||
        !plain(l, &w->narrow, loader_format("%s.conv_2", mlp.text).text, width, w->wide.out))
        return false;
    return load_norm(l, &w->norm_attention, loader_format("enc_p.encoder.norm_layers_1.%d", i).text, width) &&
           load_norm(l, &w->norm_mlp, loader_format("enc_p.encoder.norm_layers_2.%d", i).text, width);
}

static bool load_encoder(loader *l, vits *v)
{
    int64_t dim[2];
    v->embedding = take_input(l, "/enc_p/emb/Gather", 0, dim);
    if (!v->embedding) return false;
    v->symbols = dim[0];
    v->width = dim[1];
    while (v->layers < VITS_LAYERS && weights_find(l->file, loader_format("enc_p.encoder.attn_layers.%d.emb_rel_k", v->layers).text)) {
        if (!load_layer(l, v, &v->layer[v->layers], v->layers)) return false;
        v->layers++;
    }
    const tensor *relative = weights_need(l->file, l->st, "enc_p.encoder.attn_layers.0.emb_rel_k", SHAPE(1, -1, -1));
    if (!relative || !plain(l, &v->proj, "enc_p.proj", -1, v->width)) return false;
    v->heads = v->width / relative->dim[2];
    v->latent = v->proj.out / 2;
    return true;
}

static bool load_dilated(loader *l, vits_dilated *w, const char *prefix, int64_t width)
{
    for (; w->depth < VITS_DEPTH; w->depth++) {
        int i = w->depth;
        loader_name separable = loader_format("%s.convs_sep.%d", prefix, i);
        if (!weights_find(l->file, loader_format("%s.weight", separable.text).text)) break;
        if (!loader_conv(l, &w->separable[i], separable.text, width, width, (conv1d_options){.depthwise = true}) ||
            !plain(l, &w->pointwise[i], loader_format("%s.convs_1x1.%d", prefix, i).text, width, width) ||
            !load_norm(l, &w->norm_separable[i], loader_format("%s.norms_1.%d", prefix, i).text, width) ||
            !load_norm(l, &w->norm_pointwise[i], loader_format("%s.norms_2.%d", prefix, i).text, width))
            return false;
    }
    return true;
}

/* The affine flow: m, and exp(−logs), which exporters fold as far as they like: not at all, the negation, or all. */
static bool load_affine(loader *l, vits *v)
{
    const float *mean = loader_take(l, "dp.flows.0.m", SHAPE(2, 1));
    const onnx_node *multiply = onnx_find(l->graph, "/dp/flows.0/Mul");
    onnx_string factor = multiply ? onnx_node_input(l->graph, multiply, 1) : (onnx_string){0};
    const onnx_node *exponential = multiply ? onnx_maker(l->graph, factor) : NULL;
    const tensor *logs = weights_find(l->file, "dp.flows.0.logs"), *negated = exponential ? onnx_node_tensor(l->graph, exponential, 0) : NULL;
    const tensor *scale = multiply ? onnx_node_tensor(l->graph, multiply, 1) : NULL, *found = scale ? scale : negated ? negated : logs;
    if (!mean) return false;
    if (!found || !tensor_shape_is(found, SHAPE(2, 1)))
        return status_set(l->st, STATUS_INPUT, "%s: the affine flow's scale is missing or no [2, 1]", weights_path(l->file));
    const float *value = weights_f32(l->mem, found, l->st);
    for (int i = 0; value && i < 2; i++) {
        v->duration.mean[i] = mean[i];
        v->duration.scale[i] = found == scale ? value[i] : expf(found == negated ? value[i] : -value[i]);
    }
    return value != NULL;
}

static bool load_duration(loader *l, vits *v)
{
    if (!weights_find(l->file, "dp.flows.0.m"))
        return status_set(l->st, STATUS_INPUT, "%s: a voice without the stochastic duration predictor is not supported", weights_path(l->file));
    if (!plain(l, &v->duration.pre, "dp.pre", -1, v->width)) return false;
    int64_t width = v->duration.pre.out;
    if (!plain(l, &v->duration.proj, "dp.proj", width, width) || !load_dilated(l, &v->duration.convs, "dp.convs", width)) return false;
    if (v->speaker_count > 1 && !plain(l, &v->duration.cond, "dp.cond", width, v->speaker_width)) return false;
    for (int i = 2 * VITS_FLOWS - 1; i >= 3; i -= 2) { /* run backwards; the flow 1 is dropped after training */
        loader_name name = loader_format("dp.flows.%d", i);
        if (!weights_find(l->file, loader_format("%s.pre.weight", name.text).text)) continue;
        vits_spline *w = &v->duration.flow[v->duration.flows++];
        if (!plain(l, &w->pre, loader_format("%s.pre", name.text).text, width, 1) ||
            !load_dilated(l, &w->convs, loader_format("%s.convs", name.text).text, width) ||
            !plain(l, &w->proj, loader_format("%s.proj", name.text).text, 3 * VITS_BINS - 1, width))
            return false;
    }
    return load_affine(l, v);
}

static bool load_coupling(loader *l, const vits *v, vits_coupling *w, const char *prefix)
{
    int64_t half = v->latent / 2;
    if (!plain(l, &w->pre, loader_format("%s.pre", prefix).text, -1, half)) return false;
    int64_t width = w->pre.out;
    for (; w->depth < VITS_DEPTH; w->depth++) {
        loader_name in = loader_format("%s.enc.in_layers.%d", prefix, w->depth), skip = loader_format("%s.enc.res_skip_layers.%d", prefix, w->depth);
        if (!weights_find(l->file, loader_format("%s.bias", in.text).text)) break;
        if (!plain(l, &w->in[w->depth], in.text, 2 * width, width) || !plain(l, &w->skip[w->depth], skip.text, -1, width)) return false;
        if (w->skip[w->depth].out != width && w->skip[w->depth].out != 2 * width)
            return status_set(l->st, STATUS_INPUT, "%s: '%s' has %lld channels", weights_path(l->file), skip.text, (long long)w->skip[w->depth].out);
    }
    if (w->depth < 1 || w->skip[w->depth - 1].out != width)
        return status_set(l->st, STATUS_INPUT, "%s: '%s' is no WaveNet", weights_path(l->file), prefix);
    for (int i = 0; i < w->depth - 1; i++)
        if (w->skip[i].out != 2 * width) return status_set(l->st, STATUS_INPUT, "%s: '%s' ends early", weights_path(l->file), prefix);
    if (v->speaker_count > 1 && !plain(l, &w->cond, loader_format("%s.enc.cond_layer", prefix).text, 2 * width * w->depth, v->speaker_width)) return false;
    return plain(l, &w->post, loader_format("%s.post", prefix).text, half, width);
}

static bool load_speakers(loader *l, vits *v)
{
    v->speaker_count = 1;
    const onnx_node *node = onnx_find(l->graph, "/emb_g/Gather");
    if (!node) return true;
    int64_t dim[2];
    v->speakers = take_input(l, "/emb_g/Gather", 0, dim);
    v->speaker_count = v->speakers ? dim[0] : 1;
    v->speaker_width = v->speakers ? dim[1] : 0;
    return v->speakers && (v->speaker_count > 1 || status_set(l->st, STATUS_INPUT, "%s: a table of one speaker", weights_path(l->file)));
}

static void load(loader *l, vits *v)
{
    if (!load_speakers(l, v) || !load_encoder(l, v) || !load_duration(l, v)) return;
    if (v->latent < 2 || v->latent % 2) {
        status_set(l->st, STATUS_INPUT, "%s: a latent of %lld channels", weights_path(l->file), (long long)v->latent);
        return;
    }
    for (int i = 2 * VITS_FLOWS - 2; i >= 0; i -= 2) {
        loader_name name = loader_format("flow.flows.%d", i);
        if (!weights_find(l->file, loader_format("%s.pre.weight", name.text).text)) continue;
        if (!load_coupling(l, v, &v->flow[v->flows++], name.text)) return;
    }
    if (!hifigan_load(l, &v->decoder, "dec.", &(hifigan_config){0})) return;
    if (v->decoder.pre.in != v->latent || (v->decoder.has_cond && v->decoder.cond.in != v->speaker_width))
        status_set(l->st, STATUS_INPUT, "%s: the decoder does not fit the latent", weights_path(l->file));
}

vits *vits_open(const char *path, status *st)
{
    weights *file = weights_open(path, st);
    if (!file) return NULL;
    vits *v = alloc_zeroed(1, sizeof *v, st);
    if (v) v->mem = arena_new(st);
    loader l = {.file = file, .graph = weights_onnx(file), .mem = v ? v->mem : NULL, .st = st};
    if (v && v->mem && !l.graph) status_set(st, STATUS_INPUT, "%s: no ONNX model, as Piper's voices are", path);
    if (status_ok(st)) load(&l, v);
    weights_close(file);
    if (status_ok(st)) return v;
    vits_free(v);
    return NULL;
}

static void free_dilated(vits_dilated *w)
{
    for (int i = 0; i < VITS_DEPTH; i++) {
        conv1d_free(&w->separable[i]);
        conv1d_free(&w->pointwise[i]);
    }
}

static void free_coupling(vits_coupling *w)
{
    conv1d_free(&w->pre), conv1d_free(&w->post), conv1d_free(&w->cond);
    for (int i = 0; i < VITS_DEPTH; i++) conv1d_free(&w->in[i]), conv1d_free(&w->skip[i]);
}

void vits_free(vits *v)
{
    if (!v) return;
    for (int i = 0; i < VITS_LAYERS; i++) {
        vits_layer *w = &v->layer[i];
        conv1d *all[] = {&w->q, &w->k, &w->v, &w->out, &w->wide, &w->narrow};
        for (size_t k = 0; k < sizeof all / sizeof all[0]; k++) conv1d_free(all[k]);
    }
    conv1d_free(&v->proj), conv1d_free(&v->duration.pre), conv1d_free(&v->duration.proj), conv1d_free(&v->duration.cond);
    free_dilated(&v->duration.convs);
    for (int i = 0; i < VITS_FLOWS; i++) {
        conv1d_free(&v->duration.flow[i].pre), conv1d_free(&v->duration.flow[i].proj);
        free_dilated(&v->duration.flow[i].convs);
        free_coupling(&v->flow[i]);
    }
    hifigan_free(&v->decoder);
    arena_free(v->mem);
    alloc_free(v);
}
