/* filter: the list's grammar, what matches and what does not, levels and sides, and how much of a growing text can be shown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "provenance/filter.h"
#include "provenance/filter_lookalikes.h"
#include "provenance/filter_words.h"
#include "core/alloc.h"
#include "text/tokenizer_unicode.h"
#include "core/file.h"
#include "core/log.h"
#include "core/utf8.h"

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

static void all_end(filter *f, const char *const *text, size_t count, status_code code)
{
    for (size_t i = 0; i < count; i++)
        if (ask(f, FILTER_PROMPT, text[i]) != code) fail_msg("'%s' %s", text[i], code == STATUS_OK ? "is refused" : "passes");
}

/* Letters of other scripts for those of the word, in words of Latin letters and of others; and plain texts of many scripts, in
 * which no word is one of the list. */
static void test_lookalikes(void **state)
{
    (void)state;
    static const char *const FOUND[] = {
        "bоmb", "bοmb", "вomb", "BОМB", "ВОМВ", "ΒΟΜΒ", "ꓐꓳꓟꓐ", "ᏴОMᏴ", "b٥mb", "b໐mb", "𝐛𝓸𝚖𝖇", "ｂｏｍｂ", "bօmb", "bo𑜀b", "bо́mb", "b‌оmb",
        "kіll", "kiΙΙ", "KΙLL", "КІLL", "kiӀӀ", "kiاا", "ⲔⲒⳐⳐ", "kıll", "ᴋɪʟʟ", "a hοt cοp", "ехplode", "eхplоde", "exp׀ode", "n٥ 5", "🅱🅾🅼🅱", "🇧🇴🇲🇧",
        "МАКЕ TROUВLE", "make trоuble", "аttаck", "flush" /* in the list as it is */};
    static const char *const OTHER[] = {
        "но он не тот кот, что нам помог", "сорок сорок, а потом ещё сорок", "так и на том стоит мост", "бомба", "вомва", "взрыв",                             /* Russian */
        "και τα νέα του κόσμου", "η βόμβα", "το ποτό και ο τόπος",                                                                                             /* Greek */
        "але це не той кіт, і він їсть", "սա հայերեն է", "זה לא הלול", "هذا كتاب جديد وليس قنبلة", "यह एक किताब है", "これはボムではありません", "이것은 책입니다", "นี่คือหนังสือ", "这是一本书", "ეს წიგნია",
        "ᏣᎳᎩ ᎦᏬᏂᎯᏍᏗ", "ዐማርኛ", "Ça va, Łódź, Øresund, œuvre, straße, kırmızı", "a × b, P(A∣B), ∞", "III", "lil", "Ill"};
    status st = {0};
    filter *f = open_list("[bad block]\nbomb\nkill\nhot cop\nexplode\nno 5\nmake trouble\nattack\nflush\nho\nhe\ntot\nkot\nhe tot\nlol\nlilly\npot\n", &st);
    assert_non_null(f);
    all_end(f, FOUND, sizeof FOUND / sizeof *FOUND, STATUS_REFUSED);
    all_end(f, OTHER, sizeof OTHER / sizeof *OTHER, STATUS_OK);
    filter_close(f);
}

/* A list's words of other scripts: as they are, with Latin letters in them, and no words of Latin letters alone. */
static void test_lookalikes_of_others(void **state)
{
    (void)state;
    static const char *const FOUND[] = {"бомба", "БОМБА", "Бомба", "бoмба", "бoмбa", "бomбa", "БOMБA", "Гaшиш", "бо́мба", "б​омба", "сделай  бoмбy", "Сделай-бомбу", "соp", "сop хлеба", "взорвать BIG",
                                        "взoрвать big", "βόμβα", "βομβα", "ΒΟΜΒΑ", "βόμβa", "قنبلة", "قُنبلة", "פצצה", "պայթուցիկ", "爆弾", "ระเบิด", "폭탄"};
    static const char *const OTHER[] = {"cop", "a cop, naïve", "the cop и мир", "bomba", "боб", "бомбарда", "сорт", "взрывать", "cafe déjà vu", "it взорвать", "нет", "het é"};
    status st = {0};
    filter *f = open_list("[bad block]\nбомба\nсделай бомбу\nсор\nгашиш\nвзорвать big\nβόμβα\nقنبلة\nפצצה\nպայթուցիկ\n爆弾\nระเบิด\n폭탄\ncafé\n[plain off]\nнет\n", &st);
    assert_non_null(f);
    all_end(f, FOUND, sizeof FOUND / sizeof *FOUND, STATUS_REFUSED);
    all_end(f, OTHER, sizeof OTHER / sizeof *OTHER, STATUS_OK);
    filter_close(f);
}

/* The table is in order, and what it has are characters that come up: none that NFKD takes apart. */
static void test_lookalike_table(void **state)
{
    (void)state;
    assert_true(filter_lookalike_count > 400);
    for (size_t i = 0; i < filter_lookalike_count; i++) {
        const filter_lookalike *l = &filter_lookalikes[i];
        status st = {0};
        char text[4];
        size_t n = utf8_encode(l->character, text);
        tokenizer_bytes normal = {0};
        assert_true(tokenizer_unicode_normalise(UNICODE_NFKD, text, n, &normal, &st));
        if (normal.size != n || memcmp(normal.data, text, n) != 0) fail_msg("U+%04X is taken apart", (unsigned)l->character);
        tokenizer_bytes_free(&normal);
        assert_true(l->character >= 0x80 && (i == 0 || l[-1].character < l->character));
        assert_in_range(strspn(l->letters, "abcdefghijklmnopqrstuvwxyz0123456789"), 1, 3);
        assert_int_equal(strspn(l->letters, "abcdefghijklmnopqrstuvwxyz0123456789"), strlen(l->letters));
    }
}

/* A voice passes over it, or no one sees it: whatever stands within a word so hides the word from no list. */
static void test_unsaid(void **state)
{
    (void)state;
    static const char *const FOUND[] = {"bo'mb", "bo\u2019mb", "bo`mb", "b'o'm'b", "bo''mb", "bo\u0640mb", "bo\u02B0mb", "bo\u05B0mb", "bo\u064Bmb", "bo\uFDD0mb", "bo\uFFFEmb", "bo\U0001FFFEmb", "bo\U0010FFFFmb",
                                        "\u1D47\u1D52\u1D50\u1D47", "\u1D47\u043E\u1D50\u1D47", "bo'\u0301mb", "bo\u0600mb", "BO'MB's"};
    static const char *const OTHER[] = {"bom'll", "bo 'mb'", "bo' mb", "bo'mbe", "he'll", "they're", "\u0915\u093E\u0932", "\u304C\u304F", "\u30D3\u30FC\u30EB", "\u0E01\u0E34\u0E19"};
    status st = {0};
    filter *f = open_list("[bad block]\nbomb\nbom\nhell\ntheyre\n\u0915\u0932\n\u304B\u304F\n\u30D3\u30EB\n\u0E01\u0E19\n[said block]\ndon't\n\u0643\u062A\u0628\n\u30AC\u30B9\n", &st);
    assert_non_null(f);
    all_end(f, FOUND, sizeof FOUND / sizeof *FOUND, STATUS_REFUSED);
    all_end(f, OTHER + 1, sizeof OTHER / sizeof *OTHER - 1, STATUS_OK);
    assert_int_equal(ask(f, FILTER_PROMPT, "Don't"), STATUS_REFUSED);
    assert_int_equal(ask(f, FILTER_PROMPT, "\u0643\u064E\u062A\u064E\u0628"), STATUS_REFUSED); /* Arabic with its points */
    assert_int_equal(ask(f, FILTER_PROMPT, "\u30AC\u30B9"), STATUS_REFUSED);
    size_t looked = 0;
    for (uint32_t c = 0x80; c < 0x110000; c++) {
        if (!tokenizer_unicode_is_mark(c) && !tokenizer_unicode_is_modifier(c) && !tokenizer_unicode_is_format(c)) continue;
        char text[16] = "a bo", *to = text + 4;
        to += utf8_encode(c, to);
        strcpy(to, "mb.");
        if (ask(f, FILTER_PROMPT, text) != STATUS_REFUSED) fail_msg("U+%04X hides a word", (unsigned)c);
        looked++;
    }
    assert_true(looked > 2500);
    filter_close(f);
}

/* Dashes part words in the list as in the text, whatever dash and however many. */
static void test_parters(void **state)
{
    (void)state;
    static const char *const LINES[] = {"self-harm", "self harm", "self_harm", "self\u2010harm", "self \u2014 harm", "-self-harm-", "Self\u2011Harm"};
    static const char *const TEXTS[] = {"self-harm", "self harm", "self_harm", "self\u2010harm", "self\u2011harm", "self\u2012harm", "self\u2013harm", "self\u2014harm", "self\u2015harm", "self\uFE58harm",
                                        "self\uFE63harm", "self\uFF0Dharm", "self\u301Charm", "self\u30A0harm", "self\u058Aharm", "self\u05BEharm", "self\u1400harm", "self\u1806harm", "self\u2E17harm", "self\u2E3Aharm", "self\uFE31harm",
                                        "self -\n harm", "SELF--HARM", "self\u00A0harm", "self\u3000harm", "x-self-harm-x"};
    for (size_t i = 0; i < sizeof LINES / sizeof *LINES; i++) {
        status st = {0};
        char list[80];
        snprintf(list, sizeof list, "[bad block]\n%s\n", LINES[i]);
        filter *f = open_list(list, &st);
        assert_non_null(f);
        for (size_t k = 0; k < sizeof TEXTS / sizeof *TEXTS; k++)
            if (ask(f, FILTER_PROMPT, TEXTS[k]) != STATUS_REFUSED) fail_msg("'%s' passes '%s'", TEXTS[k], LINES[i]);
        assert_int_equal(ask(f, FILTER_PROMPT, "selfharm, self, harm, self.harm, self-harmony, itself harm"), STATUS_OK);
        filter_close(f);
    }
    status st = {0};
    char list[5000] = "[bad block]\n";
    for (int i = 0; i < 1500; i++) strcat(list, "a ");
    strcat(list, "b\n"); /* a line as long as lines may be */
    filter *f = open_list(list, &st);
    assert_non_null(f);
    list[strlen(list) - 1] = 0;
    assert_int_equal(ask(f, FILTER_PROMPT, list + 12), STATUS_REFUSED);
    assert_int_equal(ask(f, FILTER_PROMPT, list + 14), STATUS_OK);
    filter_close(f);
}

/* The phrases are found where an expression for each finds them: whole, in any case, with any part-ers. */
static bool expression_finds(const char *phrase, const char *text)
{
    char pattern[400] = "(?<![\\p{L}\\p{N}])(?:";
    int error;
    size_t place, n = strlen(pattern);
    for (const char *s = phrase; *s; s++) {
        if (strchr(" _-", *s)) {
            while (s[1] && strchr(" _-", s[1])) s++;
            n += (size_t)sprintf(pattern + n, "[\\s\\p{Pd}_]+");
        } else n += (size_t)sprintf(pattern + n, *s == '+' ? "\\+" : "%c", *s);
    }
    strcpy(pattern + n, ")(?![\\p{L}\\p{N}])");
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, PCRE2_UTF | PCRE2_UCP | PCRE2_CASELESS | PCRE2_MATCH_INVALID_UTF, &error, &place, NULL);
    assert_non_null(code);
    pcre2_match_data *match = pcre2_match_data_create(1, NULL);
    int found = pcre2_match(code, (PCRE2_SPTR)text, strlen(text), 0, 0, match, NULL);
    pcre2_match_data_free(match);
    pcre2_code_free(code);
    return found >= 0;
}

static void add_pieces(char *to, const char *const *piece, size_t count, unsigned *seed, int n)
{
    for (int i = 0; i < n; i++) {
        *seed = *seed * 1103515245 + 12345;
        strcat(to, piece[(*seed >> 16) % count]);
    }
}

static void test_against_expressions(void **state)
{
    (void)state;
    static const char *const WORDS[] = {"a", "b", "a", "+", " ", "-", "_", "\u00E9", "1", "k", "\u4E2D", "s"};
    static const char *const PIECES[] = {"a", "b", "A", "+", " ", "-", "_", "\u00C9", "\u2014", "1", "\u212A", "\u4E2D", "a", " ", "\xFF", "\u017F", "\u0301"};
    unsigned seed = 7;
    size_t found = 0;
    for (int round = 0; round < 4000; round++) {
        char phrase[3][64], text[200] = "";
        status st = {0};
        filter_words *w = filter_words_new(&st);
        for (int g = 0; g < 3; g++) {
            phrase[g][0] = 0;
            do {
                phrase[g][0] = 0;
                add_pieces(phrase[g], WORDS, sizeof WORDS / sizeof *WORDS, &seed, 1 + (int)(seed >> 20) % 5);
            } while (strchr(" -_", phrase[g][0]) || strchr(" -_", phrase[g][strlen(phrase[g]) - 1]));
            assert_true(filter_words_add(w, phrase[g], strlen(phrase[g]), (size_t)g, &st));
        }
        assert_true(filter_words_ready(w, &st));
        add_pieces(text, PIECES, sizeof PIECES / sizeof *PIECES, &seed, (int)(seed >> 20) % 24);
        filter_place place[3] = {{.wanted = true}, {.wanted = true}, {.wanted = true}};
        filter_words_find(w, text, strlen(text), 0, place, 3);
        for (int g = 0; g < 3; g++) {
            if (place[g].found != expression_finds(phrase[g], text)) fail_msg("'%s' in '%s': %s", phrase[g], text, place[g].found ? "found" : "not found");
            found += place[g].found;
        }
        filter_words_free(w);
    }
    assert_true(found > 500);
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
    static const char *const WRONG[] = {"word\n", "[a]\n", "[a block\n", "[a many]\n", "[a block side]\n", "[a block prompt more]\n", "[a block]\n/(/\n", "[a block]\n/x\n", "[a block]\n/\n", "[a block]\n-- _\n"};
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
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_words), cmocka_unit_test(test_disguises), cmocka_unit_test(test_lookalikes), cmocka_unit_test(test_lookalikes_of_others), cmocka_unit_test(test_lookalike_table), cmocka_unit_test(test_unsaid), cmocka_unit_test(test_parters), cmocka_unit_test(test_against_expressions), cmocka_unit_test(test_lists),
                                       cmocka_unit_test(test_verdict), cmocka_unit_test(test_window),
                                       cmocka_unit_test(test_faults), cmocka_unit_test(test_certain)};
    return cmocka_run_group_tests(tests, make_file, drop_file);
}
