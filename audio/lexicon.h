/* lexicon: words and their pronunciations, as two dictionaries: gold (checked by people) and silver (made from another
 * dictionary by rule).
 *
 * File: a JSON object, gzip-packed or not, word → phonemes, or word → {part of speech → phonemes or null} with the key
 * DEFAULT. Parts of speech are Penn Treebank tags, the coarse NOUN VERB ADJ ADV, or None for "at the end of a clause".
 * A word written small also answers to its Capitalised form and the reverse, unless that form has an entry of its own.
 */
#ifndef AIGC_AUDIO_LEXICON_H
#define AIGC_AUDIO_LEXICON_H

#include <stddef.h>

#include "core/status.h"

typedef struct lexicon lexicon;

/* Opens one dictionary, through the cache (audio/word_table.h). */
lexicon *lexicon_open(const char *path, status *st);

/* Builds one from JSON in memory, which is overwritten. */
lexicon *lexicon_build(char *json, size_t size, const char *name, status *st);
void lexicon_close(lexicon *l); /* NULL is allowed */

size_t lexicon_count(const lexicon *l);

/* What a word's entry says. phonemes points into the dictionary and is not zero-terminated. */
typedef struct {
    const char *phonemes; /* NULL: the entry has none for this part of speech */
    size_t size;
} lexicon_reading;

bool lexicon_has(const lexicon *l, const char *word, size_t size);

/* Finds a word. tag: its Penn tag or NULL; clause_end: nothing is known to follow, so an entry for "None" wins. False
 * when there is no entry at all. */
bool lexicon_find(const lexicon *l, const char *word, size_t size, const char *tag, bool clause_end, lexicon_reading *r);

/* NOUN for NN…, VERB for VB…, ADJ for JJ…, ADV for RB…; any other tag is its own. NULL for NULL. */
const char *lexicon_coarse_tag(const char *tag);

#endif
