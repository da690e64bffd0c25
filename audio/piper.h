/* piper: a Piper voice: the VITS model and the JSON beside it, which says how phonemes become ids.
 *
 * Ids are "^", then each symbol of the phoneme string followed by "_", then "$", each by the JSON's phoneme_id_map
 * (Piper's own rule); a symbol the map lacks is left out.
 */
#ifndef AIGC_AUDIO_PIPER_H
#define AIGC_AUDIO_PIPER_H

#include "audio/voice.h"

typedef struct piper piper;

/* model: the .onnx, config: its .onnx.json. NULL with STATUS_INPUT in st. */
piper *piper_open(const char *model, const char *config, status *st);
void piper_close(piper *p); /* NULL is allowed */

int piper_rate(const piper *p);
const char *piper_language(const piper *p); /* the JSON's espeak voice */

/* Whether the voice has that speaker, by number or by a name of speaker_id_map; NULL: the first. */
bool piper_check(const piper *p, const char *speaker, status *st);

/* As voice_say; out->symbol and symbols are filled but for their times. */
bool piper_say(op_ctx *c, const piper *p, const voice_settings *settings, uint64_t seed, voice_speech *out);

/* The config alone from memory (the fuzzer's way in); false with st set. */
bool piper_check_config(const char *json, size_t size, const char *name, status *st);

#endif
