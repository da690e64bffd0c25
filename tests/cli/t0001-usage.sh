# The program says how it is used, on the right stream and with the right exit code.
. "$SOURCE_DIR/tests/cli/lib.sh"

"$AIGC" --help >out 2>err || fail "--help failed"
grep -q '^usage: aigc' out || fail "--help prints no usage on stdout"
[ ! -s err ] || fail "--help writes to stderr"

expect 2 "$AIGC"
[ ! -s out ] || fail "no command: stdout is not empty"
expect 2 "$AIGC" no-such-command
grep -q "unknown command 'no-such-command'" err || fail "an unknown command is not named"

expect 0 "$AIGC" --version
grep -q '^aigc [0-9]' out || fail "no version"
if [ -e /dev/full ]; then
    "$AIGC" --version >/dev/full 2>err && fail "a full disk under stdout goes unnoticed"
    grep -q 'standard output' err || fail "a full disk under stdout is not named"
fi
