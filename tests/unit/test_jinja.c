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


/* Each byte of what a program writes with its origin: upper case where it came from the variables. */
static void test_origin(void **state)
{
    (void)state;
    static const struct {
        const char *program, *want;
    } cases[] = {
        {"a{{ s }}b", "aHEYb"}, {"{{ 'x' + s + 'y' }}", "xHEYy"}, {"{{ 'x' ~ s }}", "xHEY"}, {"{{ s[1:] ~ s[0] }}", "EYH"}, {"{{ (('q' + s) * 2)[1:6] }}", "HEYqH"},
        {"{{ '--' + s | trim('h') }}", "--EY"}, {"{{ s.replace('e', 'oo') }}", "HooY"}, {"{{ 'aeb'.replace('e', s) }}", "aHEYb"}, {"{{ [s, 'x'] | join('-') }}", "HEY-x"},
        {"{{ s | list | join('.') }}", "H.E.Y"}, {"{{ ('x' + s) | upper | lower }}", "xHEY"}, {"{{ '%s!' % s }}", "HEY!"}, {"{{ '<{}>'.format(s) }}", "<HEY>"},
        {"{{ [s] }}", "['HEY']"}, {"{{ {'k': s} | tojson }}", "{\"k\": \"HEY\"}"}, {"{{ d | tojson }}", "{\"KEY\": [\"V\", 1]}"}, {"{% set x %}{{ s }}z{% endset %}{{ x }}", "HEYz"},
        {"{% macro m(a) %}({{ a }}){% endmacro %}{{ m(s) }}", "(HEY)"}, {"{{ s.split('e') | join('x') }}", "HxY"}, {"{{ s | indent(2, true) }}", "  HEY"}, {"{{ ('x' + s)[::-1] }}", "YEHx"},
        {"{{ s.center(7, '*') }}", "**HEY**"}, {"{% for c in s %}{{ c }},{% endfor %}", "H,E,Y,"}, {"{% for k in d %}{{ k }}{% endfor %}", "KEY"}, {"{{ m.role }}{{ m.content }}", "userHI"}, {"{{ bad.role }}", "NO <X>"},
        {"{{ (s + 'a' + s).split('a')[1] }}", "HEY"}, {"{{ s | default('x') }}{{ nope | default('x') }}", "HEYx"}, {"{{ s ~ 1 ~ none }}", "HEY1none"}, {"{{ s.title() }}{{ s | capitalize }}", "HEYHEY"},
        {"{{ ['b', s] | sort | first }}{{ ['b', s] | map('upper') | join }}", "bbHEY"}, {"{{ (s ~ 'x').partition('e') | join('|') }}", "H|E|Yx"}, {"{{ ('q' ~ s).removeprefix('qh') }}", "EY"},
    };
    json_t *v = json_pack("{s:s, s:{s:[s, i]}, s:{s:s, s:s}, s:{s:s}}", "s", "hey", "d", "key", "v", 1, "m", "role", "user", "content", "hi", "bad", "role", "no <x>");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        status st = {0};
        jinja_output out;
        assert_true(run(cases[i].program, strlen(cases[i].program), v, &out, &st) || (print_error("%s\n", st.msg), false));
        char shown[100];
        assert_true(out.size < sizeof shown);
        for (size_t k = 0; k <= out.size; k++) {
            char c = out.text[k];
            bool given = k < out.size && out.origin[k] == JINJA_GIVEN;
            shown[k] = c >= 'a' && c <= 'z' && given ? (char)(c - 32) : c >= 'A' && c <= 'Z' && !given ? (char)(c + 32) : c;
        }
        assert_string_equal(shown, cases[i].want);
        jinja_output_free(&out);
    }
    json_decref(v);
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* size bytes of a repeated between a head and a tail. */
static char *repeated(const char *head, const char *a, size_t times, const char *b, const char *tail)
{
    size_t room = strlen(head) + times * (strlen(a) + strlen(b)) + strlen(tail) + 1, n = strlen(head);
    char *text = malloc(room);
    memcpy(text, head, n);
    for (size_t i = 0; i < times; i++) n += (size_t)snprintf(text + n, room - n, "%s", a);
    for (size_t i = 0; i < times; i++) n += (size_t)snprintf(text + n, room - n, "%s", b);
    snprintf(text + n, room - n, "%s", tail);
    return text;
}

/* Programs that mean harm end with an error, soon. */
static void test_hostile(void **state)
{
    (void)state;
    static const char loops[] = "{% for a in range(99999) %}{% for b in range(99999) %}{% for c in range(99999) %}x{% endfor %}{% endfor %}{% endfor %}";
    static const char *const programs[] = {
        loops, "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
        "{% macro f(n) %}{{ f(n) }}{{ f(n) }}{% endmacro %}{{ f(1) }}", "{% macro f(n) %}{% if n %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(60) }}",
        "{% set ns = namespace(x='ab') %}{% for i in range(99) %}{% set ns.x = ns.x + ns.x %}{% endfor %}{{ ns.x }}", "{{ 'a' * 99999999999 }}", "{{ [1] * 999999999999 }}",
        "{% set ns = namespace(x=[1]) %}{% for i in range(99) %}{% set ns.x = ns.x + ns.x %}{% endfor %}", "{{ 'ab'.center(99999999999) }}", "{{ 'x'.ljust(9223372036854775807) }}", "{{ '%999999999d' % 1 }}",
        "{{ 'x' | indent(9999999999) }}", "{% set ns = namespace(x='a') %}{% for i in range(40) %}{% set ns.x = ns.x.replace('a', 'aa') %}{% endfor %}{{ ns.x | length }}",
        "{% set ns = namespace(x=[]) %}{% for i in range(300) %}{% set ns.x = [ns.x] %}{% endfor %}{{ ns.x }}", "{% set ns = namespace(x=[]) %}{% for i in range(300) %}{% set ns.x = [ns.x] %}{% endfor %}{{ ns.x == ns.x | list }}{{ ns.x | tojson }}",
        "{% set ns = namespace(x=[]) %}{% for i in range(60) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x }}", "{% set ns = namespace(x=[]) %}{% for i in range(60) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ [ns.x] == [ns.x + []] and [ns.x] == [[ns.x[0], ns.x[1] + []]] }}{{ ns.x | tojson }}",
        "{% for i in range(99999) recursive %}{{ loop(range(99999)) }}{% endfor %}", "{% set x %}{% for i in range(99999) %}{{ 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' * 99 }}{% endfor %}{% endset %}",
        "{% for i in range(99999) %}{{ range(99999) | list | length }}{% endfor %}", "{% for i in range(99999) %}{{ (range(9999) | list)[::-1] | sort | unique | list }}{% endfor %}", "{{ (range(99999) | map('string') | join('a')).count('a') }}{% for i in range(99999) %}{{ 'b' in (('a' * 100000)) }}{% endfor %}",
        "{% set a = 'a' * 100000 %}{% for i in range(99999) %}{{ a.split('a') | length }}{% endfor %}", "{% set a = 'a' * 100000 %}{% for i in range(9999) %}{{ a.rfind(('a' * 50000) + 'b') }}{% endfor %}", "{{ range(99999) | sum }}{% for i in range(9999) %}{{ range(99999) | map('string') | join }}{% endfor %}",
        "{% set ns = namespace(d={}) %}{% for i in range(99999) %}{% set ns.d = dict(ns.d, **{i | string: i}) %}{% endfor %}", "{% set a = 'a' * 100000 %}{% for i in range(99999) %}{{ a | trim(a) }}{% endfor %}", "{{ 3 ** 9223372036854775807 }}", "{{ 1 ** 9223372036854775807 }}{{ 2 ** 70 }}",
        "{{ '%.999999999f' % 1.5 }}", "{{ '%.999999999d' % 1 }}", "{{ '%-999999999d' % 1 }}", "{{ '%#999999999x' % 1 }}", "{{ '%.99999999d' % 1 }}", "{{ '%+.999999999e' % 1.5 }}", "{{ '%0999999999d' % 1 }}",
        "{{ '% 301d' % 1 }}", "{{ '%.301f' % 1.5 }}", "{{ '%99999999999999999999d' % 1 }}", "{{ '%.99999999999999999999g' % 1.5 }}", "{{ '%d%.999999999i' | format(1, 2) }}", "{{ '%5.999999999X' % 1 }}",
        "{% for i in range(99999) %}{{ '%300.300f' % 1.5 }}{% endfor %}",
    };
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
        status st = {0};
        jinja_output out = {0};
        double begun = seconds();
        bool ok = run(programs[i], strlen(programs[i]), NULL, &out, &st);
        double took = seconds() - begun;
        if (ok || took > 2) print_error("%s: %s after %.3f s\n", programs[i], ok ? "ran" : st.msg, took);
        assert_false(ok);
        assert_true(took < 2);
    }
    const struct {
        const char *head, *a, *b, *tail;
    } deep[] = {{"{{ ", "(", ")", "1 }}"}, {"{{ ", "[", "]", " }}"}, {"{{ ", "-", "", "1 }}"}, {"{{ ", "not ", "", "1 }}"}, {"", "{% if 1 %}", "{% endif %}", ""}, {"{{ 1", " + 1", "", " }}"},
                {"{{ 1", " if 1 else 1", "", " }}"}, {"{{ a", ".b", "", " }}"}, {"{{ a", "[0]", "", " }}"}, {"{{ 'a'", "|upper", "", " }}"}, {"{{ ", "{1:", "}", " }}"}, {"{{ a", "(", ")", " }}"}, {"", "{% for i in [1] %}", "{% endfor %}", ""},
                {"{{ a", " is defined and a", "", " }}"}, {"{{ 1", " < 1", "", " }}"}, {"{% set ", "(", ")", " = 1 %}"}};
    for (size_t i = 0; i < sizeof deep / sizeof *deep; i++) {
        char *text = repeated(deep[i].head, deep[i].a, 30000, deep[i].b, deep[i].tail);
        status st = {0};
        jinja_output out = {0};
        double begun = seconds();
        run(text, strlen(text), NULL, &out, &st); /* fits or does not: it must neither hang nor fall over */
        assert_true(seconds() - begun < 2);
        jinja_output_free(&out);
        free(text);
    }
}

/* A format that a program puts together ends where it ends, with no zero byte there: nothing behind it is read. */
static void test_formats_end(void **state)
{
    (void)state;
    static const struct {
        const char *program, *want; /* NULL: an error */
    } cases[] = {
        {"{% set x = '9%5' ~ 'd9' %}{{ x[1:-1] % 7 }}", "    7"}, {"{% set x = ('%' * 2)[:1] ~ '3d' %}{{ x % 7 }}", "  7"}, {"{{ ('%1' ~ '9999d')[:2] % 7 }}", NULL}, {"{{ ('a%' ~ 'd')[:2] % 7 }}", NULL},
        {"{{ ('%.' ~ '9999d')[:2] % 7 }}", NULL}, {"{{ ('%05' ~ 'd')[:3] % 7 }}", NULL}, {"{{ ('%2' ~ 'd' * 64)[:3] % 7 }}", " 7"}, 
        {"{{ '%.3f|%6.2f|%-9.1e|%+d|% d|%#x|%05d|%.0f' % (1.5, 2.25, 3.5, 4, 5, 6, 7, 2.5) }}", "1.500|  2.25|3.5e+00  |+4| 5|0x6|00007|2"}, {"{{ ('%300d' % 8) | length }}{{ ('%.300f' % 8) | length }}", "300302"},
        {"{{ ('%\0d') % 7 }}", NULL}, {"{{ '{\0}'.format(1) }}", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        status st = {0};
        jinja_output out = {0};
        bool ok = run(cases[i].program, strlen(cases[i].program), NULL, &out, &st);
        if (ok != (cases[i].want != NULL) || (ok && strcmp(out.text, cases[i].want) != 0)) fail_msg("%s gives %s", cases[i].program, ok ? out.text : st.msg);
        jinja_output_free(&out);
    }
}

/* Time and memory grow with the conversation as they should: four times the turns take about four times as long. */
static void test_growth(void **state)
{
    (void)state;
    static const char program[] = "{% for m in messages %}{% if m.role == 'user' %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] | trim + '<|im_end|>\n' }}"
                                  "{% else %}{% set c = m.content %}{% if '</think>' in c %}{% set c = c.split('</think>')[-1].lstrip('\n') %}{% endif %}{{ c }}{% endif %}{% endfor %}";
    double took[2] = {1e9, 1e9};
    for (int size = 0; size < 2; size++) {
        json_t *all = json_array(), *v = json_pack("{s:o}", "messages", all);
        for (int i = 0; i < (size ? 8000 : 2000); i++) json_array_append_new(all, json_pack("{s:s, s:s}", "role", i % 2 ? "assistant" : "user", "content", "  <think>some words of thought</think> and an answer that goes on for a while  "));
        for (int round = 0; round < 5; round++) {
            status st = {0};
            jinja_output out;
            double begun = seconds();
            assert_true(run(program, strlen(program), v, &out, &st) || (print_error("%s\n", st.msg), false));
            double now = seconds() - begun;
            if (now < took[size]) took[size] = now;
            jinja_output_free(&out);
        }
        json_decref(v);
    }
    print_message("2000 turns %.1f ms, 8000 turns %.1f ms\n", 1e3 * took[0], 1e3 * took[1]);
    assert_true(took[1] < 12 * took[0] + 0.05);
}

/* Wherever memory ends there is an error, and nothing is lost. */
static void test_memory_ends(void **state)
{
    (void)state;
    static const char program[] = "{% macro m(a, b=[1, 2]) %}{{ a | upper }}{{ b | tojson(indent=2) }}{% endmacro %}{% set ns = namespace(n=0) %}{% for k, v in d.items() if k %}{{ m(k) }}"
                                  "{% set ns.n = ns.n + 1 %}{{ s.split('e') | join('x') | indent }}{% endfor %}{% call m('z') %}q{% endcall %}{{ [3, 1] | sort }}{{ '%s' % s }}";
    json_t *v = json_pack("{s:s, s:{s:[s, i]}}", "s", "hey", "d", "key", "v", 1);
    bool ended = false;
    for (uint64_t n = 1; n < 400 && !ended; n++) {
        status st = {0};
        jinja_output out = {0};
        uint64_t before = alloc_in_use();
        alloc_fail_at(n);
        bool ok = run(program, strlen(program), v, &out, &st);
        alloc_fail_at(0);
        ended = ok || st.code != STATUS_NOMEM;
        jinja_output_free(&out);
        assert_int_equal(alloc_in_use(), before);
    }
    assert_true(ended);
    json_decref(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden), cmocka_unit_test(test_origin), cmocka_unit_test(test_hostile), cmocka_unit_test(test_formats_end), cmocka_unit_test(test_growth), cmocka_unit_test(test_memory_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
