/* attention: self-attention over a sequence, with or without relative positions.
 *
 *     s[i, j] = q_i · (k_j + e^K_{j−i}) / √d,   p = softmax_j(s),   y_i = Σ_j p[i, j] (v_j + e^V_{j−i})
 *
 * for each head; e are learned for |j − i| ≤ window, shared by the heads, and 0 beyond (Shaw et al. 2018, as VITS uses
 * it). Sequences here are a sentence's phonemes: scores are made in full.
 */
#ifndef AIGC_AUDIO_ATTENTION_H
#define AIGC_AUDIO_ATTENTION_H

#include "core/op.h"

typedef struct {
    const float *keys, *values; /* [2 window + 1, d] */
    int64_t window;
} attention_relative;

/* q, k, v: [T, heads · d] -> [T, heads · d]. relative may be NULL. exact: see conv1d_options. */
tensor *attention_forward(op_ctx *c, const tensor *q, const tensor *k, const tensor *v, int64_t heads,
                          const attention_relative *relative, bool exact);

#endif
