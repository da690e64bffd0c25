# What a run does to the terminal, the disk, the shell and the home it finds.
. "$SOURCE_DIR/tests/cli/lib.sh"
export XDG_CACHE_HOME=$work/cache
model=$SOURCE_DIR/tests/golden/image/pipe tiny=$SOURCE_DIR/tests/golden/tiny
steers() { LC_ALL=C grep -aqP '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\x8e\x8f\xa8-\xae]|\xe2\x81[\xa6-\xa9]|\xd8\x9c' "$1"; }

# messages are clean, through a pipe too
esc=$(printf '\033]0;x\007\302\233') bidi=$(printf '\342\200\256\342\201\246\342\200\250\330\234')
expect 3 "$AIGC" image -m "no$esc$bidi/model" -p x
steers err && fail "a name steers the terminal: $(cat -v err)"
grep -q '^aigc: no' err || fail "the message is lost"
printf '{"id":"a\\u001b[31m\\u202e","kind":"image","prompt":"x","model":"%s","init-img":"none\\u0007.png"}\n' "$model" >ids.jsonl
expect 4 "$AIGC" batch --out-dir made ids.jsonl
steers err && fail "a job's id steers the terminal: $(cat -v err)"
expect 2 "$AIGC" image -p x "--$esc"
steers err && fail "an option steers the terminal"
printf 'aigc: a forged line\n' >forged
expect 3 "$AIGC" image -m "x
aigc: a forged line/" -p x
[ "$(wc -l <err)" = 1 ] || fail "a name begins a line of its own"
long=$(printf '%0600d' 0 | sed 's/0/中/g')
expect 3 "$AIGC" image -m "$long/x" -p x
iconv -f UTF-8 -t UTF-8 err >/dev/null || fail "a long name is cut inside a character"

# reports are; JSON is the same value in escapes; files and pipes hold what was made
expect 0 "$AIGC" image -q -m "$model" --steps 1 -s 1 -p "a$bidi$esc b" -o b.png
expect 0 "$AIGC" check b.png
steers out && fail "check steers the terminal"
expect 0 "$AIGC" check --json b.png
steers out && fail "check --json steers the terminal"
grep -q '\\u202e\\u2066\\u2028\\u061c' out || fail "check --json lost what was there"
grep -aq "$bidi" b.png || fail "the record is not what was given"

# on a terminal what is made for pipes is clean too
if command -v script >/dev/null; then
    (sleep 0.5; appears ended; : >seen) | on_terminal "'$AIGC' plan --json '$work/ids.jsonl'; '$AIGC' check '$work/b.png'; '$AIGC' batch --list '$work/ids.jsonl'"
    tr -d '\r' <out >shown
    sed 's/\x1b\[K//g' shown >rest # our own progress line
    steers rest && fail "a terminal is steered: $(cat -v rest | head -5)"
    grep -q 'image' rest || fail "the terminal shows nothing"
fi

# signals that were ignored stay ignored
printf '{"id":"long","kind":"image","prompt":"x","steps":300,"seed":1,"repeat":40,"model":"%s"}\n' "$model" >long.jsonl
(trap '' HUP INT; exec "$AIGC" batch -q --out-dir long long.jsonl) 2>err &
child=$!
sleep 1
kill -HUP $child && kill -INT $child && sleep 0.5
kill -0 $child 2>/dev/null || fail "a run that was told to ignore SIGHUP and SIGINT ends by them: $(cat err)"
kill -TERM $child
wait $child
[ $? = 130 ] || fail "SIGTERM does not end it"

# a full disk says so
if [ -w /dev/full ]; then
    full() { "$@" >/dev/full; }
    for command in "image -q -m $model --steps 1 -p x -o -" "image -q -m $model --steps 1 -p x --json -o f.png" "text -q -m $tiny --raw -p x -n 400" \
        "text -m $tiny --raw -p x -n 3 --json -q" "check b.png" "check --json b.png" "inspect $model" "inspect --json $tiny" "batch --schema" "--help" "plan ids.jsonl"; do
        # shellcheck disable=SC2086
        expect 1 full "$AIGC" $command
        grep -q '^aigc: standard output: .*No space left on device$' err || fail "$command does not say that the disk is full: $(cat err)"
    done
fi

# a pipe that nobody reads is nothing to tell
(trap '' PIPE; "$AIGC" batch --schema 2>err; echo $? >code) | :
[ ! -s err ] || fail "a closed pipe is told"
[ "$(cat code)" = 1 ] || [ "$(cat code)" = 0 ] || fail "a closed pipe ends with $(cat code)"

# no home
expect 0 env -u HOME -u XDG_CACHE_HOME -u XDG_DATA_HOME -u AIGC_MODELS "$AIGC" image -q -m "$model" --steps 1 -s 1 -p x -o home.png
expect 3 env -u HOME -u XDG_CACHE_HOME -u XDG_DATA_HOME -u AIGC_MODELS "$AIGC" text -p x
grep -q 'HOME is not set' err || fail "it is not told that there is no home"
expect 3 env -u AIGC_MODELS HOME="$work" XDG_DATA_HOME=relative "$AIGC" text -p x
grep -q "$work/.local/share/aigc/models" err || fail "a relative XDG_DATA_HOME counts"

# what JSON and records say of a model is its name
expect 0 "$AIGC" text -q -m "$tiny" --raw -p x -n 1 -s 1 --json
grep -q "$SOURCE_DIR" out && fail "--json tells where the model lies"
grep -q '"model": "tiny"' out || fail "--json does not name the model"
expect 0 "$AIGC" embed -m "$tiny" -p x --json
grep -q "$SOURCE_DIR" out && fail "embed --json tells where the model lies"
expect 0 "$AIGC" image -q -m "$model" --steps 1 -s 1 -p x --json -o n.png
grep -aq "$SOURCE_DIR" out n.png && fail "a picture tells where its model lies"
expect 0 "$AIGC" rerun --with "model=$model" n.png
exit 0
