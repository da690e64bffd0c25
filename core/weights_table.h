/* weights_table: the tensors a reader found, by name. The readers (gguf, safetensors, onnx) fill one; weights.c and the
 * readers' own users search it. Zero bytes initialise one; tensors and names live until weights_table_free.
 */
#ifndef AIGC_CORE_WEIGHTS_TABLE_H
#define AIGC_CORE_WEIGHTS_TABLE_H

#include "core/name_index.h"
#include "core/tensor.h"

typedef struct {
    tensor value;
    const char *name; /* zero-terminated */
} weights_entry;

typedef struct weights_chunk weights_chunk;

typedef struct {
    const char *path; /* for messages */
    weights_entry *entry;
    int64_t count, capacity;
    name_index index;
    weights_chunk *chunks; /* memory of the names, and of values that no file holds as they are needed */
} weights_table;

/* Adds a tensor whose data already is known to lie inside the mapping. A name that is there twice, is empty or holds a
 * zero byte is a STATUS_INPUT. The name is copied. */
bool weights_table_add(weights_table *t, const char *name, size_t size, const tensor *x, status *st);

/* The place of the name in t->entry, or −1. */
int64_t weights_table_find(const weights_table *t, const char *name, size_t size);

/* Memory that lives as long as the table, aligned to 16 bytes. */
void *weights_table_store(weights_table *t, size_t bytes, status *st);

void weights_table_free(weights_table *t);

/* A name from a file as it may stand in a message: at most 100 bytes, control characters shown as '?'. */
typedef struct {
    char text[112];
} weights_name;
weights_name weights_name_text(const char *name, size_t size);

#endif
