#include "job/batch_answer.h"

#include <stdlib.h>
#include <string.h>

#include "engine/text_json.h"
#include "core/alloc.h"
#include "core/file.h"
#include "core/json.h"

static const size_t MAX_PICTURE = (size_t)1 << 30;

/* ---- parts ---- */

static json_int_t created(void)
{
    const char *epoch = getenv("SOURCE_DATE_EPOCH");
    return epoch ? (json_int_t)strtoll(epoch, NULL, 10) : 0;
}

static json_t *object_id(const batch_item *item, const char *prefix) { return json_sprintf("%s%.24s", prefix, item->inputs.text); }

/* The whole line around a body, which is taken over; custom_id NULL: none. */
static char *line_of(const char *custom_id, const char *digest, int code, json_t *body, status *st)
{
    json_t *id = custom_id ? text_json_string(custom_id, strlen(custom_id), st) : json_null();
    json_t *root = json_pack("{s:o, s:o, s:{s:i, s:o, s:o}, s:n}", "id", json_sprintf("batch_req_%.24s", digest), "custom_id", id, "response",
                             "status_code", code, "request_id", json_sprintf("req_%.24s", digest), "body", body, "error");
    char *line = root ? json_dumps(root, JSON_COMPACT | JSON_REAL_PRECISION(9)) : NULL;
    if (!line) status_set(st, STATUS_FAIL, "'%.60s': no answer can be made of this request (is a text no UTF-8?)", custom_id ? custom_id : "");
    json_decref(root);
    return line;
}

static char *finish(const batch_item *item, json_t *body, status *st)
{
    if (status_ok(st)) return line_of(item->job.id, item->inputs.text, 200, body, st);
    json_decref(body);
    return NULL;
}

/* RFC 4648, with padding. */
static char *base64(const void *data, size_t size, status *st)
{
    static const char DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *s = data;
    size_t n = 0;
    char *out = alloc_array(size / 3 + 1, 4, st), *text = out ? alloc_resize(out, 4 * (size / 3 + 1) + 1, 1, st) : NULL;
    if (!text) {
        alloc_free(out);
        return NULL;
    }
    for (size_t i = 0; i < size; i += 3) {
        size_t left = size - i;
        unsigned bits = (unsigned)s[i] << 16 | (left > 1 ? (unsigned)s[i + 1] << 8 : 0) | (left > 2 ? s[i + 2] : 0);
        text[n++] = DIGITS[bits >> 18];
        text[n++] = DIGITS[bits >> 12 & 63];
        text[n++] = left > 1 ? DIGITS[bits >> 6 & 63] : '=';
        text[n++] = left > 2 ? DIGITS[bits & 63] : '=';
    }
    text[n] = 0;
    return text;
}

/* ---- text ---- */

static const char *finish_reason(generate_reason r) { return r == GENERATE_LENGTH || r == GENERATE_CONTEXT ? "length" : "stop"; }

static json_t *token_text(const tokenizer *t, int32_t id, json_t **bytes, status *st)
{
    tokenizer_decoder d = {.special = true, .started = true};
    tokenizer_bytes b = {0};
    if (!tokenizer_decode(t, &d, &id, 1, &b, st)) return NULL;
    *bytes = json_array();
    for (size_t i = 0; i < b.size; i++) json_array_append_new(*bytes, json_integer((unsigned char)b.data[i]));
    json_t *text = text_json_string(b.data ? b.data : "", b.size, st);
    tokenizer_bytes_free(&b);
    return text;
}

/* Chat: {"content": [{"token", "logprob", "bytes", "top_logprobs"}]}; completions: {"tokens", "token_logprobs", …}. */
static json_t *logprobs_of(const batch_item *item, const generate_result *r, const tokenizer *t, status *st)
{
    if (!r->logprob) return json_null();
    json_t *content = json_array(), *tokens = json_array(), *numbers = json_array();
    for (int64_t i = 0; i < r->count && status_ok(st); i++) {
        json_t *bytes = NULL, *text = token_text(t, r->token[i], &bytes, st);
        json_array_append(tokens, text);
        json_array_append_new(numbers, text_json_number(r->logprob[i]));
        json_array_append_new(content, json_pack("{s:o, s:o, s:o, s:[]}", "token", text, "logprob", text_json_number(r->logprob[i]), "bytes", bytes, "top_logprobs"));
    }
    bool chat = item->job.form == JOB_FORM_CHAT;
    json_t *all = chat ? json_pack("{s:O}", "content", content) : json_pack("{s:O, s:O, s:n, s:n}", "tokens", tokens, "token_logprobs", numbers, "top_logprobs", "text_offset");
    json_decref(content);
    json_decref(tokens);
    json_decref(numbers);
    return all;
}

static json_t *choice_of(const batch_item *item, const generate_result *r, size_t index, thoughts_start start, const tokenizer *t, status *st)
{
    thoughts th = thoughts_find(r->text, r->text_size, start, true);
    json_t *text = text_json_string(r->text + th.answer, r->text_size - th.answer, st), *logprobs = logprobs_of(item, r, t, st);
    if (item->job.form == JOB_FORM_COMPLETION)
        return json_pack("{s:o, s:i, s:o, s:s}", "text", text, "index", (int)index, "logprobs", logprobs, "finish_reason", finish_reason(r->reason));
    json_t *message = json_pack("{s:s, s:o, s:n}", "role", "assistant", "content", text, "refusal");
    if (message && th.to > th.from) json_object_set_new(message, "reasoning_content", text_json_string(r->text + th.from, th.to - th.from, st));
    return json_pack("{s:i, s:o, s:o, s:s}", "index", (int)index, "message", message, "logprobs", logprobs, "finish_reason", finish_reason(r->reason));
}

char *batch_answer_text(const batch_item *item, const generate_result *result, size_t count, thoughts_start start, const tokenizer *t, status *st)
{
    bool chat = item->job.form == JOB_FORM_CHAT;
    json_int_t read = 0, written = 0;
    json_t *choices = json_array();
    for (size_t i = 0; i < count; i++) {
        json_array_append_new(choices, choice_of(item, &result[i], i, start, t, st));
        if (i % item->job.choices == 0) read += result[i].prompt_count; /* each prompt counts once */
        written += result[i].count;
    }
    if (json_array_size(choices) != count) status_set(st, STATUS_NOMEM, "out of memory for the answer");
    return finish(item, json_pack("{s:o, s:s, s:I, s:s, s:o, s:{s:I, s:I, s:I}}", "id", object_id(item, chat ? "chatcmpl-" : "cmpl-"), "object",
                                  chat ? "chat.completion" : "text_completion", "created", created(), "model", batch_item_model(item), "choices", choices,
                                  "usage", "prompt_tokens", read, "completion_tokens", written, "total_tokens", read + written), st);
}

/* ---- the others ---- */

static json_t *vector_of(const batch_item *item, const float *v, size_t width, status *st)
{
    if (item->job.format && strcmp(item->job.format, "base64") == 0) { /* little-endian, as this machine's floats are */
        char *text = base64(v, width * sizeof *v, st);
        json_t *value = text ? json_string(text) : NULL;
        alloc_free(text);
        return value;
    }
    json_t *list = json_array();
    for (size_t i = 0; i < width; i++) json_array_append_new(list, text_json_number((double)v[i]));
    return list;
}

char *batch_answer_embedding(const batch_item *item, const float *vectors, size_t count, size_t width, int64_t tokens, status *st)
{
    json_t *data = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(data, json_pack("{s:s, s:i, s:o}", "object", "embedding", "index", (int)i, "embedding", vector_of(item, vectors + i * width, width, st)));
    if (json_array_size(data) != count) status_set(st, STATUS_NOMEM, "out of memory for the answer");
    return finish(item, json_pack("{s:s, s:o, s:s, s:{s:I, s:I}}", "object", "list", "data", data, "model", batch_item_model(item), "usage", "prompt_tokens",
                                  (json_int_t)tokens, "total_tokens", (json_int_t)tokens), st);
}

static json_t *picture_of(const batch_item *item, const char *path, const char *name, status *st)
{
    if (!item->job.format || strcmp(item->job.format, "b64_json") != 0) return json_pack("{s:s}", "url", name);
    size_t size;
    char *bytes = file_read(path, MAX_PICTURE, &size, st), *text = bytes ? base64(bytes, size, st) : NULL;
    json_t *value = text ? json_pack("{s:s}", "b64_json", text) : NULL;
    alloc_free(bytes);
    alloc_free(text);
    return value;
}

char *batch_answer_image(const batch_item *item, const char *const *path, status *st)
{
    json_t *data = json_array();
    for (size_t i = 0; i < item->more_count; i++) json_array_append_new(data, picture_of(item, path[i], item->more[i].out, st));
    if (json_array_size(data) != item->more_count) status_set(st, STATUS_NOMEM, "out of memory for the answer");
    return finish(item, json_pack("{s:I, s:s, s:o}", "created", created(), "model", batch_item_model(item), "data", data), st);
}

char *batch_answer_speech(const batch_item *item, status *st)
{
    return finish(item, json_pack("{s:s, s:s, s:s}", "object", "audio.speech", "voice", batch_item_model(item), "file", item->more[0].out), st);
}

const char *batch_answer_content(const char *line, arena *mem, status *st)
{
    json_t *root = json_parse(line, strlen(line), 0, NULL), *body = json_object_get(json_object_get(root, "response"), "body");
    json_t *choice = json_array_get(json_object_get(body, "choices"), 0), *message = json_object_get(choice, "message");
    const char *text = json_string_value(message ? json_object_get(message, "content") : json_object_get(choice, "text"));
    char *copy = text ? arena_alloc(mem, strlen(text) + 1, st) : NULL;
    if (copy) memcpy(copy, text, strlen(text) + 1);
    else status_set(st, STATUS_INPUT, "an answer without a text");
    json_decref(root);
    return copy;
}

/* ---- the file of all ---- */

struct batch_answers {
    file_output *out;
};

batch_answers *batch_answers_new(const char *path, status *st)
{
    batch_answers *a = alloc_zeroed(1, sizeof *a, st);
    if (a && (a->out = file_create_regular(path, st))) return a;
    alloc_free(a);
    return NULL;
}

static void add_line(batch_answers *a, const char *line, size_t size)
{
    fwrite(line, 1, size, file_stream(a->out)); /* a failure stays in the stream until file_commit */
    if (size == 0 || line[size - 1] != '\n') fputc('\n', file_stream(a->out));
}

void batch_answers_add_file(batch_answers *a, const char *path, status *st)
{
    size_t size;
    char *line = file_read(path, SIZE_MAX / 4, &size, st);
    if (line) add_line(a, line, size);
    alloc_free(line);
}

void batch_answers_add_error(batch_answers *a, const char *custom_id, const char *message, int code, status *st)
{
    hash_hex digest;
    const char *name = custom_id ? custom_id : message;
    if (!hash_data(name, strlen(name), &digest, st)) return;
    json_t *body = json_pack("{s:{s:o, s:s, s:n, s:n}}", "error", "message", text_json_string(message, strlen(message), st), "type", code == 400 ? "invalid_request_error" : "server_error", "param", "code");
    char *line = line_of(custom_id, digest.text, code, body, st);
    if (line) add_line(a, line, strlen(line));
    alloc_free(line);
}

bool batch_answers_close(batch_answers *a, status *st)
{
    if (!a) return status_ok(st);
    if (status_ok(st)) file_commit(a->out, st);
    else file_abort(a->out);
    alloc_free(a);
    return status_ok(st);
}
