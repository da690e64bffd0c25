# aigc rerun makes outputs again from their records: the same bytes, or a message that says what is missing or has changed.
. "$SOURCE_DIR/tests/cli/lib.sh"
golden=$SOURCE_DIR/tests/golden/image
export XDG_CACHE_HOME=$work/cache
cp -r "$golden/pipe" pipe && chmod -R u+w pipe
cp "$golden/picture.png" "$golden/mask.png" "$golden/lora_peft.safetensors" .
image() { "$AIGC" image -m ./pipe --steps 3 "$@"; }
again() { # again FILE ARGUMENT…
    expect 0 "$AIGC" rerun "$@"
    grep -q 'made again, byte for byte' err || fail "rerun $1: $(cat err)"
}

expect 0 image -p "the \"red\" apple, 100 %" -n "--blue" -s 7 -o a.png
again a.png
again a.png -t 1
expect 0 "$AIGC" rerun -q a.png -o kept.png
cmp -s a.png kept.png || fail "-o keeps another picture"
ln -s a.png same.png
expect 2 "$AIGC" rerun a.png -o same.png
expect 0 image -p cat -s 8 -b 2 --sampling-method euler_a --cfg-scale 0.1234567890123456789 --variation-seed 3 --variation-strength 0.3 -o b.png
again b.png
again b-2.png
expect 0 image -p cat -s 8 --init-img picture.png --mask mask.png --strength 0.5 --lora lora_peft.safetensors:0.5 -o c.png
again c.png
mkdir other && cp a.png c.png other && cd other || exit 1
expect 3 "$AIGC" rerun a.png
grep -q "the model 'pipe' (SHA-256 [0-9a-f]*) is not found; --with model=FILE" err || fail "the missing model is not told: $(cat err)"
again a.png --with model=../pipe
again c.png --with model=../pipe --with init-img=../picture.png --with mask=../mask.png --with lora=../lora_peft.safetensors
cp ../mask.png picture.png; cp ../lora_peft.safetensors .
expect 3 "$AIGC" rerun c.png --with model=../pipe
grep -q "the init-img 'picture.png' has changed: picture.png has the SHA-256 [0-9a-f]*, [0-9a-f]* is recorded" err || fail "a changed file is not told: $(cat err)"
cp -r ../pipe elsewhere
expect 2 "$AIGC" rerun a.png --with model=elsewhere
cd .. || exit 1

expect 0 image -p "the secret" -s 7 --metadata hash -o h.png
expect 3 "$AIGC" rerun h.png
grep -q "holds only the SHA-256 of the prompt; --with prompt=FILE" err || fail "a missing prompt is not told"
printf 'the secret' >words
again h.png --with prompt=words
printf 'a secret' >words
expect 3 "$AIGC" rerun h.png --with prompt=words
grep -q 'is not the one that is recorded' err || fail "wrong words are not told"
expect 0 image -p x -s 7 --metadata none -o n.png
expect 3 "$AIGC" rerun n.png
grep -q 'no more (--metadata none)' err || fail "a missing record is not told"
expect 3 "$AIGC" rerun picture.png
expect 3 "$AIGC" rerun no-such.png
expect 2 "$AIGC" rerun
expect 2 "$AIGC" rerun -

# a picture that was changed, a model that was changed, a record that is a stranger's
python3 - <<'P'
import struct, zlib
d = open("a.png", "rb").read()
def chunk(kind, data): return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
open("longer.png", "wb").write(d[:-12] + chunk(b"tEXt", b"Author\0x") + d[-12:])
def forged(name, old, new):
    at = d.index(b"iTXt") - 4
    n = struct.unpack(">I", d[at:at + 4])[0]
    inside = d[at + 8:at + 8 + n]
    assert old in inside
    open(name, "wb").write(d[:at] + chunk(b"iTXt", inside.replace(old, new)) + d[at + 12 + n:])
forged("setting.png", b'"steps":3', b'"output":"evil.png","steps":3')
forged("word.png", b'"steps":3', b'"rng":"own","font":"/etc/passwd","steps":3')
forged("file.png", b'"name":"pipe"', b'"name":"../pipe"')
forged("use.png", b'"option":"model"', b'"option":"output"')
forged("kind.png", b'"kind":"image"', b'"kind":"batch"')
for name, value in (("int", b'"file":1'), ("real", b'"task":1.5'), ("text", b'"filter":"1"'), ("nan", b'"noise":"nan"'), ("flag", b'"init-img":true'),
                    ("list", b'"model":["1","2"]'), ("word", b'"steps":"x"'), ("bool", b'"steps":true'), ("many", b'"threads":1024'), ("own", b'"seed":"1"')):
    forged("typed-" + name + ".png", b'"steps":3', value + (b'' if b"steps" in value else b',"steps":3'))
forged("other.png", b'"option":"model"', b'"option":"input"')
forged("sound.png", b'"kind":"image"', b'"kind":"vocode"')
forged("dots.png", b'"name":"pipe"', b'"name":".."')
forged("version.png", b'"version":"', b'"version":"9')
P
expect 1 "$AIGC" rerun longer.png
grep -q 'differs from what was made again, first at byte' err || fail "a difference is not told"
echo secret >1
for f in setting word file use kind other sound dots typed-*.png; do expect 3 "$AIGC" rerun "${f%.png}.png"; done
[ ! -e evil.png ] || fail "a record wrote a file"
expect 1 "$AIGC" rerun version.png
grep -q 'was made by version 9' err || fail "another version is not told"
echo >>pipe/unet/config.json
expect 3 "$AIGC" rerun a.png
grep -q "the model 'pipe' has changed" err || fail "a changed model is not told: $(cat err)"
[ -z "$(ls -d "$TMPDIR"/aigc-rerun-* 2>/dev/null)" ] || fail "rerun leaves its folder"
# what a killed run left is cleared by the next; what another one works in, or is somebody else's, stays
mkdir "$TMPDIR/aigc-rerun-killed" "$TMPDIR/aigc-rerun-young" "$TMPDIR/aigc-rerun-works" keep && echo x >keep/again.png
echo x >"$TMPDIR/aigc-rerun-killed/again.png" && ln -s "$work/keep" "$TMPDIR/aigc-rerun-link"
touch -d '1 hour ago' "$TMPDIR"/aigc-rerun-killed "$TMPDIR"/aigc-rerun-works keep
exec 9<"$TMPDIR/aigc-rerun-works" && flock -n 9 || fail "no lock"
expect 3 "$AIGC" rerun version.png
[ "$(ls "$TMPDIR")" = "aigc-rerun-link
aigc-rerun-works
aigc-rerun-young" ] && [ -e keep/again.png ] || fail "left folders: $(ls "$TMPDIR")"
exec 9<&-
rm -r "$TMPDIR"/aigc-rerun-*

needs_model hibari hibari
for format in wav flac ogg opus mp3; do
    expect 0 "$AIGC" speak -s 4 --speed 1.1 "Hello, <you> & I." -o s.$format
    again s.$format
done
expect 0 "$AIGC" speak -s 4 --label-text "A machine speaks." -o l.wav -- "-5 degrees."
again l.wav
"$AIGC" speak -s 4 "Hello." -o - >stream.wav 2>err || fail "speak -o -"
again stream.wav
expect 0 "$AIGC" vocode s.wav --iterations 3 -s 5 -o v.flac
again v.flac
expect 0 "$AIGC" speak -s 4 --metadata hash "Hello." -o h.wav
expect 3 "$AIGC" rerun h.wav
printf 'Hello.' >words
again h.wav --with text=words

needs_model smollm2 smollm2/SmolLM2-135M-Instruct.Q4_1.gguf
expect 0 "$AIGC" text -p "Say hello." -n 6 -s 5 --stop "x" --stop "y" -o t.txt
again t.txt
expect 0 "$AIGC" text --task title -p "A fox ran." -n 6 -s 5 --label -o title.txt
again title.txt
expect 0 "$AIGC" text -p "Say hello." -n 6 -s 5 -b 2 --system "Be short." -o two.txt
again two.txt
echo changed >>t.txt
expect 1 "$AIGC" rerun t.txt
cat >jobs.jsonl <<'J'
{"id": "story", "kind": "text", "prompt": "Say hello.", "tokens": 8}
{"id": "sound", "kind": "speak", "text": "{{story.text}}", "out": "sound.ogg"}
{"id": "picture", "kind": "image", "prompt": "{{story.text}}", "model": "icons", "steps": 2}
J
expect 0 "$AIGC" batch jobs.jsonl
for f in story.txt sound.ogg picture.png; do again $f; done
exit 0
