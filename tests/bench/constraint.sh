#!/bin/sh
# What constraints cost, beside llguidance: reading 200 schemas, a mask for each token of texts that are valid under them, and how much
# generation slows down under a grammar that allows everything. Figures that tell something want a quiet machine.
# usage: sh tests/bench/constraint.sh AIGC BUILD PYTHON MODEL.gguf [FOLDER]
#        BUILD   a build folder in which the target 'constraint' was built; PYTHON of a venv with gguf, numpy, jsonschema, tokenizers, llguidance 1.9.1
#        MODEL   gives the vocabulary (qwen-coder: 151,936 tokens); FOLDER where everything is kept
set -eu
[ $# -ge 4 ] || { sed -n '2,6s/^# //p' "$0" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
folder=${5:-}
[ "$folder" ] || { folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT INT TERM; }
[ -e "$folder/texts.jsonl" ] || {
    sh "$here/../quality/constrained.sh" "$1" "$3" "$4" 3 "$folder"
    "$3" "$here/../quality/constrained.py" texts "$folder"/out/*.output.jsonl >"$folder/texts.jsonl"
}
echo "llguidance:"
"$3" "$here/constraint_peer.py" "$4" "$folder/schemas.json" "$folder/texts.jsonl" "$folder/taken.jsonl"
echo "aigc, the texts that llguidance takes:"
"$2/constraint" "$4" "$folder/schemas.json" "$folder/taken.jsonl"
echo "aigc, all texts:"
"$2/constraint" "$4" "$folder/schemas.json" "$folder/texts.jsonl"
echo "generation, tokens a second: free, and under a grammar that allows everything, in turn"
for turn in 1 2 3 4 5; do
    for grammar in "" "--grammar=root::=.*"; do
        "$1" text -p "Write a long story about the sea." -n 300 --temp 0.7 -s 5 -v ${grammar:+"$grammar"} 2>&1 >/dev/null | sed -n 's/.* tokens in .* s (\([0-9.]*\) a second), .* drafted.*/\1/p' | tr '\n' ' '
    done
    echo
done
