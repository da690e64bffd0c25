#include "text/chat.h"

#include <stdlib.h>
#include <stdatomic.h>
#include <string.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/json.h"
#include "core/name_hash.h"
#include "core/log.h"

enum { MAX_VARIABLES = 64 };

/* ---- the variables ---- */

static bool no_memory(status *st) { return status_set(st, STATUS_NOMEM, "out of memory for the chat template's variables"); }

/* The special tokens by the names that templates use, which are the program's own text. */
static bool add_specials(const chat_template *t, json_t *own, status *st)
{
    tokenizer_special s = tokenizer_special_ids(t->k);
    const struct {
        const char *name;
        int32_t id;
    } named[] = {{"bos_token", s.bos}, {"eos_token", s.eos}, {"pad_token", s.pad}, {"unk_token", s.unk}};
    for (size_t i = 0; i < sizeof named / sizeof *named; i++) {
        size_t size;
        const char *text = tokenizer_token_text(t->k, named[i].id, &size);
        if (named[i].id >= 0 && size && json_object_set_new(own, named[i].name, json_stringn(text, size)) != 0) return no_memory(st);
    }
    return true;
}

/* code: whose fault bad JSON is. */
static json_t *parse_json(const char *text, const char *what, status_code code, status *st)
{
    json_error_t error;
    json_t *value = json_parse(text, strlen(text), JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
    if (!value) status_set(st, error.line < 0 ? STATUS_NOMEM : code, "%s: %s (JSON wanted; a text stands in \"quotes\")", what, error.text);
    return value;
}

/* "NAME=JSON" */
static bool add_argument(json_t *given, const char *argument, status *st)
{
    const char *equals = strchr(argument, '=');
    if (!equals || equals == argument) return status_set(st, STATUS_USAGE, "--template-arg: '%.80s' found, NAME=JSON wanted", argument);
    static const char *const OWN[] = {"messages", "tools", "add_generation_prompt"}; /* what the request itself gives */
    for (size_t i = 0; i < sizeof OWN / sizeof OWN[0]; i++)
        if (strlen(OWN[i]) == (size_t)(equals - argument) && strncmp(OWN[i], argument, strlen(OWN[i])) == 0)
            return status_set(st, STATUS_USAGE, "--template-arg: '%s' is given by the request itself; a variable of the template's own wanted, such as enable_thinking", OWN[i]);
    char *name = alloc_string(argument, (size_t)(equals - argument), st);
    json_t *value = name ? parse_json(equals + 1, "--template-arg", STATUS_USAGE, st) : NULL;
    bool ok = value && (json_object_set(given, name, value) == 0 || no_memory(st));
    if (ok && json_object_size(given) > MAX_VARIABLES - 8) ok = status_set(st, STATUS_USAGE, "more than %d variables for a chat template", MAX_VARIABLES - 8);
    json_decref(value);
    alloc_free(name);
    return ok;
}

static bool add_tools(json_t *given, const chat_options *o, status *st)
{
    const char *what = o->tools_file ? o->tools_file : "tools";
    status_code code = o->tools_file ? STATUS_INPUT : STATUS_USAGE;
    json_t *tools = o->tools ? parse_json(o->tools, what, code, st) : json_null();
    if (tools && o->tools && !json_is_array(tools)) {
        json_decref(tools);
        return status_set(st, code, "%s: a JSON list of tools wanted", what);
    }
    return tools && (json_object_set_new(given, "tools", tools) == 0 || no_memory(st));
}

static bool collect(chat_template *t, const chat_options *o, status *st)
{
    t->given = json_object();
    if (!t->given) return no_memory(st);
    if (!add_tools(t->given, o, st) || json_object_set_new(t->given, "documents", json_null()) != 0) return status_ok(st) ? no_memory(st) : false;
    static const char *const thoughts[] = {"enable_thinking", "thinking"};
    for (int i = 0; o->no_thoughts && i < 2; i++)
        if (json_object_set_new(t->given, thoughts[i], json_false()) != 0) return no_memory(st);
    for (size_t i = 0; i < o->arguments; i++)
        if (!add_argument(t->given, o->argument[i], st)) return false;
    return true;
}

/* ---- messages ---- */

/* As transformers hands messages on: without members that are null; thoughts under the names that templates read. */
static bool tidy(json_t *message)
{
    static const char *const names[] = {"reasoning_content", "thinking", "reasoning"};
    const char *key;
    json_t *value, *thoughts = NULL;
    void *next;
    json_object_foreach_safe(message, next, key, value) if (json_is_null(value)) json_object_del(message, key);
    for (int i = 0; i < 3 && !thoughts; i++) thoughts = json_object_get(message, names[i]);
    if (!thoughts) return true;
    return (json_object_get(message, "thinking") || json_object_set(message, "thinking", thoughts) == 0) && json_object_set(message, "reasoning_content", thoughts) == 0;
}

static bool rename_developer(json_t *message)
{
    const char *role = json_string_value(json_object_get(message, "role"));
    return !role || strcmp(role, "developer") != 0 || json_object_set_new(message, "role", json_string("system")) == 0;
}

static json_t *message_json(const chat_template *t, const chat_message *m, status *st)
{
    json_t *message = m->json ? parse_json(m->json, "a message", STATUS_USAGE, st) : json_object();
    if (m->json && message && !json_is_object(message)) {
        json_decref(message);
        status_set(st, STATUS_USAGE, "a message: {\"role\", \"content\"} wanted");
        return NULL;
    }
    bool ok = message && (m->json || (json_object_set_new(message, "role", json_string(m->role)) == 0 &&
                                      (!m->content || json_object_set_new(message, "content", json_string(m->content)) == 0))) && tidy(message) && (!t->old_system || rename_developer(message));
    if (ok) return message;
    json_decref(message);
    if (status_ok(st)) no_memory(st);
    return NULL;
}

static json_t *messages_json(const chat_template *t, const chat_message *m, int64_t count, status *st)
{
    json_t *all = json_array();
    bool ok = all != NULL;
    for (int64_t i = 0; i < count && ok; i++) {
        json_t *one = message_json(t, &m[i], st);
        ok = one && json_array_append_new(all, one) == 0;
    }
    if (ok) return all;
    json_decref(all);
    if (status_ok(st)) no_memory(st);
    return NULL;
}

/* ---- rendering ---- */

/* Today, or the day that SOURCE_DATE_EPOCH asks for, so that a run can be repeated to the byte. */
static time_t today(void)
{
    const char *given = getenv("SOURCE_DATE_EPOCH");
    return given && *given ? (time_t)strtoll(given, NULL, 10) : time(NULL);
}

static bool render(const chat_template *t, const chat_message *m, int64_t count, bool prompt, jinja_output *out, status *st)
{
    *out = (jinja_output){0};
    if (!t->program) return status_set(st, STATUS_FAIL, "there is no chat template");
    json_t *messages = messages_json(t, m, count, st), *own = json_object();
    jinja_variable v[MAX_VARIABLES] = {{"messages", messages, JINJA_GIVEN, "role"}, {"add_generation_prompt", prompt ? json_true() : json_false(), JINJA_OWN, NULL}};
    size_t n = 2;
    bool ok = messages && (own || no_memory(st)) && add_specials(t, own, st);
    const char *key;
    json_t *value;
    if (ok) {
        json_object_foreach(own, key, value) v[n++] = (jinja_variable){key, value, JINJA_OWN, NULL};
        json_object_foreach(t->given, key, value) v[n++] = (jinja_variable){key, value, JINJA_GIVEN, NULL};
        jinja_input in = {v, n, today()};
        ok = jinja_run(t->program, &in, out, st);
    }
    json_decref(own);
    json_decref(messages);
    return ok;
}

bool chat_render(const chat_template *t, const chat_message *messages, int64_t count, jinja_output *out, status *st)
{
    return render(t, messages, count, true, out, st);
}

bool chat_encode_text(const chat_template *t, const jinja_output *text, tokenizer_ids *out, status *st)
{
    return tokenizer_encode_marked(t->k, text->text, text->origin, text->size, TOKENIZER_PARSE_SPECIAL | (t->ours ? TOKENIZER_ADD_SPECIAL : 0), out, st);
}

bool chat_encode(const chat_template *t, const chat_message *messages, int64_t count, tokenizer_ids *out, status *st)
{
    jinja_output text;
    bool ok = chat_render(t, messages, count, &text, st) && chat_encode_text(t, &text, out, st);
    jinja_output_free(&text);
    return ok;
}

/* ---- what ends an answer ---- */

/* The special tokens in the part from … to of a text. Returns how many were found, at most `most`. */
static int64_t specials_in(const chat_template *t, const jinja_output *text, size_t from, size_t to, int32_t *id, int64_t most, status *st)
{
    tokenizer_ids ids = {0};
    int64_t n = 0;
    if (tokenizer_encode(t->k, text->text + from, to - from, TOKENIZER_PARSE_SPECIAL, &ids, st))
        for (int64_t i = 0; i < ids.count && n < most; i++)
            if (tokenizer_is_special(t->k, ids.id[i])) id[n++] = ids.id[i];
    tokenizer_ids_free(&ids);
    return n;
}

/* A template says by itself what stands behind an answer: a short conversation is written and looked at. Behind a last answer
 * and behind one that is followed by a question must stand the same token, else (gpt-oss) only what the tokenizer names ends
 * an answer. Models also run on into the next turn: the token that begins it ends an answer, too. A template that does not
 * want such a conversation tells nothing. false: there was no memory to look. */
static bool find_ends(chat_template *t, status *st)
{
    static const chat_message talk[] = {{"user", "QAQAQ", NULL}, {"assistant", "QBQBQ", NULL}, {"user", "QCQCQ", NULL}};
    status told = {0};
    jinja_output last, middle = {0};
    int32_t end = -1, between[2];
    if (render(t, talk, 2, false, &last, &told) && render(t, talk, 3, false, &middle, &told)) {
        const char *answer = strstr(last.text, "QBQBQ"), *first = strstr(middle.text, "QBQBQ"), *next = first ? strstr(first, "QCQCQ") : NULL;
        int64_t found = answer ? specials_in(t, &last, (size_t)(answer - last.text) + 5, last.size, &end, 1, &told) : 0;
        int64_t marks = next ? specials_in(t, &middle, (size_t)(first - middle.text) + 5, (size_t)(next - middle.text), between, 2, &told) : 0;
        if (found && marks && between[0] == end)
            for (int64_t i = 0; i < marks; i++) t->end[t->end_count++] = between[i];
    }
    jinja_output_free(&last);
    jinja_output_free(&middle);
    return told.code != STATUS_NOMEM || status_set(st, told.code, "%s", told.msg);
}

/* ---- which template ---- */

/* What is given and never read changes nothing, and that is told: once, where many requests give the same. */
static void tell_unread(const char *text, size_t size, const char *name, size_t name_size)
{
    static _Atomic uint64_t told;
    uint64_t key = name_hash(name, name_size) | 1;
    if (memmem(text, size, name, name_size) || atomic_exchange(&told, key) == key) return;
    log_warning("the chat template reads no '%.*s': what is given for it changes nothing", (int)name_size, name);
}

static void tell_all_unread(const chat_options *o, const char *text, size_t size)
{
    if (o->tools) tell_unread(text, size, "tools", 5);
    for (size_t i = 0; i < o->arguments; i++) tell_unread(text, size, o->argument[i], strcspn(o->argument[i], "="));
}

static bool parse(chat_template *t, const char *text, size_t size, const char *name, const chat_options *o, status *st)
{
    t->name = name;
    tell_all_unread(o, text, size);
    t->program = jinja_parse(text, size, name, st);
    t->old_system = memmem(text, size, "system", 6) && !memmem(text, size, "developer", 9);
    return t->program && find_ends(t, st);
}

static bool parse_file(chat_template *t, const char *path, const chat_options *o, status *st)
{
    if (!file_exists(path))
        return status_set(st, STATUS_USAGE, "--chat-template: '%.200s' is no file, no template of the model and none of %s", path, chat_builtin_names());
    t->file = file_read(path, 1 << 20, &t->file_size, st);
    return t->file && parse(t, t->file, t->file_size, path, o, st);
}

bool chat_template_init(chat_template *t, const tokenizer *k, const chat_options *o, status *st)
{
    static const chat_options plain = {0};
    if (!o) o = &plain;
    *t = (chat_template){.k = k, .name = "chat template"};
    const char *own = tokenizer_chat_template(k, o->template ? o->template : o->tools && tokenizer_chat_template(k, "tool_use") ? "tool_use" : "default");
    const char *builtin = o->template ? chat_builtin(o->template) : NULL;
    t->ours = !own && builtin;
    bool ok = collect(t, o, st) && (own ? parse(t, own, strlen(own), "chat template", o, st) : builtin ? parse(t, builtin, strlen(builtin), o->template, o, st) :
                                    o->template ? parse_file(t, o->template, o, st) : true);
    if (!ok) chat_template_free(t);
    return ok;
}

void chat_template_free(chat_template *t)
{
    jinja_free(t->program);
    json_decref(t->given);
    alloc_free(t->file);
    *t = (chat_template){0};
}
