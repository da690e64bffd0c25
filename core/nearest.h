/* nearest: the word that someone who mistyped may have meant. */
#ifndef AIGC_CORE_NEAREST_H
#define AIGC_CORE_NEAREST_H

#include <stddef.h>

/* How many letters must be put in, left out, changed or swapped with their neighbour to get from one word to the other
 * (Damerau 1964, each place touched once); '-' and '_' and letters of either case are the same. Words over 63 bytes are far
 * from everything. */
size_t nearest_distance(const char *a, size_t a_size, const char *b, size_t b_size);

/* The best of the words tried so far: begin with {.word = what was typed}. */
typedef struct {
    const char *word;
    const char *best; /* NULL: none is near */
    size_t best_size, distance;
} nearest;

/* Near is a word with at most a third of the letters wrong (at least one may be), and one that begins as what was typed. */
void nearest_try(nearest *n, const char *candidate, size_t size);

/* "; did you mean 'x'?", or "" when no word of the list ("x, y, z") is near: the end of an error's message. */
typedef struct {
    char text[96];
} nearest_hint;
nearest_hint nearest_in(const char *word, const char *list);

#endif
