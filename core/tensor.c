#include "core/tensor.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static const dtype_info INFO[DTYPE_COUNT] = {
    [DTYPE_F32] = {"f32", 1, 4},        [DTYPE_F16] = {"f16", 1, 2},        [DTYPE_BF16] = {"bf16", 1, 2},
    [DTYPE_F64] = {"f64", 1, 8},        [DTYPE_I8] = {"i8", 1, 1},          [DTYPE_U8] = {"u8", 1, 1},
    [DTYPE_I16] = {"i16", 1, 2},        [DTYPE_I32] = {"i32", 1, 4},        [DTYPE_I64] = {"i64", 1, 8},
    [DTYPE_BOOL] = {"bool", 1, 1},      [DTYPE_Q4_0] = {"q4_0", 32, 18},    [DTYPE_Q4_1] = {"q4_1", 32, 20},
    [DTYPE_Q5_0] = {"q5_0", 32, 22},    [DTYPE_Q5_1] = {"q5_1", 32, 24},    [DTYPE_Q8_0] = {"q8_0", 32, 34},
    [DTYPE_Q2_K] = {"q2_k", 256, 84},   [DTYPE_Q3_K] = {"q3_k", 256, 110},  [DTYPE_Q4_K] = {"q4_k", 256, 144},
    [DTYPE_Q5_K] = {"q5_k", 256, 176},  [DTYPE_Q6_K] = {"q6_k", 256, 210},  [DTYPE_Q8_K] = {"q8_k", 256, 292},
    [DTYPE_IQ4_NL] = {"iq4_nl", 32, 18},
};

const dtype_info *dtype_of(dtype type) { return &INFO[type]; }

bool dtype_bytes(dtype type, int64_t n, size_t *bytes)
{
    const dtype_info *info = &INFO[type];
    if (n < 0 || n % info->block) return false;
    return !__builtin_mul_overflow((size_t)(n / info->block), (size_t)info->bytes, bytes);
}

dtype dtype_from_name(const char *name)
{
    dtype type = 0;
    while (type < DTYPE_COUNT && strcasecmp(name, INFO[type].name) != 0) type++;
    return type;
}

bool tensor_shape_count(int rank, const int64_t *dim, int64_t *count)
{
    int64_t product = 1;
    bool empty = false;
    if (rank < 0 || rank > TENSOR_MAX_RANK) return false;
    for (int i = 0; i < rank; i++) {
        if (dim[i] < 0) return false;
        if (dim[i] == 0) empty = true;
        else if (__builtin_mul_overflow(product, dim[i], &product)) return false;
    }
    *count = empty ? 0 : product;
    return true;
}

static tensor *header_new(arena *mem, status *st, dtype type, int rank, const int64_t *dim)
{
    tensor *x = arena_alloc(mem, sizeof *x, st);
    if (!x) return NULL;
    *x = (tensor){.type = type, .rank = rank};
    for (int i = 0; i < rank; i++) x->dim[i] = dim[i];
    return x;
}

tensor *tensor_new(arena *mem, status *st, dtype type, int rank, const int64_t *dim)
{
    int64_t count;
    size_t bytes;
    if (!tensor_shape_count(rank, dim, &count) || !dtype_bytes(type, count, &bytes)) {
        status_set(st, STATUS_NOMEM, "a tensor of rank %d is too large", rank);
        return NULL;
    }
    tensor *x = header_new(mem, st, type, rank, dim);
    if (x) x->data = arena_alloc(mem, bytes, st);
    return x && x->data ? x : NULL;
}

tensor *tensor_reshape(arena *mem, status *st, const tensor *x, int rank, const int64_t *dim)
{
    if (!x) return NULL;
    int64_t count = 0;
    if (!tensor_shape_count(rank, dim, &count) || count != tensor_count(x)) {
        char shape[96];
        status_set(st, STATUS_FAIL, "a tensor of shape %s cannot be seen as %lld elements",
                   tensor_shape_text(x, shape, sizeof shape), (long long)count);
        return NULL;
    }
    tensor *y = header_new(mem, st, x->type, rank, dim);
    if (y) y->data = x->data;
    return y;
}

int64_t tensor_count(const tensor *x)
{
    int64_t n = 1;
    for (int i = 0; i < x->rank; i++) n *= x->dim[i];
    return n;
}

size_t tensor_bytes(const tensor *x)
{
    size_t bytes = 0;
    return dtype_bytes(x->type, tensor_count(x), &bytes) ? bytes : 0;
}

int64_t tensor_rows(const tensor *x)
{
    int64_t n = 1;
    for (int i = 0; i + 1 < x->rank; i++) n *= x->dim[i];
    return n;
}

bool tensor_shape_is(const tensor *x, int rank, const int64_t *dim)
{
    if (x->rank != rank) return false;
    for (int i = 0; i < rank; i++)
        if (x->dim[i] != dim[i]) return false;
    return true;
}

const char *tensor_shape_text(const tensor *x, char *buffer, size_t size)
{
    size_t used = 0;
    buffer[0] = 0;
    for (int i = 0; i < x->rank && used < size; i++)
        used += (size_t)snprintf(buffer + used, size - used, "%s%lld", i ? ", " : "[", (long long)x->dim[i]);
    if (used < size) snprintf(buffer + used, size - used, x->rank ? "]" : "[]");
    return buffer;
}
