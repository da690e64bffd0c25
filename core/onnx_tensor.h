/* onnx_tensor: one TensorProto of an ONNX file, turned into a tensor. Used by onnx.c alone. */
#ifndef AIGC_CORE_ONNX_TENSOR_H
#define AIGC_CORE_ONNX_TENSOR_H

#include "core/onnx.h"

/* Reads the message of size bytes. *name is the tensor's own name, empty in an attribute. Values that cannot stay in
 * place are stored in table. label names the tensor in messages where it has no name. */
bool onnx_tensor_read(const void *message, size_t size, const char *label, weights_table *table, onnx_string *name,
                      tensor *out, status *st);

#endif
