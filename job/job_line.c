#include "job/job_line.h"

#include <stdlib.h>
#include <string.h>

#include "job/job_a1111.h"
#include "job/job_openai.h"
#include "core/json_cursor.h"

enum { MAX_REPEAT = 100000 };

typedef struct {
    json_cursor at;
    job_line *out;
    arena *mem;
    status *st;
    job_openai_request request;
} reader;

/* To the value's first byte: that is the place a fault is told at. */
static void skip_blanks(reader *r)
{
    while (r->at.at < r->at.end && (*r->at.at == ' ' || *r->at.at == '\t')) r->at.at++;
}

static bool wrong(reader *r, const char *where, const char *message)
{
    r->out->column = (size_t)(where - r->at.start) + 1;
    return status_set(r->st, STATUS_USAGE, "%s", message);
}

static bool not_json(reader *r)
{
    r->out->column = (size_t)(r->at.at - r->at.start) + 1;
    return status_set(r->st, STATUS_USAGE, "no JSON: %s wanted", r->at.wanted ? r->at.wanted : "the end of the line");
}

static const char *unescape(reader *r, json_text s)
{
    char *text = arena_alloc(r->mem, s.size + 1, r->st);
    if (!text) return NULL;
    size_t n = json_cursor_unescape(s, text);
    text[n] = 0;
    if (memchr(text, 0, n)) {
        wrong(r, s.text, "a text holds the character U+0000");
        return NULL;
    }
    return text;
}

const char *job_line_message(const char *role, const char *content, arena *mem, status *st)
{
    size_t n = strlen(role), m = strlen(content);
    char *text = arena_alloc(mem, n + m + 2, st);
    if (!text) return NULL;
    memcpy(text, role, n);
    text[n] = ':';
    memcpy(text + n + 1, content, m + 1);
    return text;
}

static const char *read_string(reader *r, const char *name)
{
    json_text s;
    skip_blanks(r);
    const char *where = r->at.at;
    if (where < r->at.end && *where != '"') {
        r->out->column = (size_t)(where - r->at.start) + 1;
        status_set(r->st, STATUS_USAGE, "\"%s\": a string wanted", name);
        return NULL;
    }
    if (!json_cursor_string(&r->at, &s)) {
        not_json(r);
        return NULL;
    }
    return unescape(r, s);
}

bool job_line_add(job_line *line, const char *name, const char *value, status *st)
{
    if (line->count == sizeof line->field / sizeof line->field[0]) return status_set(st, STATUS_USAGE, "too many fields");
    line->field[line->count++] = (job_field){name, value, line->column};
    return true;
}

/* The place of the next value, for faults and for the field that it becomes. */
static size_t mark(reader *r)
{
    skip_blanks(r);
    return r->out->column = (size_t)(r->at.at - r->at.start) + 1;
}

/* The text from `from` to where the reader stands. */
static const char *taken(reader *r, const char *from)
{
    size_t n = (size_t)(r->at.at - from);
    char *text = arena_alloc(r->mem, n + 1, r->st);
    if (!text) return NULL;
    memcpy(text, from, n);
    text[n] = 0;
    return text;
}

/* A string, a number or a boolean as text; NULL with the fault set for anything else. */
static const char *read_scalar(reader *r, const char *name)
{
    skip_blanks(r);
    const char *from = r->at.at;
    if (from < r->at.end && *from == '"') return read_string(r, name);
    if (from < r->at.end && strchr("{[n", *from)) {
        r->out->column = (size_t)(from - r->at.start) + 1;
        status_set(r->st, STATUS_USAGE, "\"%s\": a string, a number, true or false wanted", name);
        return NULL;
    }
    if (!json_cursor_skip(&r->at)) {
        not_json(r);
        return NULL;
    }
    return taken(r, from);
}

/* The underscore spelling of a long name is the same option. */
static char *option_name(reader *r, json_text key)
{
    char *name = (char *)(uintptr_t)unescape(r, key);
    for (char *c = name; c && *c; c++)
        if (*c == '_') *c = '-';
    return name;
}

static bool read_option(reader *r, json_text key)
{
    const char *name = option_name(r, key);
    if (!name) return false;
    skip_blanks(r);
    if (r->at.at < r->at.end && *r->at.at == '[') {
        if (!json_cursor_enter(&r->at, '[')) return not_json(r);
        while (json_cursor_more(&r->at, ']')) {
            mark(r);
            const char *item = read_scalar(r, name);
            if (!item || !job_line_add(r->out, name, item, r->st)) return false;
        }
        return !json_cursor_bad(&r->at) || not_json(r);
    }
    mark(r);
    const char *value = read_scalar(r, name);
    return value && job_line_add(r->out, name, value, r->st);
}

static bool read_kind(reader *r)
{
    const char *where = r->at.at, *name = read_string(r, "kind");
    if (!name) return false;
    for (int k = 0; k < KIND_COUNT; k++)
        if (strcmp(name, kind_name((request_kind)k)) == 0) {
            r->out->kind = (request_kind)k;
            return r->out->has_kind = true;
        }
    r->out->column = (size_t)(where - r->at.start) + 1;
    return status_set(r->st, STATUS_USAGE, "\"kind\": '%.40s' found, text, image, speak, vocode or embed wanted", name);
}

/* One message: "ROLE:CONTENT", or the object as it stands where it has more than these two texts. */
static const char *read_message(reader *r)
{
    const char *role = NULL, *content = NULL, *where = r->at.at;
    json_text key;
    bool more = false;
    while (json_cursor_more(&r->at, '}')) {
        if (!json_cursor_key(&r->at, &key)) return not_json(r), NULL;
        skip_blanks(r);
        const char **to = json_cursor_is(key, "role") ? &role : json_cursor_is(key, "content") ? &content : NULL;
        bool text = to && r->at.at < r->at.end && (*r->at.at == '"' || to == &role);
        if (text ? !(*to = read_string(r, "messages")) : !json_cursor_skip(&r->at)) return status_ok(r->st) ? (not_json(r), NULL) : NULL;
        more = more || !text;
    }
    if (json_cursor_bad(&r->at)) return not_json(r), NULL;
    if (!role || (!content && !more)) return wrong(r, where, "\"messages\": both \"role\" and \"content\" wanted"), NULL;
    const char *whole = more ? taken(r, where - 1) : NULL;
    if (whole && strstr(whole, "{{")) return wrong(r, where, "\"messages\": places {{…}} may stand in messages of \"role\" and \"content\" alone"), NULL;
    return more ? whole : job_line_message(role, content, r->mem, r->st);
}

/* "messages": [{"role", "content"}, …] -> a field "messages" each. */
static bool read_messages(reader *r)
{
    if (!json_cursor_enter(&r->at, '[')) return wrong(r, r->at.at, "\"messages\": a list of {\"role\", \"content\"} wanted");
    while (json_cursor_more(&r->at, ']')) {
        const char *where = r->at.at;
        if (!json_cursor_enter(&r->at, '{')) return wrong(r, where, "\"messages\": {\"role\", \"content\"} wanted");
        const char *text = read_message(r);
        r->out->column = (size_t)(where - r->at.start) + 1;
        if (!text || !job_line_add(r->out, "messages", text, r->st)) return false;
    }
    return !json_cursor_bad(&r->at) || not_json(r);
}

/* "tools": the list as it stands, for the chat template; "json_schema": the object. A text is a file with one. */
static bool read_json(reader *r, const char *name, char bracket)
{
    mark(r);
    const char *from = r->at.at, *text = NULL;
    if (from < r->at.end && *from == '"') text = read_string(r, name);
    else if (from < r->at.end && *from == bracket) text = json_cursor_skip(&r->at) ? taken(r, from) : (not_json(r), NULL);
    else return wrong(r, from, bracket == '[' ? "\"tools\": a list of tools, or a file's name wanted" : "\"json-schema\": a schema, or a file's name wanted");
    if (text && *text == bracket && strstr(text, "{{")) return wrong(r, from, bracket == '[' ? "\"tools\": no places {{…}} may stand there" : "\"json-schema\": no places {{…}} may stand there");
    return text && job_line_add(r->out, name, text, r->st);
}

static bool read_needs(reader *r)
{
    if (!json_cursor_enter(&r->at, '[')) return wrong(r, r->at.at, "\"needs\": a list of ids wanted");
    while (json_cursor_more(&r->at, ']')) {
        const char *where = r->at.at, *id = read_string(r, "needs");
        if (!id) return false;
        if (r->out->need_count == JOB_MAX_NEEDS) return wrong(r, where, "\"needs\": too many ids");
        r->out->need[r->out->need_count++] = id;
    }
    return !json_cursor_bad(&r->at) || not_json(r);
}

static bool read_repeat(reader *r)
{
    uint64_t n;
    const char *where = r->at.at;
    if (!json_cursor_u64(&r->at, &n) || n < 1 || n > MAX_REPEAT)
        return wrong(r, where, "\"repeat\": a whole number from 1 to 100000 wanted");
    r->out->repeat = (uint32_t)n;
    return true;
}

/* A member of an OpenAI request. The body is taken apart when all of the line is read. */
static bool read_request_member(reader *r, json_text key)
{
    if (json_cursor_is(key, "custom_id")) return (r->out->id_column = mark(r)) && (r->out->id = read_string(r, "custom_id")) != NULL;
    if (json_cursor_is(key, "url")) return (r->request.url = read_string(r, "url")) != NULL;
    if (json_cursor_is(key, "method")) return (r->request.method = read_string(r, "method")) != NULL;
    r->request.body = r->at.at;
    if (!json_cursor_skip(&r->at)) return not_json(r);
    r->request.size = (size_t)(r->at.at - r->request.body);
    return true;
}

static bool is_request_key(json_text key)
{
    return json_cursor_is(key, "custom_id") || json_cursor_is(key, "url") || json_cursor_is(key, "method") || json_cursor_is(key, "body");
}

static bool read_member(reader *r, json_text key, bool inner)
{
    skip_blanks(r);
    if (!inner && is_request_key(key)) return read_request_member(r, key);
    if (json_cursor_is(key, "messages")) return read_messages(r);
    if (json_cursor_is(key, "tools")) return read_json(r, "tools", '[');
    if (json_cursor_is(key, "json-schema") || json_cursor_is(key, "json_schema")) return read_json(r, "json-schema", '{');
    if (json_cursor_is(key, "kind")) return read_kind(r);
    if (!inner && json_cursor_is(key, "id")) return (r->out->id_column = mark(r)) && (r->out->id = read_string(r, "id")) != NULL;
    if (!inner && json_cursor_is(key, "out")) return (r->out->out_column = mark(r)) && (r->out->out = read_string(r, "out")) != NULL;
    if (!inner && json_cursor_is(key, "rows")) return (r->out->rows = read_string(r, "rows")) != NULL;
    if (!inner && json_cursor_is(key, "needs")) return (r->out->needs_column = mark(r)) && read_needs(r);
    if (!inner && json_cursor_is(key, "repeat")) return read_repeat(r);
    if (!inner && json_cursor_is(key, "defaults")) {
        r->out->is_defaults = true;
        return json_cursor_skip(&r->at) || not_json(r);
    }
    return read_option(r, key);
}

static bool read_object(reader *r, bool inner)
{
    json_text key;
    if (!json_cursor_enter(&r->at, '{')) return wrong(r, r->at.at, "a JSON object wanted");
    while (json_cursor_more(&r->at, '}')) {
        if (!json_cursor_key(&r->at, &key)) return not_json(r);
        const char *where = key.text;
        if (!read_member(r, key, inner)) return false;
        for (size_t i = 0; i + 1 < r->out->count; i++) { /* only a list gives one name twice, side by side */
            const job_field *last = &r->out->field[r->out->count - 1], *x = &r->out->field[i];
            if (x->name != last->name && strcmp(x->name, last->name) == 0) return wrong(r, where, "a field comes twice");
        }
    }
    return !json_cursor_bad(&r->at) || not_json(r);
}

bool job_line_read(job_line *out, const char *text, size_t size, arena *mem, status *st)
{
    *out = (job_line){.repeat = 1, .choices = 1};
    if (job_a1111_is(text, size)) {
        bool good = job_a1111_read(out, text, size, mem, st);
        if (good) out->column = 0;
        return good;
    }
    reader r = {json_cursor_begin(text, size), out, mem, st, {0}};
    if (!read_object(&r, false)) return false;
    if (!json_cursor_end(&r.at)) return not_json(&r);
    if (r.request.url || r.request.method || r.request.body) {
        out->column = r.request.body ? (size_t)(r.request.body - text) + 1 : 1;
        if (!job_openai_read(out, &r.request, mem, st)) return false;
    }
    if (!out->is_defaults && !out->rows && !out->has_kind)
        return wrong(&r, text, "no \"kind\"; text, image, speak, vocode or embed wanted");
    if (out->is_defaults) {
        job_line inner;
        bool good = job_line_read_defaults(&inner, text, size, mem, st);
        out->column = inner.column;
        return good;
    }
    out->column = 0;
    return true;
}

bool job_line_is_request(const char *text, size_t size, arena *mem, const char **custom_id, status *st)
{
    static const char KEY[] = "\"custom_id\"";
    bool is_request = false;
    json_text key, value = {0};
    *custom_id = NULL;
    json_cursor c = json_cursor_begin(text, size);
    if (!json_cursor_enter(&c, '{')) return false;
    while (json_cursor_more(&c, '}') && json_cursor_key(&c, &key)) {
        is_request |= is_request_key(key);
        if (!(json_cursor_is(key, "custom_id") && !value.text && json_cursor_string(&c, &value)) && !json_cursor_skip(&c)) break;
    }
    const char *found = json_cursor_bad(&c) && !value.text ? memmem(text, size, KEY, sizeof KEY - 1) : NULL;
    if (found) { /* what stands behind a place that is no JSON */
        c = json_cursor_begin(found, size - (size_t)(found - text));
        is_request = true;
        if (!json_cursor_key(&c, &key) || !json_cursor_string(&c, &value)) value.text = NULL;
    }
    char *id = value.text ? arena_alloc(mem, value.size + 1, st) : NULL;
    if (id) id[json_cursor_unescape(value, id)] = 0;
    *custom_id = id;
    return is_request && status_ok(st);
}

bool job_line_read_defaults(job_line *out, const char *text, size_t size, arena *mem, status *st)
{
    *out = (job_line){.repeat = 1, .choices = 1};
    reader r = {json_cursor_begin(text, size), out, mem, st, {0}};
    json_text key;
    if (!json_cursor_enter(&r.at, '{')) return not_json(&r);
    while (json_cursor_more(&r.at, '}')) {
        if (!json_cursor_key(&r.at, &key)) return not_json(&r);
        bool ok = json_cursor_is(key, "defaults") ? read_object(&r, true)
                  : json_cursor_is(key, "kind")   ? read_kind(&r)
                                                  : wrong(&r, key.text, "only \"kind\" may stand beside \"defaults\"");
        if (!ok) return false;
    }
    return !json_cursor_bad(&r.at) || not_json(&r);
}

size_t job_line_column(const job_line *line, const char *name)
{
    for (size_t i = 0; i < line->count; i++)
        if (strcmp(line->field[i].name, name) == 0) return line->field[i].column;
    return 0;
}
