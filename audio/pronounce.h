/* pronounce: the pronunciation of one token, from the two dictionaries and the rules of English around them.
 *
 * The rules are those of the misaki phonemiser, with which the voices were trained: function words that depend on what
 * follows (the, to, a, used), initials, plurals, past and -ing forms of known stems, and stress by capitals. Phonemes are
 * UTF-8 in misaki's alphabet (audio/PHONEMES.md); every string returned is zero-terminated and lies in the arena.
 */
#ifndef AIGC_AUDIO_PRONOUNCE_H
#define AIGC_AUDIO_PRONOUNCE_H

#include <stdint.h>

#include "audio/lexicon.h"
#include "core/arena.h"

/* How the next word begins; unknown at a clause's end. */
typedef enum { NEXT_UNKNOWN, NEXT_CONSONANT, NEXT_VOWEL } pronounce_next;

typedef struct {
    const lexicon *gold, *silver;
    bool british;
    arena *mem;
    status *st;
    pronounce_next next; /* the sound after this word */
    bool next_is_to;     /* the next word is "to" */
} pronouncer;

/* Stress to give a word, in halves. */
typedef enum { STRESS_KEEP = 99, STRESS_NONE = -4, STRESS_LOWER = -2, STRESS_LOWER_HALF = -1, STRESS_ZERO = 0, STRESS_HALF = 1, STRESS_ONE = 2, STRESS_TWO = 4 } pronounce_stress;

/* The phonemes of a token as it is written, or NULL when neither dictionary nor rules know it. tag may be NULL. */
const char *pronounce_token(const pronouncer *p, const char *text, const char *tag);

/* A dictionary word without regard to its neighbours: lower case, no tag. NULL when absent. */
const char *pronounce_plain(const pronouncer *p, const char *word, pronounce_stress stress);

/* The letters of a word by their names ("UNO" → "jˌuˌɛnˈO"), or NULL when one has none. */
const char *pronounce_letters(const pronouncer *p, const char *word);

/* phonemes with other stress: a mark is removed, lowered, raised or put before the first vowel. */
const char *pronounce_restress(const pronouncer *p, const char *phonemes, pronounce_stress stress);

/* How heavy a word is: one for each symbol, two for a diphthong or affricate. */
int pronounce_weight(const char *phonemes);

bool pronounce_is_vowel(uint32_t c);
bool pronounce_is_consonant(uint32_t c);

#endif
