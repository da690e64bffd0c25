/* clean: what is shown of hostile text, whole and in pieces cut anywhere; JSON stays the same value. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/clean.h"

#define BAD "\xEF\xBF\xBD"

static const struct {
    const char *text, *line, *whole; /* as one line; as text, NULL: the same */
} CASES[] = {
    {"plain", "plain", NULL},
    {"two\nlines\tand", "two lines and", "two\nlines\tand"},
    {"\x1b[31mred\x1b]0;title\x07", BAD "[31mred" BAD "]0;title" BAD, NULL},
    {"back\b\x7f over\rfront", "back" BAD BAD " over front", "back" BAD BAD " over" BAD "front"},
    {"c1 \xC2\x9B" "31m \xC2\x85", "c1 " BAD "31m " BAD, NULL},
    {"raw c1 \x9b" "31m", "raw c1 " BAD "31m", NULL},
    {"a\u202Eb\u2066c\u2069d\u200Ee\u200Ff\u061Cg\u2028h\u2029i", "a" BAD "b" BAD "c" BAD "d" BAD "e" BAD "f" BAD "g" BAD "h" BAD "i", NULL},
    {"\u00fcber \u4e2d\u6587 \U0001F600 \u200D", "\u00fcber \u4e2d\u6587 \U0001F600 \u200D", NULL},
    {"cut \xE4\xB8", "cut " BAD, NULL},
    {"\xC0\xAF \xED\xA0\x80 \xF5", BAD BAD " " BAD BAD BAD " " BAD, NULL},
    {"end \xC2", "end " BAD, NULL},
};

/* What text becomes, given in pieces of `step` bytes. */
static char *cleaned(clean_kind kind, const char *text, size_t step)
{
    char *out = NULL;
    size_t size = 0, n = strlen(text);
    FILE *f = open_memstream(&out, &size);
    clean_state s = {0};
    for (size_t i = 0; i < n; i += step) assert_true(clean_piece(&s, kind, text + i, n - i < step ? n - i : step, f));
    assert_true(clean_end(&s, f));
    fclose(f);
    return out;
}

static void test_pieces(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++)
        for (size_t step = 1; step < 8; step++) {
            char *line = cleaned(CLEAN_LINE, CASES[i].text, step), *whole = cleaned(CLEAN_TEXT, CASES[i].text, step);
            if (!strstr(CASES[i].text, "\xED\xA0")) assert_string_equal(line, CASES[i].line); /* how many signs a fault gets may depend on the cut */
            assert_null(strpbrk(line, "\x1b\x07\n\r\t\b\x7f"));
            if (!strstr(CASES[i].text, "\xED\xA0")) assert_string_equal(whole, CASES[i].whole ? CASES[i].whole : CASES[i].line);
            free(line);
            free(whole);
        }
}

static void test_print(void **state)
{
    (void)state;
    char *out = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&out, &size);
    clean_print(f, CLEAN_LINE, "\u4e2d\u6587\n", 4); /* cut inside the second character */
    fputc('|', f);
    clean_print(f, CLEAN_LINE, "\u4e2d\xC2", 0);
    fputc('|', f);
    clean_padded(f, "ab", 4);
    fputc('|', f);
    fclose(f);
    assert_string_equal(out, "\u4e2d … (7 bytes)|\u4e2d" BAD "|ab  |");
    free(out);
}

static void test_json(void **state)
{
    (void)state;
    status st = {0};
    json_t *value = json_pack("{s:s}", "k\u202E", "a\u2066b\xC2\x9B\u2028 \u00fc\nend");
    char *text = json_dumps(value, JSON_INDENT(1));
    text_out to = {.st = &st};
    clean_json(&to, text);
    assert_null(strstr(to.data, "\u202E"));
    assert_null(strstr(to.data, "\xC2\x9B"));
    assert_non_null(strstr(to.data, "\\u2066b"));
    assert_non_null(strstr(to.data, "\u00fc"));
    json_t *again = json_loads(to.data, 0, NULL);
    assert_true(json_equal(value, again));
    json_decref(value);
    json_decref(again);
    free(text);
    text_out_free(&to);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_pieces), cmocka_unit_test(test_print), cmocka_unit_test(test_json)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
