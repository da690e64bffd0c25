#include "audio/normalize_number.h"

#include <stdio.h>
#include <string.h>

static const char *const ONES[] = {"zero",     "one",     "two",     "three",     "four",     "five",    "six",
                                   "seven",    "eight",   "nine",    "ten",       "eleven",   "twelve",  "thirteen",
                                   "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"};
static const char *const TENS[] = {"",      "",      "twenty",  "thirty", "forty",
                                   "fifty", "sixty", "seventy", "eighty", "ninety"};
static const char *const SCALES[] = {"",           "thousand",    "million",     "billion",
                                     "trillion",   "quadrillion", "quintillion", "sextillion",
                                     "septillion", "octillion",   "nonillion",   "decillion"};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

void spoken_add_bytes(spoken *s, const char *word, size_t size)
{
    size_t gap = s->size > 0 && s->text[s->size - 1] != ' ';
    if (size == 0) return;
    if (s->size + gap + size + 1 > sizeof s->text) {
        s->full = true;
        return;
    }
    if (gap) s->text[s->size++] = ' ';
    memcpy(s->text + s->size, word, size);
    s->size += size;
    s->text[s->size] = 0;
}

void spoken_add(spoken *s, const char *word)
{
    spoken_add_bytes(s, word, strlen(word));
}

void spoken_join(spoken *s, const char *text)
{
    size_t n = strlen(text);
    if (s->size + n + 1 > sizeof s->text) {
        s->full = true;
        return;
    }
    memcpy(s->text + s->size, text, n + 1);
    s->size += n;
}

static size_t groups_of_three(const normalize_source *t, size_t at, char mark, size_t *groups)
{
    for (*groups = 0; *groups < 9 && t->text[at] == mark && is_digit(t->text[at + 1]) && is_digit(t->text[at + 2]) && is_digit(t->text[at + 3]) &&
                      !is_digit(t->text[at + 4]);
         ++*groups)
        at += 4;
    return at;
}

/* What follows the first one to three digits, ending at `at`, in the manner of other countries: 1 000 000, 1.299,00. Returns the
 * end, `at` itself when nothing of the kind stands there. */
static size_t other_groups(const normalize_source *t, size_t at, number_text *n)
{
    size_t groups, digits = strlen(n->whole), end = groups_of_three(t, at, ' ', &groups);
    bool spaces = groups >= 2;
    if (!spaces) {
        end = groups_of_three(t, at, '.', &groups);
        if (!groups || t->text[end] != ',' || !is_digit(t->text[end + 1]) || !is_digit(t->text[end + 2]) || is_digit(t->text[end + 3])) return at;
    }
    for (size_t k = 0; k < groups; k++, digits += 3) memcpy(n->whole + digits, t->text + at + 4 * k + 1, 3);
    n->commas = true;
    if (spaces) return end;
    memcpy(n->decimals, t->text + end + 1, 2);
    n->point = true;
    return end + 3;
}

enum { LONGEST = 36 }; /* digits; what is longer is looked at no further, so that a long row of them is not walked from each of them */

number_text number_parse(const normalize_source *t, size_t i)
{
    number_text n = {.end = 0};
    size_t at = i, digits = 0, first = 0;
    while (first <= LONGEST && is_digit(t->text[at + first])) first++;
    if (first == 0 && !(t->text[at] == '.' && is_digit(t->text[at + 1]))) return n;
    if (first > LONGEST) return n;
    memcpy(n.whole, t->text + at, first);
    digits = first;
    at += first;
    while (first > 0 && first <= 3 && digits <= 33 && t->text[at] == ',' && is_digit(t->text[at + 1]) &&
           is_digit(t->text[at + 2]) && is_digit(t->text[at + 3]) && !is_digit(t->text[at + 4])) {
        memcpy(n.whole + digits, t->text + at + 1, 3);
        digits += 3;
        at += 4;
        n.commas = true;
    }
    if (!n.commas && first <= 3 && n.whole[0] != '0') at = other_groups(t, at, &n);
    if (n.point) {
        n.end = at;
        return n;
    }
    size_t decimals = 0;
    if (t->text[at] == '.')
        while (decimals < sizeof n.decimals && is_digit(t->text[at + 1 + decimals])) decimals++;
    if (decimals > 0 && decimals < sizeof n.decimals) {
        memcpy(n.decimals, t->text + at + 1, decimals);
        n.point = true;
        at += decimals + 1;
    }
    n.end = at > i ? at : 0; /* a point with too many decimals is no number */
    return n;
}

long number_small(const char *digits)
{
    long value = 0;
    if (strlen(digits) > 9 || !digits[0]) return digits[0] ? -1 : 0;
    for (; *digits; digits++) value = value * 10 + (*digits - '0');
    return value;
}

bool number_is_one(const number_text *n)
{
    return strcmp(n->whole, "1") == 0 && strspn(n->decimals, "0") == strlen(n->decimals);
}

static void below_thousand(spoken *out, int n)
{
    if (n >= 100) {
        spoken_add(out, ONES[n / 100]);
        spoken_add(out, "hundred");
        n %= 100;
        if (n == 0) return;
    }
    if (n >= 20) spoken_add(out, TENS[n / 10]);
    if (n < 20)
        spoken_add(out, ONES[n]);
    else if (n % 10)
        spoken_add(out, ONES[n % 10]);
}

void number_cardinal(spoken *out, const char *digits)
{
    while (digits[0] == '0' && digits[1]) digits++;
    size_t size = strlen(digits);
    if (size > 36) {
        number_digits(out, digits);
        return;
    }
    if (size == 0 || strcmp(digits, "0") == 0) spoken_add(out, "zero");
    while (size > 0) {
        size_t take = size % 3 ? size % 3 : 3;
        int group = 0;
        for (size_t i = 0; i < take; i++) group = group * 10 + (digits[i] - '0');
        digits += take;
        size -= take;
        if (group == 0) continue;
        below_thousand(out, group);
        spoken_add(out, SCALES[size / 3]);
    }
}

void number_cardinal_of(spoken *out, long n)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%ld", n < 0 ? 0 : n);
    number_cardinal(out, digits);
}

/* Where the last word of what was written begins. */
static size_t last_word(const spoken *s)
{
    size_t i = s->size;
    while (i > 0 && s->text[i - 1] != ' ' && s->text[i - 1] != '-') i--;
    return i;
}

static void replace_last(spoken *s, const char *word)
{
    s->size = last_word(s);
    spoken_join(s, word);
}

void number_ordinal(spoken *out, const char *digits)
{
    static const char *const irregular[][2] = {{"one", "first"},     {"two", "second"},   {"three", "third"},
                                               {"five", "fifth"},    {"eight", "eighth"}, {"nine", "ninth"},
                                               {"twelve", "twelfth"}};
    number_cardinal(out, digits);
    const char *last = out->text + last_word(out);
    for (size_t i = 0; i < sizeof irregular / sizeof *irregular; i++)
        if (strcmp(last, irregular[i][0]) == 0) {
            replace_last(out, irregular[i][1]);
            return;
        }
    if (out->size > 0 && out->text[out->size - 1] == 'y') {
        out->size--;
        spoken_join(out, "ieth");
    } else {
        spoken_join(out, "th");
    }
}

void number_plural(spoken *out)
{
    if (out->size == 0) return;
    char last = out->text[out->size - 1];
    if (last == 'y') {
        out->size--;
        spoken_join(out, "ies");
    } else {
        spoken_join(out, last == 'x' ? "es" : "s");
    }
}

void number_year(spoken *out, const char *digits)
{
    long n = number_small(digits), high = n / 100, low = n % 100;
    if (high == 0 || (high % 10 == 0 && low < 10) || high >= 100) {
        number_cardinal(out, digits);
        return;
    }
    number_cardinal_of(out, high);
    if (low == 0)
        spoken_add(out, "hundred");
    else if (low < 10)
        spoken_add(out, "oh");
    if (low > 0) number_cardinal_of(out, low);
}

void number_digits(spoken *out, const char *digits)
{
    for (; *digits; digits++) spoken_add(out, ONES[*digits - '0']);
}

void number_say(spoken *out, const number_text *n)
{
    if (n->whole[0] == '0' && n->whole[1])
        number_digits(out, n->whole);
    else if (n->whole[0])
        number_cardinal(out, n->whole);
    if (!n->point) return;
    spoken_add(out, "point");
    number_digits(out, n->decimals);
}

void number_code(spoken *out, const char *digits)
{
    size_t size = strlen(digits);
    if (digits[0] == '0' || size > 4) {
        number_digits(out, digits);
    } else if (size == 4) {
        number_year(out, digits);
    } else if (size == 3 && strcmp(digits + 1, "00") != 0) {
        spoken_add(out, ONES[digits[0] - '0']);
        if (digits[1] == '0') {
            spoken_add(out, "oh");
            digits++;
        }
        number_cardinal(out, digits + 1);
    } else {
        number_cardinal(out, digits);
    }
}

int number_roman(const char *text, size_t size)
{
    static const struct {
        const char *letters;
        int value;
    } part[] = {{"M", 1000}, {"CM", 900}, {"D", 500}, {"CD", 400}, {"C", 100}, {"XC", 90}, {"L", 50},
                {"XL", 40},  {"X", 10},   {"IX", 9},  {"V", 5},    {"IV", 4},  {"I", 1}};
    int value = 0;
    size_t at = 0;
    for (size_t p = 0; p < sizeof part / sizeof *part; p++) {
        size_t n = strlen(part[p].letters);
        int most =
            n == 1 && part[p].letters[0] != 'D' && part[p].letters[0] != 'L' && part[p].letters[0] != 'V' ? 3 : 1;
        for (int k = 0; k < most && at + n <= size && memcmp(text + at, part[p].letters, n) == 0; k++) {
            value += part[p].value;
            at += n;
        }
    }
    return size > 0 && at == size ? value : 0;
}
