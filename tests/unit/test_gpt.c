/* The decoder against transformers (tests/golden/gen_gpt.py): every architecture, every block, the logits; and that the
 * way tokens are fed changes no bit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/file.h"
#include "text/gpt.h"

typedef struct {
    weights *file, *golden;
    gpt *model;
    pool *threads;
    op_ctx c;
    status st;
    const tensor *tokens, *rows;
} fixture;

static void good(const status *st)
{
    if (!status_ok(st)) fail_msg("%s", st->msg);
}

static void open_model(fixture *f, const char *name, bool from_gguf, linear_mode mode)
{
    char path[512];
    memset(f, 0, sizeof *f);
    snprintf(path, sizeof path, SOURCE_DIR "/tests/golden/gpt/%s%s", name, from_gguf ? ".gguf" : "");
    f->file = weights_open(path, &f->st);
    good(&f->st);
    gpt_config config;
    if (from_gguf) gpt_config_from_gguf(&config, weights_gguf(f->file), path, &f->st);
    else {
        snprintf(path, sizeof path, SOURCE_DIR "/tests/golden/gpt/%s/config.json", name);
        size_t size;
        char *text = file_read(path, 1 << 20, &size, &f->st);
        good(&f->st);
        gpt_config_from_json(&config, text, size, path, &f->st);
        alloc_free(text);
    }
    good(&f->st);
    f->threads = pool_new(2, &f->st);
    f->model = gpt_new(f->file, &config, mode, f->threads, NULL, &f->st);
    good(&f->st);
    f->c = (op_ctx){arena_new(&f->st), f->threads, &f->st};
    snprintf(path, sizeof path, SOURCE_DIR "/tests/golden/gpt/%s/golden.safetensors", name);
    f->golden = weights_open(path, &f->st);
    good(&f->st);
    f->tokens = weights_find(f->golden, "tokens");
    f->rows = weights_find(f->golden, "rows");
}

static void close_model(fixture *f)
{
    gpt_free(f->model);
    weights_close(f->file);
    weights_close(f->golden);
    arena_free(f->c.mem);
    pool_free(f->threads);
}

/* Rows `rows` of x against the golden tensor. */
static void compare(const fixture *f, const char *name, const tensor *x, float tolerance)
{
    const tensor *want = weights_find(f->golden, name);
    if (!want) fail_msg("no golden '%s'", name);
    assert_int_equal(want->dim[1], x->dim[1]);
    for (int64_t r = 0; r < want->dim[0]; r++)
        for (int64_t i = 0; i < want->dim[1]; i++) {
            float expected = tensor_f32(want)[r * want->dim[1] + i];
            float found = tensor_f32(x)[((const int32_t *)f->rows->data)[r] * x->dim[1] + i];
            if (!(fabsf(expected - found) <= tolerance))
                fail_msg("%s, position %d, element %d: %.7g wanted, %.7g found", name, ((const int32_t *)f->rows->data)[r], (int)i,
                         (double)expected, (double)found);
        }
}

static void see(void *arg, int64_t layer, const tensor *x)
{
    char name[32] = "embed";
    if (layer >= 0) snprintf(name, sizeof name, "layer.%d", (int)layer);
    compare(arg, name, x, 1e-4f);
}

static void check_parity(const char *name, bool from_gguf)
{
    fixture f;
    open_model(&f, name, from_gguf, LINEAR_EXACT);
    kv_cache cache;
    assert_true(gpt_new_cache(f.model, &cache, 96, &f.st));
    gpt_segment all = {&cache, f.tokens->data, f.tokens->dim[0], GPT_KEEP_ALL};
    gpt_observer observer = {see, &f};
    tensor *hidden = gpt_forward(&f.c, f.model, &all, 1, &observer);
    tensor *logits = gpt_logits(&f.c, f.model, hidden);
    good(&f.st);
    assert_int_equal(cache.length, f.tokens->dim[0]);
    compare(&f, "logits", logits, 1e-3f);
    kv_cache_free(&cache);
    close_model(&f);
}

static void test_parity(void **state) { check_parity(*state, false); }
static void test_parity_gguf(void **state) { check_parity(*state, true); }

/* The logits of all positions, fed in pieces of at most `step` tokens, beside `others` sequences of other lengths. */
static float *feed(fixture *f, int64_t step, int others)
{
    kv_cache cache[4];
    for (int i = 0; i <= others; i++) assert_true(gpt_new_cache(f->model, &cache[i], 96, &f->st));
    int64_t n = f->tokens->dim[0], vocab = f->model->config.vocab;
    const int32_t *token = f->tokens->data;
    float *out = alloc_array((size_t)(n * vocab), sizeof *out, &f->st);
    for (int64_t at = 0; at < n;) {
        int64_t count = n - at < step ? n - at : step;
        gpt_segment s[4];
        for (int i = 0; i < others; i++) s[i] = (gpt_segment){&cache[i], token + 3 * i, i == 0 || cache[i].length < 40 ? 1 + i : 0, GPT_KEEP_NONE};
        s[others] = (gpt_segment){&cache[others], token + at, count, GPT_KEEP_ALL};
        size_t mark = arena_mark(f->c.mem);
        tensor *logits = gpt_logits(&f->c, f->model, gpt_forward(&f->c, f->model, s, others + 1, NULL));
        good(&f->st);
        assert_int_equal(logits->dim[0], count);
        memcpy(out + at * vocab, logits->data, tensor_bytes(logits));
        arena_reset(f->c.mem, mark);
        at += count;
    }
    for (int i = 0; i <= others; i++) kv_cache_free(&cache[i]);
    return out;
}

/* Whole prompt = token by token = any pieces = among other sequences, bit for bit. */
static void check_feeding(const char *name, linear_mode mode, bool bulk)
{
    fixture f;
    open_model(&f, name, false, mode);
    f.c.bulk = bulk;
    size_t bytes = (size_t)(f.tokens->dim[0] * f.model->config.vocab) * sizeof(float);
    float *whole = feed(&f, 1000, 0);
    const struct {
        int64_t step;
        int others;
    } ways[] = {{1, 0}, {7, 0}, {33, 0}, {1000, 3}, {1, 3}, {5, 2}};
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        float *pieces = feed(&f, ways[i].step, ways[i].others);
        if (memcmp(whole, pieces, bytes) != 0) fail_msg("%s: pieces of %d beside %d others differ from the whole", name, (int)ways[i].step, ways[i].others);
        alloc_free(pieces);
    }
    alloc_free(whole);
    close_model(&f);
}

static void test_feeding(void **state) { check_feeding(*state, LINEAR_EXACT, false); }
static void test_feeding_fast(void **state) { check_feeding(*state, LINEAR_FAST, false); }
static void test_feeding_narrowed(void **state) { check_feeding(*state, LINEAR_NARROWED, false); }
static void test_feeding_bulk(void **state) { check_feeding(*state, LINEAR_NARROWED, true); }

/* Sequences that share a beginning: each goes on as if it were alone, and forgets what it is told to. */
static void test_sharing(void **state)
{
    (void)state;
    fixture f;
    open_model(&f, "llama", false, LINEAR_FAST);
    int64_t vocab = f.model->config.vocab;
    const int32_t *token = f.tokens->data;
    float *alone = feed(&f, 1000, 0);
    kv_cache first, second;
    assert_true(gpt_new_cache(f.model, &first, 96, &f.st) && gpt_new_cache(f.model, &second, 96, &f.st));
    gpt_segment s = {&first, token, 68, GPT_KEEP_LAST};
    gpt_forward(&f.c, f.model, &s, 1, NULL);
    assert_true(kv_cache_share(&second, &first, 66, &f.st));
    static const int32_t stray[] = {5, 6, 7};
    gpt_segment both[] = {{&first, stray, 2, GPT_KEEP_NONE}, {&second, token + 66, 4, GPT_KEEP_LAST}};
    tensor *logits = gpt_logits(&f.c, f.model, gpt_forward(&f.c, f.model, both, 2, NULL));
    good(&f.st);
    assert_memory_equal(logits->data, alone + 69 * vocab, (size_t)vocab * sizeof(float));
    kv_cache_rewind(&first, 66); /* the strays are forgotten, in memory that another sequence comes to share */
    kv_cache_share(&second, &first, 66, &f.st);
    s = (gpt_segment){&first, token + 66, 2, GPT_KEEP_LAST};
    gpt_forward(&f.c, f.model, &s, 1, NULL);
    gpt_segment strays = {&second, stray, 3, GPT_KEEP_NONE};
    gpt_forward(&f.c, f.model, &strays, 1, NULL);
    kv_cache_rewind(&second, 60); /* into a chunk that is shared whole */
    strays.count = 2;
    gpt_forward(&f.c, f.model, &strays, 1, NULL);
    good(&f.st);
    s = (gpt_segment){&first, token + 68, 2, GPT_KEEP_LAST};
    logits = gpt_logits(&f.c, f.model, gpt_forward(&f.c, f.model, &s, 1, NULL));
    good(&f.st);
    assert_memory_equal(logits->data, alone + 69 * vocab, (size_t)vocab * sizeof(float));
    kv_cache_free(&first);
    kv_cache_free(&second);
    alloc_free(alone);
    close_model(&f);
}

static void test_limits(void **state)
{
    (void)state;
    fixture f;
    open_model(&f, "gpt2", false, LINEAR_EXACT);
    assert_int_equal(gpt_context(f.model), 96);
    kv_cache cache;
    assert_true(gpt_new_cache(f.model, &cache, 10, &f.st));
    gpt_segment s = {&cache, f.tokens->data, 11, GPT_KEEP_LAST};
    assert_null(gpt_forward(&f.c, f.model, &s, 1, NULL));
    assert_non_null(strstr(f.st.msg, "context"));
    assert_int_equal(cache.length, 0);
    f.st = (status){0};
    s = (gpt_segment){&cache, (const int32_t[]){64}, 1, GPT_KEEP_LAST};
    assert_null(gpt_forward(&f.c, f.model, &s, 1, NULL));
    assert_non_null(strstr(f.st.msg, "row 64"));
    kv_cache_free(&cache);
    close_model(&f);
}

int main(void)
{
#define PARITY(NAME) cmocka_unit_test_prestate(test_parity, NAME)
#define GGUF(NAME) cmocka_unit_test_prestate(test_parity_gguf, NAME)
#define FEEDING(NAME) cmocka_unit_test_prestate(test_feeding, NAME), cmocka_unit_test_prestate(test_feeding_fast, NAME), \
    cmocka_unit_test_prestate(test_feeding_narrowed, NAME), cmocka_unit_test_prestate(test_feeding_bulk, NAME)
    const struct CMUnitTest tests[] = {
        PARITY("gpt2"), PARITY("gpt2-banded"), PARITY("gpt_neo"), PARITY("opt"), PARITY("opt-post"), PARITY("llama"), PARITY("llama3"),
        PARITY("llama-linear"), PARITY("mistral"), PARITY("qwen2"), PARITY("qwen3"), PARITY("gemma3"), PARITY("gpt_neox"),
        PARITY("gpt_neox-serial"), PARITY("phi"), PARITY("phi3"),
        GGUF("gpt2"), GGUF("llama"), GGUF("llama3"), GGUF("qwen2"), GGUF("qwen3"), GGUF("gemma3"),
        FEEDING("gpt2"), FEEDING("llama"), FEEDING("mistral"), FEEDING("gemma3"), FEEDING("qwen3"),
        cmocka_unit_test(test_sharing), cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
