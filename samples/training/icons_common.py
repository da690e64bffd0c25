"""What the stages of the icon model's training share: checkpoints, progress, the order to stop, averages of weights."""
import contextlib, os, signal, time

import numpy as np
import torch

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
SAVE_SECONDS, TELL_SECONDS = 240, 60


def over(icon, color):
    """uint8 [h, w, 4] on a background of one colour -> float [3, h, w] in -1 … 1."""
    a = np.asarray(icon).astype(np.float32)
    alpha = a[..., 3:] / 255
    flat = a[..., :3] * alpha + np.asarray(color, np.float32) * (1 - alpha)
    return torch.from_numpy((flat / 127.5 - 1).transpose(2, 0, 1).copy())


def autocast():
    """bfloat16 where the device multiplies in it; elsewhere it would only be slower."""
    fast = DEVICE == "cuda" or torch.backends.cpu.get_cpu_capability() == "AVX512" and torch.cpu._is_avx512_bf16_supported()
    return torch.autocast(DEVICE, torch.bfloat16, enabled=bool(fast))


class Stop:
    """SIGTERM and SIGINT ask the stage at work to save and leave."""
    asked = False

    @classmethod
    def listen(cls):
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: setattr(cls, "asked", True))

    @classmethod
    def leave_if_asked(cls):
        if cls.asked:
            raise SystemExit("stopped; the same command goes on from here")


class Checkpoint:
    """A dictionary on disk that is replaced whole."""

    def __init__(self, path):
        self.path = path

    def load(self):
        return torch.load(self.path, map_location=DEVICE, weights_only=False) if os.path.exists(self.path) else None

    def save(self, **state):
        torch.save(state, self.path + ".new")
        os.replace(self.path + ".new", self.path)


class Progress:
    """Counts a stage's samples, says how it goes, and tells when it is time to save."""

    def __init__(self, stage, done, wanted):
        self.stage, self.done, self.wanted, self.begun = stage, done, wanted, done
        self.wall, self.cpu, self.told, self.saved = time.time(), time.process_time(), time.time(), time.time()
        self.loss = None

    def step(self, count, loss):
        """After each batch; True where the stage should save."""
        self.done += count
        self.loss = loss if self.loss is None else .98 * self.loss + .02 * loss
        now = time.time()
        if now - self.told > TELL_SECONDS or self.done >= self.wanted:
            self.told, made = now, self.done - self.begun
            rate = made / (now - self.wall)
            print(f"{time.strftime('%d %H:%M:%S')} {self.stage}: {self.done} of {self.wanted} samples, loss {self.loss:.4f}, "
                  f"{rate:.1f} a second ({made / max(time.process_time() - self.cpu, 1e-9):.1f} a CPU second), "
                  f"{(self.wanted - self.done) / rate / 3600:.2f} hours to go", flush=True)
        if now - self.saved > SAVE_SECONDS:
            self.saved = now
            return True
        return False


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
            torch._foreach_copy_(self.params, self.values)
        yield
        with torch.no_grad():
            torch._foreach_copy_(self.params, kept)
