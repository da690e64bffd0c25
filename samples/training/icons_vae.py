"""The icon model's autoencoder: AutoencoderTiny, 128 × 128 pixels to 16 × 16 places of 4 channels.

It is the one of the model that the tree has. Its encoder stays as it is, for text encoder and U-Net work with what it
writes; its decoder learns to read it better: L1 + MSE/2 + L1 of gradients on random crops over random backgrounds, with a
little noise on the latent, so that it forgives what the U-Net gets wrong.
"""
import os

import numpy as np
import torch
import torch.nn.functional as F

from icons_common import DEVICE, Average, Checkpoint, Progress, Stop, autocast, over

CROP, BATCH, RATE = 64, 8, 5e-4
NOISE = .05  # on the latent, as a share of its spread


def read_packed(path):
    """The tensors of a safetensors file, 8-bit ones widened as docs/formats.md says."""
    from safetensors.torch import load_file
    tensors = load_file(path)
    packed = {n for n, x in tensors.items() if x.dtype == torch.int8}
    widen = lambda n, x: x.float() * tensors[n + ".scale"].view(-1, *[1] * (x.ndim - 1)) if n in packed else x.float()
    return {n: widen(n, x) for n, x in tensors.items() if n.removesuffix(".scale") not in packed or n in packed}


def load(folder):
    """The autoencoder of a diffusers folder, packed or not."""
    from diffusers import AutoencoderTiny
    vae = AutoencoderTiny.from_config(AutoencoderTiny.load_config(folder))
    vae.load_state_dict(read_packed(os.path.join(folder, "diffusion_pytorch_model.safetensors")))
    return vae.to(DEVICE, memory_format=torch.channels_last).eval().requires_grad_(False)


def crops(icons, count):
    """Random crops over random backgrounds -> [count, 3, 64, 64] in -1 … 1."""
    x = []
    for i in np.random.randint(0, len(icons.pixels), count):
        y0, x0 = np.random.randint(0, icons.pixels.shape[1] - CROP + 1, 2)
        color = (255, 255, 255) if np.random.rand() < .5 else np.random.rand(3) * 255
        crop = icons.pixels[i][y0:y0 + CROP, x0:x0 + CROP]
        x.append(over(crop[:, ::-1] if np.random.rand() < .5 else crop, color))
    return torch.stack(x).to(DEVICE, memory_format=torch.channels_last)


def loss_of(vae, x):
    with torch.no_grad():
        z = vae.encoder(x)
        z = z + NOISE / vae.config.scaling_factor * torch.randn_like(z)
    y = vae.decoder(z).float()
    edges = F.l1_loss(y.diff(dim=3), x.diff(dim=3)) + F.l1_loss(y.diff(dim=2), x.diff(dim=2))
    return F.l1_loss(y, x) + .5 * F.mse_loss(y, x) + edges


@torch.no_grad()
def quality(vae, icons):
    """Decibels of the round trip of 128 icons on white."""
    x = torch.stack([over(icons.pixels[i], (255, 255, 255)) for i in range(0, len(icons.pixels), len(icons.pixels) // 128)][:128]).to(DEVICE)
    y = torch.cat([vae.decoder(vae.encoder(part)) for part in x.split(32)])
    return -10 * torch.log10(F.mse_loss(y.clamp(-1, 1), x) / 4).item()


def train(folder, icons, vae, samples):
    """The decoder after SAMPLES crops; goes on from FOLDER/decoder.pt. Returns the autoencoder with the averaged weights."""
    check = Checkpoint(os.path.join(folder, "decoder.pt"))
    params = list(vae.decoder.requires_grad_(True).parameters())
    state = check.load() or dict(done=0)
    if "model" in state:
        vae.decoder.load_state_dict(state["model"])
    average, done = Average(params, state.get("average")), state["done"]
    optimizer = torch.optim.AdamW(params, RATE, betas=(.9, .99), weight_decay=1e-4)
    if "optimizer" in state:
        optimizer.load_state_dict(state["optimizer"])
    progress, begun = Progress("decoder", done, samples), done

    def save():
        check.save(model=vae.decoder.state_dict(), average=average.values, optimizer=optimizer.state_dict(), done=done)

    while done < samples and not Stop.asked:
        for g in optimizer.param_groups:
            g["lr"] = RATE * min(1, (done + BATCH) / (100 * BATCH)) * max(.02, min(1, (1 - done / samples) / .6))
        with autocast():
            loss = loss_of(vae, crops(icons, BATCH))
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(params, 1.0)
        optimizer.step()
        done += BATCH
        average.update(done // BATCH, .998)
        if progress.step(BATCH, loss.item()):
            save()
    if done > begun:
        save()
    Stop.leave_if_asked()
    with torch.no_grad():
        torch._foreach_copy_(params, average.values)
    vae.decoder.requires_grad_(False)
    print(f"decoder: {quality(vae, icons):.2f} dB on 128 icons", flush=True)
    return vae
