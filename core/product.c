#include "core/product.h"

#include <string.h>

#include "core/alloc.h"
#include "core/kernel/kernel.h"
#include "core/quant.h"

/* ---- packing ---- */

typedef struct {
    product *w;
    const tensor *weight;
} pack_job;

/* A panel is packed GROUP inputs at a time: their weights of all the panel's outputs are widened into a buffer that stays
 * in the first cache, and written from there in the panel's own order. */
enum { GROUP = 32, MAX_GROUP = GROUP * PRODUCT_MAX_TAPS };

void product_read_weights(const tensor *weight, int64_t o, int64_t count, int64_t from, int64_t n, float *to)
{
    const dtype_info *info = dtype_of(weight->type);
    int64_t start = o * count + from, first = start / info->block * info->block;
    const char *data = (const char *)weight->data + first / info->block * info->bytes;
    if (weight->type == DTYPE_F16) {
        kernel_get()->from_f16(to, (const uint16_t *)(const void *)data, n);
    } else if (start == first && n % info->block == 0) {
        quant_dequantize(weight->type, data, to, n);
    } else { /* blocks wider than a group */
        enum { MAX_BLOCK = 256 };
        float whole[MAX_GROUP + 2 * MAX_BLOCK];
        quant_dequantize(weight->type, data, whole, (start - first + n + info->block - 1) / info->block * info->block);
        memcpy(to, whole + (start - first), (size_t)n * sizeof(float));
    }
}

/* buffer: [panel][width] -> f32 [tap][input][panel]; a tap's inputs lie `row` apart. */
static void put_f32(float *to, const float *buffer, int64_t width, int64_t inputs, int taps, int64_t row, int panel)
{
    for (int t = 0; t < taps; t++)
        for (int64_t i = 0; i < inputs; i++)
            for (int o = 0; o < panel; o++) to[(t * row + i) * panel + o] = buffer[o * width + i * taps + t];
}

/* put_bf16 for one tap and a whole group of inputs: a pair lies side by side already. */
static void put_pairs(uint16_t *to, const uint16_t *buffer, int panel)
{
    for (int o = 0; o < panel; o++)
        for (int i = 0; i < GROUP; i += 2) memcpy(to + i * panel + 2 * o, buffer + o * GROUP + i, 2 * sizeof *to);
}

/* buffer: [panel][width] -> bf16 [tap][pair of inputs][panel][2], the order in which the instructions take pairs. */
static void put_bf16(uint16_t *to, const uint16_t *buffer, int64_t width, int64_t inputs, int taps, int panel)
{
    if (taps == 1 && inputs == GROUP) {
        put_pairs(to, buffer, panel);
        return;
    }
    for (int t = 0; t < taps; t++)
        for (int64_t i = 0; i < inputs; i += 2) {
            const uint16_t *from = buffer + i * taps + t;
            uint16_t *pair = to + (t * (GROUP / 2) + i / 2) * panel * 2;
            int64_t second = i + 1 < inputs ? taps : 0;
            for (int o = 0; o < panel; o++) {
                pair[2 * o] = from[o * width];
                pair[2 * o + 1] = second ? from[o * width + second] : 0;
            }
        }
}

static int64_t panel_elements(const product *w) { return w->taps * w->row * w->kernel->panel; }

void product_pack_panel(const product *w, const tensor *weight, int64_t p)
{
    const product_kernel *k = w->kernel;
    bool wide = k->type == DTYPE_F32;
    int64_t count = w->in * w->taps, width = GROUP * w->taps, size = wide ? 4 : 2;
    char *to = (char *)w->packed + p * panel_elements(w) * size;
    char buffer[PRODUCT_MAX_PANEL * MAX_GROUP * sizeof(float)] __attribute__((aligned(64)));
    float value[MAX_GROUP];
    int64_t outputs = w->out - p * k->panel < k->panel ? w->out - p * k->panel : k->panel;
    if (outputs < k->panel) memset(buffer, 0, (size_t)(k->panel * width * size));
    for (int64_t i = 0; i < w->in; i += GROUP) {
        int64_t inputs = w->in - i < GROUP ? w->in - i : GROUP, n = inputs * w->taps;
        for (int64_t o = 0; o < outputs; o++) {
            product_read_weights(weight, p * k->panel + o, count, i * w->taps, n, value);
            k->convert(buffer + o * width * size, value, n);
        }
        if (wide) put_f32((float *)(void *)to + i * k->panel, (const float *)(const void *)buffer, width, inputs, w->taps, w->row, k->panel);
        else put_bf16((uint16_t *)(void *)to + i * w->taps * k->panel, (const uint16_t *)(const void *)buffer, width, inputs, w->taps, k->panel);
    }
}

static void pack_panel(void *arg, int64_t p)
{
    const pack_job *j = arg;
    product_pack_panel(j->w, j->weight, p);
}

static bool shape_fits(const tensor *weight, int *taps)
{
    int64_t count = 1;
    for (int i = 2; i < weight->rank; i++)
        if (__builtin_mul_overflow(count, weight->dim[i], &count)) return false;
    *taps = (int)count;
    return (weight->rank == 2 || weight->rank == 3 || weight->rank == 4) && weight->dim[0] > 0 && weight->dim[1] > 0 &&
           count > 0 && count <= PRODUCT_MAX_TAPS;
}

int64_t product_panels(const product *w) { return (w->out + w->kernel->panel - 1) / w->kernel->panel; }

bool product_prepare(product *w, const tensor *weight, const float *bias, bool fast, status *st)
{
    *w = (product){0};
    char shape[96];
    int taps;
    if (!shape_fits(weight, &taps))
        return status_set(st, STATUS_INPUT, "a weight of shape %s cannot be multiplied by", tensor_shape_text(weight, shape, sizeof shape));
    if (weight->dim[1] * taps % dtype_of(weight->type)->block)
        return status_set(st, STATUS_INPUT, "a weight of shape %s does not fit the blocks of %s", tensor_shape_text(weight, shape, sizeof shape),
                          dtype_of(weight->type)->name);
    const product_kernel *k = product_kernel_of(fast ? DTYPE_BF16 : DTYPE_F32);
    *w = (product){.kernel = k, .in = weight->dim[1], .out = weight->dim[0], .taps = taps};
    w->row = (w->in + k->step - 1) / k->step * k->step;
    int64_t elements;
    if (__builtin_mul_overflow(product_panels(w), w->taps * w->row * k->panel, &elements) || elements > INT64_MAX / 4)
        return status_set(st, STATUS_NOMEM, "a weight of shape %s is too large", tensor_shape_text(weight, shape, sizeof shape));
    w->packed_bytes = (size_t)elements * (k->type == DTYPE_F32 ? 4 : 2);
    w->packed = alloc_huge(w->packed_bytes, st);
    w->bias = bias && w->packed ? alloc_array((size_t)w->out, sizeof(float), st) : NULL;
    if (!w->packed || (bias && !w->bias)) {
        product_free(w);
        return false;
    }
    if (bias) memcpy(w->bias, bias, (size_t)w->out * sizeof(float));
    return true;
}

bool product_init(product *w, const tensor *weight, const float *bias, bool fast, pool *threads, status *st)
{
    if (!product_prepare(w, weight, bias, fast, st)) return false;
    pool_run(threads, pack_panel, &(pack_job){w, weight}, product_panels(w));
    return true;
}

void product_free(product *w)
{
    if (w->packed) alloc_huge_free(w->packed, w->packed_bytes);
    alloc_free(w->bias);
    *w = (product){0};
}

/* ---- running ---- */

/* A strip: positions p … p + count − 1 of one plane, where position p holds result (p / pitch, p % pitch) if p % pitch < width. */
typedef struct {
    int64_t plane, position;
    int count;
} strip;

typedef struct {
    const product *w;
    const product_rows *rows;
    const product_after *after;
    char *y;
    int64_t tap[PRODUCT_MAX_TAPS]; /* bytes */
    bool flat;             /* strips run on over line ends */
    int64_t strips_a_line; /* of a plane when flat */
    int64_t strips;        /* in all */
    int64_t strips_a_block, blocks;
    int64_t panels, panels_a_group, groups;
    int64_t width; /* of a row of y */
} run_job;

/* Lines are cut into strips of nearly equal length. Where the kernel's time does not shrink with its rows, a plane may be
 * cheaper as one run of positions, the few between line ends computed for nothing. */
static void plan_strips(run_job *j)
{
    const product_rows *r = j->rows;
    int64_t most = j->w->kernel->rows;
    int64_t a_line = (r->width + most - 1) / most;
    int64_t flat = ((r->height - 1) * r->pitch + r->width + most - 1) / most;
    j->flat = j->w->kernel->whole && r->height > 1 && flat < a_line * r->height;
    j->strips_a_line = j->flat ? flat : a_line;
    j->strips = r->planes * (j->flat ? flat : a_line * r->height);
}

static strip strip_at(const run_job *j, int64_t s)
{
    const product_rows *r = j->rows;
    int64_t line = s / j->strips_a_line, k = s % j->strips_a_line;
    int64_t most = j->w->kernel->rows, length = j->flat ? (r->height - 1) * r->pitch + r->width : r->width;
    int64_t from = k * most, to = from + most < length ? from + most : length;
    if (!j->w->kernel->whole) {
        from = k * length / j->strips_a_line;
        to = (k + 1) * length / j->strips_a_line;
    }
    if (j->flat) return (strip){line, from, (int)(to - from)};
    return (strip){line / r->height, line % r->height * r->pitch + from, (int)(to - from)};
}

/* The results of a strip; where it runs on over line ends, line by line. */
static void finish_strip(const run_job *j, const strip *s, int64_t panel, const float *sum, const float *gate)
{
    const product *w = j->w;
    const product_rows *r = j->rows;
    int64_t from = panel * w->kernel->panel, left = j->width - from;
    product_result y = {.activation = gate ? PRODUCT_GELU : j->after->activation, .type = j->after->type, .stride = j->width, .count = left < w->kernel->panel ? left : w->kernel->panel};
    y.bias = w->bias ? w->bias + from : NULL;
    y.gate_bias = gate && w->bias ? w->bias + j->width + from : NULL;
    y.row = j->after->row ? j->after->row + (j->after->one_row ? 0 : s->plane * j->width) + from : NULL;
    for (int64_t i = 0; i < s->count;) {
        int64_t line = (s->position + i) / r->pitch, x = (s->position + i) % r->pitch, end = i + r->pitch - x;
        int64_t n = (r->width - x < s->count - i ? r->width - x : s->count - i), at = ((s->plane * r->height + line) * r->width + x) * j->width + from;
        if (n > 0) {
            y.rows = n;
            y.sum = sum + i * w->kernel->panel;
            y.gate = gate ? gate + i * w->kernel->panel : NULL;
            y.residual = j->after->residual ? j->after->residual + at : NULL;
            y.y = j->y + at * (y.type == DTYPE_BF16 ? 2 : 4);
            w->kernel->finish(&y);
        }
        i = end;
    }
}

static void run_panel(const run_job *j, const product_block *at, int64_t panel, float *sum)
{
    const product *w = j->w;
    product_block b = *at;
    b.panel = (const char *)w->packed + panel * panel_elements(w) * (w->kernel->type == DTYPE_F32 ? 4 : 2);
    b.sum = sum;
    w->kernel->block(&b);
}

/* One block of strips against one group of panels: a panel's weights are read once for the block and stay in the cache. */
static void run_item(void *arg, int64_t item)
{
    const run_job *j = arg;
    const product *w = j->w;
    const product_kernel *k = w->kernel;
    int64_t block = item % j->blocks, group = item / j->blocks;
    int64_t first = block * j->strips_a_block, last = first + j->strips_a_block < j->strips ? first + j->strips_a_block : j->strips;
    int64_t to = (group + 1) * j->panels_a_group < j->panels ? (group + 1) * j->panels_a_group : j->panels;
    float sum[2][PRODUCT_MAX_ROWS * PRODUCT_MAX_PANEL] __attribute__((aligned(64)));
    const int64_t row_bytes = w->row * (k->type == DTYPE_F32 ? 4 : 2);
    if (k->begin) k->begin();
    for (int64_t panel = group * j->panels_a_group; panel < to; panel++)
        for (int64_t s = first; s < last; s += k->strips) {
            strip part[2] = {strip_at(j, s), {0}};
            if (k->strips == 2 && s + 1 < last) part[1] = strip_at(j, s + 1);
            product_block b = {.row_bytes = row_bytes, .tap = j->tap, .taps = w->taps, .in = w->row};
            for (int i = 0; i < 2; i++) {
                b.rows[i] = part[i].count;
                b.x[i] = (const char *)j->rows->x + (part[i].plane * j->rows->plane + part[i].position) * row_bytes;
            }
            run_panel(j, &b, panel, sum[0]);
            if (j->after->gated) run_panel(j, &b, panel + j->panels, sum[1]);
            for (int i = 0; i < 2 && part[i].count; i++) {
                int64_t at = i * k->rows * k->panel;
                finish_strip(j, part + i, panel, sum[0] + at, j->after->gated ? sum[1] + at : NULL);
            }
        }
    if (k->end) k->end();
}

enum { BLOCK_ROWS = 256, ITEMS = 16 };

void product_run(const product *w, pool *threads, const product_rows *rows, const product_after *after, void *y)
{
    const product_kernel *k = w->kernel;
    run_job j = {.w = w, .rows = rows, .after = after, .y = y, .width = after->gated ? w->out / 2 : w->out};
    if (rows->planes < 1 || rows->height < 1 || rows->width < 1) return;
    for (int t = 0; t < w->taps; t++) j.tap[t] = (rows->offset ? rows->offset[t] : 0) * w->row * (k->type == DTYPE_F32 ? 4 : 2);
    plan_strips(&j);
    j.strips_a_block = (BLOCK_ROWS + k->rows - 1) / k->rows;
    j.strips_a_block += j.strips_a_block % k->strips;
    j.blocks = (j.strips + j.strips_a_block - 1) / j.strips_a_block;
    j.panels = (j.width + k->panel - 1) / k->panel;
    int64_t groups = (ITEMS + j.blocks - 1) / j.blocks;
    j.panels_a_group = groups < j.panels ? (j.panels + groups - 1) / groups : 1;
    j.groups = (j.panels + j.panels_a_group - 1) / j.panels_a_group;
    pool_run(threads, run_item, &j, j.blocks * j.groups);
}
