/* ssml: the common part of the Speech Synthesis Markup Language 1.1 (W3C) → plain text with events.
 *
 * Read: speak, p, s, break (time, strength), prosody (rate), say-as (interpret-as), sub (alias), phoneme (ph), and the
 * text of every other element. meta, metadata, lexicon and desc are skipped. A document type declaration is refused, so
 * there are no entities but XML's own five; elements nest at most SSML_DEEPEST deep. The only file with expat.h.
 */
#ifndef AIGC_AUDIO_SSML_H
#define AIGC_AUDIO_SSML_H

#include "audio/mapped_text.h"

enum { SSML_DEEPEST = 64, SSML_LARGEST = 16 << 20 };

typedef enum {
    SSML_BREAK,     /* value: seconds of silence */
    SSML_RATE,      /* value: speed from here on, 1 is normal */
    SSML_SENTENCE,  /* a sentence begins or ends here */
    SSML_PARAGRAPH, /* a paragraph begins or ends here */
} ssml_event_kind;

typedef struct {
    size_t at; /* byte of the plain text before which it happens */
    ssml_event_kind kind;
    double value;
} ssml_event;

typedef struct {
    mapped_text text;  /* places are bytes of the document; phonemes stand in it as [word](/phonemes/) */
    ssml_event *event; /* in order */
    size_t events;
} ssml_document;

/* Parses size bytes; everything lies in mem. On bad markup false, with a STATUS_INPUT naming line, column and fault. */
bool ssml_parse(ssml_document *d, const char *text, size_t size, arena *mem, status *st);

#endif
