/* embed: a text as a vector, the mean of its last hidden states. */
#include "cli/arguments.h"
#include "cli/command.h"

#include <stdio.h>
#include <string.h>

#include "engine/text_json.h"
#include "engine/text_request.h"
#include "core/alloc.h"
#include "core/json.h"
#include "text/score.h"

typedef struct {
    text_options text; /* -m -p -f -t --exact --json come from here */
    bool normalize;
} embed_options;

static void print(const embed_options *o, const char *path, const float *v, int64_t n, int64_t tokens, status *st)
{
    if (!o->text.json) {
        for (int64_t i = 0; i < n; i++) printf("%.7g%c", (double)v[i], i + 1 < n ? ' ' : '\n');
        return;
    }
    json_t *root = json_object(), *list = json_array();
    for (int64_t i = 0; i < n; i++) json_array_append_new(list, text_json_number((double)v[i]));
    json_object_set_new(root, "model", text_json_name(path, st));
    json_object_set_new(root, "prompt_tokens", json_integer(tokens));
    json_object_set_new(root, "embedding", list);
    if (json_object_size(root) != 3 || json_array_size(list) != (size_t)n) status_set(st, STATUS_NOMEM, "out of memory for the JSON output");
    else json_print(root, JSON_REAL_PRECISION(8), st);
    json_decref(root);
}

static void embed(const void *arg, const text_model *m, const char *path, pool *threads, const char *input, status *st)
{
    const embed_options *o = arg;
    tokenizer_ids ids = {0};
    int64_t width = m->gpt->config.width, context = gpt_context(m->gpt);
    float *v = alloc_array((size_t)width, sizeof *v, st);
    bool ok = v && tokenizer_encode(m->tokenizer, input, strlen(input), TOKENIZER_ADD_SPECIAL, &ids, st);
    if (ok && (ids.count == 0 || ids.count > context))
        ok = status_set(st, STATUS_INPUT, "the text has %lld tokens, 1 to %lld wanted, as many as the context holds", (long long)ids.count,
                        (long long)context);
    if (ok && score_embed(m->gpt, threads, ids.id, ids.count, v, st)) {
        if (o->normalize) score_normalize(v, width);
        print(o, path, v, width, ids.count, st);
    }
    alloc_free(v);
    tokenizer_ids_free(&ids);
}

static const help_text HELP = {
    "aigc embed [OPTION]… [TEXT]",
    "A text as a vector: the mean of the model's last hidden states. The text is the word given or -p TEXT, -f FILE, both, or standard input.",
    {{"aigc embed -p \"The sea is blue.\" --json",
      "the vector in an object"},
     {"aigc embed -f article.txt --normalize",
      "a line of numbers, of length 1 as a vector"}},
    NULL};

static bool parse(embed_options *o, int argc, char **argv, bool *help, status *st)
{
    text_options *t = &o->text;
    const option table[] = {
        {'m', "model", OPTION_STRING, &t->model, "MODEL", "short name, .gguf, .safetensors or Hugging Face folder (smollm2)", 0, 0, NULL, "smollm2, gemma3"},
        {'p', "prompt", OPTION_STRING, &t->prompt, "TEXT", "the text", 0, 0, NULL},
        {'f', "file", OPTION_STRING, &t->file, "FILE", "the text from a file, - is stdin", 0, 0, NULL},
        {0, "normalize", OPTION_FLAG, &o->normalize, NULL, "a vector of length 1", 0, 0, NULL},
        {'t', "threads", OPTION_INT, &t->threads, "N", "0: one for each core (0)", 0, 1024, NULL},
        {0, "exact", OPTION_FLAG, &t->exact, NULL, "full f32 arithmetic: slow, the reference's numbers", 0, 0, NULL},
        {0, "json", OPTION_FLAG, &t->json, NULL, "one JSON object: model, prompt_tokens, embedding", 0, 0, NULL},
        {0, NULL, OPTION_GROUP, NULL, NULL, NULL, 0, 0, NULL},
    };
    return arguments_parse_word(table, argc, argv, &HELP, &t->prompt, help, st);
}

void cmd_embed(int argc, char **argv, status *st)
{
    embed_options o = {.text = text_options_default()};
    bool help = false;
    if (!parse(&o, argc, argv, &help, st) || help) return;
    text_request_with_model(&o.text, embed, &o, st);
}
