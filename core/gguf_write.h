/* gguf_write: makes a GGUF file (version 3). First all keys and all tensors are named, then gguf_write_header puts them
 * out, then the caller writes each tensor's data in the order they were named, gguf_write_padding after each.
 *
 * Errors are sticky in the status given at the beginning: after the first one every call does nothing.
 */
#ifndef AIGC_CORE_GGUF_WRITE_H
#define AIGC_CORE_GGUF_WRITE_H

#include <stdio.h>

#include "core/gguf.h"

typedef struct gguf_writer gguf_writer;

gguf_writer *gguf_write_new(status *st); /* NULL when memory is out */
void gguf_write_free(gguf_writer *w);    /* NULL is allowed */

/* Each key may be given once; the caller sees to that. */
void gguf_write_bool(gguf_writer *w, const char *key, bool value);
void gguf_write_u32(gguf_writer *w, const char *key, uint32_t value);
void gguf_write_f32(gguf_writer *w, const char *key, float value);
void gguf_write_string(gguf_writer *w, const char *key, const char *text, size_t size);
void gguf_write_copy(gguf_writer *w, const gguf_value *value); /* from another file, as it is; general.alignment counts */

/* An array of n items: n calls of the matching _item follow. */
void gguf_write_array(gguf_writer *w, const char *key, gguf_type item, uint64_t n);
void gguf_write_string_item(gguf_writer *w, const char *text, size_t size);
void gguf_write_bool_item(gguf_writer *w, bool value);
void gguf_write_i32_item(gguf_writer *w, int32_t value);
void gguf_write_f32_item(gguf_writer *w, float value);

/* Dimensions outermost first; at most 4. A type that GGUF does not know is a STATUS_FAIL. */
void gguf_write_tensor(gguf_writer *w, const char *name, dtype type, int rank, const int64_t *dim);

/* All that stands before the data, as bytes that live as long as w; NULL after an error. */
const void *gguf_write_bytes(gguf_writer *w, size_t *size);

bool gguf_write_header(gguf_writer *w, FILE *out);                 /* the stream's errors are left to the caller */
void gguf_write_padding(const gguf_writer *w, FILE *out, size_t bytes); /* after a tensor of so many bytes */

#endif
