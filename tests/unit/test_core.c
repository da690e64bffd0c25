/* status, alloc, arena, tensor and file keep their contracts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/arena.h"
#include "core/guard.h"
#include "core/file.h"
#include "core/tensor.h"
#include "core/utf8.h"

static void test_first_error_wins(void **state)
{
    (void)state;
    status st = {0};
    assert_false(status_set(&st, STATUS_INPUT, "first %d", 1));
    assert_false(status_set(&st, STATUS_FAIL, "second"));
    assert_int_equal(st.code, STATUS_INPUT);
    assert_string_equal(st.msg, "first 1");
    assert_int_equal(status_exit_code(&st), 3);
}

static void test_alloc_limits(void **state)
{
    (void)state;
    uint64_t before = alloc_in_use();
    status st = {0};
    assert_null(alloc_array(SIZE_MAX / 2, 3, &st));
    assert_int_equal(st.code, STATUS_NOMEM);

    st = (status){0};
    alloc_set_budget(before + 1000);
    assert_null(alloc_array(1001, 1, &st));
    assert_int_equal(st.code, STATUS_NOMEM);
    st = (status){0};
    void *p = alloc_zeroed(1000, 1, &st);
    assert_non_null(p);
    alloc_set_budget(0);
    alloc_free(p);

    st = (status){0};
    alloc_fail_at(2);
    p = alloc_array(1, 1, &st);
    assert_non_null(p);
    assert_null(alloc_array(1, 1, &st));
    alloc_free(p);
    alloc_fail_at(0);
    assert_int_equal(alloc_in_use(), before);

    st = (status){0};
    char *huge = alloc_huge(5000000, &st);
    assert_non_null(huge);
    assert_int_equal((uintptr_t)huge % (2 << 20), 0);
    huge[4999999] = 1;
    alloc_huge_free(huge, 5000000);
    assert_int_equal(alloc_in_use(), before);
}

static void test_arena_marks(void **state)
{
    (void)state;
    status st = {0};
    arena *a = arena_new(&st);
    assert_non_null(a);
    char *p = arena_alloc(a, 100, &st);
    size_t mark = arena_mark(a);
    char *q = arena_alloc(a, 50 << 20, &st);
    assert_non_null(q);
    assert_int_equal((uintptr_t)q % 64, 0);
    p[99] = q[(50 << 20) - 1] = 1;
    arena_reset(a, mark);
    assert_ptr_equal(arena_alloc(a, 1, &st), q);
    char *grown = arena_extend(a, NULL, 3, &st);
    memcpy(grown, "abc", 3);
    assert_ptr_equal(arena_extend(a, grown, 20 << 20, &st), grown); /* in place, across pages not yet committed */
    assert_memory_equal(grown, "abc", 3);
    grown[(20 << 20) - 1] = 1;
    assert_null(arena_alloc(a, SIZE_MAX, &st));
    assert_int_equal(st.code, STATUS_NOMEM);
    arena_free(a);
}

/* Under a limit of addresses arenas take what they use and leave the rest to the others. */
static void test_arena_limited(void **state)
{
    (void)state;
#if defined(GUARD_ON) || defined(__SANITIZE_THREAD__)
    skip(); /* a sanitizer's own addresses are beyond any limit */
#endif
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        status st = {0};
        arena *a[40];
        struct rlimit l = {(rlim_t)3 << 30, (rlim_t)3 << 30};
        bool ok = setrlimit(RLIMIT_AS, &l) == 0;
        for (int i = 0; i < 40 && ok; i++) ok = (a[i] = arena_new(&st)) != NULL;
        char *front = ok ? arena_alloc(a[0], 100, &st) : NULL, *large = front ? arena_alloc(a[0], (size_t)1 << 30, &st) : NULL; /* grows in place */
        ok = large && large > front && large - front < 4096;
        if (ok) front[99] = large[((size_t)1 << 30) - 1] = 1;
        for (int i = 1; i < 40 && ok; i++) {
            char *p = arena_alloc(a[i], 20 << 20, &st);
            if ((ok = p != NULL)) p[(20 << 20) - 1] = 1;
        }
        ok = ok && !arena_alloc(a[1], (size_t)3 << 30, &st) && st.code == STATUS_NOMEM;
        st = (status){0};
        ok = ok && arena_alloc(a[1], 100, &st); /* still good */
        for (int i = 0; i < 40 && ok; i++) arena_free(a[i]);
        _exit(ok ? 0 : 1);
    }
    int how;
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_true(WIFEXITED(how) && WEXITSTATUS(how) == 0);
}

static void test_tensor_sizes(void **state)
{
    (void)state;
    status st = {0};
    arena *a = arena_new(&st);
    tensor *x = tensor_new(a, &st, DTYPE_F32, SHAPE(2, 3, 4));
    assert_int_equal(tensor_count(x), 24);
    assert_int_equal(tensor_rows(x), 6);
    assert_int_equal(tensor_bytes(x), 96);
    char text[40];
    assert_string_equal(tensor_shape_text(x, text, sizeof text), "[2, 3, 4]");
    assert_non_null(tensor_reshape(a, &st, x, SHAPE(6, 4)));
    assert_null(tensor_reshape(a, &st, x, SHAPE(5, 4)));
    st = (status){0};
    assert_null(tensor_new(a, &st, DTYPE_F32, SHAPE(INT64_MAX, 3)));
    st = (status){0};
    assert_null(tensor_new(a, &st, DTYPE_Q4_0, SHAPE(33)));
    assert_int_equal(dtype_from_name("Q4_1"), DTYPE_Q4_1);
    assert_int_equal(dtype_from_name("nonsense"), DTYPE_COUNT);
    arena_free(a);
}

static void test_files_appear_whole(void **state)
{
    (void)state;
    char folder[] = "/tmp/aigc-test-XXXXXX";
    assert_non_null(mkdtemp(folder));
    status st = {0};
    char *path = file_join(folder, "out.txt", &st);
    file_output *f = file_create(path, &st);
    assert_non_null(f);
    fputs("hello", file_stream(f));
    assert_false(file_exists(path));
    assert_true(file_commit(f, &st));
    size_t size;
    char *data = file_read(path, 5, &size, &st);
    assert_non_null(data);
    assert_int_equal(size, 5);
    assert_string_equal(data, "hello");
    alloc_free(data);
    assert_null(file_read(path, 4, &size, &st));
    assert_int_equal(st.code, STATUS_INPUT);
    st = (status){0};
    f = file_create(path, &st);
    file_abort_all();
    file_abort(f);
    assert_null(file_create(folder, &st));
    assert_int_equal(st.code, STATUS_IO);
    assert_true(file_write("/dev/null", "x", 1, (st = (status){0}, &st))); /* a device is written to, not replaced */
    struct stat info;
    assert_true(stat("/dev/null", &info) == 0 && S_ISCHR(info.st_mode));
    unlink(path);
    assert_int_equal(rmdir(folder), 0); /* nothing else was left there */
    alloc_free(path);
}

static void test_one_file_by_two_paths(void **state)
{
    (void)state;
    status st = {0};
    char folder[] = "/tmp/aigc-test-core-XXXXXX", path[4][64];
    assert_non_null(mkdtemp(folder));
    for (int i = 0; i < 4; i++) snprintf(path[i], sizeof path[i], "%s/%s", folder, i == 0 ? "a" : i == 1 ? "b" : i == 2 ? "link" : "./a");
    assert_true(file_write(path[0], "x", 1, &st) && file_write(path[1], "x", 1, &st));
    assert_int_equal(symlink("a", path[2]), 0);
    assert_true(file_same(path[0], path[2]) && file_same(path[3], path[0]) && file_same(folder, folder));
    assert_false(file_same(path[0], path[1]) || file_same(path[0], folder) || file_same(path[0], "/nowhere") || file_same("/nowhere", "/nowhere"));
    for (int i = 0; i < 3; i++) unlink(path[i]);
    rmdir(folder);
}

static void test_characters(void **state)
{
    (void)state;
    static const struct {
        uint32_t c;
        const char *bytes;
    } cases[] = {{'a', "a"}, {0x7F, "\x7F"}, {0x80, "\xC2\x80"}, {0x7FF, "\xDF\xBF"}, {0x800, "\xE0\xA0\x80"}, {0xFFFF, "\xEF\xBF\xBF"}, {0x10000, "\xF0\x90\x80\x80"}, {0x10FFFF, "\xF4\x8F\xBF\xBF"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char bytes[4];
        size_t n = utf8_encode(cases[i].c, bytes);
        assert_int_equal(n, strlen(cases[i].bytes));
        assert_memory_equal(bytes, cases[i].bytes, n);
        assert_int_equal(utf8_length(bytes, n), n);
    }
}

/* A pipe (and so a device such as /dev/null) is written to, never replaced by a file. */
static void test_pipes_stay(void **state)
{
    (void)state;
    status st = {0};
    char folder[] = "/tmp/aigc-test-core-XXXXXX", path[64], got[8] = "";
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/pipe", folder);
    assert_int_equal(mkfifo(path, 0600), 0);
    int reader = open(path, O_RDONLY | O_NONBLOCK);
    assert_true(file_write(path, "hello", 5, &st));
    assert_int_equal(read(reader, got, sizeof got), 5);
    assert_string_equal(got, "hello");
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    assert_true(S_ISFIFO(info.st_mode));
    close(reader);
    unlink(path);
    rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_error_wins), cmocka_unit_test(test_alloc_limits),
        cmocka_unit_test(test_arena_marks), cmocka_unit_test(test_arena_limited),      cmocka_unit_test(test_tensor_sizes),
        cmocka_unit_test(test_files_appear_whole), cmocka_unit_test(test_pipes_stay), cmocka_unit_test(test_one_file_by_two_paths), cmocka_unit_test(test_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
