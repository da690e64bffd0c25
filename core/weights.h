/* weights: the tensors of a model file by name, in a read-only mapping.
 *
 * One interface over GGUF, safetensors (one file, or shards joined by an index) and ONNX initialisers; the readers lie
 * beside it (gguf, safetensors, onnx). A file is hostile until its reader has checked every size against the bytes
 * present: a tensor handed out always lies whole inside the mapping. Shapes are outermost first whatever the format's own
 * order. All functions but open, release and close may be called from any thread.
 */
#ifndef AIGC_CORE_WEIGHTS_H
#define AIGC_CORE_WEIGHTS_H

#include "core/tensor.h"

typedef struct weights weights;

/* Opens path: a .gguf, .safetensors or .onnx file (told by its first bytes, not by its name), any part of a split GGUF
 * (NAME-00002-of-00003.gguf; all are opened), a model.safetensors.index.json, or a folder with one of model.safetensors,
 * model.safetensors.index.json, diffusion_pytorch_model.safetensors (or their fp16 variants) or with one GGUF. NULL with
 * STATUS_INPUT in st. */
weights *weights_open(const char *path, status *st);

/* Whether path is a folder with one of these files. false with a status when memory is out. */
bool weights_in_folder(const char *path, status *st);

/* As weights_open, for one file already in memory; the bytes must outlive w. name is for messages. */
weights *weights_open_bytes(const void *data, size_t size, const char *name, status *st);
void weights_close(weights *w); /* NULL is allowed; every tensor of it becomes invalid */

typedef enum { WEIGHTS_GGUF, WEIGHTS_SAFETENSORS, WEIGHTS_ONNX } weights_format;
weights_format weights_format_of(const weights *w);
const char *weights_path(const weights *w);
const struct gguf *weights_gguf(const weights *w); /* the metadata (core/gguf.h); NULL for another format */
const struct onnx *weights_onnx(const weights *w); /* the graph (core/onnx.h); NULL for another format */


/* The JSON object "__metadata__" of a safetensors file as text, not zero-terminated; NULL where there is none. */
const char *weights_metadata(const weights *w, size_t *size);

/* Bytes of the files that were opened. */
uint64_t weights_file_bytes(const weights *w);

int64_t weights_count(const weights *w);
const tensor *weights_at(const weights *w, int64_t i, const char **name); /* in the file's order */

/* The tensor of that name, or NULL. */
const tensor *weights_find(const weights *w, const char *name);

/* As weights_find, but a missing tensor, or one of another shape (−1 matches any size), is a STATUS_INPUT that names
 * file, tensor, the shape found and the shape wanted. */
const tensor *weights_need(const weights *w, status *st, const char *name, int rank, const int64_t *dim);

/* The tensor's values as f32: its own data where it is f32 and aligned to 4 bytes (a file may place its tensors at any
 * byte), else converted into mem. NULL on error, or for x = NULL. */
const float *weights_f32(arena *mem, const tensor *x, status *st);

/* Tells the system that the mapping's pages of x are not needed soon (after repacking), so that they leave memory, those around them too. */
void weights_release(const weights *w, const tensor *x);

/* The same for all tensors. From any thread, also while others read: they find their pages again. */
void weights_release_all(const weights *w);

#endif
