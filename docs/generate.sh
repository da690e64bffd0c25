#!/bin/sh
# Writes what is made from the option tables: the manual page, the completions and the schema of job files.
# usage: sh docs/generate.sh [AIGC]      (the program; build/aigc)
set -eu
aigc=${1:-$(dirname "$0")/../build/aigc}
case $aigc in */*) aigc=$(cd "$(dirname "$aigc")" && pwd)/$(basename "$aigc") ;; esac
cd "$(dirname "$0")"
make() { # make FILE ARGUMENT…: of aigc
    file=$1
    shift
    "$aigc" "$@" >"$file.part"
    mv "$file.part" "$file"
}
make aigc.1 help --man
make completion/aigc.bash help --completion bash
make completion/_aigc help --completion zsh
make completion/aigc.fish help --completion fish
make jobs.schema.json batch --schema
