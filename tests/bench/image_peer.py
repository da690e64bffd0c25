"""What diffusers (PyTorch), OpenVINO and stable-diffusion.cpp take for the work of tests/bench/image_parts.c, as one JSON line.

image_peer.py FOLDER diffusers|openvino unet|vae|whole bf16|f32 RUNS [STEPS]
image_peer.py FOLDER stable-diffusion.cpp whole f16 1 STEPS
`whole` is STEPS (20) steps with guidance at 512×512 from a prompt, from before the imports to the picture in its file, in one
process. `step` is the median of its steps, so that a run of few steps tells how long one of more would take.
"""
import json
import os
import resource
import sys
import tempfile
import time

begun = time.time()
folder, peer, part, kind, runs = sys.argv[1:6]
steps = int(sys.argv[6]) if len(sys.argv) > 6 else 20
work = tempfile.TemporaryDirectory()


def report(times, first, **more):
    times.sort()
    print(json.dumps({"peer": peer, "part": part, "kind": kind, "first": round(first, 3), "median": round(times[len(times) // 2], 3),
                      "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, **more}))


def report_whole(marks):
    each = sorted(b - a for a, b in zip(marks, marks[1:]))
    total = time.time() - begun
    report([total], total, steps=steps, step=round(each[len(each) // 2], 3) if each else 0)


def stable_diffusion_cpp():
    """pip install stable-diffusion-cpp-python: builds the library here, with all that this CPU has."""
    from stable_diffusion_cpp import StableDiffusion

    model = StableDiffusion(model_path=folder, n_threads=len(os.sched_getaffinity(0)), vae_decode_only=True, verbose=False)
    marks = [time.time()]
    pictures = model.generate_image(prompt="a lighthouse at night", cfg_scale=7.5, sample_method="euler", sample_steps=steps, seed=1,
                                    width=512, height=512, progress_callback=lambda step, count, seconds: marks.append(time.time()))
    pictures[0].save(os.path.join(work.name, "picture.png"))
    report_whole(marks[1:steps + 1])
    sys.exit(0)


if peer == "stable-diffusion.cpp":
    stable_diffusion_cpp()

import torch

dtype = torch.bfloat16 if kind == "bf16" else torch.float32
torch.manual_seed(1)


def measure(call):
    times = []
    for _ in range(int(runs) + 1):
        start = time.time()
        call()
        times.append(time.time() - start)
    report(times[1:], times[0])


def openvino_call(model, example):
    import openvino as ov

    converted = ov.convert_model(model, example_input=example)
    core = ov.Core()
    compiled = core.compile_model(converted, "CPU", {"INFERENCE_PRECISION_HINT": kind, "INFERENCE_NUM_THREADS": torch.get_num_threads()})
    inputs = [x.numpy() for x in (example if isinstance(example, tuple) else (example,))]
    return lambda: compiled(inputs)


with torch.inference_mode():
    if part == "whole":
        from diffusers import StableDiffusionPipeline

        pipe = StableDiffusionPipeline.from_pretrained(folder, torch_dtype=dtype, safety_checker=None).to("cpu")
        pipe.unet.to(memory_format=torch.channels_last)
        pipe.vae.to(memory_format=torch.channels_last)
        pipe.set_progress_bar_config(disable=True)
        marks = []

        def on_step(pipe, step, when, values):
            marks.append(time.time())
            return values

        picture = pipe("a lighthouse at night", num_inference_steps=steps, guidance_scale=7.5, callback_on_step_end=on_step).images[0]
        picture.save(os.path.join(work.name, "picture.png"))
        report_whole(marks)
    elif part == "unet":
        from diffusers import UNet2DConditionModel

        load = torch.float32 if peer == "openvino" else dtype
        model = UNet2DConditionModel.from_pretrained(folder + "/unet", torch_dtype=load).eval()
        x, text = torch.randn(1, 4, 64, 64, dtype=load), torch.randn(1, 77, 768, dtype=load)
        if peer == "openvino":
            measure(openvino_call(model, (x, torch.tensor(500.0), text)))
        else:
            model.to(memory_format=torch.channels_last)
            x = x.contiguous(memory_format=torch.channels_last)
            measure(lambda: model(x, torch.tensor(500.0), text).sample)
    else:
        from diffusers import AutoencoderKL

        load = torch.float32 if peer == "openvino" else dtype
        model = AutoencoderKL.from_pretrained(folder + "/vae", torch_dtype=load).eval()
        x = torch.randn(1, 4, 64, 64, dtype=load)
        if peer == "openvino":
            model.forward = lambda z: model.decode(z).sample
            measure(openvino_call(model, x))
        else:
            model.to(memory_format=torch.channels_last)
            x = x.contiguous(memory_format=torch.channels_last)
            measure(lambda: model.decode(x).sample)
