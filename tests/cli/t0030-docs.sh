# Every command that README, the pages of docs and the help texts print, run as printed: it ends with 0, and the files that it
# names are there. What is only mentioned (`aigc text --label`) must name a command and options that there are.
. "$SOURCE_DIR/tests/cli/lib.sh"
needs_model smollm2 smollm2/SmolLM2-135M-Instruct.Q4_1.gguf
needs_model hibari hibari/hibari.onnx
printf '%s' "$AIGC" | grep -q '^/' || fail "AIGC is no absolute path"

# Why a line is not run; empty: it is.
why_not() {
    case $1 in
    "sudo cmake --install"* | "cc example.c"*) echo "installs (t0040)" ;;
    "pip install "*) echo "builds all anew (python/tests)" ;;
    "sh samples/"* | "sh tests/"* | "sh docs/"*) echo "builds, downloads or tests" ;;
    *stable-diffusion-v1-5* | *v1-5-pruned*) echo "a Stable Diffusion model, of gigabytes" ;;
    *de_DE-thorsten*) echo "a voice of the reader's, and espeak-ng" ;;
    *hifigan.safetensors*) echo "a vocoder of the reader's" ;;
    "aigc text -i" | *Qwen3-4B*" -i") echo "chats on a terminal (t1004)" ;;
    *"aigc worker "*) echo "a Redis server (t4010)" ;;
    "aigc bench text" | "aigc bench text --json"*) echo "a minute; a quicker line of it is run" ;;
    *" qwen-coder "*) [ -d "$folder/qwen-coder" ] || echo "half a gigabyte to download" ;;
    *"--voice bm_george"* | *"--voice af_heart"*) [ -d "$folder/kokoro" ] || echo "Kokoro, 120 MB to download" ;;
    *"--voice joe"*) [ -d "$folder/joe" ] || echo "a voice for tests" ;;
    *samples/shop/shop.jsonl*) echo "a minute; --check of it is run" ;;
    esac
}

mkdir bin
ln -s "$AIGC" bin/aigc
printf '#!/bin/sh\n[ "$(head -c 4)" = RIFF ] && cat >/dev/null\n' >bin/aplay
chmod +x bin/aplay
PATH=$work/bin:$PATH
ran=0

# A folder such as a reader has: the build, the samples, and the files that pages speak of.
lay_out() {
    mkdir -p "$work/$1/build" && cd "$work/$1" || exit 1
    ln -s "$AIGC" build/aigc
    ln -s "$SOURCE_DIR/samples" samples
    printf 'The harbour of the town was rebuilt this year. It holds forty boats, and a new pier of oak. The mayor opened it on Sunday.\n' >article.txt
    printf 'It was a dark night. The wind had turned.\n\nNobody spoke.\n' >book.txt
    printf '#1 flat apple on a white background\nflat pear on a white background\n' >prompts.txt
    awk '/^```json/ {on = 1; next} /^```/ {if (on) exit} on' "$SOURCE_DIR/docs/batch.md" >jobs.jsonl
}

# The files that a line says it makes.
made_by() { printf '%s\n' "$1" | sed 's/ #.*//' | grep -oE -- '(^| )(-o|--output|--out-dir|--srt|--vtt|--mel) [^ ]+' | awk '{print $2}' | tr -d "'" | grep -vE '^-$|[{][{]'; }

run_line() { # run_line PAGE LINE
    [ -z "$(why_not "$2")" ] || return 0
    sh -c "$2" >"$work/out" 2>"$work/err" </dev/null
    found=$?
    cp "$work/err" err
    [ $found = 0 ] || fail "$1: '$2' ended with $found"
    for file in $(made_by "$2"); do [ -s "$file" ] || [ -d "$file" ] || fail "$1: '$2' did not make $file"; done
    ran=$((ran + 1))
}

# A mention: the command is one, and its options are its own.
look_up() { # look_up PAGE TEXT
    command=$(printf '%s\n' "$2" | awk '{print $2}')
    case $command in -* | [A-Z]*) return 0 ;; esac
    "$AIGC" help "$command" >"$work/known" 2>"$work/err" || fail "$1: '$2' names no command"
    for o in $(printf '%s\n' "$2" | grep -oE -- '(^| )--[a-z][a-z-]*'); do
        grep -qE -- " $o( |\$)" "$work/known" || fail "$1: '$2' names $o, which aigc $command has not"
    done
}

for page in "$SOURCE_DIR/README.md" "$SOURCE_DIR"/docs/*.md; do
    name=$(basename "$page" .md)
    lay_out "$name"
    { awk '/^```sh/ {on = 1; next} /^```/ {on = 0} on && NF && !/^#/ && !/^cmake/' "$page"
        sed -nE 's/^    ((aigc|build\/aigc|cat|echo|sh) .*)/\1/p' "$page"; } >lines
    while IFS= read -r line; do run_line "$name" "$line"; done <lines || exit 1
    awk '/^```/ {on = !on} !on' "$page" | grep -oE '`(build/)?aigc [^`]+`' | tr -d '`' >mentions
    while IFS= read -r line; do
        if printf '%s\n' "$line" | grep -qE '\.jsonl|--schema|--help$|^aigc help|version' && ! printf '%s\n' "$line" | grep -qE '[A-Z]{2}|…|-merge'; then run_line "$name" "$line"; fi
        look_up "$name" "$line"
    done <mentions || exit 1
    cd "$work" || exit 1
done

# Job files that pages print, and those of the samples.
lay_out jobs
cp samples/shop/products.csv .
awk '/^```json/ {on = 1; n++; next} /^```/ {on = 0} on {print > ("block" n ".jsonl")}' "$SOURCE_DIR/docs/batch.md"
for file in $(grep -lE '"kind": "|"custom_id"' block*.jsonl) samples/*/*.jsonl; do
    grep -q '"event"' "$file" || grep -qE '^\{"input"' "$file" || ! grep -qE '"kind": |"custom_id"' "$file" || run_line batch.md "aigc batch --check $file"
done

# The examples of the help texts, those that make files for others first.
lay_out help
for command in speak image $("$AIGC" help | awk '/^  [a-z]/ {print $1}' | grep -vxE 'speak|image'); do
    "$AIGC" help "$command" | sed '1,/^Examples:$/d' | sed -n 's/^  \([a-z]\)/\1/p' >lines
    while IFS= read -r line; do run_line "help $command" "$line"; done <lines || exit 1
done
[ $ran -ge 40 ] || fail "only $ran commands were found"
echo "$ran commands"
exit 0
