/* Abbreviations as they are said, days of the week among them. */
#include <string.h>

#include "audio/abbreviation.h"
#include "audio/normalize_rules.h"
#include "audio/unicode.h"

/* Past what joins two days of a week, or a day and its date or time. */
static size_t past_joint(const normalize_source *t, size_t i)
{
    static const char *const joints[] = {" & ", "&", ", ", "/", " / ", " and ", " to ", " - ", " – ", "-", "–", " ", ","};
    for (size_t k = 0; k < sizeof joints / sizeof *joints; k++)
        if (rule_starts(t, i, joints[k])) return i + strlen(joints[k]);
    return 0;
}

static bool day_at(const normalize_source *t, size_t i)
{
    size_t n = rule_letters(t, i), end;
    for (size_t k = 0; k < abbreviation_count; k++) {
        const abbreviation *a = &abbreviations[k];
        if (a->when != ABBREVIATION_WEEKDAY) continue;
        if ((strlen(a->text) == n && memcmp(t->text + i, a->text, n) == 0) || (strlen(a->word) == n && memcmp(t->text + i, a->word, n) == 0)) return true;
    }
    return rule_month(t, i, &end) > 0;
}

/* A day of the week stands beside another, a month, a day's number or an hour. */
static bool beside_day(const normalize_source *t, size_t i, size_t end)
{
    size_t next = past_joint(t, end), start = i;
    if (next && (day_at(t, next) || (rule_digit(t->text[next]) && !(t->text[end] == '-')))) return true;
    for (size_t back = 1; back <= 12 && back <= i; back++) {
        start = i - back;
        size_t letters = rule_letters(t, start);
        if (letters >= 3 && !rule_word_before(t, start) && day_at(t, start) && past_joint(t, start + letters + (t->text[start + letters] == '.')) == i) return true;
    }
    return false;
}

/* Whether text[end …] lets the abbreviation stand; stop: a full stop was read. */
static bool stands(const normalize_source *t, size_t i, size_t end, bool stop, abbreviation_condition when)
{
    size_t next = rule_skip_space(t, end), size;
    bool at_end = next >= t->size;
    char word[32];
    switch (when) {
    case ABBREVIATION_ALWAYS:
        return stop;
    case ABBREVIATION_BARE:
        return true;
    case ABBREVIATION_NAME:
        return stop && next > end && unicode_is_upper(rule_at(t, next, &size));
    case ABBREVIATION_BARE_NAME:
        return next > end && unicode_is_upper(rule_at(t, next, &size));
    case ABBREVIATION_NUMBER:
        return stop && rule_digit(t->text[next]);
    case ABBREVIATION_AFTER_NUMBER:
        rule_previous_word(t, i, word);
        return stop && (rule_digit(word[0]) || strcmp(word, "revised") == 0 || strcmp(word, "rev") == 0);
    case ABBREVIATION_BARE_NUMBER:
        return next > end && rule_digit(t->text[next]);
    case ABBREVIATION_YEAR:
        return stop && strspn(t->text + next, "0123456789") == 4;
    case ABBREVIATION_STREET:
        rule_previous_word(t, i, word);
        return stop || ((rule_capital(word[0]) || rule_digit(word[0])) && word[1] && !rule_letter(t->text[next]));
    case ABBREVIATION_WEEKDAY:
        return (stop && !at_end) || beside_day(t, i, end);
    case ABBREVIATION_INSIDE:
        return stop && !at_end &&
               (rule_digit(t->text[next]) || t->text[end] == ',' || unicode_is_upper(rule_at(t, next, &size)));
    }
    return false;
}

/* "Elm Dr.": a street's drive, not a doctor. */
static bool is_drive(const normalize_source *t, size_t i, size_t end)
{
    char word[32];
    size_t size;
    rule_previous_word(t, i, word);
    return rule_capital(word[0]) && strlen(word) > 2 && !unicode_is_upper(rule_at(t, rule_skip_space(t, end), &size));
}

size_t normalize_abbreviation(const normalize_source *t, size_t i, spoken *out)
{
    if (rule_word_before(t, i) || rule_before(t, i) == '.' || rule_before(t, i) == '\'' || !rule_letter(t->text[i]))
        return 0;
    for (size_t k = 0; k < abbreviation_count; k++) {
        const abbreviation *a = &abbreviations[k];
        size_t n = strlen(a->text), end = i + n;
        if (!abbreviation_is(a, t->text + i)) continue;
        bool stop = t->text[end] == '.';
        if ((a->text[n - 1] != '/' && rule_word(t, end)) || t->text[end] == '\'' || (t->text[end] == '-' && !stop && a->when != ABBREVIATION_WEEKDAY))
            continue;
        if (stop && rule_letter(t->text[end + 1])) continue;
        if (!stands(t, i, end + stop, stop, a->when)) continue;
        bool drive = strcmp(a->text, "Dr") == 0 && is_drive(t, i, end + stop);
        spoken_add(out, drive ? "Drive" : a->word);
        if (t->text[i] != a->text[0] && !out->full) out->text[0] = (char)(out->text[0] & ~32);
        size_t dash = a->when == ABBREVIATION_WEEKDAY ? rule_range_dash(t, end + stop) : 0;
        if (dash && day_at(t, dash)) { /* Mon-Fri */
            spoken_add(out, "to");
            return dash;
        }
        /* A stop at the very end closes the sentence too. */
        return end + (stop && end + 1 < t->size);
    }
    return 0;
}
