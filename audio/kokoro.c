/* kokoro: the decoder, the generator, and the forward pass as a whole. */
#include "audio/kokoro.h"

#include <math.h>
#include <string.h>

#include "audio/kokoro_parts.h"
#include "core/kernel/kernel.h"
#include "core/kernel/kernel_wave.h"
#include "core/op_rows.h"

int64_t kokoro_symbols(const kokoro *k) { return k->symbols; }
int64_t kokoro_style_width(const kokoro *k) { return 2 * k->style; }

/* ---- residual blocks ---- */

/* Steps doubled: y[2i] = w₁ x[i], y[2i + 1] = w₂ x[i] + w₀ x[i + 1], and the bias; x goes through `before` first. */
static tensor *pool_steps(op_ctx *c, const tensor *x, const kokoro_residual *r, const conv1d_before *before)
{
    size_t mark = arena_mark(c->mem);
    tensor *h = op_conv1d_before(c, x, before);
    if (!h) return NULL;
    int64_t steps = x->dim[0], width = x->dim[1];
    tensor *y = op_new(c, SHAPE(2 * steps, width));
    for (int64_t t = 0; y && t < steps; t++) {
        const float *now = tensor_f32(h) + t * width, *next = t + 1 < steps ? now + width : NULL;
        float *even = tensor_f32(y) + 2 * t * width, *odd = even + width;
        for (int64_t i = 0; i < width; i++) {
            even[i] = r->pool[3 * i + 1] * now[i] + r->pool_bias[i];
            odd[i] = r->pool[3 * i + 2] * now[i] + (next ? r->pool[3 * i] * next[i] : 0) + r->pool_bias[i];
        }
    }
    return op_keep(c, mark, y);
}

static tensor *double_steps(op_ctx *c, const tensor *x)
{
    int64_t width = x->dim[1];
    tensor *y = op_new(c, SHAPE(2 * x->dim[0], width));
    for (int64_t t = 0; y && t < 2 * x->dim[0]; t++) memcpy(tensor_f32(y) + t * width, tensor_f32(x) + t / 2 * width, (size_t)width * sizeof(float));
    return y;
}

tensor *kokoro_run_residual(op_ctx *c, const tensor *x, const kokoro_residual *r, const tensor *style)
{
    size_t mark = arena_mark(c->mem);
    conv1d_before first = {.slope = 0.2f}, second = first;
    if (!x || !kokoro_instance_norm(c, x, &r->norm1, style, &first)) return NULL;
    tensor *h = r->pool ? kokoro_apply(c, pool_steps(c, x, r, &first), &r->conv1, NULL, NULL, NULL) : kokoro_apply(c, x, &r->conv1, &first, NULL, NULL);
    if (!h || !kokoro_instance_norm(c, h, &r->norm2, style, &second)) return NULL;
    const tensor *around = r->pool ? double_steps(c, x) : x;
    if (r->has_shortcut) around = kokoro_apply(c, around, &r->shortcut, NULL, NULL, NULL);
    h = kokoro_apply(c, h, &r->conv2, &second, around, NULL);
    if (h) kernel_get()->scale(h->data, h->data, (float)M_SQRT1_2, tensor_count(h));
    return op_keep(c, mark, h);
}

/* ---- the decoder ---- */

/* Tensors of equally many rows side by side. */
static tensor *beside(op_ctx *c, const tensor *const *part, int parts)
{
    int64_t width = 0, at = 0;
    for (int i = 0; i < parts; i++) {
        if (!part[i]) return NULL;
        width += part[i]->dim[1];
    }
    tensor *y = op_new(c, SHAPE(part[0]->dim[0], width));
    for (int i = 0; y && i < parts; at += part[i++]->dim[1])
        for (int64_t t = 0; t < y->dim[0]; t++)
            memcpy(tensor_f32(y) + t * width + at, tensor_f32(part[i]) + t * part[i]->dim[1], (size_t)part[i]->dim[1] * sizeof(float));
    return y;
}

tensor *kokoro_decode(op_ctx *c, const kokoro *k, const tensor *text, const tensor *pitch, const tensor *energy, const tensor *style)
{
    tensor *f0 = kokoro_apply(c, pitch, &k->decoder.pitch, NULL, NULL, NULL), *n = kokoro_apply(c, energy, &k->decoder.energy, NULL, NULL, NULL); /* [F, 1] */
    tensor *rest = kokoro_apply(c, text, &k->decoder.text, NULL, NULL, NULL); /* [F, 64] */
    size_t mark = arena_mark(c->mem);
    tensor *x = kokoro_run_residual(c, beside(c, (const tensor *[]){text, f0, n}, 3), &k->decoder.encode, style);
    for (int i = 0; i < k->decoder.decodes; i++)
        x = op_keep(c, mark, kokoro_run_residual(c, beside(c, (const tensor *[]){x, rest, f0, n}, 4), &k->decoder.decode[i], style));
    return x; /* [2F, width] */
}

/* ---- the generator ---- */

/* h = x, then h += b(snake(norm(a(snake(norm(h)))))) three times, into `to` (of x's size); aside: of x's size. */
static bool run_snake(op_ctx *c, const tensor *x, const kokoro_snake *w, const tensor *style, tensor *to, tensor *aside)
{
    for (int i = 0; i < KOKORO_DEPTH; i++) {
        size_t mark = arena_mark(c->mem);
        conv1d_before first = {.alpha = w->alpha_a[i], .inverse = w->inverse_a[i]}, second = {.alpha = w->alpha_b[i], .inverse = w->inverse_b[i]};
        const tensor *from = i ? to : x;
        if (!kokoro_instance_norm(c, from, &w->norm_a[i], style, &first) || !kokoro_apply(c, from, &w->a[i], &first, NULL, aside) ||
            !kokoro_instance_norm(c, aside, &w->norm_b[i], style, &second) || !kokoro_apply(c, aside, &w->b[i], &second, from, to))
            return false;
        arena_reset(c->mem, mark);
    }
    return true;
}

static void add(tensor *to, const tensor *x) { kernel_get()->add(to->data, to->data, x->data, tensor_count(to)); }

/* x enlarged: [T, C] -> [T · rate, C'], in the last scale mirrored by one step more at its beginning. */
static tensor *enlarge(op_ctx *c, const kokoro *k, int scale, const tensor *x)
{
    const conv1d *w = &k->generator.up[scale];
    const conv1d_extra before = {.leaky = true, .slope = 0.1f, .scale = scale ? 1.0f / KOKORO_KINDS : 1};
    if (op_failed(c) || !x) return NULL;
    bool last = scale == KOKORO_SCALES - 1;
    int64_t steps = conv1d_steps(w, x->dim[0]);
    tensor *y = last && steps > 1 ? op_new(c, SHAPE(steps + 1, w->out)) : NULL;
    size_t mark = arena_mark(c->mem);
    tensor *up = op_conv1d(c, x, w, &before);
    if (!y || !up) return last ? NULL : up;
    memcpy(tensor_f32(y) + w->out, up->data, tensor_bytes(up));
    memcpy(y->data, tensor_f32(up) + w->out, (size_t)w->out * sizeof(float));
    arena_reset(c->mem, mark);
    return y;
}

/* One scale: x [T, C] -> [T · rate (+ 1 in the last), C'], the sum of three blocks; the division by their number is left to
 * what follows. */
static tensor *run_scale(op_ctx *c, const kokoro *k, int scale, const tensor *x, const tensor *source, const tensor *style)
{
    size_t mark = arena_mark(c->mem);
    tensor *up = enlarge(c, k, scale, x);
    tensor *from = kokoro_apply(c, source, &k->generator.source[scale], NULL, NULL, NULL); /* [T', C'] */
    if (!up || !from) {
        if (!op_failed(c)) status_set(c->st, STATUS_INPUT, "the model's sound is too short for its layers");
        return NULL;
    }
    if (!tensor_shape_is(from, 2, up->dim)) {
        status_set(c->st, STATUS_INPUT, "the model's source has %lld steps where %lld are wanted", (long long)from->dim[0], (long long)up->dim[0]);
        return NULL;
    }
    tensor *h = op_new(c, 2, up->dim), *aside = op_new(c, 2, up->dim), *sum = from;
    if (op_failed(c) || !run_snake(c, from, &k->generator.source_block[scale], style, h, aside)) return NULL;
    add(up, h);
    for (int i = 0; i < KOKORO_KINDS; i++) { /* what came from the source is in `up` now: its place is the sum's */
        if (!run_snake(c, up, &k->generator.block[scale][i], style, i ? h : sum, aside)) return NULL;
        if (i) add(sum, h);
    }
    return op_keep(c, mark, sum);
}

/* x: [F + 1, 22] -> the real and imaginary parts of the spectrum, in place. */
static void make_spectrum(void *arg, int64_t from, int64_t n)
{
    float *x = arg;
    for (int64_t f = from; f < from + n; f++) {
        float *row = x + f * 2 * KOKORO_BINS, phase[KOKORO_BINS], re[KOKORO_BINS], im[KOKORO_BINS];
        const float loudest = 20; /* a bound against broken weights */
        kernel_wave_get()->sine(phase, row + KOKORO_BINS, KOKORO_BINS);
        kernel_wave_get()->polar(re, im, row, phase, loudest, KOKORO_BINS);
        memcpy(row, re, sizeof re);
        memcpy(row + KOKORO_BINS, im, sizeof im);
    }
}

/* Overlapping frames [F + 1, 20] added up, without the half frames at both ends: [F · 5]. */
static tensor *overlap(op_ctx *c, const kokoro *k, const tensor *frames)
{
    if (!frames) return NULL;
    const int64_t edge = KOKORO_N_FFT / 2, samples = (frames->dim[0] - 1) * KOKORO_HOP;
    const float factor = (float)KOKORO_N_FFT / KOKORO_HOP;
    tensor *y = op_new(c, SHAPE(samples));
    for (int64_t s = 0; y && s < samples; s++) {
        int64_t at = s + edge, newest = at / KOKORO_HOP;
        float sum = 0;
        for (int64_t f = newest - KOKORO_N_FFT / KOKORO_HOP + 1; f <= newest; f++)
            if (f >= 0 && f < frames->dim[0]) sum += tensor_f32(frames)[f * KOKORO_N_FFT + at - f * KOKORO_HOP];
        if (at < k->generator.window_sums && k->generator.window_sum[at] > 0) sum /= k->generator.window_sum[at];
        tensor_f32(y)[s] = sum * factor;
    }
    return y;
}

tensor *kokoro_generate(op_ctx *c, const kokoro *k, const tensor *decoded, const tensor *source, const tensor *style)
{
    tensor *x = run_scale(c, k, 0, decoded, source, style);
    x = run_scale(c, k, 1, x, source, style); /* [120F + 1, C] */
    if (x) kernel_get()->scale(x->data, x->data, 1.0f / KOKORO_KINDS, tensor_count(x));
    x = kokoro_apply(c, x, &k->generator.post, &(conv1d_before){.slope = 0.01f}, NULL, NULL); /* [120F + 1, 22] */
    if (!x) return NULL;
    op_rows(c, make_spectrum, x->data, x->dim[0], 2 * KOKORO_BINS);
    return overlap(c, k, op_conv1d(c, x, &k->generator.inverse, NULL));
}

/* ---- all of it ---- */
static bool check(op_ctx *c, const kokoro *k, const int64_t *ids, int64_t count, float speed)
{
    if (count < 1 || count > KOKORO_LONGEST || !(speed > 0)) return status_set(c->st, STATUS_FAIL, "kokoro: %lld phonemes at speed %g", (long long)count, (double)speed);
    for (int64_t i = 0; i < count; i++)
        if (ids[i] < 0 || ids[i] >= k->symbols) return status_set(c->st, STATUS_INPUT, "phoneme %lld: the voice knows %lld symbols", (long long)ids[i], (long long)k->symbols);
    return true;
}

tensor *kokoro_speak(op_ctx *c, const kokoro *k, const int64_t *ids, int64_t count, const float *style, float speed, int64_t **durations)
{
    if (op_failed(c) || !check(c, k, ids, count, speed)) return NULL;
    tensor sound = {.type = DTYPE_F32, .rank = 2, .dim = {1, k->style}, .data = (float *)(uintptr_t)style};
    tensor manner = {.type = DTYPE_F32, .rank = 2, .dim = {1, k->style}, .data = (float *)(uintptr_t)style + k->style};
    *durations = arena_alloc(c->mem, (size_t)count * sizeof **durations, c->st);
    if (!*durations) return NULL;
    size_t mark = arena_mark(c->mem);
    tensor *prosody = kokoro_read_prosody(c, k, ids, count, &manner); /* [T, width + style] */
    int64_t frames = kokoro_durations(c, k, prosody, speed, *durations);
    tensor *pitch, *energy, *text = frames ? kokoro_stretch(c, kokoro_read_text(c, k, ids, count), *durations, frames) : NULL; /* [F, width] */
    if (!text || !kokoro_curves(c, k, kokoro_stretch(c, prosody, *durations, frames), &manner, &pitch, &energy)) return NULL;
    tensor *source = kokoro_source(c, k, pitch);
    tensor *decoded = kokoro_decode(c, k, text, pitch, energy, &sound);
    return op_keep(c, mark, kokoro_generate(c, k, decoded, source, &sound)); /* [600F] */
}
