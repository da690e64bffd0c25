"""The tokenizers library on the vocabulary and merges of a byte-level GGUF with digits apart (SmolLM2), for tokenizer.sh."""
import os
import sys
import time

import gguf
from tokenizers import AddedToken, Tokenizer, models, pre_tokenizers

os.environ["TOKENIZERS_PARALLELISM"] = "false"
fields = gguf.GGUFReader(sys.argv[1]).fields
tokens = fields["tokenizer.ggml.tokens"].contents()
merges = [tuple(m.split(" ")) for m in fields["tokenizer.ggml.merges"].contents()]
types = fields["tokenizer.ggml.token_type"].contents()
t = Tokenizer(models.BPE({k: i for i, k in enumerate(tokens)}, merges))
t.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True),
                                           pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)])
t.add_special_tokens([AddedToken(k, special=True, normalized=False) for k, kind in zip(tokens, types) if kind == 3])
t.save(sys.argv[2])
start = time.perf_counter()
t = Tokenizer.from_file(sys.argv[2])
print(f"open (its tokenizer.json): {(time.perf_counter() - start) * 1e3:.1f} ms")
for name in sys.argv[3:]:
    text = open(name, encoding="utf-8", newline="").read()
    best = 1e9
    for _ in range(5):
        start = time.perf_counter()
        ids = t.encode_batch_fast([text], add_special_tokens=False)[0].ids
        best = min(best, time.perf_counter() - start)
    size = len(text.encode())
    print(f"{name}: {size} bytes, {len(ids)} ids, {size / best * 1e-6:.1f} MB/s")
