/* filter: lists of words and patterns that prompts and outputs are held against (docs/origin.md).
 *
 *     # a comment
 *     [violence block]            a category and its level: off, warn or block
 *     how to build a bomb         words: found whole, in any case; white space, dashes and _ part words alike, here
 *                                 and in the text
 *     /kill(ing)? \w+/            a PCRE2 expression, in any case
 *     [competitors warn output]   "prompt" or "output": only there
 *
 * Nothing is changed by a filter: a text passes, passes with a warning, or is refused with the reason. Any thread may ask
 * one that is open.
 */
#ifndef AIGC_PROVENANCE_FILTER_H
#define AIGC_PROVENANCE_FILTER_H

#include <stddef.h>

#include "core/status.h"

typedef enum { FILTER_PROMPT = 1, FILTER_OUTPUT = 2 } filter_side;

typedef struct filter filter;

/* NULL with STATUS_INPUT that names file and line. */
filter *filter_open(const char *path, status *st);
void filter_close(filter *f); /* NULL is allowed */

/* Does text[from …] pass, as it stands and in the forms of provenance/filter_view.h? `what` names it in the verdict ("the prompt", "the text"). A warning goes to stderr, once for each
 * category; a refusal is STATUS_REFUSED with the category and the words that were found. f = NULL passes everything. An
 * expression that takes too many steps is a STATUS_FAIL: what was not looked at does not pass. */
bool filter_pass(filter *f, filter_side side, const char *what, const char *text, size_t size, size_t from, status *st);

/* The lists that one request is held against: a job's own and the operator's, of which neither stands for the other. Both may
 * be NULL. */
enum { FILTER_LISTS = 2 };
typedef struct {
    filter *list[FILTER_LISTS];
} filter_lists;

/* Does the whole text pass them all? */
bool filter_lists_pass(const filter_lists *l, filter_side side, const char *what, const char *text, size_t size, status *st);

/* Of words that no list can judge, such as phonemes: refused where a list blocks anything in prompts. */
bool filter_lists_unreadable(const filter_lists *l, const char *what, status *st);

/* Is there anything for outputs in it? */
bool filter_has_output(const filter *f);

/* How much of text[0 … size) can be shown before what follows is known: up to the last line break, or the last sentence's
 * end that a blank follows. */
size_t filter_certain(const char *text, size_t size);

/* A refusal as one JSON line on stdout, {"refused": reason}, for --json. */
void filter_print_refusal(const status *st);

#endif
