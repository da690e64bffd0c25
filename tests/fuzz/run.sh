#!/bin/sh
# Builds the fuzz preset and runs every target for so many seconds each (default 60), as many at once as there are cores,
# from the seeds in tests/fuzz/seeds. usage: tests/fuzz/run.sh [SECONDS] [TARGET…]        as in: tests/fuzz/run.sh 5 gguf onnx
# What was found on the way is kept in build-fuzz/corpus; an input that fails lies in build-fuzz/found, and the exit code is 1.
set -eu
cd "$(dirname "$0")/../.."
seconds=${1:-60}
[ $# -eq 0 ] || shift

# fuzz NAME: one target
fuzz() {
    mkdir -p "build-fuzz/corpus/$1" "tests/fuzz/seeds/$1"
    log=build-fuzz/found/$1.log
    if "build-fuzz/fuzz_$1" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=16384 -print_final_stats=1 \
        -artifact_prefix="build-fuzz/found/$1-" "build-fuzz/corpus/$1" "tests/fuzz/seeds/$1" >"$log" 2>&1; then
        echo "$1: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") inputs in $seconds s, nothing found"
    else
        echo "$1: FAILED, see $log and the input beside it"
        grep -E 'ERROR|runtime error|fuzz.*\.[ch]:' "$log" | head -5
        return 1
    fi
}

if [ "${AIGC_FUZZ_ONE:-}" ]; then # called below, by xargs
    fuzz "$1"
    exit
fi
[ $# -gt 0 ] || set -- $(ls tests/fuzz/fuzz_*.c | sed 's/.*fuzz_//; s/\.c$//')
cmake --preset fuzz >/dev/null
mkdir -p build-fuzz/found
cmake --build --preset fuzz --target $(printf 'fuzz_%s ' "$@") >build-fuzz/build.log || { # a compiler's errors come on stdout, by ninja
    grep -E -A 5 'error|FAILED' build-fuzz/build.log | head -40 >&2
    exit 1
}
printf '%s\n' "$@" | AIGC_FUZZ_ONE=1 xargs -n 1 -P "$(nproc)" sh "$0" "$seconds"
