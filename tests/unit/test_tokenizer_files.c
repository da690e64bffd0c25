/* Tokenizer files that are cut, lying or strange; folders; bytes that are no UTF-8; very long words; no memory. */
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
#include "core/gguf.h"
#include "core/gguf_write.h"
#include "core/weights_table.h"
#include "text/tokenizer_vocab.h"
#include "core/file.h"
#include "core/gguf.h"
#include "core/rng.h"
#include "core/weights.h"
#include "text/tokenizer.h"

#define GOLDEN SOURCE_DIR "/tests/golden/tokenizer/"
#define SEEDS SOURCE_DIR "/tests/fuzz/seeds/tokenizer/"

static tokenizer *open_json(const char *json, status *st)
{
    return tokenizer_open_json(json, strlen(json), "test.json", st);
}

static void refused(const char *json, const char *message)
{
    status st = {0};
    uint64_t before = alloc_in_use();
    assert_null(open_json(json, &st));
    assert_int_equal(st.code, STATUS_INPUT);
    if (!strstr(st.msg, message)) fail_msg("'%s' has no '%s'", st.msg, message);
    assert_non_null(strstr(st.msg, "test.json"));
    assert_int_equal(alloc_in_use(), before);
}

#define MODEL(vocab, merges) "\"model\":{\"type\":\"BPE\",\"vocab\":{" vocab "},\"merges\":[" merges "]}"

static void test_hostile_json(void **state)
{
    (void)state;
    refused("", "byte 0");
    refused("[]", "an object was wanted");
    refused("{\"model\":{\"vocab\":{\"a\":0}}", "byte 26");
    refused("{}", "model.vocab is missing");
    refused("{" MODEL("", "") "}", "empty");
    refused("{" MODEL("\"a\":0,\"b\":0", "") "}", "token id 0 is given to 'a' and to 'b'");
    refused("{" MODEL("\"a\":0,\"a\":1", "") "}", "'a' has two ids");
    refused("{" MODEL("\"a\":2147483648", "") "}", "token id 2147483648 is out of range");
    refused("{" MODEL("\"a\":18446744073709551615", "") "}", "out of range");
    refused("{" MODEL("\"a\":70000", "") "}", "token id 70000 is out of range");
    refused("{" MODEL("\"a\":-1", "") "}", "whole number");
    refused("{" MODEL("\"a\":1.5", "") "}", "whole number");
    refused("{" MODEL("\"a\":0,\"b\":1", "\"a b\"") "}", "merge 0 joins 'a' and 'b', and what they make");
    refused("{" MODEL("\"a\":0,\"b\":1", "\"x b\"") "}", "the first is not in the vocabulary");
    refused("{" MODEL("\"a\":0,\"b\":1", "[\"a\",\"y\"]") "}", "the second is not in the vocabulary");
    refused("{" MODEL("\"a\":0,\"b\":1", "\"ab\"") "}", "two tokens with a space between");
    refused("{" MODEL("\"a\":0,\"b\":1", "[\"a\"]") "}", "no pair of tokens");
    refused("{" MODEL("\"a\":0,\"b\":1", "[\"a\",\"b\",\"c\"]") "}", "no pair of tokens");
    refused("{" MODEL("\"a\":0,\"b\":1", "7") "}", "a string was wanted");
    refused("{\"model\":{\"type\":\"Unigram\",\"vocab\":{\"a\":0}}}", "the type 'Unigram' is not supported");
    refused("{\"model\":{\"type\":\"Unigram\",\"vocab\":[[\"a\",0]]}}", "test.json");
    refused("{\"model\":{\"unk_token\":\"u\",\"vocab\":{\"a\":0}}}", "'u' is not in the vocabulary");
    refused("{\"added_tokens\":[{\"id\":0,\"content\":\"b\"}]," MODEL("\"a\":0", "") "}",
            "has the id 0 of the token 'a'");
    refused("{\"added_tokens\":[{\"id\":-5,\"content\":\"b\"}]," MODEL("\"a\":0", "") "}",
            "token id -5 is out of range");
    refused("{\"added_tokens\":[{\"id\":1}]," MODEL("\"a\":0", "") "}", "'content' is missing");
    refused("{\"normalizer\":{\"type\":\"New\"}," MODEL("\"a\":0", "") "}", "normalizer: the type 'New'");
    refused("{\"pre_tokenizer\":{\"type\":\"New\"}," MODEL("\"a\":0", "") "}", "pre_tokenizer: the type 'New'");
    refused("{\"decoder\":{\"type\":\"New\"}," MODEL("\"a\":0", "") "}", "decoder: the type 'New'");
    refused("{\"post_processor\":{\"type\":\"BertProcessing\",\"cls\":[\"a\",0],\"sep\":[\"b\",9]}," MODEL("\"a\":0",
                                                                                                           "") "}",
            "token id 9 is outside");
    refused("{\"pre_tokenizer\":{\"type\":\"Split\",\"pattern\":{\"Regex\":\"(\"},\"behavior\":\"Isolated\"}," MODEL(
                "\"a\":0", "") "}",
            "'(' is not understood");
    refused("{\"pre_tokenizer\":{\"type\":\"Split\",\"pattern\":{\"Regex\":\"a\"},\"behavior\":\"Melted\"}," MODEL(
                "\"a\":0", "") "}",
            "'Melted'");
}

/* An expression that takes exponential time is stopped. */
static void test_hostile_regex(void **state)
{
    (void)state;
    status st = {0};
    tokenizer *t = open_json("{\"pre_tokenizer\":{\"type\":\"Split\",\"pattern\":{\"Regex\":\"(a+)+$|(a|aa)+b\"},"
                             "\"behavior\":\"Isolated\"}," MODEL("\"a\":0", "") "}",
                             &st);
    assert_non_null(t);
    char text[3000];
    memset(text, 'a', sizeof text);
    text[sizeof text - 1] = 'c';
    tokenizer_ids ids = {0};
    assert_false(tokenizer_encode(t, text, sizeof text, 0, &ids, &st));
    assert_int_equal(st.code, STATUS_INPUT);
    assert_int_equal(ids.count, 0);
    tokenizer_ids_free(&ids);
    tokenizer_free(t);
}

static tokenizer *open_bytes(const char *data, size_t size, status *st)
{
    if (size < 4 || memcmp(data, "GGUF", 4) != 0) return tokenizer_open_json(data, size, "test.json", st);
    weights *w = weights_open_bytes(data, size, "test.gguf", st);
    tokenizer *t = w ? tokenizer_open_gguf(weights_gguf(w), "test.gguf", st) : NULL;
    weights_close(w);
    return t;
}

static void test_cut_anywhere(void **state)
{
    (void)state;
    static const char *const names[] = {"bytes", "pieces", "scores", "pairs"};
    for (int i = 0; i < 4; i++) {
        status st = {0};
        char path[300];
        snprintf(path, sizeof path, SEEDS "%s", names[i]);
        size_t size;
        char *data = file_read(path, 1 << 20, &size, &st);
        assert_non_null(data);
        size = (size_t)((char *)memrchr(data, 0xFF, size) - data); /* the text to encode lies behind it */
        uint64_t before = alloc_in_use();
        tokenizer *whole = open_bytes(data, size, &st);
        if (!whole) fail_msg("%s: %s", names[i], st.msg);
        tokenizer_free(whole);
        for (size_t cut = 0; cut < size; cut++) {
            char *part = malloc(cut ? cut : 1); /* of the very size, for the address sanitizer */
            memcpy(part, data, cut);
            st = (status){0};
            tokenizer *t = open_bytes(part, cut, &st);
            assert_true(t ? status_ok(&st) : st.code == STATUS_INPUT);
            tokenizer_free(t);
            free(part);
        }
        assert_int_equal(alloc_in_use(), before);
        alloc_free(data);
    }
}

static tokenizer *open_golden(const char *name)
{
    status st = {0};
    char path[300];
    size_t size;
    snprintf(path, sizeof path, GOLDEN "%s", name);
    char *json = file_read(path, 1 << 24, &size, &st);
    tokenizer *t = tokenizer_open_json(json, size, path, &st);
    if (!t) fail_msg("%s", st.msg);
    alloc_free(json);
    return t;
}

/* Byte-level vocabularies with all bytes bring back any bytes at all. */
static void test_any_bytes(void **state)
{
    (void)state;
    static const char *const names[] = {"gpt2.json", "llama3.json"};
    for (int i = 0; i < 2; i++) {
        tokenizer *t = open_golden(names[i]);
        rng r = rng_seeded(9);
        for (int round = 0; round < 400; round++) {
            char text[96];
            size_t size = (size_t)(rng_uniform(&r) * sizeof text);
            bool mostly_ascii = round % 2;
            for (size_t k = 0; k < size; k++)
                text[k] = (char)(mostly_ascii && rng_uniform(&r) < 0.8 ? 32 + rng_next(&r) % 95 : rng_next(&r) % 256);
            status st = {0};
            tokenizer_ids ids = {0};
            tokenizer_bytes back = {0};
            tokenizer_decoder d = {.special = true};
            assert_true(tokenizer_encode(t, text, size, 0, &ids, &st));
            assert_true(tokenizer_decode(t, &d, ids.id, ids.count, &back, &st));
            assert_int_equal(back.size, size);
            if (size) assert_memory_equal(back.data, text, size);
            tokenizer_ids_free(&ids);
            tokenizer_bytes_free(&back);
        }
        tokenizer_free(t);
    }
}

/* A megabyte without a place to cut, or of white space, is no quadratic work: without the heap it would take hours. */
static void test_long_pieces(void **state)
{
    (void)state;
    enum { SIZE = 1 << 20 };
    static const char *const names[] = {"gpt2.json", "llama3.json", "llama2.json", "clip.json"};
    static const char *const units[] = {"abcdefghij", " ", "\n", "=-", "é", " a", "1"};
    char *text = malloc(SIZE);
    for (int i = 0; i < 4; i++) {
        tokenizer *t = open_golden(names[i]);
        for (size_t u = 0; u < sizeof units / sizeof *units; u++) {
            size_t n = strlen(units[u]), size = SIZE / 4 / n * n;
            for (size_t k = 0; k < size; k++) text[k] = units[u][k % n];
            status st = {0};
            tokenizer_ids ids = {0};
            if (!tokenizer_encode(t, text, size, 0, &ids, &st)) fail_msg("%s, '%s': %s", names[i], units[u], st.msg);
            tokenizer_ids_free(&ids);
        }
        tokenizer_free(t);
    }
    free(text);
}

/* The N-th allocation fails, for every N, while a tokenizer is opened and used. */
static void test_no_memory(void **state)
{
    (void)state;
    status st = {0};
    size_t size;
    char *json = file_read(SEEDS "bytes", 1 << 20, &size, &st);
    size = (size_t)((char *)memrchr(json, 0xFF, size) - json);
    uint64_t before = alloc_in_use();
    for (uint64_t n = 1;; n++) {
        st = (status){0};
        tokenizer_ids ids = {0};
        alloc_fail_at(n);
        tokenizer *t = tokenizer_open_json(json, size, "test.json", &st);
        bool done = t && tokenizer_encode(t, "the cafe\xCC\x81 12 <s>", 17, TOKENIZER_ADD_SPECIAL, &ids, &st);
        alloc_fail_at(0);
        tokenizer_free(t);
        tokenizer_ids_free(&ids);
        assert_int_equal(alloc_in_use(), before);
        if (done) break;
        assert_int_equal(st.code, STATUS_NOMEM);
    }
    alloc_free(json);
}

static void put(const char *folder, const char *name, const char *text)
{
    status st = {0};
    char *path = file_join(folder, name, &st);
    assert_true(file_write(path, text, strlen(text), &st));
    alloc_free(path);
}

/* ---- GGUF files as they are about ---- */

typedef struct {
    const char *model, *pre, *architecture;
    int32_t mark_type;      /* of the tokens from MARKS on */
    int32_t flags[4];
    int flag_count;
} made_gguf;

/* A byte-level or SentencePiece vocabulary of a few tokens with these marks, as GGUF metadata. */
static tokenizer *open_made(const made_gguf *m, const char *const *marks, status *st)
{
    static const char *const plain[] = {"a", "b", "ab", "<", "|", ">", "e", "n", "d", "\xC4\xA0", "\xE2\x96\x81", "\xC4\x8A", "1", "2"};
    enum { PLAIN = sizeof plain / sizeof *plain };
    gguf_writer *w = gguf_write_new(st);
    uint64_t count = PLAIN;
    for (const char *const *at = marks; *at; at++) count++;
    if (m->architecture) gguf_write_string(w, "general.architecture", m->architecture, strlen(m->architecture));
    gguf_write_string(w, "tokenizer.ggml.model", m->model, strlen(m->model));
    if (m->pre) gguf_write_string(w, "tokenizer.ggml.pre", m->pre, strlen(m->pre));
    gguf_write_array(w, "tokenizer.ggml.tokens", GGUF_STRING, count);
    for (int i = 0; i < PLAIN; i++) gguf_write_string_item(w, plain[i], strlen(plain[i]));
    for (const char *const *at = marks; *at; at++) gguf_write_string_item(w, *at, strlen(*at));
    gguf_write_array(w, "tokenizer.ggml.token_type", GGUF_I32, count);
    for (uint64_t i = 0; i < count; i++) gguf_write_i32_item(w, i < PLAIN ? TOKEN_NORMAL : m->mark_type);
    gguf_write_array(w, "tokenizer.ggml.merges", GGUF_STRING, 1);
    gguf_write_string_item(w, "a b", 3);
    gguf_write_array(w, "tokenizer.ggml.scores", GGUF_F32, count);
    for (uint64_t i = 0; i < count; i++) gguf_write_f32_item(w, i == 2 ? -1 : -2);
    if (m->flag_count) gguf_write_array(w, "aigc.tokenizer.added_flags", GGUF_I32, (uint64_t)m->flag_count);
    for (int i = 0; i < m->flag_count; i++) gguf_write_i32_item(w, m->flags[i]);
    size_t size;
    const void *bytes = gguf_write_bytes(w, &size);
    weights_table none = {.path = "made"};
    gguf *g = bytes ? gguf_open(bytes, size, "made", &none, st) : NULL;
    tokenizer *t = g ? tokenizer_open_gguf(g, "made", st) : NULL;
    gguf_close(g);
    weights_table_free(&none);
    gguf_write_free(w);
    return t;
}

static int64_t count_ids(const tokenizer *t, const char *text)
{
    status st = {0};
    tokenizer_ids ids = {0};
    assert_true(tokenizer_encode(t, text, strlen(text), TOKENIZER_PARSE_SPECIAL, &ids, &st));
    int64_t n = ids.count;
    tokenizer_ids_free(&ids);
    return n;
}

/* Marks typed as plain words are marks; a file without a pre-tokenizer is known by its marks or warned of. */
static void test_marks_typed_normal(void **state)
{
    (void)state;
    static const char *const marks[] = {"<|end|>", "<|im_end|>", "<start_of_turn>", "<|not a mark|>", "<|>", NULL};
    status st = {0};
    tokenizer *t = open_made(&(made_gguf){.model = "gpt2", .pre = "gpt-2", .mark_type = TOKEN_NORMAL}, marks, &st);
    if (!t) fail_msg("%s", st.msg);
    int32_t end = tokenizer_find(t, "<|end|>", 7), turn = tokenizer_find(t, "<start_of_turn>", 15), not = tokenizer_find(t, "<|not a mark|>", 14);
    assert_true(tokenizer_is_special(t, end) && tokenizer_is_end(t, end) && tokenizer_is_special(t, turn) && !tokenizer_is_special(t, not));
    assert_int_equal(count_ids(t, "ab<|end|>"), 2);
    tokenizer_free(t);

    static const char *const llama[] = {"<|begin_of_text|>", "<|end_of_text|>", NULL}, *const none[] = {NULL};
    t = open_made(&(made_gguf){.model = "gpt2", .architecture = "llama", .mark_type = TOKEN_CONTROL}, llama, &st);
    assert_non_null(t);
    tokenizer *u = open_made(&(made_gguf){.model = "gpt2", .pre = "gpt-2", .mark_type = TOKEN_CONTROL}, none, &st);
    assert_non_null(u);
    tokenizer_free(t);
    tokenizer_free(u);
}

/* White space that a mark takes in: by our key, and by what Phi 3's files are known to want. */
static void test_flags_in_gguf(void **state)
{
    (void)state;
    static const char *const marks[] = {"<|end|>", "<|endoftext|>", NULL};
    status st = {0};
    tokenizer *t = open_made(&(made_gguf){.model = "gpt2", .pre = "gpt-2", .mark_type = TOKEN_CONTROL, .flags = {14, 2, 999999, 2}, .flag_count = 4}, marks, &st);
    if (!t) fail_msg("%s", st.msg);
    assert_int_equal(count_ids(t, "a<|end|> \nb"), 3);
    assert_int_equal(count_ids(t, "a<|endoftext|> \nb"), 5);
    tokenizer_free(t);
    t = open_made(&(made_gguf){.model = "llama", .architecture = "phi3", .mark_type = TOKEN_CONTROL}, marks, &st);
    if (!t) fail_msg("%s", st.msg);
    int64_t strips = count_ids(t, "<|end|>  "), keeps = count_ids(t, "<|endoftext|>  ");
    assert_int_equal(strips, 1);
    assert_true(keeps > 1);
    tokenizer_free(t);
    t = open_made(&(made_gguf){.model = "llama", .architecture = "llama", .mark_type = TOKEN_CONTROL}, marks, &st);
    assert_true(count_ids(t, "<|end|>  ") > 1);
    tokenizer_free(t);
}

/* A tokenizer with one token more than the model has rows: the token goes, its text is plain. */
static void test_limit(void **state)
{
    (void)state;
    static const char json[] = "{\"added_tokens\":[{\"id\":3,\"content\":\"<b>\",\"special\":true},{\"id\":4,\"content\":\"<i>\",\"special\":true}]," MODEL("\"<\":0,\"i\":1,\">\":2", "") "}";
    status st = {0};
    tokenizer *t = open_json(json, &st);
    if (!t) fail_msg("%s", st.msg);
    assert_int_equal(tokenizer_size(t), 5);
    assert_int_equal(count_ids(t, "<i>"), 1);
    assert_false(tokenizer_limit(t, 2)); /* ">" is no added token */
    assert_int_equal(tokenizer_size(t), 5);
    assert_true(tokenizer_limit(t, 4));
    assert_int_equal(tokenizer_size(t), 4);
    assert_int_equal(tokenizer_find(t, "<i>", 3), -1);
    assert_int_equal(count_ids(t, "<i>"), 3);
    assert_int_equal(count_ids(t, "<b>"), 1);
    assert_true(tokenizer_limit(t, 9) && tokenizer_size(t) == 4);
    tokenizer_free(t);
}

/* Text of people between a template's: a special token is one only where none of its bytes was typed. */
static void test_marked(void **state)
{
    (void)state;
    static const struct {
        const char *normalized, *text, *given;
        int special;
    } cases[] = {
        {"false", "<e>a<e>", "0000000", 2}, {"false", "<e>a<e>", "0001111", 1}, {"false", "<e>a<e>", "0000001", 1}, {"false", "<e>a<e>", "1110000", 1}, {"false", "<e>a<e>", "1111111", 0},
        {"true", "<e>a<e>", "0000000", 2},  {"true", "<e>a<e>", "0001111", 1},  {"true", "<e>a<e>", "0000100", 1},  {"true", "<e>a<e>", "0111111", 0}, {"true", "<e>a<e>", "1111111", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char json[600];
        snprintf(json, sizeof json, "{\"added_tokens\":[{\"id\":4,\"content\":\"<e>\",\"special\":true,\"normalized\":%s}]," MODEL("\"<\":0,\"e\":1,\">\":2,\"a\":3", "") "}", cases[i].normalized);
        status st = {0};
        tokenizer *t = open_json(json, &st);
        if (!t) fail_msg("%s", st.msg);
        uint8_t given[8];
        size_t size = strlen(cases[i].text);
        int found = 0;
        for (size_t k = 0; k < size; k++) given[k] = cases[i].given[k] - '0';
        tokenizer_ids ids = {0};
        assert_true(tokenizer_encode_marked(t, cases[i].text, given, size, TOKENIZER_PARSE_SPECIAL, &ids, &st));
        for (int64_t k = 0; k < ids.count; k++) found += ids.id[k] == 4;
        assert_int_equal(found, cases[i].special);
        assert_int_equal(ids.count, (int64_t)size - 2 * found); /* three bytes or one token */
        tokenizer_ids_free(&ids);
        tokenizer_free(t);
    }
}

static void test_folder(void **state)
{
    (void)state;
    char folder[] = "/tmp/aigc-test-XXXXXX";
    assert_non_null(mkdtemp(folder));
    status st = {0};
    assert_null(tokenizer_open_folder(folder, &st));
    assert_non_null(strstr(st.msg, "neither tokenizer.json nor vocab.json"));
    put(folder, "tokenizer.json",
        "{\"added_tokens\":[{\"id\":1,\"content\":\"<b>\",\"special\":true},{\"id\":2,\"content\":\"<e>\",\"special\":"
        "true},"
        "{\"id\":3,\"content\":\"<|im_end|>\",\"special\":true}]," MODEL("\"a\":0", "") "}");
    put(folder, "tokenizer_config.json",
        "{\"bos_token\":{\"content\":\"<b>\"},\"eos_token\":\"<e>\",\"chat_template\":[{\"name\":\"tool\",\"template\":"
        "\"T\"},"
        "{\"name\":\"default\",\"template\":\"D\"}]}");
    put(folder, "generation_config.json", "{\"eos_token_id\":[2,0],\"pad_token_id\":1}");
    st = (status){0};
    tokenizer *t = tokenizer_open_folder(folder, &st);
    if (!t) fail_msg("%s", st.msg);
    tokenizer_special s = tokenizer_special_ids(t);
    assert_int_equal(s.bos, 1);
    assert_int_equal(s.eos, 2);
    assert_int_equal(s.eot, 3);
    assert_int_equal(s.pad, 1);
    assert_int_equal(s.unk, -1);
    assert_true(tokenizer_is_end(t, 2) && tokenizer_is_end(t, 0) && tokenizer_is_end(t, 3) && !tokenizer_is_end(t, 1));
    assert_true(tokenizer_is_special(t, 1) && !tokenizer_is_special(t, 0) && !tokenizer_is_special(t, 99));
    assert_string_equal(tokenizer_chat_template(t, "default"), "D");
    assert_string_equal(tokenizer_chat_template(t, "tool"), "T");
    assert_null(tokenizer_chat_template(t, "none"));
    assert_int_equal(tokenizer_find(t, "<|im_end|>", 10), 3);
    assert_int_equal(tokenizer_find(t, "zz", 2), -1);
    tokenizer_decoder d = {0};
    tokenizer_bytes bytes = {0};
    assert_false(tokenizer_decode(t, &d, (int32_t[]){4}, 1, &bytes, &st));
    assert_int_equal(st.code, STATUS_FAIL);
    tokenizer_bytes_free(&bytes);
    tokenizer_free(t);
    put(folder, "tokenizer_config.json", "{");
    st = (status){0};
    assert_null(tokenizer_open_folder(folder, &st));
    assert_non_null(strstr(st.msg, "tokenizer_config.json: no valid JSON"));
    static const char *const files[] = {"tokenizer.json", "tokenizer_config.json", "generation_config.json"};
    for (int i = 0; i < 3; i++) {
        char *path = file_join(folder, files[i], &st);
        unlink(path);
        alloc_free(path);
    }
    assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hostile_json), cmocka_unit_test(test_hostile_regex), cmocka_unit_test(test_cut_anywhere),
        cmocka_unit_test(test_any_bytes),    cmocka_unit_test(test_long_pieces),   cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_folder), cmocka_unit_test(test_marks_typed_normal), cmocka_unit_test(test_flags_in_gguf), cmocka_unit_test(test_limit), cmocka_unit_test(test_marked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
