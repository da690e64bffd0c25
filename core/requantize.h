/* requantize: writes a tensor in another storage type, row by row, whatever its size and with bounded memory.
 *
 * The rows may come reordered on the way, as file formats differ in where they put the halves of rotated heads, in
 * fused layers and in transposed ones.
 */
#ifndef AIGC_CORE_REQUANTIZE_H
#define AIGC_CORE_REQUANTIZE_H

#include <stdio.h>

#include "core/pool.h"
#include "core/tensor.h"

/* For a result of one dimension the two reorderings work on its elements. */
typedef struct {
    const char *name;       /* for messages */
    const tensor *source;
    dtype type;             /* to write; quant_can_encode, or the source's own */
    int rank;               /* of the result, with dim: [rows …, in] */
    int64_t dim[TENSOR_MAX_RANK];
    int64_t first_row;      /* the result's rows begin here in the source */
    int64_t rotary_heads;   /* > 0: row i + p · half of each head becomes row 2i + p (p = 0, 1): neighbours are rotated */
    int64_t fused_heads;    /* > 0: the source has q, k, v of head 0, then those of head 1 …; the result all q, all k, all v */
    bool transposed;        /* the source is [in, rows] */
    float add;              /* to every value */
} requantize_job;

/* The type in which a tensor with rows of `in` elements is stored when `wanted` is asked for: the k types fall back to
 * q5_0, q5_1 and q8_0 where `in` is no multiple of 256, all block types to f16 where it is none of 32. */
dtype requantize_type(dtype wanted, int64_t in);

/* Writes the data. A value that the type cannot hold (NaN, infinity, beyond a scale's range) is a STATUS_INPUT that
 * names the tensor. *bytes is the size written. Errors of the stream are left to the caller. */
bool requantize_write(const requantize_job *job, pool *threads, FILE *out, size_t *bytes, status *st);

#endif
