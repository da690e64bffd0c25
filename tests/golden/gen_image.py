"""Makes tests/golden/image: tiny random picture models and what transformers and diffusers compute with them.

    python tests/golden/gen_image.py        (torch, transformers, diffusers, peft, safetensors)

pipe/ is a whole diffusers folder (Stable Diffusion 1.x in small); pipe.safetensors the same weights in the single-file
layout of CompVis; the other folders hold single networks with other configs. Weights are f16, so that f32 sums of the
same numbers are compared. expected_*.safetensors hold inputs and outputs, f32.
"""
import json, pathlib, re, shutil
import numpy as np
import torch
from safetensors.torch import save_file, load_file
from transformers import CLIPTextConfig, CLIPTextModel
from diffusers import (AutoencoderKL, AutoencoderTiny, UNet2DConditionModel, DDIMScheduler, StableDiffusionPipeline,
                       StableDiffusionImg2ImgPipeline)

OUT = pathlib.Path(__file__).parent / "image"
torch.set_grad_enabled(False)


def randomise(model, seed, gain=1.0):
    """Weights of a size that keeps activations near 1, rounded to f16; norms differ from 1 and 0."""
    g = torch.Generator().manual_seed(seed)
    for name, p in model.named_parameters():
        if p.dim() > 1:
            fan = p[0].numel()
            p.copy_(torch.randn(p.shape, generator=g) * gain / fan ** 0.5)
        elif "norm" in name and name.endswith("weight"):
            p.copy_(1 + 0.2 * torch.randn(p.shape, generator=g))
        else:
            p.copy_(0.1 * torch.randn(p.shape, generator=g))
        p.copy_(p.half().float())
    return model.eval()


def save(model, folder):
    """As f16; the model itself stays f32."""
    path = OUT / folder
    model.save_pretrained(path)
    for f in path.glob("*.safetensors"):
        tensors = {k: v.half() for k, v in load_file(f).items()}
        save_file(tensors, f, metadata={"format": "pt"})


def clip(folder, seed, **sizes):
    config = dict(vocab_size=300, hidden_size=16, intermediate_size=32, num_hidden_layers=3, num_attention_heads=2,
                  max_position_embeddings=16, bos_token_id=298, eos_token_id=299, pad_token_id=299, projection_dim=16)
    config.update(sizes)
    model = randomise(CLIPTextModel(CLIPTextConfig(**config)), seed)
    save(model, folder)
    return model


UNET = dict(sample_size=8, in_channels=4, out_channels=4, block_out_channels=(8, 16), layers_per_block=1, norm_num_groups=4,
            down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"), up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
            cross_attention_dim=16, attention_head_dim=2)


def unet(folder, seed, **changes):
    model = randomise(UNet2DConditionModel(**{**UNET, **changes}), seed)
    save(model, folder)
    return model


def main():
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    g = torch.Generator().manual_seed(1)
    noise = lambda *s: torch.randn(s, generator=g)
    out = {}

    # ---- text encoders ----
    quick = clip("pipe/text_encoder", 10, hidden_act="quick_gelu")
    gelu = clip("clip_gelu", 11, hidden_act="gelu", num_hidden_layers=2, hidden_size=24, num_attention_heads=3)
    ids = torch.randint(0, 298, (1, 16), generator=g)
    ids[0, 0], ids[0, 9:] = 298, 299
    out["clip.ids"] = ids.int()
    out["clip.quick"] = quick(ids)[0]
    hidden = quick(ids, output_hidden_states=True).hidden_states
    final = quick.text_model.final_layer_norm if hasattr(quick, "text_model") else quick.final_layer_norm
    out["clip.quick.skip1"] = final(hidden[-2])
    out["clip.gelu"] = gelu(ids)[0]

    # ---- U-Nets ----
    sd1 = unet("pipe/unet", 20)
    variants = {
        "pipe/unet": sd1,
        "unet_sd2": unet("unet_sd2", 21, use_linear_projection=True, attention_head_dim=[2, 4], layers_per_block=2,
                         down_block_types=("CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
                         up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D"), transformer_layers_per_block=[1, 2]),
        "unet_lcm": unet("unet_lcm", 22, time_cond_proj_dim=12, block_out_channels=(8, 16, 24), flip_sin_to_cos=False,
                         freq_shift=1, mid_block_type=None,
                         down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"),
                         up_block_types=("UpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D")),
    }
    for name, model in variants.items():
        tag = name.split("/")[-1]
        x, text = noise(2, 4, 8, 10), noise(2, 7, 16)
        if tag == "unet_lcm":
            x = noise(2, 4, 7, 9)  # odd sizes: rounded up on the way down
        cond = None
        if model.config.time_cond_proj_dim:
            w, half = 7.5 - 1, model.config.time_cond_proj_dim // 2
            f = torch.exp(torch.arange(half) * -(np.log(10000.0) / (half - 1))) * w * 1000
            cond = torch.cat([f.sin(), f.cos()])[None].float().expand(2, -1)
        out[f"{tag}.x"], out[f"{tag}.text"] = x, text
        out[f"{tag}.y"] = model(x, 481, text, timestep_cond=cond).sample

    # ---- autoencoders ----
    kl = randomise(AutoencoderKL(block_out_channels=(8, 16), layers_per_block=1, norm_num_groups=4, latent_channels=4,
                                 down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2,
                                 sample_size=16), 30)
    save(kl, "pipe/vae")
    tiny = randomise(AutoencoderTiny(encoder_block_out_channels=(8,) * 3, decoder_block_out_channels=(8,) * 3,
                                     num_encoder_blocks=(1, 2, 1), num_decoder_blocks=(2, 1, 1), scaling_factor=0.9), 31)
    save(tiny, "vae_tiny")
    picture, z = noise(1, 3, 16, 20).clamp(-1, 1), noise(1, 4, 6, 5)
    out["vae.picture"], out["vae.z"] = picture, z
    moments = kl.encode(picture).latent_dist
    out["kl.noise"] = noise(*moments.mean.shape)
    out["kl.encode"] = (moments.mean + moments.std * out["kl.noise"]) * kl.config.scaling_factor
    out["kl.mean"] = moments.mean * kl.config.scaling_factor
    out["kl.decode"] = kl.decode(z / kl.config.scaling_factor).sample
    out["tiny.encode"] = tiny.encode(picture).latents * tiny.config.scaling_factor
    out["tiny.decode"] = tiny.decode(z / tiny.config.scaling_factor).sample
    save_file({k: v.contiguous() for k, v in out.items()}, OUT / "expected_networks.safetensors")


if __name__ == "__main__":
    main()
