/* kernel_u8_vector: what is done with whole-number sums, and the range of values, for any vector width. A file defines
 * LANES before it includes this. */
#include "core/kernel/kernel_u8_levels.h"
#include "core/kernel/vector_math.h"

static void range(const float *x, int64_t n, float *low, float *high)
{
    vec l = splat(*low), h = splat(*high);
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        l = smaller(load(x + i), l);
        h = larger(load(x + i), h);
    }
    for (int k = 0; k < LANES; k++) {
        if (l[k] < *low) *low = l[k];
        if (h[k] > *high) *high = h[k];
    }
    for (; i < n; i++) {
        if (x[i] < *low) *low = x[i];
        if (x[i] > *high) *high = x[i];
    }
}

typedef struct {
    vec highest, before, after;
} bounds_vec;

static inline bounds_vec bounds_begin(void) { return (bounds_vec){splat(-INFINITY), splat(-INFINITY), splat(INFINITY)}; }

static inline void bounds_add(bounds_vec *b, vec v)
{
    vec lowest = splat(U8_GELU_LOWEST);
    b->highest = larger(v, b->highest);
    b->before = larger(where_greater(v, lowest, splat(-INFINITY), v), b->before);
    b->after = smaller(where_greater(v, lowest, v, splat(INFINITY)), b->after);
}

static inline void bounds_end(const bounds_vec *b, u8_bounds *to)
{
    for (int k = 0; k < LANES; k++) {
        if (b->highest[k] > to->highest) to->highest = b->highest[k];
        if (b->before[k] > to->before) to->before = b->before[k];
        if (b->after[k] < to->after) to->after = b->after[k];
    }
}

/* One vector of outputs of `n` rows that begin at row t; sums: [n][step]. The flags are constants where it is called. */
static inline __attribute__((always_inline)) void finish_column(const u8_panel *p, const int32_t *sums, int64_t step, int64_t t, int64_t n,
                                                                int64_t o, bool whole, bool bound, bool multiplied, bool added)
{
    ivec fix;
    memcpy(&fix, p->correction + o, sizeof fix);
    int64_t wanted = p->outputs - o, y_step = p->y_step;
    vec bias = load(p->bias + o), scale = splat(p->scale), gamma = splat(1);
    if (p->scales) scale = scale * load(p->scales + o);
    if (multiplied) gamma = whole ? load(p->gamma + o) : load_part(p->gamma + o, wanted);
    bounds_vec bounds = bounds_begin();
    float *y = p->y + t * y_step + o;
    const float *add = added ? p->add + t * y_step + o : y;
    for (int64_t i = 0; i < n; i++, y += y_step, add += y_step) {
        ivec sum;
        memcpy(&sum, sums + i * step + o, sizeof sum);
        if (p->row_correction) sum -= p->row_correction[t + i];
        vec v = __builtin_convertvector(sum - fix, vec) * scale + bias;
        if (multiplied) v = v * gamma;
        if (added) v = v + (whole ? load(add) : load_part(add, wanted));
        if (whole) store(y, v);
        else store_part(y, v, wanted);
        if (bound && !whole) /* the others repeat the first: they change no bound */
            for (int64_t k = wanted; k < LANES; k++) v[k] = v[0];
        if (bound) bounds_add(&bounds, v);
    }
    if (bound) bounds_end(&bounds, p->bounds);
}

/* y of rows t … t + n from their sums: [n][step]. What models ask for has code of its own. */
static void finish(const u8_panel *p, const int32_t *sums, int64_t step, int64_t t, int64_t n)
{
    bool bound = p->bounds, multiplied = p->gamma, added = p->add;
    for (int64_t o = 0; o < p->outputs; o += LANES) {
        if (p->outputs - o < LANES) finish_column(p, sums, step, t, n, o, false, bound, multiplied, added);
        else if (!bound && !multiplied && !added) finish_column(p, sums, step, t, n, o, true, false, false, false);
        else if (bound && !multiplied && !added) finish_column(p, sums, step, t, n, o, true, true, false, false);
        else if (!bound && !multiplied && added) finish_column(p, sums, step, t, n, o, true, false, false, true);
        else if (!bound && multiplied && added) finish_column(p, sums, step, t, n, o, true, false, true, true);
        else finish_column(p, sums, step, t, n, o, true, bound, multiplied, added);
    }
}
