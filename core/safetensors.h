/* safetensors: reads a .safetensors file in memory.
 *
 * Format: github.com/huggingface/safetensors, "Format": a 64-bit length, a JSON object of that length, the data. Enforced:
 * the header is at most 100 MB and lies in the file; names are unique; each type and shape gives exactly the bytes of its
 * offsets; the offsets cover the data without a hole and without overlap.
 */
#ifndef AIGC_CORE_SAFETENSORS_H
#define AIGC_CORE_SAFETENSORS_H

#include "core/json_cursor.h"
#include "core/weights_table.h"

/* Adds the tensors of the size bytes at data, in the order of the header; path is for messages. *metadata, when not
 * NULL, is set to the text of the object "__metadata__" (strings by name) inside data, or to an empty text. */
bool safetensors_read(const void *data, size_t size, const char *path, weights_table *table, json_text *metadata, status *st);

/* The file's name of a storage type ("BF16"), or NULL where the format has none; and the reverse, DTYPE_COUNT: unknown. */
const char *safetensors_name_of_dtype(dtype type);
dtype safetensors_dtype_of_name(const char *name, size_t size);

#endif
