/* score: the logarithm of each token's probability given those before it, and the perplexity of the whole. */
#include "cli/arguments.h"
#include "cli/command.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "engine/text_json.h"
#include "engine/text_request.h"
#include "core/alloc.h"
#include "core/json.h"
#include "core/log.h"
#include "text/score.h"

typedef struct {
    text_options text; /* -m -p -f -t --exact --json come from here */
    int64_t stride;
} score_options;

static void print_json(const tokenizer_ids *ids, const double *logprob, double nll, status *st)
{
    json_t *root = json_object(), *tokens = json_array(), *logprobs = json_array();
    for (int64_t i = 0; i < ids->count; i++) {
        json_array_append_new(tokens, json_integer(ids->id[i]));
        json_array_append_new(logprobs, text_json_number(logprob[i]));
    }
    json_object_set_new(root, "tokens", tokens);
    json_object_set_new(root, "logprobs", logprobs);
    json_object_set_new(root, "nll", text_json_number(nll));
    json_object_set_new(root, "perplexity", text_json_number(exp(nll)));
    if (json_object_size(root) != 4 || json_array_size(logprobs) != (size_t)ids->count) status_set(st, STATUS_NOMEM, "out of memory for the JSON output");
    else json_print(root, JSON_REAL_PRECISION(10), st);
    json_decref(root);
}

/* nll is the mean over the tokens that have a logprob: all but the first. */
static void print(const score_options *o, const tokenizer_ids *ids, const double *logprob, status *st)
{
    double sum = 0;
    for (int64_t i = 1; i < ids->count; i++) sum -= logprob[i];
    double nll = ids->count > 1 ? sum / (double)(ids->count - 1) : (double)NAN;
    if (o->text.json) print_json(ids, logprob, nll, st);
    else printf("tokens %lld\nnll %.6f\nperplexity %.6f\n", (long long)ids->count, nll, exp(nll));
}

static void score(const void *arg, const text_model *m, const char *path, pool *threads, const char *input, status *st)
{
    const score_options *o = arg;
    (void)path;
    tokenizer_ids ids = {0};
    int64_t context = o->text.context ? o->text.context : gpt_context(m->gpt);
    if (context > gpt_context(m->gpt)) context = gpt_context(m->gpt);
    int64_t stride = o->stride ? o->stride : context / 2;
    bool ok = tokenizer_encode(m->tokenizer, input, strlen(input), TOKENIZER_ADD_SPECIAL, &ids, st);
    if (ok && ids.count < 2) ok = status_set(st, STATUS_INPUT, "the text has %lld token: at least two are wanted", (long long)ids.count);
    if (ok && ids.count > context && (context < 2 || stride >= context))
        ok = status_set(st, STATUS_USAGE, "--stride: %lld found, less than the context of %lld wanted", (long long)stride, (long long)context);
    double *logprob = ok ? alloc_array((size_t)ids.count, sizeof *logprob, st) : NULL;
    if (logprob && score_tokens(m->gpt, threads, ids.id, ids.count, context, stride, logprob, st)) print(o, &ids, logprob, st);
    alloc_free(logprob);
    tokenizer_ids_free(&ids);
}

static const help_text HELP = {
    "aigc score [OPTION]… [TEXT]",
    "How likely a model finds a text: the number of its tokens, the mean negative logarithm of their probabilities, and the perplexity. The text is "
    "the word given or -p TEXT, -f FILE, both, or standard input.",
    {{"aigc score -p \"The sea is blue.\"",
      "tokens, nll and perplexity, a line each"},
     {"aigc score -f article.txt --json",
      "the logarithm of each token's probability too"}},
    NULL};

static bool parse(score_options *o, int argc, char **argv, bool *help, status *st)
{
    text_options *t = &o->text;
    const option table[] = {
        {'m', "model", OPTION_STRING, &t->model, "MODEL", "short name, .gguf, .safetensors or Hugging Face folder (smollm2)", 0, 0, NULL, "smollm2, gemma3"},
        {'p', "prompt", OPTION_STRING, &t->prompt, "TEXT", "the text", 0, 0, NULL},
        {'f', "file", OPTION_STRING, &t->file, "FILE", "the text from a file, - is stdin", 0, 0, NULL},
        {'c', "ctx", OPTION_INT, &t->context, "N", "tokens of a window, 0: the model's context (0)", 0, 1 << 26, NULL},
        {0, "stride", OPTION_INT, &o->stride, "N", "texts longer than the context: from one window to the next (half a context)", 1, 1 << 26, NULL},
        {'t', "threads", OPTION_INT, &t->threads, "N", "0: one for each core (0)", 0, 1024, NULL},
        {0, "exact", OPTION_FLAG, &t->exact, NULL, "full f32 arithmetic: slow, the reference's numbers", 0, 0, NULL},
        {0, "json", OPTION_FLAG, &t->json, NULL, "one JSON object: tokens, logprobs, nll, perplexity", 0, 0, NULL},
        {0, NULL, OPTION_GROUP, NULL, NULL, NULL, 0, 0, NULL},
    };
    return arguments_parse_word(table, argc, argv, &HELP, &t->prompt, help, st);
}

void cmd_score(int argc, char **argv, status *st)
{
    score_options o = {.text = text_options_default()};
    bool help = false;
    if (!parse(&o, argc, argv, &help, st) || help) return;
    text_request_with_model(&o.text, score, &o, st);
}
