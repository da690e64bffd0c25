/* json_parse: what json_loadb gives, or nothing at all when any allocation on the way fails. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/json.h"

/* Numbers and words of all the lengths at which a token's buffer grows. */
static size_t long_tokens(char *text, size_t room)
{
    size_t n = (size_t)snprintf(text, room, "[");
    for (int digits = 10; digits < 140; digits += digits < 70 ? 1 : 9)
        n += (size_t)snprintf(text + n, room - n, "0.%0*d1, {\"%0*d\": -1%0*de-3, \"x\": [true, null]}, ", digits, 0, digits, 7, digits, 0);
    n += (size_t)snprintf(text + n, room - n, "%0*d.5]", 0, 1);
    return n;
}

static void test_every_allocation(void **state)
{
    (void)state;
    static char text[65536];
    size_t size = long_tokens(text, sizeof text);
    json_t *want = json_loadb(text, size, 0, NULL);
    assert_non_null(want);
    uint64_t before = alloc_in_use();
    int failures = 0;
    for (uint64_t n = 1, whole = 0; whole < 3; n++) {
        json_error_t error = {0};
        alloc_fail_at(n);
        json_t *found = json_parse(text, size, 0, &error);
        alloc_fail_at(0);
        if (found) whole++, assert_true(json_equal(found, want));
        else failures++, assert_string_equal(error.text, "out of memory");
        json_decref(found);
        assert_int_equal(alloc_in_use(), before);
    }
    assert_true(failures > 300);
    json_decref(want);
}

static void test_budget(void **state)
{
    (void)state;
    static char text[65536];
    size_t size = long_tokens(text, sizeof text);
    uint64_t before = alloc_in_use();
    for (uint64_t room = 1; room < 30000; room += 97) { /* every later allocation fails too */
        alloc_set_budget(before + room);
        json_decref(json_parse(text, size, 0, NULL));
        assert_int_equal(alloc_in_use(), before);
    }
    alloc_set_budget(0);
}

static void test_flags_and_errors(void **state)
{
    (void)state;
    json_error_t error, want;
    assert_null(json_parse("{\"a\": 1,\n \"a\" 2}", 16, 0, &error));
    assert_null(json_loadb("{\"a\": 1,\n \"a\" 2}", 16, 0, &want));
    assert_int_equal(error.line, want.line);
    assert_int_equal(error.column, want.column);
    assert_string_equal(error.text, want.text);
    assert_null(json_parse("{\"a\": 1, \"a\": 2}", 16, JSON_REJECT_DUPLICATES, &error));
    json_t *v = json_parse("17 and more", 11, JSON_DECODE_ANY | JSON_DISABLE_EOF_CHECK, NULL);
    assert_int_equal(json_integer_value(v), 17);
    json_decref(v);
    static char many[5000]; /* longer than the pieces in which the text is handed over */
    memset(many, ' ', sizeof many);
    many[0] = '[', many[1023] = '1', many[1024] = '2', many[4999] = ']';
    v = json_parse(many, sizeof many, 0, NULL);
    assert_int_equal(json_integer_value(json_array_get(v, 0)), 12);
    json_decref(v);
}

/* The same as a text of JSON's own, or as nothing where that is no JSON either. */
static void read_as(const char *text, const char *same)
{
    uint64_t before = alloc_in_use();
    json_error_t error;
    json_t *found = json_parse_config(text, strlen(text), 0, &error), *want = json_parse(same, strlen(same), 0, NULL);
    if (!!found != !!want || (found && !json_equal(found, want))) fail_msg("%s is not read as %s", text, same);
    json_decref(found);
    json_decref(want);
    assert_int_equal(alloc_in_use(), before);
}

static void test_numbers_of_python(void **state)
{
    (void)state;
    read_as("{\"lambda_min_clipped\": -Infinity, \"a\":Infinity,\"b\": [Infinity,NaN ,\n-NaN]}", "{\"lambda_min_clipped\": -1e308, \"a\": 1e308, \"b\": [1e308, 0, -0]}");
    read_as("{\"NaN\": \"-Infinity\", \"\\\"NaN\": \"a \\\\\", \"b\": NaN}", "{\"NaN\": \"-Infinity\", \"\\\"NaN\": \"a \\\\\", \"b\": 0}");
    read_as("{\"a\": [1, 2.5, null], \"I\": \"N\"}", "{\"a\": [1, 2.5, null], \"I\": \"N\"}");
    static const char *const none[] = {"[1NaN]", "[1.NaN]", "[1e-NaN]", "[--NaN]", "[NaNNaN]", "[Infinity5]", "[1Infinity]", "[Infinit]", "[Na", "[NaN", "{NaN: 1}", "[\"NaN]", "[\"\\", "I", "-N"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) read_as(none[i], "no JSON");
    json_error_t error;
    assert_null(json_parse("[NaN]", 5, 0, &error)); /* of others JSON alone is taken */
    assert_null(json_parse("{\"a\": -Infinity}", 16, 0, &error));
    alloc_fail_at(1);
    assert_null(json_parse_config("[NaN]", 5, 0, &error));
    alloc_fail_at(0);
    assert_string_equal(error.text, "out of memory");
    assert_int_equal(error.line, -1);
}

int main(void)
{
    json_use_alloc();
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_allocation), cmocka_unit_test(test_budget), cmocka_unit_test(test_flags_and_errors), cmocka_unit_test(test_numbers_of_python)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
