/* unicode: code points and UTF-8, as far as reading text aloud needs them.
 *
 * Classes and case come from the C library's C.UTF-8 locale (Debian's libc has it built in); without it only ASCII and
 * Latin-1 letters are known. All functions may be called from any thread.
 */
#ifndef AIGC_AUDIO_UNICODE_H
#define AIGC_AUDIO_UNICODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { UNICODE_REPLACEMENT = 0xFFFD };

/* The code point at s, of which `size` ≥ 1 bytes are left; returns how many bytes it takes. A byte that begins no valid
 * sequence (overlong forms, surrogates and values past U+10FFFF count as invalid) gives U+FFFD and 1. */
size_t unicode_decode(const char *s, size_t size, uint32_t *c);

/* The code point that ends just before s + at; 0 for at = 0. *start, if not NULL, is where it begins. */
uint32_t unicode_before(const char *s, size_t at, size_t *start);

size_t unicode_length(const char *s, size_t size); /* code points */

bool unicode_is_letter(uint32_t c);
bool unicode_is_upper(uint32_t c);
bool unicode_is_lower(uint32_t c);
bool unicode_is_space(uint32_t c);
uint32_t unicode_lower(uint32_t c);
uint32_t unicode_upper(uint32_t c);

static inline bool unicode_is_digit(uint32_t c) { return c >= '0' && c <= '9'; }

/* A letter followed by a combining mark as one letter (e, U+0301 → é), or 0 where there is none for Latin script. */
uint32_t unicode_compose(uint32_t base, uint32_t mark);

/* The reverse: *base and *mark of a composed Latin letter. False when c has none. */
bool unicode_decompose(uint32_t c, uint32_t *base, uint32_t *mark);

/* The compatibility form of one character (ﬁ → "fi", Ａ → "A", ² → "2", … → "..."), zero-terminated, or NULL when it
 * stands for itself. `room` receives computed ones. */
const char *unicode_compatible(uint32_t c, char room[8]);

#endif
