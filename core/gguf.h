/* gguf: reads a GGUF file (versions 2 and 3, little-endian) in memory: metadata by key and the tensors.
 *
 * Format: github.com/ggml-org/ggml, docs/gguf.md. Nothing is copied but the tensors' names: strings and arrays point
 * into the bytes, which must outlive the gguf. Every count, length and offset is checked against the bytes present
 * before it is used. After gguf_open all functions may be called from any thread.
 */
#ifndef AIGC_CORE_GGUF_H
#define AIGC_CORE_GGUF_H

#include "core/weights_table.h"

typedef struct gguf gguf;

/* Reads header, metadata and tensor list of the size bytes at data; path is for messages and must outlive the gguf. The
 * tensors go into table, outermost dimension first. NULL with STATUS_INPUT in st. */
gguf *gguf_open(const void *data, size_t size, const char *path, weights_table *table, status *st);
void gguf_close(gguf *g); /* NULL is allowed */

uint32_t gguf_version(const gguf *g);
uint64_t gguf_alignment(const gguf *g); /* of the tensors' data */

/* Value types, as numbered in the file. */
typedef enum {
    GGUF_U8,
    GGUF_I8,
    GGUF_U16,
    GGUF_I16,
    GGUF_U32,
    GGUF_I32,
    GGUF_F32,
    GGUF_BOOL,
    GGUF_STRING,
    GGUF_ARRAY,
    GGUF_U64,
    GGUF_I64,
    GGUF_F64,
    GGUF_TYPE_COUNT
} gguf_type;

const char *gguf_type_name(gguf_type type);

/* Not zero-terminated; the bytes are as the file has them, not checked to be UTF-8. */
typedef struct {
    const char *text;
    size_t size;
} gguf_string;

/* One metadata value. For an array, item is the type of its elements and count their number; else count is 1. */
typedef struct {
    gguf_string key;
    gguf_type type, item;
    uint64_t count;
    const unsigned char *bytes; /* of the value, unaligned, little-endian */
    size_t size;
} gguf_value;

int64_t gguf_value_count(const gguf *g);
const gguf_value *gguf_value_at(const gguf *g, int64_t i);       /* in the file's order */
const gguf_value *gguf_find(const gguf *g, const char *key);     /* NULL: no such key */

/* The value of a key in the wanted type; false, and *out untouched, when the key is absent, its value is of another kind
 * or does not fit: integers of any width and sign convert where the number fits, f32 and integers convert to f64. */
bool gguf_get_bool(const gguf *g, const char *key, bool *out);
bool gguf_get_u64(const gguf *g, const char *key, uint64_t *out);
bool gguf_get_i64(const gguf *g, const char *key, int64_t *out);
bool gguf_get_f64(const gguf *g, const char *key, double *out);
bool gguf_get_string(const gguf *g, const char *key, gguf_string *out);

/* Arrays. Elements are read one by one, converted as above. A NULL value has length 0. */
const gguf_value *gguf_get_array(const gguf *g, const char *key); /* NULL: absent, or no array */
bool gguf_item_u64(const gguf_value *array, uint64_t i, uint64_t *out);
bool gguf_item_i64(const gguf_value *array, uint64_t i, int64_t *out);
bool gguf_item_f64(const gguf_value *array, uint64_t i, double *out);

/* Strings have lengths of their own, so they are walked from the first:
 *     for (gguf_strings it = gguf_strings_of(array); gguf_strings_next(&it, &s);) …
 * An array of another kind gives none. */
typedef struct {
    const unsigned char *at;
    uint64_t left;
} gguf_strings;
gguf_strings gguf_strings_of(const gguf_value *array);
bool gguf_strings_next(gguf_strings *it, gguf_string *out);

/* The file's number of a storage type, or −1 where GGUF has none; and the reverse, DTYPE_COUNT where we do not know it. */
int gguf_type_of_dtype(dtype type);
dtype gguf_dtype_of_type(uint32_t number);

#endif
