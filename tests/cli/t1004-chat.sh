# aigc text -i on a pseudo-terminal (script, util-linux): answers, commands, the end of input.
. "$SOURCE_DIR/tests/cli/lib.sh"
command -v script >/dev/null || { echo "skipped: no 'script' to make a terminal with"; exit 77; }
tiny=$SOURCE_DIR/tests/golden/tiny

{
    printf '/help\nHow is the rain?\n/save talk.jsonl\n/reset\nWhere did the ship go?\n/nonsense\n/quit\n'
    shows 1 'is no command'
    : >seen
} | on_terminal "'$AIGC' text -m '$tiny' -i --temp 0 --repeat-penalty 1"
tr -d '\r' <out >shown
[ "$(cat ended)" = 0 ] || fail "the chat ended with $(cat ended): $(cat shown)"
for wanted in 'Warm, in spring.' 'To a green island.' '/retry' '/nonsense is no command'; do
    grep -qF "$wanted" shown || fail "the chat does not show '$wanted': $(cat shown)"
done
grep -q '^{"role":"user","content":"How is the rain?"}$' talk.jsonl || fail "/save: $(cat talk.jsonl)"
grep -q '^{"role":"assistant","content":"Warm, in spring."}$' talk.jsonl || fail "/save: $(cat talk.jsonl)"
exit 0
