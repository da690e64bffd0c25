/* Files that are written: nothing is reached through links behind a fence, permissions are kept, names may be as long as the
 * file system's, and a folder that is exchanged meanwhile is noticed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/fence.h"
#include "core/file.h"

static char folder[32];

/* Everything happens in a folder of its own, which is the working folder. */
static int enter(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/aigc-test-XXXXXX");
    return mkdtemp(folder) && chdir(folder) == 0 && mkdir("in", 0777) == 0 && mkdir("out", 0777) == 0 ? 0 : -1;
}

static int leave(void **state)
{
    (void)state;
    static const char *const NAMES[] = {"in/a/b/c.txt", "in/a/b", "in/a", "in/file", "in/link", "in/second", "in/pipe", "in/socket", "in/deep/c", "in/deep",
                                        "in/new/x", "in/new", "in/old", "in", "out/kept", "out/x", "out", "elsewhere", "file"};
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++)
        if (unlink(NAMES[i]) != 0) rmdir(NAMES[i]);
    return chdir("/") == 0 ? rmdir(folder) : -1; /* nothing else was left there */
}

static void holds(const char *path, const char *text)
{
    status st = {0};
    size_t size;
    char *found = file_read(path, 1000, &size, &st);
    assert_non_null(found);
    assert_string_equal(found, text);
    alloc_free(found);
}

static void refused(const char *path, const char *why)
{
    status st = {0};
    assert_false(file_write(path, "evil", 4, &st));
    assert_non_null(strstr(st.msg, why));
}

static void test_links(void **state)
{
    (void)state;
    status st = {0};
    assert_true(file_write("out/kept", "mine", 4, &st));
    fence *f = fence_new("in", &st);
    assert_non_null(f);
    const char *last;
    assert_int_equal(fence_open_folder(f, "a/b/c.txt", false, &last, &(status){0}), -1);
    int fd = fence_open_folder(f, "a/b/c.txt", true, &last, &st); /* folders are made */
    assert_true(fd >= 0 && strcmp(last, "c.txt") == 0);
    close(fd);
    assert_true(file_write("in/a/b/c.txt", "good", 4, &st));
    holds("in/a/b/c.txt", "good");
    assert_int_equal(symlink("../out", "in/link"), 0);
    refused("in/link/x", "in/link: is a symbolic link");
    refused("in/link/x/y", "in/link: is a symbolic link");
    assert_null(file_read("in/link/kept", 100, &(size_t){0}, &(status){0}));
    unlink("in/link");
    assert_int_equal(symlink("../out/kept", "in/link"), 0);
    refused("in/link", "is a symbolic link, a regular file wanted");
    assert_null(file_read("in/link", 100, &(size_t){0}, &(status){0}));
    unlink("in/link");
    assert_int_equal(symlink("../elsewhere", "in/link"), 0); /* to what is not there */
    refused("in/link", "is a symbolic link");
    refused("in/../out/kept", "is no path inside the folder");
    refused("in/a/../../out/kept", "is no path inside the folder");
    refused("in/a//b", "is no path inside the folder");
    refused("in/a/b/c.txt/d", "in/a/b/c.txt: is a file, a folder wanted");
    refused("in/a", "is a folder");
    assert_int_equal(link("out/kept", "in/second"), 0); /* a second name: the other one keeps its file */
    assert_true(file_write("in/second", "new", 3, &st));
    holds("out/kept", "mine");
    fence_free(f);
    assert_false(file_exists("elsewhere"));
}

static void test_special_files(void **state)
{
    (void)state;
    status st = {0};
    struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "in/socket"};
    int s = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(s, (struct sockaddr *)&name, sizeof name), 0);
    assert_int_equal(mkfifo("in/pipe", 0600), 0);
    fence *f = fence_new("in", &st);
    refused("in/pipe", "is a pipe, a regular file wanted"); /* and nobody waits for a reader */
    refused("in/socket", "is a socket, a regular file wanted");
    assert_null(file_read("in/pipe", 100, &(size_t){0}, &(status){0}));
    fence_free(f);
    assert_null(file_create_regular("in/pipe", &st));
    close(s);
}

static void test_permissions(void **state)
{
    (void)state;
    status st = {0};
    struct stat info;
    static const mode_t MODES[] = {0600, 0640, 0755, 0444, 0664};
    umask(022);
    assert_true(file_write("file", "1", 1, &st));
    assert_true(stat("file", &info) == 0 && (info.st_mode & 07777) == 0644);
    for (size_t i = 0; i < sizeof MODES / sizeof MODES[0]; i++) {
        assert_int_equal(chmod("file", MODES[i]), 0);
        assert_true(file_write("file", "2", 1, &st));
        assert_true(stat("file", &info) == 0 && (info.st_mode & 07777) == MODES[i]);
    }
    assert_int_equal(chmod("file", 04755), 0); /* another file's content gets no privileges */
    assert_true(file_write("file", "2", 1, &st));
    assert_true(stat("file", &info) == 0 && (info.st_mode & 07777) == 0755);
}

static void test_long_names(void **state)
{
    (void)state;
    char name[257];
    for (size_t n = 240; n <= 255; n++) {
        status st = {0};
        memset(name, 'n', n);
        name[n] = 0;
        for (int i = 0; i < 3; i++) assert_true(file_write(name, "text", 4, &st));
        holds(name, "text");
        unlink(name);
    }
}

/* Begins a file in a folder, has the folder exchanged, and commits it. */
static void exchange(const char *path, void (*change)(void))
{
    status st = {0};
    file_output *f = file_create(path, &st);
    assert_non_null(f);
    fputs("text", file_stream(f));
    change();
    assert_false(file_commit(f, &st));
    assert_true(st.code == STATUS_INPUT || st.code == STATUS_IO);
    assert_false(file_exists("out/x"));
    assert_false(file_exists("in/old/x"));
    assert_false(file_exists("in/new/x"));
}

static void by_link(void) { assert_true(rename("in/new", "in/old") == 0 && symlink("../out", "in/new") == 0); }
static void by_folder(void) { assert_true(rename("in/new", "in/old") == 0 && mkdir("in/new", 0777) == 0); }
static void by_nothing(void) { assert_true(rename("in/new", "in/old") == 0); }

static void test_exchanged_folders(void **state)
{
    (void)state;
    void (*const CHANGES[])(void) = {by_link, by_folder, by_nothing};
    for (size_t fenced = 0; fenced < 2; fenced++)
        for (size_t i = 0; i < sizeof CHANGES / sizeof CHANGES[0]; i++) {
            status st = {0};
            assert_int_equal(mkdir("in/new", 0777), 0);
            fence *f = fenced ? fence_new("in", &st) : NULL;
            exchange("in/new/x", CHANGES[i]);
            fence_free(f);
            if (unlink("in/new") != 0) rmdir("in/new");
            assert_int_equal(rmdir("in/old"), 0); /* empty: nothing unfinished stayed */
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_links, enter, leave),       cmocka_unit_test_setup_teardown(test_special_files, enter, leave),
        cmocka_unit_test_setup_teardown(test_permissions, enter, leave), cmocka_unit_test_setup_teardown(test_long_names, enter, leave),
        cmocka_unit_test_setup_teardown(test_exchanged_folders, enter, leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
