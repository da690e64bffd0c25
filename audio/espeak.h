/* espeak: phonemes for Piper's voices, which were trained on espeak-ng's.
 *
 * espeak-ng is started as a child process when it is installed, and never linked (it is GPL). A sentence goes to it clause
 * by clause; the marks between clauses are put back as Piper does: . ? ! close, and , : ; are followed by a space; a dash
 * counts as ; and an ellipsis as nothing. Where espeak-ng is absent, our own American phonemes are written in its IPA.
 */
#ifndef AIGC_AUDIO_ESPEAK_H
#define AIGC_AUDIO_ESPEAK_H

#include <stddef.h>

#include "core/arena.h"

/* Whether an executable espeak-ng is on the PATH. */
bool espeak_is_installed(void);

/* One clause of a sentence, as bytes of it. */
typedef struct {
    size_t from, to;
    const char *mark; /* what Piper writes behind it: ".", "?", "!", ",", ":", ";" or "" */
} espeak_clause;

/* Finds the next clause at or after *at and moves *at past it. False when only white space is left. */
bool espeak_next_clause(const char *text, size_t size, size_t *at, espeak_clause *c);

/* The phonemes of n clauses of text in the voice (a name such as en-us), one string each, in mem: IPA, decomposed (NFD),
 * flags of other languages removed. NULL with st set when espeak-ng cannot be run or fails. */
const char **espeak_run(const char *voice, const char *text, const espeak_clause *clause, size_t n, arena *mem, status *st);

/* Our phonemes in espeak-ng's IPA for en-us (or en-gb), decomposed. */
const char *espeak_from_misaki(const char *phonemes, bool british, arena *mem, status *st);

#endif
