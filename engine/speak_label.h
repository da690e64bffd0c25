/* speak_label: a label that listeners hear before a speech: a rhythm (--label), or words (--label-text). */
#ifndef AIGC_ENGINE_SPEAK_LABEL_H
#define AIGC_ENGINE_SPEAK_LABEL_H

#include "engine/speak_flags.h"

/* Where the label's samples go. */
typedef bool (*speak_label_writer)(void *arg, const float *samples, int64_t count, status *st);

/* Gives the label that f asks for, if any, to `write`; *seconds is how long it lasts. s speaks with f's settings afterwards. */
bool speak_label_write(const speak_flags *f, speak *s, uint64_t seed, speak_label_writer write, void *arg, double *seconds, status *st);

#endif
