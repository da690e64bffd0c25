/* LoRA files over a small model. An input that begins as a safetensors file is one; any other is a recipe: its bytes choose
 * names, types and shapes of tensors, so that most inputs reach the updates themselves. What is accepted can be read. */
#include "image/lora.h"
#include "tests/fuzz/fuzz.h"

enum { MAX_TENSORS = 12, MAX_FILE = 1 << 16 };

/* The model: a linear layer, a convolution and a layer in 8 bits; of the text encoder one. */
static const struct {
    const char *name;
    int64_t dim[4];
    int rank;
    dtype type;
    bool is_text;
} LAYERS[] = {
    {"down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q.weight", {4, 6}, 2, DTYPE_F16, false},
    {"down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_out.0.weight", {6, 4}, 2, DTYPE_F32, false},
    {"conv_in.weight", {4, 2, 3, 3}, 4, DTYPE_BF16, false},
    {"mid.weight", {4, 4}, 2, DTYPE_I8, false},
    {"mid.weight.scale", {4}, 1, DTYPE_F32, false},
    {"text_model.encoder.layers.0.self_attn.q_proj.weight", {4, 4}, 2, DTYPE_F32, true},
};
enum { LAYER_COUNT = sizeof LAYERS / sizeof LAYERS[0] };

static parameters *model(bool text, status *st)
{
    static float zeros[256];
    parameters *p = parameters_new("model", st);
    for (int i = 0; p && i < LAYER_COUNT; i++) {
        tensor x = {.type = LAYERS[i].type, .rank = LAYERS[i].rank, .data = zeros};
        memcpy(x.dim, LAYERS[i].dim, sizeof LAYERS[i].dim);
        if (LAYERS[i].is_text == text && !parameters_add(p, LAYERS[i].name, &x, NULL, st)) break;
    }
    return p;
}

static void read_all(parameters *p)
{
    status st = {0};
    for (int64_t i = 0; p && i < parameters_count(p); i++) {
        const tensor *x = parameters_peek(p, parameters_name(p, i));
        const float *values = parameters_need_f32(p, &st, parameters_name(p, i), tensor_count(x));
        if (values) fuzz_touch(values, (size_t)tensor_count(x) * sizeof *values);
    }
}

static void merge(const uint8_t *data, size_t size, float strength)
{
    status st = {0}, opened = {0};
    alloc_set_budget((64 << 20) + 64 * (uint64_t)size);
    weights *w = weights_open_bytes(data, size, "fuzz", &opened);
    parameters *unet = w ? model(false, &st) : NULL, *text = unet ? model(true, &st) : NULL;
    if (text) {
        bool ok = lora_merge(unet, text, w, strength, &st);
        FUZZ_CHECK(ok == status_ok(&st) && (ok || (st.code != STATUS_FAIL && st.msg[0])));
    }
    weights_close(w); /* before the sums are made: they need only what was copied */
    read_all(unet);
    read_all(text);
    parameters_free(unet);
    parameters_free(text);
    alloc_set_budget(0);
    FUZZ_CHECK(alloc_in_use() == 0);
}

/* ---- files by recipe ---- */

typedef struct {
    const uint8_t *at, *end;
} recipe;

static uint8_t next(recipe *r) { return r->at < r->end ? *r->at++ : 0; }

static void describe(recipe *r, int i, char *header, size_t *used, size_t *offset)
{
    static const char *const STEMS[] = {"lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q", "lora_unet_conv_in",
        "unet.down_blocks.0.attentions.0.transformer_blocks.0.attn1.processor.to_out", "unet.mid", "lora_te_text_model_encoder_layers_0_self_attn_q_proj",
        "text_encoder.text_model.encoder.layers.0.self_attn.q_proj", "base_model.model.mid", "", "conv_in", "lora_unet_"};
    static const char *const ENDS[] = {".lora_down.weight", ".lora_up.weight", ".alpha", ".lora_A.weight", ".lora_B.weight", ".lora.down.weight",
        ".lora.up.weight", "_lora.down.weight", "_lora.up.weight", ".hada_w1_a", ".weight"};
    static const struct {
        const char *name;
        size_t bytes;
    } TYPES[] = {{"F32", 4}, {"F16", 2}, {"BF16", 2}, {"F64", 8}, {"I8", 1}, {"BOOL", 1}};
    uint8_t stem = next(r), end = next(r), kind = next(r) % 6;
    int rank = next(r) % 5;
    size_t count = 1;
    *used += (size_t)snprintf(header + *used, MAX_FILE / 2 - *used, "%s\"%s%s\":{\"dtype\":\"%s\",\"shape\":[", i ? "," : "",
                                     STEMS[stem % 10], ENDS[end % 11], TYPES[kind].name);
    for (int k = 0; k < rank; k++) {
        unsigned dim = next(r) % 8;
        count *= dim;
        *used += (size_t)snprintf(header + *used, MAX_FILE / 2 - *used, "%s%u", k ? "," : "", dim);
    }
    size_t bytes = count * TYPES[kind].bytes;
    *used += (size_t)snprintf(header + *used, MAX_FILE / 2 - *used, "],\"data_offsets\":[%zu,%zu]}", *offset, *offset + bytes);
    *offset += bytes;
}

static void merge_recipe(recipe r)
{
    static char file[MAX_FILE + 8];
    char *header = file + 8;
    size_t used = 0, offset = 0;
    float strength = (float)(int8_t)next(&r) / 16;
    int count = next(&r) % MAX_TENSORS;
    header[used++] = '{';
    for (int i = 0; i < count && offset < MAX_FILE / 4; i++) describe(&r, i, header, &used, &offset);
    header[used++] = '}';
    uint64_t length = used;
    memcpy(file, &length, sizeof length);
    if (8 + used + offset > sizeof file) return;
    for (size_t i = 0; i < offset; i++) header[used + i] = (char)next(&r);
    merge((const uint8_t *)file, 8 + used + offset, strength);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size >= 9 && data[8] == '{') merge(data, size, 0.5f);
    else merge_recipe((recipe){data, data + size});
    return 0;
}
