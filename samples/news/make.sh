#!/bin/sh
# Match reports, written and spoken, from the table results.csv: a small model drafts them, check.awk lets only those sentences
# stand that the table proves, and puts plain ones in the place of the others.     usage: sh samples/news/make.sh FOLDER
set -eu
here=$(dirname "$0")
aigc=${AIGC:-$here/../../build/aigc}
folder=${1:-out/news}
mkdir -p "$folder"
drafts=$(mktemp -d "$folder/.drafts-XXXXXX") # what the model says unchecked is not kept
trap 'rm -rf "$drafts"' EXIT INT TERM
"$aigc" batch -q --out-dir "$drafts" --journal "$drafts/journal" "$here/news.jsonl"
awk -v drafts="$drafts" -v folder="$folder" -f "$here/check.awk" "$here/results.csv"
tail -n +2 "$here/results.csv" | cut -d, -f1 | while IFS= read -r home; do
    "$aigc" speak -q --seed 1 -f "$folder/$home.txt" -o "$folder/$home.wav" </dev/null
    cat "$folder/$home.txt"
done
