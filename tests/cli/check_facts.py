"""Holds reports of the weather and of earthquakes against their data: each sentence must be one of the kinds known here, and say what the
row says. usage: python3 check_facts.py weather|quake DATA REPORT.md …      (named ID.md); exit 1 with what is false
"""
import csv
import datetime
import json
import os
import re
import sys

WORDS = "zero one two three four five six seven eight nine".split()
NB = "\u00a0"


def value(text):
    text = text.replace(",", "").replace("−", "-")
    return float(WORDS.index(text)) if text in WORDS else float(text)


def long_date(text):
    d = datetime.date.fromisoformat(text[:10])
    return f"{d:%A} {d.day} {d:%B} {d.year}"


def weather(r, all_rows):
    n = lambda k: float(r[k]) if r[k] else None
    sky = {"sun": "sunshine"}.get(r["sky"], r["sky"])
    day = f"{datetime.date.fromisoformat(r['date']):%A}"
    return [
        (r"# (.+), (\w+)", lambda m: (m[1], m[2]) == (r["place"], day)),
        (r"(?:Expect (\w+) in (.+?)|(\w+) is forecast for (.+?)) on (.+), with a high of (.+) °C and a low of (.+) °C",
         lambda m: (m[1] or m[3].lower(), m[2] or m[4], m[5]) == (sky, r["place"], long_date(r["date"])) and value(m[6]) == n("high") and value(m[7]) == n("low")),
        (r"The high is (.+) °C (above|below) what is normal for the day", lambda m: n("normal_high") is not None and n("high") - n("normal_high") == value(m[1]) * (1 if m[2] == "above" else -1)),
        (r"Gusts may reach (.+) km/h", lambda m: value(m[1]) == n("gust")),
        (r"The wind will blow at (.+) km/h, in gusts at (.+) km/h", lambda m: value(m[1]) == n("wind") and value(m[2]) == n("gust")),
        (r"([\d.]+) mm of (rain|snow, melted,) is expected(?:, (as much as|twice as much as|(.+) mm (more|less) than) the day before)?",
         lambda m: value(m[1]) == n("rain") and (m[2] == "rain") == (r["sky"] != "snow") and
         (not m[3] or (m[3] == "as much as" and n("rain") == n("rain_before")) or (m[3] == "twice as much as" and n("rain") == 2 * n("rain_before")) or
          (m[4] and abs(n("rain") - n("rain_before") - value(m[4]) * (1 if m[5] == "more" else -1)) < 1e-9))),
        (r"It should stay dry", lambda m: n("rain") == 0),
        (r"There will be frost", lambda m: n("low") < 0),
    ]


def quake(r, all_rows):
    size = next(w for least, w in ((6, "strong"), (5, "moderate"), (4, "light"), (-9, "minor")) if r["magnitude"] >= least)
    t = datetime.datetime.fromisoformat(r["time"])
    clock = f"{(t.hour - 1) % 12 + 1}" + (f".{t.minute:02d}" if t.minute else "") + ("am" if t.hour < 12 else "pm")
    before = next((x for x in all_rows if x["id"] == r.get("aftershock_of")), None)
    apart = (t - datetime.datetime.fromisoformat(before["time"])).total_seconds() if before else None
    where = lambda distance, unit, direction, near: value(distance) == r["distance"] and (unit == "kilometre") == (r["distance"] == 1) and direction == r["direction"] and near == r["near"]
    return [
        (r"# (\w+) earthquake near (.+)", lambda m: (m[1].lower(), m[2]) == (size, r["near"])),
        (r"An? (\w+) earthquake of magnitude ([\d.]+) shook the ground (.+) (kilometres?) (.+) of (.+) at (.+) on (.+)",
         lambda m: m[1] == size and value(m[2]) == r["magnitude"] and where(m[3], m[4], m[5], m[6]) and (m[7], m[8]) == (clock, long_date(r["time"]))),
        (r"An earthquake of magnitude ([\d.]+) struck (.+) (kilometres?) (.+) of (.+) on (.+) at (.+)",
         lambda m: value(m[1]) == r["magnitude"] and where(m[2], m[3], m[4], m[5]) and (m[7], m[6]) == (clock, long_date(r["time"]))),
        (r"It lay (.+) kilometres? deep(, which is shallow)?", lambda m: value(m[1]) == r["depth"] and bool(m[2]) == (r["depth"] < 20)),
        (r"([\d,]+|\w+) (?:people have|person has) said that they felt it", lambda m: value(m[1].lower()) == r["felt"]),
        (r"Nobody has said that they felt it", lambda m: r["felt"] == 0),
        (r"(No damage|Damage) has been reported", lambda m: r.get("damage") is (m[1] == "Damage")),
        (r"It was the strongest there since (.+)", lambda m: m[1] == f"{datetime.date.fromisoformat(r['stronger_since']):%B %Y}"),
        (r"It came (\d+|\w+) minutes?(?: and (\d+|\w+) seconds?)? after one of magnitude ([\d.]+)",
         lambda m: before and value(m[1]) * 60 + (value(m[2]) if m[2] else 0) == apart and value(m[3]) == before["magnitude"]),
    ]


def check(kinds, text):
    said = 0
    for line in text.replace(NB, " ").splitlines():
        for s in re.split(r"(?<=[.])\s+(?=[A-Z\d])", line.strip()) if line.strip() else []:
            s = s.rstrip(".")
            try:
                ok = any(m and fits(m) for m, fits in ((re.fullmatch(p, s), f) for p, f in kinds))
            except (ValueError, TypeError, KeyError):
                ok = False
            if not ok:
                return s
            said += 1
    return None if said >= 3 else "it says nothing"


def main():
    rows = [json.loads(x) for x in open(sys.argv[2], encoding="utf-8")] if sys.argv[2].endswith("l") else list(csv.DictReader(open(sys.argv[2], encoding="utf-8")))
    bad = False
    for path in sys.argv[3:]:
        r = next(x for x in rows if x["id"] == os.path.basename(path)[:-3])
        wrong = check((weather if sys.argv[1] == "weather" else quake)(r, rows), open(path, encoding="utf-8").read())
        if wrong:
            print(f"false: {r['id']}: '{wrong}'")
            bad = True
    return bad


if __name__ == "__main__":
    sys.exit(main())
