/* name_hash and name_index: SipHash-1-3 as others compute it, every size, keys that differ, and a table of many names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "core/alloc.h"
#include "core/name_hash.h"
#include "core/name_index.h"

/* What CPython 3.11 gives under PYTHONHASHSEED=0, whose bytes hash is SipHash-1-3 with a key of zeros. */
static void test_known_values(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t hash;
    } known[] = {{"a", UINT64_C(0x407448d2b89b1813)},
                 {"abcdefg", UINT64_C(0x6db12aae9070f506)},
                 {"abcdefgh", UINT64_C(0x3f7b849c0b8e35ea)},
                 {"abcdefghijk", UINT64_C(0x14215fc65e2c3bd4)}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        assert_int_equal(name_hash_with((name_hash_key){{0, 0}}, known[i].text, strlen(known[i].text)), known[i].hash);
}

static void test_every_size(void **state)
{
    (void)state;
    char text[64] = {0}, copy[65];
    uint64_t seen[64];
    for (size_t n = 0; n < 64; n++) {
        memcpy(copy + 1, text, n); /* unaligned: the same */
        assert_int_equal(name_hash(text, n), name_hash(copy + 1, n));
        seen[n] = name_hash(text, n);
        for (size_t k = 0; k < n; k++) assert_int_not_equal(seen[n], seen[k]);
        for (size_t k = 0; k < n; k++) { /* each byte counts */
            text[k] = 1;
            assert_int_not_equal(name_hash(text, n), seen[n]);
            text[k] = 0;
        }
    }
}

static void test_keys(void **state)
{
    (void)state;
    name_hash_key own = name_hash_own_key(), a = name_hash_new_key(), b = name_hash_new_key();
    assert_memory_not_equal(&a, &b, sizeof a);
    assert_memory_not_equal(&a, &own, sizeof a);
    assert_int_equal(name_hash("name", 4), name_hash_with(own, "name", 4));
    assert_int_not_equal(name_hash("name", 4), name_hash_with(a, "name", 4));
}

static void test_index(void **state)
{
    (void)state;
    enum { COUNT = 50000 };
    status st = {0};
    name_index x = {0};
    char(*name)[8] = alloc_zeroed(COUNT, sizeof *name, &st);
    assert_non_null(name);
    bool fresh;
    for (uint32_t i = 0; i < COUNT; i++) {
        memcpy(name[i], &i, sizeof i);
        assert_true(name_index_add(&x, name[i], 8, i, &fresh, &st));
        assert_true(fresh);
    }
    assert_true(name_index_add(&x, name[7], 8, 1, &fresh, &st));
    assert_false(fresh);
    for (uint32_t i = 0; i < COUNT; i++) assert_int_equal(name_index_find(&x, name[i], 8), i);
    assert_int_equal(name_index_find(&x, "absent", 6), -1);
    name_index_free(&x);
    alloc_free(name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_known_values), cmocka_unit_test(test_every_size),
                                       cmocka_unit_test(test_keys), cmocka_unit_test(test_index)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
