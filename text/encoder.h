/* encoder: CLIP's text encoder, from tokens to the tensor that conditions a picture.
 *
 * Radford et al., "Learning Transferable Visual Models From Natural Language Supervision" (2021): a causal transformer with
 * pre-norm blocks over learnt positions. One encoder serves ViT-L/14 (quick GELU), OpenCLIP's ViT-H/14 (GELU) and any other
 * size that its config.json names. Read-only after loading: any thread may use it with its own context.
 */
#ifndef AIGC_TEXT_ENCODER_H
#define AIGC_TEXT_ENCODER_H

#include "core/op.h"
#include "core/parameters.h"

typedef enum { ENCODER_QUICK_GELU, ENCODER_GELU, ENCODER_GELU_TANH } encoder_activation;

typedef struct {
    int64_t width, inner; /* C, and the feed-forward's hidden width */
    int64_t layers, heads;
    int64_t positions;    /* tokens at once, 77 for CLIP */
    int64_t vocabulary;
    encoder_activation activation;
    float eps;
} encoder_config;

/* Reads a CLIPTextModel's config.json. */
bool encoder_config_read(encoder_config *config, const char *path, status *st);

/* The sizes that the tensors themselves show, for a file without a config: heads of 64 values, quick GELU for the width of
 * ViT-L/14 (768), GELU for others. */
bool encoder_config_infer(encoder_config *config, const parameters *p, status *st);

typedef struct encoder encoder;

/* Builds the encoder from tensors named as in transformers' CLIPTextModel, with or without "text_model." before them. p
 * must outlive it. NULL on error. */
encoder *encoder_new(parameters *p, const encoder_config *config, linear_mode mode, pool *threads, status *st);
void encoder_free(encoder *e); /* NULL is allowed */

/* Whether encoder_new would find all its tensors; nothing is built. */
bool encoder_check(parameters *p, const encoder_config *config, status *st);
const encoder_config *encoder_config_of(const encoder *e);

/* tokens: [count], 1 ≤ count ≤ positions -> [1, count, C]: the last layer's output under the final layer norm. skip: how many
 * of the last layers to leave out ("clip skip 2" is 1 here). */
tensor *encoder_forward(op_ctx *c, const encoder *e, const int32_t *tokens, int64_t count, int64_t skip);

#endif
