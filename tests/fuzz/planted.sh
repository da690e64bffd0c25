#!/bin/sh
# Proof that the fuzzers see: plants each bug of tests/fuzz/planted in a copy of the readers and lets its target run from
# the seeds until it fails. usage: tests/fuzz/planted.sh [SECONDS [BUG…]]   (the most for each bug, default 120; BUG as in
# tests/fuzz/planted/BUG.patch, default all)
set -eu
cd "$(dirname "$0")/../.."
seconds=${1:-120}
[ $# -eq 0 ] || shift
if [ $# -eq 0 ]; then
    for patch in tests/fuzz/planted/*.patch; do set -- "$@" "$(basename "$patch" .patch)"; done
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
missed=0
for bug in "$@"; do
    patch=tests/fuzz/planted/$bug.patch
    target=$(sed -n 's/^Target: //p' "$patch")
    rm -rf "$work/tree" "$work/corpus"
    mkdir -p "$work/tree/tests" "$work/corpus"
    cp -r core text "$work/tree"
    more=
    [ "$target" != tokenizer ] || more="gguf_write.c ../text/tokenizer*.c -lpcre2-8 -lutf8proc -ljansson"
    cp -r tests/fuzz "$work/tree/tests/fuzz"
    (cd "$work/tree" && patch -s -p1 <"$OLDPWD/$patch") || exit 1
    (cd "$work/tree/core" && clang -D_GNU_SOURCE -std=c11 -g -O1 -fsanitize=address,undefined,fuzzer -fno-sanitize-recover=undefined -I.. \
        ../tests/fuzz/fuzz_"$target".c weights.c weights_table.c name_index.c gguf.c onnx.c onnx_tensor.c protobuf.c safetensors.c \
        json_cursor.c quant.c tensor.c file.c arena.c alloc.c status.c $more -lm -lpthread -o "$work/fuzz")
    start=$(date +%s)
    if "$work/fuzz" -max_total_time="$seconds" -timeout=10 -max_len=4096 -artifact_prefix="$work/" "$work/corpus" \
        "tests/fuzz/seeds/$target" >"$work/log" 2>&1; then
        echo "$bug: MISSED in $seconds s"
        missed=1
    else
        echo "$bug: found after $(($(date +%s) - start)) s: $(grep -m1 -oE '(AddressSanitizer: [a-z-]+|runtime error: .*|fuzz[a-z_]*\.[ch]:[0-9]+: .*)' "$work/log")"
    fi
done
exit $missed
