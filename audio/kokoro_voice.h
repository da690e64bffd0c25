/* kokoro_voice: who speaks with a Kokoro model: one of its voices, or a mixture of some.
 *
 * A voice is a file of styles beside the model, voices/NAME.bin: f32, [rows, 256], row n − 1 for a text of n phonemes (the last
 * for longer ones). Names begin with a letter for the language and one for the speaker: af_heart is an American woman. A mixture
 * is written as names and weights, af_heart:0.6+bm_george:0.4: the weighted mean of their styles; a weight left out is 1. Its
 * language is that of the first.
 *
 * A kokoro_voice may be shared by any number of threads: what it reads on demand is guarded by a lock.
 */
#ifndef AIGC_AUDIO_KOKORO_VOICE_H
#define AIGC_AUDIO_KOKORO_VOICE_H

#include "audio/voice.h"

typedef struct kokoro_voice kokoro_voice;

/* What is spoken where none is named. */
#define KOKORO_VOICE_USUAL "af_heart"

/* model: the .onnx file; voices lie in the folder "voices" beside it. NULL with STATUS_INPUT in st. */
kokoro_voice *kokoro_voice_open(const char *model, status *st);
/* The end of opening, by all threads: before it nothing else may be done with v. */
void kokoro_voice_ready(kokoro_voice *v, pool *threads);
void kokoro_voice_close(kokoro_voice *v); /* NULL is allowed */

/* Whether the text looks like the name of a voice or a mixture: "xx_name", with weights and more of them. */
bool kokoro_voice_is_name(const char *text);

/* The language of the voice of that name, as espeak-ng calls it ("en-us"), and in words ("American English"); NULL where its first
 * letter is none of those in use. speaker: NULL: the usual one. */
const char *kokoro_voice_language(const char *speaker);
const char *kokoro_voice_language_name(const char *speaker);

/* Whether the voices are there, and of a language that can be read (English). Reads their styles. */
bool kokoro_voice_check(kokoro_voice *v, const char *speaker, status *st);

/* As voice_say; out->symbol and symbols are filled but for their times. ids are looked up by p. */
bool kokoro_voice_say(op_ctx *c, kokoro_voice *v, const phonemizer *p, const voice_settings *settings, voice_speech *out);

/* Phonemes of a piece for this kind of voice: what a text is cut into. */
enum { KOKORO_VOICE_LONGEST = 160 };

#endif
