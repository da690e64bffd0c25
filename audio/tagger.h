/* tagger: the part of speech of each word of a sentence, as a Penn Treebank tag.
 *
 * An averaged perceptron (Collins, "Discriminative training methods for hidden Markov models", 2002), greedy from left to
 * right: a word's score for each tag is the sum of the weights of fifteen features of it, its neighbours and the two tags
 * before. A word with one overwhelming tag is answered from a dictionary.
 *
 * File: a JSON object, gzip-packed or not: tags [name], tagdict {word: tag}, vocab [word], weights {feature: {tag: weight}},
 * weights with one decimal. The features' names are in tagger.c.
 */
#ifndef AIGC_AUDIO_TAGGER_H
#define AIGC_AUDIO_TAGGER_H

#include <stddef.h>

#include "core/status.h"

typedef struct tagger tagger;

tagger *tagger_open(const char *path, status *st);                                    /* through the cache */
tagger *tagger_build(char *json, size_t size, const char *name, status *st); /* json is overwritten */
void tagger_close(tagger *t); /* NULL is allowed */

/* Tags n words (zero-terminated UTF-8, none of them empty). The tags live as long as the tagger. */
bool tagger_run(const tagger *t, const char *const *word, size_t n, const char **tag, status *st);

#endif
