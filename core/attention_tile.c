/* attention_tile: softmax(scale · q kᵀ) v, a tile of queries by a tile of keys at a time. */
#include "core/attention_tile.h"

#include <math.h>
#include <string.h>

#include "core/kernel/kernel.h"

attention_form attention_form_of(const product_kernel *kernel, int64_t D, int64_t keys, float scale)
{
    int64_t panel = kernel->panel, step = kernel->step > 1 ? kernel->step : 1;
    return (attention_form){.kernel = kernel, .D = D, .row = (D + step - 1) / step * step,
                            .keys = (keys + panel - 1) / panel * panel, /* panels are a multiple of every step */
                            .value_panels = (D + panel - 1) / panel, .size = kernel->type == DTYPE_F32 ? 4 : 2, .scale = scale};
}

size_t attention_key_bytes(const attention_form *f) { return (size_t)(f->keys * f->row * f->size); }

size_t attention_value_bytes(const attention_form *f) { return (size_t)(f->value_panels * f->kernel->panel * f->keys * f->size); }

int64_t attention_tiles_at_once(const attention_form *f)
{
    enum { SMALL_HEAD = 1 << 20 };
    return f->keys * f->D * f->size > SMALL_HEAD ? ATTENTION_TILES : 1;
}

void attention_tile_clear(attention_tile *t)
{
    memset(t->total, 0, sizeof t->total);
    for (int r = 0; r < ATTENTION_QUERIES; r++) t->most[r] = -INFINITY;
    t->seen = false;
}

/* Up to ATTENTION_QUERIES rows against one panel, in strips. sum: [rows][panel] */
static void multiply(const product_kernel *k, const char *x, int64_t row_bytes, int64_t in, int64_t rows, const void *panel,
                     float *sum, bool add)
{
    static const int64_t here = 0;
    for (int64_t r = 0; r < rows; r += k->rows * k->strips) {
        product_block b = {.row_bytes = row_bytes, .tap = &here, .taps = 1, .in = in, .panel = panel, .sum = sum + r * k->panel, .add = add};
        for (int s = 0; s < k->strips; s++) {
            int64_t from = r + s * k->rows, left = rows - from;
            b.x[s] = x + from * row_bytes;
            b.rows[s] = (int)(left < 0 ? 0 : left < k->rows ? left : k->rows);
        }
        k->block(&b);
    }
}

static void fade_rows(const attention_form *f, attention_tile *t, const float *fade, int64_t rows)
{
    const kernel_table *k = kernel_get();
    int64_t panel = f->kernel->panel;
    for (int64_t r = 0; r < rows; r++)
        for (int64_t p = 0; p < f->value_panels && fade[r] != 1; p++) {
            float *acc = t->acc + (p * rows + r) * panel;
            k->scale(acc, acc, fade[r], panel);
        }
}

void attention_tile_see(const attention_form *f, attention_tile *t, const char *q, int64_t rows, const attention_span *s)
{
    enum { SCORES = ATTENTION_QUERIES * ATTENTION_KEYS };
    float score[SCORES] __attribute__((aligned(64))), p[SCORES] __attribute__((aligned(64))), fade[ATTENTION_QUERIES];
    const product_kernel *k = f->kernel;
    int64_t panels = (s->count + k->panel - 1) / k->panel, n = panels * k->panel;
    product_soften soften = {.score = score, .p = p, .rows = rows, .panels = panels, .keys = s->seen, .more = s->more, .window = s->window,
                             .limit = s->count, .scale = f->scale, .most = t->most, .total = t->total, .fade = fade};
    for (int64_t i = 0; i < panels; i++)
        multiply(k, q, f->row * f->size, f->row, rows, s->keys + (s->first + i * k->panel) * f->row * f->size, score + i * rows * k->panel, false);
    if (k->soften(&soften) && t->seen) fade_rows(f, t, fade, rows);
    for (int64_t i = 0; i < f->value_panels; i++)
        multiply(k, (const char *)p, n * f->size, n, rows, s->values + (i * f->keys + s->first) * k->panel * f->size, t->acc + i * rows * k->panel, t->seen);
    t->seen = true;
}

void attention_tile_write(const attention_form *f, const attention_tile *t, int64_t rows, dtype type, char *y, int64_t stride)
{
    f->kernel->average(&(product_average){.sum = t->acc, .total = t->total, .rows = rows, .D = f->D, .type = type, .y = y, .stride = stride});
}
