/* Piper voices against onnxruntime with all noise scales 0 (tests/golden/gen_vits.py): tiny random voices of one speaker
 * and of many, with both kinds of residual block, and joe where it is present. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "audio/vits.h"
#include "engine/model_path.h"
#include "core/alloc.h"
#include "core/file.h"
#include "core/weights.h"

typedef struct {
    const char *name, *path; /* path: NULL is joe's */
    int64_t speaker;
    float length_scale;
} golden_voice;

static const golden_voice SINGLE = {"single", SOURCE_DIR "/tests/golden/vits_single.onnx", 0, 1.5f},
                          MANY = {"many", SOURCE_DIR "/tests/golden/vits_many.onnx", 2, 1.5f}, JOE = {"joe", NULL, 0, 1};

static void test_wave(void **state)
{
    const golden_voice *g = *state;
    status st = {0};
    char *folder = model_path_folder(&st), *joe = file_join(folder, "joe/en_US-joe-medium.onnx", &st);
    bool there = g->path || file_exists(joe);
    vits *v = there ? vits_open(g->path ? g->path : joe, &st) : NULL;
    alloc_free(folder);
    alloc_free(joe);
    if (!there) {
        print_message("skipped: the voice is absent; 'sh samples/models.sh joe' gets it\n");
        skip();
    }
    if (!v) fail_msg("%s", st.msg);
    op_ctx c = {.mem = arena_new(&st), .threads = pool_new(2, &st), .st = &st};
    weights *w = weights_open(SOURCE_DIR "/tests/golden/vits.safetensors", &st);
    char name[32];
    snprintf(name, sizeof name, "%s.ids", g->name);
    const tensor *ids = weights_find(w, name);
    snprintf(name, sizeof name, "%s.wave", g->name);
    const tensor *wave = weights_find(w, name);
    assert_true(ids && wave);
    int64_t *durations;
    vits_settings settings = {.length_scale = g->length_scale, .speaker = g->speaker};
    tensor *y = vits_speak(&c, v, ids->data, tensor_count(ids), &settings, &durations);
    if (!y) fail_msg("%s", st.msg);
    assert_int_equal(tensor_count(y), tensor_count(wave));
    int64_t frames = 0;
    for (int64_t i = 0; i < tensor_count(ids); i++) frames += durations[i];
    assert_int_equal(frames * vits_hop(v), tensor_count(wave));
    const float *want = weights_f32(c.mem, wave, &st);
    double signal = 0, error = 0;
    for (int64_t i = 0; i < tensor_count(wave); i++) {
        double d = (double)tensor_f32(y)[i] - (double)want[i];
        signal += (double)want[i] * (double)want[i], error += d * d;
    }
    double ratio = 10 * log10(signal / (error + 1e-30));
    print_message("%s: %.1f dB from onnxruntime\n", g->name, ratio);
    assert_true(ratio >= 40);
    settings.speaker = vits_speakers(v);
    assert_null(vits_speak(&c, v, ids->data, tensor_count(ids), &settings, &durations));
    assert_int_equal(st.code, STATUS_USAGE);
    weights_close(w);
    vits_free(v);
    pool_free(c.threads);
    arena_free(c.mem);
}

/* The same bytes for any number of threads, with all noise on; another seed is another sound. */
static void test_threads(void **state)
{
    (void)state;
    const int64_t ids[] = {1, 5, 3, 9, 17, 4, 4, 8, 2};
    float first[1 << 16];
    int64_t samples = 0;
    for (int threads = 1; threads <= 8; threads += threads == 1 ? 1 : 3) {
        status st = {0};
        vits *v = vits_open(MANY.path, &st);
        op_ctx c = {.mem = arena_new(&st), .threads = pool_new(threads, &st), .st = &st};
        vits_settings settings = {.noise_scale = 0.7f, .length_scale = 20, .noise_w = 0.8f, .speaker = 3, .seed = 9};
        int64_t *durations;
        tensor *y = vits_speak(&c, v, ids, sizeof ids / sizeof ids[0], &settings, &durations);
        assert_non_null(y);
        if (threads == 1) {
            samples = tensor_count(y);
            assert_true(samples > 100 && samples < 1 << 16);
            memcpy(first, y->data, tensor_bytes(y));
            settings.seed = 10;
            tensor *other = vits_speak(&c, v, ids, sizeof ids / sizeof ids[0], &settings, &durations);
            assert_true(tensor_count(other) != samples || memcmp(other->data, first, tensor_bytes(y)) != 0);
        }
        assert_int_equal(tensor_count(y), samples);
        assert_memory_equal(y->data, first, tensor_bytes(y));
        vits_free(v);
        pool_free(c.threads);
        arena_free(c.mem);
    }
}

/* A voice cut at any byte is refused with a message, or, where nothing that is needed was cut, read. */
static void test_cut(void **state)
{
    (void)state;
    status st = {0};
    size_t size;
    char *bytes = file_read(MANY.path, 1 << 24, &size, &st), path[] = "/tmp/aigc-test-vits-XXXXXX";
    assert_non_null(bytes);
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    for (size_t cut = 0; cut < size; cut += 1 + size / 300) {
        st = (status){0};
        assert_true(file_write(path, bytes, cut, &st) || cut == 0);
        vits *v = vits_open(path, &st);
        if (!v) assert_int_equal(st.code, STATUS_INPUT);
        vits_free(v);
    }
    remove(path);
    alloc_free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(test_wave, (void *)(uintptr_t)&SINGLE),
        cmocka_unit_test_prestate(test_wave, (void *)(uintptr_t)&MANY),
        cmocka_unit_test_prestate(test_wave, (void *)(uintptr_t)&JOE),
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
