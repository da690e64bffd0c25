/* The whole chain on the default voice's files, against what the Python package reads (tests/golden/phonemes.json, made
 * by gen_phonemes.py). Skipped where the files are absent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audio/phoneme.h"
#include "core/alloc.h"
#include "core/file.h"

static char *voice_folder(status *st)
{
    const char *models = getenv("AIGC_MODELS"), *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
    char path[1000];
    if (models) snprintf(path, sizeof path, "%s/hibari", models);
    else if (data) snprintf(path, sizeof path, "%s/aigc/models/hibari", data);
    else snprintf(path, sizeof path, "%s/.local/share/aigc/models/hibari", home ? home : "");
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

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_words_and_places), cmocka_unit_test(test_context)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
