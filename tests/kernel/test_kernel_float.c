/* Every SIMD level against plain C: sizes 0 to 257 at four alignments, NaN and infinities included. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "core/kernel/kernel.h"
#include "core/rng.h"

enum { MAX = 257 };
static const kernel_table *truth, *tested;
static float a[MAX + 8], b[MAX + 8], want[MAX + 8], got[MAX + 8];

static void same(const char *what, float expected, float found, float tolerance)
{
    if (isnan(expected) && isnan(found)) return;
    if (isinf(expected) && expected == found) return;
    if (fabsf(expected - found) <= tolerance * (1.0f + fabsf(expected))) return;
    fail_msg("%s %s: %.9g wanted, %.9g found", tested->name, what, expected, found);
}

typedef void (*map_function)(float *, const float *, int64_t);

static void check_map(const char *name, map_function f, map_function g, int n, int shift, float tolerance)
{
    memset(want, 7, sizeof want), memset(got, 7, sizeof got);
    f(want + shift, a + shift, n), g(got + shift, a + shift, n);
    for (int i = 0; i < MAX + 8; i++) same(name, want[i], got[i], tolerance); /* also what lies outside: untouched */
}

static void check_level(void **state)
{
    tested = kernel_find(*state);
    if (!tested) skip();
    truth = kernel_find("c");
    rng r = rng_seeded(1);
    for (int n = 0; n <= MAX; n++)
        for (int shift = 0; shift < 4; shift++) {
            for (int i = 0; i < MAX + 8; i++) a[i] = (float)(6 * rng_normal(&r)), b[i] = (float)rng_normal(&r);
            check_map("silu", truth->silu, tested->silu, n, shift, 1e-6f);
            check_map("gelu", truth->gelu, tested->gelu, n, shift, 2e-6f);
            check_map("gelu_tanh", truth->gelu_tanh, tested->gelu_tanh, n, shift, 2e-6f);
            check_map("quick_gelu", truth->quick_gelu, tested->quick_gelu, n, shift, 1e-6f);
#define CHECK(CALL_WANT, CALL_GOT, NAME)                                                                               \
    memcpy(want, b, sizeof want), memcpy(got, b, sizeof got);                                                          \
    CALL_WANT, CALL_GOT;                                                                                               \
    for (int i = 0; i < MAX + 8; i++) same(NAME, want[i], got[i], 1e-6f);
            CHECK(truth->add(want + shift, a, b, n), tested->add(got + shift, a, b, n), "add")
            CHECK(truth->mul(want + shift, a, b, n), tested->mul(got + shift, a, b, n), "mul")
            CHECK(truth->scale(want + shift, a, 0.3f, n), tested->scale(got + shift, a, 0.3f, n), "scale")
            CHECK(truth->add_scaled(want + shift, a, 0.3f, n), tested->add_scaled(got + shift, a, 0.3f, n), "add_scaled")
            CHECK(truth->exp_sub(want + shift, a, 2.0f, n), tested->exp_sub(got + shift, a, 2.0f, n), "exp_sub")
            uint16_t want_half[MAX + 8] = {0}, got_half[MAX + 8] = {0};
            truth->to_f16(want_half + shift, a, n), tested->to_f16(got_half + shift, a, n);
            assert_memory_equal(want_half, got_half, sizeof want_half);
            CHECK(truth->from_f16(want + shift, want_half, n), tested->from_f16(got + shift, want_half, n), "from_f16")
            if (2 * n <= MAX) {
                memset(want, 7, sizeof want), memset(got, 7, sizeof got);
                truth->turn(want + shift, a + shift, b, b + n, n), tested->turn(got + shift, a + shift, b, b + n, n);
                assert_memory_equal(want, got, sizeof want);
                truth->turn_next(want + shift, a + shift, b, b + n, n), tested->turn_next(got + shift, a + shift, b, b + n, n);
                assert_memory_equal(want, got, sizeof want);
            }
            same("dot", truth->dot(a + shift, b, n), tested->dot(a + shift, b, n), 2e-5f);
            same("sum", truth->sum(a + shift, n), tested->sum(a + shift, n), 2e-5f);
            same("sum_sq_diff", truth->sum_sq_diff(a + shift, 1.5f, n), tested->sum_sq_diff(a + shift, 1.5f, n), 2e-5f);
            same("max", truth->max(a + shift, n), tested->max(a + shift, n), 0);
        }
    for (int from = -5; from < 130; from += 9) /* a stretch of a softmax; the first raises the largest score from −∞ */
        for (int to = from - 2; to < 140; to += 7)
            for (int first = 0; first < 2; first++) {
                for (int i = 0; i < 128; i++) want[i] = got[i] = a[i] = (float)(6 * rng_normal(&r));
                want[5] = got[5] = -INFINITY, want[70] = got[70] = from % 2 ? NAN : want[70];
                float top[2], sum[2], shrink[2];
                top[0] = top[1] = first ? -INFINITY : 7, sum[0] = sum[1] = first ? 0 : 3;
                shrink[0] = truth->soften(want, 128, from, to, &top[0], &sum[0]);
                shrink[1] = tested->soften(got, 128, from, to, &top[1], &sum[1]);
                for (int i = 0; i < 128; i++) same("soften", want[i], got[i], 1e-6f);
                for (int i = 0; i < 128; i++) assert_true((i >= from && i < to) || got[i] == 0);
                same("soften's largest", top[0], top[1], 0), same("soften's sum", sum[0], sum[1], 2e-6f), same("soften's shrink", shrink[0], shrink[1], 1e-6f);
            }
    const float special[] = {0, -0.0f, NAN, INFINITY, -INFINITY, 1e-30f, -1e-30f, 100, -100, 88.7f, -87.4f, 3e38f, -3e38f, 0.09f, -0.11f, 0.2f, 0.3f};
    memcpy(a, special, sizeof special);
    int n = sizeof special / sizeof special[0];
    truth->exp_sub(want, a, 0, n), tested->exp_sub(got, a, 0, n);
    for (int i = 0; i < n; i++) same("exp of a special value", want[i], got[i], 1e-6f);
    uint16_t want_half[32], got_half[32];
    truth->to_f16(want_half, a, n), tested->to_f16(got_half, a, n);
    truth->from_f16(want, want_half, n), tested->from_f16(got, got_half, n);
    for (int i = 0; i < n; i++) same("f16 of a special value", want[i], got[i], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(check_level, "avx2"),
        cmocka_unit_test_prestate(check_level, "avx512"),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
