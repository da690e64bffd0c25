#include "engine/text_json.h"

#include <math.h>
#include <string.h>

#include "engine/model_path.h"
#include "text/text_buffer.h"

json_t *text_json_string(const char *text, size_t size, status *st)
{
    text_buffer b = {0};
    json_t *value = text_buffer_append_utf8(&b, text, size, st) ? json_stringn(b.data, b.size) : NULL;
    text_buffer_free(&b);
    if (!value) status_set(st, STATUS_NOMEM, "out of memory for the JSON output");
    return value;
}

json_t *text_json_name(const char *path, status *st)
{
    const char *name = model_path_name(path);
    return text_json_string(name, strlen(name), st);
}

json_t *text_json_number(double x) { return isfinite(x) ? json_real(x) : json_null(); }

json_t *text_json_run(const text_model *m, const char *path, double load_seconds)
{
    status st = {0};
    json_t *root = json_object();
    if (!root) return NULL;
    json_object_set_new(root, "model", text_json_name(path, &st));
    json_object_set_new(root, "architecture", json_string(m->gpt->config.architecture));
    json_object_set_new(root, "load_seconds", json_real(load_seconds));
    if (status_ok(&st) && json_object_size(root) == 3) return root;
    json_decref(root);
    return NULL;
}

static json_t *timings(const generate_result *r)
{
    double writing = r->seconds - r->prompt_seconds;
    json_t *t = json_object();
    json_object_set_new(t, "prompt_seconds", json_real(r->prompt_seconds));
    json_object_set_new(t, "first_token_seconds", json_real(r->first_token_seconds));
    json_object_set_new(t, "seconds", json_real(r->seconds));
    json_object_set_new(t, "prompt_tokens_per_second", text_json_number((double)(r->prompt_count - r->shared) / r->prompt_seconds));
    json_object_set_new(t, "tokens_per_second", text_json_number(r->count > 1 ? (double)(r->count - 1) / writing : (double)NAN));
    json_object_set_new(t, "drafted", json_integer(r->drafted));
    json_object_set_new(t, "accepted", json_integer(r->accepted));
    return t;
}

json_t *text_json_result(const generate_result *r, thoughts_start start, uint64_t seed, status *st)
{
    thoughts t = thoughts_find(r->text, r->text_size, start, true);
    json_t *root = json_object(), *tokens = json_array(), *logprobs = r->logprob ? json_array() : NULL;
    for (int64_t i = 0; i < r->count; i++) {
        json_array_append_new(tokens, json_integer(r->token[i]));
        if (logprobs) json_array_append_new(logprobs, text_json_number(r->logprob[i]));
    }
    json_object_set_new(root, "text", text_json_string(r->text + t.answer, r->text_size - t.answer, st));
    if (t.to > t.from) json_object_set_new(root, "thoughts", text_json_string(r->text + t.from, t.to - t.from, st));
    json_object_set_new(root, "tokens", tokens);
    if (logprobs) json_object_set_new(root, "logprobs", logprobs);
    json_object_set_new(root, "prompt_tokens", json_integer(r->prompt_count));
    json_object_set_new(root, "stop_reason", json_string(generate_reason_text(r->reason)));
    json_object_set_new(root, "seed", json_integer((json_int_t)seed));
    if (r->shifts) json_object_set_new(root, "shifts", json_integer(r->shifts));
    json_object_set_new(root, "timings", timings(r));
    if (root && json_array_size(tokens) == (size_t)r->count && json_object_get(root, "timings")) return root;
    status_set(st, STATUS_NOMEM, "out of memory for the JSON output");
    json_decref(root);
    return NULL;
}
