/* kernel_wave_vector: the elementary functions of sound for any vector width; kernel_wave_avx2.c and
 * kernel_wave_avx512.c include it after defining LANES. A tail is done by copying it through a padded vector. */
#include <stdbool.h>

#include "core/kernel/vector_math.h"
#include "core/kernel/kernel_wave_levels.h"

/* sin and cos together: x = k π/2 + r in three parts of π/2 (Cody and Waite), polynomials on |r| ≤ π/4 (Cephes), the
 * quadrant picks and signs them. */
static inline void sine_cosine(vec x, vec *sine, vec *cosine)
{
    vec shifted = fma_vec(x, splat(0.636619772f), splat(12582912.0f)); /* 1.5 · 2²³: the low bits are round(2 x / π) */
    vec k = shifted - splat(12582912.0f);
    ivec quadrant = (ivec)shifted;
    vec r = fma_vec(k, splat(-1.5703125f), x);
    r = fma_vec(k, splat(-4.83751297e-4f), r);
    r = fma_vec(k, splat(-7.54978995e-8f), r);
    vec z = r * r;
    vec s = fma_vec(fma_vec(splat(-1.9515295891e-4f), z, splat(8.3321608736e-3f)), z, splat(-1.6666654611e-1f));
    s = fma_vec(s * z, r, r);
    vec c = fma_vec(fma_vec(splat(2.443315711809948e-5f), z, splat(-1.388731625493765e-3f)), z, splat(4.166664568298827e-2f));
    c = fma_vec(c * z, z, fma_vec(splat(-0.5f), z, splat(1.0f)));
    ivec odd = -(quadrant & 1);
    vec sin_part = choose(odd, c, s), cos_part = choose(odd, s, c);
    *sine = (vec)((ivec)sin_part ^ ((quadrant & 2) << 30));
    *cosine = (vec)((ivec)cos_part ^ (((quadrant + 1) & 2) << 30));
}

/* ln x for normal x > 0: x = 2ᵉ m, m in [√½, √2), a polynomial in m − 1 (Cephes). */
static inline vec log_vec(vec x)
{
    ivec bits = (ivec)x - 0x3F3504F3; /* √½ */
    vec e = __builtin_convertvector(bits >> 23, vec);
    vec m = (vec)((bits & 0x7FFFFF) + 0x3F3504F3) - splat(1.0f), z = m * m;
    vec p = splat(7.0376836292e-2f);
    p = fma_vec(p, m, splat(-1.1514610310e-1f));
    p = fma_vec(p, m, splat(1.1676998740e-1f));
    p = fma_vec(p, m, splat(-1.2420140846e-1f));
    p = fma_vec(p, m, splat(1.4249322787e-1f));
    p = fma_vec(p, m, splat(-1.6668057665e-1f));
    p = fma_vec(p, m, splat(2.0000714765e-1f));
    p = fma_vec(p, m, splat(-2.4999993993e-1f));
    p = fma_vec(p, m, splat(3.3333331174e-1f));
    vec y = fma_vec(e, splat(-2.12194440e-4f), p * m * z);
    y = fma_vec(splat(-0.5f), z, y) + m;
    return fma_vec(e, splat(0.693359375f), y);
}

static void sine_block(float *dst, const float *x)
{
    vec s, c;
    sine_cosine(load(x), &s, &c);
    store(dst, s);
}

static void sine(float *dst, const float *x, int64_t n)
{
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES) sine_block(dst + i, x + i);
    if (i == n) return;
    float rest[LANES];
    store(rest, load_part(x + i, n - i));
    sine_block(rest, rest);
    store_part(dst + i, load(rest), n - i);
}

static void hyperbolic_tangent(float *dst, const float *x, int64_t n)
{
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES) store(dst + i, tanh_vec(load(x + i)));
    if (i < n) store_part(dst + i, tanh_vec(load_part(x + i, n - i)), n - i);
}

static inline vec gate_vec(vec a, vec b) { return tanh_vec(a) / (splat(1.0f) + exp_vec(-b)); }

static void gate(float *dst, const float *a, const float *b, int64_t n)
{
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES) store(dst + i, gate_vec(load(a + i), load(b + i)));
    if (i < n) store_part(dst + i, gate_vec(load_part(a + i, n - i), load_part(b + i, n - i)), n - i);
}

static void polar(float *re, float *im, const float *log_magnitude, const float *phase, float limit, int64_t n)
{
    for (int64_t i = 0; i < n; i += LANES) {
        int64_t count = n - i < LANES ? n - i : LANES;
        vec m = count < LANES ? load_part(log_magnitude + i, count) : load(log_magnitude + i);
        vec s, c, angle = count < LANES ? load_part(phase + i, count) : load(phase + i);
        m = exp_vec(smaller(splat(limit), m));
        sine_cosine(angle, &s, &c);
        store_part(re + i, m * c, count);
        store_part(im + i, m * s, count);
    }
}

static void magnitude(float *dst, const float *log_magnitude, float limit, int64_t n)
{
    for (int64_t i = 0; i < n; i += LANES) {
        int64_t count = n - i < LANES ? n - i : LANES;
        vec m = count < LANES ? load_part(log_magnitude + i, count) : load(log_magnitude + i);
        store_part(dst + i, exp_vec(smaller(splat(limit), m)), count);
    }
}

static void normal_pairs(float *re, float *im, const uint64_t *bits, int64_t n)
{
    for (int64_t i = 0; i < n; i += LANES) {
        int64_t count = n - i < LANES ? n - i : LANES;
        ivec high = {0}, low = {0};
        for (int64_t l = 0; l < count; l++) {
            high[l] = (int32_t)(bits[i + l] >> 40) + 1;
            low[l] = (int32_t)(bits[i + l] >> 8 & 0xFFFFFF);
        }
        vec u = __builtin_convertvector(high, vec) * splat(0x1p-24f), turn = __builtin_convertvector(low, vec) * splat(0x1p-24f);
        u = choose(u > splat(0.0f), u, splat(1.0f)); /* lanes past the end */
        vec s, c, square = splat(-2.0f) * log_vec(u), radius;
        for (int l = 0; l < LANES; l++) radius[l] = __builtin_sqrtf(square[l]);
        sine_cosine(splat(6.2831853f) * turn, &s, &c);
        store_part(re + i, radius * c, count);
        store_part(im + i, radius * s, count);
    }
}

/* The order of a vector's complex numbers turned round, and real and imaginary parts swapped. */
#if LANES == 16
#define TURNED(v) __builtin_shufflevector(v, v, 14, 15, 12, 13, 10, 11, 8, 9, 6, 7, 4, 5, 2, 3, 0, 1)
#define SWAPPED(v) __builtin_shufflevector(v, v, 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14)
#define CONJUGATE (vec){1, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1}
#else
#define TURNED(v) __builtin_shufflevector(v, v, 6, 7, 4, 5, 2, 3, 0, 1)
#define SWAPPED(v) __builtin_shufflevector(v, v, 1, 0, 3, 2, 5, 4, 7, 6)
#define CONJUGATE (vec){1, -1, 1, -1, 1, -1, 1, -1}
#endif

/* The pairs (k, m − k) from 1 on, LANES / 2 at a time, then one by one. */
static inline __attribute__((always_inline)) void all_pairs(float *z, const float *turn, float scale, float sign, int64_t m)
{
    int64_t k = 1, step = LANES / 2;
    for (; 2 * (k + step) <= m; k += step) {
        float *low = z + 2 * k, *high = z + 2 * (m - k - step + 1);
        vec a = load(low), b = TURNED(load(high)) * CONJUGATE;
        vec e = splat(scale) * (a + b), d = splat(scale) * (a - b);
        vec t = fma_vec(SWAPPED(d), splat(sign) * load(turn + 2 * m + 2 * k), load(turn + 2 * k) * d);
        store(low, e + t);
        store(high, TURNED((e - t) * CONJUGATE));
    }
    for (; 2 * k < m; k++) wave_pair(z + 2 * k, z + 2 * (m - k), turn[2 * k], turn[2 * m + 2 * k + 1], scale, sign);
}

static void unfold(float *z, const float *turn, int64_t m)
{
    wave_unfold_ends(z, m);
    all_pairs(z, turn, 0.5f, 1, m);
}

static void fold(float *x, const float *turn, float scale, int64_t m)
{
    wave_fold_ends(x, scale, m);
    all_pairs(x, turn, scale, -1, m);
}

static void moments(float *sum, float *square, const float *x, const float *pivot, int64_t n)
{
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        vec d = load(x + i) - load(pivot + i);
        store(sum + i, load(sum + i) + d);
        store(square + i, fma_vec(d, d, load(square + i)));
    }
    if (i == n) return;
    vec d = load_part(x + i, n - i) - load_part(pivot + i, n - i);
    store_part(sum + i, load_part(sum + i, n - i) + d, n - i);
    store_part(square + i, fma_vec(d, d, load_part(square + i, n - i)), n - i);
}

static void affine_leaky(float *dst, const float *x, const float *scale, const float *shift, float slope, int64_t n)
{
    for (int64_t i = 0; i < n; i += LANES) {
        int64_t count = n - i < LANES ? n - i : LANES;
        bool full = count == LANES;
        vec v = full ? fma_vec(load(x + i), load(scale + i), load(shift + i))
                     : fma_vec(load_part(x + i, count), load_part(scale + i, count), load_part(shift + i, count));
        v = where_greater(splat(0), v, splat(slope) * v, v);
        if (full) store(dst + i, v);
        else store_part(dst + i, v, count);
    }
}

/* sin² has the period π: y = k π + r in three parts of π, a polynomial for sin r on |r| ≤ π / 2 (its Taylor series to r¹¹). */
static inline vec sine_square(vec y)
{
    vec shifted = fma_vec(y, splat(0.318309886f), splat(12582912.0f)), k = shifted - splat(12582912.0f);
    vec r = fma_vec(k, splat(-3.140625f), y);
    r = fma_vec(k, splat(-9.67502594e-4f), r);
    r = fma_vec(k, splat(-1.50995799e-7f), r);
    vec z = r * r;
    vec p = fma_vec(splat(-2.5052108e-8f), z, splat(2.7557319e-6f));
    p = fma_vec(p, z, splat(-1.9841270e-4f));
    p = fma_vec(p, z, splat(8.3333333e-3f));
    p = fma_vec(p, z, splat(-1.6666667e-1f));
    vec s = fma_vec(p * z, r, r);
    return s * s;
}

static void affine_snake(float *dst, const float *x, const float *scale, const float *shift, const float *alpha, const float *inverse, int64_t n)
{
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        vec v = fma_vec(load(x + i), load(scale + i), load(shift + i));
        store(dst + i, fma_vec(sine_square(load(alpha + i) * v), load(inverse + i), v));
    }
    if (i == n) return;
    vec v = fma_vec(load_part(x + i, n - i), load_part(scale + i, n - i), load_part(shift + i, n - i));
    store_part(dst + i, fma_vec(sine_square(load_part(alpha + i, n - i) * v), load_part(inverse + i, n - i), v), n - i);
}

#define WAVE_KERNELS {sine, hyperbolic_tangent, gate, polar, magnitude, normal_pairs, unfold, fold, moments, affine_leaky, affine_snake}
