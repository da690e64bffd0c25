#include "core/parameters.h"

#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/kernel/kernel.h"
#include "core/name_hash.h"
#include "core/quant.h"

typedef struct update {
    parameters_low_rank of;
    struct update *next;
} update;

typedef struct {
    const char *name;
    tensor x;
    const weights *from;
    update *updates; /* in the order they were added */
} entry;

struct parameters {
    char *source;
    arena *mem;
    pool *threads;
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

void parameters_set_threads(parameters *p, pool *threads) { p->threads = threads; }

/* The slot of name: the one that holds it, or the empty one where it belongs. */
static size_t slot_of(const parameters *p, const char *name)
{
    size_t i = (size_t)name_hash(name, strlen(name)) & (p->slot_count - 1);
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
        *e = (entry){e->name, *x, from, NULL};
        return true;
    }
    if (p->count == p->room && !grow(p, st)) return false;
    size_t size = strlen(name) + 1;
    char *copy = arena_alloc(p->mem, size, st);
    if (!copy) return false;
    memcpy(copy, name, size);
    p->entries[p->count++] = (entry){copy, *x, from, NULL};
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

/* ---- checks ---- */

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

/* The scales of a tensor stored in 8 bits, one for each of its rows. */
static const entry *scales_of(const parameters *p, const entry *e, status *st)
{
    char name[256], found[96];
    if ((size_t)snprintf(name, sizeof name, "%s.scale", e->name) >= sizeof name) {
        status_set(st, STATUS_INPUT, "%s: the name of tensor '%s' is too long", p->source, e->name);
        return NULL;
    }
    const entry *scale = find(p, name);
    int64_t rows = e->x.rank ? e->x.dim[0] : 1;
    if (scale && tensor_count(&scale->x) == rows && scale->x.type != DTYPE_I8) return scale;
    if (!scale) status_set(st, STATUS_INPUT, "%s: the tensor '%s' is missing", p->source, name);
    else
        status_set(st, STATUS_INPUT, "%s: the tensor '%s' of type %s has shape %s, %lld floating-point values wanted", p->source, name,
                   dtype_of(scale->x.type)->name, tensor_shape_text(&scale->x, found, sizeof found), (long long)rows);
    return NULL;
}

/* The entry of that name, with all that it needs. */
static entry *need(const parameters *p, const char *name, status *st)
{
    if (!status_ok(st)) return NULL;
    entry *e = find(p, name);
    if (!e) status_set(st, STATUS_INPUT, "%s: the tensor '%s' is missing", p->source, name);
    return e && (e->x.type != DTYPE_I8 || scales_of(p, e, st)) ? e : NULL;
}

static entry *need_shape(const parameters *p, status *st, const char *name, int rank, const int64_t *dim)
{
    entry *e = need(p, name, st);
    if (!e) return NULL;
    bool same = e->x.rank == rank;
    for (int i = 0; same && i < rank; i++) same = dim[i] < 0 || dim[i] == e->x.dim[i];
    if (same) return e;
    char found[96], wanted[96];
    status_set(st, STATUS_INPUT, "%s: the tensor '%s' has shape %s, %s wanted", p->source, name,
               tensor_shape_text(&e->x, found, sizeof found), wanted_shape(rank, dim, wanted, sizeof wanted));
    return NULL;
}

static entry *need_count(const parameters *p, status *st, const char *name, int64_t count)
{
    entry *e = need(p, name, st);
    if (!e || tensor_count(&e->x) == count) return e;
    char found[96];
    status_set(st, STATUS_INPUT, "%s: the tensor '%s' has shape %s, %lld values wanted", p->source, name,
               tensor_shape_text(&e->x, found, sizeof found), (long long)count);
    return NULL;
}

bool parameters_check(const parameters *p, status *st, const char *name, int rank, const int64_t *dim)
{
    return need_shape(p, st, name, rank, dim) != NULL;
}

bool parameters_check_count(const parameters *p, status *st, const char *name, int64_t count)
{
    return need_count(p, st, name, count) != NULL;
}

/* ---- values that are made ---- */

/* A tensor in f32, one row an item: of the stored values, or of such a tensor with an update added. */
typedef struct {
    const tensor *from;
    const float *scale; /* [rows] of 8-bit values, or NULL */
    const parameters_low_rank *update;
    float *to;
    int64_t width;
} row_job;

static void widen_row(void *arg, int64_t o)
{
    const row_job *j = arg;
    const int8_t *from = (const int8_t *)j->from->data + o * j->width;
    for (int64_t i = 0; i < j->width; i++) j->to[o * j->width + i] = (float)from[i] * j->scale[o];
}

/* W[o] += Σ_r scale · up[o][r] · down[r], a stretch at a time, so that the sums stay in the first cache. */
static void update_row(void *arg, int64_t o)
{
    enum { STRETCH = 1024 };
    const row_job *j = arg;
    const parameters_low_rank *u = j->update;
    float sum[STRETCH];
    for (int64_t i = 0; i < j->width; i += STRETCH) {
        int64_t n = j->width - i < STRETCH ? j->width - i : STRETCH;
        float *to = j->to + o * j->width + i;
        memset(sum, 0, sizeof sum);
        for (int64_t r = 0; r < u->rank; r++) kernel_get()->add_scaled(sum, u->down + r * u->in + i, u->scale * u->up[o * u->rank + r], n);
        kernel_get()->add(to, to, sum, n);
    }
}

/* A new f32 tensor of an entry that is stored in 8 bits or has updates. */
static const tensor *make(parameters *p, const entry *e, status *st)
{
    tensor *y = tensor_new(p->mem, st, DTYPE_F32, e->x.rank, e->x.dim);
    int64_t rows = e->x.rank ? e->x.dim[0] : 1;
    row_job j = {.from = &e->x, .to = y ? y->data : NULL, .width = rows ? tensor_count(&e->x) / rows : 0};
    if (y && e->x.type == DTYPE_I8) {
        const entry *scale = scales_of(p, e, st);
        j.scale = scale ? weights_f32(p->mem, &scale->x, st) : NULL;
        if (!j.scale) return NULL;
        pool_run(p->threads, widen_row, &j, rows);
    } else if (y && !quant_dequantize(e->x.type, e->x.data, y->data, tensor_count(y))) {
        status_set(st, STATUS_INPUT, "%s: the tensor '%s' of type %s cannot be read as numbers", p->source, e->name, dtype_of(e->x.type)->name);
        return NULL;
    }
    for (const update *u = y ? e->updates : NULL; u; u = u->next) {
        j.update = &u->of;
        pool_run(p->threads, update_row, &j, rows);
    }
    return y;
}

static const tensor *value_of(parameters *p, const entry *e, status *st)
{
    if (!e) return NULL;
    return e->x.type == DTYPE_I8 || e->updates ? make(p, e, st) : &e->x;
}

const tensor *parameters_need(parameters *p, status *st, const char *name, int rank, const int64_t *dim)
{
    return value_of(p, need_shape(p, st, name, rank, dim), st);
}

const float *parameters_need_f32(parameters *p, status *st, const char *name, int64_t count)
{
    return weights_f32(p->mem, value_of(p, need_count(p, st, name, count), st), st);
}

/* ---- updates ---- */

static const float *copy_of(arena *mem, const float *from, int64_t n, status *st)
{
    float *copy = arena_alloc(mem, (size_t)n * sizeof *copy, st);
    if (copy) memcpy(copy, from, (size_t)n * sizeof *copy);
    return copy;
}

bool parameters_update(parameters *p, const char *name, const parameters_low_rank *u, status *st)
{
    entry *e = need_count(p, st, name, u->out * u->in);
    if (!e) return false;
    char shape[96];
    if (e->x.rank < 1 || e->x.dim[0] != u->out)
        return status_set(st, STATUS_INPUT, "%s: an update of %lld rows does not fit '%s' of shape %s", p->source, (long long)u->out, name,
                          tensor_shape_text(&e->x, shape, sizeof shape));
    update *added = arena_alloc(p->mem, sizeof *added, st);
    if (!added) return false;
    *added = (update){*u, NULL};
    added->of.up = copy_of(p->mem, u->up, u->out * u->rank, st);
    added->of.down = copy_of(p->mem, u->down, u->rank * u->in, st);
    if (!added->of.up || !added->of.down) return false;
    update **end = &e->updates;
    while (*end) end = &(*end)->next;
    *end = added;
    return true;
}

void parameters_release(parameters *p, const char *name)
{
    const entry *e = find(p, name);
    if (e && e->from) weights_release(e->from, &e->x);
}
