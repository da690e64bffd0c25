/* Vocoders, spectra and mel filters against torch and librosa (tests/golden/gen_vocoder.py, gen_mel.py). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "audio/mel.h"
#include "audio/vocoder.h"
#include "core/weights.h"

static op_ctx open_context(status *st) { return (op_ctx){.mem = arena_new(st), .threads = pool_new(2, st), .st = st}; }

static void close_context(op_ctx *c)
{
    pool_free(c->threads);
    arena_free(c->mem);
}

static double farthest(const tensor *want, const tensor *found)
{
    assert_non_null(found);
    assert_int_equal(tensor_count(want), tensor_count(found));
    double most = 0;
    for (int64_t i = 0; i < tensor_count(want); i++) most = fmax(most, fabs((double)tensor_f32(want)[i] - (double)tensor_f32(found)[i]));
    return most;
}

static tensor *golden(op_ctx *c, const weights *w, const char *name)
{
    const tensor *t = weights_find(w, name);
    assert_non_null(t);
    tensor *x = op_new(c, t->rank, t->dim);
    memcpy(x->data, weights_f32(c->mem, t, c->st), tensor_bytes(x));
    return x;
}

static void test_network(void **state)
{
    char path[256];
    snprintf(path, sizeof path, "%s/tests/golden/vocoder_%s.safetensors", SOURCE_DIR, (const char *)*state);
    status st = {0};
    op_ctx c = open_context(&st);
    weights *w = weights_open(path, &st);
    vocoder *v = vocoder_open(path, &st);
    if (!v) fail_msg("%s", st.msg);
    double most = farthest(golden(&c, w, "test.wave"), vocoder_run(&c, v, golden(&c, w, "test.mel")));
    print_message("%s (%s): %.2g from torch\n", (const char *)*state, vocoder_kind(v), most);
    assert_true(most < 1e-4);
    assert_null(vocoder_run(&c, v, op_new(&c, SHAPE(9, 13))));
    assert_int_equal(st.code, STATUS_INPUT);
    vocoder_free(v);
    weights_close(w);
    close_context(&c);
}

static void test_stft(void **state)
{
    (void)state;
    status st = {0};
    op_ctx c = open_context(&st);
    weights *w = weights_open(SOURCE_DIR "/tests/golden/stft.safetensors", &st);
    stft s;
    assert_true(stft_init(&s, 128, 40, 100, &st));
    tensor *x = golden(&c, w, "x"), *reflected = stft_forward(&c, &s, x, STFT_REFLECT);
    assert_true(farthest(golden(&c, w, "reflect"), reflected) < 2e-5);
    assert_true(farthest(golden(&c, w, "constant"), stft_forward(&c, &s, x, STFT_ZEROS)) < 2e-5);
    const tensor *back = golden(&c, w, "back");
    assert_true(farthest(back, stft_inverse(&c, &s, reflected, tensor_count(back))) < 1e-5);
    assert_null(stft_forward(&c, &s, op_new(&c, SHAPE(64)), STFT_REFLECT));
    assert_int_equal(st.code, STATUS_INPUT);
    stft_free(&s);
    weights_close(w);
    close_context(&c);
}

static void test_mel(void **state)
{
    (void)state;
    status st = {0};
    op_ctx c = open_context(&st);
    weights *w = weights_open(SOURCE_DIR "/tests/golden/mel.safetensors", &st);
    mel_options o = {.rate = 16000, .n_fft = 256, .hop = 64, .bands = 20, .lowest = 50, .highest = 7000};
    for (int htk = 0; htk < 2; htk++) {
        mel m;
        o.htk = htk;
        assert_true(mel_init(&m, o, &st));
        tensor filter = {.type = DTYPE_F32, .rank = 2, .dim = {20, 129}, .data = m.filter};
        assert_true(farthest(golden(&c, w, htk ? "htk" : "slaney"), &filter) < 1e-7);
        if (!htk) assert_true(farthest(golden(&c, w, "log"), mel_spectrum(&c, &m, golden(&c, w, "x"))) < 1e-4);
        mel_free(&m);
    }
    mel m;
    assert_false(mel_init(&m, (mel_options){.rate = 8000, .highest = 5000}, &st));
    assert_int_equal(st.code, STATUS_USAGE);
    weights_close(w);
    close_context(&c);
}

/* A chord through its mel spectrum and Griffin-Lim has that mel spectrum again; the same bytes for any thread count. */
static void test_griffin_lim(void **state)
{
    (void)state;
    status st = {0};
    op_ctx c = open_context(&st);
    mel m;
    assert_true(mel_init(&m, (mel_options){.rate = 16000, .n_fft = 512, .bands = 64}, &st));
    tensor *x = op_new(&c, SHAPE(8192));
    for (int i = 0; i < 8192; i++) tensor_f32(x)[i] = (float)(0.3 * sin(0.2 * i) + 0.2 * sin(0.53 * i) + 0.1 * sin(1.1 * i));
    tensor *wanted = mel_spectrum(&c, &m, x), *y = mel_griffin_lim(&c, &m, wanted, 60, 1), *found = mel_spectrum(&c, &m, y);
    assert_non_null(found);
    double sum = 0;
    int64_t n = 0;
    for (int64_t i = 0; i < tensor_count(wanted); i++)
        if (tensor_f32(wanted)[i] > -4) sum += fabs((double)tensor_f32(wanted)[i] - (double)tensor_f32(found)[i]), n++;
    print_message("Griffin-Lim: mean distance %.2f nepers over %lld loud bands\n", sum / (double)n, (long long)n);
    assert_true(n > 100 && sum / (double)n < 0.35);
    op_ctx alone = {.mem = c.mem, .st = &st};
    assert_memory_equal(y->data, mel_griffin_lim(&alone, &m, wanted, 60, 1)->data, tensor_bytes(y));
    mel_free(&m);
    close_context(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(test_network, "hifigan1"), cmocka_unit_test_prestate(test_network, "hifigan3"),
        cmocka_unit_test_prestate(test_network, "melgan"),   cmocka_unit_test_prestate(test_network, "vocos"),
        cmocka_unit_test(test_stft),                         cmocka_unit_test(test_mel),
        cmocka_unit_test(test_griffin_lim),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
