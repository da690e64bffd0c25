#!/bin/bash
# Speed of texts that repeat what stands before them, with and without drafting (text/draft.h): one table, medians, in turn.
#
#   tests/bench/draft.sh                      aigc alone
#   RUNS=5 THREADS=2 MODEL=smollm2 tests/bench/draft.sh
#   PEERS="NAME=PYTHON …" tests/bench/draft.sh   llama.cpp too, plain and by its own prompt lookup: for each build a Python that has
#                                             llama-cpp-python (tests/bench/text.sh builds such); each figure is the best build's
#
# Wanted beforehand: the model (samples/models.sh). Builds build/aigc's bench program draft (tests/bench/draft.c), which writes each
# text both ways and fails where they differ. Rates are of the tokens between the first and the last.
set -eu
cd "$(dirname "$0")/../.."
runs=${RUNS:-5} threads=${THREADS:-2} model=${MODEL:-smollm2}
cmake --preset release >/dev/null
cmake --build --preset release --target aigc draft >/dev/null
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM

cat >"$work/article" <<'TEXT'
The lighthouse on Gull Island was built in 1871 after the wreck of the Mary Ann, which cost forty lives. For ninety years a keeper and his family lived there, lighting the lamp every evening and winding the clockwork that turned the lens. The last keeper, Thomas Reed, left in 1961 when the lamp was made automatic. His daughter Ellen, now eighty-two, remembers rowing to school across the sound, the storms that shook the windows, and the silence of fog. In 2019 the county sold the island to a trust, which restored the tower and opened it to visitors. Last summer eleven thousand people climbed its 142 steps.
TEXT

# task NAME ARGUMENT…: one row, from aigc text's own options
: >"$work/rows"
task() {
    local name=$1
    shift
    build/draft "$runs" -m "$model" -t "$threads" -n 256 -s 1 "$@" >"$work/one"
    printf '%s\t%s\n' "$name" "$(cat "$work/one")" >>"$work/rows"
}
task "summarize an article" --task summarize -f "$work/article"
task "rewrite it" --task rewrite -f "$work/article"
task "a title for it" --task title -f "$work/article"
task "a list, greedy" --temp 0 --repeat-penalty 1 -p "Give me a recipe for apple pie with a list of ingredients."
task "a list" -p "Give me a recipe for apple pie with a list of ingredients."
task "a dialogue, greedy" --temp 0 --repeat-penalty 1 -p "Write a dialogue between a blacksmith and a traveller who wants to buy a sword."
task "a story" -p "Write a short story about a lighthouse keeper and a lost dog."
task "4 summaries at once" -b 4 --task summarize -f "$work/article"
task "8 summaries at once" -b 8 --task summarize -f "$work/article"
task "8 stories at once" -b 8 -p "Write a short story about a lighthouse keeper and a lost dog."

python3 - "$work" "$model" "$threads" "$runs" ${PEERS:-} <<'PYTHON'
import json, os, subprocess, sys
work, model, threads, runs, *peers = sys.argv[1:]
rows = [(name, json.loads(text)) for name, text in (line.split("\t") for line in open(f"{work}/rows"))]
singles = [r for name, r in rows if "at once" not in name]
results = []
if peers:
    tasks = [{"prompt": r["prompt"], "limit": 256, "options": {k: r[k] for k in ("temp", "top_k", "top_p", "min_p", "repeat_penalty")}} for r in singles]
    json.dump(tasks, open(f"{work}/tasks.json", "w"))
    path = subprocess.run(["build/aigc", "text", "-m", model, "-n", "1", "-q", "--json", "-p", "x"], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, check=True).stdout
    path = json.loads(path)["model"]
    for peer in peers:
        python = peer.split("=", 1)[1]
        out = subprocess.run([python, "tests/bench/draft_peer.py", path, f"{work}/tasks.json", "--threads", threads, "--repeat", runs],
                             capture_output=True, text=True, check=True).stdout
        results.append(json.loads(out))
cpu = next((l.split(":", 1)[1].strip() for l in open("/proc/cpuinfo") if l.startswith("model name")), "unknown")
print(f"CPU: {cpu}, {threads} threads, medians of {runs}, tokens/s")
print("| text | tokens | accepted of drafted | without drafts | with | ratio |" + (" llama.cpp | ratio | llama.cpp with prompt lookup |" if peers else ""))
print("|---|---|---|---|---|---|" + ("---|---|---|" if peers else ""))
best = lambda key, i: max((r[i][key] for r in results if r[i][key]), default=None)
for name, r in rows:
    line = f"| {name} | {r['tokens']} | {r['accepted']} of {r['drafted']} | {r['without']:.0f} | {r['with']:.0f} | {r['with'] / r['without']:.2f} × |"
    if peers and r in singles:
        plain, lookup = (best(key, singles.index(r)) for key in ("plain", "lookup"))
        line += f" {plain:.0f} | {r['with'] / plain:.2f} × |" if plain else " | |"
        line += f" {lookup:.0f} |" if lookup else " |"
    elif peers:
        line += " | | |"
    print(line)
PYTHON
