/* Quantisation: the simple types bit by bit as the gguf package, the others no worse than llama.cpp's encoder. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/half.h"
#include "core/quant.h"
#include "core/rng.h"
#include "core/weights.h"

static weights *open_golden(void)
{
    status st = {0};
    weights *w = weights_open(SOURCE_DIR "/tests/golden/quant.safetensors", &st);
    if (!w) fail_msg("%s", st.msg);
    return w;
}

static void test_simple_types_are_the_references(void **state)
{
    (void)state;
    static const char *const NAMES[] = {"f16", "bf16", "q4_0", "q4_1", "q5_0", "q5_1", "q8_0"};
    status st = {0};
    weights *w = open_golden();
    arena *a = arena_new(&st);
    const tensor *rows = weights_find(w, "rows");
    const float *x = weights_f32(a, rows, &st);
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
        const tensor *expected = weights_find(w, NAMES[i]);
        dtype type = dtype_from_name(NAMES[i]);
        size_t bytes;
        assert_true(dtype_bytes(type, tensor_count(rows), &bytes));
        assert_int_equal(bytes, tensor_bytes(expected));
        unsigned char *blocks = arena_alloc(a, bytes, &st);
        assert_true(quant_encode(type, x, blocks, tensor_count(rows)));
        size_t block = (size_t)dtype_of(type)->bytes;
        for (size_t b = 0; b < bytes; b += block)
            if (memcmp(blocks + b, (unsigned char *)expected->data + b, block) != 0)
                fail_msg("%s: block %zu differs from the reference", NAMES[i], b / block);
    }
    arena_free(a);
    weights_close(w);
}

/* The sum of squared errors of one row after a round trip. */
static double row_error(dtype type, const float *x, int64_t n)
{
    static unsigned char blocks[8192];
    static float y[1024];
    double sum = 0;
    assert_true(quant_encode(type, x, blocks, n));
    assert_true(quant_dequantize(type, blocks, y, n));
    for (int64_t i = 0; i < n; i++) sum += ((double)y[i] - (double)x[i]) * ((double)y[i] - (double)x[i]);
    return sum;
}

static void test_k_types_are_no_worse_than_llama_cpp(void **state)
{
    (void)state;
    status st = {0};
    weights *w = open_golden();
    arena *a = arena_new(&st);
    const tensor *rows = weights_find(w, "rows");
    const float *x = weights_f32(a, rows, &st);
    static const dtype TYPES[] = {DTYPE_Q4_K, DTYPE_Q5_K, DTYPE_Q6_K};
    for (int t = 0; t < 3; t++) {
        char name[32];
        snprintf(name, sizeof name, "error.%s", dtype_of(TYPES[t])->name);
        const tensor *errors = weights_find(w, name);
        double ours = 0, theirs = 0;
        for (int64_t r = 0; r < rows->dim[0]; r++) {
            double reference, error = row_error(TYPES[t], x + r * rows->dim[1], rows->dim[1]);
            memcpy(&reference, (char *)errors->data + 8 * r, sizeof reference);
            if (error > reference * 1.0001) fail_msg("%s: row %d: error %g, llama.cpp %g", name, (int)r, error, reference);
            if (r < 14) ours += error, theirs += reference;
        }
        print_message("%s: squared error %.4f of llama.cpp's on 14 rows\n", dtype_of(TYPES[t])->name, ours / theirs);
    }
    arena_free(a);
    weights_close(w);
}

static void test_what_does_not_fit_is_refused(void **state)
{
    (void)state;
    float x[256] = {0};
    unsigned char block[sizeof x]; /* as f32, the widest of them */
    for (int t = 0; t < DTYPE_COUNT; t++) {
        if (!quant_can_encode((dtype)t)) continue;
        memset(x, 0, sizeof x);
        assert_true(quant_encode((dtype)t, x, block, 256));
        if (dtype_of((dtype)t)->block > 1) assert_false(quant_encode((dtype)t, x, block, 255));
        x[77] = NAN;
        assert_false(quant_encode((dtype)t, x, block, 256));
        x[77] = -INFINITY;
        assert_false(quant_encode((dtype)t, x, block, 256));
        x[77] = -3.3e38F; /* f32 and bf16 hold it, 16-bit scales do not */
        assert_int_equal(quant_encode((dtype)t, x, block, 256), t == DTYPE_F32 || t == DTYPE_BF16);
        x[77] = 9e8F;
        assert_int_equal(quant_encode((dtype)t, x, block, 256), t == DTYPE_F32 || t == DTYPE_BF16);
        x[77] = 1e-42F; /* subnormal: no division may overflow */
        x[78] = -1e-45F;
        assert_true(quant_encode((dtype)t, x, block, 256));
        float y[256];
        assert_true(quant_dequantize((dtype)t, block, y, 256));
        for (int i = 0; i < 256; i++) assert_true(fabsf(y[i]) < 1e-6F);
    }
    assert_false(quant_can_encode(DTYPE_Q2_K));
    assert_false(quant_encode(DTYPE_Q2_K, x, block, 256));
}

/* Every half, and the roundings between halves. */
static void test_half(void **state)
{
    (void)state;
    for (uint32_t h = 0; h < 65536; h++) {
        float f = half_from_f16((uint16_t)h);
        bool nan = (h & 0x7C00) == 0x7C00 && (h & 0x3FF);
        if (nan) assert_true(isnan(f) && isnan(half_from_f16(half_to_f16(f))));
        else assert_int_equal(half_to_f16(f), h);
        if (isnan(half_from_bf16((uint16_t)h))) assert_true(isnan(half_from_bf16(half_to_bf16(half_from_bf16((uint16_t)h)))));
        else assert_int_equal(half_to_bf16(half_from_bf16((uint16_t)h)), h);
    }
    for (uint32_t h = 0; h < 0x7BFF; h++) { /* between two neighbours: to the nearer one, from the middle to the even one */
        float a = half_from_f16((uint16_t)h), b = half_from_f16((uint16_t)(h + 1)), middle = a / 2 + b / 2;
        assert_int_equal(half_to_f16(middle), h + (h & 1));
        assert_int_equal(half_to_f16(nextafterf(middle, 0)), h);
        assert_int_equal(half_to_f16(nextafterf(middle, INFINITY)), h + 1);
    }
    assert_int_equal(half_to_f16(65519.99F), 0x7BFF);
    assert_int_equal(half_to_f16(65520.0F), 0x7C00);
    assert_int_equal(half_to_f16(INFINITY), 0x7C00);
    assert_int_equal(half_to_f16(-1e-10F), 0x8000);
    assert_int_equal(half_to_bf16(3.4e38F), 0x7F80);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_simple_types_are_the_references),
        cmocka_unit_test(test_k_types_are_no_worse_than_llama_cpp),
        cmocka_unit_test(test_what_does_not_fit_is_refused),
        cmocka_unit_test(test_half),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
