#include "text/tokenizer_settings.h"

#include <string.h>

#include "core/json.h"

/* A setting being read: where it stands, for messages, and the status. */
typedef struct {
    tokenizer *t;
    const char *name; /* of the file */
    const char *part; /* "normalizer", … */
    status *st;
} reader;

static bool refuse(const reader *r, const char *what, const char *found)
{
    return status_set(r->st, STATUS_INPUT, "%s: %s: %s '%.80s' is not supported", r->name, r->part, what, found ? found : "");
}

static bool missing(const reader *r, const char *key)
{
    return status_set(r->st, STATUS_INPUT, "%s: %s: '%s' is missing or of another kind than wanted", r->name, r->part, key);
}

/* The JSON of one part; NULL when it is absent, or with st set. */
static json_t *parse(const reader *r, const char *json, size_t size)
{
    json_error_t error;
    if (!size) return NULL;
    json_t *value = json_parse(json, size, JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
    if (!value) status_set(r->st, STATUS_INPUT, "%s: %s: no valid JSON: %s", r->name, r->part, error.text);
    return value;
}

/* Runs read over one part and gives its memory back. An absent part and null are `otherwise`. */
static bool with_part(reader r, const char *json, size_t size, bool (*read)(const reader *, const json_t *), bool otherwise)
{
    json_t *value = parse(&r, json, size);
    bool ok = value && !json_is_null(value) ? read(&r, value) : otherwise;
    json_decref(value);
    return ok && status_ok(r.st);
}

static bool get_bool(const json_t *object, const char *key, bool otherwise)
{
    const json_t *value = json_object_get(object, key);
    return json_is_boolean(value) ? json_is_true(value) : otherwise;
}

static const char *type_of(const json_t *object)
{
    const char *type = json_string_value(json_object_get(object, "type"));
    return type ? type : "";
}

static bool get_text(const reader *r, const json_t *object, const char *key, tokenizer_text *out)
{
    const json_t *value = json_object_get(object, key);
    if (!json_is_string(value)) return missing(r, key);
    return tokenizer_text_set(out, json_string_value(value), json_string_length(value), r->name, r->st);
}

/* {"String": "…"} or {"Regex": "…"} */
static bool get_pattern(const reader *r, const json_t *object, tokenizer_pattern *out)
{
    const json_t *pattern = json_object_get(object, "pattern");
    const json_t *regex = json_object_get(pattern, "Regex");
    if (json_is_string(regex)) {
        out->kind = PATTERN_REGEX;
        out->regex = tokenizer_regex_new(json_string_value(regex), json_string_length(regex), r->name, r->st);
        return out->regex;
    }
    out->kind = PATTERN_LITERAL;
    if (!json_is_string(json_object_get(pattern, "String"))) return missing(r, "pattern");
    return get_text(r, pattern, "String", &out->literal);
}

/* Calls read for each element of the array at key. */
static bool each(const reader *r, const json_t *object, const char *key, bool (*read)(const reader *, const json_t *))
{
    const json_t *array = json_object_get(object, key);
    if (!json_is_array(array)) return missing(r, key);
    for (size_t i = 0; i < json_array_size(array); i++)
        if (!read(r, json_array_get(array, i))) return false;
    return true;
}

/* ---- added tokens ---- */

static bool read_added(const reader *r, const json_t *token)
{
    const json_t *content = json_object_get(token, "content"), *id = json_object_get(token, "id");
    if (!json_is_string(content)) return missing(r, "content");
    if (!json_is_integer(id)) return missing(r, "id");
    added_token flags = {
        .special = get_bool(token, "special", false),
        .normalised = get_bool(token, "normalized", false),
        .single_word = get_bool(token, "single_word", false),
        .left_strip = get_bool(token, "lstrip", false),
        .right_strip = get_bool(token, "rstrip", false),
    };
    return tokenizer_add_token(r->t, json_integer_value(id), json_string_value(content), json_string_length(content), flags,
                               r->name, r->st);
}

static bool read_added_list(const reader *r, const json_t *list)
{
    for (size_t i = 0; i < json_array_size(list); i++)
        if (!read_added(r, json_array_get(list, i))) return false;
    return true;
}

bool tokenizer_settings_added(tokenizer *t, const char *json, size_t size, const char *name, status *st)
{
    return with_part((reader){t, name, "added_tokens", st}, json, size, read_added_list, true);
}

/* ---- the model ---- */

static bool optional_text(const reader *r, const json_t *object, const char *key, tokenizer_text *out)
{
    const json_t *value = json_object_get(object, key);
    return !value || json_is_null(value) || get_text(r, object, key, out);
}

static bool read_model(const reader *r, const json_t *model)
{
    tokenizer *t = r->t;
    const char *type = type_of(model);
    if (*type && strcmp(type, "BPE") != 0) return refuse(r, "the type", type);
    t->byte_fallback = get_bool(model, "byte_fallback", false);
    t->fuse_unknown = get_bool(model, "fuse_unk", false);
    t->ignore_merges = get_bool(model, "ignore_merges", false);
    if (!optional_text(r, model, "continuing_subword_prefix", &t->prefix) ||
        !optional_text(r, model, "end_of_word_suffix", &t->suffix))
        return false;
    const json_t *unknown = json_object_get(model, "unk_token");
    if (!json_is_string(unknown)) return true;
    t->unknown = tokenizer_vocab_find(&t->vocab, json_string_value(unknown), json_string_length(unknown));
    if (t->unknown < 0)
        return status_set(r->st, STATUS_INPUT, "%s: the unknown token '%.80s' is not in the vocabulary", r->name,
                          json_string_value(unknown));
    t->special.unk = t->unknown;
    return true;
}

bool tokenizer_settings_model(tokenizer *t, const char *json, size_t size, const char *name, status *st)
{
    return with_part((reader){t, name, "model", st}, json, size, read_model, true);
}

/* ---- normalizer ---- */

static bool fill_normaliser(const reader *r, const json_t *object, const char *type, tokenizer_normaliser *n)
{
    static const struct {
        const char *name;
        tokenizer_unicode_form form;
    } forms[] = {{"NFC", UNICODE_NFC}, {"NFD", UNICODE_NFD}, {"NFKC", UNICODE_NFKC}, {"NFKD", UNICODE_NFKD}};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (strcmp(type, forms[i].name) == 0) {
            *n = (tokenizer_normaliser){.kind = NORMALISE_UNICODE, .form = forms[i].form};
            return true;
        }
    if (strcmp(type, "Lowercase") == 0) {
        n->kind = NORMALISE_LOWER;
        return true;
    }
    if (strcmp(type, "Strip") == 0) {
        *n = (tokenizer_normaliser){
            .kind = NORMALISE_STRIP, .left = get_bool(object, "strip_left", true), .right = get_bool(object, "strip_right", true)};
        return true;
    }
    if (strcmp(type, "Prepend") == 0) {
        n->kind = NORMALISE_PREPEND;
        return get_text(r, object, "prepend", &n->text);
    }
    if (strcmp(type, "Replace") == 0) {
        n->kind = NORMALISE_REPLACE;
        return get_text(r, object, "content", &n->text) && get_pattern(r, object, &n->pattern);
    }
    return refuse(r, "the type", type);
}

static bool read_normalizer(const reader *r, const json_t *object)
{
    tokenizer *t = r->t;
    const char *type = type_of(object);
    if (strcmp(type, "Sequence") == 0) return each(r, object, "normalizers", read_normalizer);
    if (t->normalisers == TOKENIZER_MAX_STEPS) return refuse(r, "a longer sequence of steps, at", type);
    t->normaliser[t->normalisers] = (tokenizer_normaliser){.kind = NORMALISE_LOWER};
    return fill_normaliser(r, object, type, &t->normaliser[t->normalisers++]);
}

bool tokenizer_settings_normalizer(tokenizer *t, const char *json, size_t size, const char *name, status *st)
{
    return with_part((reader){t, name, "normalizer", st}, json, size, read_normalizer, true);
}

/* ---- pre_tokenizer ---- */

static bool get_behaviour(const reader *r, const json_t *object, split_behaviour *out)
{
    static const char *const names[] = {"Isolated", "Removed", "Contiguous", "MergedWithPrevious", "MergedWithNext"};
    const char *found = json_string_value(json_object_get(object, "behavior"));
    for (int i = 0; found && i < 5; i++)
        if (strcmp(found, names[i]) == 0) {
            *out = (split_behaviour)i;
            return true;
        }
    return refuse(r, "the behavior", found);
}

static tokenizer_step *new_step(const reader *r)
{
    tokenizer *t = r->t;
    if (t->steps == TOKENIZER_MAX_STEPS) {
        refuse(r, "a sequence of so many steps", "");
        return NULL;
    }
    t->step[t->steps] = (tokenizer_step){.kind = STEP_SPLIT, .behaviour = SPLIT_ISOLATED};
    return &t->step[t->steps++];
}

/* A split whose matches, or what lies between, become the pieces. */
static bool regex_step(const reader *r, const char *expression, split_behaviour behaviour, bool invert)
{
    tokenizer_step *s = new_step(r);
    if (!s) return false;
    s->behaviour = behaviour;
    s->invert = invert;
    s->pattern.kind = PATTERN_REGEX;
    s->pattern.regex = tokenizer_regex_new(expression, strlen(expression), r->name, r->st);
    return s->pattern.regex;
}

static bool byte_level_step(const reader *r, const json_t *object)
{
    static const char gpt2[] = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";
    r->t->byte_level = true;
    if (get_bool(object, "add_prefix_space", true)) {
        tokenizer_step *s = new_step(r);
        if (!s) return false;
        s->kind = STEP_PREPEND_SPACE;
    }
    return !get_bool(object, "use_regex", true) || regex_step(r, gpt2, SPLIT_ISOLATED, false);
}

static bool metaspace_step(const reader *r, const json_t *object)
{
    tokenizer_step *s = new_step(r);
    if (!s || !get_text(r, object, "replacement", &s->pattern.literal)) return false;
    if (!s->pattern.literal.size) return missing(r, "replacement");
    const char *scheme = json_string_value(json_object_get(object, "prepend_scheme"));
    s->kind = STEP_METASPACE;
    s->behaviour = SPLIT_WITH_NEXT;
    s->split = get_bool(object, "split", true);
    s->prepend = PREPEND_ALWAYS;
    if (!scheme) s->prepend = get_bool(object, "add_prefix_space", true) ? PREPEND_ALWAYS : PREPEND_NEVER;
    else if (strcmp(scheme, "first") == 0) s->prepend = PREPEND_FIRST;
    else if (strcmp(scheme, "never") == 0) s->prepend = PREPEND_NEVER;
    else if (strcmp(scheme, "always") != 0) return refuse(r, "the prepend_scheme", scheme);
    return true;
}

static bool read_pre_tokenizer(const reader *r, const json_t *object)
{
    const char *type = type_of(object);
    if (strcmp(type, "Sequence") == 0) return each(r, object, "pretokenizers", read_pre_tokenizer);
    if (r->t->byte_level) return refuse(r, "behind ByteLevel the step", type);
    if (strcmp(type, "ByteLevel") == 0) return byte_level_step(r, object);
    if (strcmp(type, "Metaspace") == 0) return metaspace_step(r, object);
    if (strcmp(type, "Whitespace") == 0) return regex_step(r, "\\w+|[^\\w\\s]+", SPLIT_REMOVED, true);
    if (strcmp(type, "WhitespaceSplit") == 0) return regex_step(r, "\\s", SPLIT_REMOVED, false);
    if (strcmp(type, "Digits") == 0) {
        tokenizer_step *s = new_step(r);
        if (!s) return false;
        s->pattern.kind = PATTERN_NUMERIC;
        s->behaviour = get_bool(object, "individual_digits", false) ? SPLIT_ISOLATED : SPLIT_CONTIGUOUS;
        return true;
    }
    if (strcmp(type, "Split") != 0) return refuse(r, "the type", type);
    tokenizer_step *s = new_step(r);
    if (!s || !get_behaviour(r, object, &s->behaviour)) return false;
    s->invert = get_bool(object, "invert", false);
    return get_pattern(r, object, &s->pattern);
}

bool tokenizer_settings_pre_tokenizer(tokenizer *t, const char *json, size_t size, const char *name, status *st)
{
    return with_part((reader){t, name, "pre_tokenizer", st}, json, size, read_pre_tokenizer, true);
}

/* ---- decoder ---- */

static bool replace_decoder(const reader *r, const json_t *object)
{
    tokenizer_pattern pattern = {0};
    tokenizer_text content = {.size = 0};
    bool ok = get_pattern(r, object, &pattern) && get_text(r, object, "content", &content);
    bool plain = ok && pattern.kind == PATTERN_LITERAL && content.size == 1 && content.data[0] == ' ' && !r->t->space.size;
    tokenizer_regex_free(pattern.regex);
    if (!ok) return false;
    if (!plain) return refuse(r, "a replacement other than of one text by a space:", "Replace");
    r->t->space = pattern.literal;
    return true;
}

static bool strip_decoder(const reader *r, const json_t *object)
{
    tokenizer_text content;
    if (!get_text(r, object, "content", &content)) return false;
    json_int_t start = json_integer_value(json_object_get(object, "start"));
    json_int_t stop = json_integer_value(json_object_get(object, "stop"));
    if (content.size != 1 || content.data[0] != ' ' || start < 0 || start > 1000 || stop != 0)
        return refuse(r, "stripping anything but spaces at the start:", "Strip");
    r->t->strip_left = (int)start;
    return true;
}

static bool read_decoder(const reader *r, const json_t *object)
{
    tokenizer *t = r->t;
    const char *type = type_of(object);
    if (strcmp(type, "Sequence") == 0) return each(r, object, "decoders", read_decoder);
    if (strcmp(type, "ByteFallback") == 0 || strcmp(type, "Fuse") == 0) return true;
    if (strcmp(type, "Replace") == 0) return replace_decoder(r, object);
    if (strcmp(type, "Strip") == 0) return strip_decoder(r, object);
    if (strcmp(type, "ByteLevel") == 0) {
        t->suffix_is_space = t->suffix.size > 0;
        return true;
    }
    if (strcmp(type, "BPEDecoder") == 0) {
        t->suffix_is_space = true;
        return get_text(r, object, "suffix", &t->suffix);
    }
    if (strcmp(type, "Metaspace") == 0) {
        const char *scheme = json_string_value(json_object_get(object, "prepend_scheme"));
        bool prefix = scheme ? strcmp(scheme, "never") != 0 : get_bool(object, "add_prefix_space", true);
        t->strip_left = prefix ? 1 : 0;
        return get_text(r, object, "replacement", &t->space);
    }
    return refuse(r, "the type", type);
}

bool tokenizer_settings_decoder(tokenizer *t, const char *json, size_t size, const char *name, status *st)
{
    json_t *value = parse(&(reader){t, name, "decoder", st}, json, size);
    t->join_with_space = !value || json_is_null(value); /* the library's rule for a tokenizer without a decoder */
    json_decref(value);
    return with_part((reader){t, name, "decoder", st}, json, size, read_decoder, true);
}

/* ---- post_processor ---- */

static bool put_around(const reader *r, bool before, json_int_t id)
{
    tokenizer *t = r->t;
    int *count = before ? &t->before_count : &t->after_count;
    if (*count == TOKENIZER_MAX_AROUND) return refuse(r, "so many tokens around a text:", "TemplateProcessing");
    if (id < 0 || id >= t->vocab.size)
        return status_set(r->st, STATUS_INPUT, "%s: %s: token id %lld is outside the vocabulary of %d", r->name, r->part,
                          (long long)id, t->vocab.size);
    (before ? t->before : t->after)[(*count)++] = (int32_t)id;
    return true;
}

/* "single": [{"SpecialToken": {"id": "<s>"}}, {"Sequence": {"id": "A"}}, …]; the names' ids stand in special_tokens. */
static bool read_template(const reader *r, const json_t *object)
{
    const json_t *single = json_object_get(object, "single"), *table = json_object_get(object, "special_tokens");
    if (!json_is_array(single)) return missing(r, "single");
    bool before = true;
    for (size_t i = 0; i < json_array_size(single); i++) {
        const json_t *piece = json_array_get(single, i), *special = json_object_get(piece, "SpecialToken");
        if (json_object_get(piece, "Sequence")) {
            before = false;
            continue;
        }
        const char *name = json_string_value(json_object_get(special, "id"));
        const json_t *ids = name ? json_object_get(json_object_get(table, name), "ids") : NULL;
        if (!json_is_array(ids)) return missing(r, "special_tokens");
        for (size_t k = 0; k < json_array_size(ids); k++)
            if (!put_around(r, before, json_is_integer(json_array_get(ids, k)) ? json_integer_value(json_array_get(ids, k)) : -1))
                return false;
    }
    return true;
}

/* ["<s>", 0] */
static bool put_pair(const reader *r, const json_t *object, const char *key, bool before)
{
    const json_t *id = json_array_get(json_object_get(object, key), 1);
    return json_is_integer(id) ? put_around(r, before, json_integer_value(id)) : missing(r, key);
}

static bool read_post_processor(const reader *r, const json_t *object)
{
    const char *type = type_of(object);
    if (strcmp(type, "Sequence") == 0) return each(r, object, "processors", read_post_processor);
    if (strcmp(type, "ByteLevel") == 0) return true; /* offsets only */
    if (strcmp(type, "TemplateProcessing") == 0) return read_template(r, object);
    if (strcmp(type, "RobertaProcessing") == 0 || strcmp(type, "BertProcessing") == 0)
        return put_pair(r, object, "cls", true) && put_pair(r, object, "sep", false);
    return refuse(r, "the type", type);
}

bool tokenizer_settings_post_processor(tokenizer *t, const char *json, size_t size, const char *name, status *st)
{
    return with_part((reader){t, name, "post_processor", st}, json, size, read_post_processor, true);
}
