/* inspect: what is in a model file or folder. Only headers are read. The facts are gathered into one JSON object, which
 * is printed as it is (--json) or as lines for people. */
#include "cli/arguments.h"
#include "cli/command.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "engine/model_path.h"
#include "engine/options.h"
#include "core/alloc.h"
#include "core/clean.h"
#include "core/file.h"
#include "core/gguf.h"
#include "core/json.h"
#include "core/onnx.h"
#include "core/weights.h"

enum { MAX_CONFIG = 16 << 20, MAX_SHOWN = 200 };

typedef struct {
    bool tensors, metadata;
    status *st;
} inspection;

/* ---- facts ---- */

/* Adds value (taken over) to object; NULL is an allocation that failed. */
static bool put(inspection *in, json_t *object, const char *key, json_t *value)
{
    if (value && json_object_set_new(object, key, value) == 0) return true;
    return status_set(in->st, STATUS_NOMEM, "out of memory for the facts about the model");
}

/* Adds an empty array or object and gives it back, owned by `object`; NULL when memory is out. */
static json_t *put_empty(inspection *in, json_t *object, const char *key, json_t *empty)
{
    return put(in, object, key, empty) ? empty : NULL;
}

/* Text from a file: bytes that are no UTF-8 and control characters become '?'; long text is cut for people to read. */
static json_t *text_of(const char *text, size_t size)
{
    char shown[MAX_SHOWN + 4];
    size_t n = size < MAX_SHOWN ? size : MAX_SHOWN;
    while (n < size && n > 0 && ((unsigned char)text[n] & 0xC0) == 0x80) n--; /* not within a character */
    for (size_t i = 0; i < n; i++) shown[i] = (unsigned char)text[i] < 0x20 || text[i] == 0x7F ? '?' : text[i];
    memcpy(shown + n, n < size ? "..." : "", n < size ? 4 : 1);
    json_t *value = json_string(shown);
    if (value) return value;
    for (char *c = shown; *c; c++)
        if ((unsigned char)*c >= 0x80) *c = '?';
    return json_string(shown);
}

static bool put_text(inspection *in, json_t *object, const char *key, const char *text, size_t size)
{
    return put(in, object, key, text_of(text, size));
}

static json_t *shape_of(const tensor *x)
{
    json_t *shape = json_array();
    for (int i = 0; shape && i < x->rank; i++)
        if (json_array_append_new(shape, json_integer(x->dim[i])) != 0) {
            json_decref(shape);
            return NULL;
        }
    return shape;
}

static json_t *tensor_facts(inspection *in, const char *name, const tensor *x)
{
    json_t *t = json_object();
    if (t && put_text(in, t, "name", name, strlen(name)) && put(in, t, "type", json_string(dtype_of(x->type)->name)) &&
        put(in, t, "shape", shape_of(x)) && put(in, t, "bytes", json_integer((json_int_t)tensor_bytes(x))))
        return t;
    json_decref(t);
    return NULL;
}

static bool append(inspection *in, json_t *list, json_t *value)
{
    if (value && json_array_append_new(list, value) == 0) return true;
    return status_set(in->st, STATUS_NOMEM, "out of memory for the facts about the model");
}

/* How many tensors, elements and bytes there are of each type. */
static bool put_types(inspection *in, json_t *facts, const weights *w)
{
    int64_t tensors[DTYPE_COUNT] = {0}, bytes[DTYPE_COUNT] = {0}, parameters = 0;
    for (int64_t i = 0; i < weights_count(w); i++) {
        const tensor *x = weights_at(w, i, NULL);
        tensors[x->type]++;
        bytes[x->type] += (int64_t)tensor_bytes(x);
        parameters += tensor_count(x);
    }
    if (!put(in, facts, "tensors", json_integer(weights_count(w))) || !put(in, facts, "parameters", json_integer(parameters))) return false;
    json_t *types = put_empty(in, facts, "types", json_array());
    if (!types) return false;
    for (int t = 0; t < DTYPE_COUNT; t++) {
        if (!tensors[t]) continue;
        json_t *one = json_pack("{s:s, s:I, s:I}", "type", dtype_of((dtype)t)->name, "tensors", (json_int_t)tensors[t], "bytes",
                                (json_int_t)bytes[t]);
        if (!append(in, types, one)) return false;
    }
    return true;
}

static bool put_tensors(inspection *in, json_t *facts, const weights *w)
{
    json_t *list = put_empty(in, facts, "tensor_list", json_array());
    if (!list) return false;
    for (int64_t i = 0; i < weights_count(w); i++) {
        const char *name;
        const tensor *x = weights_at(w, i, &name);
        if (!append(in, list, tensor_facts(in, name, x))) return false;
    }
    return true;
}

/* ---- GGUF ---- */

static json_t *gguf_value_json(const gguf_value *v, const gguf *g, const char *key)
{
    bool yes;
    int64_t n;
    double d;
    if (gguf_get_bool(g, key, &yes)) return json_boolean(yes);
    if (v->type == GGUF_STRING) return text_of((const char *)v->bytes, v->size);
    if (gguf_get_i64(g, key, &n)) return json_integer(n);
    if (gguf_get_f64(g, key, &d)) return json_real(d);
    char text[64];
    snprintf(text, sizeof text, "%llu × %s", (unsigned long long)v->count, gguf_type_name(v->item));
    return json_string(text);
}

static bool put_metadata(inspection *in, json_t *facts, const gguf *g)
{
    json_t *all = put_empty(in, facts, "metadata", json_object());
    if (!all) return false;
    for (int64_t i = 0; i < gguf_value_count(g); i++) {
        const gguf_value *v = gguf_value_at(g, i);
        char *key = alloc_string(v->key.text, v->key.size, in->st);
        if (!key) return false;
        json_t *value = gguf_value_json(v, g, key), *shown = text_of(key, v->key.size);
        bool ok = shown && put(in, all, json_string_value(shown), value);
        if (!shown) json_decref(value);
        json_decref(shown);
        alloc_free(key);
        if (!ok) return false;
    }
    return true;
}

static bool put_gguf_number(inspection *in, json_t *facts, const gguf *g, gguf_string architecture, const char *key, const char *as)
{
    char full[160];
    int64_t n;
    snprintf(full, sizeof full, "%.*s.%s", (int)(architecture.size < 100 ? architecture.size : 100), architecture.text, key);
    return !gguf_get_i64(g, full, &n) || put(in, facts, as, json_integer(n));
}

static bool put_gguf(inspection *in, json_t *facts, const gguf *g)
{
    static const char *const NUMBERS[][2] = {
        {"context_length", "context"},  {"block_count", "layers"},          {"embedding_length", "width"},
        {"feed_forward_length", "feed_forward"}, {"attention.head_count", "heads"}, {"attention.head_count_kv", "kv_heads"},
    };
    gguf_string s = {"", 0};
    if (!put(in, facts, "version", json_integer(gguf_version(g)))) return false;
    if (gguf_get_string(g, "general.name", &s) && !put_text(in, facts, "name", s.text, s.size)) return false;
    if (gguf_get_string(g, "general.architecture", &s)) {
        if (!put_text(in, facts, "architecture", s.text, s.size)) return false;
        for (size_t i = 0; i < sizeof NUMBERS / sizeof NUMBERS[0]; i++)
            if (!put_gguf_number(in, facts, g, s, NUMBERS[i][0], NUMBERS[i][1])) return false;
    }
    if (gguf_get_string(g, "tokenizer.ggml.model", &s) && !put_text(in, facts, "tokenizer", s.text, s.size)) return false;
    if (gguf_get_string(g, "tokenizer.ggml.pre", &s) && !put_text(in, facts, "pre_tokenizer", s.text, s.size)) return false;
    const gguf_value *tokens = gguf_get_array(g, "tokenizer.ggml.tokens");
    if (tokens && !put(in, facts, "vocabulary", json_integer((json_int_t)tokens->count))) return false;
    if (!put(in, facts, "chat_template", json_boolean(gguf_find(g, "tokenizer.chat_template") != NULL))) return false;
    return !in->metadata || put_metadata(in, facts, g);
}

/* ---- ONNX ---- */

static bool put_onnx(inspection *in, json_t *facts, const onnx *o)
{
    onnx_string made_by = onnx_made_by(o);
    json_t *inputs = put_empty(in, facts, "inputs", json_array()), *outputs = put_empty(in, facts, "outputs", json_array());
    if (!inputs || !outputs) return false;
    for (int i = 0; i < onnx_input_count(o); i++)
        if (!append(in, inputs, text_of(onnx_input_at(o, i).text, onnx_input_at(o, i).size))) return false;
    for (int i = 0; i < onnx_output_count(o); i++)
        if (!append(in, outputs, text_of(onnx_output_at(o, i).text, onnx_output_at(o, i).size))) return false;
    return put(in, facts, "opset", json_integer(onnx_opset(o))) && put(in, facts, "nodes", json_integer(onnx_node_count(o))) &&
           (!made_by.size || put_text(in, facts, "made_by", made_by.text, made_by.size));
}

/* ---- safetensors, and the files that lie beside it in a folder ---- */

static bool put_safetensors(inspection *in, json_t *facts, const weights *w)
{
    size_t size;
    const char *text = weights_metadata(w, &size);
    if (!text || !in->metadata) return true;
    json_t *metadata = json_parse(text, size, 0, NULL);
    return !metadata || put(in, facts, "metadata", metadata);
}

/* The JSON object in folder/name; NULL where there is none, or it is none. */
static json_t *load_config(inspection *in, const char *folder, const char *name)
{
    char *path = file_join(folder, name, in->st);
    json_t *config = NULL;
    if (path && file_exists(path)) {
        size_t size;
        char *text = file_read(path, MAX_CONFIG, &size, in->st);
        json_error_t error;
        /* as real: tokenizer_config.json is fond of 10³⁰ for "no limit" */
        config = text ? json_parse_config(text, size, strcmp(name, "tokenizer_config.json") == 0 ? JSON_DECODE_INT_AS_REAL : 0, &error) : NULL;
        if (text && !config && error.line < 0) status_set(in->st, STATUS_NOMEM, "%s: out of memory", path);
        else if (text && !config) status_set(in->st, STATUS_INPUT, "%s: line %d: %s", path, error.line, error.text);
        alloc_free(text);
    }
    alloc_free(path);
    return config;
}

/* Copies a number or text of the config under our name. */
static bool put_from(inspection *in, json_t *facts, const json_t *config, const char *key, const char *as)
{
    json_t *value = json_object_get(config, key);
    if (json_is_string(value)) return put_text(in, facts, as, json_string_value(value), json_string_length(value));
    return !json_is_number(value) || put(in, facts, as, json_incref(value));
}

static bool put_config(inspection *in, json_t *facts, const json_t *config)
{
    static const char *const KEYS[][2] = {
        {"model_type", "architecture"},       {"_class_name", "architecture"}, {"max_position_embeddings", "context"},
        {"n_positions", "context"},           {"num_hidden_layers", "layers"}, {"n_layer", "layers"},
        {"hidden_size", "width"},             {"n_embd", "width"},             {"intermediate_size", "feed_forward"},
        {"num_attention_heads", "heads"},     {"n_head", "heads"},             {"num_key_value_heads", "kv_heads"},
        {"vocab_size", "vocabulary"},
    };
    for (size_t i = 0; i < sizeof KEYS / sizeof KEYS[0]; i++)
        if (!put_from(in, facts, config, KEYS[i][0], KEYS[i][1])) return false;
    return true;
}

static bool is_there(inspection *in, const char *folder, const char *name)
{
    char *path = file_join(folder, name, in->st);
    bool there = path && file_exists(path);
    alloc_free(path);
    return there;
}

static bool put_tokenizer(inspection *in, json_t *facts, const char *folder)
{
    static const char *const FILES[] = {"tokenizer.json", "tokenizer.model", "vocab.json"};
    for (size_t i = 0; i < sizeof FILES / sizeof FILES[0]; i++) {
        if (!is_there(in, folder, FILES[i])) continue;
        if (!put(in, facts, "tokenizer", json_string(FILES[i]))) return false;
        json_t *config = load_config(in, folder, "tokenizer_config.json");
        bool chat = json_object_get(config, "chat_template") != NULL || is_there(in, folder, "chat_template.jinja");
        json_decref(config);
        return put(in, facts, "chat_template", json_boolean(chat));
    }
    return status_ok(in->st);
}

static bool put_folder(inspection *in, json_t *facts, const char *folder)
{
    json_t *config = load_config(in, folder, "config.json");
    bool ok = !config || put_config(in, facts, config);
    json_decref(config);
    return ok && status_ok(in->st) && put_tokenizer(in, facts, folder);
}

/* ---- one file or folder ---- */

static json_t *facts_of(inspection *in, const char *path)
{
    static const char *const FORMATS[] = {[WEIGHTS_GGUF] = "gguf", [WEIGHTS_SAFETENSORS] = "safetensors", [WEIGHTS_ONNX] = "onnx"};
    weights *w = weights_open(path, in->st);
    if (!w) return NULL;
    json_t *facts = json_object();
    bool ok = put_text(in, facts, "path", path, strlen(path)) && put(in, facts, "format", json_string(FORMATS[weights_format_of(w)])) &&
              put(in, facts, "bytes", json_integer((json_int_t)weights_file_bytes(w)));
    if (ok && weights_gguf(w)) ok = put_gguf(in, facts, weights_gguf(w));
    if (ok && weights_onnx(w)) ok = put_onnx(in, facts, weights_onnx(w));
    if (ok && weights_format_of(w) == WEIGHTS_SAFETENSORS) ok = put_safetensors(in, facts, w);
    if (ok && file_is_folder(path)) ok = put_folder(in, facts, path);
    ok = ok && put_types(in, facts, w) && (!in->tensors || put_tensors(in, facts, w));
    weights_close(w);
    if (ok) return facts;
    json_decref(facts);
    return NULL;
}

/* A diffusers folder: model_index.json names the parts, each a folder of its own, some without weights. */
static json_t *pipeline_facts(inspection *in, const char *path, const json_t *index)
{
    json_t *facts = json_object(), *parts = NULL, *value;
    const char *key;
    bool ok = put_text(in, facts, "path", path, strlen(path)) && put(in, facts, "format", json_string("diffusers")) &&
              put_from(in, facts, index, "_class_name", "architecture");
    ok = ok && (parts = put_empty(in, facts, "parts", json_object())) != NULL;
    json_object_foreach((json_t *)(uintptr_t)index, key, value)
    {
        if (!ok || !json_is_array(value) || strchr(key, '/') || key[0] == '.') continue;
        char *folder = file_join(path, key, in->st);
        bool there = folder && weights_in_folder(folder, in->st);
        ok = status_ok(in->st) && (!there || put(in, parts, key, facts_of(in, folder)));
        alloc_free(folder);
    }
    if (ok) return facts;
    json_decref(facts);
    return NULL;
}

static bool is_model_file(const char *name)
{
    const char *end = strrchr(name, '.');
    return name[0] != '.' && end && (strcmp(end, ".gguf") == 0 || strcmp(end, ".onnx") == 0 || strcmp(end, ".safetensors") == 0);
}

typedef struct {
    char text[NAME_MAX + 1];
} file_name;

/* The model file whose name follows `after` in order; an empty name when none does. Folders of models are small: looking
 * through one again for each file costs nothing. */
static file_name next_model_file(const char *folder, const char *after)
{
    file_name best = {{0}};
    DIR *d = opendir(folder);
    for (struct dirent *e; d && (e = readdir(d));) {
        if (!is_model_file(e->d_name) || strcmp(e->d_name, after) <= 0) continue;
        if (!best.text[0] || strcmp(e->d_name, best.text) < 0) snprintf(best.text, sizeof best.text, "%s", e->d_name);
    }
    if (d) closedir(d);
    return best;
}

/* A folder of another kind, as a voice's: its model files one by one, in the order of their names. */
static json_t *folder_facts(inspection *in, const char *path)
{
    json_t *facts = json_object(), *parts = NULL;
    bool ok = put_text(in, facts, "path", path, strlen(path)) && put(in, facts, "format", json_string("folder")) &&
              (parts = put_empty(in, facts, "parts", json_object())) != NULL;
    file_name file = next_model_file(path, "");
    if (!file.text[0]) ok = status_set(in->st, STATUS_INPUT, "%s: no model file in the folder", path);
    for (; ok && file.text[0]; file = next_model_file(path, file.text)) {
        char *full = file_join(path, file.text, in->st);
        ok = full && put(in, parts, file.text, facts_of(in, full));
        alloc_free(full);
    }
    if (ok) return facts;
    json_decref(facts);
    return NULL;
}

static json_t *any_facts(inspection *in, const char *path)
{
    if (!file_is_folder(path) || weights_in_folder(path, in->st)) return status_ok(in->st) ? facts_of(in, path) : NULL;
    json_t *index = load_config(in, path, "model_index.json");
    json_t *facts = !status_ok(in->st) ? NULL : index ? pipeline_facts(in, path, index) : folder_facts(in, path);
    json_decref(index);
    return facts;
}

/* ---- for people ---- */

static void print_value(const json_t *value)
{
    if (json_is_string(value)) clean_print(stdout, CLEAN_LINE, json_string_value(value), 0);
    else if (json_is_boolean(value)) printf("%s", json_is_true(value) ? "yes" : "no");
    else if (json_is_real(value)) printf("%g", json_real_value(value));
    else if (json_is_integer(value)) {
        json_int_t n = json_integer_value(value);
        printf("%lld", (long long)n);
        if (n >= 10000000) printf(" (%.4g %s)", (double)n / (n >= 1000000000 ? 1e9 : 1e6), n >= 1000000000 ? "G" : "M");
    }
}

/* "q4_1 × 210 (66.36 MB)" */
static void print_type(const json_t *type)
{
    double bytes = (double)json_integer_value(json_object_get(type, "bytes"));
    printf("%s × %lld ", json_string_value(json_object_get(type, "type")), (long long)json_integer_value(json_object_get(type, "tensors")));
    if (bytes < 1e3) printf("(%.0f B)", bytes);
    else if (bytes < 1e6) printf("(%.4g kB)", bytes / 1e3);
    else printf("(%.4g %s)", bytes / (bytes < 1e9 ? 1e6 : 1e9), bytes < 1e9 ? "MB" : "GB");
}

static void print_list(const json_t *list)
{
    size_t i;
    json_t *item;
    json_array_foreach((json_t *)(uintptr_t)list, i, item)
    {
        if (i) printf(", ");
        print_value(item);
        if (json_is_object(item))
            print_type(item);
    }
}

static void print_tensors(const json_t *list)
{
    size_t i, k;
    json_t *t, *n;
    json_array_foreach((json_t *)(uintptr_t)list, i, t)
    {
        clean_padded(stdout, json_string_value(json_object_get(t, "name")), 48);
        printf(" %-6s [", json_string_value(json_object_get(t, "type")));
        json_array_foreach(json_object_get(t, "shape"), k, n) printf("%s%lld", k ? ", " : "", (long long)json_integer_value(n));
        printf("]\n");
    }
}

static void print_facts(const json_t *facts, const char *indent)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)facts, key, value)
    {
        if (strcmp(key, "tensor_list") == 0) continue;
        if (json_is_object(value)) {
            fputs(indent, stdout);
            clean_padded(stdout, key, 0);
            putchar('\n');
            print_facts(value, indent[0] ? "        " : "    ");
            continue;
        }
        fputs(indent, stdout);
        clean_padded(stdout, key, 14);
        fputs("  ", stdout);
        if (json_is_array(value)) print_list(value);
        else print_value(value);
        printf("\n");
    }
    if (json_object_get(facts, "tensor_list")) print_tensors(json_object_get(facts, "tensor_list"));
}

static void run(inspection *in, const char *name, bool as_json)
{
    char *path = model_path_find(name, in->st);
    if (!path) return;
    json_t *facts = any_facts(in, path);
    alloc_free(path);
    if (!facts) {
        status_set(in->st, STATUS_NOMEM, "out of memory for the facts about the model");
        return;
    }
    if (as_json) {
        json_print(facts, JSON_INDENT(2), in->st);
    } else {
        print_facts(facts, "");
    }
    json_decref(facts);
}

static const help_text HELP = {
    "aigc inspect [OPTION]… MODEL",
    "What is in a model: a file (GGUF, safetensors, ONNX), a folder (Hugging Face, diffusers), or a short name. Its weights are not loaded.",
    {{"aigc inspect smollm2",
      "format, architecture, sizes and types of the weights"},
     {"aigc inspect --tensors --json icons",
      "every tensor of every part, as an object"}},
    "MODEL"};

void cmd_inspect(int argc, char **argv, status *st)
{
    bool as_json = false, help;
    inspection in = {.st = st};
    const option table[] = {
        {0, "json", OPTION_FLAG, &as_json, NULL, "print one JSON object", 0, 0, NULL},
        {0, "tensors", OPTION_FLAG, &in.tensors, NULL, "list every tensor with its type and shape", 0, 0, NULL},
        {0, "metadata", OPTION_FLAG, &in.metadata, NULL, "list the file's own keys and values", 0, 0, NULL},
        {0},
    };
    const char **words = alloc_array((size_t)argc, sizeof *words, st);
    int count;
    if (!words) return;
    if (arguments_parse(table, argc, argv, &HELP, words, &count, &help, st) && !help) {
        if (count != 1) status_set(st, STATUS_USAGE, "one model file or folder is wanted, %d given; --help tells more", count);
        else run(&in, words[0], as_json);
    }
    alloc_free(words);
}
