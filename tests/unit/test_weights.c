/* Model files: what the reference packages wrote is read back, and what breaks the formats' rules is refused. */
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
#include "core/file.h"
#include "core/gguf.h"
#include "core/weights.h"

#define GOLDEN SOURCE_DIR "/tests/golden/"

static void test_dequantisation_is_the_references(void **state)
{
    (void)state;
    status st = {0};
    arena *a = arena_new(&st);
    weights *blocks = weights_open(GOLDEN "dequant.gguf", &st), *expected = weights_open(GOLDEN "dequant.safetensors", &st);
    if (!blocks || !expected) fail_msg("%s", st.msg);
    assert_int_equal(weights_format_of(blocks), WEIGHTS_GGUF);
    assert_int_equal(weights_format_of(expected), WEIGHTS_SAFETENSORS);
    assert_null(weights_gguf(expected));
    assert_int_equal(weights_count(expected), 14);
    for (int64_t i = 0; i < weights_count(expected); i++) {
        const char *name;
        const tensor *e = weights_at(expected, i, &name), *x = weights_find(blocks, name);
        assert_non_null(x);
        assert_int_equal(x->type, dtype_from_name(name));
        assert_true(tensor_shape_is(x, e->rank, e->dim));
        const float *y = weights_f32(a, x, &st), *want = weights_f32(a, e, &st);
        assert_non_null(y);
        if (memcmp(y, want, tensor_bytes(e)) != 0) fail_msg("%s differs from the reference", name);
        weights_release(blocks, x);
    }
    arena_free(a);
    weights_close(blocks);
    weights_close(expected);
}

static void test_shapes_are_outermost_first(void **state)
{
    (void)state;
    status st = {0};
    weights *w = weights_open(GOLDEN "dequant.gguf", &st);
    assert_non_null(weights_need(w, &st, "f32", SHAPE(2, 3, 4, 5)));
    assert_non_null(weights_need(w, &st, "f32", SHAPE(-1, 3, -1, 5)));
    assert_null(weights_need(w, &st, "f32", SHAPE(5, 4, 3, 2)));
    assert_int_equal(st.code, STATUS_INPUT);
    assert_non_null(strstr(st.msg, "[2, 3, 4, 5]"));
    assert_non_null(strstr(st.msg, "[5, 4, 3, 2]"));
    st = (status){0};
    assert_null(weights_need(w, &st, "absent", SHAPE(1)));
    assert_non_null(strstr(st.msg, "'absent'"));
    weights_close(w);
}

static void test_metadata(void **state)
{
    (void)state;
    status st = {0};
    weights *w = weights_open(GOLDEN "dequant.gguf", &st);
    const gguf *g = weights_gguf(w);
    bool yes = false;
    uint64_t u = 0;
    int64_t i = 0;
    double d = 0;
    gguf_string s;
    assert_true(gguf_get_bool(g, "test.yes", &yes) && yes);
    assert_true(gguf_get_u64(g, "test.u8", &u) && u == 255);
    assert_true(gguf_get_i64(g, "test.i8", &i) && i == -128);
    assert_true(gguf_get_u64(g, "test.u16", &u) && u == 65535);
    assert_true(gguf_get_i64(g, "test.i16", &i) && i == -32768);
    assert_true(gguf_get_u64(g, "test.u32", &u) && u == UINT32_MAX);
    assert_true(gguf_get_i64(g, "test.i32", &i) && i == INT32_MIN);
    assert_true(gguf_get_u64(g, "test.u64", &u) && u == UINT64_MAX);
    assert_true(gguf_get_i64(g, "test.i64", &i) && i == INT64_MIN);
    assert_false(gguf_get_i64(g, "test.u64", &i));
    assert_false(gguf_get_u64(g, "test.i8", &u));
    assert_true(gguf_get_f64(g, "test.f32", &d) && d == (double)0.1F);
    assert_true(gguf_get_f64(g, "test.f64", &d) && d == 0.1);
    assert_true(gguf_get_f64(g, "test.i32", &d) && d == -2147483648.0);
    assert_true(gguf_get_string(g, "test.string", &s) && s.size == 8 && memcmp(s.text, "grüße\n", 8) == 0);
    assert_false(gguf_get_string(g, "test.u8", &s));
    assert_false(gguf_get_u64(g, "test.string", &u));
    assert_false(gguf_get_u64(g, "test.ints", &u));
    assert_null(gguf_get_array(g, "test.string"));
    assert_null(gguf_find(g, "absent"));

    gguf_strings it = gguf_strings_of(gguf_get_array(g, "test.strings"));
    assert_true(gguf_strings_next(&it, &s) && s.size == 0);
    assert_true(gguf_strings_next(&it, &s) && s.size == 1 && s.text[0] == 'a');
    assert_true(gguf_strings_next(&it, &s) && s.size == 12);
    assert_false(gguf_strings_next(&it, &s));
    const gguf_value *ints = gguf_get_array(g, "test.ints"), *floats = gguf_get_array(g, "test.floats");
    assert_int_equal(ints->count, 3);
    assert_true(gguf_item_i64(ints, 0, &i) && i == -1);
    assert_true(gguf_item_u64(ints, 2, &u) && u == 3);
    assert_false(gguf_item_i64(ints, 3, &i));
    assert_true(gguf_item_f64(floats, 1, &d) && d == -0.25);
    it = gguf_strings_of(ints);
    assert_false(gguf_strings_next(&it, &s));
    weights_close(w);
}

/* ---- safetensors' rules ---- */

/* A file of this header and so many bytes of data. */
static weights *open_header(const char *header, size_t data, status *st)
{
    static unsigned char file[65536];
    uint64_t n = strlen(header);
    memcpy(file, &n, 8);
    memcpy(file + 8, header, n);
    memset(file + 8 + n, 0, data);
    *st = (status){0};
    return weights_open_bytes(file, 8 + n + data, "test.safetensors", st);
}

static void refused(const char *header, size_t data, const char *why)
{
    status st;
    assert_null(open_header(header, data, &st));
    assert_int_equal(st.code, STATUS_INPUT);
    if (!strstr(st.msg, why)) fail_msg("'%s' does not say '%s'", st.msg, why);
}

#define F32_AT(name, from, to) "\"" name "\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[" #from "," #to "]}"

static void test_safetensors_rules(void **state)
{
    (void)state;
    status st;
    weights *w = open_header("{" F32_AT("b", 4, 8) "," F32_AT("a", 0, 4) ",\"__metadata__\":{\"k\":\"v\"}} ", 8, &st);
    assert_non_null(w);
    assert_int_equal(weights_count(w), 2);
    const char *name;
    weights_at(w, 0, &name);
    assert_string_equal(name, "b");
    weights_close(w);
    w = open_header("{\"\\u00e9\\n\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[0,8],\"more\":[{\"x\":[1.5e-3,null]}]}}", 8, &st);
    assert_non_null(weights_find(w, "é\n"));
    weights_close(w);
    w = open_header("{}", 0, &st);
    assert_non_null(w);
    weights_close(w);

    refused("{" F32_AT("a", 0, 4) "," F32_AT("a", 4, 8) "}", 8, "'a' is there twice");
    refused("{" F32_AT("a", 0, 4) "," F32_AT("b", 0, 4) "}", 4, "more than one tensor");
    refused("{" F32_AT("a", 0, 4) "," F32_AT("b", 8, 12) "}", 12, "bytes 4 to 8 of the data belong to no tensor");
    refused("{" F32_AT("a", 0, 4) "}", 5, "which has 5");
    refused("{" F32_AT("a", 0, 4) "}", 3, "the file is cut");
    refused("{" F32_AT("a", 4, 0) "}", 4, "the file is cut or its header wrong");
    refused("{" F32_AT("a", 0, 8) "}", 8, "has 8 bytes");
    refused("{" F32_AT("", 0, 4) "}", 4, "has no name");
    refused("{" F32_AT("a\\u0000", 0, 4) "}", 4, "zero byte");
    refused("{" F32_AT("a", 0, 18446744073709551616) "}", 4, "2^64");
    refused("{" F32_AT("a", 0, -4) "}", 4, "a whole number");
    refused("{" F32_AT("a", 0, 4) "}x", 4, "the end");
    refused("{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}", 4, "no data_offsets");
    refused("{\"a\":{\"dtype\":\"F8_E4M3\",\"shape\":[4],\"data_offsets\":[0,4]}}", 4, "'F8_E4M3', which is not supported");
    refused("{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904,4],\"data_offsets\":[0,4]}}", 4, "too large");
    refused("{\"a\":{\"dtype\":\"F32\",\"shape\":[0,4611686018427387904,4],\"data_offsets\":[0,0]}}", 0, "too large");
    refused("{\"a\":{\"dtype\":\"F32\",\"shape\":[1,1,1,1,1,1],\"data_offsets\":[0,4]}}", 4, "more than 5 dimensions");
    refused("{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4, "two values of 'dtype'");
    refused("{\"a\":[]}", 0, "an object");
    refused("{\"a\"", 0, "':'");
    refused("{\"__metadata__\":{},\"__metadata__\":{}}", 0, "twice");
    char deep[400] = "{\"__metadata__\":";
    memset(deep + 16, '[', 300);
    refused(deep, 0, "levels of nesting");

    unsigned char lying[16] = {0, 0, 0, 0, 1, 0, 0, 0, '{', '}'};
    st = (status){0};
    assert_null(weights_open_bytes(lying, sizeof lying, "lying", &st));
    assert_non_null(strstr(st.msg, "a header of 4294967296 bytes is announced, 8 are left"));
}

static void test_shards(void **state)
{
    (void)state;
    char folder[] = "/tmp/aigc-test-XXXXXX";
    assert_non_null(mkdtemp(folder));
    status st = {0};
    char *part[2] = {file_join(folder, "part-1.safetensors", &st), file_join(folder, "part-2.safetensors", &st)};
    char *index = file_join(folder, "model.safetensors.index.json", &st);
    static const char *const HEADER[2] = {"{" F32_AT("a", 0, 4) "}", "{" F32_AT("b", 0, 4) "}"};
    for (int i = 0; i < 2; i++) {
        char bytes[128] = {(char)strlen(HEADER[i])};
        memcpy(bytes + 8, HEADER[i], strlen(HEADER[i]));
        assert_true(file_write(part[i], bytes, 8 + strlen(HEADER[i]) + 4, &st));
    }
    static const struct {
        const char *index, *why; /* NULL: it opens */
    } CASES[] = {
        {" {\"metadata\":{\"total_size\":8},\"weight_map\":{\"a\":\"part-1.safetensors\",\"b\":\"part-2.safetensors\"}}", NULL},
        {"{\"weight_map\":{\"a\":\"part-1.safetensors\",\"c\":\"part-2.safetensors\"}}", "'c' is in none of the files"},
        {"{\"weight_map\":{\"a\":\"../part-1.safetensors\"}}", "no file name beside the index"},
        {"{\"weight_map\":{\"a\":\"/etc/passwd\"}}", "no file name beside the index"},
        {"{\"weight_map\":{\"a\":\"part-3.safetensors\"}}", "cannot be opened"},
        {"{\"weight_map\":{\"a\":7}}", "a string was wanted"},
        {"{\"other\":{}}", "no 'weight_map'"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        st = (status){0};
        assert_true(file_write(index, CASES[i].index, strlen(CASES[i].index), &st));
        weights *w = weights_open(folder, &st);
        if (CASES[i].why) {
            assert_null(w);
            if (!strstr(st.msg, CASES[i].why)) fail_msg("'%s' does not say '%s'", st.msg, CASES[i].why);
        } else {
            if (!w) fail_msg("%s", st.msg);
            assert_int_equal(weights_count(w), 2);
            assert_non_null(weights_find(w, "b"));
        }
        weights_close(w);
    }
    for (int i = 0; i < 2; i++) {
        unlink(part[i]);
        alloc_free(part[i]);
    }
    unlink(index);
    alloc_free(index);
    st = (status){0};
    assert_null(weights_open(folder, &st));
    assert_non_null(strstr(st.msg, "no model.safetensors"));
    rmdir(folder);
}

/* ---- GGUF's rules ---- */

/* The file changed at one place: every header byte in turn gets other values; it opens or is refused, and never takes
 * much memory. */
static void test_gguf_flipped_bits_and_cuts(void **state)
{
    (void)state;
    status st = {0};
    size_t size;
    unsigned char *file = (unsigned char *)file_read(GOLDEN "dequant.gguf", 1 << 20, &size, &st);
    assert_non_null(file);
    uint64_t before = alloc_in_use();
    alloc_set_budget(before + (1 << 20));
    for (size_t i = 0; i < 2600; i++) {
        for (int bit = 0; bit < 8; bit++) {
            file[i] ^= (unsigned char)(1 << bit);
            st = (status){0};
            weights *w = weights_open_bytes(file, size, "flipped", &st);
            assert_true(w ? status_ok(&st) : st.code == STATUS_INPUT);
            weights_close(w);
            file[i] ^= (unsigned char)(1 << bit);
        }
        st = (status){0};
        assert_null(weights_open_bytes(file, i, "cut", &st));
        assert_int_equal(st.code, STATUS_INPUT);
    }
    alloc_set_budget(0);
    assert_int_equal(alloc_in_use(), before);
    alloc_free(file);
}

/* Cut at every byte of its header, and at many beyond, a file is refused; the copies are of the very size, for asan. */
static void cut_everywhere(const char *path, size_t header)
{
    status st = {0};
    size_t size;
    char *file = file_read(path, 1 << 24, &size, &st);
    assert_non_null(file);
    assert_true(header < size);
    uint64_t before = alloc_in_use();
    for (size_t cut = 0; cut < size; cut += cut < header ? 1 : 61) {
        char *part = malloc(cut ? cut : 1);
        memcpy(part, file, cut);
        st = (status){0};
        if (weights_open_bytes(part, cut, "cut", &st)) fail_msg("%s: opens when cut after %zu bytes", path, cut);
        assert_int_equal(st.code, STATUS_INPUT);
        assert_true(st.msg[0]);
        free(part);
    }
    assert_int_equal(alloc_in_use(), before);
    alloc_free(file);
}

static void test_cut_anywhere(void **state)
{
    (void)state;
    cut_everywhere(GOLDEN "dequant.gguf", 2600);
    cut_everywhere(GOLDEN "tiny.gguf", 14000); /* with a tokenizer in its metadata */
    cut_everywhere(GOLDEN "dequant.safetensors", 1200);
    cut_everywhere(GOLDEN "tiny/model.safetensors", 3000);
}

static void test_other_files_are_named(void **state)
{
    (void)state;
    status st = {0};
    assert_null(weights_open_bytes("PK\3\4 and so on", 14, "model.pt", &st));
    assert_non_null(strstr(st.msg, "pickle"));
    st = (status){0};
    assert_null(weights_open_bytes("hello", 5, "model.txt", &st));
    assert_non_null(strstr(st.msg, "neither"));
    st = (status){0};
    assert_null(weights_open("/nonexistent/model.gguf", &st));
    assert_int_equal(st.code, STATUS_INPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dequantisation_is_the_references), cmocka_unit_test(test_shapes_are_outermost_first),
        cmocka_unit_test(test_metadata),                         cmocka_unit_test(test_safetensors_rules),
        cmocka_unit_test(test_shards),                           cmocka_unit_test(test_gguf_flipped_bits_and_cuts),
        cmocka_unit_test(test_cut_anywhere),                     cmocka_unit_test(test_other_files_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
