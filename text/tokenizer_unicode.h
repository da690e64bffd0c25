/* tokenizer_unicode: UTF-8, the normal forms and lower case. Its source is the only file with utf8proc.h.
 *
 * utf8proc 2.8 knows Unicode 15.0. Source of the forms: Unicode Standard Annex 15.
 */
#ifndef AIGC_TEXT_TOKENIZER_UNICODE_H
#define AIGC_TEXT_TOKENIZER_UNICODE_H

#include <stddef.h>
#include <stdint.h>

#include "core/status.h"
#include "text/tokenizer.h"

typedef enum { UNICODE_NFC, UNICODE_NFD, UNICODE_NFKC, UNICODE_NFKD } tokenizer_unicode_form;

/* The length of the character at text, 1 to 4 bytes, and its code point; 0 when the bytes there are no UTF-8 (overlong
 * forms, surrogates and code points above 10FFFF are none). size > 0. */
int tokenizer_unicode_char(const char *text, size_t size, uint32_t *code_point);

/* How many bytes at the front are UTF-8 without a fault. */
size_t tokenizer_unicode_valid(const char *text, size_t size);

/* Appends text, which is UTF-8, in that form. */
bool tokenizer_unicode_normalise(tokenizer_unicode_form form, const char *text, size_t size, tokenizer_bytes *out,
                                 status *st);
/* Appends text, which is UTF-8, in lower case: each character by itself, as Rust's char::to_lowercase. */
bool tokenizer_unicode_lower(const char *text, size_t size, tokenizer_bytes *out, status *st);

bool tokenizer_unicode_is_numeric(uint32_t code_point); /* general category N */
bool tokenizer_unicode_is_space(uint32_t code_point);   /* property White_Space */
bool tokenizer_unicode_is_word(uint32_t code_point);    /* letter, mark, decimal digit or connector: \w */

typedef enum {
    UNICODE_UPPER, UNICODE_LOWER, UNICODE_TITLE, UNICODE_LETTER, /* letters, of no case the last */
    UNICODE_DECIMAL, UNICODE_NUMBER,                             /* Nd, and the other numbers */
    UNICODE_HIDDEN,                                              /* controls, formats, unassigned, separators but the space */
    UNICODE_OTHER,
} tokenizer_unicode_kind;
tokenizer_unicode_kind tokenizer_unicode_kind_of(uint32_t code_point);

bool tokenizer_unicode_is_mark(uint32_t code_point);     /* general category M: what stands on or around a letter */
bool tokenizer_unicode_is_modifier(uint32_t code_point); /* Lm: small letters and signs beside a letter */
bool tokenizer_unicode_is_format(uint32_t code_point);   /* Cf */

/* The character in upper ('u'), lower ('l') or title ('t') case: 1 to 3 code points in out. Returns how many. */
int tokenizer_unicode_case(uint32_t code_point, char how, uint32_t out[3]);

#endif
