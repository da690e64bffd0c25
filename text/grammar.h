/* grammar: which texts are allowed, as rules over bytes. Front ends (text/grammar_gbnf.h, _regex.h, _schema.h) build one, the
 * automaton (text/automaton.h) is made of it.
 *
 * A rule is an expression: bytes, a class of characters, a sequence, a choice, a repetition, a call of a rule. Expressions
 * are numbers that the grammar gives out and may be used more than once. A rule is declared before it is defined, so that
 * rules may call each other. A language of characters (what a class holds) is written in UTF-8.
 *
 * Errors are sticky: after the first one every call gives -1 and does nothing; the status given to grammar_new holds it.
 * One thread at a time may use a grammar.
 */
#ifndef AIGC_TEXT_GRAMMAR_H
#define AIGC_TEXT_GRAMMAR_H

#include <stddef.h>
#include <stdint.h>

#include "core/status.h"

typedef struct grammar grammar;
typedef int32_t grammar_node; /* −1: none, after an error */

enum {
    GRAMMAR_MAX_NODES = 1 << 20,
    GRAMMAR_MAX_BYTES = 16 << 20, /* of all literals */
    GRAMMAR_MAX_RULES = 1 << 16,
    GRAMMAR_MAX_DEPTH = 512,      /* expressions within each other */
    GRAMMAR_MAX_REPEAT = 1 << 20, /* the largest bound of a repetition */
    GRAMMAR_ANY_TIMES = -1,       /* as the upper bound: no bound */
    GRAMMAR_LAST_CHARACTER = 0x10FFFF,
};

/* Characters (Unicode scalar values) from first to last, both among them. */
typedef struct {
    uint32_t first, last;
} grammar_range;

/* st is kept: it must outlive the grammar. */
grammar *grammar_new(status *st);
void grammar_free(grammar *g); /* NULL is allowed */

grammar_node grammar_empty(grammar *g);   /* the empty text */
grammar_node grammar_nothing(grammar *g); /* no text at all */
grammar_node grammar_literal(grammar *g, const char *bytes, size_t size);
grammar_node grammar_byte_range(grammar *g, uint8_t first, uint8_t last);

/* One of these characters in UTF-8; the ranges may be in any order and overlap. Surrogates are left out. `inverted`: one of
 * all others. */
grammar_node grammar_class(grammar *g, const grammar_range *ranges, size_t count, bool inverted);

/* The items are copied. No items: the empty text, and nothing. */
grammar_node grammar_sequence(grammar *g, const grammar_node *items, size_t count);
grammar_node grammar_choice(grammar *g, const grammar_node *items, size_t count);

/* From min to max times, max GRAMMAR_ANY_TIMES: without a bound. */
grammar_node grammar_repeat(grammar *g, grammar_node item, int32_t min, int32_t max);

/* A new rule, without an expression yet. name (copied) is for messages. */
int32_t grammar_rule(grammar *g, const char *name, size_t size);
void grammar_define(grammar *g, int32_t rule, grammar_node expression); /* again: the later counts */
bool grammar_is_defined(const grammar *g, int32_t rule);
grammar_node grammar_call(grammar *g, int32_t rule);

/* The rule that the text as a whole must fit. */
void grammar_set_root(grammar *g, int32_t rule);
int32_t grammar_root(const grammar *g); /* −1: not set */

/* ---- lists of characters ---- */

/* Sorts ranges[count], joins those that touch and cuts the surrogates out, in place: there must be room for one more. Returns
 * how many are left. */
size_t grammar_ranges_sort(grammar_range *ranges, size_t count);

/* All other characters, of sorted ranges, to out, which has room for count + 2. */
size_t grammar_ranges_invert(const grammar_range *ranges, size_t count, grammar_range *out);

/* ---- for the automaton ---- */

typedef enum { GRAMMAR_EMPTY, GRAMMAR_NOTHING, GRAMMAR_LITERAL, GRAMMAR_BYTES, GRAMMAR_SEQUENCE, GRAMMAR_CHOICE, GRAMMAR_REPEAT, GRAMMAR_CALL } grammar_kind;

typedef struct {
    uint8_t kind;
    uint8_t first, last; /* of BYTES */
    bool expand;         /* of REPEAT: written out, not counted; set by the automaton */
    uint16_t depth;
    bool leaf;           /* calls no rule and repeats nothing more than a few times */
    uint32_t weight;     /* about how many states it takes, saturated */
    uint32_t start, count; /* of LITERAL: bytes; of SEQUENCE, CHOICE, REPEAT: items; of CALL: start is the rule */
    int32_t min, max;    /* of REPEAT */
} grammar_expression;

size_t grammar_size(const grammar *g); /* expressions */
const grammar_expression *grammar_at(const grammar *g, grammar_node n);
const grammar_node *grammar_items(const grammar *g, const grammar_expression *e);
const uint8_t *grammar_bytes_of(const grammar *g, const grammar_expression *e);
int32_t grammar_rules(const grammar *g);
grammar_node grammar_rule_expression(const grammar *g, int32_t rule); /* −1: not defined */
const char *grammar_rule_name(const grammar *g, int32_t rule);
void grammar_expand(grammar *g, grammar_node repeat); /* of what may be empty: to be written out */

#endif
