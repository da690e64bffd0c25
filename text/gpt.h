/* gpt: the decoder-only transformer, one forward pass for all architectures of text/gpt_config.h.
 *
 * A model is loaded once and then only read, so several threads may run forward passes on it, each with its own op_ctx. A
 * pass takes the new tokens of any number of sequences at once: the weights are read once for all of them, and a row's
 * numbers do not depend on which others share the pass, nor on how a prompt is cut into passes (core/linear.h and
 * op_attention_cached promise that; tests/unit/test_gpt.c holds them to it), as long as passes are alike in op_ctx.bulk.
 *
 * The blocks: Radford et al. 2019 (GPT-2), Brown et al. 2020 (GPT-3: banded layers), Zhang et al. 2022 (OPT), Black et al.
 * 2022 (GPT-NeoX), Touvron et al. 2023 (LLaMA), Jiang et al. 2023 (Mistral), Yang et al. 2024, 2025 (Qwen 2, 3), Gemma Team
 * 2025 (Gemma 3). text/MODEL.md has them side by side.
 */
#ifndef AIGC_TEXT_GPT_H
#define AIGC_TEXT_GPT_H

#include "core/weights.h"
#include "text/gpt_config.h"
#include "text/kv_cache.h"

typedef struct {
    const float *weight, *bias; /* [C]; no bias: NULL. No weight: there is no such norm here */
} gpt_norm;

typedef struct {
    gpt_norm attention_norm, mlp_norm;
    gpt_norm attention_after, mlp_after; /* norm_sandwich */
    gpt_norm query_norm, key_norm;       /* norm_qk: [D] */
    linear query, key, value, out;
    linear gate, up, down;               /* gate: where the MLP is gated */
} gpt_block;

typedef struct {
    gpt_config config;
    linear_mode mode;
    const tensor *tokens;    /* [V, E], in the file */
    const tensor *positions; /* [P, C], in the file, or NULL */
    linear project_in, project_out; /* OPT with E ≠ C; in = 0: none */
    gpt_block *block;
    gpt_norm final_norm;
    linear head;
    float *rope_rates, *rope_rates_local; /* [R / 2]; NULL: no rotary embedding */
    op_kv_layout kv;
    arena *mem;              /* owns what is not in the file: norms, biases, blocks */
} gpt;

/* Other work that may be done by one thread while the others pack weights. */
typedef struct {
    void (*task)(void *arg);
    void *arg;
} gpt_beside;

/* Loads the model whose weights lie in w (which must outlive it). config comes from the file or the config.json beside it;
 * LINEAR_EXACT keeps keys and values in f32. A missing tensor or a wrong shape is a STATUS_INPUT naming it. beside: NULL, or
 * done once where the model could be loaded. */
gpt *gpt_new(const weights *w, const gpt_config *config, linear_mode mode, pool *threads, const gpt_beside *beside, status *st);
void gpt_free(gpt *m); /* NULL is allowed */

/* An empty cache for one sequence of at most `limit` positions. */
bool gpt_new_cache(const gpt *m, kv_cache *k, int64_t limit, status *st);

/* The most positions this model has, or its context where positions are not from a table. */
int64_t gpt_context(const gpt *m);

/* Whether a pass with op_ctx.bulk gives other last bits than one without. */
bool gpt_has_bulk(const gpt *m);

typedef enum { GPT_KEEP_NONE, GPT_KEEP_LAST, GPT_KEEP_ALL } gpt_keep;

/* The next tokens of one sequence. Its cache grows by count. keep: which rows are wanted. */
typedef struct {
    kv_cache *cache;
    const int32_t *token;
    int64_t count;
    gpt_keep keep;
} gpt_segment;

/* Sees every block's output (layer −1: the embedding), x: [N, C]. For tests and tools. */
typedef struct {
    void (*see)(void *arg, int64_t layer, const tensor *x);
    void *arg;
} gpt_observer;

/* One pass over all segments' tokens. Gives the final norm's output for the rows wanted, [kept, C], segment by segment
 * (an empty tensor where none is wanted). Scratch and result lie in c->mem. On failure the caches keep their lengths. */
tensor *gpt_forward(op_ctx *c, const gpt *m, const gpt_segment *segments, int64_t count, const gpt_observer *observer);

/* hidden: [n, C] from gpt_forward -> logits [n, V] */
tensor *gpt_logits(op_ctx *c, const gpt *m, const tensor *hidden);

#endif
