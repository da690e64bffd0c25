/* A model's config and what is built on it: a config.json, or a GGUF file from its metadata to two forward passes. */
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/mutate_gguf.h"
#include "tests/fuzz/mutate_json.h"

#include "core/alloc.h"
#include "core/arena.h"
#include "text/gpt.h"

static void check_config(const gpt_config *c)
{
    float rates[GPT_MAX_HEAD_DIM];
    FUZZ_CHECK(c->rotary <= GPT_MAX_HEAD_DIM && c->layers <= GPT_MAX_LAYERS && c->heads % c->kv_heads == 0);
    gpt_config_rope_rates(c, false, rates);
    gpt_config_rope_rates(c, true, rates);
}

static void run_model(const weights *w, const gpt_config *config)
{
    status st = {0};
    gpt *m = gpt_new(w, config, LINEAR_FAST, NULL, NULL, &st);
    if (!m) return;
    op_ctx c = {arena_new(&st), NULL, &st};
    kv_cache cache = {0};
    const int32_t tokens[] = {0, (int32_t)(m->config.vocab - 1), (int32_t)(m->config.vocab / 2)};
    if (gpt_new_cache(m, &cache, 100, &st)) {
        for (int i = 0; i < 2; i++) {
            gpt_segment s = {&cache, tokens, 3, GPT_KEEP_LAST};
            tensor *logits = gpt_logits(&c, m, gpt_forward(&c, m, &s, 1, NULL));
            FUZZ_CHECK(!logits == !status_ok(&st));
            if (logits) FUZZ_CHECK(logits->dim[0] == 1 && logits->dim[1] == m->config.vocab);
        }
    }
    kv_cache_free(&cache);
    arena_free(c.mem);
    gpt_free(m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    status st = {0};
    gpt_config config;
    alloc_set_budget(512 << 20);
    if (size >= 4 && memcmp(data, "GGUF", 4) == 0) {
        weights *w = fuzz_open(data, size);
        if (w && weights_gguf(w) && gpt_config_from_gguf(&config, weights_gguf(w), "fuzz", &st)) {
            check_config(&config);
            run_model(w, &config);
        }
        fuzz_close(w);
        return 0;
    }
    if (gpt_config_from_json(&config, (const char *)data, size, "fuzz", &st)) check_config(&config);
    return 0;
}

static const char *const WORDS[] = {
    "\"sliding_window\":4,", "\"layer_types\":[\"sliding_attention\"],", "\"attention_types\":[[[\"global\",\"local\"],1]],", "null", "true", "[]", "{}",
    "\"rope_scaling\":{\"rope_type\":\"llama3\",\"factor\":8},", "\"head_dim\":512,", "\"num_key_value_heads\":1,", "1e9", "0.5", "\"eos_token_id\":[1,2],",
};

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
    if (size >= 4 && memcmp(data, "GGUF", 4) == 0) return mutate_gguf(data, size, max_size, seed);
    return mutate_json(data, size, max_size, seed, WORDS, sizeof WORDS / sizeof WORDS[0]);
}
