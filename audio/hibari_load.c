/* hibari_load: from the ONNX file to the structure of the voice. Convolutions and norms carry their names. The matrix of
 * a linear layer does not (dynamic quantisation renamed it), its bias does: the matrix is what the MatMulInteger reads
 * whose scaled result meets that bias in an Add. */
#include "audio/hibari_parts.h"

#include <string.h>

#include "audio/loader.h"
#include "core/alloc.h"

static bool load_norm(loader *l, hibari_norm *n, const char *prefix, int64_t width)
{
    n->weight = loader_take(l, loader_format("%s.weight", prefix).text, SHAPE(width));
    n->bias = loader_take(l, loader_format("%s.bias", prefix).text, SHAPE(width));
    return status_ok(l->st);
}

/* The Mul that scales what a MatMulInteger made, found from the bias it meets; *matmul is that MatMulInteger. */
static const onnx_node *scaling_of(const loader *l, const char *bias, const onnx_node **matmul)
{
    int input;
    const onnx_node *add = loader_reader(l, "Add", bias, &input, 0);
    const onnx_node *scaled = add ? onnx_maker(l->graph, onnx_node_input(l->graph, add, 1 - input)) : NULL;
    const onnx_node *n = scaled;
    for (int hops = 0; n && hops < 3 && !onnx_is(n->op_type, "MatMulInteger"); hops++)
        n = onnx_maker(l->graph, onnx_node_input(l->graph, n, 0));
    *matmul = n;
    return n && onnx_is(n->op_type, "MatMulInteger") && onnx_is(scaled->op_type, "Mul") ? scaled : NULL;
}

/* The layer in f32: the weights times their scale, [out, in]. */
static bool load_exact(loader *l, conv1d *w, const char *name, const int8_t *weight, int64_t in, int64_t out, float scale, const float *bias)
{
    float *values = arena_alloc(l->mem, (size_t)(in * out) * sizeof(float), l->st);
    for (int64_t i = 0; values && i < in; i++)
        for (int64_t o = 0; o < out; o++) values[o * in + i] = (float)weight[i * out + o] * scale;
    return values && conv1d_init(w, name, values, out, in, 1, bias, (conv1d_options){.exact = true}, l->st);
}

static bool load_linear(loader *l, hibari_linear *w, const char *prefix, const char *bias_suffix, int64_t in, int64_t out)
{
    if (!status_ok(l->st)) return false;
    loader_name name = loader_format("%s%s", prefix, bias_suffix);
    const tensor *bias = weights_need(l->file, l->st, name.text, SHAPE(out));
    const onnx_node *matmul = NULL, *scaled = bias ? scaling_of(l, name.text, &matmul) : NULL;
    const onnx_node *scales = scaled ? onnx_maker(l->graph, onnx_node_input(l->graph, scaled, 1)) : NULL;
    const tensor *weight = scales ? onnx_node_tensor(l->graph, matmul, 1) : NULL;
    const tensor *zero = weight ? onnx_node_tensor(l->graph, matmul, 3) : NULL;
    const tensor *scale = weight ? onnx_node_tensor(l->graph, scales, 1) : NULL;
    if (weight && !scale) scale = onnx_node_tensor(l->graph, scales, 0);
    bool found = bias && weight && scale && zero && weight->type == DTYPE_I8 && tensor_shape_is(weight, SHAPE(in, out)) &&
                 scale->type == DTYPE_F32 && tensor_count(scale) == 1 && zero->type == DTYPE_I8 && tensor_count(zero) == 1 &&
                 *(const int8_t *)zero->data == 0;
    if (!found)
        return status_set(l->st, STATUS_INPUT, "%s: '%s': no int8 matrix [%lld, %lld] with one scale and zero point 0 goes with it",
                          weights_path(l->file), name.text, (long long)in, (long long)out);
    float factor;
    memcpy(&factor, scale->data, sizeof factor);
    size_t mark = arena_mark(l->mem);
    const float *bias_values = weights_f32(l->mem, bias, l->st);
    w->is_exact = l->exact;
    if (bias_values && l->exact) load_exact(l, &w->exact, name.text, weight->data, in, out, factor, bias_values);
    else if (bias_values) linear_u8_init(&w->quantised, weight->data, in, out, factor, bias_values, l->st);
    arena_reset(l->mem, mark);
    return status_ok(l->st);
}

static bool load_convnext(loader *l, hibari_convnext *b, const char *prefix, int64_t width)
{
    const tensor *wide = weights_need(l->file, l->st, loader_format("%s.pw1.bias", prefix).text, SHAPE(-1));
    if (!wide) return false;
    b->gamma = loader_take(l, loader_format("%s.gamma", prefix).text, SHAPE(width));
    return load_norm(l, &b->norm, loader_format("%s.norm", prefix).text, width) &&
           loader_conv(l, &b->depthwise, loader_format("%s.dw", prefix).text, width, width, (conv1d_options){.depthwise = true}) &&
           load_linear(l, &b->wide, loader_format("%s.pw1", prefix).text, ".bias", width, wide->dim[0]) &&
           load_linear(l, &b->narrow, loader_format("%s.pw2", prefix).text, ".bias", wide->dim[0], width);
}

/* Blocks prefix.0, prefix.1, … as many as there are. */
static int load_blocks(loader *l, hibari_convnext *blocks, const char *prefix, int64_t width)
{
    int n = 0;
    for (; status_ok(l->st) && n < HIBARI_BLOCKS && weights_find(l->file, loader_format("%s.%d.gamma", prefix, n).text); n++)
        load_convnext(l, &blocks[n], loader_format("%s.%d", prefix, n).text, width);
    return n;
}

static bool load_attention(loader *l, hibari_attention *a, const char *prefix, int64_t width)
{
    const tensor *wide = weights_need(l->file, l->st, loader_format("%s.linear1.bias", prefix).text, SHAPE(-1));
    if (!wide || !load_norm(l, &a->norm_attention, loader_format("%s.norm1", prefix).text, width) ||
        !load_norm(l, &a->norm_mlp, loader_format("%s.norm2", prefix).text, width) ||
        !load_linear(l, &a->qkv, loader_format("%s.self_attn", prefix).text, ".in_proj_bias", width, 3 * width) ||
        !load_linear(l, &a->out, loader_format("%s.self_attn.out_proj", prefix).text, ".bias", width, width) ||
        !load_linear(l, &a->wide, loader_format("%s.linear1", prefix).text, ".bias", width, wide->dim[0]) ||
        !load_linear(l, &a->narrow, loader_format("%s.linear2", prefix).text, ".bias", wide->dim[0], width))
        return false;
    int input;
    loader_name name = loader_format("%s.self_attn.in_proj_bias", prefix);
    while (a->repeats < 64 && loader_reader(l, "Add", name.text, &input, a->repeats)) a->repeats++;
    return true;
}

static bool load_text(loader *l, hibari_text *t, const char *prefix)
{
    loader_name name = loader_format("%s.emb.weight", prefix);
    const tensor *embedding = weights_need(l->file, l->st, name.text, SHAPE(-1, -1));
    if (!embedding) return false;
    t->symbols = embedding->dim[0];
    t->width = embedding->dim[1];
    if (t->width % HIBARI_HEADS || t->width > 4096)
        return status_set(l->st, STATUS_INPUT, "%s: '%s' has rows of %lld values", weights_path(l->file), name.text, (long long)t->width);
    t->embedding = loader_take(l, name.text, 2, embedding->dim);
    t->convs = load_blocks(l, t->conv, loader_format("%s.convs", prefix).text, t->width);
    return load_attention(l, &t->attention, loader_format("%s.attn", prefix).text, t->width) &&
           load_norm(l, &t->norm, loader_format("%s.norm", prefix).text, t->width);
}

static void load(loader *l, hibari *v)
{
    if (!load_text(l, &v->sound, "m.text") || !load_text(l, &v->prosody, "pn.text")) return;
    int64_t width = v->prosody.width;
    const tensor *decoder = weights_need(l->file, l->st, "m.dec_norm.weight", SHAPE(-1));
    if (!decoder) return;
    loader_conv(l, &v->duration_in, "pn.dur.0", width, width, (conv1d_options){.exact = true});
    loader_conv(l, &v->duration_out, "pn.dur.2", 1, width, (conv1d_options){.exact = true});
    loader_conv(l, &v->prosody_in, "pn.pro_in", width, width, (conv1d_options){.exact = true});
    v->prosody_blocks = load_blocks(l, v->prosody_block, "pn.pro", width);
    loader_conv(l, &v->prosody_out, "pn.pro_out", 4, width, (conv1d_options){.exact = true});
    loader_conv(l, &v->decoder_in, "m.dec_in", decoder->dim[0], v->sound.width + 2, (conv1d_options){0});
    v->decoder_blocks = load_blocks(l, v->decoder_block, "m.dec", decoder->dim[0]);
    load_norm(l, &v->decoder_norm, "m.dec_norm", decoder->dim[0]);
    load_linear(l, &v->head, "m.head", ".bias", decoder->dim[0], HIBARI_PARTS * HIBARI_BINS);
    if (status_ok(l->st) && v->sound.symbols != v->prosody.symbols)
        status_set(l->st, STATUS_INPUT, "%s: its two text encoders know %lld and %lld symbols", weights_path(l->file),
                   (long long)v->sound.symbols, (long long)v->prosody.symbols);
}

static hibari *open_voice(const char *path, bool exact, status *st)
{
    weights *file = weights_open(path, st);
    if (!file) return NULL;
    hibari *v = alloc_zeroed(1, sizeof *v, st);
    if (v) v->mem = arena_new(st);
    loader l = {.file = file, .graph = weights_onnx(file), .mem = v ? v->mem : NULL, .st = st, .exact = exact};
    if (v && v->mem && !l.graph) status_set(st, STATUS_INPUT, "%s: no ONNX model, as the voices of hibari are", path);
    if (status_ok(st)) load(&l, v);
    if (status_ok(st)) stft_init(&v->transform, HIBARI_N_FFT, HIBARI_HOP, HIBARI_N_FFT, st);
    weights_close(file);
    if (status_ok(st)) return v;
    hibari_free(v);
    return NULL;
}

hibari *hibari_open(const char *path, status *st) { return open_voice(path, false, st); }

hibari *hibari_open_exact(const char *path, status *st) { return open_voice(path, true, st); }

static void free_linear(hibari_linear *w)
{
    linear_u8_free(&w->quantised);
    conv1d_free(&w->exact);
}

static void free_blocks(hibari_convnext *blocks)
{
    for (int i = 0; i < HIBARI_BLOCKS; i++) {
        conv1d_free(&blocks[i].depthwise);
        free_linear(&blocks[i].wide);
        free_linear(&blocks[i].narrow);
    }
}

static void free_text(hibari_text *t)
{
    free_blocks(t->conv);
    free_linear(&t->attention.qkv);
    free_linear(&t->attention.out);
    free_linear(&t->attention.wide);
    free_linear(&t->attention.narrow);
}

void hibari_free(hibari *v)
{
    if (!v) return;
    free_text(&v->sound);
    free_text(&v->prosody);
    free_blocks(v->prosody_block);
    free_blocks(v->decoder_block);
    conv1d *convs[] = {&v->duration_in, &v->duration_out, &v->prosody_in, &v->prosody_out, &v->decoder_in};
    for (size_t i = 0; i < sizeof convs / sizeof convs[0]; i++) conv1d_free(convs[i]);
    free_linear(&v->head);
    stft_free(&v->transform);
    arena_free(v->mem);
    alloc_free(v);
}
