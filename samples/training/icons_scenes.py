"""Pictures made of icons, and the captions under them.

A scene says what is to be seen: one to three things, each an icon that may be recoloured, with a place and a size, on a
background. compose() paints it, caption() words it, a new way each time; what a caption leaves unsaid (the style, mostly) is
what seeds may vary.
"""
import dataclasses, random

import numpy as np

import icons_data

BACKGROUNDS = {"white": (255, 255, 255), "black": (0, 0, 0), "red": (220, 40, 40), "orange": (250, 140, 30), "yellow": (250, 210, 50),
               "green": (60, 160, 60), "blue": (50, 90, 220), "light blue": (150, 205, 245), "purple": (130, 70, 190),
               "pink": (250, 160, 190), "brown": (125, 85, 55), "gray": (150, 150, 150)}
ALSO = {"gray": ["grey"], "light blue": ["sky blue", "sky"], "purple": ["violet"]}  # other names of the same
# Hue, factor of the saturation and its least, factor of the value: what recolouring makes of an icon's leading hue.
COLORS = {"red": (2, 1.1, .55, .98), "orange": (28, 1.1, .6, 1.0), "yellow": (50, 1.0, .6, 1.05), "green": (125, .9, .45, .9),
          "blue": (218, 1.0, .5, .98), "purple": (276, .9, .45, .9), "pink": (335, .6, .35, 1.05), "brown": (24, .85, .5, .62),
          "white": (0, .05, 0, 1.15), "black": (0, .08, 0, .32), "gray": (0, .04, 0, .8)}
HUES = {"red": 0, "orange": 28, "yellow": 50, "green": 120, "blue": 215, "purple": 278, "pink": 332}  # names of hues as they are
# Centres of things, in quarters of the picture; size 1 fills it, size ½ half of each side.
PLACES = {"left": (1, 2), "right": (3, 2), "top": (2, 1), "bottom": (2, 3), "top left": (1, 1), "top right": (3, 1),
          "bottom left": (1, 3), "bottom right": (3, 3), "": (2, 2)}
KINDS = dict(one=.60, small=.10, two=.24, many=.06)
FILLERS = ["cute", "simple", "beautiful", "high quality", "detailed", "vector art", "clipart", "emoji", "icon", "minimalist", "digital art",
           "clean lines", "4k", "sharp", "vivid colors", "sticker", "logo", "illustration", "isolated", "centered", "professional",
           "trending", "masterpiece", "best quality", "for a website", "for children", "nice", "lovely", "funny", "little"]


@dataclasses.dataclass
class Thing:
    icon: int
    color: str = ""   # what it was recoloured to
    place: str = ""
    size: float = 1.0


@dataclasses.dataclass
class Scene:
    things: list
    background: str = "white"
    relation: str = ""  # "beside", "above" or "count"


# ---- painting ----

def recolor(icon, hue, color):
    """The pixels near the leading hue (all grey ones where it is -1) in another colour."""
    to, factor, least, brightness = COLORS[color]
    h, s, v = icons_data.to_hsv(icon[..., :3])
    if hue >= 0:
        share = np.clip((60 - icons_data.away(h, hue)) / 20, 0, 1) * np.clip(s / .15, 0, 1)
    else:
        share = np.clip((.45 - s) / .15, 0, 1) * np.clip(v / .3, 0, 1)
        s = np.full_like(s, .6)
    t = np.clip(np.maximum(s * factor, least * np.minimum(1, s * 3)), 0, 1)
    w = np.clip(v * brightness, 0, 1)
    if color == "white":
        w = .72 + .28 * v
    sector = (to / 60 + np.array([5, 3, 1])) % 6  # HSV to RGB without branches: f(n) = v - v s max(0, min(k, 4 - k, 1))
    fall = np.clip(np.minimum(sector, 4 - sector), 0, 1)
    painted = 255 * w[..., None] * (1 - t[..., None] * fall)
    out = icon.copy()
    out[..., :3] = icon[..., :3] * (1 - share[..., None]) + painted * share[..., None]
    return out


def halved(icon):
    """Half of each side: means of 2 × 2 pixels, colours weighted by how much they cover."""
    a = icon.astype(np.float32).reshape(icon.shape[0] // 2, 2, icon.shape[1] // 2, 2, 4)
    alpha = a[..., 3:].sum((1, 3))
    color = (a[..., :3] * a[..., 3:]).sum((1, 3)) / np.maximum(alpha, 1e-4)
    return np.concatenate([color, alpha / 4], 2).round().astype(np.uint8)


def compose(icons, scene):
    """uint8 [128, 128, 3]"""
    size = icons.pixels.shape[1]
    canvas = np.full((size, size, 3), BACKGROUNDS[scene.background], np.float32)
    for thing in scene.things:
        icon = np.asarray(icons.pixels[thing.icon])
        if thing.color:
            icon = recolor(icon, icons.entries[thing.icon]["hue"], thing.color)
        if thing.size < 1:
            icon = halved(icon)
        x, y = (c * size // 4 - len(icon) // 2 for c in PLACES[thing.place])
        alpha = icon[..., 3:].astype(np.float32) / 255
        part = canvas[y:y + len(icon), x:x + len(icon)]
        part[:] = part * (1 - alpha) + icon[..., :3] * alpha
    return canvas.round().astype(np.uint8)


# ---- drawing lots ----

class Lots:
    """Draws icons and scenes at random."""

    def __init__(self, icons, words):
        self.entries, self.words = icons.entries, words
        self.weights = np.cumsum([words.weight(e["label"], e["group"]) for e in self.entries])
        self.styles = {}
        for i, e in enumerate(self.entries):
            self.styles.setdefault(e["style"], []).append(i)
        self.of_style = {s: np.cumsum([words.weight(self.entries[i]["label"], self.entries[i]["group"]) for i in list_])
                         for s, list_ in self.styles.items()}

    def icon(self, style=None):
        if style is None:
            return int(np.searchsorted(self.weights, random.random() * self.weights[-1]))
        at = self.of_style[style]
        return self.styles[style][int(np.searchsorted(at, random.random() * at[-1]))]

    def color(self, i, share):
        hue = self.entries[i]["hue"]
        return random.choice(list(COLORS)) if hue is not None and random.random() < share else ""

    def scene(self):
        """A scene that is not just an icon on white."""
        kind = random.choices(list(KINDS), KINDS.values())[0]
        background = random.choice(list(BACKGROUNDS)) if random.random() < (.72 if kind == "one" else .4) else "white"
        first = self.icon()
        if kind == "one":
            color = self.color(first, .65 if background != "white" else 1)
            return Scene([Thing(first, color)], background) if color or background != "white" else self.scene()
        if kind == "small":
            return Scene([Thing(first, self.color(first, .2), random.choice(list(PLACES)), .5)], background)
        if kind == "many":
            places = random.choice([["left", "right"], ["top", "bottom left", "bottom right"]])
            color = self.color(first, .2)
            return Scene([Thing(first, color, p, .5) for p in places], background, "count")
        second = self.icon(self.entries[first]["style"])  # two things of one hand
        relation, places = random.choice([("beside", ("left", "right"))] * 3 + [("above", ("top", "bottom"))])
        return Scene([Thing(i, self.color(i, .25), p, .5) for i, p in zip((first, second), places)], background, relation)


# ---- captions ----

def article(words):
    return ("an " if words[0] in "aeiou" else "a ") + words


def plural(words):
    if words.endswith(("s", "x", "ch", "sh")):
        return words if words.endswith("s") else words + "es"
    if words.endswith("y") and words[-2:-1] not in "aeiou":
        return words[:-1] + "ies"
    return words[:-3] + "men" if words.endswith("man") else words + "s"


def hue_name(hue):
    return min(HUES, key=lambda name: icons_data.away(HUES[name], hue))


def color_word(name):
    return random.choice([name, name] + ALSO.get(name, []))


class Captions:
    """Words scenes. `plain` is the share of captions that leave the style to chance."""

    def __init__(self, icons, words, plain=.4):
        self.entries, self.words, self.plain = icons.entries, words, plain

    def thing(self, thing):
        """A thing's name with its colour before it, where it was given one; at times with the colour that it has anyway."""
        entry = self.entries[thing.icon]
        name = self.words.pick(entry["label"]).lower()
        if thing.color:
            return f"{color_word(thing.color)} {name}"
        hue = entry["hue"]
        if hue is not None and hue >= 0 and random.random() < .06 and hue_name(hue) not in name:
            return f"{hue_name(hue)} {name}"
        return name

    def things(self, scene):
        """The words for all things, without style and background."""
        if scene.relation == "count":
            return f"{ {2: 'two', 3: 'three'}[len(scene.things)]} {plural(self.thing(scene.things[0]))}"
        if len(scene.things) == 1:
            words, t = self.thing(scene.things[0]), scene.things[0]
            if t.size == 1:
                return article(words) if random.random() < .3 else words
            words = f"{random.choice(['small', 'small', 'tiny', 'little'])} {words}" if not t.place or random.random() < .5 else words
            words = article(words) if random.random() < .4 else words
            if not t.place:
                return words + random.choice(["", " in the middle", " in the center"])
            where = f"in the {t.place} corner" if " " in t.place else random.choice([f"on the {t.place}", f"at the {t.place}"])
            return f"{words} {where}"
        first, second = (self.thing(t) for t in scene.things)
        articles = random.random() < .5
        a, b = (article(first), article(second)) if articles else (first, second)
        if scene.relation == "above":
            return random.choice([f"{a} above {b}", f"{b} below {a}", f"{a} over {b}", f"{b} under {a}", f"{a} on top of {b}"])
        if random.random() < .12:
            return random.choice([f"{a} on the left and {b} on the right", f"{a} to the left of {b}", f"{b} to the right of {a}"])
        return random.choice([f"{a} and {b}", f"{a} and {b}", f"{a} and {b}", f"{a} next to {b}", f"{a} with {b}", f"{a} beside {b}", f"{a}, {b}"])

    def __call__(self, scene, wordy=False):
        """A caption; where `wordy` one in three is long."""
        words = self.things(scene)
        if random.random() >= self.plain:
            style = self.entries[scene.things[0].icon]["style"]
            words = random.choice([f"{style} {words}", f"{style} {words}", f"{words}, {style} style", f"{words} in {style} style",
                                   f"a {style} icon of {words}", f"{words}, {style}"])
        elif random.random() < .3:
            words = random.choice(["a picture of ", "an icon of ", "draw ", "a drawing of ", "an emoji of ", "please draw me "]) + words
        if scene.background != "white" or random.random() < .06:
            color = color_word(scene.background)
            with_article = article(color)
            words += random.choice([f" on {with_article} background", f" on {with_article} background", f", {color} background",
                                    f" on {color}", f", with {with_article} background", f" against {with_article} background"])
        many = wordy and random.random() < .35
        if many or random.random() < .12:  # words that change nothing
            more = random.sample(FILLERS, random.randint(8, 18) if many else random.randint(1, 3))
            words = random.choice([f"{words}, {', '.join(more)}", f"{', '.join(more)}, {words}"])
        return words
