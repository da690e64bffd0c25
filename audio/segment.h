/* segment: where a text's sentences end.
 *
 * A sentence ends at . ! ? … (with closing quotes and brackets) before white space, unless a small letter follows or the
 * stop belongs to a title, an initial, an abbreviation or a list number; at a blank line; and at a line's end where the
 * line was not merely wrapped (it is short, or ends with a mark). A sentence is never longer than SEGMENT_LONGEST bytes:
 * a longer one is cut at its last clause mark before that, else at a space, else between two characters.
 */
#ifndef AIGC_AUDIO_SEGMENT_H
#define AIGC_AUDIO_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>

enum { SEGMENT_LONGEST = 2000 };

typedef struct {
    size_t from, to;     /* bytes, without white space around */
    bool ends_sentence;  /* false when cut inside a long one */
    bool ends_paragraph; /* a blank line or the text's end follows */
} segment;

/* Finds the next sentence at or after *at and moves *at past it. False when only white space is left. */
bool segment_next(const char *text, size_t size, size_t *at, segment *s);

#endif
