#include "core/gguf_write.h"

#include <string.h>

#include "core/alloc.h"

typedef struct {
    unsigned char *bytes;
    size_t size, capacity;
} buffer;

struct gguf_writer {
    buffer header, keys, tensors;
    uint64_t key_count, tensor_count, offset, alignment;
    status *st;
};

gguf_writer *gguf_write_new(status *st)
{
    gguf_writer *w = alloc_zeroed(1, sizeof *w, st);
    if (!w) return NULL;
    w->alignment = 32;
    w->st = st;
    return w;
}

void gguf_write_free(gguf_writer *w)
{
    if (!w) return;
    alloc_free(w->header.bytes);
    alloc_free(w->keys.bytes);
    alloc_free(w->tensors.bytes);
    alloc_free(w);
}

static void put(gguf_writer *w, buffer *b, const void *bytes, size_t size)
{
    if (!status_ok(w->st)) return;
    if (size > b->capacity - b->size) {
        size_t wanted = b->capacity * 2 > b->size + size ? b->capacity * 2 : b->size + size + 4096;
        unsigned char *grown = alloc_resize(b->bytes, wanted, 1, w->st);
        if (!grown) return;
        b->bytes = grown;
        b->capacity = wanted;
    }
    if (size) memcpy(b->bytes + b->size, bytes, size);
    b->size += size;
}

static void put_u32(gguf_writer *w, buffer *b, uint32_t v) { put(w, b, &v, sizeof v); }
static void put_u64(gguf_writer *w, buffer *b, uint64_t v) { put(w, b, &v, sizeof v); }

static void put_string(gguf_writer *w, buffer *b, const char *text, size_t size)
{
    put_u64(w, b, size);
    put(w, b, text, size);
}

static void begin_value(gguf_writer *w, const char *key, gguf_type type)
{
    put_string(w, &w->keys, key, strlen(key));
    put_u32(w, &w->keys, (uint32_t)type);
    w->key_count++;
}

void gguf_write_bool(gguf_writer *w, const char *key, bool value)
{
    begin_value(w, key, GGUF_BOOL);
    put(w, &w->keys, &(unsigned char){value}, 1);
}

void gguf_write_u32(gguf_writer *w, const char *key, uint32_t value)
{
    begin_value(w, key, GGUF_U32);
    put_u32(w, &w->keys, value);
}

void gguf_write_f32(gguf_writer *w, const char *key, float value)
{
    begin_value(w, key, GGUF_F32);
    put(w, &w->keys, &value, sizeof value);
}

void gguf_write_string(gguf_writer *w, const char *key, const char *text, size_t size)
{
    begin_value(w, key, GGUF_STRING);
    put_string(w, &w->keys, text, size);
}

void gguf_write_copy(gguf_writer *w, const gguf_value *value)
{
    put_string(w, &w->keys, value->key.text, value->key.size);
    put_u32(w, &w->keys, (uint32_t)value->type);
    if (value->type == GGUF_ARRAY) {
        put_u32(w, &w->keys, (uint32_t)value->item);
        put_u64(w, &w->keys, value->count);
    } else if (value->type == GGUF_STRING) {
        put_u64(w, &w->keys, value->size);
    }
    put(w, &w->keys, value->bytes, value->size);
    w->key_count++;
    static const char ALIGNMENT[] = "general.alignment";
    uint32_t alignment;
    if (value->key.size != sizeof ALIGNMENT - 1 || memcmp(value->key.text, ALIGNMENT, sizeof ALIGNMENT - 1) != 0) return;
    memcpy(&alignment, value->bytes, sizeof alignment); /* a u32, a power of two: the reader checked it */
    w->alignment = alignment;
}

void gguf_write_array(gguf_writer *w, const char *key, gguf_type item, uint64_t n)
{
    begin_value(w, key, GGUF_ARRAY);
    put_u32(w, &w->keys, (uint32_t)item);
    put_u64(w, &w->keys, n);
}

void gguf_write_string_item(gguf_writer *w, const char *text, size_t size) { put_string(w, &w->keys, text, size); }
void gguf_write_bool_item(gguf_writer *w, bool value) { put(w, &w->keys, &(unsigned char){value}, 1); }
void gguf_write_i32_item(gguf_writer *w, int32_t value) { put(w, &w->keys, &value, sizeof value); }
void gguf_write_f32_item(gguf_writer *w, float value) { put(w, &w->keys, &value, sizeof value); }

static size_t padding_of(const gguf_writer *w, uint64_t bytes)
{
    return (size_t)((w->alignment - bytes % w->alignment) % w->alignment);
}

void gguf_write_tensor(gguf_writer *w, const char *name, dtype type, int rank, const int64_t *dim)
{
    static const int64_t ONE = 1;
    if (rank == 0) rank = 1, dim = &ONE; /* GGUF has no scalars */
    int number = gguf_type_of_dtype(type);
    int64_t count = 1;
    size_t bytes = 0;
    bool fits = rank <= 4 && number >= 0;
    for (int i = 0; fits && i < rank; i++) fits = !__builtin_mul_overflow(count, dim[i], &count);
    if (!fits || !dtype_bytes(type, count, &bytes)) {
        status_set(w->st, STATUS_FAIL, "tensor '%s' of type %s and %d dimensions cannot be stored as GGUF", name, dtype_of(type)->name, rank);
        return;
    }
    put_string(w, &w->tensors, name, strlen(name));
    put_u32(w, &w->tensors, (uint32_t)rank);
    for (int i = rank - 1; i >= 0; i--) put_u64(w, &w->tensors, (uint64_t)dim[i]); /* the file has the innermost first */
    put_u32(w, &w->tensors, (uint32_t)number);
    put_u64(w, &w->tensors, w->offset);
    w->tensor_count++;
    w->offset += bytes + padding_of(w, bytes);
}

const void *gguf_write_bytes(gguf_writer *w, size_t *size)
{
    buffer *b = &w->header;
    static const unsigned char ZEROS[64];
    b->size = 0;
    put(w, b, "GGUF", 4);
    put_u32(w, b, 3);
    put_u64(w, b, w->tensor_count);
    put_u64(w, b, w->key_count);
    put(w, b, w->keys.bytes, w->keys.size);
    put(w, b, w->tensors.bytes, w->tensors.size);
    for (size_t left = padding_of(w, b->size); left > 0 && status_ok(w->st);) {
        size_t n = left < sizeof ZEROS ? left : sizeof ZEROS;
        put(w, b, ZEROS, n);
        left -= n;
    }
    *size = b->size;
    return status_ok(w->st) ? b->bytes : NULL;
}

bool gguf_write_header(gguf_writer *w, FILE *out)
{
    size_t size;
    const void *bytes = gguf_write_bytes(w, &size);
    if (bytes) fwrite(bytes, 1, size, out);
    return bytes != NULL;
}

void gguf_write_padding(const gguf_writer *w, FILE *out, size_t bytes)
{
    for (size_t n = padding_of(w, bytes); n > 0; n--) fputc(0, out);
}
