/* Generation with the tiny model: transformers' greedy texts, sequences that join and leave, stops, limits, the context. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "text/constraint_source.h"
#include "text/generate.h"
#include "text/generate_text.h"
#include "text/score.h"
#include "text/text_model.h"

static linear_mode mode = LINEAR_EXACT;
static text_model model;
static pool *threads;
static status st;
static json_t *golden;
static constraint_store *store;

static int open_all(void **state)
{
    (void)state;
    threads = pool_new(2, &st);
    text_model_open(&model, SOURCE_DIR "/tests/golden/tiny", mode, threads, &st);
    store = constraint_store_new(model.tokenizer, (int32_t)model.gpt->config.vocab, &st);
    golden = json_load_file(SOURCE_DIR "/tests/golden/tiny.json", 0, NULL);
    if (!status_ok(&st)) print_error("%s\n", st.msg);
    return !golden || !status_ok(&st);
}

static int close_all(void **state)
{
    (void)state;
    json_decref(golden);
    constraint_store_free(store);
    text_model_close(&model);
    pool_free(threads);
    return 0;
}

static void encode(const char *text, tokenizer_ids *ids) { assert_true(tokenizer_encode(model.tokenizer, text, strlen(text), 0, ids, &st)); }

static generator *new_generator(int64_t context, int64_t pass_rows)
{
    generator *g = generator_new(model.gpt, model.tokenizer, threads, &(generator_options){context, pass_rows}, &st);
    assert_non_null(g);
    return g;
}

static generate_request request(const tokenizer_ids *ids, double temperature, uint64_t seed)
{
    sample_options o = sample_options_plain();
    o.temperature = temperature;
    return (generate_request){.prompt = ids->id, .prompt_count = ids->count, .tokens = 40, .sample = o, .seed = seed};
}

static void run(generator *g)
{
    while (generator_step(g, &st)) continue;
    assert_true(status_ok(&st));
}

static void test_greedy(void **state)
{
    (void)state;
    size_t i;
    json_t *one;
    json_array_foreach(json_object_get(golden, "greedy"), i, one)
    {
        tokenizer_ids ids = {0};
        encode(json_string_value(json_object_get(one, "prompt")), &ids);
        generator *g = new_generator(0, 0);
        generate_request q = request(&ids, 0, 0);
        generate_sequence *s = generator_add(g, &q, &st);
        run(g);
        generate_result r = generate_result_of(s);
        const json_t *want = json_object_get(one, "ids");
        assert_int_equal(r.count, json_array_size(want));
        for (int64_t k = 0; k < r.count; k++) assert_int_equal(r.token[k], json_integer_value(json_array_get(want, (size_t)k)));
        assert_string_equal(r.text, json_string_value(json_object_get(one, "text")));
        assert_int_equal(r.reason, GENERATE_END);
        generator_free(g);
        tokenizer_ids_free(&ids);
    }
}

typedef struct {
    char text[4096];
    size_t size;
    int calls;
    int halt_after; /* 0: never */
} heard;

static bool hear(void *arg, const char *text, size_t size)
{
    heard *h = arg;
    memcpy(h->text + h->size, text, size);
    h->size += size;
    h->text[h->size] = 0;
    h->calls++;
    return h->calls != h->halt_after;
}

/* One sampled text, alone, with its tokens in `token`. */
static int64_t alone(const char *prompt, uint64_t seed, int32_t *token)
{
    tokenizer_ids ids = {0};
    encode(prompt, &ids);
    generator *g = new_generator(0, 0);
    generate_request q = request(&ids, 1.5, seed);
    generate_sequence *s = generator_add(g, &q, &st);
    run(g);
    generate_result r = generate_result_of(s);
    memcpy(token, r.token, (size_t)r.count * sizeof *token);
    int64_t count = r.count;
    generator_free(g);
    tokenizer_ids_free(&ids);
    return count;
}

/* Sequences that join at different steps, some with a beginning in common, in passes of few rows: each as if alone. */
static void test_among_others(void **state)
{
    (void)state;
    enum { N = 9 };
    static const char common[] = "One two three four five six seven eight nine ten. One two three four five six seven eight. ";
    const char *prompts[N] = {"The cat sat", common, "In spring", common, "A ship", common, "x", common, "The cat sat"};
    char longer[N][256];
    tokenizer_ids ids[N] = {0};
    generate_sequence *s[N];
    heard h[N] = {0};
    generator *g = new_generator(0, 24);
    int64_t shared = 0;
    for (int i = 0; i < N; i++) {
        snprintf(longer[i], sizeof longer[i], "%s%s", prompts[i], prompts[i] == common ? (i % 4 == 1 ? "The cat" : "A") : "");
        encode(longer[i], &ids[i]);
        generate_request q = request(&ids[i], 1.5, (uint64_t)(100 + i));
        q.on_text = hear, q.arg = &h[i];
        s[i] = generator_add(g, &q, &st);
        constraint_release(q.constraint);
        if (i % 2) generator_step(g, &st);
    }
    run(g);
    for (int i = 0; i < N; i++) {
        int32_t token[64];
        generate_result r = generate_result_of(s[i]);
        assert_int_equal(r.count, alone(longer[i], (uint64_t)(100 + i), token));
        assert_memory_equal(r.token, token, (size_t)r.count * sizeof *token);
        assert_string_equal(r.text, h[i].text);
        shared += r.shared;
        generator_drop(g, s[i]);
        tokenizer_ids_free(&ids[i]);
    }
    assert_true(shared > 60); /* the common beginning was computed once */
    generator_free(g);
}

/* A prompt that begins like an earlier text, as the next turn of a chat does, takes over what was computed. */
static void test_next_turn(void **state)
{
    (void)state;
    tokenizer_ids ids = {0};
    encode("One two three four five six seven eight nine ten.", &ids);
    generator *g = new_generator(0, 0);
    generate_request q = request(&ids, 0, 0);
    generate_sequence *s = generator_add(g, &q, &st);
    run(g);
    assert_int_equal(generate_result_of(s).shared, 0);
    int64_t before = ids.count;
    generator_drop(g, s);
    encode(" And then the cat", &ids);
    q = request(&ids, 0, 0);
    s = generator_add(g, &q, &st);
    run(g);
    assert_true(generate_result_of(s).shared >= before);
    generator_free(g);
    tokenizer_ids_free(&ids);
}

/* A prompt that goes on from what was just written gets the text that it gets alone. */
static void test_goes_on(void **state)
{
    (void)state;
    tokenizer_ids ids = {0};
    static const char beginning[] = "One two three four five six seven eight nine ten. One two three four five six";
    encode(beginning, &ids);
    generator *g = new_generator(0, 0);
    generate_request q = request(&ids, 0, 0);
    q.ignore_end = true, q.tokens = 20;
    generate_sequence *s = generator_add(g, &q, &st);
    run(g);
    char longer[1024];
    snprintf(longer, sizeof longer, "%s%s And", beginning, generate_result_of(s).text);
    generator_drop(g, s);
    ids.count = 0;
    encode(longer, &ids);
    q = request(&ids, 1.5, 7);
    s = generator_add(g, &q, &st);
    run(g);
    generate_result r = generate_result_of(s);
    int32_t token[64];
    assert_true(r.shared > 16);
    assert_int_equal(r.count, alone(longer, 7, token));
    assert_memory_equal(r.token, token, (size_t)r.count * sizeof *token);
    generator_free(g);
    tokenizer_ids_free(&ids);
}

static generate_result with_stop(generator *g, const char *stop, heard *h)
{
    tokenizer_ids ids = {0};
    encode("The cat sat", &ids);
    generate_request q = request(&ids, 0, 0);
    q.stop[0] = "never in it", q.stop[1] = stop, q.stop_count = 2;
    q.on_text = hear, q.arg = h;
    generate_sequence *s = generator_add(g, &q, &st);
    run(g);
    tokenizer_ids_free(&ids);
    return generate_result_of(s);
}

/* " on the mat and looked at the moon.": stops within a token, across tokens, at the end, and beginnings that come to nothing */
static void test_stops(void **state)
{
    (void)state;
    const struct {
        const char *stop, *text;
        generate_reason reason;
    } cases[] = {
        {"mat and", " on the ", GENERATE_STOP}, {"oked a", " on the mat and lo", GENERATE_STOP}, {" ", "", GENERATE_STOP},
        {"moon.", " on the mat and looked at the ", GENERATE_STOP}, {"moon!", " on the mat and looked at the moon.", GENERATE_END},
        {"t and looked at the sun", " on the mat and looked at the moon.", GENERATE_END},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        heard h = {0};
        generator *g = new_generator(0, 0);
        generate_result r = with_stop(g, cases[i].stop, &h);
        assert_string_equal(r.text, cases[i].text);
        assert_string_equal(h.text, cases[i].text);
        assert_int_equal(r.reason, cases[i].reason);
        generator_free(g);
    }
}

static void test_scan(void **state)
{
    (void)state;
    const char *stops[] = {"END", "Ä"};
    size_t certain;
    assert_false(generate_text_scan("text E", 6, 0, stops, 2, &certain));
    assert_int_equal(certain, 5);
    assert_false(generate_text_scan("text EN\xC3", 8, 0, stops, 2, &certain));
    assert_int_equal(certain, 7); /* the broken character may become Ä, EN cannot become END any more */
    assert_true(generate_text_scan("x\xC3\x84yEND", 7, 0, stops, 2, &certain));
    assert_int_equal(certain, 1);
    assert_true(generate_text_scan("ENEND", 5, 2, stops, 2, &certain));
    assert_int_equal(certain, 2);
    assert_int_equal(generate_text_broken_tail("a\xF0\x9F\x98", 4), 3);
    assert_int_equal(generate_text_broken_tail("a\xE2\x82\xAC", 4), 0);
    assert_int_equal(generate_text_broken_tail("\x80\x80\x80\x80", 4), 0); /* no beginning: nothing to wait for */
    assert_int_equal(generate_text_broken_tail("", 0), 0);
}

static void test_limits(void **state)
{
    (void)state;
    tokenizer_ids ids = {0};
    encode("One two", &ids);
    generator *g = new_generator(ids.count + 3, 0);
    generate_request q = request(&ids, 0, 0);
    q.tokens = 2;
    generate_sequence *s = generator_add(g, &q, &st);
    q.tokens = 100;
    generate_sequence *full = generator_add(g, &q, &st);
    heard h = {.halt_after = 1};
    q.on_text = hear, q.arg = &h;
    generate_sequence *halted = generator_add(g, &q, &st);
    run(g);
    assert_int_equal(generate_result_of(s).reason, GENERATE_LENGTH);
    assert_int_equal(generate_result_of(s).count, 2);
    assert_int_equal(generate_result_of(full).reason, GENERATE_CONTEXT);
    assert_int_equal(generate_result_of(full).count, 4); /* the last one needs no place in the context any more */
    assert_int_equal(generate_result_of(halted).reason, GENERATE_HALTED);
    q.prompt_count = 0;
    assert_null(generator_add(g, &q, &st));
    st = (status){0};
    q.prompt_count = 1, q.prompt = (const int32_t[]){9999};
    assert_null(generator_add(g, &q, &st));
    assert_non_null(strstr(st.msg, "9999"));
    st = (status){0};
    tokenizer_ids_free(&ids);
    encode("One two three four five six seven eight nine ten.", &ids);
    q = request(&ids, 0, 0);
    assert_null(generator_add(g, &q, &st));
    assert_non_null(strstr(st.msg, "context"));
    st = (status){0};
    generator_free(g);
    tokenizer_ids_free(&ids);
}

/* After a shift the text goes on exactly as from a prompt of the tokens that were kept. */
static void test_shift(void **state)
{
    (void)state;
    tokenizer_ids ids = {0};
    encode("One two three", &ids);
    generator *g = new_generator(24, 0);
    generate_request q = request(&ids, 0, 0);
    q.tokens = 60, q.ignore_end = true, q.shift = true, q.keep = 2;
    generate_sequence *s = generator_add(g, &q, &st);
    run(g);
    generate_result r = generate_result_of(s);
    assert_int_equal(r.count, 60);
    assert_true(r.shifts >= 3);
    int64_t at = 25 - ids.count; /* generated when the first shift came: 25 tokens, 2 + 11 of them kept */
    int32_t kept[13] = {ids.id[0], ids.id[1]};
    memcpy(kept + 2, r.token + at - 11, 11 * sizeof *kept);
    tokenizer_ids again = {.id = kept, .count = 13};
    q = request(&again, 0, 0);
    q.tokens = 5, q.ignore_end = true;
    generate_sequence *fresh = generator_add(g, &q, &st);
    run(g);
    assert_memory_equal(generate_result_of(fresh).token, r.token + at, 5 * sizeof *kept);
    generator_free(g);
    tokenizer_ids_free(&ids);
}

/* ---- drafting: the same with it and without ---- */

enum { KINDS = 16, FREE_KINDS = 12, MOST_TOKENS = 300 };

/* What a text brought: everything but times and counts of drafts. */
typedef struct {
    int32_t token[MOST_TOKENS];
    double logprob[MOST_TOKENS];
    int64_t count, shifts;
    generate_reason reason;
    heard heard;
} outcome;

/* What the answers of the last kinds must be. */
static constraint *constraint_of_kind(int kind)
{
    static const char *const texts[] = {
        "root ::= (w \" \"){3,200} \".\"\nw ::= [a-z]{1,9}",
        "root ::= \"the cat \" (\"sat on \" (\"the mat\" | \"a mat\") \", and the cat \"){2,9} \"slept.\"",
        "{\"type\": \"object\", \"properties\": {\"name\": {\"type\": \"string\", \"maxLength\": 12}, \"colour\": {\"enum\": [\"red\", \"green\"]}, \"age\": {\"type\": \"integer\"}}, \"required\": [\"name\", \"colour\", \"age\"]}",
        "root ::= \"all of this must come, and nothing else.\"",
    };
    if (kind < FREE_KINDS) return NULL;
    const char *text = texts[kind - FREE_KINDS];
    constraint *c = constraint_store_get(store, &(constraint_source){.kind = *text == '{' ? ANSWER_SCHEMA : ANSWER_GRAMMAR, .where = "test", .text = text, .size = strlen(text)},
                                         &(constraint_thoughts){0}, &st);
    if (!c) fail_msg("%s", st.msg);
    return c;
}

/* The kinds of requests: each way to pick tokens and each way to end. */
static generate_request kind_of_request(int kind, const tokenizer_ids *ids, outcome *o)
{
    static const int32_t end[] = {11, 13};
    generate_request q = request(ids, kind % 2 ? 0.7 : 0, (uint64_t)(40 + kind));
    q.tokens = 120, q.ignore_end = true;
    q.on_text = hear, q.arg = &o->heard;
    q.logprobs = kind % 3 != 1;
    if (kind == 2 || kind == 3) q.sample.repeat_penalty = 1.05, q.sample.presence_penalty = 0.1, q.sample.penalty_window = 20;
    if (kind == 4 || kind == 5) q.shift = true, q.keep = 3, q.tokens = MOST_TOKENS;
    if (kind == 6) q.tokens = -1;
    if (kind == 7) q.ignore_end = false;
    if (kind == 8) q.stop[0] = "the moon. ", q.stop[1] = "d the", q.stop_count = 2;
    if (kind == 9) q.sample.top_k = 5, q.sample.top_p = 0.9, q.sample.min_p = 0.01, q.sample.frequency_penalty = 0.02;
    if (kind == 10) o->heard.halt_after = 37;
    if (kind == 11) q.end = end, q.end_count = 2;
    if (kind >= FREE_KINDS) q.constraint = constraint_of_kind(kind), q.ignore_end = false;
    return q;
}

static void note(outcome *o, const generate_result *r)
{
    assert_true(r->count <= MOST_TOKENS);
    o->count = r->count, o->shifts = r->shifts, o->reason = r->reason;
    memcpy(o->token, r->token, (size_t)r->count * sizeof *o->token);
    if (r->logprob) memcpy(o->logprob, r->logprob, (size_t)r->count * sizeof *o->logprob);
}

static void assert_same(const outcome *a, const outcome *b, int kind)
{
    if (a->count != b->count || a->shifts != b->shifts || a->reason != b->reason || a->heard.calls != b->heard.calls ||
        memcmp(a->token, b->token, sizeof a->token) != 0 || memcmp(a->logprob, b->logprob, sizeof a->logprob) != 0 ||
        strcmp(a->heard.text, b->heard.text) != 0)
        fail_msg("request %d: a text by drafts differs from the same written one by one: %lld and %lld tokens, '%s' and '%s'", kind,
                 (long long)a->count, (long long)b->count, a->heard.text, b->heard.text);
}

static void drafting_prompt(int kind, tokenizer_ids *ids)
{
    encode(kind % 4 == 0   ? "One two three four five. One two three four five. One two three"
           : kind % 4 == 1 ? "The cat sat on the mat and looked at the moon. The cat sat on"
           : kind % 4 == 2 ? "A ship, a cat, a ship, a cat, a"
                           : "In spring the cat sat. In spring the cat sat. In",
           ids);
}

/* `together` texts, of kinds that follow `kind`, in one generator; what the first one brought. */
static outcome write_texts(int kind, int together, bool one_by_one, int64_t pass_rows, int64_t *drafted, int64_t *accepted)
{
    outcome *o = alloc_zeroed((size_t)together, sizeof *o, &st);
    tokenizer_ids ids[8] = {0};
    generate_sequence *s[8];
    generator *g = new_generator(150, pass_rows);
    for (int i = 0; i < together; i++) {
        drafting_prompt(kind + i, &ids[i]);
        generate_request q = kind_of_request((kind + i) % KINDS, &ids[i], &o[i]);
        q.one_by_one = one_by_one;
        s[i] = generator_add(g, &q, &st);
        if (i % 2) generator_step(g, &st); /* not all at once */
    }
    run(g);
    for (int i = 0; i < together; i++) {
        generate_result r = generate_result_of(s[i]);
        note(&o[i], &r);
        *drafted += r.drafted, *accepted += r.accepted;
        tokenizer_ids_free(&ids[i]);
    }
    generator_free(g);
    outcome first = o[0];
    alloc_free(o);
    return first;
}

static void test_drafting(void **state)
{
    (void)state;
    int64_t drafted = 0, accepted = 0, none = 0;
    for (int kind = 0; kind < KINDS; kind++) {
        outcome plain = write_texts(kind, 1, true, 0, &none, &none);
        assert_int_equal(none, 0);
        outcome drafts = write_texts(kind, 1, false, 0, &drafted, &accepted);
        assert_same(&drafts, &plain, kind);
        drafts = write_texts(kind, 3, false, 0, &drafted, &accepted);
        assert_same(&drafts, &plain, kind);
        drafts = write_texts(kind, 8, false, 20, &drafted, &accepted);
        assert_same(&drafts, &plain, kind);
        drafts = write_texts(kind, 2, false, 3, &drafted, &accepted); /* a pass with room for one guess */
        assert_same(&drafts, &plain, kind);
    }
    outcome all = write_texts(KINDS - 1, 1, false, 0, &none, &none); /* no pass at all */
    assert_string_equal(all.heard.text, "all of this must come, and nothing else.");
    assert_int_equal(all.reason, GENERATE_END);
    assert_true(accepted > 500 && drafted > accepted + 50); /* both kinds of ends came */
}

static void test_logprobs_and_score(void **state)
{
    (void)state;
    size_t i;
    json_t *one;
    json_array_foreach(json_object_get(golden, "score"), i, one)
    {
        tokenizer_ids ids = {0};
        encode(json_string_value(json_object_get(one, "text")), &ids);
        const json_t *want = json_object_get(one, "logprobs");
        assert_int_equal(ids.count, json_array_size(json_object_get(one, "tokens")));
        double logprob[128], windows[128];
        assert_true(score_tokens(model.gpt, threads, ids.id, ids.count, 256, 128, logprob, &st));
        assert_true(isnan(logprob[0]));
        for (int64_t k = 1; k < ids.count; k++)
            assert_true(fabs(logprob[k] - json_real_value(json_array_get(want, (size_t)k - 1))) < 1e-3);
        /* windows of 8 that begin 4 apart: a token is scored as at the end of its window's beginning */
        assert_true(score_tokens(model.gpt, threads, ids.id, ids.count, 8, 4, windows, &st));
        for (int64_t k = 1; k < 8 && k < ids.count; k++) assert_true(windows[k] == logprob[k]);
        double part[8];
        assert_true(score_tokens(model.gpt, threads, ids.id + 4, 8, 8, 4, part, &st));
        for (int64_t k = 8; k < 12; k++) assert_true(windows[k] == part[k - 4]);
        tokenizer_ids_free(&ids);
    }
    json_array_foreach(json_object_get(golden, "embed"), i, one)
    {
        tokenizer_ids ids = {0};
        float v[32];
        encode(json_string_value(json_object_get(one, "text")), &ids);
        assert_true(score_embed(model.gpt, threads, ids.id, ids.count, v, &st));
        for (size_t k = 0; k < 32; k++) assert_true(fabs(v[k] - json_real_value(json_array_get(json_object_get(one, "embedding"), k))) < 1e-4);
        tokenizer_ids_free(&ids);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_greedy), cmocka_unit_test(test_among_others), cmocka_unit_test(test_next_turn),
        cmocka_unit_test(test_stops),  cmocka_unit_test(test_scan),         cmocka_unit_test(test_limits),
        cmocka_unit_test(test_shift),  cmocka_unit_test(test_logprobs_and_score), cmocka_unit_test(test_goes_on),
        cmocka_unit_test(test_drafting),
    };
    const struct CMUnitTest fast_tests[] = {
        cmocka_unit_test(test_among_others), cmocka_unit_test(test_next_turn), cmocka_unit_test(test_goes_on), cmocka_unit_test(test_drafting),
    };
    int failed = cmocka_run_group_tests(tests, open_all, close_all);
    mode = LINEAR_NARROWED; /* bulk passes, where the CPU has them */
    return cmocka_run_group_tests(fast_tests, open_all, close_all) + failed;
}
