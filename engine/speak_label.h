/* speak_label: a label that listeners hear before a speech: a rhythm (--label), or words (--label-text). */
#ifndef AIGC_ENGINE_SPEAK_LABEL_H
#define AIGC_ENGINE_SPEAK_LABEL_H

#include "audio/sound_file.h"
#include "engine/speak_flags.h"

/* Writes the label that f asks for, if any; *seconds is how long it lasts. s speaks with f's settings afterwards. */
bool speak_label_write(const speak_flags *f, speak *s, uint64_t seed, sound_file *to, double *seconds, status *st);

#endif
