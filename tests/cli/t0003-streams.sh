# Standard output on a full disk: exit code 1 and a message. A reader that has gone: the signal's own end, never a loop.
. "$SOURCE_DIR/tests/cli/lib.sh"
golden=$SOURCE_DIR/tests/golden
tiny=$golden/tiny
[ -e /dev/full ] || { echo "skipped: no /dev/full"; exit 77; }

broken() { # broken ARGUMENT…: of aigc, a command that writes to stdout
    timeout 60 "$AIGC" "$@" >/dev/full 2>err </dev/null
    found=$?
    [ $found = 1 ] && [ -s err ] || fail "'$*' with a full disk under stdout ended with $found, 1 and a message wanted"
    { sleep 0.1; timeout 60 "$AIGC" "$@" 2>err </dev/null; echo $? >code; } | true
    [ "$(cat code)" = 141 ] || fail "'$*' into a closed pipe ended with $(cat code), 141 wanted"
}

broken --help
broken version
broken text --help
broken text -m "$tiny" -p x --temp 0
broken text -m "$tiny" -p x --temp 0 --json
broken text -m "$tiny" -p x --temp 0 -b 3
broken score -m "$tiny" -p "one two three"
broken score -m "$tiny" -p "one two three" --json
broken embed -m "$tiny" -p "one two three"
broken embed -m "$tiny" -p "one two three" --json
broken bench text -m "$tiny" --prompt 4 -n 4 --sequences 2 --runs 1
broken bench text -m "$tiny" --prompt 4 -n 4 --sequences 2 --runs 1 --json
broken inspect --tensors "$golden/dequant.gguf"
broken inspect --json "$tiny"
broken quantize --type q4_0 "$golden/gpt/llama.gguf" -
broken check "$golden/image_files/rgb.png"
broken batch --schema
echo '{"id":"a","kind":"text","prompt":"x","out":"a.txt"}' >jobs.jsonl
broken batch --list jobs.jsonl
broken plan jobs.jsonl
cp "$golden/vits_many.onnx" voice.onnx
echo '{"audio":{"sample_rate":16000},"espeak":{"voice":"en-us"},"phoneme_id_map":{"_":[0],"^":[1],"$":[2],"a":[3]},"num_speakers":4,"speaker_id_map":{}}' >voice.onnx.json
broken speak --voice ./voice.onnx -s 1 -o - "A a a."
broken speak --voice ./voice.onnx -s 1 -o sound.wav --json "A a a."
broken vocode sound.wav -o -
broken image -p "a red apple" --steps 1 -s 1 -o -
exit 0
