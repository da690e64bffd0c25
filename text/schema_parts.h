/* schema_parts: what the files of the schema reader share (text/grammar_schema.h). */
#ifndef AIGC_TEXT_SCHEMA_PARTS_H
#define AIGC_TEXT_SCHEMA_PARTS_H

#include <jansson.h>

#include "core/name_index.h"
#include "text/grammar.h"
#include "text/grammar_list.h"
#include "text/language.h"

enum { SCHEMA_MOST_TOGETHER = 256 /* schemas that hold for one value */ };

/* A schema that holds for a value; of its anyOf and oneOf a branch may have been chosen. */
typedef struct {
    const json_t *schema;
    bool any_chosen, one_chosen;
} schema_part;

/* All that hold for one value, flat: no $ref and allOf are left. */
typedef struct {
    schema_part part[SCHEMA_MOST_TOGETHER];
    size_t count;
    bool nothing; /* one of them is false */
} schema_all;

typedef struct schema_reader schema_reader;

struct schema_reader {
    grammar *g;
    status *st;
    const char *name;
    json_t *root;
    /* values whose rules are declared but not yet defined */
    struct schema_pending {
        schema_part *part;
        size_t count;
        int32_t rule;
    } *pending;
    size_t pendings, pending_room;
    /* rules by what holds for them; keys in blocks of their own */
    name_index known;
    char **key;
    size_t keys, key_room;
    /* pairs of oneOf's branches of which at most one may hold: the rule of both at once must be empty */
    struct schema_apart {
        int32_t rule;
        const json_t *schema;
        int first, second;
    } *apart;
    size_t aparts, apart_room;
    size_t visits;                /* of schemas, bounded */
    const json_t *listing;        /* the schema whose enum the values in hand come from: they need not be looked up in it */
    size_t spent;                 /* entries of languages' tables, bounded */
    name_index patterns;          /* of the languages that were made of one */
    language **language;
    size_t languages, language_room;
    grammar_node character;       /* one within a string, −1: not made yet */
    int32_t string, number, integer, any, object; /* rules that are shared, −1 */
};

enum { SCHEMA_MOST_VISITS = 1 << 19, SCHEMA_MOST_SPENT = 1 << 24 };

typedef enum { TYPE_NULL = 1, TYPE_BOOLEAN = 2, TYPE_OBJECT = 4, TYPE_ARRAY = 8, TYPE_INTEGER = 16, TYPE_FRACTION = 32, TYPE_STRING = 64, TYPE_ALL = 127 } schema_type;

/* "name: #/properties/a: …": the message names a schema by its place. false. */
bool schema_wrong(schema_reader *r, const json_t *schema, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* ---- schema_resolve.c ---- */

/* Adds a schema with all that it refers to. */
bool schema_add(schema_reader *r, schema_all *all, const json_t *schema);
const json_t *schema_target(schema_reader *r, const json_t *schema, const char *reference);

/* The types that a "type" keyword allows; 0 with an error. */
unsigned schema_types(schema_reader *r, const json_t *schema, const json_t *type);

/* Whether the value is valid; wrong where an error came. Used for enum and const. */
bool schema_holds(schema_reader *r, const json_t *schema, const json_t *value, bool *error);
bool schema_all_hold(schema_reader *r, const schema_all *all, const json_t *value, bool *error);

/* ---- grammar_schema.c ---- */

/* A call of the rule for a value for which all of these hold, which is made where it is new. all is copied. */
grammar_node schema_value(schema_reader *r, const schema_all *all);
int32_t schema_new_rule(schema_reader *r, const char *name);
grammar_node schema_literal(schema_reader *r, const char *text);
grammar_node schema_any(schema_reader *r); /* any value */

/* ---- schema_text.c: strings ---- */

/* Counts a language that was made; it is freed, and NULL is returned, where that is too much. */
language *schema_spend(schema_reader *r, language *l);

/* The patterns and formats of all, and bounds on the length; NULL: no string. */
grammar_node schema_string(schema_reader *r, const schema_all *all);
grammar_node schema_any_string(schema_reader *r);
/* Of texts in which the pattern is found; made once and the reader's. NULL: an error is set. */
const language *schema_pattern_language(schema_reader *r, const json_t *schema, const char *text);
const char *schema_format(const char *name); /* a pattern; NULL: not known */
language *schema_string_language(schema_reader *r, const schema_all *all, bool *plain);
bool schema_bound(schema_reader *r, const schema_all *all, const char *key, bool lower, int64_t *out); /* whole numbers from 0 */
int64_t schema_characters(const json_t *text);

/* ---- schema_number.c ---- */
grammar_node schema_number(schema_reader *r, const schema_all *all, bool fraction);

/* ---- schema_object.c, schema_array.c ---- */
grammar_node schema_object(schema_reader *r, const schema_all *all);
grammar_node schema_array(schema_reader *r, const schema_all *all);

#endif
