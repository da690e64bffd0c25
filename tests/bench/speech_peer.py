"""The table of tests/bench/speech.sh. Real-time factors are for synthesis and phonemes together, after loading; a peer runs in a
process of its own for each number of threads."""
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time

SENTENCES = """The quick brown fox jumps over the lazy dog near the river bank.
She sells sea shells by the sea shore every summer morning.
It was a bright cold day in April, and the clocks were striking thirteen.
All happy families are alike; every unhappy family is unhappy in its own way.
The train leaves the station at half past seven and arrives before noon.
He opened the letter slowly, read it twice, and put it back in his pocket.
Scientists announced a new method for measuring the depth of the ocean.
Please turn off the lights and close the window before you leave the room.
The old bridge was rebuilt with stone taken from the mountain behind the town.
Nobody knew what the machine was for, but everyone agreed that it was beautiful."""
MODELS = os.environ.get("AIGC_MODELS", os.path.join(os.environ.get("XDG_DATA_HOME", os.path.expanduser("~/.local/share")), "aigc/models"))
JOE = MODELS + "/joe/en_US-joe-medium.onnx"


def peer(name, threads):
    """One measurement: seconds of work for a second of sound, in this process."""
    if name == "hibari":
        from hibari import Hibari
        voice = Hibari(model=MODELS + "/hibari/hibari.onnx", threads=threads)
        speak = lambda s: len(voice(s)) / 24000
    elif name == "kokoro":  # the phonemes are ours, made beforehand
        import json
        import numpy as np
        import onnxruntime
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        session = onnxruntime.InferenceSession(MODELS + "/kokoro/kokoro.onnx", options, providers=["CPUExecutionProvider"])
        vocabulary = json.load(open(MODELS + "/hibari/vocab.json", encoding="utf-8"))
        styles = np.fromfile(MODELS + "/kokoro/voices/af_heart.bin", "<f4").reshape(-1, 1, 256)
        out = subprocess.run([os.environ["AIGC_BENCH"], "speak", "--voice", "af_heart", "--phonemes"], input=SENTENCES, text=True, capture_output=True, check=True).stdout
        ids = {s: [0] + [vocabulary[c] for c in p if c in vocabulary] + [0] for s, p in zip(SENTENCES.split("\n"), out.strip().split("\n"))}
        one = np.ones(1, np.float32)
        speak = lambda s: session.run(None, {"tokens": np.asarray([ids[s]], np.int64), "style": styles[len(ids[s]) - 3], "speed": one})[0].size / 24000
    elif name == "piper":
        import onnxruntime
        from piper import PiperVoice
        voice = PiperVoice.load(JOE)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        voice.session = onnxruntime.InferenceSession(JOE, options, providers=["CPUExecutionProvider"])
        speak = lambda s: sum(len(c.audio_float_array) for c in voice.synthesize(s)) / 22050
    else:
        import json
        import onnx
        import piper
        import sherpa_onnx
        folder = tempfile.mkdtemp()
        ids = json.load(open(JOE + ".json"))["phoneme_id_map"]
        with open(folder + "/tokens.txt", "w", encoding="utf-8") as f:
            f.writelines(f"{k} {v[0]}\n" for k, v in ids.items())
        data = os.path.join(os.path.dirname(piper.__file__), "espeak-ng-data")
        model = onnx.load(JOE)  # sherpa-onnx wants what the JSON says inside the model
        for key, value in {"model_type": "vits", "comment": "piper", "language": "English", "voice": "en-us", "has_espeak": 1, "n_speakers": 1,
                           "sample_rate": 22050}.items():
            model.metadata_props.add(key=key, value=str(value))
        onnx.save(model, folder + "/joe.onnx")
        vits = sherpa_onnx.OfflineTtsVitsModelConfig(model=folder + "/joe.onnx", tokens=folder + "/tokens.txt", data_dir=data)
        voice = sherpa_onnx.OfflineTts(sherpa_onnx.OfflineTtsConfig(model=sherpa_onnx.OfflineTtsModelConfig(vits=vits, num_threads=threads)))
        speak = lambda s: (lambda a: len(a.samples) / a.sample_rate)(voice.generate(s))
    lines = SENTENCES.split("\n")
    speak(lines[0])
    begin = time.perf_counter()
    seconds = sum(speak(s) for s in lines)
    print("rtf", (time.perf_counter() - begin) / seconds)


def ours(aigc, voice, threads):
    out = subprocess.run([aigc, "speak", "-v", "-s", "1", "--sentence-silence", "0", "--voice", voice, "-t", str(threads), "-o", os.path.join(tempfile.gettempdir(), "aigc-bench-speech.wav")],
                         input=SENTENCES, text=True, capture_output=True, check=True).stderr
    return float(re.search(r"\(([0-9.]+) of real time", out)[1])


def theirs(name, threads):
    out = subprocess.run([sys.executable, __file__, "--peer", name, str(threads)], text=True, capture_output=True)
    found = re.search(r"rtf ([0-9.e-]+)", out.stdout)
    return float(found[1]) if found else float("nan")


def first_sound(aigc, voice):
    """Milliseconds from the start of the process to the first samples on its standard output."""
    begin = time.perf_counter()
    p = subprocess.Popen([aigc, "speak", "-s", "1", "--voice", voice, "-o", "-", "--raw", "The first words of the day."], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    p.stdout.read(2)
    ms = (time.perf_counter() - begin) * 1000
    p.stdout.read()
    p.wait()
    return ms


def main(aigc, rounds=5):
    os.environ["AIGC_BENCH"] = aigc
    pairs = [p for p in (("hibari", "hibari"), ("piper", "joe"), ("sherpa", "joe"), ("kokoro", "af_heart")) if p[0] in os.environ.get("BENCH_PEERS", p[0])]
    voices = sorted({v for _, v in pairs})
    jobs = [(n, t) for t in (1, 2) for n, _ in pairs]
    found = {}
    first = {v: [] for v in voices}
    for _ in range(rounds):
        for name, threads in jobs:
            found.setdefault((name, threads), []).append(theirs(name, threads))
        for voice in voices:
            for threads in (1, 2):
                found.setdefault((voice + " aigc", threads), []).append(ours(aigc, voice, threads))
        for voice in voices:
            first[voice].append(first_sound(aigc, voice))
    median = {k: statistics.median(v) for k, v in found.items()}
    print("real-time factor, median of", rounds, "| 1 thread | 2 threads | aigc is faster by")
    for name, voice in pairs:
        a, b = median[name, 1], median[name, 2]
        print(f"{name:8s} {a:.4f} {b:.4f}   {a / median[voice + ' aigc', 1]:.2f}x {b / median[voice + ' aigc', 2]:.2f}x")
    for voice in voices:
        print(f"aigc {voice:8s} {median[voice + ' aigc', 1]:.4f} {median[voice + ' aigc', 2]:.4f}")
    print("process start to first sample:", ", ".join(f"{v} {statistics.median(ms):.0f} ms" for v, ms in first.items()))


if __name__ == "__main__":
    if sys.argv[1] == "--peer":
        peer(sys.argv[2], int(sys.argv[3]))
    else:
        main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 5)
