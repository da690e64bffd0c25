"""Golden values of Kokoro: what onnxruntime makes of a short phoneme string, part by part.

    python3 tests/golden/gen_kokoro.py MODELS_FOLDER/kokoro tests/golden [PHONEMES SPEED VOICE [MODEL.onnx]]
needs numpy, onnx, onnxruntime, safetensors. Writes kokoro.safetensors: ids, style, speed, and inputs and outputs of the parts.

The model quantises activations on the fly: a last bit that differs in any float flips a quantised value, and flips add up from
block to block (gen_hibari.py says more). So each part is compared on onnxruntime's own input to it, and the whole without that
quantisation: the same graph with the same weights as f32, whose results carry the names exact.*. With MODEL.onnx that f32 graph is
written, too: it is what an export without quantisation looks like.
"""
import json
import os
import sys
import numpy as np
import onnx
import onnxruntime as ort
from onnx import helper, numpy_helper
from safetensors.numpy import save_file

TAPS = {  # name: (tensor, what makes it [T, C])
    "bert": ("/encoder/bert_encoder/Add_output_0", "tc"),
    "prosody": ("/encoder/predictor/text_encoder/Concat_4_output_0", "tc"),
    "lstm.in": ("/encoder/text_encoder/cnn.2/cnn.0.2/LeakyRelu", "tc"),
    "lstm.out": ("/encoder/text_encoder/Transpose_2_output_0", "ct"),
    "prosody.stretched": ("/encoder/MatMul_output_0", "ct"),
    "pitch": ("/encoder/Reshape_output_0", "t"),
    "energy": ("/encoder/Reshape_1_output_0", "t"),
    "text.stretched": ("/encoder/MatMul_1_output_0", "ct"),
    "encode.in": ("/decoder/decoder/Concat_output_0", "ct"),
    "encode.out": ("/decoder/decoder/encode/Div_3_output_0", "ct"),
    "decoded": ("/decoder/decoder/decode.3/Div_4_output_0", "ct"),
    "source": ("/decoder/decoder/generator/Concat_3_output_0", "ct"),
    "durations": ("/encoder/Clip_output_0", "t"),
    "source_block": ("/decoder/decoder/generator/noise_res.0/Add_8_output_0", "ct"),
}


def dequantised(model):
    """The graph with the same weights in f32 and activations left as they are; nodes under the names they had before quantisation."""
    graph = model.graph
    arrays = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
    made, nodes, one = [], [], "one_scale"
    made.append(numpy_helper.from_array(np.float32(1), one))

    def weight(name, zero, per_row=None):
        w = arrays[name].astype(np.float32) - (arrays[zero].astype(np.float32) if zero and per_row is None else 0)
        scale = arrays[name.replace("_quantized", "_scale")]
        return w * (scale if per_row is None else scale[:, None, None])

    scales, ones = set(), {}
    for n in graph.node:
        if n.op_type in ("ConvInteger", "MatMulInteger"):
            scales.add(n.input[1].replace("_quantized", "_scale"))
    for n in graph.node:
        for i, name in enumerate(n.input):  # scales of weights are in the weights now
            if name in scales:
                n.input[i] = one
        if n.op_type == "DynamicQuantizeLinear":
            nodes.append(helper.make_node("Identity", [n.input[0]], [n.output[0]]))
            nodes.append(helper.make_node("Identity", [one], [n.output[1]]))
        elif n.op_type in ("ConvInteger", "MatMulInteger"):
            kind = n.op_type[:-7]
            made.append(numpy_helper.from_array(weight(n.input[1], n.input[3] if len(n.input) > 3 else None).astype(np.float32), n.name + ".w"))
            new = helper.make_node(kind, [n.input[0], n.name + ".w"], [n.output[0]], name=n.name.replace("_quant", "").replace("Gemm_MatMul", "Gemm"))
            new.attribute.extend(n.attribute)
            nodes.append(new)
        elif n.op_type == "DynamicQuantizeLSTM":
            made.append(numpy_helper.from_array(np.ascontiguousarray(weight(n.input[1], None, True).transpose(0, 2, 1)), n.name + ".w"))
            made.append(numpy_helper.from_array(np.ascontiguousarray(weight(n.input[2], None, True).transpose(0, 2, 1)), n.name + ".r"))
            new = helper.make_node("LSTM", [n.input[0], n.name + ".w", n.name + ".r"] + list(n.input[3:7]), n.output, name=n.name.replace("_quant", ""))
            new.attribute.extend(a for a in n.attribute if a.name in ("direction", "hidden_size"))
            nodes.append(new)
        elif n.op_type == "Floor" and n.name.endswith("bias_quant_rounded") or n.op_type == "Cast" and n.name.endswith("bias_quantized_node"):
            nodes.append(helper.make_node("Identity", n.input, n.output))
        else:
            nodes.append(n)
    kept = [t for t in graph.initializer if not (t.name.endswith("_quantized") and "embeddings" not in t.name and "embedding.weight" not in t.name)]
    del graph.initializer[:], graph.node[:], graph.value_info[:]
    graph.initializer.extend(kept + made)
    graph.node.extend(nodes)
    return model


def run(model, feeds):
    names = [t[0] for t in TAPS.values()]
    del model.graph.output[1:]
    model.graph.output.extend(onnx.ValueInfoProto(name=n) for n in names)
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    results = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"]).run(None, feeds)
    out = {"sound": results[0].reshape(-1)}
    for (name, (_, order)), x in zip(TAPS.items(), results[1:]):
        x = x.reshape(-1) if order == "t" else x.reshape(x.shape[-2:]) if x.shape[0] == 1 else x.reshape(x.shape[0], -1)
        out[name] = np.ascontiguousarray(x.T if order == "ct" else x).astype(np.float16 if name == "source_block" else np.float32)
    return out


folder = sys.argv[1]
phonemes, speed, voice = sys.argv[3:6] if len(sys.argv) > 5 else ("ə", "2", "af_heart")
vocabulary = json.load(open(os.path.join(folder, "../hibari/vocab.json")))
ids = [0] + [vocabulary[p] for p in phonemes if p in vocabulary] + [0]
styles = np.fromfile(os.path.join(folder, "voices", voice + ".bin"), "<f4").reshape(-1, 256)
style = styles[len(ids) - 2]
feeds = {"tokens": np.asarray([ids], np.int64), "style": style[None], "speed": np.asarray([speed], np.float32)}
model = onnx.load(os.path.join(folder, "kokoro.onnx"))
out = run(model, feeds)
plain = dequantised(onnx.load(os.path.join(folder, "kokoro.onnx")))
if len(sys.argv) > 6:
    onnx.save(plain, sys.argv[6])
for name, x in run(plain, feeds).items():
    out["exact." + name] = x
out["ids"] = np.asarray(ids, np.int64)
out["style"] = style
out["speed"] = np.asarray([speed], np.float32)
save_file(out, os.path.join(sys.argv[2], "kokoro.safetensors"))
for name, x in sorted(out.items()):
    print(name, x.shape, x.dtype)
