/* What people and models write, on the worst inputs known: tokenizers, what answers must be, texts, chat templates (growth.h). */
#include "growth.h"

#include <stdio.h>
#include <stdlib.h>

#include "audio/kokoro_voice.h"
#include "audio/normalize.h"
#include "audio/segment.h"
#include "audio/ssml.h"
#include "audio/token.h"
#include "core/arena.h"
#include "core/file.h"
#include "core/json.h"
#include "core/text_out.h"
#include "text/constraint_source.h"
#include "text/encoder_prompt.h"
#include "text/jinja.h"
#include "text/tokenizer.h"

#define TOKENIZERS SOURCE_DIR "/tests/golden/tokenizer/"

/* ---- tokenizers ---- */

/* A letter and then the piece again and again. */
static char *behind_a_letter(const char *piece, size_t n, size_t *size)
{
    size_t rest;
    char *marks = repeated(piece, n, &rest), *text = new_text(rest + 1);
    text[0] = 'a';
    memcpy(text + 1, marks, rest);
    alloc_free(marks);
    *size = rest + 1;
    return text;
}

static void encode(void *thing, const char *data, size_t size)
{
    status st = {0};
    tokenizer_ids ids = {0};
    if (!tokenizer_encode(thing, data, size, TOKENIZER_PARSE_SPECIAL, &ids, &st)) fail_msg("%s", st.msg);
    tokenizer_ids_free(&ids);
}

static void test_tokenizers(void **state)
{
    (void)state;
    static const char *const files[] = {"qwen2.json", "llama2.json", "llama3.json", "smollm.json", "clip.json"};
    static const char *const pieces[] = {"a", " ", "\n", "ab", "0", "\xCC\x81\xCC\xA3", "\xE2\x96\x81", "\xF0\x9F\x98\x80", "\xFF", "\xE2", "a\xFF", "<|im_end|>",
                                         "<|", " \n", "A", "'s", "\xE4\xB8\xAD", "\t \xC2\xA0", "\xEF\xB7\xBA", "!"};
    for (size_t i = 0; i < COUNT(files); i++) {
        status st = {0};
        char path[512];
        size_t size;
        snprintf(path, sizeof path, TOKENIZERS "%s", files[i]);
        char *json = file_read(path, 64 << 20, &size, &st);
        tokenizer *t = json ? tokenizer_open_json(json, size, path, &st) : NULL;
        if (!t) fail_msg("%s", st.msg);
        run_all(files[i], encode, t, pieces, COUNT(pieces), 60000);
        grows_well(files[i], encode, t, behind_a_letter, "\xCC\x81\xCC\xA3", 60000);
        tokenizer_free(t);
        alloc_free(json);
    }
}

/* A tokenizer file with the given normalizer and pre-tokenizer. */
static tokenizer *small_tokenizer(const char *normalizer, const char *pre)
{
    status st = {0};
    text_out json = {.st = &st};
    text_out_format(&json, "{\"normalizer\": %s, \"pre_tokenizer\": %s, \"model\": {\"type\": \"BPE\", \"unk_token\": \"a\", \"vocab\": {\"a\": 0, \"b\": 1, \"aa\": 2, "
                           "\"aaaa\": 3}, \"merges\": [\"a a\", \"aa aa\"]}}", normalizer, pre);
    tokenizer *t = tokenizer_open_json(json.data, json.size, "small", &st);
    if (!t) fail_msg("%s", st.msg);
    text_out_free(&json);
    return t;
}

static const char *encode_error(const tokenizer *t, const char *text, size_t size, status *st)
{
    tokenizer_ids ids = {0};
    *st = (status){0};
    bool ok = tokenizer_encode(t, text, size, 0, &ids, st);
    tokenizer_ids_free(&ids);
    return ok ? "" : st->msg;
}

static void test_steps_that_multiply(void **state)
{
    (void)state;
    status st = {0};
    text_out steps = {.st = &st};
    text_out_add(&steps, "{\"type\": \"Sequence\", \"normalizers\": [");
    for (int i = 0; i < 16; i++) text_out_format(&steps, "%s{\"type\": \"Replace\", \"pattern\": {\"String\": \"a\"}, \"content\": \"aaaaaaaa\"}", i ? ", " : "");
    text_out_add(&steps, "]}");
    tokenizer *t = small_tokenizer(steps.data, "null");
    uint64_t before = alloc_in_use();
    alloc_reset_peak();
    assert_non_null(strstr(encode_error(t, "a", 1, &st), "steps add more than"));
    assert_int_equal(st.code, STATUS_INPUT);
    assert_true(alloc_peak() - before < 4 << 20);
    tokenizer_free(t);
    text_out_free(&steps);
    t = small_tokenizer("null", "{\"type\": \"Sequence\", \"pretokenizers\": [{\"type\": \"Metaspace\", \"replacement\": \"        \"}, {\"type\": \"Metaspace\", "
                                "\"replacement\": \"        \"}, {\"type\": \"Metaspace\", \"replacement\": \"        \"}, {\"type\": \"Metaspace\", \"replacement\": \"        \"}, "
                                "{\"type\": \"Metaspace\", \"replacement\": \"        \"}, {\"type\": \"Metaspace\", \"replacement\": \"        \"}]}");
    assert_non_null(strstr(encode_error(t, " ", 1, &st), "steps add more than"));
    tokenizer_free(t);
    t = small_tokenizer("{\"type\": \"Replace\", \"pattern\": {\"String\": \"b\"}, \"content\": \"aa\"}", "null"); /* a sound one stays sound */
    assert_string_equal(encode_error(t, "bbbbbbbb", 8, &st), "");
    tokenizer_free(t);
}

static void test_regular_expressions(void **state)
{
    (void)state;
    static const char *const expressions[] = {"(a+)+b", "a*a*a*a*b|c", "[\\\\s\\\\S]*x"};
    size_t size;
    char *text = repeated("a", 200000, &size);
    for (size_t i = 0; i < COUNT(expressions); i++) {
        status st;
        char pre[200];
        snprintf(pre, sizeof pre, "{\"type\": \"Split\", \"pattern\": {\"Regex\": \"%s\"}, \"behavior\": \"Isolated\"}", expressions[i]);
        tokenizer *t = small_tokenizer("null", pre);
        double begin = thread_seconds();
        encode_error(t, text, size, &st);
        if (!status_ok(&st)) assert_int_equal(st.code, STATUS_INPUT);
        assert_true(thread_seconds() - begin < 20); /* 200 KB may take 2 s and a last search */
        tokenizer_free(t);
    }
    alloc_free(text);
}

/* ---- what answers must be ---- */

static void read_source(void *thing, const char *data, size_t size)
{
    status st = {0};
    automaton_free(constraint_source_read(&(constraint_source){.kind = *(const answer_kind *)thing, .where = "growth", .text = data, .size = size}, &(constraint_thoughts){0}, NULL, &st));
}

static char *grammar_text(const char *piece, size_t n, size_t *size) { return with_front("root ::= ", 9, piece, n, size); }
static char *rule_chain(const char *piece, size_t n, size_t *size)
{
    status st = {0};
    text_out t = {.st = &st};
    text_out_add(&t, "root ::= r0\n");
    for (size_t i = 0; t.size < n; i++) text_out_format(&t, "r%zu ::= \"x\" %s r%zu | \"y\"\n", i, piece, i + 1);
    *size = t.size;
    return t.data;
}

/* {"front": [piece0, piece1, …]} or with names. */
static char *schema_list(const char *piece, size_t n, size_t *size)
{
    status st = {0};
    text_out t = {.st = &st};
    bool names = *piece == ':';
    text_out_format(&t, names ? "{\"properties\": {" : "{\"%s\": [", *piece == 'e' ? "enum" : "anyOf");
    for (size_t i = 0; t.size < n; i++)
        if (names) text_out_format(&t, "%s\"n%zu\": {\"type\": \"integer\"}", i ? ", " : "", i);
        else if (*piece == 'e') text_out_format(&t, "%s\"value %zu\"", i ? ", " : "", i * 7919);
        else text_out_format(&t, "%s{\"const\": \"%zu\"}", i ? ", " : "", i);
    text_out_add(&t, names ? "}}" : "]}");
    *size = t.size;
    return t.data;
}

static void test_answers(void **state)
{
    (void)state;
    answer_kind gbnf = ANSWER_GRAMMAR, regex = ANSWER_REGEX, by_schema = ANSWER_SCHEMA;
    static const char *const items[] = {"\"ab\" ", "[a-z] ", "\"a\"? ", "\"a\"* ", "( ", "\"a\" | ", "[a", "\\", "# ", "\n", "a", "(\"a\")", "{2,3}", "\"a\"{9} ", "\"a\"{900}", "r ", ". ", "[^a] "};
    for (size_t i = 0; i < COUNT(items); i++) grows_well("a grammar", read_source, &gbnf, grammar_text, items[i], 40000);
    grows_well("a grammar's rules", read_source, &gbnf, rule_chain, "", 100000);
    grows_well("a grammar's rules", read_source, &gbnf, rule_chain, "[a-z]{1,9}", 100000);
    static const char *const patterns[] = {"a", "a?", "a*", "(a|b)", "(a|b)*a", "[a-z]", "\\d", "(", "a{9}", "a{900}", "|", "a|", "\\u00e9", ".", ".*", "[", "(a?)*", "^"};
    run_all("a pattern", read_source, &regex, patterns, COUNT(patterns), 40000);
    static const char *const schemas[] = {"{\"properties\": {\"a\": ", "[", "{\"allOf\": [", "{\"anyOf\": [{}, ", "{\"items\": "};
    run_all("a schema", read_source, &by_schema, schemas, COUNT(schemas), 40000);
    grows_well("a schema's enum", read_source, &by_schema, schema_list, "e", 100000);
    grows_well("a schema's names", read_source, &by_schema, schema_list, ":", 30000);
    grows_well("a schema's branches", read_source, &by_schema, schema_list, "b", 40000);
}

/* ---- what people write ---- */

static void parse_mixture(void *thing, const char *data, size_t size)
{
    (void)thing;
    status st = {0};
    char *text = alloc_string(data, size, &st);
    kokoro_voice_is_name(text);
    alloc_free(text);
}

static void parse_ssml(void *thing, const char *data, size_t size)
{
    (void)thing;
    status st = {0};
    ssml_document d;
    arena *mem = arena_new(&st);
    ssml_parse(&d, data, size, mem, &st);
    arena_free(mem);
}

static char *ssml_text(const char *piece, size_t n, size_t *size) { return with_front("<speak>", 7, piece, n, size); }

static void say(void *thing, const char *data, size_t size)
{
    (void)thing;
    status st = {0};
    size_t at = 0;
    for (segment s; segment_next(data, size, &at, &s);) {
        arena *mem = arena_new(&st);
        mapped_text in = mapped_text_new(mem, &st);
        for (size_t i = s.from; i < s.to; i++) mapped_text_add(&in, data + i, 1, (uint32_t)i, (uint32_t)i + 1);
        normalize_text(&in, &(normalize_options){0});
        arena_free(mem);
    }
}

static void say_as(void *thing, const char *data, size_t size)
{
    status st = {0};
    arena *mem = arena_new(&st);
    mapped_text in = mapped_text_new(mem, &st);
    for (size_t i = 0; i < size; i++) mapped_text_add(&in, data + i, 1, (uint32_t)i, (uint32_t)i + 1);
    normalize_say_as(&in, thing);
    arena_free(mem);
}

static void parse_prompt(void *thing, const char *data, size_t size)
{
    (void)thing, (void)size;
    status st = {0};
    int count;
    arena *mem = arena_new(&st);
    encoder_prompt_parse(mem, data, &count, &st);
    arena_free(mem);
}

static void read_template(void *thing, const char *data, size_t size)
{
    (void)thing;
    status st = {0};
    jinja_free(jinja_parse(data, size, "template", &st));
}

static void test_texts(void **state)
{
    (void)state;
    static const char *const marks[] = {"<s>", "<break/>", "<break time='1s'/>x", "<say-as interpret-as='digits'>1</say-as>", "&amp;", "<p>x</p>",
                                        "<sub alias='b'>a</sub>", "<phoneme ph='a'>b</phoneme>", "<prosody rate='slow'>a</prosody>", "x", "<desc>"};
    for (size_t i = 0; i < COUNT(marks); i++) grows_well("SSML", parse_ssml, NULL, ssml_text, marks[i], 100000);
    static const char *const voices[] = {"af_heart+", "af_heart:1+", "af_", "a", ":1", "af_heart:0.0000001"};
    run_all("a mixture of voices", parse_mixture, NULL, voices, COUNT(voices), 400000);
    static const char *const words[] = {"1", "1/", "$", "a.", "1,", "(", "-", "&", "http://a", "@a", "#", "I", "'", "1:", "a ", " ", ".", "\n", "1 ", "\xC2\xA0", "1st ", "IV ",
                                        "\xE2\x82\xAC" "1 ", "a-", "1.5e9 ", "%", "x^2 ", "\xCC\x81", "\xFF", "A.B.", "555-1234 ", "1/2 "};
    run_all("speech", say, NULL, words, COUNT(words), 40000);
    static const char *const kinds[] = {"characters", "spell-out", "verbatim", "digits", "telephone", "digit", "ordinal", "year", "cardinal", "number", "integer"};
    static const char *const contents[] = {"1", "1 ", ".1", "1.", "1,", "1,234", "1 234", "1.299,00", ".", "a", "\xC3\xA9", " ", "\xFF", "-1"};
    for (size_t i = 0; i < COUNT(kinds); i++) run_all(kinds[i], say_as, (void *)(uintptr_t)kinds[i], contents, COUNT(contents), 30000);
    static const char *const weights_[] = {"(", "[", "(a", "(a:1.1)", ":1", "\\(", ")", "[a]", "a,", "(a:", "((a))"};
    run_all("a prompt's weights", parse_prompt, NULL, weights_, COUNT(weights_), 200000);
    static const char *const programs[] = {"<|im_start|>system\n", "{{ a }}", "{{ 'a' }}", "{% set a = 1 %}", "{# a #}", "{{", "{%", "{{ a -}} ", "\n  {%- if a %}{% endif %}", "{% raw %}a{% endraw %}"};
    run_all("a chat template", read_template, NULL, programs, COUNT(programs), 400000);
}

/* ---- what a chat template does with a text ---- */

/* Every method of strings, every filter and every test, on the text s; with ! before it: it may be refused. */
static const char *const USES[] = {
    "s.upper()", "s.lower()", "s.strip()", "s.lstrip()", "s.rstrip()", "!s.strip(s)", "s.strip('abc')", "s.split()", "s.split('a')", "s.split(s[1:])", "s.split(h ~ 'b')", "s.rsplit()", "s.rsplit('a')",
    "s.rsplit(s[1:])", "s.rsplit(h ~ 'b')", "s.rsplit('b' ~ h)", "s.rsplit(h)", "s.splitlines()", "s.splitlines(true)", "s.startswith(s)", "s.startswith((s, h))", "s.endswith(s)", "s.endswith(h)", "s.replace('a', 'b')", "s.replace(h ~ 'b', '')",
    "s.replace('', '-')", "s.title()", "s.capitalize()", "s.find('z')", "s.find(h ~ 'b')", "s.rfind('z')", "s.rfind(h ~ 'b')", "s.rfind('b' ~ h)", "s.rfind(h)", "s.index(h)", "s.rindex(h)", "s.count('a')", "s.count(h)", "s.count(h ~ 'b')", "s.count('')",
    "s.join(['a', 'b'])", "'-'.join(s)", "!s.format(1)", "'{}'.format(s)", "!('{' ~ s ~ '}').format(1)", "!('{}' ~ s).format(1)", "s.isdigit()", "s.isdecimal()", "s.isnumeric()", "s.isalpha()", "s.isalnum()", "s.isspace()", "s.isupper()", "s.islower()", "s.zfill(5)",
    "s.zfill(n + 5)", "s.ljust(n + 5)", "s.rjust(n + 5)", "s.center(n + 5)", "s.removeprefix(s)", "s.removeprefix(h ~ 'b')", "s.removesuffix(s)", "s.removesuffix(h)", "s.swapcase()", "s.partition('z')", "s.partition(h ~ 'b')", "s.rpartition('z')",
    "s.rpartition(h ~ 'b')", "s.rpartition('b' ~ h)", "s.rpartition(h)", "(s | list).index(s[-1:])", "(s | list).count('a')", "(s | list).copy()", "{'a': s}.get(s)", "{s: 1}.get(s ~ '')", "{s: s}.items()", "{s: 1}.keys()", "{s: 1}.values()", "{s: 1}.copy()",
    "s | upper", "s | lower", "s | capitalize", "s | title", "s | trim", "!s | trim(s)", "s | replace('a', 'b')", "s | replace(h ~ 'b', '')", "s | indent", "s | indent(h)", "s | center(n + 5)", "s | string", "s | safe", "s | escape", "s | e", "s | wordcount", "!s | format(1)",
    "'%s' | format(s)", "!('%' ~ s) % 1", "'%r' % s", "s | int", "s | float", "!s | abs", "!s | round", "s | default('a')", "s | d('a')", "{s: 1} | attr(s)", "s | attr(s)", "s[s]", "{s: 1}[s ~ '']", "s | length", "(s ~ '') | length",
    "(s | trim) | length", "s | count", "s | tojson", "s | tojson(ensure_ascii=true)", "[s] | tojson(indent=2)", "{s: 1} | tojson(sort_keys=true)", "{s: 1, h: 2} | tojson(sort_keys=true)", "s | first", "s | last", "s | min", "s | max", "!s | sum", "[s, h, s] | max", "s | join('-')",
    "![{'a': 1}] | join('-', attribute=s)", "s | list", "{s: 1} | items | list", "s | reverse", "(s | list) | reverse | list", "!s | sort", "[s, h, s ~ 'b', s] | sort(case_sensitive=true)", "![{'a': 1}] | sort(attribute=s ~ ',')", "{s: 1, h: 2} | dictsort", "s | unique | list",
    "s | batch(3) | list", "s | map('upper') | list", "[s, h] | map('lower') | list", "!s | map(s) | list", "![{'a': 1}] | map(attribute=s) | list", "s | select | list", "s | reject('upper') | list", "!s | select(s) | list", "[{'a': s}] | selectattr('a', 'upper') | list",
    "[{'a': s}] | rejectattr('a', 'eq', s) | list", "![{'a': s}] | selectattr(s) | list", "s is defined", "s is undefined", "s is none", "s is boolean", "s is true", "s is false", "s is integer", "s is float", "s is number", "s is string", "s is mapping", "s is sequence",
    "s is iterable", "s is callable", "!s is odd", "!s is even", "s is lower", "s is upper", "!s is filter", "!s is test", "s is escaped", "!s is divisibleby(2)", "!s is sameas(s)", "s is eq(s ~ '')", "s is equalto(s ~ '')", "s is ne(s ~ '')", "s is lt(s ~ '')", "s is lessthan(s ~ 'b')",
    "s is le(s ~ '')", "s is gt(s ~ '')", "s is greaterthan(s ~ '')", "s is ge(s ~ '')", "s is in(s ~ '')", "s == s ~ ''", "s != s ~ ''", "s < s ~ ''", "s <= s ~ ''", "s > s ~ ''", "s >= s ~ ''", "h ~ 'b' in s", "s[-1]", "s[1:]", "s[::-1]", "s[::2]", "s ~ s", "s + s", "s * 2", "!s % 1",
    "[s, s] == [s ~ '', s ~ '']", "[s] < [s ~ '']", "{s: s} == {s ~ '': s ~ ''}", "[s] | string", "s.__len__", "s and h", "dict({s: 1})", "namespace(a=s)", "!strftime_now(s)", "!raise_exception(s)", "!range(s)", "dict(**{s: s})",
};

typedef struct {
    jinja *t;
    const char *use;
    bool fails; /* it may */
} use_of_text;

static void use_text(void *thing, const char *data, size_t size)
{
    const use_of_text *u = thing;
    status st = {0};
    json_t *text = json_stringn_nocheck(data, size);
    jinja_variable s = {"given", text, JINJA_GIVEN, NULL};
    jinja_output out = {0};
    if (!jinja_run(u->t, &(jinja_input){&s, 1, 0}, &out, &st) && !u->fails) fail_msg("%s: %s", u->use, st.msg);
    jinja_output_free(&out);
    json_decref(text);
}

/* The names in a table of jinja's: between from and to, each in the quotes that `open` begins, or a word of it. */
static void each_is_used(const char *file, const char *from, const char *to, const char *open, const char *close)
{
    status st = {0};
    char path[512];
    size_t size, names = 0;
    snprintf(path, sizeof path, SOURCE_DIR "/text/%s", file);
    char *text = file_read(path, 1 << 20, &size, &st), *at = text ? strstr(text, from) : NULL, *end = at ? strstr(at, to) : NULL;
    if (!end) fail_msg("%s: no %s", file, from);
    while ((at = strstr(at, open)) && at < end) {
        size_t length = strcspn(at += strlen(open), "\"");
        for (const char *stop = at + length, *word = at; word < stop; word += strcspn(word, " \"") + 1) {
            int n = (int)strcspn(word, " \"");
            bool used = n == 0 || !strspn(word, "abcdefghijklmnopqrstuvwxyz");
            char call[3][64];
            snprintf(call[0], 64, ".%.*s(", n, word);
            snprintf(call[1], 64, "| %.*s", n, word);
            snprintf(call[2], 64, "is %.*s", n, word);
            for (size_t i = 0; i < COUNT(USES) && !used; i++)
                for (int k = 0; k < 3 && !used; k++) used = strstr(USES[i], call[k]) != NULL;
            if (!used) fail_msg("%s: nothing here uses %.*s", file, n, word);
            names++;
        }
        at += length;
        if (close && strncmp(at, close, strlen(close)) == 0) break;
    }
    assert_true(names > 0);
    alloc_free(text);
}

static void test_template_uses(void **state)
{
    (void)state;
    static const char *const pieces[] = {"a", "\xC3\xA9", " ", "ab,", "9.", "{}", "%"};
    each_is_used("jinja_filter.c", "} FILTERS[] = {", "};", "{\"", NULL);
    each_is_used("jinja_filter_list.c", "} filters[] = {", "};", "{\"", NULL);
    each_is_used("jinja_test.c", "} TESTS[] = {", "};", "{\"", NULL);
    each_is_used("jinja_call.c", "{VALUE_STRING, METHOD_KNOWN", "{VALUE_STRING, METHOD_UNKNOWN", "\"", NULL);
    for (size_t i = 0; i < COUNT(USES); i++) {
        char program[400];
        status st = {0};
        bool fails = USES[i][0] == '!';
        const char *use = USES[i] + fails;
        snprintf(program, sizeof program, "{%% set s = given ~ '' %%}{%% set n = s | length %%}{%% set h = s[:n // 2] %%}{%% set x = %s %%}", use);
        use_of_text u = {jinja_parse(program, strlen(program), "use", &st), use, fails};
        if (!u.t && !fails) fail_msg("%s: %s", use, st.msg);
        for (size_t k = 0; u.t && k < COUNT(pieces); k++) grows_well(use, use_text, &u, repeated, pieces[k], 30000);
        jinja_free(u.t);

        /* Again and again on a text of two megabytes: the steps end it. */
        snprintf(program, sizeof program, "{%% set s = (given * 1000) * 700 %%}{%% set n = s | length %%}{%% set h = s[:n // 2] %%}{%% for i in range(99999) %%}{%% set x = %s %%}{%% endfor %%}", use);
        u = (use_of_text){jinja_parse(program, strlen(program), "use", &st), use, true};
        for (size_t k = 0; u.t && k < 2; k++) {
            double begin = thread_seconds();
            use_text(&u, k ? "a\xC3\xA9" : "aaa", 3);
            if (thread_seconds() - begin > 3) fail_msg("%s: %.1f s in a loop", use, thread_seconds() - begin);
        }
        jinja_free(u.t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_tokenizers),
        cmocka_unit_test(test_steps_that_multiply),
        cmocka_unit_test(test_regular_expressions),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_template_uses),
    };
    json_use_alloc();
    cmocka_set_test_filter(getenv("ONLY")); /* one by its name; all where it is not set */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
