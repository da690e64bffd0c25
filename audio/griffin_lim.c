/* griffin_lim: sound from a mel spectrum without a trained vocoder. */
#include <math.h>
#include <string.h>

#include "audio/mel.h"
#include "core/kernel/kernel.h"
#include "core/kernel/kernel_wave.h"
#include "core/op_rows.h"
#include "core/rng.h"

enum { UPDATES = 40, MAX_BINS = 4097 };
static const float MOMENTUM = 0.99f, TINY = 1e-8f;

typedef struct {
    const mel *m;
    const float *wanted;      /* [F, bands], logarithmic */
    float *magnitude;         /* [F, bins] */
    float *spectrum;          /* [F, bins, 2] */
    const float *now;         /* the spectrum of the sound just made */
    float *before;            /* that of the round before */
    uint64_t seed;
    float momentum;
} griffin_job;

/* Magnitudes x ≥ 0 with F x ≈ e: x ← x · Fᵀe / FᵀF x, from a flat start. */
static void invert_rows(void *arg, int64_t from, int64_t n)
{
    griffin_job *j = arg;
    int64_t bins = fft_bins(j->m->o.n_fft), bands = j->m->o.bands;
    const kernel_table *k = kernel_get();
    float up[MAX_BINS], down[MAX_BINS];
    for (int64_t f = from; f < from + n; f++) {
        float *x = j->magnitude + f * bins;
        for (int64_t i = 0; i < bins; i++) x[i] = 1;
        for (int round = 0; round < UPDATES; round++) {
            memset(up, 0, (size_t)bins * sizeof(float));
            memset(down, 0, (size_t)bins * sizeof(float));
            for (int64_t b = 0; b < bands; b++) {
                const float *filter = j->m->filter + b * bins;
                k->add_scaled(up, filter, expf(j->wanted[f * bands + b]), bins);
                k->add_scaled(down, filter, k->dot(filter, x, bins), bins);
            }
            for (int64_t i = 0; i < bins; i++) x[i] *= up[i] / (down[i] > TINY ? down[i] : TINY);
        }
    }
}

/* Phases of normal noise to begin with. */
static void begin_rows(void *arg, int64_t from, int64_t n)
{
    griffin_job *j = arg;
    int64_t bins = fft_bins(j->m->o.n_fft);
    for (int64_t f = from; f < from + n; f++) {
        rng r = rng_seeded(j->seed + (uint64_t)f * UINT64_C(0xD1342543DE82EF95));
        for (int64_t i = 0; i < bins; i++) {
            float angle = (float)(2 * M_PI * rng_uniform(&r)), size = j->magnitude[f * bins + i];
            j->spectrum[(f * bins + i) * 2] = size * cosf(angle);
            j->spectrum[(f * bins + i) * 2 + 1] = size * sinf(angle);
        }
    }
}

/* The wanted magnitudes with the phases of now + momentum · (now − before). */
static void project_rows(void *arg, int64_t from, int64_t n)
{
    griffin_job *j = arg;
    int64_t bins = fft_bins(j->m->o.n_fft);
    for (int64_t i = from * bins; i < (from + n) * bins; i++) {
        float re = j->now[2 * i], im = j->now[2 * i + 1];
        float a = re + j->momentum * (re - j->before[2 * i]), b = im + j->momentum * (im - j->before[2 * i + 1]);
        float length = sqrtf(a * a + b * b), scale = j->magnitude[i] / (length > TINY ? length : TINY);
        j->before[2 * i] = re;
        j->before[2 * i + 1] = im;
        j->spectrum[2 * i] = a * scale;
        j->spectrum[2 * i + 1] = b * scale;
    }
}

tensor *mel_griffin_lim(op_ctx *c, const mel *m, const tensor *spectrum, int iterations, uint64_t seed)
{
    if (op_failed(c) || !spectrum) return NULL;
    int64_t frames = spectrum->dim[0], bins = fft_bins(m->o.n_fft);
    if (spectrum->rank != 2 || spectrum->dim[1] != m->o.bands || frames < 2 || bins > MAX_BINS) {
        status_set(c->st, STATUS_INPUT, "a mel spectrum of %lld frames and %lld bands found, 2 or more and %lld wanted", (long long)frames,
                   (long long)(spectrum->rank == 2 ? spectrum->dim[1] : 0), (long long)m->o.bands);
        return NULL;
    }
    int64_t samples = (frames - 1) * m->o.hop;
    if (samples <= m->o.n_fft / 2) {
        status_set(c->st, STATUS_INPUT, "a mel spectrum of %lld frames is too short", (long long)frames);
        return NULL;
    }
    tensor *y = op_new(c, SHAPE(samples)), *magnitude = op_new(c, SHAPE(frames, bins));
    tensor *s = op_new(c, SHAPE(frames, bins, 2)), *before = op_new(c, SHAPE(frames, bins, 2));
    if (op_failed(c)) return NULL;
    memset(before->data, 0, tensor_bytes(before));
    griffin_job j = {.m = m, .wanted = spectrum->data, .magnitude = magnitude->data, .spectrum = s->data, .before = before->data, .seed = seed};
    op_rows(c, invert_rows, &j, frames, bins * 16);
    op_rows(c, begin_rows, &j, frames, bins * 16);
    for (int i = 0; i <= iterations; i++) {
        size_t mark = arena_mark(c->mem);
        tensor *sound = stft_inverse(c, &m->transform, s, samples);
        if (!sound) return NULL;
        memcpy(y->data, sound->data, tensor_bytes(y));
        if (i < iterations) {
            tensor *now = stft_forward(c, &m->transform, sound, STFT_REFLECT);
            if (!now) return NULL;
            j.now = now->data;
            j.momentum = i ? MOMENTUM / (1 + MOMENTUM) : 0;
            op_rows(c, project_rows, &j, frames, bins);
        }
        arena_reset(c->mem, mark);
    }
    return y;
}
