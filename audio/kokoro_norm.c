/* kokoro_norm: layers as the passes use them: convolutions of either kind, and norms that the style scales and shifts. */
#include <math.h>
#include <string.h>

#include "audio/kokoro_parts.h"
#include "core/kernel/kernel.h"
#include "core/kernel/kernel_wave.h"

enum { BLOCK = 64 }; /* rows whose moments are made at once: they stay in the cache */

tensor *kokoro_apply(op_ctx *c, const tensor *x, const kokoro_conv *w, const conv1d_before *before, const tensor *add, tensor *to)
{
    if (w->quantised) return op_conv1d_u8(c, x, &w->u8, before, add, to);
    size_t mark = arena_mark(c->mem);
    tensor *y = op_conv1d(c, before ? op_conv1d_before(c, x, before) : x, &w->f32, &(conv1d_extra){.add = add});
    if (!y || !to) return y;
    if (!op_wants_place(c, "kokoro_apply", to, DTYPE_F32, tensor_count(y))) return NULL;
    memcpy(to->data, y->data, tensor_bytes(y));
    arena_reset(c->mem, mark);
    return to;
}

const float *kokoro_style(op_ctx *c, const kokoro_adain *w, const tensor *style)
{
    tensor *both = kokoro_apply(c, style, &w->fc, NULL, NULL, NULL); /* [1, 2C] */
    float *y = both ? both->data : NULL;
    for (int64_t i = 0; y && i < w->width; i++) y[i] += 1;
    return y;
}

typedef struct {
    const float *x;
    float *sum, *square; /* [blocks][C]: of each block, of differences from its first row */
    int64_t steps, width;
} moments_job;

static void block_moments(void *arg, int64_t i)
{
    const moments_job *j = arg;
    int64_t from = i * BLOCK, n = j->steps - from < BLOCK ? j->steps - from : BLOCK, width = j->width;
    float *sum = j->sum + i * width, *square = j->square + i * width;
    memset(sum, 0, (size_t)width * sizeof(float));
    memset(square, 0, (size_t)width * sizeof(float));
    const kernel_wave *k = kernel_wave_get();
    for (int64_t t = from + 1; t < from + n; t++) k->moments(sum, square, j->x + t * width, j->x + from * width, width);
}

/* Mean and variance of one channel from those of the blocks (Chan, Golub and LeVeque 1979). */
static void join_moments(const moments_job *j, int64_t k, double *mean, double *variance)
{
    double sum = 0, squares = 0;
    int64_t blocks = (j->steps + BLOCK - 1) / BLOCK;
    for (int64_t i = 0; i < blocks; i++) {
        int64_t n = j->steps - i * BLOCK < BLOCK ? j->steps - i * BLOCK : BLOCK;
        sum += (double)n * (double)j->x[i * BLOCK * j->width + k] + (double)j->sum[i * j->width + k];
    }
    *mean = sum / (double)j->steps;
    for (int64_t i = 0; i < blocks; i++) {
        int64_t n = j->steps - i * BLOCK < BLOCK ? j->steps - i * BLOCK : BLOCK;
        double apart = (double)j->x[i * BLOCK * j->width + k] - *mean, moved = (double)j->sum[i * j->width + k];
        squares += (double)j->square[i * j->width + k] + 2 * moved * apart + (double)n * apart * apart;
    }
    *variance = squares > 0 ? squares / (double)j->steps : 0;
}

bool kokoro_instance_norm(op_ctx *c, const tensor *x, const kokoro_adain *w, const tensor *style, conv1d_before *out)
{
    const double eps = 1e-5;
    if (!op_wants_f32(c, "kokoro_instance_norm", x)) return false;
    int64_t width = w->width, blocks = (x->dim[0] + BLOCK - 1) / BLOCK;
    float *factors = arena_alloc(c->mem, (size_t)(2 * width) * sizeof(float), c->st);
    size_t mark = arena_mark(c->mem);
    const float *gamma = kokoro_style(c, w, style), *beta = gamma ? gamma + width : NULL;
    float *aside = arena_alloc(c->mem, (size_t)(2 * blocks * width) * sizeof(float), c->st);
    if (op_failed(c)) return false;
    moments_job j = {.x = x->data, .sum = aside, .square = aside + blocks * width, .steps = x->dim[0], .width = width};
    pool_run(c->threads, block_moments, &j, blocks);
    for (int64_t k = 0; k < width; k++) {
        double mean, variance;
        join_moments(&j, k, &mean, &variance);
        double scale = (double)gamma[k] / sqrt(variance + eps);
        factors[k] = (float)scale;
        factors[width + k] = (float)((double)beta[k] - mean * scale);
    }
    arena_reset(c->mem, mark);
    out->scale = factors;
    out->shift = factors + width;
    return true;
}

/* ---- LSTM ---- */
typedef struct {
    const kokoro_lstm *w;
    float *gates;      /* [T, 2 · 4H]: what the inputs and biases add up to */
    float *y;          /* [T, 2H] */
    float *state[2];   /* [H] cells */
    void *row[2];      /* for conv1d_u8_add_row */
    int64_t steps;
} lstm_job;

static void run_direction(void *arg, int64_t d)
{
    const lstm_job *j = arg;
    const kokoro_lstm *w = j->w;
    int64_t width = w->width;
    float *cell = j->state[d];
    const kernel_wave *wave = kernel_wave_get();
    const float *h = NULL; /* the hidden state: the output of the step before */
    for (int64_t i = 0; i < j->steps; i++) {
        int64_t t = d ? j->steps - 1 - i : i;
        float *gate = j->gates + (t * 2 + d) * 4 * width, *out = j->y + (t * 2 + d) * width;
        if (h && w->quantised) conv1d_u8_add_row(&w->back[d], h, j->row[d], gate);
        else if (h)
            for (int64_t o = 0; o < 4 * width; o++) gate[o] += kernel_get()->dot(h, w->back_f32[d] + o * width, width);
        wave->gate(gate, gate + 3 * width, gate, width); /* σ(input) tanh(cell) */
        for (int64_t k = 0; k < width; k++) cell[k] = cell[k] / (1 + expf(-gate[2 * width + k])) + gate[k];
        wave->gate(out, cell, gate + width, width); /* σ(output) tanh(cell) */
        h = out;
    }
}

tensor *kokoro_run_lstm(op_ctx *c, const tensor *x, const kokoro_lstm *w)
{
    if (op_failed(c) || !x) return NULL;
    int64_t width = w->width;
    tensor *y = op_new(c, SHAPE(x->dim[0], 2 * width));
    size_t mark = arena_mark(c->mem);
    tensor *gates = kokoro_apply(c, x, &w->in, NULL, NULL, NULL); /* [T, 2 · 4H] */
    tensor *cells = op_new(c, SHAPE(2, width));
    lstm_job j = {.w = w, .gates = gates ? gates->data : NULL, .y = y ? y->data : NULL, .steps = x->dim[0]};
    for (int d = 0; d < 2 && w->quantised; d++) {
        size_t bytes = conv1d_u8_row_bytes(&w->back[d]);
        j.row[d] = arena_alloc(c->mem, bytes, c->st);
        if (j.row[d]) memset(j.row[d], 0, bytes);
    }
    if (op_failed(c)) return NULL;
    memset(cells->data, 0, tensor_bytes(cells));
    j.state[0] = cells->data;
    j.state[1] = tensor_f32(cells) + width;
    pool_run(c->threads, run_direction, &j, 2);
    arena_reset(c->mem, mark);
    return y;
}
