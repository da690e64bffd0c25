/* text_rows: milliseconds of a forward pass of few rows, logits included: the next rows of one text (what a draft's check
 * takes) and one row each of several texts. Usage: text_rows MODEL CONTEXT RUNS [THREADS]; medians of RUNS passes, for
 * 1 to 12 and 16 rows of one text after CONTEXT tokens, then as many texts. */
#include <stdio.h>
#include <stdlib.h>

#include "core/alloc.h"
#include "core/log.h"
#include "core/rng.h"
#include "tests/bench/median.h"
#include "text/text_model.h"

enum { MOST_ROWS = 16, MOST_RUNS = 9999 };

typedef struct {
    text_model model;
    op_ctx c;
    kv_cache cache[MOST_ROWS];
    int64_t context;
    int32_t *token;
} bench;

/* Seconds of one pass of `rows` rows after the context, which is all that the caches keep of it. */
static double pass(bench *b, int64_t segments, int64_t rows)
{
    gpt_segment segment[MOST_ROWS];
    for (int64_t s = 0; s < segments; s++) segment[s] = (gpt_segment){&b->cache[s], b->token + s, rows, GPT_KEEP_ALL};
    size_t mark = arena_mark(b->c.mem);
    double begin = log_seconds();
    gpt_logits(&b->c, b->model.gpt, gpt_forward(&b->c, b->model.gpt, segment, segments, NULL));
    double seconds = log_seconds() - begin;
    arena_reset(b->c.mem, mark);
    for (int64_t s = 0; s < segments; s++) kv_cache_truncate(&b->cache[s], b->context);
    return seconds;
}

static double median_pass(bench *b, int64_t segments, int64_t rows, int runs)
{
    static double seconds[MOST_RUNS];
    for (int i = 0; i < 3; i++) pass(b, segments, rows);
    for (int i = 0; i < runs; i++) seconds[i] = pass(b, segments, rows);
    return median(seconds, runs);
}

static bool prepare(bench *b)
{
    status *st = b->c.st;
    int64_t vocab = b->model.gpt->config.vocab;
    rng r = rng_seeded(1);
    for (int64_t i = 0; i < b->context + MOST_ROWS; i++) b->token[i] = (int32_t)(rng_next(&r) % (uint64_t)vocab);
    for (int s = 0; s < MOST_ROWS; s++) {
        gpt_segment read = {&b->cache[s], b->token, b->context, GPT_KEEP_NONE};
        if (!gpt_new_cache(b->model.gpt, &b->cache[s], b->context + MOST_ROWS, st)) return false;
        size_t mark = arena_mark(b->c.mem);
        gpt_forward(&b->c, b->model.gpt, &read, 1, NULL);
        arena_reset(b->c.mem, mark);
    }
    return status_ok(st);
}

int main(int argc, char **argv)
{
    status st = {0};
    bench b = {0};
    if (argc < 4) {
        fprintf(stderr, "usage: text_rows MODEL CONTEXT RUNS [THREADS]\n");
        return 2;
    }
    int runs = (int)strtol(argv[3], NULL, 10);
    if (runs < 1 || runs > MOST_RUNS) runs = MOST_RUNS;
    b.context = strtol(argv[2], NULL, 10);
    b.c = (op_ctx){arena_new(&st), pool_new(argc > 4 ? (int)strtol(argv[4], NULL, 10) : 0, &st), &st};
    b.token = alloc_array((size_t)b.context + MOST_ROWS, sizeof *b.token, &st);
    if (status_ok(&st) && text_model_open(&b.model, argv[1], LINEAR_FAST, b.c.threads, &st) && prepare(&b)) {
        printf("rows  one text  as many texts, ms (context %lld, medians of %d)\n", (long long)b.context, runs);
        for (int64_t n = 1; n <= MOST_ROWS; n += n < 12 ? 1 : 4) {
            double one = median_pass(&b, 1, n, runs), many = median_pass(&b, n, 1, runs);
            printf("%4lld  %8.3f  %8.3f\n", (long long)n, one * 1e3, many * 1e3);
        }
    }
    if (!status_ok(&st)) fprintf(stderr, "text_rows: %s\n", st.msg);
    for (int s = 0; s < MOST_ROWS; s++) kv_cache_free(&b.cache[s]);
    text_model_close(&b.model);
    alloc_free(b.token);
    pool_free(b.c.threads);
    arena_free(b.c.mem);
    return status_ok(&st) ? 0 : 1;
}
