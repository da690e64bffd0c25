/* kokoro_text: from phoneme ids to durations, pitch and energy, and to what the decoder reads. */
#include <math.h>
#include <string.h>

#include "audio/attention.h"
#include "audio/kokoro_parts.h"

enum { LONGEST_FRAMES = 1 << 13 }; /* of one text: 3 minutes, a bound against broken weights */
static const float NORM_EPS = 1e-5f, ALBERT_EPS = 1e-12f;

/* ids -> rows of a table, [T, C] */
static tensor *embed(op_ctx *c, const float *table, int64_t width, const int64_t *ids, int64_t count)
{
    tensor *x = op_new(c, SHAPE(count, width));
    for (int64_t t = 0; x && t < count; t++) memcpy(tensor_f32(x) + t * width, table + ids[t] * width, (size_t)width * sizeof(float));
    return x;
}

static tensor *apply(op_ctx *c, const tensor *x, const kokoro_conv *w) { return kokoro_apply(c, x, w, NULL, NULL, NULL); }

/* ALBERT: one transformer layer, its norms behind, applied 12 times. -> [T, width] */
static tensor *run_bert(op_ctx *c, const kokoro *k, const int64_t *ids, int64_t count)
{
    tensor *x = embed(c, k->bert.words, k->bert.embedding, ids, count); /* [T, E] */
    for (int64_t t = 0; x && t < count; t++)
        for (int64_t i = 0; i < k->bert.embedding; i++)
            tensor_f32(x)[t * k->bert.embedding + i] = tensor_f32(x)[t * k->bert.embedding + i] + k->bert.kind[i] + k->bert.places[t * k->bert.embedding + i];
    x = apply(c, op_layer_norm(c, x, k->bert.norm.weight, k->bert.norm.bias, ALBERT_EPS), &k->bert.in); /* [T, H] */
    for (int i = 0; i < KOKORO_LAYERS && x; i++) {
        size_t mark = arena_mark(c->mem);
        tensor *h = attention_forward(c, apply(c, x, &k->bert.query), apply(c, x, &k->bert.key), apply(c, x, &k->bert.value), x->dim[1] / KOKORO_HEAD, NULL, true);
        h = kokoro_apply(c, h, &k->bert.dense, NULL, x, NULL);
        h = op_layer_norm(c, h, k->bert.norm_attention.weight, k->bert.norm_attention.bias, ALBERT_EPS);
        tensor *wide = op_gelu_tanh(c, apply(c, h, &k->bert.wide));
        h = kokoro_apply(c, wide, &k->bert.narrow, NULL, h, NULL);
        x = op_keep(c, mark, op_layer_norm(c, h, k->bert.norm_mlp.weight, k->bert.norm_mlp.bias, ALBERT_EPS));
    }
    return apply(c, x, &k->bert.out);
}

/* The style behind each row: [T, C] -> [T, C + S] */
static tensor *with_style(op_ctx *c, const tensor *x, const tensor *style)
{
    if (op_failed(c) || !x) return NULL;
    int64_t width = x->dim[1], more = style->dim[1];
    tensor *y = op_new(c, SHAPE(x->dim[0], width + more));
    for (int64_t t = 0; y && t < x->dim[0]; t++) {
        float *to = tensor_f32(y) + t * (width + more);
        memcpy(to, tensor_f32(x) + t * width, (size_t)width * sizeof(float));
        memcpy(to + width, style->data, (size_t)more * sizeof(float));
    }
    return y;
}

/* AdaLayerNorm: over each row. */
static tensor *style_norm(op_ctx *c, const tensor *x, const kokoro_adain *w, const tensor *style)
{
    const float *gamma = kokoro_style(c, w, style);
    return gamma ? op_layer_norm(c, x, gamma, gamma + w->width, NORM_EPS) : NULL;
}

tensor *kokoro_read_prosody(op_ctx *c, const kokoro *k, const int64_t *ids, int64_t count, const tensor *style)
{
    size_t mark = arena_mark(c->mem);
    tensor *x = with_style(c, run_bert(c, k, ids, count), style);
    for (int i = 0; i < k->prosody.lstms && x; i++) {
        x = style_norm(c, kokoro_run_lstm(c, x, &k->prosody.lstm[i]), &k->prosody.norm[i], style);
        x = op_keep(c, mark, with_style(c, x, style));
    }
    return x;
}

tensor *kokoro_read_text(op_ctx *c, const kokoro *k, const int64_t *ids, int64_t count)
{
    size_t mark = arena_mark(c->mem);
    tensor *x = embed(c, k->text.embedding, k->width, ids, count);
    for (int i = 0; i < k->text.cnns; i++) {
        x = op_layer_norm(c, apply(c, x, &k->text.cnn[i]), k->text.norm[i].weight, k->text.norm[i].bias, NORM_EPS);
        x = op_leaky_relu(c, x, 0.2f);
    }
    return op_keep(c, mark, kokoro_run_lstm(c, x, &k->text.lstm));
}

int64_t kokoro_durations(op_ctx *c, const kokoro *k, const tensor *prosody, float speed, int64_t *durations)
{
    size_t mark = arena_mark(c->mem);
    tensor *bins = apply(c, kokoro_run_lstm(c, prosody, &k->prosody.last), &k->prosody.duration); /* [T, 50] */
    if (!bins) return 0;
    int64_t total = 0, most = bins->dim[1];
    for (int64_t t = 0; t < bins->dim[0]; t++) {
        float sum = 0;
        for (int64_t i = 0; i < most; i++) sum += 1 / (1 + expf(-tensor_f32(bins)[t * most + i]));
        float frames = nearbyintf(sum / speed);
        durations[t] = frames > 1 ? (frames < LONGEST_FRAMES ? (int64_t)frames : LONGEST_FRAMES) : 1;
        total += durations[t];
    }
    arena_reset(c->mem, mark);
    if (total <= LONGEST_FRAMES) return total;
    status_set(c->st, STATUS_INPUT, "the voice makes a text of %lld frames, at most %d are possible", (long long)total, LONGEST_FRAMES);
    return 0;
}

tensor *kokoro_stretch(op_ctx *c, const tensor *x, const int64_t *durations, int64_t frames)
{
    if (op_failed(c) || !x) return NULL;
    int64_t width = x->dim[1];
    tensor *y = op_new(c, SHAPE(frames, width));
    float *to = y ? y->data : NULL;
    for (int64_t t = 0; y && t < x->dim[0]; t++)
        for (int64_t i = 0; i < durations[t]; i++, to += width) memcpy(to, tensor_f32(x) + t * width, (size_t)width * sizeof(float));
    return y;
}

static tensor *curve(op_ctx *c, const tensor *x, const kokoro_residual *blocks, const kokoro_conv *last, const tensor *style)
{
    for (int i = 0; i < KOKORO_PROSODY; i++) x = kokoro_run_residual(c, x, &blocks[i], style);
    return apply(c, x, last); /* [2F, 1] */
}

bool kokoro_curves(op_ctx *c, const kokoro *k, const tensor *prosody, const tensor *style, tensor **pitch, tensor **energy)
{
    tensor *both[2] = {prosody ? op_new(c, SHAPE(2 * prosody->dim[0], 1)) : NULL, prosody ? op_new(c, SHAPE(2 * prosody->dim[0], 1)) : NULL};
    size_t mark = arena_mark(c->mem);
    tensor *x = kokoro_run_lstm(c, prosody, &k->prosody.shared); /* [F, width] */
    for (int i = 0; i < 2; i++) {
        tensor *y = curve(c, x, i ? k->prosody.energy : k->prosody.pitch, i ? &k->prosody.energy_out : &k->prosody.pitch_out, style);
        if (!y) return false;
        memcpy(both[i]->data, y->data, tensor_bytes(y));
    }
    arena_reset(c->mem, mark);
    *pitch = both[0];
    *energy = both[1];
    return true;
}
