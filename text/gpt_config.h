/* gpt_config: what makes one decoder-only transformer differ from another, as plain fields.
 *
 * One decoder (text/gpt.h) runs every architecture listed in gpt_config.c; this is where their differences live. A config
 * is read from a Hugging Face config.json or from the metadata of a GGUF file, both hostile: gpt_config_check, which both
 * readers call last, bounds every field, so that the decoder may use them without looking again.
 */
#ifndef AIGC_TEXT_GPT_CONFIG_H
#define AIGC_TEXT_GPT_CONFIG_H

#include "core/gguf.h"
#include "core/status.h"

enum { GPT_MAX_LAYERS = 256, GPT_MAX_HEAD_DIM = 512 };

/* How the weights of a file are named and laid out. */
typedef enum {
    GPT_NAMES_GGUF,     /* blk.N.attn_q … */
    GPT_NAMES_GPT2,     /* h.N.attn.c_attn …, Conv1D: [in, out] */
    GPT_NAMES_GPT_NEO,  /* transformer.h.N.attn.attention.q_proj … */
    GPT_NAMES_OPT,      /* model.decoder.layers.N.self_attn.q_proj … */
    GPT_NAMES_GPT_NEOX, /* gpt_neox.layers.N.attention.query_key_value …, q, k, v side by side head by head */
    GPT_NAMES_PHI,      /* model.layers.N.self_attn.dense … */
    GPT_NAMES_LLAMA,    /* model.layers.N.self_attn.q_proj … and all its kin */
} gpt_names;

typedef enum { GPT_RELU, GPT_GELU, GPT_GELU_TANH, GPT_SILU } gpt_activation;

/* How the frequencies of the rotary embedding are stretched for a longer context. */
typedef enum {
    ROPE_PLAIN,
    ROPE_LINEAR, /* all divided by the factor (Chen et al. 2023, "position interpolation") */
    ROPE_LLAMA3, /* the slow ones divided, the fast ones kept, those between blended (Llama 3.1's model card) */
} rope_scaling;

typedef struct {
    char architecture[32]; /* as the file calls it */
    gpt_names names;

    int64_t vocab;          /* rows of the token table */
    int64_t context;        /* positions it was made for */
    int64_t width;          /* C: the residual stream */
    int64_t embed_width;    /* of the token table; C unless OPT projects it */
    int64_t layers;
    int64_t heads, kv_heads, head_dim; /* heads is a multiple of kv_heads; heads · head_dim need not be C */
    int64_t ffn;            /* inner width of the MLP */

    bool rms_norm;          /* RMSNorm without bias, else layer norm with one */
    float norm_eps;
    bool norm_plus_one;     /* the file stores w, the norm multiplies by 1 + w (Gemma) */
    bool norm_after;        /* the norms follow the residual sums (OPT-350m), no final norm */
    bool norm_sandwich;     /* further norms on what attention and MLP give back (Gemma 3) */
    bool norm_qk;           /* RMSNorm of each head's query and key (Qwen 3, Gemma 3) */
    bool parallel;          /* attention and MLP read the same x (GPT-NeoX, Phi) */
    bool shared_norm;       /* … and the same norm (Phi) */

    gpt_activation activation;
    bool gated;             /* act(gate x) · up x, else act(up x) */

    bool learned_positions;
    int64_t position_offset; /* added to a position before the table is read: 2 for OPT */
    float embed_scale;       /* the token's row is multiplied by it: √C for Gemma, else 1 */
    float attention_scale;   /* of q·k */

    int64_t rotary;          /* leading elements of a head that are rotated; 0: no rotary embedding */
    bool rotary_interleaved; /* pairs (0, 1), (2, 3) …, as GGUF's llama; else (0, r/2), (1, r/2 + 1) … */
    double rope_base, rope_base_local;
    rope_scaling scaling;
    double scaling_factor, low_frequency_factor, high_frequency_factor, original_context;

    int64_t window;          /* positions a banded layer sees, the query's own counted; 0: none is banded */
    bool banded[GPT_MAX_LAYERS];

    bool tied;               /* the head is the token table */
    int64_t bos, eos[8];     /* as config.json names them; −1: none (a GGUF's are the tokenizer's) */
    int eos_count;
} gpt_config;

/* From the text of a config.json; path is for messages. */
bool gpt_config_from_json(gpt_config *c, const char *text, size_t size, const char *path, status *st);

/* From GGUF metadata. vocab is left at 0 where the file does not say; the loader takes it from the token table then. */
bool gpt_config_from_gguf(gpt_config *c, const gguf *g, const char *path, status *st);

/* Bounds and consistency of all fields; STATUS_INPUT names the field. */
bool gpt_config_check(const gpt_config *c, const char *path, status *st);

/* How the readers begin: zero but for what must not be (scales 1, no token ids). */
gpt_config gpt_config_new(const char *architecture);

/* rate[i], 0 ≤ i < rotary / 2: the angle of pair i is position · rate[i]. */
void gpt_config_rope_rates(const gpt_config *c, bool local, float *rate);

/* "the architectures known: gpt2, …" for messages. */
const char *gpt_config_known(void);

#endif
