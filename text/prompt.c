#include "text/prompt.h"

#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/json.h"
#include "text/text_buffer.h"

enum { EXAMPLES_LIMIT = 64 << 20 };

static const struct {
    const char *name, *text, *field, *value; /* field: one beside input, and what it is by default */
} TASKS[] = {
    {"summarize", "Summarize the following text in a few sentences.\n\n{{input}}", NULL, NULL},
    {"translate", "Translate the following text into {{language}}. Answer with the translation only.\n\n{{input}}", "language", "English"},
    {"rewrite", "Rewrite the following text in a {{style}} style. Keep its meaning.\n\n{{input}}", "style", "clear and simple"},
    {"title", "{{input}}\n\nWrite a short headline (at most ten words) for the text above.", NULL, NULL},
    {"continue", "Continue the following text.\n\n{{input}}", NULL, NULL},
    {"code", "Write {{language}} code for the following task.\n\n{{input}}", "language", "Python"},
};
enum { TASK_COUNT = sizeof TASKS / sizeof TASKS[0] };

const char *prompt_tasks(void) { return "summarize, translate, rewrite, title, continue, code"; }

const char *prompt_task(const char *name)
{
    for (int i = 0; i < TASK_COUNT; i++)
        if (strcmp(TASKS[i].name, name) == 0) return TASKS[i].text;
    return NULL;
}

const char *prompt_task_default(const char *task, const char *field)
{
    for (int i = 0; i < TASK_COUNT; i++)
        if (strcmp(TASKS[i].name, task) == 0 && TASKS[i].field && strcmp(TASKS[i].field, field) == 0) return TASKS[i].value;
    return NULL;
}

/* ---- filling in ---- */

static const char *value_of(const char *name, size_t size, const prompt_field *fields, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        if (strlen(fields[i].name) == size && memcmp(fields[i].name, name, size) == 0) return fields[i].value;
    return NULL;
}

static bool unknown_field(const char *name, size_t size, const prompt_field *fields, int64_t count, status *st)
{
    char known[256] = "";
    for (int64_t i = 0; i < count; i++) {
        size_t used = strlen(known);
        snprintf(known + used, sizeof known - used, "%s%s", i ? ", " : "", fields[i].name);
    }
    return status_set(st, STATUS_USAGE, "the template asks for {{%.*s}}, which is not given (--field %.*s=TEXT); given are: %s", size > 60 ? 60 : (int)size, name, size > 60 ? 60 : (int)size, name, known);
}

/* Adds size bytes unless the text would grow too long. */
static bool add(text_buffer *b, const char *task, const char *text, size_t size, status *st)
{
    if (size > PROMPT_MOST_BYTES || b->size > PROMPT_MOST_BYTES - size)
        return status_set(st, STATUS_INPUT, "the task %.200s: a text of more than %d bytes found when its {{…}} are filled in, a shorter one wanted", task, PROMPT_MOST_BYTES);
    return text_buffer_append(b, text, size, st);
}

char *prompt_fill(const char *task, const char *text, const prompt_field *fields, int64_t count, status *st)
{
    text_buffer b = {0};
    bool ok = text_buffer_add(&b, "", st);
    while (ok) {
        const char *open = strstr(text, "{{"), *close = open ? strstr(open, "}}") : NULL;
        ok = add(&b, task, text, open ? (size_t)(open - text) : strlen(text), st);
        if (!ok || !open) break;
        const char *name = open + 2, *end = close;
        if (!close) {
            ok = status_set(st, STATUS_INPUT, "the task %.200s: a {{ without a }}", task);
            break;
        }
        while (name < end && *name == ' ') name++;
        while (end > name && end[-1] == ' ') end--;
        const char *value = value_of(name, (size_t)(end - name), fields, count);
        ok = value ? add(&b, task, value, strlen(value), st) : unknown_field(name, (size_t)(end - name), fields, count, st);
        text = close + 2;
    }
    if (ok) return b.data;
    text_buffer_free(&b);
    return NULL;
}

/* ---- examples ---- */

static bool read_example(prompt_examples *e, const char *line, size_t size, const char *path, int64_t number, status *st)
{
    json_error_t where;
    json_t *root = json_parse(line, size, JSON_REJECT_DUPLICATES, &where);
    if (!root) return status_set(st, STATUS_INPUT, "%s:%lld:%d: %s", path, (long long)number, where.column, where.text);
    const char *input = json_string_value(json_object_get(root, "input")), *output = json_string_value(json_object_get(root, "output"));
    bool ok = input && output;
    if (!ok) status_set(st, STATUS_INPUT, "%s:%lld: {\"input\": text, \"output\": text} wanted", path, (long long)number);
    prompt_example *more = ok ? alloc_resize(e->item, (size_t)e->count + 1, sizeof *more, st) : NULL;
    if (more) {
        e->item = more;
        more[e->count] = (prompt_example){alloc_string(input, strlen(input), st), alloc_string(output, strlen(output), st)};
        e->count++;
    }
    json_decref(root);
    return status_ok(st);
}

bool prompt_examples_read(prompt_examples *e, const char *path, status *st)
{
    *e = (prompt_examples){0};
    size_t size;
    char *text = file_read_text_stream(path, EXAMPLES_LIMIT, &size, st);
    int64_t number = 1;
    for (const char *at = text, *end = text ? text + size : NULL; at && at < end && status_ok(st); number++) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        size_t length = (size_t)((stop ? stop : end) - at);
        if (strspn(at, " \t\r") < length) read_example(e, at, length, path, number, st);
        at += length + 1;
    }
    if (text && status_ok(st) && e->count == 0) status_set(st, STATUS_INPUT, "%s: no examples in it", path);
    alloc_free(text);
    if (!status_ok(st)) prompt_examples_free(e);
    return status_ok(st);
}

void prompt_examples_free(prompt_examples *e)
{
    for (int64_t i = 0; i < e->count; i++) {
        alloc_free(e->item[i].input);
        alloc_free(e->item[i].output);
    }
    alloc_free(e->item);
    *e = (prompt_examples){0};
}

char *prompt_with_examples(const prompt_examples *e, const char *input, status *st)
{
    text_buffer b = {0};
    bool ok = text_buffer_add(&b, "", st);
    for (int64_t i = 0; ok && i < e->count; i++)
        ok = text_buffer_add(&b, "Input: ", st) && text_buffer_add(&b, e->item[i].input, st) && text_buffer_add(&b, "\nOutput: ", st) &&
             text_buffer_add(&b, e->item[i].output, st) && text_buffer_add(&b, "\n\n", st);
    if (ok && e->count) ok = text_buffer_add(&b, "Input: ", st);
    ok = ok && text_buffer_add(&b, input, st);
    if (ok && e->count) ok = text_buffer_add(&b, "\nOutput:", st);
    if (ok) return b.data;
    text_buffer_free(&b);
    return NULL;
}
