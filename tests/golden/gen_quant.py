"""Golden files of test_quant.c: rows of numbers and what the references make of them.

    python tests/golden/gen_quant.py LIBGGML-BASE.SO SMOLLM2.GGUF        # needs numpy, gguf, safetensors

quant.safetensors: "rows" (normal, heavy-tailed, real weights from SmolLM2's embedding, and blocks that are zero, constant,
one-sided, tiny or large), "TYPE" the blocks that gguf.quants makes of them, and "error.TYPE" the sum of squared errors
of each row in llama.cpp's own encoding (ggml_quantize_chunk without an importance matrix).
"""
import ctypes
import os
import sys

import gguf
import numpy as np
from gguf.quants import dequantize, quantize
from safetensors.numpy import save_file

here = os.path.dirname(os.path.abspath(__file__))
T = gguf.GGMLQuantizationType
rng = np.random.default_rng(7)


def make_rows(model):
    reader = gguf.GGUFReader(model)
    embedding = next(t for t in reader.tensors if t.name == "token_embd.weight")
    real = dequantize(embedding.data[1000:1016], embedding.tensor_type).reshape(-1)[:8192].reshape(8, 1024)
    odd = rng.normal(0, 1, (4, 256)).astype(np.float32)
    odd = np.stack([np.zeros(256), np.full(256, -0.7), np.abs(odd[0]), 3 + 0.1 * odd[1]]).reshape(1, 1024)
    scaled = (rng.normal(0, 1, (4, 256)) * np.array([[1e-7], [1e-3], [100], [5000]])).reshape(1, 1024)
    rows = [rng.normal(0, 0.05, (4, 1024)), rng.standard_t(3, (2, 1024)) * 0.02, real, odd, scaled]
    return np.concatenate(rows).astype(np.float32)


def ggml_error(library, kind, rows):
    elements, size = gguf.GGML_QUANT_SIZES[kind]
    blocks = np.zeros((rows.shape[0], rows.shape[1] // elements * size), np.uint8)
    library.ggml_quantize_chunk(int(kind), rows.ctypes.data_as(ctypes.c_void_p), blocks.ctypes.data_as(ctypes.c_void_p),
                                ctypes.c_int64(0), ctypes.c_int64(rows.shape[0]), ctypes.c_int64(rows.shape[1]), None)
    difference = dequantize(blocks, kind).astype(np.float64) - rows
    return (difference**2).sum(axis=1)


def main():
    rows = make_rows(sys.argv[2])
    library = ctypes.CDLL(sys.argv[1])
    out = {"rows": rows}
    for kind in [T.Q4_0, T.Q4_1, T.Q5_0, T.Q5_1, T.Q8_0, T.BF16]:
        out[kind.name.lower()] = quantize(rows, kind).view(np.uint8)
    out["f16"] = rows.astype(np.float16).view(np.uint8)
    for kind in [T.Q4_K, T.Q5_K, T.Q6_K]:
        out["error." + kind.name.lower()] = ggml_error(library, kind, rows)
    save_file(out, os.path.join(here, "quant.safetensors"))


if __name__ == "__main__":
    main()
