# Job files that mean harm, or are merely wrong: outputs that leave their folder are refused before anything runs, and one
# hostile line stops none of a thousand others.
. "$SOURCE_DIR/tests/cli/lib.sh"

mkdir -p outside real
ln -s "$work/outside" link
ln -s "$work/outside/x.txt" last.txt
echo file >plain
long=$(printf '%300s' | tr ' ' x)
deep=$(printf '%1400s' | sed 's, ,aa/,g')
cat >out.jsonl <<J
{"kind": "text", "prompt": "x", "out": "../x.txt"}
{"kind": "text", "prompt": "x", "out": "a/../../x.txt"}
{"kind": "text", "prompt": "x", "out": "$work/outside/x.txt"}
{"kind": "text", "prompt": "x", "out": "link/x.txt"}
{"kind": "text", "prompt": "x", "out": "last.txt"}
{"kind": "text", "prompt": "x", "out": "a\nb.txt"}
{"kind": "text", "prompt": "x", "out": "$long.txt"}
{"kind": "text", "prompt": "x", "out": "${deep}x.txt"}
{"kind": "text", "prompt": "x", "out": "plain/x.txt"}
{"kind": "text", "prompt": "x", "out": ".hidden"}
{"kind": "text", "prompt": "x", "out": ""}
{"kind": "text", "prompt": "x", "out": "a//b.txt"}
{"kind": "text", "prompt": "x", "out": "a/./b.txt"}
{"kind": "text", "prompt": "x", "out": "same.txt", "model": "absent"}
{"kind": "image", "prompt": "x", "out": "same.txt"}
{"kind": "text", "prompt": "x", "out": "tab\t.txt"}
{"id": "../../y", "kind": "text", "prompt": "x", "model": "absent"}
J
for mode in "--check" ""; do
    # shellcheck disable=SC2086
    "$AIGC" batch $mode out.jsonl >stdout 2>err </dev/null
    for line in 1 2 3 4 5 6 7 8 9 10 11 12 13 15 16; do
        grep -q "out.jsonl:$line:[0-9]*: " err || fail "${mode:-a run} does not refuse line $line: $(sed -n ${line}p out.jsonl | cut -c1-80)"
    done
    grep -q 'out.jsonl:1[47]:.*"out"' err && fail "the path of a good line is refused"
done
[ -z "$(find outside real -type f)" ] && [ ! -e ../x.txt ] && [ ! -e ../../y.txt ] || fail "something was written outside"
expect 4 "$AIGC" batch --out-dir real out.jsonl
[ -z "$(ls outside)" ] || fail "something was written outside --out-dir"

# a million lines are read in seconds, and little memory (the bars are 5 s and 300 MB on a quiet machine)
awk 'BEGIN { for (i = 0; i < 100000; i++) printf "{\"id\": \"t%d\", \"kind\": \"text\", \"prompt\": \"Write about %d.\", \"out\": \"t/%d.txt\"}\n", i, i, i }' >many.jsonl
(ulimit -v 4000000; expect 0 "$AIGC" batch --list many.jsonl) || exit 1
grep -q '100000 jobs are good' err || fail "not all lines are read"

# a place for a link that appears between the check and the write is not followed either
needs_model hibari hibari/hibari.onnx
echo '{"id": "a", "kind": "speak", "text": "One.", "out": "sub/a.wav"}' >late.jsonl
expect 0 "$AIGC" batch late.jsonl
rm -r sub && ln -s outside sub
expect 3 "$AIGC" batch --check late.jsonl
[ -z "$(ls outside)" ] || fail "a link is followed"

# one hostile line among a thousand
needs_model smollm2 smollm2/SmolLM2-135M-Instruct.Q4_1.gguf
{
    i=0
    while [ $i -lt 500 ]; do
        i=$((i + 1))
        echo '{"id": "v'$i'", "kind": "text", "prompt": "x", "tokens": 0, "out": "o/'$i'.txt"}'
    done
    printf '{"id": "\377\376", "kind": "text", "prompt": "\\u0000", "x": [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\n'
    while [ $i -lt 999 ]; do
        i=$((i + 1))
        echo '{"id": "v'$i'", "kind": "text", "prompt": "x", "tokens": 0, "out": "o/'$i'.txt"}'
    done
} >thousand.jsonl
expect 4 "$AIGC" batch thousand.jsonl
grep -q '^aigc: thousand.jsonl:501:' err || fail "the hostile line is not told"
grep -q '999 jobs: 999 done, 0 were done before, 0 failed' err || fail "the others are not done"
[ "$(find o -name "*.txt" | wc -l)" = 999 ] || fail "outputs are missing"
