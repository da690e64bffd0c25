/* op_linear_u8: quantises x as a whole, then multiplies all rows panel by panel. Between two layers gelu is done while its
 * result is quantised, so that it is never in memory. */
#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "core/kernel/kernel.h"
#include "core/kernel/kernel_u8.h"
#include "core/linear_u8.h"
#include "core/op_rows.h"

enum { PANELS = 4, MAX_STEPS = 64 }; /* panels of a pool item; the largest strip of any level */

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
    const float *gamma; /* y += gamma · …: [out] or NULL */
    bool add;
    const float *x;
    bool gelu;        /* x goes through it */
    float *y;
    char *rows;       /* [T and a strip more] quantised rows */
    int32_t *correction;
    float scale;      /* of x */
    int32_t zero;
    int64_t count;    /* T */
    u8_bounds *bounds; /* [items]: of y, or NULL */
} u8_job;

static int64_t items_of(const linear_u8 *w, const kernel_u8 *k) { return (w->out + PANELS * k->panel - 1) / (PANELS * k->panel); }

void linear_u8_range(const tensor *x, float range[2])
{
    range[0] = range[1] = 0;
    kernel_u8_get()->range(x->data, tensor_count(x), &range[0], &range[1]);
}

/* The range of gelu(h) and 0, from the bounds of h that each item found. */
static void gelu_range(const u8_bounds *b, int64_t items, float range[2])
{
    range[0] = range[1] = 0;
    for (int64_t i = 0; i < items; i++) {
        float value[3] = {b[i].highest, b[i].before, b[i].after};
        kernel_get()->gelu(value, value, 3);
        for (int k = 0; k < 3; k++) {
            if (!isfinite(value[k])) continue; /* no value was on that side */
            range[0] = fminf(range[0], value[k]);
            range[1] = fmaxf(range[1], value[k]);
        }
    }
}

/* The scale and zero point of x, by ONNX's rules (operators/DynamicQuantizeLinear). */
static void choose_scale(u8_job *j, const float range[2])
{
    j->scale = range[1] == range[0] ? 1.0f : (range[1] - range[0]) / 255.0f;
    float zero = nearbyintf(-range[0] / j->scale);
    j->zero = isfinite(zero) ? (int32_t)fminf(fmaxf(zero, 0), 255) : 0;
}

static void quantize_rows(void *arg, int64_t from, int64_t n)
{
    const u8_job *j = arg;
    int64_t in = j->w->in, bytes = j->kernel->row_bytes(in);
    for (int64_t t = from; t < from + n; t++) j->kernel->quantize(j->rows + t * bytes, j->x + t * in, in, j->scale, j->zero, j->gelu);
}

/* A few panels by all rows: so the weights, which are more than a cache holds, are read once. */
static void run_panels(void *arg, int64_t item)
{
    const u8_job *j = arg;
    const kernel_u8 *k = j->kernel;
    const linear_u8 *w = j->w;
    int64_t first = item * PANELS * k->panel, end = first + PANELS * k->panel;
    u8_panel p = {.rows = j->rows, .row_bytes = k->row_bytes(w->in), .count = j->count, .depth = w->in, .scale = j->scale * w->scale, .y_step = w->out};
    if (j->bounds) *(p.bounds = &j->bounds[item]) = (u8_bounds){-INFINITY, -INFINITY, INFINITY};
    if (k->begin) k->begin();
    for (int64_t o = first; o < w->out && o < end; o += k->panel) {
        p.outputs = w->out - o < k->panel ? w->out - o : k->panel;
        p.weights = (const char *)w->packed + (size_t)(o / k->panel) * w->panel_bytes;
        p.bias = w->bias + o;
        p.correction = j->correction + o;
        p.gamma = j->gamma ? j->gamma + o : NULL;
        p.y = j->y + o;
        p.add = j->add ? p.y : NULL;
        k->multiply(&p);
    }
    if (k->end) k->end();
}

/* Carries out a job whose w, x, count, y and what is done with it are given, for x of that range. */
static bool multiply(op_ctx *c, u8_job *j, const float range[2])
{
    const linear_u8 *w = j->w;
    int64_t wide = (w->out + j->kernel->panel - 1) / j->kernel->panel * j->kernel->panel;
    size_t mark = arena_mark(c->mem);
    j->rows = arena_alloc(c->mem, (size_t)((j->count + MAX_STEPS) * j->kernel->row_bytes(w->in)), c->st);
    j->correction = j->rows ? arena_alloc(c->mem, (size_t)wide * sizeof(int32_t), c->st) : NULL;
    if (!j->correction) return false;
    choose_scale(j, range);
    for (int64_t o = 0; o < wide; o++) j->correction[o] = j->zero * w->sums[o];
    op_rows(c, quantize_rows, j, j->count, w->in);
    pool_run(c->threads, run_panels, j, items_of(w, j->kernel));
    arena_reset(c->mem, mark);
    return true;
}

static bool fits(op_ctx *c, const char *op, const tensor *x, int64_t in, tensor *y, int64_t out)
{
    if (!op_wants_f32(c, op, x)) return false;
    if (y && !op_wants_place(c, op, y, DTYPE_F32, x->dim[0] * out)) return false;
    if (x->rank == 2 && x->dim[1] == in) return true;
    char shape[96];
    return status_set(c->st, STATUS_FAIL, "%s: x is %s, [T, %lld] wanted", op, tensor_shape_text(x, shape, sizeof shape), (long long)in);
}

tensor *op_linear_u8(op_ctx *c, const tensor *x, const linear_u8 *w, const float *range)
{
    if (!fits(c, "op_linear_u8", x, w->in, NULL, 0)) return NULL;
    tensor *y = op_new(c, SHAPE(x->dim[0], w->out));
    if (!y) return NULL;
    float own[2];
    if (!range) linear_u8_range(x, own);
    u8_job j = {.w = w, .kernel = kernel_u8_get(), .x = x->data, .y = y->data, .count = x->dim[0]};
    return multiply(c, &j, range ? range : own) ? y : NULL;
}

bool op_linear_u8_add(op_ctx *c, tensor *y, const float *gamma, const tensor *x, const linear_u8 *w)
{
    if (!fits(c, "op_linear_u8_add", x, w->in, y, w->out)) return false;
    float range[2];
    linear_u8_range(x, range);
    u8_job j = {.w = w, .kernel = kernel_u8_get(), .gamma = gamma, .add = true, .x = x->data, .y = y->data, .count = x->dim[0]};
    return multiply(c, &j, range);
}

bool op_mlp_u8_add(op_ctx *c, tensor *y, const float *gamma, const tensor *x, const linear_u8 *wide, const linear_u8 *narrow)
{
    if (!fits(c, "op_mlp_u8_add", x, wide->in, y, narrow->out)) return false;
    if (wide->out != narrow->in)
        return status_set(c->st, STATUS_FAIL, "op_mlp_u8_add: %lld values for %lld inputs", (long long)wide->out, (long long)narrow->in);
    const kernel_u8 *kernel = kernel_u8_get();
    int64_t items = items_of(wide, kernel);
    size_t mark = arena_mark(c->mem);
    tensor *h = op_new(c, SHAPE(x->dim[0], wide->out)); /* [T, wide] */
    u8_bounds *bounds = h ? arena_alloc(c->mem, (size_t)items * sizeof *bounds, c->st) : NULL;
    if (!bounds) return false;
    float range[2];
    linear_u8_range(x, range);
    u8_job first = {.w = wide, .kernel = kernel, .x = x->data, .y = h->data, .count = x->dim[0], .bounds = bounds};
    if (!multiply(c, &first, range)) return false;
    gelu_range(bounds, items, range);
    u8_job second = {.w = narrow, .kernel = kernel, .gamma = gamma, .add = true, .x = h->data, .gelu = true, .y = y->data, .count = x->dim[0]};
    bool ok = multiply(c, &second, range);
    arena_reset(c->mem, mark);
    return ok;
}
