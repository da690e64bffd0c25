# Kokoro's voices: the list, mixtures, languages, speed, and the same bytes whatever the threads.
. "$SOURCE_DIR/tests/cli/lib.sh"
expect 0 "$AIGC" speak --list-voices
grep -q '^af_heart  *American English  *Apache-2.0 ' out || fail "af_heart is not in the list"
grep -q '^bm_george  *British English ' out || fail "bm_george is not in the list"
[ "$(grep -c '^[a-z][fm]_' out)" = 54 ] || fail "the list has not 54 voices of Kokoro"
grep -q 'Used where none is named: hibari' out || fail "AIGC_VOICE does not name the usual voice"
# another folder of models: nothing installed, and how to get it
mkdir none
AIGC_MODELS=$work/none expect 3 "$AIGC" speak --voice af_heart -o x.wav "Hello."
grep -q "sh samples/models.sh kokoro" err || fail "not told how to get Kokoro: $(cat err)"
AIGC_MODELS=$work/none AIGC_VOICE= expect 0 "$AIGC" speak --list-voices
grep -q 'Used where none is named: hibari' out || fail "without Kokoro hibari is not the usual voice"
grep -q '^af_heart .*sh samples/models.sh kokoro' out || fail "the list says that what is absent is there"
needs_model kokoro kokoro/kokoro.onnx
needs_model hibari hibari/hibari.onnx
AIGC_VOICE= expect 0 "$AIGC" speak --list-voices
grep -q 'Used where none is named: af_heart' out || fail "Kokoro is installed, but not the usual voice"
say() { expect 0 "$AIGC" speak -q --metadata none --force "$@"; }
say -t 1 --voice af_heart -o one.wav "Good morning."
say -t 3 --voice af_heart -s 9 -o three.wav "Good morning."
cmp -s one.wav three.wav || fail "threads or the seed change Kokoro's sound"
say --voice kokoro -o usual.wav "Good morning."
cmp -s one.wav usual.wav || fail "--voice kokoro is not af_heart"
say --voice kokoro --speaker af_heart:2 -o weighted.wav "Good morning."
cmp -s one.wav weighted.wav || fail "a voice with a weight is not that voice"
say --voice af_heart:0.6+bm_george:0.4 -o mixed.wav "Good morning."
cmp -s one.wav mixed.wav && fail "a mixture sounds like its first voice"
say --voice af_heart --speed 2 -o fast.wav "Good morning."
[ "$(wc -c <fast.wav)" -lt "$(($(wc -c <one.wav) * 3 / 4))" ] || fail "--speed 2 is not faster"
say --voice af_heart --phonemes "A lot of water."
american=$(cat out)
say --voice bf_emma --phonemes "A lot of water."
[ "$american" != "$(cat out)" ] || fail "British voices read as American ones"
grep -q 'wˈɔːtə' out || fail "British water is $(cat out)"
expect 2 "$AIGC" speak --voice ff_siwis -o x.wav "Bonjour."
grep -q French err || fail "a French voice is not refused by its language: $(cat err)"
expect 3 "$AIGC" speak --voice af_nobody -o x.wav "Hello."
grep -q "af_nobody.bin: no such voice" err || fail "an unknown voice is not named: $(cat err)"
[ ! -e x.wav ] || fail "a sound was left behind"
# a text longer than the model's 510 phonemes, in one sentence
long="The ship"
for word in one two three four five six seven eight; do
    long="$long, which on day number $word of its journey met a storm and lost a part of its load"
done
say --voice af_heart --json -o long.wav "$long."
grep -q '"error"' out && fail "a long sentence: $(cat out)"
python3 - long.wav <<'END' || fail "a long sentence is not said as a whole"
import array, sys, wave
w = wave.open(sys.argv[1])
assert w.getnframes() / w.getframerate() > 25, w.getnframes()
x = array.array("h", w.readframes(w.getnframes()))
quiet = [max(map(abs, x[i:i + 240])) < 150 for i in range(0, len(x), 240)]  # of 10 ms each
runs = "".join(".#"[not q] for q in quiet).strip(".").split("#")
assert max(map(len, runs)) < 60, f"a pause of {max(map(len, runs)) / 100} s where a piece ends"
END
