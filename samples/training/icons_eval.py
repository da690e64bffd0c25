#!/usr/bin/env python3
"""Judges a picture model by the lists of icons_eval.json, which were fixed before training.

    icons_eval.py draw   LIST --model FOLDER --out DIR [--first N] [--seed S]   # pictures by the aigc program ($AIGC)
    icons_eval.py near   DIR                                                    # figures without eyes
    icons_eval.py sheets DIR                                                    # for a judge who sees no prompts
    icons_eval.py tally  DIR ANSWERS                                            # the judge's answers against the key
    icons_eval.py seeds  DIR DIR                                                # how far two seeds' pictures are apart

LIST: labels_1000, labels_100, common_100, color_background_60, two_things_30. draw leaves 0001.png … and list.json in DIR.
near: how often the right label is the nearest training picture's, and among the five nearest (icons_data.py's drawings; the
distance is of colours at 16 × 16 and of edges by direction at 8 × 8 places). sheets: pages of 25 numbered pictures in random
order, and DIR/key.json that the judge must not see. ANSWERS has a line NUMBER TAB WORDS for each picture; tally takes a
word for right when it is one of the label's names, and lists the others for someone to decide.
"""
import argparse, json, os, random, subprocess

import numpy as np
from PIL import Image, ImageDraw

HERE = os.path.dirname(os.path.abspath(__file__))
SIDE, COLUMNS, ROWS = 128, 5, 5


def read_list(name, first):
    """[(prompt, [label, …])]"""
    with open(os.path.join(HERE, "icons_eval.json")) as file:
        lists = json.load(file)
    if name not in lists:
        raise SystemExit(f"{name}: one of {', '.join(lists)} is wanted")
    rows = lists[name]
    if isinstance(rows[0], str):
        rows = [(r, [r]) for r in rows]
    else:
        rows = [(r["prompt"], [r[k] for k in ("thing", "first", "second") if k in r]) for r in rows]
    return rows[::max(1, len(rows) // first)][:first] if first else rows


def draw(args):
    """One run of aigc for the whole list, so that the model is loaded once."""
    rows, aigc = read_list(args.list, args.first), os.environ.get("AIGC", "aigc")
    os.makedirs(args.out, exist_ok=True)
    prompts = os.path.join(args.out, "prompts.txt")
    with open(prompts, "w") as file:
        file.writelines(prompt + "\n" for prompt, _ in rows)
    subprocess.run([aigc, "image", "-q", "-m", args.model, "-f", prompts, "-s", str(args.seed), "--upscale", "1", "-o", os.path.join(args.out, "p.png")],
                   check=True)
    for k in range(len(rows)):
        os.rename(os.path.join(args.out, f"p-{k + 1}.png" if k else "p.png"), os.path.join(args.out, f"{k + 1:04}.png"))
    with open(os.path.join(args.out, "list.json"), "w") as file:
        json.dump(rows, file)


def pictures(folder):
    """(prompts with labels, uint8 [N, 128, 128, 3])"""
    with open(os.path.join(folder, "list.json")) as file:
        rows = json.load(file)
    names = [os.path.join(folder, f"{k + 1:04}.png") for k in range(len(rows))]
    return rows, np.stack([np.asarray(Image.open(n).convert("RGB").resize((SIDE, SIDE), Image.BOX)) for n in names])


# ---- without eyes ----

def features(x):
    """float [N, F] of pictures uint8 [N, 128, 128, 3]: what is where in which colour, and which way edges go."""
    n = len(x)
    small = x.reshape(n, 16, 8, 16, 8, 3).mean((2, 4), dtype=np.float32) / 255
    gray = x.reshape(n, 64, 2, 64, 2, 3).mean((2, 4, 5), dtype=np.float32) / 255
    gy, gx = np.gradient(gray, axis=(1, 2))
    strength, direction = np.hypot(gx, gy), (np.arctan2(gy, gx) % np.pi / np.pi * 6).astype(int) % 6
    edges = np.stack([(strength * (direction == d)).reshape(n, 8, 8, 8, 8).mean((2, 4)) for d in range(6)], -1)
    edges /= np.sqrt((edges ** 2).sum((1, 2, 3), keepdims=True)) + 1e-6
    return np.concatenate([small.reshape(n, -1) / 8, edges.reshape(n, -1)], 1)


def gallery():
    """Features and labels of all drawings on white."""
    import icons, icons_data
    drawings = icons_data.prepare(icons.FOLDER)
    parts = []
    for i in range(0, len(drawings.entries), 512):
        x = drawings.pixels[i:i + 512].astype(np.float32)
        alpha = x[..., 3:] / 255
        parts.append(features((x[..., :3] * alpha + 255 * (1 - alpha)).astype(np.uint8)))
    return np.concatenate(parts), [e["label"] for e in drawings.entries]


def labels_of(wanted):
    """The labels behind everyday names ("car" is the emoji "automobile")."""
    import icons_words
    names = {n: label for label, own in icons_words.everyday().items() for n in own}
    return {names.get(w, w) for w in wanted}


def near(args):
    rows, x = pictures(args.folder)
    known, labels = gallery()
    first = five = 0
    for (prompt, wanted), f in zip(rows, features(x)):
        order = np.argsort(((known - f) ** 2).sum(1))
        wanted = labels_of(wanted)
        first += labels[order[0]] in wanted
        five += not wanted.isdisjoint(labels[i] for i in order[:5])
    print(f"{args.folder}: {len(rows)} pictures, nearest right {first / len(rows):.3f}, among the five nearest {five / len(rows):.3f}")


def seeds(args):
    """Two seeds must give two pictures: the share of pixels that differ by more than rounding, and the mean difference."""
    (_, a), (_, b) = pictures(args.folder), pictures(args.other)
    apart = np.abs(a.astype(int) - b).max(-1)
    print(f"mean difference {apart.mean():.1f} of 255; {(apart > 2).mean():.3f} of the pixels differ; least picture {apart.mean((1, 2)).min():.1f}")


# ---- by eyes ----

def sheets(args):
    rows, x = pictures(args.folder)
    order = list(range(len(rows)))
    random.SystemRandom().shuffle(order)
    for page in range(0, len(order), COLUMNS * ROWS):
        part = order[page:page + COLUMNS * ROWS]
        sheet = Image.new("RGB", (COLUMNS * (SIDE + 12), -(-len(part) // COLUMNS) * (SIDE + 26)), (235, 235, 235))
        pen = ImageDraw.Draw(sheet)
        for k, i in enumerate(part):
            left, top = k % COLUMNS * (SIDE + 12) + 6, k // COLUMNS * (SIDE + 26) + 20
            sheet.paste(Image.fromarray(x[i]), (left, top))
            pen.text((left, top - 14), str(page + k + 1), fill=(0, 0, 0))
        sheet.save(os.path.join(args.folder, f"sheet-{page // (COLUMNS * ROWS) + 1}.png"))
    with open(os.path.join(args.folder, "key.json"), "w") as file:
        json.dump({str(k + 1): rows[i] for k, i in enumerate(order)}, file, indent=0)


def tally(args):
    import icons, icons_data, icons_words
    words = icons_words.Words(icons.FOLDER, icons_data.prepare(icons.FOLDER).entries)
    with open(os.path.join(args.folder, "key.json")) as file:
        key = json.load(file)
    with open(args.answers) as file:
        answers = dict(line.rstrip("\n").split("\t", 1) for line in file if "\t" in line)
    right, open_ = 0, []
    for number, (prompt, wanted) in key.items():
        said = f" {answers.get(number, '').lower()} "
        named = [any(f" {n.lower()} " in said or f" {n.lower()}s " in said for names in words.of.get(w, [[w]]) for n in names)
                 for w in labels_of(wanted)]
        right += all(named)
        if not all(named):
            open_.append((number, prompt, answers.get(number, "")))
    print(f"{right} of {len(key)} by the label's names; to be decided:")
    for row in open_:
        print("\t".join(row))


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    sub = p.add_subparsers(dest="work", required=True)
    d = sub.add_parser("draw")
    d.add_argument("list")
    d.add_argument("--model", required=True)
    d.add_argument("--out", required=True)
    d.add_argument("--first", type=int, default=0, help="so many of the list, evenly taken")
    d.add_argument("--seed", type=int, default=1000)
    for name in ("near", "sheets", "tally", "seeds"):
        sub.add_parser(name).add_argument("folder")
    sub.choices["tally"].add_argument("answers")
    sub.choices["seeds"].add_argument("other")
    args = p.parse_args()
    dict(draw=draw, near=near, sheets=sheets, tally=tally, seeds=seeds)[args.work](args)


if __name__ == "__main__":
    main()
