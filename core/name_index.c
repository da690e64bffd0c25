#include "core/name_index.h"

#include <string.h>

#include "core/alloc.h"
#include "core/name_hash.h"

/* The slot that holds the name, or the free one where it would go. */
static name_slot *slot_for(const name_index *x, const char *name, size_t size)
{
    size_t i = (size_t)name_hash(name, size) & (x->slots - 1);
    while (x->slot[i].name && (x->slot[i].size != size || memcmp(x->slot[i].name, name, size) != 0))
        i = (i + 1) & (x->slots - 1);
    return &x->slot[i];
}

static bool grow(name_index *x, status *st)
{
    name_index bigger = {.slots = x->slots ? x->slots * 2 : 64, .count = x->count};
    bigger.slot = alloc_zeroed(bigger.slots, sizeof *bigger.slot, st);
    if (!bigger.slot) return false;
    for (size_t i = 0; i < x->slots; i++)
        if (x->slot[i].name) *slot_for(&bigger, x->slot[i].name, x->slot[i].size) = x->slot[i];
    alloc_free(x->slot);
    *x = bigger;
    return true;
}

bool name_index_add(name_index *x, const char *name, size_t size, uint32_t value, bool *fresh, status *st)
{
    if (size > UINT32_MAX) return status_set(st, STATUS_INPUT, "a name of %zu bytes is too long", size);
    if (x->count * 2 >= x->slots && !grow(x, st)) return false;
    name_slot *slot = slot_for(x, name, size);
    *fresh = slot->name == NULL;
    if (!*fresh) return true;
    *slot = (name_slot){.name = name, .size = (uint32_t)size, .value = value};
    x->count++;
    return true;
}

int64_t name_index_find(const name_index *x, const char *name, size_t size)
{
    if (x->slots == 0) return -1;
    const name_slot *slot = slot_for(x, name, size);
    return slot->name ? (int64_t)slot->value : -1;
}

void name_index_free(name_index *x)
{
    alloc_free(x->slot);
    *x = (name_index){0};
}
