/* op_linear: right numbers for every storage type, and the same bits for any thread count and any number of rows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include <stdatomic.h>

#include "core/alloc.h"
#include "core/linear_queue.h"
#include "core/op.h"
#include "core/quant.h"
#include "core/rng.h"

static status st;
static arena *mem;

static int setup(void **state)
{
    (void)state;
    st = (status){0};
    mem = arena_new(&st);
    return mem ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(mem);
    return 0;
}

static tensor *random_tensor(uint64_t seed, int64_t rows, int64_t columns)
{
    tensor *x = tensor_new(mem, &st, DTYPE_F32, SHAPE(rows, columns));
    assert_non_null(x);
    rng r = rng_seeded(seed);
    for (int64_t i = 0; i < rows * columns; i++) tensor_f32(x)[i] = (float)rng_normal(&r);
    return x;
}

/* A weight of a storage type with blocks that are random but of ordinary size: each scale is a small positive half. */
static tensor *random_weight(dtype type, uint64_t seed, int64_t out, int64_t in)
{
    if (type == DTYPE_F32) return random_tensor(seed, out, in);
    tensor *w = tensor_new(mem, &st, type, SHAPE(out, in));
    assert_non_null(w);
    rng r = rng_seeded(seed);
    uint8_t *bytes = w->data;
    for (size_t i = 0; i < tensor_bytes(w); i++) bytes[i] = (uint8_t)rng_next(&r);
    if (type == DTYPE_F16 || type == DTYPE_BF16)
        for (size_t i = 1; i < tensor_bytes(w); i += 2) bytes[i] = (uint8_t)((bytes[i] & 0x80) | 0x3C | (bytes[i] & 3));
    static const struct { dtype type; int at[2]; } scales[] = {
        {DTYPE_Q4_0, {0, -1}}, {DTYPE_Q4_1, {0, 2}}, {DTYPE_Q5_0, {0, -1}}, {DTYPE_Q5_1, {0, 2}}, {DTYPE_Q8_0, {0, -1}},
        {DTYPE_Q2_K, {80, 82}}, {DTYPE_Q3_K, {108, -1}}, {DTYPE_Q4_K, {0, 2}}, {DTYPE_Q5_K, {0, 2}}, {DTYPE_Q6_K, {208, -1}},
        {DTYPE_IQ4_NL, {0, -1}},
    };
    for (size_t s = 0; s < sizeof scales / sizeof scales[0]; s++)
        for (size_t b = 0; scales[s].type == type && b < tensor_bytes(w); b += (size_t)dtype_of(type)->bytes)
            for (int i = 0; i < 2 && scales[s].at[i] >= 0; i++) bytes[b + (size_t)scales[s].at[i] + 1] = 0x20 | (bytes[b + (size_t)scales[s].at[i] + 1] & 3);
    for (size_t b = 0; type == DTYPE_Q8_K && b < tensor_bytes(w); b += 292) memcpy(bytes + b, &(float){0.01f}, 4);
    return w;
}

/* y and the sum of the products' sizes, in doubles. */
static void reference(const tensor *x, const tensor *w, const float *bias, double *y, double *size)
{
    int64_t in = w->dim[1], out = w->dim[0];
    float *row = arena_alloc(mem, (size_t)in * sizeof(float), &st);
    const dtype_info *info = dtype_of(w->type);
    for (int64_t o = 0; o < out; o++) {
        assert_true(quant_dequantize(w->type, (char *)w->data + o * in / info->block * info->bytes, row, in));
        for (int64_t r = 0; r < x->dim[0]; r++) {
            double sum = bias ? (double)bias[o] : 0, all = 0;
            for (int64_t k = 0; k < in; k++) {
                double term = (double)tensor_f32(x)[r * in + k] * (double)row[k];
                sum += term, all += fabs(term);
            }
            y[r * out + o] = sum, size[r * out + o] = all;
        }
    }
}

static void check(dtype type, linear_mode mode, bool bulk, int64_t rows, int64_t in, int64_t out, double tolerance)
{
    size_t mark = arena_mark(mem);
    tensor *x = random_tensor(1, rows, in), *w = random_weight(type, 2, out, in), *bias = random_tensor(3, 1, out);
    double *want = arena_alloc(mem, (size_t)(rows * out) * sizeof(double), &st), *size = arena_alloc(mem, (size_t)(rows * out) * sizeof(double), &st);
    reference(x, w, bias->data, want, size);
    linear l;
    assert_true(linear_init(&l, w, bias->data, mode, NULL, &st));
    op_ctx c = {.mem = mem, .st = &st, .bulk = bulk};
    tensor *y = op_linear(&c, x, &l);
    assert_non_null(y);
    for (int64_t i = 0; i < rows * out; i++)
        if (!(fabs((double)tensor_f32(y)[i] - want[i]) <= tolerance * (size[i] + 1)))
            fail_msg("%s %s, %lld rows, %lld -> %lld, element %lld: %.9g wanted, %.9g found", dtype_of(type)->name,
                     mode == LINEAR_EXACT ? "exact" : bulk ? "bulk" : "fast", (long long)rows, (long long)in, (long long)out, (long long)i, want[i], (double)tensor_f32(y)[i]);
    for (int threads = 2; threads <= 8; threads += 3) {
        pool *p = pool_new(threads, &st);
        linear again;
        assert_true(linear_init(&again, w, bias->data, mode, p, &st));
        c.threads = p;
        tensor *z = op_linear(&c, x, &again);
        assert_memory_equal(y->data, z->data, tensor_bytes(y));
        for (int64_t r = 0; r < rows; r++) { /* a row alone has the same bits as among others */
            tensor one = {.type = DTYPE_F32, .rank = 2, .dim = {1, in}, .data = tensor_f32(x) + r * in};
            tensor *alone = op_linear(&c, &one, &again);
            assert_memory_equal(tensor_f32(y) + r * out, alone->data, (size_t)out * sizeof(float));
        }
        linear_free(&again);
        pool_free(p);
    }
    linear_free(&l);
    arena_reset(mem, mark);
}

static const dtype TYPES[] = {DTYPE_F32,  DTYPE_F16,  DTYPE_BF16, DTYPE_Q4_0, DTYPE_Q4_1, DTYPE_Q5_0, DTYPE_Q5_1,  DTYPE_Q8_0,
                              DTYPE_Q2_K, DTYPE_Q3_K, DTYPE_Q4_K, DTYPE_Q5_K, DTYPE_Q6_K, DTYPE_Q8_K, DTYPE_IQ4_NL};

static void test_exact(void **state)
{
    (void)state;
    for (size_t t = 0; t < sizeof TYPES / sizeof TYPES[0]; t++) {
        check(TYPES[t], LINEAR_EXACT, false, 1, 512, 40, 2e-6);
        check(TYPES[t], LINEAR_EXACT, false, 29, 256, 33, 2e-6);
        check(TYPES[t], LINEAR_EXACT, false, 5, 768, 300, 2e-6);
    }
    check(DTYPE_F32, LINEAR_EXACT, false, 3, 1, 1, 2e-6);
    check(DTYPE_F32, LINEAR_EXACT, false, 200, 37, 129, 2e-6);
    check(DTYPE_F16, LINEAR_EXACT, false, 13, 300, 17, 2e-6);
}

static void test_fast(void **state)
{
    (void)state;
    for (size_t t = 0; t < sizeof TYPES / sizeof TYPES[0]; t++) {
        check(TYPES[t], LINEAR_FAST, false, 1, 512, 40, 4e-3);
        check(TYPES[t], LINEAR_FAST, false, 40, 256, 33, 4e-3);
        check(TYPES[t], LINEAR_FAST, false, 5, 1024, 300, 4e-3);
    }
}

/* Bulk passes: bf16 by bf16 where the CPU has tiles, both rounded to 8 bits. */
static void test_bulk(void **state)
{
    (void)state;
    for (size_t t = 0; t < sizeof TYPES / sizeof TYPES[0]; t++) {
        check(TYPES[t], LINEAR_FAST, true, 1, 512, 40, 4e-3);
        check(TYPES[t], LINEAR_FAST, true, 40, 256, 33, 4e-3);
        check(TYPES[t], LINEAR_FAST, true, 33, 1024, 300, 4e-3);
        check(TYPES[t], LINEAR_FAST, true, 17, 768, 16, 4e-3);
    }
    check(DTYPE_Q4_1, LINEAR_FAST, true, 530, 64, 48, 4e-3); /* more rows than a panel is widened for */
}

/* The fused forms give the bits of the plain ones. */
static void check_fused(bool bulk)
{
    pool *p = pool_new(3, &st);
    op_ctx c = {.mem = mem, .threads = p, .st = &st, .bulk = bulk};
    for (size_t t = 0; t < sizeof TYPES / sizeof TYPES[0]; t++)
        for (int64_t rows = 1; rows <= 34; rows += 33) {
            tensor *x = random_tensor(1, rows, 256), *bias = random_tensor(5, 1, 200), *residual = random_tensor(6, rows, 200);
            linear w[3];
            const int64_t out[3] = {200, 200, 48};
            for (int i = 0; i < 3; i++)
                assert_true(linear_init(&w[i], random_weight(TYPES[t], (uint64_t)i + 2, out[i], 256), i == 1 ? bias->data : NULL, LINEAR_FAST, p, &st));
            tensor *plain[3], *many[3];
            const linear *all[3] = {&w[0], &w[1], &w[2]};
            op_linear_many(&c, x, 3, all, many);
            for (int i = 0; i < 3; i++) {
                plain[i] = op_linear(&c, x, &w[i]);
                assert_non_null(many[i]);
                assert_memory_equal(plain[i]->data, many[i]->data, tensor_bytes(plain[i]));
            }
            tensor *sum = op_add(&c, plain[1], residual), *added = op_linear_add(&c, x, &w[1], residual, NULL);
            assert_memory_equal(sum->data, added->data, tensor_bytes(sum));
            assert_ptr_equal(op_linear_add(&c, x, &w[1], residual, plain[0]), plain[0]);
            assert_memory_equal(sum->data, plain[0]->data, tensor_bytes(sum));
            assert_null(op_linear_add(&c, x, &w[1], residual, plain[2]));
            assert_non_null(strstr(st.msg, "rows of 200 do not fit"));
            st = (status){0};
            plain[0] = op_linear(&c, x, &w[0]);
            tensor *gated = op_silu_mul(&c, plain[0], plain[1]), *fused = op_linear_silu_mul(&c, x, &w[0], &w[1]);
            assert_memory_equal(gated->data, fused->data, tensor_bytes(gated));
            gated = op_gelu_tanh_mul(&c, plain[0], plain[1]), fused = op_linear_gelu_tanh_mul(&c, x, &w[0], &w[1]);
            assert_memory_equal(gated->data, fused->data, tensor_bytes(gated));
            for (int i = 0; i < 3; i++) linear_free(&w[i]);
        }
    pool_free(p);
}

/* A result that feeds a product is the f32 one rounded to bf16, with an activation as exact as that asks, and again a row's
 * own affair; x in bf16 is as good as in f32. */
static void test_feed(void **state)
{
    (void)state;
    if (!op_has_bulk()) skip();
    op_ctx c = {.mem = mem, .st = &st, .bulk = true};
    enum { ROWS = 37, OUT = 200 };
    for (size_t t = 1; t < sizeof TYPES / sizeof TYPES[0]; t++) { /* f32 weights would see that x lost bits */
        const tensor *x = random_tensor(1, ROWS, 256);
        linear gate, up;
        assert_true(linear_init(&gate, random_weight(TYPES[t], 2, OUT, 256), NULL, LINEAR_FAST, NULL, &st));
        assert_true(linear_init(&up, random_weight(TYPES[t], 3, OUT, 256), NULL, LINEAR_FAST, NULL, &st));
        for (int tanh = 0; tanh < 2; tanh++) {
            tensor *(*fused)(op_ctx *, const tensor *, const linear *, const linear *) = tanh ? op_linear_gelu_tanh_mul : op_linear_silu_mul;
            c.feed = DTYPE_F32;
            const tensor *want = fused(&c, x, &gate, &up);
            c.feed = DTYPE_BF16;
            const tensor *got = fused(&c, op_as_bf16(&c, x), &gate, &up), *wide = op_as_f32(&c, got);
            assert_non_null(wide);
            assert_int_equal(got->type, gate.form == LINEAR_QUANTIZED ? DTYPE_BF16 : DTYPE_F32);
            double tolerance = gate.form == LINEAR_QUANTIZED ? 5e-3 : 0;
            for (int64_t i = 0; i < ROWS * OUT; i++)
                if (!(fabsf(tensor_f32(wide)[i] - tensor_f32(want)[i]) <= tolerance * (fabs((double)tensor_f32(want)[i]) + 0.01)))
                    fail_msg("%s, element %d: %.9g wanted, %.9g found", dtype_of(TYPES[t])->name, (int)i, (double)tensor_f32(want)[i], (double)tensor_f32(wide)[i]);
            tensor last = {.type = DTYPE_F32, .rank = 2, .dim = {1, 256}, .data = tensor_f32(x) + (ROWS - 1) * 256};
            const tensor *alone = fused(&c, op_as_bf16(&c, &last), &gate, &up);
            size_t row = tensor_bytes(alone);
            assert_memory_equal(alone->data, (const char *)got->data + (ROWS - 1) * row, row);
        }
        linear_free(&gate);
        linear_free(&up);
    }
}

static void test_fused(void **state)
{
    (void)state;
    check_fused(false);
    check_fused(true);
}

/* ---- many packed at once ---- */

typedef struct {
    atomic_int beside;
    atomic_size_t bytes;
} seen;

static void see_beside(void *arg) { ((seen *)arg)->beside++; }
static void see_bytes(void *arg, size_t bytes) { ((seen *)arg)->bytes += bytes; }

/* Every type in weights of several items and of less than one; in two runs of one queue. */
static void test_queue(void **state)
{
    (void)state;
    enum { N = sizeof TYPES / sizeof TYPES[0] };
    static const int64_t out[] = {5000, 33};
    for (int threads = 1; threads <= 3; threads++) {
        pool *p = pool_new(threads, &st);
        linear_queue *q = linear_queue_new(&st);
        assert_non_null(q);
        for (int round = 0; round < 2; round++) {
            static linear w[2 * N];
            const tensor *weight[2 * N];
            seen s = {0};
            size_t bytes = 0;
            for (int i = 0; i < 2 * N; i++) {
                weight[i] = random_weight(TYPES[i / 2], (uint64_t)i + 9, out[i % 2], 256);
                assert_true(linear_queue_add(q, &w[i], weight[i], NULL, LINEAR_FAST, &st));
                bytes += w[i].packed_bytes;
            }
            linear_queue_run(q, p, &(linear_queue_around){round ? see_beside : NULL, &s, see_bytes, &s});
            assert_int_equal(s.beside, round);
            assert_int_equal(s.bytes, bytes);
            for (int i = 0; i < 2 * N; i++) {
                linear alone;
                assert_true(linear_init(&alone, weight[i], NULL, LINEAR_FAST, NULL, &st));
                assert_int_equal(alone.packed_bytes, w[i].packed_bytes);
                assert_memory_equal(alone.packed, w[i].packed, alone.packed_bytes);
                linear_free(&alone), linear_free(&w[i]);
            }
        }
        linear_queue_run(q, p, &(linear_queue_around){0});
        linear_queue_free(q);
        pool_free(p);
    }
}

static void test_wrong_shapes(void **state)
{
    (void)state;
    linear l;
    tensor *w = random_tensor(1, 4, 6), *x = random_tensor(2, 3, 5);
    assert_true(linear_init(&l, w, NULL, LINEAR_EXACT, NULL, &st));
    op_ctx c = {mem, NULL, &st};
    assert_null(op_linear(&c, x, &l));
    assert_int_equal(st.code, STATUS_FAIL);
    linear_free(&l);
    st = (status){0};
    tensor bad = *w;
    bad.rank = 1;
    assert_false(linear_init(&l, &bad, NULL, LINEAR_EXACT, NULL, &st));
    assert_int_equal(st.code, STATUS_INPUT);
    st = (status){0};
    bad = *w, bad.type = DTYPE_I32;
    assert_false(linear_init(&l, &bad, NULL, LINEAR_EXACT, NULL, &st));
    assert_int_equal(st.code, STATUS_INPUT);
    st = (status){0};
    bad = *w, bad.type = DTYPE_Q4_0; /* 6 columns are no whole block */
    assert_false(linear_init(&l, &bad, NULL, LINEAR_EXACT, NULL, &st));
    assert_int_equal(st.code, STATUS_INPUT);
}

static void test_no_memory(void **state)
{
    (void)state;
    tensor *w = random_tensor(1, 40, 64);
    uint64_t before = alloc_in_use();
    alloc_fail_at(1);
    linear l;
    assert_false(linear_init(&l, w, NULL, LINEAR_EXACT, NULL, &st));
    assert_int_equal(st.code, STATUS_NOMEM);
    alloc_fail_at(0);
    assert_int_equal(alloc_in_use(), before);
    linear_free(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_exact, setup, teardown),
        cmocka_unit_test_setup_teardown(test_fast, setup, teardown),
        cmocka_unit_test_setup_teardown(test_feed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bulk, setup, teardown),
        cmocka_unit_test_setup_teardown(test_fused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_queue, setup, teardown),
        cmocka_unit_test_setup_teardown(test_wrong_shapes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_memory, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
