"""Pictures drawn by the icon model while it is in training: sheets to look at."""
import numpy as np
import torch
from PIL import Image

import icons_text, icons_unet
from icons_common import DEVICE
from icons_pool import CODE


@torch.no_grad()
def encode(captions, tokens, text):
    ids, places = tokens.batch(captions, whole=True)
    return text(input_ids=ids, position_ids=places)[0]


@torch.no_grad()
def draw(captions, tokens, text, unet, vae, steps, guidance, seed=7):
    """[n, 3, 128, 128] in 0 … 1."""
    from diffusers import DDIMScheduler
    plan = DDIMScheduler(**icons_unet.SCHEDULE, clip_sample=False, set_alpha_to_one=False, steps_offset=1)
    plan.set_timesteps(steps)
    noise, parts = torch.Generator().manual_seed(seed), []
    empty = encode([""], tokens, text)
    for i in range(0, len(captions), 32):
        given = encode(captions[i:i + 32], tokens, text)
        given = torch.cat([given, empty.expand_as(given)])
        x = torch.randn(len(given) // 2, unet.config.in_channels, 16, 16, generator=noise).to(DEVICE)
        for t in plan.timesteps:
            told, untold = unet(torch.cat([x, x]), t, given).sample.chunk(2)
            x = plan.step(untold + guidance * (told - untold), t, x).prev_sample
        parts.append(vae.decoder(x / vae.config.scaling_factor).clamp(-1, 1) * .5 + .5)
    return torch.cat(parts).cpu()


@torch.no_grad()
def read_code(captions, tokens, text, vae):
    """What the text encoder alone wrote, decoded: it says what the U-Net will be told."""
    channels = vae.config.latent_channels
    states = encode(captions, tokens, text)[:, -CODE:]
    z = icons_text.pictures(icons_text.Head(channels)(states), channels)
    return (vae.decoder(z / vae.config.scaling_factor).clamp(-1, 1) * .5 + .5).cpu()


def sheet(path, pictures, columns=8):
    size = pictures.shape[-1]
    rows = -(-len(pictures) // columns)
    page = np.full((rows * size, columns * size, 3), 255, np.uint8)
    for k, p in enumerate(pictures):
        y, x = k // columns * size, k % columns * size
        page[y:y + size, x:x + size] = (p.permute(1, 2, 0).numpy() * 255).round()
    Image.fromarray(page).save(path)


def save_code(path, captions, tokens, text, vae):
    sheet(path, read_code(captions, tokens, text, vae))


def save_sheet(path, captions, tokens, text, unet, vae, steps, guidance):
    sheet(path, draw(captions, tokens, text, unet, vae, steps, guidance))
