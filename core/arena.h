/* arena: bump memory with marks, where all activations live.
 *
 * One arena belongs to one thread. It reserves a range of addresses once and commits pages as it grows, so a pointer
 * stays valid until the arena is reset below it, and nothing is ever copied. Blocks are aligned to 64 bytes and not
 * initialised.
 *
 *     size_t mark = arena_mark(a);  …  arena_reset(a, mark);     // gives back all that was taken since
 */
#ifndef AIGC_CORE_ARENA_H
#define AIGC_CORE_ARENA_H

#include <stddef.h>

#include "core/status.h"

typedef struct arena arena;

arena *arena_new(status *st);
void arena_free(arena *a);

/* NULL with STATUS_NOMEM in st when the reserve or the memory budget is spent. */
void *arena_alloc(arena *a, size_t bytes, status *st);

size_t arena_mark(const arena *a);
void arena_reset(arena *a, size_t mark);

#endif
