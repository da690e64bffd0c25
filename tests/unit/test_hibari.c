/* The default voice against onnxruntime and its package's own signal processing (tests/golden/gen_hibari.py). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audio/hibari_parts.h"
#include "engine/model_path.h"
#include "core/alloc.h"
#include "core/file.h"
#include "core/weights.h"

static hibari *voice;

static int open_voice(void **state)
{
    (void)state;
    status st = {0};
    char *folder = model_path_folder(&st), *path = file_join(folder, "hibari/hibari.onnx", &st);
    if (file_exists(path)) {
        voice = hibari_open(path, &st);
        if (!voice) fail_msg("%s", st.msg);
    } else print_message("skipped: the voice is absent; 'sh samples/models.sh hibari' gets it\n");
    alloc_free(folder);
    alloc_free(path);
    return 0;
}

static double farthest(const float *want, const float *found, int64_t n)
{
    double most = 0;
    for (int64_t i = 0; i < n; i++) most = fmax(most, fabs((double)want[i] - (double)found[i]));
    return most;
}

/* A golden tensor as the input or the wanted output of an op. */
static tensor *golden(op_ctx *c, const weights *w, const char *format, const char *block)
{
    char name[64];
    snprintf(name, sizeof name, format, block);
    const tensor *t = weights_find(w, name);
    if (!t) fail_msg("the golden file lacks %s", name);
    tensor *x = op_new(c, t->rank, t->dim);
    memcpy(x->data, weights_f32(c->mem, t, c->st), tensor_bytes(x));
    return x;
}

/* One block on onnxruntime's own input to it. What is left are single quantised values that a last bit tips over: rare
 * and small. */
static void check_block(op_ctx *c, const weights *w, const char *name, const hibari_convnext *conv, const hibari_attention *attention)
{
    tensor *x = golden(c, w, "%s.in", name), *want = golden(c, w, "%s.out", name);
    assert_true(conv ? hibari_run_convnext(c, x, conv) : hibari_run_attention(c, x, attention));
    int64_t n = tensor_count(x);
    assert_int_equal(n, tensor_count(want));
    int far = 0;
    double square = 0;
    for (int64_t i = 0; i < n; i++) {
        double d = fabs((double)tensor_f32(x)[i] - (double)tensor_f32(want)[i]);
        far += d > 1e-3, square += d * d;
    }
    print_message("%s: rms %.2g, largest %.2g, %d of %lld above 1e-3\n", name, sqrt(square / (double)n),
                  farthest(want->data, x->data, n), far, (long long)n);
    assert_true(sqrt(square / (double)n) < 1e-3);
    assert_true(far <= n / 50);
}

static void test_blocks(void **state)
{
    (void)state;
    if (!voice) skip();
    status st = {0};
    op_ctx c = {.mem = arena_new(&st), .threads = pool_new(2, &st), .st = &st};
    weights *w = weights_open(SOURCE_DIR "/tests/golden/hibari.safetensors", &st);
    assert_non_null(w);
    check_block(&c, w, "sound.conv.0", &voice->sound.conv[0], NULL);
    check_block(&c, w, "sound.conv.1", &voice->sound.conv[1], NULL);
    check_block(&c, w, "sound.attention", NULL, &voice->sound.attention);
    check_block(&c, w, "prosody.conv.1", &voice->prosody.conv[1], NULL);
    check_block(&c, w, "prosody.attention", NULL, &voice->prosody.attention);
    check_block(&c, w, "prosody_block.0", &voice->prosody_block[0], NULL);
    check_block(&c, w, "prosody_block.3", &voice->prosody_block[3], NULL);
    check_block(&c, w, "decoder_block.0", &voice->decoder_block[0], NULL);
    check_block(&c, w, "decoder_block.7", &voice->decoder_block[7], NULL);
    weights_close(w);
    pool_free(c.threads);
    arena_free(c.mem);
}

/* The whole: durations and pitch from ids, and sound from the head's values, the pitch and the noise. */
static void test_whole(void **state)
{
    (void)state;
    if (!voice) skip();
    status st = {0};
    op_ctx c = {.mem = arena_new(&st), .threads = pool_new(2, &st), .st = &st};
    weights *w = weights_open(SOURCE_DIR "/tests/golden/hibari.safetensors", &st);
    const tensor *ids = weights_find(w, "ids"), *wave = golden(&c, w, "%s", "wave"), *f0 = golden(&c, w, "%s", "f0");
    hibari_frames frames;
    assert_true(hibari_forward(&c, voice, ids->data, tensor_count(ids), 2, &frames));
    assert_int_equal(frames.count, tensor_count(f0));
    double pitch = farthest(f0->data, frames.f0->data, frames.count);
    tensor *heard = hibari_wave(&c, voice, &frames, 0, golden(&c, w, "%s", "noise"));
    frames.head = golden(&c, w, "%s", "head");
    memcpy(frames.f0->data, f0->data, tensor_bytes(f0));
    tensor *given = hibari_wave(&c, voice, &frames, 0, golden(&c, w, "%s", "noise"));
    assert_non_null(given);
    assert_int_equal(tensor_count(given), tensor_count(wave));
    double from_head = farthest(wave->data, given->data, tensor_count(wave)), from_ids = farthest(wave->data, heard->data, tensor_count(wave));
    print_message("pitch %.2g Hz; wave from the same head %.2g, from ids %.2g\n", pitch, from_head, from_ids);
    assert_true(pitch < 0.5);
    assert_true(from_head < 1e-4);
    assert_true(from_ids < 2e-2);
    weights_close(w);
    pool_free(c.threads);
    arena_free(c.mem);
}

/* Without quantised activations the whole forward pass equals onnxruntime's of the same weights; and the quantised voice
 * is as near to that as onnxruntime's own. */
static void test_exact(void **state)
{
    (void)state;
    if (!voice) skip();
    status st = {0};
    op_ctx c = {.mem = arena_new(&st), .threads = pool_new(2, &st), .st = &st};
    char *folder = model_path_folder(&st), *path = file_join(folder, "hibari/hibari.onnx", &st);
    hibari *exact = hibari_open_exact(path, &st);
    assert_non_null(exact);
    weights *w = weights_open(SOURCE_DIR "/tests/golden/hibari_exact.safetensors", &st);
    const tensor *ids = weights_find(w, "ids"), *f0 = golden(&c, w, "%s", "f0"), *head = golden(&c, w, "%s", "head");
    hibari_frames frames, quantised;
    assert_true(hibari_forward(&c, exact, ids->data, tensor_count(ids), 2, &frames));
    assert_int_equal(frames.count, tensor_count(f0));
    tensor *found = hibari_head(&c, exact, &frames, 0, frames.count);
    double pitch = farthest(f0->data, frames.f0->data, frames.count), far = farthest(head->data, found->data, tensor_count(head));
    print_message("exact: head %.2g, pitch %.2g Hz\n", far, pitch);
    assert_true(far < 1e-3 && pitch < 1e-2);
    const tensor *sentence = weights_find(w, "sentence");
    assert_true(hibari_forward(&c, exact, sentence->data, tensor_count(sentence), 1, &frames));
    assert_true(hibari_forward(&c, voice, sentence->data, tensor_count(sentence), 1, &quantised));
    assert_int_equal(frames.count, quantised.count);
    const tensor *a = hibari_head(&c, exact, &frames, 0, frames.count), *b = hibari_head(&c, voice, &quantised, 0, frames.count);
    double square = 0;
    for (int64_t i = 0; i < tensor_count(a); i++) square += pow((double)tensor_f32(a)[i] - (double)tensor_f32(b)[i], 2);
    double rms = sqrt(square / (double)tensor_count(a)), theirs = (double)*tensor_f32(golden(&c, w, "%s", "sentence_rms"));
    print_message("quantised from exact, rms of the head: %.4f, onnxruntime's %.4f\n", rms, theirs);
    assert_true(rms < 1.1 * theirs);
    weights_close(w);
    hibari_free(exact);
    alloc_free(folder);
    alloc_free(path);
    pool_free(c.threads);
    arena_free(c.mem);
}

/* The same bytes for any number of threads; another seed, other noise. */
static void test_threads(void **state)
{
    (void)state;
    if (!voice) skip();
    const int64_t ids[] = {0, 50, 83, 54, 156, 31, 16, 81, 156, 86, 123, 4, 0};
    float *first = NULL;
    int64_t samples = 0;
    for (int threads = 1; threads <= 8; threads += threads == 1 ? 1 : 3) {
        status st = {0};
        op_ctx c = {.mem = arena_new(&st), .threads = pool_new(threads, &st), .st = &st};
        hibari_frames frames;
        assert_true(hibari_forward(&c, voice, ids, sizeof ids / sizeof ids[0], 1, &frames));
        tensor *y = hibari_wave(&c, voice, &frames, 42, NULL);
        assert_non_null(y);
        if (!first) {
            samples = tensor_count(y);
            first = alloc_array((size_t)samples, sizeof(float), &st);
            memcpy(first, y->data, tensor_bytes(y));
            tensor *other = hibari_wave(&c, voice, &frames, 43, NULL);
            assert_memory_not_equal(other->data, first, tensor_bytes(y));
        }
        assert_int_equal(tensor_count(y), samples);
        assert_memory_equal(y->data, first, tensor_bytes(y));
        pool_free(c.threads);
        arena_free(c.mem);
    }
    alloc_free(first);
}

static void test_errors(void **state)
{
    (void)state;
    status st = {0};
    assert_null(hibari_open("/nowhere.onnx", &st));
    assert_int_equal(st.code, STATUS_INPUT);
    st = (status){0};
    assert_null(hibari_open(SOURCE_DIR "/tests/golden/tiny.onnx", &st));
    assert_int_equal(st.code, STATUS_INPUT);
    if (!voice) return;
    st = (status){0};
    op_ctx c = {.mem = arena_new(&st), .st = &st};
    hibari_frames frames;
    assert_false(hibari_forward(&c, voice, (int64_t[]){0, 178, 0}, 3, 1, &frames));
    assert_int_equal(st.code, STATUS_INPUT);
    arena_free(c.mem);
}

static int close_voice(void **state)
{
    (void)state;
    hibari_free(voice);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blocks),
        cmocka_unit_test(test_whole),
        cmocka_unit_test(test_exact),
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_errors),
    };
    return cmocka_run_group_tests(tests, open_voice, close_voice);
}
