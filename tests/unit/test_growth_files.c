/* Files on the worst inputs known: pictures and texts that tell of themselves, models, tables, lists, the data of reports (growth.h). */
#include "growth.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

#include "audio/lexicon.h"
#include "audio/piper.h"
#include "core/arena.h"
#include "core/file.h"
#include "core/json.h"
#include "core/text_out.h"
#include "core/weights.h"
#include "job/table.h"
#include "provenance/filter.h"
#include "provenance/provenance.h"
#include "text/tokenizer.h"
#include "write/prose.h"
#include "write/schema.h"

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
        cmocka_unit_test(test_provenance),
        cmocka_unit_test(test_model_files),
        cmocka_unit_test(test_tables),
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_reports),
    };
    json_use_alloc();
    cmocka_set_test_filter(getenv("ONLY")); /* one by its name; all where it is not set */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
