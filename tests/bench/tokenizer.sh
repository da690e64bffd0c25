#!/bin/sh
# Times SmolLM2's tokenizer against the tokenizers library: opening, and encoding a megabyte of English, of all scripts, and
# of one word. usage: tests/bench/tokenizer.sh [PYTHON]     PYTHON has tokenizers and gguf; without it only ours is timed
set -eu
cd "$(dirname "$0")/../.."
model=${AIGC_MODELS:-${XDG_DATA_HOME:-$HOME/.local/share}/aigc/models}/smollm2/SmolLM2-135M-Instruct.Q4_1.gguf
[ -e "$model" ] || { echo "tokenizer.sh: SmolLM2 is absent; 'sh samples/models.sh smollm2' gets it" >&2; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
cmake --preset release >/dev/null
cmake --build --preset release --target aigc_text aigc_core >/dev/null
cc -O2 -D_GNU_SOURCE -I. tests/bench/tokenizer.c -o "$work/tokenizer" build/libaigc_text.a build/libaigc_core.a \
    $(pkg-config --libs fftw3f jansson libpcre2-8 libutf8proc libcrypto) -lm -lpthread
cat /usr/share/doc/*/copyright | iconv -c -t ascii | head -c 1000000 >"$work/english"
: >"$work/all"
while [ "$(wc -c <"$work/all")" -lt 1000000 ]; do
    sed 's/^"//; s/",\{0,1\}$//' tests/golden/tokenizer/strings.json >>"$work/all"
done
yes abcdefghij | tr -d '\n' | head -c 1000000 >"$work/word"
cd "$work"
echo "aigc:"
./tokenizer "$model" english all word
[ $# -eq 0 ] || {
    echo "tokenizers:"
    "$1" "$OLDPWD/tests/bench/tokenizer_peer.py" "$model" "$work/tokenizer.json" english all word
}
