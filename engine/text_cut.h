/* text_cut: what becomes of a text that was cut by its length: --tokens or the context ended it, not the model. */
#ifndef AIGC_ENGINE_TEXT_CUT_H
#define AIGC_ENGINE_TEXT_CUT_H

#include "text/generate.h"

typedef enum { TEXT_CUT_OPEN, TEXT_CUT_KEEP, TEXT_CUT_WARN, TEXT_CUT_FAIL, TEXT_CUT_SENTENCE } text_cut; /* OPEN: nobody said */

/* "keep", "warn", "fail", "sentence"; NULL: TEXT_CUT_OPEN; STATUS_USAGE for others. */
bool text_cut_of(const char *name, text_cut *how, status *st);

bool text_cut_is(const generate_result *r);

/* The result's text as `how` wants it, in *text (freed with alloc_free) and *size: of a text that was cut, up to the end of its
 * last whole sentence (all of it where none is whole) for TEXT_CUT_SENTENCE; STATUS_FAIL for TEXT_CUT_FAIL; else as it is. */
bool text_cut_take(const generate_result *r, text_cut how, char **text, size_t *size, status *st);

/* *whole: how many bytes of a text its whole sentences take; 0: it has none. false: out of memory. */
bool text_cut_sentences(const char *text, size_t size, size_t *whole, status *st);

#endif
