/* loader: takes a voice's or vocoder's layers from its model file, whatever names the exporter left them. Used while a
 * model is opened; everything taken is copied, so that the file may be closed.
 */
#ifndef AIGC_AUDIO_LOADER_H
#define AIGC_AUDIO_LOADER_H

#include "core/conv1d.h"
#include "core/conv1d_u8.h"
#include "core/onnx.h"
#include "core/weights.h"

/* Layers whose weights are packed when all are found. */
enum { LOADER_LATER = 512 };
typedef struct {
    conv1d_u8 *layer[LOADER_LATER];
    int count;
} loader_later;

typedef struct {
    const weights *file;
    const onnx *graph; /* NULL: the file is no ONNX model */
    arena *mem;        /* what is taken lives here */
    status *st;
    bool exact;        /* layers of quantised weights are to compute in f32 */
    loader_later *later; /* where layers are noted that may be packed from the file's own bytes; NULL: they are packed at once */
} loader;

/* "prefix.3.weight", made as printf does; too long a name is cut, and then not found. */
typedef struct {
    char text[128];
} loader_name;
loader_name loader_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The tensor's values, copied; a missing tensor or another shape (−1 matches any) is a STATUS_INPUT. */
const float *loader_take(loader *l, const char *name, int rank, const int64_t *dim);

/* The node of that operator with the value `name` as its first or second input (*input), the skip-th of them, or NULL. */
const onnx_node *loader_reader(const loader *l, const char *op, const char *name, int *input, int skip);

/* The weight of the convolution "a.b.c": the tensor a.b.c.weight; or made of weight norm's g and v (Salimans and Kingma
 * 2016: w = g v / |v|, the norm over all but the first dimension); or, in an ONNX file whose exporter folded it into an
 * anonymous tensor, what the node "/a/b/c/Conv" reads. NULL: there is none (no error). The values lie in l->mem. */
typedef struct {
    const float *values;
    int64_t dim[3];
    const onnx_node *node; /* the convolution that reads it; NULL where there is no graph */
} loader_weight;
bool loader_find_weight(loader *l, const char *prefix, loader_weight *out);

/* A convolution of that name. Its sizes are as the file says, out and in must match where they are not −1; transposed
 * ones are stored [in, out, K]. In an ONNX file stride, dilation and padding come from the node, else from o. */
bool loader_conv(loader *l, conv1d *w, const char *prefix, int64_t out, int64_t in, conv1d_options o);

#endif
