/* A mutator for JSON and what is like it: it changes numbers, repeats or drops what stands between commas, and puts in
 * words that the format knows. */
#ifndef AIGC_TESTS_MUTATE_JSON_H
#define AIGC_TESTS_MUTATE_JSON_H

#include "tests/fuzz/fuzz.h"

/* Replaces data[at, at + old) by text. Returns the new size. */
static size_t mutate_json_splice(uint8_t *data, size_t size, size_t max_size, size_t at, size_t old, const char *text, size_t length)
{
    if (size - old + length > max_size) return size;
    memmove(data + at + length, data + at + old, size - at - old);
    memcpy(data + at, text, length);
    return size - old + length;
}

static size_t mutate_json_number(uint8_t *data, size_t size, size_t max_size, uint32_t *state)
{
    size_t at = fuzz_next(state) % size, end;
    while (at < size && (data[at] < '0' || data[at] > '9')) at++;
    uint64_t number = 0;
    for (end = at; end < size && data[end] >= '0' && data[end] <= '9'; end++) number = (number * 10 + data[end] - '0') % 1000000;
    if (at == size) return size;
    char text[24];
    int n = snprintf(text, sizeof text, "%s%llu", fuzz_next(state) % 8 ? "" : "-", (unsigned long long)fuzz_number(state, number));
    return mutate_json_splice(data, size, max_size, at, end - at, text, (size_t)n);
}

/* Puts the text between two commas once more, or takes it away. */
static size_t mutate_json_element(uint8_t *data, size_t size, size_t max_size, uint32_t *state)
{
    size_t at = fuzz_next(state) % size;
    while (at < size && data[at] != ',') at++;
    size_t end = at + 1;
    while (end < size && data[end] != ',' && data[end] != ']' && data[end] != '}') end++;
    if (end >= size || end - at > 200) return size;
    char element[200];
    memcpy(element, data + at, end - at);
    if (fuzz_next(state) % 2) return mutate_json_splice(data, size, max_size, at, end - at, "", 0);
    return mutate_json_splice(data, size, max_size, end, 0, element, end - at);
}

/* What a LLVMFuzzerCustomMutator gives back. */
static inline size_t mutate_json(uint8_t *data, size_t size, size_t max_size, unsigned int seed, const char *const *words, size_t count)
{
    uint32_t state = seed;
    if (!size) return LLVMFuzzerMutate(data, size, max_size);
    switch (fuzz_next(&state) % 5) {
    case 0: return mutate_json_number(data, size, max_size, &state);
    case 1: return mutate_json_element(data, size, max_size, &state);
    case 2: {
        const char *word = words[fuzz_next(&state) % count];
        return mutate_json_splice(data, size, max_size, fuzz_next(&state) % size, 0, word, strlen(word));
    }
    default: return LLVMFuzzerMutate(data, size, max_size);
    }
}

#endif
