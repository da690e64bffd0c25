/* json_cursor: walks JSON text in place, one value at a time, without building anything.
 *
 * For large machine-made headers (safetensors, shard indices), whose keys are known beforehand; elsewhere jansson is
 * used. RFC 8259 grammar; nesting is limited. Each function that returns false because the text is no JSON, or not of
 * the asked kind, leaves the reason and its place in the cursor, and every later call fails too.
 *
 *     json_text key;
 *     if (json_cursor_enter(&c, '{'))
 *         while (json_cursor_more(&c, '}') && json_cursor_key(&c, &key)) …read or skip one value…
 *     if (json_cursor_bad(&c)) …
 */
#ifndef AIGC_CORE_JSON_CURSOR_H
#define AIGC_CORE_JSON_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    const char *start, *at, *end;
    const char *wanted; /* NULL while all is well; else what was wanted at `at` */
    bool first;         /* just behind an opening bracket */
} json_cursor;

/* The text between the quotes, escapes not yet resolved. */
typedef struct {
    const char *text;
    size_t size;
    bool escaped;
} json_text;

json_cursor json_cursor_begin(const char *text, size_t size);
static inline bool json_cursor_bad(const json_cursor *c) { return c->wanted != NULL; }

bool json_cursor_enter(json_cursor *c, char bracket); /* takes '{' or '[' */
bool json_cursor_more(json_cursor *c, char bracket);  /* another element? else takes the closing '}' or ']' */
bool json_cursor_key(json_cursor *c, json_text *key); /* "key" : */
bool json_cursor_string(json_cursor *c, json_text *out);
bool json_cursor_u64(json_cursor *c, uint64_t *out); /* a whole number, no fraction, no exponent */
bool json_cursor_skip(json_cursor *c);               /* one value of any kind */
bool json_cursor_end(json_cursor *c);                /* nothing but white space is left */

bool json_cursor_is(json_text s, const char *text);

/* Resolves the escapes of s into out, which has room for s.size bytes (the result is never longer). Returns its size. */
size_t json_cursor_unescape(json_text s, char *out);

#endif
