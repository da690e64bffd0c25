"""Makes tests/golden/image_files: small PNG and JPEG files of each kind, and Pillow's pixels of them laid over white (.npy),
and a picture that Pillow has resampled. The files are also the seeds of the fuzz targets.

    python tests/golden/gen_image_files.py        (numpy, Pillow)
"""
import pathlib, shutil, struct, zlib
import numpy as np
from PIL import Image, ImageOps

OUT = pathlib.Path(__file__).parent / "image_files"


def tell_gamma(path, to):
    """The same PNG with an sRGB and a gAMA chunk, which change no pixel."""
    data = path.read_bytes()
    chunk = lambda kind, body: struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    to.write_bytes(data[:33] + chunk(b"sRGB", b"\0") + chunk(b"gAMA", struct.pack(">I", 45455)) + data[33:])


def main():
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir()
    y, x = np.mgrid[0:13, 0:17]
    rgb = np.stack([x * 15, y * 19, (x + y) * 8], 2).astype(np.uint8)
    alpha = ((x * 16) % 256).astype(np.uint8)
    pictures = {
        "rgb.png": Image.fromarray(rgb),
        "grey.png": Image.fromarray(rgb[..., 0]),
        "bits.png": Image.fromarray(rgb[..., 0] > 100).convert("1"),
        "grey16.png": Image.fromarray((rgb[..., 0].astype(np.uint16) * 257)),
        "palette.png": Image.fromarray(rgb).quantize(16),
        "alpha.png": Image.fromarray(np.dstack([rgb, alpha])),
        "grey_alpha.png": Image.fromarray(np.dstack([rgb[..., 0], alpha]), "LA"),
        "baseline.jpg": Image.fromarray(rgb),
        "progressive.jpg": Image.fromarray(rgb),
        "grey.jpg": Image.fromarray(rgb[..., 0]),
        "inks.jpg": Image.fromarray(np.dstack([rgb, alpha // 2]), "CMYK"),
    }
    for n in range(2, 9):
        pictures[f"turned{n}.png"] = pictures[f"turned{n}.jpg"] = pictures["rgb.png"]
    for name, p in pictures.items():
        options = dict(quality=95, subsampling=0, progressive="progressive" in name) if name.endswith("jpg") else {}
        if name.startswith("turned"):
            options["exif"] = Image.Exif()
            options["exif"][0x112] = int(name[6])
        p.save(OUT / name, **options)
        if name == "alpha.png":
            tell_gamma(OUT / name, OUT / "alpha_gamma.png")
        q = ImageOps.exif_transpose(Image.open(OUT / name))
        if q.mode in ("LA", "RGBA"):
            back = Image.new("RGBA", q.size, "white")
            q = Image.alpha_composite(back, q.convert("RGBA"))
        if q.mode.startswith("I"):
            q = Image.fromarray((np.asarray(q).astype(np.uint32) // 257).astype(np.uint8))
        np.save(OUT / (name + ".npy"), np.asarray(q.convert("RGB")))
    photo = Image.fromarray(rgb)
    np.save(OUT / "lanczos_up.npy", np.asarray(photo.resize((40, 31), Image.LANCZOS)))
    np.save(OUT / "lanczos_down.npy", np.asarray(photo.resize((7, 5), Image.LANCZOS)))


if __name__ == "__main__":
    main()
