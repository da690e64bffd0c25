/* Convolutions along time: every level's strip against the definition, and op_conv1d with all its options. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/conv1d.h"
#include "core/kernel/kernel_conv1d.h"
#include "core/rng.h"

static rng random_state;

static float *random_floats(int64_t n)
{
    status st = {0};
    float *x = alloc_array((size_t)n, sizeof(float), &st);
    for (int64_t i = 0; i < n; i++) x[i] = (float)rng_normal(&random_state);
    return x;
}

/* One strip with strides and dilations, the sum made in double precision beside it. */
static void check_strip(const kernel_conv1d *k, int64_t channels, int64_t taps, int64_t stride, int64_t dilation)
{
    status st = {0};
    int64_t rows = (k->steps - 1) * stride + (taps - 1) * dilation + 1, bytes = k->row_bytes(channels);
    int64_t outputs = k->panel - 3;
    float *x = random_floats(rows * channels), *w = random_floats(outputs * channels * taps);
    float *bias = random_floats(k->panel), *add = random_floats(k->steps * k->panel);
    char *prepared = alloc_huge((size_t)(rows * bytes), &st);
    void *panel = alloc_huge(k->panel_bytes(channels, taps), &st);
    float *y = random_floats(k->steps * k->panel);
    for (int64_t i = 0; i < rows; i++) k->prepare(prepared + i * bytes, x + i * channels, channels, 0.1f, 0.5f);
    k->pack(panel, w, outputs, channels, taps, channels * taps, taps, 1);
    if (k->begin) k->begin();
    k->strip(&(conv1d_strip){.rows = prepared, .row_bytes = bytes, .channels = channels, .taps = taps, .stride = stride,
                             .dilation = dilation, .weights = panel, .bias = bias, .add = add, .add_step = k->panel,
                             .y = y, .y_step = k->panel});
    if (k->end) k->end();
    double tolerance = k == kernel_conv1d_find("amx") ? 2e-5 : 1e-6; /* products of split numbers */
    for (int64_t t = 0; t < k->steps; t++)
        for (int64_t o = 0; o < k->panel; o++) {
            double sum = bias[o] + add[t * k->panel + o], size = 1;
            for (int64_t tap = 0; tap < taps && o < outputs; tap++)
                for (int64_t c = 0; c < channels; c++) {
                    double v = x[(t * stride + tap * dilation) * channels + c];
                    v = 0.5 * (v < 0 ? 0.1 * v : v);
                    sum += v * w[(o * channels + c) * taps + tap];
                    size += fabs(v * w[(o * channels + c) * taps + tap]);
                }
            assert_true(fabs(sum - y[t * k->panel + o]) < tolerance * size);
        }
    alloc_huge_free(prepared, (size_t)(rows * bytes));
    alloc_huge_free(panel, k->panel_bytes(channels, taps));
    alloc_free(x), alloc_free(w), alloc_free(bias), alloc_free(add), alloc_free(y);
}

static void check_level(void **state)
{
    const kernel_conv1d *k = kernel_conv1d_find(*state);
    if (!k) skip();
    random_state = rng_seeded(2);
    for (int64_t channels = 1; channels < 70; channels += 1 + channels / 8)
        for (int64_t taps = 1; taps < 8; taps += 2)
            for (int64_t dilation = 1; dilation < 4; dilation++) check_strip(k, channels, taps, 1 + dilation % 2, dilation);
    float x[64], w[3 * 64], bias[64], y[65], want[65];
    for (int64_t n = 0; n < 64; n++) {
        for (int i = 0; i < 64; i++) x[i] = (float)rng_normal(&random_state), bias[i] = (float)i;
        for (int i = 0; i < 3 * 64; i++) w[i] = (float)rng_normal(&random_state);
        memset(y, 1, sizeof y), memset(want, 1, sizeof want);
        k->depthwise(y, x, 0, w, bias, 3, n);
        for (int64_t c = 0; c < n; c++) want[c] = bias[c] + x[c] * (w[c] + w[n + c] + w[2 * n + c]);
        for (int64_t c = 0; c < 65; c++) assert_true(fabsf(y[c] - want[c]) <= 1e-4f);
    }
}

/* The definition of core/conv1d.h, step by step. */
static double definition(const conv1d *w, const float *weight, const float *x, int64_t steps, int64_t t, int64_t o)
{
    double sum = 0;
    for (int64_t k = 0; k < w->taps; k++)
        for (int64_t c = 0; c < (w->o.depthwise ? 1 : w->in); c++) {
            int64_t i = t * w->o.stride + k * w->o.dilation - w->o.pad;
            if (w->o.transposed) {
                i = t + w->o.pad - k;
                if (i % w->o.stride) continue;
                i /= w->o.stride;
            }
            if (w->o.mirror && i < 0) i = -i;
            if (w->o.mirror && i >= steps) i = 2 * (steps - 1) - i;
            if (i < 0 || i >= steps) continue;
            double v = x[i * w->in + (w->o.depthwise ? o : c)];
            if (!w->o.depthwise) v = v < 0 ? 0.1 * v : v;
            if (w->o.transposed) sum += v * weight[(c * w->out + o) * w->taps + k];
            else if (w->o.depthwise) sum += v * weight[o * w->taps + k];
            else sum += v * weight[(o * w->in + c) * w->taps + k];
        }
    return sum;
}

static void check_op(op_ctx *c, int64_t steps, int64_t in, int64_t out, int64_t taps, conv1d_options o)
{
    size_t mark = arena_mark(c->mem);
    float *weight = random_floats(in * out * taps), *bias = random_floats(out);
    conv1d w;
    assert_true(conv1d_init(&w, "test", weight, out, in, taps, bias, o, c->st));
    tensor *x = op_new(c, SHAPE(steps, in));
    for (int64_t i = 0; i < steps * in; i++) tensor_f32(x)[i] = (float)rng_normal(&random_state);
    int64_t long_out = conv1d_steps(&w, steps);
    tensor *add = op_new(c, SHAPE(long_out, out));
    for (int64_t i = 0; i < long_out * out; i++) tensor_f32(add)[i] = (float)rng_normal(&random_state);
    conv1d_extra extra = {.leaky = !o.depthwise, .slope = 0.1f, .add = o.depthwise ? NULL : add};
    tensor *y = op_conv1d(c, x, &w, &extra);
    assert_non_null(y);
    for (int64_t t = 0; t < long_out; t++)
        for (int64_t i = 0; i < out; i++) {
            double want = definition(&w, weight, x->data, steps, t, i) + bias[i] + (o.depthwise ? 0 : tensor_f32(add)[t * out + i]);
            if (fabs(want - tensor_f32(y)[t * out + i]) > 4e-5 * sqrt((double)(in * taps)))
                fail_msg("step %lld, channel %lld: %g wanted, %g found", (long long)t, (long long)i, want, tensor_f32(y)[t * out + i]);
        }
    conv1d_free(&w);
    alloc_free(weight), alloc_free(bias);
    arena_reset(c->mem, mark);
}

static void test_op(void **state)
{
    (void)state;
    status st = {0};
    op_ctx c = {.mem = arena_new(&st), .threads = pool_new(2, &st), .st = &st};
    random_state = rng_seeded(3);
    for (int64_t steps = 12; steps < 1100; steps = steps * 2 + 7) {
        check_op(&c, steps, 5, 33, 3, (conv1d_options){.pad = 1});
        check_op(&c, steps, 32, 32, 7, (conv1d_options){.pad = 9, .dilation = 3});
        check_op(&c, steps, 8, 40, 4, (conv1d_options){.stride = 3});
        check_op(&c, steps, 6, 1, 7, (conv1d_options){.pad = 3});
        check_op(&c, steps, 6, 3, 7, (conv1d_options){.pad = 3, .mirror = true});
        check_op(&c, steps, 16, 7, 3, (conv1d_options){.pad = 3, .dilation = 3, .mirror = true});
        check_op(&c, steps, 19, 19, 5, (conv1d_options){.pad = 4, .dilation = 2, .depthwise = true});
        check_op(&c, steps, 12, 9, 8, (conv1d_options){.stride = 4, .pad = 2, .transposed = true});
        check_op(&c, steps, 12, 35, 7, (conv1d_options){.stride = 3, .pad = 1, .out_pad = 1, .transposed = true});
        check_op(&c, steps, 3, 4, 2, (conv1d_options){.stride = 5, .transposed = true});
    }
    assert_true(status_ok(&st));
    conv1d w;
    assert_false(conv1d_init(&w, "huge", (float[]){0}, 1 << 15, 1 << 15, 1 << 15, NULL, (conv1d_options){0}, &st));
    assert_int_equal(st.code, STATUS_INPUT);
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
