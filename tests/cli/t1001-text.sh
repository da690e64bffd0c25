# aigc text with the tiny model: what it writes, where from, and that it repeats.
. "$SOURCE_DIR/tests/cli/lib.sh"
tiny=$SOURCE_DIR/tests/golden/tiny
greedy="--temp 0 --repeat-penalty 1"

same() { # same WHAT TEXT: stdout is TEXT and a line's end
    printf '%s\n' "$2" >wanted
    cmp -s wanted out || fail "$1: '$(cat out)' found, '$2' wanted"
}

# a folder, a .safetensors, a .gguf; from -p, a word, -f, stdin
moon=" on the mat and looked at the moon."
for model in "$tiny" "$tiny/model.safetensors" "$tiny.gguf"; do
    expect 0 "$AIGC" text -m "$model" --raw $greedy -p "The cat sat"
    same "$model" "$moon"
    [ ! -s err ] || fail "$model: something on stderr"
done
expect 0 "$AIGC" text -m "$tiny" --raw $greedy "The cat sat"
same "a word" "$moon"
printf 'The cat sat\n' >prompt.txt
expect 0 "$AIGC" text -m "$tiny" --raw $greedy -f prompt.txt
same "a file" "$moon"
"$AIGC" text -m "$tiny" --raw $greedy <prompt.txt >out 2>err || fail "stdin"
same "stdin" "$moon"
"$AIGC" text -m "$tiny" --raw $greedy -f - <prompt.txt >out 2>err || fail "-f -"
same "-f -" "$moon"

# the chat template, stop texts, limits
expect 0 "$AIGC" text -m "$tiny" $greedy -p "How is the rain?"
same "an answer" "Warm, in spring."
expect 0 "$AIGC" text -m "$tiny" $greedy -p "How is the rain?" --stop "never" --stop " in sp"
same "a stop text" "Warm,"
expect 0 "$AIGC" text -m "$tiny" --raw $greedy -p "The cat sat" -n 3
same "three tokens" " on the mat"
expect 0 "$AIGC" text -m "$tiny" --raw $greedy --ctx 8 -p "The cat sat"
grep -q 'context of 8 positions is full' err || fail "a full context is not told"
expect 0 "$AIGC" text -m "$tiny" --raw $greedy --ctx 12 -p "One two three" --ignore-end --shift -n 40 --json
grep -q '"stop_reason": "length"' out || fail "--shift does not go on"
expect 0 "$AIGC" text -m "$tiny" --raw $greedy --ignore-end -p "One two"
grep -q 'stopped after 512 tokens\|context of 256 positions is full' err || fail "the end by a limit nobody gave is not told"

# the same seed, the same bytes: any threads, alone or among others
for t in 1 2 3 8; do
    expect 0 "$AIGC" text -m "$tiny.gguf" --raw --temp 2 --top-k 0 --top-p 1 --min-p 0 -n 60 --seed 5 -t $t --ctx 60 --shift -p "One two"
    [ ! -f first ] || cmp -s first out || fail "-t $t gives another text"
    cp out first
done
expect 0 "$AIGC" text -m "$tiny.gguf" --raw --temp 2 --top-k 0 --top-p 1 --min-p 0 -n 60 --seed 0 -b 8 --ctx 60 --shift -p "One two"
awk 'BEGIN { RS = "---\n" } NR == 6 { printf "%s", $0 }' out >sixth
cmp -s first sixth || fail "seed 5 among eight gives another text"
expect 0 "$AIGC" text -m "$tiny" --raw --temp 2 -n 20 --seed 6 -p "One two"
cmp -s first out && fail "another seed gives the same text"

# --json
expect 0 "$AIGC" text -m "$tiny" --raw $greedy -p "A ship" --json --logprobs --seed 9
grep -q '"architecture": "llama".*"tokens": \[[0-9, ]*\], "logprobs": \[-[-0-9.e, ]*\], "prompt_tokens": [0-9]*, "stop_reason": "end", "seed": 9, "timings": {' out ||
    fail "--json: $(cat out)"
grep -q '"text": " sailed over the sea to a green island."' out || fail "--json: no text"
expect 0 "$AIGC" text -m "$tiny" --raw -p "A ship" --json -b 3 --seed 1
[ "$(grep -o '"stop_reason"' out | wc -l)" = 3 ] || fail "--json -b 3: not three results"
expect 0 "$AIGC" text -m "$tiny" -p "How is the rain?" --seed 77 -v
grep -q 'seed 77' err || fail "--verbose does not tell the seed"

# tasks, templates, examples, system
expect 0 "$AIGC" text -m "$tiny" $greedy --task summarize -p "A text." -n 4
printf 'Where did the {{thing}} go{{input}}' >task.txt
expect 0 "$AIGC" text -m "$tiny" $greedy --task task.txt --field thing=ship -p "?"
grep -q 'green island' out || fail "a template file: '$(cat out)'"
expect 2 "$AIGC" text -m "$tiny" --task task.txt -p x
grep -q '{{thing}}' err || fail "a field that is missing is not named"
printf '{"input": "What did the cat do?", "output": "It sat on the mat."}\n' >examples.jsonl
expect 0 "$AIGC" text -m "$tiny" $greedy --examples examples.jsonl -p "How is the rain?" --json
grep -q '"prompt_tokens": 63,' out || fail "examples are not turns"
expect 0 "$AIGC" text -m "$tiny" $greedy --raw --examples examples.jsonl -p "How is the rain?" -n 8
expect 0 "$AIGC" text -m "$tiny" $greedy --system "Be brief." -p "How is the rain?" -n 8
exit 0
