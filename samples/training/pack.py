#!/usr/bin/env python3
"""Stores a diffusers picture model in 8 bits, as aigc reads it (docs/formats.md).

    python3 samples/training/pack.py FROM TO [--steps N] [--cfg-scale X] [--upscale N] [--words FILE]    (numpy, safetensors)

Each weight of two or more dimensions and at least 4,096 values becomes an I8 tensor NAME and an f32 tensor NAME.scale with
one value for each row of its first dimension: NAME[o] · NAME.scale[o] is the weight, off by at most half a scale. The other
tensors stay as they are. Settings and tokenizer are copied; --steps, --cfg-scale and --upscale are written to aigc.json as
what `aigc image` uses when the user says nothing. --words gives the names of what the model knows, one a line; they become
words.txt in lower case, without punctuation, sorted, each once, and aigc.json names it.
"""
import argparse, json, pathlib, re, shutil
import numpy as np
from safetensors.numpy import load_file, save_file

SMALLEST = 4096


def pack_tensor(name, x):
    if x.ndim < 2 or x.size < SMALLEST:
        return {name: x}
    rows = x.astype(np.float32).reshape(x.shape[0], -1)
    scale = np.maximum(np.abs(rows).max(1), 1e-12) / 127
    packed = np.clip(np.rint(rows / scale[:, None]), -127, 127).astype(np.int8)
    return {name: packed.reshape(x.shape), name + ".scale": scale.astype(np.float32)}


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("source", type=pathlib.Path)
    p.add_argument("target", type=pathlib.Path)
    p.add_argument("--steps", type=int)
    p.add_argument("--cfg-scale", type=float)
    p.add_argument("--upscale", type=int)
    p.add_argument("--words", type=pathlib.Path)
    a = p.parse_args()
    for path in sorted(a.source.rglob("*")):
        to = a.target / path.relative_to(a.source)
        if path.is_dir():
            continue
        to.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".safetensors":
            packed = {}
            for name, x in load_file(path).items():
                packed.update(pack_tensor(name, x))
            save_file(packed, to, metadata={"format": "pt"})
        elif path.name == "config.json":  # without the folder that it was read from
            config = json.loads(path.read_text())
            to.write_text(json.dumps({k: v for k, v in config.items() if k != "_name_or_path"}, indent=2) + "\n")
        elif path.suffix in (".json", ".txt", ".md"):
            shutil.copyfile(path, to)
    advice = {k: v for k, v in (("steps", a.steps), ("cfg_scale", a.cfg_scale), ("upscale", a.upscale)) if v is not None}
    if a.words:
        plain = lambda line: " ".join(re.sub(r"[^\w'’-]+|_", " ", line.lower()).split())
        names = sorted({plain(line) for line in a.words.read_text().splitlines()} - {""})
        (a.target / "words.txt").write_text("\n".join(names) + "\n")
        advice["words"] = "words.txt"
    if advice:
        (a.target / "aigc.json").write_text(json.dumps(advice) + "\n")
    size = sum(f.stat().st_size for f in a.target.rglob("*") if f.is_file())
    print(f"{a.target}: {size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
