/* Reports: what templates make of rows, what is left out, faults and their places, data of all kinds, memory that ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/json.h"
#include "write/prose.h"
#include "write/report.h"
#include "write/calendar.h"

static const char CSV[] = "id,home,away,home_goals,away_goals,crowd,day,cup\n"
                          "m1,Northfield,Lakeside,3,1,412,2026-11-20,true\n"
                          "m2,\"Harbour \"\"Town\"\"\",Old Mill,0,0,,2026-11-27,false\n"
                          "m3,Westgate,Northfield,1,4,nan,2026-12-01,true\n"
                          "m4,Lakeside,Westgate,2,2,1250,2026-12-02,false\n";

static data_table *table(const char *text, status *st)
{
    size_t size = strlen(text);
    char *copy = alloc_string(text, size, st);
    return copy ? data_open_bytes("data.csv", copy, size, &(data_options){0}, st) : NULL;
}

/* The reports of a template joined, or the message of its fault; freed with free. */
static char *reports(const char *csv, const char *text, report_per per, const char *group, const char *lang, uint64_t seed)
{
    status st = {0};
    text_out out = {.st = &st};
    data_table *t = table(csv, &st);
    report_options o = {.locale = locale_find(lang), .seed = seed, .today = calendar_days((civil){2026, 11, 27}), .per = per, .group = group};
    report *r = t ? report_open(text, strlen(text), "t", t, NULL, &o, &st) : NULL;
    for (size_t i = 0; r && i < report_count(r) && status_ok(&st); i++) report_write(r, i, &out, NULL, &st);
    report_close(r);
    data_close(t);
    char *made = strdup(status_ok(&st) ? out.data ? out.data : "" : st.msg);
    text_out_free(&out);
    return made;
}

static void check(const char *text, report_per per, const char *lang, const char *want)
{
    char *found = reports(CSV, text, per, "home", lang, 0);
    assert_string_equal(found, want);
    free(found);
}

static void first(const char *text, const char *lang, const char *want) /* the first row's report alone */
{
    char program[2000];
    snprintf(program, sizeof program, "{%% if index == 1 %%}%s{%% endif %%}", text);
    check(program, REPORT_ROW, lang, want);
}

static void test_functions(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"{{ 3|words }} {{ 21|ordinal }} {{ 2|ordinal_words }} {{ 2|times }} {{ 12|number }} {{ 9|number }}", "three 21st second twice 12 nine\n"},
        {"{{ 397|about }}, {{ 400|about }}, {{ 437|about }}, {{ 397|nearly }}, {{ 403|nearly }}, {{ 1234567|large }}", "some 400, 400, some 440, nearly 400, just over 400, some 1.2\xC2\xA0million\n"},
        {"{{ 12.345|percent(1) }} {{ 5|percent(sign=true) }} {{ 39.9|money('EUR') }} {{ 40|money('GBP') }} {{ 1|unit('km', spelled=true) }} {{ 2.5|unit('km') }}", "12.3 per cent 5% €39.90 £40 one kilometre 2.5\xC2\xA0km\n"},
        {"{{ share(1, 2) }}, {{ share(34, 100) }}, {{ share(37, 100) }}, {{ share(0, 3) }}, {{ share(1, 1000) }}, {{ share(999, 1000) }}", "half, about a third, 37 per cent, none, less than 1 per cent, more than 99 per cent\n"},
        {"{{ trend(112, 100) }}; {{ trend(97, 100, 'last year') }}; {{ trend(5, 5, 'last year') }}; {{ trend(100.1, 100) }}; {{ trend(3, 0) }}", "up 12 per cent; down 3 per cent on last year; unchanged from last year; almost unchanged; up from zero\n"},
        {"{{ compare(7, 4) }}; {{ compare(4, 7) }}; {{ compare(8, 4) }}; {{ compare(4, 4) }}; {{ compare(0.3, 0.1, mass=true) }}", "three more than; three fewer than; twice as many as; as many as; 0.2 more than\n"},
        {"{{ direction(2, 1, 'rose', 'fell') }} {{ rank(5, [9, 5, 5, 1]) }} {{ streak(['w', 'l', 'l']) }} {{ mean([1, 2, 6]) }} {{ median([3, 1, 2]) }}", "rose 2 2 3 2\n"},
        {"{{ 'hour'|a }}, {{ 'goal'|a }}, {{ 'city'|plural }}, {{ count(0, 'goal') }}, {{ count(1, 'goal') }}, {{ count(12, 'goal') }}, {{ 'Reds'|possessive(true) }}", "an hour, a goal, cities, no goals, one goal, 12 goals, Reds’\n"},
        {"{{ 'win'|verb }} {{ 'win'|verb(2) }} {{ 'win'|verb(tense='past') }} {{ 'be'|verb(['a', 'b'], 'past') }} {{ 'win'|verb('they', 'perfect', negative=true) }}", "wins win won were have not won\n"},
        {"{{ ['a']|listed }}; {{ ['a', 'b']|listed }}; {{ ['a', 'b', 'c']|listed('or') }}; {{ ['a', 'b', 'c', 'd']|listed(most=2) }}", "a; a and b; a, b or c; a, b and two others\n"},
        {"{{ day|date }}; {{ day|date('full') }}; {{ day|relative }}; {{ '2026-11-26'|relative }}; {{ '15:05'|time }}; {{ 7500|duration }}; {{ 3661|duration }}", "20 November 2026; Friday 20 November 2026; seven days ago; yesterday; 3.05pm; two hours and five minutes; about one hour and one minute\n"},
        {"{{ days_between(day, today) }} {{ add_days(day, 10) }} {{ years_between('2000-11-28', today) }} {{ seconds_between('10:00', '11:30') }}", "7 2026-11-30 25 5400\n"},
        {"{{ newsworthy([(1, 'a'), (5, 'b'), (3, 'c')], most=2)|join(' ') }}; {{ newsworthy([(1, 'a'), (5, 'b'), (3, 'c')], most=2, order='given')|join(' ') }}; {{ newsworthy([(1, 'a')], least=2)|join }}.", "b c; b c;.\n"},
        {"{% macro m() %}told{% endmacro %}{{ newsworthy([(1, m), (2, 'x')], most=2)|join(' ') }}", "x told\n"},
        {"{% filter prose %}the first   line ends .\n\niPhone sales rose. they doubled{% endfilter %}", "The first line ends. iPhone sales rose. They doubled\n"},
        {"{{ 'São Paulo’s  1st!'|slug }} {{ 'big'|comparative }} {{ 'big'|superlative }}", "são-paulo’s-1st bigger biggest\n"},
        {"{{ grouped(rows, 'cup')|length }} {% for key, matches in grouped(rows, 'cup') %}{{ key }}{{ matches|length }}{% endfor %}", "2 True2False2\n"},
        {"{{ previous is defined }} {{ next.home }} {{ row.home }} {{ row['away'] }} {{ home_goals + away_goals }} {{ 0.1 + 0.2 }}", "False Harbour \"Town\" Northfield Lakeside 4 0.3\n"},
        {"{% for t in league(rows) %}{{ t.place }} {{ t.team }} {{ t.played }} {{ t.points }} {{ t.difference }}; {% endfor %}", "1 Northfield 2 6 5; 2 Harbour \"Town\" 1 1 0; 2 Old Mill 1 1 0; 4 Lakeside 2 1 -2; 5 Westgate 2 1 -3;\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) first(cases[i][0], "en-GB", cases[i][1]);
}

static void test_languages(void **state)
{
    (void)state;
    first("{{ count(3, 'Tor', 'Tore', gender='n') }}, {{ count(1, 'Tor', 'Tore', gender='n') }}, {{ day|date }}, {{ '2026-11-24'|relative }}, {{ 1234.5|money('EUR') }}, {{ 397|about }}, {{ 'Mannschaft'|article(gender='f', case='dative') }}, {{ trend(112, 100) }}", "de",
          "drei Tore, ein Tor, 20. November 2026, vor drei Tagen, 1.234,50\xC2\xA0€, rund 400, der Mannschaft, plus 12 Prozent\n");
    first("{{ count(1, 'but') }}, {{ count(3, 'équipe', gender='f') }}, {{ count(1, 'équipe', gender='f') }}, {{ day|date('full') }}, {{ '2026-12-04'|relative }}, {{ 'équipe'|article(gender='f', before='de') }}, {{ ['a', 'b', 'c']|listed }}", "fr",
          "un but, trois équipes, une équipe, vendredi 20 novembre 2026, dans sept jours, de l’équipe, a, b et c\n");
    first("{{ count(2, '书') }}，{{ count(3, '比赛') }}，{{ day|date }}，{{ ['甲', '乙', '丙']|listed }}，{{ 12345|words }}，{{ 123456|large }}", "zh", "两本书，三场比赛，2026年11月20日，甲、乙和丙，一万二千三百四十五，约12万\n");
    first("{{ day|date('full') }} {{ ['a', 'b', 'c']|listed }} {{ 110|words }} {{ '15:05'|time }}", "en-US", "Friday, November 20, 2026 a, b, and c one hundred ten 3:05 p.m.\n");
}

static void test_missing(void **state)
{
    (void)state;
    check("A crowd of {{ crowd|figures }} came. {{ home }} played. It was {{ crowd + 1 }}, no less.\n", REPORT_ROW, "en-GB",
          "A crowd of 412 came. Northfield played. It was 413, no less.\nHarbour \"Town\" played.\nWestgate played.\nA crowd of 1,250 came. Lakeside played. It was 1251, no less.\n");
    first("{{ rows|map(attribute='crowd')|list|listed }}", "en-GB", "412 and 1250\n");
    check("| {{ home }} | {{ crowd }} |\n", REPORT_ROW, "en-GB", "| Northfield | 412 |\n| Harbour \"Town\" | — |\n| Westgate | — |\n| Lakeside | 1250 |\n");
    check("{{ crowd|default('nobody counted') }}\n", REPORT_ROW, "en-GB", "412\nnobody counted\nnobody counted\n1250\n");
    check("{% if crowd is defined %}{{ crowd }}{% else %}none{% endif %}\n", REPORT_ROW, "en-GB", "412\nnone\nnone\n1250\n");
    check("{% if crowd > 400 %}many{% endif %}\n", REPORT_ROW, "en-GB", "t:1:13: 'crowd' is missing here and cannot be compared; 'is defined' asks before (data.csv:3:1)");
    check("{{ choose('crowd ' ~ crowd) }} {{ home }}", REPORT_ALL, "en-GB", "t:1:22: 'crowd' is a column of each row; here a report is written of all rows: rows[0].crowd, or a loop over rows");
    check("{{ hom }}", REPORT_ROW, "en-GB", "t:1:4: 'hom' is no column of data.csv, and nothing sets it; did you mean 'home'?");
    check("{{ row.hom }}", REPORT_ROW, "en-GB", "t:1:8: 'hom' is not there (data.csv:2:1)");
    check("{{ 1 / (home_goals - 3) }}", REPORT_ROW, "en-GB", "t:1:6: a division by zero (data.csv:2:1)");
    check("{{ key }}: {{ rows|length }} {{ home }}\n", REPORT_GROUP, "en-GB", "Northfield: 1 Northfield\nHarbour \"Town\": 1 Harbour \"Town\"\nWestgate: 1 Westgate\nLakeside: 1 Lakeside\n");
    check("{{ home|percent }}", REPORT_ROW, "en-GB", "t:1:9: percent: 'str' found, a number wanted (data.csv:2:1)");
    check("{% include 'x' %}", REPORT_ROW, "en-GB", "t:1:4: the tag 'include' is not known here");
}

static void test_names(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"{% set a = entity('Ada Reyes', 'Reyes', 'she') %}{{ a|ref }}, {{ a|ref }}, {{ a|ref }}, {{ a|ref('possessive') }}", "Ada Reyes, she, she, Reyes’s\n"}, /* no three pronouns in a row */
        {"{% set a = entity('Reds FC', 'Reds', 'they') %}{% set b = entity('Blues FC', 'Blues', 'they') %}{{ a|ref }} {{ b|ref }} {{ b|ref }} {{ b|ref }} {{ a|ref }}", "Reds FC Blues FC Blues they Reds\n"}, /* they could be either */
        {"{% set a = entity('Ada', pronoun='she') %}{% set b = entity('Ben', pronoun='he') %}{{ a|ref }} {{ b|ref }} {{ b|ref('object') }} {{ a|ref }}", "Ada Ben him Ada\n"},
        {"{% set a = entity('Reds FC', 'Reds', 'they') %}{{ a|ref }} {{ 'win'|verb(a) }} {{ a|ref(pronoun=false) }} {{ forget() }}{{ a|ref }}", "Reds FC win Reds Reds FC\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) first(cases[i][0], "en-GB", cases[i][1]);
}

/* All alternatives come before one comes again, others by other seeds, and always the same by the same. */
static void test_choosing(void **state)
{
    (void)state;
    int differ = 0;
    for (uint64_t seed = 0; seed < 20; seed++) {
        static const char program[] = "{% if index == 1 %}{% for i in range(8) %}{{ choose('a', 'b', 'c', 'd') }}{% endfor %} {{ synonym('x', 'y') }}{{ synonym('x', 'y') }} {% choose %}p{% or %}q{% endchoose %}{% endif %}";
        char *one = reports(CSV, program, REPORT_ROW, "", "en-GB", seed), *two = reports(CSV, program, REPORT_ROW, "", "en-GB", seed), *other = reports(CSV, program, REPORT_ROW, "", "en-GB", seed + 1);
        assert_string_equal(one, two);
        differ += strcmp(one, other) != 0;
        for (int k = 0; k < 8; k += 4)
            for (const char *c = "abcd"; *c; c++) assert_non_null(memchr(one + k, *c, 4));
        assert_true(one[3] != one[4] && one[9] != one[10]);
        free(one);
        free(two);
        free(other);
    }
    assert_true(differ > 15);
    first("{{ choose(rows[1].crowd, 'known') }}{{ choose(rows[1].crowd, 'known') }}", "en-GB", "knownknown\n"); /* what is missing gives way */
}

static void test_prose(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"One . Two\x01 three. Four.", "One. Four.\n"}, {"\x01 is gone.\n\nNext.", "Next.\n"}, {"A.\n\n\n\nB.  \n", "A.\n\nB.\n"}, {"Dr. Smith had 3.5 \x01. He left.", "He left.\n"},
        {"- item: \x01\n- other", "- item: —\n- other\n"}, {"```\na  b \x01\n```\n", "```\na  b —\n```\n"}, {"甲。乙\x01。丙。", "甲。丙。\n"}, {"Is it \x01? Yes!", "Yes!\n"}, {"no end \x01", ""}, {"\"He \x01.\" She did.", "She did.\n"},
        {"a\nb  c\nd.", "a\nb c\nd.\n"}, {"    code  stays\n", "    code  stays\n"}, {"", ""}, {"A.\n\n\x01.\n\n# B\n", "A.\n\n# B\n"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        status st = {0};
        text_out out = {.st = &st};
        prose_report(cases[i][0], strlen(cases[i][0]), NULL, &out);
        assert_string_equal(out.data ? out.data : "", cases[i][1]);
        text_out_free(&out);
    }
}

static void expect_fault(const char *text, const char *want)
{
    status st = {0};
    data_table *t = table(text, &st);
    assert_null(t);
    assert_int_equal(st.code, STATUS_INPUT);
    assert_string_equal(st.msg, want);
}

static void test_data(void **state)
{
    (void)state;
    expect_fault("", "data.csv: the file is empty");
    expect_fault("a,b\n1\n", "data.csv:2:1: 1 fields found, 2 wanted as in the first line");
    expect_fault("a,b\n1,2,3\n", "data.csv:2:5: more fields than the first line has names");
    expect_fault("a,b\n1,\"x\n", "data.csv:2:3: a quote that is never closed");
    expect_fault("a,a\n1,2\n", "data.csv: the column 'a' is there twice");
    expect_fault("a,b\n1,\"x\"y\n", "data.csv:2:6: text behind a closing quote; a quote within quotes is written \"\"");
    expect_fault("a,b\n1,\x1b[2J\n", "data.csv:2:3: a control character");
    expect_fault("a,b\n1,\xff\n", "data.csv:2:3: bytes that are no UTF-8; iconv makes a text UTF-8");
    expect_fault("[{\"a\": 1}, 2]", "data.csv: item 2 of the list is no object");
    expect_fault("{\"a\": 1}\n{\"a\": }\n", "data.csv:2:7: unexpected token near '}'");
    expect_fault("[{\"a\": \"\\u0001\"}]", "data.csv:1:8: a control character, or a value that is too long or nested too deep");
    status st = {0};
    data_table *t = table("n;m;z;when\n\"1\";2,5;007;2026-01-02\r\n\"a \"\"q\"\"\nb\";;1;\n", &st);
    assert_non_null(t);
    assert_int_equal(t->rows, 2);
    assert_int_equal(data_at(t, 0, 0)->kind, DATA_TEXT); /* since the column holds a text */
    assert_int_equal(data_at(t, 1, 0)->size, 7);
    assert_int_equal(data_at(t, 1, 1)->kind, DATA_MISSING);
    assert_int_equal(data_at(t, 0, 2)->kind, DATA_TEXT); /* 007 */
    char where[DATA_WHERE];
    data_where(t, 1, 2, where);
    assert_string_equal(where, "data.csv:4:5"); /* behind a quoted field of two lines */
    data_close(t);
    t = table("{\"rows\": [{\"a\": 1, \"b\": null}, {\"b\": \"x\", \"c\": [1, 2]}], \"n\": 2}", &st);
    assert_non_null(t);
    assert_int_equal(t->rows, 2);
    assert_int_equal(t->columns, 3);
    assert_int_equal(data_at(t, 0, 1)->kind, DATA_MISSING);
    assert_int_equal(data_at(t, 1, 2)->kind, DATA_NESTED);
    data_where(t, 1, 1, where);
    assert_string_equal(where, "data.csv:1:38");
    data_close(t);
}

static size_t told;
static char first_told[480];
static void hear(void *arg, const char *message)
{
    (void)arg;
    if (!told++) snprintf(first_told, sizeof first_told, "%s", message);
}

static void expect_schema(const char *text, size_t faults, const char *want)
{
    status st = {0};
    data_table *t = table(CSV, &st);
    schema *s = schema_parse(text, strlen(text), "s", 1, &st);
    if (!s) assert_string_equal(st.msg, want);
    else {
        told = 0, first_told[0] = 0;
        assert_int_equal(schema_check(s, t, hear, NULL, &st), faults);
        assert_int_equal(told, faults);
        if (want) assert_string_equal(first_told, want);
    }
    schema_free(s);
    data_close(t);
}

static void test_schema(void **state)
{
    (void)state;
    expect_schema("id: text, unique\nhome: text\nhome_goals: integer, 0..99\ncrowd: integer, optional\nday: date\ncup: boolean\nreferee: text, optional\n", 0, NULL);
    expect_schema("crowd: integer\n", 2, "data.csv:3:36: nothing found in column 'crowd', integer wanted");
    expect_schema("home_goals: integer, 0..3\naway_goals: integer, 0..3\n", 1, "data.csv:4:26: '4' found in column 'away_goals', 0..3 wanted");
    expect_schema("home: date\n", 4, "data.csv:2:4: 'Northfield' found in column 'home', date wanted");
    expect_schema("cup: boolean\nhome: Northfield | Westgate | Lakeside\n", 1, "s:2:1: the schema: type 'Northfield | Westgate | Lakesi' found, one of any, text, integer, number, boolean, date, time, moment, list wanted");
    expect_schema("home: text, Northfield | Westgate | Lakeside\n", 1, "data.csv:3:4: 'Harbour \"Town\"' found in column 'home', one of Northfield | Westgate | Lakeside wanted");
    expect_schema("home: text, a | b, c | d\n", 1, "s:1:1: the schema: 'c | d': values are given once");
    expect_schema("home_goals: integer, 0..3, 0..5\n", 1, "s:1:1: the schema: '0..5': bounds are given once");
    expect_schema("hom: text\n", 1, "data.csv:1:1: the column 'hom' is wanted and not there; is it 'home'?");
    expect_schema("day: date, unique\nhome_goals: integer, unique\n", 0, NULL);
    expect_schema("home: txt\n", 1, "s:1:1: the schema: type 'txt' found, one of any, text, integer, number, boolean, date, time, moment, list wanted; did you mean 'text'?");
    expect_schema("{\"fields\": [{\"name\": \"crowd\", \"type\": \"integer\", \"constraints\": {\"required\": true, \"maximum\": 1000}}]}", 3, "data.csv:3:36: nothing found in column 'crowd', integer wanted");
}

/* Whatever allocation fails, nothing is lost and the status says so. */
static void test_memory(void **state)
{
    (void)state;
    static const char program[] = "{{ home|ref }} {{ choose('a', 'b') }} {{ rows|length }} {% for t in league(rows) %}{{ t.team }}{% endfor %}{% filter prose %}x. y{% endfilter %}";
    for (uint64_t n = 1; n < 400; n++) {
        uint64_t before = alloc_in_use();
        status st = {0};
        text_out out = {.st = &st};
        alloc_fail_at(n);
        data_table *t = table(CSV, &st);
        report_options o = {.locale = locale_find("en"), .per = REPORT_ROW, .group = "", .pattern = "{{ id }}"};
        report *r = t ? report_open(program, sizeof program - 1, "t", t, NULL, &o, &st) : NULL;
        bool ok = r && report_write(r, 0, &out, NULL, &st);
        char *path = ok ? report_path(r, 0, &st) : NULL;
        alloc_fail_at(0);
        assert_true(path || st.code == STATUS_NOMEM);
        alloc_free(path);
        text_out_free(&out);
        report_close(r);
        data_close(t);
        assert_int_equal(alloc_in_use(), before);
        if (path) return;
    }
    fail_msg("it never ends well");
}

int main(void)
{
    json_use_alloc();
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_functions), cmocka_unit_test(test_languages), cmocka_unit_test(test_missing), cmocka_unit_test(test_names), cmocka_unit_test(test_choosing), cmocka_unit_test(test_prose),
                                       cmocka_unit_test(test_data), cmocka_unit_test(test_schema), cmocka_unit_test(test_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
