#include "audio/stft.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "core/kernel/kernel.h"

bool stft_init(stft *s, int64_t n_fft, int64_t hop, int64_t window_length, status *st)
{
    *s = (stft){.n_fft = n_fft, .hop = hop};
    if (hop < 1 || hop > n_fft || window_length < 1 || window_length > n_fft)
        return status_set(st, STATUS_USAGE, "a spectrum of %lld points, hop %lld and window %lld is not possible",
                          (long long)n_fft, (long long)hop, (long long)window_length);
    s->plan = fft_new(n_fft, st);
    s->window = s->plan ? alloc_zeroed((size_t)n_fft, sizeof(float), st) : NULL;
    s->window_squares = s->window ? alloc_zeroed((size_t)n_fft, sizeof(float), st) : NULL;
    if (!s->window_squares) {
        stft_free(s);
        return false;
    }
    int64_t before = (n_fft - window_length) / 2;
    for (int64_t i = 0; i < window_length; i++) {
        float w = (float)(0.5 - 0.5 * cos(2 * M_PI * (double)i / (double)window_length));
        s->window[before + i] = w;
        s->window_squares[before + i] = w * w;
    }
    return true;
}

void stft_free(stft *s)
{
    fft_free((fft *)(uintptr_t)s->plan);
    alloc_free(s->window);
    alloc_free(s->window_squares);
    *s = (stft){0};
}

/* One item of the pool is a group of frames with a scratch of its own. */
enum { GROUP = 16 };

typedef struct {
    const stft *s;
    const float *x;
    float *spectrum, *frames, *y;
    float *scratch; /* one of scratch_floats for each group */
    int64_t scratch_floats, count, samples;
    stft_edge edge;
} stft_job;

/* Floats of a frame or spectrum in scratch, so that each begins on a cache line. */
static int64_t padded(int64_t n) { return (n + 15) / 16 * 16; }

static float sample_at(const stft_job *j, int64_t i)
{
    if (i >= 0 && i < j->samples) return j->x[i];
    if (j->edge == STFT_ZEROS) return 0;
    return j->x[i < 0 ? -i : 2 * (j->samples - 1) - i];
}

static void forward_group(void *arg, int64_t group)
{
    stft_job *j = arg;
    const stft *s = j->s;
    int64_t n = s->n_fft, bins = fft_bins(n), end = (group + 1) * GROUP < j->count ? (group + 1) * GROUP : j->count;
    float *frame = j->scratch + group * j->scratch_floats, *bin = frame + padded(n);
    for (int64_t f = group * GROUP; f < end; f++) {
        int64_t first = f * s->hop - n / 2;
        if (first >= 0 && first + n <= j->samples) memcpy(frame, j->x + first, (size_t)n * sizeof(float));
        else
            for (int64_t i = 0; i < n; i++) frame[i] = sample_at(j, first + i);
        kernel_get()->mul(frame, frame, s->window, n);
        fft_forward(s->plan, frame, bin);
        memcpy(j->spectrum + f * bins * 2, bin, (size_t)(bins * 2) * sizeof(float));
    }
}

tensor *stft_forward(op_ctx *c, const stft *s, const tensor *x, stft_edge edge)
{
    if (op_failed(c) || !x) return NULL;
    int64_t samples = tensor_count(x), frames = samples / s->hop + 1, bins = fft_bins(s->n_fft);
    if (edge == STFT_REFLECT && samples <= s->n_fft / 2) {
        status_set(c->st, STATUS_INPUT, "a sound of %lld samples is too short for a spectrum of %lld points",
                   (long long)samples, (long long)s->n_fft);
        return NULL;
    }
    tensor *y = op_new(c, SHAPE(frames, bins, 2)); /* [F, bins, 2] */
    size_t mark = arena_mark(c->mem);
    int64_t groups = (frames + GROUP - 1) / GROUP, each = padded(s->n_fft) + padded(bins * 2);
    tensor *scratch = y ? op_new(c, SHAPE(groups, each)) : NULL;
    if (!scratch) return NULL;
    stft_job j = {.s = s, .x = x->data, .spectrum = y->data, .scratch = scratch->data, .scratch_floats = each,
                  .count = frames, .samples = samples, .edge = edge};
    pool_run(c->threads, forward_group, &j, groups);
    arena_reset(c->mem, mark);
    return y;
}

static void inverse_group(void *arg, int64_t group)
{
    stft_job *j = arg;
    const stft *s = j->s;
    int64_t n = s->n_fft, bins = fft_bins(n), end = (group + 1) * GROUP < j->count ? (group + 1) * GROUP : j->count;
    float *bin = j->scratch + group * j->scratch_floats;
    for (int64_t f = group * GROUP; f < end; f++) {
        memcpy(bin, j->spectrum + f * bins * 2, (size_t)(bins * 2) * sizeof(float));
        bin[1] = bin[2 * bins - 1] = 0; /* a real signal has no phase at 0 and at half the sampling rate */
        fft_inverse(s->plan, bin, j->frames + f * padded(n));
        kernel_get()->mul(j->frames + f * padded(n), j->frames + f * padded(n), s->window, n);
    }
}

/* A run of `hop` samples is the sum of all frames that reach it, in the order of time, over that of their windows. */
static void overlap_add(void *arg, int64_t run)
{
    stft_job *j = arg;
    const stft *s = j->s;
    int64_t from = run * s->hop, end = from + s->hop < j->samples ? from + s->hop : j->samples;
    int64_t at = from + s->n_fft / 2; /* in the time of the extended signal, where frame f begins at f · hop */
    int64_t last = (at + s->hop - 1) / s->hop, first = at >= s->n_fft ? (at - s->n_fft) / s->hop + 1 : 0;
    for (int64_t i = from; i < end; i++) {
        float sum = 0, weight = 0;
        for (int64_t f = first; f <= last && f < j->count; f++) {
            int64_t place = i + s->n_fft / 2 - f * s->hop;
            if (place < 0 || place >= s->n_fft) continue;
            sum += j->frames[f * padded(s->n_fft) + place];
            weight += s->window_squares[place];
        }
        j->y[i] = sum / (weight > 1e-11f ? weight : 1e-11f);
    }
}

tensor *stft_inverse(op_ctx *c, const stft *s, const tensor *spectrum, int64_t samples)
{
    if (op_failed(c) || !spectrum) return NULL;
    int64_t frames = spectrum->dim[0], bins = fft_bins(s->n_fft);
    if (!tensor_shape_is(spectrum, SHAPE(frames, bins, 2)) || samples < 1) {
        char shape[96];
        status_set(c->st, STATUS_FAIL, "stft_inverse: a spectrum of shape %s found, [F, %lld, 2] wanted",
                   tensor_shape_text(spectrum, shape, sizeof shape), (long long)bins);
        return NULL;
    }
    tensor *y = op_new(c, SHAPE(samples));
    size_t mark = arena_mark(c->mem);
    int64_t groups = (frames + GROUP - 1) / GROUP;
    tensor *scratch = y ? op_new(c, SHAPE(groups, padded(bins * 2))) : NULL;
    tensor *windowed = scratch ? op_new(c, SHAPE(frames, padded(s->n_fft))) : NULL;
    if (!windowed) return NULL;
    stft_job j = {.s = s, .spectrum = spectrum->data, .frames = windowed->data, .y = y->data, .scratch = scratch->data,
                  .scratch_floats = padded(bins * 2), .count = frames, .samples = samples};
    pool_run(c->threads, inverse_group, &j, groups);
    pool_run(c->threads, overlap_add, &j, (samples + s->hop - 1) / s->hop);
    arena_reset(c->mem, mark);
    return y;
}
