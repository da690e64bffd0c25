# aigc text -i on a pseudo-terminal: Ctrl-C stops an answer that would never end, and drops a line that is being typed;
# the program goes on, keeps the conversation, and ends when it is told to.
. "$SOURCE_DIR/tests/cli/lib.sh"
command -v script >/dev/null || { echo "skipped: no 'script' to make a terminal with"; exit 77; }
tiny=$SOURCE_DIR/tests/golden/tiny

type_it() {
    shows 1 '> ' && printf 'Say something.\n' && shows 2 'the ' && # the first is in the greeting
        printf '\003' && shows 1 '…' && shows 2 '> ' && # what was written so far stays, and is part of the conversation
        printf 'a line that is not' && shows 1 'is not' && printf '\003' && shows 3 '> ' &&
        printf '/save talk.jsonl\n/quit\n' && appears ended
    : >seen
}
type_it | on_terminal "'$AIGC' text -m '$tiny' -i --seed 3 --temp 1 --ignore-end --shift -n -1"
[ "$(cat ended)" = 0 ] || fail "Ctrl-C ended the program, or nothing stopped it: $(cat ended) $(tail -c 300 out)"
[ -s talk.jsonl ] && [ "$(wc -l <talk.jsonl)" = 2 ] || fail "two turns wanted: $(cat talk.jsonl) $(tail -c 400 out)"
head -1 talk.jsonl | grep -qF '"content":"Say something."' || fail "the message is lost: $(cat talk.jsonl)"
tail -1 talk.jsonl | grep -q '^{"role":"assistant","content":"..*"}$' || fail "the stopped answer is lost: $(cat talk.jsonl)"

# the same signal without a chat ends the program, with 130
$listens "$AIGC" text -m "$tiny" --raw -p x --ignore-end --shift -n 1000000 >endless 2>err </dev/null &
child=$!
catches $child
kill -INT $child
wait $child
found=$?
[ $found = 130 ] || fail "an interrupted text ended with $found, 130 wanted"
exit 0
