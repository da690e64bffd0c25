# Reports from data: true, the same for a seed on any number of threads, files whole and fenced, faults with their places.
. "$SOURCE_DIR/tests/cli/lib.sh"
samples=$SOURCE_DIR/samples
checks=$SOURCE_DIR/tests/cli
has() { grep -qF -- "$2" "$1" || fail "'$2' is not in: $(head -c 600 "$1")"; }

# ---- the samples say nothing false, whatever the seed; and the checkers know what is false ----
for seed in 1 2 3 4 5 6; do
    expect 0 "$AIGC" write -q --seed $seed -t "$samples/news/match.md" -d "$samples/news/results.csv" -o "news/$seed/{{id}}.md"
    expect 0 "$AIGC" write -q --seed $seed --per all -t "$samples/news/table.md" -d "$samples/news/results.csv" -o news/$seed/table.md
    expect 0 "$AIGC" write -q --seed $seed -t "$samples/weather/forecast.md" -d "$samples/weather/forecast.csv" -o "weather/$seed/{{id}}.md"
    expect 0 "$AIGC" write -q --seed $seed -t "$samples/quake/event.md" -d "$samples/quake/events.jsonl" -o "quake/$seed/{{id}}.md"
done
python3 "$checks/check_news.py" "$samples/news/results.csv" news/*/*.md || fail "the news"
python3 "$checks/check_facts.py" weather "$samples/weather/forecast.csv" weather/*/*.md || fail "the weather"
python3 "$checks/check_facts.py" quake "$samples/quake/events.jsonl" quake/*/*.md || fail "the earthquakes"
cat >spoil.py <<'SPOIL'
"""Makes copies of each report with one figure, number word or name made another one; the checkers must know them all."""
import csv, json, os, re, sys
sys.path.insert(0, sys.argv[1])
import check_facts, check_news
samples = sys.argv[2]
news = list(csv.DictReader(open(samples + "/news/results.csv", encoding="utf-8")))
weather = list(csv.DictReader(open(samples + "/weather/forecast.csv", encoding="utf-8")))
quakes = [json.loads(x) for x in open(samples + "/quake/events.jsonl", encoding="utf-8")]
swaps = {"two": "three", "three": "four", "four": "two", "seven": "eight", "first": "second", "second": "first", "twice": "three times", "beat": "drew", "above": "below", "below": "above", "more": "less",
         "rain": "snow", "snow": "rain", "sunshine": "cloud", "dry": "wet", "north": "south", "light": "strong", "moderate": "minor", "for": "against", "Saturday": "Sunday", "November": "December"}
plain = "The It For Neither Expect Gusts There An A No Played Won Drawn Lost Goals Points Team".split()

def wrong(path, text):
    kind, name = path.split("/")[0], os.path.basename(path)[:-3]
    if name == "table":
        return check_news.check_table(news, text)
    if kind == "news":
        return check_news.check_match(next(r for r in news if r["id"] == name), news, text)
    rows, kinds = (weather, check_facts.weather) if kind == "weather" else (quakes, check_facts.quake)
    return check_facts.check(kinds(next(r for r in rows if r["id"] == name), rows), text)

spoiled = missed = 0
for path in sys.argv[3:]:
    text = open(path, encoding="utf-8").read()
    for m in re.finditer(r"\d+(?:[.,]\d+)*|[A-Za-z]+", text):
        w = m[0]
        if w[0].isdigit():
            new = w[:-1] + str((int(w[-1]) + 1) % 10)
        elif w in swaps:
            new = swaps[w]
        elif w[0].isupper() and w not in plain:
            new = "Q" + w.lower()
        else:
            continue
        spoiled += 1
        if not wrong(path, text[:m.start()] + new + text[m.end():]):
            missed += 1
            print(f"{path}: '{w}' made '{new}' goes unnoticed")
print(spoiled, "spoiled reports,", missed, "unnoticed")
sys.exit(missed > 0 or spoiled < 700)
SPOIL
python3 spoil.py "$checks" "$samples" */[12]/*.md || fail "what is false goes unnoticed"

# ---- the shop: each product's own words and no others ----
expect 0 "$AIGC" write -q -t "$samples/shop/product.md" -d "$samples/shop/products.csv" -o 'out-shop/{{sku}}.md'
tail -n +2 "$samples/shop/products.csv" | while IFS=, read -r sku name material price picture; do
    for word in "$name" "$material" "€$price" "$sku"; do has "out-shop/$sku.md" "$word"; done
    rest=$(sed "s/$name//; s/$material//; s/€$price//; s/$sku//" "out-shop/$sku.md")
    case $rest in *[0-9]*) fail "$sku: a figure of no column: $rest" ;; esac
done || exit 1

# ---- the same bytes ----
awk 'BEGIN {print "id,name,n,before"; for (i = 1; i <= 700; i++) printf "%d,Firm %d,%d,%s\n", i, i, i * 37 % 1000, i % 7 ? i * 11 % 900 : ""}' >many.csv
cat >many.md <<'T'
{% set f = entity(name ~ ' plc', name, 'it') %}{{ f|ref }} {{ synonym('sold', 'shipped', 'delivered') }} {{ count(n, 'box') }}, {{ trend(n, before, 'last year') }}. {% choose %}{{ f|ref|capital }} {{ 'be'|verb(tense='past') }} glad.{% or %}So {{ f|ref }} said.{% endchoose %} {{ n|number }} it was.
T
"$AIGC" write -t many.md -d many.csv --threads 1 -s 5 >one 2>/dev/null || fail "many reports"
"$AIGC" write -t many.md -d many.csv --threads 2 -s 5 >two 2>/dev/null
cmp -s one two || fail "the reports depend on the threads"
"$AIGC" write -t many.md -d many.csv -s 6 >other 2>/dev/null
cmp -s one other && fail "another seed changes nothing"
expect 0 "$AIGC" write -t many.md -d many.csv -s 5 -o 'files/{{id}}.txt'
has err "700 reports, 100 sentences left out for want of a value"
for i in 1 2 350 700; do awk -v n=$i 'BEGIN {RS = ""} NR == n' one | cmp -s - files/$i.txt || fail "report $i in its file is another one"; done
[ "$(ls -A files | wc -l)" = 700 ] || fail "$(ls -A files | wc -l) files"
sed '5,6d' many.csv >fewer.csv # rows that go change no others
"$AIGC" write -t many.md -d fewer.csv -s 5 -o 'fewer/{{id}}.txt' 2>/dev/null
cmp -s fewer/600.txt files/600.txt || fail "a report depends on other rows"
printf 'Hello {{ name }}, today is {{ today|date }}.' >day.md
expect 3 "$AIGC" write -t day.md -d many.csv --date 2026-02-28 --per all
has err "day.md:1:10: 'name' is a column of each row"
expect 0 "$AIGC" write -t day.md -d fewer.csv --date 2026-02-28 --lang de
has out "Hello Firm 1, today is 28. Februar 2026."

# ---- names from data: fenced, never twice, nothing replaced unasked ----
expect 2 "$AIGC" write -t many.md -d many.csv -o 'files/{{id}}.txt'
has err "files/1.txt: is there already; --force replaces"
expect 0 "$AIGC" write -q -t many.md -d many.csv -o 'files/{{id}}.txt' --force
printf 'id,name\n../evil,a\n' >evil.csv
printf '{{ name }}' >plain.md
expect 3 "$AIGC" write -t plain.md -d evil.csv -o 'safe/{{id}}.txt'
[ ! -e evil.txt ] && [ ! -e safe ] || fail "a name left its folder"
printf 'id,name\na/b,a\n' >evil.csv
expect 3 "$AIGC" write -t plain.md -d evil.csv -o 'safe/{{id}}.txt'
has err "holds a '/'"
printf 'id,name\n.hidden,a\n' >evil.csv
expect 3 "$AIGC" write -t plain.md -d evil.csv -o 'safe/{{id}}.txt'
expect 0 "$AIGC" write -q -t plain.md -d evil.csv -o 'safe/{{id|slug}}.txt'
printf 'id,name\n1,a\n1,b\n' >evil.csv
expect 3 "$AIGC" write -t plain.md -d evil.csv -o 'safe/{{id}}.txt'
has err "reports 1 and 2 would both be safe/1.txt"
printf 'id,name\n1,a\n,b\n' >evil.csv
expect 3 "$AIGC" write -t plain.md -d evil.csv -o 'safe/{{id}}.txt'
has err "evil.csv:3:1: a value of the output's name is missing"
mkdir links && ln -s "$PWD/outside" links/1.txt
printf 'id,name\n1,a\n' >evil.csv
expect 1 "$AIGC" write -t plain.md -d evil.csv -o 'links/{{id}}.txt' --force
[ ! -e outside ] || fail "a link was followed"
expect 0 "$AIGC" write -q -t plain.md -d many.csv -o 'deep/{{name|slug}}/{{id}}.txt'
[ "$(cat deep/firm-7/7.txt)" = "Firm 7" ] || fail "folders from data: $(ls deep | head -3)"
expect 2 "$AIGC" write -t plain.md -d many.csv -o x.png

# ---- faults come before anything is written, each with its place ----
cat >schema.txt <<'S'
id: integer, unique
name: text
n: integer, 0..900
before: number
S
expect 3 "$AIGC" write -t plain.md -d many.csv --schema schema.txt -o 'bad/{{id}}.txt'
has err "many.csv:26:12: '925' found in column 'n', 0..900 wanted"
has err "many.csv:8:14: nothing found in column 'before', number wanted"
[ ! -e bad ] || fail "files were written in spite of faults"
printf '{{ nam }}' >typo.md
expect 3 "$AIGC" write -t typo.md -d many.csv
has err "typo.md:1:4: 'nam' is no column of many.csv, and nothing sets it; did you mean 'name'?"
printf 'x\n{{ before > 3 }}' >compare.md
expect 4 "$AIGC" write -t compare.md -d many.csv
has err "compare.md:2:11: 'before' is missing here and cannot be compared; 'is defined' asks before (many.csv:8:1)"
has err "100 of 700 reports failed"
expect 4 "$AIGC" write -t compare.md -d many.csv --check
expect 0 "$AIGC" write -t many.md -d many.csv --check -o 'none/{{id}}.txt'
has err "700 reports"
[ ! -e none ] && [ ! -s out ] || fail "--check wrote something"
expect 2 "$AIGC" write -t plain.md
expect 2 "$AIGC" write -t plain.md -d many.csv --lang xx
expect 2 "$AIGC" write -t plain.md -d many.csv --date yesterday
expect 2 "$AIGC" write -t plain.md -d many.csv --per nam
has err "did you mean 'name'?"
expect 2 "$AIGC" write -t plain.md -d many.csv --sql 'SELECT 1'
expect 3 "$AIGC" write -t plain.md -d nosuch.csv
printf '{%% for i in range(99999) %%}{%% for k in range(99999) %%}x{%% endfor %%}{%% endfor %%}' >long.md
expect 1 timeout 60 "$AIGC" write -t long.md -d evil.csv
has err "runs too long"

# ---- groups, joins, SQLite, JSON ----
printf 'team,city,members\nReds,Rome,12\nBlues,Bern,\n' >teams.csv
printf 'id,home,points\n1,Reds,3\n2,Blues,1\n3,Reds,0\n4,Greens,1\n' >games.csv
printf '{{ key }}: {{ rows|sum(attribute="points")|number }} from {{ count(rows|length, "game") }}' >group.md
expect 0 "$AIGC" write -t group.md -d games.csv --per home
[ "$(tr '\n' ';' <out)" = "Reds: three from two games;;Blues: one from one game;;Greens: one from one game;" ] || fail "groups: $(cat out)"
printf '{{ home }} of {{ team.city }} won. They have {{ team.members }} members.' >join.md
expect 0 "$AIGC" write -t join.md -d games.csv --join team=teams.csv:team=home
[ "$(tr '\n' ';' <out)" = "Reds of Rome won. They have 12 members.;;Blues of Bern won.;;Reds of Rome won. They have 12 members.;;" ] || fail "joined rows: $(cat out)"
expect 2 "$AIGC" write -t join.md -d games.csv --join team=teams.csv:tam=home
expect 2 "$AIGC" write -t join.md -d games.csv --join team
printf 'team,city\nReds,Rome\nReds,Bern\n' >twice.csv
expect 3 "$AIGC" write -t join.md -d games.csv --join team=twice.csv:team=home
has err "twice.csv:3:1: 'Reds' is there a second time"
python3 - <<'Q' || fail "no SQLite file"
import sqlite3
c = sqlite3.connect("base.sqlite")
c.execute("CREATE TABLE game (id INTEGER, home TEXT, points REAL)")
c.executemany("INSERT INTO game VALUES (?, ?, ?)", [(1, "Reds", 2.5), (2, "Blues", None), (3, "Zürich", 1)])
c.execute("CREATE TABLE other (a)")
c.commit()
Q
printf '{{ home }} has {{ points }}.' >sql.md
expect 2 "$AIGC" write -t sql.md -d base.sqlite
has err "game, other"
expect 0 "$AIGC" write -q -t sql.md -d base.sqlite --sql 'SELECT * FROM game ORDER BY id DESC'
[ "$(tr '\n' ';' <out)" = "Zürich has 1.;;;Reds has 2.5.;" ] || fail "SQLite: $(cat out)"
for sql in "DELETE FROM game" "ATTACH 'x.sqlite' AS x" "PRAGMA journal_mode=WAL" "SELECT 1; SELECT 2" "SELECT nope FROM game" "CREATE TABLE t (a)" "SELECT load_extension('x')" ""; do
    expect 2 "$AIGC" write -t sql.md -d base.sqlite --sql "$sql"
done
expect 3 timeout 120 "$AIGC" write -t sql.md -d base.sqlite --sql "SELECT x'00' AS home, 1 AS points"
head -c 300 base.sqlite >cut.sqlite
expect 3 "$AIGC" write -t sql.md -d cut.sqlite --sql 'SELECT * FROM game'
printf '{"meta": 1, "games": [{"home": "A", "points": 1}, {"home": "B", "points": null}]}' >games.json
expect 0 "$AIGC" write -q -t sql.md -d games.json
[ "$(head -1 out)" = "A has 1." ] || fail "JSON: $(cat out)"
expect 2 "$AIGC" write -q -t sql.md -d games.json --records nope
cat games.csv | "$AIGC" write -q -t group.md -d - --per all >out 2>err && fail "key without a group"
printf '{"home": {{ home|tojson }}, "points": {{ points }}}' >json.md
expect 0 "$AIGC" write -q -t json.md -d games.csv -o 'j/{{id}}.json'
python3 -c "import json; assert json.load(open('j/1.json')) == {'home': 'Reds', 'points': 3}" || fail "JSON out: $(cat j/1.json)"
exit 0
