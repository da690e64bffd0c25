"""The icon model's text encoder: CLIP's shape, taught by regression to write a picture's latent into its last places.

Each of the 16 code places holds a patch of 4 × 4 latents, read off by fixed orthonormal rows: the code's meaning never
changes, so a U-Net that learned to render it goes on learning when the encoder has learned more. Matrices learn by Muon
(Jordan 2024), the rest by AdamW.
"""
import json, os, random

import torch
import torch.nn.functional as F

from icons_common import DEVICE, Average, Checkpoint, Progress, Stop, autocast
from icons_pool import CODE, PLACES, Tokens

WIDTH, LAYERS, VOCABULARY = 320, 4, 8192
PATCH = 4  # latents on a side
BATCH, RATE, MUON_RATE = 128, 1.5e-3, .02
CHUNKS = 4 if DEVICE == "cpu" else 1  # a batch goes through in so many parts of captions alike in length: fewer paddings


# ---- the tokenizer ----

def make_tokenizer(folder, pool):
    """CLIP's kind of byte pairs, learned from the names and from captions; FOLDER gets CLIP's own files."""
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
    vocabulary, merges = os.path.join(folder, "vocab.json"), os.path.join(folder, "merges.txt")
    kind = lambda **given: models.BPE(continuing_subword_prefix="", end_of_word_suffix="</w>", unk_token="<|endoftext|>", **given)
    pattern = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"

    def outfit(t):
        t.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()])
        t.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(pattern), behavior="removed", invert=True),
                                                   pre_tokenizers.ByteLevel(add_prefix_space=False)])
        t.decoder = decoders.ByteLevel()
        return t

    if not os.path.exists(vocabulary):
        words = pool.lots.words
        texts = [name for lists in words.of.values() for k, names in enumerate(lists) for name in names for _ in range((8, 8, 3, 3, 2)[k])]
        texts += [pool.captions(pool.lots.scene()) for _ in range(20000)]
        t = outfit(Tokenizer(kind()))
        t.train_from_iterator(texts, trainers.BpeTrainer(vocab_size=VOCABULARY - 2, end_of_word_suffix="</w>", show_progress=False,
                                                         initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
        os.makedirs(folder, exist_ok=True)
        t.model.save(folder)
        with open(vocabulary) as file:
            ids = json.load(file)
        ids["<|startoftext|>"], ids["<|endoftext|>"] = len(ids), len(ids) + 1
        with open(vocabulary + ".new", "w") as file:
            json.dump(ids, file, ensure_ascii=False)
        os.replace(vocabulary + ".new", vocabulary)
    with open(merges) as file:
        pairs = [tuple(line.split()) for line in file if not line.startswith("#version")]
    with open(vocabulary) as file:
        return outfit(Tokenizer(kind(vocab=json.load(file), merges=pairs)))


# ---- the encoder ----

def make(tokens):
    from transformers import CLIPTextConfig, CLIPTextModel
    text = CLIPTextModel(CLIPTextConfig(
        vocab_size=tokens.end + 1, hidden_size=WIDTH, intermediate_size=4 * WIDTH, num_hidden_layers=LAYERS,
        num_attention_heads=WIDTH // 32, max_position_embeddings=PLACES, bos_token_id=tokens.begin, eos_token_id=tokens.end,
        pad_token_id=tokens.end, hidden_act="quick_gelu", projection_dim=WIDTH))
    text.set_attn_implementation("sdpa")
    return text.to(DEVICE)


def patches(z):
    """[B, C, 16, 16] -> [B, 16, 16 C]"""
    return z.unfold(2, PATCH, PATCH).unfold(3, PATCH, PATCH).permute(0, 2, 3, 1, 4, 5).reshape(len(z), CODE, -1)


def pictures(code, channels):
    """The way back: [B, 16, 16 C] -> [B, C, 16, 16]"""
    side = int(CODE ** .5)
    return code.view(-1, side, side, channels, PATCH, PATCH).permute(0, 3, 1, 4, 2, 5).reshape(-1, channels, side * PATCH, side * PATCH)


class Head:
    """Reads the code: fixed rows for the patch, and for which patch it is."""

    def __init__(self, channels):
        size = channels * PATCH * PATCH
        rows = torch.linalg.qr(torch.randn(WIDTH, size + CODE, generator=torch.Generator().manual_seed(5)))[0].T
        self.patch, self.place = rows[:size].contiguous().to(DEVICE), rows[size:].contiguous().to(DEVICE)

    def __call__(self, states):
        return states @ self.patch.T

    def loss(self, states, z):
        """The squared error of the latent, and a little for places that cannot be told apart."""
        wrong = F.mse_loss(self(states), patches(z))
        where = torch.arange(CODE, device=states.device).repeat(len(z))
        return wrong, .03 * F.cross_entropy((states @ self.place.T).flatten(0, 1), where)


class Muon(torch.optim.Optimizer):
    """Momentum, made orthogonal by four Newton-Schulz steps. PyTorch's own takes them in bfloat16, which takes ten times as
    long on a CPU without it."""

    def __init__(self, params, lr, momentum=.95):
        super().__init__(params, dict(lr=lr, momentum=momentum))

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                state = self.state[p]
                moved = state.setdefault("moved", torch.zeros_like(p)).lerp_(p.grad, 1 - group["momentum"])
                x = p.grad.lerp(moved, group["momentum"])
                tall = x.shape[0] > x.shape[1]
                x = x.T if tall else x
                x = x / x.norm().clamp(min=1e-7)
                for _ in range(4):
                    a = x @ x.T
                    x = 3.4445 * x + (-4.7750 * a + 2.0315 * (a @ a)) @ x
                p.add_(x.T if tall else x, alpha=-group["lr"] * max(1, p.shape[0] / p.shape[1]) ** .5)


def optimizers(text):
    matrices = [p for n, p in text.named_parameters() if p.ndim == 2 and "embedding" not in n]
    taken = {id(p) for p in matrices}
    muon = Muon(matrices, MUON_RATE)
    adam = torch.optim.AdamW([p for p in text.parameters() if id(p) not in taken], RATE, betas=(.9, .99), weight_decay=1e-3)
    return (muon, MUON_RATE), (adam, RATE)


def learn(text, head, tokens, z, captions, whole):
    """Adds a batch's gradients; returns its squared error."""
    order = sorted(range(len(captions)), key=lambda i: len(captions[i]))
    size, total = len(order) // CHUNKS, 0.0
    for k in range(CHUNKS):
        part = order[k * size:(k + 1) * size]
        ids, places = tokens.batch([captions[i] for i in part], whole)
        with autocast():
            states = text(input_ids=ids, position_ids=places)[0][:, -CODE:]
        wrong, lost = head.loss(states.float(), z[part])
        ((wrong + lost) / CHUNKS).backward()
        total += wrong.item() / CHUNKS
    return total


def fall(part):
    """The rate's share: level for 70 % of the plan, then down to 3 %."""
    return 1.0 if part < .7 else max(.03, 1 - (part - .7) / .3 * .97)


def train(folder, pool, tokens, until, plan):
    """The encoder after UNTIL samples of the PLAN's; goes on from FOLDER/text.pt. Returns it with the averaged weights."""
    check, text, head = Checkpoint(os.path.join(folder, "text.pt")), make(tokens), Head(pool.plain.shape[1])
    params, both = list(text.parameters()), None
    state = check.load() or dict(done=0, step=0)
    if "model" in state:
        text.load_state_dict(state["model"])
    average = Average(params, state.get("average"))
    done, step = state["done"], state["step"]
    if done < until:
        both = optimizers(text)
        for (optimizer, _), kept in zip(both, state.get("optimizers", [])):
            optimizer.load_state_dict(kept)
    progress, saves = Progress("text", done, until), 0

    def save():
        check.save(model=text.state_dict(), average=average.values, optimizers=[o.state_dict() for o, _ in both], done=done, step=step)

    while done < until and not Stop.asked:
        for optimizer, rate in both:
            for g in optimizer.param_groups:
                g["lr"] = rate * min(1, (step + 1) / 150) * fall(done / plan)
        if step % 2 == 0:
            pool.renew(8)
        whole = random.random() < (.04 if done < .9 * plan else .5)
        z, captions = pool.draw(BATCH, empty=.01, wordy=whole)
        for optimizer, _ in both:
            optimizer.zero_grad()
        wrong = learn(text, head, tokens, z, captions, whole)
        torch.nn.utils.clip_grad_norm_(params, 1.0)
        for optimizer, _ in both:
            optimizer.step()
        done, step = done + BATCH, step + 1
        average.update(step, .998)
        if progress.step(BATCH, wrong):
            save()
            saves += 1
            if saves % 4 == 0:
                pool.save()
    if both:
        save()
        pool.save()
    Stop.leave_if_asked()
    with torch.no_grad():
        torch._foreach_copy_(params, average.values)
    return text.eval().requires_grad_(False)
