/* text_out: a text that grows at its end. Starts as {.st = st}; a failed allocation leaves the error in st, and every later
 * call does nothing, so a writer asks once at its end. data ends with a zero byte once anything was added, and is freed with
 * alloc_free (text_out_free) or handed on (text_out_take). */
#ifndef AIGC_CORE_TEXT_OUT_H
#define AIGC_CORE_TEXT_OUT_H

#include <stddef.h>

#include "core/status.h"

typedef struct {
    char *data;
    size_t size, room;
    status *st;
} text_out;

void text_out_bytes(text_out *t, const void *bytes, size_t size);
void text_out_add(text_out *t, const char *text);
void text_out_format(text_out *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The text as a block of its own, "" where nothing was added; NULL after an error. t is empty then. */
char *text_out_take(text_out *t);
void text_out_free(text_out *t);

#endif
