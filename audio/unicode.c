#include "audio/unicode.h"

#include <locale.h>
#include <pthread.h>
#include <string.h>
#include <wctype.h>

#include "audio/unicode_latin.h"

static locale_t utf8_locale;
static pthread_once_t locale_once = PTHREAD_ONCE_INIT;

static void open_locale(void)
{
    utf8_locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
}

static locale_t locale(void)
{
    pthread_once(&locale_once, open_locale);
    return utf8_locale;
}

size_t unicode_decode(const char *s, size_t size, uint32_t *c)
{
    const unsigned char *b = (const unsigned char *)s;
    *c = b[0];
    if (b[0] < 0x80) return 1;
    size_t n = b[0] >= 0xC2 && b[0] < 0xE0 ? 2 : b[0] >= 0xE0 && b[0] < 0xF0 ? 3 : b[0] >= 0xF0 && b[0] < 0xF5 ? 4 : 0;
    if (n && n <= size) {
        uint32_t value = b[0] & (0x7Fu >> n);
        size_t i = 1;
        for (; i < n && (b[i] & 0xC0) == 0x80; i++) value = value << 6 | (b[i] & 0x3Fu);
        bool overlong = (n == 3 && value < 0x800) || (n == 4 && value < 0x10000);
        bool surrogate = value >= 0xD800 && value < 0xE000;
        if (i == n && !overlong && !surrogate && value <= 0x10FFFF) {
            *c = value;
            return n;
        }
    }
    *c = UNICODE_REPLACEMENT;
    return 1;
}

uint32_t unicode_before(const char *s, size_t at, size_t *start)
{
    size_t from = at;
    uint32_t c = 0;
    if (from > 0) from--;
    while (from > 0 && at - from < 4 && ((unsigned char)s[from] & 0xC0) == 0x80) from--;
    if (at > 0) {
        size_t n = unicode_decode(s + from, at - from, &c);
        if (from + n != at) { /* stray bytes: the last one stands alone */
            from = at - 1;
            c = UNICODE_REPLACEMENT;
        }
    }
    if (start) *start = from;
    return c;
}

size_t unicode_length(const char *s, size_t size)
{
    size_t n = 0;
    uint32_t c;
    for (size_t i = 0; i < size; n++) i += unicode_decode(s + i, size - i, &c);
    return n;
}

static bool is_latin1_letter(uint32_t c)
{
    return c >= 0xC0 && c <= 0xFF && c != 0xD7 && c != 0xF7;
}

bool unicode_is_letter(uint32_t c)
{
    if (c < 0x80) return (c | 32) >= 'a' && (c | 32) <= 'z';
    if (!locale()) return is_latin1_letter(c);
    return iswalpha_l((wint_t)c, locale()) != 0;
}

bool unicode_is_upper(uint32_t c)
{
    if (c < 0x80) return c >= 'A' && c <= 'Z';
    if (!locale()) return is_latin1_letter(c) && c < 0xDF;
    return iswupper_l((wint_t)c, locale()) != 0;
}

bool unicode_is_lower(uint32_t c)
{
    if (c < 0x80) return c >= 'a' && c <= 'z';
    if (!locale()) return is_latin1_letter(c) && c >= 0xDF;
    return iswlower_l((wint_t)c, locale()) != 0;
}

bool unicode_is_space(uint32_t c)
{
    if (c < 0x80) return c == ' ' || (c >= 9 && c <= 13) || (c >= 0x1C && c <= 0x1F);
    return c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 ||
           c == 0x202F || c == 0x205F || c == 0x3000;
}

uint32_t unicode_lower(uint32_t c)
{
    if (c < 0x80) return c >= 'A' && c <= 'Z' ? c + 32 : c;
    if (!locale()) return is_latin1_letter(c) && c < 0xDF ? c + 32 : c;
    return (uint32_t)towlower_l((wint_t)c, locale());
}

uint32_t unicode_upper(uint32_t c)
{
    if (c < 0x80) return c >= 'a' && c <= 'z' ? c - 32 : c;
    if (!locale()) return is_latin1_letter(c) && c > 0xDF && c != 0xFF ? c - 32 : c;
    return (uint32_t)towupper_l((wint_t)c, locale());
}

uint32_t unicode_compose(uint32_t base, uint32_t mark)
{
    if (mark < 0x300 || mark > 0x36F) return 0;
    for (size_t i = 0; i < UNICODE_LATIN_COUNT; i++)
        if (unicode_latin[i].base == base && unicode_latin[i].mark == mark) return unicode_latin[i].composed;
    return 0;
}

bool unicode_decompose(uint32_t c, uint32_t *base, uint32_t *mark)
{
    size_t low = 0, high = UNICODE_LATIN_COUNT; /* the table is in the order of `composed` */
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (unicode_latin[middle].composed < c)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == UNICODE_LATIN_COUNT || unicode_latin[low].composed != c) return false;
    *base = unicode_latin[low].base;
    *mark = unicode_latin[low].mark;
    return true;
}

const char *unicode_compatible(uint32_t c, char room[8])
{
    static const struct {
        uint32_t c;
        const char *text;
    } form[] = {{0xA0, " "},    {0xAA, "a"},    {0xB2, "2"},    {0xB3, "3"},    {0xB9, "1"},     {0xBA, "o"},
                {0x132, "IJ"},  {0x133, "ij"},  {0x17F, "s"},   {0x2024, "."},  {0x2025, ".."},  {0x2026, "..."},
                {0x2070, "0"},  {0x207F, "n"},  {0x20A8, "Rs"}, {0x2122, "TM"}, {0x2126, "Ω"},   {0x212A, "K"},
                {0x212B, "Å"},  {0xFB00, "ff"}, {0xFB01, "fi"}, {0xFB02, "fl"}, {0xFB03, "ffi"}, {0xFB04, "ffl"},
                {0xFB05, "st"}, {0xFB06, "st"}, {0x3000, " "},  {0x2116, "No"}, {0xB5, "μ"}};
    if (c < 0xA0) return NULL;
    for (size_t i = 0; i < sizeof form / sizeof *form; i++)
        if (form[i].c == c) return form[i].text;
    uint32_t plain = 0;
    if (c >= 0xFF01 && c <= 0xFF5E)
        plain = c - 0xFF00 + 0x20; /* full-width forms */
    else if (c >= 0x2074 && c <= 0x2079)
        plain = c - 0x2070 + '0'; /* superscripts */
    else if (c >= 0x2080 && c <= 0x2089)
        plain = c - 0x2080 + '0'; /* subscripts */
    else if (c >= 0x2460 && c <= 0x2468)
        plain = c - 0x2460 + '1'; /* circled digits */
    else if (c >= 0x1D7CE && c <= 0x1D7FF)
        plain = (c - 0x1D7CE) % 10 + '0';
    else if (c >= 0x1D400 && c <= 0x1D433)
        plain = (c - 0x1D400) % 52 < 26 ? 'A' + (c - 0x1D400) % 52 : 'a' + (c - 0x1D400) % 52 - 26;
    if (!plain) return NULL;
    room[0] = (char)plain;
    room[1] = 0;
    return room;
}
