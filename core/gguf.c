/* The reader walks the header once with a cursor that can never leave the bytes: each take checks what is left first. */
#include "core/gguf.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"

struct gguf {
    const char *path;
    const unsigned char *data;
    size_t size;
    uint32_t version;
    uint64_t alignment;
    gguf_value *value;
    int64_t values;
    name_index keys;
};

typedef struct {
    const gguf *g;
    const unsigned char *at;
    size_t left;
    status *st;
} cursor;

/* The least bytes one metadata entry and one tensor entry take: what a count of them is checked against. */
enum { LEAST_VALUE = 8 + 4 + 1, LEAST_TENSOR = 8 + 4 + 4 + 8, MAX_DIMS = 4 };

static const struct {
    const char *name;
    size_t bytes; /* 0: no fixed size */
} TYPES[GGUF_TYPE_COUNT] = {
    [GGUF_U8] = {"u8", 1},     [GGUF_I8] = {"i8", 1},          [GGUF_U16] = {"u16", 2},     [GGUF_I16] = {"i16", 2},
    [GGUF_U32] = {"u32", 4},   [GGUF_I32] = {"i32", 4},        [GGUF_F32] = {"f32", 4},     [GGUF_BOOL] = {"bool", 1},
    [GGUF_STRING] = {"string", 0}, [GGUF_ARRAY] = {"array", 0}, [GGUF_U64] = {"u64", 8},    [GGUF_I64] = {"i64", 8},
    [GGUF_F64] = {"f64", 8},
};

/* GGUF's numbers of the storage types. */
static const struct {
    uint32_t number;
    const char *name;
    dtype type; /* DTYPE_COUNT: known by name only */
} STORAGE[] = {
    {0, "F32", DTYPE_F32},           {1, "F16", DTYPE_F16},         {2, "Q4_0", DTYPE_Q4_0},
    {3, "Q4_1", DTYPE_Q4_1},         {6, "Q5_0", DTYPE_Q5_0},       {7, "Q5_1", DTYPE_Q5_1},
    {8, "Q8_0", DTYPE_Q8_0},         {9, "Q8_1", DTYPE_COUNT},      {10, "Q2_K", DTYPE_Q2_K},
    {11, "Q3_K", DTYPE_Q3_K},        {12, "Q4_K", DTYPE_Q4_K},      {13, "Q5_K", DTYPE_Q5_K},
    {14, "Q6_K", DTYPE_Q6_K},        {15, "Q8_K", DTYPE_Q8_K},      {16, "IQ2_XXS", DTYPE_COUNT},
    {17, "IQ2_XS", DTYPE_COUNT},     {18, "IQ3_XXS", DTYPE_COUNT},  {19, "IQ1_S", DTYPE_COUNT},
    {20, "IQ4_NL", DTYPE_IQ4_NL},    {21, "IQ3_S", DTYPE_COUNT},    {22, "IQ2_S", DTYPE_COUNT},
    {23, "IQ4_XS", DTYPE_COUNT},     {24, "I8", DTYPE_I8},          {25, "I16", DTYPE_I16},
    {26, "I32", DTYPE_I32},          {27, "I64", DTYPE_I64},        {28, "F64", DTYPE_F64},
    {29, "IQ1_M", DTYPE_COUNT},      {30, "BF16", DTYPE_BF16},      {34, "TQ1_0", DTYPE_COUNT},
    {35, "TQ2_0", DTYPE_COUNT},      {39, "MXFP4", DTYPE_COUNT},
};
enum { STORAGE_COUNT = sizeof STORAGE / sizeof STORAGE[0] };

const char *gguf_type_name(gguf_type type) { return type < GGUF_TYPE_COUNT ? TYPES[type].name : "unknown"; }

int gguf_type_of_dtype(dtype type)
{
    for (int i = 0; i < STORAGE_COUNT; i++)
        if (STORAGE[i].type == type) return (int)STORAGE[i].number;
    return -1;
}

dtype gguf_dtype_of_type(uint32_t number)
{
    for (int i = 0; i < STORAGE_COUNT; i++)
        if (STORAGE[i].number == number) return STORAGE[i].type;
    return DTYPE_COUNT;
}

static const char *storage_name(uint32_t number)
{
    for (int i = 0; i < STORAGE_COUNT; i++)
        if (STORAGE[i].number == number) return STORAGE[i].name;
    return "unknown";
}

static uint32_t u32_at(const unsigned char *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

static uint64_t u64_at(const unsigned char *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

/* ---- the cursor ---- */

static bool take(cursor *c, uint64_t bytes, const unsigned char **out)
{
    if (bytes > c->left) {
        status_set(c->st, STATUS_INPUT, "%s: byte %zu: %llu more bytes wanted, %zu left in the file", c->g->path,
                   c->g->size - c->left, (unsigned long long)bytes, c->left);
        return false;
    }
    *out = c->at;
    c->at += bytes;
    c->left -= (size_t)bytes;
    return true;
}

static bool take_u32(cursor *c, uint32_t *out)
{
    const unsigned char *p;
    if (!take(c, 4, &p)) return false;
    *out = u32_at(p);
    return true;
}

static bool take_u64(cursor *c, uint64_t *out)
{
    const unsigned char *p;
    if (!take(c, 8, &p)) return false;
    *out = u64_at(p);
    return true;
}

static bool take_string(cursor *c, gguf_string *out)
{
    uint64_t size;
    const unsigned char *p;
    if (!take_u64(c, &size) || !take(c, size, &p)) return false;
    *out = (gguf_string){.text = (const char *)p, .size = (size_t)size};
    return true;
}

/* ---- metadata ---- */

static bool take_strings(cursor *c, uint64_t count)
{
    if (count > c->left / 8)
        return status_set(c->st, STATUS_INPUT, "%s: byte %zu: an array of %llu strings, room for %zu left", c->g->path,
                          c->g->size - c->left, (unsigned long long)count, c->left / 8);
    gguf_string ignored;
    for (uint64_t i = 0; i < count; i++)
        if (!take_string(c, &ignored)) return false;
    return true;
}

static bool take_array(cursor *c, gguf_value *v)
{
    uint32_t item;
    if (!take_u32(c, &item) || !take_u64(c, &v->count)) return false;
    weights_name key = weights_name_text(v->key.text, v->key.size);
    if (item >= GGUF_TYPE_COUNT)
        return status_set(c->st, STATUS_INPUT, "%s: key '%s': unknown element type %u", c->g->path, key.text, item);
    if (item == GGUF_ARRAY)
        return status_set(c->st, STATUS_INPUT, "%s: key '%s': an array of arrays, which is not supported", c->g->path,
                          key.text);
    v->item = (gguf_type)item;
    v->bytes = c->at;
    if (item == GGUF_STRING) {
        if (!take_strings(c, v->count)) return false;
    } else {
        if (v->count > c->left / TYPES[item].bytes)
            return status_set(c->st, STATUS_INPUT, "%s: key '%s': an array of %llu %s, room for %zu left", c->g->path,
                              key.text, (unsigned long long)v->count, TYPES[item].name, c->left / TYPES[item].bytes);
        if (!take(c, v->count * TYPES[item].bytes, &v->bytes)) return false;
    }
    v->size = (size_t)(c->at - v->bytes);
    return true;
}

static bool take_value(cursor *c, gguf_value *v)
{
    uint32_t type;
    if (!take_string(c, &v->key) || !take_u32(c, &type)) return false;
    if (type >= GGUF_TYPE_COUNT)
        return status_set(c->st, STATUS_INPUT, "%s: key '%s': unknown value type %u", c->g->path,
                          weights_name_text(v->key.text, v->key.size).text, type);
    v->type = v->item = (gguf_type)type;
    v->count = 1;
    if (type == GGUF_ARRAY) return take_array(c, v);
    if (type == GGUF_STRING) {
        gguf_string s;
        if (!take_string(c, &s)) return false;
        v->bytes = (const unsigned char *)s.text;
        v->size = s.size;
        return true;
    }
    v->size = TYPES[type].bytes;
    return take(c, v->size, &v->bytes);
}

static bool take_values(cursor *c, gguf *g, uint64_t count)
{
    if (count > c->left / LEAST_VALUE)
        return status_set(c->st, STATUS_INPUT, "%s: the header tells of %llu metadata entries, room for %zu in the file",
                          g->path, (unsigned long long)count, c->left / LEAST_VALUE);
    g->value = alloc_zeroed((size_t)count, sizeof *g->value, c->st);
    if (!g->value) return false;
    for (uint64_t i = 0; i < count; i++) {
        gguf_value *v = &g->value[i];
        bool fresh;
        if (!take_value(c, v) || !name_index_add(&g->keys, v->key.text, v->key.size, (uint32_t)i, &fresh, c->st)) return false;
        if (!fresh)
            return status_set(c->st, STATUS_INPUT, "%s: key '%s' is there twice", g->path,
                              weights_name_text(v->key.text, v->key.size).text);
        g->values++;
    }
    return true;
}

static bool read_alignment(gguf *g, status *st)
{
    g->alignment = 32;
    const gguf_value *v = gguf_find(g, "general.alignment");
    if (!v) return true;
    if (v->type != GGUF_U32)
        return status_set(st, STATUS_INPUT, "%s: general.alignment is of type %s, u32 wanted", g->path, gguf_type_name(v->type));
    g->alignment = u32_at(v->bytes);
    if (g->alignment < 8 || (g->alignment & (g->alignment - 1)))
        return status_set(st, STATUS_INPUT, "%s: general.alignment is %llu, a power of two from 8 wanted", g->path,
                          (unsigned long long)g->alignment);
    return true;
}

/* ---- tensors ---- */

typedef struct {
    gguf_string name;
    tensor x;
    uint64_t offset; /* from the start of the data */
} tensor_info;

static bool take_dims(cursor *c, tensor_info *info, const char *name)
{
    uint32_t rank;
    if (!take_u32(c, &rank)) return false;
    if (rank < 1 || rank > MAX_DIMS)
        return status_set(c->st, STATUS_INPUT, "%s: tensor '%s' has %u dimensions, 1 to %d wanted", c->g->path, name, rank,
                          MAX_DIMS);
    info->x.rank = (int)rank;
    for (int i = (int)rank - 1; i >= 0; i--) { /* the file has the innermost first */
        uint64_t n;
        if (!take_u64(c, &n)) return false;
        info->x.dim[i] = n > INT64_MAX ? -1 : (int64_t)n;
    }
    int64_t count;
    return tensor_shape_count(info->x.rank, info->x.dim, &count) ||
           status_set(c->st, STATUS_INPUT, "%s: tensor '%s' is too large", c->g->path, name);
}

static bool take_tensor(cursor *c, tensor_info *info)
{
    if (!take_string(c, &info->name)) return false;
    weights_name name = weights_name_text(info->name.text, info->name.size);
    uint32_t number;
    if (!take_dims(c, info, name.text) || !take_u32(c, &number) || !take_u64(c, &info->offset)) return false;
    info->x.type = gguf_dtype_of_type(number);
    if (info->x.type == DTYPE_COUNT)
        return status_set(c->st, STATUS_INPUT, "%s: tensor '%s' is of type %u (%s), which is not supported", c->g->path,
                          name.text, number, storage_name(number));
    int64_t inner = info->x.dim[info->x.rank - 1];
    if (inner % dtype_of(info->x.type)->block)
        return status_set(c->st, STATUS_INPUT, "%s: tensor '%s' has rows of %lld elements, a multiple of %d wanted for %s",
                          c->g->path, name.text, (long long)inner, dtype_of(info->x.type)->block,
                          dtype_of(info->x.type)->name);
    return true;
}

/* A first walk over the entries, to find where the data begin. */
static bool skip_tensors(cursor *c, uint64_t count)
{
    if (count > c->left / LEAST_TENSOR)
        return status_set(c->st, STATUS_INPUT, "%s: the header tells of %llu tensors, room for %zu in the file", c->g->path,
                          (unsigned long long)count, c->left / LEAST_TENSOR);
    tensor_info info;
    for (uint64_t i = 0; i < count; i++)
        if (!take_tensor(c, &info)) return false;
    return true;
}

/* The second walk: the data lie one after the other, each at the next multiple of the alignment. */
static bool place_tensors(cursor *c, uint64_t count, uint64_t start, weights_table *table)
{
    const gguf *g = c->g;
    uint64_t expected = 0, room = g->size - start;
    for (uint64_t i = 0; i < count; i++) {
        tensor_info info;
        size_t bytes;
        if (!take_tensor(c, &info)) return false;
        weights_name name = weights_name_text(info.name.text, info.name.size);
        if (!dtype_bytes(info.x.type, tensor_count(&info.x), &bytes))
            return status_set(c->st, STATUS_INPUT, "%s: tensor '%s' is too large", g->path, name.text);
        if (info.offset != expected)
            return status_set(c->st, STATUS_INPUT, "%s: tensor '%s' lies at offset %llu, %llu wanted", g->path, name.text,
                              (unsigned long long)info.offset, (unsigned long long)expected);
        if (info.offset > room || bytes > room - info.offset)
            return status_set(c->st, STATUS_INPUT,
                              "%s: tensor '%s' has %zu bytes at offset %llu of the data, which end at %llu: the file is cut",
                              g->path, name.text, bytes, (unsigned long long)info.offset, (unsigned long long)room);
        info.x.data = (void *)(uintptr_t)(g->data + start + info.offset);
        if (!weights_table_add(table, info.name.text, info.name.size, &info.x, c->st)) return false;
        uint64_t padding = (g->alignment - bytes % g->alignment) % g->alignment;
        expected += bytes + padding; /* no overflow: both are below the file's size plus an alignment */
    }
    return true;
}

static bool read_tensors(cursor *c, uint64_t count, weights_table *table)
{
    const gguf *g = c->g;
    cursor second = *c;
    if (!skip_tensors(c, count)) return false;
    uint64_t start = g->size - c->left;
    start += (g->alignment - start % g->alignment) % g->alignment;
    if (start > g->size) {
        if (count) return status_set(c->st, STATUS_INPUT, "%s: the file ends before the tensors' data", g->path);
        return true;
    }
    return place_tensors(&second, count, start, table);
}

static bool read_all(gguf *g, weights_table *table, status *st)
{
    cursor c = {.g = g, .at = g->data, .left = g->size, .st = st};
    const unsigned char *magic;
    uint64_t tensors, values;
    if (!take(&c, 4, &magic)) return false;
    if (memcmp(magic, "GGUF", 4) != 0) return status_set(st, STATUS_INPUT, "%s: not a GGUF file", g->path);
    if (!take_u32(&c, &g->version)) return false;
    if (g->version > 0xFFFF && (g->version & 0xFFFF) == 0)
        return status_set(st, STATUS_INPUT, "%s: a big-endian GGUF file, which is not supported", g->path);
    if (g->version != 2 && g->version != 3)
        return status_set(st, STATUS_INPUT, "%s: GGUF version %u, 2 or 3 wanted", g->path, g->version);
    return take_u64(&c, &tensors) && take_u64(&c, &values) && take_values(&c, g, values) && read_alignment(g, st) &&
           read_tensors(&c, tensors, table);
}

gguf *gguf_open(const void *data, size_t size, const char *path, weights_table *table, status *st)
{
    gguf *g = alloc_zeroed(1, sizeof *g, st);
    if (!g) return NULL;
    g->path = path;
    g->data = data;
    g->size = size;
    if (read_all(g, table, st)) return g;
    gguf_close(g);
    return NULL;
}

void gguf_close(gguf *g)
{
    if (!g) return;
    name_index_free(&g->keys);
    alloc_free(g->value);
    alloc_free(g);
}

uint32_t gguf_version(const gguf *g) { return g->version; }
uint64_t gguf_alignment(const gguf *g) { return g->alignment; }
int64_t gguf_value_count(const gguf *g) { return g->values; }
const gguf_value *gguf_value_at(const gguf *g, int64_t i) { return &g->value[i]; }

const gguf_value *gguf_find(const gguf *g, const char *key)
{
    int64_t i = name_index_find(&g->keys, key, strlen(key));
    return i < 0 ? NULL : &g->value[i];
}

/* ---- typed access ---- */

/* An integer as sign and magnitude, so that every width and sign goes one way. */
typedef struct {
    bool negative;
    uint64_t magnitude;
} integer;

static integer integer_signed(int64_t v) { return (integer){v < 0, v < 0 ? 0 - (uint64_t)v : (uint64_t)v}; }

static bool read_integer(gguf_type type, const unsigned char *p, integer *out)
{
    switch (type) {
    case GGUF_U8: *out = (integer){false, p[0]}; return true;
    case GGUF_I8: *out = integer_signed((int8_t)p[0]); return true;
    case GGUF_U16: *out = (integer){false, (uint64_t)p[0] | (uint64_t)p[1] << 8}; return true;
    case GGUF_I16: *out = integer_signed((int16_t)(p[0] | p[1] << 8)); return true;
    case GGUF_U32: *out = (integer){false, u32_at(p)}; return true;
    case GGUF_I32: *out = integer_signed((int32_t)u32_at(p)); return true;
    case GGUF_U64: *out = (integer){false, u64_at(p)}; return true;
    case GGUF_I64: *out = integer_signed((int64_t)u64_at(p)); return true;
    default: return false;
    }
}

static bool read_f64(gguf_type type, const unsigned char *p, double *out)
{
    integer n;
    if (type == GGUF_F32) {
        float f;
        memcpy(&f, p, sizeof f);
        *out = (double)f;
    } else if (type == GGUF_F64) {
        memcpy(out, p, sizeof *out);
    } else if (read_integer(type, p, &n)) {
        *out = n.negative ? -(double)n.magnitude : (double)n.magnitude;
    } else {
        return false;
    }
    return true;
}

static bool to_u64(integer n, uint64_t *out)
{
    if (n.negative) return false;
    *out = n.magnitude;
    return true;
}

static bool to_i64(integer n, int64_t *out)
{
    if (n.magnitude > (uint64_t)INT64_MAX + n.negative) return false;
    *out = n.negative ? (int64_t)(0 - n.magnitude) : (int64_t)n.magnitude;
    return true;
}

static const gguf_value *scalar(const gguf *g, const char *key)
{
    const gguf_value *v = gguf_find(g, key);
    return v && v->type != GGUF_ARRAY ? v : NULL;
}

bool gguf_get_bool(const gguf *g, const char *key, bool *out)
{
    const gguf_value *v = gguf_find(g, key);
    if (!v || v->type != GGUF_BOOL) return false;
    *out = v->bytes[0] != 0;
    return true;
}

bool gguf_get_u64(const gguf *g, const char *key, uint64_t *out)
{
    const gguf_value *v = scalar(g, key);
    integer n;
    return v && read_integer(v->type, v->bytes, &n) && to_u64(n, out);
}

bool gguf_get_i64(const gguf *g, const char *key, int64_t *out)
{
    const gguf_value *v = scalar(g, key);
    integer n;
    return v && read_integer(v->type, v->bytes, &n) && to_i64(n, out);
}

bool gguf_get_f64(const gguf *g, const char *key, double *out)
{
    const gguf_value *v = scalar(g, key);
    return v && read_f64(v->type, v->bytes, out);
}

bool gguf_get_string(const gguf *g, const char *key, gguf_string *out)
{
    const gguf_value *v = gguf_find(g, key);
    if (!v || v->type != GGUF_STRING) return false;
    *out = (gguf_string){.text = (const char *)v->bytes, .size = v->size};
    return true;
}

const gguf_value *gguf_get_array(const gguf *g, const char *key)
{
    const gguf_value *v = gguf_find(g, key);
    return v && v->type == GGUF_ARRAY ? v : NULL;
}

static const unsigned char *item_at(const gguf_value *array, uint64_t i)
{
    if (!array || array->type != GGUF_ARRAY || array->item == GGUF_STRING || i >= array->count) return NULL;
    return array->bytes + i * TYPES[array->item].bytes;
}

bool gguf_item_u64(const gguf_value *array, uint64_t i, uint64_t *out)
{
    const unsigned char *p = item_at(array, i);
    integer n;
    return p && read_integer(array->item, p, &n) && to_u64(n, out);
}

bool gguf_item_i64(const gguf_value *array, uint64_t i, int64_t *out)
{
    const unsigned char *p = item_at(array, i);
    integer n;
    return p && read_integer(array->item, p, &n) && to_i64(n, out);
}

bool gguf_item_f64(const gguf_value *array, uint64_t i, double *out)
{
    const unsigned char *p = item_at(array, i);
    return p && read_f64(array->item, p, out);
}

gguf_strings gguf_strings_of(const gguf_value *array)
{
    if (!array || array->type != GGUF_ARRAY || array->item != GGUF_STRING) return (gguf_strings){0};
    return (gguf_strings){.at = array->bytes, .left = array->count};
}

bool gguf_strings_next(gguf_strings *it, gguf_string *out)
{
    if (it->left == 0) return false;
    uint64_t size = u64_at(it->at); /* checked against the file by take_strings */
    *out = (gguf_string){.text = (const char *)it->at + 8, .size = (size_t)size};
    it->at += 8 + size;
    it->left--;
    return true;
}
