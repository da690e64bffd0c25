"""llguidance over the same texts as tests/bench/constraint.c: reading each schema, and a mask for each token.

usage: constraint_peer.py MODEL.gguf SCHEMAS.json TEXTS.jsonl TAKEN.jsonl     (packages llguidance, tokenizers, gguf, numpy)
The texts of schemas that it takes are written to TAKEN.
"""
import json
import sys
import time

import gguf
import llguidance
import llguidance.numpy as lnp
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers

SPLIT = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"


def tokenizer_of(path):
    fields = gguf.GGUFReader(path).fields
    tokens, types = fields["tokenizer.ggml.tokens"].contents(), fields["tokenizer.ggml.token_type"].contents()
    merges = [tuple(m.split(" ")) for m in fields["tokenizer.ggml.merges"].contents()]
    t = Tokenizer(models.BPE({x: i for i, x in enumerate(tokens) if types[i] == 1}, merges))
    t.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(SPLIT), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    t.decoder = decoders.ByteLevel()
    t.add_special_tokens([AddedToken(x, special=True) for i, x in enumerate(tokens) if types[i] in (3, 4)])
    return t


def show(what, values, scale, unit):
    values = sorted(values)
    n = len(values)
    print(f"{what:<28} {n:8}: median {scale * values[n // 2]:9.2f} {unit}, mean {scale * sum(values) / n:9.2f}, 99 % {scale * values[int(0.99 * n)]:9.2f}, most {scale * values[-1]:9.2f}")


def main(model, schemas, texts, taken):
    t = tokenizer_of(model)
    start = time.perf_counter()
    ll = llguidance.LLTokenizer(t.to_str(), eos_token=t.token_to_id("<|im_end|>"))
    print(f"{ll.vocab_size} tokens: {1e3 * (time.perf_counter() - start):.1f} ms")
    read, first, masks, take, grammars, refused, failed = [], [], [], [], [], 0, 0
    for s in json.load(open(schemas)):
        start = time.perf_counter()
        try:
            g = llguidance.LLMatcher.grammar_from_json_schema(json.dumps(s), overrides={"coerce_one_of": True})
            m = llguidance.LLMatcher(ll, g)
            if m.is_error():
                raise ValueError(m.get_error())
            grammars.append(m)
            read.append(time.perf_counter() - start)
        except Exception:
            refused += 1
            grammars.append(None)
    used, mask = set(), lnp.allocate_token_bitmask(1, ll.vocab_size)
    out = open(taken, "w")
    for line in open(texts):
        i, text = json.loads(line)
        if grammars[i] is None:
            continue
        out.write(line)
        m = grammars[i].deep_copy()
        for id in t.encode(text, add_special_tokens=False).ids:
            start = time.perf_counter()
            lnp.fill_next_token_bitmask(m, mask, 0)
            masked = time.perf_counter()
            if not mask[0, id // 32] >> (id % 32) & 1:
                failed += 1
                break
            m.consume_token(id)
            masks.append(masked - start)
            take.append(time.perf_counter() - masked)
            if i not in used:
                first.append(masked - start)
        used.add(i)
    show("schema to matcher", read, 1e3, "ms")
    show("mask, first text of each", first, 1e6, "us")
    show("mask, all", masks, 1e6, "us")
    show("taking a token", take, 1e6, "us")
    print(f"{len(masks)} tokens, {refused} schemas refused, {failed} texts refused")


main(*sys.argv[1:])
