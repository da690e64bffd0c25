/* op_conv1d_u8: finds the range of what comes in, quantises it into phases of rows, then multiplies blocks of rows by a few
 * panels of weights at a time. */
#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "core/conv1d_u8.h"
#include "core/kernel/kernel_u8.h"
#include "core/kernel/kernel_wave.h"
#include "core/op_rows.h"

enum {
    BLOCK_ROWS = 240,          /* output rows of a pool item, about */
    BLOCK_PRODUCTS = 1 << 23,  /* as many products make an item */
    MAX_STEPS = 64,            /* rows of the largest strip of any level */
    MOST_DEPTH = 1 << 14,      /* in · taps: sums stay within 32 bits */
    WIDEST = 1 << 13,          /* channels in: a row of them lies on the stack */
    WIDEST_PANEL = 32,         /* of any level */
};

static int64_t round_up(int64_t n, int64_t to) { return (n + to - 1) / to * to; }

/* Bytes of one number in a kernel's rows, and the numbers of a row with its padding. */
static int64_t number_bytes(const kernel_u8 *k) { return k->row_bytes(64) / 64; }
static int64_t row_numbers(const kernel_u8 *k, int64_t in) { return k->row_bytes(in) / number_bytes(k); }

/* ---- building ---- */
static bool check(const conv1d_u8 *c, const char *name, status *st)
{
    const int64_t limit = 1 << 16;
    const conv1d_u8_options *o = &c->o;
    if (c->in > 0 && c->out > 0 && c->taps > 0 && c->in <= WIDEST && c->out <= limit && c->taps <= limit && c->in * c->taps <= MOST_DEPTH &&
        o->stride > 0 && o->dilation > 0 && o->pad >= 0 && o->stride <= limit && o->dilation <= limit && o->pad <= limit &&
        (o->stride == 1 || o->dilation == 1) && row_numbers(kernel_u8_get(), c->in) * c->taps <= MOST_DEPTH)
        return true;
    return status_set(st, STATUS_INPUT, "%s: a quantised convolution of %lld to %lld channels with %lld taps, stride %lld, dilation %lld, padding %lld is not supported",
                      name, (long long)c->in, (long long)c->out, (long long)c->taps, (long long)o->stride, (long long)o->dilation, (long long)o->pad);
}

/* What is subtracted from every weight: the zero point where 8 bits with a sign hold what is left. */
static int32_t offset_of(const conv1d_u8_weights *w, bool *narrow)
{
    int64_t count = w->out * w->in * w->taps;
    int32_t least, most;
    if (w->is_unsigned) {
        const uint8_t *p = w->values;
        uint8_t low = 255, high = 0;
        for (int64_t i = 0; i < count; i++) low = p[i] < low ? p[i] : low, high = p[i] > high ? p[i] : high;
        least = low, most = high;
    } else {
        const int8_t *p = w->values;
        int8_t low = 127, high = -128;
        for (int64_t i = 0; i < count; i++) low = p[i] < low ? p[i] : low, high = p[i] > high ? p[i] : high;
        least = low, most = high;
    }
    bool fits = least - w->zero >= -128 && most - w->zero <= 127;
    int32_t offset = fits ? w->zero : w->is_unsigned ? 128 : 0;
    *narrow = least - offset >= -U8_NARROW && most - offset <= U8_NARROW;
    return offset;
}

/* The weights of a panel's outputs in the order of a row: [outputs][taps][numbers of a row]. Differences are taken modulo 256, which
 * is right for either kind of weight, since what is left fits 8 bits. */
static void order(int8_t *to, const conv1d_u8_weights *w, int64_t first, int64_t outputs, int64_t row, uint8_t offset)
{
    const uint8_t *from = (const uint8_t *)w->values + first * w->out_step;
    const int64_t in = w->in, taps = w->taps, depth = row * taps, out_step = w->out_step, in_step = w->in_step, tap_step = w->tap_step;
    if (tap_step == 1 && in_step == taps) { /* a convolution as PyTorch stores it: an output's weights lie together */
        for (int64_t o = 0; o < outputs; o++) {
            const uint8_t *next = from + o * out_step;
            for (int64_t c = 0; c < in; c++)
                for (int64_t k = 0; k < taps; k++) to[o * depth + k * row + c] = (int8_t)(uint8_t)(*next++ - offset);
        }
        return;
    }
    for (int64_t k = 0; k < taps; k++)
        for (int64_t c = 0; c < in; c++)
            for (int64_t o = 0; o < outputs; o++) to[o * depth + k * row + c] = (int8_t)(uint8_t)(from[o * out_step + c * in_step + k * tap_step] - offset);
}

void conv1d_u8_pack(conv1d_u8 *c, int64_t panel)
{
    const kernel_u8 *k = c->kernel;
    int8_t ordered[WIDEST_PANEL * MOST_DEPTH];
    int64_t row = row_numbers(k, c->in), depth = row * c->taps, first = panel * k->panel, outputs = c->out - first < k->panel ? c->out - first : k->panel;
    if (row > c->in) memset(ordered, 0, (size_t)(outputs * depth));
    order(ordered, &c->source, first, outputs, row, c->offset);
    for (int64_t o = 0; o < outputs; o++) {
        int32_t sum = 0;
        for (int64_t i = 0; i < depth; i++) sum += ordered[o * depth + i];
        c->sums[first + o] = sum;
    }
    k->pack((char *)c->packed + (size_t)panel * c->panel_bytes, ordered, outputs, depth, 1, depth);
}

int64_t conv1d_u8_panels(const conv1d_u8 *c) { return (c->out + c->kernel->panel - 1) / c->kernel->panel; }

bool conv1d_u8_prepare(conv1d_u8 *c, const char *name, const conv1d_u8_weights *w, conv1d_u8_options o, status *st)
{
    if (!o.stride) o.stride = 1;
    if (!o.dilation) o.dilation = 1;
    *c = (conv1d_u8){.o = o, .in = w->in, .out = w->out, .taps = w->taps};
    if (!status_ok(st) || !check(c, name, st)) return false;
    bool narrow;
    int32_t offset = offset_of(w, &narrow);
    const kernel_u8 *k = c->kernel = narrow ? kernel_u8_get_narrow() : kernel_u8_get();
    c->source = *w;
    c->offset = (uint8_t)offset;
    int64_t padded = round_up(c->out, k->panel);
    c->zero = w->zero - offset;
    c->panel_bytes = (k->panel_bytes(row_numbers(k, c->in) * c->taps) + 63) / 64 * 64;
    c->packed_bytes = c->panel_bytes * (size_t)(padded / k->panel);
    c->sums = alloc_zeroed((size_t)padded, sizeof *c->sums, st);
    c->scales = alloc_zeroed((size_t)padded, sizeof *c->scales, st);
    c->bias = alloc_zeroed((size_t)padded, sizeof *c->bias, st);
    bool whole = w->bias && w->whole_bias;
    c->whole_bias = whole ? alloc_zeroed((size_t)padded, sizeof *c->whole_bias, st) : NULL;
    c->packed = c->sums && c->scales && c->bias && (c->whole_bias || !whole) ? alloc_huge(c->packed_bytes, st) : NULL;
    if (!c->packed) {
        conv1d_u8_free(c);
        return false;
    }
    for (int64_t i = 0; i < c->out; i++) c->scales[i] = w->scale[w->one_scale ? 0 : i];
    if (w->bias) memcpy(whole ? c->whole_bias : c->bias, w->bias, (size_t)c->out * sizeof(float));
    return true;
}

bool conv1d_u8_init(conv1d_u8 *c, const char *name, const conv1d_u8_weights *w, conv1d_u8_options o, status *st)
{
    if (!conv1d_u8_prepare(c, name, w, o, st)) return false;
    for (int64_t i = 0; i < conv1d_u8_panels(c); i++) conv1d_u8_pack(c, i);
    return true;
}

void conv1d_u8_free(conv1d_u8 *c)
{
    alloc_free(c->sums);
    alloc_free(c->scales);
    alloc_free(c->bias);
    alloc_free(c->whole_bias);
    alloc_huge_free(c->packed, c->packed_bytes);
    c->sums = NULL;
    c->scales = c->bias = c->whole_bias = NULL;
    c->packed = NULL;
}

/* ---- the activation before ---- */
static const float *activate(const kernel_wave *k, float *aside, const float *x, const conv1d_before *b, int64_t n)
{
    if (!b) return x;
    if (b->alpha) k->affine_snake(aside, x, b->scale, b->shift, b->alpha, b->inverse, n);
    else if (b->scale) k->affine_leaky(aside, x, b->scale, b->shift, b->slope, n);
    else
        for (int64_t i = 0; i < n; i++) aside[i] = x[i] < 0 ? b->slope * x[i] : x[i];
    return aside;
}

typedef struct {
    const float *x;
    float *y;
    int64_t width;
    const conv1d_before *before;
    const kernel_wave *wave;
} before_job;

static void activate_rows(void *arg, int64_t from, int64_t n)
{
    const before_job *j = arg;
    for (int64_t t = from; t < from + n; t++) activate(j->wave, j->y + t * j->width, j->x + t * j->width, j->before, j->width);
}

tensor *op_conv1d_before(op_ctx *c, const tensor *x, const conv1d_before *before)
{
    if (!op_wants_f32(c, "op_conv1d_before", x)) return NULL;
    tensor *y = op_new(c, 2, x->dim);
    if (!y) return NULL;
    before_job j = {x->data, y->data, x->dim[1], before, kernel_wave_get()};
    op_rows(c, activate_rows, &j, x->dim[0], x->dim[1]);
    return y;
}

/* ---- running ---- */
typedef struct {
    const conv1d_u8 *w;
    const conv1d_before *before;
    const kernel_wave *wave;
    const float *x, *add;
    float *y;
    int64_t steps, out_steps; /* T, T' */
    int64_t per_phase;        /* rows of each phase */
    int64_t span;             /* input rows of a span that is quantised at once */
    float *ranges;            /* [spans][2] */
    char *rows;               /* [dilation][per_phase] quantised rows */
    int32_t *row_sums;        /* [dilation][per_phase], where the weights have a zero point */
    int32_t *row_corrections; /* likewise: zero · the sum over the rows that an output reads */
    int32_t *correction;      /* [out rounded up to panels] */
    float scale;
    int32_t zero;
    int64_t block, blocks, panels, groups; /* of the items: rows of a block, blocks of a phase, panels of a group, groups */
} conv_job;

static void find_range(void *arg, int64_t i)
{
    const conv_job *j = arg;
    float aside[WIDEST], low = 0, high = 0;
    int64_t in = j->w->in, end = (i + 1) * j->span < j->steps ? (i + 1) * j->span : j->steps;
    for (int64_t t = i * j->span; t < end; t++) j->w->kernel->range(activate(j->wave, aside, j->x + t * in, j->before, in), in, &low, &high);
    j->ranges[2 * i] = low;
    j->ranges[2 * i + 1] = high;
}

/* The scale and zero point, by ONNX's rules (operators/DynamicQuantizeLinear). */
static void choose_scale(float low, float high, float *scale, int32_t *zero)
{
    *scale = high == low ? 1.0f : (high - low) / 255.0f;
    float z = nearbyintf(-low / *scale);
    *zero = isfinite(z) ? (int32_t)fminf(fmaxf(z, 0), 255) : 0;
}

static int32_t sum_row(const kernel_u8 *k, const void *row, int64_t n)
{
    int32_t sum = 0;
    if (number_bytes(k) == 1)
        for (int64_t i = 0; i < n; i++) sum += ((const uint8_t *)row)[i];
    else
        for (int64_t i = 0; i < n; i++) sum += ((const int16_t *)row)[i];
    return sum;
}

/* Row p of the padded input goes to phase p mod dilation. */
static void quantize_rows(void *arg, int64_t from, int64_t n)
{
    const conv_job *j = arg;
    const conv1d_u8 *w = j->w;
    float aside[WIDEST];
    int64_t bytes = w->kernel->row_bytes(w->in);
    for (int64_t p = from; p < from + n; p++) {
        int64_t t = p - w->o.pad, at = p % w->o.dilation * j->per_phase + p / w->o.dilation;
        char *row = j->rows + at * bytes;
        if (t >= 0 && t < j->steps) {
            w->kernel->quantize(row, activate(j->wave, aside, j->x + t * w->in, j->before, w->in), w->in, j->scale, j->zero, false);
        } else { /* a row of zeros */
            memset(aside, 0, (size_t)w->in * sizeof(float));
            w->kernel->quantize(row, aside, w->in, 1, j->zero, false);
        }
        if (j->row_sums) j->row_sums[at] = sum_row(w->kernel, row, w->in);
    }
}

static void correct_rows(void *arg, int64_t phase)
{
    const conv_job *j = arg;
    const conv1d_u8 *w = j->w;
    const int32_t *sums = j->row_sums + phase * j->per_phase;
    int32_t *to = j->row_corrections + phase * j->per_phase;
    for (int64_t q = 0; q * w->o.stride + w->taps <= j->per_phase; q++) {
        int32_t sum = 0;
        for (int64_t k = 0; k < w->taps; k++) sum += sums[q * w->o.stride + k];
        to[q] = sum * w->zero;
    }
}

/* A block of one phase's outputs by a group of panels. */
static void run_item(void *arg, int64_t item)
{
    const conv_job *j = arg;
    const conv1d_u8 *w = j->w;
    const kernel_u8 *k = w->kernel;
    int64_t group = item % j->groups, block = item / j->groups % j->blocks, phase = item / j->groups / j->blocks;
    int64_t total = (j->out_steps - phase + w->o.dilation - 1) / w->o.dilation, from = block * j->block;
    int64_t bytes = k->row_bytes(w->in), step = w->o.dilation * w->out, first = group * j->panels * k->panel;
    if (from >= total) return;
    u8_panel p = {.rows = j->rows + (phase * j->per_phase + from * w->o.stride) * bytes, .row_bytes = w->o.stride * bytes,
                  .count = total - from < j->block ? total - from : j->block, .depth = w->taps * row_numbers(k, w->in), .scale = j->scale, .y_step = step,
                  .row_correction = j->row_corrections ? j->row_corrections + phase * j->per_phase + from : NULL};
    int64_t at = (from * w->o.dilation + phase) * w->out;
    if (k->begin) k->begin();
    for (int64_t o = first; o < w->out && o < first + j->panels * k->panel; o += k->panel) {
        p.outputs = w->out - o < k->panel ? w->out - o : k->panel;
        p.weights = (const char *)w->packed + (size_t)(o / k->panel) * w->panel_bytes;
        p.scales = w->scales + o;
        p.bias = w->bias + o;
        p.correction = j->correction + o;
        p.y = j->y + at + o;
        p.add = j->add ? j->add + at + o : NULL;
        k->multiply(&p);
    }
    if (k->end) k->end();
}

/* What is subtracted from each output's sums: zero points, and the bias where it is a whole multiple of the scales. */
static void correct_outputs(int32_t *correction, const conv1d_u8 *w, float scale, int32_t zero)
{
    int64_t count = w->in * w->taps;
    for (int64_t o = 0; o < w->out; o++) {
        float bias = w->whole_bias ? floorf(w->whole_bias[o] / (scale * w->scales[o])) : 0;
        correction[o] = (int32_t)(zero * ((int64_t)w->sums[o] - w->zero * count)) - (bias > -1e9f && bias < 1e9f ? (int32_t)bias : 0);
    }
}

/* Items of about BLOCK_PRODUCTS products: rows first, then panels. Sizes alone decide. */
static void choose_items(conv_job *j)
{
    const conv1d_u8 *w = j->w;
    const kernel_u8 *k = w->kernel;
    int64_t longest = (j->out_steps + w->o.dilation - 1) / w->o.dilation, panels = (w->out + k->panel - 1) / k->panel;
    j->block = round_up(longest < BLOCK_ROWS ? longest : BLOCK_ROWS, k->steps);
    j->blocks = (longest + j->block - 1) / j->block;
    j->panels = BLOCK_PRODUCTS / (j->block * k->panel * w->in * w->taps) + 1;
    j->groups = (panels + j->panels - 1) / j->panels;
}

static bool make_room(op_ctx *c, conv_job *j, int64_t spans)
{
    const conv1d_u8 *w = j->w;
    int64_t rows = w->o.dilation * j->per_phase, padded = round_up(w->out, w->kernel->panel);
    size_t bytes = (size_t)((rows + MAX_STEPS * w->o.stride + w->taps) * w->kernel->row_bytes(w->in)); /* whole strips are read */
    j->ranges = arena_alloc(c->mem, (size_t)spans * 2 * sizeof *j->ranges, c->st);
    j->correction = arena_alloc(c->mem, (size_t)padded * sizeof *j->correction, c->st);
    j->rows = arena_alloc(c->mem, bytes, c->st);
    if (w->zero) {
        j->row_sums = arena_alloc(c->mem, (size_t)rows * sizeof *j->row_sums, c->st);
        j->row_corrections = arena_alloc(c->mem, (size_t)rows * sizeof *j->row_corrections, c->st);
    }
    if (op_failed(c)) return false;
    memset(j->correction, 0, (size_t)padded * sizeof *j->correction);
    return true;
}

static bool run(op_ctx *c, conv_job *j)
{
    enum { SPAN = 16384 };
    const conv1d_u8 *w = j->w;
    size_t mark = arena_mark(c->mem);
    int64_t padded = j->steps + 2 * w->o.pad;
    j->per_phase = (padded + w->o.dilation - 1) / w->o.dilation;
    j->span = w->in < SPAN ? SPAN / w->in : 1;
    int64_t spans = (j->steps + j->span - 1) / j->span;
    if (!make_room(c, j, spans)) return false;
    pool_run(c->threads, find_range, j, spans);
    float low = 0, high = 0;
    for (int64_t i = 0; i < spans; i++) low = fminf(low, j->ranges[2 * i]), high = fmaxf(high, j->ranges[2 * i + 1]);
    choose_scale(low, high, &j->scale, &j->zero);
    op_rows(c, quantize_rows, j, padded, w->in);
    if (j->row_sums) pool_run(c->threads, correct_rows, j, w->o.dilation);
    correct_outputs(j->correction, w, j->scale, j->zero);
    choose_items(j);
    pool_run(c->threads, run_item, j, w->o.dilation * j->blocks * j->groups);
    arena_reset(c->mem, mark);
    return true;
}

tensor *op_conv1d_u8(op_ctx *c, const tensor *x, const conv1d_u8 *w, const conv1d_before *before, const tensor *add, tensor *to)
{
    if (!op_wants_f32(c, "op_conv1d_u8", x) || (add && !op_wants_f32(c, "op_conv1d_u8", add))) return NULL;
    char shape[96];
    int64_t room = x->rank == 2 ? x->dim[0] + 2 * w->o.pad - (w->taps - 1) * w->o.dilation - 1 : -1;
    if (room < 0 || x->dim[1] != w->in) {
        status_set(c->st, STATUS_FAIL, "op_conv1d_u8: x is %s, [T, %lld] wanted for %lld taps", tensor_shape_text(x, shape, sizeof shape), (long long)w->in, (long long)w->taps);
        return NULL;
    }
    int64_t steps = room / w->o.stride + 1;
    if (add && !tensor_shape_is(add, SHAPE(steps, w->out))) {
        status_set(c->st, STATUS_FAIL, "op_conv1d_u8: the tensor to add is %s, [%lld, %lld] wanted", tensor_shape_text(add, shape, sizeof shape), (long long)steps, (long long)w->out);
        return NULL;
    }
    if (to && !op_wants_place(c, "op_conv1d_u8", to, DTYPE_F32, steps * w->out)) return NULL;
    tensor *y = to ? to : op_new(c, SHAPE(steps, w->out)); /* [T', out] */
    if (!y) return NULL;
    conv_job j = {.w = w, .before = before, .wave = kernel_wave_get(), .x = x->data, .add = add ? add->data : NULL, .y = y->data, .steps = x->dim[0], .out_steps = steps};
    return run(c, &j) ? y : NULL;
}

/* ---- one row ---- */
size_t conv1d_u8_row_bytes(const conv1d_u8 *w)
{
    return (size_t)w->kernel->row_bytes(w->in) * MAX_STEPS + (size_t)round_up(w->out, w->kernel->panel) * sizeof(int32_t);
}

void conv1d_u8_add_row(const conv1d_u8 *w, const float *x, void *row, float *y)
{
    const kernel_u8 *k = w->kernel;
    float low = 0, high = 0, scale;
    int32_t zero, *correction = row;
    char *rows = (char *)row + (size_t)round_up(w->out, k->panel) * sizeof(int32_t);
    k->range(x, w->in, &low, &high);
    choose_scale(low, high, &scale, &zero);
    k->quantize(rows, x, w->in, scale, zero, false);
    int32_t row_correction = w->zero ? w->zero * sum_row(k, rows, w->in) : 0;
    correct_outputs(correction, w, scale, zero);
    u8_panel p = {.rows = rows, .row_bytes = k->row_bytes(w->in), .count = 1, .depth = row_numbers(k, w->in), .scale = scale, .y_step = w->out,
                  .row_correction = &row_correction};
    if (k->begin) k->begin();
    for (int64_t o = 0; o < w->out; o += k->panel) {
        p.outputs = w->out - o < k->panel ? w->out - o : k->panel;
        p.weights = (const char *)w->packed + (size_t)(o / k->panel) * w->panel_bytes;
        p.scales = w->scales + o;
        p.bias = w->bias + o;
        p.correction = correction + o;
        p.y = y + o;
        p.add = p.y;
        k->multiply(&p);
    }
    if (k->end) k->end();
}
