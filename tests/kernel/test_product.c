/* Every level's product kernels against plain C: strips of every height, taps, tails of every length, adding to sums. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "core/half.h"
#include "core/kernel/product_kernel.h"
#include "core/kernel/winograd_points.h"
#include "core/rng.h"

enum { IN = 64, TAPS = 3, ROWS = 40, OUT = 32 };

static const product_kernel *tested;
static rng source;

static void same(const char *what, float want, float got, float tolerance)
{
    if (isnan(want) && isnan(got)) return;
    if (!(fabsf(want - got) <= tolerance * (1.0f + fabsf(want)))) fail_msg("%s, %s: %.9g wanted, %.9g found", tested->name, what, want, got);
}

static float value(const product_kernel *k, const void *x, int64_t i)
{
    return k->type == DTYPE_F32 ? ((const float *)x)[i] : half_from_bf16(((const uint16_t *)x)[i]);
}

static void fill(float *x, int64_t n) { for (int64_t i = 0; i < n; i++) x[i] = (float)rng_normal(&source); }

static void set(const product_kernel *k, void *x, int64_t i, float v)
{
    if (k->type == DTYPE_F32) ((float *)x)[i] = v;
    else ((uint16_t *)x)[i] = half_to_bf16(v);
}

/* Sums of all strip heights against a double loop over the very numbers that were packed. */
static void check_block(void)
{
    static float x[ROWS * IN], w[OUT * TAPS * IN];
    static _Alignas(64) char rows[ROWS * IN * 4], panel[OUT * TAPS * IN * 4];
    _Alignas(64) float sum[PRODUCT_MAX_ROWS * PRODUCT_MAX_PANEL];
    const product_kernel *k = tested;
    int size = k->type == DTYPE_F32 ? 4 : 2;
    fill(x, ROWS * IN);
    fill(w, OUT * TAPS * IN);
    k->convert(rows, x, ROWS * IN);
    for (int o = 0; o < k->panel; o++)
        for (int t = 0; t < TAPS; t++)
            for (int i = 0; i < IN; i++) {
                int at = k->type == DTYPE_F32 ? (t * IN + i) * k->panel + o
                                              : (((i / 32 * TAPS + t) * 16 + i % 32 / 2) * k->panel + o) * 2 + i % 2;
                set(k, panel, at, w[(o * TAPS + t) * IN + i]);
            }
    const int64_t tap[TAPS] = {0, 2 * IN * size, 3 * IN * size};
    for (int first = 1; first <= k->rows; first++)
        for (int add = 0; add < 2; add++) {
            product_block b = {.x = {rows, rows + 5 * IN * size}, .rows = {first, k->strips == 2 && first > 3 ? first : 0}, .row_bytes = IN * size,
                               .tap = tap, .taps = TAPS, .in = IN, .panel = panel, .sum = sum, .add = add};
            if (b.rows[1] == k->rows) b.rows[1] -= 2;
            for (int i = 0; i < PRODUCT_MAX_ROWS * PRODUCT_MAX_PANEL; i++) sum[i] = (float)add;
            if (k->begin) k->begin();
            k->block(&b);
            if (k->end) k->end();
            for (int s = 0; s < 2; s++)
                for (int r = 0; r < b.rows[s]; r++)
                    for (int o = 0; o < k->panel; o++) {
                        double want = add;
                        for (int t = 0; t < TAPS; t++)
                            for (int i = 0; i < IN; i++) {
                                int at = k->type == DTYPE_F32 ? (t * IN + i) * k->panel + o
                                                              : (((i / 32 * TAPS + t) * 16 + i % 32 / 2) * k->panel + o) * 2 + i % 2;
                                want += (double)value(k, rows, (s * 5 + r) * IN + tap[t] / size + i) * (double)value(k, panel, at);
                            }
                        same("block", (float)want, sum[(s * k->rows + r) * k->panel + o], 2e-5f);
                    }
        }
}

static void check_finish(void)
{
    _Alignas(64) static float sum[3 * OUT], gate[3 * OUT], bias[OUT], other[OUT], row[OUT], residual[3 * OUT], want[3 * OUT + 1];
    static char got[sizeof want];
    fill(sum, 3 * OUT), fill(gate, 3 * OUT), fill(bias, OUT), fill(other, OUT), fill(row, OUT), fill(residual, 3 * OUT);
    for (int count = 1; count <= tested->panel; count++)
        for (int kind = 0; kind < 32; kind++) {
            product_result r = {.sum = sum, .bias = bias, .row = kind & 1 ? row : NULL, .residual = kind & 2 ? residual : NULL, .gate = kind & 4 ? gate : NULL,
                                .gate_bias = other, .activation = kind & 4 ? (kind & 16 ? PRODUCT_SILU : PRODUCT_GELU) : kind & 16 ? PRODUCT_ADD_RELU : PRODUCT_SILU, .type = kind & 8 ? DTYPE_BF16 : DTYPE_F32,
                                .y = got, .rows = 3, .count = count, .stride = OUT};
            memset(got, 7, sizeof got);
            tested->finish(&r);
            for (int at = 0; at < 3 * OUT; at++) {
                int k = at / OUT, o = at % OUT;
                if (o >= count) { /* what lies between the rows stays as it was */
                    if (r.type == DTYPE_BF16) assert_int_equal(((uint16_t *)got)[at], 0x0707);
                    continue;
                }
                double y = sum[k * tested->panel + o] + bias[o] + (r.row ? row[o] : 0);
                double g = gate[k * tested->panel + o] + other[o];
                if (r.gate) y *= kind & 16 ? g / (1 + exp(-g)) : 0.5 * g * (1 + erf(g / sqrt(2)));
                else if (r.activation == PRODUCT_SILU) y /= 1 + exp(-y);
                if (r.residual) y += residual[at];
                if (r.activation == PRODUCT_ADD_RELU && y < 0) y = 0;
                float found = r.type == DTYPE_BF16 ? half_from_bf16(((uint16_t *)got)[at]) : ((float *)got)[at];
                same("finish", (float)y, found, r.type == DTYPE_BF16 ? 6e-3f : 3e-6f);
            }
        }
}

static void check_rows(void)
{
    _Alignas(64) float x[67], scale[67], shift[67], wide[67];
    _Alignas(64) char got[67 * 4];
    fill(x, 67), fill(scale, 67), fill(shift, 67);
    x[3] = 100, x[4] = -100, x[5] = 1e-30f;
    float tolerance = tested->type == DTYPE_BF16 ? 5e-3f : 2e-6f;
    for (int n = 0; n <= 67; n++) {
        memset(got, 0, sizeof got);
        tested->convert(got, x, n);
        for (int i = 0; i < n; i++) same("convert", x[i], value(tested, got, i), tolerance);
        for (int i = n; i < 67; i++) assert_true(value(tested, got, i) == 0);
        for (int silu = 0; silu < 2; silu++) {
            tested->affine(got, x, scale, shift, silu, n);
            for (int i = 0; i < n; i++) {
                double y = (double)x[i] * scale[i] + shift[i];
                same("affine", (float)(silu ? y / (1 + exp(-y)) : y), value(tested, got, i), tolerance);
            }
        }
        tested->norm_row(tested->type, got, x, 0.5f, 2.0f, scale, shift, n);
        for (int i = 0; i < n; i++) same("norm_row", (x[i] - 0.5f) * 2 * scale[i] + shift[i], value(tested, got, i), tolerance);
        uint16_t half[67];
        for (int i = 0; i < n; i++) half[i] = half_to_bf16(x[i]);
        tested->widen(wide, half, n);
        for (int i = 0; i < n; i++) assert_true(wide[i] == half_from_bf16(half[i]));
    }
    float nan = NAN;
    tested->convert(got, &nan, 1);
    assert_true(isnan(value(tested, got, 0)));
}

/* Two tiles of keys, one after the other, give softmax's numerators and sum; keys that are not seen give 0. */
static void check_soften(void)
{
    enum { TILE_ROWS = 5, PANELS = 2 };
    _Alignas(64) float score[TILE_ROWS * PANELS * PRODUCT_MAX_PANEL], p[TILE_ROWS * PANELS * PRODUCT_MAX_PANEL];
    float most[TILE_ROWS], total[TILE_ROWS][PRODUCT_SUMS], fade[TILE_ROWS];
    float tolerance = tested->type == DTYPE_BF16 ? 6e-3f : 8e-6f; /* a score of 80 times its scale is off by up to 4e-6 */
    int keys = PANELS * tested->panel;
    for (int seen = 0; seen <= keys; seen += 3)
        for (int way = 0; way < 6; way++) {
            const int more = way % 2, window = way / 2 * 19;
            double sum[TILE_ROWS] = {0};
            for (int r = 0; r < TILE_ROWS; r++) most[r] = -INFINITY;
            memset(total, 0, sizeof total);
            for (int tile = 0; tile < 2; tile++) {
                fill(score, TILE_ROWS * keys);
                for (int i = 0; i < TILE_ROWS * keys; i++) score[i] *= tile ? 30 : 3;
                product_soften s = {.score = score, .p = p, .rows = TILE_ROWS, .panels = PANELS, .keys = seen, .more = more, .window = window, .limit = keys,
                                    .scale = 0.7f, .most = most, .total = total, .fade = fade};
                tested->soften(&s);
                for (int r = 0; r < TILE_ROWS; r++) {
                    sum[r] *= fade[r];
                    int end = seen + r * more, first = window ? end - window : 0, n = end < keys ? end : keys;
                    for (int i = 0; i < keys; i++) {
                        double want = i >= first && i < n ? exp(0.7 * score[(i / tested->panel * TILE_ROWS + r) * tested->panel + i % tested->panel] - most[r]) : 0;
                        same("soften", (float)want, value(tested, p, r * keys + i), tolerance);
                        sum[r] += want;
                    }
                    float found = 0;
                    for (int i = 0; i < PRODUCT_SUMS; i++) found += total[r][i];
                    same("soften's total", (float)sum[r], found, tolerance);
                }
            }
        }
}

/* Rows of all lengths; a row without a total is 0; what lies behind a row stays as it was. */
static void check_average(void)
{
    enum { AVERAGED = 3, MOST = 70, STRIDE = 75 };
    static float sum[(MOST / 16 + 1) * AVERAGED * PRODUCT_MAX_PANEL], total[AVERAGED][PRODUCT_SUMS];
    static char got[AVERAGED * STRIDE * 4];
    fill(sum, sizeof sum / sizeof *sum);
    for (int i = 0; i < PRODUCT_SUMS; i++) total[0][i] = 0.5f + (float)i, total[1][i] = i == 0 ? 3 : 0, total[2][i] = 0;
    const double whole[AVERAGED] = {8 + 120, 3, INFINITY};
    for (int D = 1; D <= MOST; D++)
        for (int bf16 = 0; bf16 < 2; bf16++) {
            int size = bf16 ? 2 : 4;
            memset(got, 7, sizeof got);
            tested->average(&(product_average){.sum = sum, .total = total, .rows = AVERAGED, .D = D, .type = bf16 ? DTYPE_BF16 : DTYPE_F32, .y = got, .stride = STRIDE * size});
            for (int at = 0; at < AVERAGED * STRIDE; at++) {
                int r = at / STRIDE, d = at % STRIDE;
                if (d >= D) {
                    assert_int_equal(got[at * size], 7);
                    continue;
                }
                float found = bf16 ? half_from_bf16(((uint16_t *)(void *)got)[at]) : ((float *)(void *)got)[at];
                same("average", (float)(sum[(d / tested->panel * AVERAGED + r) * tested->panel + d % tested->panel] / whole[r]), found, bf16 ? 4e-3f : 1e-6f);
            }
        }
}

/* Panels of 16 in f16 become halves of panels of 32 pairs; what lies between stays as it was. */
static void check_pairs(void)
{
    enum { PAIRS = 5 };
    static uint16_t from[PAIRS * 32 + 1], to[PAIRS * 64];
    if (!tested->pairs_of_f16) return;
    for (int i = 0; i < PAIRS * 32; i++) from[i + 1] = half_to_f16((float)rng_normal(&source));
    from[7] = 0x0001, from[8] = 0x7C00, from[9] = 0xFE00, from[10] = 0xFBFF; /* the smallest, infinity, NaN, −65504 */
    memset(to, 7, sizeof to);
    tested->pairs_of_f16(to + 32, from + 1, PAIRS - 1); /* unaligned; the last pair is not asked for */
    for (int i = 0; i < PAIRS * 64; i++) {
        int pair = i / 64, o = i % 64 / 2 - 16;
        if (o < 0 || pair == PAIRS - 1) {
            assert_int_equal(to[i], 0x0707);
            continue;
        }
        float want = half_from_f16(from[1 + (2 * pair + i % 2) * 16 + o]), found = half_from_bf16(to[i]);
        if (isnan(want)) assert_true(isnan(found));
        else assert_int_equal(to[i], half_to_bf16(want));
    }
}

/* What the two transforms of core/winograd.h make of a tile is the convolution: one channel's taps, transformed here in double. */
static void check_winograd(void)
{
    enum { N = 35, LINE = 7, SLICE = 48 };
    const double a = WINOGRAD_A, b = WINOGRAD_B, point[5] = {0, a, -a, b, -b};
    double G[6][3] = {{0}, {0}, {0}, {0}, {0}, {0, 0, 1}};
    for (int k = 0; k < 5; k++) {
        double over = 1;
        for (int l = 0; l < 5; l++) over *= l == k ? 1 : point[k] - point[l];
        for (int t = 0; t < 3; t++) G[k][t] = pow(point[k], t) / over;
    }
    float x[6 * LINE * N], g[9], v[36 * SLICE], y[4 * 4 * PRODUCT_MAX_PANEL + 4];
    const int panel = tested->panel;
    if (!tested->winograd_in) return;
    fill(x, 6 * LINE * N), fill(g, 9);
    for (int n = 1; n <= N; n++) {
        for (int i = 0; i < 36 * SLICE; i++) v[i] = 0;
        tested->winograd_in(x, LINE * N, N, v, SLICE, n);
        for (int k = 0; k < 36; k++) {
            double u = 0;
            for (int t = 0; t < 9; t++) u += G[k / 6][t / 3] * g[t] * G[k % 6][t % 3];
            for (int i = 0; i < n; i++) v[k * SLICE + i] *= (float)u;
            for (int i = n; i < SLICE; i++) assert_true(v[k * SLICE + i] == 0);
        }
        tested->winograd_out(v, SLICE, y, 4 * panel + 1);
        for (int r = 0; r < 4; r++)
            for (int c = 0; c < 4; c++)
                for (int i = 0; i < n && i < panel; i++) {
                    double want = 0;
                    for (int t = 0; t < 9; t++) want += (double)g[t] * x[((r + t / 3) * LINE + c + t % 3) * N + i];
                    same("winograd", (float)want, y[r * (4 * panel + 1) + c * panel + i], 1e-5f);
                }
    }
}

static void check_level(void **state)
{
    tested = product_kernel_find(*state);
    if (!tested) skip();
    source = rng_seeded(1);
    check_block();
    check_finish();
    check_rows();
    check_soften();
    check_average();
    check_pairs();
    check_winograd();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(check_level, "c"),      cmocka_unit_test_prestate(check_level, "c-bf16"),
        cmocka_unit_test_prestate(check_level, "avx2"),   cmocka_unit_test_prestate(check_level, "avx512"),
        cmocka_unit_test_prestate(check_level, "avx512bf16"), cmocka_unit_test_prestate(check_level, "amx"),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
