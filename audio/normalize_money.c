/* Money: what is before or behind an amount, its parts, its scale. */
#include <string.h>

#include "audio/normalize_rules.h"

typedef struct {
    const char *sign, *one, *many, *cent, *cents;
} currency;

static const currency CURRENCIES[] = {
    {"US$", "US dollar", "US dollars", "cent", "cents"},
    {"HK$", "Hong Kong dollar", "Hong Kong dollars", "cent", "cents"},
    {"NZ$", "New Zealand dollar", "New Zealand dollars", "cent", "cents"},
    {"NT$", "Taiwan dollar", "Taiwan dollars", NULL, NULL},
    {"MX$", "Mexican peso", "Mexican pesos", NULL, NULL},
    {"CA$", "Canadian dollar", "Canadian dollars", "cent", "cents"},
    {"AU$", "Australian dollar", "Australian dollars", "cent", "cents"},
    {"S$", "Singapore dollar", "Singapore dollars", "cent", "cents"},
    {"R$", "Brazilian real", "Brazilian reais", "centavo", "centavos"},
    {"CN¥", "yuan", "yuan", NULL, NULL},
    {"C$", "Canadian dollar", "Canadian dollars", "cent", "cents"},
    {"A$", "Australian dollar", "Australian dollars", "cent", "cents"},
    {"$", "dollar", "dollars", "cent", "cents"},
    {"£", "pound", "pounds", "penny", "pence"},
    {"€", "euro", "euros", "cent", "cents"},
    {"¥", "yen", "yen", NULL, NULL},
    {"₹", "rupee", "rupees", "paisa", "paise"},
    {"₩", "won", "won", NULL, NULL},
    {"₽", "ruble", "rubles", NULL, NULL},
    {"₺", "lira", "lira", NULL, NULL},
    {"₴", "hryvnia", "hryvnias", NULL, NULL},
    {"₪", "shekel", "shekels", NULL, NULL},
    {"₫", "dong", "dong", NULL, NULL},
    {"฿", "baht", "baht", NULL, NULL},
    {"₦", "naira", "naira", NULL, NULL},
    {"₱", "peso", "pesos", NULL, NULL},
    {"zł", "zloty", "zlotys", NULL, NULL},
    {"kr", "krona", "kronor", NULL, NULL},
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
    {"NZD", "New Zealand dollar", "New Zealand dollars", "cent", "cents"},
    {"HKD", "Hong Kong dollar", "Hong Kong dollars", "cent", "cents"},
    {"SGD", "Singapore dollar", "Singapore dollars", "cent", "cents"},
    {"CNY", "yuan", "yuan", NULL, NULL},
    {"RMB", "yuan", "yuan", NULL, NULL},
    {"INR", "rupee", "rupees", "paisa", "paise"},
    {"KRW", "won", "won", NULL, NULL},
    {"BRL", "Brazilian real", "Brazilian reais", "centavo", "centavos"},
    {"MXN", "Mexican peso", "Mexican pesos", NULL, NULL},
    {"ZAR", "rand", "rand", NULL, NULL},
    {"RUB", "ruble", "rubles", NULL, NULL},
    {"TRY", "lira", "lira", NULL, NULL},
    {"PLN", "zloty", "zlotys", NULL, NULL},
    {"SEK", "Swedish krona", "Swedish kronor", NULL, NULL},
    {"NOK", "Norwegian krone", "Norwegian kroner", NULL, NULL},
    {"DKK", "Danish krone", "Danish kroner", NULL, NULL},
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
        size_t at = n > 2 ? t->text[i] == '-' ? i + 1 : rule_skip_space(t, i) : i;
        if (!rule_starts(t, at, words[k][0]) || rule_word(t, at + n)) continue;
        *end = at + n;
        return words[k][1];
    }
    return NULL;
}

/* one: before the noun that it measures, and so in the singular. */
static void say_amount(spoken *out, const number_text *n, const currency *c, bool one)
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
        spoken_add(out, strcmp(n->whole, "1") == 0 || (one && whole) ? c->one : c->many);
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
        spoken_add(out, rule_attributive(t, i, end) ? c->one : c->many);
    } else {
        if (rule_word(t, end)) return 0;
        bool adjective = t->text[end] == '-' && rule_letter(t->text[end + 1]); /* a $5-coffee */
        if (adjective) {
            number_say(out, &n);
            spoken_add(out, c->one);
            return end + 1;
        }
        say_amount(out, &n, c, !range && rule_attributive(t, i, end));
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
    at += strlen(c->sign);
    say_amount(out, &n, c, rule_attributive(t, i, at));
    return at;
}
