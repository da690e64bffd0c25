/* winograd: three loops over a band of tiles: the input's transforms; for each coefficient, its products; the results'
 * transforms with what follows a convolution. A band is a few lines of tiles, so that what lies between the loops stays small. */
#include "core/winograd.h"

#include <string.h>

#include "core/arena.h"
#include "core/kernel/winograd_points.h"

enum { COEFFICIENTS = WINOGRAD_COEFFICIENTS, TILE = WINOGRAD_TILE, LINE = 16 /* floats of a line of a cache */ };

/* ---- weights ---- */

enum { MAX_WEIGHTS = 640 * 640, MIN_CHANNELS = 16 };

bool winograd_suits(const tensor *weight, int stride, bool fast)
{
    const product_kernel *k = product_kernel_of(fast ? DTYPE_BF16 : DTYPE_F32);
    int64_t out = weight->dim[0], in = weight->dim[1];
    return k->winograd_in && weight->rank == 4 && weight->dim[2] == 3 && weight->dim[3] == 3 && stride == 1 &&
           out >= MIN_CHANNELS && in >= MIN_CHANNELS && in <= MAX_WEIGHTS / out;
}

enum { MAX_PANEL = PRODUCT_MAX_PANEL, TAPS = 9, GROUP = 32 };

/* G g of a column or row of three taps, to six; the taps lie `step` apart, the results `to_step`, each of `panel` outputs. A
 * coefficient is g's polynomial at a point, over the product of the point's distances from the others. */
static void six_of_three(const float *g, int step, float *to, int64_t to_step, int panel)
{
    const float a = WINOGRAD_A, b = WINOGRAD_B, zero = 1 / (a * a * b * b), at_a = 1 / (2 * a * a * (a * a - b * b)), at_b = 1 / (2 * b * b * (b * b - a * a));
    const float *first = g, *second = g + step, *third = g + 2 * step;
    for (int o = 0; o < panel; o++) {
        to[o] = first[o] * zero;
        to[to_step + o] = (first[o] + second[o] * a + third[o] * (a * a)) * at_a;
        to[2 * to_step + o] = (first[o] - second[o] * a + third[o] * (a * a)) * at_a;
        to[3 * to_step + o] = (first[o] + second[o] * b + third[o] * (b * b)) * at_b;
        to[4 * to_step + o] = (first[o] - second[o] * b + third[o] * (b * b)) * at_b;
        to[5 * to_step + o] = third[o];
    }
}

typedef struct {
    product *w;
    const tensor *weight;
} pack_job;

/* [panel][coefficient][input][lane], as core/product.c packs taps: G g Gᵀ for all outputs of the panel at once. */
static void pack_panel(void *arg, int64_t p)
{
    const pack_job *j = arg;
    const product *w = j->w;
    const int panel = w->kernel->panel;
    const int64_t slice = w->row * panel, outputs = w->out - p * panel < panel ? w->out - p * panel : panel;
    float *to = (float *)w->packed + p * COEFFICIENTS * slice;
    float value[MAX_PANEL][GROUP * TAPS] = {{0}}, g[TAPS * MAX_PANEL], half[6 * 3 * MAX_PANEL];
    for (int64_t first = 0; first < w->in; first += GROUP) {
        int64_t inputs = w->in - first < GROUP ? w->in - first : GROUP;
        for (int64_t o = 0; o < outputs; o++)
            product_read_weights(j->weight, p * panel + o, w->in * TAPS, first * TAPS, inputs * TAPS, value[o]);
        for (int64_t i = 0; i < inputs; i++) {
            for (int t = 0; t < TAPS; t++)
                for (int o = 0; o < panel; o++) g[t * panel + o] = value[o][i * TAPS + t];
            for (int x = 0; x < 3; x++) six_of_three(g + x * panel, 3 * panel, half + x * panel, 3 * panel, panel);
            for (int k = 0; k < 6; k++) six_of_three(half + 3 * k * panel, panel, to + 6 * k * slice + (first + i) * panel, slice, panel);
        }
    }
}

bool winograd_init(product *w, const tensor *weight, const float *bias, pool *threads, status *st)
{
    tensor shape = {.type = DTYPE_F32, .rank = 4, .dim = {weight->dim[0], weight->dim[1], 6, 6}}; /* of the transformed weight */
    if (weight->dim[1] * TAPS % dtype_of(weight->type)->block)
        return status_set(st, STATUS_INPUT, "a weight of %lld inputs does not fit the blocks of %s", (long long)weight->dim[1], dtype_of(weight->type)->name);
    if (!product_prepare(w, &shape, bias, false, st)) return false;
    pool_run(threads, pack_panel, &(pack_job){w, weight}, product_panels(w));
    return true;
}

/* ---- running ---- */

typedef struct {
    const product *w;
    const product_rows *rows;
    const product_after *after;
    char *y;
    int64_t wide, high;         /* tiles of a picture */
    int64_t first, lines;       /* the band: lines of tiles of all pictures */
    int64_t panels, panels_a_group, groups;
    float *v;                   /* [coefficient][tile][in] */
    float *m;                   /* [panel][coefficient][tile][lane] */
    int64_t v_slice, m_slice;   /* a coefficient's; lines of a cache are left between, that slices do not share its sets */
} run_job;

/* One line of tiles. */
static void transform_in(void *arg, int64_t item)
{
    const run_job *j = arg;
    const product_rows *r = j->rows;
    int64_t in = j->w->row, line = j->first + item, b = line / j->high, y = line % j->high * TILE;
    const float *x = (const float *)r->x + (b * r->plane + y * r->pitch) * in;
    for (int64_t t = 0; t < j->wide; t++)
        j->w->kernel->winograd_in(x + t * TILE * in, r->pitch * in, in, j->v + (item * j->wide + t) * in, j->v_slice, in);
}

/* One coefficient of a group of panels: strips of tiles of nearly equal length. */
static void multiply(void *arg, int64_t item)
{
    static const int64_t here = 0;
    const run_job *j = arg;
    const product_kernel *k = j->w->kernel;
    int64_t coefficient = item / j->groups, from = item % j->groups * j->panels_a_group, in = j->w->row;
    int64_t to = from + j->panels_a_group < j->panels ? from + j->panels_a_group : j->panels;
    int64_t tiles = j->lines * j->wide, strips = (tiles + k->rows - 1) / k->rows;
    for (int64_t p = from; p < to; p++) {
        const float *panel = (const float *)j->w->packed + (p * COEFFICIENTS + coefficient) * in * k->panel;
        float *sum = j->m + (p * COEFFICIENTS + coefficient) * j->m_slice;
        for (int64_t s = 0; s < strips; s++) {
            int64_t first = s * tiles / strips, last = (s + 1) * tiles / strips;
            product_block b = {.x = {(const char *)(j->v + coefficient * j->v_slice + first * in)}, .rows = {(int)(last - first)}, .row_bytes = in * 4,
                               .tap = &here, .taps = 1, .in = in, .panel = panel, .sum = sum + first * k->panel};
            k->block(&b);
        }
    }
}

enum { CHUNK = 16 }; /* tiles whose results lie between two loops */

/* One panel of a line of tiles. */
static void transform_out(void *arg, int64_t item)
{
    const run_job *j = arg;
    const product_kernel *k = j->w->kernel;
    const product_after *a = j->after;
    int64_t p = item % j->panels, at = item / j->panels, line = j->first + at, b = line / j->high, y = line % j->high * TILE;
    int64_t W = j->rows->width, H = j->rows->height, out = j->w->out, from = p * k->panel;
    float sum[TILE * CHUNK * TILE * PRODUCT_MAX_PANEL] __attribute__((aligned(64)));
    const int64_t length = CHUNK * TILE * k->panel;
    product_result r = {.sum = sum, .activation = a->activation, .type = a->type, .stride = out, .count = out - from < k->panel ? out - from : k->panel,
                        .bias = j->w->bias ? j->w->bias + from : NULL, .row = a->row ? a->row + (a->one_row ? 0 : b * out) + from : NULL};
    for (int64_t first = 0; first < j->wide; first += CHUNK) {
        int64_t last = first + CHUNK < j->wide ? first + CHUNK : j->wide, x = first * TILE;
        for (int64_t t = first; t < last; t++)
            k->winograd_out(j->m + p * COEFFICIENTS * j->m_slice + (at * j->wide + t) * k->panel, j->m_slice, sum + (t - first) * TILE * k->panel, length);
        r.rows = last * TILE < W ? last * TILE - x : W - x;
        for (int64_t i = 0; i < TILE && y + i < H; i++) {
            int64_t place = ((b * H + y + i) * W + x) * out + from;
            r.sum = sum + i * length;
            r.residual = a->residual ? a->residual + place : NULL;
            r.y = j->y + place * (a->type == DTYPE_BF16 ? 2 : 4);
            k->finish(&r);
        }
    }
}

enum { BAND_BYTES = 32 << 20, ITEMS = 16 };

bool winograd_run(op_ctx *c, const product *w, const product_rows *rows, const product_after *after, void *y)
{
    run_job j = {.w = w, .rows = rows, .after = after, .y = y};
    j.wide = (rows->width + TILE - 1) / TILE;
    j.high = (rows->height + TILE - 1) / TILE;
    j.panels = product_panels(w);
    j.groups = j.panels < 4 ? j.panels : 4;
    j.panels_a_group = (j.panels + j.groups - 1) / j.groups;
    j.groups = (j.panels + j.panels_a_group - 1) / j.panels_a_group;
    int64_t all = rows->planes * j.high, tile_bytes = COEFFICIENTS * 4 * (w->row + j.panels * w->kernel->panel);
    int64_t lines = BAND_BYTES / tile_bytes / j.wide;
    lines = lines < 1 ? 1 : lines < all ? lines : all;
    int64_t bands = (all + lines - 1) / lines;
    lines = (all + bands - 1) / bands;
    j.v_slice = lines * j.wide * w->row + LINE;
    j.m_slice = lines * j.wide * w->kernel->panel + LINE;
    size_t mark = arena_mark(c->mem);
    j.v = arena_alloc(c->mem, (size_t)(COEFFICIENTS * j.v_slice) * sizeof(float), c->st);
    j.m = arena_alloc(c->mem, (size_t)(j.panels * COEFFICIENTS * j.m_slice) * sizeof(float), c->st);
    if (!j.v || !j.m) return false;
    for (j.first = 0; j.first < all; j.first += j.lines) {
        j.lines = all - j.first < lines ? all - j.first : lines;
        pool_run(c->threads, transform_in, &j, j.lines);
        pool_run(c->threads, multiply, &j, COEFFICIENTS * j.groups);
        pool_run(c->threads, transform_out, &j, j.lines * j.panels);
    }
    arena_reset(c->mem, mark);
    return true;
}
