/* The list of what a picture model knows: what is a list, what is known, what is spelled like it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "engine/image_words.h"

static const char LIST[] = "apple\nblack cat\ncat\ncherry\nglass of milk\no'clock\nsaxophone\nt-shirt\ntelephone\n";

static image_words *parse(const char *text, status *st) { return image_words_parse(text, strlen(text), "words.txt", st); }

static void test_list(void **state)
{
    (void)state;
    static const struct {
        const char *text, *said;
    } WRONG[] = {
        {"", "no line found"},
        {"cat\n\ndog\n", "line 2: 0 bytes"},
        {"cat\napple\n", "line 2: 'apple' found"},
        {"cat\ncat\n", "line 2: 'cat' found"},
        {"c\033[2Jat\n", "line 1: control character 27"},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n", "line 1: 65 bytes"},
    };
    for (size_t i = 0; i < sizeof WRONG / sizeof WRONG[0]; i++) {
        status st = {0};
        assert_null(parse(WRONG[i].text, &st));
        assert_int_equal(st.code, STATUS_INPUT);
        if (!strstr(st.msg, WRONG[i].said)) fail_msg("'%s' found, '%s' wanted", st.msg, WRONG[i].said);
    }
    for (size_t size = 1; size < sizeof LIST; size++) { /* cut anywhere it is a list or is refused */
        status st = {0};
        image_words *w = image_words_parse(LIST, size, "words.txt", &st);
        assert_true(w ? status_ok(&st) : st.code == STATUS_INPUT);
        image_words_close(w);
    }
}

static void test_known(void **state)
{
    (void)state;
    static const char *const KNOWN[] = {"apple", "A Red APPLE!", "two cats", "cherries and an apple", "(cat:1.3)", "a glass of milk", "flat t-shirt",
                                        "seven o'clock", "", "the", "on a blue background", "a dozen apples"};
    static const char *const NOT[] = {"xylophone", "concatenate", "glass of water", "blue dog on a red background", "shirt",
                                      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
    status st = {0};
    image_words *w = parse(LIST, &st);
    assert_non_null(w);
    for (size_t i = 0; i < sizeof KNOWN / sizeof KNOWN[0]; i++)
        if (!image_words_known(w, KNOWN[i])) fail_msg("'%s' is not known", KNOWN[i]);
    for (size_t i = 0; i < sizeof NOT / sizeof NOT[0]; i++)
        if (image_words_known(w, NOT[i])) fail_msg("'%s' is known", NOT[i]);
    image_words_close(w);
}

static void test_nearest(void **state)
{
    (void)state;
    const char *name[IMAGE_WORDS_NEAREST];
    status st = {0};
    image_words *w = parse(LIST, &st);
    assert_int_equal(image_words_nearest(w, "a blue xylophone", name), 3);
    assert_string_equal(name[0], "saxophone"); /* 3 of 9 */
    assert_string_equal(name[1], "telephone"); /* 4 of 9 */
    assert_int_equal(image_words_nearest(w, "cta, aplpe", name), 3);
    assert_string_equal(name[0], "apple"); /* one swap in 5 */
    assert_string_equal(name[1], "cat");   /* one in 3 */
    assert_int_equal(image_words_nearest(w, "on a red background", name), 0);
    image_words_close(w);
    w = parse("cat", &st);
    assert_int_equal(image_words_nearest(w, "cet cut bat", name), 1);
    assert_string_equal(name[0], "cat");
    image_words_close(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_list), cmocka_unit_test(test_known), cmocka_unit_test(test_nearest)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
