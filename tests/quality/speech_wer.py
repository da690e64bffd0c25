"""The table of tests/quality/speech.sh: word error rates, and of aigc's sound the peak, the largest second difference (a click
stands out) and the share of clipped samples. Noise changes what is heard, so each sentence is said with several seeds;
SHOW_ERRORS=1 prints what was heard wrong."""
import os
import re
import subprocess
import sys
import tempfile
import wave
import numpy as np

MODELS = os.environ.get("AIGC_MODELS", os.path.join(os.environ.get("XDG_DATA_HOME", os.path.expanduser("~/.local/share")), "aigc/models"))
JOE = MODELS + "/joe/en_US-joe-medium.onnx"


NUMBERS = dict(zip(("2", "3", "11"), ("two", "three", "eleven")))  # as whisper may write what the sentences spell out


def words(text):
    return [NUMBERS.get(w, w) for w in re.sub(r"[^a-z0-9' ]", " ", text.lower().replace("’", "'").replace("-", " ")).split()]


def errors(want, found):
    """Edit distance in words."""
    row = list(range(len(found) + 1))
    for i, w in enumerate(want, 1):
        last, row[0] = row[0], i
        for j, f in enumerate(found, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (w != f))
    return row[-1]


def main(aigc, whisper, sentences, seeds=5):
    from faster_whisper import WhisperModel
    from hibari import Hibari
    from piper import PiperVoice
    recogniser = WhisperModel(whisper, device="cpu", compute_type="int8", cpu_threads=2)
    lines = [l.strip() for l in open(sentences, encoding="utf-8") if l.strip()]
    hibari, piper = Hibari(model=MODELS + "/hibari/hibari.onnx"), PiperVoice.load(JOE)

    def say(voice, text, path, seed):
        subprocess.run([aigc, "speak", "-q", "-s", str(seed), "--voice", voice, "-o", path, "--", text], check=True)

    def say_piper(text, path, seed):  # its noise has no seed: each call draws anew
        with wave.open(path, "wb") as w:
            piper.synthesize_wav(text, w)

    programs = {"hibari-tts": lambda t, p, s: hibari.save(t, p, seed=s), "aigc hibari": lambda t, p, s: say("hibari", t, p, s),
                "piper-tts": say_piper, "aigc joe": lambda t, p, s: say("joe", t, p, s)}
    path = os.path.join(tempfile.mkdtemp(), "x.wav")
    print("word errors in % with each seed, and their mean", flush=True)
    for name, speak in programs.items():
        rates = []
        clipped = samples = 0
        peak = jump = 0.0
        for seed in range(1, seeds + 1):
            wrong = total = 0
            for line in lines:
                speak(line, path, seed)
                heard = " ".join(s.text for s in recogniser.transcribe(path, language="en", beam_size=5)[0])
                n = errors(words(line), words(heard))
                if n and os.environ.get("SHOW_ERRORS"):
                    print(f"  {name} seed {seed}, {n}: {line}\n    heard: {heard.strip()}", flush=True)
                wrong, total = wrong + n, total + len(words(line))
                with wave.open(path) as w:
                    x = np.frombuffer(w.readframes(w.getnframes()), np.int16) / 32768
                peak, jump = max(peak, np.abs(x).max()), max(jump, np.abs(np.diff(x, 2)).max())
                clipped, samples = clipped + (np.abs(x) > 0.9999).sum(), samples + len(x)
            rates.append(100 * wrong / total)
        print(f"{name:12s} {' '.join(f'{r:.2f}' for r in rates)}  mean {sum(rates) / len(rates):.2f} % of {total} words   peak {peak:.2f}  "
              f"largest second difference {jump:.2f}  clipped {clipped}/{samples}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:4], *(int(n) for n in sys.argv[4:5]))
