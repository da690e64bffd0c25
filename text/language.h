/* language: a set of texts as a deterministic automaton over characters, for what an expression of a grammar cannot say: both of
 * two patterns, a pattern with bounds on its length, all names but these.
 *
 * A language owns its memory and does not change. NULL on failure: STATUS_USAGE where it would be too large.
 */
#ifndef AIGC_TEXT_LANGUAGE_H
#define AIGC_TEXT_LANGUAGE_H

#include "text/pattern.h"

typedef struct language language;

enum { LANGUAGE_MAX_STATES = 1 << 14, LANGUAGE_MAX_TABLE = 1 << 22 };

language *language_of_pattern(const pattern *p, status *st);

/* Exactly these texts, which are UTF-8. */
language *language_of_texts(const char *const *text, const size_t *size, size_t count, status *st);
language *language_of_all(status *st);

typedef enum { LANGUAGE_AND, LANGUAGE_WITHOUT } language_operation;
language *language_combine(const language *a, const language *b, language_operation op, status *st);

/* Those of min to max characters, max GRAMMAR_ANY_TIMES: no bound. */
language *language_bounded(const language *a, int64_t min, int64_t max, status *st);
void language_free(language *l); /* NULL is allowed */

/* Entries of its table: what it costs to keep, and to combine. */
size_t language_size(const language *l);

bool language_is_empty(const language *l);
bool language_holds(const language *l, const char *text, size_t size);

/* As an expression that calls a rule for each state. */
grammar_node language_to_grammar(const language *l, grammar *g, character_form form, status *st);

#endif
