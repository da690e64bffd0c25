/* A tokenizer from a Hugging Face folder: tokenizer.json or vocab.json and merges.txt, and what the files beside it say
 * about special tokens and the chat template. */
#include <string.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/json.h"
#include "text/tokenizer_pipeline.h"
#include "text/tokenizer_settings.h"

static const size_t MAX_FILE = (size_t)256 << 20;  /* Gemma's tokenizer.json has 33 MB */
static const size_t MAX_CONFIG = (size_t)16 << 20; /* tokenizer_config.json lists thousands of added tokens */

/* The folder's file of that name, or NULL: absent, or with st set unreadable. */
static char *read_optional(const char *folder, const char *name, size_t limit, size_t *size, status *st)
{
    char *path = file_join(folder, name, st);
    char *data = path && file_exists(path) ? file_read(path, limit, size, st) : NULL;
    alloc_free(path);
    return data;
}

static json_t *read_config(const char *folder, const char *name, status *st)
{
    size_t size;
    char *data = read_optional(folder, name, MAX_CONFIG, &size, st);
    if (!data) return NULL;
    json_error_t error;
    /* "model_max_length" is often 10³⁰: whole numbers are taken as reals, which hold any id exactly */
    json_t *value = json_parse_config(data, size, JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, &error);
    if (!value) status_set(st, STATUS_INPUT, "%s/%s: no valid JSON: line %d: %s", folder, name, error.line, error.text);
    alloc_free(data);
    return value;
}

/* A token is given as "text" or as {"content": "text", …}. */
static int32_t token_named(const tokenizer *t, const json_t *config, const char *key)
{
    const json_t *value = json_object_get(config, key);
    if (json_is_object(value)) value = json_object_get(value, "content");
    return json_is_string(value) ? tokenizer_vocab_find(&t->vocab, json_string_value(value), json_string_length(value)) : -1;
}

static int32_t id_given(const tokenizer *t, const json_t *value)
{
    double number = json_is_number(value) ? json_number_value(value) : -1;
    if (!(number >= 0 && number < t->vocab.size)) return -1;
    int32_t id = (int32_t)number;
    return (double)id == number && t->vocab.type[id] != TOKEN_ABSENT ? id : -1;
}

static void take(int32_t *to, int32_t id)
{
    if (*to < 0) *to = id;
}

static void read_names(tokenizer *t, const json_t *config)
{
    take(&t->special.bos, token_named(t, config, "bos_token"));
    take(&t->special.eos, token_named(t, config, "eos_token"));
    take(&t->special.pad, token_named(t, config, "pad_token"));
    take(&t->special.unk, token_named(t, config, "unk_token"));
    take(&t->special.eot, token_named(t, config, "eot_token"));
}

/* generation_config.json and config.json name ids; eos_token_id may be a list, all of which end an answer. */
static void read_ids(tokenizer *t, const json_t *config)
{
    const json_t *eos = json_object_get(config, "eos_token_id");
    take(&t->special.bos, id_given(t, json_object_get(config, "bos_token_id")));
    take(&t->special.pad, id_given(t, json_object_get(config, "pad_token_id")));
    take(&t->special.eos, id_given(t, json_is_array(eos) ? json_array_get(eos, 0) : eos));
    tokenizer_add_end(t, id_given(t, eos));
    for (size_t i = 0; i < json_array_size(eos); i++) tokenizer_add_end(t, id_given(t, json_array_get(eos, i)));
}

/* chat_template is a string, or a list of {"name", "template"}. */
static bool read_templates(tokenizer *t, const json_t *config, status *st)
{
    const json_t *value = json_object_get(config, "chat_template");
    if (json_is_string(value)) return tokenizer_add_chat(t, "default", 7, json_string_value(value), json_string_length(value), st);
    for (size_t i = 0; i < json_array_size(value); i++) {
        const json_t *one = json_array_get(value, i), *name = json_object_get(one, "name"), *text = json_object_get(one, "template");
        if (json_is_string(name) && json_is_string(text) &&
            !tokenizer_add_chat(t, json_string_value(name), json_string_length(name), json_string_value(text), json_string_length(text), st))
            return false;
    }
    return true;
}

/* chat_template.jinja, which comes before what tokenizer_config.json says. */
static bool read_template_file(tokenizer *t, const char *folder, status *st)
{
    size_t size;
    char *text = read_optional(folder, "chat_template.jinja", MAX_CONFIG, &size, st);
    bool ok = status_ok(st) && (!text || tokenizer_add_chat(t, "default", 7, text, strlen(text), st));
    alloc_free(text);
    return ok;
}

static bool add_listed(tokenizer *t, int64_t id, const json_t *token, const char *name, status *st)
{
    const json_t *content = json_is_object(token) ? json_object_get(token, "content") : token;
    if (!json_is_string(content)) return true;
    added_token flags = {
        .special = !json_is_object(token) || !json_is_false(json_object_get(token, "special")),
        .normalised = json_is_true(json_object_get(token, "normalized")),
        .single_word = json_is_true(json_object_get(token, "single_word")),
        .left_strip = json_is_true(json_object_get(token, "lstrip")),
        .right_strip = json_is_true(json_object_get(token, "rstrip")),
    };
    if (id < 0) id = tokenizer_vocab_find(&t->vocab, json_string_value(content), json_string_length(content));
    for (int32_t i = 0; i < t->raw.count; i++)
        if (t->raw.token[i].id == id) return true;
    for (int32_t i = 0; i < t->normal.count; i++)
        if (t->normal.token[i].id == id) return true;
    return id < 0 || tokenizer_add_token(t, id, json_string_value(content), json_string_length(content), flags, name, st);
}

/* Without a tokenizer.json the added tokens stand in tokenizer_config.json ("added_tokens_decoder") and by their roles. */
static bool add_from_config(tokenizer *t, const json_t *config, const char *name, status *st)
{
    static const char *const roles[] = {"bos_token", "eos_token", "unk_token", "pad_token"};
    const char *key;
    json_t *token;
    json_object_foreach(json_object_get(config, "added_tokens_decoder"), key, token)
    {
        int64_t id = 0;
        for (const char *c = key; *c >= '0' && *c <= '9' && id < TOKENIZER_MAX_SIZE; c++) id = id * 10 + (*c - '0');
        if (!add_listed(t, id, token, name, st)) return false;
    }
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++) {
        const json_t *role = json_object_get(config, roles[i]);
        if (role && !add_listed(t, -1, role, name, st)) return false;
    }
    return true;
}

/* The pre-tokenizer of a tokenizer class, by GGUF's name; NULL: told by the vocabulary. */
static const char *kind_of_class(const char *name)
{
    static const char *const kinds[][2] = {{"GPT2", "gpt-2"}, {"CLIP", "clip"},   {"Qwen2", "qwen2"}, {"Roberta", "gpt-2"},
                                           {"Bart", "gpt-2"}, {"OPT", "gpt-2"}, {"CodeGen", "gpt-2"}};
    for (size_t i = 0; name && i < sizeof kinds / sizeof *kinds; i++)
        if (strncmp(name, kinds[i][0], strlen(kinds[i][0])) == 0) return kinds[i][1];
    return NULL;
}

static bool read_merges_pair(tokenizer *t, const char *folder, const json_t *config, const json_t *map, status *st)
{
    size_t vocab_size = 0, merges_size = 0;
    char *vocab = read_optional(folder, "vocab.json", MAX_FILE, &vocab_size, st);
    char *merges = status_ok(st) ? read_optional(folder, "merges.txt", MAX_FILE, &merges_size, st) : NULL;
    const char *kind = kind_of_class(json_string_value(json_object_get(config, "tokenizer_class")));
    bool ok = status_ok(st);
    if (ok && (!vocab || !merges))
        ok = status_set(st, STATUS_INPUT, "%s: no tokenizer: neither tokenizer.json nor vocab.json with merges.txt is there", folder);
    ok = ok && tokenizer_json_read_merges(t, vocab, vocab_size, merges, merges_size, kind, folder, st) &&
         add_from_config(t, config, folder, st) && add_from_config(t, map, folder, st);
    alloc_free(vocab);
    alloc_free(merges);
    if (!ok) return false;
    read_names(t, config);
    read_names(t, map);
    t->unknown = t->special.unk;
    bool clip = t->suffix.size > 0;
    bool bos = clip, eos = clip;
    if (json_is_boolean(json_object_get(config, "add_bos_token"))) bos = json_is_true(json_object_get(config, "add_bos_token"));
    if (bos && t->special.bos >= 0) t->before[t->before_count++] = t->special.bos;
    if (eos && t->special.eos >= 0) t->after[t->after_count++] = t->special.eos;
    return true;
}

static bool read_tokenizer(tokenizer *t, const char *folder, const json_t *config, const json_t *map, status *st)
{
    char *path = file_join(folder, "tokenizer.json", st);
    if (!path) return false;
    bool ok;
    if (file_exists(path)) {
        size_t size;
        char *json = file_read(path, MAX_FILE, &size, st);
        ok = json && tokenizer_json_read(t, json, size, path, st);
        alloc_free(json);
        read_names(t, config);
        read_names(t, map);
    } else {
        ok = read_merges_pair(t, folder, config, map, st);
    }
    alloc_free(path);
    return ok;
}

static bool read_rest(tokenizer *t, const char *folder, const json_t *config, status *st)
{
    static const char *const files[] = {"generation_config.json", "config.json"};
    for (int i = 0; i < 2; i++) {
        json_t *ids = read_config(folder, files[i], st);
        read_ids(t, ids);
        json_decref(ids);
    }
    return status_ok(st) && read_template_file(t, folder, st) && read_templates(t, config, st) && tokenizer_finish(t, folder, st);
}

tokenizer *tokenizer_open_folder(const char *folder, status *st)
{
    tokenizer *t = tokenizer_new(st);
    json_t *config = t ? read_config(folder, "tokenizer_config.json", st) : NULL;
    json_t *map = t && status_ok(st) ? read_config(folder, "special_tokens_map.json", st) : NULL;
    bool ok = t && status_ok(st) && read_tokenizer(t, folder, config, map, st) && read_rest(t, folder, config, st);
    json_decref(config);
    json_decref(map);
    if (ok) return t;
    tokenizer_free(t);
    return NULL;
}
