/* op_linear_u8: quantises x as a whole, then multiplies all rows panel by panel. */
#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "core/kernel/kernel.h"
#include "core/kernel/kernel_u8.h"
#include "core/linear_u8.h"
#include "core/op_rows.h"

enum { PANELS = 4, MAX_PANEL = 64, MAX_STEPS = 64 }; /* panels of a pool item; the largest strip of any level */

bool linear_u8_init(linear_u8 *w, const int8_t *weight, int64_t in, int64_t out, float scale, const float *bias, status *st)
{
    const kernel_u8 *k = kernel_u8_get();
    if (in < 1 || out < 1 || in > 1 << 15 || out > 1 << 20)
        return status_set(st, STATUS_INPUT, "a quantised linear layer of %lld to %lld values is not supported", (long long)in, (long long)out);
    int64_t panels = (out + k->panel - 1) / k->panel;
    *w = (linear_u8){.in = in, .out = out, .scale = scale, .panel_bytes = (k->panel_bytes(in) + 63) / 64 * 64};
    w->packed_bytes = w->panel_bytes * (size_t)panels;
    w->sums = alloc_zeroed((size_t)(panels * k->panel), sizeof *w->sums, st);
    w->bias = alloc_zeroed((size_t)(panels * k->panel), sizeof *w->bias, st);
    w->packed = w->sums && w->bias ? alloc_huge(w->packed_bytes, st) : NULL;
    if (!w->packed) {
        linear_u8_free(w);
        return false;
    }
    if (bias) memcpy(w->bias, bias, (size_t)out * sizeof(float));
    for (int64_t i = 0; i < in; i++)
        for (int64_t o = 0; o < out; o++) w->sums[o] += weight[i * out + o];
    for (int64_t p = 0; p < panels; p++) {
        int64_t outputs = out - p * k->panel < k->panel ? out - p * k->panel : k->panel;
        k->pack((char *)w->packed + (size_t)p * w->panel_bytes, weight + p * k->panel, outputs, in, out, 1);
    }
    return true;
}

void linear_u8_free(linear_u8 *w)
{
    alloc_free(w->sums);
    alloc_free(w->bias);
    alloc_huge_free(w->packed, w->packed_bytes);
    w->packed = NULL;
    w->sums = NULL;
    w->bias = NULL;
}

typedef struct {
    const linear_u8 *w;
    const kernel_u8 *kernel;
    const linear_u8_extra *extra;
    const float *x;
    float *y;
    char *rows;       /* [T and a strip more] quantised rows */
    int32_t *correction;
    float x_scale;
    int32_t zero;
    int64_t count;    /* T */
} u8_job;

void linear_u8_range(const tensor *x, float range[2])
{
    range[0] = range[1] = 0;
    kernel_u8_get()->range(x->data, tensor_count(x), &range[0], &range[1]);
}

/* The scale and zero point of x, by ONNX's rules (operators/DynamicQuantizeLinear). */
static void choose_scale(u8_job *j)
{
    float low = 0, high = 0;
    if (j->extra && j->extra->range) low = j->extra->range[0], high = j->extra->range[1];
    else j->kernel->range(j->x, j->count * j->w->in, &low, &high);
    j->x_scale = high == low ? 1.0f : (high - low) / 255.0f;
    float zero = nearbyintf(-low / j->x_scale);
    j->zero = isfinite(zero) ? (int32_t)fminf(fmaxf(zero, 0), 255) : 0;
}

static void finish_row(const u8_job *j, int64_t t)
{
    const kernel_table *k = kernel_get();
    float *y = j->y + t * j->w->out;
    if (j->extra->gelu) k->gelu(y, y, j->w->out);
    if (j->extra->gamma) k->mul(y, y, j->extra->gamma, j->w->out);
    if (j->extra->add) k->add(y, y, tensor_f32(j->extra->add) + t * j->w->out, j->w->out);
}

/* A strip at an edge is done aside; what belongs to y is copied. */
static void strip_part(const u8_job *j, u8_strip s, int64_t steps, int64_t outputs)
{
    _Alignas(64) float aside[MAX_STEPS * MAX_PANEL];
    float *y = s.y;
    s.y = aside;
    s.y_step = j->kernel->panel;
    j->kernel->strip(&s);
    for (int64_t t = 0; t < steps; t++) memcpy(y + t * j->w->out, aside + t * s.y_step, (size_t)outputs * sizeof(float));
}

static void quantize_rows(void *arg, int64_t from, int64_t n)
{
    const u8_job *j = arg;
    int64_t in = j->w->in, bytes = j->kernel->row_bytes(in);
    for (int64_t t = from; t < from + n; t++) j->kernel->quantize(j->rows + t * bytes, j->x + t * in, in, j->x_scale, j->zero);
}

static void finish_rows(void *arg, int64_t from, int64_t n)
{
    for (int64_t t = from; t < from + n; t++) finish_row(arg, t);
}

/* A few panels by all rows: so the weights, which are more than a cache holds, are read once. */
static void run_panels(void *arg, int64_t item)
{
    const u8_job *j = arg;
    const kernel_u8 *k = j->kernel;
    const linear_u8 *w = j->w;
    int64_t bytes = k->row_bytes(w->in), first = item * PANELS * k->panel, end = first + PANELS * k->panel;
    u8_strip s = {.row_bytes = bytes, .depth = w->in, .scale = j->x_scale * w->scale, .y_step = w->out};
    if (k->begin) k->begin();
    for (int64_t o = first; o < w->out && o < end; o += k->panel) {
        int64_t outputs = w->out - o < k->panel ? w->out - o : k->panel;
        s.weights = (const char *)w->packed + (size_t)(o / k->panel) * w->panel_bytes;
        s.bias = w->bias + o;
        s.correction = j->correction + o;
        for (int64_t t = 0; t < j->count; t += k->steps) {
            int64_t steps = j->count - t < k->steps ? j->count - t : k->steps;
            s.rows = j->rows + t * bytes;
            s.y = j->y + t * w->out + o;
            if (steps == k->steps && outputs == k->panel) k->strip(&s);
            else strip_part(j, s, steps, outputs);
        }
    }
    if (k->end) k->end();
}

tensor *op_linear_u8(op_ctx *c, const tensor *x, const linear_u8 *w, const linear_u8_extra *extra)
{
    if (op_failed(c) || !x) return NULL;
    if (x->rank != 2 || x->dim[1] != w->in || (extra && extra->add && !tensor_shape_is(extra->add, SHAPE(x->dim[0], w->out)))) {
        char shape[96];
        status_set(c->st, STATUS_FAIL, "op_linear_u8: x is %s, [T, %lld] wanted", tensor_shape_text(x, shape, sizeof shape),
                   (long long)w->in);
        return NULL;
    }
    u8_job j = {.w = w, .kernel = kernel_u8_get(), .extra = extra, .x = x->data, .count = x->dim[0]};
    int64_t wide = (w->out + j.kernel->panel - 1) / j.kernel->panel * j.kernel->panel;
    tensor *y = op_new(c, SHAPE(j.count, w->out));
    size_t mark = arena_mark(c->mem);
    j.rows = y ? arena_alloc(c->mem, (size_t)((j.count + MAX_STEPS) * j.kernel->row_bytes(w->in)), c->st) : NULL;
    j.correction = j.rows ? arena_alloc(c->mem, (size_t)wide * sizeof(int32_t), c->st) : NULL;
    if (!j.correction) return NULL;
    choose_scale(&j);
    for (int64_t o = 0; o < wide; o++) j.correction[o] = j.zero * w->sums[o];
    j.y = y->data;
    op_rows(c, quantize_rows, &j, j.count, w->in);
    pool_run(c->threads, run_panels, &j, (wide / j.kernel->panel + PANELS - 1) / PANELS);
    if (extra) op_rows(c, finish_rows, &j, j.count, w->out);
    arena_reset(c->mem, mark);
    return y;
}
