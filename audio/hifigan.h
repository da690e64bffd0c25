/* hifigan: a mel spectrum, or VITS's latent, to sound by transposed convolutions and residual blocks.
 *
 *     x = pre(x) [+ cond(g)];   for each scale: x = up(lrelu(x)), x = 1/K Σ_k block_k(x);   y = tanh(post(lrelu(x)))
 *
 *     block of type 1:  x = x + b_i(lrelu(a_i(lrelu(x))))          block of type 2:  x = x + a_i(lrelu(x))
 *
 * Kong, Kim and Bae 2020, "HiFi-GAN". The blocks of a scale run on stretches of time that stay in the cache, each with
 * as much on both sides as its convolutions reach: the samples are those of one pass over the whole.
 */
#ifndef AIGC_AUDIO_HIFIGAN_H
#define AIGC_AUDIO_HIFIGAN_H

#include "audio/loader.h"

enum { HIFIGAN_SCALES = 8, HIFIGAN_KINDS = 6, HIFIGAN_DEPTH = 6 };

typedef struct {
    int depth;
    bool two; /* type 1: each step has a second convolution */
    conv1d a[HIFIGAN_DEPTH], b[HIFIGAN_DEPTH];
} hifigan_block;

typedef struct {
    conv1d pre, post, cond;
    bool has_cond; /* many speakers: g is added after pre */
    int scales, kinds;
    conv1d up[HIFIGAN_SCALES];
    hifigan_block block[HIFIGAN_SCALES][HIFIGAN_KINDS];
    float slope; /* of all leaky ReLUs but the last, whose slope is 0.01 */
} hifigan;

/* What a file without a graph does not say; {0}: the values of the paper's V1, V2, V3, by kernel size. */
typedef struct {
    int64_t rate[HIFIGAN_SCALES];                        /* stride of each scale; 0: half the kernel */
    int64_t dilation[HIFIGAN_KINDS][HIFIGAN_DEPTH];      /* of each kind of block; 0: 1, 3, 5 or (type 2) the V3's */
} hifigan_config;

/* Names begin with prefix ("dec." or ""). */
bool hifigan_load(loader *l, hifigan *w, const char *prefix, const hifigan_config *config);
void hifigan_free(hifigan *w);

/* Samples that come out for each frame. */
int64_t hifigan_hop(const hifigan *w);

/* x: [F, C] -> [F · hop]. g: [1, G], or NULL. */
tensor *hifigan_run(op_ctx *c, const hifigan *w, const tensor *x, const tensor *g);

#endif
