/* The pool runs every item once, whatever the thread count. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
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

/* Moves the limit up and down while the pool works, from another thread, as a batch does with its lanes. */
static void *move_limit(void *arg)
{
    for (int i = 0; i < 3000; i++) pool_limit(arg, 1 + i % 5);
    return NULL;
}

static void test_limit_may_change_at_any_time(void **state)
{
    (void)state;
    status st = {0};
    pool *p = pool_new(4, &st);
    assert_non_null(p);
    for (int i = 0; i < ITEMS; i++) atomic_store(&hits[i], 0);
    pthread_t mover;
    assert_int_equal(pthread_create(&mover, NULL, move_limit, p), 0);
    for (int run = 0; run < 2000; run++) pool_run(p, hit, NULL, 100);
    pthread_join(mover, NULL);
    for (int i = 0; i < 100; i++) assert_int_equal(atomic_load(&hits[i]), 2000);
    assert_int_equal(pool_threads(p), 4);
    pool_free(p);
}

static void remember_thread(void *arg, int64_t i)
{
    ((pthread_t *)arg)[i] = pthread_self();
}

static void test_limit_of_one_is_the_caller(void **state)
{
    (void)state;
    status st = {0};
    pool *p = pool_new(3, &st);
    assert_non_null(p);
    pthread_t who[50];
    for (int n = 0; n <= 1; n++) { /* less than one is one */
        pool_limit(p, n);
        for (int run = 0; run < 100; run++) {
            pool_run(p, remember_thread, who, 50);
            for (int i = 0; i < 50; i++) assert_true(pthread_equal(who[i], pthread_self()));
        }
    }
    pool_limit(p, 1000); /* more than there are: all */
    for (int i = 0; i < ITEMS; i++) atomic_store(&hits[i], 0);
    pool_run(p, hit, NULL, ITEMS);
    for (int i = 0; i < ITEMS; i++) assert_int_equal(atomic_load(&hits[i]), 1);
    pool_free(p); /* also while threads wait for a higher limit */
    p = pool_new(3, &st);
    pool_limit(p, 1);
    pool_free(p);
}

/* What is said to lie ahead is only ever prefetched: no address faults, and the loops stay whole. */
static void test_ahead_of_anything(void **state)
{
    (void)state;
    status st = {0};
    pool *p = pool_new(3, &st);
    assert_non_null(p);
    static const char real[4096];
    for (int i = 0; i < ITEMS; i++) atomic_store(&hits[i], 0);
    for (int run = 0; run < 500; run++) {
        const pool_reads reads[POOL_AHEAD] = {{real, 8, 8}, {NULL, 10, 10}, {(const char *)(UINTPTR_MAX / 3), 10, 100}};
        pool_ahead(p, reads, run % (POOL_AHEAD + 1), run % 2);
        pool_run(p, hit, NULL, 100);
    }
    for (int i = 0; i < 100; i++) assert_int_equal(atomic_load(&hits[i]), 500);
    pool_free(p);
    pool_ahead(NULL, NULL, 0, false);
    assert_false(pool_bring(1)); /* the pool is gone, and what lay ahead of its caller with it */
}

static char lying[10 * 64];
static atomic_int taken[10], elsewhere, lasts;

static void count_lines(const char *from, int64_t lines)
{
    for (; from && lines > 0; lines--, from += 64) {
        int64_t line = from >= lying && from < lying + sizeof lying ? (from - lying) / 64 : -1;
        atomic_fetch_add(line < 0 ? &elsewhere : &taken[line], 1);
    }
}

/* Takes three lines at a time and counts what it gets, and whether this is a thread's last item. */
static void take(void *arg, int64_t i)
{
    (void)arg;
    int64_t lines = 3;
    const char *from = pool_take(&lines);
    count_lines(from, lines);
    if (pool_is_last(i)) atomic_fetch_add(&lasts, 1);
}

/* What lies ahead of a loop is taken in the loop before it and while that is waited for, at most once. */
static void test_ahead_once(void **state)
{
    (void)state;
    status st = {0};
    for (int threads = 1; threads <= 3; threads++) {
        pool *p = pool_new(threads, &st);
        assert_non_null(p);
        for (int run = 0; run < 200; run++) {
            for (int line = 0; line < 10; line++) atomic_store(&taken[line], 0);
            atomic_store(&lasts, 0);
            bool side = run % 2; /* the last of the ten lines is no item's */
            pool_ahead(p, side ? (pool_reads[]){{lying, 1, 3}, {lying + 3 * 64, 2, 3}} : (pool_reads[]){{lying, 2, 2}, {lying + 4 * 64, 1, 5}}, 2, side);
            pool_run(p, take, NULL, 1); /* one item is no loop */
            for (int line = 0; line < 10; line++) assert_int_equal(atomic_load(&taken[line]), 0);
            assert_int_equal(atomic_load(&lasts), 1);
            pool_run(p, take, NULL, 64);
            int64_t one = 1;
            for (const char *from = pool_take(&one); from; from = pool_take(&one)) count_lines(from, 1);
            for (int line = 0; line < 10; line++) assert_true(atomic_load(&taken[line]) <= (line < 9)); /* no line twice */
            assert_int_equal(atomic_load(&elsewhere), 0);
            assert_int_equal(atomic_load(&lasts), 1 + threads);
            assert_false(pool_bring(1));
        }
        pool_free(p);
    }
    atomic_store(&lasts, 0);
    pool_run(NULL, take, NULL, 64);
    assert_int_equal(atomic_load(&lasts), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_item_once), cmocka_unit_test(test_limit_may_change_at_any_time),
                                       cmocka_unit_test(test_limit_of_one_is_the_caller), cmocka_unit_test(test_ahead_of_anything),
                                       cmocka_unit_test(test_ahead_once)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
