#!/bin/sh
# Makes the N-th allocation fail, for every N, in cheap commands over model files: each run must end with a message and
# exit code 1, without a crash, a leak or an output file, until N is beyond what the command allocates.
# usage: tests/torture/alloc.sh [AIGC]     (default: the asan preset's build, which it makes first)
set -u
cd "$(dirname "$0")/../.."
root=$PWD
if [ $# -gt 0 ]; then
    aigc=$(realpath "$1")
else
    cmake --preset asan >/dev/null && cmake --build --preset asan --target aigc >/dev/null || exit 1
    aigc=$root/build-asan/aigc
fi
golden=$root/tests/golden
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT INT TERM
cd "$work" || exit 1
export ASAN_OPTIONS=exitcode=99:detect_leaks=1 UBSAN_OPTIONS=exitcode=99
bad=0

# torture NAME COMMAND…: the command may write the file product, which must appear only when it succeeds
torture() {
    name=$1
    shift
    n=0 failed=0 passed=0
    while [ $passed -lt 25 ]; do # so many successes in a row: N is beyond the last allocation
        n=$((n + 1))
        rm -f product
        AIGC_ALLOC_FAIL_AT=$n "$aigc" "$@" >out 2>err </dev/null
        code=$?
        if [ $code = 0 ]; then
            passed=$((passed + 1))
            continue
        fi
        passed=0
        failed=$((failed + 1))
        if [ $code -ne 1 ] || [ ! -s err ] || grep -qE 'Sanitizer|runtime error' err || [ -e product ] || [ -n "$(ls -A | grep '^\.')" ]; then
            bad=$((bad + 1))
            echo "$name: allocation $n: exit code $code$([ -e product ] && echo ', an output file')"
            head -8 err | sed 's/^/    /'
            [ $bad -lt 10 ] || exit 1
        fi
    done
    echo "$name: $failed failures out of $((n - 25)), each reported"
}

torture version version
torture inspect-gguf inspect "$golden/dequant.gguf" --tensors
torture inspect-json inspect "$golden/tiny.onnx" --json --tensors
torture inspect-folder inspect "$golden/tiny" --metadata
torture quantize-gguf quantize -q -t 2 --type q4_0 "$golden/gpt/llama.gguf" product
torture quantize-folder quantize -q -t 2 --type q8_0 "$golden/gpt/qwen3" product
torture quantize-tokenizer quantize -q -t 2 --type q4_k "$golden/tiny" product
[ $bad = 0 ]
