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
expect 3 "$AIGC" image -m "$model" -p cat --filter no-such-list -o x.png
printf 'bomb\n' >broken.txt
expect 3 "$AIGC" image -m "$model" -p cat --filter broken.txt -o x.png
grep -q 'broken.txt:1: a \[NAME LEVEL\] line is wanted' err || fail "a broken list's place is not told"

cat >jobs.jsonl <<J
{"defaults": {"filter": "list.txt", "model": "$model", "steps": 1}, "kind": "image"}
{"id": "good", "kind": "image", "prompt": "cat"}
{"id": "bad", "kind": "image", "prompt": "a bomb"}
{"id": "free", "kind": "image", "prompt": "a bomb", "filter": "empty.txt"}
J
: >empty.txt
expect 4 "$AIGC" batch --retries 3 jobs.jsonl
grep -q "refused by the filter \.*/*list.txt: the prompt has 'bomb', category 'weapons'" err || fail "the job's verdict is not told: $(cat err)"
[ -s good.png ] && [ -s free.png ] && [ ! -e bad.png ] || fail "the wrong jobs were refused"
printf '{"id": "late", "kind": "image", "prompt": "a bomb", "model": "%s", "steps": 1}\n' "$model" >flag.jsonl
expect 4 "$AIGC" batch --filter list.txt flag.jsonl
expect 0 "$AIGC" batch flag.jsonl

# what reaches the picture: without weights, brackets and the notations of other tools
for words in 'a bo(mb)' 'a bo(mb:1.3)' 'a [bo:mb:0.5]' 'a bo\(mb\)' '((bo)mb)' 'a {bo|mb}'; do
    expect 5 image -p "$words" -o x.png
    expect 5 image -p cat -n "$words" -o x.png
done
expect 5 image -p cat --caption 'a _bomb_' -o x.png
expect 5 image -p cat --label-text 'bo­mb' -o x.png
printf 'a bo(mb)\n' >weights
expect 5 image -f weights -o x.png
expect 0 image -p 'a (bo:1.2) (mb)' -o x.png

# letters that look like others, in the words and in the list
for words in 'a bоmb' 'a ΒΟΜΒ' 'a 𝐛𝓸𝚖𝖇' 'a ｂｏｍｂ' 'a bо(mb)' 'my grenаdеs'; do expect 5 image -p "$words" -o x.png; done
expect 0 image -p 'бомба, но не та' -o x.png
printf '[оружие block]\nбомба\n' >other.txt
for words in 'бомба' 'Бoмба' 'бoмбa'; do expect 5 "$AIGC" image -m "$model" --steps 1 --filter other.txt -p "$words" -o y.png; done
expect 0 "$AIGC" image -m "$model" --steps 1 --filter other.txt -p 'боб, bomba' -o y.png

# the batch's list holds for all jobs, whatever list they name
printf '[bombs off]\nbomb\n' >off.txt
printf '{"id": "n%s", "kind": "image", "prompt": "a bo(mb)", "model": "%s", "steps": 1, "filter": "%s"}\n' 1 "$model" empty.txt 2 "$model" off.txt >own.jsonl
expect 4 "$AIGC" batch --filter list.txt own.jsonl
[ "$(grep -c "^aigc: own.*refused by the filter list.txt" err)" = 2 ] && [ ! -e n1.png ] && [ ! -e n2.png ] || fail "a job's list replaces the batch's"
printf '[more block]\ncat\n' >more.txt
printf '{"id": "m", "kind": "image", "prompt": "a cat", "model": "%s", "steps": 1, "filter": "more.txt"}\n' "$model" >more.jsonl
expect 4 "$AIGC" batch --filter list.txt more.jsonl
grep -q 'refused by the filter more.txt' err || fail "the batch's list replaces a job's"

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
# all words that the model gets
echo '{"input": "a bomb", "output": "x"}' >shown.jsonl
echo '{"input": "x", "output": "a bomb"}' >given.jsonl
echo 'tell of a bomb: {{input}}' >task.txt
text1() { "$AIGC" text -p sea -n 1 -q --filter list.txt "$@"; }
expect 5 text1 --examples shown.jsonl
expect 5 text1 --examples given.jsonl
expect 5 text1 --task task.txt
expect 5 text1 --system 'bo​mb'
expect 5 text1 --task translate --field 'language=bomb'
expect 0 text1 --task translate --field 'language=French'
cat >words.jsonl <<J
{"id": "w1", "kind": "text", "prompt": "x", "task": "task.txt", "tokens": 1}
{"id": "w2", "kind": "text", "prompt": "x", "examples": "given.jsonl", "tokens": 1}
{"id": "w3", "kind": "text", "messages": [{"role": "user", "content": "a _bomb_"}], "tokens": 1}
{"id": "w4", "kind": "embed", "prompt": "a _bomb_"}
{"custom_id": "w5", "method": "POST", "url": "/v1/chat/completions", "body": {"model": "smollm2", "messages": [{"role": "user", "content": [{"type": "text", "text": "a bo­mb"}]}], "max_tokens": 1}}
{"id": "w6", "kind": "text", "prompt": "x", "tokens": 1}
J
expect 4 "$AIGC" batch --filter list.txt words.jsonl
[ "$(grep -c "^aigc: words.*refused by the filter list.txt" err)" = 5 ] || fail "jobs pass whose words do not: $(cat err)"
[ -s w6.txt ] || fail "a job whose words pass was refused"

# what a chat template is given beside the prompt: other fields of messages, tools, arguments
echo '[{"type": "function", "function": {"name": "f", "description": "builds a bomb"}}]' >tools.json
expect 5 "$AIGC" text -q -p hello --tools tools.json -n 1 --filter list.txt
expect 5 "$AIGC" text -q -p hello --template-arg 'mood="a bomb"' -n 1 --filter list.txt
for value in '"\u0062omb"' '{"a": ["x", "bo\u006db"]}' '{"b\u006fmb": 1}'; do expect 5 "$AIGC" text -q -p hello --template-arg "mood=$value" -n 1 --filter list.txt; done
expect 5 "$AIGC" text -q -p hello --template-arg 'bomb=1' -n 1 --filter list.txt
expect 2 "$AIGC" text -q -p hello --template-arg 'mood=x' -n 1 --filter list.txt
expect 0 "$AIGC" text -q -p hello --template-arg 'mood="\u0062all"' -n 1 --filter list.txt
printf '{"id": "m", "kind": "text", "tokens": 1, "messages": [{"role": "user", "content": "x"}, {"role": "assistant", "content": null, "tool_calls": [{"function": {"name": "f", "arguments": "a bomb"}}]}]}\n' >m.jsonl
expect 4 "$AIGC" batch --filter list.txt --out-dir told m.jsonl
grep -q 'refused by the filter list.txt' err || fail "a message passes whose other fields do not"
# a template of the user's own, and the finished prompt: no word is split between template, messages and parts of messages
printf '{%% for m in messages %%}bo{{ m.content }}\n{%% endfor %%}' >split.jinja
printf '{%% for m in messages %%}{{ m.content[::-1] }}\n{%% endfor %%}' >turned.jinja
printf '{# a -\nbomb #}{%% for m in messages %%}{{ m.content }}\n{%% endfor %%}' >says.jinja
printf '{%% for m in messages %%}{%% for p in m.content %%}{{ p.text }}{%% endfor %%}\n{%% endfor %%}' >parts.jinja
chat() { "$AIGC" text -q -n 1 --filter list.txt --chat-template "$@"; }
expect 5 chat split.jinja -p mb
grep -q "the prompt as its template writes it has 'bomb', category 'weapons'" err || fail "the finished prompt's verdict is not told: $(cat err)"
expect 0 chat split.jinja -p at
expect 5 chat turned.jinja -p bmob
expect 5 chat says.jinja -p sea
grep -q "chat-template has 'bomb', category 'weapons'" err || fail "a template's verdict is not told: $(cat err)"
printf 'tell of a bo{{x}}mb:\n{{input}}' >split.task
expect 5 text1 --task split.task --field x=
expect 0 text1 --task split.task --field x=o
cat >split.jsonl <<J
{"id": "p1", "kind": "text", "chat-template": "parts.jinja", "messages": [{"role": "user", "content": [{"type": "text", "text": "a bo"}, {"type": "text", "text": "mb"}]}], "tokens": 1}
{"id": "p2", "kind": "text", "chat-template": "split.jinja", "prompt": "mb", "tokens": 1}
{"id": "p3", "kind": "text", "chat-template": "says.jinja", "prompt": "sea", "tokens": 1}
{"custom_id": "p4", "method": "POST", "url": "/v1/chat/completions", "body": {"model": "smollm2", "messages": [{"role": "user", "content": [{"type": "text", "text": "a bo"}, {"type": "text", "text": "mb"}]}], "max_tokens": 1}}
{"custom_id": "p5", "method": "POST", "url": "/v1/chat/completions", "body": {"model": "smollm2", "messages": [{"role": "user", "name": "x", "content": [{"type": "text", "text": "a bo"}, {"type": "text", "text": "mb"}]}], "max_tokens": 1}}
{"id": "p6", "kind": "text", "prompt": "{{p7.text}}mb", "tokens": 1}
{"id": "p7", "kind": "text", "prompt": "sea", "raw": true, "tokens": 1, "choice": "bo"}
{"id": "p8", "kind": "text", "chat-template": "parts.jinja", "messages": [{"role": "user", "content": [{"type": "text", "text": "a bo"}, {"type": "text", "text": "at"}]}], "tokens": 1}
J
expect 4 "$AIGC" batch --filter list.txt --out-dir split split.jsonl
[ "$(grep -c "^aigc: split.*refused by the filter list.txt" err)" = 6 ] && [ -s split/p8.txt ] || fail "jobs pass whose finished prompts do not: $(cat err)"

needs_model hibari hibari
expect 5 "$AIGC" speak --filter list.txt "Throw the grenade!" -o s.wav
[ ! -e s.wav ] || fail "a refused speech was written"
expect 0 "$AIGC" speak --filter list.txt "Throw the ball!" -o s.wav
# what SSML says
say() { "$AIGC" speak -q --filter list.txt --ssml "<speak>$1</speak>" -o x.wav; }
for words in 'a &#98;omb' 'a bo<mark name="x"/>mb' 'a bo<b>mb</b>' 'a <sub alias="bomb">flower</sub>' '<p>a</p><p>bomb</p><p>x</p>' 'a bo<!-- -->mb' 'a bo<![CDATA[mb]]>'; do expect 5 say "$words"; done
[ ! -e x.wav ] || fail "a refused speech was written"
expect 0 say 'a <b>ball</b>'
rm x.wav
# what a voice passes over hides no word, and what it says is judged as it says it
for words in 'the boـmb.' 'the boʰmb.' "the bo'mb." 'the boًmb.' 'the boְmb.'; do
    expect 5 "$AIGC" speak -q --filter list.txt "$words" -o x.wav
    expect 5 say "$words"
done
printf '[sums block]\nfive dollars\n' >sums.txt
expect 5 "$AIGC" speak -q --filter sums.txt 'It costs $5.' -o x.wav
grep -q "what is said has 'five dollars'" err || fail "what is said is not judged: $(cat err)"
[ ! -e x.wav ] || fail "a refused speech was written"
# phonemes are no words: where a list blocks, they do not pass
expect 5 say 'a <phoneme ph="bɑm">flower</phoneme>'
expect 5 "$AIGC" speak -q --filter list.txt 'a [[bˈɑm]]' -o x.wav
echo 'flower bˈɑm' >said.txt
expect 5 "$AIGC" speak -q --filter list.txt --pronunciations said.txt 'a flower' -o x.wav
[ ! -e x.wav ] || fail "a refused speech was written"
printf '{"id": "s", "kind": "speak", "text": "<speak>a bo<b>mb</b></speak>", "ssml": true, "filter": "empty.txt"}\n' >s.jsonl
expect 4 "$AIGC" batch --filter list.txt s.jsonl
grep -q 'refused by the filter list.txt' err || fail "a speech job passes whose words do not"
exit 0
