/* phoneme_espeak: a sentence's words by espeak-ng, for Piper's voices. */
#ifndef AIGC_AUDIO_PHONEME_ESPEAK_H
#define AIGC_AUDIO_PHONEME_ESPEAK_H

#include "audio/mapped_text.h"
#include "audio/phoneme_chain.h"

/* Adds the words and marks of the text to `words`, their spans being bytes of it. A word's span is exact where a clause
 * has as many words as espeak-ng says, else it is the whole clause. given: stretches whose phonemes are set. */
bool phoneme_espeak_run(const char *voice, const mapped_text *text, const phoneme_given *given, size_t count, token_list *words);

#endif
