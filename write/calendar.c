#include "write/calendar.h"

#include <stdio.h>
#include <string.h>

#include "write/numeral.h"

const char CALENDAR_FORMS[] = "full, long, short, day, month, weekday, numeric, iso, year, quarter";

int64_t calendar_days(civil c)
{
    int64_t y = c.year - (c.month <= 2), era = (y >= 0 ? y : y - 399) / 400, in_era = y - era * 400;
    int64_t of_year = (153 * (c.month + (c.month > 2 ? -3 : 9)) + 2) / 5 + c.day - 1;
    return era * 146097 + in_era * 365 + in_era / 4 - in_era / 100 + of_year - 719468;
}

civil calendar_civil(int64_t day)
{
    day += 719468;
    int64_t era = (day >= 0 ? day : day - 146096) / 146097, of_era = day - era * 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100), m = (5 * of_year + 2) / 153;
    int month = (int)(m < 10 ? m + 3 : m - 9);
    return (civil){(int)(year + era * 400 + (month <= 2)), month, (int)(of_year - (153 * m + 2) / 5 + 1)};
}

int calendar_weekday(int64_t day) { return (int)(((day + 3) % 7 + 7) % 7); }

int calendar_month_days(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month - 1] + (month == 2 && ((year % 4 == 0 && year % 100 != 0) || year % 400 == 0));
}

/* ---- reading ---- */

static bool digits(const char **at, const char *end, int count, int *out)
{
    *out = 0;
    for (int i = 0; i < count; i++, (*at)++) {
        if (*at >= end || **at < '0' || **at > '9') return false;
        *out = *out * 10 + (**at - '0');
    }
    return true;
}

static bool take(const char **at, const char *end, char c) { return *at < end && **at == c ? (*at)++, true : false; }

static bool read_time(const char **at, const char *end, moment *out)
{
    int hour, minute, second = 0;
    if (!digits(at, end, 2, &hour) || !take(at, end, ':') || !digits(at, end, 2, &minute)) return false;
    if (take(at, end, ':') && !digits(at, end, 2, &second)) return false;
    if (take(at, end, '.'))
        while (*at < end && **at >= '0' && **at <= '9') (*at)++;
    if (hour > 23 || minute > 59 || second > 60) return false;
    out->seconds = hour * 3600 + minute * 60 + (second == 60 ? 59 : second);
    out->has_time = true;
    if (take(at, end, 'Z') || *at == end) return true;
    if (!take(at, end, '+') && !take(at, end, '-')) return false;
    return digits(at, end, 2, &hour) && (take(at, end, ':'), true) && digits(at, end, 2, &minute);
}

bool calendar_read(const char *text, size_t size, moment *out)
{
    const char *at = text, *end = text + size;
    civil c;
    *out = (moment){0};
    if (size > 2 && text[2] == ':') return read_time(&at, end, out) && at == end;
    if (!digits(&at, end, 4, &c.year) || !take(&at, end, '-') || !digits(&at, end, 2, &c.month) || !take(&at, end, '-') || !digits(&at, end, 2, &c.day)) return false;
    if (c.year < 1 || c.month < 1 || c.month > 12 || c.day < 1 || c.day > calendar_month_days(c.year, c.month)) return false;
    out->day = calendar_days(c);
    out->has_date = true;
    if (at == end) return true;
    return (take(&at, end, 'T') || take(&at, end, ' ')) && read_time(&at, end, out) && at == end;
}

/* ---- names ---- */

static const char *const MONTHS[4][12] = {
    {"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"},
    {"Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"},
    {"janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"},
    {"1月", "2月", "3月", "4月", "5月", "6月", "7月", "8月", "9月", "10月", "11月", "12月"},
};
static const char *const SHORT[2][12] = {
    {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"},
    {"Jan.", "Feb.", "März", "Apr.", "Mai", "Juni", "Juli", "Aug.", "Sept.", "Okt.", "Nov.", "Dez."},
};
static const char *const DAYS[4][7] = {
    {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"},
    {"Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"},
    {"lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"},
    {"星期一", "星期二", "星期三", "星期四", "星期五", "星期六", "星期日"},
};

/* Day and month, with the year where `year` is not 0. */
static void day_month(phrase *p, const locale *l, civil c, bool year, bool brief)
{
    const char *month = brief && l->language <= LANGUAGE_DE ? SHORT[l->language][c.month - 1] : MONTHS[l->language][c.month - 1];
    switch (l->language) {
    case LANGUAGE_EN:
        if (l->american) phrase_format(p, "%s %d", month, c.day);
        else phrase_format(p, "%d %s", c.day, month);
        if (year) phrase_format(p, "%s %d", l->american ? "," : "", c.year);
        break;
    case LANGUAGE_DE: phrase_format(p, "%d. %s", c.day, month); if (year) phrase_format(p, " %d", c.year); break;
    case LANGUAGE_FR: phrase_format(p, "%d%s %s", c.day, c.day == 1 ? "er" : "", month); if (year) phrase_format(p, " %d", c.year); break;
    default: if (year) phrase_format(p, "%d年", c.year); phrase_format(p, "%s%d日", month, c.day);
    }
}

bool calendar_date(phrase *p, const locale *l, int64_t day, const char *form)
{
    civil c = calendar_civil(day);
    const char *weekday = DAYS[l->language][calendar_weekday(day)];
    if (strcmp(form, "full") == 0) {
        if (l->language != LANGUAGE_ZH) phrase_format(p, "%s%s ", weekday, l->language == LANGUAGE_FR || (l->language == LANGUAGE_EN && !l->american) ? "" : ",");
        day_month(p, l, c, true, false);
        if (l->language == LANGUAGE_ZH) phrase_add(p, weekday);
    } else if (strcmp(form, "long") == 0) day_month(p, l, c, true, false);
    else if (strcmp(form, "short") == 0) day_month(p, l, c, true, true);
    else if (strcmp(form, "day") == 0) day_month(p, l, c, false, false);
    else if (strcmp(form, "weekday") == 0) phrase_add(p, weekday);
    else if (strcmp(form, "year") == 0) phrase_format(p, l->language == LANGUAGE_ZH ? "%d年" : "%d", c.year);
    else if (strcmp(form, "iso") == 0) phrase_format(p, "%04d-%02d-%02d", c.year, c.month, c.day);
    else if (strcmp(form, "month") == 0) {
        if (l->language == LANGUAGE_ZH) phrase_format(p, "%d年%s", c.year, MONTHS[3][c.month - 1]);
        else phrase_format(p, "%s %d", MONTHS[l->language][c.month - 1], c.year);
    } else if (strcmp(form, "quarter") == 0) {
        static const char *const en[] = {"first", "second", "third", "fourth"}, *const de[] = {"erste", "zweite", "dritte", "vierte"}, *const fr[] = {"premier", "deuxième", "troisième", "quatrième"},
                          *const zh[] = {"一", "二", "三", "四"};
        int q = (c.month - 1) / 3;
        if (l->language == LANGUAGE_EN) phrase_format(p, "%s quarter of %d", en[q], c.year);
        else if (l->language == LANGUAGE_DE) phrase_format(p, "%s Quartal %d", de[q], c.year);
        else if (l->language == LANGUAGE_FR) phrase_format(p, "%s trimestre %d", fr[q], c.year);
        else phrase_format(p, "%d年第%s季度", c.year, zh[q]);
    } else if (strcmp(form, "numeric") == 0) {
        if (l->language == LANGUAGE_EN && l->american) phrase_format(p, "%d/%d/%d", c.month, c.day, c.year);
        else if (l->language == LANGUAGE_DE) phrase_format(p, "%02d.%02d.%d", c.day, c.month, c.year);
        else if (l->language == LANGUAGE_ZH) phrase_format(p, "%d/%d/%d", c.year, c.month, c.day);
        else phrase_format(p, "%02d/%02d/%d", c.day, c.month, c.year);
    } else return false;
    return true;
}

void calendar_time(phrase *p, const locale *l, int32_t seconds, bool with_seconds)
{
    int hour = seconds / 3600, minute = seconds / 60 % 60, second = seconds % 60;
    switch (l->language) {
    case LANGUAGE_EN:
        if (l->american || !with_seconds) {
            phrase_format(p, "%d", hour % 12 ? hour % 12 : 12);
            if (minute || with_seconds || l->american) phrase_format(p, "%s%02d", l->american ? ":" : ".", minute);
            if (with_seconds) phrase_format(p, ":%02d", second);
            phrase_add(p, l->american ? (hour < 12 ? " a.m." : " p.m.") : hour < 12 ? "am" : "pm");
        } else phrase_format(p, "%02d:%02d:%02d", hour, minute, second);
        break;
    case LANGUAGE_DE:
        phrase_format(p, "%d", hour);
        if (minute || with_seconds) phrase_format(p, ".%02d", minute);
        if (with_seconds) phrase_format(p, ".%02d", second);
        phrase_add(p, " Uhr");
        break;
    case LANGUAGE_FR:
        phrase_format(p, "%d h", hour);
        if (minute || with_seconds) phrase_format(p, " %02d", minute);
        if (with_seconds) phrase_format(p, " min %02d s", second);
        break;
    default:
        phrase_format(p, "%d点", hour);
        if (minute || with_seconds) phrase_format(p, "%02d分", minute);
        if (with_seconds) phrase_format(p, "%02d秒", second);
    }
}

/* ---- durations and distances ---- */

typedef struct {
    int64_t seconds;
    const char *word[4][2];
    gender gender[2]; /* German, French */
} span;

static const span SPANS[] = {
    {86400, {{"day", "days"}, {"Tag", "Tage"}, {"jour", "jours"}, {"天", "天"}}, {GENDER_MASCULINE, GENDER_MASCULINE}},
    {3600, {{"hour", "hours"}, {"Stunde", "Stunden"}, {"heure", "heures"}, {"小时", "小时"}}, {GENDER_FEMININE, GENDER_FEMININE}},
    {60, {{"minute", "minutes"}, {"Minute", "Minuten"}, {"minute", "minutes"}, {"分钟", "分钟"}}, {GENDER_FEMININE, GENDER_FEMININE}},
    {1, {{"second", "seconds"}, {"Sekunde", "Sekunden"}, {"seconde", "secondes"}, {"秒", "秒"}}, {GENDER_FEMININE, GENDER_FEMININE}},
};
static const span WEEK = {604800, {{"week", "weeks"}, {"Woche", "Wochen"}, {"semaine", "semaines"}, {"周", "周"}}, {GENDER_FEMININE, GENDER_FEMININE}};

/* "three days", "12 Tage". dative: German behind vor and in ("vor drei Tagen", "vor einem Tag"). */
static void counted(phrase *p, const locale *l, const span *s, int64_t n, bool dative)
{
    gender g = l->language == LANGUAGE_DE ? s->gender[0] : s->gender[1];
    if (l->language == LANGUAGE_DE && n == 1) phrase_add(p, dative ? (g == GENDER_FEMININE ? "einer" : "einem") : g == GENDER_FEMININE ? "eine" : "ein");
    else if (l->language == LANGUAGE_ZH && n == 2) phrase_add(p, "两");
    else if (n <= l->words_to) numeral_cardinal(p, l, n, g);
    else locale_integer(p, l, n, true);
    phrase_format(p, l->language == LANGUAGE_ZH ? "%s%s" : " %s%s", s->word[l->language][n == 1 ? 0 : 1],
                  dative && l->language == LANGUAGE_DE && n != 1 && s->seconds == 86400 ? "n" : "");
}

bool calendar_duration(phrase *p, const locale *l, int64_t seconds, int units)
{
    static const char *const and[] = {" and ", " und ", " et ", ""};
    int said = 0;
    if (seconds < 0) seconds = -seconds;
    int64_t left = seconds;
    int first = -1;
    for (int i = 0; i < 4 && said < units; i++) {
        int64_t n = left / SPANS[i].seconds;
        if (!n && !(i == 3 && !said)) continue;
        if (first < 0) first = i;
        if (i - first >= units) break; /* two days and three seconds say more than is meant */
        if (said) phrase_add(p, and[l->language]);
        counted(p, l, &SPANS[i], n, false);
        left -= n * SPANS[i].seconds;
        said++;
    }
    return left == 0;
}

void calendar_relative(phrase *p, const locale *l, int64_t day, int64_t today)
{
    static const char *const near[4][3] = {{"yesterday", "today", "tomorrow"}, {"gestern", "heute", "morgen"}, {"hier", "aujourd’hui", "demain"}, {"昨天", "今天", "明天"}};
    int64_t apart = day - today, size = apart < 0 ? -apart : apart;
    if (size <= 1) {
        phrase_add(p, near[l->language][apart + 1]);
        return;
    }
    const span *s = size < 14 || size % 7 ? &SPANS[0] : &WEEK;
    if (size > 56 || (size > 20 && s == &SPANS[0])) {
        if (l->language == LANGUAGE_EN) phrase_add(p, "on ");
        if (l->language == LANGUAGE_DE) phrase_add(p, "am ");
        if (l->language == LANGUAGE_FR) phrase_add(p, "le ");
        calendar_date(p, l, day, "long");
        return;
    }
    int64_t n = size / (s->seconds / 86400);
    if (l->language == LANGUAGE_EN && apart > 0) phrase_add(p, "in ");
    if (l->language == LANGUAGE_DE) phrase_add(p, apart < 0 ? "vor " : "in ");
    if (l->language == LANGUAGE_FR) phrase_add(p, apart < 0 ? "il y a " : "dans ");
    counted(p, l, s, n, true);
    if (l->language == LANGUAGE_EN && apart < 0) phrase_add(p, " ago");
    if (l->language == LANGUAGE_ZH) phrase_add(p, apart < 0 ? "前" : "后");
}
