/* bench: a model's speed, measured in this process: opening it, reading a prompt, writing one text, writing several. Each
 * figure is the median of --runs. tests/bench/ puts them beside other programs'. Texts are written a pass for each token, without drafting
 * (text/draft.h): the rate of plain text, not of one that repeats what it read. */
#include "cli/arguments.h"
#include "cli/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "engine/model_path.h"
#include "engine/text_json.h"
#include "engine/text_options.h"
#include "core/alloc.h"
#include "core/json.h"
#include "core/log.h"

enum { MAX_RUNS = 99 };

typedef struct {
    const char *model;
    int64_t prompt, tokens, sequences, runs, threads;
    bool json;
} bench_options;

typedef struct {
    const bench_options *o;
    text_model model;
    pool *threads;
    status *st;
} bench;

/* Seconds for `sequences` texts of `tokens` after prompts of `prompt` tokens; *reading: until the first prompt was read. The
 * prompts differ from their first token on, so that none is shared. */
static double run_once(const bench *b, int64_t prompt, int64_t tokens, int64_t sequences, int64_t run, double *reading)
{
    generator_options go = {.context = prompt + tokens + 1};
    generator *g = generator_new(b->model.gpt, b->model.tokenizer, b->threads, &go, b->st);
    int32_t *ids = alloc_array((size_t)prompt, sizeof *ids, b->st);
    sample_options greedy = sample_options_plain();
    greedy.temperature = 0;
    generate_sequence *first = NULL;
    double begin = log_seconds();
    for (int64_t s = 0; g && ids && s < sequences && status_ok(b->st); s++) {
        rng r = rng_seeded((uint64_t)(1000 * run + s));
        for (int64_t i = 0; i < prompt; i++) ids[i] = (int32_t)(rng_next(&r) % (uint64_t)b->model.gpt->config.vocab);
        generate_request q = {.prompt = ids, .prompt_count = prompt, .tokens = tokens, .sample = greedy, .ignore_end = true, .one_by_one = true};
        generate_sequence *added = generator_add(g, &q, b->st);
        if (!first) first = added;
    }
    while (g && ids && generator_step(g, b->st)) continue;
    double seconds = log_seconds() - begin;
    if (first && status_ok(b->st)) *reading = generate_result_of(first).prompt_seconds;
    alloc_free(ids);
    generator_free(g);
    return seconds;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double median(double *values, int64_t n)
{
    qsort(values, (size_t)n, sizeof *values, compare);
    return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

typedef struct {
    double prompt_rate, token_rate, batch_rate, peak_mib;
} figures;

static figures measure(const bench *b)
{
    double reading[MAX_RUNS], writing[MAX_RUNS], together[MAX_RUNS], unused;
    const bench_options *o = b->o;
    run_once(b, 8, 8, 1, 99, &unused); /* pages touched, caches warm */
    for (int64_t i = 0; i < o->runs && status_ok(b->st); i++) {
        double seconds = run_once(b, o->prompt, 1, 1, i, &unused);
        reading[i] = (double)o->prompt / seconds;
        double read = 0;
        seconds = run_once(b, 8, o->tokens, 1, i, &read);
        writing[i] = (double)(o->tokens - 1) / (seconds - read);
        seconds = o->sequences > 1 ? run_once(b, 8, o->tokens, o->sequences, i, &read) : 1;
        together[i] = o->sequences > 1 ? (double)((o->tokens - 1) * o->sequences) / (seconds - read) : 0;
    }
    struct rusage usage = {0};
    getrusage(RUSAGE_SELF, &usage);
    if (!status_ok(b->st)) return (figures){0};
    return (figures){median(reading, o->runs), median(writing, o->runs), median(together, o->runs), (double)usage.ru_maxrss / 1024};
}

static void print(const bench *b, const char *path, const figures *f, status *st)
{
    const bench_options *o = b->o;
    if (!o->json) {
        printf("open %.3f s\nprompt %.1f tokens/s (%lld tokens)\ntext %.1f tokens/s (%lld tokens)\n", b->model.seconds, f->prompt_rate,
               (long long)o->prompt, f->token_rate, (long long)o->tokens);
        if (o->sequences > 1) printf("together %.1f tokens/s (%lld sequences)\n", f->batch_rate, (long long)o->sequences);
        printf("peak memory %.1f MiB\n", f->peak_mib);
        return;
    }
    json_t *root = text_json_run(&b->model, path, b->model.seconds);
    json_object_set_new(root, "threads", json_integer(pool_threads(b->threads)));
    json_object_set_new(root, "prompt", json_integer(o->prompt));
    json_object_set_new(root, "tokens", json_integer(o->tokens));
    json_object_set_new(root, "sequences", json_integer(o->sequences));
    json_object_set_new(root, "prompt_tokens_per_second", json_real(f->prompt_rate));
    json_object_set_new(root, "tokens_per_second", json_real(f->token_rate));
    if (o->sequences > 1) json_object_set_new(root, "batch_tokens_per_second", json_real(f->batch_rate));
    json_object_set_new(root, "peak_mib", json_real(f->peak_mib));
    if (!root) status_set(st, STATUS_NOMEM, "out of memory for the JSON output");
    else json_print(root, JSON_REAL_PRECISION(6), st);
    json_decref(root);
}

static const help_text HELP = {
    "aigc bench [OPTION]… text",
    "Measures a model of texts: opening it, reading a prompt, writing one text, writing several at once. Each figure is the median of --runs.",
    {{"aigc bench text",
      "tokens a second and memory, a line each"},
     {"aigc bench text --runs 1 --tokens 16 --json",
      "quicker and rougher, as an object"}},
    "text"};

static bool parse(bench_options *o, int argc, char **argv, bool *help, status *st)
{
    const option table[] = {
        {'m', "model", OPTION_STRING, &o->model, "MODEL", "short name, .gguf, .safetensors or Hugging Face folder (smollm2)", 0, 0, NULL, "smollm2, gemma3"},
        {0, "prompt", OPTION_INT, &o->prompt, "N", "tokens of the prompt that is read (512)", 1, 1 << 20, NULL},
        {'n', "tokens", OPTION_INT, &o->tokens, "N", "tokens written (128)", 2, 1 << 20, NULL},
        {0, "sequences", OPTION_INT, &o->sequences, "N", "texts written at once, beside one alone (8)", 1, 256, NULL},
        {0, "runs", OPTION_INT, &o->runs, "N", "of each; the median counts (5)", 1, MAX_RUNS, NULL},
        {'t', "threads", OPTION_INT, &o->threads, "N", "0: one for each core (0)", 0, 1024, NULL},
        {0, "json", OPTION_FLAG, &o->json, NULL, "one JSON object", 0, 0, NULL},
        {0, NULL, OPTION_GROUP, NULL, NULL, NULL, 0, 0, NULL},
    };
    const char **positional = alloc_array((size_t)argc, sizeof *positional, st);
    int count = 0;
    bool ok = positional && arguments_parse(table, argc, argv, &HELP, positional, &count, help, st);
    if (ok && !*help && (count != 1 || strcmp(positional[0], "text") != 0))
        ok = status_set(st, STATUS_USAGE, "what is measured is wanted: 'aigc bench text'");
    alloc_free(positional);
    return ok;
}

void cmd_bench(int argc, char **argv, status *st)
{
    bench_options o = {.model = "smollm2", .prompt = 512, .tokens = 128, .sequences = 8, .runs = 5};
    bool help = false;
    if (!parse(&o, argc, argv, &help, st) || help) return;
    bench b = {.o = &o, .st = st};
    char *path = model_path_find(o.model, st);
    b.threads = path ? pool_new((int)o.threads, st) : NULL;
    if (b.threads && text_model_open(&b.model, path, LINEAR_FAST, b.threads, st)) {
        if (o.prompt + o.tokens + 1 > gpt_context(b.model.gpt))
            status_set(st, STATUS_USAGE, "%lld + %lld tokens do not fit the context of %lld", (long long)o.prompt, (long long)o.tokens, (long long)gpt_context(b.model.gpt));
        figures f = status_ok(st) ? measure(&b) : (figures){0};
        if (status_ok(st)) print(&b, path, &f, st);
        text_model_close(&b.model);
    }
    pool_free(b.threads);
    alloc_free(path);
}
