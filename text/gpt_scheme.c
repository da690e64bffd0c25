#include "text/gpt_scheme.h"

#define LLAMA_BLOCK                                                                                                    \
    .attention_norm = "input_layernorm", .query_norm = "self_attn.q_norm", .key_norm = "self_attn.k_norm",             \
    .query = "self_attn.q_proj", .key = "self_attn.k_proj", .value = "self_attn.v_proj", .fused = "self_attn.qkv_proj"

static const gpt_scheme SCHEMES[] = {
    [GPT_NAMES_GGUF] = {.prefix = {""}, .block = "blk.", .tokens = "token_embd", .positions = "position_embd", .final_norm = "output_norm",
                        .head = "output", .attention_norm = "attn_norm", .mlp_norm = "ffn_norm", .attention_after = "post_attention_norm",
                        .mlp_after = "post_ffw_norm", .query_norm = "attn_q_norm", .key_norm = "attn_k_norm", .query = "attn_q", .key = "attn_k",
                        .value = "attn_v", .fused = "attn_qkv", .out = "attn_output", .gate = "ffn_gate", .up = "ffn_up", .gate_up = "ffn_up",
                        .down = "ffn_down"},
    [GPT_NAMES_GPT2] = {.prefix = {"transformer.", ""}, .block = "h.", .tokens = "wte", .positions = "wpe", .final_norm = "ln_f", .head = "lm_head",
                        .attention_norm = "ln_1", .mlp_norm = "ln_2", .fused = "attn.c_attn", .out = "attn.c_proj", .up = "mlp.c_fc",
                        .down = "mlp.c_proj"},
    [GPT_NAMES_GPT_NEO] = {.prefix = {"transformer.", ""}, .block = "h.", .tokens = "wte", .positions = "wpe", .final_norm = "ln_f",
                           .head = "lm_head", .attention_norm = "ln_1", .mlp_norm = "ln_2", .query = "attn.attention.q_proj",
                           .key = "attn.attention.k_proj", .value = "attn.attention.v_proj", .out = "attn.attention.out_proj", .up = "mlp.c_fc",
                           .down = "mlp.c_proj"},
    [GPT_NAMES_OPT] = {.prefix = {"model.decoder.", "decoder."}, .block = "layers.", .tokens = "embed_tokens", .positions = "embed_positions",
                       .final_norm = "final_layer_norm", .head = "lm_head", .project_in = "project_in", .project_out = "project_out",
                       .attention_norm = "self_attn_layer_norm", .mlp_norm = "final_layer_norm", .query = "self_attn.q_proj",
                       .key = "self_attn.k_proj", .value = "self_attn.v_proj", .out = "self_attn.out_proj", .up = "fc1", .down = "fc2"},
    [GPT_NAMES_GPT_NEOX] = {.prefix = {"gpt_neox.", ""}, .block = "layers.", .tokens = "embed_in", .final_norm = "final_layer_norm",
                            .head = "embed_out", .attention_norm = "input_layernorm", .mlp_norm = "post_attention_layernorm",
                            .fused = "attention.query_key_value", .out = "attention.dense", .up = "mlp.dense_h_to_4h",
                            .down = "mlp.dense_4h_to_h"},
    [GPT_NAMES_PHI] = {.prefix = {"model.", ""}, .block = "layers.", .tokens = "embed_tokens", .final_norm = "final_layernorm", .head = "lm_head",
                       .out = "self_attn.dense", .up = "mlp.fc1", .down = "mlp.fc2", LLAMA_BLOCK},
    [GPT_NAMES_LLAMA] = {.prefix = {"model.", "", "model.language_model.", "language_model.model."}, .block = "layers.", .tokens = "embed_tokens",
                         .final_norm = "norm", .head = "lm_head", .mlp_norm = "post_attention_layernorm", .out = "self_attn.o_proj",
                         .gate = "mlp.gate_proj", .up = "mlp.up_proj", .gate_up = "mlp.gate_up_proj", .down = "mlp.down_proj", LLAMA_BLOCK},
};

gpt_scheme gpt_scheme_of(const gpt_config *config)
{
    gpt_scheme s = SCHEMES[config->names];
    if (config->norm_sandwich && config->names == GPT_NAMES_LLAMA) {
        s.attention_after = "post_attention_layernorm";
        s.mlp_norm = "pre_feedforward_layernorm";
        s.mlp_after = "post_feedforward_layernorm";
    }
    return s;
}

gpt_scheme gpt_scheme_gguf(void) { return SCHEMES[GPT_NAMES_GGUF]; }
