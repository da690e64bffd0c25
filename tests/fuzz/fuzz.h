/* What the fuzz targets of model files share: open, read everything that was promised, and hold the memory rule. */
#ifndef AIGC_TESTS_FUZZ_H
#define AIGC_TESTS_FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/gguf.h"
#include "core/onnx.h"
#include "core/quant.h"
#include "core/weights.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

#define FUZZ_CHECK(condition)                                                                                          \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                                            \
            abort();                                                                                                   \
        }                                                                                                              \
    } while (0)

static volatile uint8_t fuzz_sink;

static inline void fuzz_touch(const void *bytes, size_t size)
{
    const uint8_t *p = bytes;
    uint8_t sum = 0;
    for (size_t i = 0; i < size; i++) sum ^= p[i];
    fuzz_sink = sum;
}

/* Every tensor handed out can be read to its end, found by its name, and turned into floats. */
static inline void fuzz_tensors(const weights *w)
{
    static float block[256];
    for (int64_t i = 0; i < weights_count(w); i++) {
        const char *name;
        const tensor *x = weights_at(w, i, &name);
        FUZZ_CHECK(weights_find(w, name) == x);
        FUZZ_CHECK(x->rank >= 0 && x->rank <= TENSOR_MAX_RANK);
        fuzz_touch(x->data, tensor_bytes(x));
        if (tensor_count(x) > 0) FUZZ_CHECK(quant_dequantize(x->type, x->data, block, dtype_of(x->type)->block));
    }
}

/* Opens the bytes under the rule that a small file must not take much memory: 16 MiB, and what is proportional to it. */
static inline weights *fuzz_open(const uint8_t *data, size_t size)
{
    status st = {0};
    uint64_t before = alloc_in_use();
    alloc_set_budget(before + (16 << 20) + 64 * (uint64_t)size);
    weights *w = weights_open_bytes(data, size, "fuzz", &st);
    FUZZ_CHECK(st.code == (w ? STATUS_OK : STATUS_INPUT));
    FUZZ_CHECK(w || st.msg[0]);
    return w;
}

static inline void fuzz_close(weights *w)
{
    weights_close(w);
    alloc_set_budget(0);
    FUZZ_CHECK(alloc_in_use() == 0);
}

/* A generator for mutators, from libFuzzer's seed. */
static inline uint32_t fuzz_next(uint32_t *state)
{
    *state = *state * 1664525U + 1013904223U;
    return *state >> 8;
}

/* A number of the kind that breaks sizes, or one near the given one. */
static inline uint64_t fuzz_number(uint32_t *state, uint64_t near)
{
    static const uint64_t ODD[] = {0, 1, 2, 3, 4, 5, 8, 31, 32, 33, 255, 256, 257, 4096, INT32_MAX, UINT32_MAX,
                                   UINT64_C(1) << 32, UINT64_C(1) << 61, UINT64_C(1) << 62, INT64_MAX, UINT64_MAX, UINT64_MAX - 7};
    uint32_t kind = fuzz_next(state) % 4;
    if (kind == 0) return near + 1 + fuzz_next(state) % 16;
    if (kind == 1) return near - 1 - fuzz_next(state) % 16;
    if (kind == 2) return near * 2;
    return ODD[fuzz_next(state) % (sizeof ODD / sizeof ODD[0])];
}

#endif
