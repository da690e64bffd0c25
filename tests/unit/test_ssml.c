/* SSML: what its elements do, where words come from, and markup made to hurt. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audio/ssml.h"
#include "core/alloc.h"

static ssml_document parse(const char *text, arena *mem)
{
    status st = {0};
    ssml_document d;
    if (!ssml_parse(&d, text, strlen(text), mem, &st)) fail_msg("%s: %s", text, st.msg);
    return d;
}

static void test_elements(void **state)
{
    (void)state;
    status st = {0};
    arena *mem = arena_new(&st);
    ssml_document d = parse(
        "<speak>a <break time='250ms'/><prosody rate='fast'>b <prosody rate='50%'>c</prosody></prosody> d</speak>",
        mem);
    assert_string_equal(d.text.text, "a b c d");
    static const struct {
        size_t at;
        ssml_event_kind kind;
        double value;
    } wanted[] = {
        {2, SSML_BREAK, 0.25}, {2, SSML_RATE, 1.25}, {4, SSML_RATE, 0.625}, {5, SSML_RATE, 1.25}, {5, SSML_RATE, 1}};
    assert_int_equal(d.events, 5);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(d.event[i].at, wanted[i].at);
        assert_int_equal(d.event[i].kind, wanted[i].kind);
        assert_true(d.event[i].value == wanted[i].value);
    }
    static const char *const texts[][2] = {
        {"<speak><sub alias='World Wide Web'>WWW</sub>!</speak>", "World Wide Web!"},
        {"<speak><phoneme alphabet='ipa' ph='həlˈO'>hi</phoneme></speak>", "[hi](/həlˈO/)"},
        {"<speak><say-as interpret-as='characters'>ab1</say-as></speak>", "A.B one"},
        {"<speak><say-as interpret-as='ordinal'>3</say-as></speak>", "third"},
        {"<speak><say-as interpret-as='cardinal'>1999</say-as></speak>", "one thousand nine hundred ninety nine"},
        {"<speak><say-as interpret-as='digits'>42</say-as></speak>", "four two"},
        {"<speak><say-as interpret-as='date'>3/4</say-as></speak>", "3/4"},
        {"<speak>a<metadata>b<x>c</x></metadata><emphasis>d</emphasis>&amp;&#65;</speak>", "ad&A"},
        {"<speak xmlns='http://www.w3.org/2001/10/synthesis' xml:lang='en'/>", ""},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_string_equal(parse(texts[i][0], mem).text.text, texts[i][1]);
    arena_free(mem);
}

static void test_places(void **state)
{
    (void)state;
    status st = {0};
    arena *mem = arena_new(&st);
    const char *text = "<speak>x &lt; <sub alias='long'>s</sub></speak>";
    ssml_document d = parse(text, mem);
    assert_string_equal(d.text.text, "x < long");
    assert_int_equal(d.text.from[2], 9);
    assert_int_equal(d.text.to[2], 13);
    assert_int_equal(d.text.from[5], strstr(text, "s</sub>") - text);
    assert_int_equal(d.text.to[5], strstr(text, "</sub>") - text);
    arena_free(mem);
}

static void test_refusals(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "hello",
        "<speak>",
        "<speak></x>",
        "<x/>",
        "<speak/><speak/>",
        "<speak>&unknown;</speak>",
        "<speak>\xFF</speak>",
        "<!DOCTYPE speak [<!ENTITY a 'b'>]><speak>&a;</speak>",
        "<speak><break time='fast'/></speak>",
        "<speak><break time='-1s'/></speak>",
        "<speak><prosody rate='nan'>x</prosody></speak>",
        "<speak><prosody rate='0'>x</prosody></speak>",
        "<speak><sub>x</sub></speak>",
        "<speak><phoneme>x</phoneme></speak>",
        "<speak><phoneme ph='a)/'>x</phoneme></speak>",
        "<speak><say-as>x</say-as></speak>",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        status st = {0};
        arena *mem = arena_new(&st);
        ssml_document d;
        assert_false(ssml_parse(&d, bad[i], strlen(bad[i]), mem, &st));
        assert_int_equal(st.code, STATUS_INPUT);
        assert_non_null(strstr(st.msg, "line"));
        arena_free(mem);
    }
}

/* A million open elements are refused at the 65th, in little memory. */
static void test_deep_nesting(void **state)
{
    (void)state;
    size_t n = 1000000;
    char *text = malloc(n * 3 + 8);
    memcpy(text, "<speak>", 7);
    for (size_t i = 0; i < n; i++) memcpy(text + 7 + i * 3, "<p>", 3);
    status st = {0};
    uint64_t before = alloc_peak();
    arena *mem = arena_new(&st);
    ssml_document d;
    assert_false(ssml_parse(&d, text, n * 3 + 7, mem, &st));
    assert_non_null(strstr(st.msg, "nest"));
    assert_true(alloc_peak() - before < (uint64_t)32 << 20);
    arena_free(mem);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_elements), cmocka_unit_test(test_places),
                                       cmocka_unit_test(test_refusals), cmocka_unit_test(test_deep_nesting)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
