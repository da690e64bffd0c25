/* mapped_text: text that was rewritten, each byte of which knows the bytes of the original it stands for.
 *
 * That is how a word's time in the sound leads back to its place in what the user wrote, through all rewriting.
 * The text lies in an arena, is UTF-8 and always zero-terminated. After an error appending does nothing.
 */
#ifndef AIGC_AUDIO_MAPPED_TEXT_H
#define AIGC_AUDIO_MAPPED_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"

typedef struct {
    char *text;
    uint32_t *from, *to; /* [size] the span of the original that the byte stands for */
    size_t size, room;
    arena *mem;
    status *st;
} mapped_text;

mapped_text mapped_text_new(arena *mem, status *st);

/* Appends n bytes that all stand for from … to. */
void mapped_text_add(mapped_text *m, const char *text, size_t n, uint32_t from, uint32_t to);

/* Appends bytes a … b of another mapped text with what they stand for. */
void mapped_text_copy(mapped_text *m, const mapped_text *source, size_t a, size_t b);

/* Appends a zero-terminated text in place of bytes a … b of source. */
void mapped_text_replace(mapped_text *m, const mapped_text *source, size_t a, size_t b, const char *text);

#endif
