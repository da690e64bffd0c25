#!/bin/sh
# Whether answers under JSON schemas are valid: so many to each of 200 schemas, at temperatures from 0 to 1.5, by a random model with a
# real vocabulary (it has no habits that would hide a fault), each checked by jsonschema. Never in CI: it takes minutes.
# usage: sh tests/quality/constrained.sh AIGC PYTHON MODEL.gguf [ANSWERS [FOLDER]]
#        PYTHON  of a venv with gguf, numpy, jsonschema; MODEL gives the vocabulary, or writes itself where ANSWERS has the word own (2own)
#        ANSWERS to each schema (50); FOLDER where everything is kept (a temporary one, removed)
set -eu
[ $# -ge 3 ] || { sed -n '2,7s/^# //p' "$0" >&2; exit 2; }
script=$(cd "$(dirname "$0")" && pwd)/constrained.py
answers=${4:-50}
folder=${5:-}
[ "$folder" ] || { folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT INT TERM; }
mkdir -p "$folder"
model=$folder/random.gguf
case $answers in
*own) model=$3 ;;
*) "$2" "$script" model "$3" "$model" ;;
esac
"$2" "$script" schemas "$folder/schemas.json"
"$2" "$script" requests "$folder/schemas.json" "$model" "${answers%own}" "$folder/requests.jsonl"
"$1" batch -q "$folder/requests.jsonl" --out-dir "$folder/out"
"$2" "$script" check "$folder/schemas.json" "$folder"/out/*.output.jsonl
