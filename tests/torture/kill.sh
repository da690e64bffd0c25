#!/bin/sh
# Kills a batch with SIGKILL at random moments, runs it again, and so on; the outputs must be those of an unbroken run,
# byte for byte, none missing, none half written, none made again after it was journalled. Not in CI: it takes minutes.
# usage: sh tests/torture/kill.sh [KILLS] [AIGC]          (300 kills, build/aigc)
set -eu
kills=${1:-300}
aigc=$(realpath "${2:-build/aigc}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export AIGC_VOICE=hibari

n=0
{
    echo '{"defaults": {"tokens": 12}, "kind": "text"}'
    while [ $n -lt 40 ]; do
        n=$((n + 1))
        echo '{"id": "t'$n'", "kind": "text", "prompt": "Write about the number '$n'.", "out": "text/'$n'.txt"}'
        echo '{"id": "s'$n'", "kind": "speak", "text": "{{t'$n'.text}}", "out": "sound/'$n'.wav"}'
        echo '{"id": "p'$n'", "kind": "image", "prompt": "a red apple", "steps": 2, "out": "picture/'$n'.png"}'
    done
} >jobs.jsonl
total=$((3 * n))

"$aigc" batch -q --out-dir whole --journal whole.journal jobs.jsonl
killed=0 rounds=0
while [ $killed -lt "$kills" ]; do
    rounds=$((rounds + 1))
    "$aigc" batch -q --out-dir broken --journal broken.journal jobs.jsonl &
    child=$!
    sleep "$(awk -v seed="$rounds$$" 'BEGIN { srand(seed); printf "%.3f", rand() * 0.9 }')"
    if kill -9 $child 2>/dev/null; then killed=$((killed + 1)); fi
    wait $child 2>/dev/null || true
    # what the journal calls done is there and whole
    sed 's/^[0-9a-f]* //' broken.journal | grep '"done"' | sed 's/.*"path":"\([^"]*\)","sha256":"\([0-9a-f]*\)".*/\2  broken\/\1/' |
        { grep . || echo "$(sha256sum jobs.jsonl)"; } | sha256sum -c --quiet 2>/dev/null || { echo "FAILED: after kill $killed a journalled output is missing or wrong"; exit 1; }
    # all done before the kills are: begin again with nothing
    if [ "$(grep -c '"done"' broken.journal)" -ge $total ] && [ $killed -lt "$kills" ]; then
        diff -r whole broken >/dev/null || { echo "FAILED: outputs differ from an unbroken run's"; exit 1; }
        rm -rf broken broken.journal
    fi
done
"$aigc" batch -q --out-dir broken --journal broken.journal jobs.jsonl
diff -r whole broken || { echo "FAILED: outputs differ from an unbroken run's"; exit 1; }
twice=$(sed 's/^[0-9a-f]* //' broken.journal | grep '"done"' | sed 's/.*"id":"\([^"]*\)".*/\1/' | sort | uniq -d | wc -l)
[ "$twice" = 0 ] || { echo "FAILED: $twice jobs were made again after they were journalled"; exit 1; }
hidden=$(find broken -name '.*' -type f | wc -l)
echo "passed: $killed kills in $rounds runs, $total outputs equal to an unbroken run's; $hidden temporary files left by kills"
