/* normalize: text as it is written → words as they are said.
 *
 * "At 9:30 on 3/4/2021 he paid $5.20" → "At nine thirty on March fourth, twenty twenty-one he paid five dollars and twenty
 * cents". After it no digit is left, and no sign that has a reading. Where a reading depends on the country ("3/4/2021",
 * "Apt.") American use is taken, or British with `british`. Rules by kind lie in normalize_*.c; none needs a model file.
 */
#ifndef AIGC_AUDIO_NORMALIZE_H
#define AIGC_AUDIO_NORMALIZE_H

#include "audio/mapped_text.h"

typedef struct {
    bool british; /* 3/4 is 3 April */
} normalize_options;

/* Rewrites one sentence or paragraph; the result lies in the arena of `text` and keeps its places. */
mapped_text normalize_text(const mapped_text *text, const normalize_options *options);

/* SSML's say-as: the text read as one kind of thing. Kinds: characters, spell-out, cardinal, number, ordinal, digits,
 * telephone, year; the text of any other (date, time, currency …) stays for normalize_text. */
mapped_text normalize_say_as(const mapped_text *text, const char *kind);

#endif
