# Answers of a given form: the four options, job fields and OpenAI's response_format; the same bytes however they are made; what cannot be
# held is refused by name.
. "$SOURCE_DIR/tests/cli/lib.sh"
tiny=$SOURCE_DIR/tests/golden/tiny
write() { expect 0 "$AIGC" text -m "$tiny" --temp 1.2 "$@" "The sea"; }

cat >s.json <<'J'
{"type": "object", "properties": {"name": {"type": "string", "minLength": 1, "maxLength": 9}, "age": {"type": "integer", "minimum": 3, "maximum": 120},
 "tags": {"type": "array", "items": {"enum": ["sea", "harbour"]}, "minItems": 1, "maxItems": 3}}, "required": ["name", "age", "tags"]}
J
valid() { # valid FILE: holds what the schema asks for
    python3 -c "
import json, sys
o = json.load(open(sys.argv[1]))
assert list(o) == ['name', 'age', 'tags'] and 1 <= len(o['name']) <= 9 and type(o['age']) is int and 3 <= o['age'] <= 120, o
assert 1 <= len(o['tags']) <= 3 and set(o['tags']) <= {'sea', 'harbour'}, o" "$1" || fail "not valid: $(cat "$1")"
}
for seed in 1 2 3 4 5 6; do
    write --json-schema s.json -s $seed -n -1
    valid out
    cp out first
    write --json-schema "$(cat s.json)" -s $seed -n -1 -t 1
    cmp -s out first || fail "another text by one thread, with the schema written out"
    write --json-schema s.json -s $seed -n -1 --json --logprobs
    python3 -c "
import json
o = json.load(open('out'))
assert o['text'] == open('first').read().rstrip('\n') and o['stop_reason'] == 'end' and len(o['tokens']) == len(o['logprobs']), o" || fail "another text with logprobs: $(cat out)"
done

write --choice harbour --choice sea --choice "the sea" -s 1
grep -qxE 'harbour|sea|the sea' out || fail "none of the choices: $(cat out)"
write --choice "one alone" --json
python3 -c "import json; o = json.load(open('out')); assert o['text'] == 'one alone' and o['stop_reason'] == 'end', o" || fail "one choice: $(cat out)"
write --regex '[ab]{3}-\d{2,90}x' -s 2 -n -1
grep -qxE '[ab]{3}-[0-9]{2,90}x' out || fail "no match: $(cat out)"
write --grammar 'root ::= w (" " w){2,4} "."
w ::= [a-z]{1,6}' -s 3 -n -1
grep -qxE '[a-z]{1,6}( [a-z]{1,6}){2,4}[.]' out || fail "not of the grammar: $(cat out)"
printf 'root ::= "a" root | "b"\n' >g.gbnf
write --grammar g.gbnf -s 4 -n 400
grep -qxE 'a*b?' out || fail "not of the file's grammar: $(cat out)"

# Cut by -n: said so, and not taken for whole.
write --regex '[a-z]{60}' -n 3 --json
python3 -c "import json; o = json.load(open('out')); assert o['stop_reason'] == 'length' and len(o['text']) < 60, o" || fail "the limit: $(cat out)"
expect 1 "$AIGC" text -m "$tiny" --regex '[a-z]{60}' -n 3 --on-length fail "The sea"

# Four at once are those alone.
write --regex '[a-z]{5,9} [0-9]{2}' -s 7 -b 3 -n -1
grep -v '^---$' out >three
for i in 7 8 9; do
    write --regex '[a-z]{5,9} [0-9]{2}' -s $i -n -1
    cat out
done >alone
cmp -s three alone || fail "texts among others differ: $(cat three alone)"

# Thoughts come first where the template opens them.
printf '{%% for m in messages %%}{{ m.content }}{%% endfor %%}<think>\n' >think.jinja
expect 0 "$AIGC" text -m "$tiny" --chat-template think.jinja --regex 'yes|no' --temp 1 -s 1 -n 40 --json "The sea"
python3 -c "import json; o = json.load(open('out')); assert o['thoughts'] and o['text'] in ('', 'yes', 'no') and (o['text'] == '') == (o['stop_reason'] == 'length'), o" || fail "thoughts first: $(cat out)"

# Refusals.
refuses() { # refuses TEXT ARGUMENT…
    why=$1
    shift
    expect 2 "$AIGC" text -m "$tiny" "$@" "The sea"
    grep -qF -- "$why" err || fail "'$*' says '$(cat err)', '$why' wanted"
}
refuses '#/properties/a: "not" cannot be held' --json-schema '{"properties": {"a": {"not": {}}}}'
refuses 'may both hold' --json-schema '{"oneOf": [{"type": "string"}, {"type": "string", "maxLength": 3}]}'
refuses '"format": '"'iri' cannot be held" --json-schema '{"format": "iri"}'
refuses 'no JSON schema' --json-schema '{"type": }'
refuses 'left recursion' --grammar 'root ::= root "a" | "b"'
refuses '1:10' --grammar 'root ::= "a'
refuses 'character 1 of the pattern' --regex '(a'
refuses 'looking ahead' --regex '(?=a)b'
refuses 'one of --json-schema' --regex a --choice b
refuses '--ignore-end goes with none' --regex a --ignore-end
expect 3 "$AIGC" text -m "$tiny" --grammar nosuch.gbnf "The sea"

# Jobs and requests.
cat >jobs.jsonl <<J
{"kind": "text", "model": "$tiny", "id": "a", "prompt": "The sea", "temp": 1.2, "seed": 1, "tokens": -1, "json_schema": $(tr -d '\n' <s.json)}
{"kind": "text", "model": "$tiny", "id": "b", "prompt": "The sea", "temp": 1.2, "seed": 1, "tokens": -1, "json-schema": "s.json"}
{"kind": "text", "model": "$tiny", "id": "c", "prompt": "The sea", "choice": ["sea", "harbour"]}
{"kind": "text", "model": "$tiny", "id": "d", "prompt": "The sea", "regex": "[a-c]{4}"}
{"kind": "text", "model": "$tiny", "id": "e", "prompt": "The sea", "grammar": "g.gbnf", "tokens": 400}
{"custom_id": "q", "method": "POST", "url": "/v1/chat/completions", "body": {"model": "$tiny", "messages": [{"role": "user", "content": "The sea"}], "max_tokens": 2000, "temperature": 1.2, "chat_template": "chatml", "response_format": {"type": "json_schema", "json_schema": {"name": "s", "strict": true, "schema": $(tr -d '\n' <s.json)}}}}
{"custom_id": "o", "method": "POST", "url": "/v1/chat/completions", "body": {"model": "$tiny", "messages": [{"role": "user", "content": "The sea"}], "max_tokens": 300, "temperature": 1.2, "chat_template": "chatml", "response_format": {"type": "json_object"}}}
J
expect 0 "$AIGC" batch jobs.jsonl -q --out-dir made
write --json-schema s.json -s 1 -n -1
for f in a b; do
    valid made/$f.txt
    [ "$(cat made/$f.txt)" = "$(cat out)" ] || fail "job $f writes another text than the command: $(cat made/$f.txt)"
done
grep -qxE 'sea|harbour' made/c.txt && grep -qxE '[a-c]{4}' made/d.txt && grep -qxE 'a*b?' made/e.txt || fail "jobs: $(cat made/c.txt made/d.txt made/e.txt)"
python3 - <<'P' || fail "requests: $(cat made/*.output.jsonl)"
import glob, json
for line in open(glob.glob('made/*.output.jsonl')[0]):
    a = json.loads(line)
    c = a['response']['body']['choices'][0]
    if a['custom_id'] == 'q':
        open('q.json', 'w').write(c['message']['content'])
        assert c['finish_reason'] == 'stop', c
    elif c['finish_reason'] == 'stop':
        assert isinstance(json.loads(c['message']['content']), dict), c
P
valid q.json
cat >bad.jsonl <<J
{"custom_id": "x", "method": "POST", "url": "/v1/chat/completions", "body": {"model": "$tiny", "messages": [{"role": "user", "content": "x"}], "response_format": {"type": "yaml"}}}
J
expect 3 "$AIGC" batch --check bad.jsonl
grep -q response_format err || fail "a format that is none: $(cat err)"
printf '{"kind": "text", "model": "%s", "prompt": "x", "json_schema": {"not": {}}}\n' "$tiny" >bad.jsonl
expect 3 "$AIGC" batch --check bad.jsonl
grep -q '"not" cannot be held' err || fail "a schema that cannot be held: $(cat err)"

# The record holds what was asked for.
write --choice sea --choice harbour -s 1 -o o.txt
python3 -c "import json; o = json.load(open('o.txt.origin.json')); assert 'sea' in json.dumps(o), o" || fail "the record: $(cat o.txt.origin.json)"
write --json-schema s.json -s 1 -n -1 -o p.txt
expect 0 "$AIGC" rerun p.txt -o again.txt --with model="$tiny"
grep -q 'made again, byte for byte' err || fail "rerun: $(cat err)"
