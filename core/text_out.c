#include "core/text_out.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"

static bool make_room(text_out *t, size_t more)
{
    if (!status_ok(t->st)) return false;
    if (more >= SIZE_MAX / 4 - t->size) return status_set(t->st, STATUS_NOMEM, "a text of more than %zu bytes", SIZE_MAX / 4);
    if (t->size + more < t->room) return true;
    size_t room = 2 * (t->size + more) + 64;
    char *grown = alloc_resize(t->data, room, 1, t->st);
    if (!grown) return false;
    t->data = grown, t->room = room;
    return true;
}

void text_out_bytes(text_out *t, const void *bytes, size_t size)
{
    if (!make_room(t, size)) return;
    if (size) memcpy(t->data + t->size, bytes, size);
    t->size += size;
    t->data[t->size] = 0;
}

void text_out_add(text_out *t, const char *text) { text_out_bytes(t, text, strlen(text)); }

void text_out_format(text_out *t, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (n < 0 || !make_room(t, (size_t)n)) return;
    va_start(arguments, format);
    vsnprintf(t->data + t->size, t->room - t->size, format, arguments);
    va_end(arguments);
    t->size += (size_t)n;
}

char *text_out_take(text_out *t)
{
    text_out_bytes(t, "", 0);
    char *data = status_ok(t->st) ? t->data : NULL;
    if (!data) alloc_free(t->data);
    *t = (text_out){.st = t->st};
    return data;
}

void text_out_free(text_out *t)
{
    alloc_free(t->data);
    *t = (text_out){.st = t->st};
}
