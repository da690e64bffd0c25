#!/bin/bash
# Fills the disk under a batch, takes its folder's permission away, and its model: the right jobs fail with their reasons, the
# rest are done, nothing is half written, and the same command finishes the work when there is room again. Not in CI: it mounts
# a tmpfs (in a user namespace of its own where it is not run by root).
# usage: bash tests/torture/disk.sh [AIGC]          (build/aigc)
set -eu
aigc=$(realpath "${1:-build/aigc}")
if [ "${IN_NAMESPACE:-}" != 1 ]; then
    export IN_NAMESPACE=1
    # its own mounts; not as root inside, whom no permission stops
    exec unshare -rm bash "$(realpath "$0")" "$aigc"
fi
fail() { echo "FAILED: $*"; exit 1; }
work=$(mktemp -d)
small=$work/small
mkdir "$small"
mount -t tmpfs -o size=1m tmpfs "$small"
trap 'umount "$small"; rm -rf "$work"' EXIT
cd "$work"
export AIGC_VOICE=hibari

for i in $(seq 40); do
    echo '{"id": "s'$i'", "kind": "speak", "text": "Sentence number '$i' takes about a hundred kilobytes on the disk.", "out": "'$i'.wav"}'
    echo '{"id": "t'$i'", "kind": "text", "prompt": "Number '$i'", "tokens": 3, "out": "'$i'.txt"}'
done >jobs.jsonl
rc=0
"$aigc" batch -q --out-dir whole --journal whole.journal jobs.jsonl

# outputs on the full disk, the journal elsewhere: what fits is done, what does not is told
"$aigc" batch --out-dir "$small/out" --journal full.journal jobs.jsonl 2>err || rc=$?
[ $rc = 4 ] || fail "a full disk: exit $rc, 4 wanted"
grep -q 'No space left on device' err || fail "the reason is not told"
done=$(grep -c '"done"' full.journal) failed=$(grep -c '"failed"' full.journal)
[ "$done" -gt 0 ] && [ "$failed" -gt 0 ] && [ $((done + failed)) = 80 ] || fail "$done done and $failed failed, 80 in all wanted"
shopt -s nullglob # sounds and texts run side by side: which of them find room is not said
for f in "$small"/out/*.wav "$small"/out/[0-9]*.txt; do cmp -s "$f" "whole/${f##*/}" || fail "$f is half written"; done
[ -z "$(find "$small" -name '.*.??????')" ] || fail "a temporary file stays"
mount -o remount,size=64m "$small"
"$aigc" batch -q --out-dir "$small/out" --journal full.journal jobs.jsonl || fail "the work does not go on when there is room"
diff -r whole "$small/out" >/dev/null || fail "outputs differ from an unbroken run's"
echo "full disk: $done jobs done, $failed failed with the reason; all equal after there was room"

# the journal on the full disk: the run ends, and says why
rm -r "$small/out"
mount -o remount,size=1m "$small"
dd if=/dev/zero of="$small/filler" bs=4k 2>/dev/null || true
rc=0
"$aigc" batch --out-dir other --journal "$small/j" jobs.jsonl 2>err || rc=$?
[ $rc = 1 ] && grep -q "$small/j: cannot be written: No space left" err || fail "a journal that cannot be written: exit $rc, $(tail -1 err)"
rm "$small/filler"
"$aigc" batch -q --out-dir other --journal "$small/j" jobs.jsonl || fail "the work does not go on"
diff -r whole other >/dev/null || fail "outputs differ"
echo "journal on a full disk: the run ends with the reason, and goes on later"

# a folder that may not be written to (read-only, which stops root too)
mount -o remount,ro "$small"
rc=0
"$aigc" batch --out-dir "$small/sub" --journal ro.journal jobs.jsonl 2>err || rc=$?
[ $rc = 1 ] && grep -q 'Read-only file system' err || fail "a read-only folder: exit $rc, $(tail -1 err)"
mount -o remount,rw "$small"
mkdir "$small/sub"
mount -o remount,ro "$small"
rc=0
"$aigc" batch --out-dir "$small/sub" --journal ro.journal jobs.jsonl 2>err || rc=$?
[ $rc = 4 ] && [ "$(grep -c '"failed"' ro.journal)" = 80 ] && grep -q 'Read-only file system' err || fail "a read-only folder: exit $rc, $(tail -1 err)"
echo "unwritable folder: every job fails with the reason"

# a model that is missing fails its jobs alone
sed '1s/"text":/"voice": "absent", "text":/' jobs.jsonl >missing.jsonl
rc=0
"$aigc" batch --out-dir missing missing.jsonl 2>err || rc=$?
[ $rc = 4 ] && grep -q "80 jobs: 79 done, 0 were done before, 1 failed" err && grep -q "job 's1': absent: no such file" err || fail "a missing model: exit $rc"
echo "missing model: its job fails, 79 are done"
