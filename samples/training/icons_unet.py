"""The icon model's U-Net: renders what the text encoder wrote. Velocity prediction (Salimans and Ho 2022), AdamW, averaged
weights; a tenth of the captions is empty, for guidance (Ho and Salimans 2022).

The code gets a noise of random strength while the U-Net learns: it must see the thing in a code that is not quite right, and
what the code leaves open is left to the seed.
"""
import os, random

import torch
import torch.nn.functional as F

from icons_common import DEVICE, Average, Checkpoint, Progress, Stop, autocast
from icons_text import WIDTH, fall

CHANNELS = (64, 128, 192)
BATCH = 256 if DEVICE == "cuda" else 16
RATE = 8e-4
SCHEDULE = dict(num_train_timesteps=1000, beta_schedule="scaled_linear", beta_start=.00085, beta_end=.012, prediction_type="v_prediction")
CODE_NOISE = .25  # its most, as a share of the states' own spread


def make(channels):
    from diffusers import UNet2DConditionModel
    from diffusers.models.attention_processor import AttnProcessor
    unet = UNet2DConditionModel(
        sample_size=16, in_channels=channels, out_channels=channels, block_out_channels=CHANNELS, layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"), cross_attention_dim=WIDTH,
        attention_head_dim=8, norm_num_groups=16)
    if DEVICE == "cpu":
        unet.set_attn_processor(AttnProcessor())  # plain products: the fused attention's backward is slow on a CPU
    return unet.to(DEVICE)


def times(count, part):
    """Noise levels: in proportion to t in the first half of the plan, where the picture is settled; evenly afterwards."""
    u = torch.rand(count, device=DEVICE)
    return (1000 * (u.sqrt() if part < .5 else u)).long().clamp(0, 999)


def train(folder, pool, tokens, text, until, plan):
    """The U-Net after UNTIL samples of the PLAN's; goes on from FOLDER/unet.pt. Returns it with the averaged weights."""
    from diffusers import DDPMScheduler
    check, unet = Checkpoint(os.path.join(folder, "unet.pt")), make(pool.plain.shape[1])
    params, schedule = list(unet.parameters()), DDPMScheduler(**SCHEDULE)
    state = check.load() or dict(done=0, step=0)
    if "model" in state:
        unet.load_state_dict(state["model"])
    average = Average(params, state.get("average"))
    optimizer = torch.optim.AdamW(params, RATE, betas=(.9, .99), weight_decay=1e-2, fused=True)
    if "optimizer" in state:
        optimizer.load_state_dict(state["optimizer"])
    done, step = state["done"], state["step"]
    progress, begun = Progress("unet", done, until), done

    def save():
        check.save(model=unet.state_dict(), average=average.values, optimizer=optimizer.state_dict(), done=done, step=step)

    while done < until and not Stop.asked:
        part = done / plan
        for g in optimizer.param_groups:
            g["lr"] = RATE * min(1, (step + 1) / 200) * fall(part)
        if step % 8 == 0:
            pool.renew(max(1, BATCH // 4))
        whole = random.random() < (.1 if part < .85 else .5)
        z, captions = pool.draw(BATCH, empty=.1, wordy=whole)
        ids, places = tokens.batch(captions, whole)
        noise, t = torch.randn_like(z), times(len(z), part)
        noisy, target = schedule.add_noise(z, noise, t), schedule.get_velocity(z, noise, t)
        with autocast():
            with torch.no_grad():
                states = text(input_ids=ids, position_ids=places)[0]
                states = states + CODE_NOISE * torch.rand(len(z), 1, 1, device=DEVICE) * states.std() * torch.randn_like(states)
            velocity = unet(noisy, t, states).sample
        loss = F.mse_loss(velocity.float(), target)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(params, 1.0)
        optimizer.step()
        done, step = done + BATCH, step + 1
        average.update(step, .9995)
        if progress.step(BATCH, loss.item()):
            save()
    if done > begun:
        save()
        pool.save()
    Stop.leave_if_asked()
    with torch.no_grad():
        torch._foreach_copy_(params, average.values)
    return unet.eval().requires_grad_(False)
