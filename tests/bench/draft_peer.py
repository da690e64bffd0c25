"""Times llama.cpp (through llama-cpp-python) on the prompts of tests/bench/draft.sh and prints one JSON list.

  python draft_peer.py MODEL TASKS.json [--threads 2] [--repeat 3]

TASKS.json: [{"prompt": [token ids], "limit": tokens, "options": {"temp", "top_k", "top_p", "min_p", "repeat_penalty"}}].
plain: tokens a second, a pass and one call of the library's sampler chain for each, between the first token and the last.
lookup: the same by llama-cpp-python's own LlamaPromptLookupDecoding (n-grams of 2, 10 tokens) with Llama.generate; null
where a text has one token alone or that fails. Medians of --repeat, after one run that warms up.
"""
import argparse, json, statistics, time

import llama_cpp as L
from llama_cpp.llama_speculative import LlamaPromptLookupDecoding

parser = argparse.ArgumentParser()
parser.add_argument("model")
parser.add_argument("tasks")
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--repeat", type=int, default=3)
args = parser.parse_args()
tasks = json.load(open(args.tasks))
quiet = L.llama_log_callback(lambda level, text, data: None)
L.llama_log_set(quiet, None)
L.llama_backend_init()
model = L.llama_model_load_from_file(args.model.encode(), L.llama_model_default_params())
vocab = L.llama_model_get_vocab(model)
params = L.llama_context_default_params()
params.n_ctx, params.n_batch, params.n_ubatch = 2048, 512, 512
params.n_threads = params.n_threads_batch = args.threads
ctx = L.llama_init_from_model(model, params)


def decode(tokens):
    array = (L.llama_token * len(tokens))(*tokens)  # must live as long as the batch, which points to it
    assert L.llama_decode(ctx, L.llama_batch_get_one(array, len(tokens))) == 0


def sampler(o):
    chain = L.llama_sampler_chain_init(L.llama_sampler_chain_default_params())
    if o["repeat_penalty"] != 1:
        L.llama_sampler_chain_add(chain, L.llama_sampler_init_penalties(L.llama_vocab_n_tokens(vocab), 64, o["repeat_penalty"], 0.0, 0.0))
    if o["temp"] == 0:
        L.llama_sampler_chain_add(chain, L.llama_sampler_init_greedy())
        return chain
    for one in (L.llama_sampler_init_top_k(o["top_k"]), L.llama_sampler_init_top_p(o["top_p"], 1),
                L.llama_sampler_init_min_p(o["min_p"], 1), L.llama_sampler_init_temp(o["temp"]), L.llama_sampler_init_dist(1)):
        L.llama_sampler_chain_add(chain, one)
    return chain


def plain(task):
    L.llama_memory_clear(L.llama_get_memory(ctx), True)
    chain = sampler(task["options"])
    decode(task["prompt"])
    token, count = L.llama_sampler_sample(chain, ctx, -1), 1
    begin = time.perf_counter()
    while count < task["limit"] and not L.llama_vocab_is_eog(vocab, token):
        decode([token])
        token = L.llama_sampler_sample(chain, ctx, -1)
        count += 1
    took = time.perf_counter() - begin
    L.llama_sampler_free(chain)
    return (count - 1) / took if count > 1 else None


def lookup(llama, task):
    llama.reset()
    count, begin = 0, 0
    for token in llama.generate(task["prompt"], **task["options"]):
        count += 1
        if count == 1:
            begin = time.perf_counter()
        if count >= task["limit"] or L.llama_vocab_is_eog(vocab, token):
            break
    return (count - 1) / (time.perf_counter() - begin) if count > 1 else None


def median(measure, *arguments):
    try:
        rates = [measure(*arguments) for _ in range(args.repeat + 1)][1:]
        return statistics.median(r for r in rates if r)
    except (RuntimeError, ValueError, IndexError, statistics.StatisticsError):
        return None


results = [{"plain": median(plain, task)} for task in tasks]
L.llama_free(ctx)
llama = L.Llama(args.model, n_ctx=2048, n_batch=512, n_threads=args.threads, n_threads_batch=args.threads, seed=1, verbose=False,
                draft_model=LlamaPromptLookupDecoding(max_ngram_size=2, num_pred_tokens=10))
for task, result in zip(tasks, results):
    result["lookup"] = median(lookup, llama, task)
print(json.dumps(results))
