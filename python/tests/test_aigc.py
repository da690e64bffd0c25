"""The package against the command line and the library's promises: python -m pytest python/tests (AIGC names the program)."""

import os
import shutil
import subprocess
import threading

import numpy as np
import pytest

import aigc

PROGRAM = os.environ.get("AIGC") or shutil.which("aigc")
MODELS = os.environ.get("AIGC_MODELS") or os.path.join(os.environ.get("XDG_DATA_HOME") or os.path.expanduser("~/.local/share"), "aigc/models")


def needs(name):
    return pytest.mark.skipif(not os.path.exists(os.path.join(MODELS, name)), reason=f"the model {name} is absent; 'sh samples/models.sh {name}' gets it")


@pytest.fixture(scope="module")
def engine():
    with aigc.Engine(threads=2) as e:
        yield e


def test_picture(engine, tmp_path):
    seen = []
    picture = engine.image("red apple", seed=1, steps=4, path=str(tmp_path / "a.png"), on_progress=lambda step, steps: seen.append((step, steps)))
    pixels = picture.pixels
    assert pixels.dtype == np.uint8 and pixels.ndim == 3 and pixels.shape[2] == 3
    assert seen == [(i, 4) for i in range(1, 5)]
    assert picture.record["seed"] == 1 and picture.seed == 1
    subprocess.run([PROGRAM, "image", "-q", "-p", "red apple", "-s", "1", "--steps", "4", "-o", str(tmp_path / "b.png")], check=True)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    several = engine.image("red apple", seed=1, steps=1, choices=2).all_pixels
    assert len(several) == 2 and (several[0] != several[1]).any()


def test_faults(engine):
    with pytest.raises(aigc.Error) as fault:
        engine.image("x", steps=0).pixels
    assert fault.value.status == 2 and "--steps" in str(fault.value)
    with pytest.raises(aigc.Error) as fault:
        engine.text("x", model="/no/such.gguf").text
    assert fault.value.status == 3
    with pytest.raises(aigc.Error):
        engine.image("x", stepz=3).pixels
    closed = aigc.Engine()
    closed.close()
    with pytest.raises(aigc.Error):
        closed.image("x")


def test_callbacks_that_raise_or_stop(engine):
    def broken(step, steps):
        raise ValueError("of the callback")
    with pytest.raises(ValueError):
        engine.image("x", steps=50, on_progress=broken).pixels
    with pytest.raises(aigc.Error) as fault:
        engine.image("x", steps=50, on_progress=lambda step, steps: False).pixels
    assert fault.value.status == 8


def test_cancel(engine):
    picture = engine.image("x", steps=500)
    threading.Timer(0.2, picture.cancel).start()
    with pytest.raises(aigc.Error) as fault:
        picture.pixels
    assert fault.value.status == 8


@needs("smollm2")
def test_text(engine):
    story = engine.text("Write a line about the sea.", model="smollm2", tokens=16, seed=1, temp=0.5)
    pieces = list(story)
    assert "".join(pieces) == story.text == str(story)
    assert story.end == "length" and story.record["kind"] == "text"
    told = subprocess.run([PROGRAM, "text", "-q", "-p", "Write a line about the sea.", "-n", "16", "-s", "1", "--temp", "0.5"], check=True, capture_output=True, text=True)
    assert told.stdout.rstrip("\n") == story.text.rstrip("\n")
    assert len(engine.text("a", raw=True, tokens=4, choices=3).texts) == 3
    answer = engine.text(messages=[{"role": "user", "content": "Say hi."}], tokens=4, temp=0)
    assert answer.text
    vector = engine.embed("a text", normalize=True).vector
    assert vector.dtype == np.float32 and abs(float(np.linalg.norm(vector)) - 1) < 1e-4


@needs("hibari")
def test_speech(engine, tmp_path):
    heard = []
    speech = engine.speak("Hello. There.", seed=1, path=str(tmp_path / "a.wav"), on_samples=lambda s, rate: heard.append((len(s), rate)))
    assert speech.samples.dtype == np.float32 and sum(n for n, _ in heard) == len(speech.samples) and heard[0][1] == speech.rate
    subprocess.run([PROGRAM, "speak", "-q", "Hello. There.", "-s", "1", "-o", str(tmp_path / "b.wav")], check=True)
    assert (tmp_path / "a.wav").read_bytes() == (tmp_path / "b.wav").read_bytes()


def test_log():
    told = []
    with aigc.Engine(log=lambda level, text: told.append((level, text))) as e:
        e.image("x", steps=1, width=100).pixels
    assert any("100 x" in text for _, text in told)
