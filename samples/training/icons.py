#!/usr/bin/env python3
"""Trains the icon model, aigc's default for pictures. One command, again and again:

    python samples/training/icons.py                 # begins, or goes on where it stopped
    python samples/training/icons.py --stop          # asks the run at work to save and leave

Everything is kept in one folder outside the tree, ${AIGC_TRAINING:-~/.local/share/aigc/training}/icons: drawings, checkpoints
(replaced whole, every four minutes), `log`, `pid`, and after every round `packed`, a model for aigc, with sheet.png. Stages:

    data → latents → tokenizer → rounds of (text encoder → U-Net → decoder → pack)

Each round takes the networks a part of the way, so that there is a model to look at early; README.md says how long they
take. A GPU is used when torch sees one; on a CPU, --threads. Needs npm and
pip install torch diffusers transformers tokenizers safetensors pillow resvg_py.
"""
import argparse, copy, json, os, random, shutil, signal, subprocess, sys, time

FOLDER = os.path.join(os.environ.get("AIGC_TRAINING") or os.path.expanduser("~/.local/share/aigc/training"), "icons")
HERE = os.path.dirname(os.path.abspath(__file__))
# Samples of text encoder, U-Net and the autoencoder's decoder, all told, and the shares of them that the rounds reach.
TEXT_SAMPLES, UNET_SAMPLES, DECODER_SAMPLES = 1500000, 360000, 60000
ROUNDS = ((.1, .1, 0), (.4, .35, .5), (1, 1, 1))
STEPS, GUIDANCE = 20, 2.0
SHEET = ["red apple", "a cat", "house", "rocket", "3d red heart", "flat tree", "cartoon pizza", "grinning face",
         "car on a blue background", "a dog", "sun, yellow background", "guitar", "penguin", "rose", "robot", "blue apple",
         "a cat and a dog", "small fish on a green background", "blue elephant on a yellow background", "two bananas",
         "house above a car", "green car", "poodle", "flat umbrella on pink"]


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--threads", type=int, default=0, help="of the CPU; default: torch's choice")
    p.add_argument("--start", default=os.path.join(HERE, "..", "models", "icons"), help="model whose autoencoder is taken")
    p.add_argument("--text", type=int, default=TEXT_SAMPLES, help="samples of the text encoder, all rounds")
    p.add_argument("--unet", type=int, default=UNET_SAMPLES, help="samples of the U-Net, all rounds")
    p.add_argument("--decoder", type=int, default=DECODER_SAMPLES, help="samples of the autoencoder's decoder, all rounds")
    p.add_argument("--stop", action="store_true", help="stop the run at work")
    p.add_argument("--seed", type=int, default=None)
    return p.parse_args()


def stop_other():
    with open(os.path.join(FOLDER, "pid")) as file:
        os.kill(int(file.read()), signal.SIGTERM)


def take_folder():
    """Leaves this process's id in FOLDER/pid; two runs at once would spoil each other's checkpoints."""
    path = os.path.join(FOLDER, "pid")
    os.makedirs(FOLDER, exist_ok=True)
    if os.path.exists(path):
        with open(path) as file:
            other = int(file.read())
        try:
            os.kill(other, 0)
            with open(f"/proc/{other}/cmdline") as file:
                if "icons.py" in file.read():
                    raise SystemExit(f"{path}: process {other} is at work here; --stop ends it")
        except OSError:
            pass  # it is gone
    with open(path, "w") as file:
        file.write(f"{os.getpid()}\n")


class Log:
    """Standard output that is also kept in FOLDER/log."""

    def __init__(self):
        self.file, self.out = open(os.path.join(FOLDER, "log"), "a"), sys.stdout

    def write(self, text):
        self.out.write(text)
        self.file.write(text)

    def flush(self):
        self.out.flush()
        self.file.flush()


def export(text, unet, vae, folder):
    """A diffusers folder of 16-bit weights, with CLIP's vocabulary files."""
    from diffusers import DDIMScheduler
    import icons_unet
    shutil.rmtree(folder, ignore_errors=True)
    for name, model in (("text_encoder", text), ("unet", unet), ("vae", vae)):
        copy.deepcopy(model).cpu().half().save_pretrained(os.path.join(folder, name))
    DDIMScheduler(**icons_unet.SCHEDULE, clip_sample=False, set_alpha_to_one=False, steps_offset=1).save_pretrained(os.path.join(folder, "scheduler"))
    shutil.copytree(os.path.join(FOLDER, "tokenizer"), os.path.join(folder, "tokenizer"))
    with open(os.path.join(folder, "tokenizer", "tokenizer_config.json"), "w") as file:
        json.dump(dict(tokenizer_class="CLIPTokenizer", bos_token="<|startoftext|>", eos_token="<|endoftext|>", pad_token="<|endoftext|>",
                       unk_token="<|endoftext|>", model_max_length=text.config.max_position_embeddings), file, indent=2)
    with open(os.path.join(folder, "model_index.json"), "w") as file:
        json.dump(dict(_class_name="StableDiffusionPipeline", scheduler=["diffusers", "DDIMScheduler"],
                       text_encoder=["transformers", "CLIPTextModel"], tokenizer=["transformers", "CLIPTokenizer"],
                       unet=["diffusers", "UNet2DConditionModel"], vae=["diffusers", "AutoencoderTiny"],
                       safety_checker=[None, None], feature_extractor=[None, None]), file, indent=2)


def pack(words):
    """FOLDER/pipe in 8 bits -> FOLDER/packed, replaced whole."""
    packed, fresh = os.path.join(FOLDER, "packed"), os.path.join(FOLDER, "packed.new")
    shutil.rmtree(fresh, ignore_errors=True)
    known = os.path.join(FOLDER, "known.txt")
    with open(known, "w") as file:
        file.write("\n".join(words.known()) + "\n")
    subprocess.run([sys.executable, os.path.join(HERE, "pack.py"), os.path.join(FOLDER, "pipe"), fresh, "--steps", str(STEPS),
                    "--cfg-scale", str(GUIDANCE), "--upscale", "4", "--words", known], check=True)
    shutil.rmtree(packed, ignore_errors=True)
    os.rename(fresh, packed)


def step_back():
    """As nice as the process is, its scheduling group is made: Linux shares the cores between the groups of sessions (autogroup)
    before it looks at a process, so that a niced training in a session of its own would take half of the machine."""
    try:
        with open("/proc/self/autogroup", "w") as file:
            file.write(str(os.nice(0)))
    except OSError:
        pass  # no such groups here


def main():
    args = arguments()
    if args.stop:
        return stop_other()
    step_back()
    if args.threads:
        os.environ["OMP_NUM_THREADS"] = str(args.threads)
    take_folder()
    sys.stdout = Log()
    import numpy as np
    import torch
    import icons_common, icons_data, icons_draw, icons_pool, icons_text, icons_unet, icons_vae, icons_words
    if args.threads:
        torch.set_num_threads(args.threads)
    icons_common.Stop.listen()
    seed = args.seed if args.seed is not None else int(time.time())  # a run that goes on should not see the same scenes again
    random.seed(seed), np.random.seed(seed % 2**32), torch.manual_seed(seed)
    icons = icons_data.prepare(FOLDER)
    words = icons_words.Words(FOLDER, icons.entries)
    print(f"{time.strftime('%F %T')} pid {os.getpid()}, {icons_common.DEVICE}: {len(icons.entries)} icons, {len(words.of)} labels, "
          f"{len(words.known())} names", flush=True)
    vae = icons_vae.load(os.path.join(args.start, "vae"))
    pool = icons_pool.Pool(FOLDER, icons, words, vae)
    tokens = icons_pool.Tokens(icons_text.make_tokenizer(os.path.join(FOLDER, "tokenizer"), pool))
    for number, (text_share, unet_share, decoder_share) in enumerate(ROUNDS, 1):
        text = icons_text.train(FOLDER, pool, tokens, round(text_share * args.text), args.text)
        icons_draw.save_code(os.path.join(FOLDER, "code.png"), SHEET, tokens, text, vae)
        unet = icons_unet.train(FOLDER, pool, tokens, text, round(unet_share * args.unet), args.unet)
        if decoder_share:
            vae = icons_vae.train(FOLDER, icons, vae, round(decoder_share * args.decoder))
        export(text, unet, vae, os.path.join(FOLDER, "pipe"))
        icons_draw.save_sheet(os.path.join(FOLDER, "sheet.png"), SHEET, tokens, text, unet, vae, STEPS, GUIDANCE)
        pack(words)
        print(f"{time.strftime('%F %T')} round {number} of {len(ROUNDS)} is packed", flush=True)


if __name__ == "__main__":
    main()
