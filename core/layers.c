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

static const float *need_row(layers *l, const char *name, int64_t count)
{
    if (!l->check) return parameters_need_f32(l->from, l->st, name, count);
    parameters_check_count(l->from, l->st, name, count);
    return NULL;
}

/* Replaces the end of a formed name: ".weight" -> ".bias". */
static const float *bias_of(layers *l, const char *weight_name, int64_t count)
{
    char name[NAME_SIZE];
    size_t stem = strlen(weight_name) - strlen(".weight");
    snprintf(name, sizeof name, "%.*s.bias", (int)stem, weight_name);
    return need_row(l, name, count);
}

affine layers_affine(layers *l, int64_t channels, const char *format, ...)
{
    char name[NAME_SIZE];
    va_list arguments;
    va_start(arguments, format);
    bool formed = form_name(l, name, ".weight", format, arguments);
    va_end(arguments);
    if (!formed) return (affine){0};
    return (affine){need_row(l, name, channels), bias_of(l, name, channels)};
}

const float *layers_row(layers *l, int64_t count, const char *format, ...)
{
    char name[NAME_SIZE];
    va_list arguments;
    va_start(arguments, format);
    bool formed = form_name(l, name, "", format, arguments);
    va_end(arguments);
    return formed ? need_row(l, name, count) : NULL;
}

/* The weight NAME; what was made for it lies behind the arena's mark. NULL when only checking, or after an error. */
static const tensor *weight_of(layers *l, const char *name, int rank, const int64_t *dim)
{
    if (!l->check) return parameters_need(l->from, l->st, name, rank, dim);
    parameters_check(l->from, l->st, name, rank, dim);
    return NULL;
}

/* The kernels hold their own copy of NAME: what was made for it since mark, and its file's pages, may go. */
static void let_go(layers *l, const char *name, size_t mark)
{
    arena_reset(parameters_memory(l->from), mark);
    parameters_release(l->from, name);
}

void layers_linear(layers *l, linear *w, int64_t out, int64_t in, bool bias, const char *format, ...)
{
    char name[NAME_SIZE];
    va_list arguments;
    va_start(arguments, format);
    bool formed = form_name(l, name, ".weight", format, arguments);
    va_end(arguments);
    if (!formed) return;
    const float *added = bias ? bias_of(l, name, out) : NULL;
    size_t mark = arena_mark(parameters_memory(l->from));
    const tensor *stored = parameters_peek(l->from, name);
    const tensor *weight = stored && stored->rank == 4 ? weight_of(l, name, SHAPE(out, in, 1, 1)) : weight_of(l, name, SHAPE(out, in));
    if (!weight || !status_ok(l->st)) return;
    tensor flat = {.type = weight->type, .rank = 2, .dim = {out, in}, .data = weight->data};
    linear_mode mode = l->mode == LINEAR_FAST ? LINEAR_NARROWED : l->mode == LINEAR_EXACT ? LINEAR_WIDENED : l->mode;
    if (linear_init(w, &flat, added, mode, l->threads, l->st) && w->packed) let_go(l, name, mark);
}

void layers_conv(layers *l, conv2d *w, int64_t out, int64_t in, int stride, conv2d_padding padding, bool bias, const char *format, ...)
{
    char name[NAME_SIZE];
    va_list arguments;
    va_start(arguments, format);
    bool formed = form_name(l, name, ".weight", format, arguments);
    va_end(arguments);
    if (!formed) return;
    const float *added = bias ? bias_of(l, name, out) : NULL;
    size_t mark = arena_mark(parameters_memory(l->from));
    const tensor *weight = weight_of(l, name, SHAPE(out, in, 3, 3));
    if (!weight || !status_ok(l->st)) return;
    if (conv2d_init(w, weight, added, stride, padding, l->mode, l->threads, l->st)) let_go(l, name, mark);
}
