#include "core/json_cursor.h"
#include "core/utf8.h"

#include <string.h>

enum { MAX_DEPTH = 64 };

json_cursor json_cursor_begin(const char *text, size_t size)
{
    return (json_cursor){.start = text, .at = text, .end = text + size};
}

static bool refuse(json_cursor *c, const char *wanted)
{
    if (!c->wanted) c->wanted = wanted;
    return false;
}

/* The next byte that is no white space, or 0 at the end. */
static char peek(json_cursor *c)
{
    while (c->at < c->end && (*c->at == ' ' || *c->at == '\n' || *c->at == '\r' || *c->at == '\t')) c->at++;
    return c->at < c->end && !c->wanted ? *c->at : 0;
}

bool json_cursor_enter(json_cursor *c, char bracket)
{
    if (peek(c) != bracket) return refuse(c, bracket == '{' ? "an object" : "an array");
    c->at++;
    c->first = true;
    return true;
}

bool json_cursor_more(json_cursor *c, char bracket)
{
    char next = peek(c);
    bool first = c->first;
    c->first = false;
    if (next == bracket) {
        c->at++;
        return false;
    }
    if (first) return next ? true : refuse(c, "an element or the end of the object or array");
    if (next != ',') return refuse(c, "',' or the end of the object or array");
    c->at++;
    return true;
}

static bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

/* A backslash and what follows; c->at is on the backslash. */
static bool take_escape(json_cursor *c)
{
    size_t left = (size_t)(c->end - c->at);
    if (left < 2 || !strchr("\"\\/bfnrtu", c->at[1]) || c->at[1] == 0) return refuse(c, "an escape sequence");
    if (c->at[1] != 'u') {
        c->at += 2;
        return true;
    }
    for (size_t i = 2; i < 6; i++)
        if (i >= left || !is_hex(c->at[i])) return refuse(c, "four hexadecimal digits");
    c->at += 6;
    return true;
}

bool json_cursor_string(json_cursor *c, json_text *out)
{
    if (peek(c) != '"') return refuse(c, "a string");
    const char *from = ++c->at;
    bool escaped = false;
    while (c->at < c->end && *c->at != '"') {
        if (*c->at == '\\') {
            escaped = true;
            if (!take_escape(c)) return false;
        } else if ((unsigned char)*c->at < 0x20) {
            return refuse(c, "no control character in a string");
        } else {
            c->at++;
        }
    }
    if (c->at >= c->end) return refuse(c, "the closing quote of a string");
    *out = (json_text){.text = from, .size = (size_t)(c->at - from), .escaped = escaped};
    c->at++;
    return true;
}

bool json_cursor_key(json_cursor *c, json_text *key)
{
    if (!json_cursor_string(c, key)) return false;
    if (peek(c) != ':') return refuse(c, "':'");
    c->at++;
    return true;
}

static bool is_digit(json_cursor *c) { return c->at < c->end && *c->at >= '0' && *c->at <= '9'; }

static bool take_digits(json_cursor *c)
{
    if (!is_digit(c)) return refuse(c, "a digit");
    while (is_digit(c)) c->at++;
    return true;
}

bool json_cursor_u64(json_cursor *c, uint64_t *out)
{
    peek(c);
    const char *from = c->at;
    uint64_t n = 0;
    if (c->wanted || !is_digit(c)) return refuse(c, "a whole number");
    for (; is_digit(c); c->at++)
        if (__builtin_mul_overflow(n, UINT64_C(10), &n) || __builtin_add_overflow(n, (uint64_t)(*c->at - '0'), &n))
            return refuse(c, "a number below 2^64");
    if (*from == '0' && c->at - from > 1) return refuse(c, "a number without leading zeros");
    if (c->at < c->end && (*c->at == '.' || *c->at == 'e' || *c->at == 'E')) return refuse(c, "a whole number");
    *out = n;
    return true;
}

static bool skip_number(json_cursor *c)
{
    if (*c->at == '-') c->at++;
    if (c->at < c->end && *c->at == '0') c->at++;
    else if (!take_digits(c)) return false;
    if (c->at < c->end && *c->at == '.') {
        c->at++;
        if (!take_digits(c)) return false;
    }
    if (c->at < c->end && (*c->at == 'e' || *c->at == 'E')) {
        c->at++;
        if (c->at < c->end && (*c->at == '+' || *c->at == '-')) c->at++;
        return take_digits(c);
    }
    return true;
}

static bool skip_word(json_cursor *c, const char *word)
{
    size_t n = strlen(word);
    if ((size_t)(c->end - c->at) < n || memcmp(c->at, word, n) != 0) return refuse(c, "a value");
    c->at += n;
    return true;
}

static bool skip_scalar(json_cursor *c)
{
    json_text ignored;
    switch (peek(c)) {
    case '"': return json_cursor_string(c, &ignored);
    case 't': return skip_word(c, "true");
    case 'f': return skip_word(c, "false");
    case 'n': return skip_word(c, "null");
    case '-': case '0': case '1': case '2': case '3': case '4': case '5': case '6': case '7': case '8': case '9':
        return skip_number(c);
    default: return refuse(c, "a value");
    }
}

bool json_cursor_skip(json_cursor *c)
{
    char closing[MAX_DEPTH];
    int depth = 0;
    json_text key;
    do {
        char next = peek(c);
        if (next == '{' || next == '[') {
            if (depth == MAX_DEPTH) return refuse(c, "at most 64 levels of nesting");
            json_cursor_enter(c, next);
            closing[depth++] = next == '{' ? '}' : ']';
        } else if (!skip_scalar(c)) {
            return false;
        }
        while (depth > 0 && !json_cursor_more(c, closing[depth - 1])) {
            if (json_cursor_bad(c)) return false;
            depth--;
        }
        if (depth > 0 && closing[depth - 1] == '}' && !json_cursor_key(c, &key)) return false;
    } while (depth > 0);
    return true;
}

bool json_cursor_end(json_cursor *c)
{
    peek(c);
    return !c->wanted && (c->at == c->end || refuse(c, "the end"));
}

bool json_cursor_is(json_text s, const char *text)
{
    return !s.escaped && strlen(text) == s.size && memcmp(s.text, text, s.size) == 0;
}

/* ---- escapes ---- */

static uint32_t hex4(const char *s)
{
    uint32_t n = 0;
    for (int i = 0; i < 4; i++) {
        char c = s[i];
        n = n * 16 + (uint32_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    return n;
}

/* \uXXXX, with its second half where it is a surrogate; a lone surrogate becomes U+FFFD. Moves *i over it. */
static uint32_t take_unicode(json_text s, size_t *i)
{
    uint32_t u = hex4(s.text + *i + 2);
    *i += 6;
    if (u < 0xD800 || u > 0xDFFF) return u;
    if (u < 0xDC00 && s.size - *i >= 6 && s.text[*i] == '\\' && s.text[*i + 1] == 'u') {
        uint32_t low = hex4(s.text + *i + 2);
        if (low >= 0xDC00 && low <= 0xDFFF) {
            *i += 6;
            return 0x10000 + ((u - 0xD800) << 10) + (low - 0xDC00);
        }
    }
    return 0xFFFD;
}

size_t json_cursor_unescape(json_text s, char *out)
{
    char *to = out;
    for (size_t i = 0; i < s.size;) {
        if (s.text[i] != '\\') {
            *to++ = s.text[i++];
        } else if (s.text[i + 1] == 'u') {
            to += utf8_encode(take_unicode(s, &i), to);
        } else {
            static const char from[] = "bfnrt", into[] = "\b\f\n\r\t";
            const char *hit = strchr(from, s.text[i + 1]);
            *to++ = hit ? into[hit - from] : s.text[i + 1];
            i += 2;
        }
    }
    return (size_t)(to - out);
}
