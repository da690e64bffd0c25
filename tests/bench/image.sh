#!/bin/sh
# Pictures beside diffusers (PyTorch), OpenVINO and stable-diffusion.cpp on this CPU, in turn, on random weights of Stable
# Diffusion 1.5's shapes: one U-Net evaluation, one decoding of the latents, a picture of 20 steps with guidance from the start
# of the program to its end, memory; and the default model.
#
#   sh tests/bench/image.sh [FOLDER]        FOLDER: the random model, made there when absent (2.1 GB); default /tmp/aigc-sd15
#
# PYTHON   a Python with torch, diffusers and transformers, and openvino for its rows (default python3)
# SD_PYTHON  one with stable-diffusion-cpp-python, which pip builds for this CPU, for that row (default: PYTHON)
# SD_STEPS the steps that stable-diffusion.cpp is let run (20, at least 2); fewer are told, and the others added at their median
# RUNS     timed runs of each U-Net evaluation (5); decodings take 3
# QUIET    a command put before each timed one, such as one that waits for a quiet machine
# PARTS    which rows: any of unet vae exact whole icons (default all)
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
folder=${1:-/tmp/aigc-sd15}
python=${PYTHON:-python3}
sd_python=${SD_PYTHON:-$python}
sd_steps=${SD_STEPS:-20}
runs=${RUNS:-5}
quiet=${QUIET:-}
[ "$sd_steps" -ge 2 ] || { echo "SD_STEPS must be 2 or more: the steps that are not run are added at the time of one" >&2; exit 2; }
parts=" ${PARTS:-unet vae exact whole icons} "

cd "$root"
cmake --preset release >/dev/null
cmake --build --preset release --target aigc image_parts >/dev/null
ours=$root/build/image_parts
peer=$root/tests/bench/image_peer.py
[ -f "$folder/model_index.json" ] || "$python" tests/bench/make_sd15.py "$folder"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# value FILE KEY: a number of a line of JSON, or - when the run failed
value() { sed -n "s/.*\"$2\": \([0-9.]*\).*/\1/p" "$1" | tail -n 1 | grep . || echo -; }
text() { sed -n "s/.*\"$2\": \"\([^\"]*\)\".*/\1/p" "$1" | tail -n 1; }
ratio() { case "$1$2" in *-*) echo -;; *) echo "scale=2; $1 / $2" | bc | sed 's/^\./0./';; esac; }
timed() { out=$1; shift; $quiet "$@" >"$work/$out" 2>"$work/$out.err" || true; }
row() { printf '| %s | %s | %s | %s | %s | %s | %s | %s |\n' "$@"; }

# compare TITLE PART KIND MODE RUNS: our program, then each peer, then the row
compare() {
    timed ours "$ours" "$folder" "$2" "$4" "$5"
    timed torch "$python" "$peer" "$folder" diffusers "$2" "$3" "$5"
    timed openvino "$python" "$peer" "$folder" openvino "$2" "$3" "$5"
    a=$(value "$work/ours" median) b=$(value "$work/torch" median) c=$(value "$work/openvino" median)
    row "$1 ($(text "$work/ours" kernels))" "$a" "$b" "$(ratio "$b" "$a")" "$c" "$(ratio "$c" "$a")" - -
}

echo "CPU: $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), $(nproc) threads; seconds, medians"
echo
echo '| | aigc | diffusers | ratio | OpenVINO | ratio | stable-diffusion.cpp | ratio |'
echo '|---|---|---|---|---|---|---|---|'
case "$parts" in *" unet "*) compare 'U-Net evaluation, bf16' unet bf16 fast "$runs" ;; esac
case "$parts" in *" vae "*) compare 'VAE decode, bf16' vae bf16 fast 3 ;; esac
case "$parts" in *" exact "*)
    compare 'U-Net evaluation, f32' unet f32 exact 3
    AIGC_KERNEL=avx2 ONEDNN_MAX_CPU_ISA=AVX2 ATEN_CPU_CAPABILITY=avx2
    export AIGC_KERNEL ONEDNN_MAX_CPU_ISA ATEN_CPU_CAPABILITY
    compare 'U-Net evaluation, f32, both held to AVX2' unet f32 exact 3
    unset AIGC_KERNEL ONEDNN_MAX_CPU_ISA ATEN_CPU_CAPABILITY
    ;;
esac
wall() { # wall NAME CMD…: seconds and peak MB of a whole program to $work/NAME, after what it wrote to stdout
    out=$1; shift
    $quiet /usr/bin/env python3 - "$@" >"$work/$out" 2>"$work/$out.err" <<'END' || true
import resource, subprocess, sys, time
begun = time.time()
done = subprocess.run(sys.argv[1:])
seconds = time.time() - begun
if done.returncode == 0:
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    print(f'{{"wall": {seconds:.3f}, "peak_mb": {peak}}}')
END
}
case "$parts" in *" whole "*)
    wall ours "$root/build/aigc" image -m "$folder" -p 'a lighthouse at night' --steps 20 --cfg-scale 7.5 -s 1 -W 512 -H 512 -q -o "$work/picture.png"
    wall torch "$python" "$peer" "$folder" diffusers whole bf16 1
    wall sd "$sd_python" "$peer" "$folder" stable-diffusion.cpp whole f16 1 "$sd_steps"
    grep -q '"wall"' "$work/sd" || { echo "stable-diffusion.cpp did not end well:" >&2; tail -n 3 "$work/sd.err" >&2; }
    a=$(value "$work/ours" wall) b=$(value "$work/torch" wall) d=$(value "$work/sd" wall)
    [ "$d" = - ] || d=$(echo "$d + (20 - $sd_steps) * $(value "$work/sd" step)" | bc)
    row '20 steps with guidance, whole program' "$a" "$b" "$(ratio "$b" "$a")" - - "$d" "$(ratio "$d" "$a")"
    a=$(value "$work/ours" peak_mb) b=$(value "$work/torch" peak_mb) d=$(value "$work/sd" peak_mb)
    row 'its peak memory, MB' "$a" "$b" "$(ratio "$b" "$a")" - - "$d" "$(ratio "$d" "$a")"
    [ "$sd_steps" = 20 ] || [ "$d" = - ] || note="stable-diffusion.cpp ran $sd_steps steps; the others are added at the median of its steps."
    ;;
esac
case "$parts" in *" icons "*)
    for i in 1 2 3 4 5; do
        wall "icons$i" "$root/build/aigc" image -p '3d red apple' -s 1 --steps 25 -q -o "$work/icon.png"
        value "$work/icons$i" wall
    done | sort -n | sed -n 3p >"$work/icons"
    row 'default model, 25 steps, whole program' "$(cat "$work/icons")" - - - - - -
    ;;
esac
[ -z "${note:-}" ] || printf '\n%s\n' "$note"
