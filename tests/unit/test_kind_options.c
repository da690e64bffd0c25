/* What the options are about: every text is classed, and the filter judges every option that holds words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/kind.h"
#include "engine/kind_options.h"
#include "engine/request_words.h"
#include "core/file.h"

static const char *const KINDS[] = {"text", "image", "speak", "vocode"};
enum { RECORDED_KINDS = 4 };

static void check_row(const char *kind, const option *o)
{
    const unsigned text = OPTION_READS | OPTION_NAMED | OPTION_WRITES | OPTION_WORDS | OPTION_CHOICE | OPTION_HOW;
    bool is_text = o->type == OPTION_STRING || o->type == OPTION_LIST;
    if (is_text && !(o->about & text)) fail_msg("%s: --%s is a text, and nothing says of which kind", kind, o->name);
    if (!is_text && (o->about & text)) fail_msg("%s: --%s is no text", kind, o->name);
    if ((o->about & OPTION_RECORDED) && !(o->about & OPTION_WORDS)) fail_msg("%s: --%s is recorded as words and not judged as such", kind, o->name);
    if ((o->about & OPTION_INPUT) && !(o->about & (OPTION_READS | OPTION_NAMED))) fail_msg("%s: --%s is an input and names no file", kind, o->name);
    if ((o->about & OPTION_MODEL) && !(o->about & OPTION_LOADS)) fail_msg("%s: --%s names a model that nothing is opened for", kind, o->name);
}

static void test_every_text_is_classed(void **state)
{
    (void)state;
    kind_options k;
    assert_false(kind_options_init(&k, "video"));
    for (size_t i = 0; i < RECORDED_KINDS; i++) {
        assert_true(kind_options_init(&k, KINDS[i]));
        for (const option *o = k.table; o->name; o++)
            if (o->type != OPTION_GROUP) check_row(KINDS[i], o);
    }
    request_options v;
    option table[KIND_OPTION_COUNT];
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        kind_of((request_kind)kind)->table(&v, table);
        for (const option *o = table; o->name; o++)
            if (o->type != OPTION_GROUP) check_row(kind_name((request_kind)kind), o);
    }
}

/* An option is about the same in the command's table and in the jobs'. */
static void test_tables_agree(void **state)
{
    (void)state;
    for (int kind = 0; kind < RECORDED_KINDS; kind++) {
        kind_options k;
        request_options v;
        option table[KIND_OPTION_COUNT];
        assert_true(kind_options_init(&k, kind_name((request_kind)kind)));
        kind_of((request_kind)kind)->table(&v, table);
        for (const option *o = table; o->name; o++) {
            const option *same = o->type == OPTION_GROUP ? NULL : options_find(k.table, o->name);
            if (same && same->about != o->about) fail_msg("--%s is about %u and %u", o->name, same->about, o->about);
        }
    }
}

static void test_words_are_judged(void **state)
{
    (void)state;
    char path[] = "/tmp/aigc-words-XXXXXX";
    status st = {0};
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    assert_true(file_write(path, "[a block]\nforbidden\n", 20, &st));
    filter_lists lists = {{filter_open(path, &st), NULL}};
    assert_non_null(lists.list[0]);
    kind_options k;
    assert_true(kind_options_init(&k, "image"));
    for (const option *o = k.table; o->name; o++) {
        if (o->type == OPTION_GROUP || !(o->about & OPTION_WORDS)) continue;
        k.value.image = image_options_default();
        st = (status){0};
        assert_true(request_words_image(&lists, &k.value.image, &st));
        assert_true(options_set(o, o->name, "a forbidden thing", &st));
        if (request_words_image(&lists, &k.value.image, &st) || st.code != STATUS_REFUSED) fail_msg("image: --%s is not judged", o->name);
    }
    assert_true(kind_options_init(&k, "speak"));
    for (const option *o = k.table; o->name; o++) {
        if (o->type == OPTION_GROUP || !(o->about & OPTION_WORDS)) continue;
        k.value.speak = speak_flags_default();
        st = (status){0};
        assert_true(options_set(o, o->name, "a forbidden thing", &st));
        const char *said = k.value.speak.text ? k.value.speak.text : "x";
        if (request_words_speech(&lists, &k.value.speak, said, strlen(said), &st) || st.code != STATUS_REFUSED) fail_msg("speak: --%s is not judged", o->name);
    }
    filter_close(lists.list[0]);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_text_is_classed), cmocka_unit_test(test_tables_agree), cmocka_unit_test(test_words_are_judged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
