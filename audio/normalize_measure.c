/* Money, measures and plain numbers. */
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
                       before == 0x201C || before == '=';
    return n && free_before &&
                   (rule_digit(t->text[i + n]) || (t->text[i + n] == '.' && rule_digit(t->text[i + n + 1])) ||
                    t->text[i + n] == '$')
               ? n
               : 0;
}

/* ---- money ---- */

typedef struct {
    const char *sign, *one, *many, *cent, *cents;
} currency;

static const currency CURRENCIES[] = {
    {"US$", "US dollar", "US dollars", "cent", "cents"},
    {"C$", "Canadian dollar", "Canadian dollars", "cent", "cents"},
    {"A$", "Australian dollar", "Australian dollars", "cent", "cents"},
    {"$", "dollar", "dollars", "cent", "cents"},
    {"£", "pound", "pounds", "penny", "pence"},
    {"€", "euro", "euros", "cent", "cents"},
    {"¥", "yen", "yen", NULL, NULL},
    {"₹", "rupee", "rupees", "paisa", "paise"},
    {"₩", "won", "won", NULL, NULL},
    {"₽", "ruble", "rubles", NULL, NULL},
    {"₿", "bitcoin", "bitcoins", NULL, NULL},
    {"Rs.", "rupee", "rupees", "paisa", "paise"},
    {"Rs", "rupee", "rupees", "paisa", "paise"},
    {"USD", "US dollar", "US dollars", "cent", "cents"},
    {"EUR", "euro", "euros", "cent", "cents"},
    {"GBP", "pound", "pounds", "penny", "pence"},
    {"CHF", "Swiss franc", "Swiss francs", NULL, NULL},
    {"JPY", "yen", "yen", NULL, NULL},
    {"CAD", "Canadian dollar", "Canadian dollars", "cent", "cents"},
    {"AUD", "Australian dollar", "Australian dollars", "cent", "cents"},
};

static const currency *currency_at(const normalize_source *t, size_t i)
{
    for (size_t k = 0; k < sizeof CURRENCIES / sizeof *CURRENCIES; k++) {
        size_t n = strlen(CURRENCIES[k].sign);
        if (!rule_starts(t, i, CURRENCIES[k].sign)) continue;
        if (rule_letter(CURRENCIES[k].sign[0]) && rule_word_before(t, i)) continue;
        if (rule_letter(CURRENCIES[k].sign[n - 1]) && rule_letter(t->text[i + n])) continue;
        return &CURRENCIES[k];
    }
    return NULL;
}

/* "million", "k", "bn" behind an amount. */
static const char *big_word(const normalize_source *t, size_t i, size_t *end)
{
    static const char *const words[][2] = {{"hundred", "hundred"}, {"thousand", "thousand"}, {"million", "million"},
                                           {"billion", "billion"}, {"trillion", "trillion"}, {"bn", "billion"},
                                           {"tn", "trillion"},     {"mn", "million"},        {"k", "thousand"},
                                           {"K", "thousand"},      {"m", "million"},         {"M", "million"},
                                           {"b", "billion"},       {"B", "billion"},         {"T", "trillion"}};
    for (size_t k = 0; k < sizeof words / sizeof *words; k++) {
        size_t n = strlen(words[k][0]);
        size_t at = n > 2 ? rule_skip_space(t, i) : i;
        if (!rule_starts(t, at, words[k][0]) || rule_word(t, at + n)) continue;
        *end = at + n;
        return words[k][1];
    }
    return NULL;
}

static void say_amount(spoken *out, const number_text *n, const currency *c)
{
    long cents = n->point && strlen(n->decimals) == 2 ? number_small(n->decimals) : -1;
    bool whole = !n->point || strspn(n->decimals, "0") == strlen(n->decimals);
    bool none = n->whole[0] == 0 || strcmp(n->whole, "0") == 0;
    if (!whole && (cents < 0 || !c->cent)) {
        number_say(out, n);
        spoken_add(out, c->many);
        return;
    }
    if (whole || !none) {
        number_cardinal(out, n->whole);
        spoken_add(out, strcmp(n->whole, "1") == 0 ? c->one : c->many);
        if (whole) return;
        spoken_add(out, "and");
    }
    number_cardinal_of(out, cents);
    spoken_add(out, cents == 1 ? c->cent : c->cents);
}

/* "$5/hour", "$3 per kg": the slash. */
static size_t per_word(const normalize_source *t, size_t i, spoken *out)
{
    static const char *const short_form[][2] = {
        {"hr", "hour"},           {"h", "hour"},     {"mo", "month"},          {"yr", "year"},
        {"wk", "week"},           {"lb", "pound"},   {"kg", "kilogram"},       {"min", "minute"},
        {"sq ft", "square foot"}, {"gal", "gallon"}, {"oz", "ounce"},          {"L", "liter"},
        {"km", "kilometer"},      {"mi", "mile"},    {"kWh", "kilowatt hour"}, {"GB", "gigabyte"}};
    if (t->text[i] != '/' || !rule_letter(t->text[i + 1])) return i;
    size_t n = rule_letters(t, i + 1);
    spoken_add(out, "per");
    for (size_t k = 0; k < sizeof short_form / sizeof *short_form; k++)
        if (strlen(short_form[k][0]) == n && rule_starts(t, i + 1, short_form[k][0])) {
            spoken_add(out, short_form[k][1]);
            return i + 1 + n;
        }
    spoken_add_bytes(out, t->text + i + 1, n);
    return i + 1 + n;
}

/* The second amount of "$5-10", "$5–$10". */
static size_t amount_range(const normalize_source *t, size_t i, const currency *c, number_text *second)
{
    size_t at = i + (t->text[i] == '-' ? 1 : rule_starts(t, i, "–") ? 3 : 0);
    if (at == i) return 0;
    if (rule_starts(t, at, c->sign)) at += strlen(c->sign);
    *second = number_parse(t, at);
    return second->end && !second->point && !rule_digit(t->text[second->end]) ? second->end : 0;
}

static size_t money_before(const normalize_source *t, size_t i, const currency *c, spoken *out)
{
    size_t end;
    number_text n = number_parse(t, rule_skip_space(t, i + strlen(c->sign))), second;
    if (!n.end) return 0;
    end = n.end;
    size_t range = amount_range(t, end, c, &second);
    if (range) {
        number_say(out, &n);
        spoken_add(out, "to");
        n = second;
        end = range;
    }
    const char *big = big_word(t, end, &end);
    if (big) {
        number_say(out, &n);
        spoken_add(out, big);
        spoken_add(out, c->many);
    } else {
        if (rule_word(t, end)) return 0;
        bool adjective = t->text[end] == '-' && rule_letter(t->text[end + 1]); /* a $5-coffee */
        if (adjective) {
            number_say(out, &n);
            spoken_add(out, c->one);
            return end + 1;
        }
        say_amount(out, &n, c);
    }
    return per_word(t, end, out);
}

size_t normalize_money(const normalize_source *t, size_t i, spoken *out)
{
    size_t start = i + rule_minus(t, i);
    if (start > i) spoken_add(out, "minus");
    const currency *c = currency_at(t, start);
    if (c) return money_before(t, start, c, out);
    if (start > i || rule_word_before(t, i) || rule_before(t, i) == '.' || rule_before(t, i) == '-') return 0;
    number_text n = number_parse(t, i);
    if (!n.end) return 0;
    size_t at = rule_skip_space(t, n.end);
    if (rule_starts(t, at, "¢")) {
        number_say(out, &n);
        spoken_add(out, number_is_one(&n) ? "cent" : "cents");
        return at + 2;
    }
    c = currency_at(t, at);
    if (!c || rule_starts(t, at, "Rs") || rule_word(t, at + strlen(c->sign)) ||
        rule_digit(t->text[at + strlen(c->sign)]))
        return 0;
    say_amount(out, &n, c);
    return at + strlen(c->sign);
}

/* ---- units ---- */

typedef struct {
    const char *sign, *one, *many;
    bool near; /* only right behind the number */
} unit;

static const unit UNITS[] = {
    {"km", "kilometer", "kilometers", 0},
    {"cm", "centimeter", "centimeters", 0},
    {"mm", "millimeter", "millimeters", 0},
    {"dm", "decimeter", "decimeters", 0},
    {"nm", "nanometer", "nanometers", 0},
    {"µm", "micrometer", "micrometers", 0},
    {"μm", "micrometer", "micrometers", 0},
    {"m", "meter", "meters", 0},
    {"kg", "kilogram", "kilograms", 0},
    {"mg", "milligram", "milligrams", 0},
    {"mcg", "microgram", "micrograms", 0},
    {"µg", "microgram", "micrograms", 0},
    {"μg", "microgram", "micrograms", 0},
    {"g", "gram", "grams", 0},
    {"lb", "pound", "pounds", 0},
    {"lbs", "pound", "pounds", 0},
    {"oz", "ounce", "ounces", 0},
    {"fl oz", "fluid ounce", "fluid ounces", 0},
    {"ft", "foot", "feet", 0},
    {"in", "inch", "inches", 1},
    {"yd", "yard", "yards", 0},
    {"yds", "yard", "yards", 0},
    {"mi", "mile", "miles", 0},
    {"ha", "hectare", "hectares", 0},
    {"ml", "milliliter", "milliliters", 0},
    {"mL", "milliliter", "milliliters", 0},
    {"cl", "centiliter", "centiliters", 0},
    {"dl", "deciliter", "deciliters", 0},
    {"dL", "deciliter", "deciliters", 0},
    {"L", "liter", "liters", 0},
    {"l", "liter", "liters", 0},
    {"gal", "gallon", "gallons", 0},
    {"tsp", "teaspoon", "teaspoons", 0},
    {"tbsp", "tablespoon", "tablespoons", 0},
    {"kph", "kilometer per hour", "kilometers per hour", 0},
    {"kmh", "kilometer per hour", "kilometers per hour", 0},
    {"mph", "mile per hour", "miles per hour", 0},
    {"mpg", "mile per gallon", "miles per gallon", 0},
    {"Hz", "hertz", "hertz", 0},
    {"kHz", "kilohertz", "kilohertz", 0},
    {"MHz", "megahertz", "megahertz", 0},
    {"GHz", "gigahertz", "gigahertz", 0},
    {"KB", "kilobyte", "kilobytes", 0},
    {"kB", "kilobyte", "kilobytes", 0},
    {"MB", "megabyte", "megabytes", 0},
    {"GB", "gigabyte", "gigabytes", 0},
    {"TB", "terabyte", "terabytes", 0},
    {"PB", "petabyte", "petabytes", 0},
    {"KiB", "kibibyte", "kibibytes", 0},
    {"MiB", "mebibyte", "mebibytes", 0},
    {"GiB", "gibibyte", "gibibytes", 0},
    {"TiB", "tebibyte", "tebibytes", 0},
    {"kbps", "kilobit per second", "kilobits per second", 0},
    {"Mbps", "megabit per second", "megabits per second", 0},
    {"Gbps", "gigabit per second", "gigabits per second", 0},
    {"hr", "hour", "hours", 0},
    {"hrs", "hour", "hours", 0},
    {"h", "hour", "hours", 0},
    {"min", "minute", "minutes", 0},
    {"mins", "minute", "minutes", 0},
    {"sec", "second", "seconds", 0},
    {"secs", "second", "seconds", 0},
    {"ms", "millisecond", "milliseconds", 0},
    {"µs", "microsecond", "microseconds", 0},
    {"μs", "microsecond", "microseconds", 0},
    {"ns", "nanosecond", "nanoseconds", 0},
    {"sq ft", "square foot", "square feet", 0},
    {"sq mi", "square mile", "square miles", 0},
    {"sq m", "square meter", "square meters", 0},
    {"sq km", "square kilometer", "square kilometers", 0},
    {"kWh", "kilowatt hour", "kilowatt hours", 0},
    {"Wh", "watt hour", "watt hours", 0},
    {"W", "watt", "watts", 0},
    {"kW", "kilowatt", "kilowatts", 0},
    {"MW", "megawatt", "megawatts", 0},
    {"GW", "gigawatt", "gigawatts", 0},
    {"V", "volt", "volts", 0},
    {"mV", "millivolt", "millivolts", 0},
    {"kV", "kilovolt", "kilovolts", 0},
    {"mA", "milliamp", "milliamps", 0},
    {"mAh", "milliamp hour", "milliamp hours", 0},
    {"Ah", "amp hour", "amp hours", 0},
    {"fps", "frame per second", "frames per second", 0},
    {"rpm", "revolution per minute", "revolutions per minute", 0},
    {"bpm", "beat per minute", "beats per minute", 0},
    {"ppm", "part per million", "parts per million", 0},
    {"dpi", "dot per inch", "dots per inch", 0},
    {"cc", "cubic centimeter", "cubic centimeters", 0},
    {"pct", "percent", "percent", 0},
    {"dB", "decibel", "decibels", 0},
    {"kcal", "kilocalorie", "kilocalories", 0},
    {"cal", "calorie", "calories", 0},
    {"kJ", "kilojoule", "kilojoules", 0},
    {"J", "joule", "joules", 1},
    {"psi", "pound per square inch", "pounds per square inch", 0},
    {"Pa", "pascal", "pascals", 0},
    {"hPa", "hectopascal", "hectopascals", 0},
    {"kPa", "kilopascal", "kilopascals", 0},
    {"mbar", "millibar", "millibars", 0},
    {"px", "pixel", "pixels", 0},
    {"MP", "megapixel", "megapixels", 1},
    {"ct", "carat", "carats", 1},
    {"pt", "point", "points", 1},
    {"pts", "point", "points", 0},
    {"Ω", "ohm", "ohms", 0},
    {"kΩ", "kiloohm", "kiloohms", 0},
    {"s", "second", "seconds", 0},
};

/* The longest unit at i, not followed by a letter or digit. */
static const unit *unit_at(const normalize_source *t, size_t i, bool near)
{
    const unit *best = NULL;
    size_t longest = 0;
    for (size_t k = 0; k < sizeof UNITS / sizeof *UNITS; k++) {
        size_t n = strlen(UNITS[k].sign);
        if (n <= longest || (UNITS[k].near && !near) || !rule_starts(t, i, UNITS[k].sign) || rule_word(t, i + n))
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
    return unit_power(t, end, u, one, out);
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
    return inches.end + (t->text[inches.end] == '"' ? 1 : rule_starts(t, inches.end, "″") ? 3 : 0);
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
    if (!end || a < 0 || b < 0) return 0;
    if (is_pair(a, b)) {
        number_cardinal_of(out, a);
        number_cardinal_of(out, b);
    } else if (is_fraction(a, b)) {
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
