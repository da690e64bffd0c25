/* ONNX files: what the onnx package wrote is read back; what is cut or damaged is refused or read, never worse. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/onnx.h"
#include "core/protobuf.h"
#include "core/weights.h"

#define TINY SOURCE_DIR "/tests/golden/tiny.onnx"

static weights *open_tiny(void)
{
    status st = {0};
    weights *w = weights_open(TINY, &st);
    if (!w) fail_msg("%s", st.msg);
    assert_int_equal(weights_format_of(w), WEIGHTS_ONNX);
    return w;
}

/* The tensor of that name has this type and shape, and these values, which are compared as the floats they convert to. */
static void check(weights *w, const char *name, dtype type, int rank, const int64_t *dim, const float *values)
{
    status st = {0};
    arena *a = arena_new(&st);
    const tensor *x = weights_need(w, &st, name, rank, dim);
    if (!x) fail_msg("%s", st.msg);
    assert_int_equal(x->type, type);
    const float *found = weights_f32(a, x, &st);
    assert_non_null(found);
    assert_memory_equal(found, values, (size_t)tensor_count(x) * sizeof *values);
    arena_free(a);
}
#define VALUES(...) (const float[]){__VA_ARGS__}

static void test_tensors(void **state)
{
    (void)state;
    weights *w = open_tiny();
    assert_int_equal(weights_count(w), 13 + 5);
    check(w, "raw_f32", DTYPE_F32, SHAPE(2, 3), VALUES(1, 2, 3, 4, 5, 6));
    check(w, "raw_f16", DTYPE_F16, SHAPE(2), VALUES(1, -1));
    check(w, "raw_i64", DTYPE_I64, SHAPE(1), VALUES(-0x1p62F));
    check(w, "raw_bool", DTYPE_BOOL, SHAPE(2), VALUES(1, 0));
    check(w, "empty", DTYPE_F32, SHAPE(0, 4), VALUES(0));
    check(w, "typed_f32", DTYPE_F32, SHAPE(3), VALUES(0.5F, -0.25F, 1e-3F));
    check(w, "typed_f64", DTYPE_F64, SHAPE(1), VALUES(0.1F));
    check(w, "typed_f16", DTYPE_F16, SHAPE(2), VALUES(1.5F, -2));
    check(w, "typed_i8", DTYPE_I8, SHAPE(2, 2), VALUES(-128, -1, 0, 127));
    check(w, "typed_u8", DTYPE_U8, SHAPE(3), VALUES(0, 128, 255));
    check(w, "typed_i32", DTYPE_I32, SHAPE(2), VALUES(-0x1p31F, 0x1p31F));
    check(w, "typed_i64", DTYPE_I64, SHAPE(2), VALUES(-0x1p63F, 0x1p63F));
    check(w, "scalar", DTYPE_F32, 0, NULL, VALUES(7));
    check(w, "c_tensor", DTYPE_I64, SHAPE(2), VALUES(3, 4));
    check(w, "c_int", DTYPE_I64, 0, NULL, VALUES(-5));
    check(w, "c_float", DTYPE_F32, 0, NULL, VALUES(2.5F));
    check(w, "c_ints", DTYPE_I64, SHAPE(3), VALUES(1, -2, 3));
    check(w, "c_floats", DTYPE_F32, SHAPE(2), VALUES(1, -0.5F));
    weights_close(w);
}

static void test_graph(void **state)
{
    (void)state;
    weights *w = open_tiny();
    const onnx *o = weights_onnx(w);
    status st = {0};
    onnx_string s;
    assert_int_equal(onnx_opset(o), 17);
    assert_true(onnx_is(onnx_made_by(o), "gen_onnx"));
    assert_true(onnx_get_metadata(o, "voice", &s) && onnx_is(s, "nobody"));
    assert_false(onnx_get_metadata(o, "absent", &s));
    assert_int_equal(onnx_input_count(o), 1);
    assert_true(onnx_is(onnx_input_at(o, 0), "x"));
    assert_int_equal(onnx_output_count(o), 1);
    assert_true(onnx_is(onnx_output_at(o, 0), "out"));
    assert_int_equal(onnx_node_count(o), 8);

    const onnx_node *conv = onnx_find(o, "/conv"), *reshape = onnx_find(o, "/reshape");
    assert_ptr_equal(conv, onnx_node_at(o, 0));
    assert_true(onnx_is(conv->op_type, "Conv"));
    assert_int_equal(conv->inputs, 3);
    assert_true(onnx_is(onnx_node_input(o, conv, 1), "raw_f32"));
    assert_int_equal(onnx_node_input(o, conv, 2).size, 0);
    assert_int_equal(onnx_node_input(o, conv, 3).size, 0);
    assert_true(onnx_is(onnx_node_output(o, reshape, 1), "unused"));
    assert_ptr_equal(onnx_maker(o, onnx_node_input(o, reshape, 0)), conv);
    assert_null(onnx_maker(o, onnx_node_input(o, conv, 0)));
    assert_ptr_equal(onnx_node_tensor(o, conv, 1), weights_find(w, "raw_f32"));
    assert_ptr_equal(onnx_need(o, &st, "/reshape", 1), weights_find(w, "c_tensor"));
    assert_null(onnx_need(o, &st, "/conv", 0));
    assert_non_null(strstr(st.msg, "input 0 of node '/conv'"));
    st = (status){0};
    assert_null(onnx_need(o, &st, "/absent", 0));
    assert_non_null(strstr(st.msg, "no node '/absent'"));

    int64_t i, ints[2];
    float f, floats[2];
    int count = 0;
    assert_true(onnx_get_i64(conv, "group", &i) && i == 2);
    assert_false(onnx_get_i64(conv, "absent", &i));
    assert_false(onnx_get_i64(conv, "alpha", &i));
    assert_true(onnx_get_f32(conv, "alpha", &f) && f == 0.5F);
    assert_true(onnx_get_string(conv, "auto_pad", &s) && onnx_is(s, "SAME_UPPER"));
    assert_true(onnx_get_ints(conv, "pads", ints, 2, &count) && count == 2 && ints[0] == 1 && ints[1] == 2);
    assert_false(onnx_get_ints(conv, "pads", ints, 1, &count));
    assert_true(onnx_get_floats(conv, "scales", floats, 2, &count) && count == 2 && floats[0] == 0.5F && floats[1] == 2);
    weights_close(w);
}

static void test_cuts_and_flipped_bits(void **state)
{
    (void)state;
    status st = {0};
    size_t size;
    unsigned char *file = (unsigned char *)file_read(TINY, 1 << 20, &size, &st);
    assert_non_null(file);
    uint64_t before = alloc_in_use();
    alloc_set_budget(before + (16 << 20)); /* of which an arena takes 8 */
    for (size_t i = 0; i < size; i++) {
        for (int bit = 0; bit < 8; bit++) {
            file[i] ^= (unsigned char)(1 << bit);
            st = (status){0};
            weights *w = weights_open_bytes(file, size, "flipped", &st);
            assert_true(w ? status_ok(&st) : st.code == STATUS_INPUT);
            status ignored = {0};
            arena *a = arena_new(&ignored);
            for (int64_t k = 0; w && k < weights_count(w); k++) {
                const char *name;
                assert_non_null(weights_f32(a, weights_at(w, k, &name), &ignored)); /* every value can be read */
            }
            arena_free(a);
            weights_close(w);
            file[i] ^= (unsigned char)(1 << bit);
        }
        st = (status){0};
        weights *w = weights_open_bytes(file, i, "cut", &st);
        assert_true(w ? status_ok(&st) : st.code == STATUS_INPUT);
        weights_close(w);
    }
    alloc_set_budget(0);
    assert_int_equal(alloc_in_use(), before);
    alloc_free(file);
}

static void test_varints(void **state)
{
    (void)state;
    static const unsigned char GOOD[] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01, 0x00};
    static const unsigned char LONG[] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x02}, CUT[] = {0x80};
    uint64_t v;
    protobuf_cursor c = protobuf_begin(GOOD, sizeof GOOD);
    assert_true(protobuf_varint(&c, &v) && v == UINT64_MAX);
    assert_true(protobuf_varint(&c, &v) && v == 0);
    assert_true(!protobuf_varint(&c, &v) && !c.bad);
    c = protobuf_begin(LONG, sizeof LONG);
    assert_true(!protobuf_varint(&c, &v) && c.bad);
    c = protobuf_begin(CUT, sizeof CUT);
    assert_true(!protobuf_varint(&c, &v) && c.bad);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tensors),
        cmocka_unit_test(test_graph),
        cmocka_unit_test(test_cuts_and_flipped_bits),
        cmocka_unit_test(test_varints),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
