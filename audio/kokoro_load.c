/* kokoro_load: from the ONNX file to the structure of the model, part by part. Names of biases and norms are those of the
 * modules, under the two modules of the exporter (encoder, decoder). */
#include <math.h>

#include "audio/kokoro_layers.h"
#include "core/alloc.h"

enum { WIDEST_STYLE = 512 };

static bool load_norm(loader *l, kokoro_norm *n, const char *prefix, const char *weight, const char *bias, int64_t width)
{
    n->weight = loader_take(l, loader_format("%s.%s", prefix, weight).text, SHAPE(width));
    n->bias = loader_take(l, loader_format("%s.%s", prefix, bias).text, SHAPE(width));
    return status_ok(l->st);
}

/* The fc that makes γ and β of half a style. */
static bool load_adain(loader *l, kokoro_adain *a, const char *node, const char *name, int64_t width, int64_t style)
{
    a->width = width;
    return kokoro_load_linear(l, &a->fc, loader_format("%s/fc/Gemm", node).text, loader_format("%s.fc", name).text, 2 * width, style);
}

#define ALBERT_LAYER "albert_layer_groups.0%calbert_layers.0"

static void load_bert(loader *l, kokoro *k)
{
    loader_name node = loader_format("/encoder/bert/encoder/" ALBERT_LAYER, '/'), name = loader_format("encoder.bert.encoder." ALBERT_LAYER, '.');
    const char *table = "encoder.bert.embeddings.word_embeddings.weight";
    k->bert.words = kokoro_load_table(l, table, -1, -1, &k->symbols, &k->bert.embedding);
    k->bert.places = kokoro_load_table(l, "encoder.bert.embeddings.position_embeddings.weight", KOKORO_LONGEST, k->bert.embedding, NULL, NULL);
    k->bert.kind = kokoro_load_table(l, "encoder.bert.embeddings.token_type_embeddings.weight", -1, k->bert.embedding, NULL, NULL);
    load_norm(l, &k->bert.norm, "encoder.bert.embeddings.LayerNorm", "weight", "bias", k->bert.embedding);
    kokoro_load_linear(l, &k->bert.in, "/encoder/bert/encoder/embedding_hidden_mapping_in/MatMul", "encoder.bert.encoder.embedding_hidden_mapping_in", -1, k->bert.embedding);
    if (!status_ok(l->st)) return;
    int64_t width = k->bert.in.quantised ? k->bert.in.u8.out : k->bert.in.f32.out;
    if (width % KOKORO_HEAD || width > 4096) {
        kokoro_fail(l, "embedding_hidden_mapping_in", "a width that is no multiple of 64");
        return;
    }
    static const char *const parts[] = {"query", "key", "value", "dense"};
    kokoro_conv *attention[] = {&k->bert.query, &k->bert.key, &k->bert.value, &k->bert.dense};
    for (int i = 0; i < 4; i++)
        kokoro_load_linear(l, attention[i], loader_format("%s/attention/%s/MatMul", node.text, parts[i]).text, loader_format("%s.attention.%s", name.text, parts[i]).text, width, width);
    load_norm(l, &k->bert.norm_attention, loader_format("%s.attention.LayerNorm", name.text).text, "weight", "bias", width);
    kokoro_load_linear(l, &k->bert.wide, loader_format("%s/ffn/MatMul", node.text).text, loader_format("%s.ffn", name.text).text, -1, width);
    int64_t wide = k->bert.wide.quantised ? k->bert.wide.u8.out : k->bert.wide.f32.out;
    kokoro_load_linear(l, &k->bert.narrow, loader_format("%s/ffn_output/MatMul", node.text).text, loader_format("%s.ffn_output", name.text).text, width, wide);
    load_norm(l, &k->bert.norm_mlp, loader_format("%s.full_layer_layer_norm", name.text).text, "weight", "bias", width);
    kokoro_load_linear(l, &k->bert.out, "/encoder/bert_encoder/MatMul", "encoder.bert_encoder", k->width, width);
}

static void load_text(loader *l, kokoro *k)
{
    if (!status_ok(l->st)) return;
    int64_t symbols = 0;
    k->text.embedding = kokoro_load_table(l, "encoder.text_encoder.embedding.weight", -1, -1, &symbols, &k->width);
    if (status_ok(l->st) && (k->width % 2 || k->width > 4096)) kokoro_fail(l, "encoder.text_encoder.embedding", "rows of an odd or too large width");
    for (int i = 0; status_ok(l->st) && i < KOKORO_CNNS && weights_find(l->file, loader_format("encoder.text_encoder.cnn.%d.1.gamma", i).text); i++, k->text.cnns = i) {
        kokoro_load_conv(l, &k->text.cnn[i], loader_format("/encoder/text_encoder/cnn.%d/cnn.%d.0/Conv", i, i).text,
                         loader_format("encoder.text_encoder.cnn.%d.0", i).text, k->width, k->width);
        load_norm(l, &k->text.norm[i], loader_format("encoder.text_encoder.cnn.%d.1", i).text, "gamma", "beta", k->width);
    }
    kokoro_load_lstm(l, &k->text.lstm, "/encoder/text_encoder/lstm/LSTM", k->width, k->width / 2);
    load_bert(l, k);
    if (status_ok(l->st) && symbols != k->symbols) kokoro_fail(l, "encoder.text_encoder.embedding", "another number of symbols than PL-BERT has");
}

/* A depthwise, transposed convolution of 3 taps and stride 2: [C, 1, 3]. */
static void load_pool(loader *l, kokoro_residual *r, const char *node, const char *name, int64_t width)
{
    const onnx_node *n = onnx_find(l->graph, loader_format("%s/pool/ConvTranspose", node).text);
    if (!n) return;
    const tensor *t = onnx_node_tensor(l->graph, n, 1);
    if (!t || !tensor_shape_is(t, SHAPE(width, 1, 3))) {
        kokoro_fail(l, node, "a pool of other than three taps for each channel");
        return;
    }
    float *copy = arena_alloc(l->mem, (size_t)width * 3 * sizeof(float), l->st);
    size_t mark = arena_mark(l->mem);
    const float *values = weights_f32(l->mem, t, l->st);
    for (int64_t i = 0; copy && values && i < 3 * width; i++) copy[i] = values[i];
    arena_reset(l->mem, mark);
    r->pool = copy;
    r->pool_bias = loader_take(l, loader_format("%s.pool.bias", name).text, SHAPE(width));
}

static void load_residual(loader *l, kokoro_residual *r, const char *node, const char *name, int64_t out, int64_t in, int64_t style)
{
    if (!status_ok(l->st)) return;
    load_adain(l, &r->norm1, loader_format("%s/norm1", node).text, loader_format("%s.norm1", name).text, in, style);
    load_adain(l, &r->norm2, loader_format("%s/norm2", node).text, loader_format("%s.norm2", name).text, out, style);
    kokoro_load_conv(l, &r->conv1, loader_format("%s/conv1/Conv", node).text, loader_format("%s.conv1", name).text, out, in);
    kokoro_load_conv(l, &r->conv2, loader_format("%s/conv2/Conv", node).text, loader_format("%s.conv2", name).text, out, out);
    r->has_shortcut = out != in;
    if (r->has_shortcut) kokoro_load_conv(l, &r->shortcut, loader_format("%s/conv1x1/Conv", node).text, NULL, out, in);
    if (status_ok(l->st)) load_pool(l, r, node, name, in);
}

/* As many outputs as the fc of NAME has, halved: the channels of a block's second norm. */
static int64_t block_width(loader *l, const char *name)
{
    const tensor *bias = status_ok(l->st) ? weights_need(l->file, l->st, loader_format("%s.norm2.fc.bias", name).text, SHAPE(-1)) : NULL;
    return bias ? bias->dim[0] / 2 : 0;
}

static void load_prosody(loader *l, kokoro *k)
{
    int64_t both = k->width + k->style;
    for (int i = 0; status_ok(l->st) && i < KOKORO_LSTMS && weights_find(l->file, loader_format("encoder.predictor.text_encoder.lstms.%d.fc.bias", 2 * i + 1).text); i++, k->prosody.lstms = i) {
        kokoro_load_lstm(l, &k->prosody.lstm[i], loader_format("/encoder/predictor/text_encoder/lstms.%d/LSTM", 2 * i).text, both, k->width / 2);
        load_adain(l, &k->prosody.norm[i], loader_format("/encoder/predictor/text_encoder/lstms.%d", 2 * i + 1).text,
                   loader_format("encoder.predictor.text_encoder.lstms.%d", 2 * i + 1).text, k->width, k->style);
    }
    kokoro_load_lstm(l, &k->prosody.last, "/encoder/predictor/lstm/LSTM", both, k->width / 2);
    kokoro_load_linear(l, &k->prosody.duration, "/encoder/predictor/duration_proj/linear_layer/MatMul", "encoder.predictor.duration_proj.linear_layer", -1, k->width);
    kokoro_load_lstm(l, &k->prosody.shared, "/encoder/shared/LSTM", both, k->width / 2);
    static const char *const kinds[] = {"F0", "N"};
    kokoro_residual *blocks[] = {k->prosody.pitch, k->prosody.energy};
    kokoro_conv *last[] = {&k->prosody.pitch_out, &k->prosody.energy_out};
    for (int c = 0; c < 2; c++) {
        int64_t in = k->width;
        for (int i = 0; i < KOKORO_PROSODY && status_ok(l->st); i++) {
            loader_name name = loader_format("encoder.predictor.%s.%d", kinds[c], i);
            int64_t out = block_width(l, name.text);
            load_residual(l, &blocks[c][i], loader_format("/encoder/%s.%d", kinds[c], i).text, name.text, out, in, k->style);
            if (status_ok(l->st) && !blocks[c][i].pool != (i != 1)) kokoro_fail(l, name.text, "the second of three blocks, and no other, is to double the steps");
            in = out;
        }
        kokoro_load_conv(l, last[c], loader_format("/encoder/%s_proj/Conv", kinds[c]).text, loader_format("encoder.predictor.%s_proj", kinds[c]).text, 1, in);
    }
}

static void load_decoder(loader *l, kokoro *k)
{
    kokoro_load_conv(l, &k->decoder.pitch, "/decoder/decoder/F0_conv/Conv", "decoder.decoder.F0_conv", 1, 1);
    kokoro_load_conv(l, &k->decoder.energy, "/decoder/decoder/N_conv/Conv", "decoder.decoder.N_conv", 1, 1);
    kokoro_load_conv(l, &k->decoder.text, "/decoder/decoder/asr_res/asr_res.0/Conv", "decoder.decoder.asr_res.0", -1, k->width);
    if (!status_ok(l->st)) return;
    int64_t rest = k->decoder.text.quantised ? k->decoder.text.u8.out : k->decoder.text.f32.out;
    int64_t width = block_width(l, "decoder.decoder.encode");
    load_residual(l, &k->decoder.encode, "/decoder/decoder/encode", "decoder.decoder.encode", width, k->width + 2, k->style);
    while (status_ok(l->st) && k->decoder.decodes < KOKORO_DECODES) {
        int i = k->decoder.decodes;
        loader_name name = loader_format("decoder.decoder.decode.%d", i);
        if (!weights_find(l->file, loader_format("%s.norm2.fc.bias", name.text).text)) break;
        int64_t out = block_width(l, name.text);
        load_residual(l, &k->decoder.decode[i], loader_format("/decoder/decoder/decode.%d", i).text, name.text, out, width + rest + 2, k->style);
        k->decoder.decodes++;
        width = out;
        if (k->decoder.decode[i].pool) break;
    }
    bool ends = k->decoder.decodes > 0 && k->decoder.decode[k->decoder.decodes - 1].pool && width == k->width && !k->decoder.encode.pool;
    if (status_ok(l->st) && !ends) kokoro_fail(l, "decoder.decoder.decode", "the last block, and no other, is to double the steps");
}

static const float *inverses(loader *l, const float *alpha, int64_t n)
{
    float *to = alpha ? arena_alloc(l->mem, (size_t)n * sizeof(float), l->st) : NULL;
    for (int64_t i = 0; to && i < n; i++) to[i] = 1.0f / alpha[i];
    return to;
}

static void load_snake(loader *l, kokoro_snake *b, const char *block, int64_t width, int64_t style)
{
    loader_name node = loader_format("/decoder/decoder/generator/%s", block), name = loader_format("decoder.decoder.generator.%s", block);
    for (int i = 0; i < KOKORO_DEPTH && status_ok(l->st); i++) {
        struct {
            kokoro_conv *conv;
            kokoro_adain *norm;
            const float **alpha, **inverse;
        } half[] = {{&b->a[i], &b->norm_a[i], &b->alpha_a[i], &b->inverse_a[i]}, {&b->b[i], &b->norm_b[i], &b->alpha_b[i], &b->inverse_b[i]}};
        for (int h = 0; h < 2; h++) {
            kokoro_load_conv(l, half[h].conv, loader_format("%s/convs%d.%d/Conv", node.text, h + 1, i).text, loader_format("%s.convs%d.%d", name.text, h + 1, i).text, width, width);
            load_adain(l, half[h].norm, loader_format("%s/adain%d.%d", node.text, h + 1, i).text, loader_format("%s.adain%d.%d", name.text, h + 1, i).text, width, style);
            *half[h].alpha = loader_take(l, loader_format("%s.alpha%d.%d", name.text, h + 1, i).text, SHAPE(1, width, 1));
            *half[h].inverse = inverses(l, *half[h].alpha, width);
        }
    }
}

/* A transposed convolution in floats: [in, out, taps]. */
static void load_up(loader *l, conv1d *w, const char *node, const char *name, int64_t in)
{
    const onnx_node *n = onnx_find(l->graph, node);
    const tensor *t = n ? onnx_node_tensor(l->graph, n, 1) : NULL;
    int64_t pads[2] = {0}, group = 1;
    int count;
    conv1d_options o = {.transposed = true, .exact = l->exact};
    if (!status_ok(l->st)) return;
    if (!t || t->rank != 3 || t->dim[0] != in) {
        kokoro_fail(l, node, "no transposed convolution of as many channels as come in");
        return;
    }
    onnx_get_ints(n, "strides", &o.stride, 1, &count);
    onnx_get_ints(n, "pads", pads, 2, &count);
    onnx_get_i64(n, "group", &group);
    o.pad = pads[0];
    size_t mark = arena_mark(l->mem);
    const float *values = weights_f32(l->mem, t, l->st);
    const float *bias = name ? loader_take(l, loader_format("%s.bias", name).text, SHAPE(t->dim[1])) : NULL;
    if (pads[0] != pads[1] || group != 1) kokoro_fail(l, node, "a convolution of different paddings, or of groups");
    if (status_ok(l->st)) conv1d_init(w, node, values, t->dim[1], t->dim[0], t->dim[2], bias, o, l->st);
    arena_reset(l->mem, mark);
}

/* The inverse transform: [22, 1, 20], as a linear layer of 22 to 20. */
static void load_inverse(loader *l, kokoro *k)
{
    const char *basis = "decoder.decoder.generator.stft.istft.stft.inverse_basis", *sum = "decoder.decoder.generator.stft.istft.stft.window_sum";
    size_t mark = arena_mark(l->mem);
    const float *from = loader_take(l, basis, SHAPE(2 * KOKORO_BINS, 1, KOKORO_N_FFT));
    float turned[KOKORO_N_FFT * 2 * KOKORO_BINS];
    for (int i = 0; from && i < 2 * KOKORO_BINS; i++)
        for (int n = 0; n < KOKORO_N_FFT; n++) turned[n * 2 * KOKORO_BINS + i] = from[i * KOKORO_N_FFT + n];
    if (from) conv1d_init(&k->generator.inverse, basis, turned, KOKORO_N_FFT, 2 * KOKORO_BINS, 1, NULL, (conv1d_options){.exact = true}, l->st);
    arena_reset(l->mem, mark);
    const tensor *t = status_ok(l->st) ? weights_need(l->file, l->st, sum, SHAPE(-1)) : NULL;
    if (!t) return;
    k->generator.window_sums = t->dim[0];
    k->generator.window_sum = loader_take(l, sum, SHAPE(-1));
}

static void load_generator(loader *l, kokoro *k)
{
    if (!status_ok(l->st)) return;
    const onnx_node *n = onnx_find(l->graph, "/decoder/decoder/generator/m_source/l_linear/MatMul");
    const tensor *mix = n ? onnx_node_tensor(l->graph, n, 1) : NULL;
    const float *bias = loader_take(l, "decoder.decoder.generator.m_source.l_linear.bias", SHAPE(1));
    const float *weight = mix && tensor_count(mix) == KOKORO_HARMONICS ? weights_f32(l->mem, mix, l->st) : NULL;
    if (status_ok(l->st) && !weight) kokoro_fail(l, "m_source.l_linear", "a source of nine harmonics wanted");
    if (!status_ok(l->st)) return;
    for (int i = 0; i < KOKORO_HARMONICS; i++) k->generator.harmonic[i] = weight[i];
    k->generator.bias = bias[0];
    int64_t width = k->width;
    for (int i = 0; i < KOKORO_SCALES && status_ok(l->st); i++) {
        load_up(l, &k->generator.up[i], loader_format("/decoder/decoder/generator/ups.%d/ConvTranspose", i).text, loader_format("decoder.decoder.generator.ups.%d", i).text, width);
        if (!status_ok(l->st)) return;
        width = k->generator.up[i].out;
        kokoro_load_conv(l, &k->generator.source[i], loader_format("/decoder/decoder/generator/noise_convs.%d/Conv", i).text,
                         loader_format("decoder.decoder.generator.noise_convs.%d", i).text, width, 2 * KOKORO_BINS);
        load_snake(l, &k->generator.source_block[i], loader_format("noise_res.%d", i).text, width, k->style);
        for (int j = 0; j < KOKORO_KINDS; j++) load_snake(l, &k->generator.block[i][j], loader_format("resblocks.%d", i * KOKORO_KINDS + j).text, width, k->style);
    }
    if (status_ok(l->st) && k->generator.up[0].o.stride * k->generator.up[1].o.stride * KOKORO_HOP * 2 != KOKORO_FRAME)
        kokoro_fail(l, "decoder.decoder.generator.ups", "a frame is to be 600 samples");
    kokoro_load_conv(l, &k->generator.post, "/decoder/decoder/generator/conv_post/Conv", "decoder.decoder.generator.conv_post", 2 * KOKORO_BINS, width);
    load_inverse(l, k);
}

/* The numbers of half a style: the inputs of an fc, whatever way its matrix is turned. 0: this is no such file. */
static int64_t style_width(const loader *l)
{
    static const char *const NAMES[] = {"_MatMul_quant", "_quant", ""};
    const tensor *bias = weights_find(l->file, "decoder.decoder.encode.norm1.fc.bias"), *weight = NULL;
    for (size_t i = 0; bias && !weight && i < sizeof NAMES / sizeof NAMES[0]; i++) {
        const onnx_node *n = onnx_find(l->graph, loader_format("/decoder/decoder/encode/norm1/fc/Gemm%s", NAMES[i]).text);
        weight = n ? onnx_node_tensor(l->graph, n, 1) : NULL;
    }
    return weight && tensor_count(bias) > 0 ? tensor_count(weight) / tensor_count(bias) : 0;
}

kokoro *kokoro_read(const weights *file, bool exact, status *st)
{
    const char *path = weights_path(file);
    kokoro *k = alloc_zeroed(1, sizeof *k, st);
    if (k) k->mem = arena_new(st);
    loader l = {.file = file, .graph = weights_onnx(file), .mem = k ? k->mem : NULL, .st = st, .exact = exact, .later = k ? &k->later : NULL};
    if (k && k->mem && !l.graph) status_set(st, STATUS_INPUT, "%s: no ONNX model, as Kokoro's are", path);
    if (status_ok(st)) {
        k->style = style_width(&l);
        if (!k->style) status_set(st, STATUS_INPUT, "%s: no Kokoro model: it lacks the layer 'decoder.decoder.encode.norm1.fc'", path);
        if (k->style > WIDEST_STYLE) kokoro_fail(&l, "decoder.decoder.encode.norm1.fc", "a style of too many numbers");
        load_text(&l, k);
        load_prosody(&l, k);
        load_decoder(&l, k);
        load_generator(&l, k);
    }
    if (status_ok(st)) return k;
    kokoro_free(k);
    return NULL;
}

static void pack_panels(void *arg, int64_t i)
{
    const loader_later *later = arg;
    for (int64_t panel = 0; panel < conv1d_u8_panels(later->layer[i]); panel++) conv1d_u8_pack(later->layer[i], panel);
}

void kokoro_pack(kokoro *k, pool *threads)
{
    pool_run(threads, pack_panels, &k->later, k->later.count);
    k->later.count = 0;
}

static kokoro *begin(const char *path, bool exact, status *st)
{
    weights *file = weights_open(path, st);
    kokoro *k = file ? kokoro_read(file, exact, st) : NULL;
    if (k) k->file = file;
    else weights_close(file);
    return k;
}

kokoro *kokoro_open_begin(const char *path, status *st) { return begin(path, false, st); }

void kokoro_open_end(kokoro *k, pool *threads)
{
    kokoro_pack(k, threads);
    weights_close(k->file);
    k->file = NULL;
}

static kokoro *open_model(const char *path, bool exact, status *st)
{
    kokoro *k = begin(path, exact, st);
    if (k) kokoro_open_end(k, NULL);
    return k;
}

kokoro *kokoro_open(const char *path, status *st) { return open_model(path, false, st); }

kokoro *kokoro_open_exact(const char *path, status *st) { return open_model(path, true, st); }

/* ---- freeing ---- */
static void free_conv(kokoro_conv *w)
{
    conv1d_u8_free(&w->u8);
    conv1d_free(&w->f32);
}

static void free_lstm(kokoro_lstm *w)
{
    free_conv(&w->in);
    for (int d = 0; d < 2; d++) conv1d_u8_free(&w->back[d]);
}

static void free_residual(kokoro_residual *r)
{
    free_conv(&r->norm1.fc);
    free_conv(&r->norm2.fc);
    free_conv(&r->conv1);
    free_conv(&r->conv2);
    free_conv(&r->shortcut);
}

static void free_snake(kokoro_snake *b)
{
    for (int i = 0; i < KOKORO_DEPTH; i++) {
        free_conv(&b->a[i]);
        free_conv(&b->b[i]);
        free_conv(&b->norm_a[i].fc);
        free_conv(&b->norm_b[i].fc);
    }
}

void kokoro_free(kokoro *k)
{
    if (!k) return;
    kokoro_conv *convs[] = {&k->bert.in, &k->bert.query, &k->bert.key, &k->bert.value, &k->bert.dense, &k->bert.wide, &k->bert.narrow, &k->bert.out,
                            &k->prosody.duration, &k->prosody.pitch_out, &k->prosody.energy_out, &k->decoder.pitch, &k->decoder.energy,
                            &k->decoder.text, &k->generator.post};
    for (size_t i = 0; i < sizeof convs / sizeof convs[0]; i++) free_conv(convs[i]);
    for (int i = 0; i < KOKORO_CNNS; i++) free_conv(&k->text.cnn[i]);
    free_lstm(&k->text.lstm);
    for (int i = 0; i < KOKORO_LSTMS; i++) {
        free_lstm(&k->prosody.lstm[i]);
        free_conv(&k->prosody.norm[i].fc);
    }
    free_lstm(&k->prosody.last);
    free_lstm(&k->prosody.shared);
    for (int i = 0; i < KOKORO_PROSODY; i++) {
        free_residual(&k->prosody.pitch[i]);
        free_residual(&k->prosody.energy[i]);
    }
    free_residual(&k->decoder.encode);
    for (int i = 0; i < KOKORO_DECODES; i++) free_residual(&k->decoder.decode[i]);
    for (int i = 0; i < KOKORO_SCALES; i++) {
        free_conv(&k->generator.source[i]);
        free_snake(&k->generator.source_block[i]);
        for (int j = 0; j < KOKORO_KINDS; j++) free_snake(&k->generator.block[i][j]);
        conv1d_free(&k->generator.up[i]);
    }
    conv1d_free(&k->generator.inverse);
    weights_close(k->file);
    arena_free(k->mem);
    alloc_free(k);
}
