# The same seed gives the same tokens with SmolLM2 itself: for 1, 2, 3 and 8 threads, and alone or as the fourth of eight.
. "$SOURCE_DIR/tests/cli/lib.sh"
needs_model smollm2 smollm2/SmolLM2-135M-Instruct.Q4_1.gguf

# tokens SEED ARGUMENT…: the tokens of the text with this seed
tokens() {
    seed=$1
    shift
    "$AIGC" text -q -p "Tell me of the sea." -n 10 --temp 1.2 --json "$@" 2>err </dev/null |
        grep -o "\"tokens\": \[[0-9, ]*\][^]]*\"seed\": $seed," | sed 's/\].*//; s/.*\[//'
}
for level in "" avx2; do # the CPU's best, and one that nearly every CPU has; a level that it lacks is refused
    AIGC_KERNEL=$level
    [ "$level" ] && export AIGC_KERNEL || unset AIGC_KERNEL
    "$AIGC" version >/dev/null 2>&1 || continue
    wanted=$(tokens 8 -s 8 -t 1)
    [ "$(echo "$wanted" | tr -cd , | wc -c)" = 9 ] || fail "ten tokens wanted, '$wanted' found"
    for t in 2 3 8; do
        [ "$(tokens 8 -s 8 -t $t)" = "$wanted" ] || fail "kernel '$level': -t $t gives other tokens"
    done
    [ "$(tokens 8 -s 5 -b 8)" = "$wanted" ] || fail "kernel '$level': the fourth of eight differs from the same text alone"
done
exit 0
