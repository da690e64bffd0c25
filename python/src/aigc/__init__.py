"""Text, pictures, speech and vectors on an ordinary CPU.

    e = Engine(threads=2)
    print(e.text("Write a line about the sea.", tokens=16, seed=1).text)
    e.image("red apple", seed=1).pixels     # uint8 [height, width, 3], red, green, blue in sRGB
    e.speak("Hello there.", seed=1).samples # float32 [count], -1 … 1, at .rate hertz
    e.embed("a text").vector                # float32 [width]

The same seed gives the same bytes as the command line. Any thread may call any function; nothing holds Python's lock while the
library works. Ctrl-C cancels what is waited for.
"""

from __future__ import annotations

import json
import queue
import threading
from typing import Any, Callable, Iterator, Optional, Union

import numpy as np
import numpy.typing as npt

from ._library import ffi, lib

__all__ = ["Engine", "Error", "Image", "Speech", "Text", "Vector", "version"]

TEXT, IMAGE, SPEAK, VOCODE, EMBED = range(5)
OK, FAILED, USAGE, INPUT, REFUSED, NO_MEMORY, IO, CANCELLED = 0, 1, 2, 3, 5, 6, 7, 8

Setting = Union[str, int, float, bool, list, None]


def version() -> str:
    """The library's version, such as "0.1.0"."""
    return ffi.string(lib.aigc_version()).decode()


class Error(RuntimeError):
    """What went wrong: the message says file, place, found and wanted; status is the library's code (USAGE, INPUT, …)."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def _settings(options: "dict[str, Setting]") -> "list[str]":
    """name=value each, as job files say it: None is left out, True and False are flags, a list is repeated."""
    out: "list[str]" = []
    for name, value in options.items():
        name = name.replace("_", "-")
        for item in value if isinstance(value, (list, tuple)) else [value]:
            if item is None:
                continue
            if isinstance(item, bool):
                out.append(f"{name}={'true' if item else 'false'}")
            elif isinstance(item, dict):
                out.append(f"{name}={json.dumps(item)}")
            else:
                out.append(f"{name}={item}")
    return out


class _Task:
    """A request on its way, and its results. It keeps alive what the library calls back."""

    def __init__(self, engine: "Engine", kind: int, words: Optional[str], model: Optional[str], seed: Optional[int], choices: int,
                 path: Optional[str], options: "dict[str, Setting]", on_text: Optional[Callable[[str], Any]] = None,
                 on_progress: Optional[Callable[[int, int], Any]] = None, on_samples: Optional[Callable[[npt.NDArray[np.float32], int], Any]] = None,
                 ended: Optional[Callable[[], Any]] = None) -> None:
        self._engine = engine
        self._over = threading.Event()
        self._fault: Optional[BaseException] = None
        self._keep: "list[Any]" = []
        r = ffi.new("aigc_request *")
        r.size = ffi.sizeof("aigc_request")
        r.kind = kind
        r.words = self._text(words)
        r.model = self._text(model)
        r.path = self._text(path)
        r.seed = -1 if seed is None else seed
        r.choices = choices
        settings = [self._text(s) for s in _settings(options)] + [ffi.NULL]
        r.settings = self._hold(ffi.new("const char *[]", settings))

        def guarded(call: Callable[..., Any]) -> Callable[..., int]:
            def run(*arguments: Any) -> int:
                try:
                    return 0 if call(*arguments) is False else 1
                except BaseException as fault:  # told to who waits: it cannot cross the library
                    self._fault = fault
                    return 0
            return run

        if on_text:
            said = on_text
            r.on_text = self._hold(ffi.callback("int(void *, const char *, size_t)", guarded(lambda _, text, n: said(ffi.buffer(text, n)[:].decode("utf-8", "replace")))))
        if on_progress:
            told = on_progress
            r.on_progress = self._hold(ffi.callback("int(void *, int, int)", guarded(lambda _, step, steps: told(step, steps))))
        if on_samples:
            heard = on_samples
            r.on_samples = self._hold(ffi.callback("int(void *, const float *, size_t, int)", guarded(
                lambda _, samples, n, rate: heard(np.frombuffer(ffi.buffer(samples, 4 * n), np.float32).copy(), rate))))

        def on_end(_: Any, __: Any) -> None:
            if ended:
                ended()
            self._over.set()

        r.on_end = self._hold(ffi.callback("void(void *, aigc_task *)", on_end))
        self._task = lib.aigc_submit(engine._pointer(), r)
        if self._task == ffi.NULL:
            raise MemoryError("no memory for a request")

    def _hold(self, thing: Any) -> Any:
        self._keep.append(thing)
        return thing

    def _text(self, text: Optional[str]) -> Any:
        return ffi.NULL if text is None else self._hold(ffi.new("char[]", text.encode()))

    def cancel(self) -> None:
        """Ends the request soon; what has ended stays as it is."""
        if self._task != ffi.NULL:
            lib.aigc_cancel(self._task)

    def _wait(self) -> None:
        """Until it has ended; Ctrl-C cancels it. Raises what a callback raised, or Error."""
        try:
            while not self._over.wait(0.1):
                pass
        except BaseException:
            self.cancel()
            lib.aigc_wait(self._task)
            raise
        status = lib.aigc_wait(self._task)
        if self._fault:
            raise self._fault
        if status != OK:
            raise Error(status, ffi.string(lib.aigc_message(self._task)).decode("utf-8", "replace"))

    @property
    def seed(self) -> int:
        """The seed, the first choice's, which makes the same again."""
        return int(lib.aigc_seed(self._task))

    @property
    def remark(self) -> str:
        """What is to be said although all went well; "": nothing."""
        self._wait()
        return ffi.string(lib.aigc_remark(self._task)).decode()

    def _record(self, i: int) -> "dict[str, Any]":
        self._wait()
        text = ffi.string(lib.aigc_record(self._task, i)).decode()
        return json.loads(text) if text else {}

    @property
    def record(self) -> "dict[str, Any]":
        """How it was made: model, seed, settings, words (docs/origin.md)."""
        return self._record(0)

    def __del__(self) -> None:
        if getattr(self, "_task", ffi.NULL) != ffi.NULL:
            lib.aigc_free(self._task)
            self._task = ffi.NULL


class Text(_Task):
    """A text, or several. Iterate for pieces of the first as they come, whole characters each."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        self._pieces: "queue.SimpleQueue[Optional[str]]" = queue.SimpleQueue()
        super().__init__(*arguments, on_text=self._pieces.put, ended=lambda: self._pieces.put(None), **named)

    def __iter__(self) -> Iterator[str]:
        try:
            while True:
                try:
                    piece = self._pieces.get(timeout=0.1)
                except queue.Empty:
                    continue
                if piece is None:
                    break
                yield piece
        except BaseException:
            self.cancel()
            raise
        self._pieces.put(None)
        self._wait()

    @property
    def texts(self) -> "list[str]":
        """All texts, one of each choice."""
        self._wait()
        size = ffi.new("size_t *")
        found = []
        for i in range(lib.aigc_count(self._task)):
            text = lib.aigc_text(self._task, i, size)
            found.append(ffi.buffer(text, size[0])[:].decode("utf-8", "replace"))
        return found

    @property
    def text(self) -> str:
        """The first text."""
        return self.texts[0]

    @property
    def end(self) -> str:
        """Why it ended: "end" (the model), "stop", "length", "context"."""
        self._wait()
        return ffi.string(lib.aigc_text_end(self._task, 0)).decode()

    def __str__(self) -> str:
        return self.text


class Image(_Task):
    """A picture, or several."""

    def _pixels(self, i: int) -> "npt.NDArray[np.uint8]":
        width, height = ffi.new("int *"), ffi.new("int *")
        data = lib.aigc_pixels(self._task, i, width, height)
        shape = (height[0], width[0], 3)
        return np.frombuffer(ffi.buffer(data, shape[0] * shape[1] * 3), np.uint8).reshape(shape).copy()

    @property
    def all_pixels(self) -> "list[npt.NDArray[np.uint8]]":
        """All pictures, one of each choice."""
        self._wait()
        return [self._pixels(i) for i in range(lib.aigc_count(self._task))]

    @property
    def pixels(self) -> "npt.NDArray[np.uint8]":
        """uint8 [height, width, 3]: rows from the top, red, green, blue in sRGB."""
        self._wait()
        return self._pixels(0)


class Speech(_Task):
    """A sound of one channel."""

    @property
    def samples(self) -> "npt.NDArray[np.float32]":
        """float32 [count], -1 … 1."""
        self._wait()
        count, rate = ffi.new("size_t *"), ffi.new("int *")
        data = lib.aigc_samples(self._task, count, rate)
        return np.frombuffer(ffi.buffer(data, 4 * count[0]), np.float32).copy()

    @property
    def rate(self) -> int:
        """Samples a second."""
        self._wait()
        rate = ffi.new("int *")
        lib.aigc_samples(self._task, ffi.NULL, rate)
        return int(rate[0])


class Vector(_Task):
    """A text as a vector."""

    @property
    def vector(self) -> "npt.NDArray[np.float32]":
        """float32 [width]."""
        self._wait()
        count = ffi.new("size_t *")
        data = lib.aigc_vector(self._task, 0, count)
        return np.frombuffer(ffi.buffer(data, 4 * count[0]), np.float32).copy()


class Engine:
    """Threads and open models, for requests of all kinds side by side.

    threads: 0 is one for each core; no result depends on it. parallel: texts that share a pass over the weights.
    log: called as log(level, text), level 0 (a warning), 1 or 2, in any thread.
    """

    def __init__(self, threads: int = 0, parallel: int = 0, log: Optional[Callable[[int, str], Any]] = None) -> None:
        self._engine = ffi.NULL
        o = ffi.new("aigc_options *")
        o.size = ffi.sizeof("aigc_options")
        o.threads, o.parallel = threads, parallel
        if log:
            told = log
            self._log = ffi.callback("void(void *, aigc_log_level, const char *)", lambda _, level, text: told(int(level), ffi.string(text).decode("utf-8", "replace")))
            o.on_log = self._log
        why = ffi.new("aigc_status *")
        self._engine = lib.aigc_open(o, why)
        if self._engine == ffi.NULL:
            raise Error(why[0], f"no engine: {ffi.string(lib.aigc_status_name(why[0])).decode()}")

    def _pointer(self) -> Any:
        if self._engine == ffi.NULL:
            raise Error(USAGE, "the engine is closed")
        return self._engine

    def close(self) -> None:
        """Cancels what runs and frees the models. Results stay readable."""
        if self._engine != ffi.NULL:
            lib.aigc_close(self._engine)
            self._engine = ffi.NULL

    def __enter__(self) -> "Engine":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()

    def text(self, prompt: Optional[str] = None, *, model: Optional[str] = None, seed: Optional[int] = None, choices: int = 1, **options: Setting) -> Text:
        """A text that answers or continues the prompt. Options are those of text jobs: tokens=64, temp=0.5, system="…", raw=True."""
        return Text(self, TEXT, prompt, model, seed, choices, None, options)

    def image(self, prompt: Optional[str] = None, *, model: Optional[str] = None, seed: Optional[int] = None, choices: int = 1, path: Optional[str] = None,
              on_progress: Optional[Callable[[int, int], Any]] = None, **options: Setting) -> Image:
        """A picture of what the prompt says. Options are those of image jobs: steps=20, width=256. on_progress(step, steps) may return
        False to cancel. path: it is written there too."""
        return Image(self, IMAGE, prompt, model, seed, choices, path, options, on_progress=on_progress)

    def speak(self, text: Optional[str] = None, *, voice: Optional[str] = None, seed: Optional[int] = None, path: Optional[str] = None,
              on_samples: Optional[Callable[[npt.NDArray[np.float32], int], Any]] = None, **options: Setting) -> Speech:
        """The text, spoken. Options are those of speak jobs: speed=1.2, ssml=True. on_samples(float32 [n], rate) hears each sentence."""
        return Speech(self, SPEAK, text, voice, seed, 1, path, options, on_samples=on_samples)

    def vocode(self, path_of_mel: str, *, model: Optional[str] = None, seed: int = 0, path: Optional[str] = None, **options: Setting) -> Speech:
        """The sound of a mel spectrum (.npy, [80, frames]) or of a sound file."""
        return Speech(self, VOCODE, path_of_mel, model, seed, 1, path, options)

    def embed(self, text: Optional[str] = None, *, model: Optional[str] = None, **options: Setting) -> Vector:
        """The text as a vector, normalize=True for length 1."""
        return Vector(self, EMBED, text, model, 0, 1, None, options)
