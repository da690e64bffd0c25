/* sample: the next token from a row of logits.
 *
 * In this order: penalties on tokens already generated, temperature, top-k, top-p (Holtzman et al. 2020, "nucleus"),
 * min-p (Nguyen et al. 2024). Then one draw from what is left; equal logits are ordered by their ids, so that the same
 * seed and logits always give the same token. A sampler belongs to one sequence.
 */
#ifndef AIGC_TEXT_SAMPLE_H
#define AIGC_TEXT_SAMPLE_H

#include "core/rng.h"
#include "core/status.h"

typedef struct {
    double temperature;       /* 0: always the likeliest token; logits are divided by it */
    int64_t top_k;            /* the k likeliest only; 0: off */
    double top_p;             /* the likeliest whose probabilities reach p together; 1: off */
    double min_p;             /* those at least min_p times as likely as the likeliest; 0: off */
    double repeat_penalty;    /* logits of recent tokens: divided when positive, multiplied when negative; 1: off */
    double presence_penalty;  /* subtracted once from the logit of each recent token */
    double frequency_penalty; /* subtracted as often as it occurred */
    int64_t penalty_window;   /* how many of the generated tokens count as recent; 0: all */
} sample_options;

/* No penalties, no filters, temperature 1. */
sample_options sample_options_plain(void);

/* Every field in its range and a number; STATUS_USAGE names the one that is not. */
bool sample_options_check(const sample_options *o, status *st);

typedef struct sample_state sample_state;

/* vocab: logits in a row that may be picked. */
sample_state *sample_new(const sample_options *o, uint64_t seed, int64_t vocab, status *st);
void sample_free(sample_state *s); /* NULL is allowed */

/* Draws a token from logits[vocab], which are overwritten, and remembers it for the penalties. −1 with STATUS_FAIL when
 * no logit is a finite number. */
int32_t sample_pick(sample_state *s, float *logits, status *st);

/* Remembers a token that was not drawn, as one that had to come. */
bool sample_take(sample_state *s, int32_t id, status *st);

/* ln of softmax(logits)[token]; −∞ for a logit of −∞. scratch has room for n floats. */
double sample_logprob(const float *logits, int64_t n, int32_t token, float *scratch);

#endif
