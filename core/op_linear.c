/* op_linear: y = x Wᵀ + b, alone, several of one x, and with what a transformer does next done while the sums are at hand. */
#include "core/op.h"

#include <string.h>

#include "core/kernel/kernel.h"
#include "core/kernel/product_kernel.h"
#include "core/op_codes.h"

/* One product of a call. The work is cut into items by its size alone: some rows by some panels of one weight. */
typedef struct {
    const linear *w;
    float *y;              /* [rows, out] */
    const linear *gate;    /* y = activation(x gateᵀ) · (x Wᵀ), or NULL */
    uint16_t *narrow;      /* that in bf16, in place of y */
    const panel_rows *codes; /* that with 8 bits, beside y, or NULL */
    const float *residual; /* [rows, out], added, or NULL */
    int64_t panel_step, panel_items;
} linear_part;

enum { MAX_PARTS = 8, TILE_PANELS_MAX = 64, BULK_ROWS = 512 };

typedef struct {
    linear_part part[MAX_PARTS];
    int parts;
    int64_t rows, row_step, items_per_row_step;
    const float *x;
    panel_rows quantized;
    const panel_bulk_kernels *bulk; /* of a bulk pass, or NULL; */
    const uint16_t *narrowed;       /* its rows in bf16, as x has them */
    product_activation activation; /* of the gate: SiLU or GELU's tanh form */
    const kernel_table *kernel;
} linear_job;

/* ---- one tile of sums: rows by the panels from `panel` on, `out` outputs ---- */

static void sums_widened(const linear *w, float *y, int64_t ldy, const float *x, int64_t rows, int64_t panel, int64_t out)
{
    _Alignas(64) float slice[LINEAR_SLICE * PANEL];
    for (int64_t o = 0; o < out; o += PANEL)
        for (int64_t k = 0; k < w->in; k += LINEAR_SLICE) {
            int64_t n = w->in - k < LINEAR_SLICE ? w->in - k : LINEAR_SLICE;
            linear_widen_panel(slice, w, w->weight, panel + o / PANEL, k, n);
            kernel_get()->panel->f32(y + o, ldy, x + k, w->in, rows, slice, n, out - o < PANEL ? out - o : PANEL, k > 0);
        }
}

static void sums(const linear_job *j, const linear *w, float *y, int64_t ldy, int64_t row, int64_t rows, int64_t panel,
                 const void *next, int64_t out)
{
    const uint8_t *panels = w->packed ? (const uint8_t *)w->packed + (size_t)panel * w->panel_bytes : NULL; /* weights in place have none */
    const float *x = j->x ? j->x + row * w->in : NULL;
    switch (w->form) {
    case LINEAR_QUANTIZED:
        if (j->bulk) j->bulk->product[w->kind](y, ldy, j->narrowed + row * w->in, w->in, rows, panels, out, w->unit);
        else j->kernel->panel->quantized[w->kind](y, ldy, &j->quantized, row, rows, panels, next, out, w->unit);
        break;
    case LINEAR_F32: j->kernel->panel->f32(y, ldy, x, w->in, rows, (const float *)(const void *)panels, w->in, out, false); break;
    case LINEAR_PRODUCT: break; /* has its own way, by_product */
    case LINEAR_IN_PLACE: sums_widened(w, y, ldy, x, rows, panel, out); break;
    }
    for (int64_t r = 0; w->bias && r < rows; r++) j->kernel->add(y + r * ldy, y + r * ldy, w->bias + panel * PANEL, out);
}

/* What a thread reads after the panels of the loop's item i, NULL where it follows in memory. */
static const void *read_next(const linear_job *j, const linear_part *p, int64_t i, int64_t item)
{
    int64_t lines = PANEL_AHEAD / 64;
    if (j->rows > OP_LINEAR_FEW_ROWS) return NULL;
    if (pool_is_last(i)) return pool_take(&lines);
    return item + 1 == p->panel_items ? p[1].w->packed : NULL;
}

/* The gate's sums go to a buffer on the stack, as many rows at a time as it holds, and are folded into y. */
static void gated_sums(const linear_job *j, const linear_part *p, float *y, int64_t row, int64_t rows, int64_t panel,
                       const void *const *next, int64_t out)
{
    _Alignas(64) float gate[16 * TILE_PANELS_MAX * PANEL];
    void (*activate)(float *, const float *, int64_t) = j->activation == PRODUCT_SILU ? j->kernel->silu : j->kernel->gelu_tanh;
    int64_t ldy = p->w->out, ld_gate = (out + PANEL - 1) / PANEL * PANEL;
    int64_t step = (int64_t)(sizeof gate / sizeof gate[0]) / ld_gate / 16 * 16; /* in whole tiles of rows */
    for (int64_t r = 0; r < rows; r += step) {
        int64_t n = rows - r < step ? rows - r : step;
        sums(j, p->w, y + r * ldy, ldy, row + r, n, panel, next[0], out);
        sums(j, p->gate, gate, ld_gate, row + r, n, panel, next[1], out);
        if (out == ld_gate) activate(gate, gate, n * out);
        for (int64_t i = 0; i < n; i++) {
            float *to = y + (r + i) * ldy;
            if (out < ld_gate) activate(gate + i * ld_gate, gate + i * ld_gate, out);
            j->kernel->mul(to, to, gate + i * ld_gate, out);
            if (p->codes) j->kernel->panel->quantize(p->codes, row + r + i, panel * PANEL / PANEL_BLOCK, out / PANEL_BLOCK, to);
        }
    }
}

/* The same for a result in bf16: both sums stay in the second cache, and half as many bytes go to memory. */
static void narrow_gated_sums(const linear_job *j, const linear_part *p, int64_t row, int64_t rows, int64_t panel, int64_t out)
{
    enum { WIDTH = 2 * PANEL /* what the tiles' kernel takes at a time, and the bf16 kernels' panel */ };
    _Alignas(64) float sum[BULK_ROWS * WIDTH], gate[BULK_ROWS * WIDTH];
    for (int64_t o = 0; o < out; o += WIDTH, panel += 2) {
        int64_t n = out - o < WIDTH ? out - o : WIDTH, at = row * p->w->out + panel * PANEL;
        if (n < WIDTH) memset(sum, 0, sizeof sum), memset(gate, 0, sizeof gate);
        sums(j, p->w, sum, WIDTH, row, rows, panel, NULL, n);
        sums(j, p->gate, gate, WIDTH, row, rows, panel, NULL, n);
        product_result r = {.sum = sum, .gate = gate, .activation = j->activation, .type = DTYPE_BF16, .y = p->narrow + at, .rows = rows, .count = n, .stride = p->w->out};
        product_kernel_bf16()->finish(&r);
    }
}

static void linear_item(void *arg, int64_t i)
{
    const linear_job *j = arg;
    int64_t row = i / j->items_per_row_step * j->row_step, item = i % j->items_per_row_step;
    const linear_part *p = j->part;
    while (item >= p->panel_items) item -= p++->panel_items;
    int64_t rows = j->rows - row < j->row_step ? j->rows - row : j->row_step;
    int64_t panel = item * p->panel_step, out = p->w->out - panel * PANEL, ldy = p->w->out;
    if (out > p->panel_step * PANEL) out = p->panel_step * PANEL;
    if (p->narrow) {
        narrow_gated_sums(j, p, row, rows, panel, out);
        return;
    }
    float *y = p->y + row * ldy + panel * PANEL;
    const void *next[2] = {read_next(j, p, i, item), p->gate ? read_next(j, p, i, item) : NULL};
    if (p->gate) gated_sums(j, p, y, row, rows, panel, next, out);
    else sums(j, p->w, y, ldy, row, rows, panel, next[0], out);
    for (int64_t r = 0; p->residual && r < rows; r++)
        j->kernel->add(y + r * ldy, y + r * ldy, p->residual + (row + r) * ldy + panel * PANEL, out);
}

/* ---- the call as a whole ---- */

enum { SPAN_ROWS = 16 };

static void quantize_span(void *arg, int64_t i)
{
    linear_job *j = arg;
    for (int64_t r = i * SPAN_ROWS; r < j->rows && r < (i + 1) * SPAN_ROWS; r++)
        j->kernel->panel->quantize(&j->quantized, r, 0, j->quantized.in / PANEL_BLOCK, j->x + r * j->quantized.in);
}

static bool quantize_rows(op_ctx *c, linear_job *j, const tensor *x)
{
    if (x->codes) {
        j->quantized = *x->codes;
        return true;
    }
    const panel_rows *q = op_codes_new(c, j->rows, x->dim[x->rank - 1]);
    if (!q) return false;
    j->quantized = *q;
    pool_run(c->threads, quantize_span, j, (j->rows + SPAN_ROWS - 1) / SPAN_ROWS);
    return true;
}

/* Many rows are cut by the multiplications of an item; of few, which take as long as their weights take to come from memory,
 * each part gets so many items that threads wait little for one another at the end. */
static int64_t panels_of_item(const linear_job *j, const linear_part *p)
{
    enum { FEW_ROWS_ITEMS = 512, MULTIPLICATIONS = 1 << 20 };
    if (j->rows <= OP_LINEAR_FEW_ROWS) return linear_panels(p->w) / FEW_ROWS_ITEMS;
    int64_t rows = j->rows < j->row_step ? j->rows : j->row_step, cost = PANEL * p->w->in * rows * (p->gate ? 2 : 1);
    return cost > 0 ? (MULTIPLICATIONS + cost - 1) / cost : 1;
}

/* Rows for which a panel is widened once: as many as a second cache keeps while panel after panel is read against them. */
static int64_t bulk_rows(int64_t in)
{
    enum { CACHE = 800 << 10, FEWEST = 128 };
    int64_t rows = CACHE / 2 / in / 32 * 32;
    return rows > BULK_ROWS ? BULK_ROWS : rows < FEWEST ? FEWEST : rows;
}

static void split(linear_job *j)
{
    j->row_step = j->bulk ? bulk_rows(j->part[0].w->in) : j->part[0].w->form == LINEAR_IN_PLACE ? 384 : 256; /* a panel is unpacked once for so many */
    for (int i = 0; i < j->parts; i++) {
        linear_part *p = &j->part[i];
        p->panel_step = (panels_of_item(j, p) + 1) / 2 * 2; /* the f32 kernels take panels in twos */
        if (p->panel_step < 2) p->panel_step = 2;
        if (p->panel_step > TILE_PANELS_MAX) p->panel_step = TILE_PANELS_MAX;
        p->panel_items = (linear_panels(p->w) + p->panel_step - 1) / p->panel_step;
        j->items_per_row_step += p->panel_items;
    }
}

static void ahead(op_ctx *c, linear_job *j)
{
    pool_reads run[MAX_PARTS];
    int count = 0;
    split(j);
    for (int i = 0; i < j->parts; i++) {
        const linear_part *p = &j->part[i];
        const linear *weight[] = {p->w, p->gate};
        for (int k = 0; k < 2 && weight[k] && count < POOL_AHEAD; k++) {
            if (weight[k]->form != LINEAR_QUANTIZED) return;
            run[count++] = (pool_reads){weight[k]->packed, p->panel_step * (int64_t)weight[k]->panel_bytes / 64, p->panel_items};
        }
    }
    pool_ahead(c->threads, run, count, j->part[0].gate != NULL);
}

void op_linear_ahead(op_ctx *c, int n, const linear *const *w)
{
    linear_job j = {.rows = 1, .parts = n};
    for (int i = 0; i < n && i < MAX_PARTS; i++) j.part[i] = (linear_part){.w = w[i]};
    if (n > 0 && n <= MAX_PARTS) ahead(c, &j);
}

void op_linear_gated_ahead(op_ctx *c, const linear *gate, const linear *up)
{
    if (gate->form == up->form) ahead(c, &(linear_job){.rows = 1, .parts = 1, .part = {{.w = up, .gate = gate}}});
}

/* x as the job's weights want it. */
static bool prepare(op_ctx *c, linear_job *j, const tensor *x)
{
    bool quantized = false, plain = false;
    for (int i = 0; i < j->parts; i++) {
        const linear *of[] = {j->part[i].w, j->part[i].gate};
        for (int k = 0; k < 2 && of[k]; k++) *(of[k]->form == LINEAR_QUANTIZED ? &quantized : &plain) = true;
    }
    j->bulk = quantized && c->bulk ? j->kernel->panel->bulk : NULL;
    if (j->bulk) {
        const tensor *narrowed = op_as_bf16(c, x);
        j->narrowed = narrowed ? narrowed->data : NULL;
        if (!plain) return narrowed;
    }
    x = op_as_f32(c, x);
    j->x = x ? x->data : NULL;
    return x && (j->bulk || !quantized || quantize_rows(c, j, x));
}

static void run(op_ctx *c, linear_job *j, const tensor *x)
{
    size_t mark = arena_mark(c->mem);
    j->rows = tensor_rows(x);
    j->kernel = kernel_get();
    if (prepare(c, j, x)) {
        split(j);
        pool_run(c->threads, linear_item, j, (j->rows + j->row_step - 1) / j->row_step * j->items_per_row_step);
    }
    arena_reset(c->mem, mark);
}

/* The result's tensor, `to` unless that is NULL; NULL when x does not fit w, or `to` the result. */
static tensor *result(op_ctx *c, const char *op, const tensor *x, const linear *w, dtype type, tensor *to)
{
    if (!op_wants_float(c, op, x)) return NULL;
    if (x->rank < 1 || x->dim[x->rank - 1] != w->in) {
        char shape[96];
        status_set(c->st, STATUS_FAIL, "%s: x has shape %s, the weight [%lld, %lld]", op,
                   tensor_shape_text(x, shape, sizeof shape), (long long)w->out, (long long)w->in);
        return NULL;
    }
    int64_t dim[TENSOR_MAX_RANK];
    memcpy(dim, x->dim, sizeof dim);
    dim[x->rank - 1] = w->out;
    if (!to) return tensor_new(c->mem, c->st, type, x->rank, dim);
    if (tensor_shape_is(to, x->rank, dim)) return op_wants_place(c, op, to, type, tensor_rows(x) * w->out) ? to : NULL;
    char shape[96];
    status_set(c->st, STATUS_FAIL, "%s: %lld rows of %lld do not fit %s", op, (long long)tensor_rows(x), (long long)w->out,
               tensor_shape_text(to, shape, sizeof shape));
    return NULL;
}

/* The other form of weights: core/product.h. */
static tensor *by_product(op_ctx *c, const tensor *x, const linear *w, const product_after *after, tensor *to)
{
    return op_product_to(c, x, &w->product, after, to);
}

tensor *op_linear(op_ctx *c, const tensor *x, const linear *w)
{
    tensor *y;
    op_linear_many(c, x, 1, &w, &y);
    return y;
}

void op_linear_many(op_ctx *c, const tensor *x, int n, const linear *const *w, tensor **y)
{
    linear_job j = {.parts = n};
    for (int i = 0; i < n; i++) y[i] = NULL;
    if (n > MAX_PARTS) {
        status_set(c->st, STATUS_FAIL, "op_linear_many: %d products, at most %d", n, MAX_PARTS);
        return;
    }
    bool products = n > 0 && w[0]->form == LINEAR_PRODUCT;
    for (int i = 0; i < n; i++) {
        if (w[i]->form == LINEAR_PRODUCT) y[i] = by_product(c, x, w[i], &(product_after){0}, NULL);
        else products = false;
    }
    if (products) return;
    j.parts = 0;
    for (int i = 0; i < n; i++) {
        if (w[i]->form == LINEAR_PRODUCT) continue;
        tensor *to = result(c, "op_linear", x, w[i], DTYPE_F32, NULL);
        if (!to) return;
        j.part[j.parts++] = (linear_part){.w = w[i], .y = to->data};
        y[i] = to;
    }
    run(c, &j, x);
}

tensor *op_linear_add(op_ctx *c, const tensor *x, const linear *w, const tensor *residual, tensor *to)
{
    tensor *y = op_wants_f32(c, "op_linear_add", residual) ? result(c, "op_linear_add", x, w, DTYPE_F32, to) : NULL;
    if (!y) return NULL;
    if (!tensor_shape_is(residual, y->rank, y->dim)) {
        char a[96], b[96];
        status_set(c->st, STATUS_FAIL, "op_linear_add: shapes %s and %s differ", tensor_shape_text(y, a, sizeof a),
                   tensor_shape_text(residual, b, sizeof b));
        return NULL;
    }
    if (w->form == LINEAR_PRODUCT) return by_product(c, x, w, &(product_after){.residual = residual->data}, y);
    linear_job j = {.parts = 1, .part = {{.w = w, .y = y->data, .residual = residual->data}}};
    run(c, &j, x);
    return y;
}

tensor *op_linear_with(op_ctx *c, const tensor *x, const linear *w, const linear_around *a)
{
    if (op_failed(c) || !x) return NULL;
    bool fused = w->form == LINEAR_PRODUCT && (!a->geglu || w->out / 2 % w->product.kernel->panel == 0);
    if (fused) {
        if (a->residual && (a->residual->type != DTYPE_F32 || tensor_count(a->residual) != tensor_rows(x) * w->out)) {
            status_set(c->st, STATUS_FAIL, "op_linear_with: the residual has another shape than the result");
            return NULL;
        }
        product_after after = {.gated = a->geglu, .residual = a->residual ? a->residual->data : NULL, .type = a->feed ? c->feed : DTYPE_F32};
        return by_product(c, x, w, &after, a->to);
    }
    tensor *y = op_linear(c, x, w);
    if (a->geglu) y = op_geglu(c, y);
    if (a->residual && y) y = op_add(c, tensor_reshape(c->mem, c->st, a->residual, y->rank, y->dim), y);
    if (!y || !a->to) return y;
    if (!op_wants_place(c, "op_linear_with", a->to, y->type, tensor_count(y))) return NULL;
    memcpy(a->to->data, y->data, tensor_bytes(y));
    return a->to;
}

bool op_has_bulk(void) { return kernel_get()->panel->bulk != NULL; }

static tensor *gated(op_ctx *c, const char *op, const tensor *x, const linear *gate, const linear *up,
                     product_activation activation)
{
    bool narrow = c->bulk && c->feed == DTYPE_BF16 && op_has_bulk() && gate->form == LINEAR_QUANTIZED && up->form == LINEAR_QUANTIZED;
    tensor *y = result(c, op, x, up, narrow ? DTYPE_BF16 : DTYPE_F32, NULL);
    if (!y) return NULL;
    if (gate->in != up->in || gate->out != up->out) {
        status_set(c->st, STATUS_FAIL, "%s: the gate is [%lld, %lld], the other weight [%lld, %lld]", op, (long long)gate->out,
                   (long long)gate->in, (long long)up->out, (long long)up->in);
        return NULL;
    }
    if (gate->form == LINEAR_PRODUCT || up->form == LINEAR_PRODUCT) {
        const tensor *a = op_linear(c, x, gate), *b = op_linear(c, x, up);
        if (!a || !b) return NULL;
        (activation == PRODUCT_SILU ? kernel_get()->silu : kernel_get()->gelu_tanh)(y->data, a->data, tensor_count(y));
        kernel_get()->mul(y->data, y->data, b->data, tensor_count(y));
        return y;
    }
    y->codes = narrow ? NULL : op_codes_wanted(c, tensor_rows(x), up->out);
    linear_job j = {.parts = 1, .part = {{.w = up, .y = y->data, .gate = gate, .narrow = narrow ? y->data : NULL, .codes = y->codes}}, .activation = activation};
    run(c, &j, x);
    return y;
}

tensor *op_linear_silu_mul(op_ctx *c, const tensor *x, const linear *gate, const linear *up)
{
    return gated(c, "op_linear_silu_mul", x, gate, up, PRODUCT_SILU);
}

tensor *op_linear_gelu_tanh_mul(op_ctx *c, const tensor *x, const linear *gate, const linear *up)
{
    return gated(c, "op_linear_gelu_tanh_mul", x, gate, up, PRODUCT_GELU_TANH);
}
