/* npy: NumPy's array files (numpy.lib.format, versions 1 to 3), as tests and --noise use them.
 *
 * Read are little-endian f2, f4, f8, i1, u1, i2, i4 and i8 arrays of rank 0 to 5 in C order; a header that promises more
 * than the file holds is refused before memory is asked for.
 */
#ifndef AIGC_CORE_NPY_H
#define AIGC_CORE_NPY_H

#include "core/tensor.h"

/* The array in its own type, in the arena. NULL with STATUS_INPUT in st. */
tensor *npy_read(arena *mem, const char *path, status *st);

/* As npy_read from memory; name is for messages. */
tensor *npy_decode(arena *mem, const void *data, size_t size, const char *name, status *st);

/* Writes an f32 tensor ("-": stdout). */
bool npy_write(const char *path, const tensor *x, status *st);

#endif
