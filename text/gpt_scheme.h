/* gpt_scheme: how each file layout names the tensors of a decoder. Read by the loader (gpt_load) and the exporter
 * (gpt_export).
 */
#ifndef AIGC_TEXT_GPT_SCHEME_H
#define AIGC_TEXT_GPT_SCHEME_H

#include "text/gpt_config.h"

/* Names without their ending (.weight, .bias). A block's names follow its prefix and its number. NULL: there is no such
 * tensor. */
typedef struct {
    const char *prefix[4]; /* what may stand before all names, tried in turn */
    const char *block;     /* before the layer's number */
    const char *tokens, *positions, *final_norm, *head, *project_in, *project_out;
    const char *attention_norm, *mlp_norm, *attention_after, *mlp_after, *query_norm, *key_norm;
    const char *query, *key, *value, *fused, *out, *gate, *up, *gate_up, *down;
} gpt_scheme;

gpt_scheme gpt_scheme_of(const gpt_config *config);

/* The names under which a GGUF file has the same tensors. */
gpt_scheme gpt_scheme_gguf(void);

#endif
