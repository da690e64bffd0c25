/* image_words: the names of the things that a small picture model has learned, as its folder lists them, and whether a prompt
 * has one of them.
 *
 * The list is a text file beside aigc.json (docs/formats.md): a name a line, lower case, in the order of its bytes, each once.
 * A name is one word or several with a blank between them; a word is what stands between blanks and punctuation, but hyphens and
 * apostrophes are parts of words. What is read never changes, so that any thread may ask.
 */
#ifndef AIGC_ENGINE_IMAGE_WORDS_H
#define AIGC_ENGINE_IMAGE_WORDS_H

#include <stddef.h>

#include "core/status.h"

enum { IMAGE_WORDS_NAME = 64 /* bytes of a name at most */, IMAGE_WORDS_NEAREST = 3 };

typedef struct image_words image_words;

/* A file of at most 1 MiB. Lines that are empty, too long, out of order or hold control characters are STATUS_INPUT. */
image_words *image_words_open(const char *path, status *st);

/* The same of text in memory, which is copied; path is for messages. */
image_words *image_words_parse(const char *text, size_t size, const char *path, status *st);

void image_words_close(image_words *w); /* NULL is allowed */

/* Whether a word of the prompt, or several in a row, is a known name, in the singular or with an s or es behind it. A prompt
 * that has no words but articles and the like asks for nothing that could be unknown: true. */
bool image_words_known(const image_words *w, const char *prompt);

/* The names that are spelled most like a word of the prompt, best first: fewest letters inserted, dropped, changed or swapped
 * (restricted Damerau-Levenshtein distance) for the length of the longer. Returns how many; they live as long as w. */
int image_words_nearest(const image_words *w, const char *prompt, const char *name[IMAGE_WORDS_NEAREST]);

#endif
