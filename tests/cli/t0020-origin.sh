# Every output says that it is generated and how: what is written where, at each level of --metadata, and that the cache of
# digests changes nothing but the time.
. "$SOURCE_DIR/tests/cli/lib.sh"
golden=$SOURCE_DIR/tests/golden/image
export XDG_CACHE_HOME=$work/cache
mkdir -p models && cp -r "$golden/pipe" models/pipe && chmod -R u+w models && find models -exec touch -d 2020-01-01 {} +
image() { "$AIGC" image -m models/pipe --steps 3 "$@"; }

expect 0 image -p "the red apple" -n "grün" -s 7 -o a.png
grep -aq 'XML:com.adobe.xmp' a.png || fail "no XMP in the picture"
grep -aq '<Iptc4xmpExt:DigitalSourceType>http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia<' a.png || fail "no digital source type"
grep -aq '<TC260:AIGC>{"Label":"1","ContentProducer":"aigc","ProduceID":"[0-9a-f]\{32\}"' a.png || fail "no AIGC label"
grep -aq '"files":\[{"option":"model","name":"pipe","sha256":"[0-9a-f]\{64\}"}\]' a.png || fail "the model is not named"
grep -aq '"seed":7,"texts":{"prompt":"the red apple","negative-prompt":"gr\\u00[fF][cC]n"}' a.png || fail "the prompts are not recorded"
grep -aq "$work" a.png && fail "a folder's name is in the picture"
[ "$(ls "$XDG_CACHE_HOME/aigc/sha256" | wc -l)" = 1 ] || fail "the model's digest is not remembered"
expect 0 image -p "the red apple" -n "grün" -s 7 -t 1 -o b.png
cmp -s a.png b.png || fail "a remembered digest gives other bytes"
XDG_CACHE_HOME=/proc expect 0 image -p "the red apple" -n "grün" -s 7 -o b.png
cmp -s a.png b.png || fail "without a cache other bytes come out"
echo >>models/pipe/unet/config.json
expect 0 image -p "the red apple" -n "grün" -s 7 -o b.png
cmp -s a.png b.png && fail "a changed model has the old digest"

expect 0 image -p "the red apple" -s 7 --metadata hash -o h.png
grep -aq 'red apple' h.png && fail "--metadata hash tells the prompt"
grep -aq '"texts_sha256":{"prompt":"[0-9a-f]\{64\}"}' h.png || fail "--metadata hash has no hash"
grep -aq 'Steps: 3, Sampler' h.png || fail "--metadata hash leaves the settings out"
expect 0 image -p "the red apple" -s 7 --metadata none -o n.png
grep -aq 'trainedAlgorithmicMedia' n.png || fail "--metadata none does not say that it is generated"
grep -aqE 'apple|Steps|sha256|seed' n.png && fail "--metadata none tells more than that"
expect 2 image -p x --metadata some -o x.png
expect 0 image -p cat --init-img "$golden/picture.png" -o c.png
grep -aq 'digitalsourcetype/compositeWithTrainedAlgorithmicMedia<' c.png || fail "a picture from a picture is no composite"
grep -aq '"option":"init-img","name":"picture.png","sha256":' c.png || fail "the first picture is not named"
AIGC_PRODUCER="Der Verlag" expect 0 image -p cat -s 1 -o p.png
grep -aq '"ContentProducer":"Der Verlag"' p.png || fail "AIGC_PRODUCER is not heard"
if [ -e /usr/share/fonts/truetype/dejavu/DejaVuSans.ttf ]; then
    expect 0 image -p cat -s 1 --upscale 4 -o plain.png
    expect 0 image -p cat -s 1 --upscale 4 --label -o labelled.png
    grep -aq '"label":true' labelled.png || fail "the label is not recorded"
    expect 0 image -p cat -s 1 --upscale 4 --label-text "KI" -o words.png
    cmp -s labelled.png words.png && fail "--label-text changes nothing"
fi
exit 0
