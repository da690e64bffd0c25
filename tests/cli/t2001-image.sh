# aigc image on a tiny random model: its outputs, its repeatability, and every wrong call with its exit code.
. "$SOURCE_DIR/tests/cli/lib.sh"
golden=$SOURCE_DIR/tests/golden/image
model=$golden/pipe
image() { "$AIGC" image -m "$model" --steps 3 "$@"; }

expect 0 image -p "the red apple" -s 7 -o a.png
[ ! -s out ] || fail "stdout is not empty"
grep -q 'a.png: 16 x 16 pixels, seed 7' err || fail "what was written is not told"
expect 0 image "the red apple" -s 7 -q -t 1 -o b.png
cmp -s a.png b.png || fail "one seed gives two pictures"
[ ! -s err ] || fail "-q is not quiet"
expect 0 image -p "the red apple" -s 7 -q -o -
cmp -s a.png out || fail "-o - gives other bytes than -o FILE"
expect 0 image -p "the red apple" -s 8 -o b.png
cmp -s a.png b.png && fail "two seeds give one picture"
grep -aq 'parametersthe red apple' a.png || tr '\000' ' ' <a.png | grep -aq 'parameters the red apple' || fail "no parameters in the file"
grep -aq 'Steps: 3, Sampler: DDIM, CFG scale: 7, Seed: 7, Size: 16x16, Model: pipe' a.png || fail "the settings are not as A1111 writes them"

expect 0 image -p "cat" -n blue -s 7 -b 3 --json -o c.png
[ "$(wc -l <out)" = 3 ] || fail "--json: one line a picture wanted"
grep -q '"file":"c-3.png","prompt":"cat","negative_prompt":"blue".*"seed":9' out || fail "--json: $(cat out)"
[ -s c.png ] && [ -s c-2.png ] && [ -s c-3.png ] || fail "-b 3 left too few files"
printf 'the red apple\n\n# no prompt\n  cat \r\n' >prompts
expect 0 image -f prompts -s 7 -o d.png
cmp -s a.png d.png || fail "the first line of -f gives another picture than -p"
[ -s d-2.png ] && [ ! -e d-3.png ] || fail "-f: blank lines and # lines are no prompts"

expect 0 image -p cat -W 24 -H 8 --tile --upscale 2 --preview-every 1 -o e.png
grep -q 'e.png: 48 x 16' err || fail "size and enlarging: $(cat err)"
[ -s e-preview.png ] || fail "no preview"
expect 0 image -p cat --init-img "$golden/picture.png" --mask "$golden/mask.png" --strength 0.5 -o f.png
expect 0 image -p cat --init-img "$SOURCE_DIR/tests/golden/image_files/baseline.jpg" --sampling-method euler_a -o f.png
expect 0 image -p cat --variation-seed 3 --variation-strength 0.2 --cfg-scale 1 --clip-skip 2 -o g.png
grep -aq 'Clip skip: 2' g.png || fail "clip skip is not told"
expect 0 image -p cat --exact --noise "$golden/noise.npy" -o g.png

# a model that enlarges by itself: from a picture comes one as large, and what the mask keeps is kept in the end, too
cp -r "$model" enlarging && chmod -R u+w enlarging && echo '{"upscale": 2}' >enlarging/aigc.json
expect 0 "$AIGC" image -m enlarging --steps 3 -p cat -s 1 -W 32 -H 32 -o big.png
grep -q 'big.png: 64 x 64' err || fail "aigc.json's enlarging: $(cat err)"
expect 0 "$AIGC" image -m enlarging --steps 3 -p cat -s 2 --init-img big.png --strength 0.5 -o again.png
grep -q 'again.png: 64 x 64' err || fail "from a picture comes one of another size: $(cat err)"
expect 0 "$AIGC" image -m enlarging --steps 3 -p cat -s 2 --init-img big.png --mask "$SOURCE_DIR/samples/pictures/right-half.png" -o half.png
grep -q 'half.png: 64 x 64' err || fail "into a mask comes one of another size: $(cat err)"
cmp -s big.png half.png && fail "nothing was painted"
expect 0 "$AIGC" image -m enlarging --steps 3 -p cat -s 2 --init-img big.png --upscale 1 -o same.png
grep -q 'same.png: 64 x 64' err || fail "--upscale 1 draws at the picture's own size: $(cat err)"

rm -f ./*.png
expect 2 "$AIGC" image
expect 2 image -p cat -f prompts
expect 2 image -p cat extra
expect 2 image -p cat -W 9 -o x.png
grep -q 'nearest are 8 and 10' err || fail "the nearest sizes are not told: $(cat err)"
expect 2 image -p cat --sampling-method what -o x.png
grep -q 'euler_a' err || fail "the methods are not listed"
expect 2 image -p cat --rng what -o x.png
expect 2 image -p cat --upscale 3 -o x.png
expect 2 image -p cat --clip-skip 9 -o x.png
expect 2 image -p cat --mask "$golden/mask.png" -o x.png
expect 2 image -p cat -b 2 -o -
expect 2 image -p cat --json -o -
expect 2 image -p cat --caption x --caption-place nowhere -o x.png
expect 2 image -p cat --strength 1.5 -o x.png
expect 3 image -p cat --noise "$golden/picture.png" -o x.png
expect 3 image -p cat -W 24 --noise "$golden/noise.npy" -o x.png
expect 3 image -p cat --init-img "$0" -o x.png
expect 3 image -p cat --init-img no-such.png -o x.png
# pictures from strangers: cut, lying about their size, of no size, or no picture
files=$SOURCE_DIR/tests/golden/image_files
size=$(wc -c <"$files/rgb.png")
head -c $((size / 2)) "$files/rgb.png" >cut.png
head -c 200 "$files/progressive.jpg" >cut.jpg
printf '\211PNG\r\n\032\n\000\000\000\rIHDR\177\377\377\377\177\377\377\377\010\002\000\000\000\000\000\000\000' >huge.png
: >empty.png
for bad in cut.png cut.jpg huge.png empty.png /dev/null .; do
    expect 3 image -p cat --init-img "$bad" -o x.png
    expect 3 image -p cat --init-img "$golden/picture.png" --mask "$bad" -o x.png
    [ -s err ] || fail "$bad is refused without a word"
done
expect 3 "$AIGC" image -m no-such-model -p cat -o x.png
expect 3 "$AIGC" image -m "$golden" -p cat -o x.png
expect 1 image -p cat -o no-such-folder/x.png
expect 1 image -p cat -o .
for part in text_encoder tokenizer unet vae scheduler; do
    cp -r "$model" broken && chmod -R u+w broken && rm -r "broken/$part"
    expect 3 "$AIGC" image -m broken -p cat -o x.png
    grep -q "has no $part" err || fail "the missing $part is not named: $(cat err)"
    rm -r broken
done
cp -r "$model" broken && chmod -R u+w broken
cp "$golden/unet_sd2/diffusion_pytorch_model.safetensors" broken/unet/
expect 3 "$AIGC" image -m broken -p cat -o x.png
grep -q "wanted\|missing" err || fail "a wrong shape is not named: $(cat err)"
cp "$model"/unet/*.safetensors broken/unet/
head -c 1000 "$model/vae/diffusion_pytorch_model.safetensors" >broken/vae/diffusion_pytorch_model.safetensors
expect 3 "$AIGC" image -m broken -p cat -o x.png
# a fault of the part that works last is told before the work begins
cp "$golden/vae_tiny/diffusion_pytorch_model.safetensors" broken/vae/
expect 3 "$AIGC" image -m broken -p cat -W 256 -H 256 --steps 1000 -o x.png
grep -q "vae: the tensor '.*' is missing" err || fail "the autoencoder's missing tensor is not named: $(cat err)"
cp "$model"/vae/*.safetensors broken/vae/
cp "$golden/clip_gelu/config.json" "$golden/clip_gelu/model.safetensors" broken/text_encoder/
expect 3 "$AIGC" image -m broken -p cat -o x.png
grep -q "the text encoder gives vectors of 24 values, the U-Net wants 16" err || fail "parts that do not fit are not told: $(cat err)"
echo '{"sample_size": 8, "down_block_types": ["ResnetDownsampleBlock2D"]}' >broken/unet/config.json
expect 3 "$AIGC" image -m broken -p cat -o x.png
grep -q "down_block_types" err || fail "a config's unknown block is not named: $(cat err)"
echo '{' >broken/unet/config.json
expect 3 "$AIGC" image -m broken -p cat -o x.png
[ ! -e x.png ] || fail "a failed run left a picture"
[ -z "$(find . -name '.*.png.*')" ] || fail "a failed run left a temporary file"

"$AIGC" image -m "$model" -p cat --steps 500 -W 256 -H 256 -o x.png 2>err &
pid=$!
catches $pid
sleep 0.2
kill -INT $pid
wait $pid
found=$?
[ $found = 130 ] || fail "Ctrl-C ended with $found, 130 wanted"
[ -z "$(find . -name '.*.png.*')" ] || fail "an interrupted run left a temporary file"
[ ! -e x.png ] || fail "an interrupted run left a picture"
if [ -e /dev/full ]; then
    "$AIGC" image -m "$model" -p cat --steps 1 -o - >/dev/full 2>err
    [ $? = 1 ] || fail "a full disk goes unnoticed"
fi

# a single file with a folder's settings gives the folder's pixels; LoRA files; other parts
expect 0 image -p cat -s 7 --upscale 4 --metadata none -o folder.png
expect 0 "$AIGC" image -m "$golden/pipe.safetensors" --config "$model" --steps 3 -p cat -s 7 --upscale 4 --metadata none -o single.png
expect 0 image -m "$golden/pipe.safetensors" --config "$model" -p cat -s 7 -o hashed.png
grep -aq "Size: 16x16, Model hash: $(sha256sum "$golden/pipe.safetensors" | cut -c1-10), Model: pipe.safetensors" hashed.png || fail "no Model hash of a single file"
cmp -s folder.png single.png || fail "the two layouts give two pictures"
AIGC_MODELS=$work expect 3 "$AIGC" image -m "$golden/pipe.safetensors" -p cat -o x.png
expect 0 image -p cat --lora "$golden/lora_kohya.safetensors" --lora "$golden/lora_peft.safetensors:0.5" -o l.png
expect 3 image -p cat --lora "$golden/noise.npy" -o x.png
expect 3 image -p cat --lora "$model/vae/diffusion_pytorch_model.safetensors" -o x.png
grep -q 'none of its updates' err || fail "a file without updates is not told: $(cat err)"
expect 2 image -p cat --lora "$golden/lora_peft.safetensors:1e9" -o x.png
expect 2 image -p cat --prediction x -o x.png
expect 0 image -p cat --prediction v_prediction -o x.png
expect 3 image -p cat --vae "$model" -o y.png
expect 3 image -p cat --vae "$golden/vae_tiny" -o y.png --config nowhere --tokenizer nowhere
[ ! -e y.png ] || fail "a failed run left a picture"
