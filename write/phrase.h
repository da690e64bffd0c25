/* phrase: a few words that are put together, of bounded length. Starts as {0}. What does not fit sets `full`, and the caller
 * gives up. Any thread may use its own. */
#ifndef AIGC_WRITE_PHRASE_H
#define AIGC_WRITE_PHRASE_H

#include <stdbool.h>
#include <stddef.h>

typedef struct {
    char text[1000]; /* zero-terminated */
    size_t size;
    bool full;
} phrase;

void phrase_bytes(phrase *p, const char *text, size_t size);
void phrase_add(phrase *p, const char *text);
void phrase_format(phrase *p, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same with a space before it, unless the phrase is empty. */
void phrase_word(phrase *p, const char *text);
void phrase_cut(phrase *p, size_t size); /* what is behind so many bytes is taken away */

#endif
