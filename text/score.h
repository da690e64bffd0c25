/* score: how likely a model finds a text, and a text as a vector. */
#ifndef AIGC_TEXT_SCORE_H
#define AIGC_TEXT_SCORE_H

#include "text/gpt.h"

/* logprob[i] = ln p(token[i] | tokens before it) for 1 ≤ i < n; logprob[0] is NaN, as nothing comes before it. Texts longer
 * than `context` are read in windows that begin `stride` tokens apart; each token is scored in the first window that holds
 * it, so that it sees at least context − stride tokens before it. 1 ≤ stride < context. */
bool score_tokens(const gpt *m, pool *threads, const int32_t *token, int64_t n, int64_t context, int64_t stride, double *logprob,
                  status *st);

/* The mean over all positions of the last hidden state (after the final norm) into out[C]. n ≤ the model's context. */
bool score_embed(const gpt *m, pool *threads, const int32_t *token, int64_t n, float *out, status *st);

/* v [C] to length 1; one of zeros stays. */
void score_normalize(float *v, int64_t n);

#endif
