/* tensor: a shape, an element type and where the elements lie.
 *
 * Elements are row-major, outermost dimension first, without gaps. A tensor never owns its data: activations belong to
 * an arena, weights to the read-only mapping of their file (core/weights.h). Tensors may be read from any thread.
 */
#ifndef AIGC_CORE_TENSOR_H
#define AIGC_CORE_TENSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/status.h"

enum { TENSOR_MAX_RANK = 5 };

/* Element types. The q… types store blocks of 32 or 256 elements of the innermost dimension (docs/formats.md). */
typedef enum {
    DTYPE_F32,
    DTYPE_F16,
    DTYPE_BF16,
    DTYPE_F64,
    DTYPE_I8,
    DTYPE_U8,
    DTYPE_I16,
    DTYPE_I32,
    DTYPE_I64,
    DTYPE_BOOL,
    DTYPE_Q4_0,
    DTYPE_Q4_1,
    DTYPE_Q5_0,
    DTYPE_Q5_1,
    DTYPE_Q8_0,
    DTYPE_Q2_K,
    DTYPE_Q3_K,
    DTYPE_Q4_K,
    DTYPE_Q5_K,
    DTYPE_Q6_K,
    DTYPE_Q8_K,
    DTYPE_IQ4_NL,
    DTYPE_COUNT
} dtype;

typedef struct {
    const char *name;    /* "f32", "q4_1", … */
    int block;           /* elements in a block: 1, 32 or 256 */
    int bytes;           /* bytes of a block */
} dtype_info;

const dtype_info *dtype_of(dtype type);

/* Bytes of n elements; n must be a multiple of the block. false on overflow or a broken block. */
bool dtype_bytes(dtype type, int64_t n, size_t *bytes);

/* The type of that name (case is ignored), or DTYPE_COUNT. */
dtype dtype_from_name(const char *name);

typedef struct tensor {
    dtype type;
    int rank;
    int64_t dim[TENSOR_MAX_RANK];
    void *data;
    const struct panel_rows *codes; /* the same numbers with 8 bits, where an op left them for products (core/op_codes.h); NULL */
} tensor;

/* A new tensor in the arena, elements not initialised. NULL with st set on overflow or no memory. */
tensor *tensor_new(arena *mem, status *st, dtype type, int rank, const int64_t *dim);

/* The same elements under another shape (equal count), in the arena. */
tensor *tensor_reshape(arena *mem, status *st, const tensor *x, int rank, const int64_t *dim);

/* A literal shape: tensor_new(mem, st, DTYPE_F32, SHAPE(B, T, C)). */
#define SHAPE(...) (int)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t)), (int64_t[]){__VA_ARGS__}

/* The product of the dimensions. false when one is negative, the rank is too large, or the product of those that are not
 * zero does not fit: then no product of some of them can overflow either. For shapes from files. */
bool tensor_shape_count(int rank, const int64_t *dim, int64_t *count);

int64_t tensor_count(const tensor *x); /* elements */
size_t tensor_bytes(const tensor *x);
int64_t tensor_rows(const tensor *x);  /* product of all dimensions but the last; 1 for rank 0 and 1 */
bool tensor_shape_is(const tensor *x, int rank, const int64_t *dim);

/* "[2, 3, 4]" for messages, written to buffer. */
const char *tensor_shape_text(const tensor *x, char *buffer, size_t size);

static inline float *tensor_f32(const tensor *x) { return x->data; }

#endif
