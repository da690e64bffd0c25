# Two workers on one Redis stream, one of them killed with SIGKILL: every job ends once, with the bytes of an unbroken run.
. "$SOURCE_DIR/tests/cli/lib.sh"

expect 2 "$AIGC" worker
expect 2 "$AIGC" worker http://localhost/x
expect 2 "$AIGC" worker redis://localhost
expect 1 "$AIGC" worker redis://127.0.0.1:1/x
grep -q 'redis://127.0.0.1:1: ' err || fail "an absent server is not told"
command -v redis-server >/dev/null && command -v redis-cli >/dev/null || { echo "skipped: no redis-server; 'apt-get install redis-server' gets it"; exit 77; }
needs_model hibari hibari/hibari.onnx

port=$((20000 + $$ % 20000))
redis-server --port $port --bind 127.0.0.1 --save '' --appendonly no --dir "$work" --requirepass secret >redis.log 2>&1 &
redis=$!
trap 'kill $redis $one $two 2>/dev/null; rm -rf "$work"' EXIT
one= two=
cli() { redis-cli -p $port -a secret --no-auth-warning "$@"; }
n=0
until [ "$(cli PING 2>/dev/null)" = PONG ]; do
    n=$((n + 1))
    [ $n -lt 100 ] || fail "redis-server does not start: $(tail -1 redis.log)"
    sleep 0.1
done
url=redis://:secret@127.0.0.1:$port/jobs
expect 3 "$AIGC" worker redis://:wrong@127.0.0.1:$port/jobs

jobs=40
n=0
while [ $n -lt $jobs ]; do
    n=$((n + 1))
    job='{"id": "s'$n'", "kind": "speak", "text": "This is sentence number '$n', and it is said once.", "out": "'$n'.wav"}'
    echo "$job" >>jobs.jsonl
    echo "XADD jobs * job '$job'"
done | cli >/dev/null
expect 0 "$AIGC" batch --out-dir whole jobs.jsonl

mkdir made
"$AIGC" worker -q --count 8 --claim-after 1 --stop-after 3 --out-dir made --name first $url >one.log 2>&1 &
one=$!
"$AIGC" worker --count 4 --claim-after 1 --stop-after 3 --out-dir made --name second $url >two.log 2>&1 &
two=$!
until [ "$(cli XLEN jobs:results)" -ge 5 ] && [ -n "$(cli XPENDING jobs aigc - + 1 first)" ]; do sleep 0.01; done
kill -9 $one
cli XADD jobs '*' job '{"kind": "speak", "text": "{{x.text}}"}' >/dev/null
cli XADD jobs '*' job '{"defaults": {"speed": 2}}' >/dev/null
cli XADD jobs '*' job '{"kind": "speak", "text": "a", "out": "../a.wav"}' >/dev/null
cli XADD jobs '*' job 'no JSON' >/dev/null
cli XADD jobs '*' other x >/dev/null
cli XADD jobs '*' job '{"kind": "speak",
  "text": "A job without an id."}' >/dev/null
wait $one 2>/dev/null
wait $two || fail "the second worker ended with $?: $(tail -2 two.log)"
diff -r whole made >diffs 2>&1
[ "$(grep -c . diffs)" = 1 ] && grep -q '^Only in made: [0-9]*-0.wav$' diffs || fail "outputs differ from an unbroken run's: $(head -3 diffs)"
cli --raw XRANGE jobs:results - + >results
[ "$(grep -c '^done$' results)" = $((jobs + 1)) ] || fail "$(grep -c '^done$' results) jobs done, $((jobs + 1)) wanted"
[ "$(grep -c '^failed$' results)" = 5 ] || fail "$(grep -c '^failed$' results) jobs failed, 5 wanted"
[ "$(grep '^s[0-9]*$' results | sort | uniq -d | wc -l)" = 0 ] || fail "a job has two results"
[ "$(cli XPENDING jobs aigc | head -1)" = 0 ] || fail "entries are still pending"
grep -q "^$(sha256sum <made/7.wav | cut -d' ' -f1)$" results || fail "a result does not hold its output's digest"

# Ctrl-C ends a worker that waits
"$AIGC" worker $url >three.log 2>&1 &
two=$!
catches $two
sleep 0.2
kill -INT $two
wait $two
[ $? = 130 ] || fail "Ctrl-C does not end a waiting worker"
