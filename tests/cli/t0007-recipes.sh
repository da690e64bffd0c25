# The training recipes: Python that compiles, and packing, which needs no more than numpy and safetensors.
. "$SOURCE_DIR/tests/cli/lib.sh"
command -v python3 >/dev/null || { echo "skipped: python3 is absent"; exit 77; }
cp "$SOURCE_DIR"/samples/training/* .
for script in *.py; do
    expect 0 python3 -c 'import ast, sys; ast.parse(open(sys.argv[1]).read(), sys.argv[1])' "$script"
done
expect 0 python3 -c '
import json
lists = json.load(open("icons_eval.json"))
assert {k: len(v) for k, v in lists.items()} == dict(labels_1000=1000, labels_100=100, common_100=100, color_background_60=60, two_things_30=30)
assert set(lists["labels_100"]) <= set(lists["labels_1000"])
rows = [line.rstrip("\n").split("\t") for line in open("icons_names.txt")]
assert all(len(r) in (1, 2) and r[0] == r[0].strip() for r in rows) and len({r[0] for r in rows}) == len(rows)
'
python3 -c 'import numpy, safetensors' 2>err || { echo "packing left out: $(tail -1 err)"; exit 0; }
printf 'Cat\nred  apple\nkiss: man\ncat\n' >names
expect 0 python3 pack.py "$SOURCE_DIR/tests/golden/image/pipe" packed --steps 2 --words names
[ "$(cat packed/words.txt)" = "$(printf 'cat\nkiss man\nred apple')" ] || fail "words.txt: $(cat packed/words.txt)"
expect 0 "$AIGC" image -m packed -p "two cats" -s 1 -o a.png
grep -q 'warning' err && fail "a listed word is in doubt"
expect 0 "$AIGC" image -m packed -p "xylophone" -s 1 -o a.png
grep -q 'the model knows no word of this prompt' err || fail "the packed list is not read"
