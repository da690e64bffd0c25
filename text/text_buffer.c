#include "text/text_buffer.h"

#include <stdint.h>
#include <string.h>

#include "core/alloc.h"

bool text_buffer_append(text_buffer *b, const char *text, size_t size, status *st)
{
    if (size >= SIZE_MAX / 4 || b->size >= SIZE_MAX / 4) return status_set(st, STATUS_NOMEM, "a text of %zu bytes", size);
    if (b->size + size + 1 > b->room) {
        size_t room = 2 * (b->size + size + 1);
        char *more = alloc_resize(b->data, room, 1, st);
        if (!more) return false;
        b->data = more;
        b->room = room;
    }
    if (size) memcpy(b->data + b->size, text, size);
    b->size += size;
    b->data[b->size] = 0;
    return true;
}

bool text_buffer_add(text_buffer *b, const char *text, status *st) { return text_buffer_append(b, text, strlen(text), st); }

void text_buffer_free(text_buffer *b)
{
    alloc_free(b->data);
    *b = (text_buffer){0};
}

/* The bytes of the character at s, 0 when there is none: no overlong forms, no surrogates, nothing past U+10FFFF. */
static size_t character(const unsigned char *s, size_t left)
{
    if (s[0] < 0x80) return 1;
    size_t n = s[0] >= 0xF0 ? 4 : s[0] >= 0xE0 ? 3 : 2;
    if (s[0] < 0xC2 || s[0] > 0xF4 || n > left) return 0;
    for (size_t i = 1; i < n; i++)
        if ((s[i] & 0xC0) != 0x80) return 0;
    if ((s[0] == 0xE0 && s[1] < 0xA0) || (s[0] == 0xED && s[1] > 0x9F) || (s[0] == 0xF0 && s[1] < 0x90) || (s[0] == 0xF4 && s[1] > 0x8F)) return 0;
    return n;
}

bool text_is_utf8(const char *text, size_t size, size_t *bad)
{
    for (size_t i = 0, n; i < size; i += n) {
        n = character((const unsigned char *)text + i, size - i);
        if (n) continue;
        *bad = i;
        return false;
    }
    return true;
}

bool text_buffer_append_utf8(text_buffer *b, const char *text, size_t size, status *st)
{
    size_t from = 0, bad;
    while (!text_is_utf8(text + from, size - from, &bad)) {
        if (!text_buffer_append(b, text + from, bad, st) || !text_buffer_add(b, "\xEF\xBF\xBD", st)) return false;
        from += bad + 1;
    }
    return text_buffer_append(b, text + from, size - from, st);
}
