/* tokenize: what a model is given: the rendered prompt, its ids and its pieces. Only the tokenizer is read, not the weights. */
#include "cli/arguments.h"
#include "cli/command.h"

#include <stdio.h>
#include <string.h>

#include "engine/model_path.h"
#include "engine/text_json.h"
#include "engine/text_request.h"
#include "core/alloc.h"
#include "core/json.h"
#include "core/weights.h"
#include "text/text_buffer.h"

typedef struct {
    text_options text;     /* -m -p -f --system --chat-template --template-arg --tools --think --json come from here */
    bool chat, special;
    const char *messages;  /* a file with a JSON list of messages */
} tokenize_options;

static tokenizer *open_tokenizer(const char *path, status *st)
{
    weights *w = weights_open(path, st);
    tokenizer *k = w && weights_gguf(w) ? tokenizer_open_gguf(weights_gguf(w), path, st) : NULL;
    if (w && !weights_gguf(w)) k = tokenizer_open_folder(path, st);
    weights_close(w);
    return k;
}

/* ---- the text ---- */

/* The messages of a file, each as JSON text. */
static bool read_messages(const char *path, chat_message **m, int64_t *count, status *st)
{
    json_error_t error;
    json_t *all = json_parse_file(path, JSON_ALLOW_NUL, &error);
    if (!all && error.line < 1) return status_set(st, STATUS_INPUT, "%s", error.text); /* the file, not its text */
    if (!all) return status_set(st, STATUS_INPUT, "%s:%d:%d: %s", path, error.line, error.column, error.text);
    bool ok = json_is_array(all) || status_set(st, STATUS_INPUT, "%s: a JSON list of messages wanted", path);
    *m = ok ? alloc_zeroed(json_array_size(all) + 1, sizeof **m, st) : NULL;
    for (; ok && *m && *count < (int64_t)json_array_size(all); ++*count) {
        char *text = json_dumps(json_array_get(all, (size_t)*count), JSON_ENCODE_ANY | JSON_COMPACT);
        if (!text) ok = status_set(st, STATUS_NOMEM, "out of memory for the messages");
        (*m)[*count].json = text;
        if (!text) break;
    }
    json_decref(all);
    return ok && *m;
}

static void free_messages(chat_message *m, int64_t count)
{
    for (int64_t i = 0; m && i < count; i++) alloc_free((char *)(uintptr_t)m[i].json);
    alloc_free(m);
}

static bool render_chat(const tokenize_options *o, const tokenizer *k, const char *input, jinja_output *text, tokenizer_ids *ids, status *st)
{
    chat_template t = {0};
    chat_message *m = NULL, plain[2];
    int64_t count = 0, n = 0;
    if (o->text.system) plain[n++] = (chat_message){.role = "system", .content = o->text.system};
    if (input) plain[n++] = (chat_message){.role = "user", .content = input};
    bool ok = (!o->messages || read_messages(o->messages, &m, &count, st)) && text_request_template(&o->text, k, &t, st) &&
              (t.program || status_set(st, STATUS_INPUT, "%s: the model has no chat template; --chat-template gives one", o->text.model)) &&
              chat_render(&t, m ? m : plain, m ? count : n, text, st) && chat_encode_text(&t, text, ids, st);
    free_messages(m, count);
    chat_template_free(&t);
    return ok;
}

static bool render(const tokenize_options *o, const tokenizer *k, const char *input, jinja_output *text, tokenizer_ids *ids, status *st)
{
    if (o->chat || o->messages) return render_chat(o, k, input, text, ids, st);
    text->size = strlen(input);
    text->text = alloc_string(input, text->size, st);
    return text->text && tokenizer_encode(k, input, text->size, o->special ? TOKENIZER_ADD_SPECIAL | TOKENIZER_PARSE_SPECIAL : 0, ids, st);
}

/* ---- showing it ---- */

static bool append_piece(const tokenizer *k, int32_t id, text_buffer *b, status *st)
{
    tokenizer_decoder d = {.special = true, .started = true};
    tokenizer_bytes bytes = {0};
    bool ok = tokenizer_decode(k, &d, &id, 1, &bytes, st) && text_buffer_append_utf8(b, bytes.data ? bytes.data : "", bytes.size, st) && text_buffer_add(b, "", st);
    tokenizer_bytes_free(&bytes);
    return ok;
}

static void print_json(const tokenizer *k, const jinja_output *text, const tokenizer_ids *ids, status *st)
{
    json_t *root = json_object(), *tokens = json_array(), *pieces = json_array();
    for (int64_t i = 0; i < ids->count && status_ok(st); i++) {
        text_buffer piece = {0};
        append_piece(k, ids->id[i], &piece, st);
        json_array_append_new(tokens, json_integer(ids->id[i]));
        json_array_append_new(pieces, json_string(piece.data ? piece.data : ""));
        text_buffer_free(&piece);
    }
    json_object_set_new(root, "text", text_json_string(text->text, text->size, st));
    json_object_set_new(root, "tokens", tokens);
    json_object_set_new(root, "pieces", pieces);
    if (json_object_size(root) != 3 || json_array_size(pieces) != (size_t)ids->count) status_set(st, STATUS_NOMEM, "out of memory for the JSON output");
    else if (status_ok(st)) json_print(root, 0, st);
    json_decref(root);
}

/* A line for each token: its id, * where it is a special one, and its text as a JSON string. */
static void print_lines(const tokenizer *k, const tokenizer_ids *ids, status *st)
{
    for (int64_t i = 0; i < ids->count && status_ok(st); i++) {
        text_buffer piece = {0};
        json_t *value = append_piece(k, ids->id[i], &piece, st) ? json_string(piece.data) : NULL;
        char *quoted = value ? json_dumps(value, JSON_ENCODE_ANY) : NULL;
        if (quoted) printf("%d%s\t%s\n", (int)ids->id[i], tokenizer_is_special(k, ids->id[i]) ? "*" : "", quoted);
        else status_set(st, STATUS_NOMEM, "out of memory for the output");
        alloc_free(quoted);
        json_decref(value);
        text_buffer_free(&piece);
    }
}

static const help_text HELP = {
    "aigc tokenize [OPTION]… [TEXT]",
    "What a model is given: a line for each token with its id, * where it is a special one, and its piece as a JSON string; with --json the rendered "
    "text too. The text is the word given or -p TEXT, -f FILE, both, or standard input; --chat puts it through the model's chat template. Only the "
    "tokenizer is read, not the weights.",
    {{"aigc tokenize -p \"The sea is blue.\"",
      "the tokens of a text"},
     {"aigc tokenize --chat --system \"Be brief.\" -p \"Hello\" --json",
      "the prompt that 'aigc text' gives the model, rendered"}},
};

static bool parse(tokenize_options *o, int argc, char **argv, bool *help, status *st)
{
    text_options *t = &o->text;
    const option table[] = {
        {'m', "model", OPTION_STRING, &t->model, "MODEL", "short name, .gguf or Hugging Face folder (smollm2)", 0, 0, NULL, "smollm2, gemma3"},
        {'p', "prompt", OPTION_STRING, &t->prompt, "TEXT", "the text", 0, 0, NULL},
        {'f', "file", OPTION_STRING, &t->file, "FILE", "the text from a file, - is stdin", 0, 0, NULL},
        {0, "special", OPTION_FLAG, &o->special, NULL, "special tokens written in the text are those tokens, and what the tokenizer puts around a text is there", 0, 0, NULL},
        {0, "chat", OPTION_FLAG, &o->chat, NULL, "the text as a user's message, through the chat template", 0, 0, NULL},
        {0, "messages", OPTION_STRING, &o->messages, "FILE", "a conversation, as a JSON list of messages", 0, 0, NULL},
        {0, "system", OPTION_STRING, &t->system, "TEXT", "with --chat: what the model is told before", 0, 0, NULL},
        {0, "chat-template", OPTION_STRING, &t->chat_template, "NAME", "as for text", 0, 0, NULL},
        {0, "template-arg", OPTION_LIST, &t->template_args, "NAME=JSON", "as for text; repeatable", 0, 0, NULL},
        {0, "tools", OPTION_STRING, &t->tools, "FILE", "as for text", 0, 0, NULL},
        {0, "think", OPTION_STRING, &t->think, "HOW", "as for text (show)", 0, 0, NULL, "show, hide, off"},
        {0, "json", OPTION_FLAG, &t->json, NULL, "one JSON object: text, tokens, pieces", 0, 0, NULL},
        {0, NULL, OPTION_GROUP, NULL, NULL, NULL, 0, 0, NULL},
    };
    return arguments_parse_word(table, argc, argv, &HELP, &t->prompt, help, st) && (*help || text_options_check(t, st));
}

void cmd_tokenize(int argc, char **argv, status *st)
{
    tokenize_options o = {.text = text_options_default()};
    bool help = false;
    if (!parse(&o, argc, argv, &help, st) || help) return;
    if (o.messages && (o.text.prompt || o.text.file || o.text.system)) {
        status_set(st, STATUS_USAGE, "--messages stands alone, without a text and --system");
        return;
    }
    char *input = o.messages ? NULL : text_request_input(&o.text, st);
    char *path = status_ok(st) ? model_path_find(o.text.model, st) : NULL;
    tokenizer *k = path ? open_tokenizer(path, st) : NULL;
    jinja_output text = {0};
    tokenizer_ids ids = {0};
    if (k && render(&o, k, input, &text, &ids, st)) {
        if (o.text.json) print_json(k, &text, &ids, st);
        else print_lines(k, &ids, st);
    }
    tokenizer_ids_free(&ids);
    jinja_output_free(&text);
    tokenizer_free(k);
    alloc_free(path);
    alloc_free(input);
}
