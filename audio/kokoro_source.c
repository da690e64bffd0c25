/* kokoro_source: nine sines that follow the pitch, mixed into one wave, and that wave's spectrum: magnitudes and phases of 11
 * bins for every 5 samples. The model's own source has noise and random phases besides; its ONNX exports have not, so that one
 * text has one sound, and neither has this. */
#include <math.h>
#include <string.h>

#include "audio/kokoro_parts.h"

enum { HALF_FRAME = KOKORO_FRAME / 2, BLOCK = 240 }; /* samples of one value of the pitch; frames of a pool item */

typedef struct {
    const kokoro *k;
    const float *pitch;
    double *turns;     /* [steps]: turns of the first harmonic at the middle of each half frame */
    float *wave;       /* [samples] */
    float *out;        /* [frames, 22] */
    int64_t steps, samples, frames;
    float window[KOKORO_N_FFT], cosine[KOKORO_BINS][KOKORO_N_FFT], sine[KOKORO_BINS][KOKORO_N_FFT];
} source_job;

/* The phase at sample i of a half frame, in turns: straight between the middles of half frames, level beyond the outermost. */
static double turns_at(const source_job *j, int64_t step, int64_t i)
{
    double at = ((double)i + 0.5) / HALF_FRAME - 0.5;
    int64_t from = at < 0 ? step - 1 : step;
    double part = at < 0 ? at + 1 : at;
    if (from < 0) return j->turns[0];
    if (from + 1 >= j->steps) return j->turns[j->steps - 1];
    return j->turns[from] + part * (j->turns[from + 1] - j->turns[from]);
}

static void make_wave(void *arg, int64_t step)
{
    const source_job *j = arg;
    const float loud = 0.1f, *mix = j->k->generator.harmonic;
    bool voiced = j->pitch[step] > 10.0f;
    for (int64_t i = 0; i < HALF_FRAME; i++) {
        double sum = j->k->generator.bias;
        if (voiced) {
            double turns = turns_at(j, step, i), angle = 2 * M_PI * (turns - floor(turns)), twice = 2 * cos(angle);
            double before = 0, now = sin(angle); /* sin((h + 1) a) = 2 cos a sin(h a) − sin((h − 1) a) */
            for (int h = 0; h < KOKORO_HARMONICS; h++) {
                sum += (double)(loud * mix[h]) * now;
                double next = twice * now - before;
                before = now;
                now = next;
            }
        }
        j->wave[step * HALF_FRAME + i] = tanhf((float)sum);
    }
}

static void transform(void *arg, int64_t item)
{
    const source_job *j = arg;
    int64_t end = (item + 1) * BLOCK < j->frames ? (item + 1) * BLOCK : j->frames;
    for (int64_t f = item * BLOCK; f < end; f++) {
        float x[KOKORO_N_FFT], *magnitude = j->out + f * 2 * KOKORO_BINS, *phase = magnitude + KOKORO_BINS;
        for (int n = 0; n < KOKORO_N_FFT; n++) {
            int64_t at = f * KOKORO_HOP + n - KOKORO_N_FFT / 2;
            if (at < 0) at = -at;
            if (at >= j->samples) at = 2 * (j->samples - 1) - at;
            x[n] = j->wave[at] * j->window[n];
        }
        for (int b = 0; b < KOKORO_BINS; b++) {
            float re = 0, im = 0;
            for (int n = 0; n < KOKORO_N_FFT; n++) {
                re += x[n] * j->cosine[b][n];
                im -= x[n] * j->sine[b][n];
            }
            magnitude[b] = sqrtf(re * re + im * im);
            phase[b] = atan2f(im, re);
        }
    }
}

tensor *kokoro_source(op_ctx *c, const kokoro *k, const tensor *pitch)
{
    if (!op_wants_f32(c, "kokoro_source", pitch)) return NULL;
    int64_t steps = tensor_count(pitch), samples = steps * HALF_FRAME, frames = samples / KOKORO_HOP + 1;
    tensor *out = op_new(c, SHAPE(frames, 2 * KOKORO_BINS));
    size_t mark = arena_mark(c->mem);
    tensor *wave = op_new(c, SHAPE(samples));
    source_job j = {.k = k, .pitch = pitch->data, .steps = steps, .samples = samples, .frames = frames};
    j.turns = arena_alloc(c->mem, (size_t)steps * sizeof(double), c->st);
    if (op_failed(c)) return NULL;
    j.wave = wave->data;
    j.out = out->data;
    double sum = 0;
    for (int64_t i = 0; i < steps; i++) {
        double turn = (double)j.pitch[i] / KOKORO_RATE;
        sum += turn - floor(turn); /* NaN and ∞ stay what they are: the sound is none then */
        j.turns[i] = sum * HALF_FRAME;
    }
    for (int n = 0; n < KOKORO_N_FFT; n++) {
        j.window[n] = (float)(0.5 - 0.5 * cos(2 * M_PI * n / KOKORO_N_FFT));
        for (int b = 0; b < KOKORO_BINS; b++) {
            j.cosine[b][n] = (float)cos(2 * M_PI * (b * n % KOKORO_N_FFT) / KOKORO_N_FFT);
            j.sine[b][n] = (float)sin(2 * M_PI * (b * n % KOKORO_N_FFT) / KOKORO_N_FFT);
        }
    }
    pool_run(c->threads, make_wave, &j, steps);
    pool_run(c->threads, transform, &j, (frames + BLOCK - 1) / BLOCK);
    arena_reset(c->mem, mark);
    return out;
}
