/* product_vector: what surrounds the products, written once for any vector width: epilogues, conversions to the kernel's
 * type, norms applied on the way in. An including file defines LANES first. Rounding to bf16 is to nearest, ties to even,
 * in integer arithmetic, so that all levels round alike. */
#include <immintrin.h>

#include "core/kernel/product_levels.h"
#include "core/kernel/vector_math.h"

typedef uint32_t uvec __attribute__((vector_size(LANES * 4)));
typedef uint16_t hvec __attribute__((vector_size(LANES * 2)));

#if LANES == 16 && defined(__AVX512BF16__)
static inline hvec narrow(vec x) { return (hvec)_mm512_cvtneps_pbh((__m512)x); } /* the same but for subnormal numbers, which become 0 */
#else
static inline hvec narrow(vec x)
{
    uvec bits = (uvec)x;
    uvec rounded = (bits + 0x7FFF + (bits >> 16 & 1)) >> 16;
    uvec quiet = bits >> 16 | 0x40;
    uvec number = (uvec)(x == x);
    return __builtin_convertvector((rounded & number) | (quiet & ~number), hvec);
}
#endif

static inline vec part_or_full(const float *p, int64_t left) { return left >= LANES ? load(p) : load_part(p, left); }

static inline void put(void *dst, dtype type, int64_t i, vec y, int64_t left)
{
    size_t count = left < LANES ? (size_t)left : LANES;
    if (type == DTYPE_BF16) {
        hvec h = narrow(y);
        if (left >= LANES) memcpy((uint16_t *)dst + i, &h, sizeof h);
        else memcpy((uint16_t *)dst + i, &h, count * sizeof(uint16_t));
    } else if (left >= LANES) {
        store((float *)dst + i, y);
    } else {
        store_part((float *)dst + i, y, left);
    }
}

/* Functions of a result may be as short as its type allows. */
#ifndef SHORT_SILU
#define SHORT_SILU silu_vec
#define SHORT_GELU gelu_vec
#endif

static inline vec activate(product_activation activation, dtype type, vec x)
{
    switch (activation) {
    case PRODUCT_SILU: return type == DTYPE_BF16 ? SHORT_SILU(x) : silu_vec(x);
    case PRODUCT_GELU: return type == DTYPE_BF16 ? SHORT_GELU(x) : gelu_vec(x);
    case PRODUCT_GELU_TANH: return gelu_tanh_vec(x);
    case PRODUCT_QUICK_GELU: return quick_gelu_vec(x);
    case PRODUCT_RELU: return choose(x < splat(0.0f), splat(0.0f), x);
    case PRODUCT_ADD_RELU: /* after the residual */
    case PRODUCT_PLAIN: break;
    }
    return x;
}

/* The vectors at column i of all rows; everything that is the same for all is looked at once. */
static inline __attribute__((always_inline)) void finish_column(const product_result *r, const int64_t panel, int64_t i, int64_t left)
{
    vec bias = r->bias ? part_or_full(r->bias + i, left) : splat(0.0f);
    if (r->row) bias += part_or_full(r->row + i, left);
    vec gate_bias = r->gate && r->gate_bias ? part_or_full(r->gate_bias + i, left) : splat(0.0f);
    for (int64_t k = 0; k < r->rows; k++) {
        vec y = load(r->sum + k * panel + i) + bias; /* sums are whole panels */
        if (r->gate) y *= activate(r->activation, r->type, load(r->gate + k * panel + i) + gate_bias);
        else if (r->activation) y = activate(r->activation, r->type, y);
        if (r->residual) y += part_or_full(r->residual + k * r->stride + i, left);
        if (r->activation == PRODUCT_ADD_RELU) y = activate(PRODUCT_RELU, r->type, y);
        put(r->y, r->type, k * r->stride + i, y, left);
    }
}

static inline void finish_as(const product_result *r, const int64_t panel)
{
    for (int64_t i = 0; i < r->count; i += LANES) {
        if (r->count - i >= LANES) finish_column(r, panel, i, LANES);
        else finish_column(r, panel, i, r->count - i);
    }
}

static void widen(float *dst, const uint16_t *src, int64_t n)
{
    for (int64_t i = 0; i < n; i += LANES) {
        int64_t left = n - i;
        hvec h = {0};
        if (left >= LANES) memcpy(&h, src + i, sizeof h);
        else memcpy(&h, src + i, (size_t)left * sizeof(uint16_t));
        put(dst, DTYPE_F32, i, (vec)(__builtin_convertvector(h, uvec) << 16), left);
    }
}

static inline void convert_as(void *dst, dtype type, const float *src, int64_t n)
{
    for (int64_t i = 0; i < n; i += LANES) put(dst, type, i, part_or_full(src + i, n - i), n - i);
}

static inline void affine_as(void *dst, dtype type, const float *src, const float *scale, const float *shift, bool silu,
                             int64_t n)
{
    for (int64_t i = 0; i < n; i += LANES) {
        int64_t left = n - i;
        vec y = fma_vec(part_or_full(src + i, left), part_or_full(scale + i, left), part_or_full(shift + i, left));
        put(dst, type, i, silu ? (type == DTYPE_BF16 ? SHORT_SILU(y) : silu_vec(y)) : y, left);
    }
}

static void norm_row(dtype type, void *dst, const float *x, float mean, float inverse, const float *weight, const float *bias, int64_t n)
{
    for (int64_t i = 0; i < n; i += LANES) {
        int64_t left = n - i;
        vec y = (part_or_full(x + i, left) - splat(mean)) * splat(inverse);
        if (weight) y *= part_or_full(weight + i, left);
        if (bias) y += part_or_full(bias + i, left);
        put(dst, type, i, y, left);
    }
}

static void channel_sums(const float *x, const float *pivot, float *sum, float *square, int64_t rows, int64_t n)
{
    for (int64_t i = 0; i < n; i += LANES) {
        int64_t left = n - i;
        vec p = part_or_full(pivot + i, left), s = part_or_full(sum + i, left), q = part_or_full(square + i, left);
        for (int64_t r = 0; r < rows; r++) {
            vec d = part_or_full(x + r * n + i, left) - p;
            s += d;
            q = fma_vec(d, d, q);
        }
        put(sum, DTYPE_F32, i, s, left);
        put(square, DTYPE_F32, i, q, left);
    }
}

/* ---- attention ---- */

static inline float max_lanes(vec v)
{
    float most = v[0];
    for (int i = 1; i < LANES; i++) most = v[i] > most ? v[i] : most;
    return most;
}

/* The lanes of a vector that begins at key i which may be looked at. */
static inline ivec lanes_seen(int64_t i, product_seen seen)
{
    ivec lane;
    for (int l = 0; l < LANES; l++) lane[l] = l;
    return (lane < (ivec){0} + (int32_t)(seen.to - i)) & (lane >= (ivec){0} + (int32_t)(seen.from - i));
}

static inline bool all_seen(int64_t i, product_seen seen) { return seen.from <= i && i + LANES <= seen.to; }

/* The largest of a row's scores that are seen, −∞ when there are none. */
static inline float largest_score(const product_soften *s, const int64_t panel, const float *score, product_seen seen)
{
    vec top = splat(-INFINITY), other = top;
    int64_t i = seen.from / (2 * LANES) * (2 * LANES);
    for (; i >= seen.from && i + 2 * LANES <= seen.to; i += 2 * LANES) { /* panels are whole multiples of two vectors */
        vec a = load(score + i / panel * s->rows * panel + i % panel), b = load(score + i / panel * s->rows * panel + i % panel + LANES);
        top = choose(a > top, a, top);
        other = choose(b > other, b, other);
    }
    for (; i < seen.to; i += LANES) {
        vec v = load(score + i / panel * s->rows * panel + i % panel);
        if (!all_seen(i, seen)) v = choose(lanes_seen(i, seen), v, splat(-INFINITY));
        top = choose(v > top, v, top);
    }
    return max_lanes(choose(other > top, other, top));
}

/* As plain C, with LANES keys at a time; every row adds its lanes in the same order whatever the tile's other rows. */
static inline bool soften_as(const product_soften *s, const int64_t panel, dtype type, vec (*exponential)(vec))
{
    int64_t wide = s->panels * panel;
    bool raised = false;
    for (int64_t r = 0; r < s->rows; r++) {
        product_seen seen = product_soften_seen(s, r);
        const float *score = s->score + r * panel;
        float most = s->most[r], largest = largest_score(s, panel, score, seen) * s->scale;
        s->fade[r] = 1;
        if (largest > most + PRODUCT_HEADROOM) {
            s->fade[r] = exponential(splat(most - largest))[0];
            s->most[r] = most = largest;
            raised = true;
        }
        vec total = {0}, scale = splat(s->scale), shift = splat(most > -INFINITY ? -most : 0);
        for (int64_t i = 0; i < wide; i += LANES) {
            vec p = {0};
            if (i + LANES > seen.from && i < seen.to) {
                p = exponential(fma_vec(load(score + i / panel * s->rows * panel + i % panel), scale, shift));
                if (!all_seen(i, seen)) p = choose(lanes_seen(i, seen), p, splat(0.0f));
            }
            total += p;
            put(s->p, type, r * wide + i, p, LANES);
        }
        store(s->total[r], fma_vec(load(s->total[r]), splat(s->fade[r]), total));
    }
    return raised;
}

static inline void average_as(const product_average *a, const int64_t panel)
{
    for (int64_t r = 0; r < a->rows; r++) {
        vec part = load(a->total[r]);
        for (int i = LANES; i < PRODUCT_SUMS; i += LANES) part += load(a->total[r] + i);
        float total = add_lanes(part);
        vec scale = splat(total > 0 ? 1.0f / total : 0);
        const float *sum = a->sum + r * panel;
        for (int64_t d = 0; d < a->D; d += LANES)
            put(a->y + r * a->stride, a->type, d, load(sum + d / panel * panel * a->rows + d % panel) * scale, a->D - d);
    }
}
