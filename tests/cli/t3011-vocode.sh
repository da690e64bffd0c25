# aigc vocode: mel spectra and sounds to sound, with and without a network, and errors that say what is wrong.
. "$SOURCE_DIR/tests/cli/lib.sh"

python3 - <<'EOF'
import math, struct, wave
w = wave.open("in.wav", "wb")
w.setparams((1, 2, 16000, 0, "NONE", ""))
w.writeframes(b"".join(struct.pack("<h", int(9000 * math.sin(0.2 * i) + 4000 * math.sin(0.7 * i))) for i in range(16000)))
w.close()
EOF
expect 0 "$AIGC" vocode in.wav --metadata none -o out.wav --mel mel.npy --iterations 8
[ "$(head -c 4 out.wav)" = RIFF ] && [ "$(wc -c <out.wav)" -gt 30000 ] || fail "no sound"
expect 0 "$AIGC" vocode mel.npy --rate 16000 --metadata none -o again.wav --iterations 8
cmp -s out.wav again.wav || fail "the sound and its mel spectrum give different sounds"
expect 0 "$AIGC" vocode mel.npy --rate 16000 --metadata none -o again.wav --iterations 8 -t 1
cmp -s out.wav again.wav || fail "-t 1 gives other bytes"
for net in hifigan1 hifigan3 melgan vocos; do
    expect 0 "$AIGC" vocode in.wav -m "$SOURCE_DIR/tests/golden/vocoder_$net.safetensors" --n-fft 512 -o $net.wav
    [ "$(wc -c <$net.wav)" -gt 10000 ] || fail "$net: hardly any sound"
done
expect 3 "$AIGC" vocode mel.npy -m "$SOURCE_DIR/tests/golden/vocoder_vocos.safetensors" -o x.wav
grep -q "12" err || fail "the bands wanted are not named"
expect 3 "$AIGC" vocode in.wav -m "$SOURCE_DIR/tests/golden/stft.safetensors" -o x.wav
expect 3 "$AIGC" vocode nothing.wav -o x.wav
head -c 60 mel.npy >cut.npy
expect 3 "$AIGC" vocode cut.npy -o x.wav
head -c 30 in.wav >cut.wav
expect 3 "$AIGC" vocode cut.wav -o x.wav
expect 2 "$AIGC" vocode -o x.wav
[ ! -e x.wav ] || fail "a failed run left a file"
