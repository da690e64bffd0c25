/* jinja_extend: a larger language than that of chat templates: filters, functions and the tag `choose`, given by tables.
 *
 * A program parsed with an extension knows what jinja2 knows and what the tables hold; one parsed without keeps exactly its
 * own set. The bounds of a run stay. Names of the tables are found when a program is parsed, so a call costs no search.
 *
 * In an extended program a tag takes its line's end away only where the line holds nothing but tags and blanks: so text may
 * stand on one line with an {% endif %} and the next line stays apart.
 *
 * A value can be missing: an undefined one that came with the data (jinja_new_missing). It stays missing whatever
 * is computed from it, `is defined` and `default` tell, comparing it is an error, and what it writes is the extension's
 * business.
 */
#ifndef AIGC_TEXT_JINJA_EXTEND_H
#define AIGC_TEXT_JINJA_EXTEND_H

#include "text/jinja_value.h"

enum { JINJA_EXTENDED = 1 << 10 /* VALUE_FUNCTION's numbers from here on are the extension's */ };

typedef struct {
    const char *name;
    jinja_filter run;
} jinja_extension_filter;

typedef struct {
    const char *name;
    jinja_value (*call)(jinja_context *r, const jinja_node *at, const jinja_arguments *a);
    /* Instead of call: gets the call itself (NODE_CALL) and evaluates those of its arguments that it wants. */
    jinja_value (*lazy)(jinja_context *r, jinja_scope *s, const jinja_node *at);
} jinja_extension_function;

typedef struct jinja_extension {
    const jinja_extension_filter *filter;     /* ended by an entry without a name; they go before jinja2's */
    const jinja_extension_function *function; /* the same */
    /* Each may be NULL. Sets variables before a run, beside those of its input. */
    void (*bind)(jinja_context *r, jinja_scope *s);
    /* Which branch of a {% choose %} of n, from 0. NULL: there is no such tag. */
    int64_t (*choose)(jinja_context *r, const jinja_node *at, int64_t n);
    /* Writes what str() would; false: as jinja2 does. */
    bool (*write)(jinja_context *r, const jinja_node *at, jinja_builder *b, jinja_value v);
} jinja_extension;

/* The place of a name in a table, −1: none. e NULL is allowed. */
static inline int32_t jinja_extended_filter(const jinja_extension *e, const char *name, size_t size)
{
    for (int32_t i = 0; e && e->filter && e->filter[i].name; i++)
        if (__builtin_strlen(e->filter[i].name) == size && __builtin_memcmp(e->filter[i].name, name, size) == 0) return i;
    return -1;
}
static inline int32_t jinja_extended_function(const jinja_extension *e, const char *name, size_t size)
{
    for (int32_t i = 0; e && e->function && e->function[i].name; i++)
        if (__builtin_strlen(e->function[i].name) == size && __builtin_memcmp(e->function[i].name, name, size) == 0) return i;
    return -1;
}

/* A value of the data that is not there; name is for messages and not copied. */
static inline jinja_value jinja_new_missing(jinja_context *r, const char *name, size_t size)
{
    jinja_value v = jinja_text(r, name, size, JINJA_GIVEN);
    if (v.kind == VALUE_STRING) v.kind = VALUE_UNDEFINED;
    return v;
}
static inline bool jinja_missing(jinja_value v) { return v.kind == VALUE_UNDEFINED && v.name && v.name->whole == JINJA_GIVEN; }

#endif
