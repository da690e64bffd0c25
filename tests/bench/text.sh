#!/bin/bash
# Speed of text beside llama.cpp: one table, medians, in turn on the same machine with the same threads.
#
#   tests/bench/text.sh              everything; the first run builds the peers (minutes each) and makes the other file types
#   RUNS=5 THREADS=2 TYPES="Q4_1 Q4_0 Q8_0 F16" tests/bench/text.sh
#   LEVEL=avx2 tests/bench/text.sh   both programs without AVX-512 and AMX; LEVEL=avx512bf16: with AVX-512, VNNI and BF16, without AMX
#   PEERS="NAME=PYTHON …"            other builds of the peer: for each a Python that has llama-cpp-python
#
# Wanted beforehand: a release build (cmake --preset release && cmake --build --preset release), the model smollm2
# (samples/models.sh), python3 with venv and pip, a C++ compiler for the peer. Both programs get THREADS threads and nothing
# else should run.
#
# The peer is built from source for this CPU with cc, and a second time with clang where that is installed; each figure is
# the better one of its builds. What must be said to compilers for AMX: GCC 12's _tile_loadconfig loses the configuration
# (llama.cpp then ends with a fault in its first quantised product), so a header replaces it; clang 14 names its AMX macros
# otherwise than llama.cpp asks for them.
set -eu
cd "$(dirname "$0")/../.."
work=${BENCH_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/aigc-bench}
models=${AIGC_MODELS:-${XDG_DATA_HOME:-$HOME/.local/share}/aigc/models}
aigc=${AIGC:-build/aigc}
runs=${RUNS:-5} threads=${THREADS:-2} types=${TYPES:-Q4_1 Q4_0 Q8_0 F16} level=${LEVEL:-native}
version=0.3.36
source_file=$models/smollm2/SmolLM2-135M-Instruct.Q4_1.gguf
[ -x "$aigc" ] || { echo "text.sh: no $aigc; build it: cmake --preset release && cmake --build --preset release" >&2; exit 2; }
[ -f "$source_file" ] || { echo "text.sh: no model; get it: sh samples/models.sh" >&2; exit 2; }
case $level in native | avx512bf16 | avx2) ;; *) echo "text.sh: LEVEL is '$level', native, avx512bf16 or avx2 wanted" >&2; exit 2 ;; esac
mkdir -p "$work"

# build_peer NAME CC CXX: llama-cpp-python in a venv of its own; says the name and its Python.
build_peer() {
    local python=$work/$1/bin/python flags="" options="-DGGML_NATIVE=ON"
    if [ ! -x "$python" ] || ! "$python" -c 'import llama_cpp' 2>/dev/null; then
        local avx2="-DGGML_NATIVE=OFF -DGGML_AVX=ON -DGGML_AVX2=ON -DGGML_FMA=ON -DGGML_F16C=ON -DGGML_BMI2=ON"
        if [ "$level" = avx2 ]; then
            options="$avx2 -DGGML_AVX512=OFF"
        elif [ "$level" = avx512bf16 ]; then
            options="$avx2 -DGGML_AVX512=ON -DGGML_AVX512_VBMI=ON -DGGML_AVX512_VNNI=ON -DGGML_AVX512_BF16=ON"
        elif grep -q -m 1 amx_int8 /proc/cpuinfo; then
            if "$2" -march=native -dM -E -x c /dev/null | grep -q __AMXINT8__; then flags="-D__AMX_INT8__ -D__AMX_TILE__ -D__AMX_BF16__"; fi
            case $("$2" --version | head -n 1) in
            *clang*) ;;
            *\ 12.*)
                cat >"$work/tile_loadconfig.h" <<'HEADER'
#ifdef __AMX_TILE__
#include <immintrin.h>
#undef _tile_loadconfig
#define _tile_loadconfig(p) __asm__ volatile("ldtilecfg %0" : : "m"(*(const char(*)[64])(p)))
#endif
HEADER
                flags="-include $work/tile_loadconfig.h" ;;
            esac
        fi
        echo "building llama-cpp-python $version with $2…" >&2
        python3 -m venv "$work/$1"
        CMAKE_ARGS="$options -DCMAKE_C_COMPILER=$2 -DCMAKE_CXX_COMPILER=$3 -DCMAKE_C_FLAGS='$flags' -DCMAKE_CXX_FLAGS='$flags'" \
            "$work/$1/bin/pip" install -q --no-cache-dir --no-binary llama-cpp-python "llama-cpp-python==$version" >&2
    fi
    echo "$1=$python"
}

peers=${PEERS:-}
if [ -z "$peers" ]; then
    peers=$(build_peer "llama-$level-cc" cc c++)
    if command -v clang++ >/dev/null; then peers="$peers $(build_peer "llama-$level-clang" clang clang++)"; fi
fi
first=${peers%% *}
[ "$level" = native ] || export AIGC_KERNEL=$level

file_of() {
    if [ "$1" = Q4_1 ]; then echo "$source_file"; else echo "$work/SmolLM2-135M-Instruct.$1.gguf"; fi
}
for type in $types; do # the same weights in the other types, made by the peer so that both read its files
    [ -f "$(file_of "$type")" ] || "${first#*=}" - "$source_file" "$(file_of "$type")" "$type" <<'PYTHON' >&2
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
for peer in $peers; do
    echo "peer ${peer%%=*}: $("${peer#*=}" -c 'import llama_cpp as L; print(L.__version__, L.llama_print_system_info().decode())' 2>/dev/null)"
done
echo "| file | what | aigc | llama.cpp | ratio |"
echo "|---|---|---|---|---|"
for type in $types; do
    file=$(file_of "$type")
    "$aigc" bench text -m "$file" -t "$threads" --runs "$runs" --json >"$work/ours.json"
    for peer in $peers; do
        "${peer#*=}" tests/bench/text_peer.py "$file" --threads "$threads" --repeat "$runs" >"$work/peer-${peer%%=*}.json"
    done
    python3 - "$type" "$file" "$aigc" "$threads" "$work" $peers <<'PYTHON'
import json, os, resource, statistics, subprocess, sys, time
type_, file, aigc, threads, work, *peers = sys.argv[1:]
ours = json.load(open(f"{work}/ours.json"))
peers = {p.split("=")[0]: json.load(open(f"{work}/peer-{p.split('=')[0]}.json")) for p in peers}
def row(what, a, key, form, less_is_better=False, unit=1):
    name = (min if less_is_better else max)(peers, key=lambda p: peers[p][key])
    b = peers[name][key] * unit
    ratio = b / a if less_is_better else a / b
    by = f" ({name})" if len(peers) > 1 else ""
    print(f"| {type_} | {what} | {form.format(a)} | {form.format(b)}{by} | {ratio:.2f} × |")
row("prompt of 512, tokens/s", ours["prompt_tokens_per_second"], "pp512", "{:.0f}")
row("generation, tokens/s", ours["tokens_per_second"], "tg128", "{:.1f}")
row("8 sequences at once, tokens/s", ours["batch_tokens_per_second"], "seq8", "{:.0f}")
starts = []
for _ in range(9):  # the whole program from its start to its end after the first token, warm cache
    begin = time.perf_counter()
    subprocess.run([aigc, "text", "-m", file, "-t", threads, "-n", "1", "-p", "hi"], stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL, check=True)
    starts.append(time.perf_counter() - begin)
row("start to first token, ms", 1000 * statistics.median(starts), "start", "{:.0f}", True, 1000)
size = os.path.getsize(file)
child = subprocess.Popen([aigc, "text", "-m", file, "-t", threads, "-n", "128", "--ignore-end", "-p", "hi"],
                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
_, _, usage = os.wait4(child.pid, 0)
row("peak memory of 128 tokens, MB", usage.ru_maxrss * 1024 / 1e6, "peak", "{:.0f}", True, 1e-6)
print(f"| {type_} | peak memory in file sizes | {usage.ru_maxrss * 1024 / size:.2f} | {min(p['peak'] for p in peers.values()) / size:.2f} | |")
PYTHON
done
