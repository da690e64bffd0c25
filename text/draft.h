/* draft: guesses at the tokens that come next, so that one pass over the weights may write several.
 *
 * Texts repeat what stands before them: a summary its source, a list its pattern, a dialogue its names. The last tokens of a
 * context are looked up earlier in it, and what followed there is the draft (Saxena 2023, "Prompt Lookup Decoding"). A pass
 * over the last token and the drafted ones gives the logits after each; the sampler takes row by row what it would have taken
 * without a draft, and as long as that is the drafted token the next row is worth something (speculative decoding: Leviathan
 * et al. 2023, here with a check that changes no output whatever the sampling). What does not come true costs its rows.
 *
 * How many rows a draft is worth: with r the share of drafted tokens that came true lately, after a match of as many tokens, the
 * i-th of a draft comes true with r^i. It is fed when that is more than the pass's tokens so far times what the row adds to
 * the pass's cost. The record counts every draft found, fed or not, so a text whose drafts are wrong is written as without
 * them, and one whose drafts begin to be right is noticed at no cost.
 */
#ifndef AIGC_TEXT_DRAFT_H
#define AIGC_TEXT_DRAFT_H

#include <stdbool.h>
#include <stdint.h>

enum {
    DRAFT_MOST = 7, /* tokens of a draft: with the one before them as many rows as kernels take side by side */
    DRAFT_MATCH_LEAST = 2, DRAFT_MATCH_MOST = 5, /* tokens that are looked up */
    DRAFT_CLASSES = 3, /* of matches: 2, 3, 4 or more tokens */
};

typedef struct {
    int64_t match; /* tokens that were found again; 0: none, no draft */
    int64_t count;
    int32_t token[DRAFT_MOST];
} draft;

/* What became of one sequence's drafts, older ones counted less. Zero: none yet. */
typedef struct {
    double right[DRAFT_CLASSES], tried[DRAFT_CLASSES];
} draft_record;

/* A pass as planned so far. */
typedef struct {
    int64_t rows;
    double cost;   /* in passes of one row */
    double tokens; /* that it is expected to write */
} draft_pass;

/* What follows the longest match of the last tokens of id[0 … count), the latest of equally long ones. Where that is the end of
 * the context the draft goes on with its own beginning. One walk over the context: 4 to 8 µs for 8,192 tokens. */
draft draft_find(const int32_t *id, int64_t count);

/* A pass that writes a token in each of its rows. */
draft_pass draft_pass_of(int64_t rows);

/* How many of the draft's tokens, at most `most`, are worth a row of the pass, which is told of them. */
int64_t draft_take(draft_pass *p, const draft_record *r, const draft *d, int64_t most);

/* came[0 … count) was written after the context for which d was found. */
void draft_learn(draft_record *r, const draft *d, const int32_t *came, int64_t count);

#endif
