#!/usr/bin/env python3
"""Trains the classifier of heteronyms, samples/models/heteronyms.json.gz (audio/heteronym.h).

    python3 samples/training/heteronyms.py FEATURES HIBARI DATA OUT        (numpy)

FEATURES is the program heteronym_features (cmake --build … --target heteronym_features), HIBARI the folder of the default
voice, DATA a checkout of google-research-datasets/WikipediaHomographData (Apache-2.0): its train part is learned from, with
heteronyms.txt beside this script; its eval part is only measured. Multinomial logistic regression by full-batch Adam; each
class has weights of its own and shares others with its like in other words; features seen less than MINIMUM times are left
out, and weights are whole numbers of 8 bits, small ones dropped.
"""
import collections, csv, glob, gzip, json, os, subprocess, sys
import numpy as np

MINIMUM, DECAY_OWN, DECAY_LIKE, ROUNDS, OWN_COUNT, SMALLEST = 3, .6, .15, 150, 3, 3
VERBS = {"isolate", "affect", "compress", "transform", "sow", "correlate_nou-vrb", "intrigue_nou-vrb"}
NOUNS = {"rerelease", "affect_nou-psy"}
ALONE = {"read_past", "read_present", "row_1", "row_2", "bow_nou-knot", "bow_nou-ship", "bass_corp", "lead_nou-vrb",
         "axes_nou-vrb", "wound_nou-vrb"}
IPA = [("1", ""), ("0", ""), ("'", "ˈ"), ("eɪ", "A"), ("aɪ", "I"), ("oʊ", "O"), ("aʊ", "W"), ("ɔɪ", "Y"), ("dʒ", "ʤ"), ("tʃ", "ʧ"),
       ("ɚ", "əɹ"), ("ɝ", "ɜɹ"), ("ː", ""), ("ɑɹ", "ɑɹ"), ("g", "ɡ")]
VOWELS = "AIOQWYaiuæɑɒɔəɛɜɪʊʌᵻ"


def like(word_id):
    if word_id in VERBS: return "@vrb"
    if word_id in NOUNS: return "@nou"
    if word_id in ALONE or "_" not in word_id: return None
    return "@name" if word_id.endswith(("_geo", "_nam", "_es", "_bible")) else "@" + word_id.split("_", 1)[1]


def rows_of(data, part):
    for path in sorted(glob.glob(f"{data}/data/{part}/*.tsv")):
        for r in csv.DictReader(open(path, encoding="utf-8"), delimiter="\t"):
            yield r["homograph"], r["wordid"], r["sentence"].replace("\n", " ").replace("\t", " "), int(r["start"])


def own_rows(words):
    of = {c: h for h, classes in words.items() for c in classes}
    for line in open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "heteronyms.txt"), encoding="utf-8"):
        if line.startswith("#"): continue
        name, sentences = line.rstrip("\n").split(": ", 1)
        for s in sentences.split(" | "):
            at = s.lower().find(of[name])
            if at >= 0: yield of[name], name, s, at


def features(program, hibari, rows):
    lines = "".join(f"{at}\t{h}\t{s}\n" for h, _, s, at in rows)
    out = subprocess.run([program, hibari], input=lines, capture_output=True, text=True, check=True).stdout.split("\n")
    result = []
    for (h, name, _, _), line in zip(rows, out):
        if line: result.append((h, name, {k: int(v) / 20 for k, v in (x.split("\1") for x in line.strip("\t").split("\t"))}))
    return result


def fit(data, words, counts):
    total = collections.Counter()
    for (h, k), n in counts.items(): total[k] += n
    params, I, V, E, Y = {}, [], [], [], []
    width = max(map(len, words.values()))
    for e, (h, y, f) in enumerate(data):
        for ci, c in enumerate(words[h]):
            for k, v in f.items():
                if counts[h, k] >= MINIMUM: I.append(params.setdefault((c, k), len(params))); V.append(v); E.append(e * width + ci)
                if like(c) and total[k] >= MINIMUM: I.append(params.setdefault((like(c), k), len(params))); V.append(v); E.append(e * width + ci)
        Y.append(words[h].index(y))
    I, V, E, Y, n = np.array(I), np.array(V, np.float32), np.array(E), np.array(Y), len(data)
    mask = np.array([[0 if i < len(words[h]) else -1e9 for i in range(width)] for h, _, _ in data])
    decay = np.array([DECAY_LIKE if c[0] == "@" else DECAY_OWN for c, _ in params])
    W = np.zeros(len(params)); m = np.zeros_like(W); s = np.zeros_like(W)
    for it in range(1, ROUNDS + 1):
        Z = np.bincount(E, V * W[I], minlength=n * width).reshape(n, width) + mask
        P = np.exp(Z - Z.max(1, keepdims=True)); P /= P.sum(1, keepdims=True); P[np.arange(n), Y] -= 1
        g = np.bincount(I, V * P.ravel()[E], minlength=len(params)) + decay * W
        m = .9 * m + .1 * g; s = .99 * s + .01 * g * g
        W -= (.06 if it < ROUNDS * .6 else .018) * (m / (1 - .9**it)) / (np.sqrt(s / (1 - .99**it)) + 1e-3)
    return {k: W[j] for k, j in params.items()}


def misaki(ipa):
    for a, b in IPA: ipa = ipa.replace(a, b)
    out = ""  # a stress mark stands right before its vowel
    mark = ""
    for c in ipa:
        if c in "ˈˌ": mark = c; continue
        if mark and c in VOWELS: out += mark; mark = ""
        out += c
    return out


def distance(a, b):
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        last, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (x != y))
    return row[-1]


def readings(lexicons, word):
    found = []
    for lexicon in lexicons:
        for w in (word, word.capitalize()):
            x = lexicon.get(w)
            found += [v for v in (x.values() if isinstance(x, dict) else [x]) if v]
    return list(dict.fromkeys(found))


def phonemes(word, ipa, lexicons):
    """For each class the dictionary's reading nearest to its transcription; the transcription where two would be alike."""
    known, wanted = readings(lexicons, word), [misaki(x) for x in ipa]
    chosen = [min(known, key=lambda k: distance(k, w)) if known else w for w in wanted]
    for i in range(len(chosen)):
        twins = [j for j in range(len(chosen)) if chosen[j] == chosen[i]]
        if len(twins) > 1:
            near = min(twins, key=lambda j: distance(chosen[j], wanted[j]))
            for j in twins:
                if j != near: chosen[j] = wanted[j]
    return chosen


def main():
    program, hibari, data, out = sys.argv[1:5]
    words, ipa = collections.defaultdict(list), {}
    for r in csv.DictReader(open(f"{data}/data/wordids.tsv", encoding="utf-8"), delimiter="\t"):
        words[r["homograph"]].append(r["wordid"]); ipa[r["wordid"]] = r["pronunciation"]
    train = features(program, hibari, list(rows_of(data, "train")))
    own = features(program, hibari, list(own_rows(words)))
    test = features(program, hibari, list(rows_of(data, "eval")))
    counts = collections.Counter((h, k) for h, _, f in train for k in f)
    for h, _, f in own:
        for k in f: counts[h, k] += OWN_COUNT
    W = fit(train + own, words, counts)
    scale = 127 / max(abs(w) for w in W.values())
    weights = collections.defaultdict(dict)
    for (c, k), w in W.items():
        if abs(round(w * scale)) >= SMALLEST: weights[k][c] = round(w * scale)
    right = 0
    for h, y, f in test:
        z = [sum(weights.get(k, {}).get(g, 0) * v for k, v in f.items() for g in (c, like(c))) for c in words[h]]
        right += words[h][int(np.argmax(z))] == y
    print(f"eval: {right} of {len(test)}, {right / len(test):.2%}; {sum(map(len, weights.values()))} weights")
    open_lexicon = lambda v, k: json.load(gzip.open(f"{hibari}/lexicon_{v}_{k}.json.gz"))
    said = {v: [open_lexicon(v, "gold"), open_lexicon(v, "silver")] for v in ("us", "gb")}
    table = {}
    for h, classes in sorted(words.items()):
        us, gb = (phonemes(h, [ipa[c] for c in classes], said[v]) for v in ("us", "gb"))
        table[h] = [dict({"class": c, "us": u, "gb": g}, **({"like": like(c)} if like(c) else {})) for c, u, g in zip(classes, us, gb)]
    names = sorted({c for x in words.values() for c in x} | {g for g in map(like, ipa) if g})
    text = json.dumps({"classes": names, "words": table, "weights": weights}, ensure_ascii=False, separators=(",", ":"))
    with open(out, "wb") as f: f.write(gzip.compress(text.encode(), 9, mtime=0))
    print(f"{out}: {os.path.getsize(out)} bytes")


if __name__ == "__main__":
    main()
