/* Numbers that are no date, money or address: ranges, products, decades, ordinals, measures, counts, years. */
#include <string.h>

#include "audio/normalize_rules.h"

/* ---- behind a number ---- */

/* 16:9, 3:1. */
static size_t say_ratio(const normalize_source *t, const number_text *a, spoken *out)
{
    number_text b = t->text[a->end] == ':' ? number_parse(t, a->end + 1) : (number_text){.end = 0};
    if (!b.end || rule_word(t, b.end) || t->text[b.end] == ':') return 0;
    number_say(out, a);
    spoken_add(out, "to");
    number_say(out, &b);
    return b.end;
}

size_t rule_raised(const normalize_source *t, size_t i, bool below, raised_digits *out)
{
    size_t at = i, count = 0;
    *out = (raised_digits){.minus = rule_starts(t, i, "⁻")};
    if (out->minus) at += 3;
    for (size_t step; count < sizeof out->digits - 1; at += step) {
        uint32_t c = rule_at(t, at, &step);
        int value = c == 0xB2                             ? 2
                    : c == 0xB3                           ? 3
                    : c == 0xB9                           ? 1
                    : c == 0x2070                         ? 0
                    : c >= 0x2074 && c <= 0x2079          ? (int)(c - 0x2070)
                    : below && c >= 0x2080 && c <= 0x2089 ? (int)(c - 0x2080)
                                                          : -1;
        if (value < 0) break;
        out->lowered = c >= 0x2080;
        out->digits[count++] = (char)('0' + value);
    }
    return count ? at : 0;
}

void rule_say_power(const raised_digits *power, spoken *out)
{
    bool named = !power->minus && (strcmp(power->digits, "2") == 0 || strcmp(power->digits, "3") == 0);
    if (named) return (void)spoken_add(out, power->digits[0] == '2' ? "squared" : "cubed");
    spoken_add(out, "to the power of");
    if (power->minus) spoken_add(out, "minus");
    number_cardinal(out, power->digits);
}

/* 10⁶: raised digits behind a number. */
static size_t say_power(const normalize_source *t, const number_text *n, spoken *out)
{
    raised_digits power;
    size_t end = rule_raised(t, n->end, false, &power);
    if (!end) return 0;
    number_say(out, n);
    rule_say_power(&power, out);
    return end;
}

static bool is_year(const number_text *n)
{
    long value = strlen(n->whole) == 4 && !n->commas && !n->point ? number_small(n->whole) : 0;
    return value >= 1000 && value <= 2099;
}

static bool is_type_name(const char *word)
{
    static const char *const makers[] = {"Boeing", "Airbus", "Embraer", "Porsche", "Peugeot", "Cessna"};
    return rule_one_of(word, makers, sizeof makers / sizeof *makers);
}

/* 5-10, 1914-18, 3.5–4 km: what follows must be one number and no further hyphen. */
static size_t say_range(const normalize_source *t, size_t from, const number_text *a, spoken *out)
{
    size_t second = rule_range_dash(t, a->end);
    number_text b = second ? number_parse(t, second) : (number_text){.end = 0};
    if (!b.end) return 0;
    char after = t->text[b.end];
    if ((after == '-' || after == '/' || after == ':') && rule_digit(t->text[b.end + 1])) return 0;
    if (a->whole[0] == '0' && a->whole[1]) return 0;
    if (t->text[a->end] == ' ' && rule_in_equation(t, b.end)) return 0; /* 10 - 3 = 7 */
    static const char *const numbered[] = {"Figure", "figure", "Fig.", "fig.", "Table", "table", "Section", "section", "Chapter", "Exercise",
                                           "Problem", "Appendix", "Equation", "Listing", "Plate"};
    char word[32];
    rule_previous_word(t, from, word);
    if (t->text[a->end] == '-' && rule_one_of(word, numbered, sizeof numbered / sizeof *numbered)) { /* Figure 3-2 */
        number_say(out, a);
        spoken_add(out, "dash");
        number_say(out, &b);
        return b.end;
    }
    if (t->text[a->end] == '-' && is_type_name(word)) { /* Boeing 737-800 */
        number_code(out, a->whole);
        number_code(out, b.whole);
        return b.end;
    }
    spoken unit = {.size = 0};
    size_t end = rule_say_unit(t, b.end, false, &unit);
    if (!end && rule_word(t, b.end)) return 0;
    bool years = is_year(a) && (is_year(&b) || (strlen(b.whole) == 2 && !b.point));
    if (years)
        number_year(out, a->whole);
    else
        rule_say_number(out, a, end > 0);
    spoken_add(out, "to");
    if (years && strlen(b.whole) == 2) {
        if (b.whole[0] == '0') spoken_add(out, "oh");
        number_cardinal(out, b.whole);
    } else {
        rule_say_number(out, &b, end > 0);
    }
    if (unit.size) spoken_add(out, unit.text);
    return end ? end : b.end;
}

/* 3x4, 1920×1080 and "5x faster". */
static size_t say_product(const normalize_source *t, const number_text *a, spoken *out)
{
    size_t at = rule_skip_space(t, a->end), n = t->text[at] == 'x' || t->text[at] == 'X' ? 1
                                                : rule_starts(t, at, "×")                ? 2
                                                                                         : 0;
    if (!n) return 0;
    size_t second = rule_skip_space(t, at + n);
    number_text b = number_parse(t, second);
    bool letter = n == 1, spaced = at > a->end;
    if (!b.end) {
        if (!letter || spaced || rule_word(t, at + 1)) return 0;
        size_t sign = rule_skip_space(t, at + 1);
        bool term = (t->text[sign] && strchr("+-=*/^)", t->text[sign])) || rule_starts(t, sign, "²"); /* 2x + 1 */
        number_say(out, a);
        spoken_add(out, term ? "X" : "times");
        return at + 1;
    }
    if (rule_word(t, b.end) && t->text[b.end] != 'x' && !rule_say_unit(t, b.end, false, &(spoken){.size = 0})) return 0;
    rule_say_number(out, a, false);
    spoken_add(out, (letter || !spaced) && !rule_in_equation(t, b.end) ? "by" : "times");
    number_text c = number_parse(t, b.end + 1);
    if ((t->text[b.end] == 'x' || t->text[b.end] == 'X') && c.end) { /* 2x4x8 */
        rule_say_number(out, &b, false);
        spoken_add(out, "by");
        b = c;
    }
    rule_say_number(out, &b, false);
    size_t end = rule_say_unit(t, b.end, false, out);
    return end ? end : b.end;
}

/* 1990s, 80s, '90s, 747s. */
static size_t say_plural(const normalize_source *t, const number_text *n, spoken *out)
{
    size_t at = n->end + (t->text[n->end] == '\'');
    if (n->point || t->text[at] != 's' || rule_word(t, at + 1)) return 0;
    if (!n->whole[1] ||
        (at == n->end && strlen(n->whole) < 4 && n->whole[strlen(n->whole) - 1] != '0' && strlen(n->whole) < 3))
        return 0;
    if (strlen(n->whole) == 3)
        number_code(out, n->whole);
    else
        rule_say_number(out, n, false);
    number_plural(out);
    return at + 1;
}

static size_t say_ordinal(const normalize_source *t, const number_text *n, spoken *out)
{
    static const char *const ends[] = {"st", "nd", "rd", "th", "ST", "ND", "RD", "TH"};
    if (n->point) return 0;
    for (size_t k = 0; k < 8; k++) {
        if (!rule_starts(t, n->end, ends[k]) || rule_word(t, n->end + 2)) continue;
        number_ordinal(out, n->whole);
        bool joined =
            t->text[n->end + 2] == '-' && rule_letter(t->text[n->end + 3]); /* 21st-century: a space to the ear */
        return n->end + 2 + joined;
    }
    return 0;
}

/* Versions and section numbers: 1.2.3. Every stop is a point. */
static size_t say_version(const normalize_source *t, size_t i, const number_text *n, spoken *out)
{
    if (!n->point || n->commas || t->text[n->end] != '.' || !rule_digit(t->text[n->end + 1])) return 0;
    size_t at = i;
    while (rule_digit(t->text[at])) {
        char digits[24] = {0};
        for (size_t k = 0; rule_digit(t->text[at]); k++, at++) {
            if (k + 1 == sizeof digits) return 0;
            digits[k] = t->text[at];
        }
        if (strlen(digits) <= 2 && digits[0] != '0')
            number_cardinal(out, digits);
        else
            number_digits(out, digits);
        if (t->text[at] != '.' || !rule_digit(t->text[at + 1])) break;
        spoken_add(out, "point");
        at++;
    }
    return at;
}

/* 1e-5, 2.5E10. */
static size_t say_scientific(const normalize_source *t, const number_text *n, spoken *out)
{
    size_t at = n->end + 1, sign = t->text[at] == '-' || t->text[at] == '+';
    if ((t->text[n->end] | 32) != 'e' || !rule_digit(t->text[at + sign])) return 0;
    number_text power = number_parse(t, at + sign);
    if (!power.end || power.point || rule_word(t, power.end)) return 0;
    number_say(out, n);
    spoken_add(out, "times ten to the");
    if (t->text[at] == '-') spoken_add(out, "minus");
    number_cardinal(out, power.whole);
    return power.end;
}

/* PIN 4071, zip code 90210, CA 90210: a number that is no count, said digit by digit. */
static bool is_digit_code(const normalize_source *t, size_t i, const number_text *n)
{
    static const char *const codes[] = {"PIN", "pin", "code", "Code", "zip", "ZIP", "Zip", "zipcode", "postcode", "passcode", "password", "OTP", "serial"};
    static const char *const states[] = {"AL", "AK", "AZ", "AR", "CA", "CO", "CT", "DE", "FL", "GA", "HI", "ID", "IL", "IN", "IA", "KS", "KY",
                                         "LA", "ME", "MD", "MA", "MI", "MN", "MS", "MO", "MT", "NE", "NV", "NH", "NJ", "NM", "NY", "NC", "ND",
                                         "OH", "OK", "OR", "PA", "RI", "SC", "SD", "TN", "TX", "UT", "VT", "VA", "WA", "WV", "WI", "WY", "DC"};
    char word[32];
    if (n->point || n->commas || strlen(n->whole) < 3) return false;
    rule_previous_word(t, i, word);
    if (strlen(n->whole) == 5 && rule_one_of(word, states, sizeof states / sizeof *states)) return true;
    if (strcmp(word, "is") == 0 || strcmp(word, "was") == 0) {
        size_t before = i - (i > 0 && t->text[i - 1] == ' ') - strlen(word);
        rule_previous_word(t, before, word);
    }
    size_t size = strlen(word);
    if (size && word[size - 1] == ':') word[size - 1] = 0;
    return rule_one_of(word, codes, sizeof codes / sizeof *codes);
}

/* A number that letters follow at once: 3D, 4K, 1080p, 7zip. The letters are left to be read as a word of their own. */
static size_t say_before_letters(const normalize_source *t, const number_text *n, spoken *out)
{
    if (n->point || n->commas)
        number_say(out, n);
    else
        number_code(out, n->whole);
    size_t letters = rule_letters(t, n->end);
    if (letters != 1 || rule_word(t, n->end + 1)) return n->end;
    char name[2] = {(char)(t->text[n->end] & ~32), 0};
    spoken_add(out, name);
    return n->end + 1;
}

/* 3-year-old, 7-day: the hyphens are spaces to the ear. */
static size_t say_compound(const normalize_source *t, const number_text *n, spoken *out)
{
    size_t at = n->end;
    if (t->text[at] != '-' || !rule_letter(t->text[at + 1])) return 0;
    rule_say_number(out, n, true);
    while (t->text[at] == '-' && rule_letter(t->text[at + 1])) {
        size_t letters = rule_letters(t, at + 1);
        spoken_add_bytes(out, t->text + at + 1, letters);
        at += 1 + letters;
        if (t->text[at] == '\'') break;
    }
    return at;
}

/* More digits than a number has: read one by one, a stretch at a time. */
static size_t say_long_digits(const normalize_source *t, size_t i, spoken *out)
{
    char digits[41] = {0};
    size_t n = 0;
    while (n < 40 && rule_digit(t->text[i + n])) {
        digits[n] = t->text[i + n];
        n++;
    }
    number_digits(out, digits);
    return n ? i + n : 0;
}

/* "call 911" */
static bool is_emergency(const normalize_source *t, size_t i, const number_text *n)
{
    char word[32];
    rule_previous_word(t, i, word);
    bool calls = strncmp(word, "call", 4) == 0 || strncmp(word, "dial", 4) == 0 || strncmp(word, "Call", 4) == 0 ||
                 strncmp(word, "Dial", 4) == 0 || strcmp(word, "ring") == 0;
    return calls && strlen(n->whole) == 3 && !n->point;
}

/* RFC 3986, Flight 370: the number of a thing that bears one is said in pairs. */
static bool names_thing(const normalize_source *t, size_t i)
{
    static const char *const things[] = {"Boeing",  "Airbus",     "Room",    "room", "Flight", "flight", "Highway",
                                         "Route",   "Interstate", "Area",    "Bus",  "bus",    "Suite",  "Apartment",
                                         "Porsche", "Ferrari",    "Peugeot", "Unit", "Gate",   "Model",  "Extension"};
    char word[32];
    rule_previous_word(t, i, word);
    for (size_t k = 0; k < sizeof things / sizeof *things; k++)
        if (strcmp(word, things[k]) == 0) return true;
    size_t capitals = 0;
    while (rule_capital(word[capitals])) capitals++;
    return capitals >= 2 && word[capitals] == 0;
}

size_t normalize_quantity(const normalize_source *t, size_t i, spoken *out)
{
    if (t->text[i] == '\'' && rule_digit(t->text[i + 1]) && rule_digit(t->text[i + 2]) && !rule_word_before(t, i)) {
        /* '90s, '05 */
        number_text n = number_parse(t, i + 1);
        size_t end = say_plural(t, &n, out);
        if (end) return end;
        if (strlen(n.whole) != 2 || n.point || rule_word(t, n.end) || t->text[n.end] == '\'') return 0;
        if (n.whole[0] == '0') spoken_add(out, "oh");
        number_cardinal(out, n.whole);
        return n.end;
    }
    if (i > 0 && rule_digit(t->text[i - 1])) return say_long_digits(t, i, out); /* the rest of a long run */
    size_t minus = rule_minus(t, i), start = i + minus;
    if (minus) spoken_add(out, "minus");
    number_text n = number_parse(t, start);
    if (!n.end) return rule_digit(t->text[start]) ? say_long_digits(t, start, out) : 0;
    size_t end = say_version(t, start, &n, out);
    if (!end) end = say_range(t, start, &n, out);
    if (!end) end = say_product(t, &n, out);
    if (!end) end = say_ratio(t, &n, out);
    if (!end) end = say_power(t, &n, out);
    if (!end) end = say_ordinal(t, &n, out);
    if (!end) end = say_plural(t, &n, out);
    if (!end) end = say_compound(t, &n, out);
    if (end) return end;
    end = say_scientific(t, &n, out);
    if (end) return end;
    spoken unit = {.size = 0};
    end = rule_say_unit(t, n.end, number_is_one(&n), &unit);
    if (end) {
        if (!number_is_one(&n) && rule_attributive(t, i, end)) { /* a 5 km run */
            unit = (spoken){.size = 0};
            rule_say_unit(t, n.end, true, &unit);
        }
        rule_say_number(out, &n, true);
        spoken_add(out, unit.text);
        size_t second = rule_by(t, end, out);
        return second ? second : end;
    }
    if (rule_letters(t, n.end) > 0) return say_before_letters(t, &n, out);
    if (is_emergency(t, i, &n) || is_digit_code(t, i, &n))
        number_digits(out, n.whole);
    else if (!n.point && !n.commas && (strlen(n.whole) == 3 || strlen(n.whole) == 4) && names_thing(t, i))
        number_code(out, n.whole);
    else
        rule_say_number(out, &n, false);
    return n.end;
}
