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

static void say_clock(spoken *out, int hour, int minute, bool bare);

/* The time of an ISO 8601 stamp, "T12:30:00Z", behind its date: its end, or i when there is none. */
static size_t stamp_time(const normalize_source *t, size_t i, spoken *out)
{
    size_t end, minute_end, second_end, zone_end;
    if (t->text[i] != 'T') return i;
    int hour = short_number(t, i + 1, 2, &end), minute = hour >= 0 && t->text[end] == ':' ? short_number(t, end + 1, 2, &minute_end) : -1, second = 0;
    if (hour > 24 || minute < 0 || minute > 59) return i;
    end = minute_end;
    if (t->text[end] == ':') {
        second = short_number(t, end + 1, 2, &second_end);
        if (second < 0 || second > 60) return i;
        end = second_end;
        if (t->text[end] == '.' && rule_digit(t->text[end + 1]))
            for (end++; rule_digit(t->text[end]);) end++;
    }
    spoken_add(out, "at");
    say_clock(out, hour, minute, second == 0);
    if (second > 0) {
        spoken_add(out, "and");
        number_cardinal_of(out, second);
        spoken_add(out, second == 1 ? "second" : "seconds");
    }
    if (t->text[end] == 'Z') {
        spoken_add(out, "U T C");
        return end + 1;
    }
    if (t->text[end] != '+' && t->text[end] != '-') return end;
    int offset = short_number(t, end + 1, 2, &zone_end);
    if (offset < 0 || offset > 14) return end;
    spoken_add(out, t->text[end] == '+' ? "U T C plus" : "U T C minus");
    number_cardinal_of(out, offset);
    if (rule_starts(t, zone_end, ":00")) return zone_end + 3;
    if (rule_starts(t, zone_end, ":30") || rule_starts(t, zone_end, ":45")) {
        number_cardinal_of(out, rule_starts(t, zone_end, ":30") ? 30 : 45);
        return zone_end + 3;
    }
    return zone_end;
}

static size_t say_date(const normalize_source *t, spoken *out, int month, int day, int year, size_t end)
{
    spoken time = {.size = 0};
    size_t past = stamp_time(t, end, &time);
    if (month < 1 || month > 12 || !is_day(day) || rule_word(t, past)) return 0;
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
    if (time.size) spoken_add(out, time.text);
    return past;
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
    bool cut = end - i != strlen(rule_month_names[month]);
    if (cut && short_number(t, end + 1, 4, &day_end) >= 1000 && !rule_word(t, day_end)) { /* Dec 2021 */
        char year[8];
        snprintf(year, sizeof year, "%.4s", t->text + end + 1);
        spoken_add(out, rule_month_names[month]);
        number_year(out, year);
        return day_end;
    }
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
    if (minute == 0 && bare && (hour == 0 || hour == 24)) {
        spoken_add(out, "midnight");
        return;
    }
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

/* A book of the Bible before chapter and verse. */
static bool is_book(const char *word)
{
    static const char *const books[] = {"Genesis", "Exodus", "Leviticus", "Numbers", "Deuteronomy", "Joshua", "Judges", "Ruth", "Samuel", "Kings",
                                        "Chronicles", "Ezra", "Nehemiah", "Esther", "Job", "Psalm", "Psalms", "Proverbs", "Ecclesiastes", "Isaiah",
                                        "Jeremiah", "Lamentations", "Ezekiel", "Daniel", "Hosea", "Joel", "Amos", "Obadiah", "Jonah", "Micah", "Nahum",
                                        "Habakkuk", "Zephaniah", "Haggai", "Zechariah", "Malachi", "Matthew", "Mark", "Luke", "John", "Acts", "Romans",
                                        "Corinthians", "Galatians", "Ephesians", "Philippians", "Colossians", "Thessalonians", "Timothy", "Titus",
                                        "Philemon", "Hebrews", "James", "Peter", "Jude", "Revelation", "Surah", "Sura"};
    return rule_one_of(word, books, sizeof books / sizeof *books);
}

static size_t say_verse(const normalize_source *t, size_t i, spoken *out)
{
    size_t end, verse_end, last_end;
    char word[32];
    rule_previous_word(t, i, word);
    int chapter = short_number(t, i, 3, &end), verse = chapter > 0 && t->text[end] == ':' ? short_number(t, end + 1, 3, &verse_end) : -1;
    if (verse < 1 || !is_book(word) || rule_word(t, verse_end) || t->text[verse_end] == ':') return 0;
    number_cardinal_of(out, chapter);
    number_cardinal_of(out, verse);
    size_t dash = rule_range_dash(t, verse_end);
    int last = dash ? short_number(t, dash, 3, &last_end) : -1;
    if (last < verse || rule_word(t, last_end)) return verse_end;
    spoken_add(out, "to");
    number_cardinal_of(out, last);
    return last_end;
}

/* One time of day at i. */
static size_t one_time(const normalize_source *t, size_t i, spoken *out)
{
    size_t end, minute_end, second_end;
    int hour = short_number(t, i, 2, &end), second = -1;
    if (hour < 0) return 0;
    if (t->text[end] != ':') return bare_hour(t, hour, end, out);
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

size_t normalize_time(const normalize_source *t, size_t i, spoken *out)
{
    uint32_t before = rule_before(t, i);
    if (rule_word_before(t, i) || before == '.' || before == ':' || before == '$' || before == '/' || before == '-') return 0;
    size_t end = say_verse(t, i, out);
    if (end) return end;
    end = one_time(t, i, out);
    size_t dash = end ? rule_range_dash(t, end) : 0;
    spoken until = {.size = 0};
    size_t second = dash ? one_time(t, dash, &until) : 0;
    if (!second) return end;
    spoken_add(out, "to");
    spoken_add(out, until.text);
    return second;
}

/* ---- durations ---- */

/* A number and a letter of h, m, s (or d) at i: the letter, with *end past it; 0: none. */
static char duration_part(const normalize_source *t, size_t i, number_text *n, size_t *end)
{
    *n = number_parse(t, i);
    size_t at = n->end ? rule_skip_space(t, n->end) : 0;
    char letter = n->end ? t->text[at] : 0;
    if (!letter || !strchr("dhms", letter) || rule_letter(t->text[at + 1])) return 0;
    *end = at + 1;
    return letter;
}

static void say_duration_part(spoken *out, const number_text *n, char letter)
{
    const char *name = letter == 'd' ? "day" : letter == 'h' ? "hour" : letter == 'm' ? "minute" : "second";
    number_say(out, n);
    spoken_add(out, name);
    if (!number_is_one(n)) spoken_join(out, "s");
}

size_t normalize_duration(const normalize_source *t, size_t i, spoken *out)
{
    static const char *const waits[] = {"ETA", "ETA:", "Elapsed:", "elapsed", "Runtime:", "runtime", "Duration:", "duration", "Time:", "Remaining:"};
    number_text n;
    size_t end = 0, parts = 0;
    char last = 0, word[32];
    if (rule_word_before(t, i) || rule_before(t, i) == '.' || rule_before(t, i) == '/') return 0;
    rule_previous_word(t, i, word);
    for (size_t at = i, part_end;; at = rule_skip_space(t, part_end)) {
        char letter = duration_part(t, at, &n, &part_end);
        if (!letter || (last && strchr("dhms", letter) <= strchr("dhms", last))) break;
        say_duration_part(out, &n, letter);
        last = letter;
        end = part_end;
        parts++;
    }
    /* A lone letter is more often a metre. */
    bool waited = rule_one_of(word, waits, sizeof waits / sizeof *waits) || (end && (rule_starts(t, end, " ago") || rule_starts(t, end, " left") || rule_starts(t, end, " remaining")));
    return parts > 1 || (parts == 1 && waited) ? end : 0;
}
