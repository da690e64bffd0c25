#include "write/locale.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define NNBSP "\xE2\x80\xAF" /* U+202F, between groups in French */
#define NBSP "\xC2\xA0"

const char LOCALE_NAMES[] = "en-GB, en-US, de-DE, de-CH, fr-FR, zh-CN";

static const locale LOCALES[] = {
    {"en-GB", LANGUAGE_EN, ",", ".", 9, false},      {"en-US", LANGUAGE_EN, ",", ".", 9, true},  {"de-DE", LANGUAGE_DE, ".", ",", 12, false},
    {"de-CH", LANGUAGE_DE, "’", ".", 12, false},     {"fr-FR", LANGUAGE_FR, NNBSP, ",", 16, false}, {"zh-CN", LANGUAGE_ZH, ",", ".", 10, false},
};

const locale *locale_find(const char *name)
{
    for (size_t i = 0; i < sizeof LOCALES / sizeof *LOCALES; i++) {
        if (strcasecmp(LOCALES[i].name, name) == 0) return &LOCALES[i];
        if (strlen(name) == 2 && strncasecmp(LOCALES[i].name, name, 2) == 0) return &LOCALES[i];
    }
    return NULL;
}

/* ---- numbers ---- */

/* digits.digits with groups from the digits of a plain "%.*f". */
static void grouped_digits(phrase *p, const locale *l, const char *digits, bool grouped)
{
    size_t whole = strcspn(digits, ".");

    for (size_t i = 0; i < whole; i++) {
        if (i && grouped && (whole - i) % 3 == 0) phrase_add(p, l->group);
        phrase_bytes(p, digits + i, 1);
    }
    if (!digits[whole]) return;
    phrase_add(p, l->point);
    phrase_add(p, digits + whole + 1);
}

/* At least so many decimal digits and a zero byte; returns how many. (printf would take a third of a report's time.) */
static size_t write_digits(uint64_t n, size_t least, char out[32])
{
    char back[24];
    size_t size = 0;
    while (n || size < least || !size) back[size++] = (char)('0' + n % 10), n /= 10;
    for (size_t i = 0; i < size; i++) out[i] = back[size - 1 - i];
    out[size] = 0;
    return size;
}

void locale_integer(phrase *p, const locale *l, int64_t n, bool grouped)
{
    char digits[32];
    uint64_t size = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
    if (n < 0) phrase_add(p, "−");
    write_digits(size, 1, digits);
    grouped_digits(p, l, digits, grouped);
}

static const double TENS[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};

double locale_round(double x, int places)
{
    char text[400];
    if (!isfinite(x) || fabs(x) >= 1e15 || places > 15) return x;
    /* a half that binary fractions miss (1.005) is still a half to who reads 1.005: so 15 digits are taken first */
    double size = fabs(x), scale = places >= 0 && places <= 15 ? TENS[places] : pow(10, places), quick = size * scale, part = quick - floor(quick);
    if (size == floor(size) && places >= 0) return x;
    if (quick < 1e12 && fabs(part - 0.5) > 1e-3) return (x < 0 ? -floor(quick + 0.5) : floor(quick + 0.5)) / scale; /* far from a half */
    snprintf(text, sizeof text, "%.15g", size);
    size = strtod(text, NULL);
    double scaled = size * scale;
    snprintf(text, sizeof text, "%.15g", scaled);
    scaled = strtod(text, NULL);
    double rounded = floor(scaled + 0.5) / scale;
    return x < 0 ? -rounded : rounded;
}

void locale_number(phrase *p, const locale *l, double x, int places, bool grouped)
{
    char digits[400];
    double size = fabs(x), rounded = places < 0 ? size : fabs(locale_round(x, places));
    if (size < 1e15 && places <= 0 && rounded == floor(rounded)) {
        locale_integer(p, l, x < 0 ? -(int64_t)rounded : (int64_t)rounded, grouped);
        return;
    }
    if (places > 0 && places <= 9 && rounded < 1e6) {
        uint64_t whole = (uint64_t)(rounded * TENS[places] + 0.5);
        size_t n = write_digits(whole, (size_t)places + 1, digits), at = n - (size_t)places;
        memmove(digits + at + 1, digits + at, (size_t)places + 1);
        digits[at] = '.';
        if (x < 0 && whole) phrase_add(p, "−");
        grouped_digits(p, l, digits, grouped);
        return;
    }
    if (places < 0) {
        snprintf(digits, sizeof digits, "%.15g", x);
        if (strchr(digits, 'e')) { /* very large or small: the digits themselves */
            snprintf(digits, sizeof digits, fabs(x) < 1 ? "%.20f" : "%.0f", x);
            if (strchr(digits, '.')) {
                size_t n = strlen(digits);
                while (digits[n - 1] == '0') digits[--n] = 0;
                if (digits[n - 1] == '.') digits[n - 1] = 0;
            }
        }
    } else snprintf(digits, sizeof digits, "%.*f", places > 15 ? 15 : places, locale_round(x, places));
    const char *text = digits;
    if (*text == '-') {
        text++;
        if (strpbrk(text, "123456789")) phrase_add(p, "−");
    }
    grouped_digits(p, l, text, grouped);
}

/* ---- money ---- */

static const struct {
    const char *code, *symbol, *chinese;
    int places;
} CURRENCIES[] = {
    {"EUR", "€", "欧元", 2},   {"USD", "$", "美元", 2},    {"GBP", "£", "英镑", 2},  {"JPY", "¥", "日元", 0},    {"CNY", "¥", "元", 2},
    {"CHF", "CHF", "瑞士法郎", 2}, {"INR", "₹", "卢比", 2}, {"KRW", "₩", "韩元", 0},  {"AUD", "A$", "澳元", 2},   {"CAD", "C$", "加元", 2},
    {"NZD", "NZ$", "新西兰元", 2}, {"SEK", "kr", "瑞典克朗", 2}, {"NOK", "kr", "挪威克朗", 2}, {"DKK", "kr", "丹麦克朗", 2}, {"PLN", "zł", "兹罗提", 2},
    {"BRL", "R$", "雷亚尔", 2},
};

void locale_money(phrase *p, const locale *l, double x, const char *currency, int places, bool whole)
{
    const char *symbol = currency, *chinese = currency;
    int own = 2;
    for (size_t i = 0; i < sizeof CURRENCIES / sizeof *CURRENCIES; i++)
        if (strcmp(CURRENCIES[i].code, currency) == 0) symbol = CURRENCIES[i].symbol, chinese = CURRENCIES[i].chinese, own = CURRENCIES[i].places;
    if (strcmp(currency, "CNY") == 0 && l->language != LANGUAGE_ZH) symbol = "CN¥";
    if (places < 0) places = whole && locale_round(x, own) == floor(locale_round(x, own)) ? 0 : own;
    bool letters = (symbol[0] >= 'A' && symbol[0] <= 'Z' && !strchr(symbol, '$') && !strstr(symbol, "¥")) || (symbol[0] >= 'a' && symbol[0] <= 'z');
    double shown = locale_round(x, places);
    if (l->language == LANGUAGE_EN) {
        if (shown < 0) phrase_add(p, "−");
        phrase_format(p, "%s%s", symbol, letters ? NBSP : "");
        locale_number(p, l, fabs(shown), places, true);
    } else {
        locale_number(p, l, shown, places, true);
        phrase_format(p, l->language == LANGUAGE_ZH ? "%.0s%s" : "%s%s", NBSP, l->language == LANGUAGE_ZH ? chinese : symbol);
    }
}

/* ---- units ---- */

typedef struct {
    const char *symbol;
    const char *word[4][2]; /* English, German, French, Chinese; one, many */
} unit;

static const unit UNITS[] = {
    {"m", {{"metre", "metres"}, {"Meter", "Meter"}, {"mètre", "mètres"}, {"米", "米"}}},
    {"km", {{"kilometre", "kilometres"}, {"Kilometer", "Kilometer"}, {"kilomètre", "kilomètres"}, {"公里", "公里"}}},
    {"cm", {{"centimetre", "centimetres"}, {"Zentimeter", "Zentimeter"}, {"centimètre", "centimètres"}, {"厘米", "厘米"}}},
    {"mm", {{"millimetre", "millimetres"}, {"Millimeter", "Millimeter"}, {"millimètre", "millimètres"}, {"毫米", "毫米"}}},
    {"mi", {{"mile", "miles"}, {"Meile", "Meilen"}, {"mille", "milles"}, {"英里", "英里"}}},
    {"ft", {{"foot", "feet"}, {"Fuß", "Fuß"}, {"pied", "pieds"}, {"英尺", "英尺"}}},
    {"kg", {{"kilogram", "kilograms"}, {"Kilogramm", "Kilogramm"}, {"kilogramme", "kilogrammes"}, {"公斤", "公斤"}}},
    {"g", {{"gram", "grams"}, {"Gramm", "Gramm"}, {"gramme", "grammes"}, {"克", "克"}}},
    {"t", {{"tonne", "tonnes"}, {"Tonne", "Tonnen"}, {"tonne", "tonnes"}, {"吨", "吨"}}},
    {"l", {{"litre", "litres"}, {"Liter", "Liter"}, {"litre", "litres"}, {"升", "升"}}},
    {"ha", {{"hectare", "hectares"}, {"Hektar", "Hektar"}, {"hectare", "hectares"}, {"公顷", "公顷"}}},
    {"km²", {{"square kilometre", "square kilometres"}, {"Quadratkilometer", "Quadratkilometer"}, {"kilomètre carré", "kilomètres carrés"}, {"平方公里", "平方公里"}}},
    {"m²", {{"square metre", "square metres"}, {"Quadratmeter", "Quadratmeter"}, {"mètre carré", "mètres carrés"}, {"平方米", "平方米"}}},
    {"km/h", {{"kilometre an hour", "kilometres an hour"}, {"Kilometer pro Stunde", "Kilometer pro Stunde"}, {"kilomètre à l’heure", "kilomètres à l’heure"}, {"公里每小时", "公里每小时"}}},
    {"m/s", {{"metre a second", "metres a second"}, {"Meter pro Sekunde", "Meter pro Sekunde"}, {"mètre par seconde", "mètres par seconde"}, {"米每秒", "米每秒"}}},
    {"°C", {{"degree Celsius", "degrees Celsius"}, {"Grad Celsius", "Grad Celsius"}, {"degré Celsius", "degrés Celsius"}, {"摄氏度", "摄氏度"}}},
    {"°F", {{"degree Fahrenheit", "degrees Fahrenheit"}, {"Grad Fahrenheit", "Grad Fahrenheit"}, {"degré Fahrenheit", "degrés Fahrenheit"}, {"华氏度", "华氏度"}}},
    {"hPa", {{"hectopascal", "hectopascals"}, {"Hektopascal", "Hektopascal"}, {"hectopascal", "hectopascals"}, {"百帕", "百帕"}}},
    {"kWh", {{"kilowatt-hour", "kilowatt-hours"}, {"Kilowattstunde", "Kilowattstunden"}, {"kilowattheure", "kilowattheures"}, {"千瓦时", "千瓦时"}}},
    {"MW", {{"megawatt", "megawatts"}, {"Megawatt", "Megawatt"}, {"mégawatt", "mégawatts"}, {"兆瓦", "兆瓦"}}},
    {"s", {{"second", "seconds"}, {"Sekunde", "Sekunden"}, {"seconde", "secondes"}, {"秒", "秒"}}},
    {"min", {{"minute", "minutes"}, {"Minute", "Minuten"}, {"minute", "minutes"}, {"分钟", "分钟"}}},
    {"h", {{"hour", "hours"}, {"Stunde", "Stunden"}, {"heure", "heures"}, {"小时", "小时"}}},
    {"d", {{"day", "days"}, {"Tag", "Tage"}, {"jour", "jours"}, {"天", "天"}}},
    {"%", {{"per cent", "per cent"}, {"Prozent", "Prozent"}, {"pour cent", "pour cent"}, {"%", "%"}}},
};

bool locale_unit(phrase *p, const locale *l, const char *number, bool one, const char *symbol, bool spelled)
{
    const unit *u = NULL;
    for (size_t i = 0; i < sizeof UNITS / sizeof *UNITS && !u; i++)
        if (strcmp(UNITS[i].symbol, symbol) == 0) u = &UNITS[i];
    if (!u && spelled) return false;
    if (spelled) {
        const char *word = u->word[l->language][one ? 0 : 1];
        bool american = l->american && l->language == LANGUAGE_EN;
        size_t n = strlen(word), at = american && strstr(word, "metre") ? (size_t)(strstr(word, "metre") - word) + 3 : american && strstr(word, "litre") ? (size_t)(strstr(word, "litre") - word) + 3 : n;
        phrase_format(p, "%s%s", number, l->language == LANGUAGE_ZH ? "" : " ");
        if (american && strcmp(symbol, "%") == 0) phrase_add(p, "percent");
        else if (at < n) phrase_format(p, "%.*ser%s", (int)at, word, word + at + 2); /* kilomet(re) → kilomet(er) */
        else phrase_add(p, word);
        return true;
    }
    bool tight = symbol[0] == '%' && l->language != LANGUAGE_DE && l->language != LANGUAGE_FR;
    phrase_format(p, "%s%s%s", number, tight || l->language == LANGUAGE_ZH ? "" : NBSP, symbol);
    return true;
}

bool locale_large(phrase *p, const locale *l, double x, int digits, bool *exact)
{
    static const struct {
        double size;
        const char *one[3], *many[3];
    } scales[] = {{1e12, {"trillion", "Billion", "billion"}, {"trillion", "Billionen", "billions"}},
                  {1e9, {"billion", "Milliarde", "milliard"}, {"billion", "Milliarden", "milliards"}},
                  {1e6, {"million", "Million", "million"}, {"million", "Millionen", "millions"}}};
    static const struct {
        double size;
        const char *word;
    } chinese[] = {{1e12, "万亿"}, {1e8, "亿"}, {1e4, "万"}};
    double size = fabs(x);
    for (int i = 0; i < 3; i++) {
        double scale = l->language == LANGUAGE_ZH ? chinese[i].size : scales[i].size;
        if (size < scale || size >= 1e15) continue;
        double head = size / scale;
        int places = digits - (int)floor(log10(head)) - 1;
        double shown = locale_round(head, places < 0 ? 0 : places);
        if (i && shown * scale >= (l->language == LANGUAGE_ZH ? chinese[i - 1].size : scales[i - 1].size)) shown = floor(head * pow(10, places < 0 ? 0 : places)) / pow(10, places < 0 ? 0 : places);
        *exact = fabs(shown * scale - size) < 1e-9 * size;
        locale_number(p, l, x < 0 ? -shown : shown, -1, true);
        if (l->language == LANGUAGE_ZH) phrase_add(p, chinese[i].word);
        else phrase_format(p, "%s%s", NBSP, (l->language == LANGUAGE_FR ? shown < 2 : shown == 1) ? scales[i].one[l->language] : scales[i].many[l->language]);
        return true;
    }
    return false;
}
