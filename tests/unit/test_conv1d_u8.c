/* Quantised convolutions against their definition in double: strides, dilations, zero points of either kind of weights, what comes
 * before and after; the same bytes for any number of threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "core/conv1d_u8.h"
#include "core/kernel/kernel.h"
#include "core/rng.h"

enum { STEPS = 97, MOST_IN = 70, MOST_OUT = 40, MOST_TAPS = 11 };

static rng random_state;
static unsigned char weight[MOST_OUT * MOST_IN * MOST_TAPS];
static float scales[MOST_OUT], bias[MOST_OUT], in_scale[MOST_IN], in_shift[MOST_IN], alpha[MOST_IN], inverse[MOST_IN];

static void fill(float *x, int64_t n, double size)
{
    for (int64_t i = 0; i < n; i++) x[i] = (float)(size * rng_normal(&random_state));
}

typedef struct {
    int64_t in, out, taps, stride, dilation, pad;
    bool is_unsigned, one_scale, whole_bias, narrow;
    int32_t zero;
    int before; /* 0: nothing, 1: a leaky ReLU, 2: with scale and shift, 3: a snake */
    bool add;
} layer;

static double before(const layer *l, float x, int64_t c)
{
    double v = l->before >= 2 ? (double)x * in_scale[c] + in_shift[c] : x;
    if (l->before == 3) return v + pow(sin(alpha[c] * v), 2) * inverse[c];
    return l->before && v < 0 ? 0.2 * v : v;
}

static int32_t weight_of(const layer *l, int64_t o, int64_t c, int64_t k)
{
    unsigned char w = weight[(o * l->in + c) * l->taps + k];
    return (l->is_unsigned ? w : (signed char)w) - l->zero;
}

static void check(op_ctx *c, const layer *l)
{
    random_state = rng_seeded((uint64_t)(l->in * 31 + l->out));
    for (int64_t i = 0; i < l->out * l->in * l->taps; i++) {
        uint64_t r = rng_next(&random_state) >> 40;
        weight[i] = (unsigned char)(l->is_unsigned ? (l->narrow ? r % 128 : r % 256) : (l->narrow ? r % 129 - 64 : r % 256));
    }
    fill(scales, MOST_OUT, 0.01), fill(bias, MOST_OUT, 1), fill(in_scale, MOST_IN, 1), fill(in_shift, MOST_IN, 1), fill(alpha, MOST_IN, 1);
    for (int i = 0; i < MOST_IN; i++) alpha[i] = fabsf(alpha[i]) + 0.1f, inverse[i] = 1 / alpha[i];
    for (int i = 0; i < MOST_OUT; i++) scales[i] = fabsf(scales[i]) + 1e-3f;
    conv1d_u8 w;
    conv1d_u8_weights u = {.values = weight, .is_unsigned = l->is_unsigned, .out = l->out, .in = l->in, .taps = l->taps, .out_step = l->in * l->taps,
                           .in_step = l->taps, .tap_step = 1, .zero = l->zero, .scale = scales, .one_scale = l->one_scale, .bias = bias, .whole_bias = l->whole_bias};
    assert_true(conv1d_u8_init(&w, "layer", &u, (conv1d_u8_options){l->stride, l->dilation, l->pad}, c->st));
    int64_t stride = l->stride ? l->stride : 1, dilation = l->dilation ? l->dilation : 1;
    int64_t steps = (STEPS + 2 * l->pad - (l->taps - 1) * dilation - 1) / stride + 1;
    tensor *x = op_new(c, SHAPE(STEPS, l->in)), *more = op_new(c, SHAPE(steps, l->out));
    fill(x->data, tensor_count(x), 2), fill(more->data, tensor_count(more), 2);
    conv1d_before b = {.slope = 0.2f};
    if (l->before >= 2) b.scale = in_scale, b.shift = in_shift;
    if (l->before == 3) b.alpha = alpha, b.inverse = inverse;
    tensor *y = op_conv1d_u8(c, x, &w, l->before ? &b : NULL, l->add ? more : NULL, NULL);
    assert_non_null(y);
    assert_true(tensor_shape_is(y, SHAPE(steps, l->out)));
    tensor *f = l->before ? op_conv1d_before(c, x, &b) : x; /* quantised values are taken of these: a last bit would tip some over */
    float low = 0, high = 0;
    for (int64_t i = 0; i < tensor_count(x); i++) {
        float v = tensor_f32(f)[i];
        assert_true(fabs(before(l, tensor_f32(x)[i], i % l->in) - v) < 1e-5 * (1 + fabs(v)));
        low = fminf(low, v), high = fmaxf(high, v);
    }
    float scale = (high - low) / 255;
    int32_t zero = (int32_t)nearbyintf(-low / scale);
    for (int64_t t = 0; t < steps; t++)
        for (int64_t o = 0; o < l->out; o++) {
            int64_t sum = 0;
            for (int64_t k = 0; k < l->taps; k++) {
                int64_t at = t * stride + k * dilation - l->pad;
                for (int64_t i = 0; i < l->in && at >= 0 && at < STEPS; i++) {
                    float q = nearbyintf(tensor_f32(f)[at * l->in + i] / scale) + (float)zero;
                    sum += ((int64_t)fminf(fmaxf(q, 0), 255) - zero) * weight_of(l, o, i, k);
                }
            }
            double both = (double)(scale * scales[l->one_scale ? 0 : o]);
            double want = l->whole_bias ? ((double)sum + floor((double)(bias[o] / (float)both))) * both : (double)sum * both + bias[o];
            if (l->add) want += tensor_f32(more)[t * l->out + o];
            double found = tensor_f32(y)[t * l->out + o];
            if (fabs(want - found) > 1e-5 * (1 + fabs(want))) fail_msg("step %lld, output %lld: %g wanted, %g found", (long long)t, (long long)o, want, found);
        }
    op_ctx alone = {.mem = c->mem, .st = c->st};
    tensor *again = op_conv1d_u8(&alone, x, &w, l->before ? &b : NULL, l->add ? more : NULL, l->add ? more : NULL);
    assert_memory_equal(again->data, y->data, tensor_bytes(y));
    if (l->taps == 1 && l->pad == 0 && stride == 1 && !l->before && !l->add) { /* a row by itself */
        size_t bytes = conv1d_u8_row_bytes(&w);
        void *row = arena_alloc(c->mem, bytes, c->st);
        memset(row, 0, bytes);
        tensor one = {.type = DTYPE_F32, .rank = 2, .dim = {1, l->in}, .data = x->data}, *want = op_conv1d_u8(c, &one, &w, NULL, NULL, NULL);
        float y1[MOST_OUT];
        fill(y1, MOST_OUT, 1);
        for (int64_t o = 0; o < l->out; o++) tensor_f32(want)[o] += y1[o];
        conv1d_u8_add_row(&w, x->data, row, y1);
        for (int64_t o = 0; o < l->out; o++) assert_true(fabsf(tensor_f32(want)[o] - y1[o]) < 1e-5f * (1 + fabsf(y1[o])));
    }
    conv1d_u8_free(&w);
}

static void test_layers(void **state)
{
    (void)state;
    status st = {0};
    op_ctx c = {.mem = arena_new(&st), .threads = pool_new(3, &st), .st = &st};
    const layer layers[] = {
        {.in = 17, .out = 33, .taps = 1, .is_unsigned = false, .narrow = true},
        {.in = 70, .out = 40, .taps = 1, .is_unsigned = false, .narrow = false, .zero = -3},
        {.in = 20, .out = 16, .taps = 3, .pad = 1, .is_unsigned = true, .one_scale = true, .whole_bias = true, .narrow = true, .zero = 60, .before = 1},
        {.in = 64, .out = 32, .taps = 11, .dilation = 5, .pad = 25, .is_unsigned = true, .one_scale = true, .whole_bias = true, .narrow = true, .zero = 88, .before = 3, .add = true},
        {.in = 22, .out = 37, .taps = 7, .stride = 6, .pad = 3, .is_unsigned = true, .one_scale = true, .narrow = true, .zero = 43, .before = 2},
        {.in = 1, .out = 1, .taps = 3, .stride = 2, .pad = 1, .is_unsigned = true, .whole_bias = true, .narrow = true, .zero = 0},
        {.in = 30, .out = 20, .taps = 3, .dilation = 3, .pad = 3, .is_unsigned = true, .narrow = false, .zero = 131, .add = true},
        {.in = 6, .out = 5, .taps = 2, .dilation = 96, .pad = 0, .is_unsigned = true, .narrow = false, .zero = 255},
    };
    for (size_t i = 0; i < sizeof layers / sizeof layers[0]; i++) check(&c, &layers[i]);
    assert_true(status_ok(&st));
    pool_free(c.threads);
    arena_free(c.mem);
}

static void test_errors(void **state)
{
    (void)state;
    status st = {0};
    op_ctx c = {.mem = arena_new(&st), .st = &st};
    const layer l = {.in = 4, .out = 3, .taps = 3};
    conv1d_u8 w;
    conv1d_u8_weights u = {.values = weight, .out = l.out, .in = l.in, .taps = l.taps, .out_step = 12, .in_step = 3, .tap_step = 1, .scale = scales};
    assert_false(conv1d_u8_init(&w, "layer", &u, (conv1d_u8_options){.stride = 2, .dilation = 2}, &st));
    assert_int_equal(st.code, STATUS_INPUT);
    assert_non_null(strstr(st.msg, "layer"));
    st = (status){0};
    u.in = 1 << 13, u.taps = 3;
    assert_false(conv1d_u8_init(&w, "layer", &u, (conv1d_u8_options){0}, &st));
    st = (status){0};
    u.in = 4;
    assert_true(conv1d_u8_init(&w, "layer", &u, (conv1d_u8_options){0}, &st));
    tensor *x = op_new(&c, SHAPE(2, 4)), *wide = op_new(&c, SHAPE(9, 5));
    assert_null(op_conv1d_u8(&c, x, &w, NULL, NULL, NULL)); /* too few steps for its taps */
    assert_int_equal(st.code, STATUS_FAIL);
    st = (status){0};
    assert_null(op_conv1d_u8(&c, wide, &w, NULL, NULL, NULL));
    assert_int_equal(st.code, STATUS_FAIL);
    conv1d_u8_free(&w);
    conv1d_u8_free(&w);
    arena_free(c.mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_layers), cmocka_unit_test(test_errors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
