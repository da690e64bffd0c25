"""Golden values for text/gpt: a random tiny model of every architecture, run by transformers in f32.

usage: python gen_gpt.py [NAME…]      needs torch, transformers, safetensors, gguf (see docs/testing.md)

For each NAME writes gpt/NAME/: config.json, model.safetensors (one in shards), and golden.safetensors with
  tokens [T] i32, rows [R] i32 (the positions kept), embed [R, C], layer.N [R, C] (the block's output), logits [R, V].
gpt/NAME.gguf holds some of them again under GGUF's names and conventions.
"""
import os
import shutil
import sys

import gguf
import numpy as np
import torch
import transformers as tf
from safetensors.numpy import save_file

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "gpt")
LENGTH, VOCAB = 70, 64
ROWS = [0, 1, 5, 17, 40, 63, 64, 69]
SMALL = dict(vocab_size=VOCAB, hidden_size=32, intermediate_size=40, num_hidden_layers=2, num_attention_heads=4,
             max_position_embeddings=96, tie_word_embeddings=False, bos_token_id=1, eos_token_id=2, pad_token_id=None)


def small(**changes):
    return {**SMALL, **changes}


CONFIGS = {
    "gpt2": lambda: tf.GPT2Config(vocab_size=VOCAB, n_embd=32, n_layer=2, n_head=4, n_inner=40, n_positions=96, bos_token_id=1, eos_token_id=2),
    "gpt2-banded": lambda: tf.GPT2Config(vocab_size=VOCAB, n_embd=32, n_layer=4, n_head=4, n_inner=40, n_positions=96, bos_token_id=1,
                                         eos_token_id=2, attention_types=[[["global", "local"], 2]], window_size=8),
    "gpt_neo": lambda: tf.GPTNeoConfig(vocab_size=VOCAB, hidden_size=32, num_layers=2, num_heads=4, intermediate_size=48, bos_token_id=1,
                                       eos_token_id=2, max_position_embeddings=96, attention_types=[[["global", "local"], 1]], window_size=8),
    "opt": lambda: tf.OPTConfig(vocab_size=VOCAB, hidden_size=32, num_hidden_layers=2, ffn_dim=40, num_attention_heads=4, word_embed_proj_dim=32,
                                max_position_embeddings=96, bos_token_id=2, eos_token_id=2, pad_token_id=1),
    "opt-post": lambda: tf.OPTConfig(vocab_size=VOCAB, hidden_size=32, num_hidden_layers=2, ffn_dim=40, num_attention_heads=4,
                                     word_embed_proj_dim=16, do_layer_norm_before=False, max_position_embeddings=96, bos_token_id=2, eos_token_id=2,
                                     pad_token_id=1),
    "llama": lambda: tf.LlamaConfig(**small(num_key_value_heads=2, rope_theta=10000.0)),
    "llama3": lambda: tf.LlamaConfig(**small(num_key_value_heads=1, tie_word_embeddings=True, attention_bias=True, mlp_bias=True, rope_parameters={
        "rope_theta": 500.0, "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
        "original_max_position_embeddings": 32})),
    "llama-linear": lambda: tf.LlamaConfig(**small(num_key_value_heads=4, rope_parameters={"rope_theta": 10000.0, "rope_type": "linear", "factor": 4.0})),
    "mistral": lambda: tf.MistralConfig(**small(num_key_value_heads=2, head_dim=16, sliding_window=8)),
    "qwen2": lambda: tf.Qwen2Config(**small(num_key_value_heads=2, tie_word_embeddings=True)),
    "qwen3": lambda: tf.Qwen3Config(**small(num_key_value_heads=2, head_dim=16)),
    "gemma3": lambda: tf.Gemma3TextConfig(**small(num_key_value_heads=1, head_dim=16, num_hidden_layers=4, query_pre_attn_scalar=24, sliding_window=8,
                                                  tie_word_embeddings=True, layer_types=["sliding_attention", "sliding_attention", "full_attention",
                                                                                         "sliding_attention"])),
    "gpt_neox": lambda: tf.GPTNeoXConfig(**small(rotary_pct=0.5)),
    "gpt_neox-serial": lambda: tf.GPTNeoXConfig(**small(rotary_pct=1.0, use_parallel_residual=False, hidden_act="gelu_new")),
    "phi": lambda: tf.PhiConfig(**small(partial_rotary_factor=0.5, hidden_act="gelu_new")),
    "phi3": lambda: tf.Phi3Config(**small(num_key_value_heads=2, sliding_window=16)),
}
STORED = {"gpt2": torch.float32, "llama": torch.float16, "mistral": torch.float16}  # the rest: bf16


def randomise(model, stored):
    """Weights large enough that every part of the block matters, rounded to the type they are stored in."""
    g = torch.Generator().manual_seed(1)
    for name, p in model.named_parameters():
        std = 0.15 if p.dim() > 1 else 0.1
        mean = 1.0 if "norm" in name.lower() and name.endswith("weight") or ".ln_" in name and name.endswith("weight") else 0.0
        p.data = (torch.randn(p.shape, generator=g) * std + mean).to(stored).float()


def band(model, window):
    """GPT-3's locally banded layers: the odd layers of a GPT-2 see only the last `window` positions."""
    def local(module, args, kwargs):
        i = torch.arange(LENGTH)
        seen = (i[None, :] <= i[:, None]) & (i[None, :] > i[:, None] - window)
        kwargs["attention_mask"] = torch.zeros(LENGTH, LENGTH).masked_fill(~seen, torch.finfo(torch.float32).min)[None, None]
        return args, kwargs
    for block in model.transformer.h[1::2]:
        block.attn.register_forward_pre_hook(local, with_kwargs=True)


def blocks_of(model):
    for path in ("transformer.h", "model.decoder.layers", "model.layers", "gpt_neox.layers"):
        part = model
        for name in path.split("."):
            part = getattr(part, name, None)
            if part is None:
                break
        if part is not None:
            return part
    raise KeyError("no blocks")


def golden(model, tokens):
    kept = {}
    def keep(name):
        return lambda m, a, out: kept.__setitem__(name, (out[0] if isinstance(out, tuple) else out)[0].detach())
    def keep_input(m, args, kwargs):
        kept["embed"] = (args[0] if args else kwargs["hidden_states"])[0].detach()
    blocks = blocks_of(model)
    blocks[0].register_forward_pre_hook(keep_input, with_kwargs=True)
    for i, b in enumerate(blocks):
        b.register_forward_hook(keep(f"layer.{i}"))
    with torch.no_grad():
        kept["logits"] = model(torch.tensor(tokens)[None], use_cache=False).logits[0]
    rows = torch.tensor(ROWS)
    out = {k: v.reshape(LENGTH, -1)[rows].float().numpy().copy() for k, v in kept.items()}
    out["tokens"] = np.array(tokens, np.int32)
    out["rows"] = np.array(ROWS, np.int32)
    return out


def permute(w, heads):
    """GGUF's order of a llama's query and key rows: rotary pairs side by side."""
    return w.reshape(heads, 2, w.shape[0] // heads // 2, *w.shape[1:]).swapaxes(1, 2).reshape(w.shape)


LLAMA_NAMES = {"self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output",
               "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down", "input_layernorm": "attn_norm",
               "self_attn.q_norm": "attn_q_norm", "self_attn.k_norm": "attn_k_norm"}
NORMS = {"llama": {"post_attention_layernorm": "ffn_norm"}, "qwen2": {"post_attention_layernorm": "ffn_norm"},
         "qwen3": {"post_attention_layernorm": "ffn_norm"},
         "gemma3": {"post_attention_layernorm": "post_attention_norm", "pre_feedforward_layernorm": "ffn_norm",
                    "post_feedforward_layernorm": "post_ffw_norm"}}
GPT2_NAMES = {"ln_1": "attn_norm", "attn.c_attn": "attn_qkv", "attn.c_proj": "attn_output", "ln_2": "ffn_norm", "mlp.c_fc": "ffn_up",
              "mlp.c_proj": "ffn_down"}
TOP = {"model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output", "transformer.wte": "token_embd",
       "transformer.wpe": "position_embd", "transformer.ln_f": "output_norm"}


def gguf_name(arch, name):
    stem, kind = name.rsplit(".", 1)
    if stem in TOP:
        return f"{TOP[stem]}.{kind}"
    table = GPT2_NAMES if arch == "gpt2" else {**LLAMA_NAMES, **NORMS[arch]}
    parts = stem.split(".")
    return f"blk.{parts[2]}.{table['.'.join(parts[3:])]}.{kind}"


def write_gguf(path, arch, model, config):
    w = gguf.GGUFWriter(path, arch)
    c = config
    w.add_context_length(c.max_position_embeddings)
    w.add_embedding_length(c.hidden_size)
    w.add_block_count(c.num_hidden_layers)
    w.add_head_count(c.num_attention_heads)
    w.add_vocab_size(VOCAB)
    if arch == "gpt2":
        w.add_feed_forward_length(c.n_inner)
        w.add_layer_norm_eps(c.layer_norm_epsilon)
    else:
        w.add_feed_forward_length(c.intermediate_size)
        w.add_head_count_kv(c.num_key_value_heads)
        w.add_layer_norm_rms_eps(c.rms_norm_eps)
        rope = c.rope_parameters
        w.add_rope_freq_base(rope["full_attention"]["rope_theta"] if arch == "gemma3" else rope["rope_theta"])
        if rope.get("rope_type") == "llama3":
            base, dim = rope["rope_theta"], c.head_dim
            freqs = 1.0 / (base ** (torch.arange(0, dim, 2, dtype=torch.float32) / dim))
            scaled, _ = tf.modeling_rope_utils.ROPE_INIT_FUNCTIONS["llama3"](c, "cpu")
            w.add_tensor("rope_freqs.weight", (freqs / scaled).numpy())
        if getattr(c, "head_dim", None):
            w.add_key_length(c.head_dim)
            w.add_value_length(c.head_dim)
        if arch == "llama":
            w.add_rope_dimension_count(c.head_dim)
        if arch == "gemma3":
            w.add_sliding_window(c.sliding_window)
            w.add_sliding_window_pattern([t == "sliding_attention" for t in c.layer_types])
    for name, p in model.state_dict().items():
        if name == "lm_head.weight" and (arch == "gpt2" or c.tie_word_embeddings):
            continue
        if name.endswith((".attn.bias", ".masked_bias", "inv_freq")):
            continue
        a = p.detach().float().numpy()
        if arch == "gpt2" and any(s in name for s in ("c_attn.weight", "c_proj.weight", "c_fc.weight")):
            a = a.T
        if arch == "llama" and "q_proj" in name:
            a = permute(a, c.num_attention_heads)
        if arch == "llama" and "k_proj" in name:
            a = permute(a, c.num_key_value_heads)
        if arch == "gemma3" and "norm" in name:
            a = a + 1
            if "q_norm" in name:  # GGUF has no query_pre_attn_scalar: its scale is that of the head size
                a *= (c.head_dim / c.query_pre_attn_scalar) ** 0.5
        a = np.ascontiguousarray(a)
        w.add_tensor(gguf_name(arch, name), a if a.ndim == 1 else a.astype(np.float16))
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()


def make(name):
    torch.manual_seed(0)
    folder = os.path.join(HERE, name)
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    config = CONFIGS[name]()
    config._attn_implementation = "eager"
    model = tf.AutoModelForCausalLM.from_config(config).float().eval()
    stored = STORED.get(name, torch.bfloat16)
    gguf_arch = {"gpt2": "gpt2", "llama": "llama", "llama3": "llama", "qwen2": "qwen2", "qwen3": "qwen3"}.get(name)
    if name == "gemma3":
        gguf_arch = "gemma3"
    if gguf_arch and stored == torch.bfloat16:
        stored = torch.float16  # so that the GGUF file, in f16, holds the same numbers
    if name == "gpt2":
        stored = torch.float16
    randomise(model, stored)
    if name == "gpt2-banded":
        band(model, 8)
    tokens = np.random.default_rng(7).integers(3, VOCAB, LENGTH).tolist()
    save_file(golden(model, tokens), os.path.join(folder, "golden.safetensors"))
    if gguf_arch:
        write_gguf(os.path.join(HERE, name + ".gguf"), gguf_arch, model, config)
    kept = torch.float32 if name == "gpt2" else stored
    model.to(kept).save_pretrained(folder, max_shard_size="20KB" if name == "llama3" else "1GB")
    for extra in ("generation_config.json",):
        if os.path.exists(os.path.join(folder, extra)):
            os.remove(os.path.join(folder, extra))


for n in sys.argv[1:] or CONFIGS:
    make(n)
    print(n, sum(os.path.getsize(os.path.join(HERE, n, f)) for f in os.listdir(os.path.join(HERE, n))))
