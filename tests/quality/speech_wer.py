"""The table of tests/quality/speech.sh: word error rates, and of aigc's sound the peak, the largest second difference (a click
stands out) and the share of clipped samples."""
import os
import re
import subprocess
import sys
import tempfile
import wave
import numpy as np

MODELS = os.environ.get("AIGC_MODELS", os.path.join(os.environ.get("XDG_DATA_HOME", os.path.expanduser("~/.local/share")), "aigc/models"))
JOE = MODELS + "/joe/en_US-joe-medium.onnx"


def words(text):
    return re.sub(r"[^a-z0-9' ]", " ", text.lower().replace("’", "'").replace("-", " ")).split()


def errors(want, found):
    """Edit distance in words."""
    row = list(range(len(found) + 1))
    for i, w in enumerate(want, 1):
        last, row[0] = row[0], i
        for j, f in enumerate(found, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (w != f))
    return row[-1]


def main(aigc, whisper, sentences):
    from faster_whisper import WhisperModel
    from hibari import Hibari
    from piper import PiperVoice
    recogniser = WhisperModel(whisper, device="cpu", compute_type="int8", cpu_threads=2)
    lines = [l.strip() for l in open(sentences, encoding="utf-8") if l.strip()]
    hibari, piper = Hibari(model=MODELS + "/hibari/hibari.onnx"), PiperVoice.load(JOE)

    def say(voice, text, path):
        subprocess.run([aigc, "speak", "-q", "-s", "1", "--voice", voice, "-o", path, "--", text], check=True)

    def say_piper(text, path):
        with wave.open(path, "wb") as w:
            piper.synthesize_wav(text, w)

    programs = {"aigc hibari": lambda t, p: say("hibari", t, p), "hibari-tts": lambda t, p: hibari.save(t, p, seed=1),
                "aigc joe": lambda t, p: say("joe", t, p), "piper-tts": say_piper}
    path = os.path.join(tempfile.mkdtemp(), "x.wav")
    for name, speak in programs.items():
        wrong = total = clipped = samples = 0
        peak = jump = 0.0
        for line in lines:
            speak(line, path)
            heard = " ".join(s.text for s in recogniser.transcribe(path, language="en", beam_size=5)[0])
            wrong, total = wrong + errors(words(line), words(heard)), total + len(words(line))
            with wave.open(path) as w:
                x = np.frombuffer(w.readframes(w.getnframes()), np.int16) / 32768
            peak, jump = max(peak, np.abs(x).max()), max(jump, np.abs(np.diff(x, 2)).max())
            clipped, samples = clipped + (np.abs(x) > 0.9999).sum(), samples + len(x)
        print(f"{name:12s} word errors {100 * wrong / total:5.2f} % of {total}   peak {peak:.2f}  largest second difference {jump:.2f}  clipped {clipped}/{samples}")


if __name__ == "__main__":
    main(*sys.argv[1:])
