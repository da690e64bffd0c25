# What is said is what was asked for: SSML, given phonemes, pronunciation files, subtitles, streams and formats by content.
. "$SOURCE_DIR/tests/cli/lib.sh"
needs_model hibari hibari/hibari.onnx

# said TEXT WANTED [FLAG…]: the phonemes
said() {
    text=$1 want=$2
    shift 2
    expect 0 "$AIGC" speak --phonemes "$@" -- "$text"
    [ "$(cat out)" = "$want" ] || fail "'$text' is read as '$(cat out)', '$want' wanted"
}
plain() { "$AIGC" speak --phonemes -- "$1"; }

said "Say [[həlˈO]]." "sˈA həlˈO."
said '<speak>Say <phoneme ph="həlˈO">x</phoneme>.</speak>' "sˈA həlˈO." --ssml
said '<speak><sub alias="World Wide Web">WWW</sub> is here.</speak>' "$(plain 'World Wide Web is here.')" --ssml
said '<speak><say-as interpret-as="digits">123</say-as> <say-as interpret-as="ordinal">5</say-as></speak>' "wˈʌn tˈu θɹˈi fˈɪfθ" --ssml
said '<speak><say-as interpret-as="characters">abc</say-as></speak>' "$(plain A.B.C)" --ssml
printf '# mine\nGhyll   ɡˈIl\n' >words
said "The Ghyll is wet." "ðə ɡˈIl ɪz wˈɛt." --pronunciations words
expect 3 "$AIGC" speak --phonemes --pronunciations no-such-file "Hello."
printf 'Ghyll\n' >bad
expect 3 "$AIGC" speak --phonemes --pronunciations bad "Hello."
grep -q "line 1" err || fail "a bad line of a pronunciation file is not named"

# times: a break is that long and silent, a rate is a rate, subtitles begin and end with what they show
expect 0 "$AIGC" speak -s 1 -o break.wav --json --srt a.srt --vtt a.vtt --ssml '<speak>One.<break time="1500ms"/>Two &amp; three.</speak>'
cp out break.json
for rate in 50 100 200; do
    expect 0 "$AIGC" speak -s 1 -o rate.wav --json --ssml "<speak><prosody rate=\"$rate%\">One two three four five.</prosody></speak>"
    cp out "rate$rate.json"
done
expect 0 "$AIGC" speak -s 1 -o silence.wav --json --sentence-silence 2 "One. Two."
cp out silence.json
python3 - <<'END' || fail "times are wrong"
import array, json, re, wave
def load(name):
    w = wave.open(name)
    assert (w.getnchannels(), w.getsampwidth()) == (1, 2)
    return array.array("h", w.readframes(w.getnframes())), w.getframerate()
j = json.load(open("break.json"))
x, rate = load("break.wav")
a, b = j["sentences"]
assert abs(b["start"] - a["end"] - 1.5) < 1e-3
assert not any(x[int(a["end"] * rate) + 1:int(b["start"] * rate)]), "the break is not silent"
assert max(map(abs, x)) > 1000
seconds = {r: json.load(open(f"rate{r}.json"))["seconds"] for r in (50, 100, 200)}
assert 1.5 < seconds[50] / seconds[100] < 2.2 and 0.45 < seconds[200] / seconds[100] < 0.75, seconds
j = json.load(open("silence.json"))
assert abs(j["sentences"][1]["start"] - j["sentences"][0]["end"] - 2) < 1e-3
def stamp(t):
    h, m, s = t.replace(",", ".").split(":")
    return int(h) * 3600 + int(m) * 60 + float(s)
srt = open("a.srt", encoding="utf-8").read()
cues = re.findall(r"(\d+)\n(\S+) --> (\S+)\n(.*)\n", srt)
assert [c[0] for c in cues] == ["1", "2"] and cues[0][3] == "One." and abs(stamp(cues[1][1]) - b["start"]) < 0.002 and abs(stamp(cues[1][2]) - b["end"]) < 0.002, cues
vtt = open("a.vtt", encoding="utf-8").read()
assert vtt.startswith("WEBVTT\n\n") and vtt.count(" --> ") == 2 and "&amp;" in vtt
END

# a sentence too long for the voice is cut; no join clicks, nothing clips, and loudness stays
i=0
text="When the long rain had ended"
while [ $i -lt 60 ]; do text="$text and they went out to the fields again singing"; i=$((i + 1)); done
expect 0 "$AIGC" speak -s 1 -o long.wav --json -- "$text."
cp out long.json
python3 - <<'END' || fail "joins click, or the parts are not equally loud"
import array, json, wave
j = json.load(open("long.json"))
w = wave.open("long.wav")
rate = w.getframerate()
x = array.array("h", w.readframes(w.getnframes()))
pieces = j["sentences"]
assert len(pieces) > 3
jump = [abs(x[i - 1] - 2 * x[i] + x[i + 1]) for i in range(1, len(x) - 1)]
for p in pieces:
    for t in (p["start"], p["end"]):
        at = int(t * rate)
        near = jump[max(at - 48, 0):at + 48]
        assert not near or max(near) < 400, (t, max(near))
assert max(map(abs, x)) < 32767
power = [(sum(v * v for v in x[int(p["start"] * rate):int(p["end"] * rate)]) / ((p["end"] - p["start"]) * rate)) ** 0.5 for p in pieces[:-1]]
assert max(power) < 2 * min(power), power
said = [w["text"] for p in pieces for w in p["words"] if not w["punctuation"]]
assert len(said) == 6 + 60 * 9, len(said)
END

# formats: the right container, and as many samples as were made
for ending in wav flac ogg opus mp3; do expect 0 "$AIGC" speak -s 1 -o "x.$ending" "Hello there."; done
"$AIGC" speak -s 1 -o - "Hello there." >stream.wav 2>err || fail "no stream"
"$AIGC" speak -s 1 -o - --raw "Hello there." >x.raw 2>err || fail "no raw stream"
expect 0 "$AIGC" speak -s 1 -o y.raw --raw "Hello there."
cmp -s x.raw y.raw || fail "raw samples differ between a stream and a file"
python3 - <<'END' || fail "a format's content is wrong"
import struct, wave
w = wave.open("x.wav")
n, pcm = w.getnframes(), w.readframes(w.getnframes())
assert pcm == open("x.raw", "rb").read() and n > 12000
s = open("stream.wav", "rb").read()
assert s[:4] == b"RIFF" and s.endswith(pcm) and struct.unpack("<I", s[s.index(b"fmt ") + 12:][:4])[0] == 24000
f = open("x.flac", "rb").read()
info = int.from_bytes(f[8 + 10:8 + 18], "big")
assert f[:4] == b"fLaC" and info >> 44 == 24000 and info & 0xFFFFFFFFF == n
def last_granule(name):
    o = open(name, "rb").read()
    return struct.unpack("<q", o[o.rindex(b"OggS") + 6:][:8])[0], o
g, o = last_granule("x.ogg")
assert g == n and b"vorbis" in o[:100]
g, o = last_granule("x.opus")
assert abs(g / 2 - n) < 2400 and b"OpusHead" in o[:100]  # opus counts at 48 kHz, with its own delay
m = open("x.mp3", "rb").read()
assert m[:3] == b"ID3" or m[0] == 0xFF
END

# hostile SSML and bytes: an error that names the place, or what can be said
python3 -c 'print("<speak>" + "<p>" * 1000000 + "Hi." + "</p>" * 1000000 + "</speak>")' >deep
expect 3 "$AIGC" speak -s 1 --ssml -f deep -o none.wav
grep -q "nest too deep" err || fail "deep SSML is not named"
for bad in '<speak>' '<speak>x</p></speak>' '<!DOCTYPE a [<!ENTITY b "c">]><speak>&b;</speak>' '<speak><break time="9e99s"/>x</speak'; do
    expect 3 "$AIGC" speak -s 1 --ssml -o none.wav -- "$bad"
    [ ! -e none.wav ] || fail "'$bad' left a file"
done
printf '\377\376\300\200 ok' >bytes
expect 0 "$AIGC" speak --phonemes -f bytes
grep -q "ˌOkˈA\|OkˈA\|ˈO" out || fail "what can be read of broken UTF-8 is not"

# a voice cut anywhere is refused
cp "$SOURCE_DIR/tests/golden/vits_many.onnx" whole.onnx
size=$(wc -c <whole.onnx)
for part in 0 1 7 64 1000 $((size / 3)) $((size / 2)) $((size - 1000)) $((size - 1)); do
    head -c "$part" whole.onnx >cut.onnx
    echo '{"audio":{"sample_rate":16000},"espeak":{"voice":"en-us"},"phoneme_id_map":{"_":[0],"^":[1],"$":[2],"a":[3]},"num_speakers":4,"speaker_id_map":{}}' >cut.onnx.json
    "$AIGC" speak -s 1 --voice ./cut.onnx -o none.wav "Hello." >out 2>err
    code=$?
    [ $code = 3 ] || fail "cut at $part: ended with $code"
    [ ! -e none.wav ] || fail "cut at $part: a file is left"
done

# more decimals than a number may have once held say-as in an endless loop
dots=.44444444444444444444444444444444444444444444444444
expect 0 "$AIGC" speak --phonemes --ssml "<speak><say-as interpret-as=\"ordinal\">n$dots</say-as> <say-as interpret-as=\"cardinal\">1$dots $dots</say-as></speak>"
