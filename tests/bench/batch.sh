#!/bin/bash
# Speed of a job file beside llama.cpp with 8 parallel sequences: ARTICLES short articles, one for each row of a table, with
# the same prompts and lengths, in turn on the same machine with the same threads; medians.
#
#   tests/bench/batch.sh
#   RUNS=3 THREADS=2 ARTICLES=200 TOKENS=60 tests/bench/batch.sh
#
# aigc's time is that of the whole program (start, loading, prompts, sampling, writing and syncing each file and the journal);
# llama.cpp's is that of its passes alone (tests/bench/batch_peer.py). Wanted beforehand: as for tests/bench/text.sh, which
# also builds the peer (PEER_PYTHON names a python that has llama-cpp-python). Nothing else should run.
set -eu
cd "$(dirname "$0")/../.."
models=${AIGC_MODELS:-${XDG_DATA_HOME:-$HOME/.local/share}/aigc/models}
aigc=$(realpath "${AIGC:-build/aigc}")
runs=${RUNS:-3} threads=${THREADS:-2} articles=${ARTICLES:-200} tokens=${TOKENS:-60}
model=$models/smollm2/SmolLM2-135M-Instruct.Q4_1.gguf
python=${PEER_PYTHON:-${BENCH_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/aigc-bench}/llama/bin/python}
[ -x "$aigc" ] || { echo "batch.sh: no $aigc; build it: cmake --preset release && cmake --build --preset release" >&2; exit 2; }
[ -f "$model" ] || { echo "batch.sh: no model; get it: sh samples/models.sh" >&2; exit 2; }
[ -x "$python" ] || { echo "batch.sh: no $python; tests/bench/text.sh builds the peer, or PEER_PYTHON names it" >&2; exit 2; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 - "$work" "$articles" "$tokens" <<'PYTHON'
import csv, json, sys
folder, count, tokens = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
towns = "Northfield Lakeside Harbour Westgate Stonebridge Riverton Eastbay Oakfield Summerhill Kingsport Blackwater Millbrook".split()
people = "Ada Reyes,Tom Hale,Lena Voss,Ben Cole,Ivo Marsh,Noah Finch,Max Lind,Omar Diaz,Jon Berg,Kai Stone".split(",")
system = "You write short match reports for a local newspaper. Use only the facts that are given. Write three plain sentences."
rows = []
for i in range(count):
    home, away = towns[i % 12], towns[(i * 5 + 7 + i // 12) % 12]
    rows.append({"n": i, "home": home, "away": away, "home_goals": i * 7 % 5, "away_goals": i * 3 % 4,
                 "scorers": f"{people[i % 10]}; {people[(i * 3 + 1) % 10]}", "attendance": 120 + i * 37 % 900})
with open(f"{folder}/rows.csv", "w", newline="") as f:
    out = csv.DictWriter(f, rows[0].keys(), lineterminator="\n")
    out.writeheader()
    out.writerows(rows)
ask = "Report on this match. {home} {home_goals}, {away} {away_goals}. Scorers: {scorers}. Attendance: {attendance}."
with open(f"{folder}/jobs.jsonl", "w") as f:
    f.write('{"rows": "rows.csv"}\n')
    prompt = ask
    for name in rows[0]:
        prompt = prompt.replace("{" + name + "}", "{{row." + name + "}}")
    f.write(json.dumps({"id": "article", "kind": "text", "system": system, "prompt": prompt, "tokens": tokens, "ignore-end": True}) + "\n")
json.dump({"system": system, "prompts": [ask.format(**r) for r in rows], "tokens": tokens}, open(f"{folder}/articles.json", "w"))
PYTHON

echo "CPU: $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), $threads threads, $articles articles of $tokens tokens, medians of $runs; $("$aigc" version 2>/dev/null | head -n 1)"
python3 - "$work" "$aigc" "$python" "$model" "$runs" "$threads" "$articles" "$tokens" <<'PYTHON'
import json, statistics, subprocess, sys, time
work, aigc, python, model, runs, threads, articles, tokens = sys.argv[1:]
ours, peer = {8: [], 16: []}, []
for i in range(int(runs)):
    for parallel, times in ours.items():
        begin = time.perf_counter()
        subprocess.run([aigc, "batch", "-q", "-t", threads, "--parallel", str(parallel), "--out-dir", f"{work}/out{parallel}-{i}",
                        "--journal", f"{work}/{parallel}-{i}.journal", f"{work}/jobs.jsonl"], check=True)
        times.append(time.perf_counter() - begin)
    line = subprocess.run([python, "tests/bench/batch_peer.py", model, f"{work}/articles.json", "--threads", threads],
                          stdout=subprocess.PIPE, check=True).stdout
    peer.append(json.loads(line))
base, total = statistics.median(p["seconds"] for p in peer), int(articles) * int(tokens)
print("| | seconds | generated tokens/s | articles a minute | ratio |")
print("|---|---|---|---|---|")
for name, t in [("llama.cpp, 8 sequences, its passes alone", base)] + [
        (f"aigc batch, {n} sequences{', the default' if n == 16 else ''}, the whole program", statistics.median(times)) for n, times in ours.items()]:
    print(f"| {name} | {t:.1f} | {total / t:.0f} | {60 * int(articles) / t:.0f} | {base / t:.2f} × |")
print(f"llama.cpp kept {peer[0]['prompt_tokens_kept']} of {peer[0]['prompt_tokens']} prompt tokens from a slot's last prompt")
PYTHON
