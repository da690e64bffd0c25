/* thoughts: what a model writes before its answer, between <think> and </think> (or another family's marks).
 *
 * The mark that opens may be the prompt's: a template that ends with it has the model begin within its thoughts.
 */
#ifndef AIGC_TEXT_THOUGHTS_H
#define AIGC_TEXT_THOUGHTS_H

#include <stddef.h>

#include "core/status.h"

typedef enum {
    THOUGHTS_NONE,     /* no conversation: the text is taken as it is */
    THOUGHTS_MAY_COME, /* where the text begins with the mark */
    THOUGHTS_OPENED,   /* the prompt ended within thoughts */
} thoughts_start;

/* How the answer to a conversation's prompt may begin. */
thoughts_start thoughts_after(const char *prompt, size_t size);

typedef struct {
    size_t from, to; /* of the thoughts, white space around them left out; equal: there are none */
    size_t answer;   /* where the answer begins; size while it has not */
    bool certain;    /* more text will not move the answer's beginning */
} thoughts;

/* The mark that ends the thoughts within which a prompt ends, or NULL where it does not. */
const char *thoughts_closing(const char *prompt, size_t size);

/* The marks of the families, by number. */
enum { THOUGHTS_MARKS = 4 };
void thoughts_marks(int i, const char **open, const char **close);

/* Where thoughts and answer stand in a text so far. `whole`: no more comes. */
thoughts thoughts_find(const char *text, size_t size, thoughts_start start, bool whole);

#endif
