# Texts and pictures run side by side: a picture begins as soon as its text is there, the bytes are those of each job alone,
# and failures, --fail-fast and Ctrl-C are sound while both are at work.
. "$SOURCE_DIR/tests/cli/lib.sh"
needs_model smollm2 smollm2/SmolLM2-135M-Instruct.Q4_1.gguf
needs_model hibari hibari/hibari.onnx

long_texts() { # long_texts N TOKENS
    i=0
    while [ $i -lt "$1" ]; do
        i=$((i + 1))
        echo '{"id": "long'$i'", "kind": "text", "prompt": "Tell a long story about the number '$i'.", "tokens": '"$2"', "metadata": "none"}'
    done
}

# the chain from a short text to its picture and sound ends while other texts go on
chain() { # chain N TOKENS: short jobs that need one another, and N long texts
    echo '{"id": "short", "kind": "text", "prompt": "Name a colour.", "tokens": 4}'
    echo '{"id": "drawn", "kind": "image", "prompt": "{{short.text}} apple", "steps": 2}'
    echo '{"id": "said", "kind": "speak", "text": "{{short.text}}"}'
    echo '{"id": "again", "kind": "text", "prompt": "Describe {{drawn.text}}.", "tokens": 4}'
    echo '{"id": "heard", "kind": "vocode", "input": "{{said.file}}", "iterations": 1}'
    echo '{"id": "vector", "kind": "embed", "prompt": "{{short.text}}"}'
    long_texts "$1" "$2"
}
chain 10 100 >chain.jsonl
expect 0 "$AIGC" batch -t 2 --json --out-dir chain chain.jsonl
python3 - <<'P' || fail "a picture or sound waits for texts that it does not need"
import json
order = [e["id"] for e in (json.loads(line) for line in open("err") if line.startswith("{")) if e["event"] == "job"]
assert len(order) == 16, order
last = max(order.index(f"long{i}") for i in range(1, 11))
for before, after in [("short", "drawn"), ("short", "said"), ("drawn", "again"), ("said", "heard"), ("short", "vector")]:
    assert order.index(before) < order.index(after), order
for id in ["drawn", "said", "again", "heard"]:
    assert order.index(id) < last, order
P

# one lane (-t 1), or two with any share of the threads: the same bytes
chain 4 12 >brief.jsonl
expect 0 "$AIGC" batch -t 2 --out-dir two brief.jsonl
for t in 1 3 8; do
    expect 0 "$AIGC" batch -t $t --parallel 3 --out-dir other --journal other.$t brief.jsonl
    diff -r two other >/dev/null || fail "-t $t gives other bytes than -t 2: $(diff -rq two other | head -3)"
    rm -r other
done

# where addresses are limited, all arenas, models and threads fit side by side, and the bytes are the same
(ulimit -v 6000000; expect 0 "$AIGC" batch -t 2 --out-dir narrow brief.jsonl) || exit 1
diff -r two narrow >/dev/null || fail "a limit of addresses gives other bytes: $(diff -rq two narrow | head -3)"
(ulimit -v 3000000; expect 0 "$AIGC" speak -q --phonemes hello) || exit 1

# a failure on one side stops nothing on the other, but for those that need it
{
    echo '{"id": "bad", "kind": "image", "prompt": "x", "model": "nobody"}'
    echo '{"id": "after", "kind": "text", "prompt": "{{bad.text}}", "tokens": 2}'
    echo '{"id": "spoken", "kind": "speak", "text": "One."}'
    long_texts 3 20
} >failure.jsonl
expect 4 "$AIGC" batch -t 2 failure.jsonl
grep -q '6 jobs: 4 done, 0 were done before, 2 failed' err || fail "a failure does more or less than it should"
grep -q "job 'after': it needs 'bad', which failed" err || fail "the reason of a failure does not cross the lanes"

# --fail-fast: what runs on the other side ends, nothing new begins
{ echo '{"id": "bad", "kind": "image", "prompt": "x", "model": "nobody"}'; long_texts 40 100; } >fast.jsonl
expect 4 "$AIGC" batch -t 2 --parallel 4 --fail-fast --out-dir fast fast.jsonl
grep -q '41 jobs: [0-4] done, 0 were done before, 1 failed, [34][0-9] not run' err || fail "--fail-fast goes on on the other side"

# Ctrl-C while both sides work: every output that is there is journalled, and the other way round; then it goes on
{
    long_texts 12 40
    i=0
    while [ $i -lt 12 ]; do
        i=$((i + 1))
        echo '{"id": "p'$i'", "kind": "image", "prompt": "3d red apple", "steps": 4, "seed": '$i'}'
    done
} >both.jsonl
$listens "$AIGC" batch -t 2 --out-dir both both.jsonl 2>stopped &
child=$!
until [ -s both.jsonl.journal ] && [ "$(wc -l <both.jsonl.journal)" -ge 3 ]; do sleep 0.01; done
kill -INT $child
wait $child
[ $? = 130 ] || fail "Ctrl-C: another exit code than 130"
grep -q 'interrupted; the same command goes on. 24 jobs: [0-9]* done, 0 were done before, 0 failed, [0-9]* not run' stopped || fail "no summary after Ctrl-C: $(cat stopped)"
sed 's/.*"path":"\([^"]*\)".*/\1/' both.jsonl.journal | sort >journalled
find both -type f -printf '%P\n' | sort | diff - journalled >/dev/null || fail "the journal and the outputs differ after Ctrl-C"
before=$(wc -l <both.jsonl.journal)
expect 0 "$AIGC" batch -t 2 --out-dir both both.jsonl
grep -q "$((24 - before)) done, $before were done before" err || fail "what was done before Ctrl-C is done again"

# the second Ctrl-C ends both sides at once
{ long_texts 4 2000; echo '{"id": "slow", "kind": "image", "prompt": "x", "steps": 900, "width": 256, "height": 256}'; } >slow.jsonl
$listens "$AIGC" batch -t 2 slow.jsonl 2>/dev/null &
child=$!
catches $child
sleep 0.4
begun=$(date +%s)
kill -INT $child
sleep 0.1 # two signals that are pending at once are one
kill -INT $child 2>/dev/null
wait $child
[ $? = 130 ] || fail "a second Ctrl-C: another exit code than 130"
[ $(($(date +%s) - begun)) -le 3 ] || fail "a second Ctrl-C does not end at once"
[ "$(find . -maxdepth 1 \( -name '.slow*' -o -name 'slow.png' \) | wc -l)" = 0 ] || fail "an interrupted job leaves a file"
