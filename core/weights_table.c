#include "core/weights_table.h"

#include <string.h>

#include "core/alloc.h"

/* Names are many and short, so they are carved from chunks; a large value gets a chunk of its own. */
struct weights_chunk {
    weights_chunk *next;
    size_t size, used;
    _Alignas(16) char bytes[];
};

enum { CHUNK_SIZE = 16384 };

void *weights_table_store(weights_table *t, size_t bytes, status *st)
{
    size_t rounded = bytes <= SIZE_MAX - 15 ? (bytes + 15) / 16 * 16 : SIZE_MAX;
    weights_chunk *c = t->chunks;
    if (!c || rounded > c->size - c->used) {
        size_t size = rounded > CHUNK_SIZE / 4 ? rounded : CHUNK_SIZE, total;
        if (__builtin_add_overflow(size, sizeof *c, &total)) total = SIZE_MAX;
        c = alloc_array(total, 1, st);
        if (!c) return NULL;
        *c = (weights_chunk){.next = t->chunks, .size = size};
        if (t->chunks && rounded > CHUNK_SIZE / 4) { /* keep the half-empty chunk in front */
            c->next = t->chunks->next;
            t->chunks->next = c;
        } else {
            t->chunks = c;
        }
    }
    void *p = c->bytes + c->used;
    c->used += rounded;
    return p;
}

weights_name weights_name_text(const char *name, size_t size)
{
    weights_name out;
    size_t n = size < 100 ? size : 97;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)name[i];
        out.text[i] = (char)(c < 0x20 || c == 0x7f ? '?' : c);
    }
    memcpy(out.text + n, n < size ? "..." : "", n < size ? 4 : 1);
    return out;
}

static bool make_room(weights_table *t, status *st)
{
    if (t->count < t->capacity) return true;
    int64_t wanted = t->capacity ? t->capacity * 2 : 64;
    weights_entry *grown = alloc_resize(t->entry, (size_t)wanted, sizeof *grown, st);
    if (!grown) return false;
    t->entry = grown;
    t->capacity = wanted;
    return true;
}

bool weights_table_add(weights_table *t, const char *name, size_t size, const tensor *x, status *st)
{
    if (size == 0) return status_set(st, STATUS_INPUT, "%s: tensor %lld has no name", t->path, (long long)t->count);
    if (memchr(name, 0, size))
        return status_set(st, STATUS_INPUT, "%s: the name of tensor %lld holds a zero byte", t->path, (long long)t->count);
    if (t->count >= UINT32_MAX) return status_set(st, STATUS_INPUT, "%s: too many tensors", t->path);
    if (!make_room(t, st)) return false;
    char *copy = weights_table_store(t, size + 1, st);
    if (!copy) return false;
    memcpy(copy, name, size);
    copy[size] = 0;
    bool fresh;
    if (!name_index_add(&t->index, copy, size, (uint32_t)t->count, &fresh, st)) return false;
    if (!fresh)
        return status_set(st, STATUS_INPUT, "%s: tensor '%s' is there twice", t->path, weights_name_text(name, size).text);
    t->entry[t->count++] = (weights_entry){.value = *x, .name = copy};
    return true;
}

int64_t weights_table_find(const weights_table *t, const char *name, size_t size)
{
    return name_index_find(&t->index, name, size);
}

void weights_table_free(weights_table *t)
{
    while (t->chunks) {
        weights_chunk *next = t->chunks->next;
        alloc_free(t->chunks);
        t->chunks = next;
    }
    alloc_free(t->entry);
    name_index_free(&t->index);
    *t = (weights_table){0};
}
