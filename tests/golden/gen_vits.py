"""Golden values of Piper voices by onnxruntime, with all noise scales 0.

    python3 tests/golden/gen_vits.py tests/golden [MODELS_FOLDER/joe/en_US-joe-medium.onnx]
needs torch, onnx, onnxruntime, safetensors. Writes
  vits_single.onnx, vits_many.onnx   two tiny random voices exported as Piper exports them (opset 15): one speaker with
                                     residual blocks of type 2, and four speakers with those of type 1
  vits.safetensors                   ids, speaker and wave of each; and of joe, where that is given

The modules below bear the names of VITS's (Kim, Kong and Son 2021), so that the exporter names tensors and nodes alike.
"""
import math
import sys
import warnings
import numpy as np
import onnxruntime as ort
import torch
from safetensors.numpy import save_file
from torch import nn
from torch.nn import functional as F

warnings.filterwarnings("ignore")
H, C, HEADS, G = 16, 8, 2, 6                       # hidden, latent, heads, speaker embedding


class Norm(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.n = n
        self.gamma, self.beta = nn.Parameter(1 + 0.2 * torch.randn(n)), nn.Parameter(0.2 * torch.randn(n))

    def forward(self, x):
        return F.layer_norm(x.transpose(1, -1), (self.n,), self.gamma, self.beta, 1e-5).transpose(1, -1)


class Attention(nn.Module):
    def __init__(self, window=4):
        super().__init__()
        self.conv_q, self.conv_k, self.conv_v, self.conv_o = (nn.Conv1d(H, H, 1) for _ in range(4))
        d = H // HEADS
        self.emb_rel_k, self.emb_rel_v = (nn.Parameter(torch.randn(1, 2 * window + 1, d) * d ** -0.5) for _ in range(2))
        self.window = window

    def forward(self, x):
        t, d, w = x.shape[2], H // HEADS, self.window
        q, k, v = (c(x).view(1, HEADS, d, t).transpose(2, 3) for c in (self.conv_q, self.conv_k, self.conv_v))
        steps = torch.arange(t)
        away = steps[None, :] - steps[:, None] + w                              # [T, T]
        near = ((away >= 0) & (away <= 2 * w)).float()[..., None]
        away = away.clamp(0, 2 * w)
        zero = 0 * x.sum()                                                      # keeps the exporter from folding [0]
        keys, values = (self.emb_rel_k + zero)[0][away] * near, (self.emb_rel_v + zero)[0][away] * near  # [T, T, d]
        q = q / math.sqrt(d)
        p = (q @ k.transpose(2, 3) + torch.einsum("bhid,ijd->bhij", q, keys)).softmax(-1)
        y = p @ v + torch.einsum("bhij,ijd->bhid", p, values)
        return self.conv_o(y.transpose(2, 3).reshape(1, H, t))


class FFN(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv_1, self.conv_2 = nn.Conv1d(H, 2 * H, 3), nn.Conv1d(2 * H, H, 3)

    def forward(self, x):
        return self.conv_2(F.pad(torch.relu(self.conv_1(F.pad(x, (1, 1)))), (1, 1)))


class Encoder(nn.Module):
    def __init__(self, layers=2):
        super().__init__()
        self.attn_layers = nn.ModuleList(Attention() for _ in range(layers))
        self.norm_layers_1 = nn.ModuleList(Norm(H) for _ in range(layers))
        self.ffn_layers = nn.ModuleList(FFN() for _ in range(layers))
        self.norm_layers_2 = nn.ModuleList(Norm(H) for _ in range(layers))

    def forward(self, x):
        for a, n, f, m in zip(self.attn_layers, self.norm_layers_1, self.ffn_layers, self.norm_layers_2):
            x = n(x + a(x))
            x = m(x + f(x))
        return x


class TextEncoder(nn.Module):
    def __init__(self, symbols):
        super().__init__()
        self.emb, self.encoder, self.proj = nn.Embedding(symbols, H), Encoder(), nn.Conv1d(H, 2 * C, 1)

    def forward(self, ids):
        x = self.encoder((self.emb(ids) * math.sqrt(H)).transpose(1, 2))
        return x, self.proj(x)


class DDSConv(nn.Module):
    def __init__(self, layers=2):
        super().__init__()
        self.convs_sep = nn.ModuleList(nn.Conv1d(H, H, 3, groups=H, dilation=3 ** i, padding=3 ** i) for i in range(layers))
        self.convs_1x1 = nn.ModuleList(nn.Conv1d(H, H, 1) for _ in range(layers))
        self.norms_1, self.norms_2 = (nn.ModuleList(Norm(H) for _ in range(layers)) for _ in range(2))

    def forward(self, x, g=None):
        x = x if g is None else x + g
        for s, p, n, m in zip(self.convs_sep, self.convs_1x1, self.norms_1, self.norms_2):
            x = x + F.gelu(m(p(F.gelu(n(s(x))))))
        return x


def spline_inverse(y, widths, heights, slopes, bound=5.0, least=1e-3):
    """Durkan et al. 2019, inverse, linear tails."""
    n = widths.shape[-1]
    def ends(logits):
        size = least + (1 - least * n) * logits.softmax(-1)
        return F.pad(size.cumsum(-1)[..., :-1], (1, 1), value=0.0) * 2 * bound - bound, size
    x_end, _ = ends(widths)
    y_end, _ = ends(heights)
    last = torch.full_like(x_end[..., :1], bound)
    x_end, y_end = torch.cat([x_end[..., :-1], last], -1), torch.cat([y_end[..., :-1], last], -1)
    d = F.pad(least + F.softplus(slopes), (1, 1), value=1.0)
    inside = ((y >= -bound) & (y <= bound)).float()
    v = y.clamp(-bound, bound)
    k = ((v[..., None] >= y_end[..., 1:-1]).sum(-1, keepdim=True))
    at = lambda t, o=0: t.gather(-1, k + o)[..., 0]
    x0, w, y0, h = at(x_end), at(x_end, 1) - at(x_end), at(y_end), at(y_end, 1) - at(y_end)
    left, right, delta = at(d), at(d, 1), (at(y_end, 1) - at(y_end)) / (at(x_end, 1) - at(x_end))
    up, bend = v - y0, left + right - 2 * delta
    a, b, c = up * bend + h * (delta - left), h * left - up * bend, -delta * up
    x = 2 * c / (-b - torch.sqrt(b * b - 4 * a * c)) * w + x0
    return x * inside + y * (1 - inside)


class ConvFlow(nn.Module):
    def __init__(self):
        super().__init__()
        self.pre, self.convs, self.proj = nn.Conv1d(1, H, 1), DDSConv(), nn.Conv1d(H, 29, 1)

    def forward(self, z, g):
        z0, z1 = z[:, :1], z[:, 1:]
        h = self.proj(self.convs(self.pre(z0), g)).transpose(1, 2)[:, None]                # [1, 1, T, 29]
        return torch.cat([z0, spline_inverse(z1, h[..., :10] / H ** 0.5, h[..., 10:20] / H ** 0.5, h[..., 20:])], 1)


class Affine(nn.Module):
    def __init__(self):
        super().__init__()
        self.m, self.logs = nn.Parameter(torch.tensor([[-0.9], [0.2]])), nn.Parameter(0.3 * torch.randn(2, 1))

    def forward(self, z, g):
        return (z - self.m) * torch.exp(-self.logs)


class Flip(nn.Module):
    def forward(self, z, g):
        return torch.flip(z, [1])


class Duration(nn.Module):
    def __init__(self, speakers):
        super().__init__()
        self.flows = nn.ModuleList([Affine()] + [m for _ in range(3) for m in (ConvFlow(), Flip())])
        self.pre, self.proj, self.convs = nn.Conv1d(H, H, 1), nn.Conv1d(H, H, 1), DDSConv()
        if speakers > 1:
            self.cond = nn.Conv1d(G, H, 1)

    def forward(self, x, g, noise_w):
        x = self.pre(x)
        x = x + self.cond(g) if g is not None else x
        x = self.proj(self.convs(x))
        z = torch.randn(1, 2, x.shape[2]) * noise_w
        flows = list(reversed(self.flows))
        for f in flows[:-2] + [flows[-1]]:
            z = f(z, x)
        return z[:, :1]


class WN(nn.Module):
    def __init__(self, speakers, layers=3):
        super().__init__()
        self.in_layers = nn.ModuleList(nn.utils.parametrizations.weight_norm(nn.Conv1d(H, 2 * H, 5, padding=2)) for _ in range(layers))
        self.res_skip_layers = nn.ModuleList(nn.utils.parametrizations.weight_norm(nn.Conv1d(H, 2 * H if i < layers - 1 else H, 1)) for i in range(layers))
        if speakers > 1:
            self.cond_layer = nn.Conv1d(G, 2 * H * layers, 1)

    def forward(self, x, g):
        out, cond = torch.zeros_like(x), self.cond_layer(g) if g is not None else None
        for i, (a, b) in enumerate(zip(self.in_layers, self.res_skip_layers)):
            y = a(x)
            y = y if cond is None else y + cond[:, 2 * H * i: 2 * H * (i + 1)]
            y = b(torch.tanh(y[:, :H]) * torch.sigmoid(y[:, H:]))
            if i < len(self.in_layers) - 1:
                x, out = x + y[:, :H], out + y[:, H:]
            else:
                out = out + y
        return out


class Coupling(nn.Module):
    def __init__(self, speakers):
        super().__init__()
        self.pre, self.enc, self.post = nn.Conv1d(C // 2, H, 1), WN(speakers), nn.Conv1d(H, C // 2, 1)

    def forward(self, z, g):
        z0, z1 = z[:, :C // 2], z[:, C // 2:]
        return torch.cat([z0, z1 - self.post(self.enc(self.pre(z0), g))], 1)


class Flow(nn.Module):
    def __init__(self, speakers):
        super().__init__()
        self.flows = nn.ModuleList(m for _ in range(2) for m in (Coupling(speakers), Flip()))

    def forward(self, z, g):
        for f in reversed(self.flows):
            z = f(z, g)
        return z


class ResBlock1(nn.Module):
    def __init__(self, n, kernel):
        super().__init__()
        self.convs1 = nn.ModuleList(nn.Conv1d(n, n, kernel, dilation=d, padding=d * (kernel - 1) // 2) for d in (1, 3, 5))
        self.convs2 = nn.ModuleList(nn.Conv1d(n, n, kernel, padding=(kernel - 1) // 2) for _ in range(3))

    def forward(self, x):
        for a, b in zip(self.convs1, self.convs2):
            x = x + b(F.leaky_relu(a(F.leaky_relu(x, 0.1)), 0.1))
        return x


class ResBlock2(nn.Module):
    def __init__(self, n, kernel):
        super().__init__()
        self.convs = nn.ModuleList(nn.Conv1d(n, n, kernel, dilation=d, padding=d * (kernel - 1) // 2) for d in (1, 3))

    def forward(self, x):
        for a in self.convs:
            x = x + a(F.leaky_relu(x, 0.1))
        return x


class Generator(nn.Module):
    def __init__(self, block, speakers, width=24, rates=(4, 2, 2)):
        super().__init__()
        self.conv_pre = nn.Conv1d(C, width, 7, padding=3)
        self.ups, self.resblocks = nn.ModuleList(), nn.ModuleList()
        for r in rates:
            self.ups.append(nn.ConvTranspose1d(width, width // 2, 2 * r, r, padding=r // 2))
            width //= 2
            self.resblocks.extend(block(width, k) for k in (3, 5))
        self.conv_post = nn.Conv1d(width, 1, 7, padding=3, bias=False)
        if speakers > 1:
            self.cond = nn.Conv1d(G, 24, 1)

    def forward(self, x, g):
        x = self.conv_pre(x)
        x = x if g is None else x + self.cond(g)
        for i, up in enumerate(self.ups):
            x = up(F.leaky_relu(x, 0.1))
            x = (self.resblocks[2 * i](x) + self.resblocks[2 * i + 1](x)) / 2
        return torch.tanh(self.conv_post(F.leaky_relu(x)))


class Voice(nn.Module):
    def __init__(self, block, speakers, symbols=20):
        super().__init__()
        self.enc_p, self.dp, self.flow = TextEncoder(symbols), Duration(speakers), Flow(speakers)
        self.dec = Generator(block, speakers)
        self.many = speakers > 1
        if self.many:
            self.emb_g = nn.Embedding(speakers, G)

    def forward(self, input, input_lengths, scales, sid=None):
        g = self.emb_g(sid)[..., None] if self.many else None
        x, stats = self.enc_p(input)
        w = torch.ceil(torch.exp(self.dp(x, g, scales[2])) * scales[1])[0, 0]               # [T]
        ends = torch.cumsum(w, 0)
        steps = torch.arange(ends[-1].long()).float()
        pick = (steps[:, None] >= ends[None, :]).long().sum(1)                              # [F]
        m, logs = stats[:, :C, pick], stats[:, C:, pick]
        z = m + torch.randn_like(m) * torch.exp(logs) * scales[0]
        return self.dec(self.flow(z, g), g)[:, :, None] + 0 * input_lengths.sum()


out = {}
for seed, (name, block, speakers) in enumerate([("single", ResBlock2, 1), ("many", ResBlock1, 4)]):
    torch.manual_seed(seed)
    voice = Voice(block, speakers).eval()
    ids = torch.randint(0, 20, (1, 23))
    args = [ids, torch.tensor([23]), torch.tensor([0.0, 1.5, 0.0])] + ([torch.tensor([2])] if speakers > 1 else [])
    path = f"{sys.argv[1]}/vits_{name}.onnx"
    names = ["input", "input_lengths", "scales"] + (["sid"] if speakers > 1 else [])
    torch.onnx.export(voice, tuple(args), path, opset_version=15, input_names=names, output_names=["output"],
                      dynamic_axes={"input": {1: "phonemes"}, "output": {3: "time"}}, dynamo=False)
    session = ort.InferenceSession(path)
    wave = session.run(None, {n: a.numpy() for n, a in zip(names, args)})[0].reshape(-1)
    out[f"{name}.ids"], out[f"{name}.wave"] = ids.numpy().reshape(-1), wave
    print(name, len(wave), "samples, peak", np.abs(wave).max())
if len(sys.argv) > 2:
    ids = [1, 0, 20, 0, 59, 0, 24, 0, 120, 0, 27, 0, 100, 0, 10, 0, 2]                      # həlˈoʊ.
    session = ort.InferenceSession(sys.argv[2])
    wave = session.run(None, {"input": np.array([ids]), "input_lengths": np.array([len(ids)]), "scales": np.array([0, 1, 0], np.float32)})[0].reshape(-1)
    out["joe.ids"], out["joe.wave"] = np.array(ids), wave
    print("joe", len(wave), "samples, peak", np.abs(wave).max())
save_file(out, sys.argv[1] + "/vits.safetensors")
