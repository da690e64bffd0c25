/* Dates and times of day. */
#include <stdio.h>
#include <string.h>

#include "audio/normalize_rules.h"

const char *const rule_month_names[13] = {"",     "January", "February",  "March",   "April",    "May",     "June",
                                          "July", "August",  "September", "October", "November", "December"};

int rule_month(const normalize_source *t, size_t i, size_t *end)
{
    size_t n = rule_letters(t, i);
    for (int m = 1; m <= 12; m++) {
        const char *name = rule_month_names[m];
        bool whole = n == strlen(name) && memcmp(t->text + i, name, n) == 0;
        bool cut = n == 3 && memcmp(t->text + i, name, 3) == 0;
        bool sept = m == 9 && n == 4 && memcmp(t->text + i, "Sept", 4) == 0;
        if (!whole && !cut && !sept) continue;
        *end = i + n;
        if (!whole && t->text[*end] == '.') (*end)++;
        return m;
    }
    return 0;
}

/* Up to `most` digits at i as a number, *end behind them; −1 when none, or more, stand there. */
static int short_number(const normalize_source *t, size_t i, size_t most, size_t *end)
{
    int value = 0;
    size_t n = 0;
    while (n < most && rule_digit(t->text[i + n])) value = value * 10 + (t->text[i + n++] - '0');
    *end = i + n;
    return n && !rule_digit(t->text[i + n]) ? value : -1;
}

static void say_day(spoken *out, int day)
{
    /* The ordinal's two parts are joined ("twenty-first"), as dates are said in one breath. */
    char digits[8];
    spoken part = {.size = 0};
    snprintf(digits, sizeof digits, "%d", day);
    number_ordinal(&part, digits);
    for (size_t i = 0; i < part.size; i++)
        if (part.text[i] == ' ') part.text[i] = '-';
    spoken_add(out, part.text);
}

static bool is_day(int day)
{
    return day >= 1 && day <= 31;
}

static size_t say_date(const normalize_source *t, spoken *out, int month, int day, int year, size_t end)
{
    if (month < 1 || month > 12 || !is_day(day) || rule_word(t, end)) return 0;
    if (t->british) {
        spoken_add(out, "the");
        say_day(out, day);
        spoken_add(out, "of");
        spoken_add(out, rule_month_names[month]);
    } else {
        spoken_add(out, rule_month_names[month]);
        say_day(out, day);
    }
    if (year >= 0) {
        char digits[8];
        snprintf(digits, sizeof digits, "%d", year % 10000);
        spoken_join(out, ",");
        number_year(out, digits);
    }
    return end;
}

size_t normalize_date(const normalize_source *t, size_t i, spoken *out)
{
    uint32_t before = rule_before(t, i);
    if (rule_word_before(t, i) || before == '.' || before == '/' || before == '-') return 0;
    size_t end, second, third;
    int a = short_number(t, i, 4, &end);
    char mark = t->text[end];
    if (a < 0 || (mark != '/' && mark != '-' && mark != '.')) return 0;
    int b = short_number(t, end + 1, 2, &second);
    if (b < 0 || t->text[second] != mark) return 0;
    int c = short_number(t, second + 1, 4, &third);
    size_t first_digits = end - i, last_digits = third - second - 1;
    if (c < 0 || rule_digit(t->text[third]) || (t->text[third] == mark && mark != '.')) return 0;
    if (first_digits == 4 && last_digits <= 2 && mark != '.') return say_date(t, out, b, c, a, third); /* 2021-03-04 */
    if (first_digits > 2 || mark == '-' || (last_digits != 4 && last_digits != 2)) return 0;
    if (mark == '.' && last_digits != 4) return 0; /* 1.2.34 is rather a version */
    if (last_digits == 2) c += c > 30 ? 1900 : 2000;
    bool day_first = mark == '.' || t->british;
    int month = day_first ? b : a, day = day_first ? a : b;
    if (month > 12) {
        int other = month;
        month = day;
        day = other;
    }
    return say_date(t, out, month, day, c, third);
}

/* "th" and its like behind a day's number. */
static size_t past_ordinal(const normalize_source *t, size_t i)
{
    static const char *const ends[] = {"st", "nd", "rd", "th"};
    for (int k = 0; k < 4; k++)
        if (rule_starts(t, i, ends[k]) && !rule_word(t, i + 2)) return i + 2;
    return i;
}

size_t normalize_day_month(const normalize_source *t, size_t i, spoken *out)
{
    size_t end, month_end;
    int day = short_number(t, i, 2, &end);
    uint32_t before = rule_before(t, i);
    if (!is_day(day) || rule_word_before(t, i) || before == '.' || before == '-' || before == '/' || before == ':')
        return 0;
    end = past_ordinal(t, end);
    if (t->text[end] != ' ') return 0;
    end++;
    if (rule_starts(t, end, "of ")) end += 3;
    int month = rule_month(t, end, &month_end);
    if (!month || rule_word(t, month_end)) return 0;
    char word[32];
    rule_previous_word(t, i, word);
    if (strcmp(word, "the") != 0 && strcmp(word, "The") != 0) spoken_add(out, "the");
    say_day(out, day);
    spoken_add(out, "of");
    spoken_add(out, rule_month_names[month]);
    return month_end;
}

size_t normalize_month_day(const normalize_source *t, size_t i, spoken *out)
{
    size_t end, day_end = i;
    int month = rule_word_before(t, i) ? 0 : rule_month(t, i, &end);
    if (!month || t->text[end] != ' ') return 0;
    int day = short_number(t, end + 1, 2, &day_end);
    size_t past = past_ordinal(t, day_end);
    if (!is_day(day) || rule_word(t, past) || t->text[past] == ':' || t->text[past] == '%') return 0;
    if (t->text[past] == '.' && rule_digit(t->text[past + 1])) return 0;
    spoken_add(out, rule_month_names[month]);
    say_day(out, day);
    /* May 3-5, and the year behind it */
    int last = t->text[past] == '-'        ? short_number(t, past + 1, 2, &day_end)
               : rule_starts(t, past, "–") ? short_number(t, past + 3, 2, &day_end)
                                           : -1;
    if (is_day(last) && !rule_word(t, day_end)) {
        spoken_add(out, "to");
        say_day(out, last);
        past = day_end;
    }
    size_t year = past + (t->text[past] == ','), year_end;
    if (t->text[year] == ' ' && short_number(t, year + 1, 4, &year_end) >= 1000 && !rule_word(t, year_end)) {
        if (t->text[past] == ',') spoken_join(out, ",");
        char digits[8];
        snprintf(digits, sizeof digits, "%.4s", t->text + year + 1);
        number_year(out, digits);
        past = year_end;
    }
    return past;
}

/* am, pm, a.m., P.M. at i: the end past it and which; 0: none. */
static size_t half_of_day(const normalize_source *t, size_t i, char *half)
{
    char c = (char)(t->text[i] | 32);
    if (c != 'a' && c != 'p') return 0;
    size_t at = i + 1;
    bool stop = t->text[at] == '.';
    at += stop;
    if ((t->text[at] | 32) != 'm' || rule_letter(t->text[at + 1]) || rule_digit(t->text[at + 1])) return 0;
    at++;
    /* The stop of "p.m." is left where it also ends the sentence. */
    if (stop && t->text[at] == '.' && t->text[at + 1] != 0) at++;
    *half = c;
    return at;
}

static void say_half(const normalize_source *t, spoken *out, char half, size_t end)
{
    spoken_add(out, half == 'a' ? "A.M" : "P.M");
    if (t->text[end] != '.') spoken_join(out, "."); /* dotted letters are spelt */
}

static void say_clock(spoken *out, int hour, int minute, bool bare)
{
    if (minute == 0 && bare && hour > 12 && hour < 24) {
        number_cardinal_of(out, hour);
        spoken_add(out, "hundred");
        return;
    }
    number_cardinal_of(out, hour);
    if (minute == 0) {
        if (bare) spoken_add(out, "o'clock");
        return;
    }
    if (minute < 10) spoken_add(out, "oh");
    spoken part = {.size = 0};
    number_cardinal_of(&part, minute);
    for (size_t i = 0; i < part.size; i++)
        if (part.text[i] == ' ') part.text[i] = '-';
    spoken_add(out, part.text);
}

/* 9am, 9-11 am: an hour alone needs its half of the day. */
static size_t bare_hour(const normalize_source *t, int hour, size_t end, spoken *out)
{
    char half;
    size_t at = rule_skip_space(t, end), past;
    size_t other = t->text[end] == '-' ? end + 1 : rule_starts(t, end, "–") ? end + 3 : 0, other_end;
    int until = other ? short_number(t, other, 2, &other_end) : 0;
    if (until >= 1 && until <= 12) at = rule_skip_space(t, other_end);
    if (hour < 1 || hour > 12 || !(past = half_of_day(t, at, &half))) return 0;
    number_cardinal_of(out, hour);
    if (until >= 1) {
        spoken_add(out, "to");
        number_cardinal_of(out, until);
    }
    say_half(t, out, half, past);
    return past;
}

size_t normalize_time(const normalize_source *t, size_t i, spoken *out)
{
    size_t end, minute_end, second_end;
    int hour = short_number(t, i, 2, &end), second = -1;
    uint32_t before = rule_before(t, i);
    if (hour < 0 || rule_word_before(t, i) || before == '.' || before == ':' || before == '$' || before == '/')
        return 0;
    if (t->text[end] != ':') return before == '-' ? 0 : bare_hour(t, hour, end, out);
    int minute = short_number(t, end + 1, 2, &minute_end);
    if (hour > 24 || minute < 0 || minute > 59 || minute_end - end != 3) return 0;
    if (t->text[minute_end] == ':') {
        second = short_number(t, minute_end + 1, 2, &second_end);
        if (second < 0 || second > 59 || second_end - minute_end != 3) return 0;
        minute_end = second_end;
    }
    if (rule_digit(t->text[minute_end])) return 0;
    char half = 0;
    size_t past = half_of_day(t, rule_skip_space(t, minute_end), &half);
    say_clock(out, hour, minute, !past && second < 0);
    if (second >= 0) {
        spoken_add(out, "and");
        number_cardinal_of(out, second);
        spoken_add(out, second == 1 ? "second" : "seconds");
    }
    if (!past) return rule_word(t, minute_end) ? 0 : minute_end;
    say_half(t, out, half, past);
    return past;
}
