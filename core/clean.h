/* clean: text that strangers wrote, made fit to be shown.
 *
 * A terminal obeys control characters (C0, C1, escape sequences) and turns text round at bidirectional ones, so that a
 * name, an error or a model's answer could move the cursor, ask the terminal for things, or show something other than what
 * is there. Shown text has U+FFFD in the place of each of them, and of bytes that are no UTF-8. Files and pipes get what
 * was made, as it is. Messages on stderr and reports for people are always clean. Any thread may call.
 */
#ifndef AIGC_CORE_CLEAN_H
#define AIGC_CORE_CLEAN_H

#include <stdio.h>

#include "core/text_out.h"

typedef enum {
    CLEAN_TEXT, /* line breaks and tabs stay */
    CLEAN_LINE, /* they become spaces: nothing can begin a line of its own */
} clean_kind;

/* A character that is cut between two pieces of a text waits here. Starts as {0}. */
typedef struct {
    char held[4];
    size_t count;
} clean_state;

/* Writes the piece, cleaned, to out; what an unfinished character at its end begins is held back. false: out failed. */
bool clean_piece(clean_state *s, clean_kind kind, const char *text, size_t size, FILE *out);
/* What is still held back: it is no character. */
bool clean_end(clean_state *s, FILE *out);

/* A whole text of which no more than `most` bytes are shown (0: all); whole characters, with how long it is behind them. */
void clean_print(FILE *out, clean_kind kind, const char *text, size_t most);

/* The same on one line, with spaces behind it up to a width of so many bytes. */
void clean_padded(FILE *out, const char *text, size_t width);

/* Appends JSON with those characters as \u escapes, which are the same to who reads it. */
void clean_json(text_out *to, const char *json);

/* From here on stdout, where it is a terminal, is written to by way of clean_piece. */
void clean_terminal(void);

#endif
