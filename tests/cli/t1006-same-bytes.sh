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
    beginning='The old man and the sea: a story of a man who fishes and fishes. It begins so:'
    # a prompt that goes on from what was written just before it, in one program and in a new one
    echo '{"id":"a","kind":"text","prompt":"'"$beginning"'","raw":true,"tokens":40,"ignore_end":true,"out":"a.txt"}
{"id":"b","kind":"text","prompt":"'"$beginning"'{{a.text}} Then","raw":true,"tokens":10,"temp":1.2,"seed":3,"needs":["a"],"out":"b.txt"}' >goes_on.jsonl
    "$AIGC" batch -q --force goes_on.jsonl 2>err || fail "kernel '$level': the jobs: $(cat goes_on.jsonl.journal)"
    printf '%s%s Then' "$beginning" "$(cat a.txt)" >whole
    "$AIGC" text -q --raw -f whole -n 10 --temp 1.2 -s 3 >alone 2>err </dev/null
    cmp -s alone b.txt || fail "kernel '$level': a text that goes on from another differs from the same alone: $(cat b.txt) | $(cat alone)"
done
exit 0
