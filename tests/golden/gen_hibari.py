"""Golden values of the default voice: what onnxruntime and hibari-tts's own dsp.py make of a short phoneme string.

    python3 tests/golden/gen_hibari.py MODELS_FOLDER/hibari tests/golden
needs hibari-tts 0.2.1, onnx, onnxruntime, safetensors. Writes hibari.safetensors: ids, pitch, inputs and outputs of single
blocks, the head of every frame, a noise and the wave.

The model quantises activations on the fly: a last bit that differs in any float flips a quantised value, and flips add up
from block to block. onnxruntime with and without its graph optimisations differs from itself by 0.2 in the head and 32 dB in
the wave; so it does with 1 and with 8 threads. So each block is compared on onnxruntime's own input to it, and the whole
without that quantisation: with the same weights as f32 (hibari_exact.safetensors: ids, pitch and the head of every frame).
For a sentence, how far onnxruntime's quantised head is from that (rms), a bound for ours.
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


def exact_model():
    """The model with x W in f32 in place of DynamicQuantizeLinear, MatMulInteger, Cast and Mul."""
    model = onnx.load(path)
    values = {t.name: onnx.numpy_helper.to_array(t) for t in model.graph.initializer}
    maker = {o: n for n in model.graph.node for o in n.output}
    values.update({n.output[0]: onnx.numpy_helper.to_array(n.attribute[0].t) for n in model.graph.node if n.op_type == "Constant"})
    count = 0
    for n in list(model.graph.node):
        if n.op_type != "Mul" or n.input[0] not in maker or maker[n.input[0]].op_type != "Cast":
            continue
        product = maker[maker[n.input[0]].input[0]]
        if product.op_type != "MatMulInteger":
            continue
        scale = next(values[i] for i in maker[n.input[1]].input if i in values)
        weight = values[product.input[1]].astype(np.float32) * np.float32(scale)
        x = maker[product.input[0]].input[0]
        name = f"exact_{count}"
        count += 1
        model.graph.initializer.append(onnx.numpy_helper.from_array(weight, name))
        n.op_type = "MatMul"
        del n.input[:]
        n.input.extend([x, name])
    print(count, "layers in f32")
    return model


def head_of(results):
    return np.ascontiguousarray(np.concatenate(results[:5]).T)


def run(model, ids, speed):
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return [r[0] for r in session.run(None, {"ids": np.asarray([ids], np.int64), "speed": np.asarray([speed], np.float32)})[:6]]


exact = exact_model()
results = run(exact, ids, 2.0)
voice = Hibari(model=path)
sentence = voice.ids(voice.phonemize("The old bridge was rebuilt with stone taken from the mountain behind the town."))
quantised, true = head_of(run(onnx.load(path), sentence, 1.0)), head_of(run(exact, sentence, 1.0))
rms = np.sqrt(np.mean((quantised - true).astype(np.float64) ** 2)) if quantised.shape == true.shape else np.nan
print("quantised head from exact head, rms", rms, "largest", np.abs(quantised - true).max())
save_file({"ids": np.asarray(ids, np.int64), "f0": results[5], "head": head_of(results), "sentence": np.asarray(sentence, np.int64),
           "sentence_rms": np.asarray([rms], np.float32)}, sys.argv[2] + "/hibari_exact.safetensors")
