/* config: values, fallbacks and limits of a model's JSON; parameters: names, 8-bit widening, merging; npy: arrays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/config.h"
#include "core/file.h"
#include "core/npy.h"
#include "core/parameters.h"

static config_file *config_from(const char *json, status *st)
{
    char path[] = "/tmp/aigc-config-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, json, strlen(json)), (ssize_t)strlen(json));
    close(fd);
    config_file *c = config_open(path, st);
    unlink(path);
    return c;
}

static void test_config_values(void **state)
{
    (void)state;
    status st = {0};
    config_file *c = config_from("{\"i\": 7, \"r\": 0.5, \"b\": true, \"s\": \"x\", \"l\": [1, 2], \"n\": null}", &st);
    assert_non_null(c);
    int64_t list[2] = {0};
    assert_int_equal(config_int(c, "i", 1, 0, 10), 7);
    assert_int_equal(config_int(c, "absent", 3, 0, 10), 3);
    assert_int_equal(config_int(c, "n", 4, 0, 10), 4);
    assert_true(config_real(c, "r", 1, 0, 1) == 0.5);
    assert_true(config_real(c, "i", 1, 0, 10) == 7);
    assert_true(config_bool(c, "b", false));
    assert_string_equal(config_string(c, "s", "y"), "x");
    assert_int_equal(config_ints(c, "l", list, 2, 0, 9), 2);
    assert_int_equal(list[1], 2);
    assert_int_equal(config_ints(c, "i", list, 2, 0, 9), 1);
    assert_true(config_is_null(c, "n"));
    assert_false(config_is_null(c, "absent"));
    assert_true(status_ok(&st));
    config_close(c);
}

static void expect_refused(const char *json, const char *word)
{
    status st = {0};
    int64_t list[2];
    config_file *c = config_from(json, &st);
    if (c) {
        config_int(c, "i", 1, 0, 10);
        config_ints(c, "l", list, 2, 0, 9);
        config_bool(c, "b", false);
        config_string(c, "s", "");
    }
    config_close(c);
    assert_int_equal(st.code, STATUS_INPUT);
    if (!strstr(st.msg, word)) fail_msg("'%s' does not name '%s'", st.msg, word);
}

static void test_config_errors(void **state)
{
    (void)state;
    expect_refused("{", "JSON");
    expect_refused("[1]", "object");
    expect_refused("{\"i\": 1, \"i\": 2}", "duplicate");
    expect_refused("{\"i\": 11}", "0 to 10");
    expect_refused("{\"i\": 1.5}", "\"i\"");
    expect_refused("{\"i\": \"1\"}", "\"i\"");
    expect_refused("{\"l\": [1, 2, 3]}", "1 to 2");
    expect_refused("{\"l\": []}", "1 to 2");
    expect_refused("{\"l\": [1, 99]}", "0 to 9");
    expect_refused("{\"b\": 1}", "true or false");
    expect_refused("{\"s\": 1}", "a string");
}

/* w = [[-63.5, 0, 63.5], [128, 2, 4]], and two updates in turn. */
static void test_update(parameters *p)
{
    status st = {0};
    float up[] = {1, 2, 0, 1}, down[] = {1, 0, 2, 0, 1, 0};
    const parameters_low_rank u = {.out = 2, .rank = 2, .in = 3, .up = up, .down = down, .scale = 0.5f};
    assert_true(parameters_update(p, "w", &u, &st));
    size_t mark = arena_mark(parameters_memory(p));
    const float *w = parameters_need_f32(p, &st, "w", 6), once[] = {-63, 1, 64.5f, 128, 2.5f, 4};
    assert_non_null(w);
    for (int i = 0; i < 6; i++) assert_true(w[i] == once[i]);
    assert_true(arena_mark(parameters_memory(p)) > mark); /* made afresh, and the caller's to give back */
    arena_reset(parameters_memory(p), mark);
    up[0] = 5; /* the first update's numbers were copied */
    assert_true(parameters_update(p, "w", &(parameters_low_rank){2, 1, 3, (float[]){1, 0}, (float[]){0, 0, 1}, 1}, &st));
    w = parameters_need_f32(p, &st, "w", 6);
    assert_true(w[0] == -63 && w[2] == 65.5f && w[5] == 4);
    assert_false(parameters_update(p, "w", &(parameters_low_rank){3, 1, 2, up, down, 1}, &st));
    assert_int_equal(st.code, STATUS_INPUT);
    st = (status){0};
    assert_false(parameters_update(p, "none", &u, &st));
    assert_int_equal(st.code, STATUS_INPUT);
}

/* What would be found is told without reading it. */
static void test_check(parameters *p)
{
    status st = {0};
    size_t mark = arena_mark(parameters_memory(p));
    assert_true(parameters_check(p, &st, "w", SHAPE(2, -1)) && parameters_check_count(p, &st, "w", 6));
    assert_true(arena_mark(parameters_memory(p)) == mark);
    assert_false(parameters_check(p, &st, "w", SHAPE(6)));
    assert_int_equal(st.code, STATUS_INPUT);
    st = (status){0};
    assert_false(parameters_check_count(p, &st, "w", 5));
    st = (status){0};
    assert_false(parameters_check_count(p, &st, "missing", 5));
    assert_non_null(strstr(st.msg, "'missing' is missing"));
}

static void test_parameters(void **state)
{
    (void)state;
    status st = {0};
    parameters *p = parameters_new("model.x", &st);
    int8_t bytes[] = {-127, 0, 127, 64, 1, 2};
    float scales[] = {0.5f, 2}, plain[300];
    tensor i8 = {.type = DTYPE_I8, .rank = 2, .dim = {2, 3}, .data = bytes};
    tensor scale = {.type = DTYPE_F32, .rank = 1, .dim = {2}, .data = scales};
    assert_true(parameters_add(p, "w", &i8, NULL, &st) && parameters_add(p, "w.scale", &scale, NULL, &st));
    const float *w = parameters_need_f32(p, &st, "w", 6);
    assert_non_null(w);
    assert_true(w[0] == -63.5f && w[2] == 63.5f && w[3] == 128 && w[5] == 4);
    test_update(p);
    for (int i = 0; i < 300; i++) { /* more names than the first table holds */
        char name[16];
        snprintf(name, sizeof name, "n%d", i);
        plain[i] = (float)i;
        tensor x = {.type = DTYPE_F32, .rank = 1, .dim = {1}, .data = &plain[i]};
        assert_true(parameters_add(p, name, &x, NULL, &st));
    }
    assert_int_equal(parameters_count(p), 302);
    assert_string_equal(parameters_name(p, 2), "n0");
    assert_true(*parameters_need_f32(p, &st, "n299", 1) == 299);
    assert_null(parameters_need(p, &st, "w", SHAPE(3, -1)));
    assert_int_equal(st.code, STATUS_INPUT);
    assert_non_null(strstr(st.msg, "model.x"));
    assert_non_null(strstr(st.msg, "[3, any]"));
    st = (status){0};
    assert_null(parameters_need_f32(p, &st, "missing", 1));
    assert_non_null(strstr(st.msg, "'missing' is missing"));
    st = (status){0};
    tensor alone = {.type = DTYPE_I8, .rank = 1, .dim = {6}, .data = bytes};
    assert_true(parameters_add(p, "alone", &alone, NULL, &st));
    assert_null(parameters_need_f32(p, &st, "alone", 6)); /* no scales */
    st = (status){0};
    assert_false(parameters_check_count(p, &st, "alone", 6));
    test_check(p);
    assert_int_equal(st.code, STATUS_INPUT);
    parameters_free(p);
}

static void test_npy(void **state)
{
    (void)state;
    status st = {0};
    arena *mem = arena_new(&st);
    float values[] = {1, 2, 3, 4, 5, 6};
    tensor x = {.type = DTYPE_F32, .rank = 3, .dim = {1, 2, 3}, .data = values};
    char path[] = "/tmp/aigc-npy-XXXXXX";
    close(mkstemp(path));
    assert_true(npy_write(path, &x, &st));
    tensor *y = npy_read(mem, path, &st);
    assert_non_null(y);
    assert_true(tensor_shape_is(y, 3, x.dim));
    assert_memory_equal(y->data, values, sizeof values);
    size_t size;
    char *data = file_read(path, 1 << 20, &size, &st);
    unlink(path);
    for (size_t cut = 0; cut < size; cut++) { /* every shorter file is refused */
        st = (status){0};
        assert_null(npy_decode(mem, data, cut, "cut", &st));
        assert_int_equal(st.code, STATUS_INPUT);
    }
    st = (status){0};
    memcpy(strstr(data + 10, "False"), "True ", 5);
    assert_null(npy_decode(mem, data, size, "x", &st));
    alloc_free(data);
    arena_free(mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_config_values), cmocka_unit_test(test_config_errors), cmocka_unit_test(test_parameters),
                 cmocka_unit_test(test_npy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
