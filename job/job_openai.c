#include "job/job_openai.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/json.h"

enum { MAX_CHOICES = 16 };

typedef struct {
    job_line *line;
    arena *mem;
    status *st;
} context;

static const char *copy(context *c, const char *text)
{
    size_t n = strlen(text) + 1;
    char *s = arena_alloc(c->mem, n, c->st);
    if (s) memcpy(s, text, n);
    return s;
}

static bool add(context *c, const char *name, const char *value)
{
    const char *mine = value ? copy(c, value) : NULL;
    return mine && job_line_add(c->line, name, mine, c->st);
}

static bool wanted(context *c, const char *key, const char *what) { return status_set(c->st, STATUS_USAGE, "\"%.40s\": %s wanted", key, what); }

/* A string, number or boolean as an option's value. */
static bool add_scalar(context *c, const char *key, const char *name, const json_t *value)
{
    char number[40];
    if (json_is_string(value)) return add(c, name, json_string_value(value));
    if (json_is_boolean(value)) return add(c, name, json_is_true(value) ? "true" : "false");
    if (json_is_integer(value)) snprintf(number, sizeof number, "%lld", (long long)json_integer_value(value));
    else if (json_is_real(value)) snprintf(number, sizeof number, "%.17g", json_real_value(value));
    else return wanted(c, key, "a string, a number, true or false");
    return add(c, name, number);
}

/* A scalar or a list of them, each a use of the option. */
static bool add_list(context *c, const char *key, const char *name, const json_t *value)
{
    size_t i;
    json_t *item;
    if (!json_is_array(value)) return add_scalar(c, key, name, value);
    json_array_foreach(value, i, item)
    {
        if (!add_scalar(c, key, name, item)) return false;
    }
    return true;
}

/* [1, 2, 3] -> "1 2 3"; NULL with st set for what is no list of token ids. */
static const char *ids_of(context *c, const char *key, const json_t *list)
{
    size_t i, n = json_array_size(list), used = 0;
    json_t *id;
    char *text = n ? arena_alloc(c->mem, n * 12, c->st) : NULL;
    if (!n) wanted(c, key, "token ids, one at least,");
    json_array_foreach(list, i, id)
    {
        json_int_t value = json_integer_value(id);
        if (!text || !json_is_integer(id) || value < 0 || value > INT32_MAX) return text ? (wanted(c, key, "whole numbers from 0, as token ids,"), NULL) : NULL;
        used += (size_t)snprintf(text + used, 12, "%s%d", i ? " " : "", (int)value);
    }
    return text;
}

/* A text, a list of texts, a list of token ids (one text), or a list of such lists. */
static bool add_texts(context *c, const char *key, const char *name, const json_t *value)
{
    size_t i;
    json_t *item, *first = json_array_get(value, 0);
    if (json_is_string(value)) return add(c, name, json_string_value(value));
    if (json_is_number(first)) {
        const char *ids = ids_of(c, key, value);
        return ids && job_line_add(c->line, "token-ids", ids, c->st);
    }
    if (!first) return wanted(c, key, "a text, a list of texts, or token ids");
    json_array_foreach(value, i, item)
    {
        bool fits = json_is_string(first) ? json_is_string(item) : json_is_array(first) && json_is_array(item);
        if (!fits) return wanted(c, key, "texts alone or lists of token ids alone");
        const char *ids = json_is_array(item) ? ids_of(c, key, item) : NULL;
        if (!(json_is_array(item) ? ids && job_line_add(c->line, "token-ids", ids, c->st) : add(c, name, json_string_value(item)))) return false;
    }
    return true;
}

/* A message's content: a string, or a list of {"type": "text", "text"} that are joined. */
static const char *content_of(context *c, const json_t *content)
{
    if (json_is_string(content)) return json_string_value(content);
    size_t size = 1, i;
    json_t *part;
    json_array_foreach(content, i, part)
    {
        const char *type = json_string_value(json_object_get(part, "type")), *text = json_string_value(json_object_get(part, "text"));
        if (!type || strcmp(type, "text") != 0 || !text) {
            wanted(c, "messages", "content that is text");
            return NULL;
        }
        size += strlen(text);
    }
    char *all = json_is_array(content) ? arena_alloc(c->mem, size, c->st) : NULL;
    if (!all) {
        wanted(c, "messages", "content that is text");
        return NULL;
    }
    size_t used = 0;
    json_array_foreach(content, i, part)
    {
        const char *text = json_string_value(json_object_get(part, "text"));
        memcpy(all + used, text, strlen(text));
        used += strlen(text);
    }
    all[used] = 0;
    return all;
}

/* Whether a message has members beside its role and content, such as tool_calls. */
static bool has_more(const json_t *message)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)message, key, value) if (!json_is_null(value) && strcmp(key, "role") != 0 && strcmp(key, "content") != 0) return true;
    return false;
}

/* JSON text in which no "{{" begins a place: within its strings the second brace is written as an escape. */
static const char *dump(context *c, const json_t *value)
{
    char *text = json_dumps(value, JSON_COMPACT), *mine = text ? arena_alloc(c->mem, 6 * strlen(text) + 1, c->st) : NULL, *to = mine;
    for (const char *from = text; mine && *from; from++) {
        bool place = *from == '{' && from > text && from[-1] == '{';
        memcpy(to, place ? "\\u007b" : from, place ? 6 : 1);
        to += place ? 6 : 1;
    }
    if (mine) *to = 0;
    if (!text) status_set(c->st, STATUS_NOMEM, "out of memory for a request");
    alloc_free(text);
    return mine;
}

/* Such a message as one JSON object, its content joined as elsewhere. */
static const char *message_object(context *c, json_t *message)
{
    json_t *content = json_object_get(message, "content");
    const char *text = content && !json_is_null(content) ? content_of(c, content) : "";
    json_t *whole = text ? json_copy(message) : NULL;
    bool ok = whole && (!*text || json_object_set_new(whole, "content", json_string(text)) == 0);
    const char *all = ok ? dump(c, whole) : NULL;
    json_decref(whole);
    return all;
}

static bool add_messages(context *c, const char *key, const char *name, const json_t *value)
{
    size_t i;
    json_t *message;
    if (!json_is_array(value) || json_array_size(value) == 0) return wanted(c, key, "a list of {\"role\", \"content\"}");
    json_array_foreach(value, i, message)
    {
        const char *role = json_string_value(json_object_get(message, "role"));
        if (!role) return wanted(c, key, "a \"role\" in each");
        bool more = has_more(message);
        const char *content = more ? NULL : content_of(c, json_object_get(message, "content"));
        const char *text = more ? message_object(c, message) : content ? job_line_message(role, content, c->mem, c->st) : NULL;
        if (!text || !job_line_add(c->line, name, text, c->st)) return false;
    }
    return true;
}

/* Tools go to the chat template as they are; what the model makes of them is its text. */
static bool add_tools(context *c, const char *key, const char *name, const json_t *value)
{
    if (!json_is_array(value)) return wanted(c, key, "a list of tools");
    if (json_array_size(value) == 0) return true;
    const char *text = dump(c, value);
    return text && job_line_add(c->line, name, text, c->st);
}

/* {"type": "text"}, "json_object", or "json_schema" with {"schema"}: what the answer must be. */
static bool add_format(context *c, const char *key, const char *name, const json_t *value)
{
    const char *type = json_string_value(json_object_get(value, "type"));
    const json_t *schema = json_object_get(json_object_get(value, "json_schema"), "schema");
    if (type && strcmp(type, "text") == 0) return true;
    if (type && strcmp(type, "json_object") == 0) return add(c, name, "{\"type\": \"object\"}");
    if (!type || strcmp(type, "json_schema") != 0 || !json_is_object(schema))
        return wanted(c, key, "{\"type\": \"text\"}, \"json_object\", or \"json_schema\" with \"json_schema\": {\"schema\": {…}}");
    const char *text = dump(c, schema);
    return text && job_line_add(c->line, name, text, c->st);
}

static bool set_choices(context *c, const char *key, const char *name, const json_t *value)
{
    (void)name;
    json_int_t n = json_integer_value(value);
    if (!json_is_integer(value) || n < 1 || n > MAX_CHOICES) return wanted(c, key, "a whole number from 1 to 16");
    c->line->choices = (uint32_t)n;
    return true;
}

/* One of the words in `name`, which are separated by blanks. */
static bool set_format(context *c, const char *key, const char *name, const json_t *value)
{
    const char *text = json_string_value(value);
    size_t n = text ? strlen(text) : 0;
    for (const char *word = name; n && (word = strstr(word, text)); word++)
        if ((word == name || word[-1] == ' ') && (word[n] == ' ' || !word[n])) return (c->line->format = copy(c, text)) != NULL;
    return wanted(c, key, name);
}

/* "640x480", or "auto": the model's own. */
static bool add_size(context *c, const char *key, const char *name, const json_t *value)
{
    (void)name;
    const char *text = json_string_value(value);
    unsigned width, height;
    int end = 0;
    char number[16];
    if (text && strcmp(text, "auto") == 0) return true;
    if (!text || sscanf(text, "%5ux%5u%n", &width, &height, &end) != 2 || text[end]) return wanted(c, key, "\"WIDTHxHEIGHT\" or \"auto\"");
    snprintf(number, sizeof number, "%u", width);
    if (!add(c, "width", number)) return false;
    snprintf(number, sizeof number, "%u", height);
    return add(c, "height", number);
}

/* true (chat) or a number (completions): the tokens' own probabilities; others' are not kept. */
static bool add_logprobs(context *c, const char *key, const char *name, const json_t *value)
{
    if (json_is_integer(value) ? json_integer_value(value) < 0 || json_integer_value(value) > 1 : !json_is_boolean(value))
        return wanted(c, key, "true, false, 0 or 1");
    return json_is_false(value) || add(c, name, "true");
}

/* What changes nothing, whatever its value. */
static bool skip(context *c, const char *key, const char *name, const json_t *value)
{
    (void)c, (void)key, (void)name, (void)value;
    return true;
}

/* Only where it asks for nothing: false, 0, "", [], {} or the word `name`. */
static bool refuse(context *c, const char *key, const char *name, const json_t *value)
{
    const char *text = json_string_value(value ? json_is_object(value) && name ? json_object_get(value, "type") : value : NULL);
    if (json_is_false(value) || (json_is_number(value) && json_number_value(value) == 0) || (text && (!*text || (name && strcmp(text, name) == 0))) ||
        (json_is_array(value) && json_array_size(value) == 0) || (json_is_object(value) && json_object_size(value) == 0))
        return true;
    return status_set(c->st, STATUS_USAGE, "\"%.40s\": this is not done here", key);
}

/* A member of a body: what takes it, and the option that it becomes (or what `take` wants of it). */
typedef struct {
    const char *key;
    bool (*take)(context *c, const char *key, const char *name, const json_t *value);
    const char *name;
} member;

static const member TEXT_MEMBERS[] = {
    {"messages", add_messages, "messages"}, {"max_tokens", add_scalar, "tokens"}, {"max_completion_tokens", add_scalar, "tokens"},
    {"temperature", add_scalar, "temp"}, {"stop", add_list, "stop"}, {"n", set_choices, NULL}, {"logprobs", add_logprobs, "logprobs"},
    {"stream", refuse, NULL}, {"stream_options", skip, NULL}, {"tools", add_tools, "tools"}, {"tool_choice", refuse, "auto"},
    {"functions", refuse, NULL}, {"function_call", refuse, "none"}, {"parallel_tool_calls", skip, NULL}, {"response_format", add_format, "json-schema"},
    {"logit_bias", refuse, NULL}, {"top_logprobs", refuse, NULL}, {"audio", refuse, NULL}, {"modalities", skip, NULL},
    {"prediction", skip, NULL}, {"reasoning_effort", skip, NULL}, {"verbosity", skip, NULL}, {"web_search_options", refuse, NULL}, {0}};
static const member COMPLETION_MEMBERS[] = {
    {"prompt", add_texts, "prompt"}, {"max_tokens", add_scalar, "tokens"}, {"temperature", add_scalar, "temp"}, {"stop", add_list, "stop"},
    {"n", set_choices, NULL}, {"logprobs", add_logprobs, "logprobs"}, {"stream", refuse, NULL}, {"stream_options", skip, NULL},
    {"echo", refuse, NULL}, {"suffix", refuse, NULL}, {"best_of", skip, NULL}, {"logit_bias", refuse, NULL}, {0}};
static const member EMBEDDING_MEMBERS[] = {
    {"input", add_texts, "prompt"}, {"encoding_format", set_format, "float base64"}, {"dimensions", refuse, NULL}, {0}};
static const member IMAGE_MEMBERS[] = {
    {"n", set_choices, NULL}, {"size", add_size, NULL}, {"response_format", set_format, "url b64_json"}, {"output_format", refuse, "png"},
    {"quality", skip, NULL}, {"style", skip, NULL}, {"background", refuse, "auto"}, {"moderation", skip, NULL},
    {"output_compression", skip, NULL}, {"partial_images", refuse, NULL}, {"stream", refuse, NULL}, {0}};
static const member SPEECH_MEMBERS[] = {
    {"input", add_scalar, "text"}, {"model", skip, NULL}, {"response_format", set_format, "mp3 opus flac wav"}, {"instructions", skip, NULL},
    {"stream_format", skip, NULL}, {0}};
static const member ALL_MEMBERS[] = { /* of every endpoint */
    {"user", skip, NULL}, {"metadata", skip, NULL}, {"store", skip, NULL}, {"service_tier", skip, NULL}, {"safety_identifier", skip, NULL},
    {"prompt_cache_key", skip, NULL}, {0}};

static const struct {
    const char *url;
    request_kind kind;
    job_form form;
    const member *members;
    const char *needed; /* the option that the job is nothing without */
} ENDPOINTS[] = {
    {"/v1/chat/completions", KIND_TEXT, JOB_FORM_CHAT, TEXT_MEMBERS, "messages"},
    {"/v1/completions", KIND_TEXT, JOB_FORM_COMPLETION, COMPLETION_MEMBERS, "prompt"},
    {"/v1/embeddings", KIND_EMBED, JOB_FORM_EMBEDDING, EMBEDDING_MEMBERS, "prompt"},
    {"/v1/images/generations", KIND_IMAGE, JOB_FORM_IMAGE, IMAGE_MEMBERS, "prompt"},
    {"/v1/audio/speech", KIND_SPEAK, JOB_FORM_SPEECH, SPEECH_MEMBERS, "text"},
};
enum { ENDPOINT_COUNT = sizeof ENDPOINTS / sizeof ENDPOINTS[0] };

static const member *find(const member *m, const char *key)
{
    while (m->key && strcmp(m->key, key) != 0) m++;
    return m->key ? m : NULL;
}

/* Our options have '-' where the key may have '_'. */
static bool add_own(context *c, const char *key, const json_t *value)
{
    char *name = (char *)(uintptr_t)copy(c, key);
    for (char *s = name; s && *s; s++)
        if (*s == '_') *s = '-';
    return name && add_list(c, key, name, value);
}

static bool has(const job_line *line, const char *name)
{
    for (size_t i = 0; i < line->count; i++)
        if (strcmp(line->field[i].name, name) == 0) return true;
    return false;
}

static bool read_body(context *c, json_t *body, const member *members)
{
    const char *key;
    json_t *value;
    json_object_foreach(body, key, value)
    {
        const member *m = find(members, key);
        if (!m) m = find(ALL_MEMBERS, key);
        if (json_is_null(value)) continue;
        if (!(m ? m->take(c, key, m->name, value) : add_own(c, key, value))) return false;
    }
    return true;
}

bool job_openai_read(job_line *line, const job_openai_request *request, arena *mem, status *st)
{
    context c = {line, mem, st};
    int e = 0;
    if (!line->id) return status_set(st, STATUS_USAGE, "no \"custom_id\"");
    if (!request->url || !request->body) return status_set(st, STATUS_USAGE, "no \"%s\"", request->url ? "body" : "url");
    if (request->method && strcmp(request->method, "POST") != 0) return status_set(st, STATUS_USAGE, "\"method\": '%.20s' found, POST wanted", request->method);
    while (e < ENDPOINT_COUNT && strcmp(request->url, ENDPOINTS[e].url) != 0) e++;
    if (e == ENDPOINT_COUNT)
        return status_set(st, STATUS_USAGE, "\"url\": '%.60s' found, /v1/chat/completions, /v1/completions, /v1/embeddings, "
                          "/v1/images/generations or /v1/audio/speech wanted", request->url);
    if (line->count) return status_set(st, STATUS_USAGE, "\"%.40s\" stands beside the body, where it means nothing", line->field[0].name);
    line->kind = ENDPOINTS[e].kind;
    line->form = ENDPOINTS[e].form;
    line->has_kind = true;
    json_error_t error;
    json_t *body = json_parse(request->body, request->size, JSON_REJECT_DUPLICATES, &error);
    const char *choice = json_string_value(json_object_get(body, "tool_choice"));
    if (choice && strcmp(choice, "none") == 0) json_object_del(body, "tools"), json_object_del(body, "tool_choice");
    bool ok = json_is_object(body) ? read_body(&c, body, ENDPOINTS[e].members)
                                   : status_set(st, STATUS_USAGE, "\"body\": %s", body ? "an object wanted" : error.text);
    if (!body) line->column += (size_t)error.position;
    json_decref(body);
    if (!ok) return false;
    if (!has(line, ENDPOINTS[e].needed) && !has(line, "token-ids")) return status_set(st, STATUS_USAGE, "\"body\": no \"%s\"", strcmp(ENDPOINTS[e].needed, "text") == 0 || line->form == JOB_FORM_EMBEDDING ? "input" : ENDPOINTS[e].needed);
    if (line->form == JOB_FORM_COMPLETION) return job_line_add(line, "raw", "true", st) && (has(line, "tokens") || job_line_add(line, "tokens", "16", st));
    return true;
}
