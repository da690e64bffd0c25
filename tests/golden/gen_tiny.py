"""The language model of the CLI tests: 30,000 parameters that know a few sentences by heart.

usage: python gen_tiny.py      needs torch, transformers, tokenizers, safetensors, gguf, numpy (see docs/testing.md)

Writes tiny/ (a Hugging Face folder: ChatML template, byte-level BPE), tiny.gguf (the same in Q8_0) and tiny.json: for some
prompts the ids, the greedy continuation, logprobs, perplexity and mean-pooled hidden state by transformers, and the
rendering of chats by the template.
"""
import json
import os

import gguf
import numpy as np
import torch
import transformers as tf
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

HERE = os.path.dirname(os.path.abspath(__file__))
SENTENCES = ["The cat sat on the mat and looked at the moon.", "A ship sailed over the sea to a green island.",
             "In spring the rain is warm and the birds sing.", "One two three four five six seven eight nine ten."]
QUESTIONS = [("What did the cat do?", "It sat on the mat."), ("Where did the ship go?", "To a green island."), ("How is the rain?", "Warm, in spring.")]
TEMPLATE = ("{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}"
            "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}")


def make_tokenizer():
    t = Tokenizer(models.BPE())
    t.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    t.decoder = decoders.ByteLevel()
    t.train_from_iterator(SENTENCES * 3 + [q + " " + a for q, a in QUESTIONS] + ["user assistant system\n"], trainers.BpeTrainer(
        vocab_size=320, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), special_tokens=["<|endoftext|>", "<|im_start|>", "<|im_end|>"]))
    return tf.PreTrainedTokenizerFast(tokenizer_object=t, eos_token="<|im_end|>", bos_token="<|endoftext|>", pad_token="<|endoftext|>",
                                      chat_template=TEMPLATE)


def train(t):
    torch.manual_seed(0)
    config = tf.LlamaConfig(vocab_size=len(t), hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
                            max_position_embeddings=256, tie_word_embeddings=True, bos_token_id=0, eos_token_id=2, pad_token_id=0)
    model = tf.LlamaForCausalLM(config)
    chats = [t.apply_chat_template([{"role": "user", "content": q}, {"role": "assistant", "content": a}], tokenize=False) for q, a in QUESTIONS]
    texts = [s + "<|im_end|>" for s in SENTENCES] + chats
    ids = [t(x, add_special_tokens=False).input_ids for x in texts]
    longest = max(map(len, ids))
    batch = torch.tensor([i + [0] * (longest - len(i)) for i in ids])
    labels = batch.masked_fill(torch.arange(longest)[None] >= torch.tensor([len(i) for i in ids])[:, None], -100)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2, weight_decay=0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1e-2, total_steps=500)
    for step in range(500):
        loss = model(batch, labels=labels).loss
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
    print("loss", loss.item())
    return model.half().float().eval()


def permute(w, heads):
    return w.reshape(heads, 2, w.shape[0] // heads // 2, *w.shape[1:]).swapaxes(1, 2).reshape(w.shape)


def write_gguf(path, model, t):
    c = model.config
    w = gguf.GGUFWriter(path, "llama")
    w.add_context_length(c.max_position_embeddings), w.add_embedding_length(c.hidden_size), w.add_block_count(c.num_hidden_layers)
    w.add_feed_forward_length(c.intermediate_size), w.add_head_count(c.num_attention_heads), w.add_head_count_kv(c.num_key_value_heads)
    w.add_layer_norm_rms_eps(c.rms_norm_eps), w.add_rope_freq_base(10000.0), w.add_rope_dimension_count(c.head_dim), w.add_vocab_size(c.vocab_size)
    data = json.loads(t.backend_tokenizer.to_str())
    vocab = sorted(data["model"]["vocab"].items(), key=lambda x: x[1])
    w.add_tokenizer_model("gpt2"), w.add_tokenizer_pre("gpt-2"), w.add_token_list([k for k, _ in vocab])
    w.add_token_types([3 if i < 3 else 1 for i in range(len(vocab))]), w.add_token_merges([" ".join(m) for m in data["model"]["merges"]])
    w.add_bos_token_id(0), w.add_eos_token_id(2), w.add_add_bos_token(False), w.add_chat_template(TEMPLATE)
    names = {"self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output",
             "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down", "input_layernorm": "attn_norm",
             "post_attention_layernorm": "ffn_norm"}
    for name, p in model.state_dict().items():
        if name == "lm_head.weight":
            continue
        a = p.numpy()
        a = permute(a, c.num_attention_heads) if "q_proj" in name else permute(a, c.num_key_value_heads) if "k_proj" in name else a
        stem = name.removesuffix(".weight")
        new = {"model.embed_tokens": "token_embd", "model.norm": "output_norm"}.get(stem) or f"blk.{stem.split('.')[2]}.{names[stem.split('.', 3)[3]]}"
        kind = gguf.GGMLQuantizationType.F32 if a.ndim == 1 else gguf.GGMLQuantizationType.Q8_0
        w.add_tensor(new + ".weight", a if a.ndim == 1 else gguf.quants.quantize(a, kind), raw_dtype=kind)
    w.write_header_to_file(), w.write_kv_data_to_file(), w.write_tensors_to_file(), w.close()


def golden(model, t):
    out = {"greedy": [], "score": [], "embed": []}
    for p in ["The cat sat", "A ship", "In spring", "One two"]:
        ids = t(p, return_tensors="pt").input_ids
        with torch.no_grad():
            y = model.generate(ids, max_new_tokens=40, do_sample=False, pad_token_id=0)[0, ids.shape[1]:]
        out["greedy"].append({"prompt": p, "prompt_ids": ids[0].tolist(), "ids": y.tolist(), "text": t.decode(y, skip_special_tokens=True)})
    for p in SENTENCES + ["A cat on an island: über 7 ☃!"]:
        ids = t(p, return_tensors="pt").input_ids
        with torch.no_grad():
            lp = model(ids).logits.double().log_softmax(-1)[0, :-1].gather(1, ids[0, 1:, None])[:, 0]
            hidden = model.model(ids).last_hidden_state[0].mean(0)
        out["score"].append({"text": p, "tokens": ids[0].tolist(), "logprobs": lp.tolist(), "perplexity": torch.exp(-lp.mean()).item()})
        out["embed"].append({"text": p, "embedding": hidden.tolist()})
    return out


tokenizer = make_tokenizer()
model = train(tokenizer)
write_gguf(os.path.join(HERE, "tiny.gguf"), model, tokenizer)
json.dump(golden(model, tokenizer), open(os.path.join(HERE, "tiny.json"), "w"), indent=1)
folder = os.path.join(HERE, "tiny")
model.half().save_pretrained(folder)
tokenizer.save_pretrained(folder)
os.remove(os.path.join(folder, "generation_config.json"))
for f in os.listdir(folder):
    print(f, os.path.getsize(os.path.join(folder, f)))
