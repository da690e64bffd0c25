#!/usr/bin/env python3
"""Golden values of the sampling methods: diffusers' schedulers run on recorded model outputs.

usage: gen_sampler.py      Writes sampler.safetensors and sampler.json beside itself.

The outputs of the pretended model and the noise are rows of one fixed table: evaluation i uses outputs[i], the i-th draw
noise[i]. Each case is a scheduler_config.json, a method, steps and a strength; recorded are the timesteps, the initial
sigma, the model's input and the sample after every evaluation. Needs: diffusers 0.42, torch, safetensors.
"""
import inspect
import json
import os
import sys
import types

import diffusers
import numpy as np
import torch
from safetensors.numpy import save_file

HERE = os.path.dirname(os.path.abspath(__file__))
SHAPE = (2, 1, 3, 2)  # two images of six numbers
ROWS = 64

g = torch.Generator().manual_seed(11)
OUTPUTS = torch.randn((ROWS,) + SHAPE, generator=g)
NOISE = torch.randn((ROWS,) + SHAPE, generator=g)
START = torch.randn(SHAPE, generator=g)

SD15 = {"num_train_timesteps": 1000, "beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "steps_offset": 1}
CLASSES = {"ddpm": "DDPMScheduler", "ddim": "DDIMScheduler", "pndm": "PNDMScheduler", "euler": "EulerDiscreteScheduler",
           "euler_a": "EulerAncestralDiscreteScheduler", "heun": "HeunDiscreteScheduler", "dpm++2m": "DPMSolverMultistepScheduler",
           "dpm++2m_karras": "DPMSolverMultistepScheduler", "dpm++2m_sde": "DPMSolverMultistepScheduler",
           "dpm++sde": "DPMSolverSDEScheduler", "unipc": "UniPCMultistepScheduler", "lcm": "LCMScheduler"}


class Draws:
    """Stands in for randn_tensor: the table's rows in turn."""

    def __init__(self):
        self.count = 0

    def __call__(self, *args, **kwargs):
        self.count += 1
        return NOISE[self.count - 1].clone()


class Brownian:
    """A noise sampler for DPMSolverSDEScheduler: one Brownian motion over sigma, the second stage's increment made of the
    first's and of new noise."""

    def __init__(self, draws):
        self.draws, self.first, self.at = draws, None, None

    def __call__(self, sigma, sigma_next):
        sigma, sigma_next = float(sigma), float(sigma_next)
        new = self.draws()
        if self.at is None:
            self.first, self.at = new, (sigma, sigma_next)
            return new
        middle = self.at[1]
        a, b = sigma - middle, middle - sigma_next
        first, self.at = self.first, None
        return ((a / (a + b)) ** 0.5) * first + ((b / (a + b)) ** 0.5) * new


def make(method, config):
    cls = getattr(diffusers, CLASSES[method])
    if method == "dpm++sde":
        sys.modules.setdefault("torchsde", types.ModuleType("torchsde"))  # only for its Brownian tree, replaced below
        import diffusers.schedulers.scheduling_dpmsolver_sde as module
        cls = module.DPMSolverSDEScheduler
    known = inspect.signature(cls.__init__).parameters
    settings = {k: v for k, v in config.items() if k in known}
    if method == "dpm++2m_karras":
        settings["use_karras_sigmas"] = True
    if method == "dpm++2m_sde":
        settings["algorithm_type"] = "sde-dpmsolver++"
    return cls(**settings)


def run(method, config, steps, strength, eta):
    draws = Draws()
    module = inspect.getmodule(type(make(method, config)))
    if hasattr(module, "randn_tensor"):
        module.randn_tensor = draws
    s = make(method, config)
    s.set_timesteps(steps)
    begin = max(steps - min(int(steps * strength), steps), 0) * s.order
    times = s.timesteps[begin:]
    if hasattr(s, "set_begin_index"):
        s.set_begin_index(begin)
    if strength < 1:
        x = s.add_noise(START, NOISE[ROWS - 1], times[:1])
    else:
        x = START * s.init_noise_sigma
    if method == "dpm++sde":
        s.noise_sampler = Brownian(draws)
    record = [x]
    inputs = []
    for i, t in enumerate(times):
        inputs.append(s.scale_model_input(x, t))
        extra = {"eta": eta} if method == "ddim" else {}
        x = s.step(OUTPUTS[i], t, x, **extra).prev_sample
        record.append(x)
    return (np.array([float(t) for t in times]), float(s.init_noise_sigma), torch.stack(inputs).numpy(),
            torch.stack(record).numpy())


def cases():
    for method in CLASSES:
        for prediction in ("epsilon", "v_prediction", "sample"):
            if prediction == "sample" and method in ("pndm", "euler_a", "dpm++sde"):
                continue
            for spacing in ("leading", "trailing", "linspace"):
                if method == "lcm" and spacing != "leading":
                    continue
                for steps in (1, 2, 7, 20) if prediction == "epsilon" else (5,):
                    config = dict(SD15, prediction_type=prediction, timestep_spacing=spacing, clip_sample=False, skip_prk_steps=True,
                                  set_alpha_to_one=False)
                    yield method, config, steps, 1.0, 0.0
        yield method, dict(SD15, skip_prk_steps=True), 30, 1.0, 0.0  # the class's own defaults
        yield method, {"skip_prk_steps": True}, 6, 1.0, 0.0
        yield method, dict(SD15, skip_prk_steps=True, clip_sample=False), 10, 0.55, 0.0
        yield method, dict(SD15, skip_prk_steps=True, clip_sample=False, timestep_spacing="leading"), 12, 0.75, 0.0
        yield method, dict(SD15, skip_prk_steps=True, beta_schedule="squaredcos_cap_v2", clip_sample=False), 6, 1.0, 0.0
        yield method, dict(SD15, skip_prk_steps=True, clip_sample=True, clip_sample_range=0.7), 5, 1.0, 0.0
        yield method, dict(num_train_timesteps=50, trained_betas=[0.001 * (i + 1) for i in range(50)], skip_prk_steps=True), 6, 1.0, 0.0
    for eta in (0.3, 1.0):
        yield "ddim", dict(SD15, clip_sample=False, timestep_spacing="trailing"), 8, 1.0, eta
    for method in ("ddpm", "ddim", "lcm", "dpm++2m", "unipc"):
        yield method, dict(SD15, thresholding=True, dynamic_thresholding_ratio=0.7, sample_max_value=1.5), 5, 1.0, 0.0
    for method in ("ddpm", "ddim", "euler", "euler_a", "dpm++2m", "unipc", "lcm"):
        yield method, dict(SD15, rescale_betas_zero_snr=True, prediction_type="v_prediction", timestep_spacing="trailing",
                           clip_sample=False), 6, 1.0, 0.0
    for method in ("euler", "heun", "dpm++2m", "dpm++2m_sde", "dpm++sde", "unipc"):
        yield method, dict(SD15, use_karras_sigmas=True), 9, 1.0, 0.0
    for method in ("euler", "dpm++2m", "dpm++2m_karras", "unipc"):
        yield method, dict(SD15, final_sigmas_type="sigma_min"), 16, 1.0, 0.0
    yield "unipc", dict(SD15, final_sigmas_type="sigma_min", use_karras_sigmas=True), 7, 1.0, 0.0
    for order in (1, 3):
        for method in ("dpm++2m", "dpm++2m_sde", "unipc"):
            yield method, dict(SD15, solver_order=order), 8, 1.0, 0.0
            yield method, dict(SD15, solver_order=order), 18, 1.0, 0.0
    for method in ("dpm++2m", "dpm++2m_sde"):
        yield method, dict(SD15, solver_type="heun"), 8, 1.0, 0.0
        yield method, dict(SD15, euler_at_final=True, final_sigmas_type="sigma_min", lower_order_final=False), 8, 1.0, 0.0
    yield "dpm++2m", dict(SD15, lambda_min_clipped=-4.0), 8, 1.0, 0.0
    yield "unipc", dict(SD15, solver_type="bh1", solver_order=3, final_sigmas_type="sigma_min"), 8, 1.0, 0.0
    yield "pndm", dict(SD15, skip_prk_steps=False), 10, 1.0, 0.0
    yield "pndm", dict(SD15, skip_prk_steps=False, prediction_type="v_prediction"), 4, 1.0, 0.0
    for variance in ("fixed_small_log", "fixed_large"):
        yield "ddpm", dict(SD15, variance_type=variance, clip_sample=False), 6, 1.0, 0.0
    yield "ddpm", dict(SD15, beta_schedule="sigmoid", clip_sample=False), 6, 1.0, 0.0
    yield "lcm", dict(SD15, original_inference_steps=20, timestep_scaling=5.0), 8, 1.0, 0.0


def main():
    table = {"outputs": OUTPUTS.numpy(), "noise": NOISE.numpy(), "start": START.numpy()}
    listed, times, inputs, samples = [], [], [], []
    for method, config, steps, strength, eta in cases():
        t, init, scaled, record = run(method, dict(config), steps, strength, eta)
        assert np.isfinite(record).all(), (method, config, steps)
        listed.append({"method": method, "config": config, "steps": steps, "strength": strength, "eta": eta, "init_noise_sigma": init,
                       "evaluations": len(t)})
        times.append(t)
        samples.append(record.reshape(-1))
        inputs.append(scaled[-1].reshape(-1))
    table["times"] = np.concatenate(times).astype(np.float64)
    table["inputs"] = np.concatenate(inputs).astype(np.float32)
    table["samples"] = np.concatenate(samples).astype(np.float32)
    save_file(table, os.path.join(HERE, "sampler.safetensors"))
    json.dump(listed, open(os.path.join(HERE, "sampler.json"), "w"), indent=0)
    print(len(listed), "cases")


if __name__ == "__main__":
    main()
