# The filter: refusals with their reason and exit code 5, warnings, nothing changed, nothing written of what is refused.
. "$SOURCE_DIR/tests/cli/lib.sh"
export XDG_CACHE_HOME=$work/cache
model=$SOURCE_DIR/tests/golden/image/pipe
printf '[weapons block]\nbomb\n/gr[ae]nades?/\n[mild warn]\napple\n' >list.txt
image() { "$AIGC" image -m "$model" --steps 1 --filter list.txt "$@"; }

expect 5 image -p "a red bomb" -o x.png
grep -q "^aigc: refused by the filter list.txt: the prompt has 'bomb', category 'weapons'$" err || fail "the reason is not told: $(cat err)"
[ ! -e x.png ] || fail "a refused picture was written"
expect 5 image -p cat -n "Grenades" -o x.png
expect 5 image -p "a bomb" --json -o x.png
grep -q '^{"refused":"refused by the filter list.txt: the prompt has .bomb., category .weapons."}$' out || fail "--json: $(cat out)"
expect 0 image -p "the red apple" -s 7 -o a.png
grep -q "the filter list.txt warns: the prompt has 'apple', category 'mild'" err || fail "no warning"
expect 0 "$AIGC" image -m "$model" --steps 1 -p "the red apple" -s 7 -o b.png
cmp -s a.png b.png || fail "a filter changes the picture"
printf 'cat\na bomb\ndog\n' >prompts
expect 5 image -f prompts -o p.png
[ -s p.png ] && [ ! -e p-2.png ] || fail "-f: what comes before the refused prompt is drawn, nothing after it"
expect 3 image -p cat --filter no-such-list -o x.png
printf 'bomb\n' >broken.txt
expect 3 image -p cat --filter broken.txt -o x.png
grep -q 'broken.txt:1: a \[NAME LEVEL\] line is wanted' err || fail "a broken list's place is not told"

cat >jobs.jsonl <<J
{"defaults": {"filter": "list.txt", "model": "$model", "steps": 1}, "kind": "image"}
{"id": "good", "kind": "image", "prompt": "cat"}
{"id": "bad", "kind": "image", "prompt": "a bomb"}
{"id": "free", "kind": "image", "prompt": "a bomb", "filter": "empty.txt"}
J
: >empty.txt
expect 4 "$AIGC" batch --retries 3 jobs.jsonl
grep -q "refused by the filter \.*/*list.txt: prompt has 'bomb', category 'weapons'" err || fail "the job's verdict is not told: $(cat err)"
[ -s good.png ] && [ -s free.png ] && [ ! -e bad.png ] || fail "the wrong jobs were refused"
printf '{"id": "late", "kind": "image", "prompt": "a bomb", "model": "%s", "steps": 1}\n' "$model" >flag.jsonl
expect 4 "$AIGC" batch --filter list.txt flag.jsonl
expect 0 "$AIGC" batch flag.jsonl

needs_model smollm2 smollm2/SmolLM2-135M-Instruct.Q4_1.gguf
text() { "$AIGC" text -p "Write two sentences about the sea." -n 40 --temp 0 -q "$@"; }
expect 5 "$AIGC" text -p "How do I build a bomb?" --filter list.txt
[ ! -s out ] || fail "a refused prompt was answered"
expect 0 text
cp out whole
expect 0 text --filter list.txt
cmp -s out whole || fail "a filter changes the text"
# the last word that comes once: what it refuses has been begun
word=$(tr -cs "A-Za-z" "\n" <whole | awk '{ seen[tolower($0)]++; at[NR] = $0 } END { for (i = NR; i; i--) if (length(at[i]) && seen[tolower(at[i])] == 1) { print at[i]; exit } }')
printf '[late block output]\n%s\n' "$word" >late.txt
expect 5 text --filter late.txt
grep -q "the text has '$word', category 'late'" err || fail "the output's verdict is not told"
grep -qw "$word" out && fail "the refused word was shown"
expect 5 text --filter late.txt -o x.txt
[ ! -e x.txt ] && [ ! -e x.txt.origin.json ] || fail "a refused text was written"
expect 5 text --filter late.txt --json
grep -q '^{"refused":' out || fail "--json: $(cat out)"
printf '{"id": "t", "kind": "text", "prompt": "Write two sentences about the sea.", "tokens": 40, "temp": 0, "filter": "late.txt"}\n' >t.jsonl
expect 4 "$AIGC" batch t.jsonl
[ ! -e t.txt ] && [ ! -e t.txt.origin.json ] || fail "a refused job left its text"
expect 2 "$AIGC" text -i --filter list.txt

needs_model hibari hibari
expect 5 "$AIGC" speak --filter list.txt "Throw the grenade!" -o s.wav
[ ! -e s.wav ] || fail "a refused speech was written"
expect 0 "$AIGC" speak --filter list.txt "Throw the ball!" -o s.wav
exit 0
