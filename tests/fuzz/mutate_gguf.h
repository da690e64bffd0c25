/* A mutator for GGUF files that knows where counts, lengths, types, dimensions, offsets and the numbers of the metadata
 * lie, and that can make the offsets of a changed file agree again. */
#ifndef AIGC_TESTS_MUTATE_GGUF_H
#define AIGC_TESTS_MUTATE_GGUF_H

#include "tests/fuzz/fuzz.h"

enum { MUTATE_GGUF_FIELDS = 4096 };

typedef struct {
    size_t at;
    int bytes; /* 4 or 8 */
} mutate_gguf_field;

typedef struct {
    uint8_t *data;
    size_t size, at;
    mutate_gguf_field list[MUTATE_GGUF_FIELDS];
    int count;
    bool bad;
} mutate_gguf_layout;

static uint64_t mutate_gguf_take(mutate_gguf_layout *l, int bytes)
{
    uint64_t v = 0;
    if (l->bad || l->size - l->at < (size_t)bytes) {
        l->bad = true;
        return 0;
    }
    memcpy(&v, l->data + l->at, (size_t)bytes);
    if (l->count < MUTATE_GGUF_FIELDS) l->list[l->count++] = (mutate_gguf_field){l->at, bytes};
    l->at += (size_t)bytes;
    return v;
}

static void mutate_gguf_skip(mutate_gguf_layout *l, uint64_t bytes)
{
    if (l->bad || bytes > l->size - l->at) l->bad = true;
    else l->at += (size_t)bytes;
}

static size_t mutate_gguf_type_bytes(uint64_t type)
{
    static const uint8_t BYTES[] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};
    return type < sizeof BYTES ? BYTES[type] : 1;
}

/* One key and its value; single numbers of 4 and 8 bytes are noted, lists and short ones passed over. */
static void mutate_gguf_value(mutate_gguf_layout *l)
{
    mutate_gguf_skip(l, mutate_gguf_take(l, 8));
    uint64_t type = mutate_gguf_take(l, 4), item = type, count = 1;
    if (type == 9) item = mutate_gguf_take(l, 4), count = mutate_gguf_take(l, 8);
    size_t bytes = mutate_gguf_type_bytes(item);
    if (item == 8)
        for (uint64_t k = 0; k < count && !l->bad; k++) mutate_gguf_skip(l, mutate_gguf_take(l, 8));
    else if (type != 9 && bytes >= 4) mutate_gguf_take(l, (int)bytes);
    else if (count <= l->size) mutate_gguf_skip(l, count * bytes);
    else l->bad = true;
}

/* Notes where the numbers of the header lie, as far as it makes sense. Where `repair`, tensor offsets are rewritten so
 * that the data lie one after the other. */
static void mutate_gguf_walk(mutate_gguf_layout *l, uint8_t *data, size_t size, bool repair)
{
    *l = (mutate_gguf_layout){.data = data, .size = size, .at = 4};
    mutate_gguf_take(l, 4);
    uint64_t tensors = mutate_gguf_take(l, 8), values = mutate_gguf_take(l, 8), offset = 0;
    for (uint64_t i = 0; i < values && !l->bad; i++) mutate_gguf_value(l);
    for (uint64_t i = 0; i < tensors && !l->bad; i++) {
        mutate_gguf_skip(l, mutate_gguf_take(l, 8));
        uint64_t rank = mutate_gguf_take(l, 4), elements = 1;
        for (uint64_t k = 0; k < rank && !l->bad; k++) elements *= mutate_gguf_take(l, 8);
        dtype type = gguf_dtype_of_type((uint32_t)mutate_gguf_take(l, 4));
        if (l->bad) return;
        size_t at = l->at, bytes = 0;
        mutate_gguf_take(l, 8);
        if (l->bad || !repair) continue;
        memcpy(data + at, &offset, sizeof offset);
        if (type == DTYPE_COUNT || !dtype_bytes(type, (int64_t)elements, &bytes)) continue;
        offset += (bytes + 31) / 32 * 32;
    }
}

/* What a LLVMFuzzerCustomMutator gives back. */
static inline size_t mutate_gguf(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
    static mutate_gguf_layout fields; /* too large for the stack */
    uint32_t state = seed;
    if (size < 24 || fuzz_next(&state) % 3 == 0) return LLVMFuzzerMutate(data, size, max_size);
    mutate_gguf_walk(&fields, data, size, false);
    for (uint32_t i = 0, n = 1 + fuzz_next(&state) % 3; i < n && fields.count; i++) {
        mutate_gguf_field f = fields.list[fuzz_next(&state) % (uint32_t)fields.count];
        uint64_t v = 0;
        memcpy(&v, data + f.at, (size_t)f.bytes);
        v = fuzz_number(&state, v);
        if (f.bytes == 4 && fuzz_next(&state) % 2) v %= 40; /* a type, a rank or a small count */
        memcpy(data + f.at, &v, (size_t)f.bytes);
    }
    if (fuzz_next(&state) % 2) mutate_gguf_walk(&fields, data, size, true);
    if (fuzz_next(&state) % 8 == 0) size -= fuzz_next(&state) % (size / 2);
    return size;
}

#endif
