/* The public library: every kind's results in memory, the same bytes for the same seed, faults told, requests cancelled from other
 * threads, several engines at once. Text and speech want the default models; pictures and vocoding do not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "aigc.h"
#include "core/alloc.h"

#define TINY SOURCE_DIR "/tests/golden/tiny"
static const char *const FEW_STEPS[] = {"steps=2", NULL};

static aigc_request ask(aigc_kind kind, const char *words)
{
    return (aigc_request){.size = sizeof(aigc_request), .kind = kind, .words = words, .seed = 7, .settings = kind == AIGC_IMAGE ? FEW_STEPS : NULL,
                          .model = kind == AIGC_IMAGE ? SOURCE_DIR "/samples/models/icons" : NULL};
}

static void test_pictures(void **state)
{
    (void)state;
    aigc_engine *one = aigc_open(&(aigc_options){.size = sizeof(aigc_options), .threads = 1}, NULL), *two = aigc_open(NULL, NULL);
    aigc_request r = ask(AIGC_IMAGE, "red apple");
    r.choices = 2;
    aigc_task *a = aigc_submit(one, &r), *b = aigc_submit(two, &r);
    int width, height, other;
    assert_int_equal(aigc_wait(a), AIGC_OK);
    assert_int_equal(aigc_wait(b), AIGC_OK);
    assert_int_equal(aigc_count(a), 2);
    for (int i = 0; i < 2; i++) {
        const uint8_t *p = aigc_pixels(a, i, &width, &height), *q = aigc_pixels(b, i, &other, NULL);
        assert_non_null(p);
        assert_int_equal(width, other);
        assert_memory_equal(p, q, (size_t)width * (size_t)height * 3);
        assert_non_null(strstr(aigc_record(a, i), "\"seed\""));
        assert_string_equal(aigc_record(a, i), aigc_record(b, i));
    }
    assert_memory_not_equal(aigc_pixels(a, 0, NULL, NULL), aigc_pixels(a, 1, NULL, NULL), (size_t)width * (size_t)height * 3);
    assert_null(aigc_pixels(a, 2, &width, &height));
    assert_int_equal(width, 0);
    assert_null(aigc_text(a, 0, NULL));
    aigc_free(a);
    aigc_close(two);
    assert_int_equal(aigc_count(b), 2); /* a task outlives its engine */
    aigc_free(b);
    aigc_close(one);
}

static void test_faults(void **state)
{
    (void)state;
    aigc_engine *e = aigc_open(NULL, NULL);
    static const struct {
        aigc_kind kind;
        const char *words, *model, *setting, *path;
        aigc_status status;
        const char *message;
    } WRONG[] = {
        {AIGC_IMAGE, "x", NULL, "steps=0", NULL, AIGC_USAGE, "--steps: '0' found, a whole number from 1 to 1000 wanted"},
        {AIGC_IMAGE, "x", NULL, "stepz=3", NULL, AIGC_USAGE, "'stepz' is no option of the kind image; did you mean 'steps'?"},
        {AIGC_IMAGE, "x", NULL, "steps", NULL, AIGC_USAGE, "steps=VALUE wanted"},
        {AIGC_IMAGE, NULL, NULL, NULL, NULL, AIGC_USAGE, "no words"},
        {AIGC_IMAGE, "x", "no-such-model", NULL, NULL, AIGC_INPUT, "no-such-model"},
        {AIGC_IMAGE, "x", NULL, NULL, "x.bmp", AIGC_USAGE, "x.bmp"},
        {AIGC_IMAGE, "x", NULL, "init-img=absent.png", NULL, AIGC_INPUT, "absent.png"},
        {AIGC_IMAGE, "x", NULL, "filter=absent.filter", NULL, AIGC_INPUT, "absent.filter"},
        {(aigc_kind)77, "x", NULL, NULL, NULL, AIGC_USAGE, "kind: 77 found"},
        {AIGC_VOCODE, "absent.npy", NULL, NULL, NULL, AIGC_INPUT, "absent.npy"},
        {AIGC_TEXT, "x", "/no/model.gguf", NULL, NULL, AIGC_INPUT, "/no/model.gguf"},
    };
    for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++) {
        const char *settings[] = {WRONG[i].setting, NULL};
        aigc_request r = {.size = sizeof r, .kind = WRONG[i].kind, .words = WRONG[i].words, .model = WRONG[i].model, .settings = settings, .path = WRONG[i].path};
        aigc_task *t = aigc_submit(e, &r);
        assert_non_null(t);
        assert_int_equal(aigc_wait(t), WRONG[i].status);
        if (!strstr(aigc_message(t), WRONG[i].message)) fail_msg("'%s' found, '%s' wanted", aigc_message(t), WRONG[i].message);
        assert_int_equal(aigc_count(t), 0);
        assert_string_equal(aigc_record(t, 0), "");
        aigc_free(t);
    }
    assert_null(aigc_submit(NULL, NULL));
    assert_int_equal(aigc_wait(NULL), AIGC_NO_MEMORY);
    aigc_free(NULL);
    aigc_close(e);
    aigc_close(NULL);
}

static int stop_after_two(void *arg, int step, int steps)
{
    (void)steps;
    return ++*(int *)arg < 2 && step < 3;
}

static void test_cancel(void **state)
{
    (void)state;
    aigc_engine *e = aigc_open(NULL, NULL);
    const char *many[] = {"steps=200", NULL};
    int seen = 0;
    aigc_request r = ask(AIGC_IMAGE, "red apple");
    r.settings = many;
    r.on_progress = stop_after_two;
    r.arg = &seen;
    aigc_task *by_callback = aigc_submit(e, &r);
    assert_int_equal(aigc_wait(by_callback), AIGC_CANCELLED);
    assert_int_equal(seen, 2);
    assert_null(aigc_pixels(by_callback, 0, NULL, NULL));
    r.on_progress = NULL;
    aigc_task *runs = aigc_submit(e, &r), *waits = aigc_submit(e, &r), *good;
    aigc_cancel(waits);
    assert_int_equal(aigc_wait(waits), AIGC_CANCELLED); /* at once: nothing has begun */
    aigc_cancel(runs);
    assert_int_equal(aigc_wait(runs), AIGC_CANCELLED);
    r.settings = FEW_STEPS;
    good = aigc_submit(e, &r);
    assert_int_equal(aigc_wait(good), AIGC_OK);
    aigc_cancel(good);
    assert_int_equal(aigc_wait(good), AIGC_OK);
    r.settings = many;
    aigc_task *left = aigc_submit(e, &r), *behind = aigc_submit(e, &r);
    aigc_close(e); /* ends what runs */
    assert_int_equal(aigc_wait(left), AIGC_CANCELLED);
    assert_int_equal(aigc_wait(behind), AIGC_CANCELLED);
    aigc_task *all[] = {by_callback, waits, runs, good, left, behind};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) aigc_free(all[i]);
}

/* ---- many threads ---- */

enum { THREADS = 8, EACH = 12 };

typedef struct {
    aigc_engine *engine[2];
    int number, wrong;
} client;

static void *ask_many(void *arg)
{
    client *c = arg;
    for (int i = 0; i < EACH; i++) {
        bool picture = (i + c->number) % 2;
        aigc_request r = ask(picture ? AIGC_IMAGE : AIGC_TEXT, "a b c");
        const char *settings[] = {picture ? "steps=1" : "tokens=6", picture ? NULL : "raw", NULL};
        r.settings = settings;
        if (!picture) r.model = TINY;
        aigc_task *t = aigc_submit(c->engine[i % 2], &r);
        if ((i / 2 + c->number) % 2) aigc_cancel(t);
        aigc_status s = aigc_wait(t);
        c->wrong += s != AIGC_OK && s != AIGC_CANCELLED;
        if (s == AIGC_OK) c->wrong += picture ? !aigc_pixels(t, 0, NULL, NULL) : !aigc_text(t, 0, NULL);
        else if (s != AIGC_CANCELLED) fprintf(stderr, "%s: %s\n", aigc_status_name(s), aigc_message(t));
        aigc_free(t);
    }
    return NULL;
}

static void test_threads(void **state)
{
    (void)state;
    uint64_t before = alloc_in_use();
    aigc_engine *e[2] = {aigc_open(NULL, NULL), aigc_open(NULL, NULL)};
    client c[THREADS];
    pthread_t thread[THREADS];
    for (int i = 0; i < THREADS; i++) {
        c[i] = (client){{e[0], e[1]}, i, 0};
        assert_int_equal(pthread_create(&thread[i], NULL, ask_many, &c[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(thread[i], NULL);
        assert_int_equal(c[i].wrong, 0);
    }
    aigc_close(e[0]);
    aigc_close(e[1]);
    assert_int_equal(alloc_in_use(), before);
}

/* ---- texts ---- */

typedef struct {
    char text[4096];
    size_t size;
    bool ended;
} heard;

static int hear(void *arg, const char *text, size_t size)
{
    heard *h = arg;
    if (h->size + size < sizeof h->text) memcpy(h->text + h->size, text, size), h->size += size;
    return 1;
}

static void hear_end(void *arg, aigc_task *t)
{
    heard *h = arg;
    h->ended = aigc_ended(t) && aigc_text(t, 0, NULL);
}

static void test_texts(void **state)
{
    (void)state;
    aigc_engine *e = aigc_open(NULL, NULL);
    const char *settings[] = {"tokens=12", "raw", NULL};
    heard h = {.size = 0};
    aigc_request r = {.size = sizeof r, .kind = AIGC_TEXT, .model = TINY, .words = "a b c", .seed = 3, .choices = 2, .settings = settings, .on_text = hear, .on_end = hear_end, .arg = &h};
    aigc_task *t = aigc_submit(e, &r);
    if (aigc_wait(t) != AIGC_OK) fail_msg("%s", aigc_message(t));
    size_t size;
    const char *text = aigc_text(t, 0, &size);
    assert_int_equal(aigc_count(t), 2);
    assert_int_equal(size, strlen(text));
    assert_int_equal(h.size, size);
    assert_memory_equal(h.text, text, size);
    assert_true(h.ended);
    assert_true(*aigc_text_end(t, 0));
    assert_int_equal(aigc_seed(t), 3);
    assert_non_null(strstr(aigc_record(t, 0), "\"kind\""));
    aigc_free(t);
    aigc_request v = {.size = sizeof v, .kind = AIGC_EMBED, .model = TINY, .words = "a b c"};
    aigc_task *vector = aigc_submit(e, &v);
    assert_int_equal(aigc_wait(vector), AIGC_OK);
    assert_non_null(aigc_vector(vector, 0, &size));
    assert_true(size > 1);
    aigc_free(vector);
    r.seed = -1;
    t = aigc_submit(e, &r);
    assert_int_equal(aigc_wait(t), AIGC_OK);
    assert_true(aigc_seed(t) >= 0);
    aigc_free(t);
    aigc_close(e);
}

/* The n-th allocation fails: a status, or all is well, and nothing is left behind. */
static void test_memory(void **state)
{
    (void)state;
    uint64_t before = alloc_in_use();
    const char *settings[] = {"tokens=2", "raw", NULL};
    aigc_request r = {.size = sizeof r, .kind = AIGC_TEXT, .model = TINY, .words = "a", .seed = 3, .settings = settings};
    int well = 0;
    for (uint64_t n = 1; n < 4000 && well < 3; n += 1 + n / 12) {
        aigc_status why = AIGC_OK;
        alloc_fail_at(n);
        aigc_engine *e = aigc_open(&(aigc_options){.size = sizeof(aigc_options), .threads = 1}, &why);
        aigc_task *t = e ? aigc_submit(e, &r) : NULL;
        aigc_status s = t ? aigc_wait(t) : AIGC_NO_MEMORY;
        if (!e) assert_int_equal(why, AIGC_NO_MEMORY);
        if (s != AIGC_OK && s != AIGC_NO_MEMORY) fail_msg("allocation %d: %s: %s", (int)n, aigc_status_name(s), aigc_message(t));
        well += s == AIGC_OK;
        aigc_free(t);
        aigc_close(e);
        alloc_fail_at(0);
        assert_int_equal(alloc_in_use(), before);
    }
    assert_int_equal(well, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pictures), cmocka_unit_test(test_faults), cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_threads),  cmocka_unit_test(test_texts),  cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
