/* op_attention_cached: what its files share. */
#ifndef AIGC_CORE_OP_ATTENTION_CACHED_H
#define AIGC_CORE_OP_ATTENTION_CACHED_H

#include "core/kernel/kernel.h"
#include "core/op.h"

static inline int64_t op_kv_max(int64_t a, int64_t b) { return a > b ? a : b; }
static inline int64_t op_kv_min(int64_t a, int64_t b) { return a < b ? a : b; }

/* The first position that the query at `position` sees. window: 0 for none. */
static inline int64_t op_kv_first_seen(int64_t window, int64_t position) { return window ? op_kv_max(0, position - window + 1) : 0; }

/* Panels of 16 channels that a head's values take. */
static inline int64_t op_kv_value_panels(int64_t head_dim) { return (head_dim + PANEL - 1) / PANEL; }

/* Where a chunk has a head's keys; its values follow after key_bytes. */
static inline char *op_kv_head(const op_kv_layout *l, void *chunk, int64_t layer, int64_t head)
{
    return (char *)chunk + (size_t)layer * l->layer_bytes + (size_t)head * (l->key_bytes + l->value_bytes);
}

/* What op_attention_cached does, by bf16 products: keys and values in f16, shapes checked. y: [N, heads·D], f32 or bf16. */
void op_attention_bulk(op_ctx *c, const product_kernel *kernel, const tensor *q, const op_rope *rope, const op_kv_layout *layout,
                       int64_t layer, const op_kv_segment *segments, int64_t count, int64_t heads, float scale, int64_t window, tensor *y);

#endif
