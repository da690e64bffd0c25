"""A small model with random weights that is read as Kokoro's int8 ONNX is: the same names, nodes and types, other sizes. It holds the
nodes from which the reader takes weights, not those between them, so that nothing but our reader runs it.

    python3 tests/golden/gen_kokoro_tiny.py tests/golden/kokoro_tiny.onnx
needs numpy, onnx.
"""
import sys
import numpy as np
import onnx
from onnx import helper, numpy_helper

SYMBOLS, EMBEDDING, HIDDEN, FFN, WIDTH, STYLE, ASR, DECODE = 178, 8, 64, 32, 16, 8, 4, 24
rng = np.random.default_rng(7)
tensors, nodes = [], []


def put(name, x):
    tensors.append(numpy_helper.from_array(np.ascontiguousarray(x), name))


def floats(name, *shape, size=0.3):
    put(name, rng.normal(0, size, shape).astype(np.float32))


def signed(name, *shape, scales=1, size=0.3):  # int8 with zero point 0, as matrices and tables are
    put(name + "_quantized", rng.integers(-40, 41, shape).astype(np.int8))
    s = np.full(scales, size / 20, np.float32)
    put(name + "_scale", s if scales > 1 else s.reshape(()))
    put(name + "_zero_point", np.zeros(scales, np.int8) if scales > 1 else np.int8(0))


def linear(node, bias, inputs, outputs):
    signed(node + ".w", inputs, outputs, scales=outputs, size=1 / np.sqrt(inputs))
    nodes.append(helper.make_node("MatMulInteger", ["x", node + ".w_quantized", "z", node + ".w_zero_point"], [node + ":y"], name=node + "_quant"))
    floats(bias + ".bias", outputs)


def gemm(node, bias, inputs, outputs, weight=None):
    name = weight or node + ".w"
    signed(name, inputs, outputs, scales=outputs, size=1 / np.sqrt(inputs))
    nodes.append(helper.make_node("MatMulInteger", ["x", name + "_quantized", "z", name + "_zero_point"], [node + ":y"], name=node + "_MatMul_quant"))
    floats(bias + ".bias", outputs)


def conv(node, bias, outputs, inputs, taps, pad=0, stride=1, dilation=1):
    w = node + ".w"
    put(w + "_quantized", np.clip(rng.normal(62, 14, (outputs, inputs, taps)), 0, 127).astype(np.uint8))
    put(w + "_scale", np.float32(1 / 14 / np.sqrt(inputs * taps)))
    put(w + "_zero_point", np.uint8(62))
    nodes.append(helper.make_node("ConvInteger", ["x", w + "_quantized", "z", w + "_zero_point"], [node + ":y"], name=node + "_quant",
                                  strides=[stride], dilations=[dilation], pads=[pad, pad], group=1))
    if bias:
        floats(bias + ".bias", outputs)


def lstm(node, inputs, width):
    signed(node + ".w", 2, inputs, 4 * width, scales=2, size=1 / np.sqrt(inputs))
    signed(node + ".r", 2, width, 4 * width, scales=2, size=1 / np.sqrt(width))
    floats(node + ".b", 2, 8 * width)
    nodes.append(helper.make_node("DynamicQuantizeLSTM", ["x", node + ".w_quantized", node + ".r_quantized", node + ".b", "", "h", "c", "", node + ".w_scale", node + ".w_zero_point",
                                                          node + ".r_scale", node + ".r_zero_point"], [node + ":y"], name=node + "_quant", domain="com.microsoft", hidden_size=width))


def residual(node, name, outputs, inputs, doubles=False):
    gemm(node + "/norm1/fc/Gemm", name + ".norm1.fc", STYLE, 2 * inputs, name + ".norm1.fc.weight")
    gemm(node + "/norm2/fc/Gemm", name + ".norm2.fc", STYLE, 2 * outputs, name + ".norm2.fc.weight")
    conv(node + "/conv1/Conv", name + ".conv1", outputs, inputs, 3, 1)
    conv(node + "/conv2/Conv", name + ".conv2", outputs, outputs, 3, 1)
    if outputs != inputs:
        conv(node + "/conv1x1/Conv", None, outputs, inputs, 1)
    if doubles:
        floats(node + ".pool", inputs, 1, 3)
        floats(name + ".pool.bias", inputs)
        nodes.append(helper.make_node("ConvTranspose", ["x", node + ".pool", name + ".pool.bias"], [node + ":p"], name=node + "/pool/ConvTranspose", strides=[2], pads=[1, 1], group=inputs))


def snake(block, width, taps):
    node, name = "/decoder/decoder/generator/" + block, "decoder.decoder.generator." + block
    for half in "12":
        for i, dilation in enumerate((1, 3, 5)):
            d = dilation if half == "1" else 1
            conv(f"{node}/convs{half}.{i}/Conv", f"{name}.convs{half}.{i}", width, width, taps, (taps - 1) // 2 * d, 1, d)
            gemm(f"{node}/adain{half}.{i}/fc/Gemm", f"{name}.adain{half}.{i}.fc", STYLE, 2 * width)
            put(f"{name}.alpha{half}.{i}", rng.uniform(0.2, 2, (1, width, 1)).astype(np.float32))


def up(i, inputs, outputs, stride):
    node, name = f"/decoder/decoder/generator/ups.{i}/ConvTranspose", f"decoder.decoder.generator.ups.{i}"
    floats(node + ".w", inputs, outputs, 2 * stride)
    floats(name + ".bias", outputs)
    nodes.append(helper.make_node("ConvTranspose", ["x", node + ".w", name + ".bias"], [node + ":y"], name=node, strides=[stride], pads=[stride // 2, stride // 2], group=1))


signed("encoder.bert.embeddings.word_embeddings.weight", SYMBOLS, EMBEDDING)
signed("encoder.bert.embeddings.position_embeddings.weight", 512, EMBEDDING)
signed("encoder.bert.embeddings.token_type_embeddings.weight", 2, EMBEDDING)
floats("encoder.bert.embeddings.LayerNorm.weight", EMBEDDING)
floats("encoder.bert.embeddings.LayerNorm.bias", EMBEDDING)
linear("/encoder/bert/encoder/embedding_hidden_mapping_in/MatMul", "encoder.bert.encoder.embedding_hidden_mapping_in", EMBEDDING, HIDDEN)
layer, name = "/encoder/bert/encoder/albert_layer_groups.0/albert_layers.0", "encoder.bert.encoder.albert_layer_groups.0.albert_layers.0"
for part in ("query", "key", "value", "dense"):
    linear(f"{layer}/attention/{part}/MatMul", f"{name}.attention.{part}", HIDDEN, HIDDEN)
linear(layer + "/ffn/MatMul", name + ".ffn", HIDDEN, FFN)
linear(layer + "/ffn_output/MatMul", name + ".ffn_output", FFN, HIDDEN)
for norm in ("attention.LayerNorm", "full_layer_layer_norm"):
    floats(f"{name}.{norm}.weight", HIDDEN)
    floats(f"{name}.{norm}.bias", HIDDEN)
linear("/encoder/bert_encoder/MatMul", "encoder.bert_encoder", HIDDEN, WIDTH)
signed("encoder.text_encoder.embedding.weight", SYMBOLS, WIDTH)
for i in range(2):
    conv(f"/encoder/text_encoder/cnn.{i}/cnn.{i}.0/Conv", f"encoder.text_encoder.cnn.{i}.0", WIDTH, WIDTH, 5, 2)
    floats(f"encoder.text_encoder.cnn.{i}.1.gamma", WIDTH, size=1)
    floats(f"encoder.text_encoder.cnn.{i}.1.beta", WIDTH)
lstm("/encoder/text_encoder/lstm/LSTM", WIDTH, WIDTH // 2)
lstm("/encoder/predictor/text_encoder/lstms.0/LSTM", WIDTH + STYLE, WIDTH // 2)
gemm("/encoder/predictor/text_encoder/lstms.1/fc/Gemm", "encoder.predictor.text_encoder.lstms.1.fc", STYLE, 2 * WIDTH)
lstm("/encoder/predictor/lstm/LSTM", WIDTH + STYLE, WIDTH // 2)
linear("/encoder/predictor/duration_proj/linear_layer/MatMul", "encoder.predictor.duration_proj.linear_layer", WIDTH, 6)
lstm("/encoder/shared/LSTM", WIDTH + STYLE, WIDTH // 2)
for kind in ("F0", "N"):
    residual(f"/encoder/{kind}.0", f"encoder.predictor.{kind}.0", WIDTH, WIDTH)
    residual(f"/encoder/{kind}.1", f"encoder.predictor.{kind}.1", WIDTH // 2, WIDTH, True)
    residual(f"/encoder/{kind}.2", f"encoder.predictor.{kind}.2", WIDTH // 2, WIDTH // 2)
    conv(f"/encoder/{kind}_proj/Conv", f"encoder.predictor.{kind}_proj", 1, WIDTH // 2, 1)
    conv(f"/decoder/decoder/{kind}_conv/Conv", f"decoder.decoder.{kind}_conv", 1, 1, 3, 1, 2)
conv("/decoder/decoder/asr_res/asr_res.0/Conv", "decoder.decoder.asr_res.0", ASR, WIDTH, 1)
residual("/decoder/decoder/encode", "decoder.decoder.encode", DECODE, WIDTH + 2)
residual("/decoder/decoder/decode.0", "decoder.decoder.decode.0", DECODE, DECODE + ASR + 2)
residual("/decoder/decoder/decode.1", "decoder.decoder.decode.1", WIDTH, DECODE + ASR + 2, True)
floats("mix", 9, 1)
nodes.append(helper.make_node("MatMul", ["x", "mix"], ["mixed"], name="/decoder/decoder/generator/m_source/l_linear/MatMul"))
floats("decoder.decoder.generator.m_source.l_linear.bias", 1)
for i, (inputs, outputs, stride, source) in enumerate(((WIDTH, 8, 10, (12, 3, 6)), (8, 4, 6, (1, 0, 1)))):
    up(i, inputs, outputs, stride)
    conv(f"/decoder/decoder/generator/noise_convs.{i}/Conv", f"decoder.decoder.generator.noise_convs.{i}", outputs, 22, source[0], source[1], source[2])
    snake(f"noise_res.{i}", outputs, 3)
    for j in range(3):
        snake(f"resblocks.{3 * i + j}", outputs, 3 + 2 * j)
conv("/decoder/decoder/generator/conv_post/Conv", "decoder.decoder.generator.conv_post", 22, 4, 7, 3)
floats("decoder.decoder.generator.stft.istft.stft.inverse_basis", 22, 1, 20, size=0.05)
put("decoder.decoder.generator.stft.istft.stft.window_sum", np.full(20, 1.5, np.float32))
graph = helper.make_graph(nodes, "tiny", [helper.make_tensor_value_info("tokens", onnx.TensorProto.INT64, [1, None])],
                          [helper.make_tensor_value_info("audio", onnx.TensorProto.FLOAT, [None])], tensors)
onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20), helper.make_opsetid("com.microsoft", 1)]), sys.argv[1])
