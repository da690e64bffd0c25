#include "text/text_kind.h"

#include <string.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/gguf.h"
#include "core/json.h"

static const char MERGE[] = "a LoRA adapter, which changes a model and is none; merge it into its base model first (peft's merge_and_unload, "
                            "or llama.cpp's llama-export-lora) and name the result";
static const char PIPELINE[] = "a diffusion model, which makes pictures; 'aigc image -m' runs Stable Diffusion 1 and 2 pipelines and checkpoints";
static const char PROJECTOR[] = "a vision projector (mmproj), the eyes of another model; name the text model's file, which runs without it";
static const char EXPERTS[] = "a mixture of experts, which is not supported; a dense model of its family runs here, llama.cpp runs this one";

static bool refuse(const char *path, const char *what, status *st) { return status_set(st, STATUS_INPUT, "%s: %s", path, what); }

/* ---- GGUF ---- */

/* general.architecture of what is no decoder that could ever run here. */
static const struct {
    const char *names, *what; /* names: between spaces */
} OTHERS[] = {
    {" clip mmproj ", PROJECTOR},
    {" flux sd1 sd2 sdxl sd3 aura wan ltxv hyvid hunyuan_video qwen_image lumina2 hidream cosmos chroma pixart z_image ",
     "a diffusion model for pictures or films; stable-diffusion.cpp or ComfyUI-GGUF run it"},
    {" t5 t5encoder bert modern-bert nomic-bert nomic-bert-moe jina-bert-v2 ", "an encoder, which continues no text; llama.cpp's llama-embedding runs it"},
    {" mamba mamba2 rwkv6 rwkv6qwen2 rwkv7 arwkv7 ", "a recurrent model, not a transformer; llama.cpp runs it"},
    {" whisper ", "a speech recogniser; whisper.cpp runs it"},
};

static bool among(const char *names, gguf_string name)
{
    if (name.size == 0 || memchr(name.text, ' ', name.size)) return false;
    for (const char *at = names; (at = memmem(at, strlen(at), name.text, name.size)); at++)
        if (at[-1] == ' ' && at[name.size] == ' ') return true;
    return false;
}

static bool string_is(const gguf *g, const char *key, const char *wanted)
{
    gguf_string s;
    return gguf_get_string(g, key, &s) && s.size == strlen(wanted) && memcmp(s.text, wanted, s.size) == 0;
}

/* Whether a key ".expert_count" of any architecture is above 1. */
static bool has_experts(const gguf *g)
{
    static const char END[] = ".expert_count";
    for (int64_t i = 0; i < gguf_value_count(g); i++) {
        const gguf_value *v = gguf_value_at(g, i);
        uint64_t count;
        char key[80];
        if (v->key.size >= sizeof key || v->key.size < sizeof END || memcmp(v->key.text + v->key.size - (sizeof END - 1), END, sizeof END - 1) != 0) continue;
        memcpy(key, v->key.text, v->key.size);
        key[v->key.size] = 0;
        if (gguf_get_u64(g, key, &count) && count > 1) return true;
    }
    return false;
}

static bool check_gguf(const gguf *g, const char *path, status *st)
{
    gguf_string name = {"", 0};
    gguf_get_string(g, "general.architecture", &name);
    if (string_is(g, "general.type", "adapter") || gguf_find(g, "adapter.type")) return refuse(path, MERGE, st);
    if (string_is(g, "general.type", "mmproj") || gguf_find(g, "clip.has_vision_encoder")) return refuse(path, PROJECTOR, st);
    if (string_is(g, "general.type", "imatrix")) return refuse(path, "an importance matrix, which helps to quantize a model and is none", st);
    for (size_t i = 0; i < sizeof OTHERS / sizeof *OTHERS; i++)
        if (among(OTHERS[i].names, name)) return refuse(path, OTHERS[i].what, st);
    if (has_experts(g)) return refuse(path, EXPERTS, st);
    return true;
}

/* ---- tensors by their names ---- */

bool text_kind_weights(const weights *w, status *st)
{
    const char *path = weights_path(w);
    if (weights_gguf(w)) return check_gguf(weights_gguf(w), path, st);
    if (weights_format_of(w) == WEIGHTS_ONNX) {
        return refuse(path, "an ONNX graph, and none holds a language model that is known here; a .gguf file or a folder with .safetensors was wanted", st);
    }
    int64_t lora = 0, diffusion = 0;
    for (int64_t i = 0; i < weights_count(w); i++) {
        const char *name;
        weights_at(w, i, &name);
        lora += strstr(name, "lora_") != NULL;
        diffusion += strncmp(name, "model.diffusion_model.", 22) == 0 || strncmp(name, "down_blocks.", 12) == 0;
    }
    if (lora * 2 > weights_count(w)) return refuse(path, MERGE, st);
    return !diffusion || refuse(path, PIPELINE, st);
}

/* ---- a folder ---- */

static bool is_there(const char *folder, const char *name, status *st)
{
    char *path = file_join(folder, name, st);
    bool there = path && file_exists(path);
    alloc_free(path);
    return there;
}

bool text_kind_folder(const char *folder, status *st)
{
    bool whole = is_there(folder, "model.safetensors", st) || is_there(folder, "model.safetensors.index.json", st);
    if (!whole && (is_there(folder, "adapter_config.json", st) || is_there(folder, "adapter_model.safetensors", st))) return refuse(folder, MERGE, st);
    if (!whole && is_there(folder, "model_index.json", st)) return refuse(folder, PIPELINE, st);
    return status_ok(st);
}

bool text_kind_config(const char *text, size_t size, const char *path, status *st)
{
    static const char *const COUNTS[] = {"num_local_experts", "num_experts", "n_routed_experts", "moe_num_experts"};
    json_error_t ignored;
    json_t *root = json_parse_config(text, size, 0, &ignored);
    bool experts = false;
    for (size_t i = 0; i < sizeof COUNTS / sizeof *COUNTS; i++) experts |= json_integer_value(json_object_get(root, COUNTS[i])) > 1;
    json_decref(root);
    return !experts || refuse(path, EXPERTS, st); /* a text that is no JSON is the config reader's to tell */
}
