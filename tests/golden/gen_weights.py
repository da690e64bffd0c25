"""Golden files for test_weights.c and test_quant.c: small model files written by the reference packages.

    python tests/golden/gen_weights.py        # needs numpy, gguf, safetensors

dequant.gguf holds blocks of every type with random bits and scales from zero and subnormal to the largest; the values
they stand for, as gguf.quants computes them, are in dequant.safetensors.
"""
import os

import gguf
import numpy as np
from gguf.quants import dequantize
from safetensors.numpy import save_file

here = os.path.dirname(os.path.abspath(__file__))
T = gguf.GGMLQuantizationType
rng = np.random.default_rng(20261122)

# Where in a block the half-precision scales lie.
SCALES = {T.Q4_0: [0], T.Q4_1: [0, 2], T.Q5_0: [0], T.Q5_1: [0, 2], T.Q8_0: [0], T.Q2_K: [80, 82], T.Q3_K: [108],
          T.Q4_K: [0, 2], T.Q5_K: [0, 2], T.Q6_K: [208], T.IQ4_NL: [0]}
EXTREMES = np.array([0, -0.0, 6e-8, -6e-8, 6.1e-5, 65504, -65504, 1, 0.0123, -3.3], np.float16)
BLOCKS = 12


def blocks(kind):
    elements, size = gguf.GGML_QUANT_SIZES[kind]
    data = rng.integers(0, 256, (BLOCKS, size), dtype=np.uint8)
    for place in SCALES[kind]:
        scale = np.concatenate([EXTREMES, rng.normal(0, 0.02, BLOCKS - len(EXTREMES)).astype(np.float16)])
        data[:, place:place + 2] = rng.permutation(scale).view(np.uint8).reshape(-1, 2)
    return data


def dequant_files():
    writer = gguf.GGUFWriter(os.path.join(here, "dequant.gguf"), "golden")
    expected = {}
    for kind in SCALES:
        data = blocks(kind).reshape(3, -1)
        writer.add_tensor(kind.name.lower(), data, raw_dtype=kind)
        expected[kind.name.lower()] = dequantize(data, kind)
    # quants.py has no Q8_K: f32 scale, 256 signed bytes, 16 sums that dequantisation does not need
    data = rng.integers(0, 256, (3, 292), dtype=np.uint8)
    data[:, :4] = np.array([1e-30, -3.5, 1e30], np.float32).view(np.uint8).reshape(3, 4)
    writer.add_tensor("q8_k", data, raw_dtype=T.Q8_K)
    expected["q8_k"] = data[:, :4].copy().view(np.float32) * data[:, 4:260].view(np.int8).astype(np.float32)
    half = np.arange(65536, dtype=np.uint16)
    half = half[(half & 0x7C00) != 0x7C00].view(np.float16)
    writer.add_tensor("f16", half)
    expected["f16"] = half.astype(np.float32)
    brain = rng.integers(0, 65536, (1, 512), dtype=np.uint16)
    brain = brain[(brain & 0x7F80) != 0x7F80][None]
    writer.add_tensor("bf16", brain.view(np.uint8), raw_dtype=T.BF16)
    expected["bf16"] = dequantize(brain.view(np.uint8), T.BF16)
    writer.add_tensor("f32", rng.normal(0, 1, (2, 3, 4, 5)).astype(np.float32))
    write_metadata(writer)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    save_file(expected, os.path.join(here, "dequant.safetensors"), {"made by": "gen_weights.py"})


def write_metadata(writer):
    writer.add_bool("test.yes", True)
    writer.add_uint8("test.u8", 255)
    writer.add_int8("test.i8", -128)
    writer.add_uint16("test.u16", 65535)
    writer.add_int16("test.i16", -32768)
    writer.add_uint32("test.u32", 2**32 - 1)
    writer.add_int32("test.i32", -(2**31))
    writer.add_uint64("test.u64", 2**64 - 1)
    writer.add_int64("test.i64", -(2**63))
    writer.add_float32("test.f32", 0.1)
    writer.add_float64("test.f64", 0.1)
    writer.add_string("test.string", "grüße\n")
    writer.add_array("test.strings", ["", "a", "zwei Wörter"])
    writer.add_array("test.ints", [-1, 2, 3])
    writer.add_array("test.floats", [0.5, -0.25])


if __name__ == "__main__":
    dequant_files()
