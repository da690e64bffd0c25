/* The picture operations against PyTorch (tests/golden/gen_op.py), in f32 and in bf16, by one and by three threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/half.h"
#include "core/op.h"
#include "core/weights.h"

static weights *golden;
static op_ctx c;
static status st;
static linear_mode mode;

static const tensor *get(const char *name, const char *part)
{
    char full[64];
    snprintf(full, sizeof full, "%s.%s", name, part);
    const tensor *x = weights_find(golden, full);
    if (!x) fail_msg("op.safetensors has no %s", full);
    return x;
}

/* The largest difference over the largest value; bf16 keeps 8 bits, and sums of many such products lose little more. */
static void compare(const char *name, const tensor *want, const tensor *got)
{
    if (!got) fail_msg("%s: %s", name, st.msg);
    assert_int_equal(tensor_count(want), tensor_count(got));
    float largest = 0, off = 0;
    for (int64_t i = 0; i < tensor_count(want); i++) {
        float found = got->type == DTYPE_BF16 ? half_from_bf16(((const uint16_t *)got->data)[i]) : tensor_f32(got)[i];
        largest = fmaxf(largest, fabsf(tensor_f32(want)[i]));
        float d = fabsf(tensor_f32(want)[i] - found);
        if (!(d <= off)) off = d; /* NaN too */
    }
    float limit = mode == LINEAR_FAST ? 1.5e-2f : 2e-6f;
    if (!(off <= limit * largest)) fail_msg("%s: off by %g of %g", name, off, largest);
}

static int start(void **state)
{
    mode = **(int **)state ? LINEAR_FAST : LINEAR_EXACT;
    st = (status){0};
    golden = weights_open(SOURCE_DIR "/tests/golden/op.safetensors", &st);
    if (!golden) fail_msg("%s", st.msg);
    c = (op_ctx){.mem = arena_new(&st), .threads = pool_new(3, &st), .st = &st};
    return 0;
}

static int stop(void **state)
{
    (void)state;
    weights_close(golden);
    pool_free(c.threads);
    arena_free(c.mem);
    return 0;
}

static tensor *convolve(const char *name, int stride, conv2d_padding padding, const conv2d_around *around)
{
    conv2d w;
    if (!conv2d_init(&w, get(name, "weight"), get(name, "bias")->data, stride, padding, mode, c.threads, &st)) fail_msg("%s", st.msg);
    tensor *y = op_conv2d_with(&c, get(name, "x"), &w, around);
    op_ctx alone = {.mem = c.mem, .st = &st};
    tensor *again = op_conv2d_with(&alone, get(name, "x"), &w, around);
    if (!y || !again) fail_msg("%s: %s", name, st.msg);
    assert_memory_equal(y->data, again->data, tensor_bytes(y)); /* the same bytes by any number of threads */
    conv2d_free(&w);
    return y;
}

static void check_conv(void **state)
{
    (void)state;
    static const struct { const char *name; int stride; conv2d_padding padding; } cases[] = {
        {"conv_3x3", 1, {1, 1, 1, 1}},    {"conv_batch", 1, {1, 1, 1, 1}}, {"conv_1x1", 1, {0, 0, 0, 0}},
        {"conv_stride", 2, {1, 1, 1, 1}}, {"conv_down", 2, {0, 0, 1, 1}},  {"conv_wide", 1, {2, 2, 2, 2}},
        {"conv_patch", 4, {0, 0, 0, 0}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        compare(cases[i].name, get(cases[i].name, "y"), convolve(cases[i].name, cases[i].stride, cases[i].padding, &(conv2d_around){0}));
    conv2d_around all = {.groups = 3, .norm_weight = get("around", "norm_weight")->data, .norm_bias = get("around", "norm_bias")->data,
                         .eps = 1e-5f, .silu = true, .height = 12, .width = 10, .row = get("around", "row"),
                         .activation = PRODUCT_SILU, .residual = get("around", "residual")};
    compare("around", get("around", "y"), convolve("around", 1, conv2d_pad(1), &all));
}

static void check_norm_and_resample(void **state)
{
    (void)state;
    const tensor *x = get("group_norm", "x");
    const float *weight = get("group_norm", "weight")->data, *bias = get("group_norm", "bias")->data;
    compare("group_norm", get("group_norm", "y"), op_group_norm(&c, x, 5, weight, bias, 1e-6f, false));
    compare("group_norm, silu", get("group_norm", "silu"), op_group_norm(&c, x, 5, weight, bias, 1e-6f, true));
    compare("nearest", get("nearest", "y"), op_upsample_nearest(&c, get("nearest", "x"), 8, 10));
    compare("nearest, odd", get("nearest", "odd"), op_upsample_nearest(&c, get("nearest", "x"), 7, 9));
    compare("geglu", get("geglu", "y"), op_geglu(&c, get("geglu", "x")));
}

static void check_attention(void **state)
{
    (void)state;
    static const struct { const char *name; int heads, kv; float width; bool causal; } cases[] = {
        {"attention_self", 2, 2, 40, false}, {"attention_cross", 3, 3, 8, false},  {"attention_long", 1, 1, 40, false},
        {"attention_causal", 2, 1, 16, true}, {"attention_cached", 4, 2, 8, true},
    };
    c.feed = mode == LINEAR_FAST && product_kernel_bf16() ? DTYPE_BF16 : DTYPE_F32;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *name = cases[i].name;
        tensor *y = op_attention(&c, get(name, "q"), get(name, "k"), get(name, "v"), cases[i].heads, cases[i].kv,
                                 1 / sqrtf(cases[i].width), cases[i].causal);
        compare(name, get(name, "y"), y);
    }
}

static void check_product(void **state)
{
    (void)state;
    product w;
    const tensor *x = get("product", "x");
    assert_true(product_init(&w, get("product", "weight"), get("product", "bias")->data, mode == LINEAR_FAST, c.threads, &st));
    tensor *y = op_product(&c, x, &w, &(product_after){0});
    compare("product", get("product", "y"), y);
    compare("product, gated", get("product", "gated"), op_product(&c, x, &w, &(product_after){.gated = true}));
    for (int64_t r = 0; r < x->dim[0]; r++) { /* a row alone gives what it gives among others */
        tensor one = *x;
        one.dim[0] = 1;
        one.data = tensor_f32(x) + r * x->dim[1];
        tensor *z = op_product(&c, &one, &w, &(product_after){0});
        assert_memory_equal(z->data, tensor_f32(y) + r * w.out, (size_t)w.out * sizeof(float));
    }
    product_free(&w);
}

static void check_errors(void **state)
{
    (void)state;
    conv2d w;
    assert_false(conv2d_init(&w, get("product", "weight"), NULL, 1, conv2d_pad(1), mode, NULL, &st));
    assert_non_null(strstr(st.msg, "[128, 50]"));
    st = (status){0};
    assert_true(conv2d_init(&w, get("conv_3x3", "weight"), NULL, 1, conv2d_pad(1), mode, NULL, &st));
    assert_null(op_conv2d(&c, get("conv_batch", "x"), &w));
    assert_int_equal(st.code, STATUS_FAIL);
    conv2d_free(&w);
    st = (status){0};
    assert_null(op_group_norm(&c, get("group_norm", "x"), 7, NULL, NULL, 1e-5f, false));
    st = (status){0};
    const tensor *q = get("attention_self", "q");
    assert_null(op_attention(&c, q, get("attention_cross", "k"), q, 2, 2, 1, false));
    assert_int_equal(st.code, STATUS_FAIL);
    st = (status){0};
}

int main(void)
{
    static int exact = 0, fast = 1;
    static int *which[] = {&exact, &fast};
#define BOTH(f) cmocka_unit_test_prestate_setup_teardown(f, start, stop, &which[0]), cmocka_unit_test_prestate_setup_teardown(f, start, stop, &which[1])
    const struct CMUnitTest tests[] = {BOTH(check_conv), BOTH(check_norm_and_resample), BOTH(check_attention), BOTH(check_product), BOTH(check_errors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
