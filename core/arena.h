/* arena: bump memory with marks, where all activations live.
 *
 * One arena belongs to one thread. It reserves a range of addresses once (or, where they are limited by ulimit -v, as it
 * grows, in place) and commits pages as it grows, so a pointer stays valid until the arena is reset below it, and nothing is ever copied. Blocks are aligned to 64 bytes and not
 * initialised. The address sanitizer knows where they end.
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

/* Makes `last`, which must be the latest block (NULL: none yet), `bytes` long where it lies; returns it, or NULL as above. */
void *arena_extend(arena *a, void *last, size_t bytes, status *st);

size_t arena_mark(const arena *a);
void arena_reset(arena *a, size_t mark);

/* As arena_reset, but what is above mark may still be read, to be moved down into what is taken next. */
void arena_reset_to_move(arena *a, size_t mark);

#endif
