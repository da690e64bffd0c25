"""Reference values of write/: write.json, from num2words (numbers in words), cn2an (Chinese), inflect (plurals, a and an),
lemminflect (verbs), and Babel (dates, numbers and money by CLDR).

usage: python gen_write.py      needs num2words, cn2an, inflect, lemminflect, babel

Where a reference writes what this program does on purpose otherwise, the script says so and leaves it out.
"""
import datetime
import json
import os
import random
import re

import cn2an
import inflect
from babel.dates import format_date
from babel.numbers import format_currency, format_decimal
from lemminflect import getInflection
from num2words import num2words

HERE = os.path.dirname(os.path.abspath(__file__))
random.seed(11)

NUMBERS = sorted(set(list(range(0, 132)) + [200, 201, 211, 271, 280, 281, 291, 300, 999, 1000, 1001, 1010, 1100, 1111, 1980, 2000, 2021, 10000, 10001, 10010, 11000, 20000, 21000, 80000, 81000, 100000, 100001,
                     101000, 110000, 180000, 200000, 999999, 1000000, 1000001, 1001000, 2000000, 2000200, 80000000, 100000000, 1000000000, 2000000001, 123456789012] +
                    [random.randrange(10 ** random.randrange(1, 12)) for _ in range(300)]))
NOUNS = """goal match team player city box bus church dish quiz day boy key monkey baby city country story company spy wife knife life leaf half roof cliff proof chief belief man woman child person foot tooth mouse goose
sheep deer series species photo piano radio video hero potato tomato echo analysis crisis basis thesis criterion phenomenon bacterium stimulus ox dice fireman policewoman grandchild bookshelf housewife stepchild penny-farthing watch
bench brush wish kiss glass class address business loss success tax fax waltz buzz aircraft tray toy donkey valley journey army party enemy lady berry ferry library university body duty study penalty injury victory draw win loss
point record minute second hour week month year earthquake magnitude kilometre degree metre house horse rose prize size face place service price share euro pound dollar cent percentage sale customer store site product order
shipment employee director quarter report forecast cloud storm shower wind breeze gust thunderstorm region district village town river lake mountain island bridge tunnel school hospital station airport road street crossing
vehicle car lorry truck train tram bicycle passenger driver victim witness officer judge lawyer court trial verdict appeal law bill vote seat election candidate minister president monarch king queen prince duke stomach loch""".split()
AN = """hour honest heir honour house hotel historic hero hand apple orange egg ice umbrella uncle university uniform union unit unique user useful usual euro European one once one-off F B M S X U FBI NBA MP BBC UN UK USA NATO 8 11 18 80 800 11,000 180 1 2 7 10 100 1100
eleven eighteen unidentified unimportant uninteresting unilateral utensil utility urgent ewe eunuch year yard young x-ray Y island idea early August October item index example arm open away goal win defeat""".split()
VERBS = """win lose draw beat score play kick run hit catch throw take give make do go come see know get find think tell become leave feel put bring begin keep hold write stand hear let mean set meet pay sit speak lie lead read grow
open walk offer remember love consider appear buy wait serve die send expect build stay fall cut reach kill remain suggest raise pass sell require report decide pull rise rise arise drive break fly draw wear choose eat fight teach
sing swim ring drink sink shrink spring begin steal freeze speak wake bear tear swear forget bite hide ride shake mistake blow throw grow show stop plan drop admit commit refer prefer occur permit regret control compel visit enter
open offer follow fix mix try carry study marry apply deny reply stay play enjoy destroy obey agree free see flee die tie lie panic picnic publish announce post record increase decrease double triple slip step ship trim trap strip
wrap grab rob rub hug tap nod plot quit acquit equip develop happen listen edit profit limit exit total cost cast burst hurt shut split spread thrust bet bid rid forecast broadcast undergo overtake withdraw withhold uphold overcome
understand mislead rebuild strike swing cling fling sting stick dig hang spin shoot light slide bleed breed feed speed creep sleep sweep weep kneel deal leap lend bend spend seek fly slay strive weave bind grind wind fix push rush
watch miss cross relax fizz go echo veto focus dance hope move live close argue continue create issue value rescue pursue change manage damage charge""".split()
PAST_SKIP = {"lie", "fly", "wind", "fit", "slay", "strive", "weave", "hang", "quit", "bet", "rid", "bid", "forecast", "broadcast", "leap", "kneel", "cost", "cast", "light", "speed", "thrust", "panic", "total", "focus", "acquit", "shine", "get", "beat", "bear", "burst", "show", "shrink", "spring", "sink", "shit", "wake", "swing", "fizz", "profit", "mean"}  # two forms are in use, or the reference knows one seldom used
PLURAL_SKIP = {"dice", "penny-farthing", "index", "staff", "series", "ox", "cod", "fax", "loch", "stimulus", "bacterium", "bookshelf", "stomach", "monarch", "grandchild", "stepchild", "waltz"}  # more than one is in use, or inflect errs
out = {"cardinal": [], "ordinal": [], "plural": [], "article": [], "verb": [], "date": [], "decimal": [], "money": []}

for n in NUMBERS:
    out["cardinal"].append(["en-GB", n, num2words(n, lang="en").replace(",", "")])
    german = n // 1000 % 100 != 1 or n < 2000  # num2words says einhunderteinstausend, Duden hunderteintausend; so of millions
    german = german and (n < 2000000 or n // 1000000 % 100 != 1)
    if german:
        out["cardinal"].append(["de-DE", n, num2words(n, lang="de")])
    out["cardinal"].append(["fr-FR", n, num2words(n, lang="fr")])
    out["cardinal"].append(["zh-CN", n, cn2an.an2cn(str(n), "low")])
    if n:
        out["ordinal"].append(["en-GB", n, num2words(n, lang="en", to="ordinal").replace(",", "")])
        if n < 1000000 and german:
            out["ordinal"].append(["de-DE", n, num2words(n, lang="de", to="ordinal")])
        french = num2words(n, lang="fr", to="ordinal")
        if n < 1000000 and not french.endswith("tsième"):  # num2words says quatre-vingtsième, the Académie quatre-vingtième
            out["ordinal"].append(["fr-FR", n, french])
engine = inflect.engine()


def first(name, text):
    """The first of a month is 1er in French prose; CLDR has the bare figure."""
    return re.sub(r"(?<!\d)1 (?=[a-zéû]+ \d)", "1er ", text) if name == "fr-FR" else text


for w in dict.fromkeys(NOUNS):
    if w not in PLURAL_SKIP:
        out["plural"].append([w, engine.plural_noun(w)])
for w in dict.fromkeys(AN):
    if not w[0].isdigit() or w in ("1", "2", "7", "10", "100", "180", "1100"):  # inflect writes a 8
        out["article"].append([w, engine.a(w).split(" ")[0]])
for w in dict.fromkeys(VERBS):
    for tag, form in (("VBZ", "present"), ("VBD", "past"), ("VBN", "participle"), ("VBG", "gerund")):
        got = getInflection(w, tag)
        if got and w not in PAST_SKIP and (w, form) != ("sting", "gerund"):  # the reference says sting
            out["verb"].append([w, form, got[0]])
for _ in range(60):
    d = datetime.date(random.randrange(1850, 2100), random.randrange(1, 13), random.choice([1, 2, random.randrange(1, 29)]))
    for ours, theirs in (("en-GB", "en_GB"), ("en-US", "en_US"), ("de-DE", "de_DE"), ("fr-FR", "fr_FR"), ("zh-CN", "zh_CN")):
        out["date"].append([ours, d.isoformat(), "long", first(ours, format_date(d, "long", locale=theirs))])
        if ours != "en-GB":  # CLDR has no comma there since version 44, and had one before
            out["date"].append([ours, d.isoformat(), "full", first(ours, format_date(d, "full", locale=theirs))])
        out["date"].append([ours, d.isoformat(), "weekday", format_date(d, "EEEE", locale=theirs)])
for _ in range(120):
    x = random.choice([random.randrange(10 ** random.randrange(1, 12)), round(random.uniform(-1e4, 1e4), random.randrange(0, 5)), round(random.uniform(0, 10), 2)])
    for ours, theirs in (("en-GB", "en_GB"), ("en-US", "en_US"), ("de-DE", "de_DE"), ("fr-FR", "fr_FR"), ("zh-CN", "zh_CN")):
        out["decimal"].append([ours, x, format_decimal(x, format=None if isinstance(x, int) else "#,##0.######", locale=theirs)])
    x = abs(x) if isinstance(x, int) else abs(round(x, 2))
    for ours, theirs, currency in (("en-GB", "en_GB", "GBP"), ("en-US", "en_US", "USD"), ("en-GB", "en_GB", "EUR"), ("de-DE", "de_DE", "EUR"), ("fr-FR", "fr_FR", "EUR"), ("en-US", "en_US", "JPY")):
        out["money"].append([ours, x, currency, format_currency(x, currency, locale=theirs)])

with open(os.path.join(HERE, "write.json"), "w", encoding="utf-8") as f:
    json.dump(out, f, ensure_ascii=False, separators=(",", ":"))
    f.write("\n")
print({k: len(v) for k, v in out.items()})
