/* kokoro_layers: one layer of a Kokoro model from its ONNX file. Weights have lost their names where weight norm was folded or
 * a matrix was transposed; the nodes that read them have theirs, and biases too. After dynamic quantisation NODE is called
 * NODE_quant, and a weight X is X_quantized with its scale X_scale. */
#include "audio/kokoro_layers.h"

#include <string.h>

/* ---- one layer ---- */

/* A quantised weight and what belongs to it, as its node has them. */
typedef struct {
    const tensor *weight, *scale;
    int32_t zero;
} quantised;

bool kokoro_fail(const loader *l, const char *node, const char *what)
{
    return status_set(l->st, STATUS_INPUT, "%s: '%s': %s", weights_path(l->file), node, what);
}

/* All zero points of a weight, which have to be the same one. */
static bool read_zero(const tensor *zero, dtype type, int32_t *out)
{
    *out = 0;
    if (!zero) return true;
    if (zero->type != type) return false;
    const unsigned char *p = zero->data;
    int64_t n = tensor_count(zero);
    for (int64_t i = 1; i < n; i++)
        if (p[i] != p[0]) return false;
    if (n > 0) *out = type == DTYPE_U8 ? p[0] : ((const int8_t *)zero->data)[0];
    return n > 0;
}

/* The weight that is input `place` of n, its zero point (input `zero`) and its scale, the tensor of its name. */
static bool find_quantised(const loader *l, const onnx_node *n, const char *node, int place, int zero, quantised *q)
{
    static const char ending[] = "_quantized";
    onnx_string name = onnx_node_input(l->graph, n, place);
    size_t stem = name.size > sizeof ending - 1 ? name.size - (sizeof ending - 1) : 0;
    q->weight = onnx_node_tensor(l->graph, n, place);
    if (!q->weight || !stem || stem > 120 || memcmp(name.text + stem, ending, sizeof ending - 1) != 0)
        return kokoro_fail(l, node, "no quantised weight of a name that ends with _quantized");
    loader_name scale = loader_format("%.*s_scale", (int)stem, name.text);
    q->scale = weights_find(l->file, scale.text);
    if ((q->weight->type != DTYPE_U8 && q->weight->type != DTYPE_I8) || !q->scale || q->scale->type != DTYPE_F32)
        return kokoro_fail(l, node, "its weight is not of 8 bits, or has no scale");
    if (!read_zero(onnx_node_tensor(l->graph, n, zero), q->weight->type, &q->zero)) return kokoro_fail(l, node, "its weight has more than one zero point");
    return true;
}

/* The quantised layer in f32: [out, in, taps] of (w − zero) scale. */
static bool init_exact(loader *l, kokoro_conv *w, const char *node, const conv1d_u8_weights *q, conv1d_options o)
{
    float *values = arena_alloc(l->mem, (size_t)(q->out * q->in * q->taps) * sizeof(float), l->st), *to = values;
    for (int64_t i = 0; values && i < q->out; i++)
        for (int64_t c = 0; c < q->in; c++)
            for (int64_t k = 0; k < q->taps; k++) {
                int64_t at = i * q->out_step + c * q->in_step + k * q->tap_step;
                int32_t v = q->is_unsigned ? ((const uint8_t *)q->values)[at] : ((const int8_t *)q->values)[at];
                *to++ = (float)(v - q->zero) * q->scale[q->one_scale ? 0 : i];
            }
    o.exact = true;
    return values && conv1d_init(&w->f32, node, values, q->out, q->in, q->taps, q->bias, o, l->st);
}

/* in_file: the weights are the file's own bytes, which stay until all layers are packed. */
static bool init(loader *l, kokoro_conv *w, const char *node, const conv1d_u8_weights *q, conv1d_options o, bool in_file)
{
    size_t mark = arena_mark(l->mem);
    w->quantised = !l->exact;
    conv1d_u8_options u = {o.stride, o.dilation, o.pad};
    if (l->exact) init_exact(l, w, node, q, o);
    else if (!in_file || !l->later || l->later->count == LOADER_LATER) conv1d_u8_init(&w->u8, node, q, u, l->st);
    else if (conv1d_u8_prepare(&w->u8, node, q, u, l->st)) l->later->layer[l->later->count++] = &w->u8;
    arena_reset(l->mem, mark);
    return status_ok(l->st);
}

static bool read_attributes(const loader *l, const onnx_node *n, const char *node, conv1d_options *o)
{
    int64_t pads[2] = {0}, group = 1;
    int count;
    onnx_get_ints(n, "strides", &o->stride, 1, &count);
    onnx_get_ints(n, "dilations", &o->dilation, 1, &count);
    onnx_get_ints(n, "output_padding", &o->out_pad, 1, &count);
    onnx_get_ints(n, "pads", pads, 2, &count);
    onnx_get_i64(n, "group", &group);
    o->pad = pads[0];
    return (pads[0] == pads[1] && group == 1) || kokoro_fail(l, node, "a convolution of different paddings, or of groups");
}

/* NAME.bias, [out]; NULL for NAME = NULL, or with an error. */
static const float *take_bias(loader *l, const char *name, int64_t out)
{
    return name ? loader_take(l, loader_format("%s.bias", name).text, SHAPE(out)) : NULL;
}

static bool sizes_fit(const loader *l, const char *node, int64_t found_out, int64_t found_in, int64_t out, int64_t in)
{
    if ((out < 0 || found_out == out) && (in < 0 || found_in == in)) return true;
    return status_set(l->st, STATUS_INPUT, "%s: '%s' goes from %lld to %lld channels, %lld to %lld wanted", weights_path(l->file), node,
                      (long long)found_in, (long long)found_out, (long long)in, (long long)out);
}

/* The convolution of the node, quantised or not; bias: its name without ".bias", or NULL. −1 matches any size. */
bool kokoro_load_conv(loader *l, kokoro_conv *w, const char *node, const char *bias, int64_t out, int64_t in)
{
    if (!status_ok(l->st)) return false;
    const onnx_node *n = onnx_find(l->graph, loader_format("%s_quant", node).text), *plain = n ? NULL : onnx_find(l->graph, node);
    conv1d_options o = {.exact = l->exact};
    quantised q = {0};
    if (n && !find_quantised(l, n, node, 1, 3, &q)) return false;
    const tensor *weight = n ? q.weight : plain ? onnx_node_tensor(l->graph, plain, 1) : NULL;
    if (!weight || weight->rank != 3) return kokoro_fail(l, node, "no convolution with a weight of three dimensions");
    if (!read_attributes(l, n ? n : plain, node, &o) || !sizes_fit(l, node, weight->dim[0], weight->dim[1], out, in)) return false;
    size_t mark = arena_mark(l->mem);
    const float *bias_values = take_bias(l, bias, weight->dim[0]);
    if (plain) {
        const float *values = weights_f32(l->mem, weight, l->st);
        if (status_ok(l->st)) conv1d_init(&w->f32, node, values, weight->dim[0], weight->dim[1], weight->dim[2], bias_values, o, l->st);
        arena_reset(l->mem, mark);
        return status_ok(l->st);
    }
    int64_t each = weight->dim[1] * weight->dim[2];
    conv1d_u8_weights u = {.values = weight->data, .is_unsigned = weight->type == DTYPE_U8, .out = weight->dim[0], .in = weight->dim[1],
                           .taps = weight->dim[2], .out_step = each, .in_step = weight->dim[2], .tap_step = 1, .zero = q.zero,
                           .scale = weights_f32(l->mem, q.scale, l->st), .one_scale = tensor_count(q.scale) == 1, .bias = bias_values, .whole_bias = true};
    if (status_ok(l->st) && !u.one_scale && tensor_count(q.scale) != u.out) return kokoro_fail(l, node, "as many scales as outputs wanted");
    if (status_ok(l->st)) init(l, w, node, &u, o, true);
    arena_reset(l->mem, mark);
    return status_ok(l->st);
}

/* values[rows][columns] turned round, in the arena. */
static const float *turned(loader *l, const tensor *t, int64_t rows, int64_t columns)
{
    const float *from = weights_f32(l->mem, t, l->st);
    float *to = from ? arena_alloc(l->mem, tensor_bytes(t) / (size_t)dtype_of(t->type)->bytes * sizeof(float), l->st) : NULL;
    for (int64_t r = 0; to && r < rows; r++)
        for (int64_t c = 0; c < columns; c++) to[c * rows + r] = from[r * columns + c];
    return to;
}

/* The linear layer of a MatMul or a Gemm; bias as above. */
bool kokoro_load_linear(loader *l, kokoro_conv *w, const char *node, const char *bias, int64_t out, int64_t in)
{
    if (!status_ok(l->st)) return false;
    const onnx_node *n = onnx_find(l->graph, loader_format("%s_quant", node).text), *plain = NULL;
    if (!n) n = onnx_find(l->graph, loader_format("%s_MatMul_quant", node).text);
    if (!n) plain = onnx_find(l->graph, node);
    quantised q = {0};
    if (n && !find_quantised(l, n, node, 1, 3, &q)) return false;
    const tensor *weight = n ? q.weight : plain ? onnx_node_tensor(l->graph, plain, 1) : NULL;
    if (!weight || weight->rank != 2) return kokoro_fail(l, node, "no matrix product with a weight of two dimensions");
    int64_t swapped = 0;
    if (plain) onnx_get_i64(plain, "transB", &swapped);
    int64_t outputs = weight->dim[swapped ? 0 : 1], inputs = weight->dim[swapped ? 1 : 0];
    if (!sizes_fit(l, node, outputs, inputs, out, in)) return false;
    size_t mark = arena_mark(l->mem);
    const float *bias_values = take_bias(l, bias, outputs);
    if (plain) {
        const float *values = swapped ? weights_f32(l->mem, weight, l->st) : turned(l, weight, inputs, outputs);
        if (status_ok(l->st)) conv1d_init(&w->f32, node, values, outputs, inputs, 1, bias_values, (conv1d_options){.exact = l->exact}, l->st);
        arena_reset(l->mem, mark);
        return status_ok(l->st);
    }
    conv1d_u8_weights u = {.values = weight->data, .is_unsigned = weight->type == DTYPE_U8, .out = outputs, .in = inputs, .taps = 1, .out_step = 1,
                           .in_step = outputs, .zero = q.zero, .scale = weights_f32(l->mem, q.scale, l->st),
                           .one_scale = tensor_count(q.scale) == 1, .bias = bias_values};
    if (status_ok(l->st) && !u.one_scale && tensor_count(q.scale) != u.out) return kokoro_fail(l, node, "as many scales as outputs wanted");
    if (status_ok(l->st)) init(l, w, node, &u, (conv1d_options){0}, true);
    arena_reset(l->mem, mark);
    return status_ok(l->st);
}

/* A table of embeddings NAME, [-1 or rows, columns], in f32. */
const float *kokoro_load_table(loader *l, const char *name, int64_t rows, int64_t columns, int64_t *rows_found, int64_t *columns_found)
{
    if (!status_ok(l->st)) return NULL;
    const tensor *plain = weights_find(l->file, name), *t = plain ? plain : weights_need(l->file, l->st, loader_format("%s_quantized", name).text, SHAPE(rows, columns));
    if (!t) return NULL;
    if (t->rank != 2 || (rows >= 0 && t->dim[0] != rows) || (columns >= 0 && t->dim[1] != columns)) {
        kokoro_fail(l, name, "a table of another shape than wanted");
        return NULL;
    }
    if (rows_found) *rows_found = t->dim[0];
    if (columns_found) *columns_found = t->dim[1];
    if (plain) return loader_take(l, name, 2, t->dim);
    const tensor *one = weights_find(l->file, loader_format("%s_scale", name).text);
    const float *scale = one && tensor_count(one) == 1 ? weights_f32(l->mem, one, l->st) : NULL;
    if (!scale) {
        kokoro_fail(l, name, "a table without one scale");
        return NULL;
    }
    const tensor *zero = weights_find(l->file, loader_format("%s_zero_point", name).text);
    int32_t z = 0;
    float *to = scale ? arena_alloc(l->mem, (size_t)tensor_count(t) * sizeof(float), l->st) : NULL;
    if (to && ((t->type != DTYPE_I8 && t->type != DTYPE_U8) || !read_zero(zero, t->type, &z))) {
        kokoro_fail(l, name, "a table that is not of 8 bits");
        return NULL;
    }
    for (int64_t i = 0; to && i < tensor_count(t); i++)
        to[i] = (float)((t->type == DTYPE_U8 ? ((const uint8_t *)t->data)[i] : ((const int8_t *)t->data)[i]) - z) * *scale;
    return to;
}

/* ---- LSTMs ---- */
static bool load_back(loader *l, kokoro_lstm *w, const onnx_node *n, const char *node, const quantised *q)
{
    int64_t width = w->width, each = 4 * width * width;
    const tensor *plain = w->quantised ? NULL : onnx_node_tensor(l->graph, n, 2);
    for (int d = 0; d < 2; d++) {
        conv1d_u8_weights u = {.is_unsigned = q->weight && q->weight->type == DTYPE_U8, .out = 4 * width, .in = width, .taps = 1, .out_step = 1,
                               .in_step = 4 * width, .zero = q->zero, .one_scale = true};
        if (q->weight) {
            u.values = (const char *)q->weight->data + d * each;
            u.scale = weights_f32(l->mem, q->scale, l->st);
            if (!u.scale) return false;
            u.scale += d;
        }
        if (w->quantised) {
            if (!conv1d_u8_init(&w->back[d], node, &u, (conv1d_u8_options){0}, l->st)) return false;
            continue;
        }
        float *values = arena_alloc(l->mem, (size_t)each * sizeof(float), l->st);
        const float *from = plain && !q->weight ? weights_f32(l->mem, plain, l->st) : NULL;
        if (!values || (!q->weight && !from)) return false;
        for (int64_t o = 0; o < 4 * width; o++)
            for (int64_t i = 0; i < width; i++) {
                int64_t at = i * 4 * width + o;
                if (from) values[o * width + i] = from[d * each + o * width + i];
                else if (u.is_unsigned) values[o * width + i] = (float)(((const uint8_t *)u.values)[at] - u.zero) * *u.scale;
                else values[o * width + i] = (float)(((const int8_t *)u.values)[at] - u.zero) * *u.scale;
            }
        w->back_f32[d] = values;
    }
    return true;
}

/* Both directions' input weights side by side: [in][2][4H] int8, or [2][4H][in] floats, with their scales and biases. */
static bool load_front(loader *l, kokoro_lstm *w, const char *node, const tensor *weight, const quantised *q, const float *bias, int64_t in)
{
    int64_t gates = 4 * w->width, out = 2 * gates;
    float *sum = arena_alloc(l->mem, (size_t)out * 2 * sizeof(float), l->st), *scales = sum ? sum + out : NULL;
    if (!sum) return false;
    for (int64_t o = 0; o < out; o++) sum[o] = bias[o / gates * out + o % gates] + bias[o / gates * out + gates + o % gates];
    if (!q->weight) {
        const float *values = weights_f32(l->mem, weight, l->st);
        return values && conv1d_init(&w->in.f32, node, values, out, in, 1, sum, (conv1d_options){.exact = l->exact}, l->st);
    }
    unsigned char *joined = arena_alloc(l->mem, (size_t)(in * out), l->st);
    const float *scale = weights_f32(l->mem, q->scale, l->st);
    if (!joined || !scale) return false;
    for (int64_t d = 0; d < 2; d++)
        for (int64_t i = 0; i < in; i++) memcpy(joined + i * out + d * gates, (const unsigned char *)weight->data + (d * in + i) * gates, (size_t)gates);
    for (int64_t o = 0; o < out; o++) scales[o] = scale[o / gates];
    conv1d_u8_weights u = {.values = joined, .is_unsigned = weight->type == DTYPE_U8, .out = out, .in = in, .taps = 1, .out_step = 1, .in_step = out,
                           .zero = q->zero, .scale = scales, .bias = sum};
    return init(l, &w->in, node, &u, (conv1d_options){0}, false);
}

bool kokoro_load_lstm(loader *l, kokoro_lstm *w, const char *node, int64_t in, int64_t width)
{
    if (!status_ok(l->st)) return false;
    const onnx_node *n = onnx_find(l->graph, loader_format("%s_quant", node).text), *plain = n ? NULL : onnx_find(l->graph, node);
    quantised front = {0}, back = {0};
    if (n && (!find_quantised(l, n, node, 1, 9, &front) || !find_quantised(l, n, node, 2, 11, &back))) return false;
    const onnx_node *at = n ? n : plain;
    const tensor *x = at ? onnx_node_tensor(l->graph, at, 1) : NULL, *h = at ? onnx_node_tensor(l->graph, at, 2) : NULL, *b = at ? onnx_node_tensor(l->graph, at, 3) : NULL;
    int64_t gates = 4 * width;
    bool fits = x && h && b && tensor_shape_is(b, SHAPE(2, 2 * gates)) &&
                (n ? tensor_shape_is(x, SHAPE(2, in, gates)) && tensor_shape_is(h, SHAPE(2, width, gates)) && tensor_count(front.scale) == 2 && tensor_count(back.scale) == 2
                   : tensor_shape_is(x, SHAPE(2, gates, in)) && tensor_shape_is(h, SHAPE(2, gates, width)));
    if (!fits) return kokoro_fail(l, node, "no LSTM of two directions with weights of the sizes wanted");
    w->width = width;
    w->quantised = n && !l->exact;
    size_t mark = arena_mark(l->mem);
    const float *bias = weights_f32(l->mem, b, l->st);
    if (bias) load_front(l, w, node, x, &front, bias, in);
    arena_reset(l->mem, mark);
    return status_ok(l->st) && load_back(l, w, at, node, &back);
}
