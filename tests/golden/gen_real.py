"""Golden numbers for SmolLM2 and Gemma 3 as shipped: transformers in f32 on the weights that the gguf package dequantises.

usage: python gen_real.py      needs torch, transformers, gguf; the models of samples/models.sh (see docs/testing.md)

Writes real.json: per model and prompt the token ids, and for the last position the ids and logits of the 20 largest and of
every 997th entry; the nll and perplexity of real.txt over its first tokens, as many as SCORED says.
"""
import json
import os

import gguf
import numpy as np
import torch
import transformers as tf

HERE = os.path.dirname(os.path.abspath(__file__))
MODELS = os.environ.get("AIGC_MODELS", os.path.expanduser("~/.local/share/aigc/models"))
FILES = {"smollm2": "smollm2/SmolLM2-135M-Instruct.Q4_1.gguf", "gemma3": "gemma3/gemma-3-270m-q4_k_m.gguf"}
SCORED = {"smollm2": 8192, "gemma3": 8192}
PROMPTS = ["The capital of France is", "def fibonacci(n):\n    ", "Die Katze sitzt auf der Matte und \u2603", "Once upon a time, in a small village by the sea,"]


def unpermute(w, heads):
    return w.reshape(heads, w.shape[0] // heads // 2, 2, *w.shape[1:]).swapaxes(1, 2).reshape(w.shape)


def load(name, path):
    r = gguf.GGUFReader(path)
    field = lambda k: r.fields[k].contents()
    a = field("general.architecture")
    heads, kv, width, layers = (field(f"{a}.{k}") for k in ("attention.head_count", "attention.head_count_kv", "embedding_length", "block_count"))
    common = dict(hidden_size=width, intermediate_size=field(f"{a}.feed_forward_length"), num_hidden_layers=layers, num_attention_heads=heads,
                  num_key_value_heads=kv, max_position_embeddings=field(f"{a}.context_length"), tie_word_embeddings=True,
                  rms_norm_eps=field(f"{a}.attention.layer_norm_rms_epsilon"), vocab_size=len(r.fields["tokenizer.ggml.tokens"].data))
    if a == "llama":
        model = tf.LlamaForCausalLM(tf.LlamaConfig(rope_theta=field("llama.rope.freq_base"), **common))
    else:
        types = ["full_attention" if (i + 1) % 6 == 0 else "sliding_attention" for i in range(layers)]
        model = tf.Gemma3ForCausalLM(tf.Gemma3TextConfig(head_dim=field(f"{a}.attention.key_length"), query_pre_attn_scalar=256,
                                                         sliding_window=field(f"{a}.attention.sliding_window"), layer_types=types, **common))
    names = {"attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj", "attn_output": "self_attn.o_proj",
             "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj", "attn_norm": "input_layernorm",
             "attn_q_norm": "self_attn.q_norm", "attn_k_norm": "self_attn.k_norm"}
    names.update({"ffn_norm": "post_attention_layernorm"} if a == "llama" else
                 {"post_attention_norm": "post_attention_layernorm", "ffn_norm": "pre_feedforward_layernorm", "post_ffw_norm": "post_feedforward_layernorm"})
    state = {}
    for t in r.tensors:
        w = gguf.quants.dequantize(t.data, t.tensor_type)
        stem = t.name.removesuffix(".weight")
        if a == "llama" and stem.endswith("attn_q"):
            w = unpermute(w, heads)
        if a == "llama" and stem.endswith("attn_k"):
            w = unpermute(w, kv)
        if a == "gemma3" and stem.endswith("norm"):
            w = w - 1
        new = {"token_embd": "model.embed_tokens", "output_norm": "model.norm"}.get(stem) or f"model.layers.{stem.split('.')[1]}.{names[stem.split('.')[2]]}"
        state[new + ".weight"] = torch.from_numpy(np.ascontiguousarray(w))
    state["lm_head.weight"] = state["model.embed_tokens.weight"]
    model.load_state_dict(state)
    return model.float().eval(), tokens_of(r)


def tokens_of(r):
    from subprocess import run
    binary = os.environ.get("AIGC", os.path.join(HERE, "..", "..", "build-dev", "aigc"))
    return lambda name, text: json.loads(run([binary, "score", "-m", name, "-p", text, "--json"], capture_output=True, check=True).stdout)["tokens"]


out = {}
for name, file in FILES.items():
    path = os.path.join(MODELS, file)
    if not os.path.exists(path):
        continue
    model, tokens = load(name, path)
    one = {"prompts": []}
    for p in PROMPTS:
        ids = tokens(name, p)
        with torch.no_grad():
            logits = model(torch.tensor([ids])).logits[0, -1].double()
        kept = sorted(set(logits.topk(20).indices.tolist()) | set(range(0, len(logits), 997)))
        one["prompts"].append({"text": p, "tokens": ids, "ids": kept, "logits": [round(logits[i].item(), 6) for i in kept]})
    ids = tokens(name, open(os.path.join(HERE, "real.txt"), encoding="utf-8").read().rstrip("\n"))
    with torch.no_grad():
        x = torch.tensor([ids[:SCORED[name]]])
        hidden = model.model(x).last_hidden_state[0]
        nll = sum(torch.nn.functional.cross_entropy(model.lm_head(hidden[i:i + 128][:len(x[0]) - 1 - i]).double(), x[0, i + 1:i + 129], reduction="sum").item()
                  for i in range(0, len(x[0]) - 1, 128)) / (len(x[0]) - 1)
    one["score"] = {"tokens": len(ids), "scored": len(x[0]), "nll": nll, "perplexity": float(np.exp(nll))}
    print(name, one["score"])
    out[name] = one
json.dump(out, open(os.path.join(HERE, "real.json"), "w"))
