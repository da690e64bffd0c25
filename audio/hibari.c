/* hibari: the forward pass, from phoneme ids to the decoder's frames. */
#include "audio/hibari.h"

#include <math.h>
#include <string.h>

#include "audio/attention.h"
#include "audio/hibari_parts.h"
#include "core/kernel/kernel.h"

static const float NORM_EPS = 1e-5f;
enum { LONGEST = 1 << 16 }; /* frames of one sentence: 13 minutes, a bound against broken weights */

int64_t hibari_symbols(const hibari *v) { return v->sound.symbols; }

static tensor *norm(op_ctx *c, const tensor *x, const hibari_norm *w) { return op_layer_norm(c, x, w->weight, w->bias, NORM_EPS); }

static tensor *apply(op_ctx *c, const tensor *x, const hibari_linear *w, const float *range)
{
    return w->is_exact ? op_conv1d(c, x, &w->exact, NULL) : op_linear_u8(c, x, &w->quantised, range);
}

/* y += γ · x */
static bool accumulate(tensor *y, const float *gamma, const tensor *x)
{
    if (!x) return false;
    const kernel_table *k = kernel_get();
    for (int64_t t = 0, width = x->dim[1]; t < x->dim[0]; t++) {
        float *row = tensor_f32(x) + t * width, *to = tensor_f32(y) + t * width;
        if (gamma) k->mul(row, row, gamma, width);
        k->add(to, to, row, width);
    }
    return true;
}

/* y += W x */
static bool add_linear(op_ctx *c, tensor *y, const tensor *x, const hibari_linear *w)
{
    return w->is_exact ? accumulate(y, NULL, apply(c, x, w, NULL)) : op_linear_u8_add(c, y, NULL, x, &w->quantised);
}

/* y += γ · W₂ gelu(W₁ x) */
static bool add_mlp(op_ctx *c, tensor *y, const float *gamma, const tensor *x, const hibari_linear *wide, const hibari_linear *narrow)
{
    if (wide->is_exact) return accumulate(y, gamma, apply(c, op_gelu(c, apply(c, x, wide, NULL)), narrow, NULL));
    return op_mlp_u8_add(c, y, gamma, x, &wide->quantised, &narrow->quantised);
}

bool hibari_run_convnext(op_ctx *c, tensor *x, const hibari_convnext *w)
{
    size_t mark = arena_mark(c->mem);
    tensor *h = norm(c, op_conv1d(c, x, &w->depthwise, NULL), &w->norm);
    bool ok = add_mlp(c, x, w->gamma, h, &w->wide, &w->narrow);
    arena_reset(c->mem, mark);
    return ok;
}

bool hibari_run_attention(op_ctx *c, tensor *x, const hibari_attention *w)
{
    size_t mark = arena_mark(c->mem);
    int64_t width = x ? x->dim[1] : 0;
    tensor *qkv = apply(c, norm(c, x, &w->norm_attention), &w->qkv, NULL); /* [T, 3C] */
    tensor *h = attention_forward(c, op_slice_last(c, qkv, 0, width), op_slice_last(c, qkv, width, width),
                                  op_slice_last(c, qkv, 2 * width, width), HIBARI_HEADS, NULL, true);
    bool ok = add_linear(c, x, h, &w->out) && add_mlp(c, x, NULL, norm(c, x, &w->norm_mlp), &w->wide, &w->narrow);
    arena_reset(c->mem, mark);
    return ok;
}

/* ids -> [T, C] */
static tensor *read_text(op_ctx *c, const hibari_text *w, const int64_t *ids, int64_t count)
{
    tensor *x = op_new(c, SHAPE(count, w->width));
    for (int64_t t = 0; x && t < count; t++)
        memcpy(tensor_f32(x) + t * w->width, w->embedding + ids[t] * w->width, (size_t)w->width * sizeof(float));
    for (int i = 0; i < w->convs; i++) hibari_run_convnext(c, x, &w->conv[i]);
    for (int i = 0; i < w->attention.repeats; i++) hibari_run_attention(c, x, &w->attention);
    return norm(c, x, &w->norm);
}

/* round((e^d − 1) / speed), at least 1, for each phoneme; their sum, or 0 on error. */
static int64_t predict_durations(op_ctx *c, const hibari *v, const tensor *text, float speed, int64_t *durations)
{
    tensor *d = op_conv1d(c, op_gelu(c, op_conv1d(c, text, &v->duration_in, NULL)), &v->duration_out, NULL); /* [T, 1] */
    int64_t total = 0;
    for (int64_t t = 0; d && t < d->dim[0]; t++) {
        float pairs = nearbyintf((expf(tensor_f32(d)[t]) - 1.0f) / speed);
        durations[t] = pairs > 1 ? (pairs < LONGEST ? (int64_t)pairs : LONGEST) : 1;
        total += durations[t];
    }
    if (d && 2 * total > LONGEST) {
        status_set(c->st, STATUS_INPUT, "the voice makes a sentence of %lld frames, at most %d are possible", (long long)(2 * total), LONGEST);
        return 0;
    }
    return total;
}

/* Each row of text as often as its duration says, `times` over: [T, C] -> [times · Σ durations, C + room] */
static tensor *stretch(op_ctx *c, const tensor *text, const int64_t *durations, int64_t total, int times, int64_t room)
{
    int64_t width = text ? text->dim[1] : 0;
    tensor *y = op_new(c, SHAPE(total * times, width + room));
    float *to = y ? y->data : NULL;
    for (int64_t t = 0; y && t < text->dim[0]; t++)
        for (int64_t i = 0; i < durations[t] * times; i++, to += width + room)
            memcpy(to, tensor_f32(text) + t * width, (size_t)width * sizeof(float));
    return y;
}

/* Pitch and energy: frames come in pairs, each row of prosody_out holds two pitches, then two energies. */
static tensor *predict_prosody(op_ctx *c, const hibari *v, const tensor *text, const int64_t *durations, int64_t total)
{
    tensor *h = op_conv1d(c, stretch(c, text, durations, total, 1, 0), &v->prosody_in, NULL); /* [F / 2, C] */
    for (int i = 0; i < v->prosody_blocks; i++) hibari_run_convnext(c, h, &v->prosody_block[i]);
    return op_conv1d(c, h, &v->prosody_out, NULL); /* [F / 2, 4] */
}

/* The decoder's input: the text's row, ln(1 + f0) / 5 and the energy of each frame. Fills f0. */
static void add_prosody(tensor *input, const tensor *prosody, float *f0)
{
    int64_t width = input->dim[1];
    for (int64_t f = 0; f < input->dim[0]; f++) {
        const float *p = tensor_f32(prosody) + f / 2 * 4;
        float *row = tensor_f32(input) + f * width + width - 2;
        f0[f] = p[f % 2] * 100.0f;
        row[0] = logf(1.0f + (f0[f] > 0 ? f0[f] : 0)) / 5.0f;
        row[1] = p[2 + f % 2] * 5.0f / 5.0f;
    }
}

static bool check_ids(op_ctx *c, const hibari *v, const int64_t *ids, int64_t count, float speed)
{
    if (count < 1 || count > LONGEST || !(speed > 0)) return status_set(c->st, STATUS_FAIL, "hibari: %lld phonemes at speed %g", (long long)count, (double)speed);
    for (int64_t i = 0; i < count; i++)
        if (ids[i] < 0 || ids[i] >= v->sound.symbols)
            return status_set(c->st, STATUS_INPUT, "phoneme %lld: the voice knows %lld symbols", (long long)ids[i], (long long)v->sound.symbols);
    return true;
}

bool hibari_forward(op_ctx *c, const hibari *v, const int64_t *ids, int64_t count, float speed, hibari_frames *out)
{
    *out = (hibari_frames){0};
    if (op_failed(c) || !check_ids(c, v, ids, count, speed)) return false;
    out->durations = arena_alloc(c->mem, (size_t)count * sizeof(int64_t), c->st);
    if (!out->durations) return false;
    tensor *rhythm = read_text(c, &v->prosody, ids, count); /* [T, 192] */
    int64_t total = predict_durations(c, v, rhythm, speed, out->durations);
    tensor *prosody = predict_prosody(c, v, rhythm, out->durations, total);
    tensor *text = read_text(c, &v->sound, ids, count);                       /* [T, 128] */
    tensor *h = stretch(c, text, out->durations, total, 2, 2);                /* [F, 130] */
    out->count = 2 * total;
    out->f0 = op_new(c, SHAPE(out->count));
    if (op_failed(c)) return false;
    add_prosody(h, prosody, out->f0->data);
    h = op_conv1d(c, h, &v->decoder_in, NULL); /* [F, 256] */
    for (int i = 0; i < v->decoder_blocks; i++) hibari_run_convnext(c, h, &v->decoder_block[i]);
    out->decoded = norm(c, h, &v->decoder_norm);
    return !op_failed(c);
}

tensor *hibari_head(op_ctx *c, const hibari *v, const hibari_frames *frames, int64_t from, int64_t count)
{
    if (op_failed(c)) return NULL;
    if (frames->head) {
        tensor *given = op_new(c, SHAPE(count, HIBARI_PARTS * HIBARI_BINS));
        if (given) memcpy(given->data, tensor_f32(frames->head) + from * given->dim[1], tensor_bytes(given));
        return given;
    }
    float range[2]; /* quantised as one, so that a part of the frames has the numbers of the whole */
    linear_u8_range(frames->decoded, range);
    int64_t width = frames->decoded->dim[1];
    tensor part = {.type = DTYPE_F32, .rank = 2, .dim = {count, width}, .data = tensor_f32(frames->decoded) + from * width};
    return apply(c, &part, &v->head, range);
}
