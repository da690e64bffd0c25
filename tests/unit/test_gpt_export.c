/* A Hugging Face folder and the GGUF file made of it by aigc quantize are the same decoder: the same logits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "core/alloc.h"
#include "core/file.h"
#include "text/gpt.h"

#define GOLDEN SOURCE_DIR "/tests/golden/gpt/"
enum { TOKENS = 40 };

static char folder[] = "/tmp/aigc-test-XXXXXX";
static char out_path[256];

static void export_model(const char *from, status *st)
{
    char *argv[] = {"quantize", "-q", "--type", "f32", (char *)(uintptr_t)from, out_path, NULL};
    *st = (status){0};
    cmd_quantize(6, argv, st);
}

static void config_of(gpt_config *c, const weights *w, const char *path, status *st)
{
    if (weights_gguf(w)) {
        gpt_config_from_gguf(c, weights_gguf(w), path, st);
        return;
    }
    char *name = file_join(path, "config.json", st);
    size_t size;
    char *text = file_read(name, 1 << 20, &size, st);
    gpt_config_from_json(c, text, size, name, st);
    alloc_free(text);
    alloc_free(name);
}

/* The logits of some tokens; freed with alloc_free. */
static float *logits_of(const char *path, int64_t *vocab)
{
    status st = {0};
    weights *w = weights_open(path, &st);
    gpt_config config;
    if (w) config_of(&config, w, path, &st);
    gpt *m = status_ok(&st) ? gpt_new(w, &config, LINEAR_EXACT, NULL, NULL, &st) : NULL;
    if (!m) fail_msg("%s: %s", path, st.msg);
    kv_cache cache;
    int32_t tokens[TOKENS];
    for (int i = 0; i < TOKENS; i++) tokens[i] = i * 7 % 61;
    assert_true(gpt_new_cache(m, &cache, TOKENS, &st));
    op_ctx c = {arena_new(&st), NULL, &st};
    gpt_segment all = {&cache, tokens, TOKENS, GPT_KEEP_ALL};
    tensor *logits = gpt_logits(&c, m, gpt_forward(&c, m, &all, 1, NULL));
    if (!logits) fail_msg("%s: %s", path, st.msg);
    float *copy = alloc_array((size_t)tensor_count(logits), sizeof *copy, &st);
    memcpy(copy, logits->data, tensor_bytes(logits));
    *vocab = logits->dim[1];
    kv_cache_free(&cache);
    arena_free(c.mem);
    gpt_free(m);
    weights_close(w);
    return copy;
}

static void check_same(const char *path)
{
    status st;
    export_model(path, &st);
    if (!status_ok(&st)) fail_msg("%s", st.msg);
    int64_t n, m;
    float *a = logits_of(path, &n), *b = logits_of(out_path, &m);
    assert_int_equal(n, m);
    for (int64_t i = 0; i < n * TOKENS; i++)
        if (!(fabsf(a[i] - b[i]) <= 2e-5F)) fail_msg("%s: logit %d is %g in the folder, %g in the GGUF file", path, (int)i, (double)a[i], (double)b[i]);
    alloc_free(a);
    alloc_free(b);
}

static void test_same_logits(void **state)
{
    char path[512];
    snprintf(path, sizeof path, GOLDEN "%s", (const char *)*state);
    check_same(path);
}

/* The golden model scales its attention in a way that GGUF cannot say; the same one with the usual scale can be said. */
static void test_gemma3(void **state)
{
    (void)state;
    status st;
    export_model(GOLDEN "gemma3", &st);
    assert_int_equal(st.code, STATUS_INPUT);
    assert_non_null(strstr(st.msg, "scale of the attention"));
    assert_false(file_exists(out_path));

    st = (status){0};
    size_t size;
    char *text = file_read(GOLDEN "gemma3/config.json", 1 << 20, &size, &st), *at = strstr(text, "\"query_pre_attn_scalar\": 24");
    assert_non_null(at);
    memcpy(at, "\"query_pre_attn_scalar\": 16", 27);
    char *config = file_join(folder, "config.json", &st), *model = file_join(folder, "model.safetensors", &st);
    assert_true(file_write(config, text, size, &st));
    assert_int_equal(symlink(GOLDEN "gemma3/model.safetensors", model), 0);
    check_same(folder);
    unlink(config);
    unlink(model);
    alloc_free(config);
    alloc_free(model);
    alloc_free(text);
}

static void test_what_gguf_cannot_say(void **state)
{
    (void)state;
    static const char *const CASES[][2] = {{"opt", "no architecture for opt"},
                                           {"gpt_neo", "no architecture for gpt_neo"},
                                           {"gpt2-banded", "attention window"},
                                           {"gpt_neox-serial", "activation"}};
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        char path[512];
        status st;
        snprintf(path, sizeof path, GOLDEN "%s", CASES[i][0]);
        export_model(path, &st);
        assert_int_equal(st.code, STATUS_INPUT);
        if (!strstr(st.msg, CASES[i][1])) fail_msg("'%s' does not say '%s'", st.msg, CASES[i][1]);
    }
}

static int remove_output(void **state)
{
    (void)state;
    unlink(out_path);
    return 0;
}

int main(void)
{
    static char *const MODELS[] = {"gpt2", "llama", "llama3", "llama-linear", "mistral", "qwen2", "qwen3", "gpt_neox", "phi", "phi3"};
    enum { COUNT = sizeof MODELS / sizeof MODELS[0] };
    struct CMUnitTest tests[COUNT + 2] = {
        cmocka_unit_test_teardown(test_gemma3, remove_output),
        cmocka_unit_test_teardown(test_what_gguf_cannot_say, remove_output),
    };
    for (int i = 0; i < COUNT; i++)
        tests[i + 2] = (struct CMUnitTest){.name = MODELS[i], .test_func = test_same_logits, .teardown_func = remove_output, .initial_state = MODELS[i]};
    if (!mkdtemp(folder)) return 1;
    snprintf(out_path, sizeof out_path, "%s/out.gguf", folder);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    rmdir(folder);
    return failed;
}
