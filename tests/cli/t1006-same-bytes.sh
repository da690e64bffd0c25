# The same seed gives the same tokens with SmolLM2 itself: for 1, 2, 3 and 8 threads, and alone or as the fourth of eight.
. "$SOURCE_DIR/tests/cli/lib.sh"
needs_model smollm2 smollm2/SmolLM2-135M-Instruct.Q4_1.gguf

# tokens SEED ARGUMENT…: the tokens of the text with this seed
tokens() {
    seed=$1
    shift
    "$AIGC" text -q -p "Tell me of the sea." -n 10 --temp 1.2 --json "$@" 2>err </dev/null | tokens_of "$seed"
}
# tokens_of SEED: those in the JSON
tokens_of() { grep -o "\"tokens\": \[[0-9, ]*\][^]]*\"seed\": $1," | sed 's/\].*//; s/.*\[//'; }
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
    # a text by drafts (text/draft.h): alone in few passes, for any number of threads; among 12, where little is drafted; among 16,
    # where nothing is. The likeliest tokens under a penalty, and by chance
    line='Boats: red, 4 oars, 12 feet. Boats: blue, 6 oars, 18 feet. Boats: green, 8 oars, 24 feet. Copy the list with each line twice.'
    for way in "--temp 0 --repeat-penalty 1.01" "--temp 0.4 --top-p 0.95"; do
        write() { "$AIGC" text -q -p "$line" -n 30 --ignore-end $way --json "$@" 2>err </dev/null; }
        write -s 8 -t 1 >drafts
        accepted=$(grep -o '"accepted": [0-9]*' drafts | tr -cd 0-9)
        [ "${accepted:-0}" -ge 3 ] || fail "kernel '$level', $way: $accepted tokens came from drafts: $(cat drafts)"
        wanted=$(tokens_of 8 <drafts)
        case $way in *penalty*) threads="2 8" others=12 ;; *) threads=3 others=16 ;; esac
        for t in $threads; do
            [ "$(write -s 8 -t $t | tokens_of 8)" = "$wanted" ] || fail "kernel '$level', $way: -t $t gives other tokens by drafts"
        done
        [ "$(write -s 3 -b $others | tokens_of 8)" = "$wanted" ] || fail "kernel '$level', $way: a text by drafts differs from the same among $others"
    done
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
