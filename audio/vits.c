/* vits: the forward pass, from ids to sound. */
#include "audio/vits.h"

#include <math.h>
#include <string.h>

#include "audio/vits_parts.h"
#include "core/kernel/kernel.h"
#include "core/kernel/kernel_wave.h"
#include "core/op_rows.h"
#include "core/rng.h"

static const float NORM_EPS = 1e-5f;
enum { LONGEST = 1 << 16 }; /* frames of one sentence: 12 minutes, a bound against broken weights */

int64_t vits_symbols(const vits *v) { return v->symbols; }
int64_t vits_speakers(const vits *v) { return v->speaker_count; }
int64_t vits_hop(const vits *v) { return hifigan_hop(&v->decoder); }

/* ids -> [T, H]: embedding times √H, then transformer layers with their norms behind. */
static tensor *encode(op_ctx *c, const vits *v, const int64_t *ids, int64_t count)
{
    tensor *x = op_new(c, SHAPE(count, v->width));
    for (int64_t t = 0; x && t < count; t++)
        memcpy(tensor_f32(x) + t * v->width, v->embedding + ids[t] * v->width, (size_t)v->width * sizeof(float));
    x = op_scale(c, x, sqrtf((float)v->width));
    for (int i = 0; i < v->layers; i++) {
        const vits_layer *w = &v->layer[i];
        tensor *h = attention_forward(c, op_conv1d(c, x, &w->q, NULL), op_conv1d(c, x, &w->k, NULL), op_conv1d(c, x, &w->v, NULL), v->heads, &w->relative, false);
        h = op_conv1d(c, h, &w->out, &(conv1d_extra){.add = x});
        x = op_layer_norm(c, h, w->norm_attention.weight, w->norm_attention.bias, NORM_EPS);
        h = op_conv1d(c, x, &w->wide, NULL);                                              /* [T, 4H] */
        h = op_conv1d(c, h, &w->narrow, &(conv1d_extra){.leaky = true, .slope = 0, .add = x}); /* a ReLU before */
        x = op_layer_norm(c, h, w->norm_mlp.weight, w->norm_mlp.bias, NORM_EPS);
    }
    return x;
}

/* n normal numbers times scale. */
static float *draw(op_ctx *c, uint64_t seed, int64_t n, float scale)
{
    enum { BATCH = 256 };
    tensor *x = op_new(c, SHAPE(n + 2 * BATCH));
    if (!x) return NULL;
    rng r = rng_seeded(seed);
    uint64_t bits[BATCH];
    float re[BATCH], im[BATCH], *to = x->data;
    for (int64_t from = 0; from < n; from += 2 * BATCH) {
        for (int i = 0; i < BATCH; i++) bits[i] = rng_next(&r);
        kernel_wave_get()->normal_pairs(re, im, bits, BATCH);
        kernel_get()->scale(to + from, re, scale, BATCH);
        kernel_get()->scale(to + from + BATCH, im, scale, BATCH);
    }
    return to;
}

/* ceil(e^d · length scale) for each symbol; their sum, or 0 with an error. */
static int64_t round_durations(op_ctx *c, const tensor *log_durations, float length_scale, int64_t *durations)
{
    int64_t total = 0;
    for (int64_t t = 0; log_durations && t < tensor_count(log_durations); t++) {
        float frames = ceilf(expf(tensor_f32(log_durations)[t]) * length_scale);
        durations[t] = frames > 0 ? (frames < LONGEST ? (int64_t)frames : LONGEST) : 0;
        total += durations[t];
    }
    if (total > LONGEST)
        status_set(c->st, STATUS_INPUT, "the voice makes a sentence of %lld frames, at most %d are possible", (long long)total, LONGEST);
    return total > LONGEST ? 0 : total < 1 ? 1 : total;
}

/* Mean and deviation of each symbol, repeated for its frames, with noise: [T, 2C] -> [F, C]. */
static tensor *latent(op_ctx *c, const vits *v, const tensor *stats, const int64_t *durations, int64_t frames, const float *noise)
{
    int64_t width = v->latent;
    tensor *z = op_new(c, SHAPE(frames, width));
    if (!z || !stats || !noise) return NULL;
    memset(z->data, 0, tensor_bytes(z)); /* a last frame without a symbol stays silent */
    int64_t f = 0;
    for (int64_t t = 0; t < stats->dim[0]; t++) {
        const float *mean = tensor_f32(stats) + t * 2 * width, *log_deviation = mean + width;
        for (int64_t i = 0; i < durations[t]; i++, f++)
            for (int64_t k = 0; k < width; k++)
                tensor_f32(z)[f * width + k] = mean[k] + (noise[f * width + k] != 0 ? noise[f * width + k] * expf(log_deviation[k]) : 0);
    }
    return z;
}

typedef struct {
    float *acts, *out, *x;
    const float *both, *skip, *cond;
    int64_t width, skip_width;
} wavenet_job;

/* tanh(a) σ(b) of the two halves of each row, with the speaker's share added first. */
static void gate_rows(void *job, int64_t from, int64_t n)
{
    wavenet_job *j = job;
    for (int64_t t = from; t < from + n; t++)
        kernel_wave_get()->gate(j->acts + t * j->width, j->both + t * 2 * j->width, j->both + t * 2 * j->width + j->width, j->width);
}

/* The last half of skip is added to the output, the first to x (in the last layer all of it to the output). */
static void share_rows(void *job, int64_t from, int64_t n)
{
    wavenet_job *j = job;
    const kernel_table *k = kernel_get();
    for (int64_t t = from; t < from + n; t++) {
        const float *skip = j->skip + t * j->skip_width;
        if (j->skip_width > j->width) {
            k->add(j->x + t * j->width, j->x + t * j->width, skip, j->width);
            skip += j->width;
        }
        k->add(j->out + t * j->width, j->out + t * j->width, skip, j->width);
    }
}

/* x: [F, H] -> [F, H]; van den Oord et al. 2016 without its causality. x is overwritten. */
static tensor *wavenet(op_ctx *c, const vits_coupling *w, tensor *x, const tensor *g)
{
    tensor *out = x ? op_new(c, 2, x->dim) : NULL, *cond = g ? op_conv1d(c, g, &w->cond, NULL) : NULL;
    if (!out || (g && !cond)) return NULL;
    memset(out->data, 0, tensor_bytes(out));
    int64_t frames = x->dim[0], width = x->dim[1];
    size_t mark = arena_mark(c->mem);
    for (int i = 0; i < w->depth; i++) {
        tensor *both = op_conv1d(c, x, &w->in[i], NULL); /* [F, 2H] */
        if (cond) both = op_add_row(c, both, tensor_f32(cond) + i * 2 * width);
        tensor *acts = op_new(c, 2, x->dim);
        if (!acts) return NULL;
        wavenet_job j = {.acts = acts->data, .out = out->data, .x = x->data, .both = both->data, .width = width};
        op_rows(c, gate_rows, &j, frames, 2 * width);
        tensor *skip = op_conv1d(c, acts, &w->skip[i], NULL); /* [F, 2H], last [F, H] */
        if (!skip) return NULL;
        j.skip = skip->data;
        j.skip_width = skip->dim[1];
        op_rows(c, share_rows, &j, frames, 2 * width);
        arena_reset(c->mem, mark);
    }
    return out;
}

/* The inverse flow, in place: before each coupling the channels are reversed; then its second half loses what the first
 * half says. z: [F, C]. */
static void run_flow(op_ctx *c, const vits *v, tensor *z, const tensor *g)
{
    int64_t width = v->latent, half = width / 2;
    for (int i = 0; i < v->flows && z; i++) {
        size_t mark = arena_mark(c->mem);
        for (int64_t f = 0; f < z->dim[0]; f++) {
            float *row = tensor_f32(z) + f * width;
            for (int64_t k = 0; k < half; k++) {
                float swap = row[k];
                row[k] = row[width - 1 - k];
                row[width - 1 - k] = swap;
            }
        }
        const vits_coupling *w = &v->flow[i];
        tensor *mean = op_conv1d(c, wavenet(c, w, op_conv1d(c, op_slice_last(c, z, 0, half), &w->pre, NULL), g), &w->post, NULL);
        for (int64_t f = 0; mean && f < z->dim[0]; f++)
            for (int64_t k = 0; k < half; k++) tensor_f32(z)[f * width + half + k] -= tensor_f32(mean)[f * half + k];
        arena_reset(c->mem, mark);
    }
}

static bool check(op_ctx *c, const vits *v, const int64_t *ids, int64_t count, const vits_settings *s)
{
    if (count < 1 || count > LONGEST) return status_set(c->st, STATUS_FAIL, "vits: %lld symbols", (long long)count);
    for (int64_t i = 0; i < count; i++)
        if (ids[i] < 0 || ids[i] >= v->symbols)
            return status_set(c->st, STATUS_INPUT, "phoneme %lld: the voice knows %lld symbols", (long long)ids[i], (long long)v->symbols);
    if (s->speaker >= 0 && s->speaker < v->speaker_count) return true;
    return status_set(c->st, STATUS_USAGE, "speaker %lld: the voice has %lld", (long long)s->speaker, (long long)v->speaker_count);
}

tensor *vits_speak(op_ctx *c, const vits *v, const int64_t *ids, int64_t count, const vits_settings *s, int64_t **durations)
{
    if (op_failed(c) || !check(c, v, ids, count, s)) return NULL;
    tensor speaker = {.type = DTYPE_F32, .rank = 2, .dim = {1, v->speaker_width},
                      .data = v->speakers ? (float *)(uintptr_t)v->speakers + s->speaker * v->speaker_width : NULL};
    const tensor *g = v->speakers ? &speaker : NULL; /* [1, G] */
    *durations = arena_alloc(c->mem, (size_t)count * sizeof **durations, c->st);
    tensor *hidden = encode(c, v, ids, count);         /* [T, H] */
    tensor *stats = op_conv1d(c, hidden, &v->proj, NULL); /* [T, 2C] */
    const float *rhythm = draw(c, s->seed, 2 * count, s->noise_w);
    if (op_failed(c)) return NULL;
    int64_t frames = round_durations(c, vits_log_durations(c, v, hidden, g, rhythm), s->length_scale, *durations);
    if (op_failed(c)) return NULL;
    tensor *z = latent(c, v, stats, *durations, frames, draw(c, s->seed + 1, frames * v->latent, s->noise_scale)); /* [F, C] */
    run_flow(c, v, z, g);
    return hifigan_run(c, &v->decoder, z, g); /* [F · hop] */
}
