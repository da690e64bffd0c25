/* A split GGUF is one model from any of its parts; what is no language model is told by its name. */
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

#include "core/alloc.h"
#include "core/file.h"
#include "core/gguf_write.h"
#include "core/weights.h"
#include "text/text_kind.h"

static char folder[] = "/tmp/aigc-kind-XXXXXX";

static const char *place(const char *name)
{
    static char path[4][300];
    static int next;
    char *p = path[next++ % 4];
    snprintf(p, sizeof path[0], "%s/%s", folder, name);
    return p;
}

/* One part (count 0: a whole file) with a tensor of two numbers. */
static void write_part(const char *name, const char *tensor_name, uint32_t number, uint32_t count, uint32_t tensors, const float value[2])
{
    status st = {0};
    gguf_writer *w = gguf_write_new(&st);
    if (number == 0) gguf_write_string(w, "general.architecture", "llama", 5);
    if (count) {
        gguf_write_u32(w, "split.no", number);
        gguf_write_u32(w, "split.count", count);
        gguf_write_u32(w, "split.tensors.count", tensors);
    }
    gguf_write_tensor(w, tensor_name, DTYPE_F32, 1, (int64_t[]){2});
    FILE *f = fopen(place(name), "wb");
    assert_non_null(f);
    assert_true(gguf_write_header(w, f));
    fwrite(value, sizeof *value, 2, f);
    gguf_write_padding(w, f, 8);
    fclose(f);
    gguf_write_free(w);
}

static void refused(const char *path, const char *wanted)
{
    status st = {0};
    weights *w = weights_open(path, &st);
    if (w) text_kind_weights(w, &st);
    weights_close(w);
    assert_int_equal(st.code, STATUS_INPUT);
    if (!strstr(st.msg, wanted)) fail_msg("'%s' in the message wanted: %s", wanted, st.msg);
}

static void test_parts(void **state)
{
    (void)state;
    write_part("m-00001-of-00003.gguf", "a", 0, 3, 3, (float[]){1, 2});
    write_part("m-00002-of-00003.gguf", "b", 1, 3, 3, (float[]){3, 4});
    refused(place("m-00002-of-00003.gguf"), "part 3 is missing: ");
    refused(place("m-00001-of-00003.gguf"), "m-00003-of-00003.gguf");
    write_part("m-00003-of-00003.gguf", "c", 2, 3, 3, (float[]){5, 6});
    static const char *const names[] = {"m-00001-of-00003.gguf", "m-00002-of-00003.gguf", "m-00003-of-00003.gguf", ""};
    for (int i = 0; i < 4; i++) { /* the last: the folder, with one model in it */
        status st = {0};
        weights *w = weights_open(place(names[i]), &st);
        if (!w) fail_msg("%s", st.msg);
        assert_int_equal(weights_count(w), 3);
        gguf_string s;
        assert_true(gguf_get_string(weights_gguf(w), "general.architecture", &s));
        const char *name;
        const float *last = weights_at(w, 2, &name)->data;
        assert_string_equal(name, "c");
        assert_true(last[1] == 6);
        weights_close(w);
    }
    assert_int_equal(rename(place("m-00003-of-00003.gguf"), place("other.gguf")), 0);
    refused(place("other.gguf"), "names that end in -00003-of-00003.gguf");
    write_part("m-00003-of-00003.gguf", "c", 1, 3, 3, (float[]){5, 6});
    refused(place("m-00001-of-00003.gguf"), "part 3 of 3 by its name, part 2 of 3 by what it says");
    write_part("m-00003-of-00003.gguf", "b", 2, 3, 3, (float[]){5, 6});
    refused(place("m-00001-of-00003.gguf"), "'b'");
    write_part("m-00003-of-00003.gguf", "c", 2, 3, 4, (float[]){5, 6});
    write_part("m-00001-of-00003.gguf", "a", 0, 3, 4, (float[]){1, 2});
    refused(place("m-00001-of-00003.gguf"), "hold 3 tensors, 4 wanted");
    write_part("m-00009-of-00003.gguf", "a", 8, 3, 4, (float[]){1, 2});
    refused(place("m-00009-of-00003.gguf"), "split.no is 8");
}

/* A GGUF with one key more. */
static void write_kind(const char *key, const char *text, uint32_t number)
{
    status st = {0};
    gguf_writer *w = gguf_write_new(&st);
    if (strcmp(key, "general.architecture") != 0) gguf_write_string(w, "general.architecture", "llama", 5);
    if (text) gguf_write_string(w, key, text, strlen(text));
    else gguf_write_u32(w, key, number);
    FILE *f = fopen(place("kind.gguf"), "wb");
    assert_true(gguf_write_header(w, f));
    fclose(f);
    gguf_write_free(w);
    assert_true(status_ok(&st));
}

static void test_kinds(void **state)
{
    (void)state;
    static const struct {
        const char *key, *text, *wanted;
    } kinds[] = {
        {"general.type", "adapter", "LoRA adapter"},        {"general.type", "mmproj", "vision projector"},
        {"general.architecture", "clip", "vision projector"}, {"general.architecture", "flux", "diffusion model"},
        {"general.architecture", "t5encoder", "encoder"},   {"general.architecture", "whisper", "speech recogniser"},
        {"general.architecture", "mamba", "recurrent"},     {"llama.expert_count", NULL, "mixture of experts"},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        write_kind(kinds[i].key, kinds[i].text, 8);
        refused(place("kind.gguf"), kinds[i].wanted);
    }
    write_kind("llama.expert_count", NULL, 0); /* what dense models say too */
    status st = {0};
    weights *w = weights_open(place("kind.gguf"), &st);
    assert_true(w && text_kind_weights(w, &st));
    weights_close(w);
    static const char *const others[][2] = {
        {"PK\3\4 archive", "pickle"}, {"\x80\2}q", "pickle"}, {"lmgg    ", "GGML"}, {"\x89HDF\r\n\x1A\n", "Keras"},
        {"version https://git-lfs.github.com/spec/v1\noid sha256:00\n", "git lfs pull"}, {"<!DOCTYPE html>", "web page"}, {"\x1F\x8B\x08", "gzip"},
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        assert_true(file_write(place("other.bin"), others[i][0], strlen(others[i][0]), &st));
        refused(place("other.bin"), others[i][1]);
    }
    static const char *const experts[] = {"{\"num_local_experts\": 8}", "{\"limit\": -Infinity, \"num_local_experts\": 8}"};
    for (size_t i = 0; i < sizeof experts / sizeof *experts; i++) {
        st = (status){0};
        assert_false(text_kind_config(experts[i], strlen(experts[i]), "config.json", &st));
        assert_non_null(strstr(st.msg, "mixture of experts"));
    }
}

static void test_folders(void **state)
{
    (void)state;
    static const char *const cases[][2] = {{"adapter_config.json", "LoRA adapter"}, {"model_index.json", "aigc image"}};
    for (int i = 0; i < 2; i++) {
        char inner[300];
        snprintf(inner, sizeof inner, "%s/folder%d", folder, i);
        assert_int_equal(mkdir(inner, 0700), 0);
        status st = {0};
        char *path = file_join(inner, cases[i][0], &st);
        assert_true(file_write(path, "{}", 2, &st));
        assert_false(text_kind_folder(inner, &st));
        assert_non_null(strstr(st.msg, cases[i][1]));
        unlink(path);
        alloc_free(path);
        path = file_join(inner, "pytorch_model.bin", &st);
        st = (status){0};
        assert_true(file_write(path, "PK", 2, &st));
        refused(inner, "pickle");
        unlink(path);
        alloc_free(path);
        rmdir(inner);
    }
    refused(folder, "a folder with 3 GGUF models; name one of them, such as kind.gguf");
}

static int remove_all(void **state)
{
    (void)state;
    static const char *const names[] = {"m-00001-of-00003.gguf", "m-00002-of-00003.gguf", "m-00003-of-00003.gguf", "m-00009-of-00003.gguf", "other.gguf", "kind.gguf", "other.bin", "b.gguf", "c.gguf"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) unlink(place(names[i]));
    return rmdir(folder);
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : 1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_parts), cmocka_unit_test(test_kinds), cmocka_unit_test(test_folders)};
    return cmocka_run_group_tests(tests, make_folder, remove_all);
}
