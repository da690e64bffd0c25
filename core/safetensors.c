#include "core/safetensors.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"

enum { MAX_HEADER = 100000000 };

static const struct {
    const char *name;
    dtype type;
} TYPES[] = {
    {"F32", DTYPE_F32}, {"F16", DTYPE_F16}, {"BF16", DTYPE_BF16}, {"F64", DTYPE_F64}, {"I8", DTYPE_I8},
    {"U8", DTYPE_U8},   {"I16", DTYPE_I16}, {"I32", DTYPE_I32},   {"I64", DTYPE_I64}, {"BOOL", DTYPE_BOOL},
};
enum { TYPE_COUNT = sizeof TYPES / sizeof TYPES[0] };

/* The bytes [begin, end) of the data that one tensor takes. */
typedef struct {
    uint64_t begin, end;
} range;

typedef struct {
    const char *path;
    json_cursor json;
    const unsigned char *data; /* behind the header */
    uint64_t data_size;
    weights_table *table;
    range *ranges;
    size_t count, capacity;
    json_text metadata;
    status *st;
} reader;

/* One entry of the header. */
typedef struct {
    tensor x;
    range place;
    bool has_type, has_shape, has_place;
} entry;

const char *safetensors_name_of_dtype(dtype type)
{
    for (int i = 0; i < TYPE_COUNT; i++)
        if (TYPES[i].type == type) return TYPES[i].name;
    return NULL;
}

dtype safetensors_dtype_of_name(const char *name, size_t size)
{
    for (int i = 0; i < TYPE_COUNT; i++)
        if (strlen(TYPES[i].name) == size && memcmp(TYPES[i].name, name, size) == 0) return TYPES[i].type;
    return DTYPE_COUNT;
}

static bool read_type(reader *r, entry *e, const char *name)
{
    json_text text;
    if (!json_cursor_string(&r->json, &text)) return false;
    e->x.type = safetensors_dtype_of_name(text.text, text.size);
    e->has_type = true;
    if (e->x.type == DTYPE_COUNT)
        return status_set(r->st, STATUS_INPUT, "%s: tensor '%s' is of type '%s', which is not supported", r->path, name,
                          weights_name_text(text.text, text.size).text);
    return true;
}

static bool read_shape(reader *r, entry *e, const char *name)
{
    e->has_shape = true;
    e->x.rank = 0;
    if (!json_cursor_enter(&r->json, '[')) return false;
    while (json_cursor_more(&r->json, ']')) {
        uint64_t n;
        if (!json_cursor_u64(&r->json, &n)) return false;
        if (e->x.rank == TENSOR_MAX_RANK)
            return status_set(r->st, STATUS_INPUT, "%s: tensor '%s' has more than %d dimensions", r->path, name, TENSOR_MAX_RANK);
        if (n > INT64_MAX) return status_set(r->st, STATUS_INPUT, "%s: tensor '%s' is too large", r->path, name);
        e->x.dim[e->x.rank++] = (int64_t)n;
    }
    return !json_cursor_bad(&r->json);
}

static bool read_place(reader *r, entry *e)
{
    e->has_place = true;
    if (!json_cursor_enter(&r->json, '[')) return false;
    uint64_t *end[2] = {&e->place.begin, &e->place.end};
    for (int i = 0; i < 2; i++) {
        if (!json_cursor_more(&r->json, ']')) {
            if (!r->json.wanted) r->json.wanted = "two offsets";
            return false;
        }
        if (!json_cursor_u64(&r->json, end[i])) return false;
    }
    if (json_cursor_more(&r->json, ']')) r->json.wanted = "two offsets";
    return !json_cursor_bad(&r->json);
}

static bool read_entry(reader *r, entry *e, const char *name)
{
    if (!json_cursor_enter(&r->json, '{')) return false;
    json_text key;
    while (json_cursor_more(&r->json, '}') && json_cursor_key(&r->json, &key)) {
        bool *seen = json_cursor_is(key, "dtype")          ? &e->has_type
                     : json_cursor_is(key, "shape")        ? &e->has_shape
                     : json_cursor_is(key, "data_offsets") ? &e->has_place
                                                    : NULL;
        if (seen && *seen)
            return status_set(r->st, STATUS_INPUT, "%s: tensor '%s' has two values of '%.*s'", r->path, name, (int)key.size,
                              key.text);
        bool ok = !seen                  ? json_cursor_skip(&r->json)
                  : seen == &e->has_type ? read_type(r, e, name)
                  : seen == &e->has_shape ? read_shape(r, e, name)
                                          : read_place(r, e);
        if (!ok) return false;
    }
    return !json_cursor_bad(&r->json);
}

static bool check_entry(reader *r, const entry *e, const char *name)
{
    if (!e->has_type || !e->has_shape || !e->has_place)
        return status_set(r->st, STATUS_INPUT, "%s: tensor '%s' has no %s", r->path, name,
                          !e->has_type ? "dtype" : !e->has_shape ? "shape" : "data_offsets");
    int64_t count;
    size_t bytes;
    if (!tensor_shape_count(e->x.rank, e->x.dim, &count) || !dtype_bytes(e->x.type, count, &bytes))
        return status_set(r->st, STATUS_INPUT, "%s: tensor '%s' is too large", r->path, name);
    if (e->place.begin > e->place.end || e->place.end > r->data_size)
        return status_set(r->st, STATUS_INPUT, "%s: tensor '%s' lies at bytes %llu to %llu of the data, which has %llu: the file is cut or its header wrong",
                          r->path, name, (unsigned long long)e->place.begin, (unsigned long long)e->place.end,
                          (unsigned long long)r->data_size);
    if (e->place.end - e->place.begin != bytes) {
        char shape[128];
        return status_set(r->st, STATUS_INPUT, "%s: tensor '%s' has %llu bytes, its shape %s in %s wants %zu", r->path, name,
                          (unsigned long long)(e->place.end - e->place.begin), tensor_shape_text(&e->x, shape, sizeof shape),
                          dtype_of(e->x.type)->name, bytes);
    }
    return true;
}

static bool remember_range(reader *r, range place)
{
    if (r->count == r->capacity) {
        size_t wanted = r->capacity ? r->capacity * 2 : 64;
        range *grown = alloc_resize(r->ranges, wanted, sizeof *grown, r->st);
        if (!grown) return false;
        r->ranges = grown;
        r->capacity = wanted;
    }
    r->ranges[r->count++] = place;
    return true;
}

static bool add_tensor(reader *r, json_text key)
{
    weights_name shown = weights_name_text(key.text, key.size);
    entry e = {0};
    if (!read_entry(r, &e, shown.text) || !check_entry(r, &e, shown.text) || !remember_range(r, e.place)) return false;
    e.x.data = (void *)(uintptr_t)(r->data + e.place.begin);
    if (!key.escaped) return weights_table_add(r->table, key.text, key.size, &e.x, r->st);
    char *plain = alloc_array(key.size, 1, r->st);
    bool ok = plain && weights_table_add(r->table, plain, json_cursor_unescape(key, plain), &e.x, r->st);
    alloc_free(plain);
    return ok;
}

static bool read_header(reader *r)
{
    if (!json_cursor_enter(&r->json, '{')) return false;
    json_text key;
    while (json_cursor_more(&r->json, '}') && json_cursor_key(&r->json, &key)) {
        if (!json_cursor_is(key, "__metadata__")) {
            if (!add_tensor(r, key)) return false;
            continue;
        }
        if (r->metadata.text) return status_set(r->st, STATUS_INPUT, "%s: '__metadata__' is there twice", r->path);
        const char *from = r->json.at;
        if (!json_cursor_skip(&r->json)) return false;
        r->metadata = (json_text){.text = from, .size = (size_t)(r->json.at - from)};
    }
    return json_cursor_end(&r->json);
}

static int compare_ranges(const void *a, const void *b)
{
    const range *x = a, *y = b;
    if (x->begin != y->begin) return x->begin < y->begin ? -1 : 1;
    return x->end < y->end ? -1 : x->end > y->end;
}

static bool check_cover(reader *r)
{
    if (r->count > 1) qsort(r->ranges, r->count, sizeof *r->ranges, compare_ranges);
    uint64_t end = 0;
    for (size_t i = 0; i < r->count; i++) {
        if (r->ranges[i].begin != end)
            return status_set(r->st, STATUS_INPUT, "%s: bytes %llu to %llu of the data belong to %s tensor", r->path,
                              (unsigned long long)(r->ranges[i].begin < end ? r->ranges[i].begin : end),
                              (unsigned long long)(r->ranges[i].begin < end ? end : r->ranges[i].begin),
                              r->ranges[i].begin < end ? "more than one" : "no");
        end = r->ranges[i].end;
    }
    if (end != r->data_size)
        return status_set(r->st, STATUS_INPUT, "%s: the tensors end at byte %llu of the data, which has %llu", r->path,
                          (unsigned long long)end, (unsigned long long)r->data_size);
    return true;
}

bool safetensors_read(const void *data, size_t size, const char *path, weights_table *table, json_text *metadata, status *st)
{
    uint64_t header;
    if (size < sizeof header) return status_set(st, STATUS_INPUT, "%s: %zu bytes are too few for a safetensors file", path, size);
    memcpy(&header, data, sizeof header);
    if (header > size - sizeof header)
        return status_set(st, STATUS_INPUT, "%s: a header of %llu bytes is announced, %zu are left in the file: it is cut or no safetensors file",
                          path, (unsigned long long)header, size - sizeof header);
    if (header > MAX_HEADER)
        return status_set(st, STATUS_INPUT, "%s: a header of %llu bytes, at most %d wanted", path, (unsigned long long)header, MAX_HEADER);
    const char *text = (const char *)data + sizeof header;
    reader r = {.path = path, .json = json_cursor_begin(text, (size_t)header), .data = (const unsigned char *)text + header,
                .data_size = size - sizeof header - header, .table = table, .st = st};
    bool ok = read_header(&r) && check_cover(&r);
    alloc_free(r.ranges);
    if (json_cursor_bad(&r.json))
        return status_set(st, STATUS_INPUT, "%s: the header is no valid JSON of a safetensors file: byte %zu: %s was wanted", path,
                          (size_t)(r.json.at - text), r.json.wanted);
    if (ok && metadata) *metadata = r.metadata;
    return ok;
}
