/* utf8: how long a character is, how it is written, and where a text may be cut. Whatever is shortened for a message, a label or a record is cut here, so that no half of a
 * character reaches a terminal or makes a JSON text invalid. Any thread may call.
 */
#ifndef AIGC_CORE_UTF8_H
#define AIGC_CORE_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* The length of the character at text, 1 to 4 bytes; 0 when the bytes there are no UTF-8. size > 0. */
size_t utf8_length(const char *text, size_t size);

/* Writes a code point as 1 to 4 bytes and returns how many. */
size_t utf8_encode(uint32_t code_point, char *out);

/* How many of size bytes to keep so that at most `limit` are kept and none is half of a character. */
size_t utf8_cut(const char *text, size_t size, size_t limit);

/* As utf8_cut, for the precision of "%.*s": of a zero-terminated text, of which no more than limit bytes are looked at. */
int utf8_fit(const char *text, int limit);

/* Puts one '?' in the place of each run of bytes in a zero-terminated text that are no UTF-8: what formatting with "%.60s"
 * and a full buffer leave. */
void utf8_mend(char *text);

#endif
