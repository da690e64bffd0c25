/* heteronym: which of its pronunciations a word such as "lead", "read" or "record" has in its sentence.
 *
 * A log-linear classifier: each class of a word (lead: metal; lead: go first) has a score, the sum of the weights of what is
 * seen around the word: the words and parts of speech beside it, the nearest verb, the words of the sentence. A class may
 * share a second set of weights with its like in other words (all verbs). The highest score wins.
 *
 * File: a JSON object, gzip-packed or not: classes [name]; words {word: [{class, like (may be absent), us, gb}]}, the last two
 * phonemes in misaki's alphabet; weights {feature: {class: whole number from −127 to 127}}. Words are in lower case. The
 * features' names are in heteronym.c; samples/training/heteronyms.py makes the file.
 */
#ifndef AIGC_AUDIO_HETERONYM_H
#define AIGC_AUDIO_HETERONYM_H

#include "audio/token.h"

typedef struct heteronym heteronym;

heteronym *heteronym_open(const char *path, status *st);                          /* through the cache */
heteronym *heteronym_build(char *json, size_t size, const char *name, status *st); /* json is overwritten */
void heteronym_close(heteronym *h);                                               /* NULL is allowed */

/* The phonemes of token `at` of a tagged sentence, in its arena; NULL when the word has no entry. */
const char *heteronym_read(const heteronym *h, const token_list *sentence, size_t at, bool british);

/* What is seen of token `at`: see is called with each feature's name and its value in twentieths, once for each name. */
typedef void (*heteronym_see)(void *arg, const char *feature, size_t size, int value);
void heteronym_features(const token_list *sentence, size_t at, heteronym_see see, void *arg);

#endif
