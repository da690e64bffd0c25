/* The journal survives being closed, cut at any byte, and damaged; a record once added is never lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/journal.h"
#include "core/alloc.h"
#include "core/file.h"
#include "core/log.h"

static char folder[64];
static char path[96];

static void add(journal *j, const char *id, bool done, const char *error)
{
    status st = {0};
    journal_record r = {.id = id, .done = done, .error = error, .output_count = done};
    hash_data(id, strlen(id), &r.inputs, &st);
    r.output[0].path = "out/ä\n\"b\".png";
    hash_data("x", 1, &r.output[0].sha256, &st);
    assert_true(journal_add(j, &r, &st));
}

static void test_reopened(void **state)
{
    (void)state;
    status st = {0};
    unlink(path);
    journal *j = journal_open(path, &st);
    assert_non_null(j);
    assert_null(journal_open(path, &st)); /* locked */
    assert_int_equal(st.code, STATUS_INPUT);
    st = (status){0};
    char id[20];
    for (int i = 0; i < 500; i++) {
        snprintf(id, sizeof id, "job-%d", i);
        add(j, id, i % 3 != 0, i % 3 ? NULL : "the model is missing");
    }
    add(j, "job-0", true, NULL);
    journal_close(j);
    j = journal_open(path, &st);
    assert_int_equal(journal_count(j), 500);
    assert_true(journal_find(j, "job-0")->done);
    assert_false(journal_find(j, "job-3")->done);
    assert_string_equal(journal_find(j, "job-3")->error, "the model is missing");
    assert_string_equal(journal_find(j, "job-1")->output[0].path, "out/ä\n\"b\".png");
    assert_null(journal_find(j, "job-500"));
    journal_close(j);
}

static void test_cut_at_every_byte(void **state)
{
    (void)state;
    status st = {0};
    unlink(path);
    journal *j = journal_open(path, &st);
    add(j, "a", true, NULL), add(j, "b", true, NULL);
    journal_close(j);
    size_t size;
    char *text = file_read(path, 1 << 20, &size, &st);
    size_t first = (size_t)(strchr(text, '\n') - text) + 1;
    for (size_t cut = 0; cut <= size; cut++) {
        assert_true(file_write(path, text, cut, &st));
        j = journal_open(path, &st);
        assert_non_null(j);
        assert_int_equal(journal_count(j), (cut >= first) + (cut == size));
        add(j, "c", true, NULL); /* goes on a line of its own */
        journal_close(j);
        j = journal_open(path, &st);
        assert_non_null(journal_find(j, "c"));
        journal_close(j);
    }
    log_set_level(LOG_QUIET);
    for (size_t i = 0; i < size; i++) { /* one flipped bit loses at most the records of its lines */
        if (i == first - 1) continue; /* joins the two lines: both are lost */
        char kept = text[i];
        text[i] ^= 4;
        assert_true(file_write(path, text, size, &st));
        j = journal_open(path, &st);
        assert_non_null(j);
        assert_true(journal_find(j, i < first - 1 ? "b" : "a") != NULL);
        journal_close(j);
        text[i] = kept;
    }
    alloc_free(text);
}

static int make_folder(void **state)
{
    (void)state;
    /* a file system in memory where there is one: thousands of syncs are made here */
    snprintf(folder, sizeof folder, "%s/aigc-test-XXXXXX", file_is_folder("/dev/shm") ? "/dev/shm" : "/tmp");
    if (!mkdtemp(folder)) return -1;
    snprintf(path, sizeof path, "%s/journal", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_reopened), cmocka_unit_test(test_cut_at_every_byte)};
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
