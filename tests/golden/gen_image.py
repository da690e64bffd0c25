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
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer
from PIL import Image
from diffusers import (AutoencoderKL, AutoencoderTiny, UNet2DConditionModel, StableDiffusionPipeline, StableDiffusionImg2ImgPipeline,
                       StableDiffusionInpaintPipeline, DDIMScheduler, DDPMScheduler, PNDMScheduler, EulerDiscreteScheduler,
                       EulerAncestralDiscreteScheduler, HeunDiscreteScheduler, DPMSolverMultistepScheduler,
                       UniPCMultistepScheduler, LCMScheduler)

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


MERGES = ["r e", "re d</w>", "a p", "p l", "ap pl", "appl e</w>", "c a", "ca t</w>", "h o", "ho u", "hou s", "hous e</w>", "a n",
          "an d</w>", "b l", "bl u", "blu e</w>", "t h", "th e</w>", "o n</w>"]
BOS, EOS = 512 + len(MERGES), 513 + len(MERGES)


def tokenizer(folder):
    """CLIP's byte-level BPE with a few merges."""
    shown = [*range(33, 127), *range(161, 173), *range(174, 256)]  # bytes that are shown as themselves
    letters = [chr(b) for b in shown] + [chr(256 + n) for n in range(256 - len(shown))]
    words = letters + [c + "</w>" for c in letters] + ["".join(m.split()) for m in MERGES] + ["<|startoftext|>", "<|endoftext|>"]
    path = OUT / folder
    path.mkdir(parents=True)
    (path / "vocab.json").write_text(json.dumps({w: i for i, w in enumerate(words)}, ensure_ascii=False))
    (path / "merges.txt").write_text("#version: 0.2\n" + "\n".join(MERGES) + "\n")
    (path / "tokenizer_config.json").write_text(json.dumps(
        {"tokenizer_class": "CLIPTokenizer", "model_max_length": 16, "bos_token": "<|startoftext|>", "eos_token": "<|endoftext|>",
         "unk_token": "<|endoftext|>", "pad_token": "<|endoftext|>"}, indent=1))
    return CLIPTokenizer.from_pretrained(path)


def weighted(words, model, parts):
    """What encoder_prompt_encode gives: [(text, weight), …] in chunks of 14 tokens, each vector weighed, each chunk's mean restored."""
    ids, weights = [], []
    for text, weight in parts:
        found = words(text, add_special_tokens=False).input_ids
        ids += found
        weights += [weight] * len(found)
    chunks = []
    for k in range(0, max(len(ids), 1), 14):
        i, w = ids[k:k + 14], weights[k:k + 14]
        rest = 16 - len(i) - 1
        z = model(torch.tensor([[BOS] + i + [EOS] * rest]))[0]
        scaled = z * torch.tensor([1.0] + w + [1.0] * rest)[None, :, None]
        chunks.append(scaled * (z.mean() / scaled.mean()) if any(x != 1 for x in w) else z)
    return torch.cat(chunks, 1)


def tiled(kl, z):
    """Decoded in tiles of 4 latents, 3 apart, each pixel shared by those that overlap there: shares change linearly over the 2
    pixels. (Diffusers' own tiles count the upper left one twice where four meet.)"""
    h, w = z.shape[2:]
    out = torch.zeros(1, 3, 2 * h, 2 * w)

    def shares(size):
        second = ((torch.arange(2 * size) - 6) / 2).clamp(0, 1)
        return (0, 1 - second), (3, second)

    for top, down in shares(h):
        for left, across in shares(w):
            part = kl.decode(z[:, :, top:top + 4, left:left + 4]).sample
            place = (slice(None), slice(None), slice(2 * top, 2 * top + part.shape[2]), slice(2 * left, 2 * left + part.shape[3]))
            out[place] += part * (down[:, None] * across)[place[2:]]
    return out


LONG = [("the red apple and the blue house on the cat and the blue apple and ", 1.0), ("the red house", 1.21)]  # 18 tokens: two chunks


def clip(folder, seed, **sizes):
    config = dict(vocab_size=EOS + 1, hidden_size=16, intermediate_size=32, num_hidden_layers=3, num_attention_heads=2,
                  max_position_embeddings=16, bos_token_id=BOS, eos_token_id=EOS, pad_token_id=EOS, projection_dim=16)
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
    ids = torch.randint(0, BOS, (1, 16), generator=g)
    ids[0, 0], ids[0, 9:] = BOS, EOS
    out["clip.ids"] = ids.int()
    out["clip.quick"] = quick(ids)[0]
    hidden = quick(ids, output_hidden_states=True).hidden_states
    final = quick.text_model.final_layer_norm if hasattr(quick, "text_model") else quick.final_layer_norm
    out["clip.quick.skip1"] = final(hidden[-2])
    out["clip.gelu"] = gelu(ids)[0]

    words = tokenizer("pipe/tokenizer")
    out["prompt.plain"] = weighted(words, quick, [("the red apple", 1.0)])
    out["prompt.weighted"] = weighted(words, quick, [("the ", 1.0), ("red", 1.3), (" ", 1.0), ("apple", 1.1), (" and ", 1.0), ("blue", 1 / 1.1)])
    out["prompt.long"] = weighted(words, quick, LONG)

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
    out["kl.tiled"] = tiled(kl, z / kl.config.scaling_factor)
    out["tiny.encode"] = tiny.encode(picture).latents * tiny.config.scaling_factor
    out["tiny.decode"] = tiny.decode(z / tiny.config.scaling_factor).sample
    save_file({k: v.contiguous() for k, v in out.items()}, OUT / "expected_networks.safetensors")


def compvis_names(levels, layers, up_attention):
    """Pairs (CompVis prefix, diffusers prefix) of a U-Net's modules, longest first where one is inside another."""
    unet = [("input_blocks.0.0", "conv_in"), ("time_embed.0", "time_embedding.linear_1"), ("time_embed.2", "time_embedding.linear_2"),
            ("out.0", "conv_norm_out"), ("out.2", "conv_out"), ("middle_block.0", "mid_block.resnets.0"),
            ("middle_block.1", "mid_block.attentions.0"), ("middle_block.2", "mid_block.resnets.1")]
    for i in range(levels):
        for j in range(layers):
            n = 1 + i * (layers + 1) + j
            unet += [(f"input_blocks.{n}.0", f"down_blocks.{i}.resnets.{j}"), (f"input_blocks.{n}.1", f"down_blocks.{i}.attentions.{j}")]
        unet += [(f"input_blocks.{(i + 1) * (layers + 1)}.0.op", f"down_blocks.{i}.downsamplers.0.conv")]
        for j in range(layers + 1):
            n = i * (layers + 1) + j
            unet += [(f"output_blocks.{n}.0", f"up_blocks.{i}.resnets.{j}"), (f"output_blocks.{n}.1", f"up_blocks.{i}.attentions.{j}")]
        unet += [(f"output_blocks.{n}.{2 if up_attention[i] else 1}.conv", f"up_blocks.{i}.upsamplers.0.conv")]
    return unet


def rename(tensors, prefix, pairs, inner):
    """Diffusers' names to CompVis': module prefixes by pairs, then the names inside a module."""
    out = {}
    for name, x in tensors.items():
        for theirs, ours in pairs:
            if name.startswith(ours + "."):
                rest = name[len(ours):]
                if re.search(r"resnets|block_[12]|block\.", theirs + ours):
                    for a, b in inner:
                        rest = re.sub(rf"^\.{a}\.", f".{b}.", rest)
                if "attn_1" in theirs:
                    for a, b in (("group_norm", "norm"), ("to_q", "q"), ("to_k", "k"), ("to_v", "v"), ("to_out.0", "proj_out")):
                        rest = re.sub(rf"^\.{a}\.", f".{b}.", rest)
                    if x.dim() == 2:
                        x = x[:, :, None, None]
                name = theirs + rest
                break
        out[prefix + name] = x.contiguous()
    return out


def single_file():
    """pipe/ as one file in CompVis' layout; diffusers' own conversion must give back the same tensors."""
    from diffusers.loaders.single_file_utils import convert_ldm_unet_checkpoint, convert_ldm_vae_checkpoint
    path = OUT / "pipe"
    unet, vae = (load_file(path / p / "diffusion_pytorch_model.safetensors") for p in ("unet", "vae"))
    text = load_file(path / "text_encoder" / "model.safetensors")
    resnet = [("norm1", "in_layers.0"), ("conv1", "in_layers.2"), ("time_emb_proj", "emb_layers.1"), ("norm2", "out_layers.0"),
              ("conv2", "out_layers.3"), ("conv_shortcut", "skip_connection")]
    pairs = [("quant_conv", "quant_conv"), ("post_quant_conv", "post_quant_conv")]
    for half in ("encoder", "decoder"):
        pairs += [(f"{half}.mid.block_1", f"{half}.mid_block.resnets.0"), (f"{half}.mid.block_2", f"{half}.mid_block.resnets.1"),
                  (f"{half}.mid.attn_1", f"{half}.mid_block.attentions.0"), (f"{half}.norm_out", f"{half}.conv_norm_out")]
    for i in range(2):
        pairs += [(f"encoder.down.{i}.downsample.conv", f"encoder.down_blocks.{i}.downsamplers.0.conv"),
                  (f"decoder.up.{1 - i}.upsample.conv", f"decoder.up_blocks.{i}.upsamplers.0.conv")]
        for j in range(2):
            pairs += [(f"encoder.down.{i}.block.{j}", f"encoder.down_blocks.{i}.resnets.{j}"),
                      (f"decoder.up.{1 - i}.block.{j}", f"decoder.up_blocks.{i}.resnets.{j}")]
    out = rename(unet, "model.diffusion_model.", compvis_names(2, 1, (False, True)), resnet)
    out |= rename(vae, "first_stage_model.", pairs, [("conv_shortcut", "nin_shortcut")])
    out |= {"cond_stage_model.transformer." + ("" if k.startswith("text_model.") else "text_model.") + k: x for k, x in text.items()}
    back = convert_ldm_unet_checkpoint(dict(out), json.loads((path / "unet" / "config.json").read_text()))
    assert back.keys() == unet.keys() and all(torch.equal(back[k], unet[k]) for k in unet), "U-Net names"
    back = convert_ldm_vae_checkpoint(dict(out), json.loads((path / "vae" / "config.json").read_text()))
    assert back.keys() == vae.keys() and all(torch.equal(back[k].flatten(), vae[k].flatten()) for k in vae), "autoencoder names"
    save_file(out, OUT / "pipe.safetensors")

    clip_gelu, open_clip = load_file(OUT / "clip_gelu" / "model.safetensors"), {}
    names = {"layer_norm1": "ln_1", "layer_norm2": "ln_2", "self_attn.out_proj": "attn.out_proj", "mlp.fc1": "mlp.c_fc", "mlp.fc2": "mlp.c_proj"}
    for k, x in clip_gelu.items():
        k = k.removeprefix("text_model.")
        if m := re.match(r"encoder\.layers\.(\d+)\.(.*)\.(weight|bias)$", k):
            n, inner, kind = m.groups()
            if inner == "self_attn.q_proj":
                three = [clip_gelu[next(t for t in clip_gelu if t.endswith(k.replace("q_proj", f"{c}_proj")))] for c in "qkv"]
                open_clip[f"transformer.resblocks.{n}.attn.in_proj_{kind}"] = torch.cat(three)
            elif inner in names:
                open_clip[f"transformer.resblocks.{n}.{names[inner]}.{kind}"] = x
        else:
            open_clip[{"embeddings.token_embedding.weight": "token_embedding.weight", "embeddings.position_embedding.weight": "positional_embedding",
                       "final_layer_norm.weight": "ln_final.weight", "final_layer_norm.bias": "ln_final.bias"}[k]] = x
    for k in [k for k in open_clip if ".1." in k]:
        open_clip[k.replace(".1.", ".2.")] = torch.zeros_like(open_clip[k])  # a last layer, which is not used
    save_file({"cond_stage_model.model." + k: x.contiguous() for k, x in open_clip.items()}, OUT / "openclip.safetensors")


def loras():
    """Files of rank 2 for pipe/: kohya's names (a convolution among them), diffusers' names, and those of its first years."""
    g = torch.Generator().manual_seed(40)
    unet, text = load_file(OUT / "pipe/unet/diffusion_pytorch_model.safetensors"), load_file(OUT / "pipe/text_encoder/model.safetensors")
    layers = [("unet", k.removesuffix(".weight"), x) for k, x in unet.items()
              if re.search(r"(to_[qkv]|to_out\.0|ff\.net\.0\.proj|proj_in|mid_block.resnets.0.conv1)\.weight$", k)]
    layers += [("te", k.removesuffix(".weight").removeprefix("text_model."), x) for k, x in text.items() if re.search(r"(q_proj|fc1)\.weight$", k)]
    kohya, peft = {}, {}
    for net, name, x in layers:
        down = (torch.randn((2,) + tuple(x.shape[1:]), generator=g) * 0.5).half()
        up = (torch.randn((x.shape[0], 2) + (1,) * (x.dim() - 2), generator=g) * 0.1).half()
        stem = f"lora_{net}_" + ("text_model_" if net == "te" else "") + name.replace(".", "_")
        kohya |= {stem + ".lora_down.weight": down, stem + ".lora_up.weight": up, stem + ".alpha": torch.tensor(1.0)}
        if x.dim() == 2:
            stem = ("unet." if net == "unet" else "text_encoder.text_model.") + name
            peft |= {stem + ".lora_A.weight": down, stem + ".lora_B.weight": up}
    save_file(kohya, OUT / "lora_kohya.safetensors")
    save_file(peft, OUT / "lora_peft.safetensors")
    old = {}
    for name, x in peft.items():
        if m := re.match(r"(unet\..*attn[12])\.(to_[qkv]|to_out)(?:\.0)?\.lora_([AB])\.weight$", name):
            layer, projection, half = m.groups()
            old[f"{layer}.processor.{projection}_lora.{'down' if half == 'A' else 'up'}.weight"] = x
    save_file(old, OUT / "lora_processor.safetensors")


def add_processors(unet, strength):
    """W + strength · up · down for lora_processor.safetensors, whose names diffusers reads no more."""
    updates = load_file(OUT / "lora_processor.safetensors")
    for name in [n for n in updates if n.endswith(".down.weight")]:
        layer, projection = re.match(r"unet\.(.*)\.processor\.(.*)_lora\.down\.weight$", name).groups()
        weight = unet.get_parameter(f"{layer}.{projection}{'.0' if projection == 'to_out' else ''}.weight")
        weight += strength * updates[name.replace(".down.", ".up.")].float() @ updates[name].float()


METHODS = {
    "ddpm": (DDPMScheduler, {}), "ddim": (DDIMScheduler, {}), "pndm": (PNDMScheduler, {}),
    "euler": (EulerDiscreteScheduler, {}), "euler_a": (EulerAncestralDiscreteScheduler, {}), "heun": (HeunDiscreteScheduler, {}),
    "dpm++2m": (DPMSolverMultistepScheduler, {}), "dpm++2m_karras": (DPMSolverMultistepScheduler, dict(use_karras_sigmas=True)),
    "dpm++2m_sde": (DPMSolverMultistepScheduler, dict(algorithm_type="sde-dpmsolver++")),
    "unipc": (UniPCMultistepScheduler, {}), "lcm": (LCMScheduler, {}),
}


def sde_scheduler(config, generator):
    """DPMSolverSDEScheduler, whose Brownian path is drawn from the generator in the order in which it is walked (gen_sampler.py)."""
    import sys, types
    from gen_sampler import Brownian
    sys.modules.setdefault("torchsde", types.ModuleType("torchsde"))
    import diffusers.schedulers.scheduling_dpmsolver_sde as module
    module.BrownianTreeNoiseSampler = lambda x, *rest, **more: Brownian(lambda: torch.randn(x.shape, generator=generator))
    return module.DPMSolverSDEScheduler.from_config(config)


def turned(a, b, share):
    """From a towards b along the sphere (Shoemake 1985)."""
    angle = torch.acos((a * b).sum().double() / (a.double().norm() * b.double().norm()))
    return (torch.sin((1 - share) * angle) * a + torch.sin(share * angle) * b) / torch.sin(angle)


def pipelines():
    """Pictures by diffusers from pipe/, f32: each method from one noise; from a picture; into a mask."""
    import logging, warnings
    warnings.simplefilter("ignore")
    path = OUT / "pipe"
    scheduler = DDIMScheduler(beta_schedule="scaled_linear", beta_start=0.00085, beta_end=0.012, clip_sample=False,
                              set_alpha_to_one=False, steps_offset=1)
    scheduler.save_pretrained(path / "scheduler")
    scheduler = DDIMScheduler.from_pretrained(path / "scheduler")  # else other classes would not keep its default values
    (path / "model_index.json").write_text(json.dumps(
        {"_class_name": "StableDiffusionPipeline", "scheduler": ["diffusers", "DDIMScheduler"],
         "text_encoder": ["transformers", "CLIPTextModel"], "tokenizer": ["transformers", "CLIPTokenizer"],
         "unet": ["diffusers", "UNet2DConditionModel"], "vae": ["diffusers", "AutoencoderKL"]}, indent=1))
    parts = dict(vae=AutoencoderKL.from_pretrained(path / "vae", torch_dtype=torch.float32),
                 text_encoder=CLIPTextModel.from_pretrained(path / "text_encoder", dtype=torch.float32),
                 tokenizer=CLIPTokenizer.from_pretrained(path / "tokenizer"),
                 unet=UNet2DConditionModel.from_pretrained(path / "unet", torch_dtype=torch.float32),
                 safety_checker=None, feature_extractor=None, requires_safety_checker=False)
    seeded = lambda: torch.Generator().manual_seed(5)
    start = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(9))
    np.save(OUT / "noise.npy", start.numpy())
    common = dict(prompt="the red apple", negative_prompt="blue", guidance_scale=3.0, output_type="np")
    out = {}

    def run(name, kind, scheduler, **options):
        pipe = kind(scheduler=scheduler, **parts)
        pipe.set_progress_bar_config(disable=True)
        out[name] = torch.from_numpy(pipe(**{**common, **options}, generator=seeded()).images[0])

    for name, (kind, options) in METHODS.items():
        steps = 4 if name == "lcm" else 6
        run(name, StableDiffusionPipeline, kind.from_config(scheduler.config, **options), latents=start.clone(), num_inference_steps=steps)
    out["torch"] = None  # the starting noise from the seed itself
    run("torch", StableDiffusionPipeline, scheduler, num_inference_steps=6)
    y, x = np.mgrid[0:16, 0:16]
    picture = Image.fromarray(np.stack([x * 16, y * 16, 255 - x * 8 - y * 8], 2).astype(np.uint8))
    mask = Image.fromarray(((x > 5) & (y > 3)).astype(np.uint8) * 255)
    picture.save(OUT / "picture.png")
    mask.save(OUT / "mask.png")
    run("img2img", StableDiffusionImg2ImgPipeline, scheduler, image=picture, strength=0.6, num_inference_steps=10)
    run("img2img_euler", StableDiffusionImg2ImgPipeline, EulerDiscreteScheduler.from_config(scheduler.config), image=picture,
        strength=0.6, num_inference_steps=10)
    run("inpaint", StableDiffusionInpaintPipeline, scheduler, image=picture, mask_image=mask, strength=0.8, num_inference_steps=10,
        height=16, width=16)
    for name in ("kohya", "peft"):
        pipe = StableDiffusionPipeline.from_pretrained(path, torch_dtype=torch.float32, safety_checker=None)
        pipe.set_progress_bar_config(disable=True)
        pipe.load_lora_weights(OUT, weight_name=f"lora_{name}.safetensors")
        pipe.fuse_lora(lora_scale=0.7)
        out[f"lora_{name}"] = torch.from_numpy(pipe(**common, latents=start.clone(), num_inference_steps=6).images[0])
    pipe = StableDiffusionPipeline.from_pretrained(path, torch_dtype=torch.float32, safety_checker=None)
    pipe.set_progress_bar_config(disable=True)
    add_processors(pipe.unet, 0.7)
    out["lora_processor"] = torch.from_numpy(pipe(**common, latents=start.clone(), num_inference_steps=6).images[0])
    run("turbo", StableDiffusionPipeline, EulerAncestralDiscreteScheduler.from_config(scheduler.config), latents=start.clone(),
        num_inference_steps=2, guidance_scale=0.0)
    run("dpm++sde", StableDiffusionPipeline, sde_scheduler(scheduler.config, seeded()), latents=start.clone(), num_inference_steps=6)

    (OUT / "trailing").mkdir(exist_ok=True)  # Turbo's spacing of the steps
    trailing = DDIMScheduler.from_config(scheduler.config, timestep_spacing="trailing")
    trailing.save_config(OUT / "trailing")
    run("trailing_ddim", StableDiffusionPipeline, trailing, latents=start.clone(), num_inference_steps=6)
    for steps in (1, 4):
        run(f"trailing_euler_a_{steps}", StableDiffusionPipeline, EulerAncestralDiscreteScheduler.from_config(trailing.config),
            latents=start.clone(), num_inference_steps=steps, guidance_scale=0.0)

    words, text = parts["tokenizer"], parts["text_encoder"]
    long = weighted(words, text, LONG)
    negative = torch.cat([weighted(words, text, [("blue", 1.0)]), weighted(words, text, [("", 1.0)])], 1)
    run("long_weighted", StableDiffusionPipeline, scheduler, latents=start.clone(), num_inference_steps=6, prompt=None, negative_prompt=None,
        prompt_embeds=long, negative_prompt_embeds=negative)
    other = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(6))
    own = torch.randn(1, 4, 8, 8, generator=seeded())

    def skipped(prompt):
        ids = words(prompt, padding="max_length", max_length=16, return_tensors="pt").input_ids
        hidden = text(ids, output_hidden_states=True).hidden_states
        return (text.text_model if hasattr(text, "text_model") else text).final_layer_norm(hidden[-2])

    run("clip_skip", StableDiffusionPipeline, scheduler, latents=start.clone(), num_inference_steps=6, prompt=None, negative_prompt=None,
        prompt_embeds=skipped(common["prompt"]), negative_prompt_embeds=skipped(common["negative_prompt"]))
    run("variation", StableDiffusionPipeline, scheduler, latents=turned(own, other, 0.3).float(), num_inference_steps=6)
    save_file({k: v.contiguous() for k, v in out.items()}, OUT / "expected_pictures.safetensors")


if __name__ == "__main__":
    main()
    single_file()
    loras()
    pipelines()
