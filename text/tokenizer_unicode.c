#include "text/tokenizer_unicode.h"

#include <string.h>
#include <utf8proc.h>

#include "core/alloc.h"
#include "text/tokenizer_pipeline.h"

int tokenizer_unicode_char(const char *text, size_t size, uint32_t *code_point)
{
    const unsigned char *s = (const unsigned char *)text;
    if (s[0] < 0x80) {
        *code_point = s[0];
        return 1;
    }
    int length = s[0] >= 0xF0 ? 4 : s[0] >= 0xE0 ? 3 : 2;
    if (s[0] < 0xC2 || s[0] > 0xF4 || size < (size_t)length) return 0;
    uint32_t c = s[0] & (0xFFU >> (length + 1));
    for (int i = 1; i < length; i++) {
        if ((s[i] & 0xC0) != 0x80) return 0;
        c = c << 6 | (s[i] & 0x3F);
    }
    if ((length == 3 && (c < 0x800 || (c >= 0xD800 && c < 0xE000))) || (length == 4 && (c < 0x10000 || c > 0x10FFFF)))
        return 0;
    *code_point = c;
    return length;
}

int tokenizer_unicode_write(uint32_t c, char *out)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    int length = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (int i = length - 1; i > 0; i--, c >>= 6) out[i] = (char)(0x80 | (c & 0x3F));
    out[0] = (char)(0xF0U << (4 - length) | c);
    return length;
}

size_t tokenizer_unicode_valid(const char *text, size_t size)
{
    size_t i = 0;
    while (i < size) {
        uint64_t eight;
        if (size - i >= 8) {
            memcpy(&eight, text + i, 8);
            if (!(eight & UINT64_C(0x8080808080808080))) {
                i += 8;
                continue;
            }
        }
        uint32_t c;
        int n = tokenizer_unicode_char(text + i, size - i, &c);
        if (!n) break;
        i += (size_t)n;
    }
    return i;
}

/* Text whose every character is below U+0300 is in NFC already: nothing combines and nothing decomposes for good. */
static bool is_nfc_at_once(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)text[i] >= 0xCC) return false;
    return true;
}

static bool push_code_points(const utf8proc_int32_t *c, utf8proc_ssize_t n, tokenizer_bytes *out, status *st)
{
    for (utf8proc_ssize_t i = 0; i < n; i++) {
        char utf8[4];
        int length = tokenizer_unicode_write((uint32_t)c[i], utf8);
        if (!tokenizer_bytes_push(out, utf8, (size_t)length, st)) return false;
    }
    return true;
}

bool tokenizer_unicode_normalise(tokenizer_unicode_form form, const char *text, size_t size, tokenizer_bytes *out,
                                 status *st)
{
    if (form == UNICODE_NFC && is_nfc_at_once(text, size)) return tokenizer_bytes_push(out, text, size, st);
    bool compose = form == UNICODE_NFC || form == UNICODE_NFKC;
    int options = UTF8PROC_STABLE | (compose ? UTF8PROC_COMPOSE : UTF8PROC_DECOMPOSE);
    if (form == UNICODE_NFKC || form == UNICODE_NFKD) options |= UTF8PROC_COMPAT;
    const utf8proc_uint8_t *s = (const utf8proc_uint8_t *)text;
    utf8proc_ssize_t n = utf8proc_decompose(s, (utf8proc_ssize_t)size, NULL, 0, (utf8proc_option_t)options);
    if (n < 0) return status_set(st, STATUS_FAIL, "text cannot be normalised: %s", utf8proc_errmsg(n));
    utf8proc_int32_t *c = alloc_array((size_t)n + 1, sizeof *c, st);
    if (!c) return false;
    n = utf8proc_decompose(s, (utf8proc_ssize_t)size, c, n, (utf8proc_option_t)options);
    n = n < 0 ? n : utf8proc_normalize_utf32(c, n, (utf8proc_option_t)options);
    bool ok = n < 0 ? status_set(st, STATUS_FAIL, "text cannot be normalised: %s", utf8proc_errmsg(n))
                    : push_code_points(c, n, out, st);
    alloc_free(c);
    return ok;
}

bool tokenizer_unicode_lower(const char *text, size_t size, tokenizer_bytes *out, status *st)
{
    for (size_t i = 0; i < size;) {
        uint32_t c = 0;
        int n = tokenizer_unicode_char(text + i, size - i, &c);
        char utf8[8];
        if (n == 0) return status_set(st, STATUS_FAIL, "text to be lower-cased is no UTF-8");
        i += (size_t)n;
        if (c == 0x130) { /* İ: the one letter whose lower case is two characters, i and a dot above */
            if (!tokenizer_bytes_push(out, "i\xCC\x87", 3, st)) return false;
            continue;
        }
        int length = tokenizer_unicode_write((uint32_t)utf8proc_tolower((utf8proc_int32_t)c), utf8);
        if (!tokenizer_bytes_push(out, utf8, (size_t)length, st)) return false;
    }
    return true;
}

bool tokenizer_unicode_is_numeric(uint32_t c)
{
    if (c < 0x80) return c >= '0' && c <= '9';
    utf8proc_category_t k = utf8proc_category((utf8proc_int32_t)c);
    return k == UTF8PROC_CATEGORY_ND || k == UTF8PROC_CATEGORY_NL || k == UTF8PROC_CATEGORY_NO;
}

bool tokenizer_unicode_is_space(uint32_t c)
{
    return c == ' ' || (c >= 9 && c <= 13) || c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) ||
           c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

bool tokenizer_unicode_is_word(uint32_t c)
{
    utf8proc_category_t k = utf8proc_category((utf8proc_int32_t)c);
    return (k >= UTF8PROC_CATEGORY_LU && k <= UTF8PROC_CATEGORY_LO) ||
           (k >= UTF8PROC_CATEGORY_MN && k <= UTF8PROC_CATEGORY_ME) || k == UTF8PROC_CATEGORY_ND ||
           k == UTF8PROC_CATEGORY_NL || k == UTF8PROC_CATEGORY_PC;
}
