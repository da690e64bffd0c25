#!/bin/sh
# From a fresh clone on Debian 12 to a first text, picture and spoken sentence. A second run does no work twice.
set -eu
cd "$(dirname "$0")/.."
begun=$(date +%s)

sh samples/packages.sh
sh samples/models.sh
cmake --preset release >/dev/null
cmake --build --preset release
echo "ready after $(($(date +%s) - begun)) s: build/aigc"

mkdir -p out
make_one() { # make_one FILE COMMAND…: runs it unless its product is there, and says how long it took
    file=$1
    shift
    if [ ! -s "$file" ]; then
        from=$(date +%s%N)
        "$@"
        echo "$file  ($((($(date +%s%N) - from) / 1000000)) ms)  $*"
    else
        echo "$file  (was there)"
    fi
}
