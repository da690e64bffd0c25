#include "core/parameters.h"

#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/kernel/kernel.h"

typedef struct {
    const char *name;
    tensor x;
    const weights *from;
} entry;

struct parameters {
    char *source;
    arena *mem;
    entry *entries; /* in the order they were added */
    int64_t count, room;
    int64_t *slots; /* open addressing: index of an entry + 1, or 0; slot_count is a power of two, at most half full */
    size_t slot_count;
};

parameters *parameters_new(const char *what, status *st)
{
    parameters *p = alloc_zeroed(1, sizeof *p, st);
    if (!p) return NULL;
    p->source = alloc_string(what, strlen(what), st);
    p->mem = p->source ? arena_new(st) : NULL;
    if (p->mem) return p;
    parameters_free(p);
    return NULL;
}

void parameters_free(parameters *p)
{
    if (!p) return;
    arena_free(p->mem);
    alloc_free(p->source);
    alloc_free(p->entries);
    alloc_free(p->slots);
    alloc_free(p);
}

const char *parameters_source(const parameters *p) { return p->source; }

arena *parameters_memory(parameters *p) { return p->mem; }

/* FNV-1a, 64 bits. */
static uint64_t hash(const char *s)
{
    uint64_t h = 14695981039346656037u;
    while (*s) h = (h ^ (unsigned char)*s++) * 1099511628211u;
    return h;
}

/* The slot of name: the one that holds it, or the empty one where it belongs. */
static size_t slot_of(const parameters *p, const char *name)
{
    size_t i = (size_t)hash(name) & (p->slot_count - 1);
    while (p->slots[i] && strcmp(p->entries[p->slots[i] - 1].name, name) != 0) i = (i + 1) & (p->slot_count - 1);
    return i;
}

static entry *find(const parameters *p, const char *name)
{
    int64_t i = p->slot_count ? p->slots[slot_of(p, name)] : 0;
    return i ? &p->entries[i - 1] : NULL;
}

static bool grow(parameters *p, status *st)
{
    int64_t room = p->room ? p->room * 2 : 256;
    entry *entries = alloc_resize(p->entries, (size_t)room, sizeof *entries, st);
    if (!entries) return false;
    p->entries = entries;
    int64_t *slots = alloc_zeroed((size_t)room * 2, sizeof *slots, st);
    if (!slots) return false;
    alloc_free(p->slots);
    p->slots = slots;
    p->slot_count = (size_t)room * 2;
    p->room = room;
    for (int64_t i = 0; i < p->count; i++) p->slots[slot_of(p, p->entries[i].name)] = i + 1;
    return true;
}

bool parameters_add(parameters *p, const char *name, const tensor *x, const weights *from, status *st)
{
    entry *e = find(p, name);
    if (e) {
        e->x = *x;
        e->from = from;
        return true;
    }
    if (p->count == p->room && !grow(p, st)) return false;
    size_t size = strlen(name) + 1;
    char *copy = arena_alloc(p->mem, size, st);
    if (!copy) return false;
    memcpy(copy, name, size);
    p->entries[p->count++] = (entry){copy, *x, from};
    p->slots[slot_of(p, copy)] = p->count;
    return true;
}

bool parameters_add_all(parameters *p, const weights *w, status *st)
{
    for (int64_t i = 0; i < weights_count(w); i++) {
        const char *name;
        const tensor *x = weights_at(w, i, &name);
        if (!parameters_add(p, name, x, w, st)) return false;
    }
    return true;
}

int64_t parameters_count(const parameters *p) { return p->count; }

const char *parameters_name(const parameters *p, int64_t i) { return p->entries[i].name; }

const tensor *parameters_peek(const parameters *p, const char *name)
{
    const entry *e = find(p, name);
    return e ? &e->x : NULL;
}

/* NAME[o, …] · NAME.scale[o] in f32. */
static bool widen_i8(parameters *p, entry *e, status *st)
{
    char name[256];
    int64_t rows = e->x.rank ? e->x.dim[0] : 1;
    if ((size_t)snprintf(name, sizeof name, "%s.scale", e->name) >= sizeof name)
        return status_set(st, STATUS_INPUT, "%s: the name of tensor '%s' is too long", p->source, e->name);
    const float *scale = parameters_need_f32(p, st, name, rows);
    tensor *wide = scale ? tensor_new(p->mem, st, DTYPE_F32, e->x.rank, e->x.dim) : NULL;
    if (!wide) return false;
    int64_t width = rows ? tensor_count(wide) / rows : 0;
    const int8_t *from = e->x.data;
    float *to = wide->data;
    for (int64_t o = 0; o < rows; o++)
        for (int64_t i = o * width; i < (o + 1) * width; i++) to[i] = (float)from[i] * scale[o];
    e->x = *wide;
    return true;
}

/* "[2, any, 4]" */
static const char *wanted_shape(int rank, const int64_t *dim, char *buffer, size_t size)
{
    size_t used = (size_t)snprintf(buffer, size, "[");
    for (int i = 0; i < rank && used < size; i++) {
        const char *comma = i ? ", " : "";
        if (dim[i] < 0) used += (size_t)snprintf(buffer + used, size - used, "%sany", comma);
        else used += (size_t)snprintf(buffer + used, size - used, "%s%lld", comma, (long long)dim[i]);
    }
    if (used < size) snprintf(buffer + used, size - used, "]");
    return buffer;
}

static entry *need(parameters *p, const char *name, status *st)
{
    entry *e = find(p, name);
    if (!e) {
        status_set(st, STATUS_INPUT, "%s: the tensor '%s' is missing", p->source, name);
        return NULL;
    }
    return e->x.type != DTYPE_I8 || widen_i8(p, e, st) ? e : NULL;
}

const tensor *parameters_need(parameters *p, status *st, const char *name, int rank, const int64_t *dim)
{
    if (!status_ok(st)) return NULL;
    entry *e = need(p, name, st);
    if (!e) return NULL;
    bool same = e->x.rank == rank;
    for (int i = 0; same && i < rank; i++) same = dim[i] < 0 || dim[i] == e->x.dim[i];
    if (same) return &e->x;
    char found[96], wanted[96];
    status_set(st, STATUS_INPUT, "%s: the tensor '%s' has shape %s, %s wanted", p->source, name,
               tensor_shape_text(&e->x, found, sizeof found), wanted_shape(rank, dim, wanted, sizeof wanted));
    return NULL;
}

const float *parameters_need_f32(parameters *p, status *st, const char *name, int64_t count)
{
    if (!status_ok(st)) return NULL;
    entry *e = need(p, name, st);
    if (!e) return NULL;
    if (tensor_count(&e->x) == count) return weights_f32(p->mem, &e->x, st);
    char found[96];
    status_set(st, STATUS_INPUT, "%s: the tensor '%s' has shape %s, %lld values wanted", p->source, name,
               tensor_shape_text(&e->x, found, sizeof found), (long long)count);
    return NULL;
}

const tensor *parameters_bf16(parameters *p, status *st, const tensor *x)
{
    if (!x || !status_ok(st)) return NULL;
    tensor *y = tensor_new(p->mem, st, DTYPE_BF16, x->rank, x->dim);
    const float *from = y ? weights_f32(p->mem, x, st) : NULL;
    if (!from) return NULL;
    uint16_t *to = y->data;
    for (int64_t i = 0, n = tensor_count(x); i < n; i++) {
        uint32_t bits;
        memcpy(&bits, &from[i], sizeof bits);
        bool is_nan = (bits & 0x7FFFFFFF) > 0x7F800000; /* must not be rounded up into an infinity */
        to[i] = (uint16_t)((is_nan ? bits | 0x400000 : bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
    }
    return y;
}

bool parameters_merge(parameters *p, const char *name, const float *delta, int64_t count, status *st)
{
    const float *old = parameters_need_f32(p, st, name, count);
    if (!old) return false;
    entry *e = find(p, name);
    tensor *merged = tensor_new(p->mem, st, DTYPE_F32, e->x.rank, e->x.dim);
    if (!merged) return false;
    kernel_get()->add(merged->data, old, delta, count);
    e->x = *merged;
    e->from = NULL;
    return true;
}

void parameters_release(parameters *p, const char *name)
{
    const entry *e = find(p, name);
    if (e && e->from && e->x.type != DTYPE_F32) weights_release(e->from, &e->x);
}
