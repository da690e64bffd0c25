/* Piper's phonemes: through espeak-ng where it is installed, and our own in its alphabet. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audio/espeak.h"
#include "audio/mapped_text.h"
#include "audio/normalize.h"
#include "audio/phoneme.h"

static void read_all(phonemizer *p, const char *text, char *out, size_t room)
{
    status st = {0};
    phoneme_reader *r = phoneme_read(p, text, strlen(text), PHONEME_PLAIN, &st);
    assert_non_null(r);
    out[0] = 0;
    for (phoneme_sentence s; phoneme_next(r, &s, &st);) {
        size_t used = strlen(out);
        snprintf(out + used, room - used, "%s%s", used ? " " : "", s.phonemes);
        for (size_t i = 0; i < s.words; i++) assert_true(s.word[i].from < s.word[i].to && s.word[i].to <= strlen(text));
    }
    if (!status_ok(&st)) fail_msg("%s", st.msg);
    phoneme_read_end(r);
}

static size_t edits(const char *a, const char *b)
{
    static size_t row[2][2000];
    size_t n = strlen(a), m = strlen(b);
    assert_true(n < 2000 && m < 2000);
    for (size_t j = 0; j <= m; j++) row[0][j] = j;
    for (size_t i = 1; i <= n; i++) {
        size_t *now = row[i & 1], *before = row[!(i & 1)];
        now[0] = i;
        for (size_t j = 1; j <= m; j++) {
            size_t best = before[j - 1] + (a[i - 1] != b[j - 1]);
            if (before[j] + 1 < best) best = before[j] + 1;
            if (now[j - 1] + 1 < best) best = now[j - 1] + 1;
            now[j] = best;
        }
    }
    return row[n & 1][m];
}

/* espeak-ng 1.52, which Piper carries, puts ʲ between vowels where Debian's 1.51 puts nothing. */
static void without_glides(char *s)
{
    for (char *at; (at = strstr(s, "ʲ"));) memmove(at, at + 2, strlen(at + 2) + 1);
}

/* Whether the text is all words as they are said; Piper hands espeak-ng what is not as it stands, and has "dollar five" for $5. */
static bool is_plain(const char *text)
{
    status st = {0};
    arena *mem = arena_new(&st);
    mapped_text m = mapped_text_new(mem, &st);
    mapped_text_add(&m, text, strlen(text), 0, (uint32_t)strlen(text));
    mapped_text said = normalize_text(&m, &(normalize_options){0});
    bool same = status_ok(&st) && strcmp(said.text, text) == 0;
    arena_free(mem);
    return same;
}

static void test_as_piper_has_it(void **state)
{
    (void)state;
    if (!espeak_is_installed()) skip();
    status st = {0};
    phonemizer *p = phoneme_open(&(phoneme_options){.alphabet = PHONEME_ESPEAK, .language = "en-us"}, &st);
    assert_non_null(p);
    assert_true(phoneme_uses_espeak(p));
    json_error_t error;
    json_t *rows = json_load_file(SOURCE_DIR "/tests/golden/espeak.json", 0, &error), *row;
    assert_non_null(rows);
    size_t i, apart = 0, total = 0;
    json_array_foreach(rows, i, row)
    {
        char out[2000], wanted[2000];
        if (!is_plain(json_string_value(json_object_get(row, "text")))) continue;
        snprintf(wanted, sizeof wanted, "%s", json_string_value(json_object_get(row, "phonemes")));
        read_all(p, json_string_value(json_object_get(row, "text")), out, sizeof out);
        without_glides(wanted);
        without_glides(out);
        size_t differ = edits(wanted, out);
        if (differ) print_message("wanted %s\nfound  %s\n", wanted, out);
        apart += differ;
        total += strlen(wanted);
    }
    print_message("%zu of %zu bytes differ\n", apart, total);
    assert_true(total > 2000 && apart * 100 <= total);
    char out[400], words[400];
    read_all(p, "It cost $5 in World War II.", out, sizeof out);
    read_all(p, "It cost five dollars in World War two.", words, sizeof words);
    assert_string_equal(out, words);
    read_all(p, "Say [[hˈɛlo]] now", out, sizeof out);
    assert_string_equal(out, "sˈeɪ hˈɛlo nˈaʊ");
    json_decref(rows);
    phoneme_close(p);
}

static void test_bad_voices(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "-f/etc/passwd", "", "a b", "en;ls", "a-very-long-name-that-is-no-language-at-all", "../x"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        status st = {0};
        assert_null(phoneme_open(&(phoneme_options){.alphabet = PHONEME_ESPEAK, .language = bad[i]}, &st));
        assert_int_equal(st.code, STATUS_INPUT);
    }
    status st = {0};
    assert_null(phoneme_open(&(phoneme_options){.alphabet = PHONEME_ESPEAK, .language = "de", .no_espeak = true}, &st));
    assert_non_null(strstr(st.msg, "espeak-ng"));
}

static void test_unknown_voice(void **state)
{
    (void)state;
    if (!espeak_is_installed()) skip();
    status st = {0};
    phonemizer *p = phoneme_open(&(phoneme_options){.alphabet = PHONEME_ESPEAK, .language = "xx-none"}, &st);
    assert_non_null(p);
    phoneme_reader *r = phoneme_read(p, "hello", 5, PHONEME_PLAIN, &st);
    phoneme_sentence s;
    assert_false(phoneme_next(r, &s, &st));
    assert_non_null(strstr(st.msg, "xx-none"));
    phoneme_read_end(r);
    phoneme_close(p);
}

static void test_clauses(void **state)
{
    (void)state;
    static const char text[] = "One, two (3.14) e.g. this. Then — no... \"Yes!\" End";
    static const char *const wanted[][2] = {
        {"One,", ","}, {"two (3.14) e.g. this.", "."}, {"Then —", ";"}, {"no...", ""}, {"\"Yes!\"", "!"}, {"End", ""}};
    size_t at = 0, n = 0;
    for (espeak_clause c; espeak_next_clause(text, sizeof text - 1, &at, &c); n++) {
        assert_true(n < 6);
        assert_int_equal(c.to - c.from, strlen(wanted[n][0]));
        assert_memory_equal(text + c.from, wanted[n][0], c.to - c.from);
        assert_string_equal(c.mark, wanted[n][1]);
    }
    assert_int_equal(n, 6);
}

static void test_own_phonemes_in_ipa(void **state)
{
    (void)state;
    status st = {0};
    arena *mem = arena_new(&st);
    static const char *const pairs[][2] = {
        {"həlˈO", "həlˈoʊ"},  {"bˈɜɹd", "bˈɜːd"}, {"hˈæpi", "hˈæpi"},   {"tˈi", "tˈiː"},   {"ʤˈʌʤ", "dʒˈʌdʒ"},
        {"wˈɔTəɹ", "wˈɔːɾɚ"}, {"ˌɪt", "ɪt"},      {"lˈɪTᵊl", "lˈɪɾəl"}, {"fˈIn", "fˈaɪn"}, {"ˈɛɹiə", "ˈɛɹiə"}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        assert_string_equal(espeak_from_misaki(pairs[i][0], false, mem, &st), pairs[i][1]);
    assert_string_equal(espeak_from_misaki("\xC3\xA7", false, mem, &st), "c\xCC\xA7");
    arena_free(mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_piper_has_it),     cmocka_unit_test(test_bad_voices),
        cmocka_unit_test(test_unknown_voice),       cmocka_unit_test(test_clauses),
        cmocka_unit_test(test_own_phonemes_in_ipa),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
