# A picture model that lists what it knows: a prompt with no word of the list is told, with what is spelled like it, and drawn
# all the same. A list that is none is refused.
. "$SOURCE_DIR/tests/cli/lib.sh"
cp -r "$SOURCE_DIR/tests/golden/image/pipe" knowing && chmod -R u+w knowing
echo '{"words": "words.txt"}' >knowing/aigc.json
printf 'apple\nblack cat\ncat\nsaxophone\ntelephone\nviolin\n' >knowing/words.txt
image() { "$AIGC" image -m knowing --steps 2 -s 1 "$@"; }

expect 0 image -p "a blue xylophone on a red background" -b 2 -o a.png
grep -q 'warning: the model knows no word of this prompt; the nearest that it knows: saxophone, telephone, ' err || fail "no doubt is told"
[ "$(grep -c warning err)" = 1 ] || fail "a doubt is told more than once for a prompt"
[ -s a.png ] && [ -s a-2.png ] || fail "a prompt in doubt is not drawn"
expect 0 image -p "a blue xylophone" -q -o a.png
[ ! -s err ] || fail "-q is not quiet"
expect 0 image -p "two Cats, 3d" -o b.png
grep -q warning err && fail "a known thing is in doubt"
printf 'apple\nxylophone\n' >prompts
expect 0 image -f prompts -o c.png
[ "$(grep -c warning err)" = 1 ] && grep -q 'warning: picture 2: the model knows' err || fail "the prompt of a file is not named"

printf '{"id":"one","kind":"image","model":"knowing","steps":2,"prompt":"xylophone"}\n{"id":"two","kind":"image","model":"knowing","steps":2,"prompt":"cat"}\n' >jobs.jsonl
expect 0 "$AIGC" batch jobs.jsonl -o made
[ "$(grep -c 'knows no word' err)" = 1 ] && grep -q "job 'one': the model knows no word" err || fail "a batch does not tell the doubt"

refused() { # WHAT IS SAID
    expect 3 image -p cat -o d.png
    grep -q "$1" err || fail "'$1' is not said"
    [ ! -e d.png ] || fail "a picture was left"
}
printf 'cat\napple\n' >knowing/words.txt
refused "words.txt: line 2: 'apple' found"
printf 'c\033[2Jat\n' >knowing/words.txt
refused "words.txt: line 1: control character 27"
: >knowing/words.txt
refused 'words.txt: no line found'
head -c 1100000 /dev/zero | tr '\000' 'a' >knowing/words.txt
refused words.txt
rm knowing/words.txt
refused words.txt
echo '{"words": "../words.txt"}' >knowing/aigc.json
refused "words"
