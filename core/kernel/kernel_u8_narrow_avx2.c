/* kernel_u8_narrow_avx2: quantised products with weights that seldom are large. vpmaddubsw sums two products in 16 bits; while
 * the positive and the negative weights that meet in one sum stay within 128 in all, it cannot overflow (255 · 128 = 32640), so
 * that eight products are summed before vpmaddwd, with ones, makes 32 bits of them: a third fewer instructions than one vpmaddwd
 * for every two products. Bundles of weights where that does not hold are marked, and done one product at a time.
 *
 * A panel is [depth / 16][4][16 outputs][4] bytes, then a byte for each bundle of 16 inputs: 1 where it is marked. Rows are padded
 * with zeros to fours; a bundle may read past a row's end, where its weights are zeros. A strip is 3 rows by 16 outputs. */
#define LANES 8
#include "core/kernel/kernel_u8_quantize_avx2.h"

enum {
    PANEL = 16, STEPS = 3,
    BUNDLE = 16, BUNDLE_BYTES = BUNDLE * PANEL,
    CHUNK = 48,  /* bundles whose weights are used for a block of rows before the next: they stay in the first cache */
    BLOCK = 120, /* rows of a block, a multiple of STEPS */
    MOST = 128,  /* sum of weights of one sign that a 16-bit sum may meet */
};

static int64_t bundles(int64_t depth) { return (depth + BUNDLE - 1) / BUNDLE; }

static int64_t row_bytes(int64_t depth) { return (depth + 3) / 4 * 4; }

static size_t panel_bytes(int64_t depth) { return (size_t)(bundles(depth) * (BUNDLE_BYTES + 1)); }

/* Whether a sum of one of the bundle's outputs could overflow. */
static bool is_large(const int8_t *bundle)
{
    __m256i most = _mm256_set1_epi16(MOST), large = _mm256_setzero_si256(), ones = _mm256_set1_epi8(1), none = _mm256_setzero_si256();
    for (int half = 0; half < 2; half++) {
        __m256i more = none, less = none;
        for (int g = 0; g < 4; g++) {
            __m256i w = _mm256_loadu_si256((const __m256i *)(const void *)(bundle + g * 4 * PANEL + half * 32));
            more = _mm256_add_epi16(more, _mm256_maddubs_epi16(_mm256_max_epi8(w, none), ones));
            __m256i under = _mm256_sub_epi8(none, _mm256_min_epi8(w, none)); /* −128 turns into 128 without a sign */
            less = _mm256_add_epi16(less, _mm256_maddubs_epi16(under, ones));
        }
        large = _mm256_or_si256(large, _mm256_or_si256(_mm256_cmpgt_epi16(more, most), _mm256_cmpgt_epi16(less, most)));
    }
    return !_mm256_testz_si256(large, large);
}

static void pack(void *to, const int8_t *w, int64_t outputs, int64_t depth, int64_t in_stride, int64_t out_stride)
{
    int8_t *p = to, *marks = p + bundles(depth) * BUNDLE_BYTES;
    memset(p, 0, panel_bytes(depth));
    for (int64_t o = 0; o < outputs; o++) {
        const int8_t *from = w + o * out_stride;
        int8_t *at = p + o * 4;
        int64_t i = 0;
        for (; in_stride == 1 && i + 4 <= depth; i += 4, at += 4 * PANEL) memcpy(at, from + i, 4);
        for (; i < depth; i++) p[i / 4 * 4 * PANEL + o * 4 + i % 4] = from[i * in_stride];
    }
    for (int64_t b = 0; b < bundles(depth); b++) marks[b] = is_large(p + b * BUNDLE_BYTES);
}

static void quantize(void *row, const float *x, int64_t depth, float scale, int32_t zero, bool gelu)
{
    uint8_t *q = row;
    __m256 s = _mm256_set1_ps(scale);
    __m256i z = _mm256_set1_epi32(zero);
    for (int64_t i = 0; i < depth; i += 8) {
        __m128i words = quantize_eight(x + i, depth - i, s, z, gelu);
        __m128i bytes = _mm_packus_epi16(words, words);
        if (depth - i < 8) memcpy(q + i, &bytes, (size_t)(depth - i));
        else _mm_storel_epi64((__m128i *)(void *)(q + i), bytes);
    }
    memset(q + depth, 0, (size_t)(row_bytes(depth) - depth));
}

static inline __m256i load_sums(const int32_t *p) { return _mm256_load_si256((const __m256i *)(const void *)p); }
static inline void store_sums(int32_t *p, __m256i v) { _mm256_store_si256((__m256i *)(void *)p, v); }

static inline __m256i four_bytes(const char *x)
{
    int32_t four;
    memcpy(&four, x, sizeof four);
    return _mm256_set1_epi32(four);
}

/* The compiler is not to add up in another order, for which 16 registers are too few. */
#define IN_ORDER(a, b) __asm__("" : "+x"(a), "+x"(b))

/* sums += the products of 3 rows with n bundles, without those that are marked. */
static void strip(const char *w, const char *marks, int64_t n, const char *x, int64_t step, int32_t *sums)
{
    const __m256i ones = _mm256_set1_epi16(1);
    const char *y = x + step, *z = y + step;
    __m256i a0 = load_sums(sums), b0 = load_sums(sums + 8), a1 = load_sums(sums + 16), b1 = load_sums(sums + 24), a2 = load_sums(sums + 32), b2 = load_sums(sums + 40);
    for (int64_t i = 0; i < n; i++, w += BUNDLE_BYTES, x += BUNDLE, y += BUNDLE, z += BUNDLE) {
        if (marks[i]) continue;
        __m256i left = _mm256_loadu_si256((const __m256i *)(const void *)w), right = _mm256_loadu_si256((const __m256i *)(const void *)(w + 32));
        __m256i v = four_bytes(x), s0 = _mm256_maddubs_epi16(v, left), t0 = _mm256_maddubs_epi16(v, right);
        v = four_bytes(y);
        __m256i s1 = _mm256_maddubs_epi16(v, left), t1 = _mm256_maddubs_epi16(v, right);
        v = four_bytes(z);
        __m256i s2 = _mm256_maddubs_epi16(v, left), t2 = _mm256_maddubs_epi16(v, right);
#define GROUP(g)                                                                                                       \
    left = _mm256_loadu_si256((const __m256i *)(const void *)(w + g * 64));                                            \
    right = _mm256_loadu_si256((const __m256i *)(const void *)(w + g * 64 + 32));                                      \
    v = four_bytes(x + g * 4);                                                                                         \
    s0 = _mm256_add_epi16(s0, _mm256_maddubs_epi16(v, left));                                                          \
    t0 = _mm256_add_epi16(t0, _mm256_maddubs_epi16(v, right)); IN_ORDER(s0, t0);                                                         \
    v = four_bytes(y + g * 4);                                                                                         \
    s1 = _mm256_add_epi16(s1, _mm256_maddubs_epi16(v, left));                                                          \
    t1 = _mm256_add_epi16(t1, _mm256_maddubs_epi16(v, right)); IN_ORDER(s1, t1);                                                         \
    v = four_bytes(z + g * 4);                                                                                         \
    s2 = _mm256_add_epi16(s2, _mm256_maddubs_epi16(v, left));                                                          \
    t2 = _mm256_add_epi16(t2, _mm256_maddubs_epi16(v, right)); IN_ORDER(s2, t2);
        GROUP(1) GROUP(2) GROUP(3)
        a0 = _mm256_add_epi32(a0, _mm256_madd_epi16(s0, ones)), b0 = _mm256_add_epi32(b0, _mm256_madd_epi16(t0, ones));
        a1 = _mm256_add_epi32(a1, _mm256_madd_epi16(s1, ones)), b1 = _mm256_add_epi32(b1, _mm256_madd_epi16(t1, ones));
        a2 = _mm256_add_epi32(a2, _mm256_madd_epi16(s2, ones)), b2 = _mm256_add_epi32(b2, _mm256_madd_epi16(t2, ones));
    }
    store_sums(sums, a0), store_sums(sums + 8, b0), store_sums(sums + 16, a1), store_sums(sums + 24, b1), store_sums(sums + 32, a2), store_sums(sums + 40, b2);
}

/* The same for the marked bundles: of every two weights first one alone, then the other (255 · 128 fits 16 bits). */
static void strip_large(const char *w, const char *marks, int64_t n, const char *x, int64_t step, int32_t *sums)
{
    const __m256i ones = _mm256_set1_epi16(1), even = _mm256_set1_epi16(0xFF);
    for (int64_t i = 0; i < n; i++, w += BUNDLE_BYTES, x += BUNDLE) {
        if (!marks[i]) continue;
        for (int g = 0; g < 4; g++)
            for (int t = 0; t < STEPS; t++)
                for (int half = 0; half < 2; half++) {
                    __m256i v = four_bytes(x + t * step + g * 4), weights = _mm256_loadu_si256((const __m256i *)(const void *)(w + g * 64 + half * 32));
                    __m256i one = _mm256_madd_epi16(_mm256_maddubs_epi16(v, _mm256_and_si256(weights, even)), ones);
                    __m256i other = _mm256_madd_epi16(_mm256_maddubs_epi16(v, _mm256_andnot_si256(even, weights)), ones);
                    int32_t *to = sums + t * PANEL + half * 8;
                    store_sums(to, _mm256_add_epi32(load_sums(to), _mm256_add_epi32(one, other)));
                }
    }
}

static void multiply(const u8_panel *p)
{
    _Alignas(64) int32_t sums[BLOCK * PANEL];
    const char *weights = p->weights, *marks = weights + bundles(p->depth) * BUNDLE_BYTES;
    int64_t all = bundles(p->depth), step = p->row_bytes;
    for (int64_t first = 0; first < p->count; first += BLOCK) {
        int64_t rows = p->count - first < BLOCK ? p->count - first : BLOCK;
        memset(sums, 0, (size_t)((rows + STEPS - 1) / STEPS * STEPS * PANEL) * sizeof *sums);
        for (int64_t b = 0; b < all; b += CHUNK) {
            int64_t n = all - b < CHUNK ? all - b : CHUNK;
            bool large = memchr(marks + b, 1, (size_t)n) != NULL;
            for (int64_t t = 0; t < rows; t += STEPS) {
                const char *x = p->rows + (first + t) * step + b * BUNDLE;
                strip(weights + b * BUNDLE_BYTES, marks + b, n, x, step, sums + t * PANEL);
                if (large) strip_large(weights + b * BUNDLE_BYTES, marks + b, n, x, step, sums + t * PANEL);
            }
        }
        finish(p, sums, PANEL, first, rows);
    }
}

const kernel_u8 kernel_u8_narrow_avx2 = {PANEL, STEPS, row_bytes, panel_bytes, pack, range, quantize, multiply, NULL, NULL};
