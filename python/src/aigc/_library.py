"""The library beside this file, by its own header."""

import os
import re

from cffi import FFI

_folder = os.path.dirname(os.path.abspath(__file__))


def _declarations(path: str) -> str:
    """The header without comments, preprocessor lines and what is for compilers alone."""
    with open(path, encoding="utf-8") as f:
        text = re.sub(r"/\*.*?\*/", "", f.read(), flags=re.S)
    text = re.sub(r'#ifdef __cplusplus\n.*?#endif', "", text, flags=re.S)
    text = re.sub(r"(?m)^#.*$", "", text)
    return text.replace("AIGC_API ", "")


ffi = FFI()
ffi.cdef(_declarations(os.path.join(_folder, "aigc.h")))
lib = ffi.dlopen(os.path.join(_folder, "libaigc.so"))
