#!/usr/bin/env python3
"""Writes espeak.json: fifty sentences and the phonemes piper-tts 1.8.0 gives its voices for them (en-us).

Needs `pip install --no-deps piper-tts==1.8.0`, whose wheel carries espeak-ng as a library.
"""
import importlib.util
import json
import os
import re
import unicodedata

import gen_phonemes

EXTRA = [
    "One: two — three (four) \"five\", 3.14 and six.", "He said, \"Go home.\"", "U.S. troops, in 1999, paid $5.20; didn't they?",
    "A well-known [bracket] test/slash & more.", "A naïve café, crème brûlée, jalapeño.", "Wait... what?", "What?!", "Is it 10:30, or 5 km?",
    "'quoted' “curly” ‘single’", "J. K. Rowling wrote, e.g. this; i.e. that.",
]


def main():
    folder = os.path.dirname(importlib.util.find_spec("piper").origin)
    from piper import espeakbridge
    espeakbridge.initialize(os.path.join(folder, "espeak-ng-data"))
    espeakbridge.set_voice("en-us")
    rows = []
    for text in EXTRA + gen_phonemes.sentences(40, 11):
        out = ""
        for phonemes, mark, _ in espeakbridge.get_phonemes(text):  # Piper starts a new sentence where we write a space
            out += re.sub(r"\([^)]+\)", "", phonemes) + mark + " "
        rows.append({"text": text, "phonemes": unicodedata.normalize("NFD", out).strip()})
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "espeak.json")
    with open(path, "w", encoding="utf-8") as f:
        f.write("[\n" + ",\n".join(json.dumps(r, ensure_ascii=False) for r in rows) + "\n]\n")


if __name__ == "__main__":
    main()
