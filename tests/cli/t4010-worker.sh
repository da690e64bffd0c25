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

# an entry that ended its workers goes to the stream of dead jobs, once; one that was lost fewer times is done
cli DEL jobs jobs:results >/dev/null
cli XGROUP CREATE jobs aigc 0 MKSTREAM >/dev/null
poison=$(cli XADD jobs '*' job '{"kind": "speak", "text": "Poison."}')
unlucky=$(cli XADD jobs '*' job '{"kind": "speak", "text": "Unlucky.", "out": "unlucky.wav"}')
cli XREADGROUP GROUP aigc gone COUNT 2 STREAMS jobs '>' >/dev/null
cli XCLAIM jobs aigc gone 0 "$poison" RETRYCOUNT 3 >/dev/null
cli XCLAIM jobs aigc gone 0 "$unlucky" RETRYCOUNT 2 >/dev/null
sleep 1.1
"$AIGC" worker -q --deliveries 3 --claim-after 1 --stop-after 2 --out-dir made $url 2>err || fail "the worker ended with $?"
[ "$(cli --raw XRANGE jobs:dead - + | sed -n '2,$p' | tr '\n' ' ')" = "entry $poison deliveries 3 job {\"kind\": \"speak\", \"text\": \"Poison.\"} " ] || fail "dead jobs: $(cli --raw XRANGE jobs:dead - +)"
[ -s made/unlucky.wav ] && [ "$(cli XLEN jobs:results)" = 2 ] && [ "$(cli XPENDING jobs aigc | head -1)" = 0 ] || fail "what was not poison: $(cli XRANGE jobs:results - +)"

# jobs that lie in one round are different people's: the same id and output do not meet, and none takes another's text or file
cli DEL jobs:results >/dev/null
for job in '{"id": "same", "kind": "speak", "text": "First.", "out": "one.wav"}' '{"id": "same", "kind": "speak", "text": "Second.", "out": "two.wav"}' \
    '{"id": "x", "kind": "speak", "text": "Third.", "out": "three.wav"}' '{"id": "y", "kind": "speak", "text": "Fourth.", "out": "three.wav"}' \
    '{"id": "z", "kind": "speak", "text": "{{x.text}}"}' '{"id": "v", "kind": "vocode", "input": "{{x.file}}"}'; do
    cli XADD jobs '*' job "$job" >/dev/null
done
"$AIGC" worker -q --stop-after 2 --out-dir made $url 2>err || fail "the worker ended with $?"
cli --raw XRANGE jobs:results - + >results
[ "$(grep -c '^done$' results)" = 4 ] && [ "$(grep -c 'found, a job that stands for itself wanted' results)" = 2 ] || fail "jobs of one round: $(cat results)"

# a server that answers with what is no answer ends in no crash, and its numbers go into no job
cat >fake.py <<'P'
import socket, sys
def text(s): return b"$%d\r\n%s\r\n" % (len(s), s.encode())
def entry(name, fields): return b"*1\r\n*2\r\n" + name + fields
pending = b"*1\r\n*4\r\n" + text("1-1") + text("gone") + b":9000\r\n:1\r\n"
good = b"*2\r\n" + text("job") + text('{"kind": "speak", "text": "a"}')
claims = [b"$-1\r\n", b"*-1\r\n", b"*1\r\n$-1\r\n", b"*1\r\n:1\r\n", b"*1\r\n*0\r\n", b"*1\r\n*-1\r\n", entry(b":5\r\n", good), entry(text("1-1"), b"*-1\r\n"),
          entry(text("1-1"), b"*2\r\n:5\r\n:6\r\n"), entry(text("1-1"), b"*2\r\n" + text("job") + b"$-1\r\n"), entry(text("1-1"), b"*2\r\n" + text("job") + b"*1\r\n:1\r\n"),
          entry(text('x","out":"evil.wav","z":"'), good), entry(text("1-"), good), entry(text("1" * 5000 + "-1"), good), b":9223372036854775807\r\n", text("x"), b"*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n"]
pends = [pending, b":1\r\n", b"*-1\r\n", b"*1\r\n*4\r\n:1\r\n:1\r\n:1\r\n:1\r\n", b"*1\r\n*4\r\n" + text("1-1") * 4, b"*1\r\n*1\r\n" + text("1-1"), b"*1\r\n*4\r\n$-1\r\n$-1\r\n$-1\r\n$-1\r\n"]
reads = [b"*1\r\n:5\r\n", b"*1\r\n*2\r\n:1\r\n:2\r\n", b"*1\r\n*2\r\n" + text("jobs") + b"*2\r\n$-1\r\n:1\r\n"]
tries = [(pending, c, b"*-1\r\n") for c in claims] + [(p, b"*0\r\n", b"*-1\r\n") for p in pends] + [(b"*0\r\n", b"*0\r\n", r) for r in reads]
s = socket.socket()
s.bind(("127.0.0.1", 0))
s.listen(5)
print(s.getsockname()[1], len(tries), flush=True)
for pend, claim, read in tries:
    c, _ = s.accept()
    asked = 0
    try:
        while d := c.recv(65536):
            asked += b"XPENDING" in d
            c.sendall(b"+OK\r\n" if b"XGROUP" in d else b"-ERR end\r\n" if b"XPENDING" in d and asked == 2 else pend if b"XPENDING" in d
                      else claim if b"XCLAIM" in d else read if b"XREADGROUP" in d else b":1\r\n")
    except OSError:
        pass
P
python3 fake.py >fake.out &
one=$!
appears fake.out
read -r fake tries <fake.out
while [ "$tries" -gt 0 ]; do
    expect 1 timeout 60 "$AIGC" worker -q --out-dir made redis://127.0.0.1:$fake/jobs
    tries=$((tries - 1))
done
[ ! -e made/evil.wav ] || fail "an entry's number became part of a job"
wait $one

# Ctrl-C ends a worker that waits
$listens "$AIGC" worker $url >three.log 2>&1 &
two=$!
catches $two
sleep 0.2
kill -INT $two
wait $two
[ $? = 130 ] || fail "Ctrl-C does not end a waiting worker"
