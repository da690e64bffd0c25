# aigc inspect tells what is in each kind of model file, and refuses what is none.
. "$SOURCE_DIR/tests/cli/lib.sh"
golden=$SOURCE_DIR/tests/golden

expect 0 "$AIGC" inspect "$golden/dequant.gguf"
grep -q '^architecture  *golden$' out || fail "the architecture is not told"
grep -q '^format  *gguf$' out || fail "the format is not told"
[ ! -s err ] || fail "something is on stderr"

expect 0 "$AIGC" inspect --tensors "$golden/dequant.gguf"
grep -q '^f32  *f32  *\[2, 3, 4, 5\]$' out || fail "the tensor f32 is not listed"
expect 0 "$AIGC" inspect --metadata "$golden/dequant.gguf"
grep -q '^ *test.string  *grüße?$' out || fail "metadata are not listed, or control characters reach the terminal"
expect 0 "$AIGC" inspect --metadata "$golden/dequant.safetensors"
grep -q 'made by  *gen_weights.py' out || fail "the metadata of a safetensors file are not listed"
expect 0 "$AIGC" inspect --json --tensors "$golden/tiny.onnx"
grep -q '"opset": 17' out || fail "--json gives no opset"
grep -q '"name": "typed_f32"' out || fail "--json --tensors lists no tensor"

# a Hugging Face folder, and one of other model files
mkdir hf voice
cp "$golden/dequant.safetensors" hf/model.safetensors
echo '{"model_type":"llama","max_position_embeddings":77,"num_hidden_layers":2}' >hf/config.json
echo '{}' >hf/tokenizer.json
echo '{"chat_template":"x","model_max_length":1000000000000000019884624838656}' >hf/tokenizer_config.json
expect 0 "$AIGC" inspect hf
grep -q '^context  *77$' out || fail "config.json is not read"
grep -q '^chat_template  *yes$' out || fail "the chat template is not seen"
expect 3 "$AIGC" inspect voice
cp "$golden/tiny.onnx" voice
expect 0 "$AIGC" inspect voice
grep -q '^ *format  *onnx$' out || fail "the file in a folder is not described"
mkdir pipe
mv hf pipe/unet
echo '{"_class_name":"SomePipeline","unet":["diffusers","U"],"safety_checker":[null,null]}' >pipe/model_index.json
expect 0 "$AIGC" inspect pipe
grep -q '^architecture  *SomePipeline$' out || fail "model_index.json is not read"
grep -q '^ *context  *77$' out || fail "the parts of a pipeline are not described"

# what is wrong is named
echo '{' >pipe/unet/config.json
expect 3 "$AIGC" inspect pipe/unet
grep -q 'config.json: line' err || fail "a broken config.json is not named"
expect 2 "$AIGC" inspect
expect 2 "$AIGC" inspect a b
expect 3 "$AIGC" inspect no-such-model
head -c 2000 "$golden/dequant.gguf" >cut.gguf
expect 3 "$AIGC" inspect cut.gguf
grep -q '^aigc: cut.gguf: ' err || fail "a cut file is not named"
echo hello >text
expect 3 "$AIGC" inspect text
