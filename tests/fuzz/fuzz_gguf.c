/* GGUF files: byte-level by libFuzzer, structure-aware by a mutator that knows where counts, lengths, types, dimensions
 * and offsets lie, and that can make the offsets of a changed file agree again. */
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/mutate_gguf.h"

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

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
    return mutate_gguf(data, size, max_size, seed);
}
