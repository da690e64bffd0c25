/* Job files: every kind of line, mail-merge, needs, and every fault at its place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "job/job_file.h"
#include "core/file.h"

static char folder[] = "/tmp/aigc-jobs-XXXXXX";
static char path[64], rows_path[64];
static char report[8192];
static arena *mem;

static const option *find(void *context, request_kind kind, const char *name, status *st)
{
    (void)context;
    static const option all[] = {{.name = "prompt", .type = OPTION_STRING, .about = OPTION_WORDS}, {.name = "text", .type = OPTION_STRING, .about = OPTION_WORDS},
                                 {.name = "model", .type = OPTION_STRING, .about = OPTION_NAMED | OPTION_MODEL}, {.name = "stop", .type = OPTION_LIST, .about = OPTION_CHOICE},
                                 {.name = "steps", .type = OPTION_INT}, {.name = NULL}};
    const option *o = options_find(all, name);
    if (o && (strcmp(name, "steps") != 0 || kind == KIND_IMAGE)) return o;
    status_set(st, STATUS_USAGE, "'%s' is no option of %s", name, kind_name(kind));
    return NULL;
}

static bool check(void *context, request_kind kind, const char *name, const char *value, status *st)
{
    (void)context, (void)kind;
    return strcmp(name, "steps") != 0 || atol(value) > 0 || status_set(st, STATUS_USAGE, "--steps: '%s' found", value);
}

static void add_report(void *context, size_t line, size_t column, const char *message)
{
    (void)context;
    size_t n = strlen(report);
    snprintf(report + n, sizeof report - n, "%zu:%zu: %s\n", line, column, message);
}

static job_file *open_text(const char *text)
{
    status st = {0};
    report[0] = 0;
    assert_true(file_write(path, text, strlen(text), &st));
    job_file *f = job_file_open(path, &(job_file_where){.out_folder = folder}, &(job_file_hooks){.find = find, .check = check, .report = add_report}, &st);
    assert_true(status_ok(&st));
    assert_non_null(f);
    return f;
}

static job get(const job_file *f, const char *id)
{
    status st = {0};
    job j;
    size_t i = job_file_find(f, id);
    assert_int_not_equal(i, SIZE_MAX);
    assert_true(job_file_get(f, i, mem, &j, &st));
    return j;
}

static const char *value(const job *j, const char *name)
{
    for (size_t i = 0; i < j->option_count; i++)
        if (strcmp(j->option[i].name, name) == 0) return j->option[i].value;
    return "(none)";
}

static const char *result(void *context, size_t index, const char *what, status *st)
{
    (void)context, (void)st;
    return strcmp(what, "text") == 0 ? (index == 0 ? "RESULT 0" : "RESULT n") : "FILE";
}

static void test_lines(void **state)
{
    (void)state;
    job_file *f = open_text("{\"defaults\": {\"model\": \"m\", \"steps\": 5, \"seed\": 7}}\r\n"
                            "{\"id\": \"a\", \"kind\": \"text\", \"prompt\": \"x\\u00e4 \\\"q\\\"\", \"stop\": [\"1\", \"2\"]}\n\n"
                            "{\"id\": \"b\", \"kind\": \"image\", \"prompt\": \"{{a.text}}!\", \"out\": \"p/b.png\", \"needs\": [\"c\"], \"seed\": 3}\n"
                            "{\"defaults\": {\"model\": \"other\"}, \"kind\": \"speak\"}\n"
                            "{\"id\": \"c\", \"kind\": \"speak\", \"text\": \"t\"}\n"
                            "{\"id\": \"d\", \"kind\": \"image\", \"prompt\": \"p\", \"repeat\": 2, \"out\": \"d.png\"}");
    assert_string_equal(report, "");
    assert_int_equal(job_file_count(f), 5);
    job a = get(f, "a"), b = get(f, "b"), c = get(f, "c"), d2 = get(f, "d#2");
    assert_string_equal(value(&a, "prompt"), "xä \"q\"");
    assert_string_equal(value(&a, "model"), "m");
    assert_string_equal(value(&a, "steps"), "(none)"); /* not an option of text */
    assert_int_equal(a.option_count, 4);
    assert_string_equal(a.out, "a.txt");
    assert_int_equal(a.seed, 7);
    assert_string_equal(value(&b, "steps"), "5");
    assert_int_equal(b.seed, 3);
    assert_int_equal(b.need_count, 2);
    assert_int_equal(b.need[1], job_file_find(f, "a"));
    status st = {0};
    assert_string_equal(job_file_fill(f, job_file_find(f, "b"), value(&b, "prompt"), result, NULL, mem, &st), "RESULT 0!");
    assert_string_equal(value(&c, "model"), "other");
    assert_string_equal(d2.out, "d-2.png");
    assert_int_equal(d2.seed, 8);
    job_file_close(f);
}

static void test_mail_merge(void **state)
{
    (void)state;
    status st = {0};
    const char *rows = "sku,name\nA1,\"Lamp, red\"\nB2,Chair\n";
    assert_true(file_write(rows_path, rows, strlen(rows), &st));
    job_file *f = open_text("{\"rows\": \"rows.csv\"}\n"
                            "{\"id\": \"ad\", \"kind\": \"text\", \"prompt\": \"Sell {{row.name}}\", \"out\": \"{{row.sku}}.txt\"}\n"
                            "{\"id\": \"say-{{row.sku}}\", \"kind\": \"speak\", \"text\": \"{{ad.text}}\"}\n");
    assert_string_equal(report, "");
    assert_int_equal(job_file_count(f), 4);
    job ad = get(f, "ad-1"), say = get(f, "say-B2");
    assert_string_equal(value(&ad, "prompt"), "Sell Lamp, red");
    assert_string_equal(ad.out, "A1.txt");
    assert_int_equal(say.need_count, 1);
    assert_int_equal(say.need[0], job_file_find(f, "ad-2"));
    assert_string_equal(value(&say, "text"), "{{ad.text}}"); /* as it was written, until it is filled */
    assert_string_equal(job_file_fill(f, job_file_find(f, "say-B2"), value(&say, "text"), result, NULL, mem, &st), "RESULT n");
    job_file_close(f);
    f = open_text("{\"rows\": \"rows.csv\"}\n{\"kind\": \"text\", \"prompt\": \"{{row.price}}\"}\n");
    assert_non_null(strstr(report, "2:28: "));
    assert_non_null(strstr(report, "no column 'price'; there are: sku, name"));
    job_file_close(f);
}

static void one_fault(const char *text, const char *wanted)
{
    char all[2000];
    snprintf(all, sizeof all, "{\"id\": \"ok\", \"kind\": \"text\", \"prompt\": \"p\"}\n%s\n", text);
    job_file *f = open_text(all);
    if (!strstr(report, wanted)) fail_msg("'%s': '%s' wanted, '%s' found", text, wanted, report);
    assert_true(job_file_faults(f) >= 1);
    assert_int_equal(job_file_count(f), 1); /* the good one stays */
    job_file_close(f);
}

static void test_faults(void **state)
{
    (void)state;
    one_fault("{\"kind\": \"text\", \"prompt\": }", "2:28: no JSON");
    one_fault("{\"kind\": \"poem\"}", "2:10: \"kind\": 'poem' found");
    one_fault("{\"prompt\": \"x\"}", "no \"kind\"");
    one_fault("[]", "2:1: a JSON object wanted");
    one_fault("{\"kind\": \"text\", \"color\": \"x\"}", "'color' is no option of text");
    one_fault("{\"kind\": \"image\", \"steps\": 0}", "--steps: '0' found");
    one_fault("{\"kind\": \"image\", \"steps\": {}}", "\"steps\": a string, a number, true or false wanted");
    one_fault("{\"kind\": \"text\", \"prompt\": \"a\", \"prompt\": \"b\"}", "a field comes twice");
    one_fault("{\"kind\": \"text\", \"prompt\": \"a\\u0000b\"}", "U+0000");
    one_fault("{\"kind\": \"text\", \"id\": \"ok\"}", "the id 'ok' is taken by the job of line 1");
    one_fault("{\"kind\": \"text\", \"out\": \"ok.txt\"}", "the output 'ok.txt' is taken by the job of line 1");
    one_fault("{\"kind\": \"text\", \"out\": \"../x\"}", "has a '..' in it");
    one_fault("{\"kind\": \"text\", \"out\": \"/etc/x\"}", "is absolute");
    one_fault("{\"kind\": \"text\", \"out\": \"a\\nb\"}", "control character 0x0A");
    one_fault("{\"kind\": \"text\", \"out\": \".hidden\"}", "hidden");
    one_fault("{\"kind\": \"text\", \"out\": \"link/x.txt\"}", "symbolic link");
    char longer[400] = "{\"kind\": \"text\", \"out\": \"";
    memset(longer + strlen(longer), 'x', 300);
    strncat(longer, "\"}", sizeof longer - strlen(longer) - 1);
    one_fault(longer, "a name of 300 bytes");
    one_fault("{\"kind\": \"text\", \"prompt\": \"{{nobody.text}}\"}", "no job has the id 'nobody'");
    one_fault("{\"kind\": \"text\", \"prompt\": \"{{ok.color}}\"}", "{{ID.file}} wanted");
    one_fault("{\"kind\": \"text\", \"prompt\": \"{{row.x}}\"}", "no {\"rows\"");
    one_fault("{\"kind\": \"text\", \"needs\": [\"me\"], \"id\": \"me\"}", "circle");
    one_fault("{\"kind\": \"text\", \"id\": \"x\", \"needs\": [\"y\"]}\n{\"kind\": \"text\", \"id\": \"y\", \"prompt\": \"{{x.text}}\"}", "circle");
    one_fault("{\"kind\": \"text\", \"repeat\": 0}", "\"repeat\"");
    one_fault("{\"kind\": \"text\", \"seed\": -1}", "\"seed\"");
    one_fault("{\"rows\": \"absent.csv\"}", "absent.csv");
}

/* What needs a job with a fault has a fault itself, and so on; nothing that is handed out needs what is not there. */
static void test_faults_spread(void **state)
{
    (void)state;
    job_file *f = open_text("{\"id\": \"c\", \"kind\": \"text\", \"prompt\": \"{{b.text}}\"}\n"
                            "{\"id\": \"b\", \"kind\": \"text\", \"prompt\": \"{{a.text}}\"}\n"
                            "{\"id\": \"x\", \"kind\": \"text\", \"prompt\": \"p\", \"out\": \"same\"}\n"
                            "{\"id\": \"a\", \"kind\": \"text\", \"prompt\": \"p\", \"out\": \"same\"}\n");
    assert_int_equal(job_file_count(f), 1);
    assert_int_equal(job_file_faults(f), 3);
    assert_non_null(strstr(report, "4:51: the output 'same' is taken by the job of line 3"));
    assert_non_null(strstr(report, "2:0: it needs 'a', which has a fault"));
    assert_non_null(strstr(report, "1:0: it needs 'b', which has a fault"));
    get(f, "x");
    job_file_close(f);
}

/* Each job waits for the next one: a check that goes over all jobs again and again would take hours. */
static void test_long_chain(void **state)
{
    (void)state;
    enum { LENGTH = 100000 };
    size_t used = 0, room = LENGTH * 80;
    char *text = malloc(room);
    for (int i = 0; i < LENGTH; i++)
        used += (size_t)snprintf(text + used, room - used, "{\"id\": \"%d\", \"kind\": \"text\", \"prompt\": \"p\"%s%d%s}\n", i, i + 1 < LENGTH ? ", \"needs\": [\"" : ", \"steps\": \"",
                                 i + 1, i + 1 < LENGTH ? "\"]" : "\"");
    text[used - 2] = '\n'; /* the last line is no JSON */
    job_file *f = open_text(text);
    assert_int_equal(job_file_count(f), 0);
    job_file_close(f);
    free(text);
}

static int make_folder(void **state)
{
    (void)state;
    status st = {0};
    if (!mkdtemp(folder)) return -1;
    snprintf(path, sizeof path, "%s/jobs.jsonl", folder);
    snprintf(rows_path, sizeof rows_path, "%s/rows.csv", folder);
    char link[64];
    snprintf(link, sizeof link, "%s/link", folder);
    return symlink("/tmp", link) == 0 && (mem = arena_new(&st)) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    char link[64];
    snprintf(link, sizeof link, "%s/link", folder);
    unlink(path), unlink(rows_path), unlink(link);
    arena_free(mem);
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_lines), cmocka_unit_test(test_mail_merge),
                                       cmocka_unit_test(test_faults), cmocka_unit_test(test_faults_spread), cmocka_unit_test(test_long_chain)};
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
