"""Seeds for the fuzz targets of model files: small files with one of everything.

    python tests/golden/gen_seeds.py        # needs numpy, gguf, safetensors
"""
import os

import gguf
import numpy as np
from safetensors.numpy import save_file

seeds = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "fuzz", "seeds")
T = gguf.GGMLQuantizationType
rng = np.random.default_rng(1)


def main():
    writer = gguf.GGUFWriter(os.path.join(seeds, "gguf", "all.gguf"), "seed")
    writer.add_custom_alignment(32)
    writer.add_array("strings", ["", "ab"])
    writer.add_array("ints", [1, -2])
    writer.add_array("floats", [0.5])
    writer.add_float64("f64", 2.0)
    writer.add_uint8("u8", 7)
    writer.add_int64("i64", -7)
    writer.add_bool("bool", True)
    writer.add_tensor("a", rng.normal(0, 1, (2, 3)).astype(np.float32))
    writer.add_tensor("b", rng.integers(0, 256, (1, 2 * 18), dtype=np.uint8), raw_dtype=T.Q4_0)
    writer.add_tensor("c", rng.integers(0, 256, (1, 144), dtype=np.uint8), raw_dtype=T.Q4_K)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    save_file({"a": rng.normal(0, 1, (2, 3)).astype(np.float32), "b": np.zeros((2,), np.int64), "c": np.zeros((0, 4), np.uint8),
               "d": np.ones((3,), np.bool_)}, os.path.join(seeds, "safetensors", "all.safetensors"), {"a": "b"})


if __name__ == "__main__":
    main()
