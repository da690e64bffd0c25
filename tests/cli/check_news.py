"""Holds match reports and the league's table against results.csv, by rules of its own: every figure, number word and name must be
the row's, and who beat whom, who scored how often for whom, where and when must be as the row says.

usage: python3 check_news.py results.csv REPORT.md …      (named ID.md, or table.md); exit 1 with what is false
"""
import csv
import datetime
import os
import re
import sys

WORDS = "no one two three four five six seven eight nine ten eleven twelve".split()
ORDINALS = "zeroth first second third fourth fifth sixth seventh eighth ninth".split()
OFTEN = {"twice": 2, "three times": 3, "four times": 4}


def number(word):
    if word[0].isdigit():
        return int(word.replace(",", ""))
    return WORDS.index(word.lower()) if word.lower() in WORDS else -1


def standings(rows, until):
    table = {}
    for r in rows:
        if r["date"] > until:
            continue
        h, a = int(r["home_goals"]), int(r["away_goals"])
        for team, own, other in ((r["home"], h, a), (r["away"], a, h)):
            t = table.setdefault(team, dict(played=0, won=0, drawn=0, lost=0, scored=0, conceded=0, points=0))
            t["played"] += 1
            t["scored"] += own
            t["conceded"] += other
            t["won" if own > other else "drawn" if own == other else "lost"] += 1
            t["points"] += 3 if own > other else own == other
    return sorted(table.items(), key=lambda x: (-x[1]["points"], -(x[1]["scored"] - x[1]["conceded"]), -x[1]["scored"]))


def scorers(cell):
    out = {}
    for part in filter(None, (p.strip() for p in cell.split(";"))):
        m = re.fullmatch(r"(.*?)(?: \((\d+)\))?", part)
        out[m[1]] = int(m[2] or 1)
    return out


def sentences(text):
    return [s for s in re.split(r"(?<=[.!?])\s+", text.replace("# ", "").replace("\n\n", ".\n\n", 1)) if s.strip(". \n")]


def check_match(r, rows, text):
    h, a = int(r["home_goals"]), int(r["away_goals"])
    goals = {r["home"]: h, r["away"]: a}
    day = datetime.date.fromisoformat(r["date"]).strftime("%A")
    table = standings(rows, r["date"])
    places = [t for t, _ in table]
    said = 0
    for s in sentences(text):
        s = s.strip().rstrip(".")
        m = re.fullmatch(r"(.+?) (?:beat|defeat|defeated|won against) (.+?) (\d+)–(\d+)(?: at (.+) on (\w+))?", s)
        d = re.fullmatch(r"(.+?) and (.+?) (?:draw|drew|shared the points and drew) (\d+)–(\d+)(?: at (.+) on (\w+))?", s)
        f = re.fullmatch(r"(?:For (?P<t1>.+?) (?P<w1>[A-Z].+) scored|(?P<w2>.+) scored for (?P<t2>.+))", s)
        if m:
            ok = goals.get(m[1]) == int(m[3]) > goals.get(m[2], 99) == int(m[4]) and {m[1], m[2]} == set(goals) and (m[5] is None or (m[5], m[6]) == (r["place"], day))
        elif d:
            ok = h == a == int(d[3]) == int(d[4]) and (d[1], d[2]) == (r["home"], r["away"]) and (d[5] is None or (d[5], d[6]) == (r["place"], day))
        elif s == "Neither team scored":
            ok = h == a == 0
        elif f and not re.match(r"The crowd", s):
            team = f["t1"] or f["t2"]
            if f["t1"]:  # a team of two words: what stands before the first scorer
                team = next((t for t in goals if s.startswith("For " + t + " ")), team)
            who = s[len("For " + team) + 1:-len(" scored")] if f["t1"] else f["w2"]
            names = {}
            for part in re.split(r", | and ", who):
                q = re.fullmatch(r"(.*?)(?: \((.*)\))?", part)
                names[q[1]] = OFTEN.get(q[2], 1 if q[2] is None else -1)
            ok = team in goals and names == scorers(r["home_scorers" if team == r["home"] else "away_scorers"])
        elif re.fullmatch(r"It was a win by (\w+) goals", s):
            ok = number(re.fullmatch(r"It was a win by (\w+) goals", s)[1]) == abs(h - a)
        elif re.fullmatch(r"The crowd was ([\d,]+)", s):
            ok = r["crowd"] != "" and number(s.split()[-1]) == int(r["crowd"])
        else:
            m = re.fullmatch(r"(.+) is now (\w+) in the table with (\w+) points? from (\w+) match(?:es)?", s)
            ok = bool(m) and m[1] in places and m[2] in ORDINALS and places.index(m[1]) + 1 == ORDINALS.index(m[2]) and dict(table)[m[1]]["points"] == number(m[3]) and dict(table)[m[1]]["played"] == number(m[4])
        if not ok:
            return f"match {r['id']}: '{s}'"
        said += 1
    return None if said >= 2 else f"match {r['id']} says nothing"


def check_table(rows, text):
    table = standings(rows, "9999")
    lines = [[c.strip() for c in l.strip("|").split("|")] for l in text.splitlines() if re.match(r"\| \d", l)]
    if len(lines) != len(table):
        return "the table has not all teams"
    place = 0
    stand = lambda t: (t["points"], t["scored"] - t["conceded"], t["scored"])
    for i, (line, (team, t)) in enumerate(zip(lines, table)):
        place = place if i and stand(table[i - 1][1]) == stand(t) else i + 1
        if line != [str(place), team, str(t["played"]), str(t["won"]), str(t["drawn"]), str(t["lost"]), f"{t['scored']}–{t['conceded']}", str(t["points"])]:
            return f"the table: {line}"
    for s in sentences(text[text.rindex("|"):].strip("|\n ")):
        s = s.strip().rstrip(".")
        teams = re.split(r", | and ", s.split(" lead")[0].split(" has not")[0].split(" have not")[0].split(" is still")[0].split(" are still")[0])
        by = dict(table)
        if " lead" in s:
            ok = teams == [table[0][0]] and number(s.split()[-2]) == table[0][1]["points"]
        elif "not lost" in s:
            ok = teams == [t for t, x in table if x["lost"] == 0]
        elif "without a win" in s:
            ok = teams == [t for t, x in table if x["won"] == 0]
        else:
            m = re.fullmatch(r"(\w+) matches have been played, with (\w+) goals", s)
            ok = bool(m) and number(m[1]) == len(rows) and number(m[2]) == sum(x["scored"] for x in by.values())
        if not ok:
            return f"the table: '{s}'"
    last = datetime.date.fromisoformat(max(r["date"] for r in rows))
    return None if f"# The table on {last.day} {last:%B %Y}" in text else "the table's date"


def main():
    rows = list(csv.DictReader(open(sys.argv[1], encoding="utf-8")))
    bad = []
    for path in sys.argv[2:]:
        text = open(path, encoding="utf-8").read()
        name = os.path.basename(path)[:-3]
        bad.append(check_table(rows, text) if name == "table" else check_match(next(r for r in rows if r["id"] == name), rows, text))
    for b in filter(None, bad):
        print("false:", b)
    return any(bad)


if __name__ == "__main__":
    sys.exit(main())
