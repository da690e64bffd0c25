/* kokoro_layers: takes the layers of a Kokoro model from its ONNX file, for kokoro_load. `node` is the path that the exporter made
 * of the module that a layer belongs to, `bias` the name of its bias without ".bias", or NULL where it has none; sizes of −1
 * match any. What is taken is copied; all return false with l->st set where the file does not fit.
 */
#ifndef AIGC_AUDIO_KOKORO_LAYERS_H
#define AIGC_AUDIO_KOKORO_LAYERS_H

#include "audio/kokoro_parts.h"
#include "audio/loader.h"

bool kokoro_load_conv(loader *l, kokoro_conv *w, const char *node, const char *bias, int64_t out, int64_t in);

/* A linear layer, of a MatMul or a Gemm. */
bool kokoro_load_linear(loader *l, kokoro_conv *w, const char *node, const char *bias, int64_t out, int64_t in);

/* in: of x; width: H of one direction. */
bool kokoro_load_lstm(loader *l, kokoro_lstm *w, const char *node, int64_t in, int64_t width);

/* A table of embeddings in f32, [rows, columns]. Its sizes come out where asked for (NULL: not). */
const float *kokoro_load_table(loader *l, const char *name, int64_t rows, int64_t columns, int64_t *rows_found, int64_t *columns_found);

/* A STATUS_INPUT that names the file and the node. */
bool kokoro_fail(const loader *l, const char *node, const char *what);

#endif
