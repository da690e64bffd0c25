#!/bin/sh
# Measures speech against hibari-tts, piper-tts, sherpa-onnx and onnxruntime (Kokoro): ten sentences, programs in turn, medians of five.
# usage: sh tests/bench/speech.sh AIGC PYTHON [ROUNDS]   PYTHON: of a venv with hibari-tts 0.2.1, piper-tts 1.8.0, sherpa-onnx 1.13.8, onnx
#        (python3 -m venv V && V/bin/pip install hibari-tts==0.2.1 piper-tts==1.8.0 sherpa-onnx==1.13.8 scipy onnx)
# Needs the voices (sh samples/models.sh hibari joe kokoro; BENCH_PEERS="kokoro hibari" measures those alone) and a machine with nothing else to do.
set -eu
[ $# -ge 2 ] || { echo "usage: sh tests/bench/speech.sh AIGC PYTHON [ROUNDS]" >&2; exit 2; }
exec "$2" "$(dirname "$0")/speech_peer.py" "$1" "${3:-5}"
