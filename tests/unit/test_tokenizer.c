/* Tokenizers give the ids of the tokenizers library and of sentencepiece (tests/golden/gen_tokenizer.py), and refuse
 * what is no tokenizer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/gguf.h"
#include "core/weights.h"
#include "text/tokenizer.h"
#include "text/tokenizer_export.h"

#define GOLDEN SOURCE_DIR "/tests/golden/tokenizer/"

static json_t *load_json(const char *name)
{
    char path[512];
    snprintf(path, sizeof path, GOLDEN "%s", name);
    json_error_t error;
    json_t *value = json_load_file(path, JSON_ALLOW_NUL, &error);
    assert_non_null(value);
    return value;
}

static tokenizer *open_gguf_at(const char *path)
{
    status st = {0};
    file_mapping m;
    assert_true(file_map(&m, path, &st));
    weights_table table = {0};
    gguf *g = gguf_open(m.data, m.size, path, &table, &st);
    if (!g) fail_msg("%s", st.msg);
    tokenizer *t = tokenizer_open_gguf(g, path, &st);
    if (!t) fail_msg("%s", st.msg);
    gguf_close(g);
    weights_table_free(&table);
    file_unmap(&m); /* a tokenizer keeps nothing of its file */
    return t;
}

static tokenizer *open_json_at(const char *path)
{
    status st = {0};
    size_t size;
    char *json = file_read(path, 1 << 24, &size, &st);
    assert_non_null(json);
    tokenizer *t = tokenizer_open_json(json, size, path, &st);
    if (!t) fail_msg("%s", st.msg);
    alloc_free(json);
    return t;
}

static tokenizer *open_golden(const char *file)
{
    char path[512];
    snprintf(path, sizeof path, GOLDEN "%s", file);
    size_t n = strlen(file);
    if (n > 5 && strcmp(file + n - 5, ".gguf") == 0) return open_gguf_at(path);
    if (n > 5 && strcmp(file + n - 5, ".json") == 0) return open_json_at(path);
    status st = {0};
    tokenizer *t = tokenizer_open_folder(path, &st);
    if (!t) fail_msg("%s", st.msg);
    return t;
}

/* One row of i16 or i32 numbers. */
static int64_t number_at(const tensor *x, int64_t i)
{
    return x->type == DTYPE_I16 ? ((const int16_t *)x->data)[i] : ((const int32_t *)x->data)[i];
}

/* Ids of the 1,000 strings, and back. ids: the golden's name; `differs`: where decoding does not give the string. */
static void check_ids(tokenizer *t, const char *ids, int flags, bool decode)
{
    status st = {0};
    json_t *strings = load_json("strings.json"), *decoded = load_json("decoded.json");
    weights *w = weights_open(GOLDEN "ids.safetensors", &st);
    char name[64];
    snprintf(name, sizeof name, "%s.ids", ids);
    const tensor *want = weights_find(w, name);
    snprintf(name, sizeof name, "%s.count", ids);
    const tensor *count = weights_find(w, name);
    assert_true(want && count && json_array_size(strings) == 1000);
    int64_t at = 0;
    int bad = 0;
    for (size_t i = 0; i < 1000; i++) {
        const json_t *s = json_array_get(strings, i);
        const char *text = json_string_value(s);
        size_t size = json_string_length(s);
        tokenizer_ids found = {0};
        if (!tokenizer_encode(t, text, size, flags, &found, &st)) fail_msg("%s", st.msg);
        int64_t n = number_at(count, (int64_t)i);
        bool same = found.count == n;
        for (int64_t k = 0; same && k < n; k++) same = found.id[k] == number_at(want, at + k);
        if (!same && bad++ < 5) {
            printf("%s: string %zu '%s': %lld ids, %lld wanted:", ids, i, text, (long long)found.count, (long long)n);
            for (int64_t k = 0; k < found.count; k++) printf(" %d", found.id[k]);
            printf(" |");
            for (int64_t k = 0; k < n; k++) printf(" %lld", (long long)number_at(want, at + k));
            printf("\n");
        }
        at += n;
        tokenizer_ids_free(&found);
        if (!decode) continue;
        if (!tokenizer_encode(t, text, size, flags & ~TOKENIZER_ADD_SPECIAL, &found, &st)) fail_msg("%s", st.msg);
        char key[16];
        snprintf(key, sizeof key, "%zu", i);
        const json_t *other = json_object_get(json_object_get(decoded, ids), key);
        const json_t *back = other ? other : s;
        tokenizer_bytes all = {0}, stream = {0};
        tokenizer_decoder d = {.special = true}, e = d;
        assert_true(tokenizer_decode(t, &d, found.id, found.count, &all, &st));
        for (int64_t k = 0; k < found.count; k++) assert_true(tokenizer_decode(t, &e, found.id + k, 1, &stream, &st));
        assert_int_equal(all.size, stream.size);
        if (all.size) assert_memory_equal(all.data, stream.data, all.size);
        if ((all.size != json_string_length(back) || (all.size && memcmp(all.data, json_string_value(back), all.size) != 0)) &&
            bad++ < 5)
            printf("%s: string %zu '%s' came back as '%.*s', wanted '%s'\n", ids, i, text, (int)all.size, all.data,
                   json_string_value(back));
        tokenizer_bytes_free(&all);
        tokenizer_bytes_free(&stream);
        tokenizer_ids_free(&found);
    }
    weights_close(w);
    json_decref(strings);
    json_decref(decoded);
    tokenizer_free(t);
    assert_int_equal(bad, 0);
}

enum { ALL = TOKENIZER_ADD_SPECIAL | TOKENIZER_PARSE_SPECIAL };

static void test_byte_level(void **state)
{
    (void)state;
    check_ids(open_golden("gpt2.json"), "gpt2", ALL, true);
    check_ids(open_golden("gpt2.json"), "gpt2_plain", TOKENIZER_ADD_SPECIAL, true);
    check_ids(open_golden("llama3.json"), "llama3", ALL, true);
    check_ids(open_golden("qwen2.json"), "qwen2", ALL, true);
    check_ids(open_golden("smollm.json"), "smollm", ALL, false);
    check_ids(open_golden("smollm.gguf"), "smollm", ALL, false);
    check_ids(open_golden("llama3.gguf"), "llama3", ALL, true);
}

static void test_clip(void **state)
{
    (void)state;
    check_ids(open_golden("clip.json"), "clip", ALL, false);
    check_ids(open_golden("clip"), "clip", ALL, false);
}

static void test_sentencepiece(void **state)
{
    (void)state;
    check_ids(open_golden("llama2.json"), "llama2", ALL, true);
    check_ids(open_golden("llama2_first.json"), "llama2_first", ALL, true);
    check_ids(open_golden("llama2.gguf"), "llama2_gguf", 0, true);
    check_ids(open_golden("gemma.gguf"), "gemma_gguf", 0, true);
}

/* The tokenizer of a GGUF file to which the golden one was exported, as `aigc quantize` does it. */
static tokenizer *exported(const char *file)
{
    status st = {0};
    tokenizer *t = open_golden(file);
    gguf_writer *w = gguf_write_new(&st);
    if (!w || !tokenizer_export(t, tokenizer_size(t) + 3, w, file, &st)) fail_msg("%s: %s", file, st.msg);
    size_t size;
    const void *bytes = gguf_write_bytes(w, &size);
    weights_table none = {.path = file};
    gguf *g = gguf_open(bytes, size, file, &none, &st);
    tokenizer *again = g ? tokenizer_open_gguf(g, file, &st) : NULL;
    if (!again) fail_msg("%s: %s", file, st.msg);
    gguf_close(g);
    weights_table_free(&none);
    gguf_write_free(w);
    tokenizer_free(t);
    return again;
}

/* A GGUF file names its pre-tokeniser and keeps scores in place of SentencePiece's merges: the ids stay the same (gpt2.json
 * and qwen2.json have added tokens with flags that GGUF has no place for; of those it warns. llama2_first.json puts no space
 * before a text that begins with one, which GGUF cannot say either). */
static void test_export(void **state)
{
    (void)state;
    check_ids(exported("llama3.json"), "llama3", ALL, true);
    check_ids(exported("smollm.json"), "smollm", ALL, false);
    check_ids(exported("llama2.json"), "llama2", ALL, true);
}

static const char *model_file(const char *name)
{
    static char path[512];
    const char *models = getenv("AIGC_MODELS"), *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
    if (models) snprintf(path, sizeof path, "%s/%s", models, name);
    else if (data) snprintf(path, sizeof path, "%s/aigc/models/%s", data, name);
    else snprintf(path, sizeof path, "%s/.local/share/aigc/models/%s", home ? home : "", name);
    return file_exists(path) ? path : NULL;
}

static void test_smollm2(void **state)
{
    (void)state;
    const char *path = model_file("smollm2/SmolLM2-135M-Instruct.Q4_1.gguf");
    if (!path) skip();
    tokenizer *t = open_gguf_at(path);
    assert_int_equal(tokenizer_size(t), 49152);
    tokenizer_special s = tokenizer_special_ids(t);
    assert_int_equal(s.bos, 1);
    assert_int_equal(s.eos, 2);
    assert_false(tokenizer_adds_bos(t));
    assert_true(tokenizer_is_end(t, 2) && tokenizer_is_end(t, 0) && !tokenizer_is_end(t, 1));
    assert_non_null(strstr(tokenizer_chat_template(t, "default"), "SmolLM"));
    check_ids(t, "smollm2_real", ALL, false);
}

static void test_gemma3(void **state)
{
    (void)state;
    const char *path = model_file("gemma3/gemma-3-270m-q4_k_m.gguf");
    if (!path) skip();
    tokenizer *t = open_gguf_at(path);
    assert_true(tokenizer_adds_bos(t));
    check_ids(t, "gemma3_real", 0, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_byte_level), cmocka_unit_test(test_clip),    cmocka_unit_test(test_sentencepiece),
        cmocka_unit_test(test_export),     cmocka_unit_test(test_smollm2), cmocka_unit_test(test_gemma3),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
