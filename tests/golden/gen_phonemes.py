#!/usr/bin/env python3
"""Writes phonemes.json: sentences and what the Python package hibari-tts 0.2.1 reads them as (US and GB).

usage: gen_phonemes.py [--text FILE]... [--vader FOLDER] [--count N] [--out FILE]
The sentences are made from the templates below, with a fixed seed. For a larger comparison outside the repository --text
adds the sentences of plain text files, and --vader 1,700 from newspapers and shop reviews, which makes 2,000:

    pip download --no-deps vaderSentiment==0.5      # Hutto and Gilbert 2014; unpack it, and in it additional_resources/*.gz
    gen_phonemes.py --vader hutto_ICWSM_2014 --out 2000.json && build-dev/test_phoneme 2000.json

Needs `pip install hibari-tts==0.2.1`.
"""
import argparse
import json
import os
import random
import re

NAMES = ["Alice", "Mr. Okafor", "Dr. Lindqvist", "Priya Raman", "Tom", "the mayor", "Mrs. O'Leary", "Zbigniew", "Captain Ahab",
         "my neighbour's cat", "Ms. Fernández", "J. K. Thornbury", "the children", "nobody", "Professor Nguyen", "the old clockmaker"]
PLACES = ["Boston", "the library", "Reykjavik", "St. Louis", "Worcester", "the second floor", "Edinburgh", "Baton Rouge", "Mt. Hood",
          "the U.S. embassy", "Tokyo", "a lighthouse", "Gloucester Road", "the Thames", "Yosemite", "an orchard"]
NOUNS = ["record", "tear", "bow", "wind", "lead", "object", "present", "project", "minute", "content", "close", "use", "house", "desert",
         "invoice", "hour", "umbrella", "European", "honest answer", "one-eyed owl", "xylophone", "quinoa salad", "GPU", "USB cable",
         "FBI agent", "NASA engineer", "PhD thesis", "e-mail", "T-shirt", "re-election", "mother-in-law", "well-being", "blah-blah"]
VERBS = ["recorded", "objected to", "presented", "read", "will read", "has read", "lived near", "used", "used to love", "is used to",
         "was used for", "closed", "wound up", "led", "refused", "re-read", "won't touch", "shouldn't have moved", "googled", "overwatered",
         "mimicked", "was running past", "picnicked beside", "tweeted about", "has been putting off", "stopped dreaming of"]
ADJECTIVES = ["separate", "live", "perfect", "wicked", "learned", "naked", "elaborate", "moderate", "close", "unkempt", "bluish",
              "hyperactive", "fluorescent", "quasi-legal", "devil-may-care", "gribbly", "super-duper", "antediluvian"]
UNKNOWN = ["Kzrinov", "Thraxton", "blorptastic", "Vexley's", "quibberish", "Smoggleton", "zanthorpian", "Wyrmsreach", "flumping",
           "Ghyllside", "Eyjafjallajökull", "crème brûlée", "Dvořák", "naïvety", "unfriendable", "deglazification", "Xoptlian"]
CLAUSES = ["although the wind was up", "because nobody had told them", "which, frankly, surprised us all", "before the tide came in",
           "while the others were still arguing", "so that everyone could hear", "unless you object", "as far as I am aware",
           "and that was that", "to whom it may concern", "by and by", "in case it rains", "the more the merrier"]
ENDS = [".", ".", ".", "!", "?", "...", ";", " (or so they say).", " – or not.", " — at last!", "…"]
QUOTED = ["Come in", "I can't", "What's the use", "They're here", "Let's go to it", "You'd better, wouldn't you", "It is what it is",
          "Who'd've thought", "THIS IS FINE", "Don't", "Is that all there is to it", "Use it or lose it", "So am I", "What for"]
FORMS = [
    "{N} {v} the {a} {n} in {p}{e}", "In {p}, {N} {v} an {n}, {c}{e}", "\"{q},\" said {N}, {c}{e}", "{N} and {N} {v} {u} {c}{e}",
    "Is the {n} {a}, or did {N} leave it in {p}?", "“{q}!” {N} shouted to the {n}{e}", "To {p}, by the {a} road, went {N}{e}",
    "The {n}s are {a}; the {n} isn't{e}", "What {N} wanted was a {n}, a {a} {n} and a {u}{e}", "{N}'s {n} ({a}) {v} {p}{e}",
    "I am the {n} that {N} {v}{e}", "He'll {w} the {n} to {N} in {p}{e}", "She {w}s and {w}s, {c}{e}", "They're {w}ing it in, {N} thinks{e}",
    "The {a}-looking {n} from {p} was {u}{e}", "A {n}? An {n}! The {n}{e}", "It's {N} vs. {N}: {q}{e}", "{u}, {u} and {u}{e}",
    "Please {w} {N} & {N} at {p} ASAP{e}", "{c}, {N} {v} it up{e}", "Who {v} the {n} and/or the {n}{e}", "'{q}', {N} wrote in the {n}'s margin{e}",
]
STEMS = ["walk", "visit", "bake", "want", "kiss", "box", "try", "plan", "edit", "fade", "laugh", "judge", "tax", "panic", "lend", "mix", "commit"]


def sentences(count, seed):
    rng = random.Random(seed)
    out = []
    while len(out) < count:
        s = rng.choice(FORMS)
        pools = {"N": NAMES, "p": PLACES, "n": NOUNS, "v": VERBS, "a": ADJECTIVES, "u": UNKNOWN, "c": CLAUSES, "e": ENDS, "q": QUOTED, "w": STEMS}
        s = re.sub(r"\{(\w)\}", lambda m: rng.choice(pools[m.group(1)]), s)
        s = s[0].upper() + s[1:] if rng.random() < 0.9 else s
        if s not in out:
            out.append(s)
    return out


def file_sentences(paths):
    for path in paths:
        text = open(path, encoding="utf-8", errors="ignore").read()
        for paragraph in re.split(r"\n\s*\n", text):
            paragraph = re.sub(r"\s+", " ", paragraph).strip()
            for s in re.split(r"(?<=[.!?])\s+(?=[A-Z\"“])", paragraph):
                if 20 <= len(s) <= 300 and sum(c.isalpha() or c == " " for c in s) > 0.8 * len(s):
                    yield s


def vader_sentences(folder):
    for name, count in (("nytEditorialSnippets", 1100), ("amazonReviewSnippets", 600)):
        with open(os.path.join(folder, name + "_GroundTruth.txt"), encoding="utf-8", errors="ignore") as f:
            lines = [line.rstrip("\n").split("\t")[2].strip() for line in f]
        lines = [s for s in lines if 20 <= len(s) <= 300]
        yield from (lines[i * len(lines) // count] for i in range(count))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--text", action="append", default=[])
    parser.add_argument("--vader")
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--out", default=os.path.join(os.path.dirname(os.path.abspath(__file__)), "phonemes.json"))
    options = parser.parse_args()
    from hibari.g2p import G2P
    lines = sentences(options.count, 5)
    lines += list(dict.fromkeys(file_sentences(options.text)))
    if options.vader:
        lines += list(vader_sentences(options.vader))
    us, gb = G2P(), G2P(british=True)
    rows = []
    for s in lines:
        rows.append({"text": s, "us": us(s), "gb": gb(s)})
    with open(options.out, "w", encoding="utf-8") as f:
        f.write("[\n" + ",\n".join(json.dumps(r, ensure_ascii=False) for r in rows) + "\n]\n")


if __name__ == "__main__":
    main()
