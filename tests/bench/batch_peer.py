"""The same articles by llama.cpp, through llama-cpp-python's C interface: 8 sequences that join and leave a shared batch.

  python batch_peer.py MODEL ARTICLES.json [--threads 2] [--parallel 8]

ARTICLES.json: {"system": text, "prompts": [text, …], "tokens": N}, rendered here as ChatML. Each answer is exactly N tokens
long. As llama.cpp's server does it (llama-server -np 8, cache_prompt): a slot that gets its next prompt keeps the keys and
values of the beginning that it shares with the slot's last prompt; prompts are read beside the tokens of the other slots, up
to 512 tokens a pass. Only the time inside llama_decode is counted, with nothing for sampling and text: the peer's best case.
Prints one JSON line: seconds, tokens a second (generated), passes.
"""
import argparse, json, time

import llama_cpp as L

parser = argparse.ArgumentParser()
parser.add_argument("model")
parser.add_argument("articles")
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--parallel", type=int, default=8)
args = parser.parse_args()
quiet = L.llama_log_callback(lambda level, text, data: None)
L.llama_log_set(quiet, None)
L.llama_backend_init()
model = L.llama_model_load_from_file(args.model.encode(), L.llama_model_default_params())
vocab = L.llama_model_get_vocab(model)
n_vocab = L.llama_vocab_n_tokens(vocab)
work = json.load(open(args.articles))
wanted = work["tokens"]


def tokenize(text):
    data = text.encode()
    room = (L.llama_token * (len(data) + 8))()
    n = L.llama_tokenize(vocab, data, len(data), room, len(room), True, True)
    assert n > 0
    return list(room[:n])


prompts = [tokenize(f"<|im_start|>system\n{work['system']}<|im_end|>\n<|im_start|>user\n{p}<|im_end|>\n<|im_start|>assistant\n")
           for p in work["prompts"]]
longest = max(len(p) for p in prompts) + wanted
p = L.llama_context_default_params()
p.n_ctx, p.n_batch, p.n_ubatch, p.n_seq_max = (longest + 63) // 64 * 64 * args.parallel, 512, 512, args.parallel
p.n_threads = p.n_threads_batch = args.threads
p.kv_unified = True
ctx = L.llama_init_from_model(model, p)
memory = L.llama_get_memory(ctx)
batch = L.llama_batch_init(512, 0, 1)


class Slot:
    prompt, cached, made = None, [], 0


def pick(row):
    logits = L.llama_get_logits_ith(ctx, row)
    return max(range(0, n_vocab, 997), key=lambda t: logits[t])  # any token does; the scan stays outside the timing


def run():
    slots = [Slot() for _ in range(args.parallel)]
    waiting, seconds, passes, shared = list(prompts), 0.0, 0, 0
    L.llama_memory_clear(memory, True)
    while True:
        for i, s in enumerate(slots):
            if s.prompt is None and waiting:
                s.prompt, s.made = waiting.pop(0), 0
                same = 0
                while same < min(len(s.cached), len(s.prompt) - 1) and s.cached[same] == s.prompt[same]:
                    same += 1
                shared += same
                L.llama_memory_seq_rm(memory, i, same, -1)
                s.tokens, s.fed = list(s.prompt), same
        feeding, n = [], 0
        for first in (True, False):  # the slots that generate go first, the rest of the pass is for prompts
            for i, s in enumerate(slots):
                if s.prompt is None or (s.made > 0) != first:
                    continue
                count = min(len(s.tokens) - s.fed, 512 - n)
                for k in range(count):
                    at, whole = s.fed + k, s.fed + k + 1 == len(s.tokens)
                    batch.token[n], batch.pos[n], batch.n_seq_id[n], batch.seq_id[n][0], batch.logits[n] = s.tokens[at], at, 1, i, whole
                    n += 1
                    if whole:
                        feeding.append((s, n - 1))
                s.fed += count
        if n == 0:
            return seconds, passes, shared
        batch.n_tokens = n
        begin = time.perf_counter()
        assert L.llama_decode(ctx, batch) == 0
        L.llama_synchronize(ctx)
        seconds += time.perf_counter() - begin
        passes += 1
        for s, row in feeding:
            s.tokens.append(pick(row))
            s.made += 1
            if s.made == wanted:
                s.cached, s.prompt = s.tokens[:-1], None


seconds, passes, shared = run()
print(json.dumps({"seconds": seconds, "tokens_per_second": wanted * len(prompts) / seconds, "passes": passes,
                  "prompt_tokens": sum(map(len, prompts)), "prompt_tokens_kept": shared}))
