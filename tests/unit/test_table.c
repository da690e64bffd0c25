/* Tables and templates: RFC 4180's corners, JSONL rows, places filled, escaped and missing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "job/table.h"
#include "job/template.h"
#include "core/file.h"

static char path[] = "/tmp/aigc-table-XXXXXX";
static arena *mem;
static status st;

static table *open_text(const char *text)
{
    st = (status){0};
    assert_true(file_write(path, text, strlen(text), &st));
    return table_open(path, &st);
}

static void cell(const table *t, size_t row, const char *column, const char *wanted)
{
    const char *found = table_cell(t, row, column, mem, &st);
    assert_non_null(found);
    assert_string_equal(found, wanted);
}

static void test_csv(void **state)
{
    (void)state;
    table *t = open_text("\xEF\xBB\xBFname,price,\"the, note\"\r\nÄpfel,1.50,\"says \"\"hi\"\"\r\nthere\"\r\n\r\n\"\",,x");
    assert_non_null(t);
    assert_int_equal(table_rows(t), 2);
    assert_string_equal(table_columns(t), "name, price, the, note");
    cell(t, 0, "name", "Äpfel");
    cell(t, 0, "price", "1.50");
    cell(t, 0, "the, note", "says \"hi\"\r\nthere");
    cell(t, 1, "name", "");
    cell(t, 1, "the, note", "x");
    assert_null(table_cell(t, 0, "absent", mem, &st));
    assert_non_null(strstr(st.msg, "no column 'absent'"));
    table_close(t);
    t = open_text("a;b\n1;2,5\n");
    cell(t, 0, "b", "2,5");
    table_close(t);
    t = open_text("only a header");
    assert_int_equal(table_rows(t), 0);
    table_close(t);
    assert_null(open_text("a,b\n1\n"));
    assert_non_null(strstr(st.msg, "record 2: 1 fields found, 2 wanted"));
    assert_null(open_text("a,b\n1,\"2\n3\n"));
    assert_non_null(strstr(st.msg, "never closed"));
}

static void test_jsonl(void **state)
{
    (void)state;
    table *t = open_text("{\"name\": \"a\\u00e4\", \"n\": 3, \"x\": 0.5, \"b\": true}\n\n{\"name\": null, \"n\": [1]}\n{broken\n");
    assert_non_null(t);
    assert_int_equal(table_rows(t), 3);
    cell(t, 0, "name", "aä");
    cell(t, 0, "n", "3");
    cell(t, 0, "x", "0.5");
    cell(t, 0, "b", "true");
    cell(t, 1, "name", "");
    cell(t, 1, "b", "");
    assert_null(table_cell(t, 1, "n", mem, &st));
    st = (status){0};
    assert_null(table_cell(t, 2, "n", mem, &st));
    assert_non_null(strstr(st.msg, "row 3"));
    table_close(t);
    assert_null(open_text("{}\nno object\n"));
    assert_non_null(strstr(st.msg, ":2: a JSON object wanted"));
}

static const char *look_up(void *context, const char *name, size_t n, status *s)
{
    (void)context;
    if (n == 1 && *name == 'a') return "ALPHA";
    if (n == 7 && memcmp(name, "b.empty", 7) == 0) return "";
    status_set(s, STATUS_INPUT, "no '%.*s'", (int)n, name);
    return NULL;
}

static const char *look_up_braces(void *context, const char *name, size_t n, status *s)
{
    (void)context, (void)name, (void)n, (void)s;
    return "{{b}} \\{{ {{";
}

static const char *look_up_long(void *context, const char *name, size_t n, status *s)
{
    static char text[TEMPLATE_MOST_BYTES / TEMPLATE_MOST_PLACES + 64];
    (void)context, (void)name, (void)n, (void)s;
    memset(text, 'x', sizeof text - 1);
    return text;
}

static void test_template(void **state)
{
    (void)state;
    st = (status){0};
    assert_string_equal(template_fill("no places", look_up, NULL, mem, &st), "no places");
    assert_string_equal(template_fill("{{a}}-{{ a }}{{b.empty}}.", look_up, NULL, mem, &st), "ALPHA-ALPHA.");
    assert_string_equal(template_fill("x\\{{a}} {{a}}", look_up, NULL, mem, &st), "x{{a}} ALPHA");
    assert_string_equal(template_fill("{{a}}", look_up_braces, NULL, mem, &st), "{{b}} \\{{ {{"); /* a value is no template */
    static char many[5 * (TEMPLATE_MOST_PLACES + 1) + 1];
    for (size_t i = 0; i <= TEMPLATE_MOST_PLACES; i++) memcpy(many + 5 * i, "{{a}}", 6);
    assert_null(template_fill(many, look_up, NULL, mem, &st));
    assert_non_null(strstr(st.msg, "more than 1000 places"));
    st = (status){0};
    many[5 * TEMPLATE_MOST_PLACES] = 0;
    assert_non_null(template_fill(many, look_up, NULL, mem, &st));
    assert_null(template_fill(many, look_up_long, NULL, mem, &st));
    assert_non_null(strstr(st.msg, "more than 16777216 bytes"));
    st = (status){0};
    assert_null(template_fill("{{c}}", look_up, NULL, mem, &st));
    assert_string_equal(st.msg, "no 'c'");
    st = (status){0};
    assert_null(template_fill("x {{a", look_up, NULL, mem, &st));
}

int main(void)
{
    close(mkstemp(path));
    mem = arena_new(&st);
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_csv), cmocka_unit_test(test_jsonl), cmocka_unit_test(test_template)};
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_free(mem);
    unlink(path);
    return failed;
}
