/* linear: building panels from a model's tensors. core/op_linear.c multiplies with them. */
#include "core/linear.h"

#include <string.h>

#include "core/alloc.h"
#include "core/linear_pack.h"
#include "core/quant.h"

void linear_widen_panel(float *dst, const linear *w, const void *data, int64_t panel, int64_t from, int64_t n)
{
    const dtype_info *info = dtype_of(w->type);
    float row[LINEAR_SLICE];
    for (int64_t lane = 0; lane < PANEL; lane++) {
        int64_t o = panel * PANEL + lane;
        if (o < w->out) quant_dequantize(w->type, (const char *)data + (o * w->in + from) / info->block * info->bytes, row, n);
        else memset(row, 0, sizeof row);
        for (int64_t k = 0; k < n; k++) dst[k * PANEL + lane] = row[k];
    }
}

static void pack_f32_panel(const linear *w, const void *data, int64_t panel)
{
    for (int64_t k = 0; k < w->in; k += LINEAR_SLICE) {
        int64_t left = w->in - k;
        linear_widen_panel((float *)w->packed + (panel * w->in + k) * PANEL, w, data, panel, k, left < LINEAR_SLICE ? left : LINEAR_SLICE);
    }
}

static void pack_quantized_panel(const linear *w, const void *data, int64_t panel)
{
    const dtype_info *info = dtype_of(w->type);
    int64_t rows = w->out - panel * PANEL;
    linear_pack_panel(w->type, (uint8_t *)w->packed + (size_t)panel * w->panel_bytes,
                      (const char *)data + panel * PANEL * w->in / info->block * info->bytes, rows < PANEL ? rows : PANEL, w->in, w->unit);
}

int64_t linear_packing_panels(const linear *w)
{
    return w->form == LINEAR_IN_PLACE ? 0 : w->form == LINEAR_PRODUCT ? product_panels(&w->product) : linear_panels(w);
}

void linear_pack_one(const linear *w, const tensor *weight, int64_t panel)
{
    switch (w->form) {
    case LINEAR_IN_PLACE: break;
    case LINEAR_F32: pack_f32_panel(w, weight->data, panel); break;
    case LINEAR_QUANTIZED: pack_quantized_panel(w, weight->data, panel); break;
    case LINEAR_PRODUCT: product_pack_panel(&w->product, weight, panel); break;
    }
}

/* Room for the panels. */
static bool take_room(linear *w, status *st)
{
    bool quantized = w->form == LINEAR_QUANTIZED;
    w->panel_bytes = quantized ? panel_bytes(linear_pack_form(w->kind), w->in / PANEL_BLOCK) : (size_t)w->in * PANEL * sizeof(float);
    if (__builtin_mul_overflow((size_t)linear_panels(w), w->panel_bytes, &w->packed_bytes)) w->packed_bytes = SIZE_MAX;
    w->packed = alloc_huge(w->packed_bytes, st);
    return w->packed != NULL;
}

bool linear_prepare(linear *w, const tensor *weight, const float *bias, linear_mode mode, status *st)
{
    *w = (linear){.mode = mode, .type = weight->type, .bias = bias, .unit = 1.0f};
    char shape[96];
    if (weight->rank != 2)
        return status_set(st, STATUS_INPUT, "a linear layer's weight has shape %s, wanted [out, in]",
                          tensor_shape_text(weight, shape, sizeof shape));
    const dtype_info *info = dtype_of(w->type);
    bool floats = w->type == DTYPE_F32 || w->type == DTYPE_F16 || w->type == DTYPE_BF16;
    if (!floats && info->block == 1)
        return status_set(st, STATUS_INPUT, "a linear layer's weight is of type %s, wanted a float or block-quantised one", info->name);
    w->out = weight->dim[0];
    w->in = weight->dim[1];
    if (w->in % info->block)
        return status_set(st, STATUS_INPUT, "a linear layer's weight has shape %s, but %s comes in blocks of %d",
                          tensor_shape_text(weight, shape, sizeof shape), info->name, info->block);
    bool narrow = mode == LINEAR_NARROWED && linear_feed(mode) == DTYPE_BF16;
    if (w->type == DTYPE_F32 && !narrow) w->form = LINEAR_F32;
    else if ((mode == LINEAR_FAST || mode == LINEAR_NARROWED) && linear_pack_kind(w->type, &w->kind)) w->form = LINEAR_QUANTIZED;
    else if (floats && (mode == LINEAR_WIDENED || linear_feed(mode) == DTYPE_BF16)) w->form = LINEAR_PRODUCT;
    if (w->form == LINEAR_PRODUCT) {
        bool made = product_prepare(&w->product, weight, bias, linear_feed(mode) == DTYPE_BF16, st);
        w->packed = w->product.packed;
        w->packed_bytes = w->product.packed_bytes;
        return made;
    }
    if (w->form == LINEAR_QUANTIZED) w->unit = linear_pack_unit(w->type, weight->data, tensor_count(weight) / info->block);
    if (w->form != LINEAR_IN_PLACE) return take_room(w, st);
    w->weight = weight->data;
    return true;
}

typedef struct {
    const linear *w;
    const tensor *weight;
} pack_job;

static void pack_task(void *arg, int64_t panel)
{
    const pack_job *j = arg;
    linear_pack_one(j->w, j->weight, panel);
}

bool linear_init(linear *w, const tensor *weight, const float *bias, linear_mode mode, pool *threads, status *st)
{
    if (!linear_prepare(w, weight, bias, mode, st)) return false;
    pool_run(threads, pack_task, &(pack_job){w, weight}, linear_packing_panels(w));
    return true;
}

void linear_free(linear *w)
{
    if (w->form == LINEAR_PRODUCT) product_free(&w->product);
    else alloc_huge_free(w->packed, w->packed_bytes);
    *w = (linear){0};
}

dtype linear_feed(linear_mode mode)
{
    return (mode == LINEAR_FAST || mode == LINEAR_NARROWED) && product_kernel_bf16() ? DTYPE_BF16 : DTYPE_F32;
}
