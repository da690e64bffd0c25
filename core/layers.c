#include "core/layers.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { NAME_SIZE = 240 };

/* The printf form and a suffix as one name in buffer; false, with the error recorded, when it does not fit. */
static bool form_name(layers *l, char *buffer, const char *suffix, const char *format, va_list arguments)
{
    if (!status_ok(l->st)) return false;
    int n = vsnprintf(buffer, NAME_SIZE, format, arguments);
    if (n > 0 && n < NAME_SIZE && snprintf(buffer + n, (size_t)(NAME_SIZE - n), "%s", suffix) < NAME_SIZE - n) return true;
    return status_set(l->st, STATUS_FAIL, "%s: a tensor's name is too long", parameters_source(l->from));
}

/* Replaces the end of a formed name: ".weight" -> ".bias". */
static const float *bias_of(layers *l, const char *weight_name, int64_t count)
{
    char name[NAME_SIZE];
    size_t stem = strlen(weight_name) - strlen(".weight");
    snprintf(name, sizeof name, "%.*s.bias", (int)stem, weight_name);
    return parameters_need_f32(l->from, l->st, name, count);
}

affine layers_affine(layers *l, int64_t channels, const char *format, ...)
{
    char name[NAME_SIZE];
    va_list arguments;
    va_start(arguments, format);
    bool formed = form_name(l, name, ".weight", format, arguments);
    va_end(arguments);
    if (!formed) return (affine){0};
    return (affine){parameters_need_f32(l->from, l->st, name, channels), bias_of(l, name, channels)};
}

const float *layers_row(layers *l, int64_t count, const char *format, ...)
{
    char name[NAME_SIZE];
    va_list arguments;
    va_start(arguments, format);
    bool formed = form_name(l, name, "", format, arguments);
    va_end(arguments);
    return formed ? parameters_need_f32(l->from, l->st, name, count) : NULL;
}

/* In the fast mode 16 bits are enough for a weight: f32 would only be slower. */
static const tensor *narrowed(layers *l, const tensor *weight)
{
    return weight && weight->type == DTYPE_F32 && l->mode == LINEAR_FAST ? parameters_bf16(l->from, l->st, weight) : weight;
}

void layers_linear(layers *l, linear *w, int64_t out, int64_t in, bool bias, const char *format, ...)
{
    char name[NAME_SIZE];
    va_list arguments;
    va_start(arguments, format);
    bool formed = form_name(l, name, ".weight", format, arguments);
    va_end(arguments);
    if (!formed) return;
    const tensor *stored = parameters_peek(l->from, name);
    const tensor *weight = stored && stored->rank == 4 ? parameters_need(l->from, l->st, name, SHAPE(out, in, 1, 1))
                                                       : parameters_need(l->from, l->st, name, SHAPE(out, in));
    const float *added = bias ? bias_of(l, name, out) : NULL;
    size_t mark = arena_mark(parameters_memory(l->from));
    const tensor *used = narrowed(l, weight);
    if (!used || !status_ok(l->st)) return;
    tensor flat = {.type = used->type, .rank = 2, .dim = {out, in}, .data = used->data};
    if (!linear_init(w, &flat, added, l->mode == LINEAR_EXACT ? LINEAR_WIDENED : l->mode, l->threads, l->st)) return;
    if (!w->packed) return;
    arena_reset(parameters_memory(l->from), mark); /* the kernels hold their own copy */
    parameters_release(l->from, name);
}

void layers_conv(layers *l, conv2d *w, int64_t out, int64_t in, int stride, conv2d_padding padding, bool bias, const char *format, ...)
{
    char name[NAME_SIZE];
    va_list arguments;
    va_start(arguments, format);
    bool formed = form_name(l, name, ".weight", format, arguments);
    va_end(arguments);
    if (!formed) return;
    const tensor *weight = parameters_need(l->from, l->st, name, SHAPE(out, in, 3, 3));
    const float *added = bias ? bias_of(l, name, out) : NULL;
    if (!status_ok(l->st)) return;
    if (conv2d_init(w, weight, added, stride, padding, l->mode, l->threads, l->st)) parameters_release(l->from, name);
}
