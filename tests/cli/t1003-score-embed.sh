# aigc score, embed and bench with the tiny model, against transformers' figures (tests/golden/gen_tiny.py).
. "$SOURCE_DIR/tests/cli/lib.sh"
tiny=$SOURCE_DIR/tests/golden/tiny

expect 0 "$AIGC" score -m "$tiny" --exact -p "A ship sailed over the sea to a green island."
grep -q '^perplexity 1.0018' out || fail "perplexity: $(cat out)"
expect 0 "$AIGC" score -m "$tiny" --exact -p "A cat on an island: über 7 ☃!" --json
grep -q '^{"tokens": \[.*"logprobs": \[null, -.*"nll": 7.68.*"perplexity": 2165\.[0-9]*}$' out || fail "--json: $(cat out)"
printf 'A ship sailed over the sea to a green island.' >text
expect 0 "$AIGC" score -m "$tiny" --exact -f text
grep -q '^tokens 17$' out || fail "-f: $(cat out)"
"$AIGC" score -m "$tiny" --exact <text >other 2>err || fail "stdin"
cmp -s out other || fail "stdin and -f differ"
expect 0 "$AIGC" score -m "$tiny" --exact -f text --ctx 8 --stride 4
grep -q '^tokens 17$' out || fail "--stride: $(cat out)"
expect 0 "$AIGC" score -m "$tiny.gguf" -f text -t 1
cp out one
expect 0 "$AIGC" score -m "$tiny.gguf" -f text -t 8
cmp -s one out || fail "-t 8 scores otherwise than -t 1"

expect 0 "$AIGC" embed -m "$tiny" --exact -p "The cat sat on the mat and looked at the moon."
[ "$(wc -w <out)" = 32 ] || fail "embed: not 32 numbers"
expect 0 "$AIGC" embed -m "$tiny" -f text --json --normalize
grep -q '"prompt_tokens": 17, "embedding": \[' out || fail "embed --json: $(cat out)"

expect 0 "$AIGC" bench text -m "$tiny" --prompt 20 --tokens 10 --sequences 3 --runs 2 --json
grep -q '"batch_tokens_per_second"' out || fail "bench: $(cat out)"
expect 0 "$AIGC" bench text -m "$tiny" --prompt 20 --tokens 10 --sequences 1 --runs 1
grep -q '^prompt [0-9.]* tokens/s' out || fail "bench: $(cat out)"
exit 0
