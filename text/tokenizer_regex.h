/* tokenizer_regex: the regular expressions of tokenizer files. Its source is text/'s only file with pcre2.h.
 *
 * The expressions are written for Oniguruma or Rust's regex; where PCRE2 reads the same text otherwise it is translated:
 * \s and \S become the property White_Space, which PCRE2's \s widens by U+180E. PCRE2 10.42 knows Unicode 14.
 * A regex may be used from any thread, each with buffers of its own.
 */
#ifndef AIGC_TEXT_TOKENIZER_REGEX_H
#define AIGC_TEXT_TOKENIZER_REGEX_H

#include <stddef.h>

#include "core/status.h"

typedef struct tokenizer_regex tokenizer_regex;
typedef struct tokenizer_regex_buffers tokenizer_regex_buffers;

/* where is for messages. NULL with STATUS_INPUT in st for an expression that does not compile. */
tokenizer_regex *tokenizer_regex_new(const char *pattern, size_t size, const char *where, status *st);
void tokenizer_regex_free(tokenizer_regex *r);

/* For one text of text_size bytes, whose size bounds the time that all searches together may take. Used in one thread. */
tokenizer_regex_buffers *tokenizer_regex_buffers_new(size_t text_size, status *st);
void tokenizer_regex_buffers_free(tokenizer_regex_buffers *b);

/* The leftmost match in text[from .. size), which is UTF-8: 1 with its begin and end, 0 for none, −1 with st set when
 * the expression takes more steps, or all of them more time, than a tokenizer's may. */
int tokenizer_regex_find(const tokenizer_regex *r, tokenizer_regex_buffers *b, const char *text, size_t size, size_t from,
                         size_t *begin, size_t *end, status *st);

#endif
