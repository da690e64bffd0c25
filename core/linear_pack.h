/* linear_pack: the blocks of a quantised tensor turned into the panels of core/kernel/kernel_panel.h.
 *
 * No code is changed. Types of 32 inputs a block keep their scales; those of 256 have integer scales times the block's
 * own, whose products are rounded to f16 after a division by a power of two that keeps them in f16's range (`unit`).
 */
#ifndef AIGC_CORE_LINEAR_PACK_H
#define AIGC_CORE_LINEAR_PACK_H

#include "core/kernel/kernel_panel.h"
#include "core/tensor.h"

/* The panels a type is packed into; false when it has none. */
bool linear_pack_kind(dtype type, panel_kind *kind);

panel_form linear_pack_form(panel_kind kind);

/* The power of two by which a tensor's scales are divided, from all its blocks (`count` of them). */
float linear_pack_unit(dtype type, const void *blocks, int64_t count);

/* Packs up to 16 rows of `in` elements that lie one after another; missing rows become zero weights. dst holds
 * panel_bytes(form, in / 32) zero bytes. */
void linear_pack_panel(dtype type, uint8_t *dst, const void *rows, int64_t count, int64_t in, float unit);

#endif
