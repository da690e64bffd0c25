/* op_codes: numbers that feed products of quantised weights, left with 8 bits beside an op's f32 result (tensor.codes) by
 * whoever has them at hand, thread by thread, so that no product has to begin by narrowing them. */
#ifndef AIGC_CORE_OP_CODES_H
#define AIGC_CORE_OP_CODES_H

#include "core/kernel/kernel_panel.h"
#include "core/op.h"

/* Room for `rows` rows of `in` numbers, a multiple of PANEL_BLOCK; NULL after an error. The op's tasks fill it
 * (kernel_panel.h: quantize). */
panel_rows *op_codes_new(op_ctx *c, int64_t rows, int64_t in);

/* The same where the context asks for codes (op_ctx.codes) and the width allows them, else NULL. */
panel_rows *op_codes_wanted(op_ctx *c, int64_t rows, int64_t in);

#endif
