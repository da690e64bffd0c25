/* token: a sentence cut into the tokens that the tagger was trained on.
 *
 * The rules are spaCy's for English: text is split at white space; what a table of special cases knows ("don't" → do,
 * n't; "Mr.") is taken from there; else marks are peeled off both ends and the rest is cut at hyphens, slashes and the
 * like inside; last, adjacent pieces that together spell a special case are joined again.
 */
#ifndef AIGC_AUDIO_TOKEN_H
#define AIGC_AUDIO_TOKEN_H

#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"

typedef struct token {
    const char *text; /* zero-terminated, in the arena */
    size_t size;
    uint32_t from, to;    /* bytes of the text that was cut up */
    bool space;           /* white space follows */
    const char *tag;      /* its part of speech, once the tagger ran */
    const char *phonemes; /* NULL: not known yet */
    const char *reading;  /* the pronunciation that the sentence chooses for a heteronym, or NULL */
    bool head;            /* not the continuation of another token */
    bool prespace;        /* its phonemes are set off from those before by a space */
} token;

typedef struct {
    token *item;
    size_t count, room;
    arena *mem;
    status *st;
} token_list;

/* Adds a token whose text is copied; does nothing after an error. */
token *token_add(token_list *list, const char *text, size_t size, uint32_t from, uint32_t to);

typedef struct token_rules token_rules;

/* path: a JSON object, special case → its tokens. */
token_rules *token_rules_open(const char *path, status *st);
token_rules *token_rules_build(char *json, size_t size, const char *name, status *st); /* json is overwritten */
void token_rules_close(token_rules *r); /* NULL is allowed */

/* Cuts up text and adds the tokens; their spans count from `offset`. */
bool token_split(const token_rules *r, const char *text, size_t size, uint32_t offset, token_list *out);

/* Cuts one token further where the lexicon wants it: camelCase, digits, runs of hyphens, marks. */
bool token_split_inside(const token *whole, token_list *out);

#endif
