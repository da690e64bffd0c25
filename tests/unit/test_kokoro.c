/* Kokoro against onnxruntime, part by part and as a whole (tests/golden/gen_kokoro.py), where the model is there; the names of
 * voices and a small model of the same shape everywhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "audio/kokoro_parts.h"
#include "audio/kokoro_voice.h"
#include "engine/model_path.h"
#include "core/alloc.h"
#include "core/file.h"
#include "core/weights.h"

static char *model_file;

static int find_model(void **state)
{
    (void)state;
    status st = {0};
    char *folder = model_path_folder(&st), *path = file_join(folder, "kokoro/kokoro.onnx", &st);
    alloc_free(folder);
    if (file_exists(path)) {
        model_file = path;
        return 0;
    }
    print_message("skipped: the model is absent; 'sh samples/models.sh kokoro' gets it\n");
    alloc_free(path);
    return 0;
}

/* What a test of golden values works with. */
typedef struct {
    status st;
    op_ctx c;
    weights *w;
    kokoro *k;
    const char *prefix; /* of the golden names */
    tensor sound, manner; /* the style's halves */
    float speed;
    const tensor *ids;
} bench;

static tensor *golden(bench *b, const char *name)
{
    char full[64];
    snprintf(full, sizeof full, "%s%s", b->prefix, name);
    const tensor *t = weights_find(b->w, full);
    if (!t) fail_msg("the golden file lacks %s", full);
    tensor *x = op_new(&b->c, t->rank, t->dim);
    memcpy(x->data, weights_f32(b->c.mem, t, &b->st), tensor_bytes(x));
    return x;
}

static void set_up(bench *b, bool exact)
{
    *b = (bench){.prefix = ""};
    b->c = (op_ctx){.mem = arena_new(&b->st), .threads = pool_new(2, &b->st), .st = &b->st};
    b->w = weights_open(SOURCE_DIR "/tests/golden/kokoro.safetensors", &b->st);
    b->k = exact ? kokoro_open_exact(model_file, &b->st) : kokoro_open(model_file, &b->st);
    if (!b->w || !b->k) fail_msg("%s", b->st.msg);
    assert_int_equal(kokoro_symbols(b->k), 178);
    assert_int_equal(kokoro_style_width(b->k), 256);
    tensor *style = golden(b, "style");
    b->sound = b->manner = (tensor){.type = DTYPE_F32, .rank = 2, .dim = {1, 128}, .data = style->data};
    b->manner.data = tensor_f32(style) + 128;
    b->speed = tensor_f32(golden(b, "speed"))[0];
    b->ids = weights_find(b->w, "ids");
    if (exact) b->prefix = "exact.";
}

static void take_down(bench *b)
{
    if (!status_ok(&b->st)) fail_msg("%s", b->st.msg);
    weights_close(b->w);
    kokoro_free(b->k);
    pool_free(b->c.threads);
    arena_free(b->c.mem);
}

/* How far x is from the golden tensor, in dB under its own size; at least `least`. */
static void near(bench *b, const char *what, const tensor *want, const tensor *x, double least)
{
    if (!x) fail_msg("%s: %s", what, b->st.msg);
    assert_int_equal(tensor_count(want), tensor_count(x));
    double signal = 0, noise = 1e-30;
    for (int64_t i = 0; i < tensor_count(x); i++) {
        double d = (double)tensor_f32(want)[i] - (double)tensor_f32(x)[i];
        signal += (double)tensor_f32(want)[i] * (double)tensor_f32(want)[i];
        noise += d * d;
    }
    double db = 10 * log10(signal / noise);
    print_message("%s%s: %.1f dB\n", b->prefix, what, db);
    if (!(db >= least)) fail_msg("%s%s: %.1f dB, %.0f wanted", b->prefix, what, db, least);
}

static tensor *column(bench *b, const char *name)
{
    tensor *x = golden(b, name);
    return tensor_reshape(b->c.mem, &b->st, x, SHAPE(tensor_count(x), 1));
}

/* The source's magnitudes; phases of what is next to nothing are anything. */
static tensor *magnitudes(bench *b, const tensor *x)
{
    return x ? op_slice_last(&b->c, x, 0, KOKORO_BINS) : NULL;
}

/* Each part on onnxruntime's own input to it. */
static void check_parts(bench *b, double least, double least_whole)
{
    int64_t count = tensor_count(b->ids), durations[16];
    const int64_t *ids = b->ids->data;
    near(b, "prosody", golden(b, "prosody"), kokoro_read_prosody(&b->c, b->k, ids, count, &b->manner), least_whole);
    near(b, "lstm", golden(b, "lstm.out"), kokoro_run_lstm(&b->c, golden(b, "lstm.in"), &b->k->text.lstm), 90);
    int64_t frames = kokoro_durations(&b->c, b->k, golden(b, "prosody"), b->speed, durations);
    tensor *wanted = golden(b, "durations");
    for (int64_t i = 0; i < count; i++) assert_int_equal(durations[i], (int64_t)tensor_f32(wanted)[i]);
    near(b, "text", golden(b, "text.stretched"), kokoro_stretch(&b->c, kokoro_read_text(&b->c, b->k, ids, count), durations, frames), least);
    near(b, "stretched", golden(b, "prosody.stretched"), kokoro_stretch(&b->c, golden(b, "prosody"), durations, frames), 200);
    tensor *pitch, *energy;
    assert_true(kokoro_curves(&b->c, b->k, golden(b, "prosody.stretched"), &b->manner, &pitch, &energy));
    near(b, "pitch", golden(b, "pitch"), pitch, least);
    near(b, "energy", golden(b, "energy"), energy, least);
    near(b, "encode", golden(b, "encode.out"), kokoro_run_residual(&b->c, golden(b, "encode.in"), &b->k->decoder.encode, &b->sound), least);
    near(b, "decoded", golden(b, "decoded"), kokoro_decode(&b->c, b->k, golden(b, "text.stretched"), column(b, "pitch"), column(b, "energy"), &b->sound), least);
    tensor *source = golden(b, "source");
    near(b, "source", magnitudes(b, source), magnitudes(b, kokoro_source(&b->c, b->k, column(b, "pitch"))), 45);
    near(b, "sound", golden(b, "sound"), kokoro_generate(&b->c, b->k, golden(b, "decoded"), source, &b->sound), least_whole);
}

static void test_parts(void **state)
{
    (void)state;
    if (!model_file) skip();
    bench b;
    set_up(&b, false);
    check_parts(&b, 40, 20);
    tensor *x = kokoro_apply(&b.c, golden(&b, "source"), &b.k->generator.source[0], NULL, NULL, NULL);
    for (int i = 0; i < KOKORO_DEPTH; i++) { /* the first of the blocks with snakes, step by step */
        const kokoro_snake *w = &b.k->generator.source_block[0];
        conv1d_before first = {.alpha = w->alpha_a[i], .inverse = w->inverse_a[i]}, second = {.alpha = w->alpha_b[i], .inverse = w->inverse_b[i]};
        assert_true(kokoro_instance_norm(&b.c, x, &w->norm_a[i], &b.sound, &first));
        tensor *y = kokoro_apply(&b.c, x, &w->a[i], &first, NULL, NULL);
        assert_true(kokoro_instance_norm(&b.c, y, &w->norm_b[i], &b.sound, &second));
        x = kokoro_apply(&b.c, y, &w->b[i], &second, x, NULL);
    }
    near(&b, "source block", golden(&b, "source_block"), x, 40);
    take_down(&b);
}

static void test_exact(void **state)
{
    (void)state;
    if (!model_file) skip();
    bench b;
    set_up(&b, true);
    check_parts(&b, 90, 80);
    take_down(&b);
}

/* From ids to sound: the same bytes for any number of threads, the alignment onnxruntime's. */
static void test_whole(void **state)
{
    (void)state;
    if (!model_file) skip();
    bench b;
    set_up(&b, false);
    const int64_t ids[] = {0, 50, 83, 54, 156, 31, 16, 81, 156, 86, 123, 4, 0}, count = sizeof ids / sizeof ids[0];
    const float *style = b.sound.data;
    int64_t *durations;
    tensor *first = kokoro_speak(&b.c, b.k, ids, count, style, 1, &durations);
    assert_non_null(first);
    int64_t sum = 0;
    for (int64_t i = 0; i < count; i++) sum += durations[i];
    assert_int_equal(tensor_count(first), sum * KOKORO_FRAME);
    for (int64_t i = 0; i < tensor_count(first); i++) assert_true(fabsf(tensor_f32(first)[i]) < 2);
    for (int threads = 1; threads <= 5; threads += 4) {
        op_ctx c = {.mem = arena_new(&b.st), .threads = pool_new(threads, &b.st), .st = &b.st};
        tensor *y = kokoro_speak(&c, b.k, ids, count, style, 1, &durations);
        assert_non_null(y);
        assert_memory_equal(y->data, first->data, tensor_bytes(first));
        pool_free(c.threads);
        arena_free(c.mem);
    }
    tensor *fast = kokoro_speak(&b.c, b.k, ids, count, style, 2, &durations);
    assert_true(tensor_count(fast) < tensor_count(first) * 3 / 4);
    take_down(&b);
}

/* ---- without the model ---- */

/* A small model of the same shape (tests/golden/gen_kokoro_tiny.py): int8 against the same weights in f32. */
static void test_tiny(void **state)
{
    (void)state;
    status st = {0};
    op_ctx c = {.mem = arena_new(&st), .threads = pool_new(2, &st), .st = &st};
    const char *path = SOURCE_DIR "/tests/golden/kokoro_tiny.onnx";
    kokoro *k = kokoro_open(path, &st), *exact = kokoro_open_exact(path, &st);
    if (!k || !exact) fail_msg("%s", st.msg);
    const int64_t ids[] = {0, 3, 1, 5, 2, 0};
    float style[64];
    for (int i = 0; i < 64; i++) style[i] = sinf((float)i);
    int64_t *durations, *others;
    assert_true(kokoro_style_width(k) <= 64);
    tensor *a = kokoro_speak(&c, k, ids, 6, style, 1, &durations), *b = kokoro_speak(&c, exact, ids, 6, style, 1, &others);
    if (!a || !b) fail_msg("%s", st.msg);
    int64_t sum = 0;
    for (int i = 0; i < 6; i++) sum += durations[i];
    assert_int_equal(tensor_count(a), sum * KOKORO_FRAME);
    for (int64_t i = 0; i < tensor_count(a); i++) assert_true(isfinite(tensor_f32(a)[i]));
    double signal = 0, noise = 0; /* int8 is near f32 where both read the same text */
    tensor *x = kokoro_read_text(&c, k, ids, 6), *y = kokoro_read_text(&c, exact, ids, 6);
    for (int64_t i = 0; i < tensor_count(x); i++) signal += pow(tensor_f32(y)[i], 2), noise += pow(tensor_f32(x)[i] - tensor_f32(y)[i], 2);
    assert_true(signal > 30 * noise);
    assert_null(kokoro_speak(&c, k, (int64_t[]){0, 99999, 0}, 3, style, 1, &durations));
    assert_int_equal(st.code, STATUS_INPUT);
    kokoro_free(k);
    kokoro_free(exact);
    pool_free(c.threads);
    arena_free(c.mem);
}

/* A file cut short anywhere, or with a wrong byte anywhere, is refused or read, and never more than that. */
static void test_broken(void **state)
{
    (void)state;
    status st = {0};
    size_t size;
    char *whole = file_read(SOURCE_DIR "/tests/golden/kokoro_tiny.onnx", 8 << 20, &size, &st);
    assert_non_null(whole);
    char *path = "kokoro_broken.onnx";
    for (int i = 0; i < 60; i++) {
        char *bytes = alloc_array(size, 1, &st);
        memcpy(bytes, whole, size);
        size_t n = i % 2 ? size : size * (size_t)i / 60;
        if (i % 2) bytes[size * (size_t)i / 61] ^= (char)(1 << i % 8);
        FILE *f = fopen(path, "wb");
        fwrite(bytes, 1, n, f);
        fclose(f);
        status told = {0};
        kokoro *k = kokoro_open(path, &told);
        assert_true(k ? status_ok(&told) : told.code == STATUS_INPUT);
        if (!(i % 2)) assert_null(k);
        kokoro_free(k);
        alloc_free(bytes);
    }
    remove(path);
    alloc_free(whole);
    st = (status){0};
    assert_null(kokoro_open("/nowhere.onnx", &st));
    assert_int_equal(st.code, STATUS_INPUT);
    st = (status){0};
    assert_null(kokoro_open(SOURCE_DIR "/tests/golden/tiny.onnx", &st));
    assert_int_equal(st.code, STATUS_INPUT);
    assert_non_null(strstr(st.msg, "no Kokoro model"));
}

static void test_names(void **state)
{
    (void)state;
    const char *const good[] = {"af_heart", "bm_george", "af_heart:0.6+bm_george:0.4", "af_heart+am_adam", "af_sky:1", "zf_001"};
    const char *const bad[] = {"", "hibari", "joe", "af_", "af_heart:", "af_heart:x", "af_heart+", "+af_heart", "af_heart:-1", "af_heart:0", "AF_heart", "af_heart,am_adam",
                               "voice.onnx", "af_heart/../x", "af_heart:nan", "a1_heart", "af_a:0+bm_b:0"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        if (!kokoro_voice_is_name(good[i])) fail_msg("'%s' is a name", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (kokoro_voice_is_name(bad[i])) fail_msg("'%s' is no name", bad[i]);
    assert_string_equal(kokoro_voice_language("af_heart"), "en-us");
    assert_string_equal(kokoro_voice_language("bm_george:1+af_heart:2"), "en-gb");
    assert_string_equal(kokoro_voice_language(NULL), "en-us");
    assert_string_equal(kokoro_voice_language_name("zf_xiaoxiao"), "Mandarin Chinese");
    assert_null(kokoro_voice_language("qf_none"));
}

static int forget(void **state)
{
    (void)state;
    alloc_free(model_file);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_parts), cmocka_unit_test(test_exact), cmocka_unit_test(test_whole),
                                       cmocka_unit_test(test_tiny),  cmocka_unit_test(test_broken), cmocka_unit_test(test_names)};
    return cmocka_run_group_tests(tests, find_model, forget);
}
