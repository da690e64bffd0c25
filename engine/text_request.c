#include "engine/text_request.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/log.h"
#include "core/nearest.h"
#include "engine/model_path.h"
#include "engine/text_constraint.h"
#include "text/prompt.h"
#include "text/text_buffer.h"

enum { INPUT_LIMIT = 256 << 20, MAX_FIELDS = OPTION_LIST_MAX + 4 };

/* ---- the user's text ---- */

static bool check_text(const char *text, size_t size, const char *where, status *st)
{
    size_t bad;
    if (!text_is_utf8(text, size, &bad)) return status_set(st, STATUS_INPUT, "%s: byte %zu (0x%02X) is no UTF-8", where, bad, (unsigned char)text[bad]);
    if (memchr(text, 0, size)) return status_set(st, STATUS_INPUT, "%s: byte %zu is zero; text wanted", where, (size_t)((const char *)memchr(text, 0, size) - text));
    return true;
}

/* A whole text file without the line's end that editors put at its end. */
static char *read_text(const char *path, status *st)
{
    size_t size;
    char *text = file_read_text_stream(path, INPUT_LIMIT, &size, st);
    if (!text) return NULL;
    if (!check_text(text, size, strcmp(path, "-") == 0 ? "standard input" : path, st)) {
        alloc_free(text);
        return NULL;
    }
    if (size && text[size - 1] == '\n') text[--size] = 0;
    if (size && text[size - 1] == '\r') text[--size] = 0;
    return text;
}

static char *raw_input(const text_options *o, status *st)
{
    const char *file = o->file;
    if (!o->prompt && !file) {
        if (isatty(STDIN_FILENO)) {
            status_set(st, STATUS_USAGE, "no prompt: give -p TEXT, -f FILE or text on standard input, as in aigc text -p \"Write a poem.\"; aigc text -i chats, --help lists the options");
            return NULL;
        }
        file = "-";
    }
    text_buffer b = {0};
    char *text = file ? read_text(file, st) : NULL;
    bool ok = status_ok(st) && (!o->prompt || (check_text(o->prompt, strlen(o->prompt), "--prompt", st) && text_buffer_add(&b, o->prompt, st))) &&
              (!o->prompt || !text || text_buffer_add(&b, "\n\n", st)) && (!text || text_buffer_add(&b, text, st));
    alloc_free(text);
    if (ok && b.size == 0) {
        status_set(st, o->prompt && !file ? STATUS_USAGE : STATUS_INPUT, "%s: the prompt is empty", file ? (strcmp(file, "-") == 0 ? "standard input" : file) : "--prompt");
        ok = false;
    }
    if (ok) return b.data;
    text_buffer_free(&b);
    return NULL;
}

void text_request_tell_unread(const text_options *o)
{
    enum { PATIENCE = 20 /* milliseconds that a pipe's writer has to begin */ };
    struct stat info;
    bool pipe = fstat(STDIN_FILENO, &info) == 0 && S_ISFIFO(info.st_mode);
    bool file = !pipe && S_ISREG(info.st_mode) && info.st_size > 0 && lseek(STDIN_FILENO, 0, SEEK_CUR) == 0;
    struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
    if (!o->prompt || o->file || (!pipe && !file)) return;
    if (file || (poll(&in, 1, PATIENCE) == 1 && in.revents & POLLIN)) log_warning("what stands on standard input is not read beside -p; -f - reads it, too");
}

/* --field NAME=VALUE, cut in place of a copy. */
static bool read_fields(const text_options *o, prompt_field *fields, char **copies, int64_t *count, status *st)
{
    for (size_t i = 0; i < o->fields.count; i++) {
        const char *given = o->fields.item[i], *equals = strchr(given, '=');
        if (!equals || equals == given) return status_set(st, STATUS_USAGE, "--field: '%s' found, NAME=TEXT wanted", given);
        if (!check_text(given, strlen(given), "--field", st)) return false;
        char *copy = alloc_string(given, strlen(given), st);
        if (!copy) return false;
        copies[i] = copy;
        copy[equals - given] = 0;
        fields[(*count)++] = (prompt_field){copy, copy + (equals - given) + 1};
    }
    return true;
}

/* Does a template of the user's own say where the prompt comes? Without it the prompt would be lost. */
static bool takes_input(const char *text)
{
    static const char NAME[] = "input";
    for (const char *s = strstr(text, "{{"); s; s = strstr(s + 2, "{{")) {
        const char *name = s + 2 + strspn(s + 2, " ");
        if (strncmp(name, NAME, sizeof NAME - 1) == 0 && strchr(" }", name[sizeof NAME - 1])) return true;
    }
    return false;
}

static char *apply_task(const text_options *o, const char *input, status *st)
{
    const char *known = prompt_task(o->task);
    char *own = NULL, *result = NULL, *copies[OPTION_LIST_MAX] = {0};
    if (!known) {
        if (!file_exists(o->task)) {
            status_set(st, STATUS_USAGE, "--task: '%.200s' is no task (%s) and no template file%s", o->task, prompt_tasks(), nearest_in(o->task, prompt_tasks()).text);
            return NULL;
        }
        own = read_text(o->task, st);
    }
    prompt_field fields[MAX_FIELDS];
    int64_t count = 0;
    if (own && !takes_input(own)) status_set(st, STATUS_USAGE, "--task %.200s: the template has no {{input}}, where the prompt would come", o->task);
    if ((known || (own && status_ok(st))) && read_fields(o, fields, copies, &count, st)) {
        fields[count++] = (prompt_field){"input", input};
        static const char *const defaults[] = {"language", "style"};
        for (int i = 0; known && i < 2; i++) { /* after the given ones: the first of a name counts */
            const char *value = prompt_task_default(o->task, defaults[i]);
            if (value) fields[count++] = (prompt_field){defaults[i], value};
        }
        result = prompt_fill(o->task, known ? known : own, fields, count, st);
    }
    for (size_t i = 0; i < OPTION_LIST_MAX; i++) alloc_free(copies[i]);
    alloc_free(own);
    return result;
}

char *text_request_input(const text_options *o, status *st)
{
    if (o->fields.count && !o->task) {
        status_set(st, STATUS_USAGE, "--field needs a --task");
        return NULL;
    }
    char *input = raw_input(o, st);
    if (!input || !o->task) return input;
    char *filled = apply_task(o, input, st);
    alloc_free(input);
    return filled;
}

void text_request_with_model(const text_options *o, text_request_work work, const void *arg, status *st)
{
    text_model m;
    text_request_tell_unread(o);
    char *input = text_request_input(o, st), *path = input ? model_path_find(o->model, st) : NULL;
    pool *threads = path ? pool_new((int)o->threads, st) : NULL;
    if (threads && text_model_open(&m, path, o->exact ? LINEAR_EXACT : LINEAR_FAST, threads, st)) {
        work(arg, &m, path, threads, input, st);
        text_model_close(&m);
    }
    pool_free(threads);
    alloc_free(path);
    alloc_free(input);
}

bool text_words_read(text_words *w, const text_options *o, status *st)
{
    *w = (text_words){.system = o->system};
    w->input = text_request_input(o, st);
    if (w->input && (!o->examples || prompt_examples_read(&w->examples, o->examples, st))) return true;
    text_words_free(w);
    return false;
}

void text_words_free(text_words *w)
{
    alloc_free(w->input);
    prompt_examples_free(&w->examples);
    *w = (text_words){0};
}

chat_message *text_words_messages(const text_words *w, int64_t *count, status *st)
{
    int64_t n = 0;
    chat_message *messages = alloc_array((size_t)(2 * w->examples.count + 2), sizeof *messages, st);
    if (!messages) return NULL;
    if (w->system) messages[n++] = (chat_message){.role = "system", .content = w->system};
    for (int64_t i = 0; i < w->examples.count; i++) {
        messages[n++] = (chat_message){.role = "user", .content = w->examples.item[i].input};
        messages[n++] = (chat_message){.role = "assistant", .content = w->examples.item[i].output};
    }
    messages[n++] = (chat_message){.role = "user", .content = w->input};
    *count = n;
    return messages;
}

/* ---- requests ---- */

/* Whether --tools is the list itself, as in a job. */
static bool tools_are_text(const text_options *o) { return o->tools[strspn(o->tools, " \t\r\n")] == '['; }

char *text_request_tools(const text_options *o, status *st)
{
    return tools_are_text(o) ? alloc_string(o->tools, strlen(o->tools), st) : read_text(o->tools, st);
}

bool text_request_template(const text_options *o, const tokenizer *k, chat_template *t, status *st)
{
    *t = (chat_template){0};
    char *tools = o->tools ? text_request_tools(o, st) : NULL;
    chat_options asked = {.template = o->chat_template, .argument = o->template_args.item, .arguments = o->template_args.count, .tools = tools,
                          .tools_file = tools && !tools_are_text(o) ? o->tools : NULL, .no_thoughts = strcmp(o->think, "off") == 0};
    bool ok = status_ok(st) && chat_template_init(t, k, &asked, st);
    alloc_free(tools);
    return ok;
}

bool text_request_chats(const text_options *o, const chat_template *t)
{
    if (!o->raw && !t->program) log_verbose("the model has no chat template: the prompt is taken as it is (as with --raw; --chat-template gives one)");
    return !o->raw && t->program;
}

static bool fill_request(text_request *q, const text_options *o, const text_model *m, const constraint_thoughts *first, uint64_t seed, int64_t context, status *st)
{
    if (q->prompt.count == 0) return status_set(st, STATUS_INPUT, "the prompt has no tokens");
    if (q->prompt.count > context)
        return status_set(st, STATUS_INPUT, "the prompt has %lld tokens, more than the context of %lld%s", (long long)q->prompt.count, (long long)context,
                          context < gpt_context(m->gpt) ? "; --ctx sets it" : "");
    q->request = (generate_request){
        .prompt = q->prompt.id, .prompt_count = q->prompt.count, .tokens = o->tokens, .sample = o->sample, .seed = seed,
        .stop_count = (int64_t)o->stop.count, .end = q->end, .end_count = q->end_count, .ignore_end = o->ignore_end, .shift = o->shift,
        .keep = tokenizer_adds_bos(m->tokenizer) ? 1 : 0, .logprobs = o->logprobs};
    q->request.constraint = q->constraint = text_constraint_get(o, m->constraints, first, st);
    for (size_t i = 0; i < o->stop.count; i++) q->request.stop[i] = o->stop.item[i];
    if (o->task && !o->temperature_given) q->request.sample.temperature = 0.2; /* a task keeps to its text */
    return status_ok(st);
}

/* What a template of the user's own says, and what the model gets of it and the messages: a word may be in neither alone. */
static bool pass_rendered(const filter_lists *l, const chat_template *t, const jinja_output *text, status *st)
{
    if (t->file && !filter_lists_pass(l, FILTER_PROMPT, "--chat-template", t->file, t->file_size, st)) return false;
    return filter_lists_pass(l, FILTER_PROMPT, "the prompt as its template writes it", text->text, text->size, st);
}

bool text_request_init_chat(text_request *q, const text_options *o, const text_model *m, const chat_template *t, const chat_message *messages,
                            int64_t count, const filter_lists *lists, uint64_t seed, int64_t context, status *st)
{
    *q = (text_request){.end_count = t->end_count};
    memcpy(q->end, t->end, sizeof q->end);
    jinja_output text;
    bool ok = chat_render(t, messages, count, &text, st) && pass_rendered(lists, t, &text, st) && chat_encode_text(t, &text, &q->prompt, st);
    constraint_thoughts first = {.may_come = strcmp(o->think, "off") != 0, .closing = ok ? thoughts_closing(text.text, text.size) : NULL};
    ok = ok && fill_request(q, o, m, &first, seed, context, st);
    if (ok) q->start = thoughts_after(text.text, text.size);
    jinja_output_free(&text);
    if (ok) return true;
    text_request_free(q);
    return false;
}

static bool init_with_turns(text_request *q, const text_options *o, const text_model *m, const chat_template *t, const text_words *w,
                            const filter_lists *lists, uint64_t seed, int64_t context, status *st)
{
    int64_t count;
    chat_message *messages = text_words_messages(w, &count, st);
    bool ok = messages && text_request_init_chat(q, o, m, t, messages, count, lists, seed, context, st);
    alloc_free(messages);
    return ok;
}

static bool init_raw(text_request *q, const text_options *o, const text_model *m, const text_words *w, uint64_t seed, int64_t context, status *st)
{
    if (w->system) return status_set(st, STATUS_USAGE, "--system: this model has no chat template, or --raw turned it off");
    *q = (text_request){0};
    char *text = prompt_with_examples(&w->examples, w->input, st);
    bool ok = text && tokenizer_encode(m->tokenizer, text, strlen(text), TOKENIZER_ADD_SPECIAL | TOKENIZER_PARSE_SPECIAL, &q->prompt, st) &&
              fill_request(q, o, m, &(constraint_thoughts){0}, seed, context, st);
    if (ok && w->examples.count && q->request.stop_count < GENERATE_MAX_STOPS) q->request.stop[q->request.stop_count++] = "\nInput:";
    alloc_free(text);
    if (!ok) text_request_free(q);
    return ok;
}

bool text_request_init(text_request *q, const text_options *o, const text_model *m, const text_words *w, const filter_lists *lists, uint64_t seed,
                       int64_t context, status *st)
{
    *q = (text_request){0};
    chat_template t;
    if (!text_request_template(o, m->tokenizer, &t, st)) return false;
    bool ok = text_request_chats(o, &t) ? init_with_turns(q, o, m, &t, w, lists, seed, context, st) : init_raw(q, o, m, w, seed, context, st);
    chat_template_free(&t);
    return ok;
}

bool text_request_init_ids(text_request *q, const text_options *o, const text_model *m, tokenizer_ids *ids, uint64_t seed, int64_t context, status *st)
{
    *q = (text_request){.prompt = *ids};
    *ids = (tokenizer_ids){0};
    if (fill_request(q, o, m, &(constraint_thoughts){0}, seed, context, st)) return true;
    text_request_free(q);
    return false;
}

void text_request_free(text_request *q)
{
    tokenizer_ids_free(&q->prompt);
    constraint_release(q->constraint);
    *q = (text_request){0};
}
