/* Every reader on the worst inputs known, at n and at 4 n bytes: time and memory may grow as n log n, not faster. Time is the
 * thread's own, the least of several tries, and a slow answer is asked again, so that a busy machine does not fail. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#include "audio/lexicon.h"
#include "audio/kokoro_voice.h"
#include "audio/normalize.h"
#include "audio/piper.h"
#include "audio/segment.h"
#include "audio/ssml.h"
#include "audio/token.h"
#include "provenance/filter.h"
#include "provenance/provenance.h"
#include "job/table.h"
#include "core/alloc.h"
#include "core/arena.h"
#include "core/file.h"
#include "core/json.h"
#include "core/text_out.h"
#include "core/weights.h"
#include "text/constraint_source.h"
#include "text/jinja.h"
#include "text/encoder_prompt.h"
#include "text/tokenizer.h"
#include "write/prose.h"
#include "write/schema.h"

#define TOKENIZERS SOURCE_DIR "/tests/golden/tokenizer/"

/* Four times the input: 4 is linear, 4.8 is n log n at these sizes, 16 is n². */
static const double MOST_TIMES = 9, NO_TIME = 0.02;
static const size_t NO_MEMORY = 8 << 20;

typedef void (*reader)(void *thing, const char *data, size_t size);

typedef struct {
    double seconds;
    uint64_t bytes; /* the most that was in use beside what was before */
} cost;

static double thread_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static cost measure(reader read, void *thing, const char *data, size_t size)
{
    uint64_t before = alloc_in_use();
    alloc_reset_peak();
    double begin = thread_seconds();
    read(thing, data, size);
    cost c = {.seconds = thread_seconds() - begin, .bytes = alloc_peak() - before};
    assert_int_equal(alloc_in_use(), before);
    return c;
}

/* Inputs of n and 4 n bytes, made by make. */
static void grows_well(const char *what, reader read, void *thing, char *(*make)(const char *piece, size_t n, size_t *size), const char *piece, size_t n)
{
    size_t small, large;
    char *a = make(piece, n, &small), *b = make(piece, 4 * n, &large);
    cost first = measure(read, thing, a, small), second = measure(read, thing, b, large);
    for (int i = 0; i < 6 && second.seconds > NO_TIME && second.seconds > MOST_TIMES * first.seconds; i++) {
        cost x = measure(read, thing, a, small), y = measure(read, thing, b, large);
        if (x.seconds > first.seconds && i > 2) first.seconds = x.seconds; /* too short to be measured well */
        if (y.seconds < second.seconds) second.seconds = y.seconds;
    }
    alloc_free(a);
    alloc_free(b);
    if (second.seconds > NO_TIME && second.seconds > MOST_TIMES * first.seconds)
        fail_msg("%s of '%.20s': %.4f s for %zu bytes, %.4f s for %zu", what, piece, first.seconds, small, second.seconds, large);
    if (second.bytes > NO_MEMORY && second.bytes > MOST_TIMES * first.bytes)
        fail_msg("%s of '%.20s': %llu bytes for %zu, %llu for %zu", what, piece, (unsigned long long)first.bytes, small, (unsigned long long)second.bytes, large);
}

/* ---- inputs ---- */

static char *new_text(size_t size)
{
    status st = {0};
    char *text = alloc_array(size + 1, 1, &st);
    assert_non_null(text);
    text[size] = 0;
    return text;
}

/* The piece again and again. */
static char *repeated(const char *piece, size_t n, size_t *size)
{
    size_t each = strlen(piece);
    *size = n / each * each;
    char *text = new_text(*size);
    for (size_t i = 0; i < *size; i++) text[i] = piece[i % each];
    return text;
}

/* A letter and then the piece again and again. */
static char *behind_a_letter(const char *piece, size_t n, size_t *size)
{
    size_t rest;
    char *marks = repeated(piece, n, &rest), *text = new_text(rest + 1);
    text[0] = 'a';
    memcpy(text + 1, marks, rest);
    alloc_free(marks);
    *size = rest + 1;
    return text;
}

static void run_all(const char *what, reader read, void *thing, const char *const *pieces, size_t count, size_t n)
{
    for (size_t i = 0; i < count; i++) grows_well(what, read, thing, repeated, pieces[i], n);
}
#define COUNT(x) (sizeof(x) / sizeof *(x))

/* ---- tokenizers ---- */

static void encode(void *thing, const char *data, size_t size)
{
    status st = {0};
    tokenizer_ids ids = {0};
    if (!tokenizer_encode(thing, data, size, TOKENIZER_PARSE_SPECIAL, &ids, &st)) fail_msg("%s", st.msg);
    tokenizer_ids_free(&ids);
}

static void test_tokenizers(void **state)
{
    (void)state;
    static const char *const files[] = {"qwen2.json", "llama2.json", "llama3.json", "smollm.json", "clip.json"};
    static const char *const pieces[] = {"a", " ", "\n", "ab", "0", "\xCC\x81\xCC\xA3", "\xE2\x96\x81", "\xF0\x9F\x98\x80", "\xFF", "\xE2", "a\xFF", "<|im_end|>",
                                         "<|", " \n", "A", "'s", "\xE4\xB8\xAD", "\t \xC2\xA0", "\xEF\xB7\xBA", "!"};
    for (size_t i = 0; i < COUNT(files); i++) {
        status st = {0};
        char path[512];
        size_t size;
        snprintf(path, sizeof path, TOKENIZERS "%s", files[i]);
        char *json = file_read(path, 64 << 20, &size, &st);
        tokenizer *t = json ? tokenizer_open_json(json, size, path, &st) : NULL;
        if (!t) fail_msg("%s", st.msg);
        run_all(files[i], encode, t, pieces, COUNT(pieces), 60000);
        grows_well(files[i], encode, t, behind_a_letter, "\xCC\x81\xCC\xA3", 60000);
        tokenizer_free(t);
        alloc_free(json);
    }
}

/* A tokenizer file with the given normalizer and pre-tokenizer. */
static tokenizer *small_tokenizer(const char *normalizer, const char *pre)
{
    status st = {0};
    text_out json = {.st = &st};
    text_out_format(&json, "{\"normalizer\": %s, \"pre_tokenizer\": %s, \"model\": {\"type\": \"BPE\", \"unk_token\": \"a\", \"vocab\": {\"a\": 0, \"b\": 1, \"aa\": 2, "
                           "\"aaaa\": 3}, \"merges\": [\"a a\", \"aa aa\"]}}", normalizer, pre);
    tokenizer *t = tokenizer_open_json(json.data, json.size, "small", &st);
    if (!t) fail_msg("%s", st.msg);
    text_out_free(&json);
    return t;
}

static const char *encode_error(const tokenizer *t, const char *text, size_t size, status *st)
{
    tokenizer_ids ids = {0};
    *st = (status){0};
    bool ok = tokenizer_encode(t, text, size, 0, &ids, st);
    tokenizer_ids_free(&ids);
    return ok ? "" : st->msg;
}

static void test_steps_that_multiply(void **state)
{
    (void)state;
    status st = {0};
    text_out steps = {.st = &st};
    text_out_add(&steps, "{\"type\": \"Sequence\", \"normalizers\": [");
    for (int i = 0; i < 16; i++) text_out_format(&steps, "%s{\"type\": \"Replace\", \"pattern\": {\"String\": \"a\"}, \"content\": \"aaaaaaaa\"}", i ? ", " : "");
    text_out_add(&steps, "]}");
    tokenizer *t = small_tokenizer(steps.data, "null");
    uint64_t before = alloc_in_use();
    alloc_reset_peak();
    assert_non_null(strstr(encode_error(t, "a", 1, &st), "steps add more than"));
    assert_int_equal(st.code, STATUS_INPUT);
    assert_true(alloc_peak() - before < 4 << 20);
    tokenizer_free(t);
    text_out_free(&steps);
    t = small_tokenizer("null", "{\"type\": \"Sequence\", \"pretokenizers\": [{\"type\": \"Metaspace\", \"replacement\": \"        \"}, {\"type\": \"Metaspace\", "
                                "\"replacement\": \"        \"}, {\"type\": \"Metaspace\", \"replacement\": \"        \"}, {\"type\": \"Metaspace\", \"replacement\": \"        \"}, "
                                "{\"type\": \"Metaspace\", \"replacement\": \"        \"}, {\"type\": \"Metaspace\", \"replacement\": \"        \"}]}");
    assert_non_null(strstr(encode_error(t, " ", 1, &st), "steps add more than"));
    tokenizer_free(t);
    t = small_tokenizer("{\"type\": \"Replace\", \"pattern\": {\"String\": \"b\"}, \"content\": \"aa\"}", "null"); /* a sound one stays sound */
    assert_string_equal(encode_error(t, "bbbbbbbb", 8, &st), "");
    tokenizer_free(t);
}

static void test_regular_expressions(void **state)
{
    (void)state;
    static const char *const expressions[] = {"(a+)+b", "a*a*a*a*b|c", "[\\\\s\\\\S]*x"};
    size_t size;
    char *text = repeated("a", 200000, &size);
    for (size_t i = 0; i < COUNT(expressions); i++) {
        status st;
        char pre[200];
        snprintf(pre, sizeof pre, "{\"type\": \"Split\", \"pattern\": {\"Regex\": \"%s\"}, \"behavior\": \"Isolated\"}", expressions[i]);
        tokenizer *t = small_tokenizer("null", pre);
        double begin = thread_seconds();
        encode_error(t, text, size, &st);
        if (!status_ok(&st)) assert_int_equal(st.code, STATUS_INPUT);
        assert_true(thread_seconds() - begin < 20); /* 200 KB may take 2 s and a last search */
        tokenizer_free(t);
    }
    alloc_free(text);
}

/* ---- pictures, sounds and texts that tell of themselves ---- */

static void tell(void *thing, const char *data, size_t size)
{
    (void)thing;
    status st = {0};
    json_decref(provenance_read_bytes(data, size, &st));
}

static void put_big(unsigned char *p, size_t value)
{
    for (int i = 0; i < 4; i++) p[i] = (unsigned char)(value >> (24 - 8 * i));
}

/* A PNG whose one chunk of that kind has n bytes. */
static char *png_with(const char *kind, const void *data, size_t n, size_t *size)
{
    unsigned char *p = (unsigned char *)new_text(*size = 8 + 12 + n + 12);
    memset(p, 0, *size);
    memcpy(p, "\x89PNG\r\n\x1A\n", 8);
    put_big(p + 8, n);
    memcpy(p + 12, kind, 4);
    memcpy(p + 16, data, n);
    memcpy(p + 16 + n + 8, "IEND", 4);
    return (char *)p;
}

/* EXIF: an outer folder whose entries all do what piece[0] says: 'f' point at a folder with as many entries, 's' at one text
 * of nearly the whole, 'u' at a comment in UTF-16 of nearly the whole. */
static char *exif_picture(const char *piece, size_t n, size_t *size)
{
    char *data = new_text(n);
    memset(data, 0x41, n);
    memcpy(data, "MM\0\x2A\0\0\0\x08", 8);
    size_t entries = (n - 10) / 12;
    if (entries > 65535) entries = 65535;
    data[8] = (char)(entries >> 8), data[9] = (char)entries;
    for (size_t i = 0; i < entries; i++) {
        unsigned char *e = (unsigned char *)data + 10 + 12 * i;
        unsigned tag = *piece == 'f' ? 0x8769 : *piece == 's' ? 0x0131 : 0x9286, type = *piece == 'f' ? 4 : *piece == 's' ? 2 : 7;
        e[0] = (unsigned char)(tag >> 8), e[1] = (unsigned char)tag, e[2] = 0, e[3] = (unsigned char)type;
        put_big(e + 4, *piece == 'f' ? 1 : n - 16);
        put_big(e + 8, *piece == 'f' ? 8 : 10);
    }
    if (*piece == 'u') memcpy(data + 10, "UNICODE", 8);
    char *picture = png_with("eXIf", data, n, size);
    alloc_free(data);
    return picture;
}

/* PNG chunks of text, the compressed of them 1,000 times as large again. */
static char *text_chunks(const char *piece, size_t n, size_t *size)
{
    static char zeros[4 << 20];
    char chunk[8192] = "k";
    size_t used = 2;
    memset(zeros, 'x', sizeof zeros);
    if (*piece == 'z') {
        uLongf room = sizeof chunk - 3;
        chunk[2] = 0;
        assert_int_equal(compress((Bytef *)chunk + 3, &room, (const Bytef *)zeros, sizeof zeros), Z_OK);
        used = 3 + room;
    }
    size_t count = n / (used + 12);
    unsigned char *p = (unsigned char *)new_text(*size = 8 + count * (used + 12) + 12), *at = p + 8;
    memset(p, 0, *size);
    memcpy(p, "\x89PNG\r\n\x1A\n", 8);
    for (size_t i = 0; i < count; i++, at += used + 12) {
        put_big(at, used);
        memcpy(at + 4, *piece == 'z' ? "zTXt" : "tEXt", 4);
        memcpy(at + 8, chunk, used);
    }
    memcpy(at + 4, "IEND", 4);
    return (char *)p;
}

static char *xmp_picture(const char *piece, size_t n, size_t *size)
{
    size_t rest;
    char *inside = repeated(piece, n, &rest);
    status st = {0};
    text_out t = {.st = &st};
    text_out_bytes(&t, "XML:com.adobe.xmp\0\0\0\0\0", 22);
    text_out_add(&t, "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\">");
    text_out_bytes(&t, inside, rest);
    char *picture = png_with("iTXt", t.data, t.size, size);
    text_out_free(&t);
    alloc_free(inside);
    return picture;
}

/* AUTOMATIC1111's settings. */
static char *parameters_picture(const char *piece, size_t n, size_t *size)
{
    size_t rest;
    char *inside = repeated(piece, n, &rest);
    status st = {0};
    text_out t = {.st = &st};
    text_out_bytes(&t, "parameters\0a\nSteps: 1, ", 23);
    text_out_bytes(&t, inside, rest);
    char *picture = png_with("tEXt", t.data, t.size, size);
    text_out_free(&t);
    alloc_free(inside);
    return picture;
}

static char *with_front(const char *front, size_t front_size, const char *piece, size_t n, size_t *size)
{
    size_t rest;
    char *tail = repeated(piece, n, &rest), *all = new_text(front_size + rest);
    memcpy(all, front, front_size);
    memcpy(all + front_size, tail, rest);
    alloc_free(tail);
    *size = front_size + rest;
    return all;
}

static char *front_matter(const char *piece, size_t n, size_t *size) { return with_front("---\nAIGC:\n", 10, piece, n, size); }
static char *json_text(const char *piece, size_t n, size_t *size) { return with_front("{\"origin\": ", 11, piece, n, size); }
static char *jpeg_file(const char *piece, size_t n, size_t *size) { return with_front("\xFF\xD8", 2, piece, n, size); }

static void test_provenance(void **state)
{
    (void)state;
    grows_well("EXIF folders", tell, NULL, exif_picture, "folders", 300000);
    grows_well("EXIF texts", tell, NULL, exif_picture, "software", 300000);
    grows_well("EXIF comments", tell, NULL, exif_picture, "user", 300000);
    grows_well("PNG texts", tell, NULL, text_chunks, "text", 300000);
    grows_well("PNG compressed texts", tell, NULL, text_chunks, "z", 2 << 20);
    static const char *const xml[] = {"<a>", "<a b='c'/>", "&lt;", "<a xmlns='b'>", "x", "<a:b xmlns:a='c'/>", "<!-- -->", "<a"};
    for (size_t i = 0; i < COUNT(xml); i++) grows_well("XMP", tell, NULL, xmp_picture, xml[i], 200000);
    static const char *const settings[] = {"a: b, ", "a: \"", "Steps: 1, ", "\n", "Negative prompt: a\n", ", ", "a: \"b\", ", "\nSteps: ", "(", "<lora:a:1>"};
    for (size_t i = 0; i < COUNT(settings); i++) grows_well("parameters", tell, NULL, parameters_picture, settings[i], 200000);
    static const char *const lines[] = {" a: b\n", " a", "origin: {}\n", " a: \"\\\"\n", "\n", ":"};
    for (size_t i = 0; i < COUNT(lines); i++) grows_well("front matter", tell, NULL, front_matter, lines[i], 200000);
    static const char *const json[] = {"[", "{\"a\":", "\"", "[1,", "1", "\"origin\":", " "};
    for (size_t i = 0; i < COUNT(json); i++) grows_well("a sidecar", tell, NULL, json_text, json[i], 200000);
    grows_well("JPEG comments", tell, NULL, jpeg_file, "\xFF\xFE\x01\x04" "abcd", 200000);
    grows_well("JPEG fill bytes", tell, NULL, jpeg_file, "\xFF", 200000);
}

/* ---- model files ---- */

static void open_weights(void *thing, const char *data, size_t size)
{
    (void)thing;
    status st = {0};
    weights_close(weights_open_bytes(data, size, "growth", &st));
}

/* A GGUF of n bytes with as many keys, or tensors, as that makes. */
static char *gguf_file(const char *piece, size_t n, size_t *size)
{
    bool keys = *piece == 'k';
    size_t each = keys ? 8 + 8 + 4 + 1 : 8 + 8 + 4 + 8 + 4 + 8;
    uint64_t count = n / each;
    char *p = new_text(*size = 24 + count * each + 64 + count * 32), *at = p + 24;
    memset(p, 0, *size);
    memcpy(p, "GGUF\3", 5);
    memcpy(p + (keys ? 16 : 8), &count, 8);
    for (uint64_t i = 0; i < count; i++, at += each) {
        snprintf(at + 8, 9, "%08x", (unsigned)i);
        at[0] = 8;
        memset(at + 16, 0, each - 16);
        if (keys) continue; /* type u8 */
        uint64_t offset = i * 32;
        at[16] = 1, at[20] = 1; /* one dimension of 1, f32 */
        memcpy(at + 32, &offset, 8);
    }
    return p;
}

static char *safetensors_file(const char *piece, size_t n, size_t *size)
{
    size_t rest;
    char *inside = repeated(piece, n, &rest), *p = new_text(*size = 9 + rest);
    uint64_t header = rest + 1;
    memcpy(p, &header, 8);
    p[8] = '{';
    memcpy(p + 9, inside, rest);
    alloc_free(inside);
    return p;
}

static char *safetensors_tensors(const char *piece, size_t n, size_t *size)
{
    status st = {0};
    (void)piece;
    text_out t = {.st = &st};
    text_out_bytes(&t, "\0\0\0\0\0\0\0\0{", 9);
    for (size_t i = 0; t.size < n; i++) text_out_format(&t, "%s\"t%zu\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}", i ? "," : "", i);
    text_out_add(&t, "}");
    uint64_t header = t.size - 8;
    memcpy(t.data, &header, 8);
    *size = t.size;
    return t.data;
}

static char *onnx_file(const char *piece, size_t n, size_t *size) { return with_front("\x08\x08", 2, piece, n, size); }

static void parse_json(void *thing, const char *data, size_t size)
{
    (void)thing;
    json_error_t error;
    json_decref(json_parse(data, size, 0, &error));
}

static char *json_keys(const char *piece, size_t n, size_t *size)
{
    status st = {0};
    text_out t = {.st = &st};
    text_out_add(&t, "{");
    for (size_t i = 0; t.size < n; i++) text_out_format(&t, "%s\"%s%zu\":%zu", i ? "," : "", piece, i, i);
    text_out_add(&t, "}");
    *size = t.size;
    return t.data;
}

static void open_vocabulary(void *thing, const char *data, size_t size)
{
    (void)thing;
    status st = {0};
    tokenizer_free(tokenizer_open_merges(data, size, "", 0, "gpt-2", "growth", &st));
}

static void test_model_files(void **state)
{
    (void)state;
    grows_well("GGUF keys", open_weights, NULL, gguf_file, "keys", 400000);
    grows_well("GGUF tensors", open_weights, NULL, gguf_file, "tensors", 400000);
    grows_well("safetensors' tensors", open_weights, NULL, safetensors_tensors, "", 400000);
    static const char *const headers[] = {"\"a\":", "[", "\"a\":{", "\"", "\\", " ", "\"__metadata__\":{\"a\":\"b\"},"};
    for (size_t i = 0; i < COUNT(headers); i++) grows_well("a safetensors header", open_weights, NULL, safetensors_file, headers[i], 400000);
    static const char *const messages[] = {"\x3A\x02\x0A", "\x3A\x04\x0A\x02\x0A", "\x08\x08", "\x42\x02\x10\x07", "\x72\x04\x0A\x02" "ab"};
    for (size_t i = 0; i < COUNT(messages); i++) grows_well("an ONNX file", open_weights, NULL, onnx_file, messages[i], 200000);
    static const char *const values[] = {"[", "{\"a\":", "[1,", "\"a", "\\u0041", "1", " "};
    run_all("JSON", parse_json, NULL, values, COUNT(values), 200000);
    grows_well("JSON keys", parse_json, NULL, json_keys, "key", 300000);
    grows_well("a vocabulary", open_vocabulary, NULL, json_keys, "t", 300000);
}

/* ---- what answers must be ---- */

static void read_source(void *thing, const char *data, size_t size)
{
    status st = {0};
    automaton_free(constraint_source_read(&(constraint_source){.kind = *(const answer_kind *)thing, .where = "growth", .text = data, .size = size}, &(constraint_thoughts){0}, NULL, &st));
}

static char *grammar_text(const char *piece, size_t n, size_t *size) { return with_front("root ::= ", 9, piece, n, size); }
static char *rule_chain(const char *piece, size_t n, size_t *size)
{
    status st = {0};
    text_out t = {.st = &st};
    text_out_add(&t, "root ::= r0\n");
    for (size_t i = 0; t.size < n; i++) text_out_format(&t, "r%zu ::= \"x\" %s r%zu | \"y\"\n", i, piece, i + 1);
    *size = t.size;
    return t.data;
}

/* {"front": [piece0, piece1, …]} or with names. */
static char *schema_list(const char *piece, size_t n, size_t *size)
{
    status st = {0};
    text_out t = {.st = &st};
    bool names = *piece == ':';
    text_out_format(&t, names ? "{\"properties\": {" : "{\"%s\": [", *piece == 'e' ? "enum" : "anyOf");
    for (size_t i = 0; t.size < n; i++)
        if (names) text_out_format(&t, "%s\"n%zu\": {\"type\": \"integer\"}", i ? ", " : "", i);
        else if (*piece == 'e') text_out_format(&t, "%s\"value %zu\"", i ? ", " : "", i * 7919);
        else text_out_format(&t, "%s{\"const\": \"%zu\"}", i ? ", " : "", i);
    text_out_add(&t, names ? "}}" : "]}");
    *size = t.size;
    return t.data;
}

static void test_answers(void **state)
{
    (void)state;
    answer_kind gbnf = ANSWER_GRAMMAR, regex = ANSWER_REGEX, by_schema = ANSWER_SCHEMA;
    static const char *const items[] = {"\"ab\" ", "[a-z] ", "\"a\"? ", "\"a\"* ", "( ", "\"a\" | ", "[a", "\\", "# ", "\n", "a", "(\"a\")", "{2,3}", "\"a\"{9} ", "\"a\"{900}", "r ", ". ", "[^a] "};
    for (size_t i = 0; i < COUNT(items); i++) grows_well("a grammar", read_source, &gbnf, grammar_text, items[i], 40000);
    grows_well("a grammar's rules", read_source, &gbnf, rule_chain, "", 100000);
    grows_well("a grammar's rules", read_source, &gbnf, rule_chain, "[a-z]{1,9}", 100000);
    static const char *const patterns[] = {"a", "a?", "a*", "(a|b)", "(a|b)*a", "[a-z]", "\\d", "(", "a{9}", "a{900}", "|", "a|", "\\u00e9", ".", ".*", "[", "(a?)*", "^"};
    run_all("a pattern", read_source, &regex, patterns, COUNT(patterns), 40000);
    static const char *const schemas[] = {"{\"properties\": {\"a\": ", "[", "{\"allOf\": [", "{\"anyOf\": [{}, ", "{\"items\": "};
    run_all("a schema", read_source, &by_schema, schemas, COUNT(schemas), 40000);
    grows_well("a schema's enum", read_source, &by_schema, schema_list, "e", 100000);
    grows_well("a schema's names", read_source, &by_schema, schema_list, ":", 30000);
    grows_well("a schema's branches", read_source, &by_schema, schema_list, "b", 40000);
}

/* ---- what people write ---- */

static void parse_mixture(void *thing, const char *data, size_t size)
{
    (void)thing;
    status st = {0};
    char *text = alloc_string(data, size, &st);
    kokoro_voice_is_name(text);
    alloc_free(text);
}

static void parse_ssml(void *thing, const char *data, size_t size)
{
    (void)thing;
    status st = {0};
    ssml_document d;
    arena *mem = arena_new(&st);
    ssml_parse(&d, data, size, mem, &st);
    arena_free(mem);
}

static char *ssml_text(const char *piece, size_t n, size_t *size) { return with_front("<speak>", 7, piece, n, size); }

static void say(void *thing, const char *data, size_t size)
{
    (void)thing;
    status st = {0};
    size_t at = 0;
    for (segment s; segment_next(data, size, &at, &s);) {
        arena *mem = arena_new(&st);
        mapped_text in = mapped_text_new(mem, &st);
        for (size_t i = s.from; i < s.to; i++) mapped_text_add(&in, data + i, 1, (uint32_t)i, (uint32_t)i + 1);
        normalize_text(&in, &(normalize_options){0});
        arena_free(mem);
    }
}

static void say_as(void *thing, const char *data, size_t size)
{
    status st = {0};
    arena *mem = arena_new(&st);
    mapped_text in = mapped_text_new(mem, &st);
    for (size_t i = 0; i < size; i++) mapped_text_add(&in, data + i, 1, (uint32_t)i, (uint32_t)i + 1);
    normalize_say_as(&in, thing);
    arena_free(mem);
}

static void parse_prompt(void *thing, const char *data, size_t size)
{
    (void)thing, (void)size;
    status st = {0};
    int count;
    arena *mem = arena_new(&st);
    encoder_prompt_parse(mem, data, &count, &st);
    arena_free(mem);
}

static void read_template(void *thing, const char *data, size_t size)
{
    (void)thing;
    status st = {0};
    jinja_free(jinja_parse(data, size, "template", &st));
}

static void test_texts(void **state)
{
    (void)state;
    static const char *const marks[] = {"<s>", "<break/>", "<break time='1s'/>x", "<say-as interpret-as='digits'>1</say-as>", "&amp;", "<p>x</p>",
                                        "<sub alias='b'>a</sub>", "<phoneme ph='a'>b</phoneme>", "<prosody rate='slow'>a</prosody>", "x", "<desc>"};
    for (size_t i = 0; i < COUNT(marks); i++) grows_well("SSML", parse_ssml, NULL, ssml_text, marks[i], 100000);
    static const char *const voices[] = {"af_heart+", "af_heart:1+", "af_", "a", ":1", "af_heart:0.0000001"};
    run_all("a mixture of voices", parse_mixture, NULL, voices, COUNT(voices), 400000);
    static const char *const words[] = {"1", "1/", "$", "a.", "1,", "(", "-", "&", "http://a", "@a", "#", "I", "'", "1:", "a ", " ", ".", "\n", "1 ", "\xC2\xA0", "1st ", "IV ",
                                        "\xE2\x82\xAC" "1 ", "a-", "1.5e9 ", "%", "x^2 ", "\xCC\x81", "\xFF", "A.B.", "555-1234 ", "1/2 "};
    run_all("speech", say, NULL, words, COUNT(words), 40000);
    static const char *const kinds[] = {"characters", "spell-out", "verbatim", "digits", "telephone", "digit", "ordinal", "year", "cardinal", "number", "integer"};
    static const char *const contents[] = {"1", "1 ", ".1", "1.", "1,", "1,234", "1 234", "1.299,00", ".", "a", "\xC3\xA9", " ", "\xFF", "-1"};
    for (size_t i = 0; i < COUNT(kinds); i++) run_all(kinds[i], say_as, (void *)(uintptr_t)kinds[i], contents, COUNT(contents), 30000);
    static const char *const weights_[] = {"(", "[", "(a", "(a:1.1)", ":1", "\\(", ")", "[a]", "a,", "(a:", "((a))"};
    run_all("a prompt's weights", parse_prompt, NULL, weights_, COUNT(weights_), 200000);
    static const char *const programs[] = {"<|im_start|>system\n", "{{ a }}", "{{ 'a' }}", "{% set a = 1 %}", "{# a #}", "{{", "{%", "{{ a -}} ", "\n  {%- if a %}{% endif %}", "{% raw %}a{% endraw %}"};
    run_all("a chat template", read_template, NULL, programs, COUNT(programs), 400000);
}

/* ---- what a chat template does with a text ---- */

/* Every method of strings, every filter and every test, on the text s; with ! before it: it may be refused. */
static const char *const USES[] = {
    "s.upper()", "s.lower()", "s.strip()", "s.lstrip()", "s.rstrip()", "!s.strip(s)", "s.strip('abc')", "s.split()", "s.split('a')", "s.split(s[1:])", "s.split(h ~ 'b')", "s.rsplit()", "s.rsplit('a')",
    "s.rsplit(s[1:])", "s.rsplit(h ~ 'b')", "s.rsplit('b' ~ h)", "s.rsplit(h)", "s.splitlines()", "s.splitlines(true)", "s.startswith(s)", "s.startswith((s, h))", "s.endswith(s)", "s.endswith(h)", "s.replace('a', 'b')", "s.replace(h ~ 'b', '')",
    "s.replace('', '-')", "s.title()", "s.capitalize()", "s.find('z')", "s.find(h ~ 'b')", "s.rfind('z')", "s.rfind(h ~ 'b')", "s.rfind('b' ~ h)", "s.rfind(h)", "s.index(h)", "s.rindex(h)", "s.count('a')", "s.count(h)", "s.count(h ~ 'b')", "s.count('')",
    "s.join(['a', 'b'])", "'-'.join(s)", "!s.format(1)", "'{}'.format(s)", "!('{' ~ s ~ '}').format(1)", "!('{}' ~ s).format(1)", "s.isdigit()", "s.isdecimal()", "s.isnumeric()", "s.isalpha()", "s.isalnum()", "s.isspace()", "s.isupper()", "s.islower()", "s.zfill(5)",
    "s.zfill(n + 5)", "s.ljust(n + 5)", "s.rjust(n + 5)", "s.center(n + 5)", "s.removeprefix(s)", "s.removeprefix(h ~ 'b')", "s.removesuffix(s)", "s.removesuffix(h)", "s.swapcase()", "s.partition('z')", "s.partition(h ~ 'b')", "s.rpartition('z')",
    "s.rpartition(h ~ 'b')", "s.rpartition('b' ~ h)", "s.rpartition(h)", "(s | list).index(s[-1:])", "(s | list).count('a')", "(s | list).copy()", "{'a': s}.get(s)", "{s: 1}.get(s ~ '')", "{s: s}.items()", "{s: 1}.keys()", "{s: 1}.values()", "{s: 1}.copy()",
    "s | upper", "s | lower", "s | capitalize", "s | title", "s | trim", "!s | trim(s)", "s | replace('a', 'b')", "s | replace(h ~ 'b', '')", "s | indent", "s | indent(h)", "s | center(n + 5)", "s | string", "s | safe", "s | escape", "s | e", "s | wordcount", "!s | format(1)",
    "'%s' | format(s)", "!('%' ~ s) % 1", "'%r' % s", "s | int", "s | float", "!s | abs", "!s | round", "s | default('a')", "s | d('a')", "{s: 1} | attr(s)", "s | attr(s)", "s[s]", "{s: 1}[s ~ '']", "s | length", "(s ~ '') | length",
    "(s | trim) | length", "s | count", "s | tojson", "s | tojson(ensure_ascii=true)", "[s] | tojson(indent=2)", "{s: 1} | tojson(sort_keys=true)", "{s: 1, h: 2} | tojson(sort_keys=true)", "s | first", "s | last", "s | min", "s | max", "!s | sum", "[s, h, s] | max", "s | join('-')",
    "![{'a': 1}] | join('-', attribute=s)", "s | list", "{s: 1} | items | list", "s | reverse", "(s | list) | reverse | list", "!s | sort", "[s, h, s ~ 'b', s] | sort(case_sensitive=true)", "![{'a': 1}] | sort(attribute=s ~ ',')", "{s: 1, h: 2} | dictsort", "s | unique | list",
    "s | batch(3) | list", "s | map('upper') | list", "[s, h] | map('lower') | list", "!s | map(s) | list", "![{'a': 1}] | map(attribute=s) | list", "s | select | list", "s | reject('upper') | list", "!s | select(s) | list", "[{'a': s}] | selectattr('a', 'upper') | list",
    "[{'a': s}] | rejectattr('a', 'eq', s) | list", "![{'a': s}] | selectattr(s) | list", "s is defined", "s is undefined", "s is none", "s is boolean", "s is true", "s is false", "s is integer", "s is float", "s is number", "s is string", "s is mapping", "s is sequence",
    "s is iterable", "s is callable", "!s is odd", "!s is even", "s is lower", "s is upper", "!s is filter", "!s is test", "s is escaped", "!s is divisibleby(2)", "!s is sameas(s)", "s is eq(s ~ '')", "s is equalto(s ~ '')", "s is ne(s ~ '')", "s is lt(s ~ '')", "s is lessthan(s ~ 'b')",
    "s is le(s ~ '')", "s is gt(s ~ '')", "s is greaterthan(s ~ '')", "s is ge(s ~ '')", "s is in(s ~ '')", "s == s ~ ''", "s != s ~ ''", "s < s ~ ''", "s <= s ~ ''", "s > s ~ ''", "s >= s ~ ''", "h ~ 'b' in s", "s[-1]", "s[1:]", "s[::-1]", "s[::2]", "s ~ s", "s + s", "s * 2", "!s % 1",
    "[s, s] == [s ~ '', s ~ '']", "[s] < [s ~ '']", "{s: s} == {s ~ '': s ~ ''}", "[s] | string", "s.__len__", "s and h", "dict({s: 1})", "namespace(a=s)", "!strftime_now(s)", "!raise_exception(s)", "!range(s)", "dict(**{s: s})",
};

typedef struct {
    jinja *t;
    const char *use;
    bool fails; /* it may */
} use_of_text;

static void use_text(void *thing, const char *data, size_t size)
{
    const use_of_text *u = thing;
    status st = {0};
    json_t *text = json_stringn_nocheck(data, size);
    jinja_variable s = {"given", text, JINJA_GIVEN, NULL};
    jinja_output out = {0};
    if (!jinja_run(u->t, &(jinja_input){&s, 1, 0}, &out, &st) && !u->fails) fail_msg("%s: %s", u->use, st.msg);
    jinja_output_free(&out);
    json_decref(text);
}

/* The names in a table of jinja's: between from and to, each in the quotes that `open` begins, or a word of it. */
static void each_is_used(const char *file, const char *from, const char *to, const char *open, const char *close)
{
    status st = {0};
    char path[512];
    size_t size, names = 0;
    snprintf(path, sizeof path, SOURCE_DIR "/text/%s", file);
    char *text = file_read(path, 1 << 20, &size, &st), *at = text ? strstr(text, from) : NULL, *end = at ? strstr(at, to) : NULL;
    if (!end) fail_msg("%s: no %s", file, from);
    while ((at = strstr(at, open)) && at < end) {
        size_t length = strcspn(at += strlen(open), "\"");
        for (const char *stop = at + length, *word = at; word < stop; word += strcspn(word, " \"") + 1) {
            int n = (int)strcspn(word, " \"");
            bool used = n == 0 || !strspn(word, "abcdefghijklmnopqrstuvwxyz");
            char call[3][64];
            snprintf(call[0], 64, ".%.*s(", n, word);
            snprintf(call[1], 64, "| %.*s", n, word);
            snprintf(call[2], 64, "is %.*s", n, word);
            for (size_t i = 0; i < COUNT(USES) && !used; i++)
                for (int k = 0; k < 3 && !used; k++) used = strstr(USES[i], call[k]) != NULL;
            if (!used) fail_msg("%s: nothing here uses %.*s", file, n, word);
            names++;
        }
        at += length;
        if (close && strncmp(at, close, strlen(close)) == 0) break;
    }
    assert_true(names > 0);
    alloc_free(text);
}

static void test_template_uses(void **state)
{
    (void)state;
    static const char *const pieces[] = {"a", "\xC3\xA9", " ", "ab,", "9.", "{}", "%"};
    each_is_used("jinja_filter.c", "} FILTERS[] = {", "};", "{\"", NULL);
    each_is_used("jinja_filter_list.c", "} filters[] = {", "};", "{\"", NULL);
    each_is_used("jinja_test.c", "} TESTS[] = {", "};", "{\"", NULL);
    each_is_used("jinja_call.c", "{VALUE_STRING, METHOD_KNOWN", "{VALUE_STRING, METHOD_UNKNOWN", "\"", NULL);
    for (size_t i = 0; i < COUNT(USES); i++) {
        char program[400];
        status st = {0};
        bool fails = USES[i][0] == '!';
        const char *use = USES[i] + fails;
        snprintf(program, sizeof program, "{%% set s = given ~ '' %%}{%% set n = s | length %%}{%% set h = s[:n // 2] %%}{%% set x = %s %%}", use);
        use_of_text u = {jinja_parse(program, strlen(program), "use", &st), use, fails};
        if (!u.t && !fails) fail_msg("%s: %s", use, st.msg);
        for (size_t k = 0; u.t && k < COUNT(pieces); k++) grows_well(use, use_text, &u, repeated, pieces[k], 30000);
        jinja_free(u.t);

        /* Again and again on a text of two megabytes: the steps end it. */
        snprintf(program, sizeof program, "{%% set s = (given * 1000) * 700 %%}{%% set n = s | length %%}{%% set h = s[:n // 2] %%}{%% for i in range(99999) %%}{%% set x = %s %%}{%% endfor %%}", use);
        u = (use_of_text){jinja_parse(program, strlen(program), "use", &st), use, true};
        for (size_t k = 0; u.t && k < 2; k++) {
            double begin = thread_seconds();
            use_text(&u, k ? "a\xC3\xA9" : "aaa", 3);
            if (thread_seconds() - begin > 3) fail_msg("%s: %.1f s in a loop", use, thread_seconds() - begin);
        }
        jinja_free(u.t);
    }
}

/* ---- tables ---- */

static void read_table(void *thing, const char *data, size_t size)
{
    const char *path = thing;
    status st = {0};
    assert_true(file_write(path, data, size, &st));
    arena *mem = arena_new(&st);
    table *t = table_open(path, &st);
    for (size_t row = 0; t && row < table_rows(t); row++) {
        size_t mark = arena_mark(mem);
        table_cell(t, row, "a", mem, &st);
        arena_reset(mem, mark);
    }
    table_close(t);
    arena_free(mem);
}

static char *csv(const char *piece, size_t n, size_t *size) { return with_front("a,b\n", 4, piece, n, size); }

static void test_tables(void **state)
{
    (void)state;
    char path[] = "/tmp/aigc-growth-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    static const char *const rows[] = {"1,2\n", "\"", "\"\"", ",", "\n", "\"a\n\",b\n", "1", ",\n"};
    for (size_t i = 0; i < COUNT(rows); i++) grows_well("CSV", read_table, path, csv, rows[i], 200000);
    static const char *const lines[] = {"{\"a\":1}\n", "{", "{\"a\":\"", "{\"a\":[1]}\n", "a,", "a;b\t"};
    run_all("JSONL and columns", read_table, path, lines, COUNT(lines), 200000);
    unlink(path);
}

/* ---- lists and dictionaries ---- */

static void build_lexicon(void *thing, const char *data, size_t size)
{
    (void)thing;
    status st = {0};
    char *copy = alloc_string(data, size, &st);
    lexicon_close(copy ? lexicon_build(copy, size, "lexicon", &st) : NULL);
    alloc_free(copy);
}

static char *lexicon_words(const char *piece, size_t n, size_t *size)
{
    (void)piece;
    char *text = new_text(n + 64);
    size_t at = (size_t)sprintf(text, "{");
    for (unsigned i = 0; at < n; i++) at += (size_t)sprintf(text + at, "%s\"w%u\":\"a%u\"", i ? "," : "", i, i);
    *size = at + (size_t)sprintf(text + at, "}");
    return text;
}

static void check_voice(void *thing, const char *data, size_t size)
{
    (void)thing;
    status st = {0};
    piper_check_config(data, size, "voice", &st);
}

static char *voice_symbols(const char *piece, size_t n, size_t *size)
{
    char *text = new_text(n + 256);
    size_t at = (size_t)sprintf(text, "{\"audio\":{\"sample_rate\":22050},\"espeak\":{\"voice\":\"en\"},\"num_symbols\":256,\"phoneme_id_map\":{");
    for (unsigned i = 0; at < n; i++) at += (size_t)sprintf(text + at, piece, i ? "," : "", i);
    *size = at + (size_t)sprintf(text + at, "}}");
    return text;
}

static void hold_against(void *thing, const char *data, size_t size)
{
    status st = {0};
    filter_pass(thing, FILTER_PROMPT, "the text", data, size, 0, &st);
}

static void read_filter(void *thing, const char *data, size_t size)
{
    status st = {0};
    assert_true(file_write(thing, data, size, &st));
    filter_close(filter_open(thing, &st));
}

/* A list, and a text of as many words, none of them in it. */
static void words_and_text(void *thing, const char *data, size_t size)
{
    status st = {0};
    assert_true(file_write(thing, data, size, &st));
    filter *f = filter_open(thing, &st);
    if (!f) fail_msg("%s", st.msg);
    char *text = alloc_string(data, size, &st);
    for (size_t i = 10; i < size; i++)
        if (text[i] == '\n') text[i] = (i & 1) ? 'x' : ' ';
    hold_against(f, text + 10, size - 10);
    alloc_free(text);
    filter_close(f);
}

static char *many_words(const char *piece, size_t n, size_t *size)
{
    char *text = new_text(n + 64);
    size_t at = (size_t)sprintf(text, "[a warn]\n");
    for (unsigned i = 0; at < n; i++) at += (size_t)sprintf(text + at, piece, i);
    *size = at;
    return text;
}

static char *filter_lines(const char *piece, size_t n, size_t *size) { return with_front("[a block]\n", 10, piece, n, size); }

static void test_lists(void **state)
{
    (void)state;
    status st = {0};
    grows_well("a lexicon", build_lexicon, NULL, lexicon_words, "words", 300000);
    static const char *const broken[] = {"{\"a\":", "[", "{\"a\":\"b\",", "\"", "{\"a\":{\"DEFAULT\":\"b\"},"};
    run_all("a lexicon", build_lexicon, NULL, broken, COUNT(broken), 200000);
    static const char *const symbols[] = {"%s\"s%u\":[1]", "%s\"a\":[%u]", "%s\"s%u\":[1,2,3,4,5,6,7,8]"};
    for (size_t i = 0; i < COUNT(symbols); i++) grows_well("a voice's symbols", check_voice, NULL, voice_symbols, symbols[i], 100000);
    run_all("a voice's file", check_voice, NULL, broken, COUNT(broken), 200000);

    char path[] = "/tmp/aigc-growth-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    static const char *const lines[] = {"a\n", "bad word\n", "# a\n", "[a block]\n", "/a+b/\n", "\n", "\xC3\xA9\n", "a"};
    for (size_t i = 0; i < COUNT(lines); i++) grows_well("a filter's list", read_filter, path, filter_lines, lines[i], 40000);
    static const char *const many[] = {"word%u\n", "a b %u\n", "a a a a a a %u\n", "+%u\n", "%u a-a-a-a-a-a\n", "\xC3\xA9%u\n", "\xD0\xB1\xD0\xBE%u\n"};
    for (size_t i = 0; i < COUNT(many); i++) grows_well("a filter's words on as many", words_and_text, path, many_words, many[i], 200000);
    assert_true(file_write(path, "[a block]\nbad word\nabc\n/x+y/\n\xD0\xB1\xD0\xBE\xD0\xB1\n", 36, &st));
    filter *list = filter_open(path, &st);
    assert_non_null(list);
    static const char *const texts[] = {"a", "bad ", "ab", "x", "&#97;", "<b>", "\xC2\xAD", "a\xCC\x81", "\xE2\x80\x8B" "a", "\xEF\xBD\x81", "(a:1.1)", "[", "\xFF", " ",
                                        "\xD0\xBE", "\xD0\xBE ", "b\xD0\xBE", "\xCE\x99", "\xCE\x99 ", "\xD0\xB2", "\xD0\xB1\xD0\xBE\xD0\xB2 ", "\xE2\x88\x9E", "\xD0\xBE\xCC\x81"};
    run_all("a filter's text", hold_against, list, texts, COUNT(texts), 60000);
    filter_close(list);
    unlink(path);
}

/* ---- reports ---- */

static void ignore_fault(void *ignored, const char *message) { (void)ignored, (void)message; }

static void read_data(void *thing, const char *data, size_t size)
{
    status st = {0}, wrong = {0};
    char *copy = alloc_string(data, size, &st);
    data_table *t = data_open_bytes("data.csv", copy, size, &(data_options){0}, &st);
    schema *s = schema_parse("a: integer, unique, 0..9\nb: text\n", 34, "schema", 1, &wrong);
    if (t) schema_check(s, t, ignore_fault, NULL, &wrong);
    schema_free(s);
    data_close(t);
    (void)thing;
}

static void read_schema(void *thing, const char *data, size_t size)
{
    status st = {0};
    schema_free(schema_parse(data, size, "schema", 1, &st));
    (void)thing;
}

static void set_prose(void *thing, const char *data, size_t size)
{
    status st = {0};
    text_out out = {.st = &st};
    size_t left_out = 0;
    prose_report(data, size, &left_out, &out);
    prose_paragraph(data, size, true, &left_out, &out);
    text_out_free(&out);
    (void)thing;
}

static void test_reports(void **state)
{
    (void)state;
    static const char *const rows[] = {"1,2\n", "\"", "\"\"", ",", "\n", "\"a\n\",b\n", "1", ",\n", "x,\"\"\"\"\n", "\xC3\xA9,1\n"};
    for (size_t i = 0; i < COUNT(rows); i++) grows_well("CSV of reports", read_data, NULL, csv, rows[i], 200000);
    static const char *const lines[] = {"{\"a\":1}\n", "{", "[", "{\"a\":\"", "{\"a\":[1]}\n", "a,", "[{},", "{\"a\":{\"a\":", "{\"a\":1,\"b\":null}\n", "[[["};
    run_all("JSON of reports", read_data, NULL, lines, COUNT(lines), 200000);
    static const char *const columns[] = {"a: text\n", "a", ":", "a: text, ", "a: text, 0..", "\n", "#\n", "|", "{\"fields\":["};
    run_all("a schema", read_schema, NULL, columns, COUNT(columns), 200000);
    static const char *const texts[] = {"a. B", ".", " ", "\n", "\x01", "\x01. ", "A\x01. B. ", "Mr. ", "\"", ")", "```\n", "|\n", "a\n\n", "1. ", "...", "\xE3\x80\x82", "(", "a ,", "\xE2\x80\xA6 A"};
    run_all("prose", set_prose, NULL, texts, COUNT(texts), 200000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_tokenizers),
        cmocka_unit_test(test_steps_that_multiply),
        cmocka_unit_test(test_regular_expressions),
        cmocka_unit_test(test_provenance),
        cmocka_unit_test(test_model_files),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_tables),
        cmocka_unit_test(test_template_uses),
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_reports),
    };
    json_use_alloc();
    cmocka_set_test_filter(getenv("ONLY")); /* one by its name; all where it is not set */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
