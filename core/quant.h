/* quant: the block formats of quantised weights, and turning numbers into them and back.
 *
 * A block holds 32 or 256 elements of the innermost dimension; docs/formats.md has each layout. Plain C, any alignment
 * of the blocks, no state: any number of threads may work on different rows. The numbers that come out of blocks, and
 * the blocks of the simple types, are bit by bit those of the gguf Python package's quants.py.
 */
#ifndef AIGC_CORE_QUANT_H
#define AIGC_CORE_QUANT_H

#include "core/tensor.h"

/* dst[i] = the value of element i, 0 ≤ i < n, of the blocks at src. Every dtype is known. false when n is no multiple of
 * the type's block. */
bool quant_dequantize(dtype type, const void *src, float *dst, int64_t n);

/* Whether quant_encode knows the type: f32, f16, bf16, q4_0, q4_1, q5_0, q5_1, q8_0, q4_k, q5_k, q6_k. */
bool quant_can_encode(dtype type);

/* The blocks of the n numbers at src to dst. false when n is no multiple of the block, when a number is NaN or infinite,
 * or when one is too large for the type's 16-bit scale. The k types search for the scales that give the least sum of
 * squared errors. */
bool quant_encode(dtype type, const float *src, void *dst, int64_t n);

#endif
