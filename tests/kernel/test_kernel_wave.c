/* The elementary functions of sound: every level against double precision, at all lengths. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "core/kernel/kernel_wave.h"
#include "core/rng.h"

enum { MAX = 70 };
static float a[MAX], b[MAX], x[MAX + 1], y[MAX + 1];

static void same(const char *what, double want, float found, double tolerance)
{
    if (fabs(want - found) > tolerance) fail_msg("%s: %.9g wanted, %.9g found", what, want, found);
}

static void check_level(void **state)
{
    const kernel_wave *k = kernel_wave_find(*state);
    if (!k) skip();
    rng r = rng_seeded(6);
    for (int n = 0; n <= MAX; n++) {
        for (int i = 0; i < MAX; i++) a[i] = (float)(rng_normal(&r) * 5), b[i] = (float)(rng_normal(&r) * (n % 2 ? 3 : 300));
        memset(x, 0, sizeof x), memset(y, 0, sizeof y);
        k->sine(x, b, n);
        for (int i = 0; i < n; i++) same("sine", sin(b[i]), x[i], 2e-6);
        k->tanh(x, a, n);
        for (int i = 0; i < n; i++) same("tanh", tanh(a[i]), x[i], 1e-6);
        k->gate(x, a, b, n);
        for (int i = 0; i < n; i++) same("gate", tanh(a[i]) / (1 + exp(-b[i])), x[i], 1e-6);
        k->polar(x, y, a, b, 7, n);
        for (int i = 0; i < n; i++) {
            double m = exp(fmin(a[i], 7));
            same("polar re", m * cos(b[i]), x[i], 3e-6 * (1 + m));
            same("polar im", m * sin(b[i]), y[i], 3e-6 * (1 + m));
        }
        k->magnitude(x, a, 7, n);
        for (int i = 0; i < n; i++) same("magnitude", exp(fmin(a[i], 7)), x[i], 3e-6 * (1 + exp(fmin(a[i], 7))));
        uint64_t bits[MAX];
        for (int i = 0; i < n; i++) bits[i] = rng_next(&r);
        if (n > 2) bits[0] = 0, bits[1] = UINT64_MAX;
        k->normal_pairs(x, y, bits, n);
        for (int i = 0; i < n; i++) {
            double u = (double)((bits[i] >> 40) + 1) / 16777216, turn = (double)(bits[i] >> 8 & 0xFFFFFF) / 16777216;
            same("normal re", sqrt(-2 * log(u)) * cos(2 * M_PI * turn), x[i], 1e-5);
            same("normal im", sqrt(-2 * log(u)) * sin(2 * M_PI * turn), y[i], 1e-5);
        }
        float scale[MAX], shift[MAX], alpha[MAX], inverse[MAX];
        for (int i = 0; i < MAX; i++) scale[i] = (float)rng_normal(&r), shift[i] = (float)rng_normal(&r), alpha[i] = (float)exp(rng_normal(&r)), inverse[i] = 1 / alpha[i];
        k->affine_leaky(x, b, scale, shift, 0.2f, n);
        for (int i = 0; i < n; i++) {
            double v = (double)b[i] * scale[i] + shift[i];
            same("affine_leaky", v < 0 ? 0.2 * v : v, x[i], 2e-7 * (1 + fabs(v)));
        }
        if (n > 4) alpha[3] = 1e-4f, inverse[3] = 1e4f; /* sin² is to be small to its last bit then */
        k->affine_snake(x, b, scale, shift, alpha, inverse, n);
        for (int i = 0; i < n; i++) {
            double v = (double)b[i] * scale[i] + shift[i];
            same("affine_snake", v + pow(sin(alpha[i] * v), 2) * inverse[i], x[i], 1e-6 * (1 + fabs(v)) * (1 + inverse[i] * alpha[i] * alpha[i] * fabs(v) + fabs(v)));
        }
        for (int i = 0; i < n; i++) x[i] = 1, y[i] = 2;
        k->moments(x, y, a, b, n);
        for (int i = 0; i < n; i++) {
            double d = (double)a[i] - b[i];
            same("moments", 1 + d, x[i], 1e-6 * (1 + fabs(d)));
            same("moments²", 2 + d * d, y[i], 1e-6 * (1 + d * d));
        }
        float both[2][2 * MAX + 2], turn[4 * MAX];
        for (int i = 0; i < 4 * n; i++) turn[i] = (float)rng_normal(&r);
        for (int i = 0; i < n; i++) turn[2 * i + 1] = turn[2 * i], turn[2 * n + 2 * i + 1] = -turn[2 * n + 2 * i];
        for (int way = 0; n > 0 && way < 2; way++) {
            for (int i = 0; i < 2 * n + 2; i++) both[0][i] = both[1][i] = (float)rng_normal(&r);
            const kernel_wave *ways[2] = {kernel_wave_find("c"), k};
            for (int i = 0; i < 2; i++) {
                if (way) ways[i]->fold(both[i], turn, 0.3f, n);
                else ways[i]->unfold(both[i], turn, n);
            }
            for (int i = 0; i < 2 * n + 2; i++) same(way ? "fold" : "unfold", both[0][i], both[1][i], 1e-5);
        }
        assert_true(x[n] == 0 && y[n] == 0); /* nothing is written past the end */
    }
}

static void test_normal(void **state)
{
    (void)state;
    enum { N = 20000 };
    static uint64_t bits[N];
    static float re[N], im[N];
    rng r = rng_seeded(7);
    for (int i = 0; i < N; i++) bits[i] = rng_next(&r);
    kernel_wave_get()->normal_pairs(re, im, bits, N);
    double mean = 0, square = 0, cross = 0, fourth = 0;
    for (int i = 0; i < N; i++) {
        mean += re[i] + im[i], square += re[i] * re[i] + im[i] * im[i], cross += re[i] * im[i];
        fourth += pow(re[i], 4) + pow(im[i], 4);
    }
    assert_true(fabs(mean / (2 * N)) < 0.02 && fabs(square / (2 * N) - 1) < 0.03);
    assert_true(fabs(cross / N) < 0.03 && fabs(fourth / (2 * N) - 3) < 0.2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(check_level, "c"),
        cmocka_unit_test_prestate(check_level, "avx2"),
        cmocka_unit_test_prestate(check_level, "avx512"),
        cmocka_unit_test(test_normal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
