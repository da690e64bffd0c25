# aigc speak: text to sound files and streams, the same bytes for one seed, and errors that say what is wrong.
. "$SOURCE_DIR/tests/cli/lib.sh"

expect 0 "$AIGC" speak --help
expect 2 "$AIGC" speak hello -o x.txt
grep -q "for a sound .wav" err || fail "an unknown ending is not refused"
expect 2 "$AIGC" speak hello --speed 99
expect 2 "$AIGC" speak hello -o - --json
expect 3 "$AIGC" speak hello --voice no-such-voice
expect 3 "$AIGC" speak -f no-such-file

needs_model hibari hibari/hibari.onnx

# what comes out: a WAV of some length, written whole, with subtitles and JSON beside it
expect 0 "$AIGC" speak -s 7 -o a.wav --srt a.srt --vtt a.vtt --json "Hello there. How are you?"
[ "$(head -c 4 a.wav)" = RIFF ] || fail "no WAV file"
[ "$(wc -c <a.wav)" -gt 60000 ] || fail "hardly any sound"
grep -q '"seed":7' out && grep -q '"word' out || fail "no JSON"
python3 - <<'EOF' || fail "the JSON or the times in it are wrong"
import json, wave
j = json.load(open("out"))
n = wave.open("a.wav").getnframes()
assert abs(j["seconds"] * j["rate"] - n) < 2
times = [w["start"] for s in j["sentences"] for w in s["words"]]
assert len(j["sentences"]) == 2 and len(times) >= 5 and times == sorted(times)
for s in j["sentences"]:
    assert s["start"] < s["end"] <= j["seconds"] and abs(s["symbols"][-1][2] - s["end"]) < 1
EOF
grep -q '^00:00:00,000 --> ' a.srt && grep -q 'Hello there' a.srt || fail "no subtitles"
head -1 a.vtt | grep -q WEBVTT || fail "no WebVTT"
# a cue is one line of text, in which nothing is a time line or markup
expect 0 "$AIGC" speak -q -s 1 -o c.wav --srt c.srt --vtt c.vtt "A --> b, <i>see</i> &  go on"
[ "$(grep -c -e '-->' c.vtt)" = 1 ] && grep -qx 'A --&gt; b, &lt;i&gt;see&lt;/i&gt; &amp; go on' c.vtt || fail "the cue of WebVTT: $(cat c.vtt)"
[ "$(grep -c -e '-->' c.srt)" = 1 ] && grep -q ' & go on$' c.srt && ! grep -q '<i>' c.srt || fail "the cue of SubRip: $(cat c.srt)"
expect 0 "$AIGC" speak -q -s 1 -o c.wav --srt c.srt --ssml '<speak>Fish &amp; <b>chips</b> <!-- a > b --> &#65;</speak>'
grep -qx 'Fish & chips A' c.srt || fail "a cue shows SSML: $(cat c.srt)"
# JSON ends whole after an error; there is no first sound where there is none
expect 3 "$AIGC" speak -q --json --ssml -o c.wav '<speak>One.</speak'
if [ -w /dev/full ]; then
    expect 1 "$AIGC" speak -q -s 1 --json --srt /dev/full -o c.wav "One. Two."
    grep -q '"error":"/dev/full' out && tail -c 2 out | grep -q '}' || fail "JSON is left open: $(cat out)"
fi
expect 0 "$AIGC" speak -v --phonemes "Hello."
grep -q 'first sound' err && fail "a first sound is told of where there is none"

# one seed, one sound: whatever the threads, and streamed or not
for t in 1 2 3 8; do
    expect 0 "$AIGC" speak -s 7 -t $t -o b.wav "Hello there. How are you?"
    cmp -s a.wav b.wav || fail "-t $t gives other bytes"
    "$AIGC" speak -s 7 -t $t -o - --raw "Hello there. How are you?" >c.raw 2>err || fail "streaming failed"
    tail -c "$(wc -c <c.raw)" a.wav | cmp -s - c.raw || fail "-t $t streams other samples"
done
expect 0 "$AIGC" speak -s 8 -o b.wav "Hello there. How are you?"
cmp -s a.wav b.wav && fail "another seed gives the same bytes"
"$AIGC" speak -s 7 -o - "Hello there." 2>err | head -c 4 | grep -q RIFF || fail "no WAV on standard output"

# text from a file and from standard input; other formats; slower is longer
echo "Hello there. How are you?" >text
expect 0 "$AIGC" speak -s 7 -f text -o b.wav
"$AIGC" speak -s 7 -o c.flac <text 2>err || fail "standard input is not read"
[ "$(head -c 4 c.flac)" = fLaC ] || fail "no FLAC file"
expect 0 "$AIGC" speak -s 7 -f text -o c.ogg
[ "$(head -c 4 c.ogg)" = OggS ] || fail "no Ogg file"
expect 0 "$AIGC" speak -s 7 -f text -o slow.wav --length-scale 2
[ "$(wc -c <slow.wav)" -gt $(($(wc -c <b.wav) * 3 / 2)) ] || fail "--length-scale 2 is not slower"
expect 0 "$AIGC" speak --phonemes -f text
grep -q 'ˈ' out || fail "no phonemes"

# what cannot be spoken: an error or silence, never a crash; no file is left
rm -f none.wav
for text in "" "..." "   " "😀😀"; do
    rm -f none.wav
    "$AIGC" speak -s 1 -o none.wav -- "$text" >out 2>err </dev/null
    code=$?
    [ $code = 3 ] || [ $code = 0 ] || fail "'$text' ended with $code"
    [ $code = 0 ] || [ ! -e none.wav ] || fail "'$text' left a file behind"
done
expect 3 "$AIGC" speak -s 1 -o none.wav ""
grep -q "nothing that can be spoken" err || fail "an empty text is not named"
head -c 10000 /dev/zero | tr '\0' a >long
expect 0 "$AIGC" speak -s 1 -f long --speed 10 -o long.wav
printf 'abc \377\376 def' >bytes
expect 0 "$AIGC" speak -s 1 -f bytes -o bytes.wav
expect 1 "$AIGC" speak -s 1 -o /no/such/folder/x.wav "Hello."

# Piper's voices: the JSON beside the model, speakers by name and number
cp "$SOURCE_DIR/tests/golden/vits_many.onnx" many.onnx
expect 3 "$AIGC" speak --voice ./many.onnx -o p.wav "Hello."
grep -q "many.onnx.json is not there" err || fail "a voice without its JSON is not named"
python3 - >many.onnx.json <<'EOF'
import json
ids = {"_": [0], "^": [1], "$": [2]}
for i, c in enumerate("abdefhijklmnopstuvwzæðəɛɪʊ ˈˌ."):
    ids[c] = [3 + i % 17]
print(json.dumps({"audio": {"sample_rate": 16000}, "espeak": {"voice": "en-us"}, "phoneme_id_map": ids, "num_speakers": 4,
                  "speaker_id_map": {"ann": 0, "bob": 3}, "inference": {"noise_scale": 0.667, "length_scale": 4, "noise_w": 0.8}}))
EOF
expect 0 "$AIGC" speak -s 3 --voice ./many.onnx --speaker bob --metadata none -o p.wav "Hello."
expect 0 "$AIGC" speak -s 3 --voice ./many.onnx --speaker 3 -t 1 --metadata none -o q.wav "Hello."
cmp -s p.wav q.wav || fail "the speaker's name and number differ"
expect 2 "$AIGC" speak -s 3 --voice ./many.onnx --speaker 4 --metadata none -o q.wav "Hello."
expect 2 "$AIGC" speak -s 3 --speaker 1 --metadata none -o q.wav "Hello."
echo '{"phoneme_id_map": {"_": "x"}}' >many.onnx.json
expect 3 "$AIGC" speak --voice ./many.onnx -o p.wav "Hello."
head -c 200000 many.onnx >cut.onnx
echo '{}' >cut.onnx.json
expect 3 "$AIGC" speak --voice ./cut.onnx -o p.wav "Hello."
