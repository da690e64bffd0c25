/* linear: building panels from a model's tensors, and the products with them split over the pool. */
#include "core/linear.h"

#include <string.h>

#include "core/alloc.h"
#include "core/kernel/kernel.h"
#include "core/kernel/kernel_panel.h"
#include "core/quant.h"

/* Where the f32 panels do not exist as a whole, they are made for this many inputs at a time, on the stack. */
enum { SLICE = 256 };

/* ---- building ---- */

/* Row o of a weight, elements from … from + n, as f32. from and n are multiples of the type's block. */
static void widen(float *dst, const linear *w, const void *data, int64_t o, int64_t from, int64_t n)
{
    const dtype_info *info = dtype_of(w->type);
    const char *row = (const char *)data + (o * w->in + from) / info->block * info->bytes;
    quant_dequantize(w->type, row, dst, n);
}

/* One panel's inputs from … from + n, as [n][PANEL]; rows past the last are zero. */
static void widen_panel(float *dst, const linear *w, const void *data, int64_t panel, int64_t from, int64_t n)
{
    float row[SLICE];
    for (int64_t lane = 0; lane < PANEL; lane++) {
        int64_t o = panel * PANEL + lane;
        if (o < w->out) widen(row, w, data, o, from, n);
        else memset(row, 0, sizeof row);
        for (int64_t k = 0; k < n; k++) dst[k * PANEL + lane] = row[k];
    }
}

typedef struct {
    linear *w;
    const void *data;
} pack_job;

static void pack_f32_panel(void *arg, int64_t panel)
{
    pack_job *j = arg;
    for (int64_t k = 0; k < j->w->in; k += SLICE) {
        int64_t left = j->w->in - k;
        widen_panel((float *)j->w->packed + (panel * j->w->in + k) * PANEL, j->w, j->data, panel, k, left < SLICE ? left : SLICE);
    }
}

static int64_t panels_of(const linear *w) { return (w->out + PANEL - 1) / PANEL; }

static bool pack_f32(linear *w, const void *data, pool *threads, status *st)
{
    w->packed_bytes = (size_t)(panels_of(w) * PANEL * w->in) * sizeof(float);
    w->packed = alloc_huge(w->packed_bytes, st);
    if (!w->packed) return false;
    pool_run(threads, pack_f32_panel, &(pack_job){w, data}, panels_of(w));
    return true;
}

bool linear_init(linear *w, const tensor *weight, const float *bias, linear_mode mode, pool *threads, status *st)
{
    *w = (linear){.mode = mode, .type = weight->type, .bias = bias};
    char shape[96];
    if (weight->rank != 2)
        return status_set(st, STATUS_INPUT, "a linear layer's weight has shape %s, wanted [out, in]",
                          tensor_shape_text(weight, shape, sizeof shape));
    bool floats = weight->type == DTYPE_F32 || weight->type == DTYPE_F16 || weight->type == DTYPE_BF16;
    if (!floats && dtype_of(weight->type)->block == 1)
        return status_set(st, STATUS_INPUT, "a linear layer's weight is of type %s, wanted a float or block-quantised one",
                          dtype_of(weight->type)->name);
    w->out = weight->dim[0];
    w->in = weight->dim[1];
    if (w->in % dtype_of(w->type)->block)
        return status_set(st, STATUS_INPUT, "a linear layer's weight has shape %s, but %s comes in blocks of %d",
                          tensor_shape_text(weight, shape, sizeof shape), dtype_of(w->type)->name, dtype_of(w->type)->block);
    if (w->type == DTYPE_F32) return pack_f32(w, weight->data, threads, st);
    w->weight = weight->data;
    return true;
}

void linear_free(linear *w)
{
    alloc_huge_free(w->packed, w->packed_bytes);
    *w = (linear){0};
}

/* ---- products ---- */

/* The work is cut into items by its size alone: some rows by some panels. */
typedef struct {
    const linear *w;
    float *y;
    const float *x;
    int64_t rows, row_step, panel_step, panel_items;
} product_job;

static void add_bias(const product_job *j, float *y, int64_t rows, int64_t first, int64_t out)
{
    if (!j->w->bias) return;
    for (int64_t r = 0; r < rows; r++)
        kernel_get()->add(y + r * j->w->out, y + r * j->w->out, j->w->bias + first, out);
}

static void product_f32(const product_job *j, float *y, const float *x, int64_t rows, int64_t panel, int64_t out)
{
    kernel_get()->panel->f32(y, j->w->out, x, j->w->in, rows, (const float *)j->w->packed + panel * PANEL * j->w->in,
                             j->w->in, out, false);
}

/* The same sums from weights that are widened slice by slice. */
static void product_widened(const product_job *j, float *y, const float *x, int64_t rows, int64_t panel, int64_t out)
{
    const linear *w = j->w;
    _Alignas(64) float slice[SLICE * PANEL];
    for (int64_t o = 0; o < out; o += PANEL)
        for (int64_t k = 0; k < w->in; k += SLICE) {
            int64_t n = w->in - k < SLICE ? w->in - k : SLICE;
            widen_panel(slice, w, w->weight, panel + o / PANEL, k, n);
            kernel_get()->panel->f32(y + o, w->out, x + k, w->in, rows, slice, n, out - o < PANEL ? out - o : PANEL, k > 0);
        }
}

static void product_item(void *arg, int64_t i)
{
    const product_job *j = arg;
    int64_t row = i / j->panel_items * j->row_step, panel = i % j->panel_items * j->panel_step;
    int64_t rows = j->rows - row < j->row_step ? j->rows - row : j->row_step;
    int64_t out = j->w->out - panel * PANEL;
    if (out > j->panel_step * PANEL) out = j->panel_step * PANEL;
    const float *x = j->x + row * j->w->in;
    float *y = j->y + row * j->w->out + panel * PANEL;
    (j->w->packed ? product_f32 : product_widened)(j, y, x, rows, panel, out);
    add_bias(j, y, rows, panel * PANEL, out);
}

void linear_run(const linear *w, pool *threads, float *y, const float *x, int64_t rows)
{
    if (w->in == 0) memset(y, 0, (size_t)(rows * w->out) * sizeof(float));
    product_job j = {.w = w, .y = y, .x = x, .rows = rows};
    j.row_step = w->packed ? 96 : 384;
    int64_t chunk = rows < j.row_step ? rows : j.row_step;
    int64_t cost = PANEL * w->in * (chunk > 0 ? chunk : 1); /* multiplications of one panel */
    j.panel_step = cost > 0 && cost < 262144 ? (262144 + cost - 1) / cost : 1;
    if (j.panel_step % 2) j.panel_step++; /* the kernels take panels in twos */
    j.panel_items = (panels_of(w) + j.panel_step - 1) / j.panel_step;
    pool_run(threads, product_item, &j, (rows + j.row_step - 1) / j.row_step * j.panel_items);
}
