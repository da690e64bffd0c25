/* The journal survives being closed, cut at any byte, and damaged; a record once added is never lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "job/journal.h"
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
        if (cut > 0 && cut <= 16) continue; /* too little to be told from another file: see below */
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
        if (i < first) { /* no first record, no journal */
            assert_null(j);
            assert_int_equal(st.code, STATUS_INPUT);
            st = (status){0};
        } else {
            assert_non_null(j);
            assert_non_null(journal_find(j, "a"));
            journal_close(j);
        }
        text[i] = kept;
    }
    alloc_free(text);
}

/* Opens path and expects a refusal that leaves the file as it is. */
static void refused(const char *content)
{
    status st = {0};
    size_t size;
    assert_null(journal_open(path, &st));
    assert_int_equal(st.code, STATUS_INPUT);
    if (!content) return;
    char *now = file_read(path, 1 << 20, &size, &(status){0});
    assert_string_equal(now, content);
    alloc_free(now);
}

static void test_foreign_files(void **state)
{
    (void)state;
    static const char *const TEXTS[] = {"export A=1\n", "export A=1", "abcdef", "0123456789abcdef", "0123456789abcdef {\"id\":\"a\"}\n",
                                        "0123456789abcdef {\"ID\"", "\n", " ", "0123456789abcdeF {\"id\":\"a"};
    status st = {0};
    char other[128];
    snprintf(other, sizeof other, "%s/other", folder);
    for (size_t i = 0; i < sizeof TEXTS / sizeof TEXTS[0]; i++) {
        assert_true(file_write(path, TEXTS[i], strlen(TEXTS[i]), &st));
        refused(TEXTS[i]);
    }
    unlink(path);
    journal *j = journal_open(path, &st);
    add(j, "a", true, NULL);
    journal_close(j);
    assert_int_equal(link(path, other), 0); /* a second name */
    refused(NULL);
    unlink(path);
    assert_int_equal(symlink("other", path), 0); /* a link, though to a journal */
    refused(NULL);
    unlink(path);
    assert_int_equal(symlink("nowhere", path), 0);
    refused(NULL);
    unlink(path);
    assert_int_equal(mkfifo(path, 0600), 0); /* does not wait for a reader */
    refused(NULL);
    unlink(path);
    unlink(other);
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
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_reopened), cmocka_unit_test(test_cut_at_every_byte), cmocka_unit_test(test_foreign_files)};
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
