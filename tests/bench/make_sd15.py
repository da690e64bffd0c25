"""Makes a diffusers folder of Stable Diffusion 1.5's shapes with random float16 weights, to measure speed and memory with.

It draws noise, but with the real model's number of operations and bytes. Needs torch, diffusers and transformers; writes
about 2.1 GB. Run: python3 tests/bench/make_sd15.py FOLDER
"""
import json
import os
import sys

import torch
from diffusers import AutoencoderKL, PNDMScheduler, UNet2DConditionModel
from safetensors.torch import load_file, save_file
from transformers import CLIPTextConfig, CLIPTextModel

folder = sys.argv[1]
torch.manual_seed(0)

unet = UNet2DConditionModel(
    sample_size=64, in_channels=4, out_channels=4, cross_attention_dim=768, attention_head_dim=8, layers_per_block=2,
    block_out_channels=(320, 640, 1280, 1280),
    down_block_types=("CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"),
    up_block_types=("UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"))
unet.half().save_pretrained(os.path.join(folder, "unet"))
del unet

vae = AutoencoderKL(
    in_channels=3, out_channels=3, latent_channels=4, sample_size=512, layers_per_block=2, block_out_channels=(128, 256, 512, 512),
    down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4, scaling_factor=0.18215)
vae.half().save_pretrained(os.path.join(folder, "vae"))

text = CLIPTextModel(CLIPTextConfig(hidden_size=768, intermediate_size=3072, num_hidden_layers=12, num_attention_heads=12,
                                    vocab_size=49408, max_position_embeddings=77, hidden_act="quick_gelu", projection_dim=768,
                                    bos_token_id=49406, eos_token_id=49407, pad_token_id=1))
text.half().save_pretrained(os.path.join(folder, "text_encoder"))
path = os.path.join(folder, "text_encoder", "model.safetensors")
tensors = load_file(path)  # under the names of the published files, which transformers 5 has shortened
save_file({name if name.startswith("text_model.") else "text_model." + name: x for name, x in tensors.items()}, path, {"format": "pt"})

PNDMScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", skip_prk_steps=True, steps_offset=1,
              set_alpha_to_one=False).save_pretrained(os.path.join(folder, "scheduler"))

# A tokenizer of single letters: every prompt is padded to 77 tokens, so the time is the same as with the real one.
letters = list(range(33, 127)) + list(range(161, 173)) + list(range(174, 256))
others = [b for b in range(256) if b not in letters]
symbols = [chr(b) for b in letters] + [chr(256 + i) for i in range(len(others))]
vocabulary = symbols + [s + "</w>" for s in symbols]
vocabulary += [f"unused{i}" for i in range(49406 - len(vocabulary))] + ["<|startoftext|>", "<|endoftext|>"]
os.makedirs(os.path.join(folder, "tokenizer"), exist_ok=True)
with open(os.path.join(folder, "tokenizer", "vocab.json"), "w") as f:
    json.dump({v: i for i, v in enumerate(vocabulary)}, f)
with open(os.path.join(folder, "tokenizer", "merges.txt"), "w") as f:
    f.write("#version: 0.2\n")
with open(os.path.join(folder, "tokenizer", "tokenizer_config.json"), "w") as f:
    json.dump({"model_max_length": 77, "tokenizer_class": "CLIPTokenizer", "bos_token": "<|startoftext|>",
               "eos_token": "<|endoftext|>", "pad_token": "<|endoftext|>", "unk_token": "<|endoftext|>"}, f)
with open(os.path.join(folder, "model_index.json"), "w") as f:
    json.dump({"_class_name": "StableDiffusionPipeline", "_diffusers_version": "0.30.0", "feature_extractor": [None, None],
               "requires_safety_checker": False, "safety_checker": [None, None], "scheduler": ["diffusers", "PNDMScheduler"],
               "text_encoder": ["transformers", "CLIPTextModel"], "tokenizer": ["transformers", "CLIPTokenizer"],
               "unet": ["diffusers", "UNet2DConditionModel"], "vae": ["diffusers", "AutoencoderKL"]}, f)
