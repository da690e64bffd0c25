/* speak: text to sound, sentence by sentence, in memory bounded by the longest sentence.
 *
 *     speak *s = speak_open(&options, threads, &st);
 *     speak_text(s, text, size, write_piece, file, &st);
 *     speak_close(s);
 *
 * A sentence's sound depends on the text, the settings, the seed and its number alone: not on threads, nor on whether
 * anything was written before it. Sentences fade in and out over 5 ms, so that no join clicks; one that would clip is
 * made quieter as a whole.
 */
#ifndef AIGC_AUDIO_SPEAK_H
#define AIGC_AUDIO_SPEAK_H

#include "audio/voice.h"

typedef struct {
    const char *voice;          /* path, see voice_open */
    const char *assets;         /* the folder of the phonemizer's lexicons, or NULL (audio/phoneme.h) */
    const char *heteronyms;     /* the classifier's table, or NULL */
    const char *pronunciations; /* the user's file, or NULL */
    phoneme_markup markup;
    voice_settings settings;
    double sentence_silence;    /* seconds after each sentence, twice that after a paragraph */
    uint64_t seed;
    bool phonemes_only;         /* pieces carry no sound */
} speak_options;

typedef struct speak speak;

/* Loads voice and phonemizer, both at once where threads has two. The options' strings must outlive it. */
speak *speak_open(const speak_options *options, pool *threads, status *st);
void speak_close(speak *s); /* NULL is allowed */

/* For the next speak_text: other settings, silence and seed than those it was opened with. false when the voice does not
 * know the speaker. */
bool speak_set(speak *s, const voice_settings *settings, double sentence_silence, uint64_t seed, phoneme_markup markup, status *st);

int speak_rate(const speak *s);
bool speak_uses_espeak(const speak *s);

typedef struct {
    const phoneme_word *word;
    double start, end; /* seconds from the beginning of all */
} speak_word;

typedef struct {
    const phoneme_sentence *sentence;
    const float *samples; /* the sentence and the silence after it */
    int64_t count;
    double start, end;    /* of the sentence, without the silence */
    const speak_word *word;
    size_t words;         /* sentence->words */
    const voice_symbol *symbol; /* times in samples from the sentence's start */
    int64_t symbols;
} speak_piece;

/* Called for each sentence as soon as it is made; the piece is valid until it returns. false with st set stops. */
typedef bool (*speak_writer)(void *arg, const speak_piece *piece, status *st);

/* Reads the text as speak_text does, but makes no sound of it: the same errors. */
bool speak_check(speak *s, const char *text, size_t size, status *st);

/* Speaks size bytes of text. A text without anything that can be spoken is a STATUS_INPUT. */
bool speak_text(speak *s, const char *text, size_t size, speak_writer write, void *arg, status *st);

#endif
