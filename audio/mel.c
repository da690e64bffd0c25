#include "audio/mel.h"

#include <math.h>

#include "core/alloc.h"
#include "core/kernel/kernel.h"
#include "core/op_rows.h"

static const float LEAST = 1e-5f;

static double mel_of(double hz, bool htk)
{
    if (htk) return 2595 * log10(1 + hz / 700);
    return hz < 1000 ? 3 * hz / 200 : 15 + 27 * log(hz / 1000) / log(6.4);
}

static double hz_of(double value, bool htk)
{
    if (htk) return 700 * (pow(10, value / 2595) - 1);
    return value < 15 ? 200 * value / 3 : 1000 * pow(6.4, (value - 15) / 27);
}

static void fill_filters(mel *m)
{
    const mel_options *o = &m->o;
    int64_t bins = fft_bins(o->n_fft);
    double low = mel_of(o->lowest, o->htk), step = (mel_of(o->highest, o->htk) - low) / (double)(o->bands + 1);
    for (int64_t b = 0; b < o->bands; b++) {
        double left = hz_of(low + (double)b * step, o->htk), top = hz_of(low + (double)(b + 1) * step, o->htk);
        double right = hz_of(low + (double)(b + 2) * step, o->htk);
        for (int64_t k = 0; k < bins; k++) {
            double hz = (double)k * (double)o->rate / (double)o->n_fft, value = fmin((hz - left) / (top - left), (right - hz) / (right - top));
            m->filter[b * bins + k] = value > 0 ? (float)(value * 2 / (right - left)) : 0.0f;
        }
    }
}

bool mel_init(mel *m, mel_options o, status *st)
{
    if (!o.rate) o.rate = 22050;
    if (!o.n_fft) o.n_fft = 1024;
    if (!o.hop) o.hop = o.n_fft / 4;
    if (!o.window) o.window = o.n_fft;
    if (!o.bands) o.bands = 80;
    if (o.highest == 0) o.highest = (double)o.rate / 2;
    *m = (mel){.o = o};
    if (o.rate < 1 || o.bands < 1 || o.bands > 1024 || !(o.lowest >= 0 && o.lowest < o.highest && o.highest <= (double)o.rate / 2))
        return status_set(st, STATUS_USAGE, "%lld mel bands from %g to %g Hz at %lld Hz are not possible", (long long)o.bands, o.lowest, o.highest, (long long)o.rate);
    if (!stft_init(&m->transform, o.n_fft, o.hop, o.window, st)) return false;
    m->filter = alloc_array((size_t)(o.bands * fft_bins(o.n_fft)), sizeof(float), st);
    if (m->filter) fill_filters(m);
    else stft_free(&m->transform);
    return m->filter != NULL;
}

void mel_free(mel *m)
{
    alloc_free(m->filter);
    if (m->transform.window) stft_free(&m->transform);
    m->filter = NULL;
}

typedef struct {
    const mel *m;
    const float *from;
    float *to, *magnitude;
} mel_job;

static void spectrum_rows(void *arg, int64_t from, int64_t n)
{
    mel_job *j = arg;
    int64_t bins = fft_bins(j->m->o.n_fft), bands = j->m->o.bands;
    for (int64_t f = from; f < from + n; f++) {
        float *magnitude = j->magnitude + f * bins;
        const float *s = j->from + f * bins * 2;
        for (int64_t k = 0; k < bins; k++) magnitude[k] = sqrtf(s[2 * k] * s[2 * k] + s[2 * k + 1] * s[2 * k + 1]);
        for (int64_t b = 0; b < bands; b++) {
            float energy = kernel_get()->dot(j->m->filter + b * bins, magnitude, bins);
            j->to[f * bands + b] = logf(energy > LEAST ? energy : LEAST);
        }
    }
}

tensor *mel_spectrum(op_ctx *c, const mel *m, const tensor *x)
{
    int64_t bins = fft_bins(m->o.n_fft);
    tensor *y = x ? op_new(c, SHAPE(tensor_count(x) / m->o.hop + 1, m->o.bands)) : NULL;
    size_t mark = arena_mark(c->mem);
    tensor *s = stft_forward(c, &m->transform, x, STFT_REFLECT); /* [F, bins, 2] */
    tensor *magnitude = s ? op_new(c, SHAPE(s->dim[0], bins)) : NULL;
    if (!y || !magnitude) return NULL;
    op_rows(c, spectrum_rows, &(mel_job){.m = m, .from = s->data, .to = y->data, .magnitude = magnitude->data}, s->dim[0], bins * 8);
    arena_reset(c->mem, mark);
    return y;
}
