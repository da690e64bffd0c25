/* Tokenizer files and texts: a tokenizer.json ("{…"), vocab.json and merges.txt ("V…", a zero byte between), or GGUF
 * metadata ("GGUF…"); behind the last byte FF, which no UTF-8 holds, the text to encode. Byte-level by libFuzzer, and a
 * mutator that knows numbers and list elements of JSON. */
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/mutate_json.h"
#include "text/tokenizer.h"

static tokenizer *open_any(const char *data, size_t size, status *st)
{
    if (data[0] == 'V') {
        const char *merges = memchr(data, 0, size);
        size_t vocab = merges ? (size_t)(merges - data) : size, behind = merges ? size - vocab - 1 : 0;
        return tokenizer_open_merges(data + 1, vocab - 1, merges ? merges + 1 : "", behind, NULL, "fuzz", st);
    }
    if (size < 4 || memcmp(data, "GGUF", 4) != 0) return tokenizer_open_json(data, size, "fuzz", st);
    weights *w = weights_open_bytes(data, size, "fuzz", st);
    tokenizer *t = w ? tokenizer_open_gguf(weights_gguf(w), "fuzz", st) : NULL;
    weights_close(w);
    return t;
}

/* Ids are in range, and decoding them one by one gives what decoding them at once gives. */
static void encode(const tokenizer *t, const char *text, size_t size, int flags)
{
    status st = {0};
    tokenizer_ids ids = {0};
    tokenizer_bytes whole = {0}, stream = {0};
    tokenizer_decoder a = {.special = true}, b = a;
    bool ok = tokenizer_encode(t, text, size, flags, &ids, &st);
    FUZZ_CHECK(ok == status_ok(&st) && (ok || ids.count == 0));
    for (int64_t i = 0; i < ids.count; i++) {
        FUZZ_CHECK(ids.id[i] >= 0 && ids.id[i] < tokenizer_size(t));
        FUZZ_CHECK(tokenizer_decode(t, &b, ids.id + i, 1, &stream, &st));
    }
    FUZZ_CHECK(tokenizer_decode(t, &a, ids.id, ids.count, &whole, &st) == ok || !ok);
    FUZZ_CHECK(whole.size == stream.size && (!whole.size || memcmp(whole.data, stream.data, whole.size) == 0));
    tokenizer_ids_free(&ids);
    tokenizer_bytes_free(&whole);
    tokenizer_bytes_free(&stream);
}

static void use(const tokenizer *t, const char *text, size_t size)
{
    for (int flags = 0; flags < 4; flags++) encode(t, text, size, flags);
    for (int32_t id = 0; id < tokenizer_size(t) && id < 5000; id++) {
        size_t n;
        const char *name = tokenizer_token_text(t, id, &n);
        fuzz_touch(name, n);
        int32_t found = n ? tokenizer_find(t, name, n) : -1;
        FUZZ_CHECK(!n || (found >= 0 && found < tokenizer_size(t)));
        (void)tokenizer_is_special(t, id);
    }
    if (tokenizer_chat_template(t, "default")) fuzz_touch(tokenizer_chat_template(t, "default"), strlen(tokenizer_chat_template(t, "default")));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!size) return 0;
    size_t end = size;
    while (end > 0 && data[end - 1] != 0xFF) end--;
    const char *text = (const char *)data + end;
    size_t text_size = size - end, file = end ? end - 1 : size;
    if (!end) text_size = 0;
    if (!file) return 0;
    char *copy = malloc(file); /* of the very size, so that reading past it is seen */
    memcpy(copy, data, file);
    status st = {0};
    alloc_set_budget(alloc_in_use() + (16 << 20) + 256 * (uint64_t)size);
    tokenizer *t = open_any(copy, file, &st);
    free(copy);
    FUZZ_CHECK(st.code == (t ? STATUS_OK : STATUS_INPUT));
    if (t)
        use(t, text, text_size);
    else
        FUZZ_CHECK(st.msg[0]);
    tokenizer_free(t);
    alloc_set_budget(0);
    FUZZ_CHECK(alloc_in_use() == 0);
    return 0;
}

/* What the files are made of, and text that is hard to split. */
static const char *const WORDS[] = {
    "{\"type\":\"NFC\"}", "{\"type\":\"Lowercase\"}", "\"Removed\"", "\"MergedWithNext\"",
    "\"MergedWithPrevious\"", "\"Contiguous\"", "\"invert\":true", "true", "null", "[]", "{}", "\\u0120",
    "\\ud83d\\ude00", "\xE2\x96\x81", "</w>", "<0x41>", "\\\\p{L}+", "(?:a*)*b", "\\\\s", "[^\\\\s", "e\xCC\x81",
    "\xF0\x9F\x91\xA9\xE2\x80\x8D", " ", "\n", "\xC0\x80", "\xED\xA0\x80",
};

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
    return mutate_json(data, size, max_size, seed, WORDS, sizeof WORDS / sizeof WORDS[0]);
}
