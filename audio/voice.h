/* voice: one interface over the kinds of voices: a phoneme string in, sound and the time of every symbol out.
 *
 * A voice is read-only after voice_open and may be used by any number of threads, each with an op_ctx of its own.
 */
#ifndef AIGC_AUDIO_VOICE_H
#define AIGC_AUDIO_VOICE_H

#include "audio/phoneme.h"
#include "core/op.h"

typedef struct voice voice;

/* path: the folder or .onnx file of hibari or of Kokoro (audio/kokoro_voice.h), or a Piper voice's .onnx with its .onnx.json
 * beside it. NULL with STATUS_INPUT. */
voice *voice_open(const char *path, status *st);
/* The end of opening, which all threads share: to be called once, before anything else but voice_close. */
void voice_ready(voice *v, pool *threads);
void voice_close(voice *v); /* NULL is allowed */

int voice_rate(const voice *v);                   /* samples a second */
phoneme_alphabet voice_alphabet(const voice *v);  /* what it reads */
bool voice_rests(const voice *v);                 /* its sounds begin and end with silence, as those of whole sentences do */
int voice_longest(const voice *v);                /* phonemes of a piece that it takes at once; 0: the usual */

typedef struct {
    float speed;        /* 1 is normal, 2 twice as fast */
    float noise_scale;  /* Piper: of the sound; NaN: the voice's own */
    float noise_w;      /* Piper: of the rhythm; NaN: the voice's own */
    const char *speaker; /* Piper: a name or number of a voice of many speakers; Kokoro: a voice or a mixture; NULL: the first */
} voice_settings;

/* The language that is spoken so: an espeak voice name, or NULL: American English. */
const char *voice_language(const voice *v, const voice_settings *settings);

/* Whether the voice can do as it is told: STATUS_USAGE names what it cannot. */
bool voice_check(const voice *v, const voice_settings *settings, status *st);

typedef struct {
    const char *text;      /* one character of the phoneme string, not zero-terminated */
    int bytes;
    int64_t from, samples; /* where in the sound it is said; 0 samples for what the voice does not know */
} voice_symbol;

typedef struct {
    tensor *sound;        /* [n], or NULL where there is nothing to say */
    voice_symbol *symbol; /* one for each character of the phoneme string */
    int64_t symbols;
} voice_speech;

/* Says the phonemes of one sentence. names are looked up by p (the phonemizer the phonemes come from). What comes out
 * lies in c's arena. Same seed, same samples. false with c->st set. */
bool voice_say(op_ctx *c, const voice *v, const phonemizer *p, const char *phonemes, const voice_settings *settings,
               uint64_t seed, voice_speech *out);

#endif
