# Every OpenAI request has its answer in its place: one with a fault is answered with 400 and the reason. Texts come as token ids
# too. A text that is cut by its length says so.
. "$SOURCE_DIR/tests/cli/lib.sh"

# answers FILE ID…: FILE's answers are of these custom_ids, in this order ("-": none), and those with a fault say which
answers() {
    python3 - "$@" <<'P' || fail "$1: the answers are not right"
import json, sys
lines = [json.loads(line) for line in open(sys.argv[1])]
assert [x["custom_id"] for x in lines] == [None if a == "-" else a for a in sys.argv[2:]], [x["custom_id"] for x in lines]
for x in lines:
    r = x["response"]
    assert x["error"] is None and r["status_code"] in (200, 400), x
    if r["status_code"] == 400: assert r["body"]["error"]["type"] == "invalid_request_error" and len(r["body"]["error"]["message"]) > 8, x
P
}

# nothing but faults; a byte order mark, lines ended by CR LF, an id that comes twice, none, one behind what is no JSON
{
    printf '\357\273\277{"custom_id": "a", "method": "POST", "url": "/v1/embeddings", "body": {"input": [1, 2.5]}}\r\n'
    printf '{"custom_id": "b", "method": "GET", "url": "/v1/embeddings", "body": {"input": "x"}}\r\n\r\n'
    printf '{"custom_id": "b", "method": "POST", "url": "/v1/embeddings", "body": {"input": []}}\r\n'
    printf '{"method": "POST", "url": "/v1/embeddings", "body": {"input": "x"}}\r\n'
    printf '{"method": "POST",, "custom_id": "c"}\r\n'
    printf '{"custom_id": "d", "method": "POST", "url": "/v1/images/generations", "body": {"prompt": "x", "size": "1x1x1"}}\r\n'
    printf '{"custom_id": "e", "method": "POST", "url": "/v1/audio/speech", "body": {"model": "tts-1"}}\r\n'
    printf '{"custom_id": 7, "method": "POST", "url": "/v1/embeddings", "body": {"input": "x"}}\r\n'
    printf '{"custom_id": "\377", "method": "POST", "url": "/v1/embeddings", "body": {"input": "\377"}}'
} >faults.jsonl
expect 4 "$AIGC" batch --out-dir faults faults.jsonl
answers faults/faults.output.jsonl a b b - c d e - "$(printf '\357\277\275')"
grep -q '"size\\"' faults/faults.output.jsonl || fail "the answer does not name the fault"
: >empty.jsonl
expect 3 "$AIGC" batch empty.jsonl
[ ! -e empty.output.jsonl ] || fail "no request has answers"

# a fault that only the model knows is the request's own too
cat >pictures.jsonl <<'J'
{"custom_id": "a", "method": "POST", "url": "/v1/images/generations", "body": {"prompt": "3d red apple", "steps": 2, "sampling_method": "none"}}
{"custom_id": "b", "method": "POST", "url": "/v1/images/generations", "body": {"prompt": "3d red apple", "steps": 2}}
{"custom_id": "b", "method": "POST", "url": "/v1/images/generations", "body": {"prompt": "3d red apple", "steps": 2}}
{"custom_id": "c", "method": "POST", "url": "/v1/images/generations", "body": {"prompt": "3d red apple", "tools": [1]}}
J
expect 4 "$AIGC" batch pictures.jsonl
answers pictures.output.jsonl a b b c

# the first line names the folder of the outputs, and says when that is a work tree that nobody chose
head -1 err | grep -q '^outputs go to \./' || fail "the folder is not told first"
head -1 err | grep -q 'git' && fail "a work tree is told where none is"
mkdir -p tree/.git tree/sub
cp pictures.jsonl tree/sub
"$AIGC" batch tree/sub/pictures.jsonl 2>err >out </dev/null
head -1 err | grep -q '^outputs go to tree/sub/.*git work tree.*--out-dir' || fail "the work tree is not told"
"$AIGC" batch --out-dir tree/sub tree/sub/pictures.jsonl 2>err >out </dev/null
head -1 err | grep -q 'git' && fail "a folder that was chosen is questioned"
"$AIGC" batch --json pictures.jsonl 2>err >out </dev/null
grep -q '"event":"begin","folder":"."' err || fail "the events do not name the folder"

# --list lists, --dry-run plans
expect 3 "$AIGC" batch --list pictures.jsonl
[ "$(cut -f 1-3 out)" = "$(printf 'a\timage\tpictures.answers/a.json\nb\timage\tpictures.answers/b.json')" ] || fail "--list"
expect 3 "$AIGC" batch --dry-run pictures.jsonl
grep -q '^image ' out || fail "--dry-run prints no plan"

needs_model smollm2 smollm2/SmolLM2-135M-Instruct.Q4_1.gguf
cat >ids.jsonl <<'J'
{"custom_id": "one", "method": "POST", "url": "/v1/completions", "body": {"prompt": [504, 3575, 282], "max_tokens": 2, "seed": 1}}
{"custom_id": "two", "method": "POST", "url": "/v1/completions", "body": {"prompt": [[504, 3575, 282], [504]], "max_tokens": 2, "n": 2, "seed": 1}}
{"custom_id": "high", "method": "POST", "url": "/v1/completions", "body": {"prompt": [49152], "max_tokens": 2}}
{"custom_id": "low", "method": "POST", "url": "/v1/completions", "body": {"prompt": [-1], "max_tokens": 2}}
{"custom_id": "mixed", "method": "POST", "url": "/v1/completions", "body": {"prompt": [[504], "x"], "max_tokens": 2}}
{"custom_id": "vectors", "method": "POST", "url": "/v1/embeddings", "body": {"input": [[504, 3575, 282], [504]]}}
{"custom_id": "text", "method": "POST", "url": "/v1/embeddings", "body": {"input": ["The", "The capital of"]}}
{"id": "own", "kind": "text", "token_ids": "504 3575 282", "tokens": 2}
J
expect 4 "$AIGC" batch ids.jsonl
answers ids.output.jsonl one two high low mixed vectors text
python3 - <<'P' || fail "token ids are not one text a list"
import json
one, two, high, low, mixed, vectors, text = [json.loads(line)["response"] for line in open("ids.output.jsonl")]
assert [r["status_code"] for r in (one, two, high, low, mixed, vectors, text)] == [200, 200, 400, 400, 400, 200, 200]
assert len(one["body"]["choices"]) == 1 and one["body"]["usage"]["prompt_tokens"] == 3
assert len(two["body"]["choices"]) == 4 and two["body"]["usage"]["prompt_tokens"] == 4
assert one["body"]["choices"][0]["text"] == two["body"]["choices"][0]["text"]
a, b = vectors["body"]["data"], text["body"]["data"]
assert vectors["body"]["usage"]["prompt_tokens"] == 4 and a[0]["embedding"] == b[1]["embedding"] and a[1]["embedding"] == b[0]["embedding"]
P
printf '[a block]\ncapital\n' >list.filter
expect 4 "$AIGC" batch --force --filter list.filter ids.jsonl
grep -q "refused by the filter" err || fail "token ids hide words from the filter"

# a text that is cut
cat >cut.jsonl <<'J'
{"defaults": {"prompt": "Tell a story of a fox.", "tokens": 40, "seed": 1}, "kind": "text"}
{"id": "plain", "kind": "text"}
{"id": "keep", "kind": "text", "on_length": "keep"}
{"id": "fail", "kind": "text", "on_length": "fail"}
{"id": "whole", "kind": "text", "on_length": "sentence"}
{"id": "short", "kind": "text", "prompt": "Say hello.", "tokens": 200, "on_length": "fail"}
{"id": "after", "kind": "text", "prompt": "{{fail.text}}"}
J
expect 4 "$AIGC" batch cut.jsonl
grep -q "warning: cut.jsonl:2: job 'plain': its text is cut after 40 tokens" err || fail "a text that is cut is not told of"
grep -q "'keep'" err && fail "a text that is to be kept is told of"
grep -q "job 'fail': the text is cut after 40 tokens" err || fail "a text that is cut does not fail"
grep -q '3 texts cut by their length' err || fail "the summary does not count the texts that are cut"
cmp -s plain.txt keep.txt || fail "keep and warn differ"
[ -s short.txt ] && [ ! -e fail.txt ] && [ ! -e after.txt ] || fail "the wrong text failed"
grep -q '"ended": "length"' plain.txt.origin.json || fail "the record does not say that the text is cut"
python3 - <<'P' || fail "the text does not end with its last whole sentence"
plain, whole = open("plain.txt").read().strip(), open("whole.txt").read().strip()
assert plain.startswith(whole) and len(whole) < len(plain) and whole[-1] in ".!?", (plain, whole)
P
expect 0 "$AIGC" rerun whole.txt
"$AIGC" text -p "Tell a story of a fox." -n 40 --seed 1 --on-length sentence -q >hand.txt 2>err </dev/null || fail "aigc text --on-length"
cmp -s hand.txt whole.txt || fail "aigc text ends its text elsewhere than the job"
expect 1 "$AIGC" text -p "Tell a story of a fox." -n 4 --on-length fail -o cut.txt
[ ! -e cut.txt ] || fail "a text that failed was written"

needs_model hibari hibari/hibari.onnx
cat >spoken.jsonl <<'J'
{"id": "story", "kind": "text", "prompt": "Tell a story of a fox.", "tokens": 40, "seed": 1}
{"id": "voice", "kind": "speak", "text": "{{story.text}}", "srt": "voice.srt", "vtt": "sub/voice.vtt"}
{"id": "twice", "kind": "speak", "text": "x", "srt": "voice.srt"}
J
expect 4 "$AIGC" batch spoken.jsonl
cmp -s story.txt whole.txt || fail "what is spoken does not end with a whole sentence"
grep -q ' --> ' voice.srt && grep -q '^WEBVTT' sub/voice.vtt || fail "a speak job writes no subtitles"
grep -q "spoken.jsonl:3:[0-9]*: the output 'voice.srt' comes twice" err || fail "two jobs write one file"
rm sub/voice.vtt
"$AIGC" batch spoken.jsonl >out 2>err </dev/null
[ -s sub/voice.vtt ] || fail "lost subtitles are not made again"
