/* json_scan: one pass over a JSON text in memory, without building a tree.
 *
 * The lexicons are megabytes of JSON read at each start; a tree of them would take longer than the speech. Strings are
 * unescaped in place, so the text must be writable, and a key or string handed out stays valid as long as it. Errors are
 * sticky in the status: after one, every function returns false. RFC 8259, except that control characters in strings
 * pass. Not for the small files, which jansson reads.
 *
 *     if (json_scan_object(&s))
 *         while (json_scan_key(&s, &key)) json_scan_string(&s, &value);
 */
#ifndef AIGC_AUDIO_JSON_SCAN_H
#define AIGC_AUDIO_JSON_SCAN_H

#include <stddef.h>

#include "core/status.h"

enum { JSON_SCAN_DEPTH = 16 }; /* deepest nesting accepted */

typedef struct {
    const char *text;
    size_t size;
} json_string;

typedef struct {
    char *start, *at, *end;
    const char *name; /* for messages */
    status *st;
    int depth;
    bool fresh[JSON_SCAN_DEPTH]; /* no member of this level read yet */
} json_scan;

/* A scan of size bytes at text; *end must be a byte of the block too (a zero terminator). */
json_scan json_scan_start(char *text, size_t size, const char *name, status *st);

bool json_scan_object(json_scan *s);                  /* enters an object */
bool json_scan_key(json_scan *s, json_string *key);   /* its next key; false at its end, which is left */
bool json_scan_array(json_scan *s);                   /* enters an array */
bool json_scan_item(json_scan *s);                    /* whether another item follows; false at the end, which is left */
bool json_scan_string(json_scan *s, json_string *text);
bool json_scan_number(json_scan *s, double *value);
bool json_scan_null(json_scan *s);                    /* true, and past it, if null is next; else nothing happens */
bool json_scan_skip(json_scan *s);                    /* any value */
char json_scan_peek(json_scan *s);                    /* the next value's first byte; 0 at the end */
bool json_scan_finish(json_scan *s);                  /* only white space may be left; false after any error */

#endif
