/* jinja_pool: memory that is given back all at once: the nodes of a program, the values of a run. Used by jinja's files alone. */
#ifndef AIGC_TEXT_JINJA_POOL_H
#define AIGC_TEXT_JINJA_POOL_H

#include <stddef.h>

#include "core/status.h"

typedef struct jinja_chunk jinja_chunk;

typedef struct {
    jinja_chunk *chunk; /* the newest first */
    size_t left;        /* bytes free in it */
    size_t used, limit; /* of all */
} jinja_pool;

/* size bytes aligned to 16, not initialised; NULL with STATUS_NOMEM, or STATUS_FAIL where the pool's limit is reached. */
void *jinja_pool_take(jinja_pool *p, size_t size, status *st);
void *jinja_pool_zeroed(jinja_pool *p, size_t size, status *st);
void jinja_pool_free(jinja_pool *p);

#endif
