/* Grammars: which texts fit, which grammars are refused, and masks against every token tried by itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/rng.h"
#include "text/constraint.h"
#include "text/grammar_gbnf.h"
#include "text/readings.h"

#define TOKENIZERS SOURCE_DIR "/tests/golden/tokenizer/"

static automaton *of_gbnf(const char *text, status *st)
{
    grammar *g = grammar_new(st);
    automaton *a = g && grammar_read_gbnf(g, text, strlen(text), "test", st) ? automaton_new(g, st) : NULL;
    grammar_free(g);
    return a;
}

/* Whether the text is followed to its end, and whether it may end there. */
static bool follow(const automaton *a, const char *text, size_t size, bool *whole)
{
    status st = {0};
    readings_pool p;
    readings now = {0}, closed = {0};
    assert_true(readings_pool_init(&p, a, &st) && readings_begin(&p, &now, &st));
    for (size_t i = 0; i < size && now.count; i++)
        assert_true(readings_close(&p, now.frame, now.count, &closed, &st) && readings_step(&p, &closed, (uint8_t)text[i], &now, &st));
    assert_true(readings_close(&p, now.frame, now.count, &closed, &st));
    bool alive = now.count > 0;
    *whole = alive && readings_may_end(&p, &closed);
    readings_free(&now);
    readings_free(&closed);
    readings_pool_free(&p);
    return alive;
}

static bool fits(const automaton *a, const char *text)
{
    bool whole;
    return follow(a, text, strlen(text), &whole) && whole;
}

static void check_texts(const char *grammar_text, const char *const *good, const char *const *bad)
{
    status st = {0};
    automaton *a = of_gbnf(grammar_text, &st);
    if (!a) fail_msg("%s: %s", grammar_text, st.msg);
    for (; *good; good++)
        if (!fits(a, *good)) fail_msg("%s: '%s' does not fit", grammar_text, *good);
    for (; *bad; bad++)
        if (fits(a, *bad)) fail_msg("%s: '%s' fits", grammar_text, *bad);
    automaton_free(a);
}
#define TEXTS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void test_texts(void **state)
{
    (void)state;
    check_texts("root ::= \"a\" | \"bc\"", TEXTS("a", "bc"), TEXTS("", "b", "ab", "bcc"));
    check_texts("root ::= \"a\"{2,3} [b-d]* \"e\"?", TEXTS("aa", "aaa", "aabcd", "aae", "aadddde"), TEXTS("a", "aaaa", "aaee", "aaf"));
    check_texts("root ::= [a-z]{3,100} \"!\"", TEXTS("abc!", "aaaaaaaaaaaaaaaaaaaaaaaaa!"), TEXTS("ab!", "abc", "!"));
    check_texts("root ::= \"x\"{7}", TEXTS("xxxxxxx"), TEXTS("xxxxxx", "xxxxxxxx"));
    check_texts("root ::= \"x\"{5,}", TEXTS("xxxxx", "xxxxxxxxxxxxxx"), TEXTS("xxxx", ""));
    check_texts("root ::= (\"a\"?){6,9} \"b\"", TEXTS("b", "aaab", "aaaaaaaaab"), TEXTS("aaaaaaaaaab", "a"));
    check_texts("root ::= (\"ab\" | \"a\"){6,9}", TEXTS("aaaaaa", "abababababab", "aabaabaab"), TEXTS("aaaaa", "aaaaaaaaaa", "bbbbbb"));
    check_texts("root ::= ([a-z]{1,8} \" \"){5,7} \".\"", TEXTS("a b c d e .", "abcdefgh b c d e f g ."), TEXTS("a b c d .", "abcdefghi b c d e .", "a b c d e f g h ."));
    check_texts("root ::= .", TEXTS("a", "\xC3\xA9", "\xE4\xB8\xAD", "\xF0\x9F\x98\x80", "\n"), TEXTS("", "ab", "\xFF", "\xC3", "\xED\xA0\x80", "\xC0\x80", "\xF4\x90\x80\x80"));
    check_texts("root ::= [^a-c\\n]+", TEXTS("xyz", "\xC3\xA9", "d]\\\""), TEXTS("a", "xb", "\n", ""));
    check_texts("root ::= [\\u00e9-\\u4e2d\\U0001F600]", TEXTS("\xC3\xA9", "\xE4\xB8\xAD", "\xF0\x9F\x98\x80", "\xE0\xA0\x80", "\xDF\xBF"), TEXTS("\xC3\xA8", "\xE4\xB8\xAE", "\xF0\x9F\x98\x81"));
    check_texts("root ::= \"\\x41\\n\\\"\\\\\"", TEXTS("A\n\"\\"), TEXTS("A"));
    check_texts("# a comment\nroot ::= list # one more\n\nlist ::= \"[\" (\n item\n (\",\" item)*\n)? \"]\"\nitem ::= [0-9] |\n list\n",
                TEXTS("[]", "[1]", "[1,[2,3],[[]]]"), TEXTS("[", "[1,]", "[]]"));
    check_texts("root ::= e\ne ::= t (\"+\" t)*\nt ::= [0-9]+ | \"(\" e \")\"", TEXTS("1", "1+2", "(1+(2+34))+5"), TEXTS("+", "(1", "1+)"));
    check_texts("root ::= a\na ::= \"x\" a | \"x\"", TEXTS("x", "xxxxxxxxx"), TEXTS("", "xy"));                    /* right recursion */
    check_texts("root ::= p\np ::= \"a\" p \"b\" | \"\"", TEXTS("", "ab", "aaabbb"), TEXTS("aab", "abb", "ba"));       /* counting by the stack */
    check_texts("root ::= p\np ::= \"a\" p \"a\" | \"a\"", TEXTS("a", "aaa", "aaaaa"), TEXTS("", "aa", "aaaa"));      /* ambiguous while it is read */
    check_texts("root ::= \"a\" \"\" | dead\ndead ::= \"x\" dead", TEXTS("a"), TEXTS("x", "xx"));                       /* what never ends is not there */
    check_texts("root ::= x{6,8}\nx ::= \"a\" y | \"b\"\ny ::= x?", TEXTS("bbbbbb", "aaaabbbbb", "aaaaaa"), TEXTS("bbbbb", ""));
    check_texts("root ::= o{6,8} \".\"\no ::= (\"[\" o \"]\")?", TEXTS(".", "[].", "[[]][]."), TEXTS("[.", "[]"));         /* a counted thing that may be empty by a call */
    check_texts("root ::= o{6,} \".\"\no ::= (\"[\" o \"]\")?", TEXTS(".", "[][][][][][][][]."), TEXTS("[.", ""));
    check_texts("root ::= \"a\"\n  # or\n  | \"b\" |\n \"c\"\n\n", TEXTS("a", "b", "c"), TEXTS("ab", ""));
    check_texts("root ::= \"a\"\nroot ::= \"b\"", TEXTS("b"), TEXTS("a"));
    check_texts("root ::= ((\"a\"{5,6}){5,6}){5,6}", TEXTS("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"), TEXTS("aaaaaaaaaaaaaaaaaaaaaaaaa"));
}

static void refuses(const char *text, const char *why)
{
    status st = {0};
    automaton *a = of_gbnf(text, &st);
    if (a || st.code != STATUS_USAGE || !strstr(st.msg, why)) fail_msg("%s: '%s' (%d), '%s' wanted", text, st.msg, st.code, why);
    automaton_free(a);
}

static void test_refusals(void **state)
{
    (void)state;
    refuses("", "no rule 'root'");
    refuses("a ::= \"x\"", "no rule 'root'");
    refuses("root ::= x", "the rule 'x' is not defined");
    refuses("root ::= \"a", "test:1:10: this text has no closing quote");
    refuses("root ::= [a", "no closing bracket");
    refuses("root ::= \"a\" )", "test:1:14: a line's end");
    refuses("root ::= (\"a\"", "')' wanted");
    refuses("root = \"a\"", "'::=' wanted");
    refuses("root ::= \"\\q\"", "escape is not known");
    refuses("root ::= \"\\x4\"", "two hexadecimal digits");
    refuses("root ::= \"\\ud800\"", "surrogate");
    refuses("root ::= [z-a]", "lies before its beginning");
    refuses("root ::= \"a\"{3,2}", "upper bound");
    refuses("root ::= \"a\"{3", "'}' wanted");
    refuses("root ::= \"a\"{99999999}", "at most 1048576");
    refuses("root ::= <[12]>", "tokens");
    refuses("root ::= *", "a line's end");
    refuses("root ::= root \"a\" | \"b\"", "left recursion");
    refuses("root ::= a \"x\"\na ::= b? root | \"z\"\nb ::= \"y\"", "left recursion");
    refuses("root ::= a\na ::= \"x\" a", "no text fits the rule 'root'");
    refuses("root ::= o{5000} \"x\"\no ::= (\"[\" o \"]\")?", "of what may be empty");
    refuses("root ::= ([ab]* \"a\" [ab] [ab] [ab] [ab] [ab] [ab] [ab] [ab] [ab] [ab] [ab] [ab] [ab] [ab] [ab] [ab] [ab] [ab] [ab] [ab]) \"c\"", "too large");
}

/* ---- masks ---- */

static tokenizer *open_tokenizer(const char *name)
{
    status st = {0};
    char path[512];
    size_t size;
    snprintf(path, sizeof path, TOKENIZERS "%s", name);
    char *json = file_read(path, 64 << 20, &size, &st);
    tokenizer *t = json ? tokenizer_open_json(json, size, path, &st) : NULL;
    if (!t) fail_msg("%s", st.msg);
    alloc_free(json);
    return t;
}

static size_t token_bytes(const tokenizer *t, int32_t id, bool first, char *out, size_t room)
{
    status st = {0};
    tokenizer_decoder d = {.started = !first, .stripped = first ? 0 : 1 << 20};
    tokenizer_bytes b = {0};
    assert_true(tokenizer_decode(t, &d, &id, 1, &b, &st));
    size_t n = b.size < room ? b.size : room;
    if (n) memcpy(out, b.data, n);
    tokenizer_bytes_free(&b);
    return n;
}

/* Whether a text that was followed so far can go on with these bytes: every token is tried so, by itself. */
static bool goes_on(readings_pool *p, const readings *now, const char *bytes, size_t size)
{
    status st = {0};
    int32_t frames = p->frames;
    readings at = {0}, closed = {0};
    for (size_t i = 0; i < now->count; i++) assert_true(readings_add(&at, now->frame[i], &st));
    for (size_t i = 0; i < size && at.count; i++)
        assert_true(readings_close(p, at.frame, at.count, &closed, &st) && readings_step(p, &closed, (uint8_t)bytes[i], &at, &st));
    bool alive = at.count > 0;
    readings_free(&at);
    readings_free(&closed);
    readings_release(p, frames);
    return alive;
}

/* Random texts token by token. */
static void check_masks(const tokenizer *t, const char *grammar_text, uint64_t seed, int steps)
{
    status st = {0};
    rng random = rng_seeded(seed);
    int32_t vocab = tokenizer_size(t);
    token_trie *trie = token_trie_new(t, vocab, &st);
    automaton *a = of_gbnf(grammar_text, &st);
    if (!a) fail_msg("%s: %s", grammar_text, st.msg);
    constraint *c = constraint_new(a, trie, &st);
    constraint_state *s = constraint_begin(c, &st);
    uint64_t *mask = malloc(constraint_mask_words(c) * sizeof *mask);
    char text[8192];
    size_t size = 0;
    readings_pool p;
    readings now = {0}, closed = {0};
    assert_true(s && constraint_warm(c, 0.01, &st) && readings_pool_init(&p, a, &st) && readings_begin(&p, &now, &st));
    for (int i = 0; i < steps && size < 4000; i++) {
        int32_t picked = -1;
        int64_t allowed = 0;
        if (!constraint_mask(s, mask, &st)) fail_msg("%s", st.msg);
        for (int32_t id = 0; id < vocab; id++) {
            size_t n = tokenizer_is_special(t, id) ? 0 : token_bytes(t, id, i == 0, text + size, 256);
            bool right = n > 0 && n <= 255 && goes_on(&p, &now, text + size, n);
            bool found = mask[id / 64] >> id % 64 & 1;
            if (right != found) fail_msg("%s: behind '%.*s' the token '%.*s' is %s", grammar_text, (int)size, text, (int)n, text + size, found ? "allowed" : "not allowed");
            if (right && rng_next(&random) % (uint64_t)++allowed == 0) picked = id;
        }
        bool whole;
        follow(a, text, size, &whole);
        assert_int_equal(whole, constraint_may_end(s));
        assert_int_equal(allowed == 0, constraint_must_end(s));
        tokenizer_ids forced = {0};
        assert_true(constraint_forced(s, t, &forced, &st));
        if (forced.count) picked = forced.id[0];
        if (picked >= 0) assert_true(mask[picked / 64] >> picked % 64 & 1);
        tokenizer_ids_free(&forced);
        if (picked < 0) break;
        size_t n = token_bytes(t, picked, i == 0, text + size, 256);
        for (size_t j = 0; j < n; j++)
            assert_true(readings_close(&p, now.frame, now.count, &closed, &st) && readings_step(&p, &closed, (uint8_t)text[size + j], &now, &st));
        size += n;
        if (!constraint_take(s, picked, &st)) fail_msg("%s", st.msg);
    }
    free(mask);
    readings_free(&now);
    readings_free(&closed);
    readings_pool_free(&p);
    constraint_end(s);
    constraint_release(c);
    token_trie_free(trie);
}

static void test_masks(void **state)
{
    (void)state;
    static const char *const grammars[] = {
        "root ::= .*",
        "root ::= [a-z]{2,30} \" \" [a-z]{1,5} (\".\" | \"!\")",
        "root ::= \"{\" ws \"\\\"name\\\"\" ws \":\" ws s \",\" ws \"\\\"age\\\": \" [0-9]{1,3} \"}\"\nws ::= [ \\n]*\ns ::= \"\\\"\" c{1,12} \"\\\"\"\nc ::= [^\"\\\\\\x00-\\x1f] | \"\\\\\" ([\"\\\\nrt] | \"u\" [0-9a-f]{4})",
        "root ::= o\no ::= \"{\" (p (\", \" p)*)? \"}\"\np ::= s \": \" v\nv ::= s | o | l | n | \"true\" | \"null\"\nl ::= \"[\" (v (\", \" v)*)? \"]\"\n"
        "s ::= \"\\\"\" [^\"\\\\\\x00-\\x1f]* \"\\\"\"\nn ::= \"-\"? [0-9]{1,15} (\".\" [0-9]{1,15})?",
        "root ::= e\ne ::= t (\" + \" t)*\nt ::= f (\" * \" f)*\nf ::= [a-z]+ | [0-9]+ | \"(\" e \")\"",
        "root ::= (w \" \"){5,9} w \".\"\nw ::= [a-z]{1,10} | [A-Z] [a-z]{5,}",
        "root ::= ([a-f]{1,6} [d-h]{2,7}){5,}",
        "root ::= p\np ::= [a-z] p [a-z] | [a-z]",
        "root ::= (\"the \" | \"then \" | \"there\"){6,20} .",
    };
    static const char *const tokenizers[] = {"smollm.json", "llama2.json"};
    for (size_t t = 0; t < sizeof tokenizers / sizeof *tokenizers; t++) {
        tokenizer *k = open_tokenizer(tokenizers[t]);
        for (size_t i = 0; i < sizeof grammars / sizeof *grammars; i++)
            for (uint64_t seed = 1; seed <= 4; seed++) check_masks(k, grammars[i], seed, 30);
        tokenizer_free(k);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_texts), cmocka_unit_test(test_refusals), cmocka_unit_test(test_masks)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
