/* text_buffer: text that grows at its end, always followed by a zero byte once something was appended. Starts as {0}; data
 * is given back with text_buffer_free, or taken over by the caller and freed with alloc_free. */
#ifndef AIGC_TEXT_TEXT_BUFFER_H
#define AIGC_TEXT_TEXT_BUFFER_H

#include <stddef.h>

#include "core/status.h"

typedef struct {
    char *data;
    size_t size, room;
} text_buffer;

bool text_buffer_append(text_buffer *b, const char *text, size_t size, status *st);
bool text_buffer_add(text_buffer *b, const char *text, status *st); /* a zero-terminated text */
void text_buffer_free(text_buffer *b);

/* Whether the bytes are well-formed UTF-8 (RFC 3629); else *bad is where they first are not. */
bool text_is_utf8(const char *text, size_t size, size_t *bad);

/* Appends the text with U+FFFD in place of every byte that is not part of a character. */
bool text_buffer_append_utf8(text_buffer *b, const char *text, size_t size, status *st);

#endif
