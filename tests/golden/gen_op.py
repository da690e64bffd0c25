"""Golden values of the picture operations by PyTorch (float32, CPU): tests/golden/op.safetensors for tests/unit/test_op_image.c.

Pictures are stored channels-last, weights as PyTorch has them. Run: python3 tests/golden/gen_op.py
"""
import os
import torch
import torch.nn.functional as F
from safetensors.torch import save_file

torch.manual_seed(1)
torch.backends.mkldnn.enabled = False
out = {}


def last(x):
    return x.permute(0, 2, 3, 1).contiguous()


# name: batch, height, width, in, out, kernel, stride, padding (top, left, bottom, right)
CONVS = {
    "conv_3x3": (1, 9, 7, 5, 6, 3, 1, (1, 1, 1, 1)),
    "conv_batch": (2, 16, 16, 32, 33, 3, 1, (1, 1, 1, 1)),
    "conv_1x1": (1, 5, 4, 40, 9, 1, 1, (0, 0, 0, 0)),
    "conv_stride": (1, 11, 17, 8, 20, 3, 2, (1, 1, 1, 1)),
    "conv_down": (2, 8, 10, 8, 16, 3, 2, (0, 0, 1, 1)),
    "conv_wide": (1, 6, 50, 3, 8, 5, 1, (2, 2, 2, 2)),
    "conv_patch": (1, 8, 12, 3, 10, 4, 4, (0, 0, 0, 0)),
}
for name, (b, h, w, i, o, k, s, (top, left, bottom, right)) in CONVS.items():
    x, weight, bias = torch.randn(b, i, h, w), torch.randn(o, i, k, k) * 0.2, torch.randn(o)
    y = F.conv2d(F.pad(x, (left, right, top, bottom)), weight, bias, stride=s)
    out |= {f"{name}.x": last(x), f"{name}.weight": weight, f"{name}.bias": bias, f"{name}.y": last(y)}

x, row, res = torch.randn(2, 12, 6, 5), torch.randn(2, 8), torch.randn(2, 8, 12, 10)
weight, bias, g, gb = torch.randn(8, 12, 3, 3) * 0.2, torch.randn(8), torch.randn(12), torch.randn(12)
h = F.interpolate(F.silu(F.group_norm(x, 3, g, gb, 1e-5)), scale_factor=2, mode="nearest")
y = F.silu(F.conv2d(h, weight, bias, padding=1) + row[:, :, None, None]) + res
out |= {"around.x": last(x), "around.row": row, "around.residual": last(res), "around.weight": weight, "around.bias": bias,
        "around.norm_weight": g, "around.norm_bias": gb, "around.y": last(y)}

x, g, gb = torch.randn(2, 30, 9, 8) * 3 + 40, torch.randn(30), torch.randn(30)
out |= {"group_norm.x": last(x), "group_norm.weight": g, "group_norm.bias": gb,
        "group_norm.y": last(F.group_norm(x.double(), 5, g.double(), gb.double(), 1e-6).float()),
        "group_norm.silu": last(F.silu(F.group_norm(x.double(), 5, g.double(), gb.double(), 1e-6)).float())}

x = torch.randn(1, 3, 4, 5)
out |= {"nearest.x": last(x), "nearest.y": last(F.interpolate(x, size=(8, 10), mode="nearest")),
        "nearest.odd": last(F.interpolate(x, size=(7, 9), mode="nearest"))}

# name: batch, queries, keys, heads, key heads, head width, causal
ATTENTIONS = {
    "attention_self": (1, 70, 70, 2, 2, 40, False),
    "attention_cross": (2, 33, 77, 3, 3, 8, False),
    "attention_long": (1, 3, 520, 1, 1, 40, False),
    "attention_causal": (1, 40, 40, 2, 1, 16, True),
    "attention_cached": (1, 5, 270, 4, 2, 8, True),
}
for name, (b, tq, tk, heads, kv, d, causal) in ATTENTIONS.items():
    q, k, v = torch.randn(b, heads, tq, d) * 2, torch.randn(b, kv, tk, d) * 2, torch.randn(b, kv, tk, d)
    mask = torch.ones(tq, tk).tril(tk - tq).bool() if causal else None
    y = F.scaled_dot_product_attention(q, k.repeat_interleave(heads // kv, 1), v.repeat_interleave(heads // kv, 1), mask)
    join = lambda x: x.transpose(1, 2).flatten(2).contiguous()
    out |= {f"{name}.q": join(q), f"{name}.k": join(k), f"{name}.v": join(v), f"{name}.y": join(y)}

x = torch.randn(3, 26)
a, b = x.chunk(2, -1)
out |= {"geglu.x": x, "geglu.y": a * F.gelu(b)}

x, weight, bias = torch.randn(37, 50), torch.randn(128, 50) * 0.2, torch.randn(128)
y = F.linear(x, weight, bias)
a, b = y.chunk(2, -1)
out |= {"product.x": x, "product.weight": weight, "product.bias": bias, "product.y": y, "product.gated": a * F.gelu(b)}
save_file({k: v.contiguous() for k, v in out.items()}, os.path.join(os.path.dirname(os.path.abspath(__file__)), "op.safetensors"))
