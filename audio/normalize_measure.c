/* Measures, heights, fractions and what else stands before or behind a slash. */
#include <stdio.h>
#include <string.h>

#include "audio/normalize_rules.h"

/* ---- numbers ---- */

/* 1984 as a year is said: four digits that are a year of our time or whole hundreds. */
static bool reads_as_year(const number_text *n)
{
    if (n->commas || n->point || strlen(n->whole) != 4 || n->whole[0] == '0') return false;
    long value = number_small(n->whole);
    return value <= 2099 || value % 100 == 0;
}

void rule_say_number(spoken *out, const number_text *n, bool counts)
{
    if (reads_as_year(n) && (!counts || number_small(n->whole) % 100 == 0))
        number_year(out, n->whole);
    else
        number_say(out, n);
}

/* A minus that belongs to the number behind it. Returns its length. */
size_t rule_minus(const normalize_source *t, size_t i)
{
    size_t n = t->text[i] == '-' ? 1 : rule_starts(t, i, "−") ? 3 : 0;
    uint32_t before = rule_before(t, i);
    bool free_before = before == 0 || before == ' ' || before == '(' || before == '[' || before == '"' ||
                       before == 0x201C || before == '=' || before == '^';
    return n && free_before &&
                   (rule_digit(t->text[i + n]) || (t->text[i + n] == '.' && rule_digit(t->text[i + n + 1])) ||
                    t->text[i + n] == '$')
               ? n
               : 0;
}

/* ---- units ---- */

typedef struct {
    const char *sign, *one, *many;
    enum { ANYWHERE, NEAR /* only right behind the number */, STOPPED /* there, or with its stop */ } where;
} unit;

static const unit UNITS[] = {
    {"km", "kilometer", "kilometers", ANYWHERE},
    {"cm", "centimeter", "centimeters", ANYWHERE},
    {"mm", "millimeter", "millimeters", ANYWHERE},
    {"dm", "decimeter", "decimeters", ANYWHERE},
    {"nm", "nanometer", "nanometers", ANYWHERE},
    {"µm", "micrometer", "micrometers", ANYWHERE},
    {"μm", "micrometer", "micrometers", ANYWHERE},
    {"m", "meter", "meters", ANYWHERE},
    {"kg", "kilogram", "kilograms", ANYWHERE},
    {"mg", "milligram", "milligrams", ANYWHERE},
    {"mcg", "microgram", "micrograms", ANYWHERE},
    {"µg", "microgram", "micrograms", ANYWHERE},
    {"μg", "microgram", "micrograms", ANYWHERE},
    {"g", "gram", "grams", ANYWHERE},
    {"lb", "pound", "pounds", ANYWHERE},
    {"lbs", "pound", "pounds", ANYWHERE},
    {"oz", "ounce", "ounces", ANYWHERE},
    {"fl oz", "fluid ounce", "fluid ounces", ANYWHERE},
    {"ft", "foot", "feet", ANYWHERE},
    {"in", "inch", "inches", STOPPED},
    {"yd", "yard", "yards", ANYWHERE},
    {"yds", "yard", "yards", ANYWHERE},
    {"mi", "mile", "miles", ANYWHERE},
    {"ha", "hectare", "hectares", ANYWHERE},
    {"ml", "milliliter", "milliliters", ANYWHERE},
    {"mL", "milliliter", "milliliters", ANYWHERE},
    {"cl", "centiliter", "centiliters", ANYWHERE},
    {"dl", "deciliter", "deciliters", ANYWHERE},
    {"dL", "deciliter", "deciliters", ANYWHERE},
    {"L", "liter", "liters", ANYWHERE},
    {"l", "liter", "liters", ANYWHERE},
    {"gal", "gallon", "gallons", ANYWHERE},
    {"tsp", "teaspoon", "teaspoons", ANYWHERE},
    {"tbsp", "tablespoon", "tablespoons", ANYWHERE},
    {"kph", "kilometer per hour", "kilometers per hour", ANYWHERE},
    {"kmh", "kilometer per hour", "kilometers per hour", ANYWHERE},
    {"mph", "mile per hour", "miles per hour", ANYWHERE},
    {"mpg", "mile per gallon", "miles per gallon", ANYWHERE},
    {"Hz", "hertz", "hertz", ANYWHERE},
    {"kHz", "kilohertz", "kilohertz", ANYWHERE},
    {"MHz", "megahertz", "megahertz", ANYWHERE},
    {"GHz", "gigahertz", "gigahertz", ANYWHERE},
    {"KB", "kilobyte", "kilobytes", ANYWHERE},
    {"kB", "kilobyte", "kilobytes", ANYWHERE},
    {"MB", "megabyte", "megabytes", ANYWHERE},
    {"GB", "gigabyte", "gigabytes", ANYWHERE},
    {"TB", "terabyte", "terabytes", ANYWHERE},
    {"PB", "petabyte", "petabytes", ANYWHERE},
    {"KiB", "kibibyte", "kibibytes", ANYWHERE},
    {"MiB", "mebibyte", "mebibytes", ANYWHERE},
    {"GiB", "gibibyte", "gibibytes", ANYWHERE},
    {"TiB", "tebibyte", "tebibytes", ANYWHERE},
    {"kbps", "kilobit per second", "kilobits per second", ANYWHERE},
    {"Mbps", "megabit per second", "megabits per second", ANYWHERE},
    {"Gbps", "gigabit per second", "gigabits per second", ANYWHERE},
    {"hr", "hour", "hours", ANYWHERE},
    {"hrs", "hour", "hours", ANYWHERE},
    {"h", "hour", "hours", ANYWHERE},
    {"min", "minute", "minutes", ANYWHERE},
    {"mins", "minute", "minutes", ANYWHERE},
    {"sec", "second", "seconds", ANYWHERE},
    {"secs", "second", "seconds", ANYWHERE},
    {"ms", "millisecond", "milliseconds", ANYWHERE},
    {"µs", "microsecond", "microseconds", ANYWHERE},
    {"μs", "microsecond", "microseconds", ANYWHERE},
    {"ns", "nanosecond", "nanoseconds", ANYWHERE},
    {"sq ft", "square foot", "square feet", ANYWHERE},
    {"sq mi", "square mile", "square miles", ANYWHERE},
    {"sq m", "square meter", "square meters", ANYWHERE},
    {"sq km", "square kilometer", "square kilometers", ANYWHERE},
    {"kWh", "kilowatt hour", "kilowatt hours", ANYWHERE},
    {"Wh", "watt hour", "watt hours", ANYWHERE},
    {"W", "watt", "watts", ANYWHERE},
    {"kW", "kilowatt", "kilowatts", ANYWHERE},
    {"MW", "megawatt", "megawatts", ANYWHERE},
    {"GW", "gigawatt", "gigawatts", ANYWHERE},
    {"V", "volt", "volts", ANYWHERE},
    {"mV", "millivolt", "millivolts", ANYWHERE},
    {"kV", "kilovolt", "kilovolts", ANYWHERE},
    {"mA", "milliamp", "milliamps", ANYWHERE},
    {"mAh", "milliamp hour", "milliamp hours", ANYWHERE},
    {"Ah", "amp hour", "amp hours", ANYWHERE},
    {"fps", "frame per second", "frames per second", ANYWHERE},
    {"rpm", "revolution per minute", "revolutions per minute", ANYWHERE},
    {"bpm", "beat per minute", "beats per minute", ANYWHERE},
    {"ppm", "part per million", "parts per million", ANYWHERE},
    {"dpi", "dot per inch", "dots per inch", ANYWHERE},
    {"cc", "cubic centimeter", "cubic centimeters", ANYWHERE},
    {"pct", "percent", "percent", ANYWHERE},
    {"dB", "decibel", "decibels", ANYWHERE},
    {"kcal", "kilocalorie", "kilocalories", ANYWHERE},
    {"cal", "calorie", "calories", ANYWHERE},
    {"kJ", "kilojoule", "kilojoules", ANYWHERE},
    {"J", "joule", "joules", NEAR},
    {"psi", "pound per square inch", "pounds per square inch", ANYWHERE},
    {"Pa", "pascal", "pascals", ANYWHERE},
    {"hPa", "hectopascal", "hectopascals", ANYWHERE},
    {"kPa", "kilopascal", "kilopascals", ANYWHERE},
    {"mbar", "millibar", "millibars", ANYWHERE},
    {"px", "pixel", "pixels", ANYWHERE},
    {"MP", "megapixel", "megapixels", NEAR},
    {"ct", "carat", "carats", NEAR},
    {"pt", "point", "points", ANYWHERE},
    {"pts", "point", "points", ANYWHERE},
    {"Ω", "ohm", "ohms", ANYWHERE},
    {"kΩ", "kiloohm", "kiloohms", ANYWHERE},
    {"s", "second", "seconds", ANYWHERE},
    {"mo", "month", "months", STOPPED},
    {"mos", "month", "months", STOPPED},
    {"yr", "year", "years", ANYWHERE},
    {"yrs", "year", "years", ANYWHERE},
    {"wk", "week", "weeks", ANYWHERE},
    {"wks", "week", "weeks", ANYWHERE},
    {"qt", "quart", "quarts", ANYWHERE},
    {"kl", "kiloliter", "kiloliters", ANYWHERE},
    {"mol", "mole", "moles", ANYWHERE},
    {"lm", "lumen", "lumens", ANYWHERE},
    {"lx", "lux", "lux", ANYWHERE},
    {"N", "newton", "newtons", NEAR},
    {"A", "amp", "amps", NEAR},
};

/* "12V, 5A": volts, watts or hertz elsewhere in the text tell amps from seats and sizes. */
static bool is_electric(const normalize_source *t)
{
    for (size_t i = 0; i + 1 < t->size; i++) {
        size_t at = rule_digit(t->text[i]) ? rule_skip_space(t, i + 1) : 0;
        if (at && t->text[at] && strchr("VW", t->text[at]) && !rule_word(t, at + 1)) return true;
        if (at && (rule_starts(t, at, "Hz") || rule_starts(t, at, "kW") || rule_starts(t, at, "mA"))) return true;
    }
    return false;
}

/* Inches that a space sets off: behind feet, or before what only a length stands before. */
static bool is_inches(const normalize_source *t, size_t i, size_t end)
{
    static const char *const more[] = {" of ", " x ", " × ", " by ", " wide", " long", " tall", " high", " deep", " thick"};
    for (size_t k = 0; k < sizeof more / sizeof *more; k++)
        if (rule_starts(t, end, more[k])) return true;
    size_t at = i;
    while (at > 0 && (t->text[at - 1] == ' ' || rule_digit(t->text[at - 1]))) at--;
    return at >= 2 && (rule_starts(t, at - 2, "ft") || (at >= 3 && rule_starts(t, at - 3, "ft.")));
}

static bool unit_stands(const normalize_source *t, size_t i, const unit *u, bool near)
{
    size_t end = i + strlen(u->sign);
    if (strcmp(u->sign, "A") == 0) return near && is_electric(t);
    if (strcmp(u->sign, "W") == 0 && normalize_direction(t, i, &(spoken){.size = 0})) return false; /* 500 W 42nd St */
    if (u->where == ANYWHERE || near) return true;
    if (u->where == NEAR) return false;
    return (t->text[end] == '.' && end + 1 < t->size) || (strcmp(u->sign, "in") == 0 && is_inches(t, i, end)) ||
           (u->sign[0] == 'm' && (rule_starts(t, end, " old") || rule_starts(t, end, " ago")));
}

/* An abbreviation's stop at i that ends no sentence, as what follows goes on. */
static bool stop_goes_on(const normalize_source *t, size_t i)
{
    size_t size;
    if (t->text[i] != '.' || i + 1 >= t->size) return false;
    uint32_t next = rule_at(t, i + 1, &size);
    if (next == ',' || next == ';' || next == ')') return true;
    return next == ' '; /* a sentence was cut where one ends */
}

/* The longest unit at i, not followed by a letter or digit. */
static const unit *unit_at(const normalize_source *t, size_t i, bool near)
{
    const unit *best = NULL;
    size_t longest = 0;
    for (size_t k = 0; k < sizeof UNITS / sizeof *UNITS; k++) {
        size_t n = strlen(UNITS[k].sign);
        if (n <= longest || !rule_starts(t, i, UNITS[k].sign) || rule_word(t, i + n) || !unit_stands(t, i, &UNITS[k], near))
            continue;
        best = &UNITS[k];
        longest = n;
    }
    return best;
}

/* Behind a unit: its power, and "/h". */
static size_t unit_power(const normalize_source *t, size_t i, const unit *u, bool one, spoken *out)
{
    bool squared = rule_starts(t, i, "²"), cubed = rule_starts(t, i, "³");
    if (squared || cubed) {
        spoken_add(out, squared ? "square" : "cubic");
        i += 2;
    }
    spoken_add(out, one ? u->one : u->many);
    if (t->text[i] != '/') return i;
    const unit *below = unit_at(t, i + 1, true);
    if (!below && rule_letters(t, i + 1) >= 3) {
        spoken_add(out, "per");
        return i + 1; /* km/day: the word follows by itself */
    }
    if (!below) return i;
    i += 1 + strlen(below->sign);
    spoken_add(out, "per");
    spoken_add(out, below->one);
    if (rule_starts(t, i, "²")) {
        spoken_add(out, "squared");
        i += 2;
    }
    return i;
}

static size_t degrees(const normalize_source *t, size_t i, bool one, spoken *out)
{
    static const char *const names[][2] = {{"C", "Celsius"}, {"F", "Fahrenheit"}, {"K", "Kelvin"}, {"N", "north"},
                                           {"S", "south"},   {"E", "east"},       {"W", "west"}};
    spoken_add(out, one ? "degree" : "degrees");
    size_t at = rule_skip_space(t, i);
    for (size_t k = 0; k < 7; k++)
        if (t->text[at] == names[k][0][0] && !rule_word(t, at + 1)) {
            spoken_add(out, names[k][1]);
            return at + 1;
        }
    return i;
}

/* What the number ending at i is of: percent, degrees or a unit. Returns the end; 0 when nothing of that follows. */
size_t rule_say_unit(const normalize_source *t, size_t i, bool one, spoken *out)
{
    size_t at = rule_skip_space(t, i);
    if (t->text[at] == '%') {
        spoken_add(out, "percent");
        return at + 1;
    }
    if (rule_starts(t, at, "°") || rule_starts(t, at, "º")) return degrees(t, rule_skip_space(t, at + 2), one, out);
    if (rule_starts(t, at, "℃") || rule_starts(t, at, "℉")) {
        spoken_add(out, one ? "degree" : "degrees");
        spoken_add(out, rule_starts(t, at, "℃") ? "Celsius" : "Fahrenheit");
        return at + 3;
    }
    if (at == i && (rule_starts(t, i, "″") || rule_starts(t, i, "′"))) {
        bool inch = rule_starts(t, i, "″");
        spoken_add(out, inch ? one ? "inch" : "inches" : one ? "foot" : "feet");
        return i + 3;
    }
    const unit *u = unit_at(t, at, at == i);
    if (!u) return 0;
    size_t end = at + strlen(u->sign);
    bool letter = strlen(u->sign) == 1;
    if (letter && t->text[end] == '\'') return 0;
    if (letter && at > i && t->text[end] == '.' && rule_letter(t->text[end + 1])) return 0;
    end = unit_power(t, end, u, one, out);
    return end + (!letter && stop_goes_on(t, end));
}

/* ---- height, fractions ---- */

static bool in_quotes(const normalize_source *t, size_t i)
{
    size_t count = 0;
    for (size_t k = 0; k < i; k++) count += t->text[k] == '"';
    return count % 2 == 1;
}

size_t normalize_height(const normalize_source *t, size_t i, spoken *out)
{
    if (rule_word_before(t, i) || rule_before(t, i) == '.') return 0;
    number_text feet = number_parse(t, i);
    if (!feet.end) return 0;
    size_t at = feet.end;
    bool prime = rule_starts(t, at, "′"), double_prime = rule_starts(t, at, "″");
    if (rule_starts(t, at, "°") && rule_digit(t->text[at + 2])) { /* 40°42′ */
        number_text minutes = number_parse(t, at + 2);
        if (!rule_starts(t, minutes.end, "′") && t->text[minutes.end] != '\'') return 0;
        number_say(out, &feet);
        spoken_add(out, "degrees");
        number_say(out, &minutes);
        spoken_add(out, "minutes");
        return minutes.end + (t->text[minutes.end] == '\'' ? 1 : 3);
    }
    if (double_prime || (t->text[at] == '"' && !in_quotes(t, at) && !feet.commas)) {
        number_say(out, &feet);
        spoken_add(out, number_is_one(&feet) ? "inch" : "inches");
        return at + (double_prime ? 3 : 1);
    }
    if (!prime && t->text[at] != '\'') return 0;
    size_t after = at + (prime ? 3 : 1);
    number_text inches = number_parse(t, after);
    if (!inches.end) {
        if (!prime) return 0;
        number_say(out, &feet);
        spoken_add(out, "feet");
        return after;
    }
    if (!rule_starts(t, inches.end, "″") && t->text[inches.end] != '"' && rule_word(t, inches.end)) return 0;
    number_say(out, &feet);
    spoken_add(out, "foot");
    number_say(out, &inches);
    size_t end = inches.end + (t->text[inches.end] == '"' ? 1 : rule_starts(t, inches.end, "″") ? 3 : 0), second = rule_by(t, end, out);
    return second ? second : end;
}

static void say_fraction(spoken *out, long a, long b)
{
    static const char *const names[] = {"",      "",        "half",   "third", "quarter", "fifth",
                                        "sixth", "seventh", "eighth", "ninth", "tenth"};
    char digits[24];
    number_cardinal_of(out, a);
    if (b <= 10) {
        spoken_add(out, names[b]);
    } else if (b == 100 || b == 1000) {
        spoken_add(out, b == 100 ? "hundredth" : "thousandth");
    } else {
        snprintf(digits, sizeof digits, "%ld", b);
        number_ordinal(out, digits);
    }
    if (a != 1 && b == 2) {
        out->size -= 4;
        out->text[out->size] = 0;
        spoken_join(out, "halves");
    } else if (a != 1) {
        spoken_join(out, "s");
    }
}

static size_t sign_fraction(const normalize_source *t, size_t i, long *a, long *b)
{
    static const struct {
        const char *sign;
        int a, b;
    } signs[] = {{"½", 1, 2}, {"¼", 1, 4}, {"¾", 3, 4}, {"⅓", 1, 3}, {"⅔", 2, 3}, {"⅕", 1, 5}, {"⅖", 2, 5}, {"⅗", 3, 5},
                 {"⅘", 4, 5}, {"⅙", 1, 6}, {"⅚", 5, 6}, {"⅛", 1, 8}, {"⅜", 3, 8}, {"⅝", 5, 8}, {"⅞", 7, 8}};
    for (size_t k = 0; k < sizeof signs / sizeof *signs; k++)
        if (rule_starts(t, i, signs[k].sign)) {
            *a = signs[k].a;
            *b = signs[k].b;
            return i + strlen(signs[k].sign);
        }
    return 0;
}

/* "3/4" at i; 0: none. */
static size_t slash_fraction(const normalize_source *t, size_t i, long *a, long *b)
{
    number_text above = number_parse(t, i);
    if (!above.end || above.point || above.commas) return 0;
    size_t slash = above.end, n = t->text[slash] == '/' ? 1 : rule_starts(t, slash, "⁄") ? 3 : 0;
    number_text below = number_parse(t, slash + n);
    if (!n || !below.end || below.point || below.commas || rule_word(t, below.end) || t->text[below.end] == '/')
        return 0;
    *a = number_small(above.whole);
    *b = number_small(below.whole);
    return below.end;
}

static bool is_fraction(long a, long b)
{
    return a > 0 && a < b &&
           (b <= 10 || b == 12 || b == 16 || b == 20 || b == 32 || b == 64 || b == 100 || b == 1000 || (a == 1 && b > 32)) && /* 1/250 s */
           !(b == 12 && a > 5);
}

/* Pairs that people say as two numbers. */
static bool is_pair(long a, long b)
{
    return (a == 24 && b == 7) || (a == 9 && b == 11) || (a == b && a >= 20) || (a == 20 && b == 40);
}

/* "9/10 rating", "Page 3/10", "10/10": so many of so many, no fraction and no date. */
static bool is_out_of(const normalize_source *t, size_t i, size_t end, long a, long b)
{
    static const char *const counted[] = {"Page", "page", "Step", "step", "Part", "part", "Slide", "slide", "Lesson", "lesson", "Day",   "Chapter", "Level",
                                          "level", "Round", "round", "Question", "question", "score", "scored", "Score", "Score:", "rating", "Rating:", "rated", "Rated",
                                          "got", "Episode", "Task", "task", "Phase", "Attempt", "attempt"};
    static const char *const scores[] = {"rating", "score", "stars", "marks", "points", "would", "correct", "on", "for"};
    char word[32], next[32] = {0};
    if (a > b || b < 2 || b > 1000) return false;
    rule_previous_word(t, i, word);
    if (rule_one_of(word, counted, sizeof counted / sizeof *counted)) return true;
    size_t n = t->text[end] == ' ' ? rule_letters(t, end + 1) : 0;
    if (n > 0 && n < sizeof next) memcpy(next, t->text + end + 1, n);
    return (b == 5 || b == 10 || b == 20 || b == 100) && ((a == b && b == 10) || rule_one_of(next, scores, sizeof scores / sizeof *scores)) &&
           !(b != 10 && (strcmp(next, "on") == 0 || strcmp(next, "for") == 0));
}

/* 12 / 4 = 3. */
static size_t say_quotient(const normalize_source *t, const number_text *a, spoken *out)
{
    if (!rule_starts(t, a->end, " / ") || !rule_digit(t->text[a->end + 3])) return 0;
    number_say(out, a);
    spoken_add(out, "divided by");
    return a->end + 3;
}

/* 1/4 mi., 3/4 inch: of what; 0 when no unit follows. */
static size_t say_part_of_unit(const normalize_source *t, long a, long b, size_t i, spoken *out)
{
    spoken name = {.size = 0};
    size_t end = t->text[rule_skip_space(t, i)] == '%' ? 0 : rule_say_unit(t, i, true, &name);
    if (!end) return 0;
    say_fraction(out, a, b);
    if (a > 1) spoken_add(out, strchr("aeiou", name.text[0]) || strncmp(name.text, "hour", 4) == 0 ? "of an" : "of a");
    spoken_add(out, name.text);
    return end;
}

size_t normalize_fraction(const normalize_source *t, size_t i, spoken *out)
{
    uint32_t before = rule_before(t, i);
    long a, b;
    if (rule_word_before(t, i) || before == '/' || before == '.') return 0;
    size_t end = sign_fraction(t, i, &a, &b);
    if (end) {
        say_fraction(out, a, b);
        return end;
    }
    number_text whole = number_parse(t, i);
    if (!whole.end || whole.point) return 0;
    bool gap = t->text[whole.end] == ' ' || t->text[whole.end] == '-';
    end = sign_fraction(t, whole.end + gap, &a, &b);
    if (!end && gap) end = slash_fraction(t, whole.end + 1, &a, &b);
    if (end && is_fraction(a, b) && a < b && b <= 100) { /* 2 1/2, 2½ */
        number_cardinal(out, whole.whole);
        spoken_add(out, "and");
        if (a == 1 && (b == 2 || b == 4))
            spoken_add(out, b == 2 ? "a half" : "a quarter");
        else
            say_fraction(out, a, b);
        size_t measured = rule_say_unit(t, end, false, out);
        return measured ? measured : end;
    }
    end = slash_fraction(t, i, &a, &b);
    if (!end || a < 0 || b < 0) {
        end = say_quotient(t, &whole, out);
        return end;
    }
    if (is_out_of(t, i, end, a, b)) {
        number_cardinal_of(out, a);
        spoken_add(out, "out of");
        number_cardinal_of(out, b);
    } else if (a >= 1900 && a <= 2099 && strspn(t->text + whole.end + 1, "0123456789") == 2 && (a + 1) % 100 == b) { /* 2024/25 */
        number_year(out, whole.whole);
        spoken_add(out, "to");
        if (b < 10) spoken_add(out, "oh");
        number_cardinal_of(out, b);
    } else if (a > b && a >= 70 && a <= 260 && b >= 40 && b <= 160) { /* a blood pressure */
        number_cardinal_of(out, a);
        spoken_add(out, "over");
        number_cardinal_of(out, b);
    } else if (is_pair(a, b)) {
        number_cardinal_of(out, a);
        number_cardinal_of(out, b);
    } else if (is_fraction(a, b)) {
        size_t measured = say_part_of_unit(t, a, b, end, out);
        if (measured) return measured;
        say_fraction(out, a, b);
    } else if (a >= 1 && a <= 12 && b >= 1 && b <= 31) {
        char digits[8];
        snprintf(digits, sizeof digits, "%ld", t->british && b <= 12 ? a : b);
        spoken_add(out, rule_month_names[t->british && b <= 12 ? b : a]);
        number_ordinal(out, digits);
    } else {
        number_cardinal_of(out, a);
        spoken_add(out, a <= 100 && b <= 100 ? "out of" : "slash");
        number_cardinal_of(out, b);
    }
    return end;
}
