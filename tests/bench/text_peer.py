"""Times llama.cpp (through llama-cpp-python's C interface) on one model file and prints one JSON line.

  python text_peer.py MODEL [--threads 2] [--repeat 5]

pp512: tokens a second over one pass of 512 prompt tokens; tg128: tokens a second over 128 passes of one token after a
prompt of 16; seq8: tokens a second in all over 64 passes of 8 sequences with one token each. Each token is picked by the
library's greedy sampler, as aigc's figures hold the picking, too. Medians of --repeat.
start: seconds from before loading to the first token of a 16-token prompt, inside this process (Python's own start is
not counted); peak: VmHWM in bytes less what the process had before loading.
"""
import argparse, ctypes, json, statistics, time

t_import = time.perf_counter()
import llama_cpp as L

parser = argparse.ArgumentParser()
parser.add_argument("model")
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--repeat", type=int, default=5)
args = parser.parse_args()


def peak():
    return int(next(l for l in open("/proc/self/status") if l.startswith("VmHWM")).split()[1]) * 1024


quiet = L.llama_log_callback(lambda level, text, data: None)
L.llama_log_set(quiet, None)
L.llama_backend_init()
peak_before = peak()
start = time.perf_counter()
model = L.llama_model_load_from_file(args.model.encode(), L.llama_model_default_params())
vocab = L.llama_model_get_vocab(model)
n_vocab = L.llama_vocab_n_tokens(vocab)


def context(sequences):
    p = L.llama_context_default_params()
    p.n_ctx, p.n_batch, p.n_ubatch, p.n_seq_max = 1024 * sequences, 512, 512, sequences
    p.n_threads = p.n_threads_batch = args.threads
    return L.llama_init_from_model(model, p)


def decode(ctx, tokens, positions, sequences, last_only=True):
    batch = L.llama_batch_init(len(tokens), 0, 1)
    batch.n_tokens = len(tokens)
    for i, (t, p, s) in enumerate(zip(tokens, positions, sequences)):
        batch.token[i], batch.pos[i], batch.n_seq_id[i], batch.seq_id[i][0] = t, p, 1, s
        batch.logits[i] = (not last_only) or i == len(tokens) - 1
    begin = time.perf_counter()
    assert L.llama_decode(ctx, batch) == 0
    L.llama_synchronize(ctx)
    took = time.perf_counter() - begin
    L.llama_batch_free(batch)
    return took


greedy = L.llama_sampler_chain_init(L.llama_sampler_chain_default_params())
L.llama_sampler_chain_add(greedy, L.llama_sampler_init_greedy())


def pick(ctx, row=-1):
    """The token, and the seconds that took."""
    begin = time.perf_counter()
    token = L.llama_sampler_sample(greedy, ctx, row)
    return token, time.perf_counter() - begin


def clear(ctx):
    L.llama_memory_clear(L.llama_get_memory(ctx), True)


ctx = context(1)
decode(ctx, list(range(100, 116)), range(16), [0] * 16)
start = time.perf_counter() - start
prompts, generations, together = [], [], []
for _ in range(args.repeat + 1):
    clear(ctx)
    prompts.append(512 / decode(ctx, [100 + i * 37 % 40000 for i in range(512)], range(512), [0] * 512))
    clear(ctx)
    decode(ctx, list(range(100, 116)), range(16), [0] * 16)
    took = 0
    for i in range(128):
        token, picking = pick(ctx)
        took += picking + decode(ctx, [token], [16 + i], [0])
    generations.append(128 / took)
used = peak() - peak_before
L.llama_free(ctx)
ctx = context(8)
for _ in range(args.repeat + 1):
    clear(ctx)
    for s in range(8):
        decode(ctx, list(range(100 + s, 116 + s)), range(16), [s] * 16)
    took = 0
    for i in range(64):
        took += decode(ctx, [200 + i] * 8, [16 + i] * 8, range(8), last_only=False)
        took += sum(pick(ctx, row)[1] for row in range(8))
    together.append(512 / took)
median = lambda all: statistics.median(all[1:])  # the first warms caches and pages
print(json.dumps({"pp512": median(prompts), "tg128": median(generations), "seq8": median(together), "start": start,
                  "peak": used, "system": L.llama_print_system_info().decode()}))
