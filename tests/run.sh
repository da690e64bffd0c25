#!/bin/sh
# Builds aigc with its tests in build-dev/ and runs all of them. Arguments go to ctest (-R REGEX, -V, …).
# Tests whose model is absent are skipped and say how to get it.
set -eu
cd "$(dirname "$0")/.."
cmake --preset dev >/dev/null
cmake --build --preset dev
cd build-dev
exec ctest --output-on-failure -j "$(nproc)" "$@"
