#include "audio/json_scan.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "audio/unicode.h"
#include "core/utf8.h"

json_scan json_scan_start(char *text, size_t size, const char *name, status *st)
{
    return (json_scan){.start = text, .at = text, .end = text + size, .name = name, .st = st};
}

static bool broken(json_scan *s, const char *wanted)
{
    return status_set(s->st, STATUS_INPUT, "%s: broken JSON at byte %zu: %s wanted", s->name,
                      (size_t)(s->at - s->start), wanted);
}

char json_scan_peek(json_scan *s)
{
    if (!status_ok(s->st)) return 0;
    while (s->at < s->end && (*s->at == ' ' || *s->at == '\n' || *s->at == '\r' || *s->at == '\t')) s->at++;
    return s->at < s->end ? *s->at : 0;
}

static bool take(json_scan *s, char c, const char *wanted)
{
    if (json_scan_peek(s) != c) return broken(s, wanted);
    s->at++;
    return true;
}

static bool enter(json_scan *s, char open, const char *wanted)
{
    if (!take(s, open, wanted)) return false;
    if (s->depth == JSON_SCAN_DEPTH) return broken(s, "fewer nested levels");
    s->fresh[s->depth++] = true;
    return true;
}

/* Passes the comma before a member, or leaves the level at `close`. */
static bool next_member(json_scan *s, char close)
{
    if (s->depth == 0) return broken(s, "an open object or array");
    char c = json_scan_peek(s);
    bool first = s->fresh[s->depth - 1];
    s->fresh[s->depth - 1] = false;
    if (c == close) {
        s->at++;
        s->depth--;
        return false;
    }
    return first ? c != 0 || broken(s, "a member") : take(s, ',', "a comma");
}

bool json_scan_object(json_scan *s)
{
    return enter(s, '{', "an object");
}

bool json_scan_key(json_scan *s, json_string *key)
{
    return next_member(s, '}') && json_scan_string(s, key) && take(s, ':', "a colon");
}

bool json_scan_array(json_scan *s)
{
    return enter(s, '[', "an array");
}

bool json_scan_item(json_scan *s)
{
    return next_member(s, ']');
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    c = (char)(c | 32);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The four digits after \u; −1 when they are not there. */
static int hex4(const json_scan *s, const char *at)
{
    if (s->end - at < 4) return -1;
    int value = 0;
    for (int i = 0; i < 4; i++) {
        int d = hex_digit(at[i]);
        if (d < 0) return -1;
        value = value * 16 + d;
    }
    return value;
}

/* \uXXXX at s->at (past the u), a pair of surrogates being one character. The result is never longer than the escape.
 */
static bool unescape_unicode(json_scan *s, char **out)
{
    int unit = hex4(s, s->at);
    if (unit < 0) return broken(s, "four hexadecimal digits");
    s->at += 4;
    uint32_t c = (uint32_t)unit;
    if (c >= 0xD800 && c < 0xDC00 && s->end - s->at >= 6 && s->at[0] == '\\' && s->at[1] == 'u') {
        int low = hex4(s, s->at + 2);
        if (low >= 0xDC00 && low < 0xE000) {
            c = 0x10000 + ((c - 0xD800) << 10) + ((uint32_t)low - 0xDC00);
            s->at += 6;
        }
    }
    if (c >= 0xD800 && c < 0xE000) c = UNICODE_REPLACEMENT;
    *out += utf8_encode(c, *out);
    return true;
}

static bool unescape(json_scan *s, char **out)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    if (s->at >= s->end) return broken(s, "the end of a string");
    char c = *s->at++;
    if (c == 'u') return unescape_unicode(s, out);
    const char *p = c ? strchr(from, c) : NULL;
    if (!p) return broken(s, "an escape");
    *(*out)++ = to[p - from];
    return true;
}

bool json_scan_string(json_scan *s, json_string *text)
{
    if (!take(s, '"', "a string")) return false;
    char *out = s->at;
    text->text = out;
    while (s->at < s->end && *s->at != '"') {
        if (*s->at != '\\') {
            *out++ = *s->at++;
            continue;
        }
        s->at++;
        if (!unescape(s, &out)) return false;
    }
    if (s->at >= s->end) return broken(s, "the end of a string");
    s->at++;
    text->size = (size_t)(out - text->text);
    return true;
}

/* Digits with at most one point, as nearly all numbers in the tagger's weights: an integer below 2⁵³ divided by a power
 * of ten is the correctly rounded value. Returns how many bytes it takes; 0: not of this form. */
static size_t short_decimal(const json_scan *s, double *value)
{
    static const double power[16] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                     1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    const char *p = s->at;
    int64_t digits = 0;
    int count = 0, decimals = -1;
    bool negative = p < s->end && *p == '-';
    for (p += negative; p < s->end; p++) {
        if (*p >= '0' && *p <= '9') {
            digits = digits * 10 + (*p - '0');
            if (++count > 15) return 0;
            if (decimals >= 0) decimals++;
        } else if (*p == '.' && decimals < 0 && count > 0) {
            decimals = 0;
        } else {
            break;
        }
    }
    if (count == 0 || decimals == 0 || (p < s->end && (*p == 'e' || *p == 'E' || *p == '.'))) return 0;
    *value = (double)(negative ? -digits : digits) / power[decimals > 0 ? decimals : 0];
    return (size_t)(p - s->at);
}

bool json_scan_number(json_scan *s, double *value)
{
    char c = json_scan_peek(s);
    if (c != '-' && (c < '0' || c > '9')) return broken(s, "a number");
    size_t n = short_decimal(s, value);
    if (n == 0) {
        char copy[64];
        while (s->at + n < s->end && n < sizeof copy - 1 && s->at[n] && strchr("+-.eE0123456789", s->at[n])) {
            copy[n] = s->at[n];
            n++;
        }
        copy[n] = 0;
        char *stop;
        *value = strtod(copy, &stop);
        if (stop == copy || *stop) return broken(s, "a number");
    }
    s->at += n;
    return true;
}

bool json_scan_null(json_scan *s)
{
    if (json_scan_peek(s) != 'n' || s->end - s->at < 4 || memcmp(s->at, "null", 4) != 0) return false;
    s->at += 4;
    return true;
}

static bool skip_word(json_scan *s, const char *word)
{
    size_t n = strlen(word);
    if ((size_t)(s->end - s->at) < n || memcmp(s->at, word, n) != 0) return broken(s, "a value");
    s->at += n;
    return true;
}

bool json_scan_skip(json_scan *s) /* recursion no deeper than JSON_SCAN_DEPTH */
{
    json_string ignored;
    double number;
    switch (json_scan_peek(s)) {
    case '{':
        if (json_scan_object(s))
            while (json_scan_key(s, &ignored)) json_scan_skip(s);
        return status_ok(s->st);
    case '[':
        if (json_scan_array(s))
            while (json_scan_item(s)) json_scan_skip(s);
        return status_ok(s->st);
    case '"':
        return json_scan_string(s, &ignored);
    case 't':
        return skip_word(s, "true");
    case 'f':
        return skip_word(s, "false");
    case 'n':
        return skip_word(s, "null");
    default:
        return json_scan_number(s, &number);
    }
}

bool json_scan_finish(json_scan *s)
{
    if (!status_ok(s->st)) return false;
    return s->depth == 0 && json_scan_peek(s) == 0 && s->at == s->end ? true : broken(s, "the end");
}
