/* filter: the list's grammar, what matches and what does not, levels and sides, and how much of a growing text can be shown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "provenance/filter.h"
#include "core/alloc.h"
#include "core/file.h"
#include "core/log.h"

static char path[] = "/tmp/aigc-filter-XXXXXX";

static filter *open_list(const char *text, status *st)
{
    assert_true(file_write(path, text, strlen(text), st));
    return filter_open(path, st);
}

static status_code ask(filter *f, filter_side side, const char *text)
{
    status st = {0};
    bool ok = filter_pass(f, side, "the text", text, strlen(text), 0, &st);
    assert_int_equal(ok, status_ok(&st));
    return st.code;
}

static const char LIST[] = "# a list\n\n[bad block]\nbomb\n  make   trouble \r\nüber\nc++\n/kill(ing|s)? \\w+/\n[mild warn]\ndarn\n[nothing off]\nhello\n"
                           "[in block prompt]\nquestion\n[out block output]\nanswer\n";

static void test_words(void **state)
{
    (void)state;
    status st = {0};
    filter *f = open_list(LIST, &st);
    assert_non_null(f);
    assert_int_equal(ask(f, FILTER_PROMPT, "a Bomb!"), STATUS_REFUSED);
    assert_int_equal(ask(f, FILTER_PROMPT, "bombs and bombast, abomb"), STATUS_OK);
    assert_int_equal(ask(f, FILTER_PROMPT, "MAKE\n trouble"), STATUS_REFUSED);
    assert_int_equal(ask(f, FILTER_PROMPT, "maketrouble"), STATUS_OK);
    assert_int_equal(ask(f, FILTER_PROMPT, "\xC3\x9C" "ber alles"), STATUS_REFUSED);
    assert_int_equal(ask(f, FILTER_PROMPT, "\xC3\xBC" "berall"), STATUS_OK);
    assert_int_equal(ask(f, FILTER_PROMPT, "I like C++."), STATUS_REFUSED);
    assert_int_equal(ask(f, FILTER_PROMPT, "I like ccc."), STATUS_OK);
    assert_int_equal(ask(f, FILTER_OUTPUT, "Killing time"), STATUS_REFUSED);
    assert_int_equal(ask(f, FILTER_OUTPUT, "killing"), STATUS_OK);
    assert_int_equal(ask(f, FILTER_OUTPUT, "darn, hello"), STATUS_OK);
    assert_int_equal(ask(f, FILTER_OUTPUT, "question"), STATUS_OK);
    assert_int_equal(ask(f, FILTER_PROMPT, "question"), STATUS_REFUSED);
    assert_int_equal(ask(f, FILTER_PROMPT, "answer"), STATUS_OK);
    assert_int_equal(ask(f, FILTER_OUTPUT, "answer"), STATUS_REFUSED);
    assert_int_equal(ask(f, FILTER_PROMPT, ""), STATUS_OK);
    assert_int_equal(ask(f, FILTER_PROMPT, "\xFF\xFE bomb \xC3"), STATUS_REFUSED); /* no UTF-8 hides nothing */
    assert_int_equal(ask(NULL, FILTER_PROMPT, "bomb"), STATUS_OK);
    assert_true(filter_has_output(f));
    filter_close(f);
    f = open_list("[a block prompt]\nx\n[b off]\ny\n", &st);
    assert_false(filter_has_output(f));
    filter_close(f);
}

/* However it is written, what is read as the word is the word; and what is another word is not. */
static void test_disguises(void **state)
{
    (void)state;
    static const char *const FOUND[] = {
        "a_bomb", "_bomb_", "bo\u00ADmb", "bo\u200Bmb", "b\u200Do\u2060m\uFEFFb", "\uFEFFbomb", "\uFF42\uFF4F\uFF4D\uFF42", "\u24B7\u24C4\u24C2\u24B7",
        "bo\uFE0Fmb", "bo\U000E0101mb", "b\u0336o\u0336m\u0336b\u0336", "bo\u0301mb", "b\u00F3mb", "b\u043Emb", "\u0299\u1D0F\u1D0D\u0299", "bo\x01mb", "bo\xFFmb",
        "\U0001F171\U0001F17E\U0001F17C\U0001F171", "\U0001D41B\U0001D428\U0001D426\U0001D41B", "bo\u202Emb", "make_trouble", "MAKE-trouble", "make\u2014trouble", "make\u00A0trouble",
        "u\u0308ber", "bo\u034Fmb", "bo\uE000mb"};
    static const char *const OTHER[] = {"b\u00F6mbe", "make, then trouble", "uber", "bo mb", "b-o-m-b", "\u0431\u043E\u043C\u0431\u0430", "\u7206\u5F39", "caf\u00E9"};
    status st = {0};
    filter *f = open_list(LIST, &st);
    assert_non_null(f);
    for (size_t i = 0; i < sizeof FOUND / sizeof FOUND[0]; i++) {
        if (ask(f, FILTER_PROMPT, FOUND[i]) != STATUS_REFUSED) fail_msg("'%s' passes", FOUND[i]);
        if (ask(f, FILTER_OUTPUT, FOUND[i]) != STATUS_REFUSED) fail_msg("'%s' passes as an output", FOUND[i]);
    }
    for (size_t i = 0; i < sizeof OTHER / sizeof OTHER[0]; i++)
        if (ask(f, FILTER_PROMPT, OTHER[i]) != STATUS_OK) fail_msg("'%s' is refused", OTHER[i]);
    filter_close(f);
    f = open_list("\xEF\xBB\xBF[bad block]\ncafe\u0301\nbrand_name\n/\\bsly\\b/\n", &st); /* the list's own words are read so too */
    assert_non_null(f);
    assert_int_equal(ask(f, FILTER_PROMPT, "a caf\u00E9"), STATUS_REFUSED);
    assert_int_equal(ask(f, FILTER_PROMPT, "a cafe"), STATUS_OK);
    assert_int_equal(ask(f, FILTER_PROMPT, "brand_name"), STATUS_REFUSED);
    assert_int_equal(ask(f, FILTER_PROMPT, "a brand name"), STATUS_REFUSED);
    assert_int_equal(ask(f, FILTER_PROMPT, "_s\u200Bly_"), STATUS_REFUSED);
    filter_close(f);
}

/* Two lists: neither stands for the other. */
static void test_lists(void **state)
{
    (void)state;
    status st = {0}, verdict = {0};
    filter *first = open_list("[a block]\none\n", &st), *second = open_list("[b warn]\ntwo\n", &st);
    filter_lists both = {{first, second}}, mild = {{NULL, second}}, none = {{NULL, NULL}};
    assert_false(filter_lists_pass(&both, FILTER_PROMPT, "it", "one", 3, &verdict));
    verdict = (status){0};
    assert_true(filter_lists_pass(&both, FILTER_PROMPT, "it", "two", 3, &verdict));
    assert_true(filter_lists_pass(&none, FILTER_PROMPT, "it", "one", 3, &verdict));
    assert_true(filter_lists_unreadable(&mild, "it", &verdict));
    assert_true(filter_lists_unreadable(&none, "it", &verdict));
    assert_false(filter_lists_unreadable(&both, "it", &verdict));
    assert_int_equal(verdict.code, STATUS_REFUSED);
    filter_close(first);
    filter_close(second);
}

static void test_verdict(void **state)
{
    (void)state;
    status st = {0}, verdict = {0};
    filter *f = open_list("[bad block]\n/x+/\n", &st);
    assert_false(filter_pass(f, FILTER_PROMPT, "the prompt", "a xx\x1b b", 7, 0, &verdict));
    assert_non_null(strstr(verdict.msg, ": the prompt has 'xx', category 'bad'"));
    char text[400];
    memset(text, 'x', sizeof text);
    verdict = (status){0};
    assert_false(filter_pass(f, FILTER_PROMPT, "it", text, sizeof text, 0, &verdict));
    assert_non_null(strstr(verdict.msg, "xx…', category 'bad'"));
    filter_close(f);
    /* an expression without end does not let the text pass */
    f = open_list("[bad block]\n/^(a|aa|a?a)+b?$/\n", &st);
    memset(text, 'a', sizeof text);
    text[sizeof text - 1] = '!';
    verdict = (status){0};
    assert_false(filter_pass(f, FILTER_PROMPT, "it", text, sizeof text, 0, &verdict));
    assert_int_equal(verdict.code, STATUS_FAIL);
    filter_close(f);
}

static void test_window(void **state)
{
    (void)state;
    status st = {0}, verdict = {0};
    filter *f = open_list("[bad block]\nabc def\n", &st);
    char *text = alloc_array(20000, 1, &st);
    memset(text, ' ', 20000);
    memcpy(text + 15000, "abc", 3);
    memcpy(text + 15010, "def", 3);
    assert_false(filter_pass(f, FILTER_OUTPUT, "it", text, 20000, 15005, &verdict)); /* it began in what was looked at before */
    verdict = (status){0};
    assert_true(filter_pass(f, FILTER_OUTPUT, "it", text, 15012, 15005, &verdict));
    alloc_free(text);
    filter_close(f);
}

static void test_faults(void **state)
{
    (void)state;
    static const char *const WRONG[] = {"word\n", "[a]\n", "[a block\n", "[a many]\n", "[a block side]\n", "[a block prompt more]\n", "[a block]\n/(/\n", "[a block]\n/x\n", "[a block]\n/\n"};
    for (size_t i = 0; i < sizeof WRONG / sizeof WRONG[0]; i++) {
        status st = {0};
        assert_null(open_list(WRONG[i], &st));
        assert_int_equal(st.code, STATUS_INPUT);
        char place[80];
        snprintf(place, sizeof place, "%s:%d: ", path, i >= 6 ? 2 : 1);
        assert_non_null(strstr(st.msg, place));
    }
    status st = {0};
    assert_null(filter_open("/no/such/list", &st));
    filter *f = open_list("", &(status){0});
    assert_non_null(f);
    filter_close(f);
}

static void test_certain(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t certain;
    } CASES[] = {{"", 0}, {"one two", 0}, {"One. Two", 4}, {"One.", 0}, {"One\nTwo. x", 8}, {"a\nb", 2}, {"3.14 is", 0}, {"Oh! ", 3}};
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) assert_int_equal(filter_certain(CASES[i].text, strlen(CASES[i].text)), CASES[i].certain);
}

static int make_file(void **state)
{
    (void)state;
    int fd = mkstemp(path);
    log_set_level(LOG_QUIET);
    return fd < 0 ? -1 : close(fd);
}

static int drop_file(void **state)
{
    (void)state;
    return unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_words), cmocka_unit_test(test_disguises), cmocka_unit_test(test_lists),
                                       cmocka_unit_test(test_verdict), cmocka_unit_test(test_window),
                                       cmocka_unit_test(test_faults), cmocka_unit_test(test_certain)};
    return cmocka_run_group_tests(tests, make_file, drop_file);
}
