/* attention_tile: a few queries of one head against packed keys and values, with a running maximum and sum (Milakov and
 * Gimelshein 2018; Dao et al. 2022), on the product kernels: keys are the outputs of a product with the queries, the head's
 * channels the outputs of a product with the probabilities. The ops that attend pack keys and values their own ways.
 *
 * A row's numbers depend on that row alone and on the tiles of keys it is shown, not on the rows beside it: a key that it
 * does not see counts as a probability of 0, and a tile of keys of which it sees none changes nothing.
 */
#ifndef AIGC_CORE_ATTENTION_TILE_H
#define AIGC_CORE_ATTENTION_TILE_H

#include "core/kernel/product_kernel.h"

enum {
    ATTENTION_QUERIES = 32, /* of a tile */
    ATTENTION_KEYS = 256,
    ATTENTION_MAX_D = 1024, /* the widest head */
    ATTENTION_TILES = 4,    /* most tiles that share a pass over the keys */
};

/* One head's keys and values as panels of the kernel, elements of its type. */
typedef struct {
    const product_kernel *kernel;
    int64_t D;            /* channels of the head */
    int64_t row;          /* D, padded with zeros to the kernel's step: a packed query */
    int64_t keys;         /* positions packed, whole panels */
    int64_t value_panels; /* of D */
    int64_t size;         /* bytes of an element */
    float scale;          /* of a score, not negative */
} attention_form;

/* keys: what is packed of a head, where D and keys are known. */
attention_form attention_form_of(const product_kernel *kernel, int64_t D, int64_t keys, float scale);
size_t attention_key_bytes(const attention_form *f);   /* [keys / panel] panels of row × panel */
size_t attention_value_bytes(const attention_form *f); /* [value_panels] panels of keys × panel */

/* What a tile's rows have gathered. */
typedef struct {
    float acc[ATTENTION_QUERIES * ATTENTION_MAX_D] __attribute__((aligned(64))); /* [value panel][rows][panel] */
    float most[ATTENTION_QUERIES], total[ATTENTION_QUERIES][PRODUCT_SUMS];
    bool seen; /* a span; before, acc holds nothing */
} attention_tile;

/* Tiles that had better share a pass over a head's keys: more than one where those do not stay in the second cache. */
int64_t attention_tiles_at_once(const attention_form *f);

void attention_tile_clear(attention_tile *t);

/* `count` ≤ ATTENTION_KEYS of the packed keys, from `first` on, a multiple of the panel. Row r sees the first seen + r · more of
 * them, and with a window those alone of which no `window` or more follow that it sees. */
typedef struct {
    const char *keys, *values; /* of the head */
    int64_t first, count;
    int64_t seen, more, window; /* window: 0 for none */
} attention_span;

/* Rows of queries, [rows, row], against a span. Between the kernel's begin and end. */
void attention_tile_see(const attention_form *f, attention_tile *t, const char *q, int64_t rows, const attention_span *s);

/* Row r of the result, of type f32 or bf16, to y + r · stride bytes. */
void attention_tile_write(const attention_form *f, const attention_tile *t, int64_t rows, dtype type, char *y, int64_t stride);

#endif
