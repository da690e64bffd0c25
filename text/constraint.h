/* constraint: an automaton that a model's tokens must follow.
 *
 * A constraint belongs to one vocabulary (text/token_trie.h) and is shared by any number of sequences, each with a
 * constraint_state: what it has written, as readings (text/readings.h). Before a token is picked, constraint_mask says which may
 * come; after that constraint_take moves on.
 *
 * How a mask is found. For the top of a stack alone (a state; or a counted rule and the state behind it, with the count left open) a
 * walk over the tree of tokens tells once which tokens stay within that rule, and at which nodes of the tree the rule ends with
 * bytes to come. The first are kept as a set; at the others the stack below is followed at each mask, over those few subtrees
 * whose first byte it allows. The idea of splitting tokens by whether the stack below matters is XGrammar's (Dong et al. 2024), that of
 * walking a tree of tokens llguidance's; counts that are left open are our own.
 *
 * All of a constraint and its states belong to one thread.
 */
#ifndef AIGC_TEXT_CONSTRAINT_H
#define AIGC_TEXT_CONSTRAINT_H

#include "text/automaton.h"
#include "text/token_trie.h"

typedef struct constraint constraint;
typedef struct constraint_state constraint_state;

/* Takes the automaton over; the tree must outlive it. NULL on failure, when the automaton is freed, too. */
constraint *constraint_new(automaton *a, const token_trie *tokens, status *st);

/* Users are counted: it starts with one and is freed with the last. NULL is allowed. */
constraint *constraint_retain(constraint *c);
void constraint_release(constraint *c);

/* Looks ahead at what masks will need, for at most so many seconds. Changes no result. */
bool constraint_warm(constraint *c, double seconds, status *st);

/* The empty text. Retains c. */
constraint_state *constraint_begin(constraint *c, status *st);
void constraint_end(constraint_state *s); /* NULL is allowed */

/* Words of a mask. */
size_t constraint_mask_words(const constraint *c);

/* mask[constraint_mask_words]: a bit for each token that may come. */
bool constraint_mask(constraint_state *s, uint64_t *mask, status *st);

bool constraint_may_end(const constraint_state *s);  /* the text so far is whole */
bool constraint_must_end(const constraint_state *s); /* … and nothing may follow it */

/* Writes a token that the mask allowed. STATUS_FAIL for another one. */
bool constraint_take(constraint_state *s, int32_t token, status *st);

/* The tokens that must come whatever is picked: where the next bytes are certain, they as k writes them, without those at the end
 * that a longer token might take up. Appended to out; none is usual. The state does not move: constraint_take does. */
bool constraint_forced(constraint_state *s, const tokenizer *k, tokenizer_ids *out, status *st);

#endif
