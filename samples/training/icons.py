#!/usr/bin/env python3
"""Trains the icon model, aigc's default for pictures: an autoencoder, then a text encoder and a U-Net on its latents.

    python samples/training/icons.py --data FOLDER --out FOLDER --minutes 90

FOLDER of --data holds icons.json and icons.webps (icons_data.py makes them from npm packages). Everything is kept in
--out: run the same command again and it goes on where it stopped, or trains longer. --start takes a diffusers folder to
begin from. At the end --out/pipe is a diffusers folder, --out/sheet.png sixteen pictures and --out/card.json the figures;
pack.py turns pipe into the 8-bit folder that aigc ships.

Needs: torch diffusers transformers tokenizers pillow. A GPU is used when torch sees one.

Method: autoencoder: L1 + MSE/2 + L1 of gradients on random crops over random backgrounds (AutoencoderTiny, x8, 4
channels). Text encoder: first alone, foretelling the mean latent of a caption's icons by a linear head that is dropped
afterwards: minutes that save the U-Net hours. Diffusion: v-prediction (Salimans and Ho 2022) with every noise level
weighted alike (where the noise is strong the words decide, and min-SNR weights all but hide those levels), 10 % empty
captions for guidance (Ho and Salimans 2022), AdamW, exponential moving average of the weights.
"""
import argparse, contextlib, io, json, os, random, shutil, signal, time

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

STYLES = {"noto": "cartoon", "fluent-emoji-flat": "flat", "fluent-emoji-3d": "3d"}
BACKGROUNDS = {"white": (255, 255, 255), "black": (0, 0, 0), "red": (220, 40, 40), "green": (60, 160, 60),
               "blue": (50, 90, 220), "yellow": (250, 210, 50), "pink": (250, 160, 190), "sky": (120, 200, 240),
               "gray": (150, 150, 150)}
SHEET = ["red apple", "a cat", "house", "rocket", "3d red heart", "flat tree", "cartoon pizza", "grinning face",
         "car on a blue background", "a dog", "sun, yellow background", "guitar", "penguin", "rose", "robot",
         "flat fish on a green background"]
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


def read_icons(folder, groups):
    """Icons as uint8 [N, 128, 128, 4] and their captions' parts, from the packed WebP file."""
    meta = json.load(open(os.path.join(folder, "icons.json")))
    if groups:
        meta = [m for m in meta if str(m["group"]) in groups]
    packed = open(os.path.join(folder, "icons.webps"), "rb").read()
    pictures = [Image.open(io.BytesIO(packed[m["offset"]:m["offset"] + m["length"]])).convert("RGBA") for m in meta]
    return torch.from_numpy(np.stack([np.asarray(p) for p in pictures])), meta


def over(icons, color):
    """Icons [n, h, w, 4] on a background -> [n, 3, h, w] in -1 … 1."""
    a = icons.float()
    alpha = a[..., 3:] / 255
    rgb = a[..., :3] * alpha + torch.as_tensor(color).float() * (1 - alpha)
    return (rgb / 127.5 - 1).permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last)


def autocast():
    return torch.autocast(DEVICE, torch.bfloat16)


class Checkpoint:
    """A dictionary on disk that is replaced whole."""

    def __init__(self, path):
        self.path = path

    def load(self):
        return torch.load(self.path, weights_only=False) if os.path.exists(self.path) else None

    def save(self, **state):
        torch.save(state, self.path + ".new")
        os.replace(self.path + ".new", self.path)


class Average:
    """Exponential moving average of parameters."""

    def __init__(self, params, values=None):
        self.params, self.values = params, values or [p.detach().clone() for p in params]

    def update(self, step, limit):
        decay = min(limit, (1 + step) / (10 + step))
        with torch.no_grad():
            torch._foreach_lerp_(self.values, [p.detach() for p in self.params], 1 - decay)

    @contextlib.contextmanager
    def applied(self):
        kept = [p.detach().clone() for p in self.params]
        with torch.no_grad():
            for p, v in zip(self.params, self.values):
                p.copy_(v)
        yield
        with torch.no_grad():
            for p, v in zip(self.params, kept):
                p.copy_(v)


# ---- the autoencoder ----

def make_autoencoder(start):
    from diffusers import AutoencoderTiny
    if start:
        return AutoencoderTiny.from_pretrained(os.path.join(start, "vae")).float()
    return AutoencoderTiny(in_channels=3, out_channels=3, encoder_block_out_channels=(32,) * 4,
                           decoder_block_out_channels=(48,) * 4, num_encoder_blocks=(1, 2, 2, 2),
                           num_decoder_blocks=(2, 2, 2, 1), latent_channels=4, scaling_factor=1.0, force_upcast=False)


def train_autoencoder(args, icons, vae):
    """Random 64-pixel crops. With --start only the decoder learns, so that the latents of the U-Net stay what they are."""
    params = list((vae.decoder if args.start else vae).parameters())
    check = Checkpoint(os.path.join(args.out, "autoencoder.pt"))
    state = check.load() or {}
    if state:
        vae.load_state_dict(state["model"])
    done = state.get("minutes", 0.0)
    vae.to(DEVICE, memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(params, 1e-3, weight_decay=1e-4)
    average, begun, step = Average(params), time.time(), 0
    while done + (spent := (time.time() - begun) / 60) < args.autoencoder_minutes:
        part = (done + spent) / args.autoencoder_minutes
        for g in optimizer.param_groups:
            g["lr"] = 1e-3 * min(1, (step + 1) / 100) * (0.5 * (1 + np.cos(np.pi * part)) * .98 + .02)
        pick = torch.randint(0, len(icons), (args.autoencoder_batch,))
        color = (255, 255, 255) if random.random() < .5 else torch.rand(3) * 255
        y0, x0 = random.randrange(65), random.randrange(65)
        x = over(icons[pick][:, y0:y0 + 64, x0:x0 + 64], color).to(DEVICE)
        if random.random() < .5:
            x = x.flip(3)
        with autocast():
            z = vae.encoder(x)
            y = vae.decoder(z)
        y, z = y.float(), z.float()
        loss = F.l1_loss(y, x) + .5 * F.mse_loss(y, x) + F.l1_loss(y.diff(dim=3), x.diff(dim=3)) + F.l1_loss(y.diff(dim=2), x.diff(dim=2))
        if not args.start:
            loss = loss + .01 * ((z.mean((0, 2, 3)) ** 2).mean() + ((z.var((0, 2, 3)) - 1) ** 2).mean()) + .1 * F.relu(z.abs() - 3).mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(params, 1.0)
        optimizer.step()
        step += 1
        average.update(step, .999)
        if step % 100 == 0:
            print(f"autoencoder {step}: {spent:.1f} min, loss {loss.item():.4f}", flush=True)
    if step:
        with torch.no_grad():
            for p, v in zip(params, average.values):
                p.copy_(v)
        check.save(model=vae.state_dict(), minutes=args.autoencoder_minutes)
    vae.cpu().eval()
    with torch.no_grad():
        x = over(icons[::max(1, len(icons) // 128)], BACKGROUNDS["white"])
        psnr = -10 * torch.log10(F.mse_loss(vae.decoder(vae.encoder(x)).clamp(-1, 1), x) / 4).item()
    print(f"autoencoder: {psnr:.2f} dB on 128 icons", flush=True)
    return psnr


def make_latents(args, icons, vae):
    """Latents over every background: [1 + backgrounds, N, 4, 16, 16]; the first two are white, plain and mirrored."""
    check = Checkpoint(os.path.join(args.out, "latents.pt"))
    state = check.load()
    if state and state["z"].shape[1] == len(icons):
        return state["z"]
    sets = []
    for name, color in BACKGROUNDS.items():
        for mirrored in (False, True) if name == "white" else (False,):
            parts = []
            for i in range(0, len(icons), 128):
                x = over(icons[i:i + 128], color)
                with torch.no_grad(), autocast():
                    parts.append(vae.encoder(x.flip(3) if mirrored else x).float())
            sets.append(torch.cat(parts))
    z = torch.stack(sets)
    if not args.start:
        vae.register_to_config(scaling_factor=(1 / z[0].std()).item())
    z = (z * vae.config.scaling_factor).half()
    check.save(z=z)
    return z


# ---- text encoder and U-Net ----

def make_tokenizer(args, meta):
    from transformers import CLIPTokenizer
    folder = os.path.join(args.start or os.path.join(args.out, "pipe"), "tokenizer")
    if args.start and not os.path.exists(os.path.join(folder, "vocab.json")):
        raise SystemExit(f"{folder}: no vocab.json, and another vocabulary would not fit the text encoder")
    if not os.path.exists(os.path.join(folder, "vocab.json")):
        from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers
        words = [w for m in meta for w in [m["label"]] * 3 + m["tags"]]
        words += [f"a cartoon icon of, flat 3d style on a {c} background picture" for c in BACKGROUNDS] * 50
        t = Tokenizer(models.BPE(continuing_subword_prefix="", end_of_word_suffix="</w>", unk_token="<|endoftext|>"))
        t.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()])
        pattern = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
        t.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(pattern), behavior="removed", invert=True),
                                                   pre_tokenizers.ByteLevel(add_prefix_space=False)])
        t.train_from_iterator(words, trainers.BpeTrainer(vocab_size=4094, end_of_word_suffix="</w>",
                                                         initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
        os.makedirs(folder, exist_ok=True)
        t.model.save(folder)
        vocab = json.load(open(os.path.join(folder, "vocab.json")))
        vocab["<|startoftext|>"], vocab["<|endoftext|>"] = len(vocab), len(vocab) + 1
        json.dump(vocab, open(os.path.join(folder, "vocab.json"), "w"), ensure_ascii=False)
        CLIPTokenizer(os.path.join(folder, "vocab.json"), os.path.join(folder, "merges.txt"), model_max_length=32,
                      pad_token="<|endoftext|>").save_pretrained(folder)
    return CLIPTokenizer.from_pretrained(folder)


def make_models(args, tokenizer):
    from diffusers import UNet2DConditionModel
    from diffusers.models.attention_processor import AttnProcessor
    from transformers import CLIPTextConfig, CLIPTextModel
    if args.start:
        unet = UNet2DConditionModel.from_pretrained(os.path.join(args.start, "unet")).float()
        text = CLIPTextModel.from_pretrained(os.path.join(args.start, "text_encoder")).float()
    else:
        text = CLIPTextModel(CLIPTextConfig(
            vocab_size=len(tokenizer), hidden_size=192, intermediate_size=512, num_hidden_layers=3, num_attention_heads=6,
            max_position_embeddings=32, bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id, hidden_act="quick_gelu", projection_dim=192))
        unet = UNet2DConditionModel(
            sample_size=16, in_channels=4, out_channels=4, block_out_channels=(96, 192, 256), layers_per_block=1,
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"), cross_attention_dim=192,
            attention_head_dim=8, norm_num_groups=16)
    if DEVICE == "cpu":
        unet.set_attn_processor(AttnProcessor())  # plain products: the fused attention's backward is slow on a CPU
        text.set_attn_implementation("eager")
    return text.to(DEVICE), unet.to(DEVICE, memory_format=torch.channels_last)


def caption(m, background):
    """One of the ways in which people ask for a picture."""
    label, tags, r = m["label"], m["tags"], random.random()
    if r < .75 or not tags:
        words = label
    elif r < .87:
        words = random.choice(tags)
    else:
        words = label + ", " + random.choice(tags)
    style, q = STYLES[m["set"]], random.random()
    if q < .6:
        words = random.choice([f"{style} {words}", f"{words}, {style} style", f"a {style} icon of {words}"])
    elif q < .7:
        words = random.choice(["a ", "an icon of ", "a picture of "]) + words
    if background != "white" or random.random() < .15:
        words += random.choice([f" on a {background} background", f", {background} background"])
    return words


def make_schedule():
    from diffusers import DDPMScheduler
    return DDPMScheduler(num_train_timesteps=1000, beta_schedule="scaled_linear", beta_start=.00085, beta_end=.012,
                         prediction_type="v_prediction")


class Captions:
    """Draws icons with captions: indices, backgrounds and token ids."""

    def __init__(self, args, z, meta, tokenizer):
        self.z, self.meta, self.tokenizer, self.share = z, meta, tokenizer, args.favour_share
        labels = set(open(args.favour).read().split("\n")) if args.favour else set()
        self.favoured = [i for i, m in enumerate(meta) if m["label"] in labels]
        self.names, self.ids = list(BACKGROUNDS), {}
        print(f"{len(self.favoured)} of the icons favoured", flush=True)

    def encode(self, words):
        if words not in self.ids:
            self.ids[words] = self.tokenizer(words, padding="max_length", max_length=32, truncation=True, return_tensors="pt").input_ids[0]
        return self.ids[words]

    def draw(self, count, empty):
        """Latents [count, 4, 16, 16] and token ids [count, 32]; a share `empty` of the captions is empty."""
        pick = [random.choice(self.favoured) if self.favoured and random.random() < self.share else random.randrange(len(self.meta))
                for _ in range(count)]
        back = [0 if random.random() < .7 else random.randrange(len(self.names)) for _ in pick]
        x = torch.stack([self.z[random.randrange(2) if b == 0 else b + 1, i] for b, i in zip(back, pick)]).float()
        words = [self.encode(caption(self.meta[i], self.names[b]) if random.random() >= empty else "") for i, b in zip(pick, back)]
        return x.to(DEVICE), torch.stack(words).to(DEVICE)


def train_text(args, captions, text):
    """The text encoder alone: a linear head on the mean of its outputs from the end token on foretells the latent."""
    check = Checkpoint(os.path.join(args.out, "text.pt"))
    if state := check.load():
        text.load_state_dict(state["text"])
        return
    head = torch.nn.Linear(text.config.hidden_size, captions.z[0, 0].numel()).to(DEVICE)
    params = list(text.parameters()) + list(head.parameters())
    optimizer = torch.optim.AdamW(params, 1e-3, betas=(.9, .99), weight_decay=1e-2, fused=True)
    begun, step, mean_loss = time.time(), 0, 1.0
    while (part := (time.time() - begun) / 60 / max(args.text_minutes, 1e-9)) < 1:
        for g in optimizer.param_groups:
            g["lr"] = 1e-3 * min(1, (step + 1) / 200) * (1.02 - part)
        x, words = captions.draw(128, 0)
        with autocast():
            states = text(words)[0]
        ended = ((words == text.config.eos_token_id).cumsum(1) > 0).float()[..., None]
        loss = F.mse_loss(head((states.float() * ended).sum(1) / ended.sum(1)), x.flatten(1))
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(params, 1.0)
        optimizer.step()
        step, mean_loss = step + 1, .99 * mean_loss + .01 * loss.item()
        if step % 200 == 0:
            print(f"text {step}: {part * args.text_minutes:.1f} min, loss {mean_loss:.4f}", flush=True)
    if step:
        check.save(text=text.state_dict())


def train_diffusion(args, captions, text, unet):
    params = list(unet.parameters()) + list(text.parameters())
    check = Checkpoint(os.path.join(args.out, "diffusion.pt"))
    state = check.load() or {}
    if state:
        unet.load_state_dict(state["unet"])
        text.load_state_dict(state["text"])
    average = Average(params, state.get("average"))
    done, step, samples = state.get("minutes", 0.0), state.get("step", 0), state.get("samples", 0)
    schedule = make_schedule()
    optimizer = torch.optim.AdamW(params, args.rate, betas=(.9, .99), weight_decay=1e-2, fused=True)
    if "optimizer" in state:
        optimizer.load_state_dict(state["optimizer"])
    forward = torch.compile(unet) if args.compile else unet
    stop = []
    signal.signal(signal.SIGTERM, lambda *_: stop.append(True))  # ends soundly: saves, then exports
    begun, mean_loss, saved = time.time(), None, time.time()

    def save():
        check.save(unet=unet.state_dict(), text=text.state_dict(), average=average.values, optimizer=optimizer.state_dict(),
                   step=step, samples=samples, minutes=done + (time.time() - begun) / 60)

    while done + (spent := (time.time() - begun) / 60) < args.minutes and not stop:
        part = (done + spent) / args.minutes
        rate = args.rate * min(1, (step + 1) / 200) * (1 if part < .6 else (1 - (part - .6) / .4) * .97 + .03)
        for g in optimizer.param_groups:
            g["lr"] = rate
        x, words = captions.draw(args.batch, .1)
        noise, t = torch.randn_like(x), torch.randint(0, 1000, (len(x),), device=DEVICE)
        noisy, target = schedule.add_noise(x, noise, t), schedule.get_velocity(x, noise, t)
        with autocast():
            p = forward(noisy.contiguous(memory_format=torch.channels_last), t, text(words)[0]).sample
        loss = F.mse_loss(p.float(), target)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(params, 1.0)
        optimizer.step()
        step, samples = step + 1, samples + len(x)
        average.update(step, args.average)
        mean_loss = loss.item() if mean_loss is None else .99 * mean_loss + .01 * loss.item()
        if step % 50 == 0:
            print(f"diffusion {step}: {done + spent:.1f} min, {samples} samples, loss {mean_loss:.4f}", flush=True)
        if time.time() - saved > 300:
            save()
            saved = time.time()
    save()
    with torch.no_grad():
        for p, v in zip(params, average.values):
            p.copy_(v)
    text.cpu().eval(), unet.cpu().eval()
    return samples, mean_loss


# ---- pictures and figures ----

def export(args, tokenizer, text, unet, vae):
    from diffusers import DDIMScheduler, StableDiffusionPipeline
    schedule = DDIMScheduler(num_train_timesteps=1000, beta_schedule="scaled_linear", beta_start=.00085, beta_end=.012,
                             prediction_type="v_prediction", clip_sample=False, set_alpha_to_one=False, steps_offset=1)
    pipe = StableDiffusionPipeline(vae=vae.half(), text_encoder=text.half(), tokenizer=tokenizer, unet=unet.half(),
                                   scheduler=schedule, safety_checker=None, feature_extractor=None, requires_safety_checker=False)
    pipe.save_pretrained(os.path.join(args.out, "pipe"))
    if args.start:  # diffusers writes tokenizer.json alone
        for name in ("vocab.json", "merges.txt"):
            shutil.copy(os.path.join(args.start, "tokenizer", name), os.path.join(args.out, "pipe", "tokenizer", name))
    vae.float(), text.float(), unet.float()
    return schedule


@torch.no_grad()
def draw(prompts, tokenizer, text, unet, vae, schedule, guidance=4.0, steps=25, seed=7):
    """[n, 3, 128, 128] in 0 … 1."""
    torch.manual_seed(seed)
    schedule.set_timesteps(steps)
    encode = lambda p: text(tokenizer(p, padding="max_length", max_length=32, truncation=True, return_tensors="pt").input_ids)[0]
    empty, pictures = encode([""]), []
    for i in range(0, len(prompts), 50):
        c = encode(prompts[i:i + 50])
        c = torch.cat([c, empty.expand_as(c)])
        x = torch.randn(len(c) // 2, 4, 16, 16)
        for t in schedule.timesteps:
            with torch.autocast("cpu", torch.bfloat16):
                p, u = unet(torch.cat([x, x]), t, c).sample.float().chunk(2)
            x = schedule.step(u + guidance * (p - u), t, x).prev_sample
        pictures.append(vae.decoder(x / vae.config.scaling_factor).clamp(-1, 1) * .5 + .5)
    return torch.cat(pictures)


def retrieval(args, icons, meta, models, schedule):
    """Of 300 labels, how often one of the five training icons nearest to the drawn picture (32 x 32 pixels, squared
    distance) has the label: a person asking for a thing, and seeing it. Chance is about 5 in the number of labels."""
    labels = sorted({m["label"] for m in meta})
    random.Random(1).shuffle(labels)
    labels = labels[:300]
    small = lambda x: F.interpolate(x, 32, mode="area").flatten(1)
    train = torch.cat([small(over(icons[i:i + 256], BACKGROUNDS["white"]) * .5 + .5) for i in range(0, len(icons), 256)])
    nearest = torch.cdist(small(draw(labels, *models, schedule)), train).topk(5, largest=False).indices
    return sum(any(meta[i]["label"] == label for i in row) for label, row in zip(labels, nearest.tolist())) / len(labels)


def save_sheet(path, pictures):
    rows = pictures.permute(0, 2, 3, 1).reshape(2, 8, 128, 128, 3).permute(0, 2, 1, 3, 4).reshape(256, 1024, 3)
    Image.fromarray((rows.numpy() * 255).round().astype(np.uint8)).save(path)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--data", required=True, help="folder with icons.json and icons.webps")
    p.add_argument("--out", required=True, help="folder for checkpoints and the result")
    p.add_argument("--start", help="diffusers folder to begin from; its autoencoder's encoder stays as it is")
    p.add_argument("--minutes", type=float, default=90, help="for text encoder and U-Net, all runs together")
    p.add_argument("--autoencoder-minutes", type=float, default=20, help="all runs together; 0 keeps it")
    p.add_argument("--text-minutes", type=float, default=5, help="for the text encoder alone; 0 leaves it out")
    p.add_argument("--autoencoder-batch", type=int, default=16)
    p.add_argument("--batch", type=int, default=256 if DEVICE == "cuda" else 64)
    p.add_argument("--rate", type=float, default=8e-4)
    p.add_argument("--average", type=float, default=.9995, help="decay of the moving average of the weights")
    p.add_argument("--groups", default="", help="emojibase groups to keep, such as 0,3,4,5,6,7; default: all")
    p.add_argument("--favour", help="file of labels, one a line, that are drawn more often: a small model learns few things well")
    p.add_argument("--favour-share", type=float, default=.8)
    p.add_argument("--threads", type=int, default=0)
    p.add_argument("--compile", action="store_true", help="torch.compile the U-Net (some 20 %% faster, minutes to start)")
    p.add_argument("--no-retrieval", action="store_true")
    args = p.parse_args()
    os.makedirs(args.out, exist_ok=True)
    if args.threads:
        torch.set_num_threads(args.threads)
    icons, meta = read_icons(args.data, set(args.groups.split(",")) if args.groups else None)
    print(f"{len(meta)} icons, {DEVICE}", flush=True)
    vae = make_autoencoder(args.start)
    psnr = train_autoencoder(args, icons, vae)
    z = make_latents(args, icons, vae)
    tokenizer = make_tokenizer(args, meta)
    text, unet = make_models(args, tokenizer)
    captions = Captions(args, z, meta, tokenizer)
    train_text(args, captions, text)
    samples, loss = train_diffusion(args, captions, text, unet)
    schedule = export(args, tokenizer, text, unet, vae)
    models = tokenizer, text, unet, vae
    save_sheet(os.path.join(args.out, "sheet.png"), draw(SHEET, *models, schedule))
    figures = dict(icons=len(meta), samples=samples, loss=loss, autoencoder_psnr=psnr,
                   retrieval=None if args.no_retrieval else retrieval(args, icons, meta, models, schedule))
    json.dump(figures, open(os.path.join(args.out, "card.json"), "w"), indent=1)
    print(figures)


if __name__ == "__main__":
    main()
