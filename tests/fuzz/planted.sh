#!/bin/sh
# Proof that the fuzzers see: plants each bug of tests/fuzz/planted in a copy of its source file and lets the target run
# from the seeds until it fails. usage: tests/fuzz/planted.sh [SECONDS [BUG…]]   (the most for each bug, default 120; BUG as
# in tests/fuzz/planted/BUG.patch, default all)
set -eu
cd "$(dirname "$0")/../.."
seconds=${1:-120}
[ $# -eq 0 ] || shift
[ $# -gt 0 ] || set -- $(ls tests/fuzz/planted/*.patch | sed 's/.*\///; s/\.patch$//')
cmake --preset fuzz >/dev/null
cmake --build --preset fuzz >/dev/null
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM

# The command that compiles a source file or links a target, as the build has it.
command_for() { (cd build-fuzz && ninja -t commands "$1" | tail -1); }

missed=0
for bug in "$@"; do
    patch=tests/fuzz/planted/$bug.patch
    target=$(sed -n 's/^Target: //p' "$patch")
    source=$(sed -n 's/^--- a\///p' "$patch")
    rm -rf "$work/tree" "$work/corpus"
    mkdir -p "$work/tree/${source%/*}" "$work/corpus"
    cp "$source" "$work/tree/$source"
    patch -s -d "$work/tree" -p1 <"$patch"
    compile=$(command_for "CMakeFiles/aigc_${source%/*}.dir/$source.o" | sed "s| -o [^ ]*| -o $work/bug.o|; s| -MF [^ ]*||; s| -MD| |; s| -MT [^ ]*||; s| -c .*| -c $work/tree/$source|")
    link=$(command_for "fuzz_$target" | sed "s|^: && ||; s| && :\$||; s| -o fuzz_$target | $work/bug.o -o $work/fuzz |")
    (cd build-fuzz && eval "$compile" && eval "$link") # the object stands before the libraries, so theirs is not taken
    start=$(date +%s)
    if "$work/fuzz" -max_total_time="$seconds" -timeout=10 -max_len=4096 -artifact_prefix="$work/" "$work/corpus" \
        "tests/fuzz/seeds/$target" >"$work/log" 2>&1; then
        echo "$bug: MISSED in $seconds s"
        missed=1
    else
        echo "$bug: found after $(($(date +%s) - start)) s: $(grep -m1 -oE '(AddressSanitizer: [a-zA-Z-]+|runtime error: .*|fuzz[a-z_]*\.[ch]:[0-9]+: .*|libFuzzer: .*)' "$work/log")"
    fi
done
exit $missed
