/* text_cut: where the whole sentences of a text that was cut end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "engine/text_cut.h"
#include "core/alloc.h"

static void expect_whole(const char *text, const char *whole)
{
    status st = {0};
    size_t size;
    assert_true(text_cut_sentences(text, strlen(text), &size, &st));
    if (size != strlen(whole) || strncmp(text, whole, size) != 0) fail_msg("'%s': '%.*s' found, '%s' wanted", text, (int)size, text, whole);
}

static void sentences_are_whole(void **state)
{
    (void)state;
    expect_whole("One. Two. Thr", "One. Two.");
    expect_whole("One. Two.", "One. Two.");
    expect_whole("One. Two.\n", "One. Two.");
    expect_whole("He said \"Go!\" Then he", "He said \"Go!\"");
    expect_whole("He said \"Go!\"", "He said \"Go!\"");
    expect_whole("It was 3.5 metres. It was 3", "It was 3.5 metres.");
    expect_whole("He came late. He met Dr.", "He came late.");
    expect_whole("Is it? Yes! And th", "Is it? Yes!");
    expect_whole("\xE4\xB8\x80\xE3\x80\x82\xE4\xBA\x8C", "\xE4\xB8\x80\xE3\x80\x82");
    expect_whole("no end here", "");
    expect_whole("", "");
}

static void results_are_taken(void **state)
{
    (void)state;
    status st = {0};
    char *text;
    size_t size;
    generate_result r = {.reason = GENERATE_LENGTH, .text = "One. Tw", .text_size = 7, .count = 3};
    assert_true(text_cut_take(&r, TEXT_CUT_SENTENCE, &text, &size, &st));
    assert_string_equal(text, "One.");
    alloc_free(text);
    assert_true(text_cut_take(&r, TEXT_CUT_OPEN, &text, &size, &st));
    assert_string_equal(text, "One. Tw");
    alloc_free(text);
    r.reason = GENERATE_END; /* the model's own end is whole, whatever it looks like */
    assert_true(text_cut_take(&r, TEXT_CUT_SENTENCE, &text, &size, &st) && size == 7);
    alloc_free(text);
    assert_true(text_cut_take(&r, TEXT_CUT_FAIL, &text, &size, &st));
    alloc_free(text);
    r.reason = GENERATE_CONTEXT;
    assert_false(text_cut_take(&r, TEXT_CUT_FAIL, &text, &size, &st));
    assert_int_equal(st.code, STATUS_FAIL);
    assert_null(text);
}

static void names_are_known(void **state)
{
    (void)state;
    status st = {0};
    text_cut how;
    assert_true(text_cut_of(NULL, &how, &st) && how == TEXT_CUT_OPEN);
    assert_true(text_cut_of("sentence", &how, &st) && how == TEXT_CUT_SENTENCE);
    assert_false(text_cut_of("Sentence", &how, &st));
    assert_int_equal(st.code, STATUS_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(sentences_are_whole), cmocka_unit_test(results_are_taken), cmocka_unit_test(names_are_known)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
