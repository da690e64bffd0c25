#include "audio/loader.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

loader_name loader_format(const char *format, ...)
{
    loader_name n;
    va_list args;
    va_start(args, format);
    vsnprintf(n.text, sizeof n.text, format, args);
    va_end(args);
    return n;
}

/* x as f32 in l->mem, also where it needs no conversion: the mapping will go. */
static float *copy_of(loader *l, const tensor *x)
{
    const float *from = weights_f32(l->mem, x, l->st);
    if (!from || from != x->data) return (float *)(uintptr_t)from;
    float *copy = arena_alloc(l->mem, tensor_bytes(x), l->st);
    if (copy) memcpy(copy, from, tensor_bytes(x));
    return copy;
}

const float *loader_take(loader *l, const char *name, int rank, const int64_t *dim)
{
    if (!status_ok(l->st)) return NULL;
    return copy_of(l, weights_need(l->file, l->st, name, rank, dim));
}

const onnx_node *loader_reader(const loader *l, const char *op, const char *name, int *input, int skip)
{
    for (int64_t i = 0; l->graph && i < onnx_node_count(l->graph); i++) {
        const onnx_node *n = onnx_node_at(l->graph, i);
        if (!onnx_is(n->op_type, op)) continue;
        for (*input = 0; *input < n->inputs && *input < 2; ++*input)
            if (onnx_is(onnx_node_input(l->graph, n, *input), name) && skip-- == 0) return n;
    }
    return NULL;
}

static const onnx_node *conv_reading(const loader *l, const char *weight)
{
    int input;
    const onnx_node *n = loader_reader(l, "Conv", weight, &input, 0);
    return n ? n : loader_reader(l, "ConvTranspose", weight, &input, 0);
}

/* "a.b.0.c" as the exporter names the node: its modules joined by '/'. A number stays with the name before it
 * ("flows.0"), as torch.onnx writes lists of modules. */
static const onnx_node *conv_named(const loader *l, const char *prefix)
{
    char path[160] = "/";
    size_t n = 1;
    for (const char *s = prefix; *s && n < sizeof path - 16; s++)
        path[n++] = *s == '.' && !(s[1] >= '0' && s[1] <= '9') ? '/' : *s;
    memcpy(path + n, "/Conv", 6);
    const onnx_node *node = onnx_find(l->graph, path);
    if (node) return node;
    memcpy(path + n, "/ConvTranspose", 15);
    return onnx_find(l->graph, path);
}

static bool fill(loader *l, loader_weight *out, const tensor *t)
{
    if (t->rank == 2) { /* a linear layer: a convolution of one tap */
        out->dim[0] = t->dim[0];
        out->dim[1] = t->dim[1];
        out->dim[2] = 1;
        out->values = copy_of(l, t);
        return out->values != NULL;
    }
    if (t->rank != 3) {
        char shape[96];
        return status_set(l->st, STATUS_INPUT, "%s: a convolution's weight of shape %s found, three dimensions wanted",
                          weights_path(l->file), tensor_shape_text(t, shape, sizeof shape));
    }
    memcpy(out->dim, t->dim, sizeof out->dim);
    out->values = copy_of(l, t);
    return out->values != NULL;
}

/* w = g v / |v|; g: [O, 1, 1]. */
static bool weight_norm(loader *l, const tensor *g, const tensor *v, loader_weight *out)
{
    if (!fill(l, out, v)) return false;
    const float *length = copy_of(l, g);
    if (tensor_count(g) != out->dim[0])
        return status_set(l->st, STATUS_INPUT, "%s: weight norm of %lld lengths for %lld filters", weights_path(l->file),
                          (long long)tensor_count(g), (long long)out->dim[0]);
    float *w = (float *)(uintptr_t)out->values;
    int64_t each = out->dim[1] * out->dim[2];
    for (int64_t o = 0; length && o < out->dim[0]; o++, w += each) {
        double square = 0;
        for (int64_t i = 0; i < each; i++) square += (double)w[i] * (double)w[i];
        float factor = square > 0 ? (float)((double)length[o] / sqrt(square)) : 0;
        for (int64_t i = 0; i < each; i++) w[i] *= factor;
    }
    return length != NULL;
}

bool loader_find_weight(loader *l, const char *prefix, loader_weight *out)
{
    static const char *const norms[][2] = {{"weight_g", "weight_v"},
                                           {"parametrizations.weight.original0", "parametrizations.weight.original1"}};
    *out = (loader_weight){0};
    if (!status_ok(l->st)) return false;
    loader_name name = loader_format("%s.weight", prefix);
    const tensor *t = weights_find(l->file, name.text);
    if (t) {
        out->node = l->graph ? conv_reading(l, name.text) : NULL;
        return fill(l, out, t);
    }
    for (int i = 0; i < 2; i++) {
        const tensor *g = weights_find(l->file, loader_format("%s.%s", prefix, norms[i][0]).text);
        const tensor *v = weights_find(l->file, loader_format("%s.%s", prefix, norms[i][1]).text);
        if (g && v) return weight_norm(l, g, v, out);
    }
    out->node = l->graph ? conv_named(l, prefix) : NULL;
    t = out->node ? onnx_node_tensor(l->graph, out->node, 1) : NULL;
    return t ? fill(l, out, t) : false;
}

/* What the node says of stride, dilation and padding. */
static bool read_node(const loader *l, const onnx_node *n, const char *prefix, int64_t taps, conv1d_options *o)
{
    int64_t pads[2] = {0}, group = 1;
    int count;
    o->stride = o->dilation = 1;
    o->out_pad = 0;
    onnx_get_ints(n, "strides", &o->stride, 1, &count);
    onnx_get_ints(n, "dilations", &o->dilation, 1, &count);
    onnx_get_ints(n, "output_padding", &o->out_pad, 1, &count);
    onnx_get_i64(n, "group", &group);
    onnx_get_ints(n, "pads", pads, 2, &count);
    o->pad = pads[0];
    const onnx_node *before = onnx_maker(l->graph, onnx_node_input(l->graph, n, 0));
    if (before && onnx_is(before->op_type, "Pad") && o->pad == 0) o->pad = (taps - 1) / 2 * o->dilation; /* as many steps as come */
    if (pads[0] == pads[1] && (group > 1) == o->depthwise) return true;
    return status_set(l->st, STATUS_INPUT, "%s: the convolution '%s' with padding %lld and %lld and %lld groups is not supported",
                      weights_path(l->file), prefix, (long long)pads[0], (long long)pads[1], (long long)group);
}

bool loader_conv(loader *l, conv1d *w, const char *prefix, int64_t out, int64_t in, conv1d_options o)
{
    size_t mark = arena_mark(l->mem);
    loader_weight found;
    if (!loader_find_weight(l, prefix, &found))
        return status_set(l->st, STATUS_INPUT, "%s: no weight of a convolution '%s'", weights_path(l->file), prefix);
    if (found.node && !read_node(l, found.node, prefix, found.dim[2], &o)) return false;
    int64_t outputs = found.dim[o.transposed ? 1 : 0], inputs = o.depthwise ? outputs : found.dim[o.transposed ? 0 : 1];
    if ((out >= 0 && outputs != out) || (in >= 0 && inputs != in) || (o.depthwise && found.dim[1] != 1))
        return status_set(l->st, STATUS_INPUT, "%s: '%s' goes from %lld to %lld channels, %lld to %lld wanted", weights_path(l->file),
                          prefix, (long long)inputs, (long long)outputs, (long long)in, (long long)out);
    const tensor *bias = weights_find(l->file, loader_format("%s.bias", prefix).text);
    if (!bias && found.node && found.node->inputs > 2) bias = onnx_node_tensor(l->graph, found.node, 2);
    if (bias && tensor_count(bias) != outputs)
        return status_set(l->st, STATUS_INPUT, "%s: '%s' has %lld biases for %lld channels", weights_path(l->file), prefix,
                          (long long)tensor_count(bias), (long long)outputs);
    const float *bias_values = bias ? weights_f32(l->mem, bias, l->st) : NULL;
    if (status_ok(l->st)) conv1d_init(w, prefix, found.values, outputs, inputs, found.dim[2], bias_values, o, l->st);
    arena_reset(l->mem, mark);
    return status_ok(l->st);
}
