"""Golden file of test_onnx.c: tiny.onnx, a graph that no one could run but that has every way to store a tensor.

    python tests/golden/gen_onnx.py        # needs numpy, onnx
"""
import os

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

here = os.path.dirname(os.path.abspath(__file__))


def typed(name, kind, dims, values):
    return helper.make_tensor(name, kind, dims, values)


def main():
    initialisers = [
        numpy_helper.from_array(np.array([[1, 2, 3], [4, 5, 6]], np.float32), "raw_f32"),
        numpy_helper.from_array(np.array([1, -1], np.float16), "raw_f16"),
        numpy_helper.from_array(np.array([-(2**62)], np.int64), "raw_i64"),
        numpy_helper.from_array(np.array([True, False]), "raw_bool"),
        numpy_helper.from_array(np.zeros((0, 4), np.float32), "empty"),
        typed("typed_f32", TensorProto.FLOAT, [3], [0.5, -0.25, 1e-3]),
        typed("typed_f64", TensorProto.DOUBLE, [1], [0.1]),
        typed("typed_f16", TensorProto.FLOAT16, [2], [1.5, -2]),
        typed("typed_i8", TensorProto.INT8, [2, 2], [-128, -1, 0, 127]),
        typed("typed_u8", TensorProto.UINT8, [3], [0, 128, 255]),
        typed("typed_i32", TensorProto.INT32, [2], [-(2**31), 2**31 - 1]),
        typed("typed_i64", TensorProto.INT64, [2], [-(2**63), 2**63 - 1]),
        typed("scalar", TensorProto.FLOAT, [], [7.0]),
    ]
    nodes = [
        helper.make_node("Conv", ["x", "raw_f32", ""], ["y"], name="/conv", kernel_shape=[3], pads=[1, 2], group=2, alpha=0.5,
                         auto_pad="SAME_UPPER", scales=[0.5, 2.0]),
        helper.make_node("Constant", [], ["c_tensor"], value=numpy_helper.from_array(np.array([3, 4], np.int64))),
        helper.make_node("Constant", [], ["c_int"], value_int=-5),
        helper.make_node("Constant", [], ["c_float"], value_float=2.5),
        helper.make_node("Constant", [], ["c_ints"], value_ints=[1, -2, 3]),
        helper.make_node("Constant", [], ["c_floats"], value_floats=[1.0, -0.5]),
        helper.make_node("Reshape", ["y", "c_tensor"], ["z", "unused"], name="/reshape"),
        helper.make_node("Identity", ["z"], ["out"]),
    ]
    value = lambda name: helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, None])
    graph = helper.make_graph(nodes, "tiny", [value("x"), value("raw_f32")], [value("out")], initialisers)
    model = helper.make_model(graph, producer_name="gen_onnx", opset_imports=[helper.make_opsetid("", 17)])
    helper.set_model_props(model, {"voice": "nobody"})
    onnx.save(model, os.path.join(here, "tiny.onnx"))


if __name__ == "__main__":
    main()
