/* ONNX files: the model, its graph and tensors; then everything that can be asked about every node. */
#include "tests/fuzz/fuzz.h"

static void read_node(const onnx *o, const onnx_node *n)
{
    static const char *const NAMES[] = {"value", "pads", "group", "alpha", "auto_pad", "scales", "kernel_shape"};
    int64_t number, numbers[8];
    float real, reals[8];
    int count;
    onnx_string s;
    fuzz_touch(n->name.text, n->name.size);
    fuzz_touch(n->op_type.text, n->op_type.size);
    for (int k = 0; k <= n->inputs; k++) {
        s = onnx_node_input(o, n, k);
        fuzz_touch(s.text, s.size);
        onnx_maker(o, s);
        const tensor *x = onnx_node_tensor(o, n, k);
        if (x) fuzz_touch(x->data, tensor_bytes(x));
    }
    for (int k = 0; k <= n->outputs; k++) onnx_maker(o, onnx_node_output(o, n, k));
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
        onnx_get_i64(n, NAMES[i], &number);
        onnx_get_f32(n, NAMES[i], &real);
        if (onnx_get_string(n, NAMES[i], &s)) fuzz_touch(s.text, s.size);
        if (onnx_get_ints(n, NAMES[i], numbers, 8, &count)) FUZZ_CHECK(count >= 1 && count <= 8);
        if (onnx_get_floats(n, NAMES[i], reals, 8, &count)) FUZZ_CHECK(count >= 1 && count <= 8);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 9 || data[0] != 0x08 || data[8] == '{') return 0;
    weights *w = fuzz_open(data, size);
    const onnx *o = w ? weights_onnx(w) : NULL;
    onnx_string s;
    for (int64_t i = 0; o && i < onnx_node_count(o); i++) read_node(o, onnx_node_at(o, i));
    for (int i = 0; o && i < onnx_input_count(o); i++) fuzz_touch(onnx_input_at(o, i).text, onnx_input_at(o, i).size);
    for (int i = 0; o && i < onnx_output_count(o); i++) fuzz_touch(onnx_output_at(o, i).text, onnx_output_at(o, i).size);
    if (o && onnx_get_metadata(o, "voice", &s)) fuzz_touch(s.text, s.size);
    if (w) fuzz_tensors(w);
    fuzz_close(w);
    return 0;
}
