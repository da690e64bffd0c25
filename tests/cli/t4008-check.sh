# Every error that a job's own words can cause is told by --check at its place, and a run fails with the same words.
. "$SOURCE_DIR/tests/cli/lib.sh"

printf 'not a picture\n' >words.txt
printf '\377\376 no UTF-8\n' >bytes.txt
: >empty.txt
printf '{"input": "x"}\n' >half.jsonl
printf '{{input}} in {{language}}\n' >task.txt
printf '[a block]\nrefused\n' >list.filter
mkdir folder
python3 - <<'P' || exit 1
import struct, zlib
def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
def png(path, w, h):
    rows = b"".join(b"\0" + bytes(3 * w) for _ in range(h))
    open(path, "wb").write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", w, h, 8, 2, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))
png("good.png", 64, 64)
open("cut.png", "wb").write(open("good.png", "rb").read()[:40])
def npy(path, shape, kind="<f4", size=4):
    head = ("{'descr': '%s', 'fortran_order': False, 'shape': %s, }" % (kind, shape)).ljust(117) + "\n"
    n = size
    for d in shape: n *= d
    open(path, "wb").write(b"\x93NUMPY\1\0" + struct.pack("<H", len(head)) + head.encode() + bytes(n))
npy("noise.npy", (1, 4, 3, 3))
npy("mel.npy", (80, 6))
npy("narrow.npy", (40, 6))
P

# Faults of pictures, of vocoding, and of all words: no model but the one in the tree is wanted.
cat >table <<'J'
{"kind": "image"}
{"kind": "image", "prompt": "x", "steps": 0}
{"kind": "image", "prompt": "x", "steps": "many"}
{"kind": "image", "prompt": "x", "width": 0}
{"kind": "image", "prompt": "x", "width": 99999}
{"kind": "image", "prompt": "x", "colour": 1}
{"kind": "image", "prompt": "x", "model": "no-such-model"}
{"kind": "image", "prompt": "x", "model": "words.txt"}
{"kind": "image", "prompt": "x", "vae": "no-such-model"}
{"kind": "image", "prompt": "x", "config": "absent"}
{"kind": "image", "prompt": "x", "tokenizer": "no-such-model"}
{"kind": "image", "prompt": "x", "prediction": "sideways"}
{"kind": "image", "prompt": "x", "lora": "absent.safetensors"}
{"kind": "image", "prompt": "x", "lora": "words.txt:9999"}
{"kind": "image", "prompt": "x", "clip_skip": 40}
{"kind": "image", "prompt": "x", "sampling_method": "none"}
{"kind": "image", "prompt": "x", "sampling_method": "pndm", "steps": 2}
{"kind": "image", "prompt": "x", "rng": "dice"}
{"kind": "image", "prompt": "x", "noise": "absent.npy"}
{"kind": "image", "prompt": "x", "noise": "words.txt"}
{"kind": "image", "prompt": "x", "noise": "noise.npy"}
{"kind": "image", "prompt": "x", "init_img": "absent.png"}
{"kind": "image", "prompt": "x", "init_img": "words.txt"}
{"kind": "image", "prompt": "x", "init_img": "cut.png"}
{"kind": "image", "prompt": "x", "init_img": "folder"}
{"kind": "image", "prompt": "x", "init_img": "good.png", "strength": 0}
{"kind": "image", "prompt": "x", "mask": "good.png"}
{"kind": "image", "prompt": "x", "init_img": "good.png", "mask": "absent.png"}
{"kind": "image", "prompt": "x", "upscale": 3}
{"kind": "image", "prompt": "x", "caption": "y", "caption_place": "left"}
{"kind": "image", "prompt": "x", "caption": "y", "font": "absent.ttf"}
{"kind": "image", "prompt": "x", "caption": "y", "font": "words.txt"}
{"kind": "image", "prompt": "x", "metadata": "some"}
{"kind": "image", "prompt": "x", "filter": "absent.filter"}
{"kind": "image", "prompt": "x", "filter": "bytes.txt"}
{"kind": "image", "prompt": "refused", "filter": "list.filter"}
{"kind": "image", "prompt": "x", "out": "x.jpg"}
{"kind": "image", "prompt": "x", "out": "../x.png"}
{"kind": "image", "prompt": "x", "seed": "many"}
{"kind": "image", "prompt": "x", "needs": ["nobody"]}
{"kind": "image", "prompt": "{{nobody.text}}"}
{"kind": "image", "prompt": "{{row.name}}"}
{"kind": "vocode"}
{"kind": "vocode", "input": "absent.npy"}
{"kind": "vocode", "input": "words.txt"}
{"kind": "vocode", "input": "narrow.npy"}
{"kind": "vocode", "input": "mel.npy", "model": "absent.onnx"}
{"kind": "vocode", "input": "mel.npy", "model": "words.txt"}
{"kind": "vocode", "input": "mel.npy", "out": "v.txt"}
{"kind": "vocode", "input": "mel.npy", "out": "v.opus", "rate": 11111}
{"kind": "vocode", "input": "mel.npy", "fmin": 9000}
{"kind": "vocode", "input": "mel.npy", "metadata": "some"}
{"kind": "speak"}
{"kind": "speak", "text": "x", "file": "words.txt"}
{"kind": "speak", "file": "-"}
{"kind": "speak", "text": "x", "voice": "no-such-voice"}
{"kind": "speak", "text": "x", "out": "b.txt"}
{"kind": "speak", "text": "x", "srt": "../a.srt"}
{"kind": "speak", "text": "x", "srt": "a.txt"}
{"kind": "text"}
{"kind": "text", "file": "-"}
{"kind": "text", "prompt": "x", "out": "a.png"}
{"kind": "text", "prompt": "x", "model": "no-such-model"}
{"kind": "text", "prompt": "x", "model": "words.txt"}
{"kind": "text", "prompt": "x", "messages": [{"role": "user", "content": "y"}]}
{"kind": "text", "prompt": "x", "token_ids": "1 2"}
{"kind": "text", "token_ids": [1, 2]}
{"kind": "embed"}
{"kind": "embed", "prompt": "x", "file": "words.txt"}
{"kind": "embed", "prompt": "x", "out": "v.png"}
{"kind": "picture", "prompt": "x"}
{"custom_id": "c1", "method": "POST", "url": "/v1/completions", "body": {"prompt": ["a", "b", "c", "d", "e"], "n": 16}}
{"custom_id": "c2", "method": "POST", "url": "/v1/completions", "body": {"prompt": [1, 2.5]}}
{"custom_id": "c3", "method": "POST", "url": "/v1/completions", "body": {"prompt": [1, "a"]}}
{"custom_id": "c4", "method": "POST", "url": "/v1/completions", "body": {"prompt": [[1], []]}}
{"custom_id": "c5", "method": "POST", "url": "/v1/completions", "body": {"prompt": [-1]}}
{"custom_id": "c6", "method": "POST", "url": "/v1/embeddings", "body": {"input": []}}
{"custom_id": "c7", "method": "POST", "url": "/v1/images/generations", "body": {"prompt": "x", "size": "0x0"}}
J

# told FILE: each line of it is told by --check as FILE:LINE:COLUMN, and the run tells the same of it
told() {
    expect 3 "$AIGC" batch --check --out-dir out.d "$1"
    cp err checked
    [ ! -e "$1.journal" ] || fail "--check makes a journal"
    "$AIGC" batch --json --out-dir out.d "$1" >out 2>err </dev/null
    [ $? = 4 ] || fail "a run of faults does not end with 4"
    python3 - "$1" <<'P' || fail "--check and a run differ"
import json, re, sys
name, bad = sys.argv[1], 0
def faults(path):
    found = {}
    for line in open(path, errors="replace"):
        m = re.match("aigc: (?:error: )?" + re.escape(name) + r":(\d+):(\d+): (.*)", line)
        if m: found[int(m[1])] = (int(m[2]), m[3])
    return found
checked, run = faults("checked"), {k: v[1] for k, v in faults("err").items()}
for line in open("err", errors="replace"):
    if line.startswith('{"event":"job"'):
        event = json.loads(line)
        if event["state"] == "failed": run[event["line"]] = event["error"]
for number, line in enumerate(open(name), 1):
    place, message = checked.get(number, (0, None))
    if not message: print("not told by --check:", line.strip(), "the run says:", run.get(number)); bad = 1
    elif place < 1 or place > len(line): print("no place:", line.strip(), place); bad = 1
    elif run.get(number) != message: print("--check:", message, "\n  run:", run.get(number), "\n ", line.strip()); bad = 1
sys.exit(bad)
P
}
mv table table.jsonl
told table.jsonl

# what is good is called good, also where it takes what other jobs will have made
cat >good.jsonl <<'J'
{"id": "a", "kind": "image", "prompt": "3d red apple", "steps": 2}
{"id": "b", "kind": "image", "prompt": "x", "init_img": "{{a.file}}", "mask": "good.png", "steps": 2}
{"id": "c", "kind": "image", "prompt": "x", "init_img": "a.png", "needs": ["a"], "steps": 2}
{"id": "d", "kind": "vocode", "input": "mel.npy"}
{"id": "e", "kind": "vocode", "input": "{{d.file}}"}
J
expect 0 "$AIGC" batch --check good.jsonl
grep -q '5 jobs are good (3 image, 2 vocode), 0 faults' err || fail "good jobs are not counted"
[ "$(find . -newer good.jsonl -name '*.png' | wc -l)" = 0 ] || fail "--check makes something"

# what a job reads is no other's output, unless it waits for that one: the file would be gone, or be another by chance
mkdir shared shared/in
cp good.png shared/in/photo.png
cat >shared/crossed.jsonl <<'J'
{"id": "p", "kind": "image", "prompt": "x", "init_img": "in/photo.png", "out": "photo.png"}
{"id": "q", "kind": "image", "prompt": "x", "init_img": "../shared/./in/photo.png", "out": "q.png"}
{"id": "r", "kind": "image", "prompt": "x", "init_img": "in/r.png", "out": "r.png"}
{"id": "s", "kind": "image", "prompt": "x", "init_img": "in/r.png", "out": "s.png"}
{"id": "t", "kind": "image", "prompt": "x", "init_img": "../good.png", "out": "t.png"}
J
expect 3 "$AIGC" batch --check --out-dir shared/in shared/crossed.jsonl
grep -q 'crossed.jsonl:1:.*is the job.s own output' err || fail "a job that writes what it reads is called good"
grep -q 'crossed.jsonl:2:.*is the output of the job of line 1, which this one does not wait for: "needs": \["p"\] wanted' err || fail "a file that another job writes is called good"
grep -q 'crossed.jsonl:3:' err && grep -q 'crossed.jsonl:4:.*line 3' err || fail "outputs that are not there yet are not seen"
grep -q 'crossed.jsonl:5:' err && fail "a good input is refused"
"$AIGC" batch --out-dir shared/in shared/crossed.jsonl >out 2>err </dev/null && fail "a run takes them"
cmp -s good.png shared/in/photo.png || fail "a run replaces what one of its jobs reads"

# outputs that the disk has no room for, as earlier runs tell
mkdir -p home/.cache/aigc
grep -v '"c"' good.jsonl >room.jsonl
expect 0 env HOME="$work/home" XDG_CACHE_HOME="$work/home/.cache" "$AIGC" batch --out-dir room room.jsonl
rates=home/.cache/aigc/rates.json
[ -s $rates ] || fail "no rates are kept"
python3 - $rates <<'P' || exit 1
import json, sys
def grow(x):
    if isinstance(x, dict):
        for k, v in x.items():
            if k == "bytes" and isinstance(v, (int, float)): x[k] = 9e14
            else: grow(v)
    elif isinstance(x, list):
        for v in x: grow(v)
rates = json.load(open(sys.argv[1]))
grow(rates)
json.dump(rates, open(sys.argv[1], "w"))
P
rm room.jsonl.journal
expect 3 env HOME="$work/home" XDG_CACHE_HOME="$work/home/.cache" "$AIGC" batch --check --out-dir elsewhere/below room.jsonl
grep -q 'its outputs will take some .* has room for' err || fail "a full disk is not foreseen"

needs_model hibari hibari/hibari.onnx
cat >speech.jsonl <<'J'
{"kind": "speak", "text": ""}
{"kind": "speak", "text": " "}
{"kind": "speak", "file": "absent.txt"}
{"kind": "speak", "file": "empty.txt"}
{"kind": "speak", "text": "x", "speaker": "3"}
{"kind": "speak", "text": "x", "pronunciations": "absent.txt"}
{"kind": "speak", "text": "x", "pronunciations": "words.txt", "speed": 0}
{"kind": "speak", "text": "<speak>x", "ssml": true}
{"kind": "speak", "text": "x", "metadata": "some"}
{"kind": "speak", "text": "x", "label_text": " "}
J
told speech.jsonl

needs_model smollm2 smollm2/SmolLM2-135M-Instruct.Q4_1.gguf
long=$(awk 'BEGIN { for (i = 0; i < 9000; i++) printf "a b " }')
cat >texts.jsonl <<J
{"kind": "text", "prompt": ""}
{"kind": "text", "file": "absent.txt"}
{"kind": "text", "file": "empty.txt"}
{"kind": "text", "file": "bytes.txt"}
{"kind": "text", "prompt": "x", "field": "a=b"}
{"kind": "text", "prompt": "x", "task": "none"}
{"kind": "text", "prompt": "x", "task": "translate", "field": "nothing"}
{"kind": "text", "prompt": "x", "task": "task.txt"}
{"kind": "text", "prompt": "x", "examples": "absent.jsonl"}
{"kind": "text", "prompt": "x", "examples": "half.jsonl"}
{"kind": "text", "prompt": "x", "raw": true, "system": "y"}
{"kind": "text", "prompt": "x", "metadata": "some"}
{"kind": "text", "prompt": "x", "on_length": "maybe"}
{"kind": "text", "prompt": "$long"}
{"kind": "text", "token_ids": "1 99999999"}
{"kind": "text", "token_ids": "1 a"}
{"kind": "embed", "prompt": "$long"}
{"kind": "embed", "file": "absent.txt"}
{"kind": "embed", "file": "bytes.txt"}
{"kind": "embed", "token_ids": "99999999"}
J
told texts.jsonl

# of jobs that differ in their prompts alone one is tried, and the others where their words could be at fault
awk 'BEGIN { for (i = 0; i < 200; i++) printf "{\"kind\": \"text\", \"prompt\": \"word %d\"}\n", i }' >alike.jsonl
printf '{"kind": "text", "prompt": "%s"}\n{"kind": "text", "prompt": " "}\n{"kind": "text", "prompt": ""}\n{"kind": "text", "prompt": "x", "tokens": 5}\n' "$long" >>alike.jsonl
expect 3 "$AIGC" batch --check alike.jsonl
grep -q 'alike.jsonl:201:[0-9]*: .*context' err || fail "a prompt longer than the context is not told behind 200 short ones: $(cat err)"
grep -q 'alike.jsonl:203:[0-9]*: .*empty' err || fail "an empty prompt is not told behind 200 others"
[ "$(grep -c '^aigc: alike.jsonl:[0-9]*:[0-9]' err)" -le 3 ] || fail "good prompts are told: $(cat err)"
