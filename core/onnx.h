/* onnx: reads an ONNX model in memory: the initialisers as tensors, and the graph's nodes with inputs, outputs and
 * attributes, so that a model written by hand can find weights whose names the exporter dropped.
 *
 * Format: github.com/onnx/onnx, onnx/onnx.proto. Strings point into the bytes, which must outlive the onnx. Raw data and
 * packed floats stay where they are in the file, at any alignment; only lists of varints are decoded into memory.
 * Subgraphs (If, Loop) are not looked into. After onnx_open all functions may be called from any thread.
 */
#ifndef AIGC_CORE_ONNX_H
#define AIGC_CORE_ONNX_H

#include "core/weights_table.h"

typedef struct onnx onnx;

/* Not zero-terminated. */
typedef struct {
    const char *text;
    size_t size;
} onnx_string;

typedef struct {
    onnx_string name, op_type; /* name may be empty, and need not be unique */
    int inputs, outputs;
    uint32_t first_value;       /* the inputs, then the outputs, in the onnx's list of values */
    const unsigned char *bytes; /* the NodeProto */
    size_t size;
} onnx_node;

/* Reads the model of size bytes at data; path is for messages and must outlive the onnx. Initialisers go into table, and
 * so do the values of Constant nodes, under the name of their output. table must outlive the onnx. NULL with
 * STATUS_INPUT in st. */
onnx *onnx_open(const void *data, size_t size, const char *path, weights_table *table, status *st);
void onnx_close(onnx *o); /* NULL is allowed */

int64_t onnx_opset(const onnx *o); /* version of the default operator set; 0: none given */
onnx_string onnx_made_by(const onnx *o);
bool onnx_get_metadata(const onnx *o, const char *key, onnx_string *out); /* metadata_props */

int onnx_input_count(const onnx *o);  /* the graph's own, without initialisers */
int onnx_output_count(const onnx *o);
onnx_string onnx_input_at(const onnx *o, int i);
onnx_string onnx_output_at(const onnx *o, int i);

int64_t onnx_node_count(const onnx *o);
const onnx_node *onnx_node_at(const onnx *o, int64_t i);             /* in the file's order, which is one of execution */
const onnx_node *onnx_find(const onnx *o, const char *name);         /* the first node of that name, or NULL */
const onnx_node *onnx_maker(const onnx *o, onnx_string value);       /* the node with that output, or NULL */
onnx_string onnx_node_input(const onnx *o, const onnx_node *n, int k);  /* empty: not given */
onnx_string onnx_node_output(const onnx *o, const onnx_node *n, int k);

/* The initialiser or constant that is input k of n; NULL: none is. */
const tensor *onnx_node_tensor(const onnx *o, const onnx_node *n, int k);

/* As above for the node of that name, with a STATUS_INPUT naming file, node and input when there is none. */
const tensor *onnx_need(const onnx *o, status *st, const char *node, int k);

/* Attributes of a node. false, and nothing stored, when it is absent, of another kind, or a list longer than room. */
bool onnx_get_i64(const onnx_node *n, const char *name, int64_t *out);
bool onnx_get_f32(const onnx_node *n, const char *name, float *out);
bool onnx_get_string(const onnx_node *n, const char *name, onnx_string *out);
bool onnx_get_ints(const onnx_node *n, const char *name, int64_t *out, int room, int *count);
bool onnx_get_floats(const onnx_node *n, const char *name, float *out, int room, int *count);

bool onnx_is(onnx_string s, const char *text);

#endif
