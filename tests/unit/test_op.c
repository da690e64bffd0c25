/* Every op given an input of a type it does not read: an error that names it, the type and the shape, never a read past the
 * input's end; and 8-bit codes never outlive the numbers that they stand for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "core/conv1d.h"
#include "core/linear_u8.h"
#include "core/op.h"
#include "core/op_codes.h"

static op_ctx c;
static status st;

static int start(void **state)
{
    (void)state;
    st = (status){0};
    c = (op_ctx){.mem = arena_new(&st), .st = &st};
    return 0;
}

static int stop(void **state)
{
    (void)state;
    arena_free(c.mem);
    return 0;
}

/* One input of each rank and a type of choice: the elements of bf16 are half as large, so reading f32 would pass their end. */
typedef struct {
    tensor *rows, *cube, *picture;     /* [4, 32], [1, 4, 32], [1, 2, 2, 32] */
    const tensor *f32_rows, *f32_cube; /* good ones for the other inputs */
} inputs;

static inputs make(dtype type)
{
    inputs in = {tensor_new(c.mem, &st, type, SHAPE(4, 32)), tensor_new(c.mem, &st, type, SHAPE(1, 4, 32)),
                 tensor_new(c.mem, &st, type, SHAPE(1, 2, 2, 32)), op_new(&c, SHAPE(4, 32)), op_new(&c, SHAPE(1, 4, 32))};
    const tensor *all[] = {in.rows, in.cube, in.picture, in.f32_rows, in.f32_cube};
    for (int i = 0; i < 5; i++) memset(all[i]->data, 0, tensor_bytes(all[i]));
    return in;
}

static float row[32];

static const void *add_left(const inputs *in) { return op_add(&c, in->rows, in->f32_rows); }
static const void *add_right(const inputs *in) { return op_add(&c, in->f32_rows, in->rows); }
static const void *add_row(const inputs *in) { return op_add_row(&c, in->rows, row); }
static const void *mul(const inputs *in) { return op_mul(&c, in->f32_rows, in->rows); }
static const void *scale(const inputs *in) { return op_scale(&c, in->rows, 2); }
static const void *concat(const inputs *in) { return op_concat_last(&c, in->f32_rows, in->rows); }
static const void *slice(const inputs *in) { return op_slice_last(&c, in->rows, 0, 8); }
static const void *relu(const inputs *in) { return op_relu(&c, in->rows); }
static const void *silu(const inputs *in) { return op_silu(&c, in->rows); }
static const void *gelu(const inputs *in) { return op_gelu(&c, in->rows); }
static const void *gelu_tanh(const inputs *in) { return op_gelu_tanh(&c, in->rows); }
static const void *quick_gelu(const inputs *in) { return op_quick_gelu(&c, in->rows); }
static const void *silu_mul(const inputs *in) { return op_silu_mul(&c, in->f32_rows, in->rows); }
static const void *gelu_tanh_mul(const inputs *in) { return op_gelu_tanh_mul(&c, in->rows, in->f32_rows); }
static const void *geglu(const inputs *in) { return op_geglu(&c, in->rows); }
static const void *softmax(const inputs *in) { return op_softmax(&c, in->rows); }
static const void *take_rows(const inputs *in) { return op_take_rows(&c, in->rows, (int64_t[]){1}, 1); }
static const void *upsample(const inputs *in) { return op_upsample_nearest(&c, in->picture, 4, 4); }
static const void *layer_norm(const inputs *in) { return op_layer_norm(&c, in->rows, row, row, 1e-5f); }
static const void *rms_norm(const inputs *in) { return op_rms_norm(&c, in->rows, row, 1e-5f); }
static const void *group_norm(const inputs *in) { return op_group_norm(&c, in->picture, 4, row, row, 1e-5f, false); }
static const void *attention(const inputs *in) { return op_attention(&c, in->f32_cube, in->cube, in->f32_cube, 2, 2, 1, false); }

static const void *attention_cached(const inputs *in)
{
    op_kv_layout layout = op_kv_layout_of(2, 16, true);
    void *chunk = arena_alloc(c.mem, layout.layer_bytes, &st);
    memset(chunk, 0, layout.layer_bytes);
    op_kv_segment segment = {.start = 0, .rows = 4, .chunk = &chunk};
    op_rope none = {0};
    return op_attention_cached(&c, in->f32_rows, in->rows, in->f32_rows, &none, &layout, 0, &segment, 1, 2, 1, 0);
}

/* A layer of 32 to 32 in the form that the mode and the CPU give. */
static const void *by_linear(const inputs *in, dtype type, linear_mode mode, int which)
{
    tensor *weight = tensor_new(c.mem, &st, type, SHAPE(32, 32));
    memset(weight->data, 0, tensor_bytes(weight));
    linear w;
    assert_true(linear_init(&w, weight, NULL, mode, NULL, &st));
    const void *y = which == 0   ? op_linear(&c, in->rows, &w)
                    : which == 1 ? op_linear_add(&c, in->f32_rows, &w, in->rows, NULL)
                    : which == 2 ? op_linear_silu_mul(&c, in->rows, &w, &w)
                                 : op_linear_with(&c, in->rows, &w, &(linear_around){.geglu = true});
    linear_free(&w);
    return y;
}

static const void *linear_f32(const inputs *in) { return by_linear(in, DTYPE_F32, LINEAR_EXACT, 0); }
static const void *linear_q8(const inputs *in) { return by_linear(in, DTYPE_Q8_0, LINEAR_FAST, 0); }
static const void *linear_f16(const inputs *in) { return by_linear(in, DTYPE_F16, LINEAR_FAST, 0); }
static const void *linear_residual(const inputs *in) { return by_linear(in, DTYPE_Q8_0, LINEAR_FAST, 1); }
static const void *linear_gated(const inputs *in) { return by_linear(in, DTYPE_Q8_0, LINEAR_FAST, 2); }
static const void *linear_around_it(const inputs *in) { return by_linear(in, DTYPE_F16, LINEAR_FAST, 3); }

static const void *conv(const inputs *in)
{
    tensor *weight = op_new(&c, SHAPE(32, 32, 1, 1));
    memset(weight->data, 0, tensor_bytes(weight));
    conv2d w;
    assert_true(conv2d_init(&w, weight, NULL, 1, (conv2d_padding){0}, LINEAR_EXACT, NULL, &st));
    const void *y = op_conv2d(&c, in->picture, &w);
    conv2d_free(&w);
    return y;
}

static const void *linear_u8_of(const inputs *in)
{
    static const int8_t zero[32 * 32];
    linear_u8 w;
    assert_true(linear_u8_init(&w, zero, 32, 32, 1, NULL, &st));
    const void *y = op_linear_u8(&c, in->rows, &w, NULL);
    linear_u8_free(&w);
    return y;
}

typedef struct {
    const char *op; /* as its message names it */
    const void *(*call)(const inputs *in);
    bool bf16; /* reads it as well */
} op_case;

static const op_case CASES[] = {
    {"op_add:", add_left, false},          {"op_add:", add_right, false},
    {"op_add_row:", add_row, false},       {"op_mul:", mul, false},
    {"op_scale:", scale, false},           {"op_concat_last:", concat, false},
    {"op_slice_last:", slice, false},      {"op_leaky_relu:", relu, false},
    {"op_silu:", silu, false},             {"op_gelu:", gelu, false},
    {"op_gelu_tanh:", gelu_tanh, false},   {"op_quick_gelu:", quick_gelu, false},
    {"op_silu_mul:", silu_mul, false},     {"op_gelu_tanh_mul:", gelu_tanh_mul, false},
    {"op_geglu:", geglu, false},           {"op_softmax:", softmax, false},
    {"op_take_rows:", take_rows, false},   {"op_upsample_nearest:", upsample, false},
    {"op_as_f32:", layer_norm, true},      {"op_as_f32:", rms_norm, true},
    {"op_group_norm:", group_norm, true},  {"op_attention:", attention, true},
    {"op_kv_store:", attention_cached, false}, {"op_linear:", linear_f32, true},
    {"op_linear:", linear_q8, true},       {"op_", linear_f16, true},
    {"op_linear_add:", linear_residual, false}, {"op_linear_silu_mul:", linear_gated, true},
    {"op_", linear_around_it, true},       {"op_conv2d:", conv, true},
    {"op_linear_u8:", linear_u8_of, false},
};

static void types(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        const op_case *o = &CASES[i];
        const dtype type[] = {DTYPE_F32, DTYPE_BF16, DTYPE_F16, DTYPE_I8};
        for (int t = 0; t < 4; t++) {
            st = (status){0};
            size_t mark = arena_mark(c.mem);
            inputs in = make(type[t]);
            bool good = t == 0 || (t == 1 && o->bf16);
            const void *y = o->call(&in);
            if (good != (y != NULL) || good != status_ok(&st)) fail_msg("%s (case %zu) given %s: %s", o->op, i, dtype_of(type[t])->name, st.msg);
            if (!good && (strncmp(st.msg, o->op, strlen(o->op)) != 0 || !strstr(st.msg, dtype_of(type[t])->name)))
                fail_msg("%s (case %zu) given %s says: %s", o->op, i, dtype_of(type[t])->name, st.msg);
            arena_reset(c.mem, mark);
        }
    }
}

/* A product's result that is put where a norm's lay: the norm's codes must not be read for it. */
static void codes_of_a_place(void **state)
{
    (void)state;
    tensor *weight = tensor_new(c.mem, &st, DTYPE_Q8_0, SHAPE(32, 32)), *x = op_new(&c, SHAPE(4, 32));
    memset(weight->data, 0, tensor_bytes(weight));
    for (int i = 0; i < 128; i++) tensor_f32(x)[i] = (float)i;
    for (int i = 0; i < 32; i++) row[i] = 1;
    linear w;
    assert_true(linear_init(&w, weight, NULL, LINEAR_FAST, NULL, &st));
    c.codes = true;
    tensor *normed = op_rms_norm(&c, x, row, 1e-5f);
    assert_non_null(normed->codes);
    assert_ptr_equal(op_linear_add(&c, x, &w, x, normed), normed);
    assert_null(normed->codes);
    size_t mark = arena_mark(c.mem);
    tensor *kept = op_keep(&c, mark, op_rms_norm(&c, x, row, 1e-5f));
    assert_null(kept->codes);
    c.codes = false;
    linear_free(&w);
}

static void rows_outside(void **state)
{
    (void)state;
    tensor *x = op_new(&c, SHAPE(4, 32));
    memset(x->data, 0, tensor_bytes(x));
    assert_null(op_take_rows(&c, x, (int64_t[]){0, 4}, 2));
    assert_string_equal(st.msg, "op_take_rows: row 4 of [4, 32]");
}

/* A result that is no number is told before it becomes a file. */
static void no_numbers(void **state)
{
    (void)state;
    tensor *x = op_new(&c, SHAPE(3, 5));
    memset(x->data, 0, tensor_bytes(x));
    assert_ptr_equal(op_finite(&c, x), x);
    assert_null(op_finite(&c, NULL));
    assert_true(status_ok(&st));
    const float bad[] = {NAN, INFINITY, -INFINITY};
    for (size_t i = 0; i < 3; i++) {
        st = (status){0};
        tensor_f32(x)[14] = bad[i];
        assert_null(op_finite(&c, x));
        assert_int_equal(st.code, STATUS_INPUT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(types, start, stop),
        cmocka_unit_test_setup_teardown(codes_of_a_place, start, stop),
        cmocka_unit_test_setup_teardown(rows_outside, start, stop),
        cmocka_unit_test_setup_teardown(no_numbers, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
