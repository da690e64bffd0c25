"""Golden values of vocoders: tiny random networks in torch with the tensor names of the published ones.

    python3 tests/golden/gen_vocoder.py tests/golden
needs torch, safetensors. Writes vocoder_{hifigan1,hifigan3,melgan,vocos}.safetensors, each with the weights, an input
"test.mel" [F, bands] and the sound "test.wave"; and spectra by torch.stft in stft.safetensors.
"""
import sys
import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F
from torch.nn.utils import weight_norm

BANDS, FRAMES = 12, 9


class ResBlock1(nn.Module):
    def __init__(self, n, k):
        super().__init__()
        self.convs1 = nn.ModuleList(weight_norm(nn.Conv1d(n, n, k, dilation=d, padding=d * (k - 1) // 2)) for d in (1, 3, 5))
        self.convs2 = nn.ModuleList(weight_norm(nn.Conv1d(n, n, k, padding=(k - 1) // 2)) for _ in range(3))

    def forward(self, x):
        for a, b in zip(self.convs1, self.convs2):
            x = x + b(F.leaky_relu(a(F.leaky_relu(x, 0.1)), 0.1))
        return x


class ResBlock2(nn.Module):
    def __init__(self, n, k):
        super().__init__()
        dilations = {3: (1, 2), 5: (2, 6), 7: (3, 12)}[k]
        self.convs = nn.ModuleList(weight_norm(nn.Conv1d(n, n, k, dilation=d, padding=d * (k - 1) // 2)) for d in dilations)

    def forward(self, x):
        for a in self.convs:
            x = x + a(F.leaky_relu(x, 0.1))
        return x


class HiFiGAN(nn.Module):
    def __init__(self, block, kernels, rates, width=32):
        super().__init__()
        self.conv_pre = weight_norm(nn.Conv1d(BANDS, width, 7, padding=3))
        self.ups, self.resblocks, self.kinds = nn.ModuleList(), nn.ModuleList(), len(kernels)
        for r in rates:
            self.ups.append(weight_norm(nn.ConvTranspose1d(width, width // 2, 2 * r, r, padding=r // 2)))
            width //= 2
            self.resblocks.extend(block(width, k) for k in kernels)
        self.conv_post = weight_norm(nn.Conv1d(width, 1, 7, padding=3))

    def forward(self, x):
        x = self.conv_pre(x)
        for i, up in enumerate(self.ups):
            x = up(F.leaky_relu(x, 0.1))
            x = sum(b(x) for b in self.resblocks[i * self.kinds: (i + 1) * self.kinds]) / self.kinds
        return torch.tanh(self.conv_post(F.leaky_relu(x)))


class ResnetBlock(nn.Module):
    def __init__(self, n, d):
        super().__init__()
        self.block = nn.Sequential(nn.LeakyReLU(0.2), nn.ReflectionPad1d(d), weight_norm(nn.Conv1d(n, n, 3, dilation=d)),
                                   nn.LeakyReLU(0.2), weight_norm(nn.Conv1d(n, n, 1)))
        self.shortcut = weight_norm(nn.Conv1d(n, n, 1))

    def forward(self, x):
        return self.shortcut(x) + self.block(x)


class MelGAN(nn.Module):
    def __init__(self, rates=(8, 3), width=32):
        super().__init__()
        m = [nn.ReflectionPad1d(3), weight_norm(nn.Conv1d(BANDS, width, 7))]
        for r in rates:
            m += [nn.LeakyReLU(0.2), weight_norm(nn.ConvTranspose1d(width, width // 2, 2 * r, r, padding=r // 2 + r % 2, output_padding=r % 2))]
            width //= 2
            m += [ResnetBlock(width, 3 ** j) for j in range(3)]
        self.model = nn.Sequential(*m, nn.LeakyReLU(0.2), nn.ReflectionPad1d(3), weight_norm(nn.Conv1d(width, 1, 7)), nn.Tanh())

    def forward(self, x):
        return self.model(x)


class ConvNeXt(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.dwconv, self.norm = nn.Conv1d(n, n, 7, padding=3, groups=n), nn.LayerNorm(n, eps=1e-6)
        self.pwconv1, self.pwconv2, self.gamma = nn.Linear(n, 3 * n), nn.Linear(3 * n, n), nn.Parameter(torch.rand(n))

    def forward(self, x):
        h = self.pwconv2(F.gelu(self.pwconv1(self.norm(self.dwconv(x).transpose(1, 2)))))
        return x + (self.gamma * h).transpose(1, 2)


class Vocos(nn.Module):
    def __init__(self, n=24, n_fft=64):
        super().__init__()
        self.backbone, self.head, self.n_fft = nn.Module(), nn.Module(), n_fft
        b = self.backbone
        b.embed, b.norm, b.final_layer_norm = nn.Conv1d(BANDS, n, 7, padding=3), nn.LayerNorm(n, eps=1e-6), nn.LayerNorm(n, eps=1e-6)
        b.convnext = nn.ModuleList(ConvNeXt(n) for _ in range(2))
        self.head.out = nn.Linear(n, n_fft + 2)

    def forward(self, x):
        b = self.backbone
        x = b.norm(b.embed(x).transpose(1, 2)).transpose(1, 2)
        for c in b.convnext:
            x = c(x)
        mag, p = self.head.out(b.final_layer_norm(x.transpose(1, 2))).transpose(1, 2).chunk(2, 1)
        mag = mag.exp().clip(max=1e2)
        return torch.istft(mag * torch.complex(p.cos(), p.sin()), self.n_fft, self.n_fft // 4, window=torch.hann_window(self.n_fft), center=True)


for name, make in {"hifigan1": lambda: HiFiGAN(ResBlock1, (3, 7, 11), (4, 2)), "hifigan3": lambda: HiFiGAN(ResBlock2, (3, 5, 7), (8, 4)),
                   "melgan": MelGAN, "vocos": Vocos}.items():
    torch.manual_seed(1)
    net = make().eval()
    mel = torch.randn(1, BANDS, FRAMES)
    with torch.no_grad():
        wave = net(mel).reshape(-1)
    save_file({**{k: v.contiguous() for k, v in net.state_dict().items()}, "test.mel": mel[0].T.contiguous(), "test.wave": wave},
              f"{sys.argv[1]}/vocoder_{name}.safetensors")
    print(name, len(wave), float(wave.abs().max()))
torch.manual_seed(2)
x = torch.randn(700)
spectra = {"x": x}
for pad in ("reflect", "constant"):
    s = torch.stft(x, 128, 40, 100, torch.hann_window(100), center=True, pad_mode=pad, return_complex=True)
    spectra[pad] = torch.view_as_real(s).transpose(0, 1).contiguous()
s = torch.view_as_complex(spectra["reflect"].transpose(0, 1).contiguous())
spectra["back"] = torch.istft(s, 128, 40, 100, torch.hann_window(100), center=True)
save_file(spectra, sys.argv[1] + "/stft.safetensors")
