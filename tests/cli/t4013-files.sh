# What a run writes and reads: no file is two of them, whatever its path is called, and --check knows it.
. "$SOURCE_DIR/tests/cli/lib.sh"

# both WORDS FILE…: --check and a run refuse the job file for that, and FILE… stay as they are
both() {
    words=$1
    shift
    for file in "$@"; do cp "$file" "$file.kept"; done
    for check in --check ""; do
        "$AIGC" batch $check $flags jobs.jsonl >out 2>err </dev/null && fail "'$words' is not refused (${check:-run})"
        grep -qF -- "$words" err || fail "'$words' is not told (${check:-run})"
        for file in "$@"; do cmp -s "$file" "$file.kept" || fail "$file was replaced"; done
    done
    rm -f jobs.jsonl.journal
}
drawn='"kind": "image", "prompt": "x", "steps": 1'

echo "{\"id\": \"a\", $drawn}" >jobs.jsonl
mkdir sub
for flags in "--answers jobs.jsonl" "--answers sub/.././jobs.jsonl" "--journal sub/../jobs.jsonl"; do both 'would be one file' jobs.jsonl; done
flags="--answers same.txt --journal ./same.txt" both 'the answers and the journal would be one file'
printf '[w block]\nbomb\n' >list.filter
flags="--filter list.filter --answers sub/../list.filter" both "would be one file" list.filter
flags=--json
"$AIGC" batch --json jobs.jsonl >out 2>/dev/full && fail "lost events end with 0"

# rows, lists and inputs of other jobs
printf 'name\nfox\n' >table.csv
printf '{"rows": "table.csv"}\n{"id": "a", "kind": "text", "prompt": "{{row.name}}", "out": "table.csv"}\n' >jobs.jsonl
flags= both 'is the table of "rows"' table.csv
printf '{"id": "b", "kind": "text", "prompt": "x", "out": "table.csv"}\n{"rows": "./table.csv"}\n{"id": "a", "kind": "text", "prompt": "{{row.name}}"}\n' >jobs.jsonl
flags= both 'is the table of "rows"' table.csv
flags="--answers table.csv" both 'the table of "rows" and the answers would be one file' table.csv
printf '{"id": "a", "kind": "text", "prompt": "x", "filter": "list.filter", "out": "list.filter"}\n' >jobs.jsonl
flags= both "is the job's own output" list.filter
printf '{"id": "a", "kind": "text", "prompt": "x", "out": "list.filter"}\n' >jobs.jsonl
flags="--filter list.filter" both 'is a file that the run itself uses' list.filter
echo words >in.txt
printf '{"id": "a", "kind": "text", "prompt": "x", "out": "in.txt"}\n{"id": "b", "kind": "text", "file": "in.txt"}\n' >jobs.jsonl
flags= both 'which this one does not wait for' in.txt

# folders
printf '{"id": "a", %s, "out": "q.png"}\n{"id": "b", %s, "out": "q.png/x.png"}\n' "$drawn" "$drawn" >jobs.jsonl
flags= both "the output 'q.png' is the folder of other outputs"
printf '{"id": "a", "kind": "text", "prompt": "x", "out": "q.txt.origin.json/x.txt"}\n' >jobs.jsonl
flags= both 'as only records do'
ln -s "$work/list.filter" rec.txt.origin.json
printf '{"id": "a", "kind": "text", "prompt": "x", "out": "rec.txt"}\n' >jobs.jsonl
flags= both 'is a symbolic link' list.filter
printf '\0\0\n{"id": "a", %s}\n' "$drawn" >jobs.jsonl
flags= both 'jobs.jsonl:1:'

# a product that goes nowhere is a failure
expect 0 "$AIGC" version
"$AIGC" version >&- 2>err && fail "a closed standard output ends with 0"
(ulimit -f 1; "$AIGC" image -q -p fox --steps 1 -o big.png >out 2>err)
[ $? = 1 ] && grep -q 'File too large' err || fail "a file over its limit is no plain failure"
[ ! -e big.png ] || fail "a part of it is left"
