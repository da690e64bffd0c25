#!/usr/bin/env python3
"""Makes the icon model's training data from npm packages: icons.webps (lossless WebP files one after another, 128 x 128
RGBA) and icons.json (one entry an icon: set, name, label, tags, group, offset, length).

    python samples/training/icons_data.py --out FOLDER

Icons: Google Noto Emoji (Apache-2.0), Microsoft Fluent Emoji, flat and 3D (MIT); labels and tags: emojibase-data (MIT).
Flags and skin-tone variants are left out. Needs: npm, and in Python pillow numpy resvg_py.
"""
import argparse, io, json, os, re, subprocess, tarfile, tempfile

import numpy as np
import resvg_py
from PIL import Image

SIZE = 128
PACKAGES = {"@iconify-json/noto": "1.2.9", "@iconify-json/fluent-emoji-flat": "1.2.6", "@lobehub/fluent-emoji-3d": "1.1.0",
            "emojibase-data": "17.0.0"}
SKIN = re.compile(r"(skin-tone|-(light|medium-light|medium|medium-dark|dark)($|-))")


def fetch(name, version, folder):
    """Unpacks an npm package -> its folder."""
    packed = subprocess.run(["npm", "pack", "--silent", f"{name}@{version}"], cwd=folder, check=True, capture_output=True, text=True)
    target = os.path.join(folder, name.replace("/", "-"))
    with tarfile.open(os.path.join(folder, packed.stdout.split()[-1])) as archive:
        archive.extractall(target, filter="data")
    return os.path.join(target, "package")


def hexcode(text):
    """An emoji's code points without variation selectors and leading zeros, so that the packages' spellings meet."""
    return "-".join(p.lstrip("0") or "0" for p in text.lower().split("-") if p != "fe0f")


def render_set(package, name, labels):
    data = json.load(open(os.path.join(package, "icons.json")))
    for icon, entry in data["icons"].items():
        if entry.get("hidden") or icon.startswith("flag-") or SKIN.search(icon):
            continue
        width, height = entry.get("width", data.get("width", 16)), entry.get("height", data.get("height", 16))
        svg = (f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
               f'viewBox="{entry.get("left", 0)} {entry.get("top", 0)} {width} {height}" '
               f'width="{SIZE}" height="{SIZE}">{entry["body"]}</svg>')
        png = bytes(resvg_py.svg_to_bytes(svg_string=svg, width=SIZE, height=SIZE))
        picture = Image.open(io.BytesIO(png)).convert("RGBA").resize((SIZE, SIZE))
        label, tags, group = labels.get(icon, (icon.replace("-", " "), [], None))
        yield picture, dict(set=name, name=icon, label=label, tags=tags, group=group)


def shrink(picture):
    """Lanczos on premultiplied colours: no fringe of the colour that lies under transparent pixels."""
    a = np.asarray(picture).astype(np.float32)
    premultiplied = np.concatenate([a[..., :3] * (a[..., 3:] / 255), a[..., 3:]], 2)
    b = np.stack([np.asarray(Image.fromarray(premultiplied[..., k]).resize((SIZE, SIZE), Image.LANCZOS)) for k in range(4)], 2).clip(0, 255)
    b[..., :3] = (b[..., :3] / np.maximum(b[..., 3:] / 255, 1e-4)).clip(0, 255)
    return Image.fromarray(b.astype(np.uint8))


def render_3d(package, emoji):
    by_code = {hexcode(e["hexcode"]): e for e in emoji}
    folder = os.path.join(package, "assets")
    for file in sorted(os.listdir(folder)):
        e = by_code.get(hexcode(os.path.splitext(file)[0]))
        if e and not e["label"].startswith("flag"):
            yield shrink(Image.open(os.path.join(folder, file)).convert("RGBA")), dict(
                set="fluent-emoji-3d", name=os.path.splitext(file)[0], label=e["label"].lower(), tags=e.get("tags", []), group=e.get("group"))


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--out", required=True)
    args = p.parse_args()
    os.makedirs(args.out, exist_ok=True)
    entries, offset = [], 0
    with tempfile.TemporaryDirectory() as work, open(os.path.join(args.out, "icons.webps"), "wb") as packed:
        folders = {name: fetch(name, version, work) for name, version in PACKAGES.items()}
        emoji = json.load(open(os.path.join(folders["emojibase-data"], "en", "data.json")))
        slug = lambda label: re.sub(r"[^a-z0-9]+", "-", label.lower()).strip("-")
        labels = {slug(e["label"]): (e["label"].lower(), e.get("tags", []), e.get("group")) for e in emoji}
        for source in (render_set(folders["@iconify-json/noto"], "noto", labels),
                       render_set(folders["@iconify-json/fluent-emoji-flat"], "fluent-emoji-flat", labels),
                       render_3d(folders["@lobehub/fluent-emoji-3d"], emoji)):
            for picture, entry in source:
                if np.asarray(picture)[..., 3].mean() < 4:
                    continue  # nothing to be seen
                buffer = io.BytesIO()
                picture.save(buffer, "WEBP", lossless=True, exact=False)
                entries.append(dict(entry, offset=offset, length=buffer.tell()))
                packed.write(buffer.getvalue())
                offset += buffer.tell()
    json.dump(entries, open(os.path.join(args.out, "icons.json"), "w"))
    print(len(entries), "icons,", offset, "bytes")


if __name__ == "__main__":
    main()
