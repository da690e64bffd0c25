# Job files that mean harm, or are merely wrong: outputs that leave their folder are refused before anything runs, and one
# hostile line stops none of a thousand others.
. "$SOURCE_DIR/tests/cli/lib.sh"

mkdir -p outside real
ln -s "$work/outside" link
ln -s "$work/outside/x.txt" last.txt
echo file >plain
long=$(printf '%300s' | tr ' ' x)
record=$(printf '%245s' | tr ' ' x)
deep=$(printf '%1400s' | sed 's, ,aa/,g')
cat >out.jsonl <<J
{"kind": "text", "prompt": "x", "out": "../x.txt"}
{"kind": "text", "prompt": "x", "out": "a/../../x.txt"}
{"kind": "text", "prompt": "x", "out": "$work/outside/x.txt"}
{"kind": "text", "prompt": "x", "out": "link/x.txt"}
{"kind": "text", "prompt": "x", "out": "last.txt"}
{"kind": "text", "prompt": "x", "out": "a\nb.txt"}
{"kind": "text", "prompt": "x", "out": "$long.txt"}
{"kind": "text", "prompt": "x", "out": "${deep}x.txt"}
{"kind": "text", "prompt": "x", "out": "plain/x.txt"}
{"kind": "text", "prompt": "x", "out": ".hidden"}
{"kind": "text", "prompt": "x", "out": ""}
{"kind": "text", "prompt": "x", "out": "a//b.txt"}
{"kind": "text", "prompt": "x", "out": "a/./b.txt"}
{"kind": "text", "prompt": "x", "out": "same.txt", "model": "absent"}
{"kind": "image", "prompt": "x", "out": "same.txt"}
{"kind": "text", "prompt": "x", "out": "tab\t.txt"}
{"id": "../../y", "kind": "text", "prompt": "x", "model": "absent"}
{"kind": "text", "prompt": "x", "out": ".git/config"}
{"kind": "text", "prompt": "x", "out": "a/.ssh/authorized_keys"}
{"kind": "text", "prompt": "x", "out": "out.jsonl"}
{"kind": "text", "prompt": "x", "out": "out.jsonl.journal"}
{"kind": "text", "prompt": "x", "out": "out.jsonl.2-of-3.journal"}
{"kind": "text", "prompt": "x", "out": "out.output.jsonl"}
{"kind": "text", "prompt": "x", "out": "same.txt.origin.json"}
{"kind": "text", "prompt": "x", "out": "out.answers/a.json"}
{"kind": "text", "prompt": "x", "out": "pipe"}
{"kind": "text", "prompt": "x", "out": "real"}
{"kind": "text", "prompt": "x", "out": "$record.txt"}
J
mkfifo pipe
for mode in "--check" ""; do
    # shellcheck disable=SC2086
    "$AIGC" batch $mode out.jsonl >stdout 2>err </dev/null
    for line in 1 2 3 4 5 6 7 8 9 10 11 12 13 15 16 18 19 20 21 22 23 24 25 26 27 28; do
        grep -q "out.jsonl:$line:[0-9]*: " err || fail "${mode:-a run} does not refuse line $line: $(sed -n ${line}p out.jsonl | cut -c1-80)"
    done
    grep -q 'out.jsonl:1[47]:.*"out"' err && fail "the path of a good line is refused"
done
[ -z "$(find outside real -type f)" ] && [ ! -e ../x.txt ] && [ ! -e ../../y.txt ] || fail "something was written outside"
rm pipe
expect 4 "$AIGC" batch --out-dir real --journal real/own --answers real/given out.jsonl
[ -z "$(ls outside)" ] || fail "something was written outside --out-dir"

for name in own given; do
    echo '{"kind": "text", "prompt": "x", "out": "'$name'"}' >taken.jsonl
    expect 3 "$AIGC" batch --check --out-dir real --journal real/own --answers real/given taken.jsonl
    grep -q "is a file that the run itself uses: real/$name" err || fail "--out $name is not refused: $(cat err)"
done

# journals and answers that are links, pipes or somebody's file: refused, and nothing in them changes
printf 'export A=1\nalias b=no-line-break' >shell
cp shell kept
echo '{"id": "$(touch evil)", "kind": "text", "prompt": "x", "model": "absent"}' >j.jsonl
for make in "ln -s shell" "ln shell" "cp shell" "mkfifo"; do
    rm -f j.jsonl.journal
    case $make in mkfifo) mkfifo j.jsonl.journal ;; *) $make j.jsonl.journal ;; esac
    expect 3 timeout 20 "$AIGC" batch j.jsonl
    cmp -s shell kept || fail "'$make' as a journal: the file was written to"
done
rm -f j.jsonl.journal
echo '{"custom_id": "a", "method": "POST", "url": "/v1/embeddings", "body": {"model": "absent-model", "input": "x", "steps": 1}}' >r.jsonl
ln -s shell r.output.jsonl
"$AIGC" batch r.jsonl >/dev/null 2>&1
cmp -s shell kept && [ -L r.output.jsonl ] || fail "answers go through a link"

# started with its streams closed, a run opens its files on none of them
echo '{"id": "b", "kind": "text", "prompt": "x", "model": "absent"}' >closed.jsonl
"$AIGC" batch closed.jsonl <&- >&- 2>&-
grep -q '^aigc' closed.jsonl.journal && fail "messages went into the journal"
grep -q '"id":"b","state":"failed"' closed.jsonl.journal || fail "a run without streams keeps no journal"

# what comes into a place is data; places that are the job file's own are filled once
printf 'sku,text\nA,first\nB,{{ad-1.text}} and {{row.sku}} and a { { {{ of its own\n' >rows.csv
cat >merge.jsonl <<'J'
{"rows": "rows.csv"}
{"id": "ad", "kind": "vocode", "input": "{{row.text}}", "out": "{{row.sku}}.wav"}
J
expect 0 "$AIGC" batch --list merge.jsonl
printf 'sku\n../up\n.hidden\na/b\n' >rows.csv
echo '{"rows": "rows.csv"}
{"kind": "text", "prompt": "x", "out": "{{row.sku}}.txt"}
{"kind": "text", "prompt": "x", "out": "{{ad.text}}.txt"}
{"kind": "text", "model": "{{ad.text}}", "prompt": "x"}
{"kind": "text", "file": "{{ad.text}}"}' >merge.jsonl
expect 3 "$AIGC" batch --check merge.jsonl
[ "$(grep -c '^aigc: merge.jsonl:2:' err)" = 2 ] || fail "rows that leave the folder: $(cat err)"
for line in 3 4 5; do grep -q "^aigc: merge.jsonl:$line:[0-9]*: '{{ad.text}}' found" err || fail "line $line: a text is taken for a name: $(cat err)"; done

# products that are too large are told, not begun
seq 0 5000 >rows.csv
printf '{"rows": "rows.csv"}\n{"kind": "text", "prompt": "x", "repeat": 100000}\n{"kind": "image", "prompt": "x"}\n' >many.jsonl
expect 3 timeout 20 "$AIGC" batch --list many.jsonl
grep -q '^aigc: many.jsonl:2: 5000 rows with 100000 repetitions make 500000000 jobs, at most' err || fail "a product is not bounded: $(cat err)"
awk 'BEGIN { for (i = 0; i < 65; i++) print "{\"defaults\": {\"seed\": 1}}" }' >many.jsonl
expect 3 "$AIGC" batch --check many.jsonl
grep -q '^aigc: many.jsonl:65: more than 64 lines of "defaults"' err || fail "defaults are not bounded"
printf '{"kind": "image", "prompt": "%s"}' "$(awk 'BEGIN { for (i = 0; i < 1001; i++) printf "{{x.text}}" }')" >many.jsonl
expect 3 "$AIGC" batch --check many.jsonl
grep -q "more than 1000 places" err || fail "places are not bounded: $(cat err)"

# a line of a web UI's takes memory as long as it is
awk 'BEGIN { printf "--prompt x"; for (i = 0; i < 40000; i++) printf " --styles y"; print "" }' >a1111.jsonl
(ulimit -v 1000000; expect 0 "$AIGC" batch --list a1111.jsonl) || exit 1

# pictures of two requests that have one name
echo '{"custom_id": "a", "method": "POST", "url": "/v1/images/generations", "body": {"prompt": "x", "n": 3}}
{"custom_id": "a-2", "method": "POST", "url": "/v1/images/generations", "body": {"prompt": "x"}}' >pictures.jsonl
expect 3 "$AIGC" batch --check pictures.jsonl
grep -q '^aigc: pictures.jsonl:2:' err || fail "two pictures of one name are not told: $(cat err)"

# a folder that is no model is not read for its digest, whatever its size
mkdir -p heap/deep && truncate -s 20G heap/deep/file
echo '{"kind": "text", "prompt": "x", "model": "heap"}
{"kind": "image", "prompt": "x", "init-img": "heap"}
{"kind": "text", "prompt": "x", "model": "heap/deep/file"}' >heap.jsonl
expect 4 timeout 20 "$AIGC" batch heap.jsonl
grep -q 'no model found in the folder' err || fail "a folder that is no model: $(cat err)"

# seeds that no record holds
for seed in 9223372036854775807 18446744073709551615 18446744073709551616 -1 1e3; do
    echo '{"kind": "image", "prompt": "x", "seed": "'$seed'"}' >seed.jsonl
    expect 3 "$AIGC" batch --check seed.jsonl
    grep -q 'a whole number from 0 to 9223372036854774784 wanted' err || fail "seed $seed: $(cat err)"
done
echo '{"kind": "image", "prompt": "x", "seed": 9223372036854774784, "repeat": 2}' >seed.jsonl
expect 3 "$AIGC" batch --check seed.jsonl

# a million lines are read in seconds, and little memory (the bars are 5 s and 300 MB on a quiet machine)
awk 'BEGIN { for (i = 0; i < 100000; i++) printf "{\"id\": \"t%d\", \"kind\": \"text\", \"prompt\": \"Write about %d.\", \"out\": \"t/%d.txt\"}\n", i, i, i }' >many.jsonl
(ulimit -v 4000000; expect 0 "$AIGC" batch --list many.jsonl) || exit 1
grep -q '100000 jobs are good' err || fail "not all lines are read"

# a place for a link that appears between the check and the write is not followed either
needs_model hibari hibari/hibari.onnx
echo '{"id": "a", "kind": "speak", "text": "One.", "out": "sub/a.wav"}' >late.jsonl
expect 0 "$AIGC" batch late.jsonl
rm -r sub && ln -s outside sub
expect 3 "$AIGC" batch --check late.jsonl
[ -z "$(ls outside)" ] || fail "a link is followed"

# a folder that is exchanged for a link while a job runs
needs_pictures=$SOURCE_DIR/samples/models/icons
if [ -e "$needs_pictures" ]; then
    mkdir o away
    echo '{"id": "a", "kind": "image", "model": "icons", "prompt": "x", "steps": 200, "out": "sub/a.png"}' >swap.jsonl
    "$AIGC" batch -q --out-dir o swap.jsonl 2>err &
    run=$!
    n=0
    until [ -d o/sub ]; do n=$((n + 1)); [ $n -lt 600 ] || fail "the job never begins"; sleep 0.02; done
    mv o/sub o/old && ln -s ../away o/sub
    wait $run && fail "an exchanged folder is not noticed"
    [ -z "$(ls -A away)" ] && [ -z "$(ls -A o/old)" ] || fail "something was written into an exchanged folder"

    # a text that jobs take from one another is filled once for each, not twice at every link
    printf '{"defaults": {"model": "icons", "steps": 1, "width": 64, "height": 64}}\n{"id": "j0", "kind": "image", "prompt": "x"}\n' >chain.jsonl
    for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24; do
        echo '{"id": "j'$n'", "kind": "image", "prompt": "{{j'$((n - 1))'.text}}"}'
    done >>chain.jsonl
    expect 0 timeout 100 "$AIGC" batch -q chain.jsonl
    "$AIGC" check j24.png | grep -q 'prompt *x$' || fail "the text does not come through the chain: $("$AIGC" check j24.png)"
    expect 0 timeout 10 "$AIGC" batch -q chain.jsonl

    # cells with braces are drawn as they are
    printf 'sku,text\nA,first\nB,{{ad-1.text}} {{ row.sku }} {{\n' >rows.csv
    printf '{"rows": "rows.csv"}\n{"id": "ad", "kind": "image", "model": "icons", "steps": 1, "prompt": "\\\\{{x}} {{row.text}}", "out": "{{row.sku}}.png"}\n{"id": "two", "kind": "image", "model": "icons", "steps": 1, "prompt": "{{ad.text}}+{{row.text}}", "out": "{{row.sku}}-2.png"}\n' >merge.jsonl
    expect 0 "$AIGC" batch -q merge.jsonl
    for f in 'B:{{x}} {{ad-1.text}} {{ row.sku }} {{' 'B-2:{{x}} {{ad-1.text}} {{ row.sku }} {{+{{ad-1.text}} {{ row.sku }} {{'; do
        "$AIGC" check "${f%%:*}.png" | grep -qF "${f#*:}" || fail "a cell was looked at for places: $("$AIGC" check "${f%%:*}.png")"
    done

    # every seed of a batch can be made again
    echo '{"id": "s", "kind": "image", "model": "icons", "prompt": "x", "steps": 1, "seed": 9223372036854774783, "repeat": 2}' >seed.jsonl
    expect 0 "$AIGC" batch -q seed.jsonl
    expect 0 "$AIGC" rerun s_2.png
fi

# one hostile line among a thousand
needs_model smollm2 smollm2/SmolLM2-135M-Instruct.Q4_1.gguf
{
    i=0
    while [ $i -lt 500 ]; do
        i=$((i + 1))
        echo '{"id": "v'$i'", "kind": "text", "prompt": "x", "tokens": 0, "out": "o/'$i'.txt"}'
    done
    printf '{"id": "\377\376", "kind": "text", "prompt": "\\u0000", "x": [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\n'
    while [ $i -lt 999 ]; do
        i=$((i + 1))
        echo '{"id": "v'$i'", "kind": "text", "prompt": "x", "tokens": 0, "out": "o/'$i'.txt"}'
    done
} >thousand.jsonl
expect 4 "$AIGC" batch thousand.jsonl
grep -q '^aigc: thousand.jsonl:501:' err || fail "the hostile line is not told"
grep -q '999 jobs: 999 done, 0 were done before, 0 failed' err || fail "the others are not done"
[ "$(find o -name "*.txt" | wc -l)" = 999 ] || fail "outputs are missing"
