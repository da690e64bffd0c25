/* nearest: the distance against its definition on short words, what counts as near, and lists. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/nearest.h"

static size_t distance(const char *a, const char *b) { return nearest_distance(a, strlen(a), b, strlen(b)); }

/* The definition, without a table. */
static size_t slow(const char *a, size_t n, const char *b, size_t m)
{
    if (!n || !m) return n + m;
    size_t best = slow(a, n - 1, b, m - 1) + (a[n - 1] != b[m - 1]), other = slow(a, n - 1, b, m) + 1;
    if (other < best) best = other;
    other = slow(a, n, b, m - 1) + 1;
    if (other < best) best = other;
    if (n > 1 && m > 1 && a[n - 1] == b[m - 2] && a[n - 2] == b[m - 1] && (other = slow(a, n - 2, b, m - 2) + 1) < best) best = other;
    return best;
}

static void test_distance(void **state)
{
    (void)state;
    char a[6] = "", b[6] = "";
    for (int i = 0; i < 364; i++)
        for (int k = 0; k < 364; k += 5) { /* words of up to five letters of three */
            size_t n = 0, m = 0;
            for (int x = i; x > 0 && n < 5; x = (x - 1) / 3) a[n++] = (char)('a' + x % 3);
            for (int x = k; x > 0 && m < 5; x = (x - 1) / 3) b[m++] = (char)('a' + x % 3);
            assert_int_equal(nearest_distance(a, n, b, m), slow(a, n, b, m));
        }
    assert_int_equal(distance("Top_K", "top-k"), 0);
    assert_int_equal(distance("", ""), 0);
    char longest[64];
    memset(longest, 'x', sizeof longest);
    assert_int_equal(nearest_distance(longest, 63, longest, 63), 0);
    assert_true(nearest_distance(longest, 64, longest, 1) == SIZE_MAX);
}

static void test_near(void **state)
{
    (void)state;
    assert_string_equal(nearest_in("unedr", "under, over, corner").text, "; did you mean 'under'?");
    assert_string_equal(nearest_in("samp", "strength, sampling-method").text, "; did you mean 'sampling-method'?"); /* its beginning */
    assert_string_equal(nearest_in("picture", "under, over, corner").text, "");
    assert_string_equal(nearest_in("", "a, b").text, "");
    assert_string_equal(nearest_in("x", "").text, "");
    assert_string_equal(nearest_in("b", "a").text, ""); /* nothing in common */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_distance), cmocka_unit_test(test_near)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
