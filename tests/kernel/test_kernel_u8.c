/* Quantised products: every level bit for bit against plain C, and op_linear_u8 against its definition. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "core/kernel/kernel.h"
#include "core/kernel/kernel_u8.h"
#include "core/linear_u8.h"
#include "core/rng.h"

static rng random_state;

static void fill(float *x, int64_t n, double size)
{
    for (int64_t i = 0; i < n; i++) x[i] = (float)(size * rng_normal(&random_state));
}

enum { ROWS = 64 + 45, OUT = 40, WIDE = 64, DEPTH = 600 };
static float x[ROWS * DEPTH], y[ROWS * WIDE], before[ROWS * WIDE], bias[WIDE], gamma_[WIDE];
static int8_t w[DEPTH * OUT];

/* γ · ((q − zero) w scale + bias) + y before, of one element. */
static float wanted(int64_t depth, int64_t t, int64_t o, float scale, int zero, bool more)
{
    int32_t sum = 0;
    for (int64_t i = 0; i < depth; i++) {
        float q = nearbyintf(x[t * depth + i] / scale) + (float)zero;
        sum += ((int)fminf(fmaxf(q, 0), 255) - zero) * w[i * OUT + o];
    }
    float v = (float)sum * 0.01f + bias[o];
    return more ? v * gamma_[o] + before[t * WIDE + o] : v;
}

/* One panel of `outputs` by `count` rows, with and without what may follow the product. */
static void check_panel(const kernel_u8 *k, int64_t depth, int64_t count, int64_t outputs, float scale, bool more)
{
    status st = {0};
    fill(x, count * depth, 125 * (double)scale), fill(bias, WIDE, 1), fill(gamma_, WIDE, 1), fill(before, ROWS * WIDE, 1);
    if (depth > 3) x[0] = 22500 * scale, x[1] = -22500 * scale, x[2] = 2.5f * scale, x[3] = 3.5f * scale; /* clamped; ties */
    memcpy(y, before, sizeof y);
    char *rows = alloc_huge((size_t)((count + 64) * k->row_bytes(depth)), &st);
    void *panel = alloc_huge(k->panel_bytes(depth), &st);
    int32_t correction[WIDE] = {0};
    int zero = 101;
    for (int64_t o = 0; o < outputs; o++)
        for (int64_t i = 0; i < depth; i++) correction[o] += zero * w[i * OUT + o];
    k->pack(panel, w, outputs, depth, OUT, 1);
    for (int64_t t = 0; t < count; t++) k->quantize(rows + t * k->row_bytes(depth), x + t * depth, depth, scale, zero, false);
    u8_bounds bounds = {-INFINITY, -INFINITY, INFINITY}, found = bounds;
    if (k->begin) k->begin();
    k->multiply(&(u8_panel){.rows = rows, .row_bytes = k->row_bytes(depth), .count = count, .depth = depth, .weights = panel,
                            .outputs = outputs, .correction = correction, .scale = 0.01f, .bias = bias, .gamma = more ? gamma_ : NULL,
                            .add = more ? y : NULL, .y = y, .y_step = WIDE, .bounds = &found});
    if (k->end) k->end();
    for (int64_t t = 0; t < ROWS; t++)
        for (int64_t o = 0; o < WIDE; o++) {
            bool inside = t < count && o < outputs;
            float want = inside ? wanted(depth, t, o, scale, zero, more) : before[t * WIDE + o];
            if (memcmp(&want, &y[t * WIDE + o], sizeof want) != 0)
                fail_msg("depth %lld, row %lld, output %lld: %.9g wanted, %.9g found", (long long)depth, (long long)t, (long long)o, want, y[t * WIDE + o]);
            if (!inside) continue;
            bounds.highest = fmaxf(bounds.highest, want);
            if (want <= U8_GELU_LOWEST) bounds.before = fmaxf(bounds.before, want);
            else bounds.after = fminf(bounds.after, want);
        }
    assert_true(bounds.highest == found.highest && bounds.before == found.before && bounds.after == found.after);
    alloc_huge_free(rows, (size_t)((count + 64) * k->row_bytes(depth)));
    alloc_huge_free(panel, k->panel_bytes(depth));
}

/* Quantised gelu is the quantised value of what gelu gives, up to a tie that its last bit tips over. */
static void check_gelu(const kernel_u8 *k, int64_t depth)
{
    static char plain[8 * DEPTH], done[8 * DEPTH];
    static float aside[DEPTH];
    fill(x, depth, 3);
    memset(plain, 0, sizeof plain), memset(done, 0, sizeof done);
    kernel_find("c")->gelu(aside, x, depth);
    k->quantize(plain, aside, depth, 0.03f, 6, false), k->quantize(done, x, depth, 0.03f, 6, true);
    int apart = 0;
    for (int64_t i = 0; i < k->row_bytes(depth); i++) apart += plain[i] != done[i];
    assert_true(apart <= 1);
}

static void check_level(void **state)
{
    const kernel_u8 *k = kernel_u8_find(*state);
    if (!k) skip();
    random_state = rng_seeded(4);
    for (int i = 0; i < DEPTH * OUT; i++) w[i] = (int8_t)(rng_next(&random_state) >> 56);
    for (int64_t depth = 1, n = 1; depth < DEPTH; depth += 1 + depth / 7, n++) {
        check_panel(k, depth, n * 7 % 41 + 1, k->panel - n % k->panel, 0.04f, n % 2);
        check_gelu(k, depth);
        float low = 0, high = 0, low_c = 0, high_c = 0;
        k->range(x, depth, &low, &high), kernel_u8_find("c")->range(x, depth, &low_c, &high_c);
        assert_true(low == low_c && high == high_c);
    }
    check_panel(k, 67, 2 * k->steps + 1, k->panel, 1e-33f, true);
    check_panel(k, 64, 3 * k->steps, k->panel, 1e33f, false);
}

/* Scales of each output and corrections of each row, and the table for narrow weights with weights of every size: bit for bit as
 * plain C. `size` bounds the weights' sizes; large ones are rare or in every place. */
static void check_narrow(const kernel_u8 *k, const kernel_u8 *plain, int64_t depth, int64_t count, int size, bool largest)
{
    status st = {0};
    static float found[ROWS * WIDE], want[ROWS * WIDE], scales[WIDE];
    static int32_t correction[WIDE], row_correction[ROWS];
    const kernel_u8 *each[2] = {plain, k};
    float *to[2] = {want, found};
    for (int i = 0; i < DEPTH * OUT; i++) {
        int64_t v = (int64_t)(rng_next(&random_state) >> 33) % (2 * size + 1) - size;
        w[i] = (int8_t)(largest ? (i % 5 ? 127 : -128) : rng_next(&random_state) % 40 == 0 ? (v < 0 ? -128 : 127) : v);
    }
    fill(x, count * depth, 2), fill(bias, WIDE, 1), fill(scales, WIDE, 1);
    for (int64_t i = 0; largest && i < count * depth; i++) x[i] = 1e6f; /* 255 in every place */
    for (int i = 0; i < WIDE; i++) correction[i] = (int32_t)(rng_next(&random_state) >> 50);
    for (int i = 0; i < ROWS; i++) row_correction[i] = (int32_t)(rng_next(&random_state) >> 50);
    int64_t outputs = plain->panel;
    for (int i = 0; i < 2; i++) {
        int64_t bytes = each[i]->row_bytes(depth);
        char *rows = alloc_huge((size_t)((count + 64) * bytes), &st);
        void *panel = alloc_huge(each[i]->panel_bytes(depth), &st);
        each[i]->pack(panel, w, outputs, depth, OUT, 1);
        for (int64_t t = 0; t < count; t++) each[i]->quantize(rows + t * bytes, x + t * depth, depth, 0.05f, 101, false);
        if (each[i]->begin) each[i]->begin();
        each[i]->multiply(&(u8_panel){.rows = rows, .row_bytes = bytes, .count = count, .depth = depth, .weights = panel, .outputs = outputs, .correction = correction,
                                      .row_correction = row_correction, .scale = 0.01f, .scales = scales, .bias = bias, .y = to[i], .y_step = WIDE});
        if (each[i]->end) each[i]->end();
        alloc_huge_free(rows, (size_t)((count + 64) * bytes));
        alloc_huge_free(panel, each[i]->panel_bytes(depth));
    }
    for (int64_t t = 0; t < count; t++)
        for (int64_t o = 0; o < outputs; o++)
            if (memcmp(&want[t * WIDE + o], &found[t * WIDE + o], sizeof(float)) != 0)
                fail_msg("narrow, depth %lld, row %lld, output %lld: %.9g wanted, %.9g found", (long long)depth, (long long)t, (long long)o, want[t * WIDE + o], found[t * WIDE + o]);
}

static void check_narrow_level(void **state)
{
    const kernel_u8 *k = kernel_u8_find_narrow(*state), *plain = kernel_u8_find("c");
    if (!k) skip();
    random_state = rng_seeded(9);
    for (int64_t depth = 1, n = 1; depth < DEPTH; depth += 1 + depth / 5, n++) {
        check_narrow(k, plain, depth, n * 7 % 41 + 1, 20, false);
        check_narrow(k, plain, depth, n * 5 % 23 + 1, 64, false);
    }
    check_narrow(k, plain, 160, 109, 16, false);
    check_narrow(k, plain, 97, 31, 0, true);
}

enum { T = 131, IN = 37, MIDDLE = 75, END = 33 };

/* The definition in double: scale and zero point of x, then the sums. */
static void by_definition(const double *in, int64_t depth, const int8_t *weight, int64_t outputs, const float *b, double *out)
{
    double low = 0, high = 0;
    for (int64_t i = 0; i < T * depth; i++) low = fmin(low, in[i]), high = fmax(high, in[i]);
    double scale = (high - low) / 255, zero = nearbyint(-low / scale);
    for (int t = 0; t < T; t++)
        for (int64_t o = 0; o < outputs; o++) {
            double sum = 0;
            for (int64_t i = 0; i < depth; i++)
                sum += (fmin(fmax(nearbyint(in[t * depth + i] / scale) + zero, 0), 255) - zero) * weight[i * outputs + o];
            out[t * outputs + o] = sum * scale * 0.003 + b[o];
        }
}

static void test_op(void **state)
{
    (void)state;
    status st = {0};
    op_ctx c = {.mem = arena_new(&st), .threads = pool_new(3, &st), .st = &st};
    static int8_t first[IN * MIDDLE], second[MIDDLE * END];
    static float b1[MIDDLE], b2[END], gamma[END];
    static double in[T * IN], middle[T * MIDDLE], end[T * END];
    random_state = rng_seeded(5);
    for (int i = 0; i < IN * MIDDLE; i++) first[i] = (int8_t)(rng_next(&random_state) >> 56);
    for (int i = 0; i < MIDDLE * END; i++) second[i] = (int8_t)(rng_next(&random_state) >> 56);
    fill(b1, MIDDLE, 1), fill(b2, END, 1), fill(gamma, END, 1);
    linear_u8 wide, narrow;
    assert_true(linear_u8_init(&wide, first, IN, MIDDLE, 0.003f, b1, &st) && linear_u8_init(&narrow, second, MIDDLE, END, 0.003f, b2, &st));
    tensor *in_values = op_new(&c, SHAPE(T, IN)), *sum = op_new(&c, SHAPE(T, END)), *added = op_new(&c, SHAPE(T, MIDDLE));
    fill(in_values->data, T * IN, 3), fill(sum->data, T * END, 1);
    for (int i = 0; i < T * IN; i++) in[i] = tensor_f32(in_values)[i];
    by_definition(in, IN, first, MIDDLE, b1, middle);
    tensor *plain = op_linear_u8(&c, in_values, &wide, NULL);
    assert_non_null(plain);
    for (int i = 0; i < T * MIDDLE; i++) assert_true(fabs(middle[i] - tensor_f32(plain)[i]) < 1e-4);
    memcpy(added->data, plain->data, tensor_bytes(plain));
    assert_true(op_linear_u8_add(&c, added, NULL, in_values, &wide));
    for (int i = 0; i < T * MIDDLE; i++) assert_true(tensor_f32(added)[i] == 2 * tensor_f32(plain)[i]);
    float *start = arena_alloc(c.mem, tensor_bytes(sum), &st);
    memcpy(start, sum->data, tensor_bytes(sum));
    assert_true(op_mlp_u8_add(&c, sum, gamma, in_values, &wide, &narrow));
    for (int i = 0; i < T * MIDDLE; i++) middle[i] = 0.5 * middle[i] * (1 + erf(middle[i] / sqrt(2)));
    by_definition(middle, MIDDLE, second, END, b2, end);
    int far = 0; /* a quantised value that a last bit tips over is seen in a row of y */
    for (int i = 0; i < T * END; i++) far += fabs(end[i] * gamma[i % END] + start[i] - tensor_f32(sum)[i]) > 1e-3;
    assert_true(far <= 2 * END);
    tensor *zeros = op_new(&c, SHAPE(2, IN));
    memset(zeros->data, 0, tensor_bytes(zeros));
    plain = op_linear_u8(&c, zeros, &wide, NULL);
    for (int o = 0; o < MIDDLE; o++) assert_true(tensor_f32(plain)[o] == b1[o]);
    assert_null(op_linear_u8(&c, added, &wide, NULL));
    assert_int_equal(st.code, STATUS_FAIL);
    linear_u8_free(&wide), linear_u8_free(&narrow);
    pool_free(c.threads);
    arena_free(c.mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(check_level, "c"),      cmocka_unit_test_prestate(check_level, "avx2"),
        cmocka_unit_test_prestate(check_level, "avx512"), cmocka_unit_test_prestate(check_level, "amx"),
        cmocka_unit_test_prestate(check_narrow_level, "c"),      cmocka_unit_test_prestate(check_narrow_level, "avx2"),
        cmocka_unit_test_prestate(check_narrow_level, "avx512"), cmocka_unit_test_prestate(check_narrow_level, "amx"),
        cmocka_unit_test(test_op),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
