# A job file is checked, run, resumed and sharded; what is wrong is told at its place and stops nothing else.
. "$SOURCE_DIR/tests/cli/lib.sh"

cat >bad.jsonl <<'J'
{"id": "a", "kind": "text", "prompt": "x", "tokens": "many"}
{"id": "b", "kind": "image", "prompt": "x", "out": "../b.png"}
{"id": "c", "kind": "text", "prompt": "{{nobody.text}}"}
{"id": "d", "kind": "text", "prompt": "x"
J
expect 3 "$AIGC" batch --check bad.jsonl
grep -q "bad.jsonl:1:54: --tokens: 'many' found" err || fail "line 1's fault is not told"
grep -q "bad.jsonl:2:52: .*'\.\.'" err || fail "line 2's fault is not told"
grep -q "bad.jsonl:3:39: .*nobody" err || fail "line 3's fault is not told"
grep -q "bad.jsonl:4:[0-9]*: no JSON" err || fail "line 4's fault is not told"
[ ! -e bad.jsonl.journal ] || fail "--check makes a journal"
expect 3 "$AIGC" batch absent.jsonl
expect 2 "$AIGC" batch
expect 2 "$AIGC" batch --shard 3/2 bad.jsonl

needs_model smollm2 smollm2/SmolLM2-135M-Instruct.Q4_1.gguf
printf 'sku,name\nA1,lamp\nB2,"chair, red"\n' >rows.csv
cat >jobs.jsonl <<'J'
{"defaults": {"tokens": 8}, "kind": "text"}
{"id": "first", "kind": "text", "prompt": "Say hello.", "seed": 5}
{"id": "second", "kind": "text", "prompt": "Repeat: {{first.text}}", "out": "sub/second.txt"}
{"id": "lost", "kind": "text", "prompt": "x", "model": "no-such-model"}
{"id": "after", "kind": "text", "prompt": "{{lost.text}}"}
{"rows": "rows.csv"}
{"id": "ad", "kind": "text", "prompt": "Sell this {{row.name}}.", "out": "{{row.sku}}.txt"}
J
expect 4 "$AIGC" batch jobs.jsonl
grep -q "job 'lost': no-such-model" err || fail "a missing model is not told"
grep -q "job 'after': it needs 'lost'" err || fail "a failed need is not told"
for f in first.txt sub/second.txt A1.txt B2.txt; do [ -s $f ] || fail "$f is missing"; done
[ ! -e lost.txt ] || fail "a failed job left an output"
mkdir kept && cp first.txt sub/second.txt A1.txt B2.txt kept

# again: nothing is made twice, the failed ones are tried again
before=$(stat -c %Y.%i first.txt)
expect 4 "$AIGC" batch jobs.jsonl
[ "$(stat -c %Y.%i first.txt)" = "$before" ] || fail "a finished job was run again"
grep -q '4 were done before' err || fail "the finished jobs are not counted"

# an output that was changed is made again, with the same bytes; so are all with other threads and company
echo changed >A1.txt
rm B2.txt
expect 4 "$AIGC" batch jobs.jsonl
expect 4 "$AIGC" batch --force -t 1 --parallel 1 --out-dir alone --journal alone.journal jobs.jsonl
for f in first.txt A1.txt B2.txt; do
    cmp -s kept/$f $f || fail "$f has other bytes than in the first run"
    cmp -s kept/$f alone/$f || fail "$f has other bytes alone and with one thread"
done

# the same request by hand gives the same text
"$AIGC" text -p "Say hello." -n 8 --seed 5 -q >by-hand.txt 2>/dev/null </dev/null
cmp -s by-hand.txt first.txt || fail "aigc text gives another text than the job"

# two shards make together what one machine makes
for i in 1 2; do "$AIGC" batch --shard $i/2 --out-dir shards jobs.jsonl >/dev/null 2>&1; done
cmp -s shards/A1.txt kept/A1.txt && cmp -s shards/B2.txt kept/B2.txt && cmp -s shards/second.txt kept/second.txt 2>/dev/null ||
    { cmp -s shards/sub/second.txt kept/second.txt || fail "the shards' outputs differ"; }
expect 0 "$AIGC" batch --merge all.journal jobs.jsonl.1-of-2.journal jobs.jsonl.2-of-2.journal
[ "$(wc -l <all.journal)" = 6 ] || fail "the merged journal has $(wc -l <all.journal) records, 6 wanted"
