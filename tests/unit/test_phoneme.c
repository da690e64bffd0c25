/* The whole chain on the default voice's files, against what the Python package reads (tests/golden/phonemes.json, made
 * by gen_phonemes.py). Skipped where the files are absent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audio/phoneme.h"
#include "core/alloc.h"
#include "core/file.h"

static const char *golden = SOURCE_DIR "/tests/golden/phonemes.json"; /* or the program's argument */

static char *voice_folder(status *st)
{
    const char *models = getenv("AIGC_MODELS"), *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
    char path[1000];
    if (models)
        snprintf(path, sizeof path, "%s/hibari", models);
    else if (data)
        snprintf(path, sizeof path, "%s/aigc/models/hibari", data);
    else
        snprintf(path, sizeof path, "%s/.local/share/aigc/models/hibari", home ? home : "");
    if (!file_exists(path)) {
        print_message("the model hibari is absent; 'sh samples/models.sh hibari' gets it\n");
        skip();
    }
    return alloc_string(path, strlen(path), st);
}

static phonemizer *open_voice(const char *language, int longest)
{
    status st = {0};
    char *folder = voice_folder(&st);
    phonemizer *p = phoneme_open(&(phoneme_options){.folder = folder, .language = language, .longest = longest}, &st);
    assert_non_null(p);
    alloc_free(folder);
    return p;
}

/* All pieces of a text, joined by spaces. */
static void read_all(phonemizer *p, const char *text, char *out, size_t room)
{
    status st = {0};
    phoneme_reader *r = phoneme_read(p, text, strlen(text), PHONEME_PLAIN, &st);
    assert_non_null(r);
    out[0] = 0;
    for (phoneme_sentence s; phoneme_next(r, &s, &st);) {
        size_t used = strlen(out);
        snprintf(out + used, room - used, "%s%s", used ? " " : "", s.phonemes);
    }
    assert_true(status_ok(&st));
    phoneme_read_end(r);
}

static void test_words_and_places(void **state)
{
    (void)state;
    phonemizer *p = open_voice("en-us", 0);
    status st = {0};
    const char *text = "  Hello there.\n\nThe end of the apple";
    phoneme_reader *r = phoneme_read(p, text, strlen(text), PHONEME_PLAIN, &st);
    phoneme_sentence s;
    assert_true(phoneme_next(r, &s, &st));
    assert_string_equal(s.phonemes, "həlˈO ðˈɛɹ.");
    assert_true(s.ends_paragraph && s.ends_sentence && s.pause < 0);
    assert_int_equal(s.words, 3);
    assert_int_equal(s.word[1].from, 8);
    assert_int_equal(s.word[1].to, 13);
    assert_true(s.word[2].punctuation);
    assert_true(phoneme_next(r, &s, &st));
    assert_string_equal(s.phonemes, "ði ˈɛnd ʌv ði ˈæpᵊl");
    assert_int_equal(s.from, 16);
    assert_false(phoneme_next(r, &s, &st));
    phoneme_read_end(r);
    int64_t ids[8];
    assert_int_equal(phoneme_ids(p, "hə!", ids, 8), 5);
    assert_int_equal(ids[0], 0);
    assert_int_equal(ids[1], 50);
    assert_int_equal(ids[2], 83);
    assert_int_equal(ids[4], 0);
    phoneme_close(p);
}

static void test_context(void **state)
{
    (void)state;
    phonemizer *p = open_voice("en-us", 0);
    char out[400];
    read_all(p, "I read it; he used to read", out, sizeof out);
    assert_string_equal(out, "ˌI ɹˈɛd ɪt; hi jˈust tə ɹˈid");
    read_all(p, "Say [[həlˈO]] to [Siobhan](/ʃɪvˈɔn/).", out, sizeof out);
    assert_string_equal(out, "sˈA həlˈO tə ʃɪvˈɔn.");
    phoneme_close(p);
}

/* Words are equal where the package's are; a word counts as different for each one more, less or other. */
static size_t words_apart(const char *a, const char *b, size_t *total)
{
    enum { MOST = 256 };
    static const char *start[2][MOST];
    static size_t length[2][MOST];
    static size_t edits[MOST + 1][MOST + 1];
    size_t count[2] = {0};
    for (int side = 0; side < 2; side++)
        for (const char *s = side ? b : a; *s && count[side] < MOST;) {
            size_t n = strcspn(s, " ");
            start[side][count[side]] = s;
            length[side][count[side]++] = n;
            s += n + strspn(s + n, " ");
        }
    for (size_t i = 0; i <= count[0]; i++)
        for (size_t j = 0; j <= count[1]; j++) {
            if (i == 0 || j == 0) {
                edits[i][j] = i + j;
                continue;
            }
            bool same =
                length[0][i - 1] == length[1][j - 1] && memcmp(start[0][i - 1], start[1][j - 1], length[0][i - 1]) == 0;
            size_t best = edits[i - 1][j - 1] + !same;
            if (edits[i - 1][j] + 1 < best) best = edits[i - 1][j] + 1;
            if (edits[i][j - 1] + 1 < best) best = edits[i][j - 1] + 1;
            edits[i][j] = best;
        }
    *total += count[0];
    return edits[count[0]][count[1]];
}

/* At least 99.5 % of the words of the golden sentences are read as the package reads them. */
static void compare_with_package(const char *language, const char *key)
{
    json_error_t error;
    json_t *rows = json_load_file(golden, 0, &error), *row;
    assert_non_null(rows);
    phonemizer *p = open_voice(language, 4000);
    size_t i, total = 0, apart = 0;
    json_array_foreach(rows, i, row)
    {
        char out[4000];
        const char *text = json_string_value(json_object_get(row, "text")),
                   *wanted = json_string_value(json_object_get(row, key));
        read_all(p, text, out, sizeof out);
        size_t differ = words_apart(wanted, out, &total);
        if (differ) print_message("%s\n  wanted %s\n  found  %s\n", text, wanted, out);
        apart += differ;
    }
    print_message("%s: %zu of %zu words differ\n", language, apart, total);
    assert_true(total > 2500);
    assert_true(apart * 200 <= total);
    phoneme_close(p);
    json_decref(rows);
}

static void test_american_parity(void **state)
{
    (void)state;
    compare_with_package("en-us", "us");
}

static void test_british_parity(void **state)
{
    (void)state;
    compare_with_package("en-gb", "gb");
}

/* A piece never has more phonemes than asked for, and nothing is swallowed. */
static void test_pieces(void **state)
{
    (void)state;
    phonemizer *p = open_voice("en-us", 60);
    status st = {0};
    char text[12001];
    memset(text, 'b', 10000);
    snprintf(text + 10000, 2000,
             " and so, when the long rain had ended, they went out to the fields again, singing, to see what was left");
    phoneme_reader *r = phoneme_read(p, text, strlen(text), PHONEME_PLAIN, &st);
    size_t to = 0;
    for (phoneme_sentence s; phoneme_next(r, &s, &st);) {
        size_t length = 0;
        for (const char *c = s.phonemes; *c; c++) length += ((unsigned char)*c & 0xC0) != 0x80;
        assert_true(length > 0 && length <= 60);
        to = s.to;
    }
    assert_true(status_ok(&st));
    assert_int_equal(to, strlen(text));
    phoneme_read_end(r);
    phoneme_close(p);
}

static void test_odd_texts(void **state)
{
    (void)state;
    phonemizer *p = open_voice("en-us", 0);
    char out[4000];
    static const char *const silent[] = {"", "   ", "\n\n", "\xFF\xFE", "日本語", "\xE2\x80\x8B"};
    for (size_t i = 0; i < sizeof silent / sizeof *silent; i++) {
        read_all(p, silent[i], out, sizeof out);
        assert_string_equal(out, "");
    }
    static const char *const odd[] = {"...",
                                      "!?",
                                      "[[",
                                      "[[]]",
                                      "[a](/",
                                      "[](//)",
                                      "]]",
                                      "\xEE\x80\x80",
                                      "'",
                                      "'''",
                                      "-",
                                      "_-_-_",
                                      "a\xCC\x81\xCC\x81",
                                      "ﬁﬂ",
                                      "Ａ１",
                                      "x\xF0\x9F\x98\x80y",
                                      "((((",
                                      "'tis 'twas",
                                      "a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a"};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) read_all(p, odd[i], out, sizeof out);
    phoneme_close(p);
}

static void test_own_pronunciations(void **state)
{
    (void)state;
    status st = {0};
    char path[] = "/tmp/aigc-words-XXXXXX", *folder = voice_folder(&st), out[400];
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    FILE *f = fdopen(fd, "w");
    fputs("# names\nGhyll  ɡˈIl\nGPT-4\tʤˌipˌitˈifˌɔɹ\n", f);
    fclose(f);
    phonemizer *p = phoneme_open(&(phoneme_options){.folder = folder, .pronunciations = path}, &st);
    assert_non_null(p);
    read_all(p, "The ghyll's GPT-4, not Ghyllside.", out, sizeof out);
    assert_non_null(strstr(out, "ɡˈIl"));
    assert_non_null(strstr(out, "ʤˌipˌitˈifˌɔɹ,"));
    assert_null(strstr(out, "ɡˈIlsˈId"));
    phoneme_close(p);
    f = fopen(path, "w");
    fputs("word\n", f);
    fclose(f);
    assert_null(phoneme_open(&(phoneme_options){.folder = folder, .pronunciations = path}, &st));
    assert_non_null(strstr(st.msg, "line 1"));
    unlink(path);
    alloc_free(folder);
}

int main(int argc, char **argv)
{
    if (argc > 1) golden = argv[1];
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words_and_places),
        cmocka_unit_test(test_context),
        cmocka_unit_test(test_american_parity),
        cmocka_unit_test(test_british_parity),
        cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_odd_texts),
        cmocka_unit_test(test_own_pronunciations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
