#!/bin/bash
# Speed of text beside llama.cpp: one table, medians, in turn on the same machine with the same threads.
#
#   tests/bench/text.sh            everything; the first run builds the peer (minutes) and makes the other file types
#   RUNS=3 THREADS=2 TYPES="Q4_1 Q4_0 Q8_0 F16" tests/bench/text.sh
#
# Wanted beforehand: a release build (cmake --preset release && cmake --build --preset release), the model smollm2
# (samples/models.sh), python3 with venv and pip, a C++ compiler for the peer. Both programs get THREADS threads and nothing
# else should run. The peer is built from source for this CPU; AMX is left out where the compiler is GCC 12, whose
# _tile_loadconfig loses the configuration (llama.cpp then ends with a fault in its first quantised product).
set -eu
cd "$(dirname "$0")/../.."
work=${BENCH_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/aigc-bench}
models=${AIGC_MODELS:-${XDG_DATA_HOME:-$HOME/.local/share}/aigc/models}
aigc=${AIGC:-build/aigc}
runs=${RUNS:-5} threads=${THREADS:-2} types=${TYPES:-Q4_1 Q4_0 Q8_0 F16}
version=0.3.36
source_file=$models/smollm2/SmolLM2-135M-Instruct.Q4_1.gguf
python=${PEER_PYTHON:-$work/llama/bin/python}
[ -x "$aigc" ] || { echo "text.sh: no $aigc; build it: cmake --preset release && cmake --build --preset release" >&2; exit 2; }
[ -f "$source_file" ] || { echo "text.sh: no model; get it: sh samples/models.sh" >&2; exit 2; }
mkdir -p "$work"

if [ ! -x "$python" ]; then
    flags=""
    case $(cc -dumpversion) in 12 | 12.*) flags="-mno-amx-int8 -mno-amx-bf16 -mno-amx-tile" ;; esac
    [ "$(uname -m)" = x86_64 ] || flags=""
    echo "building llama-cpp-python $version for this CPU…" >&2
    python3 -m venv "$work/llama"
    CMAKE_ARGS="-DGGML_NATIVE=ON -DCMAKE_C_FLAGS='$flags' -DCMAKE_CXX_FLAGS='$flags'" \
        "$work/llama/bin/pip" install -q --no-cache-dir --no-binary llama-cpp-python "llama-cpp-python==$version" >&2
fi

file_of() {
    if [ "$1" = Q4_1 ]; then echo "$source_file"; else echo "$work/SmolLM2-135M-Instruct.$1.gguf"; fi
}
for type in $types; do # the same weights in the other types, made by the peer so that both read its files
    [ -f "$(file_of "$type")" ] || "$python" - "$source_file" "$(file_of "$type")" "$type" <<'PYTHON' >&2
import ctypes, sys
import llama_cpp as L
quiet = L.llama_log_callback(lambda level, text, data: None)
L.llama_log_set(quiet, None)
p = L.llama_model_quantize_default_params()
p.ftype = {"Q4_0": 2, "Q8_0": 7, "F16": 1, "Q4_K_M": 15, "Q5_K_M": 17, "Q6_K": 18}[sys.argv[3]]
p.allow_requantize = True
sys.exit(L.llama_model_quantize(sys.argv[1].encode(), sys.argv[2].encode(), ctypes.byref(p)))
PYTHON
done

echo "CPU: $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), $threads threads, medians of $runs; $("$aigc" version 2>/dev/null | head -n 1)"
echo "| file | what | aigc | llama.cpp | ratio |"
echo "|---|---|---|---|---|"
for type in $types; do
    file=$(file_of "$type")
    "$aigc" bench text -m "$file" -t "$threads" --runs "$runs" --json >"$work/ours.json"
    "$python" tests/bench/text_peer.py "$file" --threads "$threads" --repeat "$runs" >"$work/peer.json"
    python3 - "$type" "$file" "$work/ours.json" "$work/peer.json" "$aigc" "$threads" <<'PYTHON'
import json, os, resource, statistics, subprocess, sys, time
type_, file, ours, peer, aigc, threads = sys.argv[1:]
ours, peer = json.load(open(ours)), json.load(open(peer))
def row(what, a, b, form, better_is_less=False):
    ratio = b / a if better_is_less else a / b
    print(f"| {type_} | {what} | {form.format(a)} | {form.format(b)} | {ratio:.2f} × |")
row("prompt of 512, tokens/s", ours["prompt_tokens_per_second"], peer["pp512"], "{:.0f}")
row("generation, tokens/s", ours["tokens_per_second"], peer["tg128"], "{:.1f}")
row("8 sequences at once, tokens/s", ours["batch_tokens_per_second"], peer["seq8"], "{:.0f}")
starts = []
for _ in range(7):  # the whole program from its start to its first token, warm cache
    begin = time.perf_counter()
    subprocess.run([aigc, "text", "-m", file, "-t", threads, "-n", "1", "--raw", "-p", "The capital of France is"],
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    starts.append(time.perf_counter() - begin)
row("start to first token, ms", 1000 * statistics.median(starts), 1000 * peer["start"], "{:.0f}", True)
size = os.path.getsize(file)
child = subprocess.Popen([aigc, "text", "-m", file, "-t", threads, "-n", "128", "--raw", "-p", "The capital of France is"],
                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
_, _, usage = os.wait4(child.pid, 0)
row("peak memory of 128 tokens, MB", usage.ru_maxrss * 1024 / 1e6, peer["peak"] / 1e6, "{:.0f}", True)
print(f"| {type_} | peak memory in file sizes | {usage.ru_maxrss * 1024 / size:.2f} | {peer['peak'] / size:.2f} | |")
PYTHON
done
