# The schema in docs/ is what the program prints from its option tables, and the sample job files keep to it.
. "$SOURCE_DIR/tests/cli/lib.sh"

expect 0 "$AIGC" batch --schema
cmp -s out "$SOURCE_DIR/docs/jobs.schema.json" || fail "docs/jobs.schema.json is not what 'aigc batch --schema' prints: write it anew"
python3 - "$SOURCE_DIR" <<'P' || fail "the schema and the sample job files differ"
import glob, json, sys
schema = json.load(open("out"))
by_title = {s["title"]: s for s in schema["oneOf"]}
assert set(by_title) == {"defaults", "rows", "text", "image", "speak", "vocode", "embed", "OpenAI batch request"}
tokens = by_title["text"]["properties"]["tokens"]["anyOf"][0]
assert tokens["type"] == "integer" and tokens["minimum"] == -1
lines = 0
for path in glob.glob(sys.argv[1] + "/samples/*/*.jsonl"):
    if path.endswith(("examples.jsonl", "quake/events.jsonl")): # data, not jobs
        continue
    for line in open(path):
        job = json.loads(line)
        s = by_title[next(k for k in ("defaults", "rows") if k in job) if "kind" not in job or "defaults" in job else job["kind"]]
        assert set(s["required"]) <= set(job) <= set(s["properties"]), (path, line)
        lines += 1
assert lines > 5
P
for f in shop story; do expect 0 "$AIGC" batch --check "$SOURCE_DIR/samples/$f/$f.jsonl"; done
