/* SmolLM2 and Gemma 3 as shipped against transformers on the same dequantised weights (tests/golden/gen_real.py): logits
 * in exact mode, perplexity in the default one. Skipped where a model is absent; samples/models.sh gets it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>
#include <math.h>
#include <string.h>

#include "engine/model_path.h"
#include "core/alloc.h"
#include "core/file.h"
#include "text/sample.h"
#include "text/score.h"
#include "text/text_model.h"

static json_t *golden;

static int open_golden(void **state)
{
    (void)state;
    golden = json_load_file(SOURCE_DIR "/tests/golden/real.json", 0, NULL);
    return golden == NULL;
}

static int close_golden(void **state)
{
    (void)state;
    json_decref(golden);
    return 0;
}

static pool *open_model(text_model *m, const char *name, linear_mode mode, status *st)
{
    char *path = model_path_find(name, st);
    if (!path) {
        print_message("skipped: %s\n", st->msg);
        skip();
    }
    pool *threads = pool_new(0, st);
    if (!text_model_open(m, path, mode, threads, st)) fail_msg("%s", st->msg);
    alloc_free(path);
    return threads;
}

static void check_prompt(const text_model *m, pool *threads, const json_t *prompt, status *st)
{
    int32_t token[64];
    const json_t *tokens = json_object_get(prompt, "tokens"), *ids = json_object_get(prompt, "ids"), *logits = json_object_get(prompt, "logits");
    int64_t n = (int64_t)json_array_size(tokens);
    for (int64_t i = 0; i < n; i++) token[i] = (int32_t)json_integer_value(json_array_get(tokens, (size_t)i));
    op_ctx c = {arena_new(st), threads, st};
    kv_cache cache;
    assert_true(gpt_new_cache(m->gpt, &cache, 64, st));
    gpt_segment s = {&cache, token, n, GPT_KEEP_LAST};
    const tensor *found = gpt_logits(&c, m->gpt, gpt_forward(&c, m->gpt, &s, 1, NULL));
    if (!found) fail_msg("%s", st->msg);
    for (size_t i = 0; i < json_array_size(ids); i++) {
        double want = json_number_value(json_array_get(logits, i)), got = (double)tensor_f32(found)[json_integer_value(json_array_get(ids, i))];
        if (!(fabs(want - got) <= 1e-3)) fail_msg("logit %lld: %f wanted, %f found", (long long)json_integer_value(json_array_get(ids, i)), want, got);
    }
    kv_cache_free(&cache);
    arena_free(c.mem);
}

static void test_logits(void **state)
{
    status st = {0};
    text_model m;
    pool *threads = open_model(&m, *state, LINEAR_EXACT, &st);
    size_t i;
    json_t *prompt;
    json_array_foreach(json_object_get(json_object_get(golden, *state), "prompts"), i, prompt) check_prompt(&m, threads, prompt, &st);
    assert_int_equal(i, 4);
    text_model_close(&m);
    pool_free(threads);
}

/* The mean −log probability by passes without op_ctx.bulk: the arithmetic of tokens that are written. */
static double nll_of_written(const text_model *m, pool *threads, const tokenizer_ids *ids, status *st)
{
    enum { PASS = 64 };
    op_ctx c = {arena_new(st), threads, st};
    kv_cache cache;
    assert_true(gpt_new_cache(m->gpt, &cache, ids->count, st));
    int64_t vocab = m->gpt->config.vocab;
    float *scratch = alloc_array((size_t)vocab, sizeof *scratch, st);
    double nll = 0;
    for (int64_t at = 0; at + 1 < ids->count; at += PASS) {
        int64_t n = ids->count - 1 - at < PASS ? ids->count - 1 - at : PASS;
        gpt_segment s = {&cache, ids->id + at, n, GPT_KEEP_ALL};
        tensor *logits = gpt_logits(&c, m->gpt, gpt_forward(&c, m->gpt, &s, 1, NULL));
        if (!logits) fail_msg("%s", st->msg);
        for (int64_t i = 0; i < n; i++) nll -= sample_logprob(tensor_f32(logits) + i * vocab, vocab, ids->id[at + i + 1], scratch);
        arena_reset(c.mem, 0);
    }
    alloc_free(scratch);
    kv_cache_free(&cache);
    arena_free(c.mem);
    return nll / (double)(ids->count - 1);
}

static void check_perplexity(const char *way, double nll, const json_t *score)
{
    double ratio = exp(nll) / json_number_value(json_object_get(score, "perplexity"));
    print_message("%s: perplexity %f, %f times transformers'\n", way, exp(nll), ratio);
    if (!(fabs(ratio - 1) <= 0.005)) fail_msg("%s: perplexity %f, %f times transformers'", way, exp(nll), ratio);
}

static void test_perplexity(void **state)
{
    status st = {0};
    text_model m;
    pool *threads = open_model(&m, *state, LINEAR_FAST, &st);
    const json_t *score = json_object_get(json_object_get(golden, *state), "score");
    size_t size;
    char *text = file_read(SOURCE_DIR "/tests/golden/real.txt", 1 << 20, &size, &st);
    tokenizer_ids ids = {0};
    assert_true(tokenizer_encode(m.tokenizer, text, size - (text[size - 1] == '\n'), TOKENIZER_ADD_SPECIAL, &ids, &st));
    assert_int_equal(ids.count, json_integer_value(json_object_get(score, "tokens")));
    ids.count = json_integer_value(json_object_get(score, "scored"));
    double *logprob = alloc_array((size_t)ids.count, sizeof *logprob, &st), nll = 0;
    assert_true(score_tokens(m.gpt, threads, ids.id, ids.count, 8192, 4096, logprob, &st));
    for (int64_t i = 1; i < ids.count; i++) nll -= logprob[i] / (double)(ids.count - 1);
    check_perplexity("read", nll, score);
    if (gpt_has_bulk(m.gpt)) check_perplexity("written", nll_of_written(&m, threads, &ids, &st), score);
    alloc_free(logprob);
    alloc_free(text);
    tokenizer_ids_free(&ids);
    text_model_close(&m);
    pool_free(threads);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(test_logits, "smollm2"),
        cmocka_unit_test_prestate(test_perplexity, "smollm2"),
        cmocka_unit_test_prestate(test_logits, "gemma3"),
        cmocka_unit_test_prestate(test_perplexity, "gemma3"),
    };
    return cmocka_run_group_tests(tests, open_golden, close_golden);
}
