/* quant: the block formats of quantised weights, and turning numbers into them and back.
 *
 * A block holds 32 or 256 elements of the innermost dimension; docs/formats.md has each layout. kernel_c.c-style truth:
 * plain C, any alignment, one thread. Bit-exact with the gguf Python package's quants.py.
 */
#ifndef AIGC_CORE_QUANT_H
#define AIGC_CORE_QUANT_H

#include "core/tensor.h"

/* dst[i] = the value of element i, 0 ≤ i < n, of the blocks at src. Every dtype is known. false when n is no multiple of
 * the type's block. */
bool quant_dequantize(dtype type, const void *src, float *dst, int64_t n);

#endif
