#!/bin/sh
# Builds the fuzz preset and runs every target for so many seconds each (default 60), from the seeds in tests/fuzz/seeds.
# usage: tests/fuzz/run.sh [SECONDS] [TARGET…]        as in: tests/fuzz/run.sh 5 gguf onnx
# What was found on the way is kept in build-fuzz/corpus; an input that fails lies in build-fuzz/found, and the exit code is 1.
set -eu
cd "$(dirname "$0")/../.."
seconds=${1:-60}
[ $# -eq 0 ] || shift
cmake --preset fuzz >/dev/null
if [ $# -eq 0 ]; then
    for source in tests/fuzz/fuzz_*.c; do
        name=${source#tests/fuzz/fuzz_}
        set -- "$@" "${name%.c}"
    done
fi
for name in "$@"; do set -- "$@" "fuzz_$name" && shift; done
cmake --build --preset fuzz --target "$@" >/dev/null
mkdir -p build-fuzz/found
failed=0
for target in "$@"; do
    name=${target#fuzz_}
    mkdir -p "build-fuzz/corpus/$name" "tests/fuzz/seeds/$name"
    log=build-fuzz/found/$name.log
    if "build-fuzz/$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=16384 -print_final_stats=1 \
        -artifact_prefix="build-fuzz/found/$name-" "build-fuzz/corpus/$name" "tests/fuzz/seeds/$name" >"$log" 2>&1; then
        echo "$name: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") inputs in $seconds s, nothing found"
    else
        failed=1
        echo "$name: FAILED, see $log and the input beside it"
        grep -E 'ERROR|runtime error|fuzz.*\.[ch]:' "$log" | head -5
    fi
done
exit $failed
