/* cue: one subtitle of a SubRip (.srt) or WebVTT (.vtt) file, on one line of text.
 *
 * WebVTT escapes what would be markup or the arrow of a time line (W3C WebVTT, 4.2.2). SubRip has no escapes: there an arrow
 * becomes a character that looks like it, and a word joiner (U+2060) parts what players would take for a tag.
 */
#ifndef AIGC_ENGINE_CUE_H
#define AIGC_ENGINE_CUE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

typedef enum { CUE_SRT, CUE_VTT } cue_format;

/* number: from 1. Seconds from the beginning. text[0 … size) as the user wrote it; of SSML the text alone is shown. A failed
 * write stays in the stream. */
void cue_write(FILE *out, cue_format format, int64_t number, double start, double end, const char *text, size_t size, bool ssml);

#endif
