/* The Jinja language against jinja2's values; origins of bytes; bounds that hostile programs meet; memory that ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/alloc.h"
#include "text/jinja.h"

enum { MOST_VARIABLES = 64 };

/* The members of an object as variables. */
static size_t variables_of(const json_t *object, jinja_variable *out)
{
    size_t n = 0;
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)object, key, value) if (n < MOST_VARIABLES) out[n++] = (jinja_variable){key, value, JINJA_GIVEN, "role"};
    return n;
}

/* Runs a program; false with the reason in st. */
static bool run(const char *program, size_t size, const json_t *variables, jinja_output *out, status *st)
{
    jinja_variable v[MOST_VARIABLES];
    jinja_input in = {v, variables ? variables_of(variables, v) : 0, 1722000000};
    jinja *t = jinja_parse(program, size, "test", st);
    bool ok = t && jinja_run(t, &in, out, st);
    jinja_free(t);
    return ok;
}

static void test_golden(void **state)
{
    (void)state;
    json_t *golden = json_load_file(SOURCE_DIR "/tests/golden/jinja.json", JSON_ALLOW_NUL, NULL), *one;
    assert_non_null(golden);
    size_t i, wrong = 0;
    json_array_foreach(json_object_get(golden, "cases"), i, one)
    {
        json_t *program = json_array_get(one, 0), *want = json_array_get(one, 1);
        status st = {0};
        jinja_output out = {0};
        bool ok = run(json_string_value(program), json_string_length(program), json_object_get(golden, "variables"), &out, &st);
        bool right = json_is_null(want) ? !ok : ok && out.size == json_string_length(want) && memcmp(out.text, json_string_value(want), out.size) == 0;
        if (!right) {
            wrong++;
            print_error("%s\n  gives  %s\n  wanted %s\n", json_string_value(program), ok ? out.text : st.msg, json_is_null(want) ? "an error" : json_string_value(want));
        }
        jinja_output_free(&out);
    }
    json_array_foreach(json_object_get(golden, "refused"), i, one)
    {
        status st = {0};
        jinja_output out = {0};
        if (run(json_string_value(one), json_string_length(one), json_object_get(golden, "variables"), &out, &st)) {
            wrong++;
            print_error("%s\n  gives %s, wanted is a refusal\n", json_string_value(one), out.text);
            jinja_output_free(&out);
        } else if (strncmp(st.msg, "test:1:", 7) != 0) {
            wrong++;
            print_error("%s: no place in '%s'\n", json_string_value(one), st.msg);
        }
    }
    assert_true(json_array_size(json_object_get(golden, "cases")) > 700);
    json_decref(golden);
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
