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

/* y = (q − zero) w scale + bias, a strip of any level by quantised rows of its own. */
static void check_strip(const kernel_u8 *k, int64_t depth)
{
    enum { ROWS = 32, OUT = 40 };
    static float x[ROWS * 600], y[ROWS * 64], bias[64];
    static int8_t w[600 * OUT];
    status st = {0};
    int64_t outputs = k->panel - 1;
    fill(x, ROWS * depth, 5), fill(bias, 64, 1);
    for (int64_t i = 0; i < depth * OUT; i++) w[i] = (int8_t)(rng_next(&random_state) >> 56);
    if (depth > 3) x[0] = 900, x[1] = -900, x[2] = 2.5f * 0.04f, x[3] = 3.5f * 0.04f; /* clamped; ties */
    char *rows = alloc_huge((size_t)(ROWS * k->row_bytes(depth)), &st);
    void *panel = alloc_huge(k->panel_bytes(depth), &st);
    int32_t correction[64] = {0};
    int zero = 101;
    for (int64_t o = 0; o < outputs; o++)
        for (int64_t i = 0; i < depth; i++) correction[o] += zero * w[i * OUT + o];
    k->pack(panel, w, outputs, depth, OUT, 1);
    for (int64_t t = 0; t < k->steps; t++) k->quantize(rows + t * k->row_bytes(depth), x + t * depth, depth, 0.04f, zero);
    if (k->begin) k->begin();
    k->strip(&(u8_strip){.rows = rows, .row_bytes = k->row_bytes(depth), .depth = depth, .weights = panel,
                         .correction = correction, .scale = 0.01f, .bias = bias, .y = y, .y_step = 64});
    if (k->end) k->end();
    for (int64_t t = 0; t < k->steps; t++)
        for (int64_t o = 0; o < k->panel; o++) {
            int32_t sum = 0;
            for (int64_t i = 0; i < depth && o < outputs; i++) {
                float q = nearbyintf(x[t * depth + i] / 0.04f) + (float)zero;
                sum += ((int)fminf(fmaxf(q, 0), 255) - zero) * w[i * OUT + o];
            }
            float want = (float)sum * 0.01f + bias[o];
            if (memcmp(&want, &y[t * 64 + o], sizeof want) != 0)
                fail_msg("depth %lld, row %lld, output %lld: %.9g wanted, %.9g found", (long long)depth, (long long)t, (long long)o, want, y[t * 64 + o]);
        }
    float low = 0, high = 0, low_c = 0, high_c = 0;
    k->range(x, depth, &low, &high), kernel_u8_find("c")->range(x, depth, &low_c, &high_c);
    assert_true(low == low_c && high == high_c);
    alloc_huge_free(rows, (size_t)(ROWS * k->row_bytes(depth)));
    alloc_huge_free(panel, k->panel_bytes(depth));
}

static void check_level(void **state)
{
    const kernel_u8 *k = kernel_u8_find(*state);
    if (!k) skip();
    random_state = rng_seeded(4);
    for (int64_t depth = 1; depth < 600; depth += 1 + depth / 7) check_strip(k, depth);
}

static void test_op(void **state)
{
    (void)state;
    status st = {0};
    op_ctx c = {.mem = arena_new(&st), .threads = pool_new(3, &st), .st = &st};
    enum { T = 131, IN = 37, OUT = 75 };
    static int8_t weight[IN * OUT];
    float bias[OUT], gamma[OUT];
    random_state = rng_seeded(5);
    for (int i = 0; i < IN * OUT; i++) weight[i] = (int8_t)(rng_next(&random_state) >> 56);
    fill(bias, OUT, 1), fill(gamma, OUT, 1);
    linear_u8 w;
    assert_true(linear_u8_init(&w, weight, IN, OUT, 0.003f, bias, &st));
    tensor *x = op_new(&c, SHAPE(T, IN)), *add = op_new(&c, SHAPE(T, OUT));
    fill(x->data, T * IN, 3), fill(add->data, T * OUT, 1);
    linear_u8_extra extra = {.gelu = true, .gamma = gamma, .add = add};
    tensor *y = op_linear_u8(&c, x, &w, &extra);
    assert_non_null(y);
    float low = 0, high = 0;
    for (int i = 0; i < T * IN; i++) low = fminf(low, tensor_f32(x)[i]), high = fmaxf(high, tensor_f32(x)[i]);
    float scale = (high - low) / 255, zero = nearbyintf(-low / scale);
    for (int t = 0; t < T; t++)
        for (int o = 0; o < OUT; o++) {
            double sum = 0;
            for (int i = 0; i < IN; i++) {
                float q = nearbyintf(tensor_f32(x)[t * IN + i] / scale) + zero;
                sum += (fmin(fmax(q, 0), 255) - zero) * weight[i * OUT + o];
            }
            double v = sum * scale * 0.003 + bias[o];
            double want = 0.5 * v * (1 + erf(v / sqrt(2))) * gamma[o] + tensor_f32(add)[t * OUT + o];
            assert_true(fabs(want - tensor_f32(y)[t * OUT + o]) < 1e-5 * (1 + fabs(want)));
        }
    tensor *zeros = op_new(&c, SHAPE(2, IN));
    memset(zeros->data, 0, tensor_bytes(zeros));
    y = op_linear_u8(&c, zeros, &w, NULL);
    for (int o = 0; o < OUT; o++) assert_true(tensor_f32(y)[o] == bias[o]);
    assert_null(op_linear_u8(&c, add, &w, NULL));
    linear_u8_free(&w);
    pool_free(c.threads);
    arena_free(c.mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(check_level, "c"),      cmocka_unit_test_prestate(check_level, "avx2"),
        cmocka_unit_test_prestate(check_level, "avx512"), cmocka_unit_test_prestate(check_level, "amx"),
        cmocka_unit_test(test_op),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
