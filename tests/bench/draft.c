/* Times a text with and without drafting (text/draft.h), in turn in one process, and checks that both are the same text.
 * usage: draft RUNS ARGUMENT…, the arguments as of aigc text; -b N times N texts at once (draft.sh)
 *
 * Prints one JSON object: rates of written tokens, without and with (medians; from the first token to the end, all texts
 * together), what was drafted and accepted, and the options and the prompt for other programs. */
#include <stdio.h>
#include <stdlib.h>

#include "engine/model_path.h"
#include "cli/arguments.h"
#include "engine/options.h"
#include "engine/text_options.h"
#include "engine/text_request.h"
#include "core/alloc.h"
#include "tests/bench/median.h"

enum { MAX_RUNS = 99, MAX_TEXTS = 64 };

typedef struct {
    text_options o;
    text_model model;
    pool *threads;
    text_request request;
    tokenizer_ids text; /* what the first run wrote, all texts one after another */
} bench;

typedef struct {
    double rate;
    int64_t tokens, drafted, accepted;
} figures;

/* The tokens as in the runs before, or, in the first, noted. */
static void check(bench *b, bool first, int64_t at, const generate_result *r, status *st)
{
    for (int64_t i = 0; i < r->count && status_ok(st); i++) {
        if (first) {
            int32_t *more = alloc_resize(b->text.id, (size_t)(at + i + 1), sizeof *more, st);
            if (!more) return;
            more[at + i] = r->token[i];
            b->text = (tokenizer_ids){.id = more, .count = at + i + 1, .room = at + i + 1};
        } else if (at + i >= b->text.count || b->text.id[at + i] != r->token[i])
            status_set(st, STATUS_FAIL, "token %lld differs from that of the first run", (long long)(at + i));
    }
}

static figures run(bench *b, bool one_by_one, bool first, status *st)
{
    figures f = {0};
    generate_sequence *s[MAX_TEXTS] = {0};
    generator *g = generator_new(b->model.gpt, b->model.tokenizer, b->threads, &(generator_options){.context = b->o.context}, st);
    for (int64_t i = 0; g && i < b->o.parallel && status_ok(st); i++) {
        generate_request q = b->request.request;
        q.seed = (uint64_t)(b->o.seed + i);
        q.one_by_one = one_by_one;
        s[i] = generator_add(g, &q, st);
    }
    while (status_ok(st) && generator_step(g, st)) continue;
    double begun = 1e9, ended = 0;
    for (int64_t i = 0; i < b->o.parallel && status_ok(st); i++) {
        generate_result r = generate_result_of(s[i]);
        check(b, first, f.tokens, &r, st);
        f.tokens += r.count, f.drafted += r.drafted, f.accepted += r.accepted;
        if (r.prompt_seconds < begun) begun = r.prompt_seconds;
        if (r.seconds > ended) ended = r.seconds;
    }
    f.rate = (double)(f.tokens - b->o.parallel) / (ended - begun);
    generator_free(g);
    return f;
}

static void measure(bench *b, int runs, status *st)
{
    double without[MAX_RUNS], with[MAX_RUNS];
    figures f = run(b, true, true, st);
    for (int i = 0; i < runs && status_ok(st); i++) {
        without[i] = run(b, true, false, st).rate;
        f = run(b, false, false, st);
        with[i] = f.rate;
    }
    if (!status_ok(st)) return;
    const sample_options *o = &b->request.request.sample;
    printf("{\"tokens\": %lld, \"without\": %.1f, \"with\": %.1f, \"drafted\": %lld, \"accepted\": %lld, ", (long long)f.tokens, median(without, runs),
           median(with, runs), (long long)f.drafted, (long long)f.accepted);
    printf("\"temp\": %g, \"top_k\": %lld, \"top_p\": %g, \"min_p\": %g, \"repeat_penalty\": %g, \"prompt\": [", o->temperature, (long long)o->top_k,
           o->top_p, o->min_p, o->repeat_penalty);
    for (int64_t i = 0; i < b->request.prompt.count; i++) printf("%s%d", i ? ", " : "", b->request.prompt.id[i]);
    printf("]}\n");
}

int main(int argc, char **argv)
{
    status st = {0};
    bench b = {.o = text_options_default()};
    option table[TEXT_OPTION_COUNT];
    text_options_table(&b.o, table);
    bool help = false;
    int runs = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 0;
    if (runs < 1 || runs > MAX_RUNS) status_set(&st, STATUS_USAGE, "usage: draft RUNS ARGUMENT… (RUNS 1 to %d)", MAX_RUNS);
    else arguments_parse_word(table, argc - 1, argv + 1, "draft RUNS [OPTION]… [PROMPT]", &b.o.prompt, &help, &st);
    char *path = status_ok(&st) ? model_path_find(b.o.model, &st) : NULL;
    text_words words = {0};
    if (b.o.parallel > MAX_TEXTS) b.o.parallel = MAX_TEXTS;
    b.threads = path && text_words_read(&words, &b.o, &st) ? pool_new((int)b.o.threads, &st) : NULL;
    if (b.threads && text_model_open(&b.model, path, b.o.exact ? LINEAR_EXACT : LINEAR_FAST, b.threads, &st)) {
        int64_t context = b.o.context ? b.o.context : gpt_context(b.model.gpt);
        if (text_request_init(&b.request, &b.o, &b.model, &words, &(filter_lists){0}, 0, context, &st)) measure(&b, runs, &st);
        text_request_free(&b.request);
        text_model_close(&b.model);
    }
    tokenizer_ids_free(&b.text);
    pool_free(b.threads);
    text_words_free(&words);
    alloc_free(path);
    if (status_ok(&st)) return 0;
    fprintf(stderr, "draft: %s\n", st.msg);
    return 1;
}
