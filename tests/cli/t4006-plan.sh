# aigc plan tells what a job file will take from what earlier runs measured, and says so where nothing was measured.
. "$SOURCE_DIR/tests/cli/lib.sh"
needs_model hibari hibari/hibari.onnx
export XDG_CACHE_HOME="$work/cache"

for i in 1 2 3 4 5 6 7 8; do
    echo '{"id": "s'$i'", "kind": "speak", "text": "This is sentence number '$i' of those that are said here."}'
done >jobs.jsonl
expect 0 "$AIGC" plan jobs.jsonl
grep -q '^speak  *hibari  *8  *1  *?  *?  *?  nothing' out || fail "a voice that never spoke has a rate: $(cat out)"
grep -q '^8 jobs to run, 0 done before: at least 0.0 s' out || fail "no sum"
[ ! -e jobs.jsonl.journal ] || fail "a plan makes a journal"

head -4 jobs.jsonl >half.jsonl
expect 0 "$AIGC" batch --out-dir half half.jsonl
expect 0 "$AIGC" plan --json jobs.jsonl
cp out plan.json
expect 0 "$AIGC" batch --out-dir whole --json jobs.jsonl
python3 - "$(du -cb whole/*.wav | tail -1 | cut -f1)" <<'P' || fail "the plan is far from what came: $(cat plan.json)"
import json, sys
plan = json.load(open("plan.json"))
end = [json.loads(line) for line in open("err") if line.startswith("{")][-1]
assert plan["jobs"] == 8 and plan["done"] == 0 and plan["complete"] and len(plan["parts"]) == 1
part = plan["parts"][0]
assert (part["kind"], part["model"], part["jobs"], part["loads"], part["measured_jobs"]) == ("speak", "hibari", 8, 1, 4)
assert abs(plan["bytes"] / float(sys.argv[1]) - 1) < 0.1
assert end["seconds"] / 20 < plan["seconds"] < 20 * end["seconds"]  # other programs may run beside this test
assert 1e6 < plan["memory"] < 2e9
P
expect 0 "$AIGC" plan jobs.jsonl
grep -q '^0 jobs to run, 8 done before: 0.0 s' out || fail "jobs that are done are planned again"
expect 0 "$AIGC" batch --dry-run --force jobs.jsonl
grep -q '^8 jobs to run, 0 done before' out || fail "--force is not planned"

# texts that are not there yet count by what such jobs wrote; faults are told; a broken rates file is no harm
cat >chain.jsonl <<'J'
{"id": "t", "kind": "text", "prompt": "x", "tokens": 100}
{"id": "v", "kind": "speak", "text": "{{t.text}}"}
J
expect 0 "$AIGC" plan --json chain.jsonl
python3 -c 'import json; p = json.load(open("out")); assert not p["complete"] and p["parts"][1]["seconds"] > 0 and p["parts"][0]["seconds"] is None' || fail "a chain is planned wrongly"
echo '{"kind": "speak", "text": "x", "speed": 1000}' >>chain.jsonl
expect 3 "$AIGC" plan chain.jsonl
grep -q 'chain.jsonl:3:' err || fail "a fault is not told"
echo '{"speak 2 hibari": {"jobs": -1, "units": "x", "seconds": 1e400}, "x": [' >cache/aigc/rates.json
expect 0 "$AIGC" plan jobs.jsonl
expect 0 "$AIGC" batch --list jobs.jsonl
[ "$(cut -f1-3 out | head -1)" = "$(printf 's1\tspeak\ts1.wav')" ] || fail "--list lists other jobs"
