# How a batch runs and goes on: files beside the job file, events, progress, --retry-failed, --force, --fail-fast, --retries,
# shards of an array job, --merge, Ctrl-C.
. "$SOURCE_DIR/tests/cli/lib.sh"
needs_model hibari hibari/hibari.onnx

said() { # said N ID TEXT: a speak job of N lines
    i=0
    while [ $i -lt "$1" ]; do
        i=$((i + 1))
        echo '{"id": "'"$2$i"'", "kind": "speak", "text": "'"$3 $i"'."}'
    done
}

# files that a job names lie beside the job file, wherever the program is started; a moved folder is the same input
mkdir -p deep/texts
echo 'This is in a file.' >deep/texts/a.txt
cat >deep/jobs.jsonl <<'J'
{"id": "a", "kind": "speak", "file": "texts/a.txt"}
{"id": "b", "kind": "vocode", "input": "{{a.file}}", "iterations": 2}
{"id": "c", "kind": "vocode", "input": "absent.npy"}
J
expect 4 "$AIGC" batch deep/jobs.jsonl
grep -q "job 'c': deep/absent.npy: " err || fail "a missing file is not told"
[ -s deep/a.wav ] && [ -s deep/b.wav ] || fail "outputs are not beside the job file"
mv deep moved
cd moved
expect 4 "$AIGC" batch jobs.jsonl
grep -q '2 were done before' err || fail "jobs of a moved folder are run again"
echo 'This is another.' >texts/a.txt
expect 4 "$AIGC" batch jobs.jsonl
grep -q '2 done, 0 were done before' err || fail "a changed file does not run its job again, and the one made of it"
cd ..

# events, a line each; the table of failures without them
cat >events.jsonl <<'J'
{"id": "good", "kind": "speak", "text": "One."}
{"id": "bad", "kind": "speak", "text": "Two.", "voice": "nobody"}
J
expect 4 "$AIGC" batch --json events.jsonl
python3 - <<'P' || fail "the events are not as documented"
import json
e = [json.loads(line) for line in open("err") if line.startswith("{")]
assert [x["event"] for x in e] == ["begin", "job", "job", "end"]
assert e[0]["jobs"] == 2 and e[0]["kinds"] == {"speak": 2}
assert e[1]["id"] == "good" and e[1]["state"] == "done" and e[1]["out"] == "good.wav" and e[1]["line"] == 1 and e[1]["seconds"] > 0
assert e[2]["id"] == "bad" and e[2]["state"] == "failed" and "nobody" in e[2]["error"]
assert (e[3]["done"], e[3]["failed"], e[3]["open"], e[3]["interrupted"]) == (1, 1, 0, False)
P
expect 4 "$AIGC" batch events.jsonl
grep -q '^ *2  speak  bad  *nobody: ' err || fail "no table of failures"

# --retry-failed runs nothing new, --force runs all, --fail-fast stops
said 2 more Something >>events.jsonl
expect 4 "$AIGC" batch --retry-failed events.jsonl
grep -q '2 jobs: 0 done, 1 were done before, 1 failed' err || fail "--retry-failed runs other jobs than those that failed"
expect 0 "$AIGC" batch --alias nobody=hibari --retry-failed events.jsonl
grep -q '1 done, 1 were done before, 0 failed' err || fail "--alias does not put another voice in place"
before=$(stat -c %Y.%i good.wav)
expect 0 "$AIGC" batch --alias nobody=hibari events.jsonl
grep -q '2 done, 2 were done before' err || fail "finished jobs are counted wrongly"
[ "$(stat -c %Y.%i good.wav)" = "$before" ] || fail "a finished job is run again"
expect 0 "$AIGC" batch --alias nobody=hibari --force events.jsonl
grep -q '4 done, 0 were done before' err || fail "--force does not run all"
{ echo '{"id": "first", "kind": "speak", "text": "One.", "voice": "nobody"}'; said 3 fast Word; } >fast.jsonl
expect 4 "$AIGC" batch --fail-fast fast.jsonl
grep -q '4 jobs: 0 done, 0 were done before, 1 failed, 3 not run' err || fail "--fail-fast goes on"

# a write that fails is tried again, and stops nothing else (a limit on the size of files stands for a full disk)
{ said 1 short Word; echo '{"id": "long", "kind": "speak", "text": "A sentence that takes some more time to say than a word, and another one, and a third."}'; said 1 late Word; } >disk.jsonl
(trap '' XFSZ; ulimit -f 180; expect 4 "$AIGC" batch --json --retries 2 disk.jsonl) || exit 1
grep '"id":"long"' err | grep -q '"state":"failed".*"attempts":3.*long.wav: cannot be written: File too large' || fail "no three attempts, or another reason"
[ -s short1.wav ] && [ -s late1.wav ] && [ ! -e long.wav ] || fail "a full disk stops other jobs, or leaves a half file"
[ "$(find . -name '.*.??????' | wc -l)" = 0 ] || fail "a temporary file stays"
expect 0 "$AIGC" batch disk.jsonl
grep -q '1 done, 2 were done before' err || fail "what failed is not run again"

# the shards of an array job; their journals joined are the journal of the whole
said 12 part Number >parts.jsonl
expect 0 "$AIGC" batch --out-dir a/b/whole parts.jsonl
mv a/b/whole whole
mv parts.jsonl.journal whole.journal
for i in 4 5 6; do
    SLURM_ARRAY_TASK_ID=$i SLURM_ARRAY_TASK_MIN=4 SLURM_ARRAY_TASK_COUNT=3 expect 0 "$AIGC" batch --shard slurm --out-dir shared parts.jsonl
done
diff -r whole shared >/dev/null || fail "the shards' outputs are not those of one machine"
expect 0 "$AIGC" batch --merge parts.jsonl.journal parts.jsonl.1-of-3.journal parts.jsonl.2-of-3.journal parts.jsonl.3-of-3.journal
expect 0 "$AIGC" batch --out-dir shared parts.jsonl
grep -q '12 jobs: 0 done, 12 were done before' err || fail "the joined journal does not know all jobs"
expect 2 "$AIGC" batch --shard slurm parts.jsonl

# progress is one line, on a terminal alone
expect 0 "$AIGC" batch --force parts.jsonl
grep -q 'a minute' err && fail "progress without a terminal"
if command -v script >/dev/null; then
    { shows 1 '(11/12 speak)'; : >seen; } | on_terminal "'$AIGC' batch --force parts.jsonl"
    grep -q '11/12, [0-9]* a minute, [0-9]* s left (11/12 speak)' out || fail "no progress on a terminal"
fi

# Ctrl-C: what runs is dropped, what is done stays, the same command goes on
said 60 many "This sentence is one of very many, and its number is" >many.jsonl
$listens "$AIGC" batch --out-dir many many.jsonl 2>stopped &
child=$!
until [ -s many.jsonl.journal ] && [ "$(wc -l <many.jsonl.journal)" -ge 3 ]; do sleep 0.01; done
kill -INT $child
wait $child
[ $? = 130 ] || fail "Ctrl-C: another exit code than 130"
grep -q 'interrupted; the same command goes on. 60 jobs: [0-9]* done, 0 were done before, 0 failed, [0-9]* not run' stopped || fail "no summary after Ctrl-C: $(cat stopped)"
[ "$(wc -l <many.jsonl.journal)" = "$(find many -type f | wc -l)" ] || fail "the journal and the outputs differ after Ctrl-C"
before=$(wc -l <many.jsonl.journal)
expect 0 "$AIGC" batch --out-dir many many.jsonl
grep -q "$((60 - before)) done, $before were done before" err || fail "what was done before Ctrl-C is done again"

# a second Ctrl-C ends at once, also within a job that takes long
echo '{"id": "slow", "kind": "image", "prompt": "3d red apple", "steps": 900, "width": 256, "height": 256, "tile": true}' >slow.jsonl
$listens "$AIGC" batch slow.jsonl 2>/dev/null &
child=$!
catches $child
sleep 0.2
kill -INT $child
sleep 0.2 # two at once would be one
kill -INT $child 2>/dev/null
begun=$(date +%s)
wait $child
[ $? = 130 ] || fail "a second Ctrl-C: another exit code than 130"
[ $(($(date +%s) - begun)) -le 3 ] || fail "a second Ctrl-C does not end at once"
[ ! -e slow.png ] && [ "$(find . -maxdepth 1 -name '.slow*' | wc -l)" = 0 ] || fail "an interrupted job leaves a file"
