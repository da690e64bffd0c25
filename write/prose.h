/* prose: how a report's text is set: blanks, sentences that begin with a capital, and sentences left out because a value that
 * they would tell is missing.
 *
 * Where a missing value would stand, a text holds the byte PROSE_MISSING, which neither templates nor data may hold. In running
 * text the whole sentence around it goes; in a line that begins with |, -, *, #, <, > or a number and a point (a table, a list, a heading, HTML) and in code the byte becomes an em
 * dash. A sentence ends at . ! or ? before white space and a capital, figure or quote (not behind Mr, Dr and their like, nor a
 * single letter), at 。！？, and at the end of its paragraph. Any thread may call.
 */
#ifndef AIGC_WRITE_PROSE_H
#define AIGC_WRITE_PROSE_H

#include <stddef.h>

#include "core/text_out.h"

enum { PROSE_MISSING = 1 };

/* A whole report: blanks at the ends of lines, in rows and before punctuation go, paragraphs that become empty too, and of
 * several empty lines one stays. Lines with four blanks or a tab before them, and between ``` fences, stay as they are. *left_out (may be NULL)
 * grows by the sentences left out. */
void prose_report(const char *text, size_t size, size_t *left_out, text_out *out);

/* One paragraph: lines are joined, empty ones too; with `capitals` each sentence's first letter is made a capital, unless its word holds one. */
void prose_paragraph(const char *text, size_t size, bool capitals, size_t *left_out, text_out *out);

/* As it is, but for the missing values, each an em dash: for tables of data, JSON and what else is no prose. */
void prose_raw(const char *text, size_t size, text_out *out);

#endif
