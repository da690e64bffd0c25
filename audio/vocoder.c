#include "audio/vocoder.h"

#include <math.h>
#include <string.h>

#include "audio/hifigan.h"
#include "audio/stft.h"
#include "core/alloc.h"
#include "core/kernel/kernel.h"
#include "core/kernel/kernel_wave.h"

enum { MELGAN_SCALES = 8, MELGAN_DEPTH = 3, VOCOS_BLOCKS = 32 };
static const float MELGAN_SLOPE = 0.2f, VOCOS_EPS = 1e-6f, VOCOS_LOUDEST = 4.60517019f; /* ln 100 */

typedef enum { HIFIGAN, MELGAN, VOCOS } kind;

typedef struct {
    conv1d first, second, shortcut;
} melgan_block;

typedef struct {
    conv1d pre, post, up[MELGAN_SCALES];
    melgan_block block[MELGAN_SCALES][MELGAN_DEPTH];
    int scales;
} melgan;

typedef struct {
    const float *weight, *bias;
} vocos_norm;

typedef struct {
    conv1d depthwise, wide, narrow;
    vocos_norm norm;
    const float *gamma;
} vocos_block;

typedef struct {
    conv1d embed, head;
    vocos_norm first, last;
    vocos_block block[VOCOS_BLOCKS];
    int blocks;
    stft transform;
} vocos;

struct vocoder {
    kind kind;
    arena *mem;
    hifigan hifigan;
    melgan melgan;
    vocos vocos;
};

/* ---- loading ---- */
static bool has(const loader *l, const char *prefix)
{
    static const char *const endings[] = {"weight", "weight_v", "parametrizations.weight.original1"};
    for (int i = 0; i < 3; i++)
        if (weights_find(l->file, loader_format("%s.%s", prefix, endings[i]).text)) return true;
    return false;
}

static bool load_melgan(loader *l, melgan *w)
{
    if (!loader_conv(l, &w->pre, "model.1", -1, -1, (conv1d_options){.pad = 3, .mirror = true})) return false;
    int64_t width = w->pre.out;
    int at = 3; /* places in the authors' nn.Sequential: activation, up, three blocks, again */
    for (; has(l, loader_format("model.%d.shortcut", at + 1).text); at += 5, w->scales++) {
        if (w->scales == MELGAN_SCALES) return status_set(l->st, STATUS_INPUT, "%s: more than %d scales", weights_path(l->file), MELGAN_SCALES);
        loader_name up = loader_format("model.%d", at);
        loader_weight weight;
        size_t mark = arena_mark(l->mem);
        int64_t rate = loader_find_weight(l, up.text, &weight) ? weight.dim[2] / 2 : 0;
        arena_reset(l->mem, mark);
        conv1d_options o = {.stride = rate > 0 ? rate : 1, .pad = rate / 2 + rate % 2, .out_pad = rate % 2, .transposed = true};
        if (!loader_conv(l, &w->up[w->scales], up.text, -1, width, o)) return false;
        width = w->up[w->scales].out;
        int64_t dilation = 1;
        for (int i = 0; i < MELGAN_DEPTH; i++, dilation *= 3) {
            melgan_block *b = &w->block[w->scales][i];
            loader_name name = loader_format("model.%d", at + 1 + i);
            conv1d_options first = {.pad = dilation, .dilation = dilation, .mirror = true};
            if (!loader_conv(l, &b->first, loader_format("%s.block.2", name.text).text, width, width, first) ||
                !loader_conv(l, &b->second, loader_format("%s.block.4", name.text).text, width, width, (conv1d_options){0}) ||
                !loader_conv(l, &b->shortcut, loader_format("%s.shortcut", name.text).text, width, width, (conv1d_options){0}))
                return false;
        }
    }
    return loader_conv(l, &w->post, loader_format("model.%d", at + 1).text, 1, width, (conv1d_options){.pad = 3, .mirror = true});
}

static bool load_norm(loader *l, vocos_norm *n, const char *prefix, int64_t width)
{
    n->weight = loader_take(l, loader_format("%s.weight", prefix).text, SHAPE(width));
    n->bias = loader_take(l, loader_format("%s.bias", prefix).text, SHAPE(width));
    return status_ok(l->st);
}

static bool load_vocos(loader *l, vocos *w)
{
    if (!loader_conv(l, &w->embed, "backbone.embed", -1, -1, (conv1d_options){.pad = 3})) return false;
    int64_t width = w->embed.out;
    for (; w->blocks < VOCOS_BLOCKS && has(l, loader_format("backbone.convnext.%d.dwconv", w->blocks).text); w->blocks++) {
        vocos_block *b = &w->block[w->blocks];
        loader_name name = loader_format("backbone.convnext.%d", w->blocks);
        b->gamma = loader_take(l, loader_format("%s.gamma", name.text).text, SHAPE(width));
        if (!load_norm(l, &b->norm, loader_format("%s.norm", name.text).text, width) ||
            !loader_conv(l, &b->depthwise, loader_format("%s.dwconv", name.text).text, width, width, (conv1d_options){.pad = 3, .depthwise = true}) ||
            !loader_conv(l, &b->wide, loader_format("%s.pwconv1", name.text).text, -1, width, (conv1d_options){0}) ||
            !loader_conv(l, &b->narrow, loader_format("%s.pwconv2", name.text).text, width, b->wide.out, (conv1d_options){0}))
            return false;
    }
    if (!load_norm(l, &w->first, "backbone.norm", width) || !load_norm(l, &w->last, "backbone.final_layer_norm", width) ||
        !loader_conv(l, &w->head, "head.out", -1, width, (conv1d_options){0}))
        return false;
    int64_t n_fft = w->head.out - 2;
    if (n_fft < 8 || n_fft % 4 || n_fft > 1 << 14)
        return status_set(l->st, STATUS_INPUT, "%s: a head of %lld values is no spectrum", weights_path(l->file), (long long)w->head.out);
    return stft_init(&w->transform, n_fft, n_fft / 4, n_fft, l->st);
}

vocoder *vocoder_open(const char *path, status *st)
{
    weights *file = weights_open(path, st);
    if (!file) return NULL;
    vocoder *v = alloc_zeroed(1, sizeof *v, st);
    if (v) v->mem = arena_new(st);
    loader l = {.file = file, .graph = weights_onnx(file), .mem = v ? v->mem : NULL, .st = st};
    if (v && v->mem) {
        const char *prefix = has(&l, "generator.conv_pre") ? "generator." : "";
        v->kind = has(&l, "backbone.embed") ? VOCOS : has(&l, "model.1") ? MELGAN : HIFIGAN;
        if (v->kind == VOCOS) load_vocos(&l, &v->vocos);
        else if (v->kind == MELGAN) load_melgan(&l, &v->melgan);
        else if (has(&l, loader_format("%sconv_pre", prefix).text)) hifigan_load(&l, &v->hifigan, prefix, &(hifigan_config){0});
        else status_set(st, STATUS_INPUT, "%s: none of the vocoders HiFi-GAN, MelGAN, Vocos", path);
    }
    weights_close(file);
    if (status_ok(st)) return v;
    vocoder_free(v);
    return NULL;
}

void vocoder_free(vocoder *v)
{
    if (!v) return;
    hifigan_free(&v->hifigan);
    conv1d_free(&v->melgan.pre), conv1d_free(&v->melgan.post);
    for (int i = 0; i < MELGAN_SCALES; i++) {
        conv1d_free(&v->melgan.up[i]);
        for (int k = 0; k < MELGAN_DEPTH; k++) {
            melgan_block *b = &v->melgan.block[i][k];
            conv1d_free(&b->first), conv1d_free(&b->second), conv1d_free(&b->shortcut);
        }
    }
    conv1d_free(&v->vocos.embed), conv1d_free(&v->vocos.head);
    for (int i = 0; i < VOCOS_BLOCKS; i++) {
        vocos_block *b = &v->vocos.block[i];
        conv1d_free(&b->depthwise), conv1d_free(&b->wide), conv1d_free(&b->narrow);
    }
    if (v->vocos.transform.window) stft_free(&v->vocos.transform);
    arena_free(v->mem);
    alloc_free(v);
}

const char *vocoder_kind(const vocoder *v) { return v->kind == VOCOS ? "Vocos" : v->kind == MELGAN ? "MelGAN" : "HiFi-GAN"; }

int64_t vocoder_bands(const vocoder *v)
{
    return v->kind == VOCOS ? v->vocos.embed.in : v->kind == MELGAN ? v->melgan.pre.in : v->hifigan.pre.in;
}

int64_t vocoder_hop(const vocoder *v)
{
    int64_t hop = 1;
    if (v->kind == VOCOS) return v->vocos.transform.hop;
    if (v->kind == HIFIGAN) return hifigan_hop(&v->hifigan);
    for (int i = 0; i < v->melgan.scales; i++) hop *= v->melgan.up[i].o.stride;
    return hop;
}

/* ---- running ---- */
static tensor *flat(op_ctx *c, const tensor *y) { return y ? tensor_reshape(c->mem, c->st, y, SHAPE(tensor_count(y))) : NULL; }

static tensor *run_melgan(op_ctx *c, const melgan *w, const tensor *x)
{
    const conv1d_extra active = {.leaky = true, .slope = MELGAN_SLOPE};
    tensor *h = op_conv1d(c, x, &w->pre, NULL); /* [F, C] */
    for (int i = 0; i < w->scales; i++) {
        h = op_conv1d(c, h, &w->up[i], &active);
        for (int k = 0; k < MELGAN_DEPTH; k++) {
            const melgan_block *b = &w->block[i][k];
            tensor *shortcut = op_conv1d(c, h, &b->shortcut, NULL);
            conv1d_extra second = {.leaky = true, .slope = MELGAN_SLOPE, .add = shortcut};
            h = op_conv1d(c, op_conv1d(c, h, &b->first, &active), &b->second, &second);
        }
    }
    h = op_conv1d(c, h, &w->post, &active); /* [F · hop, 1] */
    if (h) kernel_wave_get()->tanh(h->data, h->data, tensor_count(h));
    return flat(c, h);
}

/* x + γ · narrow(gelu(wide(norm(depthwise(x))))) */
static tensor *run_convnext(op_ctx *c, const vocos_block *w, const tensor *x)
{
    tensor *h = op_layer_norm(c, op_conv1d(c, x, &w->depthwise, NULL), w->norm.weight, w->norm.bias, VOCOS_EPS);
    h = op_conv1d(c, op_gelu(c, op_conv1d(c, h, &w->wide, NULL)), &w->narrow, NULL);
    for (int64_t t = 0; h && t < h->dim[0]; t++)
        kernel_get()->mul(tensor_f32(h) + t * h->dim[1], tensor_f32(h) + t * h->dim[1], w->gamma, h->dim[1]);
    return op_add(c, x, h);
}

static tensor *run_vocos(op_ctx *c, const vocos *w, const tensor *x)
{
    int64_t n_fft = w->transform.n_fft, bins = fft_bins(n_fft);
    tensor *h = op_layer_norm(c, op_conv1d(c, x, &w->embed, NULL), w->first.weight, w->first.bias, VOCOS_EPS);
    for (int i = 0; i < w->blocks; i++) h = run_convnext(c, &w->block[i], h);
    h = op_conv1d(c, op_layer_norm(c, h, w->last.weight, w->last.bias, VOCOS_EPS), &w->head, NULL); /* [F, 2 · bins] */
    int64_t frames = h ? h->dim[0] : 0;
    tensor *s = op_new(c, SHAPE(frames, bins, 2)), *parts = op_new(c, SHAPE(2, bins));
    for (int64_t f = 0; s && parts && f < frames; f++) {
        float *re = parts->data, *im = re + bins, *to = tensor_f32(s) + f * bins * 2;
        kernel_wave_get()->polar(re, im, tensor_f32(h) + f * 2 * bins, tensor_f32(h) + f * 2 * bins + bins, VOCOS_LOUDEST, bins);
        for (int64_t k = 0; k < bins; k++) to[2 * k] = re[k], to[2 * k + 1] = im[k];
    }
    return op_failed(c) ? NULL : stft_inverse(c, &w->transform, s, (frames - 1) * w->transform.hop);
}

bool vocoder_check(const vocoder *v, const tensor *x, status *st)
{
    char shape[96];
    if (x->rank != 2 || x->dim[1] != vocoder_bands(v) || x->dim[0] < 1)
        return status_set(st, STATUS_INPUT, "a mel spectrum of shape %s found, [frames, %lld] wanted", tensor_shape_text(x, shape, sizeof shape), (long long)vocoder_bands(v));
    return v->kind != VOCOS || x->dim[0] > 1 || status_set(st, STATUS_INPUT, "a mel spectrum of one frame is too short");
}

tensor *vocoder_run(op_ctx *c, const vocoder *v, const tensor *x)
{
    if (op_failed(c) || !x || !vocoder_check(v, x, c->st)) return NULL;
    if (v->kind == VOCOS) return run_vocos(c, &v->vocos, x);
    return v->kind == MELGAN ? run_melgan(c, &v->melgan, x) : hifigan_run(c, &v->hifigan, x, NULL);
}
