# OpenAI batch requests and AUTOMATIC1111's prompt lines run as they are; requests are answered in OpenAI's output format.
. "$SOURCE_DIR/tests/cli/lib.sh"

cat >bad.jsonl <<'J'
{"custom_id": "a", "method": "POST", "url": "/v1/chat/completions", "body": {"model": "x", "messages": [{"role": "user", "content": "x"}], "tools": [{}], "tool_choice": "required"}}
{"custom_id": "b", "method": "GET", "url": "/v1/chat/completions", "body": {"messages": [{"role": "user", "content": "x"}]}}
{"custom_id": "c", "method": "POST", "url": "/v1/moderations", "body": {"input": "x"}}
{"custom_id": "d", "method": "POST", "url": "/v1/chat/completions", "body": {"model": "x"}}
{"custom_id": "e", "method": "POST", "url": "/v1/images/generations", "body": {"prompt": "x", "size": "big"}}
{"custom_id": "f", "method": "POST", "url": "/v1/embeddings", "body": {"input": "x", "n": 1}}
{"custom_id": "g", "method": "POST", "url": "/v1/audio/speech", "body": {"input": "x", "response_format": "aac"}}
{"method": "POST", "url": "/v1/embeddings", "body": {"input": "x"}}
--prompt "no end
--prompt x --color red
--prompt x --steps
--prompt x --sampler_name "DPM adaptive"
--prompt x --prompt y
words alone
{"custom_id": "ok", "method": "POST", "url": "/v1/chat/completions", "body": {"messages": [{"role": "user", "content": [{"type": "text", "text": "a"}]}], "user": "u", "tools": null, "stream": false, "logit_bias": {}, "top_p": 0.5, "frequency_penalty": 0, "response_format": {"type": "text"}}}
--prompt "a \"b\" c" --steps 20 --negative_prompt 'x y' --sampler_name "Euler a" --seed -1 --batch_size 2 --n_iter 2 --tiling false --do_not_save_grid true
J
expect 3 "$AIGC" batch --check bad.jsonl
grep -q '5 jobs are good (1 text, 4 image), 14 faults' err || fail "other counts than 5 and 14"
told() { grep -q "$1" err || fail "not told: $1"; }
told 'bad.jsonl:1:77: "tool_choice": this is not done here'
told "bad.jsonl:2:76: \"method\": 'GET' found, POST wanted"
told "bad.jsonl:3:72: \"url\": '/v1/moderations' found"
told 'bad.jsonl:4:77: "body": no "messages"'
told 'bad.jsonl:5:79: "size": "WIDTHxHEIGHT" or "auto" wanted'
told "bad.jsonl:6:.*'n' is no option of embed jobs"
told 'bad.jsonl:7:73: "response_format": mp3 opus flac wav wanted'
told 'bad.jsonl:8:.*no "custom_id"'
told 'bad.jsonl:9:.*a quote " that is never closed'
told 'bad.jsonl:10:12: --color is not known here'
told 'bad.jsonl:11:.*a value is wanted'
told "bad.jsonl:12:.*'DPM adaptive' is not known here"
told 'bad.jsonl:13:.*--prompt comes twice'
told 'bad.jsonl:14:1: a JSON object wanted'

# prompts of AUTOMATIC1111
cat >prompts.txt <<'J'
--prompt "3d red apple" --steps 2 --seed 5 --sampler_name "Euler" --cfg_scale 3
J
expect 0 "$AIGC" batch prompts.txt
"$AIGC" image -q -p "3d red apple" --steps 2 --seed 5 --sampling-method euler --cfg-scale 3 -o hand.png || fail "aigc image"
cmp -s hand.png line-1.png || fail "a prompt line draws another picture than aigc image"

# pictures for requests
cat >pictures.jsonl <<'J'
{"custom_id": "p", "method": "POST", "url": "/v1/images/generations", "body": {"model": "dall-e-3", "prompt": "3d red apple", "n": 2, "seed": 5, "steps": 2, "response_format": "b64_json"}}
{"custom_id": "q/q", "method": "POST", "url": "/v1/images/generations", "body": {"prompt": "3d red apple", "seed": 5, "steps": 2}}
{"custom_id": "r", "method": "POST", "url": "/v1/images/generations", "body": {"prompt": "3d red apple", "steps": 2, "color": 1}}
J
expect 4 "$AIGC" batch pictures.jsonl
python3 - <<'P' || fail "the answers are not as OpenAI has them"
import base64, json
lines = [json.loads(line) for line in open("pictures.output.jsonl")]
assert [l["custom_id"] for l in lines] == ["p", "q/q", "r"] and all(l["error"] is None for l in lines)
assert [l["response"]["status_code"] for l in lines] == [200, 200, 400]
assert lines[2]["response"]["body"]["error"]["type"] == "invalid_request_error"
data = lines[0]["response"]["body"]["data"]
assert len(data) == 2
assert base64.b64decode(data[0]["b64_json"]) == open("pictures.answers/p.png", "rb").read()
assert base64.b64decode(data[1]["b64_json"]) == open("pictures.answers/p-2.png", "rb").read()
url = lines[1]["response"]["body"]["data"][0]["url"]
assert open(url, "rb").read() == open("pictures.answers/p.png", "rb").read()
P
rm pictures.answers/p-2.png
expect 4 "$AIGC" batch pictures.jsonl
grep -q '2 jobs: 1 done, 1 were done before' err || fail "a lost picture of a request is not made again"

needs_model smollm2 smollm2/SmolLM2-135M-Instruct.Q4_1.gguf
cat >requests.jsonl <<'J'
{"custom_id": "chat", "method": "POST", "url": "/v1/chat/completions", "body": {"model": "gpt-4o-mini", "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Say hello."}], "max_tokens": 8, "n": 2, "logprobs": true, "seed": 4}}
{"custom_id": "raw", "method": "POST", "url": "/v1/completions", "body": {"model": "smollm2", "prompt": ["The capital of France is", "One, two, three,"], "max_tokens": 5, "temperature": 0}}
{"custom_id": "vector", "method": "POST", "url": "/v1/embeddings", "body": {"input": ["hello", "world"], "encoding_format": "base64"}}
{"custom_id": "numbers", "method": "POST", "url": "/v1/embeddings", "body": {"input": "world"}}
{"id": "own", "kind": "text", "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Say hello."}], "tokens": 8, "seed": 5}
{"id": "after", "kind": "text", "prompt": "{{chat.text}}", "tokens": 1}
J
expect 0 "$AIGC" batch --alias gpt-4o-mini=smollm2 requests.jsonl
"$AIGC" embed -p world --normalize >hand.txt 2>/dev/null </dev/null || fail "aigc embed"
python3 - <<'P' || fail "the answers are not as OpenAI has them"
import base64, json, struct
chat, raw, vector, numbers = [json.loads(line)["response"]["body"] for line in open("requests.output.jsonl")]
assert chat["object"] == "chat.completion" and chat["model"] == "smollm2" and chat["id"].startswith("chatcmpl-")
assert [c["index"] for c in chat["choices"]] == [0, 1]
for c in chat["choices"]:
    assert c["message"]["role"] == "assistant" and c["finish_reason"] in ("stop", "length")
    shown = "".join(t["token"] for t in c["logprobs"]["content"])
    assert shown.replace("<|im_end|>", "") == c["message"]["content"] and all(t["logprob"] <= 0 for t in c["logprobs"]["content"])
u = chat["usage"]
assert u["prompt_tokens"] > 10 and u["total_tokens"] == u["prompt_tokens"] + u["completion_tokens"]
assert chat["choices"][1]["message"]["content"] == open("own.txt").read().rstrip("\n")  # its seed is one more
assert raw["object"] == "text_completion" and "Paris" in raw["choices"][0]["text"] and len(raw["choices"]) == 2
assert raw["usage"]["completion_tokens"] == 10
floats = numbers["data"][0]["embedding"]
assert len(floats) == 576 and abs(sum(x * x for x in floats) - 1) < 1e-5
packed = struct.unpack("<576f", base64.b64decode(vector["data"][1]["embedding"]))
assert max(abs(a - b) for a, b in zip(packed, floats)) < 1e-6 and vector["usage"]["prompt_tokens"] == 2
assert max(abs(a - float(b)) for a, b in zip(floats, open("hand.txt").read().split())) < 1e-6
P
cp requests.output.jsonl first.jsonl
expect 0 "$AIGC" batch --alias gpt-4o-mini=smollm2 requests.jsonl
cmp -s first.jsonl requests.output.jsonl || fail "the answers of a second run differ"
grep -q '6 were done before' err || fail "requests are run again"
expect 0 "$AIGC" batch --force -t 1 --parallel 1 --alias gpt-4o-mini=smollm2 --answers alone.jsonl requests.jsonl
cmp -s first.jsonl alone.jsonl || fail "the answers depend on threads or company"
