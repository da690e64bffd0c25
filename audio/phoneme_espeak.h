/* phoneme_espeak: a sentence's words by espeak-ng, for Piper's voices. */
#ifndef AIGC_AUDIO_PHONEME_ESPEAK_H
#define AIGC_AUDIO_PHONEME_ESPEAK_H

#include "audio/mapped_text.h"
#include "audio/phoneme_chain.h"

/* Adds the words and marks of the text to `words`, their spans being bytes of it. A word's span is exact where a clause
 * has as many words as espeak-ng says, else it is the whole clause. given: stretches whose phonemes are set. */
bool phoneme_espeak_run(const char *voice, const mapped_text *text, const phoneme_given *given, size_t count, token_list *words);

/* Phonemes that the user gave, as a Piper voice is to have them: as they stand, the voice's own symbols; but our own alphabet
 * (audio/PHONEMES.md), told by letters that IPA has no use for, is rewritten. NULL with the error in words. */
const char *phoneme_espeak_given(const char *phonemes, bool british, token_list *words);

#endif
