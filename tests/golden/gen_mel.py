"""Golden mel filter banks by librosa, and a log-mel spectrum.

    python3 tests/golden/gen_mel.py tests/golden          (needs librosa, safetensors)
"""
import sys
import librosa
import numpy as np
from safetensors.numpy import save_file

x = np.random.default_rng(3).standard_normal(3000).astype(np.float32) * 0.1
magnitude = np.abs(librosa.stft(x, n_fft=256, hop_length=64, pad_mode="reflect"))
slaney = librosa.filters.mel(sr=16000, n_fft=256, n_mels=20, fmin=50, fmax=7000)
save_file({"x": x, "slaney": slaney.astype(np.float32),
           "htk": librosa.filters.mel(sr=16000, n_fft=256, n_mels=20, fmin=50, fmax=7000, htk=True).astype(np.float32),
           "log": np.ascontiguousarray(np.log(np.maximum(slaney @ magnitude, 1e-5)).T.astype(np.float32))},
          sys.argv[1] + "/mel.safetensors")
