/* phoneme_chain: one sentence of words, already as they are read, to phonemes.
 *
 * Tokens → parts of speech → pronunciations. A sentence is read from its end, because the sound of "the", "to" or "a"
 * depends on what follows.
 */
#ifndef AIGC_AUDIO_PHONEME_CHAIN_H
#define AIGC_AUDIO_PHONEME_CHAIN_H

#include "audio/heteronym.h"
#include "audio/lexicon.h"
#include "audio/oov.h"
#include "audio/tagger.h"
#include "audio/token.h"

typedef struct {
    token_rules *rules;
    tagger *tags;
    lexicon *gold, *silver;
    heteronym *heteronyms; /* NULL: the lexicons and the tagger alone choose */
    oov *network;         /* opened at the first unknown word */
    char *network_path;
    bool british;
} phoneme_chain;

/* Opens the files in hibari's folder: all parts from 0 on, each once, in any order and on any threads. On failure what was
 * opened stays for phoneme_chain_close. */
enum { PHONEME_CHAIN_PARTS = 4 };
bool phoneme_chain_open_part(phoneme_chain *c, const char *folder, bool british, int part, status *st);
void phoneme_chain_close(phoneme_chain *c);

/* A stretch of the text whose phonemes are given ([[…]]): bytes from … to of it. Sorted, not overlapping. */
typedef struct {
    uint32_t from, to;
    const char *phonemes;
} phoneme_given;

/* The words of text in order, each with its phonemes ("" when silent) and whether a space follows, in `words`. */
bool phoneme_chain_run(phoneme_chain *c, const char *text, size_t size, const phoneme_given *given, size_t given_count, token_list *words);

#endif
