/* name_index: from a name to a small number, in constant time whoever chose the names (core/name_hash.h). The names are only pointed at: they must outlive the
 * index. Zero bytes initialise one. It may be searched from any thread.
 */
#ifndef AIGC_CORE_NAME_INDEX_H
#define AIGC_CORE_NAME_INDEX_H

#include <stddef.h>
#include <stdint.h>

#include "core/status.h"

typedef struct {
    const char *name; /* NULL: free */
    uint32_t size;
    uint32_t value;
} name_slot;

typedef struct {
    name_slot *slot; /* open addressing, a power of two, at most half full */
    size_t slots, count;
} name_index;

/* Adds a name that is not there yet. One that is there leaves the index as it was and clears *fresh, without an error.
 * false: no memory, or a name of 4 GiB. */
bool name_index_add(name_index *x, const char *name, size_t size, uint32_t value, bool *fresh, status *st);

/* The value of a name, or −1. */
int64_t name_index_find(const name_index *x, const char *name, size_t size);

void name_index_free(name_index *x);

#endif
