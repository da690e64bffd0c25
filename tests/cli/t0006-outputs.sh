# Names of outputs: an ending says what is written, a file that nobody named is not overwritten; and texts with a byte order mark.
. "$SOURCE_DIR/tests/cli/lib.sh"
tiny=$SOURCE_DIR/tests/golden/tiny
draw="image -q -m $SOURCE_DIR/tests/golden/image/pipe -p x -s 1 --steps 1"
cp "$SOURCE_DIR/tests/golden/vits_many.onnx" voice.onnx
echo '{"audio":{"sample_rate":16000},"espeak":{"voice":"en-us"},"phoneme_id_map":{"_":[0],"^":[1],"$":[2],"a":[3]},"num_speakers":4,"speaker_id_map":{}}' >voice.onnx.json
say="speak -q -s 1 --voice ./voice.onnx"
begins() { [ "$(head -c "$(printf %s "$2" | wc -c)" "$1" | tr -d '\0')" = "$2" ] || fail "$1 does not begin with $2"; }

for e in jpg jpeg webp gif PDF png.bak 2026; do
    expect 2 "$AIGC" $draw -o "o.$e"
    grep -q "\.png or no ending" err || fail "what is wanted instead of .$e is not said"
    [ ! -e "o.$e" ] || fail "o.$e was written"
done
for name in o.png O.PNG bare ./dir.d/bare .hidden; do
    mkdir -p dir.d
    expect 0 "$AIGC" $draw -o "$name"
    [ "$(dd if="$name" bs=1 skip=1 count=3 2>/dev/null)" = PNG ] || fail "$name is no PNG"
done
for e in txt m4a png wave; do expect 2 "$AIGC" $say -o "o.$e" "A a."; done
expect 0 "$AIGC" $say -o sound "A a."
begins sound RIFF
expect 0 "$AIGC" $say -o sound.FLAC "A a."
begins sound.FLAC fLaC
for e in wav flac mp3 txt; do
    expect 2 "$AIGC" $say --raw -o "r.$e" "A a."
    [ ! -e "r.$e" ] || fail "samples without a header in r.$e"
done
for e in .raw .pcm ""; do expect 0 "$AIGC" $say --raw -o "r$e" "A a."; done
expect 2 "$AIGC" $say -o a.wav --srt a.vtt "A a."
expect 2 "$AIGC" $say -o a.wav --vtt a.txt "A a."
expect 0 "$AIGC" $say -o a.wav --srt a.srt --vtt a.vtt "A a."
expect 2 "$AIGC" vocode sound.FLAC -o b.png
expect 2 "$AIGC" vocode sound.FLAC -o b.wav --mel b.txt
expect 2 "$AIGC" vocode sound.FLAC --raw -o b.wav
for e in png wav pdf docx; do expect 2 "$AIGC" text -m "$tiny" -n 1 --temp 0 -p x -o "t.$e"; done
for e in .txt .md .html .py ""; do expect 0 "$AIGC" text -q -m "$tiny" -n 1 --temp 0 -p x -o "t$e"; done
expect 2 "$AIGC" quantize --type f16 "$SOURCE_DIR/tests/golden/gpt/llama.gguf" q.onnx

# what nobody named
expect 0 "$AIGC" $draw
cp image.png before
expect 2 "$AIGC" $draw -n y
cmp -s image.png before || fail "image.png was overwritten"
expect 0 "$AIGC" $draw --force -n "another y"
expect 0 "$AIGC" $draw -o image.png -n "another y"
rm image.png
: >image-2.png
expect 2 "$AIGC" $draw -b 2
[ ! -e image.png ] || fail "drawn although image-2.png is there"
expect 0 "$AIGC" $say "A a."
cp speech.wav before
expect 2 "$AIGC" $say "A a a a."
cmp -s speech.wav before || fail "speech.wav was overwritten"
expect 0 "$AIGC" $say --force "A a a a."
expect 0 "$AIGC" vocode speech.wav
expect 2 "$AIGC" vocode speech.wav
expect 0 "$AIGC" vocode --force speech.wav

# prompts from a file
printf '#1 dad mug\nplain mug\n\n' >prompts.txt
expect 0 "$AIGC" image -m "$SOURCE_DIR/tests/golden/image/pipe" -f prompts.txt -s 1 --steps 1 -o p.png
[ -e p-2.png ] || fail "a prompt that begins with # is dropped"
expect 0 "$AIGC" image -m "$SOURCE_DIR/tests/golden/image/pipe" -f prompts.txt --comments -s 1 --steps 1 -o c.png
[ ! -e c-2.png ] || fail "--comments leaves no line out"

# captions that the font has not
if [ -e /usr/share/fonts/truetype/dejavu/DejaVuSans.ttf ]; then
    expect 2 "$AIGC" $draw --caption "Neu: 漢字 🚀" -o k.png
    grep -q '漢 (U+6F22), 字 (U+5B57), 🚀 (U+1F680)' err || fail "characters without a glyph are not named"
    expect 2 "$AIGC" $draw --label-text "標" -o k.png
    expect 0 "$AIGC" $draw --caption "$(printf 'Grüße …\tzwei\nЖдут\342\200\215')" -o k.png
    expect 3 "$AIGC" $draw --caption "$(printf 'bad \377 byte')" -o k.png
fi

# byte order marks
mark=$(printf '\357\273\277')
tokens() { "$AIGC" text -m "$tiny" -n 1 --temp 0 --json "$@" 2>err | grep -o '"prompt_tokens": [0-9]*' || fail "no answer to $*"; }
printf 'one two' >plain.txt
printf '%sone two' "$mark" >marked.txt
printf 'Say: {{input}}' >task.txt
printf '%sSay: {{input}}' "$mark" >marked-task.txt
printf '{"input":"a","output":"b"}\n' >ex.jsonl
printf '%s{"input":"a","output":"b"}\n' "$mark" >marked-ex.jsonl
wanted=$(tokens -f plain.txt)
[ "$(tokens -f marked.txt)" = "$wanted" ] && [ "$(tokens -f - <marked.txt)" = "$wanted" ] && [ "$(tokens -p "${mark}one two")" = "$wanted" ] &&
    [ "$(tokens "${mark}one two")" = "$wanted" ] || fail "a byte order mark is part of the prompt"
[ "$(tokens --task task.txt -p x)" = "$(tokens --task marked-task.txt -p x)" ] || fail "a byte order mark is part of the task"
[ "$(tokens --examples ex.jsonl -p x)" = "$(tokens --examples marked-ex.jsonl -p x)" ] || fail "a byte order mark is part of the examples"
[ "$("$AIGC" speak -q --phonemes --voice ./voice.onnx -f marked.txt 2>&1)" = "$("$AIGC" speak -q --phonemes --voice ./voice.onnx -f plain.txt 2>&1)" ] ||
    fail "a byte order mark is spoken"
printf '\377\376o\0n\0e\0' >wide.txt
expect 3 "$AIGC" text -m "$tiny" -n 1 -f wide.txt
grep -q 'UTF-16' err || fail "UTF-16 is not called by its name"
exit 0
