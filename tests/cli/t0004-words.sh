# What the program says of itself: help, manual page, completions; and what it makes of words that are not quite right.
. "$SOURCE_DIR/tests/cli/lib.sh"
tiny=$SOURCE_DIR/tests/golden/tiny
has() { grep -qF -- "$2" "$1" || fail "'$2' is not in what was said: $(head -c 600 "$1")"; }

commands=$("$AIGC" help | awk '/^  [a-z]/ {print $1}')
[ "$(echo "$commands" | wc -l)" -ge 15 ] || fail "aigc help lists too few commands"
for c in $commands; do
    expect 0 "$AIGC" help "$c"
    cp out byhelp
    expect 0 "$AIGC" "$c" --help
    cmp -s out byhelp || fail "'aigc help $c' and 'aigc $c --help' differ"
    for o in --quiet --verbose --help; do has out "$o"; done
    [ "$(sed '1,/^Examples:$/d' out | grep -c '^  aigc\|^  cat')" = 2 ] || fail "aigc $c has not two examples"
    for columns in 40 72 100; do # in characters: an ellipsis is three bytes
        COLUMNS=$columns "$AIGC" "$c" --help | sed '/^Examples:$/,$d' | LC_ALL=C sed 's/[\x80-\xBF]//g' >narrow
        [ "$(awk -v w="$columns" 'length > w && NF > 2' narrow | wc -l)" = 0 ] || fail "aigc $c --help does not fit $columns columns: $(awk -v w="$columns" 'length > w && NF > 2' narrow)"
    done
    expect 2 "$AIGC" "$c" -q -v x
    expect 2 "$AIGC" "$c" --no-such-option
done
"$AIGC" image --help | grep -- --sampling-method | grep -q 'dpm++2m_sde.*unipc' || fail "a pipe cuts the help of an option"
expect 0 "$AIGC" version -q
expect 0 "$AIGC" inspect -v "$tiny"
has err 'of memory'

# near words
expect 2 "$AIGC" txet -p x
has err "did you mean 'text'?"
expect 2 "$AIGC" help spaek
has err "did you mean 'speak'?"
expect 2 "$AIGC" text --tempp 1
has err "did you mean '--temp'?"
expect 2 "$AIGC" image --negative x -p y
has err "did you mean '--negative-prompt'?"
expect 2 "$AIGC" zzzzzz
grep -q 'did you mean' err && fail "a word that is near nothing gets advice"
expect 2 "$AIGC" text -m "$tiny" --task sumarize -p x
has err "did you mean 'summarize'?"
expect 2 "$AIGC" text -m "$tiny" --metadata hsah -o x.txt -p x
has err "did you mean 'hash'?"
expect 2 "$AIGC" quantize --type q8-0 "$tiny" x.gguf
has err "did you mean 'q8_0'?"
expect 2 "$AIGC" help --completion fihs
has err "did you mean 'fish'?"

# given twice
expect 2 "$AIGC" image -p x --caption one --caption two
has err "--caption: given twice, as 'one' and as 'two'"
expect 2 "$AIGC" text -n 3 --tokens=4 -p x
has err "--tokens: given twice"
expect 2 "$AIGC" speak --json --no-json x
expect 0 "$AIGC" text -q -q -m "$tiny" --temp 0 -n 2 --stop a --stop b -p x
expect 2 "$AIGC" text -m "$tiny" --task "$SOURCE_DIR/tests/cli/lib.sh" -p x --field a
printf 'Say {{what}}: {{input}}' >task.txt
expect 2 "$AIGC" text -m "$tiny" --task task.txt -p x
has err '{{what}}'
has err '--field what=TEXT'

# nothing to do, at a terminal
if command -v script >/dev/null; then
    for c in "text -m $tiny" speak "score -m $tiny" "embed -m $tiny"; do
        rm -f ended
        { appears ended || fail "'aigc $c' waits at a terminal"; touch seen; } | on_terminal "$AIGC $c"
        [ "$(cat ended)" = 2 ] || fail "'aigc $c' at a terminal ended with $(cat ended)"
        has out '--help lists'
    done
fi
for c in image vocode quantize inspect batch plan check rerun worker; do
    expect 2 "$AIGC" "$c"
    [ -s err ] || fail "bare aigc $c says nothing"
done
expect 2 "$AIGC" batch -
has err 'standard input'
expect 2 "$AIGC" rerun -

# what is made from the tables is as the tables are
for pair in "help --man:aigc.1" "help --completion bash:completion/aigc.bash" "help --completion zsh:completion/_aigc" \
    "help --completion fish:completion/aigc.fish"; do
    # shellcheck disable=SC2086
    "$AIGC" ${pair%:*} >made || fail "aigc ${pair%:*} fails"
    cmp -s made "$SOURCE_DIR/docs/${pair#*:}" || fail "docs/${pair#*:} is old: sh docs/generate.sh writes it"
done
for c in $commands; do
    for o in $("$AIGC" help "$c" | grep -o '^  ....--[a-z][a-z0-9-]*' | grep -o -- '--.*'); do
        grep -qF -- "$(echo "$o" | sed 's/-/\\-/g')" "$SOURCE_DIR/docs/aigc.1" || fail "the manual lacks $o of aigc $c"
    done
done
for section in EXAMPLES FILES ENVIRONMENT "EXIT STATUS" "SEE ALSO"; do grep -q "^.SH $section" "$SOURCE_DIR/docs/aigc.1" || fail "no $section in the manual"; done
for name in $(cat "$SOURCE_DIR"/cli/*.c "$SOURCE_DIR"/core/*.c "$SOURCE_DIR"/core/kernel/*.c "$SOURCE_DIR"/text/*.c "$SOURCE_DIR"/image/*.c "$SOURCE_DIR"/audio/*.c |
    grep -o 'getenv("[A-Z_]*")' | grep -o '[A-Z][A-Z_]*' | sort -u); do
    [ "$name" = AIGC_ALLOC_FAIL_AT ] || sed -n '/^.SH ENVIRONMENT/,/^.SH EXIT/p' "$SOURCE_DIR/docs/aigc.1" | grep -q "$name" || fail "the manual lacks \$$name"
done
if command -v man >/dev/null; then
    LC_ALL=C.UTF-8 man -l --warnings -E UTF-8 "$SOURCE_DIR/docs/aigc.1" >page 2>err </dev/null || fail "man cannot show the page"
    [ ! -s err ] || fail "man has warnings"
fi

# completion in bash
if command -v bash >/dev/null; then
    mkdir -p models/mine
    cat >complete.bash <<'SCRIPT'
source "$SOURCE_DIR/docs/completion/aigc.bash"
complete_line() { # WORD… with the last one being typed
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
    _aigc
    echo "${COMPREPLY[*]}"
}
is() { local wanted=$1 found; shift; found=$(complete_line "$@"); [ "$found" = "$wanted" ] || { echo "'$*' completes to '$found', '$wanted' wanted" >&2; exit 1; }; }
export AIGC_MODELS=models
is "text" aigc te
is "speak" aigc sp
is "--task" aigc text --ta
is "summarize" aigc text --task s
is "title" aigc text --task = ti
is "mine" aigc text -m mi
is "smollm2" aigc text --model smo
is "hibari" aigc speak --voice hi
is "joe" aigc speak --voice jo
is "full hash none" aigc image --metadata ""
is "under" aigc image --caption-place u
is "rerun" aigc help re
is "" aigc batch jo
SCRIPT
    bash complete.bash 2>err || fail "bash completion"
fi
for shell in zsh fish; do
    file=$SOURCE_DIR/docs/completion/aigc.fish
    [ $shell = fish ] || file=$SOURCE_DIR/docs/completion/_aigc
    if command -v $shell >/dev/null; then $shell -n "$file" || fail "$shell does not read its completion"; fi
done
exit 0
