/* The pool runs every item once, whatever the thread count. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdatomic.h>

#include "core/pool.h"

enum { ITEMS = 1000 };
static _Atomic int hits[ITEMS];

static void hit(void *arg, int64_t i)
{
    (void)arg;
    atomic_fetch_add(&hits[i], 1);
}

static void test_every_item_once(void **state)
{
    (void)state;
    for (int threads = 1; threads <= 8; threads++) {
        status st = {0};
        pool *p = pool_new(threads, &st);
        assert_non_null(p);
        assert_int_equal(pool_threads(p), threads);
        for (int i = 0; i < ITEMS; i++) atomic_store(&hits[i], 0);
        int expected[ITEMS] = {0};
        for (int run = 0; run < 500; run++) {
            int n = run * 7 % ITEMS;
            pool_run(p, hit, NULL, n);
            for (int i = 0; i < n; i++) expected[i]++;
        }
        for (int i = 0; i < ITEMS; i++) assert_int_equal(atomic_load(&hits[i]), expected[i]);
        pool_free(p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_item_once)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
