/* Convolutions by core/winograd.h against sums in double: sizes that are no whole tiles, several pictures, what comes before
 * and after; and which weights are made so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "core/op.h"
#include "core/rng.h"
#include "core/winograd.h"

static op_ctx c;
static status st;
static rng source;

static tensor *random_tensor(int rank, const int64_t *dim, float scale)
{
    tensor *x = op_new(&c, rank, dim);
    assert_non_null(x);
    for (int64_t i = 0; i < tensor_count(x); i++) tensor_f32(x)[i] = scale * (float)rng_normal(&source);
    return x;
}

/* The pixel of x that the convolution sees: upsampled to H × W, silu(x · 1), zero outside. */
static double seen(const tensor *x, int64_t H, int64_t W, int64_t b, int64_t y, int64_t col, int64_t i)
{
    if (y < 0 || y >= H || col < 0 || col >= W) return 0;
    return tensor_f32(x)[((b * x->dim[1] + y * x->dim[1] / H) * x->dim[2] + col * x->dim[2] / W) * x->dim[3] + i];
}

static double direct(const tensor *x, const tensor *w, int64_t H, int64_t W, int64_t b, int64_t y, int64_t col, int64_t o, int pad)
{
    double sum = 0;
    for (int64_t i = 0; i < w->dim[1]; i++)
        for (int t = 0; t < 9; t++) sum += seen(x, H, W, b, y + t / 3 - pad, col + t % 3 - pad, i) * tensor_f32(w)[(o * w->dim[1] + i) * 9 + t];
    return sum;
}

/* x [B, h, w, in] seen as H × W, to out channels: every result against the sum; the same bytes by one thread and by three. */
static void check(int64_t B, int64_t h, int64_t w, int64_t H, int64_t W, int64_t in, int64_t out, int pad)
{
    size_t mark = arena_mark(c.mem);
    tensor *x = random_tensor(SHAPE(B, h, w, in), 1), *weight = random_tensor(SHAPE(out, in, 3, 3), 1 / sqrtf(9 * (float)in));
    tensor *bias = random_tensor(SHAPE(out), 1), *row = random_tensor(SHAPE(B, out), 1);
    int64_t high = H + 2 * pad - 2, wide = W + 2 * pad - 2;
    tensor *residual = random_tensor(SHAPE(B, high, wide, out), 1);
    conv2d conv;
    if (!conv2d_init(&conv, weight, tensor_f32(bias), 1, conv2d_pad(pad), LINEAR_EXACT, c.threads, &st)) fail_msg("%s", st.msg);
    assert_true(conv.winograd == (product_kernel_f32()->winograd_in != NULL));
    conv2d_around around = {.height = H, .width = W, .row = row, .residual = residual};
    tensor *y = op_conv2d_with(&c, x, &conv, &around);
    op_ctx alone = {.mem = c.mem, .st = &st};
    tensor *again = op_conv2d_with(&alone, x, &conv, &around);
    if (!y || !again) fail_msg("%s", st.msg);
    assert_memory_equal(y->data, again->data, tensor_bytes(y));
    assert_true(tensor_shape_is(y, 4, residual->dim));
    double largest = 0, off = 0;
    for (int64_t i = 0; i < tensor_count(y); i++) {
        int64_t o = i % out, col = i / out % wide, line = i / out / wide % high, b = i / out / wide / high;
        double want = direct(x, weight, H, W, b, line, col, o, pad) + tensor_f32(bias)[o] + tensor_f32(row)[b * out + o] + tensor_f32(residual)[i];
        double d = fabs(want - tensor_f32(y)[i]);
        largest = fmax(largest, fabs(want));
        if (!(d <= off)) off = d; /* NaN too */
    }
    conv2d_free(&conv);
    arena_reset(c.mem, mark);
    if (!(off <= 3e-6 * largest)) fail_msg("%lld × %lld, %lld to %lld channels: off by %g of %g", (long long)H, (long long)W, (long long)in, (long long)out, off, largest);
}

static void test_results(void **state)
{
    (void)state;
    check(1, 8, 8, 8, 8, 16, 16, 1);
    check(2, 7, 9, 7, 9, 40, 50, 1);  /* no whole tiles, no whole panels, two pictures */
    check(1, 5, 3, 10, 6, 64, 33, 1); /* enlarged on the way in */
    check(1, 3, 3, 3, 3, 17, 19, 0);  /* one result */
    check(1, 2, 70, 2, 70, 16, 32, 1); /* more tiles in a line than are finished at once */
    check(3, 4, 4, 4, 4, 320, 20, 2);
}

/* Bands of few lines give what one band gives: the same picture alone and below others, 2,900 tiles of 512 channels in all. */
static void test_bands(void **state)
{
    (void)state;
    enum { B = 3, SIDE = 122, IN = 400, OUT = 16 };
    size_t mark = arena_mark(c.mem);
    tensor *x = random_tensor(SHAPE(B, SIDE, SIDE, IN), 1), *weight = random_tensor(SHAPE(OUT, IN, 3, 3), 0.02f);
    conv2d conv;
    assert_true(conv2d_init(&conv, weight, NULL, 1, conv2d_pad(1), LINEAR_EXACT, c.threads, &st));
    tensor *all = op_conv2d(&c, x, &conv);
    if (!all) fail_msg("%s", st.msg);
    tensor last = *x;
    last.dim[0] = 1;
    last.data = tensor_f32(x) + (B - 1) * SIDE * SIDE * IN;
    tensor *one = op_conv2d(&c, &last, &conv);
    assert_memory_equal(one->data, tensor_f32(all) + (B - 1) * SIDE * SIDE * OUT, tensor_bytes(one));
    for (int64_t i = 0; i < 200; i++) { /* some of it against the sum */
        int64_t y = i * 37 % SIDE, col = i * 91 % SIDE, o = i % OUT;
        double want = direct(&last, weight, SIDE, SIDE, 0, y, col, o, 1);
        double off = fabs(want - tensor_f32(one)[(y * SIDE + col) * OUT + o]);
        if (!(off < 1e-5)) fail_msg("line %d, %d: off by %g of %g", (int)y, (int)col, off, want);
    }
    conv2d_free(&conv);
    arena_reset(c.mem, mark);
}

static void test_weights(void **state)
{
    (void)state;
    const product_kernel *k = product_kernel_f32();
    tensor w = {.type = DTYPE_F32, .rank = 4, .dim = {320, 320, 3, 3}};
    assert_true(winograd_suits(&w, 1, false) == (k->winograd_in != NULL));
    assert_true(winograd_suits(&w, 1, true) == (k->winograd_in && !product_kernel_bf16()));
    assert_false(winograd_suits(&w, 2, false));
    w.dim[2] = 1;
    assert_false(winograd_suits(&w, 1, false));
    w.dim[2] = 3, w.dim[0] = w.dim[1] = 1280; /* too much memory */
    assert_false(winograd_suits(&w, 1, false));
    w.dim[1] = 4;
    assert_false(winograd_suits(&w, 1, false));
    w.dim[0] = w.dim[1] = INT64_MAX;
    assert_false(winograd_suits(&w, 1, false));
    w.type = DTYPE_Q8_0, w.dim[0] = 32, w.dim[1] = 31; /* no whole blocks */
    product p;
    if (!k->winograd_in) return;
    assert_false(winograd_init(&p, &w, NULL, NULL, &st));
    st = (status){0};
}

static int start(void **state)
{
    (void)state;
    source = rng_seeded(3);
    c = (op_ctx){.mem = arena_new(&st), .threads = pool_new(3, &st), .st = &st};
    return 0;
}

static int stop(void **state)
{
    (void)state;
    pool_free(c.threads);
    arena_free(c.mem);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_results), cmocka_unit_test(test_bands), cmocka_unit_test(test_weights)};
    return cmocka_run_group_tests(tests, start, stop);
}
