"""What the text encoder and the U-Net learn from: latents of all icons on white, and of scenes that are renewed all the time.

Painting and encoding a scene costs about as much as learning from it, so scenes are kept and used some twenty times, each
time with another caption.
"""
import os, random

import numpy as np
import torch

import icons_scenes
from icons_common import DEVICE, Checkpoint, Stop

PLACES = 77        # of the text encoder
CODE = 16          # the last of them, where it writes the picture
MOST_SCENES = 24000
FIRST_SCENES = 3000


class Tokens:
    """Captions to rows of ids. All rows of a batch are as short as they can be: captions are padded to the longest one and a
    few places more, then come the code's. `places` says where in the full row each id stands, so that the encoder meets
    every place although it seldom reads whole rows."""

    def __init__(self, tokenizer):
        self.tokenizer = tokenizer
        self.begin, self.end = tokenizer.token_to_id("<|startoftext|>"), tokenizer.token_to_id("<|endoftext|>")

    def ids(self, captions):
        room = PLACES - CODE - 2
        return [[self.begin] + e.ids[:room] + [self.end] for e in self.tokenizer.encode_batch(captions, add_special_tokens=False)]

    def batch(self, captions, whole=False):
        """(ids [B, T], places [B, T]); T = PLACES where `whole`."""
        rows = self.ids(captions)
        words = PLACES - CODE if whole else min(PLACES - CODE, max(map(len, rows)) + random.randint(0, 4))
        ids = np.full((len(rows), words + CODE), self.end, np.int64)
        places = np.empty_like(ids)
        places[:, words:] = np.arange(PLACES - CODE, PLACES)
        for row, (to, at) in zip(rows, zip(ids, places)):
            to[:len(row)] = row
            at[:len(row)] = np.arange(len(row))
            spare = np.arange(len(row), PLACES - CODE)  # paddings stand anywhere behind the words
            at[len(row):words] = np.sort(np.random.choice(spare, words - len(row), replace=False))
        return torch.from_numpy(ids).to(DEVICE), torch.from_numpy(places).to(DEVICE)


class Pool:
    def __init__(self, folder, icons, words, vae):
        self.check = Checkpoint(os.path.join(folder, "pool.pt"))
        self.icons, self.vae, self.scale = icons, vae.to(DEVICE), vae.config.scaling_factor
        self.lots = icons_scenes.Lots(icons, words)
        self.captions = icons_scenes.Captions(icons, words)
        state = self.check.load()
        if state is None or state["scale"] != self.scale:
            state = dict(plain=self.encode_plain(), scenes=[], latents=[], scale=self.scale)
        self.plain, self.scenes, self.latents = state["plain"].cpu(), state["scenes"], list(state["latents"])
        while len(self.scenes) < FIRST_SCENES:
            self.renew(16)
            Stop.leave_if_asked()
        self.save()

    def save(self):
        self.check.save(plain=self.plain, scenes=self.scenes, latents=torch.stack(self.latents), scale=self.scale)

    @torch.no_grad()
    def encode(self, pictures):
        """uint8 [B, 128, 128, 3] -> float16 [B, C, 16, 16]"""
        x = torch.from_numpy(np.stack(pictures)).to(DEVICE).permute(0, 3, 1, 2).float() / 127.5 - 1
        return (self.vae.encoder(x.contiguous(memory_format=torch.channels_last)) * self.scale).half().contiguous().cpu()

    def encode_plain(self):
        parts, count = [], len(self.icons.entries)
        for i in range(0, count, 32):
            parts.append(self.encode([icons_scenes.compose(self.icons, self.scene_of(k)) for k in range(i, min(i + 32, count))]))
            if i % 2048 == 0:
                print(f"pool: {i} of {count} icons", flush=True)
            Stop.leave_if_asked()
        return torch.cat(parts)

    @staticmethod
    def scene_of(i):
        return icons_scenes.Scene([icons_scenes.Thing(i)])

    def renew(self, count):
        """COUNT new scenes; the pool once full, they take the places of others."""
        scenes = [self.lots.scene() for _ in range(count)]
        for scene, z in zip(scenes, self.encode([icons_scenes.compose(self.icons, s) for s in scenes])):
            if len(self.scenes) < MOST_SCENES:
                self.scenes.append(scene)
                self.latents.append(z)
            else:
                at = random.randrange(MOST_SCENES)
                self.scenes[at], self.latents[at] = scene, z

    def draw(self, count, plain=.5, empty=0.0, wordy=False):
        """(latents [B, C, 16, 16], captions): a share `plain` of icons on white, a share `empty` of captions with no words; long
        captions where `wordy`."""
        latents, captions = [], []
        for _ in range(count):
            if random.random() < plain:
                i = self.lots.icon()
                scene, z = self.scene_of(i), self.plain[i]
            else:
                at = random.randrange(len(self.scenes))
                scene, z = self.scenes[at], self.latents[at]
            latents.append(z)
            captions.append("" if random.random() < empty else self.captions(scene, wordy))
        return torch.stack(latents).to(DEVICE).float(), captions
