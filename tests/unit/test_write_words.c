/* Numbers, dates, money and English words against the references of tests/golden/gen_write.py; German, French and Chinese
 * agreement against the grammars' own tables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>
#include <string.h>

#include "write/calendar.h"
#include "write/grammar.h"

static json_t *golden;

static int read_golden(void **state)
{
    (void)state;
    golden = json_load_file(SOURCE_DIR "/tests/golden/write.json", 0, NULL);
    return golden ? 0 : -1;
}

static int free_golden(void **state)
{
    (void)state;
    json_decref(golden);
    return 0;
}

static const char *text(const json_t *one, size_t i) { return json_string_value(json_array_get(one, i)); }
static const locale *of(const json_t *one) { return locale_find(text(one, 0)); }

/* Tells what differs; returns how many do. */
static int differs(const phrase *p, const char *want, const json_t *one)
{
    if (!p->full && strcmp(p->text, want) == 0) return 0;
    char *said = json_dumps(one, 0);
    print_error("%s: '%s' found\n", said, p->text);
    free(said);
    return 1;
}

static void test_numbers(void **state)
{
    (void)state;
    size_t i, wrong = 0;
    json_t *one;
    assert_true(json_array_size(json_object_get(golden, "cardinal")) > 1000);
    json_array_foreach(json_object_get(golden, "cardinal"), i, one)
    {
        phrase p = {0};
        assert_true(numeral_cardinal(&p, of(one), json_integer_value(json_array_get(one, 1)), GENDER_COUNTING));
        wrong += differs(&p, text(one, 2), one);
    }
    json_array_foreach(json_object_get(golden, "ordinal"), i, one)
    {
        phrase p = {0};
        assert_true(numeral_ordinal(&p, of(one), json_integer_value(json_array_get(one, 1)), GENDER_MASCULINE));
        wrong += differs(&p, text(one, 2), one);
    }
    json_array_foreach(json_object_get(golden, "decimal"), i, one)
    {
        phrase p = {0};
        char plain[200], *at;
        locale_number(&p, of(one), json_number_value(json_array_get(one, 1)), -1, true);
        snprintf(plain, sizeof plain, "%s", text(one, 2));
        phrase want = {0};
        for (at = plain; *at; at++) *at == '-' ? phrase_add(&want, "−") : phrase_bytes(&want, at, 1); /* a minus is a minus here */
        wrong += differs(&p, want.text, one);
    }
    json_array_foreach(json_object_get(golden, "money"), i, one)
    {
        phrase p = {0};
        locale_money(&p, of(one), json_number_value(json_array_get(one, 1)), text(one, 2), -1, false);
        wrong += differs(&p, text(one, 3), one);
    }
    assert_int_equal(wrong, 0);
}

static void test_dates(void **state)
{
    (void)state;
    size_t i, wrong = 0;
    json_t *one;
    json_array_foreach(json_object_get(golden, "date"), i, one)
    {
        phrase p = {0};
        moment m;
        assert_true(calendar_read(text(one, 1), strlen(text(one, 1)), &m) && m.has_date);
        assert_true(calendar_date(&p, of(one), m.day, text(one, 2)));
        wrong += differs(&p, text(one, 3), one);
    }
    assert_int_equal(wrong, 0);
    for (int64_t day = -700000; day < 2900000; day += 97) { /* there and back */
        civil c = calendar_civil(day);
        assert_int_equal(calendar_days(c), day);
        assert_true(c.month >= 1 && c.month <= 12 && c.day >= 1 && c.day <= calendar_month_days(c.year, c.month));
    }
    moment m;
    static const char *const bad[] = {"", "2026", "2026-13-01", "2026-02-29", "2026-1-1", "2026-01-01x", "2026-01-01T", "2026-01-01T25:00", "0000-01-01", "24:00", "12:60", "12:5", "2026-01-01T10:00+1"};
    for (i = 0; i < sizeof bad / sizeof *bad; i++) assert_false(calendar_read(bad[i], strlen(bad[i]), &m));
    assert_true(calendar_read("2026-11-27T15:05:30.123Z", 24, &m) && m.seconds == 15 * 3600 + 330);
}

static void test_english(void **state)
{
    (void)state;
    size_t i, wrong = 0;
    json_t *one;
    json_array_foreach(json_object_get(golden, "plural"), i, one)
    {
        phrase p = {0};
        grammar_en_plural(&p, text(one, 0), strlen(text(one, 0)));
        wrong += differs(&p, text(one, 1), one);
    }
    json_array_foreach(json_object_get(golden, "article"), i, one)
    {
        phrase p = {0};
        phrase_add(&p, grammar_en_article(text(one, 0), strlen(text(one, 0))));
        wrong += differs(&p, text(one, 1), one);
    }
    json_array_foreach(json_object_get(golden, "verb"), i, one)
    {
        phrase p = {0};
        verb_form f = {.person = 3};
        assert_true(grammar_tense(text(one, 1), strlen(text(one, 1)), &f.tense));
        grammar_en_verb(&p, text(one, 0), strlen(text(one, 0)), f);
        wrong += differs(&p, text(one, 2), one);
    }
    assert_int_equal(wrong, 0);
}

typedef struct {
    const char *verb;
    verb_form form;
    const char *want;
} verb_case;

static void check_verbs(const verb_case *c, size_t count, language l)
{
    for (size_t i = 0; i < count; i++) {
        phrase p = {0};
        bool ok = l == LANGUAGE_DE ? grammar_de_verb(&p, c[i].verb, strlen(c[i].verb), c[i].form) : l == LANGUAGE_FR ? grammar_fr_verb(&p, c[i].verb, strlen(c[i].verb), c[i].form, GENDER_FEMININE) : (grammar_en_verb(&p, c[i].verb, strlen(c[i].verb), c[i].form), true);
        assert_true(ok);
        assert_string_equal(p.text, c[i].want);
    }
}

static void test_verbs(void **state)
{
    (void)state;
    static const verb_case en[] = {
        {"win", {TENSE_PERFECT, 3, false, true, false, false}, "has not won"}, {"win", {TENSE_PERFECT, 3, true, false, false, false}, "have won"}, {"be", {TENSE_PRESENT, 1, false, false, false, false}, "am"},
        {"be", {TENSE_PAST, 3, true, true, false, false}, "were not"}, {"take over", {TENSE_PRESENT, 3, false, false, false, false}, "takes over"}, {"take over", {TENSE_PRESENT, 3, false, true, false, false}, "does not take over"},
        {"beat", {TENSE_PAST, 3, true, false, false, true}, "were beaten"}, {"build", {TENSE_FUTURE, 3, false, false, false, true}, "will be built"}, {"play", {TENSE_PLUPERFECT, 3, false, false, true, false}, "had been playing"},
        {"score", {TENSE_PRESENT, 3, true, false, true, false}, "are scoring"}, {"sell", {TENSE_CONDITIONAL, 3, false, true, false, false}, "would not sell"}, {"repair", {TENSE_PRESENT, 3, false, false, true, true}, "is being repaired"},
        {"go", {TENSE_INFINITIVE, 3, false, true, false, false}, "not to go"}, {"lie", {TENSE_GERUND, 3, false, false, false, false}, "lying"}};
    static const verb_case de[] = {
        {"gewinnen", {TENSE_PAST, 3, false}, "gewann"}, {"gewinnen", {TENSE_PAST, 3, true}, "gewannen"}, {"gewinnen", {TENSE_PERFECT, 3, false}, "hat gewonnen"}, {"steigen", {TENSE_PERFECT, 3, true}, "sind gestiegen"},
        {"arbeiten", {TENSE_PRESENT, 3, false}, "arbeitet"}, {"öffnen", {TENSE_PAST, 3, false}, "öffnete"}, {"fahren", {TENSE_PRESENT, 3, false}, "fährt"}, {"sein", {TENSE_PAST, 3, true}, "waren"}, {"melden", {TENSE_PARTICIPLE, 3}, "gemeldet"},
        {"verkaufen", {TENSE_PARTICIPLE, 3}, "verkauft"}, {"reisen", {TENSE_PRESENT, 2, false}, "reist"}, {"spielen", {TENSE_FUTURE, 3, true}, "werden spielen"}, {"bringen", {TENSE_PAST, 3, true}, "brachten"}, {"halten", {TENSE_PAST, 2, true}, "hieltet"}};
    static const verb_case fr[] = {
        {"gagner", {TENSE_PRESENT, 3, true}, "gagnent"}, {"gagner", {TENSE_PERFECT, 3, false}, "a gagné"}, {"arriver", {TENSE_PERFECT, 3, true}, "sont arrivées"}, {"manger", {TENSE_PRESENT, 1, true}, "mangeons"},
        {"annoncer", {TENSE_PAST, 3, false}, "annonçait"}, {"finir", {TENSE_PRESENT, 3, true}, "finissent"}, {"être", {TENSE_FUTURE, 3, false}, "sera"}, {"avoir", {TENSE_PAST, 3, true}, "avaient"}, {"battre", {TENSE_PARTICIPLE, 3}, "battu"}};
    check_verbs(en, sizeof en / sizeof *en, LANGUAGE_EN);
    check_verbs(de, sizeof de / sizeof *de, LANGUAGE_DE);
    check_verbs(fr, sizeof fr / sizeof *fr, LANGUAGE_FR);
    phrase p = {0};
    verb_form unknown = {TENSE_PRESENT, 3, false, true, false, false};
    assert_false(grammar_de_verb(&p, "gehen", 5, unknown));
    assert_false(grammar_fr_verb(&p, "inventre", 8, (verb_form){TENSE_PRESENT, 3}, GENDER_MASCULINE));
}

static void test_agreement(void **state)
{
    (void)state;
    static const struct {
        char how;
        gender g;
        grammar_case c;
        bool plural;
        const char *article, *adjective;
    } de[] = {{'d', GENDER_MASCULINE, CASE_DATIVE, false, "dem", "guten"}, {'e', GENDER_NEUTER, CASE_NOMINATIVE, false, "ein", "gutes"}, {'d', GENDER_FEMININE, CASE_GENITIVE, false, "der", "guten"},
              {'k', GENDER_MASCULINE, CASE_ACCUSATIVE, false, "keinen", "guten"}, {'d', GENDER_NEUTER, CASE_NOMINATIVE, true, "die", "guten"}, {'e', GENDER_FEMININE, CASE_ACCUSATIVE, false, "eine", "gute"}};
    for (size_t i = 0; i < sizeof de / sizeof *de; i++) {
        phrase p = {0};
        grammar_de_adjective(&p, "gut", 3, de[i].how, de[i].g, de[i].c, de[i].plural);
        assert_string_equal(p.text, de[i].adjective);
        assert_string_equal(grammar_de_article(de[i].how, de[i].g, de[i].c, de[i].plural), de[i].article);
    }
    static const struct {
        const char *noun;
        bool definite;
        char before;
        gender g;
        bool plural;
        const char *want;
    } fr[] = {{"équipe", true, 0, GENDER_FEMININE, false, "l’"}, {"équipe", true, 'd', GENDER_FEMININE, false, "de l’"}, {"match", true, 'd', GENDER_MASCULINE, false, "du "}, {"match", true, 'a', GENDER_MASCULINE, true, "aux "},
              {"héros", true, 0, GENDER_MASCULINE, false, "le "}, {"homme", true, 0, GENDER_MASCULINE, false, "l’"}, {"ville", false, 0, GENDER_FEMININE, false, "une "}, {"hausse", true, 0, GENDER_FEMININE, false, "la "}, {"match", false, 'd', GENDER_MASCULINE, false, "d’un "}};
    for (size_t i = 0; i < sizeof fr / sizeof *fr; i++) {
        phrase p = {0};
        grammar_fr_article(&p, fr[i].noun, strlen(fr[i].noun), fr[i].definite, fr[i].before, fr[i].g, fr[i].plural);
        assert_string_equal(p.text, fr[i].want);
    }
    static const char *const adjectives[][3] = {{"grand", "grande", "grandes"}, {"nouveau", "nouvelle", "nouvelles"}, {"heureux", "heureuse", "heureuses"}, {"premier", "première", "premières"}, {"actif", "active", "actives"}, {"supérieur", "supérieure", "supérieures"}};
    for (size_t i = 0; i < sizeof adjectives / sizeof *adjectives; i++) {
        phrase one = {0}, many = {0};
        grammar_fr_adjective(&one, adjectives[i][0], strlen(adjectives[i][0]), GENDER_FEMININE, false);
        grammar_fr_adjective(&many, adjectives[i][0], strlen(adjectives[i][0]), GENDER_FEMININE, true);
        assert_string_equal(one.text, adjectives[i][1]);
        assert_string_equal(many.text, adjectives[i][2]);
    }
    static const char *const plurals[][2] = {{"journal", "journaux"}, {"match", "matchs"}, {"cheveu", "cheveux"}, {"festival", "festivals"}, {"prix", "prix"}, {"bijou", "bijoux"}, {"clou", "clous"}, {"travail", "travaux"}};
    for (size_t i = 0; i < sizeof plurals / sizeof *plurals; i++) {
        phrase p = {0};
        grammar_fr_plural(&p, plurals[i][0], strlen(plurals[i][0]));
        assert_string_equal(p.text, plurals[i][1]);
    }
    assert_string_equal(grammar_zh_measure("书", 3), "本");
    assert_string_equal(grammar_zh_measure("自行车", 9), "辆");
    assert_string_equal(grammar_zh_measure("火车", 6), "列");
    assert_string_equal(grammar_zh_measure("东西", 6), "个");
}

static void test_figures_with_articles(void **state)
{
    (void)state;
    static const char *const an[] = {"8", "11", "18", "80", "800", "11,000", "18,500", "8th", "11th"}, *const a[] = {"1", "12", "110", "1,100", "180", "118", "9"};
    for (size_t i = 0; i < sizeof an / sizeof *an; i++) assert_string_equal(grammar_en_article(an[i], strlen(an[i])), "an");
    for (size_t i = 0; i < sizeof a / sizeof *a; i++) assert_string_equal(grammar_en_article(a[i], strlen(a[i])), "a");
}

static void test_comparison(void **state)
{
    (void)state;
    static const char *const words[][3] = {{"big", "bigger", "biggest"}, {"high", "higher", "highest"}, {"large", "larger", "largest"}, {"happy", "happier", "happiest"}, {"good", "better", "best"}, {"expensive", "more expensive", "most expensive"},
                                           {"dry", "drier", "driest"}, {"warm", "warmer", "warmest"}, {"cold", "colder", "coldest"}, {"hot", "hotter", "hottest"}, {"wet", "wetter", "wettest"}, {"busy", "busier", "busiest"}, {"narrow", "narrower", "narrowest"},
                                           {"careful", "more careful", "most careful"}, {"quickly", "more quickly", "most quickly"}, {"weak", "weaker", "weakest"}, {"few", "fewer", "fewest"}, {"slow", "slower", "slowest"}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        for (int k = 1; k < 3; k++) {
            phrase p = {0};
            grammar_en_comparative(&p, words[i][0], strlen(words[i][0]), k == 2);
            assert_string_equal(p.text, words[i][k]);
        }
    phrase p = {0};
    grammar_en_possessive(&p, "Reds", 4, true);
    phrase_add(&p, " ");
    grammar_en_possessive(&p, "James", 5, false);
    assert_string_equal(p.text, "Reds’ James’s");
}

static void test_rounding(void **state)
{
    (void)state;
    static const struct {
        double x;
        int places;
        const char *want;
    } cases[] = {{2.5, 0, "3"}, {-2.5, 0, "−3"}, {1.005, 2, "1.01"}, {0.285, 2, "0.29"}, {1e13 + 0.5, 0, "10,000,000,000,001"}, {0.049, 1, "0.0"}, {-0.04, 1, "0.0"}, {999999.995, 2, "1,000,000.00"}, {9.995, 2, "10.00"}, {1234.5, 0, "1,235"}, {1e21, -1, "1,000,000,000,000,000,000,000"},
                 {0.1 + 0.2, -1, "0.3"}, {1e-7, -1, "0.0000001"}, {123456.789, 1, "123,456.8"}, {7, 3, "7.000"}, {0.5, 0, "1"}, {1500000.5, 1, "1,500,000.5"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        phrase p = {0};
        locale_number(&p, locale_find("en"), cases[i].x, cases[i].places, true);
        assert_string_equal(p.text, cases[i].want);
    }
    phrase p = {0}, unit = {0};
    bool exact = true;
    assert_true(locale_large(&p, locale_find("en"), 1234567, 2, &exact) && !exact);
    assert_string_equal(p.text, "1.2\xC2\xA0million");
    p = (phrase){0};
    assert_true(locale_large(&p, locale_find("de"), 2000000000, 2, &exact) && exact);
    assert_string_equal(p.text, "2\xC2\xA0Milliarden");
    p = (phrase){0};
    assert_true(locale_large(&p, locale_find("en"), 999999999, 2, &exact) && !exact); /* not 1000 million */
    assert_string_equal(p.text, "999\xC2\xA0million");
    assert_false(locale_large(&p, locale_find("en"), 12345, 2, &exact));
    assert_true(locale_unit(&unit, locale_find("en-US"), "two", false, "km", true));
    assert_string_equal(unit.text, "two kilometers");
    phrase full = {0};
    for (int i = 0; i < 2000; i++) phrase_add(&full, "x");
    assert_true(full.full && full.size < sizeof full.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_numbers), cmocka_unit_test(test_dates), cmocka_unit_test(test_english), cmocka_unit_test(test_verbs), cmocka_unit_test(test_agreement), cmocka_unit_test(test_figures_with_articles), cmocka_unit_test(test_comparison), cmocka_unit_test(test_rounding)};
    return cmocka_run_group_tests(tests, read_golden, free_golden);
}
