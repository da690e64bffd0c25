/* hibari_wave: from the head's five parts of each frame to sound. */
#include <math.h>
#include <string.h>

#include "audio/hibari_parts.h"
#include "core/kernel/kernel.h"
#include "core/kernel/kernel_wave.h"
#include "core/rng.h"

enum {
    HOP = HIBARI_HOP, N_FFT = HIBARI_N_FFT, BINS = HIBARI_BINS,
    CHUNK = 96, /* frames whose head is held at once: bounds memory */
    ROOM = 608, /* BINS, on a cache line of its own */
};
static const float VOICED = 40.0f, HIGHEST = 11000.0f, LOUDEST = 7.0f; /* Hz, Hz, ln of a magnitude */

typedef struct {
    const hibari *v;
    const hibari_frames *frames;
    const float *head, *noise; /* of the chunk; [F, BINS, 2] or NULL */
    uint64_t seed;
    float *pitch, *phase, *pulses; /* [F · HOP] */
    float *windowed;               /* [CHUNK, N_FFT rounded up to a cache line] */
    int64_t from;                  /* the chunk's first frame */
} wave_job;

enum { FRAME_ROOM = (N_FFT + 15) / 16 * 16 };

/* The pitch of every sample, between the middles of the frames, and the phase it has come to. */
static void run_phase(wave_job *j)
{
    const float *f0 = j->frames->f0->data;
    int64_t last = j->frames->count - 1;
    double turns = 0; /* in samples: HIBARI_RATE is a whole turn */
    for (int64_t f = 0; f <= last; f++) {
        float here = f0[f], left = f0[f > 0 ? f - 1 : 0], right = f0[f < last ? f + 1 : last];
        float *pitch = j->pitch + f * HOP, *phase = j->phase + f * HOP;
        for (int i = 0; i < HOP / 2; i++) {
            float place = ((float)i + 0.5f) / HOP - 0.5f, after = place + 0.5f; /* −½ … 0 and 0 … ½ around the frame's middle */
            pitch[i] = left * -place + here * (1 + place);
            pitch[i + HOP / 2] = here * (1 - after) + right * after;
        }
        for (int i = 0; i < HOP; i++) {
            turns += (double)(pitch[i] > VOICED ? pitch[i] : VOICED);
            if (turns >= HIBARI_RATE) turns -= turns < 2 * HIBARI_RATE ? HIBARI_RATE : floor(turns / HIBARI_RATE) * HIBARI_RATE;
            phase[i] = (float)(turns * (2 * M_PI / HIBARI_RATE));
        }
    }
}

/* A band-limited pulse train: Σ_{h ≤ H} cos(h t) = sin((H + ½) t) / (2 sin(t / 2)) − ½, every harmonic below 11 kHz. */
static void make_pulses(void *arg, int64_t frame)
{
    const wave_job *j = arg;
    const kernel_wave *k = kernel_wave_get();
    const float *pitch = j->pitch + frame * HOP, *phase = j->phase + frame * HOP;
    float *pulses = j->pulses + frame * HOP, half[HOP], top[HOP], harmonics[HOP];
    for (int i = 0; i < HOP; i++) {
        harmonics[i] = (float)(int)(HIGHEST / (pitch[i] > VOICED ? pitch[i] : VOICED)) + 0.5f;
        half[i] = phase[i] * 0.5f;
        top[i] = harmonics[i] * phase[i];
    }
    k->sine(half, half, HOP);
    k->sine(top, top, HOP);
    for (int i = 0; i < HOP; i++) {
        float below = 2 * half[i], sum = fabsf(below) <= 2e-3f ? harmonics[i] : top[i] / below;
        pulses[i] = pitch[i] > VOICED ? sum - 0.5f : 0.0f;
    }
}

/* STFT of the pulses at one frame; their ends are reflected. The scale makes a cosine of size 1 a peak of size 1. */
static void transform_pulses(const wave_job *j, int64_t frame, float *aside, float *bins)
{
    int64_t samples = j->frames->count * HOP, first = frame * HOP - N_FFT / 2;
    for (int64_t i = 0; i < N_FFT; i++) {
        int64_t at = first + i;
        if (at < 0) at = -at;
        if (at >= samples) at = 2 * (samples - 1) - at;
        aside[i] = j->pulses[at] * (j->v->transform.window[i] / (N_FFT / 4));
    }
    fft_forward(j->v->transform.plan, aside, bins);
}

/* Complex normal noise of one frame, by a generator of its own: the same in any chunk and on any thread. */
static void make_noise(const wave_job *j, int64_t frame, float *re, float *im)
{
    if (j->noise) {
        for (int k = 0; k < BINS; k++) re[k] = j->noise[(frame * BINS + k) * 2], im[k] = j->noise[(frame * BINS + k) * 2 + 1];
        return;
    }
    uint64_t bits[BINS];
    rng r = rng_seeded(j->seed + (uint64_t)frame * UINT64_C(0xD1342543DE82EF95));
    for (int k = 0; k < BINS; k++) bits[k] = rng_next(&r);
    kernel_wave_get()->normal_pairs(re, im, bits, BINS);
}

static void compose_frame(void *arg, int64_t item)
{
    const wave_job *j = arg;
    const kernel_wave *k = kernel_wave_get();
    const float *lh = j->head + item * HIBARI_PARTS * BINS, *theta = lh + BINS, *ln = theta + BINS, *lr = ln + BINS, *phi = lr + BINS;
    _Alignas(64) float bins[2 * ROOM], aside[FRAME_ROOM], re[4][ROOM], im[4][ROOM];
    k->tanh(aside, theta, BINS);
    for (int b = 0; b < BINS; b++) aside[b] *= (float)M_PI;
    k->polar(re[0], im[0], lh, aside, LOUDEST, BINS);
    k->magnitude(re[1], ln, LOUDEST, BINS);
    k->polar(re[2], im[2], lr, phi, LOUDEST, BINS);
    make_noise(j, j->from + item, re[3], im[3]);
    transform_pulses(j, j->from + item, aside, bins);
    for (int b = 0; b < BINS; b++) {
        float x = bins[2 * b], y = bins[2 * b + 1];
        bins[2 * b] = x * re[0][b] - y * im[0][b] + re[3][b] * re[1][b] + re[2][b];
        bins[2 * b + 1] = x * im[0][b] + y * re[0][b] + im[3][b] * re[1][b] + im[2][b];
    }
    bins[1] = bins[2 * BINS - 1] = 0;
    float *to = j->windowed + item * FRAME_ROOM;
    fft_inverse(j->v->transform.plan, bins, to);
    kernel_get()->mul(to, to, j->v->transform.window, N_FFT);
}

/* One over the sum of the squared windows that reach the samples of frame f: the same for all frames but the outermost. */
static void window_factors(const wave_job *j, int64_t f, float *factor)
{
    const float *squares = j->v->transform.window_squares;
    int64_t newest = f + N_FFT / 2 / HOP;
    for (int64_t i = 0; i < HOP; i++) {
        float sum = 0;
        for (int64_t from = newest - N_FFT / HOP + 1; from <= newest; from++)
            if (from >= 0 && from < j->frames->count) sum += squares[i + (newest - from) * HOP];
        factor[i] = 1.0f / (sum > 1e-11f ? sum : 1e-11f);
    }
}

static void normalise(const wave_job *j, float *y)
{
    float inside[HOP], edge[HOP];
    const int64_t margin = N_FFT / 2 / HOP, frames = j->frames->count;
    if (frames > 2 * margin) window_factors(j, margin, inside);
    for (int64_t f = 0; f < frames; f++) {
        bool outer = f < margin || f >= frames - margin;
        if (outer) window_factors(j, f, edge);
        kernel_get()->mul(y + f * HOP, y + f * HOP, outer ? edge : inside, HOP);
    }
}

tensor *hibari_wave(op_ctx *c, const hibari *v, const hibari_frames *frames, uint64_t seed, const tensor *noise)
{
    if (op_failed(c)) return NULL;
    int64_t samples = frames->count * HOP;
    tensor *y = op_new(c, SHAPE(samples + N_FFT)); /* half a window more on both sides */
    size_t mark = arena_mark(c->mem);
    tensor *aside = op_new(c, SHAPE(3, samples)), *windowed = op_new(c, SHAPE(CHUNK, FRAME_ROOM));
    if (op_failed(c)) return NULL;
    wave_job j = {.v = v, .frames = frames, .seed = seed, .noise = noise ? noise->data : NULL, .pitch = aside->data,
                  .phase = tensor_f32(aside) + samples, .pulses = tensor_f32(aside) + 2 * samples, .windowed = windowed->data};
    run_phase(&j);
    pool_run(c->threads, make_pulses, &j, frames->count);
    memset(y->data, 0, tensor_bytes(y));
    for (j.from = 0; j.from < frames->count; j.from += CHUNK) {
        int64_t count = frames->count - j.from < CHUNK ? frames->count - j.from : CHUNK;
        size_t chunk = arena_mark(c->mem);
        tensor *head = hibari_head(c, v, frames, j.from, count); /* [count, 5 · 601] */
        if (!head) return NULL;
        j.head = head->data;
        pool_run(c->threads, compose_frame, &j, count);
        for (int64_t f = 0; f < count; f++) {
            float *at = tensor_f32(y) + (j.from + f) * HOP;
            kernel_get()->add(at, at, j.windowed + f * FRAME_ROOM, N_FFT);
        }
        arena_reset(c->mem, chunk);
    }
    arena_reset(c->mem, mark);
    y->data = tensor_f32(y) + N_FFT / 2;
    y->dim[0] = samples;
    normalise(&j, y->data);
    return y;
}
