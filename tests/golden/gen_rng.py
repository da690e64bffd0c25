#!/usr/bin/env python3
"""Golden values of PyTorch's CPU generator: for each seed, torch.randn of several sizes one after another, in a row.

usage: gen_rng.py      Writes rng.safetensors beside itself. Needs: torch (on a processor with AVX2), safetensors.
"""
import os

import torch
from safetensors.torch import save_file

SIZES = [3, 16, 5, 33, 1, 1, 15, 17, 4096, 2, 31]  # as in tests/unit/test_rng.c
SEEDS = [0, 42, 4294967295, (1 << 40) + 5]

out = {}
for seed in SEEDS:
    torch.manual_seed(seed)
    out[f"cpu.{seed}"] = torch.cat([torch.randn(n) for n in SIZES])
torch.manual_seed(7)
out["latent.7"] = torch.randn(1, 4, 8, 8).flatten()
save_file(out, os.path.join(os.path.dirname(os.path.abspath(__file__)), "rng.safetensors"))
