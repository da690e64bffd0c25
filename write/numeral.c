#include "write/numeral.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const int64_t MOST = INT64_C(999999999999999);

/* ---- English ---- */

static const char *const EN[] = {"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen",
                                 "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"};
static const char *const EN_TENS[] = {"", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"};

static void en_below_1000(phrase *p, const locale *l, int n, bool behind)
{
    if (n >= 100) {
        phrase_word(p, EN[n / 100]);
        phrase_word(p, "hundred");
        n %= 100;
        behind = true;
        if (!n) return;
    }
    if (behind && !l->american) phrase_word(p, "and");
    if (n < 20) phrase_word(p, EN[n]);
    else {
        phrase_word(p, EN_TENS[n / 10]);
        if (n % 10) phrase_format(p, "-%s", EN[n % 10]);
    }
}

static void en_cardinal(phrase *p, const locale *l, int64_t n)
{
    static const struct {
        int64_t size;
        const char *word;
    } scales[] = {{INT64_C(1000000000000), "trillion"}, {1000000000, "billion"}, {1000000, "million"}, {1000, "thousand"}};
    bool any = false;
    if (!n) phrase_word(p, EN[0]);
    for (int i = 0; i < 4; i++) {
        if (n < scales[i].size) continue;
        en_below_1000(p, l, (int)(n / scales[i].size), false);
        phrase_word(p, scales[i].word);
        n %= scales[i].size;
        any = true;
    }
    if (n) en_below_1000(p, l, (int)n, any);
}

static void en_ordinal(phrase *p, const locale *l, int64_t n)
{
    static const struct {
        const char *from, *to;
    } irregular[] = {{"one", "first"}, {"two", "second"}, {"three", "third"}, {"five", "fifth"}, {"eight", "eighth"}, {"nine", "ninth"}, {"twelve", "twelfth"}};
    en_cardinal(p, l, n);
    for (size_t i = 0; i < sizeof irregular / sizeof *irregular; i++) {
        size_t size = strlen(irregular[i].from);
        if (p->size < size || strcmp(p->text + p->size - size, irregular[i].from) != 0) continue;
        if (p->size > size && p->text[p->size - size - 1] != ' ' && p->text[p->size - size - 1] != '-') continue;
        phrase_cut(p, p->size - size);
        phrase_add(p, irregular[i].to);
        return;
    }
    if (p->size && p->text[p->size - 1] == 'y') {
        phrase_cut(p, p->size - 1);
        phrase_add(p, "ieth");
    } else phrase_add(p, "th");
}

/* ---- German ---- */

static const char *const DE[] = {"null", "eins", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun", "zehn", "elf", "zwölf", "dreizehn", "vierzehn",
                                 "fünfzehn", "sechzehn", "siebzehn", "achtzehn", "neunzehn"};
static const char *const DE_TENS[] = {"", "", "zwanzig", "dreißig", "vierzig", "fünfzig", "sechzig", "siebzig", "achtzig", "neunzig"};

/* last: the word for a one at its end ("eins", "ein", "eine"). */
static void de_below_1000(phrase *p, int n, const char *last)
{
    if (n >= 100) phrase_format(p, "%shundert", n / 100 == 1 ? "ein" : DE[n / 100]);
    n %= 100;
    if (n == 1) phrase_add(p, last);
    else if (n && n < 20) phrase_add(p, DE[n]);
    else if (n) {
        if (n % 10) phrase_format(p, "%sund", n % 10 == 1 ? "ein" : DE[n % 10]);
        phrase_add(p, DE_TENS[n / 10]);
    }
}

static void de_cardinal(phrase *p, int64_t n, const char *last)
{
    static const struct {
        int64_t size;
        const char *one, *many;
    } scales[] = {{INT64_C(1000000000000), "Billion", "Billionen"}, {1000000000, "Milliarde", "Milliarden"}, {1000000, "Million", "Millionen"}};
    if (!n) phrase_add(p, DE[0]);
    for (int i = 0; i < 3; i++) {
        if (n < scales[i].size) continue;
        de_below_1000(p, (int)(n / scales[i].size), "eine");
        phrase_format(p, " %s", n / scales[i].size == 1 ? scales[i].one : scales[i].many);
        n %= scales[i].size;
        if (n) phrase_add(p, " ");
    }
    if (n >= 1000) {
        de_below_1000(p, (int)(n / 1000), "ein");
        phrase_add(p, "tausend");
    }
    if (n % 1000) de_below_1000(p, (int)(n % 1000), last);
}

static void de_ordinal(phrase *p, int64_t n)
{
    if (n == 100 || n == 1000) { /* hundertste, but einhunderterste */
        phrase_add(p, n == 100 ? "hundertste" : "tausendste");
        return;
    }
    int end = (int)(n % 100);
    if (n == 0 || (end >= 1 && end < 20)) {
        static const char *const irregular[] = {[1] = "erste", [3] = "dritte", [7] = "siebte", [8] = "achte"};
        if (n > end) de_cardinal(p, n - end, "");
        if (end < 9 && end != 0 && irregular[end]) phrase_add(p, irregular[end]);
        else phrase_format(p, "%ste", DE[end]);
    } else {
        de_cardinal(p, n, "eins");
        phrase_add(p, "ste");
    }
}

/* ---- French ---- */

static const char *const FR[] = {"zéro", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix", "onze", "douze", "treize", "quatorze", "quinze",
                                 "seize", "dix-sept", "dix-huit", "dix-neuf"};
static const char *const FR_TENS[] = {"", "", "vingt", "trente", "quarante", "cinquante", "soixante", "soixante", "quatre-vingt", "quatre-vingt"};

/* plural_ends: vingt and cent take their s (nothing of the number follows but a noun such as million). */
static void fr_below_1000(phrase *p, int n, bool feminine, bool plural_ends)
{
    if (n >= 100) {
        if (n / 100 > 1) phrase_word(p, FR[n / 100]);
        phrase_word(p, n % 100 == 0 && n / 100 > 1 && plural_ends ? "cents" : "cent");
        n %= 100;
        if (!n) return;
    }
    if (n == 1) phrase_word(p, feminine ? "une" : "un");
    else if (n < 20) phrase_word(p, FR[n]);
    else {
        int ten = n / 10, one = n % 10;
        if (ten == 7 || ten == 9) one += 10;
        phrase_word(p, FR_TENS[ten]);
        if (ten == 8 && !one && plural_ends) phrase_add(p, "s");
        if ((one == 1 || one == 11) && ten < 8) phrase_format(p, " et %s", one == 1 && feminine ? "une" : FR[one]);
        else if (one) phrase_format(p, "-%s", one == 1 && feminine ? "une" : FR[one]);
    }
}

static void fr_cardinal(phrase *p, int64_t n, bool feminine)
{
    static const struct {
        int64_t size;
        const char *word;
    } scales[] = {{INT64_C(1000000000000), "billion"}, {1000000000, "milliard"}, {1000000, "million"}};
    if (!n) phrase_word(p, FR[0]);
    for (int i = 0; i < 3; i++) {
        if (n < scales[i].size) continue;
        fr_below_1000(p, (int)(n / scales[i].size), false, true);
        phrase_format(p, " %s%s", scales[i].word, n / scales[i].size > 1 ? "s" : "");
        n %= scales[i].size;
    }
    if (n >= 1000) {
        if (n / 1000 > 1) fr_below_1000(p, (int)(n / 1000), false, false);
        phrase_word(p, "mille");
    }
    if (n % 1000) fr_below_1000(p, (int)(n % 1000), feminine, true);
}

static void fr_ordinal(phrase *p, int64_t n, bool feminine)
{
    if (n == 1) {
        phrase_word(p, feminine ? "première" : "premier");
        return;
    }
    fr_cardinal(p, n, false);
    if (p->size && p->text[p->size - 1] == 'e') phrase_cut(p, p->size - 1);
    else if (p->size >= 4 && strcmp(p->text + p->size - 4, "cinq") == 0) phrase_add(p, "u");
    else if (p->size > 3 && p->text[p->size - 1] == 'f') {
        phrase_cut(p, p->size - 1);
        phrase_add(p, "v");
    } else if (p->size > 5 && p->text[p->size - 1] == 's' && (strcmp(p->text + p->size - 5, "cents") == 0 || strcmp(p->text + p->size - 6, "vingts") == 0)) phrase_cut(p, p->size - 1);
    else if (p->size > 4 && p->text[p->size - 1] == 's' && strstr(p->text, "llion")) phrase_cut(p, p->size - 1);
    phrase_add(p, "ième");
}

/* ---- Chinese ---- */

static const char *const ZH[] = {"零", "一", "二", "三", "四", "五", "六", "七", "八", "九"};

static void zh_below_10000(phrase *p, int n, bool leading, bool zero)
{
    static const char *const units[] = {"千", "百", "十", ""};
    int size = 1000;
    bool any = false;
    for (int i = 0; i < 4; i++, size /= 10) {
        int digit = n / size % 10;
        if (!digit) {
            zero = zero || any;
            continue;
        }
        if (zero) phrase_add(p, ZH[0]);
        zero = false;
        if (!(size == 10 && digit == 1 && leading && !any)) phrase_add(p, ZH[digit]); /* 十二, but 一百一十二 */
        phrase_add(p, units[i]);
        any = true;
    }
}

static void zh_cardinal(phrase *p, int64_t n)
{
    static const struct {
        int64_t size;
        const char *word;
    } scales[] = {{INT64_C(1000000000000), "万亿"}, {100000000, "亿"}, {10000, "万"}, {1, ""}};
    bool any = false;
    int64_t above = 0;
    if (!n) phrase_add(p, ZH[0]);
    for (int i = 0; i < 4; i++) {
        int64_t part = n / scales[i].size;
        n %= scales[i].size;
        if (!part) {
            above = any ? 10 : above;
            continue;
        }
        zh_below_10000(p, (int)part, !any, any && (part < 1000 || above == 10));
        phrase_add(p, scales[i].word);
        any = true;
        above = 0;
    }
}

/* ---- all ---- */

bool numeral_cardinal(phrase *p, const locale *l, int64_t n, gender g)
{
    static const char *const minus[] = {"minus ", "minus ", "moins ", "负"};
    if (n > MOST || n < -MOST) return false;
    if (n < 0) phrase_add(p, minus[l->language]), n = -n;
    phrase q = {0};
    switch (l->language) {
    case LANGUAGE_EN: en_cardinal(&q, l, n); break;
    case LANGUAGE_DE: de_cardinal(&q, n, g == GENDER_COUNTING ? "eins" : g == GENDER_FEMININE ? "eine" : "ein"); break;
    case LANGUAGE_FR: fr_cardinal(&q, n, g == GENDER_FEMININE); break;
    default: zh_cardinal(&q, n);
    }
    phrase_add(p, q.text);
    return true;
}

bool numeral_decimal(phrase *p, const locale *l, double x, int places)
{
    static const char *const point[] = {"point", "Komma", "virgule", "点"};
    phrase figures = {0};
    if (!isfinite(x) || fabs(x) > 1e15) return false;
    locale plain = *l;
    plain.point = ".";
    locale_number(&figures, &plain, x, places, false);
    const char *text = figures.text;
    bool negative = strncmp(text, "−", 3) == 0;
    if (negative) text += 3;
    int64_t whole = strtoll(text, NULL, 10);
    if (negative && whole == 0) phrase_add(p, l->language == LANGUAGE_FR ? "moins " : l->language == LANGUAGE_ZH ? "负" : "minus ");
    numeral_cardinal(p, l, negative ? -whole : whole, GENDER_COUNTING);
    const char *fraction = strchr(text, '.');
    if (!fraction) return true;
    phrase_format(p, l->language == LANGUAGE_ZH ? "%s" : " %s", point[l->language]);
    for (fraction++; *fraction; fraction++) {
        if (l->language != LANGUAGE_ZH) phrase_add(p, " ");
        numeral_cardinal(p, l, *fraction - '0', GENDER_COUNTING);
    }
    return true;
}

bool numeral_ordinal(phrase *p, const locale *l, int64_t n, gender g)
{
    if (n < 0 || n > MOST || (n == 0 && l->language != LANGUAGE_EN)) return false;
    phrase q = {0};
    switch (l->language) {
    case LANGUAGE_EN: en_ordinal(&q, l, n); break;
    case LANGUAGE_DE: de_ordinal(&q, n); break;
    case LANGUAGE_FR: fr_ordinal(&q, n, g == GENDER_FEMININE); break;
    default: phrase_add(&q, "第"), zh_cardinal(&q, n);
    }
    phrase_add(p, q.text);
    return true;
}

void numeral_ordinal_figures(phrase *p, const locale *l, int64_t n, gender g)
{
    int end = (int)(n % 100);
    if (l->language == LANGUAGE_ZH) phrase_add(p, "第");
    locale_integer(p, l, n, true);
    if (l->language == LANGUAGE_DE) phrase_add(p, ".");
    if (l->language == LANGUAGE_FR) phrase_add(p, n == 1 ? (g == GENDER_FEMININE ? "re" : "er") : "e");
    if (l->language == LANGUAGE_EN) phrase_add(p, end >= 11 && end <= 13 ? "th" : end % 10 == 1 ? "st" : end % 10 == 2 ? "nd" : end % 10 == 3 ? "rd" : "th");
}

bool numeral_times(phrase *p, const locale *l, int64_t n)
{
    if (n < 0) return false;
    phrase q = {0};
    bool words = n <= l->words_to;
    if (l->language == LANGUAGE_EN && (n == 1 || n == 2)) phrase_add(&q, n == 1 ? "once" : "twice");
    else if (l->language == LANGUAGE_DE && n == 1) phrase_add(&q, "einmal");
    else {
        if (l->language == LANGUAGE_ZH && n == 2) phrase_add(&q, "两");
        else if (words) numeral_cardinal(&q, l, n, GENDER_FEMININE);
        else locale_integer(&q, l, n, true);
        phrase_add(&q, l->language == LANGUAGE_EN ? " times" : l->language == LANGUAGE_DE ? (words ? "mal" : "-mal") : l->language == LANGUAGE_FR ? " fois" : "次");
    }
    phrase_add(p, q.text);
    return true;
}
