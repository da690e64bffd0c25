/* Fourier transforms against their definition. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "core/fft.h"
#include "core/rng.h"

enum { MOST = 1200 };

static void check_size(int64_t n)
{
    _Alignas(64) static float x[MOST], back[MOST], spectrum[MOST + 2];
    status st = {0};
    rng r = rng_seeded((uint64_t)n);
    for (int64_t i = 0; i < n; i++) x[i] = (float)rng_normal(&r);
    fft *f = fft_new(n, &st);
    assert_non_null(f);
    assert_int_equal(fft_size(f), n);
    fft_forward(f, x, spectrum);
    for (int64_t k = 0; k <= n / 2; k++) {
        double re = 0, im = 0;
        for (int64_t i = 0; i < n; i++) {
            double angle = -2 * M_PI * (double)(k * i % n) / (double)n;
            re += (double)x[i] * cos(angle), im += (double)x[i] * sin(angle);
        }
        double tolerance = 1e-6 * sqrt((double)n) * 4;
        if (fabs(re - (double)spectrum[2 * k]) > tolerance || fabs(im - (double)spectrum[2 * k + 1]) > tolerance)
            fail_msg("%lld points, bin %lld: %g %+gi wanted, %g %+gi found", (long long)n, (long long)k, re, im, (double)spectrum[2 * k],
                     (double)spectrum[2 * k + 1]);
    }
    fft_inverse(f, spectrum, back);
    for (int64_t i = 0; i < n; i++) assert_true(fabs((double)back[i] - (double)x[i]) < 1e-5);
    fft_free(f);
}

static void test_definition(void **state)
{
    (void)state;
    for (int64_t n = 2; n <= 130; n += 2) check_size(n);
    check_size(512);
    check_size(1200);
}

static void test_refused(void **state)
{
    (void)state;
    const int64_t sizes[] = {-2, 0, 1, 3, (1 << 20) + 2};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        status st = {0};
        assert_null(fft_new(sizes[i], &st));
        assert_int_equal(st.code, STATUS_USAGE);
    }
    fft_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_definition), cmocka_unit_test(test_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
