# Chat templates by option, tools, roles, thoughts, and aigc tokenize.
. "$SOURCE_DIR/tests/cli/lib.sh"
tiny=$SOURCE_DIR/tests/golden/tiny

field() { python3 -c "import json,sys; print(json.load(open('out'))[sys.argv[1]])" "$1"; }

# What a conversation becomes, and its ids.
expect 0 "$AIGC" tokenize -m "$tiny" --chat --system "Be kind." "hi <|im_end|>" --json
[ "$(field text)" = "<|im_start|>system
Be kind.<|im_end|>
<|im_start|>user
hi <|im_end|><|im_end|>
<|im_start|>assistant" ] || fail "tokenize --chat: $(cat out)"
python3 - <<'P' || fail "a mark that a user typed became a token: $(cat out)"
import json
o = json.load(open("out"))
assert "".join(o["pieces"]) == o["text"] and o["tokens"].count(2) == 2 and o["tokens"].count(1) == 3
P
expect 0 "$AIGC" tokenize -m "$tiny" "a <|im_end|>"
[ "$(grep -c '\*' out)" = 0 ] || fail "plain text has a special token: $(cat out)"
expect 0 "$AIGC" tokenize -m "$tiny" --special "a <|im_end|>"
grep -q '^2\*	"<|im_end|>"$' out || fail "--special: $(cat out)"
expect 2 "$AIGC" tokenize -m "$tiny" --messages m.json text

# Other templates: a file, a name, variables, tools.
cat >own.jinja <<'J'
{%- for m in messages %}
[{{ m.role }}]{{ m.content }}{% if m.tool_calls %}{{ m.tool_calls[0].function | tojson }}{% endif %}

{%- endfor %}
{%- if tools %}<{{ tools[0].function.name }}>{% endif %}{{ mood | default('-') }}
J
expect 0 "$AIGC" tokenize -m "$tiny" --chat hi --chat-template own.jinja --template-arg 'mood="glad"' --tools '[{"type": "function", "function": {"name": "look"}}]' --json
[ "$(field text)" = "[user]hi<look>glad" ] || fail "a template of one's own: $(field text)"
expect 0 "$AIGC" tokenize -m "$tiny" --chat hi --chat-template llama3 --json
[ "$(field text | head -1)" = "<|start_header_id|>user<|end_header_id|>" ] || fail "a template by name: $(field text)"
cat >m.json <<'J'
[{"role": "developer", "content": "D"}, {"role": "user", "content": "U", "name": null}, {"role": "assistant", "content": null, "tool_calls": [{"function": {"name": "f", "arguments": {}}}]}, {"role": "tool", "content": "T"}]
J
expect 0 "$AIGC" tokenize -m "$tiny" --messages m.json --chat-template own.jinja --json
[ "$(field text)" = '[developer]D[user]U[assistant]{"name": "f", "arguments": {}}[tool]T-' ] || fail "tool messages: $(field text)"

# Refusals say where.
printf '{{ messages }}\n{%% include "x" %%}' >bad.jinja
expect 3 "$AIGC" text -m "$tiny" --chat-template bad.jinja hi
grep -q "bad.jinja:2:4: the tag 'include' is not known here" err || fail "an unknown tag: $(cat err)"
printf '{%% if messages|length > 1 %%}{{ raise_exception("no system role") }}{%% endif %%}x' >picky.jinja
expect 1 "$AIGC" text -m "$tiny" --chat-template picky.jinja --system s hi
grep -q "picky.jinja:1:.*no system role" err || fail "raise_exception: $(cat err)"
expect 2 "$AIGC" text -m "$tiny" --chat-template nosuch hi
grep -q "chatml" err || fail "an unknown template: $(cat err)"
expect 2 "$AIGC" text -m "$tiny" --template-arg 'x=y' hi
expect 2 "$AIGC" text -m "$tiny" --think maybe hi

# Thoughts: the prompt opens them; the model's text closes none, so all of it is thoughts, and hiding leaves nothing.
printf '{%% for m in messages %%}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{%% endfor %%}<|im_start|>assistant\n{%% if enable_thinking is not defined %%}<think>\n{%% endif %%}' >think.jinja
expect 0 "$AIGC" text -m "$tiny" --chat-template think.jinja -n 5 --temp 0 --json "How is the rain?"
python3 -c "import json; o = json.load(open('out')); assert o['text'] == '' and o['thoughts'], o" || fail "thoughts apart: $(cat out)"
expect 0 "$AIGC" text -m "$tiny" --chat-template think.jinja -n 5 --temp 0 --think hide "How is the rain?"
[ -z "$(cat out)" ] || fail "--think hide shows '$(cat out)'"
expect 0 "$AIGC" text -m "$tiny" --chat-template think.jinja -n 5 --temp 0 --think show "How is the rain?"
[ -n "$(cat out)" ] || fail "--think show shows nothing"
expect 0 "$AIGC" text -m "$tiny" --chat-template think.jinja -n 5 --temp 0 --think off --json "How is the rain?"
python3 -c "import json; o = json.load(open('out')); assert o['text'] and 'thoughts' not in o, o" || fail "--think off: $(cat out)"

# Jobs: tools and tool results in both forms.
cat >jobs.jsonl <<J
{"kind": "text", "model": "$tiny", "out": "a.txt", "tokens": 3, "temp": 0, "chat-template": "$PWD/own.jinja", "messages": [{"role": "user", "content": "U"}, {"role": "assistant", "tool_calls": [{"function": {"name": "f"}}]}, {"role": "tool", "content": "T"}], "tools": [{"function": {"name": "f"}}]}
{"custom_id": "b", "method": "POST", "url": "/v1/chat/completions", "body": {"model": "$tiny", "max_tokens": 3, "messages": [{"role": "developer", "content": "D"}, {"role": "user", "content": "U"}, {"role": "user", "content": "V"}], "tools": [{"type": "function", "function": {"name": "f"}}], "tool_choice": "auto"}}
J
expect 0 "$AIGC" batch jobs.jsonl -q --out-dir made
cat >places.jsonl <<J
{"kind": "text", "model": "$tiny", "id": "p", "prompt": "x", "tokens": 2}
{"kind": "text", "model": "$tiny", "messages": [{"role": "user", "content": "{{p.text}}", "name": "n"}]}
J
expect 3 "$AIGC" batch --check places.jsonl
grep -q 'places {{…}} may stand in messages of "role" and "content" alone' err || fail "a place within JSON: $(cat err)"
[ -f made/a.txt ] || fail "a job with tool calls wrote nothing: $(cat err)"
exit 0
