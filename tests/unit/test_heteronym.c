/* The classifier of heteronyms: a table of its own making, cut at every byte; and the one that comes along, on sentences that were
 * in no training. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "audio/heteronym.h"
#include "core/alloc.h"

static const char TABLE[] = "{\"classes\": [\"lead_metal\", \"lead_verb\", \"@vrb\"], "
                            "\"words\": {\"lead\": [{\"class\": \"lead_metal\", \"us\": \"lˈɛd\", \"gb\": \"lˈɛd\"}, "
                            "{\"class\": \"lead_verb\", \"like\": \"@vrb\", \"us\": \"lˈid\", \"gb\": \"lˈiːd\"}]}, "
                            "\"weights\": {\"b\": {\"lead_metal\": 1}, \"w-1=to\": {\"@vrb\": 5}, \"w1=pipe\": {\"lead_metal\": 9}}}";

static heteronym *build(const char *json, size_t size, status *st)
{
    char *copy = alloc_array(size + 1, 1, st);
    memcpy(copy, json, size);
    copy[size] = 0;
    heteronym *h = heteronym_build(copy, size, "table", st);
    alloc_free(copy);
    return h;
}

/* The reading of the word `at` of a sentence of tagged words. */
static const char *read(const heteronym *h, const char *const *word, const char *const *tag, size_t n, size_t at, bool british, arena *mem, status *st)
{
    token_list list = {.mem = mem, .st = st};
    for (size_t i = 0; i < n; i++) token_add(&list, word[i], strlen(word[i]), 0, 1)->tag = tag[i];
    return heteronym_read(h, &list, at, british);
}

static void choice(void **state)
{
    (void)state;
    status st = {0};
    heteronym *h = build(TABLE, sizeof TABLE - 1, &st);
    assert_non_null(h);
    arena *mem = arena_new(&st);
    assert_string_equal(read(h, (const char *const[]){"a", "lead", "pipe"}, (const char *const[]){"DT", "NN", "NN"}, 3, 1, false, mem, &st), "lˈɛd");
    assert_string_equal(read(h, (const char *const[]){"to", "Lead", "them"}, (const char *const[]){"TO", "VB", "PRP"}, 3, 1, false, mem, &st), "lˈid");
    assert_string_equal(read(h, (const char *const[]){"to", "lead"}, (const char *const[]){"TO", "VB"}, 2, 1, true, mem, &st), "lˈiːd");
    assert_null(read(h, (const char *const[]){"to", "go"}, (const char *const[]){"TO", "VB"}, 2, 1, false, mem, &st));
    arena_free(mem);
    heteronym_close(h);
}

static void cut_tables(void **state)
{
    (void)state;
    uint64_t before = alloc_in_use();
    for (size_t size = 0; size < sizeof TABLE - 1; size++) {
        status st = {0};
        assert_null(build(TABLE, size, &st));
        assert_int_equal(st.code, STATUS_INPUT);
    }
    static const char *const bad[] = {"[]", "{\"words\": {\"a\": [{\"class\": \"x\", \"us\": \"a\", \"gb\": \"a\"}]}}", "{\"classes\": [\"\"]}",
                                      "{\"classes\": [\"x\"], \"weights\": {\"b\": {\"x\": 128}}}", "{\"classes\": [\"x\"], \"weights\": {\"=a\": {\"x\": 1}}}",
                                      "{\"classes\": [\"x\"], \"words\": {\"a\": [{\"class\": \"x\", \"us\": \"a\"}]}}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        status st = {0};
        if (build(bad[i], strlen(bad[i]), &st)) fail_msg("taken: %s", bad[i]);
    }
    assert_int_equal(alloc_in_use(), before);
}

static void shipped(void **state)
{
    (void)state;
    static const struct {
        const char *word[6], *tag[6];
        size_t n, at;
        const char *said;
    } CASES[] = {
        {{"They", "will", "object", "to", "it", "."}, {"PRP", "MD", "VB", "IN", "PRP", "."}, 6, 2, "əbʤˈɛkt"},
        {{"An", "odd", "object", "fell", "down", "."}, {"DT", "JJ", "NN", "VBD", "RP", "."}, 6, 2, "ˈɑbʤəkt"},
        {{"We", "record", "songs", "at", "home", "."}, {"PRP", "VBP", "NNS", "IN", "NN", "."}, 6, 1, "ɹəkˈɔɹd"},
        {{"She", "broke", "the", "record", "again", "."}, {"PRP", "VBD", "DT", "NN", "RB", "."}, 6, 3, "ɹˈɛkəɹd"},
    };
    status st = {0};
    heteronym *h = heteronym_open(SOURCE_DIR "/samples/models/heteronyms/heteronyms.json.gz", &st);
    if (!h) fail_msg("%s", st.msg);
    arena *mem = arena_new(&st);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        const char *said = read(h, CASES[i].word, CASES[i].tag, CASES[i].n, CASES[i].at, false, mem, &st);
        if (said) print_message("%s: %s\n", CASES[i].word[CASES[i].at], said);
        if (said && strcmp(said, CASES[i].said) != 0) fail_msg("'%s' in sentence %zu is %s, %s wanted", CASES[i].word[CASES[i].at], i, said, CASES[i].said);
    }
    arena_free(mem);
    heteronym_close(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(choice), cmocka_unit_test(cut_tables), cmocka_unit_test(shipped)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
