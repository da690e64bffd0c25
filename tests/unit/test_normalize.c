/* Every reading of tests/golden/readings.tsv, places through rewriting, and texts made to break rules. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "audio/normalize.h"
#include "audio/segment.h"
#include "core/alloc.h"
#include "core/file.h"

static mapped_text mapped(const char *text, size_t size, arena *mem, status *st)
{
    mapped_text m = mapped_text_new(mem, st);
    for (size_t i = 0; i < size; i++) mapped_text_add(&m, text + i, 1, (uint32_t)i, (uint32_t)i + 1);
    return m;
}

static void test_table(void **state)
{
    (void)state;
    status st = {0};
    size_t size;
    char *table = file_read(SOURCE_DIR "/tests/golden/readings.tsv", 1 << 20, &size, &st);
    assert_non_null(table);
    arena *mem = arena_new(&st);
    int cases = 0, wrong = 0;
    for (char *line = table, *end; (end = strchr(line, '\n')); line = end + 1) {
        char *tab = memchr(line, '\t', (size_t)(end - line));
        if (!tab || strncmp(line, "##", 2) == 0) continue;
        mapped_text in = mapped(line, (size_t)(tab - line), mem, &st),
                    out = normalize_text(&in, &(normalize_options){0});
        assert_true(status_ok(&st));
        cases++;
        size_t wanted = (size_t)(end - tab) - 1;
        if (out.size == wanted && memcmp(out.text, tab + 1, wanted) == 0) continue;
        wrong++;
        print_error("'%.*s' is read '%s', '%.*s' was wanted\n", (int)(tab - line), line, out.text, (int)wanted,
                    tab + 1);
    }
    assert_true(cases >= 300);
    assert_int_equal(wrong, 0);
    arena_free(mem);
    alloc_free(table);
}

static void test_british_dates(void **state)
{
    (void)state;
    status st = {0};
    arena *mem = arena_new(&st);
    mapped_text in = mapped("3/4/2021", 8, mem, &st), out = normalize_text(&in, &(normalize_options){.british = true});
    assert_string_equal(out.text, "the third of April, twenty twenty one");
    arena_free(mem);
}

static void test_places(void **state)
{
    (void)state;
    status st = {0};
    arena *mem = arena_new(&st);
    const char *text = "pay  $5.20 “now”";
    mapped_text in = mapped(text, strlen(text), mem, &st), out = normalize_text(&in, &(normalize_options){0});
    const char *cents = strstr(out.text, "cents"), *now = strstr(out.text, "now");
    assert_non_null(cents);
    assert_int_equal(out.from[cents - out.text], 5);
    assert_int_equal(out.to[cents - out.text], 10);
    assert_int_equal(out.from[now - out.text], strstr(text, "now") - text);
    arena_free(mem);
}

/* No text may be read beyond its end, loop, or leave a digit. */
static void test_odd_texts(void **state)
{
    (void)state;
    status st = {0};
    arena *mem = arena_new(&st);
    static const char *const pieces[] = {"1", "/",   "12", "-",     ":",  "30", "$", "%",    ".",        ",",
                                         "a", "Jan", " ",  "'",     "\"", "°",  "½", "#",    "@",        "x",
                                         "²", "am",  "II", "Henry", "km", "(",  "+", "\xFF", "\xE2\x80", "é"};
    uint64_t seed = 9;
    for (int round = 0; round < 20000; round++) {
        char text[64];
        size_t size = 0;
        for (int k = 0; k < 7; k++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            const char *piece = pieces[(seed >> 33) % (sizeof pieces / sizeof *pieces)];
            memcpy(text + size, piece, strlen(piece));
            size += strlen(piece);
        }
        size_t mark = arena_mark(mem);
        mapped_text in = mapped(text, size, mem, &st),
                    out = normalize_text(&in, &(normalize_options){.british = round & 1});
        assert_true(status_ok(&st));
        if (strpbrk(out.text, "0123456789")) fail_msg("'%.*s' is read '%s'", (int)size, text, out.text);
        arena_reset(mem, mark);
    }
    arena_free(mem);
}

static void expect_sentences(const char *text, size_t count, ...)
{
    va_list args;
    va_start(args, count);
    size_t at = 0, found = 0;
    for (segment s; segment_next(text, strlen(text), &at, &s); found++) {
        const char *wanted = found < count ? va_arg(args, const char *) : "";
        if (strlen(wanted) != s.to - s.from || memcmp(wanted, text + s.from, s.to - s.from) != 0)
            fail_msg("'%s': sentence %zu is '%.*s', '%s' was wanted", text, found, (int)(s.to - s.from), text + s.from,
                     wanted);
    }
    va_end(args);
    assert_int_equal(found, count);
}

static void test_sentences(void **state)
{
    (void)state;
    expect_sentences("One. Two! Three? Four… Five", 5, "One.", "Two!", "Three?", "Four…", "Five");
    expect_sentences("Dr. Smith met J. K. Rowling at 3.5 km. It was e.g. nice.", 2,
                     "Dr. Smith met J. K. Rowling at 3.5 km.", "It was e.g. nice.");
    expect_sentences("\"Go.\" He went. (So it was.) End", 4, "\"Go.\"", "He went.", "(So it was.)", "End");
    expect_sentences("He lives in the U.S. Navy base. In the U.S. The end.", 3, "He lives in the U.S. Navy base.",
                     "In the U.S.", "The end.");
    expect_sentences("Wait... what? See No. 5 and Fig. 3.", 2, "Wait... what?", "See No. 5 and Fig. 3.");
    expect_sentences("1. First item\n2. Second item", 2, "1. First item", "2. Second item");
    expect_sentences("A heading\n\nThis line is wrapped because it is a rather long line\nthat goes on here. End.", 3,
                     "A heading", "This line is wrapped because it is a rather long line\nthat goes on here.", "End.");
    expect_sentences("こんにちは。さようなら。", 2, "こんにちは。", "さようなら。");
    expect_sentences("", 0);
    expect_sentences(" \n\t ", 0);
    expect_sentences("Say [[h. E]] now. Bye.", 2, "Say [[h. E]] now.", "Bye.");
}

static void test_long_sentences(void **state)
{
    (void)state;
    char *text = malloc(100001);
    for (int kind = 0; kind < 3; kind++) {
        for (int i = 0; i < 100000; i++) text[i] = kind == 0 ? 'a' : kind == 1 ? " a,"[i % 3] : "\xC3\xA9"[i % 2];
        text[100000] = 0;
        size_t at = 0, covered = 0;
        for (segment s; segment_next(text, 100000, &at, &s);) {
            assert_true(s.to > s.from && s.to - s.from <= SEGMENT_LONGEST);
            assert_true(kind != 2 || (s.from % 2 == 0 && s.to % 2 == 0));
            covered += s.to - s.from;
        }
        assert_true(kind == 1 ? covered > 90000 : covered == 100000);
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),     cmocka_unit_test(test_british_dates), cmocka_unit_test(test_places),
        cmocka_unit_test(test_odd_texts), cmocka_unit_test(test_sentences),     cmocka_unit_test(test_long_sentences),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
