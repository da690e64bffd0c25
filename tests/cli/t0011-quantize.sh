# aigc quantize: GGUF in, GGUF out: the types asked for, the fallbacks, the same bytes for any number of threads.
. "$SOURCE_DIR/tests/cli/lib.sh"
golden=$SOURCE_DIR/tests/golden
model=$golden/gpt/llama.gguf

type_of() { # type_of FILE TENSOR
    "$AIGC" inspect --tensors "$1" | awk -v name="$2" '$1 == name { print $2 }'
}

for type in q8_0 q6_k q5_k q5_1 q5_0 q4_k q4_1 q4_0 f16 bf16 f32; do
    expect 0 "$AIGC" quantize --type $type "$model" $type.gguf
    [ ! -s out ] || fail "something is on stdout"
    expect 0 "$AIGC" inspect $type.gguf
    [ "$(type_of $type.gguf blk.0.attn_norm.weight)" = f32 ] || fail "$type: a norm is not f32"
done
# rows of 32: the block types as they are, q4_k as q5_0; rows of 40: f16
[ "$(type_of q4_0.gguf blk.0.attn_q.weight)" = q4_0 ] || fail "q4_0 is not used"
[ "$(type_of q4_k.gguf blk.0.attn_q.weight)" = q5_0 ] || fail "q4_k does not fall back to q5_0"
[ "$(type_of q5_k.gguf blk.0.attn_q.weight)" = q5_1 ] || fail "q5_k does not fall back to q5_1"
[ "$(type_of q6_k.gguf blk.0.attn_q.weight)" = q8_0 ] || fail "q6_k does not fall back to q8_0"
[ "$(type_of q4_0.gguf blk.0.ffn_down.weight)" = f16 ] || fail "rows of 40 do not fall back to f16"
[ "$(type_of q4_0.gguf output.weight)" = q8_0 ] || fail "the head is not kept finer"
expect 0 "$AIGC" quantize --pure --type q4_0 "$model" pure.gguf
[ "$(type_of pure.gguf output.weight)" = q4_0 ] || fail "--pure is not obeyed"

# metadata are kept, the file type is told
expect 0 "$AIGC" inspect --metadata q4_0.gguf
grep -q '^ *general.file_type  *2$' out || fail "general.file_type is wrong"
grep -q '^ *llama.context_length' out || fail "metadata are lost"

# the same bytes for any number of threads, and a second pass changes nothing
for t in 1 2 3 8; do
    expect 0 "$AIGC" quantize -t $t --type q4_1 "$model" t$t.gguf
    cmp -s t$t.gguf q4_1.gguf || fail "-t $t gives other bytes"
done
expect 0 "$AIGC" quantize --type q4_1 q4_1.gguf again.gguf
cmp -s again.gguf q4_1.gguf || fail "a second pass gives other bytes"

# failures leave no file behind
expect 2 "$AIGC" quantize "$model" none.gguf
expect 2 "$AIGC" quantize --type q9 "$model" none.gguf
expect 2 "$AIGC" quantize --type q4_0 "$model"
expect 3 "$AIGC" quantize --type q4_0 no-such.gguf none.gguf
expect 1 "$AIGC" quantize --type q4_0 "$model" no-such-folder/none.gguf
[ ! -e none.gguf ] || fail "a failed run leaves a file"
[ -z "$(ls -A | grep '^\.aigc')" ] || fail "a failed run leaves a temporary file"
if [ -e /dev/full ]; then
    "$AIGC" quantize --type q4_0 "$model" - >/dev/full 2>err && fail "a full disk goes unnoticed"
    [ -s err ] || fail "a full disk is not named"
fi
"$AIGC" quantize --type q4_0 "$model" - >stdout.gguf 2>err || fail "writing to stdout fails"
cmp -s stdout.gguf q4_0.gguf || fail "stdout gets other bytes"

# a Hugging Face folder with its tokenizer: the same scores from the GGUF file
expect 0 "$AIGC" quantize --type f16 "$golden/tiny" tiny.gguf
printf 'The quick brown fox,  1234 it'\''s\n' >text
expect 0 "$AIGC" score --exact --json -m "$golden/tiny" -f text
grep -o '"tokens": *\[[^]]*\]' out >ids
sed -n 's/.*"nll": *\([0-9.]*\).*/\1/p' out >nll
[ -s ids ] && [ -s nll ] || fail "score gives no tokens or no mean"
expect 0 "$AIGC" score --exact --json -m tiny.gguf -f text
grep -o '"tokens": *\[[^]]*\]' out | cmp -s - ids || fail "the GGUF file's tokenizer gives other ids"
sed -n 's/.*"nll": *\([0-9.]*\).*/\1/p' out | awk -v wanted="$(cat nll)" '{ exit !($1 - wanted < 1e-4 && wanted - $1 < 1e-4) }' ||
    fail "the GGUF file gives other scores"
expect 0 "$AIGC" inspect tiny.gguf
grep -q '^chat_template  *yes$' out || fail "the chat template is lost"
expect 0 "$AIGC" quantize --type q4_k "$golden/gpt/qwen3" qwen3.gguf
grep -q 'no tokenizer' err || fail "a missing tokenizer is not mentioned"
mkdir broken
cp "$golden/gpt/llama/config.json" broken
expect 3 "$AIGC" quantize --type q4_0 broken none.gguf
cp "$golden/gpt/qwen3/model.safetensors" broken
expect 3 "$AIGC" quantize --type q4_0 broken none.gguf
rm broken/config.json
expect 3 "$AIGC" quantize --type q4_0 broken none.gguf
[ ! -e none.gguf ] || fail "a failed run leaves a file"
