/* phoneme: from text to what a voice reads.
 *
 *     phonemizer *p = phoneme_open(&(phoneme_options){.folder = folder}, &st);
 *     phoneme_reader *r = phoneme_read(p, text, size, PHONEME_PLAIN, &st);
 *     for (phoneme_sentence s; phoneme_next(r, &s, &st);) …        // s is valid until the next call
 *     phoneme_read_end(r);
 *     phoneme_close(p);
 *
 * The chain, each link in its own file: SSML or plain text → sentences (segment) → words as people say them (normalize)
 * → tokens (token) → parts of speech (tagger) → pronunciations from the lexicon and its rules (lexicon, pronounce) or,
 * for unknown words, from a small network (oov). audio/PHONEMES.md describes it and the phoneme alphabet.
 *
 * A phonemizer may be shared by readers of one thread; a reader belongs to one thread. Text that cannot be spoken
 * (another script, an emoji, invalid UTF-8) is never an error: it is replaced or skipped, and said once on stderr.
 */
#ifndef AIGC_AUDIO_PHONEME_H
#define AIGC_AUDIO_PHONEME_H

#include <stddef.h>
#include <stdint.h>

#include "core/status.h"

/* Which symbols the phonemes are written in. */
typedef enum {
    PHONEME_MISAKI, /* hibari's and Kokoro's: "həlˈO ðˈɛɹ." one letter for each diphthong and affricate */
    PHONEME_ESPEAK, /* Piper's: espeak-ng's IPA, decomposed (NFD): "həlˈoʊ ðˈɛɹ." */
} phoneme_alphabet;

typedef struct {
    const char *folder;         /* hibari's assets: lexicons, tagger, oov network, vocab.json. May be NULL only for
                                   PHONEME_ESPEAK where espeak-ng is installed */
    const char *language;       /* an espeak voice name: "en-us" (also for NULL), "en-gb", and for PHONEME_ESPEAK with
                                   espeak-ng installed any other it knows */
    phoneme_alphabet alphabet;
    const char *heteronyms;     /* the table of audio/heteronym.h, or NULL */
    const char *pronunciations; /* the user's file (word, white space, phonemes; a line each), or NULL */
    bool no_espeak;             /* PHONEME_ESPEAK: never start espeak-ng, always map our own phonemes */
    int longest;                /* a sentence's phonemes are at most this many, longer ones are cut at clause marks;
                                   0: 400, what the default voice was measured with. At least 16 */
} phoneme_options;

typedef struct phonemizer phonemizer;

/* NULL with st set when a file of the folder is missing or broken. The strings are not kept. */
phonemizer *phoneme_open(const phoneme_options *options, status *st);
void phoneme_close(phonemizer *p); /* NULL is allowed */

/* The same in parts that different threads may open at once: begin, each part from 0 on once, end. The options have to
 * stay until the end, which is where errors are told: it frees p and returns NULL. */
enum { PHONEME_PARTS = 4 };
phonemizer *phoneme_open_begin(const phoneme_options *options, status *st);
void phoneme_open_part(phonemizer *p, const phoneme_options *options, int part);
phonemizer *phoneme_open_end(phonemizer *p, const phoneme_options *options, status *st);

typedef enum { PHONEME_PLAIN, PHONEME_SSML } phoneme_markup;

/* One word or punctuation mark as it is said. A reading of several words ("$5" → five, dollars) gives several, all with
 * the span of what they were read from. */
typedef struct {
    size_t from, to;      /* bytes of the input text */
    const char *text;     /* as read: "dollars" */
    const char *phonemes; /* UTF-8 in the alphabet asked for; "" for what is silent */
    bool space;           /* a space follows */
    bool punctuation;     /* a mark, no word */
} phoneme_word;

typedef struct {
    size_t from, to;          /* bytes of the input text */
    const char *phonemes;     /* the words' phonemes joined, what the voice reads; "" when only a pause is wanted */
    const phoneme_word *word;
    size_t words;
    double pause;             /* seconds of silence after it that the text asks for (SSML break); −1: the usual */
    double rate;              /* speed from SSML prosody, 1 is normal */
    bool ends_paragraph;
    bool ends_sentence;       /* false for a piece cut inside a long sentence: no sentence pause after it */
} phoneme_sentence;

typedef struct phoneme_reader phoneme_reader;

/* Starts on a text, which must outlive the reader. Broken SSML is a STATUS_INPUT naming line and fault, with
 * everything else of the document left unread. */
phoneme_reader *phoneme_read(phonemizer *p, const char *text, size_t size, phoneme_markup markup, status *st);

/* The next sentence. False at the end and on error (then st is set). Memory is bounded by the longest sentence. */
bool phoneme_next(phoneme_reader *r, phoneme_sentence *s, status *st);
void phoneme_read_end(phoneme_reader *r); /* NULL is allowed */

/* The voice's input for a phoneme string by the folder's vocab.json: 0, an id for each symbol it knows, 0. Returns how
 * many there are; at most `room` are written. Only for PHONEME_MISAKI. */
size_t phoneme_ids(const phonemizer *p, const char *phonemes, int64_t *ids, size_t room);

/* Whether the phonemes come from espeak-ng, so that a caller can say so. */
bool phoneme_uses_espeak(const phonemizer *p);

#endif
