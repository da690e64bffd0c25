/* constraint_source: what an answer must be, as people say it, made ready for a model; and kept, since the next answers are often asked
 * for in the same words.
 *
 * Before its answer a model may think (text/thoughts.h): where the prompt ends within thoughts, or the vocabulary has a token that opens
 * them, thoughts of any kind may come first, up to their closing mark and white space behind it.
 */
#ifndef AIGC_TEXT_CONSTRAINT_SOURCE_H
#define AIGC_TEXT_CONSTRAINT_SOURCE_H

#include "text/constraint.h"

typedef enum {
    ANSWER_GRAMMAR, /* GBNF (text/grammar_gbnf.h) */
    ANSWER_REGEX,   /* a pattern that it matches as a whole (text/pattern.h) */
    ANSWER_CHOICE,  /* one of some texts */
    ANSWER_SCHEMA,  /* JSON under a schema (text/grammar_schema.h) */
} answer_kind;

typedef struct {
    answer_kind kind;
    const char *where; /* for messages: a file, an option */
    const char *text;  /* of GRAMMAR, REGEX, SCHEMA */
    size_t size;
    const char *const *choice; /* of CHOICE */
    size_t choices;
} constraint_source;

/* How thoughts may come first. */
typedef struct {
    bool may_come;       /* where the vocabulary has a mark that opens them */
    const char *closing; /* they are open: the mark that ends them; else NULL */
} constraint_thoughts;

/* Reads it and makes the automaton. STATUS_USAGE where it is at fault. k: of marks, NULL: none. */
automaton *constraint_source_read(const constraint_source *s, const constraint_thoughts *first, const tokenizer *k, status *st);

/* Constraints of one vocabulary: the tree of its tokens, and those that were lately asked for. One thread at a time. */
typedef struct constraint_store constraint_store;

/* k must outlive it; vocab: tokens that may be picked. The tree is made with the first constraint. */
constraint_store *constraint_store_new(const tokenizer *k, int32_t vocab, status *st);
void constraint_store_free(constraint_store *s); /* NULL is allowed. States and constraints must be gone before it */

/* The constraint, made or found again; given back with constraint_release. */
constraint *constraint_store_get(constraint_store *s, const constraint_source *source, const constraint_thoughts *first, status *st);

#endif
