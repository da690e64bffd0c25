/* op_conv1d: convolutions along time. A time block of the input is prepared in a scratch that stays in the L2 cache
 * (activation, padding), then the strips of core/kernel/kernel_conv1d.h go over it panel by panel. */
#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "core/conv1d.h"
#include "core/kernel/kernel.h"
#include "core/kernel/kernel_conv1d.h"
#include "core/op_rows.h"

enum {
    SCRATCH = 256 * 1024,    /* bytes of prepared rows for one time block */
    BLOCK_PRODUCTS = 1 << 21, /* about as many products make an item of the pool */
    BLOCK_STEPS = 480,
    MAX_PANEL = 64, MAX_STEPS = 64, /* of any level */
    NARROW = 4, /* up to so many outputs are done as dot products: a panel would be mostly empty */
};

static int64_t round_up(int64_t n, int64_t to) { return (n + to - 1) / to * to; }

static bool is_narrow(const conv1d *w) { return !w->o.transposed && !w->o.depthwise && w->out <= NARROW && w->o.dilation == 1; }

/* ---- the phases of a transposed convolution: y[q · stride + r] for one r ---- */
typedef struct {
    int64_t first; /* the kernel's tap that meets the newest input */
    int64_t taps;
    int64_t lag;   /* the newest input is x[q + lag] */
} phase;

static phase phase_of(const conv1d *w, int64_t r)
{
    int64_t first = (r + w->o.pad) % w->o.stride;
    return (phase){first, first < w->taps ? (w->taps - first - 1) / w->o.stride + 1 : 0, (r + w->o.pad) / w->o.stride};
}

static int64_t phase_count(const conv1d *w) { return w->o.transposed ? w->o.stride : 1; }

/* Taps of the longest phase. */
static int64_t longest(const conv1d *w) { return w->o.transposed ? (w->taps - 1) / w->o.stride + 1 : w->taps; }

/* Prepared rows that `steps` output steps (of each phase) read. */
static int64_t rows_read(const conv1d *w, int64_t steps)
{
    if (w->o.transposed) return steps + longest(w) + (w->o.stride - 1 + w->o.pad) / w->o.stride - w->o.pad / w->o.stride;
    return (steps - 1) * w->o.stride + (w->taps - 1) * w->o.dilation + 1;
}

static int64_t row_bytes(const conv1d *w)
{
    return is_narrow(w) ? w->in * (int64_t)sizeof(float) : kernel_conv1d_get(w->o.exact)->row_bytes(w->in);
}

/* Output steps of one pool item: fixed by sizes alone. 0: not even one strip fits the scratch. */
static int64_t block_steps(const conv1d *w)
{
    int64_t strip = is_narrow(w) ? 1 : kernel_conv1d_get(w->o.exact)->steps;
    int64_t steps = BLOCK_PRODUCTS / (w->in * w->out * w->taps) + 1;
    if (steps > BLOCK_STEPS) steps = BLOCK_STEPS;
    steps = round_up(steps, strip);
    while (steps > 0 && rows_read(w, steps) > SCRATCH / row_bytes(w)) steps -= strip;
    return steps;
}

/* ---- building ---- */
static bool check(const conv1d *w, const char *name, status *st)
{
    int64_t limit = 1 << 16;
    bool sane = w->in > 0 && w->out > 0 && w->taps > 0 && w->in <= limit && w->out <= limit && w->taps <= limit &&
                w->o.stride <= limit && w->o.dilation <= limit && w->o.stride > 0 && w->o.dilation > 0 && w->o.pad >= 0 &&
                w->o.pad <= limit && w->o.out_pad >= 0 && w->o.out_pad <= limit && !(w->o.transposed && w->o.dilation != 1);
    if (sane && (w->o.depthwise || block_steps(w) > 0)) return true;
    return status_set(st, STATUS_INPUT,
                      "%s: a convolution of %lld to %lld channels with %lld taps, stride %lld, dilation %lld, padding %lld is "
                      "not supported",
                      name, (long long)w->in, (long long)w->out, (long long)w->taps, (long long)w->o.stride,
                      (long long)w->o.dilation, (long long)w->o.pad);
}

static void pack_depthwise(conv1d *w, const float *weight)
{
    float *to = w->packed;
    for (int64_t k = 0; k < w->taps; k++)
        for (int64_t c = 0; c < w->in; c++) to[k * w->in + c] = weight[c * w->taps + k];
}

static void pack_narrow(conv1d *w, const float *weight)
{
    float *to = w->packed;
    for (int64_t o = 0; o < w->out; o++)
        for (int64_t k = 0; k < w->taps; k++)
            for (int64_t c = 0; c < w->in; c++) *to++ = weight[(o * w->in + c) * w->taps + k];
}

static void pack_panels(conv1d *w, const float *weight)
{
    const kernel_conv1d *k = kernel_conv1d_get(w->o.exact);
    char *to = w->packed;
    int64_t out_stride = w->o.transposed ? w->taps : w->in * w->taps;
    int64_t in_stride = w->o.transposed ? w->out * w->taps : w->taps;
    for (int64_t r = 0; r < phase_count(w); r++) {
        phase p = w->o.transposed ? phase_of(w, r) : (phase){0, w->taps, 0};
        for (int64_t o = 0; o < w->out; o += k->panel, to += w->panel_bytes) {
            const float *from = weight + o * out_stride + p.first + (w->o.transposed ? (p.taps - 1) * w->o.stride : 0);
            int64_t outputs = w->out - o < k->panel ? w->out - o : k->panel;
            if (p.taps > 0)
                k->pack(to, from, outputs, w->in, p.taps, out_stride, in_stride, w->o.transposed ? -w->o.stride : 1);
        }
    }
}

bool conv1d_init(conv1d *w, const char *name, const float *weight, int64_t out, int64_t in, int64_t taps,
                 const float *bias, conv1d_options o, status *st)
{
    if (!o.stride) o.stride = 1;
    if (!o.dilation) o.dilation = 1;
    *w = (conv1d){.o = o, .in = in, .out = out, .taps = taps};
    if (!status_ok(st) || !weight || !check(w, name, st)) return false;
    const kernel_conv1d *k = kernel_conv1d_get(w->o.exact);
    int64_t padded = round_up(out, k->panel);
    if (o.depthwise || is_narrow(w)) {
        w->packed_bytes = (size_t)(taps * in * (o.depthwise ? 1 : out)) * sizeof(float);
    } else {
        w->panel_bytes = (k->panel_bytes(in, longest(w)) + 63) / 64 * 64;
        w->packed_bytes = w->panel_bytes * (size_t)(padded / k->panel * phase_count(w));
    }
    w->bias = alloc_zeroed((size_t)padded, sizeof(float), st);
    w->packed = w->bias ? alloc_huge(w->packed_bytes, st) : NULL;
    if (!w->packed) {
        conv1d_free(w);
        return false;
    }
    if (bias) memcpy(w->bias, bias, (size_t)out * sizeof(float));
    if (o.depthwise) pack_depthwise(w, weight);
    else if (is_narrow(w)) pack_narrow(w, weight);
    else pack_panels(w, weight);
    return true;
}

void conv1d_free(conv1d *w)
{
    alloc_free(w->bias);
    alloc_huge_free(w->packed, w->packed_bytes);
    w->bias = NULL;
    w->packed = NULL;
}

int64_t conv1d_steps(const conv1d *w, int64_t steps)
{
    if (w->o.transposed) return (steps - 1) * w->o.stride - 2 * w->o.pad + w->taps + w->o.out_pad;
    int64_t room = steps + 2 * w->o.pad - (w->taps - 1) * w->o.dilation - 1;
    return room < 0 ? 0 : room / w->o.stride + 1;
}

/* ---- running ---- */
typedef struct {
    const conv1d *w;
    const kernel_conv1d *kernel;
    const float *x, *add;
    float *y;
    int64_t in_steps, out_steps; /* T and T' */
    int64_t block;
    float slope, scale;
} conv1d_job;

/* Prepared rows of x[from …], as many as a block reads. */
static void prepare(const conv1d_job *j, char *rows, int64_t from, int64_t count)
{
    int64_t bytes = row_bytes(j->w), last = j->in_steps - 1;
    for (int64_t i = from; i < from + count; i++, rows += bytes) {
        int64_t at = i;
        if (j->w->o.mirror && at < 0) at = -at;
        if (j->w->o.mirror && at > last && at <= 2 * last) at = 2 * last - at;
        const float *x = at >= 0 && at <= last ? j->x + at * j->w->in : NULL;
        if (is_narrow(j->w)) kernel_conv1d_find("c")->prepare(rows, x, j->w->in, j->slope, j->scale);
        else j->kernel->prepare(rows, x, j->w->in, j->slope, j->scale);
    }
}

/* A strip whose outputs do not fill the panel or whose steps do not fill the strip: done aside, its part copied. */
static void strip_part(const conv1d_job *j, conv1d_strip s, int64_t steps, int64_t outputs)
{
    _Alignas(64) float aside[MAX_STEPS * MAX_PANEL];
    float *y = s.y;
    const float *add = s.add;
    int64_t y_step = s.y_step;
    s.y = aside;
    s.y_step = j->kernel->panel;
    s.add = NULL;
    j->kernel->strip(&s);
    for (int64_t t = 0; t < steps; t++)
        for (int64_t o = 0; o < outputs; o++) {
            float value = aside[t * s.y_step + o];
            y[t * y_step + o] = add ? value + add[t * s.add_step + o] : value;
        }
}

/* Steps q … q + n of one phase, all panels. s holds the phase's geometry; y and add point at its step q. */
static void run_phase(const conv1d_job *j, conv1d_strip s, const char *panels, int64_t n)
{
    const kernel_conv1d *k = j->kernel;
    const char *rows = s.rows;
    float *y = s.y;
    const float *add = s.add;
    for (int64_t o = 0; o < j->w->out; o += k->panel, panels += j->w->panel_bytes) {
        int64_t outputs = j->w->out - o < k->panel ? j->w->out - o : k->panel;
        s.weights = panels;
        s.bias = j->w->bias + o;
        for (int64_t t = 0; t < n; t += k->steps) {
            int64_t steps = n - t < k->steps ? n - t : k->steps;
            s.rows = rows + t * s.stride * s.row_bytes;
            s.y = y + t * s.y_step + o;
            s.add = add ? add + t * s.add_step + o : NULL;
            if (steps == k->steps && outputs == k->panel) k->strip(&s);
            else strip_part(j, s, steps, outputs);
        }
    }
}

static void run_narrow(const conv1d_job *j, const char *rows, int64_t from, int64_t n)
{
    const conv1d *w = j->w;
    int64_t width = w->taps * w->in;
    for (int64_t t = 0; t < n; t++)
        for (int64_t o = 0; o < w->out; o++) {
            const float *x = (const float *)(const void *)(rows + t * w->o.stride * row_bytes(w));
            float y = kernel_get()->dot(x, (const float *)w->packed + o * width, width) + w->bias[o];
            int64_t at = (from + t) * w->out + o;
            j->y[at] = j->add ? y + j->add[at] : y;
        }
}

static void run_plain(const conv1d_job *j, const char *rows, int64_t from, int64_t n)
{
    const conv1d *w = j->w;
    conv1d_strip s = {.rows = rows, .row_bytes = row_bytes(w), .channels = w->in, .taps = w->taps, .stride = w->o.stride,
                      .dilation = w->o.dilation, .y = j->y + from * w->out, .y_step = w->out, .add_step = w->out,
                      .add = j->add ? j->add + from * w->out : NULL};
    run_phase(j, s, w->packed, n);
}

static void run_transposed(const conv1d_job *j, const char *rows, int64_t from, int64_t n)
{
    const conv1d *w = j->w;
    int64_t panels = (w->out + j->kernel->panel - 1) / j->kernel->panel, oldest = w->o.pad / w->o.stride - longest(w) + 1;
    for (int64_t r = 0; r < w->o.stride; r++) {
        phase p = phase_of(w, r);
        int64_t at = from * w->o.stride + r, left = (j->out_steps - at + w->o.stride - 1) / w->o.stride;
        conv1d_strip s = {.rows = rows + (p.lag - p.taps + 1 - oldest) * row_bytes(w), .row_bytes = row_bytes(w),
                          .channels = w->in, .taps = p.taps, .stride = 1, .dilation = 1, .y = j->y + at * w->out,
                          .y_step = w->o.stride * w->out, .add_step = w->o.stride * w->out,
                          .add = j->add ? j->add + at * w->out : NULL};
        if (left > 0)
            run_phase(j, s, (const char *)w->packed + (size_t)(r * panels) * w->panel_bytes, left < n ? left : n);
    }
}

/* One time block: output steps (transposed: steps of each phase) i · block … */
static void run_block(void *arg, int64_t i)
{
    const conv1d_job *j = arg;
    const conv1d *w = j->w;
    _Alignas(64) char rows[SCRATCH];
    int64_t total = w->o.transposed ? (j->out_steps + w->o.stride - 1) / w->o.stride : j->out_steps;
    int64_t from = i * j->block, n = total - from < j->block ? total - from : j->block;
    int64_t strip = is_narrow(w) ? 1 : j->kernel->steps, oldest;
    if (w->o.transposed) oldest = from + w->o.pad / w->o.stride - longest(w) + 1;
    else oldest = from * w->o.stride - w->o.pad;
    prepare(j, rows, oldest, rows_read(w, round_up(n, strip)));
    if (j->kernel->begin) j->kernel->begin();
    if (w->o.transposed) run_transposed(j, rows, from, n);
    else if (is_narrow(w)) run_narrow(j, rows, from, n);
    else run_plain(j, rows, from, n);
    if (j->kernel->end) j->kernel->end();
}

static void run_depthwise(void *arg, int64_t from, int64_t n)
{
    const conv1d_job *j = arg;
    const conv1d *w = j->w;
    for (int64_t t = from; t < from + n; t++) {
        int64_t first = t * w->o.stride - w->o.pad, k = 0, end = w->taps;
        while (k < end && first + k * w->o.dilation < 0) k++; /* taps outside x meet zeros: left out */
        while (end > k && first + (end - 1) * w->o.dilation >= j->in_steps) end--;
        j->kernel->depthwise(j->y + t * w->in, j->x + (first + k * w->o.dilation) * w->in, w->o.dilation * w->in,
                             (const float *)w->packed + k * w->in, w->bias, end - k, w->in);
    }
}

tensor *op_conv1d(op_ctx *c, const tensor *x, const conv1d *w, const conv1d_extra *extra)
{
    if (!op_wants_f32(c, "op_conv1d", x)) return NULL;
    if (x->rank != 2 || x->dim[1] != w->in) {
        char shape[96];
        status_set(c->st, STATUS_FAIL, "op_conv1d: x is %s, [T, %lld] wanted", tensor_shape_text(x, shape, sizeof shape),
                   (long long)w->in);
        return NULL;
    }
    int64_t steps = x->dim[0] > 0 ? conv1d_steps(w, x->dim[0]) : 0;
    bool mirrored = !w->o.mirror || w->o.pad < x->dim[0];
    if (steps <= 0 || !mirrored) {
        status_set(c->st, STATUS_FAIL, "op_conv1d: %lld steps are too few for %lld taps", (long long)x->dim[0], (long long)w->taps);
        return NULL;
    }
    tensor *y = op_new(c, SHAPE(steps, w->out)); /* [T', out] */
    if (!y) return NULL;
    conv1d_job j = {.w = w, .kernel = kernel_conv1d_get(w->o.exact), .x = x->data, .y = y->data, .in_steps = x->dim[0],
                    .out_steps = steps, .slope = extra && extra->leaky ? extra->slope : 1.0f,
                    .scale = extra && extra->scale != 0 ? extra->scale : 1.0f};
    if (extra && extra->add) {
        if (extra->add->type != DTYPE_F32 || !tensor_shape_is(extra->add, 2, y->dim)) {
            status_set(c->st, STATUS_FAIL, "op_conv1d: the tensor to add has another shape or type than the result");
            return NULL;
        }
        j.add = extra->add->data;
    }
    if (w->o.depthwise) {
        op_rows(c, run_depthwise, &j, steps, w->in);
        return y;
    }
    j.block = block_steps(w);
    int64_t total = w->o.transposed ? (steps + w->o.stride - 1) / w->o.stride : steps;
    pool_run(c->threads, run_block, &j, (total + j.block - 1) / j.block);
    return y;
}
