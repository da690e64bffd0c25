/* phoneme_state: what phoneme.c opens and phoneme_reader.c reads with. */
#ifndef AIGC_AUDIO_PHONEME_STATE_H
#define AIGC_AUDIO_PHONEME_STATE_H

#include "audio/phoneme.h"
#include "audio/phoneme_chain.h"
#include "audio/word_table.h"

enum { VOCABULARY_PLACES = 1024 }; /* of the hash from symbol to id, at most half of them used */

typedef struct {
    uint32_t symbol; /* 0: free */
    int32_t id;
} vocabulary_entry;

struct phonemizer {
    phoneme_chain chain;
    phoneme_alphabet alphabet;
    size_t longest;
    bool british, espeak; /* espeak: the phonemes come from espeak-ng */
    char language[32];    /* an espeak voice name */
    word_table *own; /* the user's pronunciations, words in lower case; NULL: none */
    vocabulary_entry vocabulary[VOCABULARY_PLACES];
    status opening[PHONEME_PARTS]; /* of each part */
    bool warned_bytes, warned_script; /* said once */
};

#endif
