# Pipes where files belong, files that are cut while they are read, names that end in half a character, damaged caches.
. "$SOURCE_DIR/tests/cli/lib.sh"
golden=$SOURCE_DIR/tests/golden

# a pipe that nobody writes to is refused, not waited for, wherever a regular file is wanted
mkfifo pipe
mkdir hf
mkfifo hf/model.safetensors
for words in "inspect pipe" "check pipe" "inspect hf" "text -m pipe -p x" "text -m hf -p x" "quantize pipe o.gguf --type q8_0" "batch pipe" \
    "speak -m pipe x" "image -m pipe x -o x.png" "vocode -m pipe x -o x.wav" "rerun pipe"; do
    timeout 20 "$AIGC" $words >out 2>err </dev/null
    found=$?
    [ $found != 124 ] || fail "aigc $words waits for a pipe"
    [ $found = 3 ] || [ $found = 2 ] || fail "aigc $words ended with $found"
done
timeout 20 "$AIGC" inspect pipe >out 2>err
grep -q 'pipe: a pipe, a regular file was wanted' err || fail "the message does not say what it found"

# so is one that a text may come through, when nobody writes to it
echo '{"kind": "text", "prompt": "x"}' >some.jsonl
printf 'a,b\n1,2\n' >some.csv
raw="text -m $golden/tiny --raw -n 1"
for words in "$raw -f pipe" "$raw -p x --json-schema pipe" "write -t pipe -d some.csv"; do
    timeout 20 "$AIGC" $words >out 2>err </dev/null
    found=$?
    [ $found = 3 ] && grep -q 'pipe: a pipe that nobody writes to, a file or a pipe with a writer was wanted' err || fail "aigc $words ended with $found"
done
for words in "$raw -p x --filter pipe" "$raw -p x --chat-template pipe" "batch --filter pipe some.jsonl" "batch --check --filter pipe some.jsonl" "worker --filter pipe redis://127.0.0.1:1/x" \
    "image -m $golden/image/pipe --steps 1 -p x --init-img pipe -o x.png" "image -m $golden/image/pipe --steps 1 -p x --filter pipe -o x.png"; do
    expect 3 timeout 20 "$AIGC" $words
    grep -q 'pipe: a pipe, a regular file was wanted' err || fail "aigc $words does not say what it found"
done
expect 3 "$AIGC" text -m "$golden/tiny" -p x --filter /dev/zero
grep -q '/dev/zero: a device, a regular file was wanted' err || fail "a device is not told"
ls journal* *.journal 2>/dev/null && fail "a batch begins whose filter cannot be read"

# in a job nobody is there to write: at once, whatever names the file
for members in '"kind": "text", "file": "pipe"' '"kind": "text", "prompt": "x", "task": "pipe"' '"kind": "text", "prompt": "x", "json-schema": "pipe"' '"kind": "text", "prompt": "x", "tools": "pipe"' \
    '"kind": "text", "prompt": "x", "examples": "pipe"' '"kind": "text", "prompt": "x", "filter": "pipe"' '"kind": "embed", "file": "pipe"' '"kind": "speak", "file": "pipe"' '"kind": "vocode", "input": "/dev/zero"'; do
    printf '{"id": "j", %s}\n{"id": "well", "kind": "text", "model": "%s", "raw": true, "prompt": "x", "tokens": 1}\n' "$members" "$golden/tiny" >job.jsonl
    rm -f job.jsonl.journal
    expect 4 timeout 4 "$AIGC" batch job.jsonl
    grep -q "job 'j': .*: a \(pipe\|device\), a regular file was wanted" err || fail "$members: $(cat err)"
    expect 3 timeout 4 "$AIGC" batch --check job.jsonl
done

# what waits for its input ends with the first signal
"$AIGC" write -t pipe -d some.csv >out 2>err &
waits=$!
sleep 0.3
kill $waits
wait $waits
[ $? = 143 ] || fail "aigc write that waits for a pipe is deaf to SIGTERM"

# a model whose weights are no numbers is bad input, and nothing is made of it
broken() { # broken FROM TO: the tensors' bytes as 255 each, NaN of every type
    n=$(($(od -An -tu8 -N8 "$1") + 8))
    { head -c $n "$1" && tail -c +$((n + 1)) "$1" | LC_ALL=C tr '\000-\376' '\377'; } >"$2"
}
cp -r "$golden/tiny" tiny && cp -r "$golden/image/pipe" vae && cp -r "$golden/image/pipe" unet
broken "$golden/tiny/model.safetensors" tiny/model.safetensors
for part in vae unet; do broken "$golden/image/pipe/$part/diffusion_pytorch_model.safetensors" $part/$part/diffusion_pytorch_model.safetensors; done
broken "$golden/vocoder_hifigan1.safetensors" vocoder.safetensors
{ printf 'RIFF\044\200\000\000WAVEfmt \020\000\000\000\001\000\001\000\042\126\000\000\104\254\000\000\002\000\020\000data\000\200\000\000' && head -c 32768 /dev/zero; } >well.wav
for words in "text -m tiny --raw -p x -n 1" "score -m tiny -p hello" "embed -m tiny -p hello" "image -m vae --steps 1 -p x -o made" "image -m unet --steps 1 -p x -o made" "vocode -m vocoder.safetensors well.wav -o made.wav"; do
    expect 3 "$AIGC" $words
    grep -q 'no finite\|the range of f32' err || fail "aigc $words does not say what is wrong"
done
ls made* 2>/dev/null && fail "something is made of a model of no numbers"

# a text that is named with -f may come through one
printf 'a pipe' >pipe &
timeout 20 "$AIGC" text -m "$golden/tiny" -f pipe -n 1 --raw >out 2>err || fail "-f does not read a pipe"
wait

# a name, or a text in a file, that ends in half of a character
printf hello >"$(printf 'a\302')"
env -i SECRET=hunter2 "$AIGC" check "$(printf 'a\302')" >out 2>err
! grep -q hunter2 out || fail "check prints what lies behind a name"

# a file that is cut while it is mapped: it is named and the exit code is that of a bad input. The reader walks half a gigabyte
# of empty chunks meanwhile; how long that takes nobody knows, so several moments are tried.
mkdir cut
seen=0
for moment in 0.01 0.03 0.06 0.1 0.15 0.2 0.3 0.05 0.1 0.2; do
    printf '\211PNG\r\n\032\n' >cut/m.png
    truncate -s 512M cut/m.png
    (
        sleep $moment
        truncate -s 4096 cut/m.png
    ) &
    "$AIGC" check cut/m.png >out 2>err
    found=$?
    wait
    [ $found = 0 ] || [ $found = 3 ] || fail "a file that is cut while it is read ends with $found"
    ! grep -q 'cut/m.png: cannot be read any more: it was cut' err || seen=1
    [ $seen = 0 ] || break
done
rm cut/m.png
[ $seen = 1 ] || fail "a file that is cut while it is read is never told of"

# the same of a model under a command that writes: no temporary file is left
cp "$golden/gpt/llama.gguf" cut/m.gguf
(
    tries=0
    while [ $tries -lt 400 ]; do
        truncate -s 100 cut/m.gguf
        cp "$golden/gpt/llama.gguf" cut/m.gguf
        tries=$((tries + 1))
    done
) &
writer=$!
tries=0
while [ $tries -lt 40 ]; do
    "$AIGC" quantize cut/m.gguf cut/o.gguf --type q8_0 -q >out 2>err
    found=$?
    [ $found = 0 ] || [ $found = 3 ] || [ $found = 1 ] || fail "a model that is cut while it is read ends with $found"
    [ $found = 0 ] || [ -s err ] || fail "a model that is cut while it is read ends without a word"
    tries=$((tries + 1))
done
kill $writer 2>/dev/null
wait
[ -z "$(find cut -name '.*' -type f)" ] || fail "a temporary file is left"
