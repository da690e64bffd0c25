"""Seeds of tests/fuzz/fuzz_text_model.c: GGUF models of two layers and eight channels, one of each architecture, and one
whose keys have fewer rows than its metadata say, which must be refused.

usage: python gen_text_seeds.py      needs gguf, numpy
"""
import os

import gguf
import numpy as np

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "fuzz", "seeds", "text_model")
C, F, V, HEADS, LAYERS = 8, 8, 6, 2, 2
rng = np.random.default_rng(1)
for name, arch, keys in (("llama", "llama", 4), ("gpt2", "gpt2", 4), ("gemma3", "gemma3", 4), ("gptneox", "gptneox", 4), ("short_key", "llama", 2)):
    w = gguf.GGUFWriter(os.path.join(HERE, name + ".gguf"), arch)
    w.add_context_length(16), w.add_embedding_length(C), w.add_block_count(LAYERS), w.add_feed_forward_length(F), w.add_head_count(HEADS)
    vec, mat = lambda n: rng.standard_normal(n).astype(np.float32), lambda o, i: rng.standard_normal((o, i)).astype(np.float16)
    t = {"token_embd.weight": mat(V, C), "output_norm.weight": vec(C)}
    if arch in ("gpt2", "gptneox"):
        w.add_layer_norm_eps(1e-5)
        t["output_norm.bias"] = vec(C)
    else:
        w.add_layer_norm_rms_eps(1e-5), w.add_head_count_kv(1), w.add_sliding_window(4)
    if arch == "llama":
        t["rope_freqs.weight"] = np.ones(C // HEADS // 2, np.float32)
    if arch == "gpt2":
        t["position_embd.weight"] = mat(16, C)
    for i in range(LAYERS):
        b = f"blk.{i}."
        t[b + "attn_norm.weight"], t[b + "ffn_norm.weight"] = vec(C), vec(C)
        t[b + "attn_output.weight"], t[b + "ffn_down.weight"], t[b + "ffn_up.weight"] = mat(C, C), mat(C, F), mat(F, C)
        if arch in ("gpt2", "gptneox"):
            t[b + "attn_qkv.weight"], t[b + "attn_qkv.bias"], t[b + "ffn_up.bias"] = mat(3 * C, C), vec(3 * C), vec(F)
        else:
            t[b + "attn_q.weight"], t[b + "attn_k.weight"], t[b + "attn_v.weight"], t[b + "ffn_gate.weight"] = mat(C, C), mat(keys, C), mat(4, C), mat(F, C)
        if arch == "gemma3":
            t[b + "post_attention_norm.weight"], t[b + "post_ffw_norm.weight"] = vec(C), vec(C)
            t[b + "attn_q_norm.weight"], t[b + "attn_k_norm.weight"] = vec(4), vec(4)
    for tensor, a in t.items():
        w.add_tensor(tensor, a)
    w.write_header_to_file(), w.write_kv_data_to_file(), w.write_tensors_to_file(), w.close()
