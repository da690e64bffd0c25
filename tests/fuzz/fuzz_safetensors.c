/* safetensors files: byte-level by libFuzzer, structure-aware by a mutator that changes numbers, types and punctuation of
 * the header, keeps the header's length right, and can make the offsets cover the data again. */
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 9 || data[8] != '{' || data[5] || data[6] || data[7]) return 0;
    weights *w = fuzz_open(data, size);
    if (w) {
        size_t bytes;
        const char *metadata = weights_metadata(w, &bytes);
        if (metadata) fuzz_touch(metadata, bytes);
        fuzz_tensors(w);
    }
    fuzz_close(w);
    return 0;
}

/* ---- the mutator ---- */

enum { MAX_HEADER = 1 << 16 };

/* The header as text that may grow; what follows it is kept. */
typedef struct {
    char text[MAX_HEADER + 64];
    size_t size;
} header;

static header work;

static void replace(header *h, size_t at, size_t old, const char *with, size_t size)
{
    if (h->size - old + size > MAX_HEADER) return;
    memmove(h->text + at + size, h->text + at + old, h->size - at - old);
    memcpy(h->text + at, with, size);
    h->size = h->size - old + size;
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* The n-th run of digits, counted round and round; false where there is none. */
static bool find_number(const header *h, uint32_t n, size_t *at, size_t *length)
{
    uint32_t count = 0;
    for (int turn = 0; turn < 2; turn++) {
        uint32_t seen = 0;
        for (size_t i = 0; i < h->size; i++) {
            if (!is_digit(h->text[i]) || (i && is_digit(h->text[i - 1]))) continue;
            if (turn && seen++ == n % count) {
                *at = i;
                for (*length = 0; i + *length < h->size && is_digit(h->text[i + *length]);) ++*length;
                return true;
            }
            count += !turn;
        }
        if (!count) return false;
    }
    return false;
}

static void change_number(header *h, uint32_t *state)
{
    size_t at, length;
    char digits[24];
    if (!find_number(h, fuzz_next(state), &at, &length)) return;
    uint64_t v = strtoull(h->text + at, NULL, 10);
    int n = snprintf(digits, sizeof digits, "%llu", (unsigned long long)fuzz_number(state, v));
    replace(h, at, length, digits, (size_t)n);
}

static void change_text(header *h, uint32_t *state)
{
    static const char *const PIECES[] = {"\"F32\"", "\"BF16\"", "\"I64\"", "\"U8\"", "\"BOOL\"", "\"__metadata__\"", "\\u0041", "\\ud83d\\ude00",
                                         "\\u0000", "{}", "[]", "[0,0]", "null", "1e5", "-1", ",", ":", "\"", "\"shape\":[2,2],", " "};
    const char *piece = PIECES[fuzz_next(state) % (sizeof PIECES / sizeof PIECES[0])];
    size_t at = fuzz_next(state) % (h->size + 1), old = fuzz_next(state) % 8;
    if (old > h->size - at) old = h->size - at;
    replace(h, at, old, piece, strlen(piece));
}

/* Rewrites every "data_offsets":[a,b] so that each begins where the one before ended. */
static void repair(header *h)
{
    static const char KEY[] = "\"data_offsets\":[";
    unsigned long long end = 0;
    for (size_t i = 0; i + sizeof KEY < h->size; i++) {
        if (memcmp(h->text + i, KEY, sizeof KEY - 1) != 0) continue;
        size_t from = i + sizeof KEY - 1, to = from;
        while (to < h->size && h->text[to] != ']') to++;
        char pair[64], *comma;
        h->text[h->size] = 0;
        unsigned long long a = strtoull(h->text + from, &comma, 10), b = *comma == ',' ? strtoull(comma + 1, NULL, 10) : a;
        unsigned long long bytes = b >= a && b - a < 65536 ? b - a : 0;
        int n = snprintf(pair, sizeof pair, "%llu,%llu", end, end + bytes);
        end += bytes;
        replace(h, from, to - from, pair, (size_t)n);
    }
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
    uint32_t state = seed;
    uint64_t length = 0;
    if (size >= 8) memcpy(&length, data, 8);
    if (size < 10 || length > size - 8 || length > MAX_HEADER || fuzz_next(&state) % 3 == 0)
        return LLVMFuzzerMutate(data, size, max_size);
    memcpy(work.text, data + 8, (size_t)length);
    work.size = (size_t)length;
    size_t rest = size - 8 - (size_t)length;
    static uint8_t tail[MAX_HEADER];
    if (rest > sizeof tail) rest = sizeof tail;
    memcpy(tail, data + 8 + length, rest);
    for (uint32_t i = 0, n = 1 + fuzz_next(&state) % 3; i < n; i++)
        (fuzz_next(&state) % 2 ? change_number : change_text)(&work, &state);
    if (fuzz_next(&state) % 2) repair(&work);
    if (8 + work.size + rest > max_size) return LLVMFuzzerMutate(data, size, max_size);
    uint64_t told = fuzz_next(&state) % 16 ? work.size : fuzz_number(&state, work.size);
    memcpy(data, &told, 8);
    memcpy(data + 8, work.text, work.size);
    memcpy(data + 8 + work.size, tail, rest);
    return 8 + work.size + rest;
}
