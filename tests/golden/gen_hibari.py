"""Golden values of the default voice: what onnxruntime and hibari-tts's own dsp.py make of a short phoneme string.

    python3 tests/golden/gen_hibari.py MODELS_FOLDER/hibari tests/golden
needs hibari-tts 0.2.1, onnx, onnxruntime, safetensors. Writes hibari.safetensors: ids, pitch, inputs and outputs of single
blocks, the head of every frame, a noise and the wave.

The model quantises activations on the fly: a last bit that differs in any float flips a quantised value, and flips add up
from block to block. onnxruntime with and without its graph optimisations differs from itself by 0.2 in the head and 32 dB in
the wave. So each block is compared on onnxruntime's own input to it.
"""
import sys
import numpy as np
import onnx
import onnxruntime as ort
from safetensors.numpy import save_file
from hibari import Hibari, dsp

BLOCKS = {  # name: (input, output), channels first where marked
    "sound.conv.0": ("/Transpose_output_0", "/convs.0/Add_1_output_0"),
    "sound.conv.1": ("/convs.0/Add_1_output_0", "/convs.1/Add_1_output_0"),
    "sound.attention": ("/Transpose_1_output_0", "/Add_4_output_0"),
    "prosody.conv.1": ("/convs.0_1/Add_1_output_0", "/convs.1_1/Add_1_output_0"),
    "prosody.attention": ("/Transpose_24_output_0", "/Add_24_output_0"),
    "prosody_block.0": ("/pro_in/Conv_output_0", "/pro.0/Add_1_output_0"),
    "prosody_block.3": ("/pro.2/Add_1_output_0", "/pro.3/Add_1_output_0"),
    "decoder_block.0": ("/dec_in/Conv_output_0", "/dec.0/Add_1_output_0"),
    "decoder_block.7": ("/dec.6/Add_1_output_0", "/dec.7/Add_1_output_0"),
}
path = sys.argv[1] + "/hibari.onnx"
ids = Hibari(model=path).ids("ə")
model = onnx.load(path)
names = sorted({n for pair in BLOCKS.values() for n in pair})
del model.graph.output[6:]
model.graph.output.extend(onnx.ValueInfoProto(name=n) for n in names)
options = ort.SessionOptions()
options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
session = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
results = session.run(None, {"ids": np.asarray([ids], np.int64), "speed": np.asarray([2.0], np.float32)})
lh, th, ln, lr, phi, f0 = (r[0] for r in results[:6])
values = dict(zip(names, (r[0] for r in results[6:])))
frames = lh.shape[1]
noise = np.random.default_rng(0).standard_normal((601, frames, 2)).astype(np.float16).astype(np.float32)
parts = [p.astype(np.float16).astype(np.float32) for p in (lh, th, ln, lr, phi)]  # 16 bits: both sides begin with them


class Fixed:
    def standard_normal(self, shape, dtype):
        return noise.reshape(shape).copy()


wave = dsp.synth(*[p.copy() for p in parts], f0.copy(), Fixed())
out = {"ids": np.asarray(ids, np.int64), "f0": f0, "wave": wave,
       "head": np.ascontiguousarray(np.concatenate(parts).T).astype(np.float16),
       "noise": np.ascontiguousarray(noise.transpose(1, 0, 2)).astype(np.float16)}
for name, pair in BLOCKS.items():
    for kind, tensor in zip(("in", "out"), pair):
        x = values[tensor]
        out[f"{name}.{kind}"] = np.ascontiguousarray(x if "attention" in name else x.T)
save_file(out, sys.argv[2] + "/hibari.safetensors")
print(frames, "frames, peak", np.abs(wave).max())
