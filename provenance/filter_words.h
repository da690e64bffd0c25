/* filter_words: many words and phrases sought in a text at once, in time that grows with the text alone.
 *
 * A phrase is found whole: no letter or digit stands before it or behind it. Case is no difference, and white space, dashes
 * and _ part its words alike, in any number. What is looked at are tokens: a run of letters and digits, or one other sign.
 *
 * Source: Aho and Corasick, "Efficient string matching", 1975, over tokens.
 */
#ifndef AIGC_PROVENANCE_FILTER_WORDS_H
#define AIGC_PROVENANCE_FILTER_WORDS_H

#include <stddef.h>

#include "core/status.h"

typedef struct filter_words filter_words;

filter_words *filter_words_new(status *st);
void filter_words_free(filter_words *w); /* NULL is allowed */

/* Adds a phrase of that group (a number of the caller's). false: there is no word in it (st is as it was), or st is set. */
bool filter_words_add(filter_words *w, const char *phrase, size_t size, size_t group, status *st);

/* Once all are added, before the first search. */
bool filter_words_ready(filter_words *w, status *st);

typedef struct {
    bool wanted; /* by the caller: this group is sought */
    bool found;  /* where it ends first, the longest that ends there */
    size_t from, to;
} filter_place;

/* Looks for the phrases of each group, of which there are `groups`, in text[begin … size). Bytes that are no UTF-8 are no
 * letters and part of no phrase. One search at a time. */
void filter_words_find(filter_words *w, const char *text, size_t size, size_t begin, filter_place *place, size_t groups);

#endif
