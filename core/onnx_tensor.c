#include "core/onnx_tensor.h"

#include <string.h>

#include "core/alloc.h"
#include "core/protobuf.h"

/* Fields of TensorProto. */
enum {
    FIELD_DIMS = 1,
    FIELD_TYPE = 2,
    FIELD_SEGMENT = 3,
    FIELD_FLOATS = 4,
    FIELD_INT32S = 5,
    FIELD_INT64S = 7,
    FIELD_NAME = 8,
    FIELD_RAW = 9,
    FIELD_DOUBLES = 10,
    FIELD_LOCATION = 14,
};

/* TensorProto.DataType, and the field that holds such values when raw_data does not. */
static const struct {
    uint64_t number;
    dtype type;
    uint32_t field;
} TYPES[] = {
    {1, DTYPE_F32, FIELD_FLOATS},  {2, DTYPE_U8, FIELD_INT32S},    {3, DTYPE_I8, FIELD_INT32S},
    {5, DTYPE_I16, FIELD_INT32S},  {6, DTYPE_I32, FIELD_INT32S},   {7, DTYPE_I64, FIELD_INT64S},
    {9, DTYPE_BOOL, FIELD_INT32S}, {10, DTYPE_F16, FIELD_INT32S},  {11, DTYPE_F64, FIELD_DOUBLES},
    {16, DTYPE_BF16, FIELD_INT32S},
};
enum { TYPE_COUNT = sizeof TYPES / sizeof TYPES[0] };

typedef struct {
    const char *path, *label;
    protobuf_cursor message; /* from its start */
    tensor x;
    int64_t count;
    uint64_t number; /* of the type */
    uint32_t field;
    bool has_raw, external, segmented;
    const unsigned char *raw;
    size_t raw_size;
    onnx_string name;
    weights_table *table;
    status *st;
} reader;

static bool add_dim(reader *r, uint64_t n)
{
    if (r->x.rank == TENSOR_MAX_RANK)
        return status_set(r->st, STATUS_INPUT, "%s: tensor '%s' has more than %d dimensions", r->path, r->label, TENSOR_MAX_RANK);
    r->x.dim[r->x.rank++] = n > INT64_MAX ? -1 : (int64_t)n;
    return true;
}

static bool read_dims(reader *r)
{
    protobuf_numbers dims = protobuf_numbers_of(r->message, FIELD_DIMS, PROTOBUF_VARINT);
    uint64_t n;
    while (protobuf_numbers_next(&dims, &n))
        if (!add_dim(r, n)) return false;
    if (dims.bad) return status_set(r->st, STATUS_INPUT, "%s: tensor '%s': its shape is broken", r->path, r->label);
    return tensor_shape_count(r->x.rank, r->x.dim, &r->count) ||
           status_set(r->st, STATUS_INPUT, "%s: tensor '%s' is too large", r->path, r->label);
}

static bool read_fields(reader *r)
{
    protobuf_cursor c = r->message;
    protobuf_field f;
    while (protobuf_next(&c, &f)) {
        bool is_bytes = f.wire == PROTOBUF_BYTES;
        if (f.number == FIELD_TYPE) r->number = f.value;
        if (f.number == FIELD_SEGMENT) r->segmented = true;
        if (f.number == FIELD_LOCATION) r->external = f.value != 0;
        if (f.number == FIELD_NAME && is_bytes) r->name = (onnx_string){(const char *)f.bytes, f.size};
        if (f.number == FIELD_RAW && is_bytes) {
            r->has_raw = true;
            r->raw = f.bytes;
            r->raw_size = f.size;
        }
    }
    return !c.bad || status_set(r->st, STATUS_INPUT, "%s: tensor '%s' is broken", r->path, r->label);
}

static bool find_type(reader *r)
{
    for (int i = 0; i < TYPE_COUNT; i++) {
        if (TYPES[i].number != r->number) continue;
        r->x.type = TYPES[i].type;
        r->field = TYPES[i].field;
        return true;
    }
    return status_set(r->st, STATUS_INPUT, "%s: tensor '%s' is of type %llu, which is not supported", r->path, r->label,
                      (unsigned long long)r->number);
}

/* Values in one packed list of fixed size stay in place. */
static bool in_place(reader *r, protobuf_wire item, size_t bytes)
{
    protobuf_cursor c = r->message;
    protobuf_field f;
    if (item == PROTOBUF_VARINT) return false;
    while (protobuf_next(&c, &f)) {
        if (f.number != r->field) continue;
        if (f.wire != PROTOBUF_BYTES || f.size != bytes) return false;
        r->x.data = (void *)(uintptr_t)f.bytes;
        return true;
    }
    return false;
}

/* Stores the low bytes of v where the type holds it. Negative numbers come as 64-bit two's complement; floats come as
 * their bits. */
static bool store_number(dtype type, uint64_t v, unsigned char *to)
{
    int64_t n = (int64_t)v, least = 0, most = 0;
    switch (type) {
    case DTYPE_BOOL:
    case DTYPE_U8: most = UINT8_MAX; break;
    case DTYPE_I8: least = INT8_MIN, most = INT8_MAX; break;
    case DTYPE_I16: least = INT16_MIN, most = INT16_MAX; break;
    case DTYPE_I32: least = INT32_MIN, most = INT32_MAX; break;
    case DTYPE_F32: most = UINT32_MAX; break;
    case DTYPE_F64:
    case DTYPE_I64: least = INT64_MIN, most = INT64_MAX; break;
    default: most = UINT16_MAX; break;
    }
    if (n < least || n > most) return false;
    memcpy(to, &v, (size_t)dtype_of(type)->bytes); /* little-endian */
    return true;
}

static bool read_list(reader *r)
{
    protobuf_wire item = r->x.type == DTYPE_F32   ? PROTOBUF_FIXED32
                         : r->x.type == DTYPE_F64 ? PROTOBUF_FIXED64
                                                  : PROTOBUF_VARINT;
    protobuf_numbers numbers = protobuf_numbers_of(r->message, r->field, item), again = numbers;
    uint64_t value, found = 0;
    while (protobuf_numbers_next(&numbers, &value)) found++;
    if (numbers.bad) return status_set(r->st, STATUS_INPUT, "%s: tensor '%s': its values are broken", r->path, r->label);
    if (found != (uint64_t)r->count)
        return status_set(r->st, STATUS_INPUT, "%s: tensor '%s' has %llu values, %lld wanted", r->path, r->label,
                          (unsigned long long)found, (long long)r->count);
    size_t width = (size_t)dtype_of(r->x.type)->bytes;
    if (in_place(r, item, (size_t)found * width)) return true;
    unsigned char *to = r->x.data = weights_table_store(r->table, (size_t)found * width, r->st); /* at most 8 × the file */
    if (!to) return false;
    for (; protobuf_numbers_next(&again, &value); to += width)
        if (!store_number(r->x.type, value, to))
            return status_set(r->st, STATUS_INPUT, "%s: tensor '%s': the value %lld does not fit into %s", r->path, r->label,
                              (long long)value, dtype_of(r->x.type)->name);
    return true;
}

static bool read_raw(reader *r)
{
    size_t bytes;
    if (!dtype_bytes(r->x.type, r->count, &bytes) || bytes != r->raw_size) {
        char shape[128];
        return status_set(r->st, STATUS_INPUT, "%s: tensor '%s' has %zu bytes, which is wrong for shape %s in %s", r->path, r->label,
                          r->raw_size, tensor_shape_text(&r->x, shape, sizeof shape), dtype_of(r->x.type)->name);
    }
    r->x.data = (void *)(uintptr_t)r->raw;
    return true;
}

static bool read_values(reader *r)
{
    if (!find_type(r)) return false;
    if (r->external)
        return status_set(r->st, STATUS_INPUT, "%s: tensor '%s' lies in another file, which is not supported", r->path, r->label);
    if (r->segmented)
        return status_set(r->st, STATUS_INPUT, "%s: tensor '%s' comes in segments, which is not supported", r->path, r->label);
    if (r->has_raw) return read_raw(r);
    return read_list(r);
}

bool onnx_tensor_read(const void *message, size_t size, const char *label, weights_table *table, onnx_string *name,
                      tensor *out, status *st)
{
    reader r = {.path = table->path, .label = label, .message = protobuf_begin(message, size), .table = table, .st = st};
    if (!read_fields(&r)) return false;
    weights_name shown = weights_name_text(r.name.text, r.name.size);
    if (r.name.size) r.label = shown.text;
    *name = r.name;
    if (!read_dims(&r) || !read_values(&r)) return false;
    *out = r.x;
    return true;
}
