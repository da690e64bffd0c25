/* pattern: regular expressions as what may be written, not what is found: the subset of ECMA-262 (as JSON Schema asks for) that
 * Python and PCRE read alike.
 *
 * Characters, ., [classes] with ranges and \d \w \s \D \W \S, escapes (\n \t \r \f \v \0 \xHH \uHHHH \u{H…} and marks), (groups), (?:…),
 * (?<name>…), |, * + ? {n} {n,} {n,m} also with ? behind them, ^ at the beginning and $ at the end of an alternative. Refused by name:
 * looking around, back references, \b, \B, \p{…}, flags, anchors within a pattern.
 *
 * Where the engines differ the narrower reading counts, so that what is written matches in each of them: \d and \w are ASCII, \W and \D
 * leave out what is a letter or digit in Unicode, . is no line's end.
 *
 * A pattern owns its memory and does not change.
 */
#ifndef AIGC_TEXT_PATTERN_H
#define AIGC_TEXT_PATTERN_H

#include "text/grammar.h"

typedef struct pattern pattern;

enum { PATTERN_MAX_SIZE = 1 << 20, PATTERN_MAX_NESTED = 200 };

/* search: the text need only hold a match (JSON Schema's "pattern"); else it is one as a whole. where: for messages. STATUS_USAGE with the
 * column in st. NULL on failure. */
pattern *pattern_parse(const char *text, size_t size, bool search, const char *where, status *st);
void pattern_free(pattern *p); /* NULL is allowed */

/* ---- as an expression of a grammar ---- */

typedef enum {
    CHARACTERS_PLAIN, /* UTF-8 */
    CHARACTERS_JSON,  /* as within a JSON string: quotes, backslashes and control characters are escaped; U+0000 is left out */
} character_form;

grammar_node pattern_to_grammar(const pattern *p, grammar *g, character_form form, status *st);

/* The same of a part of its tree. */
grammar_node pattern_node_to_grammar(const pattern *p, int32_t node, grammar *g, character_form form, status *st);

/* One of these characters, in the form. */
grammar_node character_class(grammar *g, const grammar_range *ranges, size_t count, bool inverted, character_form form, status *st);

/* ---- its tree, for others that read it (text/language.h) ---- */

typedef enum { PATTERN_EMPTY, PATTERN_SET, PATTERN_ROW, PATTERN_CHOICE, PATTERN_REPEAT } pattern_kind;

typedef struct {
    uint8_t kind;
    uint32_t start, count; /* SET: ranges, sorted; ROW, CHOICE, REPEAT: nodes */
    int32_t min, max;      /* REPEAT; max GRAMMAR_ANY_TIMES: no bound */
} pattern_node;

int32_t pattern_root(const pattern *p);
const pattern_node *pattern_at(const pattern *p, int32_t node);
const grammar_range *pattern_ranges(const pattern *p, const pattern_node *n);
const int32_t *pattern_items(const pattern *p, const pattern_node *n);

#endif
