/* GGUF files: byte-level by libFuzzer, structure-aware by a mutator that knows where counts, lengths, types, dimensions
 * and offsets lie, and that can make the offsets of a changed file agree again. */
#include "tests/fuzz/fuzz.h"

static void read_value(const gguf *g, const gguf_value *v)
{
    bool yes;
    uint64_t u;
    int64_t n;
    double d;
    gguf_string s;
    char *key = malloc(v->key.size + 1);
    memcpy(key, v->key.text, v->key.size);
    key[v->key.size] = 0;
    if (!memchr(key, 0, v->key.size)) FUZZ_CHECK(gguf_find(g, key) == v);
    gguf_get_bool(g, key, &yes);
    gguf_get_u64(g, key, &u);
    gguf_get_i64(g, key, &n);
    gguf_get_f64(g, key, &d);
    if (gguf_get_string(g, key, &s)) fuzz_touch(s.text, s.size);
    const gguf_value *array = gguf_get_array(g, key);
    free(key);
    if (!array) return;
    for (gguf_strings it = gguf_strings_of(array); gguf_strings_next(&it, &s);) fuzz_touch(s.text, s.size);
    for (uint64_t i = 0; i < array->count && i < 100000; i++) gguf_item_f64(array, i, &d);
    if (array->count) gguf_item_i64(array, array->count - 1, &n);
    FUZZ_CHECK(!gguf_item_u64(array, array->count, &u));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 4 || memcmp(data, "GGUF", 4) != 0) return 0;
    weights *w = fuzz_open(data, size);
    const gguf *g = w ? weights_gguf(w) : NULL;
    for (int64_t i = 0; g && i < gguf_value_count(g); i++) read_value(g, gguf_value_at(g, i));
    if (w) fuzz_tensors(w);
    fuzz_close(w);
    return 0;
}

/* ---- the mutator ---- */

enum { MAX_FIELDS = 4096 };

typedef struct {
    size_t at;
    int bytes; /* 4 or 8 */
} field;

typedef struct {
    uint8_t *data;
    size_t size, at;
    field list[MAX_FIELDS];
    int count;
    bool bad;
} layout;

static layout fields; /* too large for the stack */

static uint64_t take(layout *l, int bytes)
{
    uint64_t v = 0;
    if (l->bad || l->size - l->at < (size_t)bytes) {
        l->bad = true;
        return 0;
    }
    memcpy(&v, l->data + l->at, (size_t)bytes);
    if (l->count < MAX_FIELDS) l->list[l->count++] = (field){l->at, bytes};
    l->at += (size_t)bytes;
    return v;
}

static void skip(layout *l, uint64_t bytes)
{
    if (l->bad || bytes > l->size - l->at) l->bad = true;
    else l->at += (size_t)bytes;
}

static size_t type_bytes(uint64_t type)
{
    static const uint8_t BYTES[] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};
    return type < sizeof BYTES ? BYTES[type] : 1;
}

/* Notes where the numbers of the header lie, as far as it makes sense. Where `repair`, tensor offsets are rewritten so
 * that the data lie one after the other. */
static void walk(layout *l, uint8_t *data, size_t size, bool repair)
{
    *l = (layout){.data = data, .size = size, .at = 4};
    take(l, 4);
    uint64_t tensors = take(l, 8), values = take(l, 8), offset = 0;
    for (uint64_t i = 0; i < values && !l->bad; i++) {
        skip(l, take(l, 8));
        uint64_t type = take(l, 4), item = type, count = 1;
        if (type == 9) item = take(l, 4), count = take(l, 8);
        if (item == 8)
            for (uint64_t k = 0; k < count && !l->bad; k++) skip(l, take(l, 8));
        else if (count <= size) skip(l, count * type_bytes(item));
        else l->bad = true;
    }
    for (uint64_t i = 0; i < tensors && !l->bad; i++) {
        skip(l, take(l, 8));
        uint64_t rank = take(l, 4), elements = 1;
        for (uint64_t k = 0; k < rank && !l->bad; k++) elements *= take(l, 8);
        dtype type = gguf_dtype_of_type((uint32_t)take(l, 4));
        if (l->bad) return;
        size_t at = l->at, bytes = 0;
        take(l, 8);
        if (l->bad || !repair) continue;
        memcpy(data + at, &offset, sizeof offset);
        if (type == DTYPE_COUNT || !dtype_bytes(type, (int64_t)elements, &bytes)) continue;
        offset += (bytes + 31) / 32 * 32;
    }
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
    uint32_t state = seed;
    if (size < 24 || fuzz_next(&state) % 3 == 0) return LLVMFuzzerMutate(data, size, max_size);
    walk(&fields, data, size, false);
    for (uint32_t i = 0, n = 1 + fuzz_next(&state) % 3; i < n && fields.count; i++) {
        field f = fields.list[fuzz_next(&state) % (uint32_t)fields.count];
        uint64_t v = 0;
        memcpy(&v, data + f.at, (size_t)f.bytes);
        v = fuzz_number(&state, v);
        if (f.bytes == 4 && fuzz_next(&state) % 2) v %= 40; /* a type or a rank */
        memcpy(data + f.at, &v, (size_t)f.bytes);
    }
    if (fuzz_next(&state) % 2) walk(&fields, data, size, true);
    if (fuzz_next(&state) % 8 == 0) size -= fuzz_next(&state) % (size / 2);
    return size;
}
