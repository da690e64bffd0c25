/* generate_text: which part of a growing text is certain, given texts that may end it and characters not yet whole. */
#ifndef AIGC_TEXT_GENERATE_TEXT_H
#define AIGC_TEXT_GENERATE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Looks for the stop strings in text[0 … size), of which text[0 … released) is out already and cannot be taken back.
 * true: one is there; *certain is where the earliest begins. false: *certain is how much of the text no stop string can
 * reach back into and holds whole characters only. */
bool generate_text_scan(const char *text, size_t size, size_t released, const char *const *stop, int64_t stop_count, size_t *certain);

/* How many bytes at the end of the text are the beginning of a UTF-8 character: 0 to 3. */
size_t generate_text_broken_tail(const char *text, size_t size);

#endif
