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

# -W and -H are the size of the result; what the model does not draw as such is resampled, and said once
is_size() { # FILE WIDTH HEIGHT, as its header says
    [ "$(od -An -tu1 -j16 -N8 "$1" | tr -s ' ')" = " 0 0 $(($2 / 256)) $(($2 % 256)) 0 0 $(($3 / 256)) $(($3 % 256))" ] || fail "$1 is no picture of $2 x $3"
}
expect 0 image -p cat -s 1 -W 31 -H 9 -b 2 -o size.png
is_size size.png 31 9
[ "$(grep -c '31 x 9 pixels: the model draws 32 x 10, which are resampled' err)" = 1 ] || fail "that a size is resampled is not told once: $(cat err)"
expect 0 image -p cat -s 1 -W 400 -H 100 -o size.png
is_size size.png 400 100
grep -q 'the model draws 32 x 8' err || fail "a large size is not drawn in its shape: $(cat err)"
expect 0 image -p cat -s 1 -W 5 -H 5 -q -o size.png
is_size size.png 5 5
[ ! -s err ] || fail "-q is not quiet about the size"
"$AIGC" rerun -q --with model="$model" size.png 2>err || fail "a resampled picture is not made again: $(cat err)"

# a model that enlarges by itself draws its own square alone
cp -r "$model" enlarging && chmod -R u+w enlarging && echo '{"upscale": 2}' >enlarging/aigc.json
own() { "$AIGC" image -m enlarging --steps 3 -p cat "$@"; }
expect 0 own -s 1 -o big.png
is_size big.png 32 32
expect 0 own -s 1 -W 32 -H 32 -o same.png
cmp -s big.png same.png || fail "the size that a model has by itself, asked for, gives another picture"
grep -q 'the model draws' err && fail "the model's own size is called odd"
expect 0 own -s 1 -W 16 -H 16 --upscale 2 -o same.png # as records of before say the default
is_size same.png 32 32
expect 0 own -s 1 --upscale 1 -o size.png
is_size size.png 16 16
"$AIGC" rerun -q size.png 2>err || fail "the picture as it is drawn is not made again: $(cat err)"
expect 0 own -s 1 --upscale 2 -o size.png
is_size size.png 64 64
expect 0 own -s 1 -W 70 -H 40 -o size.png
is_size size.png 70 40
grep -q '70 x 40 pixels: the model draws 16 x 16, which are resampled and set in the middle' err || fail "the odd shape is not told: $(cat err)"
"$AIGC" rerun -q size.png 2>err || fail "a widened picture is not made again: $(cat err)"
echo '{"id": "odd", "kind": "image", "model": "enlarging", "prompt": "cat", "steps": 3, "width": 300, "height": 20}
{"custom_id": "asked", "method": "POST", "url": "/v1/images/generations", "body": {"model": "enlarging", "prompt": "cat", "size": "48x24"}}' >sizes.jsonl
expect 0 "$AIGC" batch sizes.jsonl
is_size odd.png 300 20
is_size sizes.answers/asked.png 48 24

# from a picture comes one as large, and what the mask keeps is kept to the bit, whatever the model draws
expect 0 own -s 2 --init-img big.png --strength 0.5 -o again.png
is_size again.png 32 32
expect 0 own -s 2 --init-img big.png --mask "$SOURCE_DIR/samples/pictures/right-half.png" -o half.png
is_size half.png 32 32
cmp -s big.png half.png && fail "nothing was painted"
expect 0 own -s 2 --init-img big.png -W 50 -H 20 -o half.png
is_size half.png 50 20
echo 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==' | base64 -d >black.png
image -p cat -s 5 -W 37 -H 25 -q -o source.png || fail "no picture to start from"
for who in own "image -p cat"; do
    expect 0 $who -s 1 --metadata none --init-img source.png --mask black.png -o kept.png
    is_size kept.png 37 25
    expect 0 $who -s 2 --metadata none --init-img kept.png --mask black.png -o kept-2.png
    cmp -s kept.png kept-2.png || fail "a mask that is black all over lets something change"
done

rm -f ./*.png
expect 2 "$AIGC" image
expect 2 image -p cat -f prompts
expect 2 image -p cat extra
expect 2 image -p cat -W 0 -o x.png
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
[ -z "$(find . -name '.aigc.*')" ] || fail "a failed run left a temporary file"

cp -r "$model" large && chmod -R u+w large # a model of squares of 256 pixels
sed 's/"sample_size": [0-9]*/"sample_size": 128/' "$model/unet/config.json" >large/unet/config.json
$listens "$AIGC" image -m large -p cat --steps 500 -o x.png 2>err &
pid=$!
catches $pid
sleep 0.2
kill -INT $pid
wait $pid
found=$?
[ $found = 130 ] || fail "Ctrl-C ended with $found, 130 wanted"
[ -z "$(find . -name '.aigc.*')" ] || fail "an interrupted run left a temporary file"
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
