/* Patterns and JSON schemas as grammars: which texts fit, and what is refused by name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/json.h"
#include "text/constraint_source.h"
#include "text/language.h"
#include "text/readings.h"

static automaton *made_of(answer_kind kind, const char *text, const constraint_thoughts *first, status *st)
{
    return constraint_source_read(&(constraint_source){.kind = kind, .where = "test", .text = text, .size = strlen(text)}, first, NULL, st);
}

static bool fits(const automaton *a, const char *text)
{
    status st = {0};
    readings_pool p;
    readings now = {0}, closed = {0};
    assert_true(readings_pool_init(&p, a, &st) && readings_begin(&p, &now, &st));
    for (const char *c = text; *c && now.count; c++)
        assert_true(readings_close(&p, now.frame, now.count, &closed, &st) && readings_step(&p, &closed, (uint8_t)*c, &now, &st));
    assert_true(readings_close(&p, now.frame, now.count, &closed, &st));
    bool whole = now.count > 0 && readings_may_end(&p, &closed);
    readings_free(&now);
    readings_free(&closed);
    readings_pool_free(&p);
    return whole;
}

static void check(answer_kind kind, const char *what, const char *const *good, const char *const *bad)
{
    status st = {0};
    automaton *a = made_of(kind, what, &(constraint_thoughts){0}, &st);
    if (!a) fail_msg("%s: %s", what, st.msg);
    for (; *good; good++)
        if (!fits(a, *good)) fail_msg("%s: %s does not fit", what, *good);
    for (; *bad; bad++)
        if (fits(a, *bad)) fail_msg("%s: %s fits", what, *bad);
    automaton_free(a);
}
#define TEXTS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define REGEX(what, good, bad) check(ANSWER_REGEX, what, good, bad)
#define SCHEMA(what, good, bad) check(ANSWER_SCHEMA, what, good, bad)

static void refuses(answer_kind kind, const char *what, const char *why)
{
    status st = {0};
    automaton *a = made_of(kind, what, &(constraint_thoughts){0}, &st);
    if (a || st.code != STATUS_USAGE || !strstr(st.msg, why)) fail_msg("%s: '%s' (%d), '%s' wanted", what, st.msg, st.code, why);
    automaton_free(a);
}

static void test_patterns(void **state)
{
    (void)state;
    REGEX("a|bc", TEXTS("a", "bc"), TEXTS("", "ab", "abc"));
    REGEX("^(?:yes|no)$", TEXTS("yes", "no"), TEXTS("yesno", ""));
    REGEX("a{2,3}b*c?d+?", TEXTS("aad", "aaabbbcdd"), TEXTS("ad", "aaaad", "aac"));
    REGEX("[a-c\\d_\\-]{3,60}", TEXTS("a1_", "---", "abcabcabcabc"), TEXTS("ab", "abd", "ABC"));
    REGEX("[^a\\s]x", TEXTS("bx", "\xC3\xA9x", "-x"), TEXTS("ax", " x", "\xC2\xA0x"));
    REGEX("\\w\\W\\d\\D\\s\\S", TEXTS("a-1x \xC3\xA9", "Z.9\xC3\xA9\t!"), TEXTS("a-1x x ", "\xC3\xA9-1x x", "a\xC3\xA9"));
    REGEX("[^\\W]", TEXTS("a", "_"), TEXTS("-", "\xC3\xA9"));
    REGEX("\\u00e9\\x41\\u{1F600}\\uD83D\\uDE00\\.\\/\\n\\t\\0?", TEXTS("\xC3\xA9" "A\xF0\x9F\x98\x80\xF0\x9F\x98\x80./\n\t"), TEXTS("\xC3\xA9" "A"));
    REGEX(".", TEXTS("a", "\xE4\xB8\xAD"), TEXTS("\n", "\r", "\xE2\x80\xA8", "ab"));
    REGEX("(?<year>\\d{4})-(?P<m>\\d\\d)", TEXTS("2026-12"), TEXTS("26-12"));
    REGEX("x{,3}|{|a{b}", TEXTS("x{,3}", "{", "a{b}"), TEXTS("xxx"));
    REGEX("(a|b)?(a|b)?(a|b)?", TEXTS("", "a", "bb", "aba"), TEXTS("abab", "c"));
    REGEX("((ab){2,9}c){2,9}", TEXTS("ababcababc"), TEXTS("abcabc", "ababc"));
    REGEX("^^a$$", TEXTS("a"), TEXTS(""));
    REGEX("(^a|b)c", TEXTS("ac", "bc"), TEXTS("c"));
    REGEX("[\\]a]*", TEXTS("a", "]"), TEXTS("b"));
}

static void test_pattern_refusals(void **state)
{
    (void)state;
    static const char *const wrong[][2] = {{"(a", "no closing bracket"}, {"a)", "opens nowhere"}, {"[a", "no closing bracket"}, {"*a", "nothing to repeat"}, {"a**", "nothing to repeat"},
                                           {"a++", "possessive"}, {"(?=a)", "looking ahead"}, {"(?<!a)", "looking ahead or behind"}, {"(?i)a", "flags"}, {"(a)\\1", "references back"},
                                           {"\\bfoo", "\\b and \\B"}, {"\\p{L}", "\\p"}, {"a{3,2}", "upper bound"}, {"[z-a]", "before its beginning"}, {"[a-\\d]", "ends with a class"},
                                           {"a^b", "at the beginning and the end"}, {"\\q", "not known"}, {"\\ud83d", "half of a character"}, {"\\x4", "hexadecimal"}, {"a\\", "not known"},
                                           {"a{9999999}", "at most 1048576"}, {"\\01", "octal"}, {"[^\\s\\S]", "no text fits"}, {"[]a]", "empty class"}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) refuses(ANSWER_REGEX, wrong[i][0], wrong[i][1]);
}

/* Sets of texts: what two patterns, bounds and lists leave. */
static void test_languages(void **state)
{
    (void)state;
    status st = {0};
    pattern *p = pattern_parse("^[a-c]*$", 8, true, "p", &st), *q = pattern_parse("b", 1, true, "q", &st);
    language *a = language_of_pattern(p, &st), *b = language_of_pattern(q, &st);
    language *both = language_combine(a, b, LANGUAGE_AND, &st), *only = language_combine(a, b, LANGUAGE_WITHOUT, &st), *none = language_combine(only, b, LANGUAGE_AND, &st);
    language *words = language_of_texts((const char *const[]){"abc", "b", "\xC3\xA9"}, (const size_t[]){3, 1, 2}, 3, &st), *rest = language_combine(both, words, LANGUAGE_WITHOUT, &st);
    language *bounded = language_bounded(rest, 2, 4, &st), *long_ones = language_bounded(a, 3, GRAMMAR_ANY_TIMES, &st);
    assert_true(status_ok(&st));
    assert_true(language_holds(both, "aba", 3) && !language_holds(both, "aca", 3) && !language_holds(both, "abd", 3));
    assert_true(language_holds(only, "aca", 3) && language_holds(only, "", 0) && !language_holds(only, "b", 1) && language_is_empty(none));
    assert_true(language_holds(words, "\xC3\xA9", 2) && !language_holds(words, "ab", 2) && !language_holds(words, "", 0));
    assert_true(language_holds(rest, "abcb", 4) && !language_holds(rest, "abc", 3) && !language_holds(rest, "b", 1));
    assert_true(language_holds(bounded, "ab", 2) && !language_holds(bounded, "abcbb", 5) && !language_holds(bounded, "abc", 3));
    assert_true(language_holds(long_ones, "abcabc", 6) && !language_holds(long_ones, "ab", 2));
    language *all[] = {a, b, both, only, none, words, rest, bounded, long_ones};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) language_free(all[i]);
    pattern_free(p);
    pattern_free(q);
}

static void test_values(void **state)
{
    (void)state;
    SCHEMA("{\"type\": \"boolean\"}", TEXTS("true", "false"), TEXTS("null", "1"));
    SCHEMA("{\"type\": [\"null\", \"integer\"]}", TEXTS("null", "0", "-12", "999999999999999"), TEXTS("1.5", "-0", "01", "1e3", "true"));
    SCHEMA("{\"type\": \"number\"}", TEXTS("0", "-0.5", "12.75", "1e9", "2.5E-10", "-0"), TEXTS("01", ".5", "1.", "+1", "1e", "NaN"));
    SCHEMA("{\"enum\": [1, \"a\\\"b\", null, [1, {\"x\": 2.5}], 0.1]}", TEXTS("1", "\"a\\\"b\"", "null", "[1, {\"x\": 2.5}]", "0.1"), TEXTS("2", "\"a\"", "[1,{\"x\":2.5}]"));
    SCHEMA("{\"const\": \"x\", \"type\": \"string\"}", TEXTS("\"x\""), TEXTS("\"y\"", "x"));
    SCHEMA("{\"enum\": [1, 2, 3, \"a\"], \"type\": \"integer\", \"minimum\": 2}", TEXTS("2", "3"), TEXTS("1", "\"a\""));
    SCHEMA("{\"type\": \"string\"}", TEXTS("\"\"", "\"a b\"", "\"\\n\\u00e9\\\"\\\\\\/\"", "\"\xE4\xB8\xAD\"", "\"\\uD7FF\""), TEXTS("\"", "\"\n\"", "\"\\x\"", "\"\\u12\"", "\"\\ud83d\"", "\"\\u0000\"", "a"));
    SCHEMA("{\"type\": \"string\", \"minLength\": 2, \"maxLength\": 3}", TEXTS("\"ab\"", "\"\xE4\xB8\xAD\xE4\xB8\xAD\xE4\xB8\xAD\"", "\"\\n\\u0041\""), TEXTS("\"a\"", "\"abcd\"", "\"\""));
    SCHEMA("{\"minLength\": 70, \"maxLength\": 71}", TEXTS("\"1234567890123456789012345678901234567890123456789012345678901234567890\""), TEXTS("\"123456789012345678901234567890123456789012345678901234567890123456789\""));
    SCHEMA("{}", TEXTS("1", "\"a\"", "[]", "{}", "{\"a\": [1, null, {\"b\": true}]}"), TEXTS("", "{a: 1}", "[1,]", "[1 2]"));
    SCHEMA("true", TEXTS("null"), TEXTS("nul"));
}

static void test_strings(void **state)
{
    (void)state;
    SCHEMA("{\"pattern\": \"^[a-z]{2}$\"}", TEXTS("\"ab\""), TEXTS("\"abc\"", "\"AB\""));
    SCHEMA("{\"pattern\": \"b\"}", TEXTS("\"b\"", "\"abc\"", "\"\\nb\""), TEXTS("\"a\"", "\"\""));
    SCHEMA("{\"pattern\": \"^a.*z$\", \"maxLength\": 4}", TEXTS("\"az\"", "\"abcz\""), TEXTS("\"abcdz\"", "\"a\""));
    SCHEMA("{\"pattern\": \"^[a-z ]*$\", \"minLength\": 3, \"maxLength\": 9}", TEXTS("\"a b\"", "\"abcdefghi\""), TEXTS("\"ab\"", "\"abcdefghij\"", "\"A b\""));
    SCHEMA("{\"pattern\": \"^(ab|c)+$\", \"minLength\": 3, \"maxLength\": 5}", TEXTS("\"abc\"", "\"ccc\"", "\"ababc\""), TEXTS("\"ab\"", "\"ababab\"", "\"cccccc\""));
    SCHEMA("{\"allOf\": [{\"pattern\": \"^[a-m]\"}, {\"pattern\": \"z$\"}, {\"maxLength\": 3}]}", TEXTS("\"az\"", "\"mqz\""), TEXTS("\"zz\"", "\"aqqz\"", "\"a\""));
    SCHEMA("{\"pattern\": \"^[\\\"\\\\\\\\\\\\n]$\"}", TEXTS("\"\\\"\"", "\"\\\\\"", "\"\\n\""), TEXTS("\"\"\"", "\"n\""));
    SCHEMA("{\"format\": \"date\"}", TEXTS("\"2024-02-29\"", "\"1999-12-31\"", "\"2000-02-29\""), TEXTS("\"2023-02-29\"", "\"1900-02-29\"", "\"2024-13-01\"", "\"2024-04-31\"", "\"0000-01-01\""));
    SCHEMA("{\"format\": \"time\"}", TEXTS("\"23:59:59Z\"", "\"00:00:00.123+02:00\""), TEXTS("\"24:00:00Z\"", "\"12:60:00Z\"", "\"12:00:00\""));
    SCHEMA("{\"format\": \"date-time\"}", TEXTS("\"2024-02-29T10:20:30Z\""), TEXTS("\"2024-02-30T10:20:30Z\"", "\"2024-02-29 10:20:30Z\""));
    SCHEMA("{\"format\": \"uuid\"}", TEXTS("\"123e4567-e89b-12d3-a456-426614174000\""), TEXTS("\"123e4567e89b12d3a456426614174000\""));
    SCHEMA("{\"format\": \"ipv4\"}", TEXTS("\"0.0.0.0\"", "\"255.1.20.199\""), TEXTS("\"256.1.1.1\"", "\"01.1.1.1\"", "\"1.1.1\""));
    SCHEMA("{\"format\": \"email\"}", TEXTS("\"a.b@example.org\""), TEXTS("\"a\"", "\"a@b\"", "\"@x.org\""));
}

static void test_numbers(void **state)
{
    (void)state;
    SCHEMA("{\"type\": \"integer\", \"minimum\": -3, \"maximum\": 12}", TEXTS("-3", "-1", "0", "9", "10", "12"), TEXTS("-4", "13", "-0", "100", "1.0", "-10"));
    SCHEMA("{\"type\": \"integer\", \"exclusiveMinimum\": 98, \"exclusiveMaximum\": 1001}", TEXTS("99", "100", "555", "1000"), TEXTS("98", "1001", "9"));
    SCHEMA("{\"type\": \"integer\", \"minimum\": 17}", TEXTS("17", "18", "99", "100", "123456789"), TEXTS("16", "1", "-20", "0"));
    SCHEMA("{\"type\": \"integer\", \"maximum\": -5}", TEXTS("-5", "-10", "-123456"), TEXTS("-4", "0", "5"));
    SCHEMA("{\"type\": \"integer\", \"minimum\": 0.5, \"maximum\": 2.5}", TEXTS("1", "2"), TEXTS("0", "3"));
    SCHEMA("{\"minimum\": 0.25, \"maximum\": 1.5}", TEXTS("0.25", "0.250", "0.3", "1", "1.0", "1.5", "1.49999", "1.50"), TEXTS("0.2", "0.24999", "0", "1.51", "1.500001", "2", "-1"));
    SCHEMA("{\"exclusiveMinimum\": 0, \"exclusiveMaximum\": 0.001}", TEXTS("0.0001", "0.00099999"), TEXTS("0", "0.0", "0.001", "0.0010", "1"));
    SCHEMA("{\"minimum\": -1.5, \"maximum\": -0.5}", TEXTS("-1.5", "-1", "-0.5", "-0.75"), TEXTS("-1.51", "-0.49", "0", "-2", "1"));
    SCHEMA("{\"minimum\": -2, \"exclusiveMaximum\": 3}", TEXTS("-2", "-0.5", "0", "2.999"), TEXTS("-2.001", "3", "3.0", "-0", "-0.0"));
    SCHEMA("{\"minimum\": 1e20, \"maximum\": 1e21, \"type\": [\"number\", \"null\"]}", TEXTS("null"), TEXTS("1"));
    SCHEMA("{\"maximum\": 1e300, \"minimum\": 5}", TEXTS("5", "999999999999999"), TEXTS("4"));
    refuses(ANSWER_SCHEMA, "{\"type\": \"integer\", \"minimum\": 3, \"maximum\": 2}", "no text fits");
}

static void test_arrays(void **state)
{
    (void)state;
    SCHEMA("{\"items\": {\"type\": \"boolean\"}}", TEXTS("[]", "[true]", "[true, false]"), TEXTS("[true,false]", "[1]", "[true, ]"));
    SCHEMA("{\"items\": {\"const\": 1}, \"minItems\": 2, \"maxItems\": 3}", TEXTS("[1, 1]", "[1, 1, 1]"), TEXTS("[1]", "[1, 1, 1, 1]", "[]"));
    SCHEMA("{\"items\": {\"const\": 1}, \"maxItems\": 0}", TEXTS("[]"), TEXTS("[1]"));
    SCHEMA("{\"prefixItems\": [{\"const\": 1}, {\"const\": 2}], \"items\": {\"const\": 3}, \"minItems\": 1, \"maxItems\": 4}", TEXTS("[1]", "[1, 2]", "[1, 2, 3]", "[1, 2, 3, 3]"), TEXTS("[]", "[2]", "[1, 3]", "[1, 2, 3, 3, 3]"));
    SCHEMA("{\"prefixItems\": [{\"const\": 1}], \"items\": false, \"minItems\": 1}", TEXTS("[1]"), TEXTS("[]", "[1, 1]"));
    SCHEMA("{\"prefixItems\": [{\"const\": 1}, {\"const\": 2}]}", TEXTS("[]", "[1]", "[1, 2]"), TEXTS("[1, 2, 3]"));
    SCHEMA("{\"items\": [{\"const\": 1}], \"additionalItems\": {\"const\": 2}}", TEXTS("[1, 2, 2]", "[]"), TEXTS("[2]"));
    SCHEMA("{\"items\": {\"const\": 1}, \"minItems\": 40, \"maxItems\": 40}", TEXTS("[1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"), TEXTS("[1, 1]"));
}

static void test_objects(void **state)
{
    (void)state;
    SCHEMA("{\"properties\": {\"a\": {\"const\": 1}, \"b\": {\"const\": 2}}, \"required\": [\"b\"]}", TEXTS("{\"b\": 2}", "{\"a\": 1, \"b\": 2}"), TEXTS("{}", "{\"a\": 1}", "{\"b\": 2, \"a\": 1}", "{\"b\": 2, \"c\": 3}"));
    SCHEMA("{\"type\": \"object\"}", TEXTS("{}", "{\"x\": [1], \"y\": {}}"), TEXTS("[]"));
    SCHEMA("{\"properties\": {\"a\": {\"const\": 1}}, \"additionalProperties\": {\"const\": 2}}", TEXTS("{}", "{\"a\": 1}", "{\"a\": 1, \"b\": 2, \"aa\": 2}", "{\"x\": 2}"), TEXTS("{\"a\": 2}", "{\"a\": 1, \"a\": 2}", "{\"b\": 1}"));
    SCHEMA("{\"properties\": {}, \"required\": [\"x\"]}", TEXTS("{\"x\": null}"), TEXTS("{}"));
    SCHEMA("{\"patternProperties\": {\"^s_\": {\"const\": 1}, \"_e$\": {\"enum\": [1, 2]}}}", TEXTS("{}", "{\"s_a\": 1}", "{\"a_e\": 2}", "{\"s_e\": 1}"), TEXTS("{\"s_a\": 2}", "{\"s_e\": 2}", "{\"q\": 1}"));
    SCHEMA("{\"properties\": {\"s_x\": {\"type\": \"integer\"}}, \"patternProperties\": {\"^s_\": {\"enum\": [1, \"a\"]}}, \"required\": [\"s_x\"]}", TEXTS("{\"s_x\": 1}", "{\"s_x\": 1, \"s_y\": \"a\"}"), TEXTS("{\"s_x\": \"a\"}", "{\"s_x\": 2}"));
    SCHEMA("{\"additionalProperties\": {\"const\": 1}, \"minProperties\": 1, \"maxProperties\": 2}", TEXTS("{\"a\": 1}", "{\"a\": 1, \"b\": 1}"), TEXTS("{}", "{\"a\": 1, \"b\": 1, \"c\": 1}"));
    SCHEMA("{\"properties\": {\"a\": {\"const\": 1}, \"b\": {\"const\": 1}, \"c\": {\"const\": 1}}, \"minProperties\": 1, \"maxProperties\": 2}", TEXTS("{\"a\": 1}", "{\"a\": 1, \"c\": 1}", "{\"b\": 1, \"c\": 1}"), TEXTS("{}", "{\"a\": 1, \"b\": 1, \"c\": 1}"));
    SCHEMA("{\"additionalProperties\": {\"const\": 1}, \"propertyNames\": {\"pattern\": \"^[a-b]+$\", \"maxLength\": 2}}", TEXTS("{\"ab\": 1}", "{}"), TEXTS("{\"abb\": 1}", "{\"c\": 1}", "{\"\": 1}"));
    SCHEMA("{\"allOf\": [{\"properties\": {\"a\": {\"type\": \"integer\"}}, \"required\": [\"a\"]}, {\"properties\": {\"a\": {\"minimum\": 5}, \"b\": {\"const\": 1}}}]}", TEXTS("{\"a\": 5}", "{\"a\": 7, \"b\": 1}"), TEXTS("{\"a\": 4}", "{\"b\": 1}", "{\"a\": 5.5}"));
    SCHEMA("{\"properties\": {\"q\\\"\": {\"const\": 1}}, \"required\": [\"q\\\"\"]}", TEXTS("{\"q\\\"\": 1}"), TEXTS("{}"));
    SCHEMA("{\"properties\": {\"a\": false, \"b\": {\"const\": 1}}}", TEXTS("{}", "{\"b\": 1}"), TEXTS("{\"a\": 1}"));
}

static void test_references(void **state)
{
    (void)state;
    SCHEMA("{\"$ref\": \"#/$defs/l\", \"$defs\": {\"l\": {\"anyOf\": [{\"type\": \"null\"}, {\"type\": \"array\", \"prefixItems\": [{\"const\": 1}, {\"$ref\": \"#/$defs/l\"}], \"minItems\": 2}]}}}", TEXTS("null", "[1, null]", "[1, [1, null]]"), TEXTS("[1]", "[1, 1]"));
    SCHEMA("{\"type\": \"object\", \"properties\": {\"c\": {\"type\": \"array\", \"items\": {\"$ref\": \"#\"}}}, \"required\": [\"c\"]}", TEXTS("{\"c\": []}", "{\"c\": [{\"c\": []}, {\"c\": []}]}"), TEXTS("{}", "{\"c\": [1]}"));
    SCHEMA("{\"$ref\": \"#/$defs/a~1b%25\", \"maximum\": 3, \"$defs\": {\"a/b%\": {\"type\": \"integer\", \"minimum\": 3}}}", TEXTS("3"), TEXTS("4", "2"));
    SCHEMA("{\"$id\": \"http://x/y\", \"items\": {\"$ref\": \"http://x/y#n\"}, \"$defs\": {\"q\": {\"$anchor\": \"n\", \"const\": 1}}}", TEXTS("[1]"), TEXTS("[2]"));
    SCHEMA("{\"oneOf\": [{\"type\": \"object\", \"properties\": {\"k\": {\"const\": \"a\"}}, \"required\": [\"k\"]}, {\"type\": \"object\", \"properties\": {\"k\": {\"const\": \"b\"}}, \"required\": [\"k\"]}, {\"type\": \"null\"}]}", TEXTS("{\"k\": \"a\"}", "{\"k\": \"b\"}", "null"), TEXTS("{\"k\": \"c\"}"));
    SCHEMA("{\"oneOf\": [{\"type\": \"integer\", \"minimum\": 5}, {\"type\": \"integer\", \"maximum\": 4}, {\"type\": \"string\", \"pattern\": \"^a\"}, {\"type\": \"string\", \"pattern\": \"^b\"}]}", TEXTS("5", "4", "\"a\"", "\"b\""), TEXTS("\"c\""));
    SCHEMA("{\"anyOf\": [{\"required\": [\"a\"]}, {\"required\": [\"b\"]}], \"properties\": {\"a\": {\"const\": 1}, \"b\": {\"const\": 2}}}", TEXTS("{\"a\": 1}", "{\"b\": 2}", "{\"a\": 1, \"b\": 2}"), TEXTS("{}"));
}

static void test_schema_refusals(void **state)
{
    (void)state;
    static const char *const wrong[][2] = {
        {"{", "no JSON schema"}, {"1", "a schema wanted"}, {"{\"type\": \"text\"}", "\"type\""}, {"{\"not\": {}}", "\"not\" cannot be held"}, {"{\"if\": {}}", "\"if\" cannot be held"},
        {"{\"properties\": {\"a\": {\"uniqueItems\": true}}}", "#/properties/a: \"uniqueItems\" cannot be held"}, {"{\"multipleOf\": 3}", "\"multipleOf\""}, {"{\"contains\": {}}", "\"contains\""},
        {"{\"format\": \"iri\"}", "\"format\": 'iri' cannot be held"}, {"{\"$ref\": \"#/x\"}", "'#/x' is not there"}, {"{\"$ref\": \"http://other/\"}", "another document"},
        {"{\"pattern\": \"(?=a)\"}", "looking ahead"}, {"{\"pattern\": \"(a\"}", "no closing bracket"}, {"{\"enum\": 3}", "a list wanted"}, {"{\"required\": [1]}", "a list of names"},
        {"{\"minLength\": -1}", "a whole number"}, {"{\"minLength\": 9999999}", "at most"}, {"{\"oneOf\": [{\"type\": \"string\"}, {\"maxLength\": 3, \"type\": \"string\"}]}", "branches 1 and 2 may both hold"},
        {"{\"oneOf\": [{\"properties\": {\"a\": {\"const\": 1}}}, {\"properties\": {\"a\": {\"const\": 2}}}]}", "branches 1 and 2"}, {"false", "no text fits"}, {"{\"enum\": []}", "no text fits"},
        {"{\"oneOf\": [{\"properties\": {\"k\": {\"const\": \"a\"}}, \"required\": [\"k\"]}, {\"type\": \"null\"}]}", "branches 1 and 2"}, /* properties say nothing of null */
        {"{\"additionalProperties\": {}, \"minProperties\": 3}", "minProperties"}, {"{\"unevaluatedProperties\": false, \"allOf\": []}", "unevaluatedProperties"}, {"{\"$ref\": \"#/$defs/a\", \"$defs\": {\"a\": {\"type\": \"array\", \"items\": {\"$ref\": \"#/$defs/a\"}, \"minItems\": 1}}}", "no text fits"},
        {"{\"maximum\": \"3\"}", "a number wanted"}, {"{\"properties\": []}", "an object wanted"}, {"{\"allOf\": {}}", "a list wanted"}, {"{\"a\": 1, \"a\": 2}", "duplicate"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) refuses(ANSWER_SCHEMA, wrong[i][0], wrong[i][1]);
}

static void test_thoughts(void **state)
{
    (void)state;
    status st = {0};
    automaton *a = made_of(ANSWER_REGEX, "yes|no", &(constraint_thoughts){.closing = "</think>"}, &st);
    if (!a) fail_msg("%s", st.msg);
    assert_true(fits(a, "well</think>yes") && fits(a, "</think>\n\nno") && fits(a, "a < b </th </thi</think> yes") && fits(a, "<</think>no") && fits(a, "\xFF</think>no"));
    assert_false(fits(a, "yes") || fits(a, "well</think>") || fits(a, "well</think>maybe") || fits(a, "a</think>b</think>yes"));
    automaton_free(a);
}

int main(void)
{
    json_use_alloc();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_patterns), cmocka_unit_test(test_pattern_refusals), cmocka_unit_test(test_languages), cmocka_unit_test(test_values), cmocka_unit_test(test_strings), cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_arrays), cmocka_unit_test(test_objects), cmocka_unit_test(test_references), cmocka_unit_test(test_schema_refusals), cmocka_unit_test(test_thoughts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
