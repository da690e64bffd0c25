/* Filters of numbers. */
#include <math.h>
#include <string.h>

#include "write/run.h"

RUN_FILTER(words)
{
    static const char *const names[] = {"gender", "places", NULL};
    jinja_value given[2];
    gender g;
    int places;
    double x;
    phrase p = {0};
    if (jinja_missing(v)) return v;
    if (!jinja_bind(r, at, "words", a, names, 0, given) || !run_gender(r, at, "words", given[0], &g) || !run_small(r, at, "words", given[1], 0, 15, -1, &places) || !run_number(r, at, "words", v, &x)) return (jinja_value){0};
    bool ok = x == floor(x) && fabs(x) < 1e15 ? numeral_cardinal(&p, run_of(r)->locale, (int64_t)x, g) : numeral_decimal(&p, run_of(r)->locale, x, places);
    return ok ? run_say(r, at, &p) : jinja_fail(r, at, "words: %g has no words here", x);
}

RUN_FILTER(figures)
{
    static const char *const names[] = {"places", "sign", NULL};
    jinja_value given[2];
    int places;
    double x;
    phrase p = {0};
    if (jinja_missing(v)) return v;
    if (!jinja_bind(r, at, "figures", a, names, 0, given) || !run_small(r, at, "figures", given[0], 0, 15, -1, &places) || !run_number(r, at, "figures", v, &x)) return (jinja_value){0};
    if (run_true(given[1]) && x > 0) phrase_add(&p, "+");
    if (v.kind == VALUE_INT && places <= 0) locale_integer(&p, run_of(r)->locale, v.i, true);
    else locale_number(&p, run_of(r)->locale, x, places, true);
    return run_say(r, at, &p);
}

/* As newspapers write it: small whole numbers as words. */
RUN_FILTER(number)
{
    static const char *const names[] = {"places", "gender", NULL};
    jinja_value given[2];
    int places;
    gender g;
    double x;
    phrase p = {0};
    if (jinja_missing(v)) return v;
    if (!jinja_bind(r, at, "number", a, names, 0, given) || !run_small(r, at, "number", given[0], 0, 15, -1, &places) || !run_gender(r, at, "number", given[1], &g) || !run_number(r, at, "number", v, &x))
        return (jinja_value){0};
    run_count_word(&p, run_of(r)->locale, x, places, g);
    return run_say(r, at, &p);
}

static jinja_value ordinal(jinja_context *r, const jinja_node *at, jinja_value v, const jinja_arguments *a, bool words)
{
    static const char *const names[] = {"gender", NULL};
    jinja_value given;
    gender g;
    int64_t n;
    phrase p = {0};
    if (jinja_missing(v)) return v;
    if (!jinja_bind(r, at, "ordinal", a, names, 0, &given) || !run_gender(r, at, "ordinal", given, &g) || !run_whole(r, at, "ordinal", v, &n)) return (jinja_value){0};
    if (n < 0) return jinja_fail(r, at, "ordinal: %lld found, no negative number wanted", (long long)n);
    if (!words) numeral_ordinal_figures(&p, run_of(r)->locale, n, g);
    else if (!numeral_ordinal(&p, run_of(r)->locale, n, g)) return jinja_fail(r, at, "ordinal_words: %lld has no words here", (long long)n);
    return run_say(r, at, &p);
}

RUN_FILTER(ordinal) { return ordinal(r, at, v, a, false); }
RUN_FILTER(ordinal_words) { return ordinal(r, at, v, a, true); }

RUN_FILTER(times)
{
    static const char *const names[] = {NULL};
    jinja_value nothing;
    int64_t n;
    phrase p = {0};
    if (jinja_missing(v)) return v;
    if (!jinja_bind(r, at, "times", a, names, 0, &nothing) || !run_whole(r, at, "times", v, &n)) return (jinja_value){0};
    return numeral_times(&p, run_of(r)->locale, n) ? run_say(r, at, &p) : jinja_fail(r, at, "times: %lld found, no negative number wanted", (long long)n);
}

/* The coarsest rounding of x (to 1, 2, 3 … digits) that is at most 3 in a hundred away. */
static double rounded(double x, int digits)
{
    double size = fabs(x);
    if (size == 0) return 0;
    int lead = (int)floor(log10(size));
    for (int d = digits ? digits : 1; d <= 15; d++) {
        double near = locale_round(size, d - 1 - lead);
        if (digits || fabs(near - size) <= 0.03 * size) return x < 0 ? -near : near;
    }
    return x;
}

static jinja_value approximate(jinja_context *r, const jinja_node *at, jinja_value v, const jinja_arguments *a, bool which_side)
{
    static const char *const names[] = {"digits", NULL}, *const some[] = {"some ", "rund ", "environ ", "约"}, *const below[] = {"nearly ", "knapp ", "près de ", "近"},
                      *const above[] = {"just over ", "gut ", "un peu plus de ", ""};
    jinja_value given;
    int digits;
    double x;
    phrase p = {0};
    const locale *l = run_of(r)->locale;
    if (jinja_missing(v)) return v;
    if (!jinja_bind(r, at, "about", a, names, 0, &given) || !run_small(r, at, "about", given, 1, 15, 0, &digits) || !run_number(r, at, "about", v, &x)) return (jinja_value){0};
    double near = rounded(x, digits);
    if (near == x) {
        run_count_word(&p, l, x, -1, GENDER_COUNTING);
        return run_say(r, at, &p);
    }
    /* "just over" is said of what is at most 5 in a hundred above; further away the side alone would mislead */
    bool close = fabs(near - x) <= 0.05 * fabs(x);
    phrase_add(&p, !which_side || !close ? some[l->language] : fabs(near) > fabs(x) ? below[l->language] : above[l->language]);
    locale_number(&p, l, near, -1, true);
    if (which_side && close && l->language == LANGUAGE_ZH && fabs(near) < fabs(x)) phrase_add(&p, "多");
    return run_say(r, at, &p);
}

RUN_FILTER(about) { return approximate(r, at, v, a, false); }
RUN_FILTER(nearly) { return approximate(r, at, v, a, true); }

RUN_FILTER(percent)
{
    static const char *const names[] = {"places", "sign", NULL};
    jinja_value given[2];
    int places;
    double x;
    phrase p = {0}, digits = {0};
    const locale *l = run_of(r)->locale;
    if (jinja_missing(v)) return v;
    if (!jinja_bind(r, at, "percent", a, names, 0, given) || !run_small(r, at, "percent", given[0], 0, 15, -1, &places) || !run_number(r, at, "percent", v, &x)) return (jinja_value){0};
    locale_number(&digits, l, x, places, true);
    locale_unit(&p, l, digits.text, fabs(x) == 1, "%", !run_true(given[1]) && l->language != LANGUAGE_ZH);
    return run_say(r, at, &p);
}

RUN_FILTER(money)
{
    static const char *const names[] = {"currency", "places", NULL};
    jinja_value given[2];
    char currency[32];
    int places;
    double x;
    phrase p = {0};
    if (jinja_missing(v)) return v;
    if (!jinja_bind(r, at, "money", a, names, 1, given)) return (jinja_value){0};
    if (jinja_missing(given[0])) return given[0];
    if (!run_option(r, at, "money", given[0], currency) || !run_small(r, at, "money", given[1], 0, 4, -1, &places) || !run_number(r, at, "money", v, &x)) return (jinja_value){0};
    if (!*currency) return jinja_fail(r, at, "money: a currency such as 'EUR' wanted");
    locale_money(&p, run_of(r)->locale, x, currency, places, true);
    return run_say(r, at, &p);
}

RUN_FILTER(unit)
{
    static const char *const names[] = {"unit", "places", "spelled", NULL};
    jinja_value given[3];
    char unit[32];
    int places;
    double x;
    phrase p = {0}, digits = {0};
    const locale *l = run_of(r)->locale;
    if (jinja_missing(v)) return v;
    if (!jinja_bind(r, at, "unit", a, names, 1, given) || !run_option(r, at, "unit", given[0], unit) || !run_small(r, at, "unit", given[1], 0, 15, -1, &places) || !run_number(r, at, "unit", v, &x)) return (jinja_value){0};
    bool spelled = run_true(given[2]);
    double shown = places < 0 ? x : locale_round(x, places);
    if (spelled) run_count_word(&digits, l, shown, places, GENDER_FEMININE);
    else locale_number(&digits, l, x, places, true);
    bool one = l->language == LANGUAGE_FR ? fabs(shown) < 2 : fabs(shown) == 1 && places <= 0;
    if (!locale_unit(&p, l, digits.text, one, unit, spelled)) return jinja_fail(r, at, "unit: '%s' has no words here; without spelled=true its sign is written", unit);
    return run_say(r, at, &p);
}

RUN_FILTER(large)
{
    static const char *const names[] = {"digits", NULL}, *const some[] = {"some ", "rund ", "environ ", "约"};
    jinja_value given;
    int digits;
    double x;
    bool exact = true;
    phrase p = {0}, q = {0};
    const locale *l = run_of(r)->locale;
    if (jinja_missing(v)) return v;
    if (!jinja_bind(r, at, "large", a, names, 0, &given) || !run_small(r, at, "large", given, 1, 15, 2, &digits) || !run_number(r, at, "large", v, &x)) return (jinja_value){0};
    if (!locale_large(&q, l, x, digits, &exact)) run_count_word(&q, l, x, -1, GENDER_COUNTING);
    phrase_format(&p, "%s%s", exact ? "" : some[l->language], q.text);
    return run_say(r, at, &p);
}

/* A part of a whole: "a third" where it is one, "about a third" within a hundredth, else per cent. */
RUN_FUNCTION(share)
{
    static const char *const names[] = {"part", "whole", "places", NULL};
    static const struct {
        double value;
        const char *word[4];
    } fractions[] = {{0.5, {"half", "die Hälfte", "la moitié", "一半"}},         {1.0 / 3, {"a third", "ein Drittel", "un tiers", "三分之一"}},
                     {2.0 / 3, {"two thirds", "zwei Drittel", "deux tiers", "三分之二"}}, {0.25, {"a quarter", "ein Viertel", "un quart", "四分之一"}},
                     {0.75, {"three quarters", "drei Viertel", "trois quarts", "四分之三"}}, {0.2, {"a fifth", "ein Fünftel", "un cinquième", "五分之一"}},
                     {0.1, {"a tenth", "ein Zehntel", "un dixième", "十分之一"}}},
      ends[] = {{0, {"none", "nichts", "rien", "没有"}}, {1, {"all", "alles", "la totalité", "全部"}}};
    static const char *const about[] = {"about ", "etwa ", "environ ", "约"};
    jinja_value given[3];
    double part, whole;
    int places;
    phrase p = {0}, digits = {0};
    const locale *l = run_of(r)->locale;
    if (!jinja_bind(r, at, "share", a, names, 2, given)) return (jinja_value){0};
    if (jinja_missing(given[0]) || jinja_missing(given[1])) return jinja_missing(given[0]) ? given[0] : given[1];
    if (!run_number(r, at, "share", given[0], &part) || !run_number(r, at, "share", given[1], &whole) || !run_small(r, at, "share", given[2], 0, 15, 0, &places)) return (jinja_value){0};
    if (whole <= 0 || part < 0 || part > whole) return jinja_fail(r, at, "share: %g of %g is no part of a whole", part, whole);
    double x = part / whole;
    for (int i = 0; i < 2; i++)
        if (x == ends[i].value) return jinja_literal(r, ends[i].word[l->language]);
    for (size_t i = 0; i < sizeof fractions / sizeof *fractions; i++) {
        if (fabs(x - fractions[i].value) > 0.01) continue;
        phrase_format(&p, "%s%s", fabs(x - fractions[i].value) < 1e-12 ? "" : about[l->language], fractions[i].word[l->language]);
        return run_say(r, at, &p);
    }
    double shown = locale_round(100 * x, places);
    if (shown <= 0 || shown >= 100) { /* not rounded to nothing or to all of it */
        phrase_add(&p, shown <= 0 ? (l->language == LANGUAGE_EN ? "less than " : l->language == LANGUAGE_DE ? "weniger als " : l->language == LANGUAGE_FR ? "moins de " : "不到")
                                  : (l->language == LANGUAGE_EN ? "more than " : l->language == LANGUAGE_DE ? "mehr als " : l->language == LANGUAGE_FR ? "plus de " : "超过"));
        shown = shown <= 0 ? pow(10, -places) : 100 - pow(10, -places);
    }
    locale_number(&digits, l, shown, places, true);
    locale_unit(&p, l, digits.text, shown == 1, "%", l->language != LANGUAGE_ZH);
    return run_say(r, at, &p);
}
