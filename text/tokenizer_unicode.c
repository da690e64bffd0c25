#include "text/tokenizer_unicode.h"

#include <string.h>
#include <utf8proc.h>

#include "core/alloc.h"
#include "core/utf8.h"
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
        size_t length = utf8_encode((uint32_t)c[i], utf8);
        if (!tokenizer_bytes_push(out, utf8, length, st)) return false;
    }
    return true;
}

/* Code points with their combining classes, as the canonical ordering looks at them. */
typedef struct {
    utf8proc_int32_t *c; /* [room] */
    size_t count, room;
} code_points;

static int class_of(utf8proc_int32_t c) { return c < 0x300 ? 0 : utf8proc_get_property(c)->combining_class; }

/* Appends the decomposition of one character. */
static bool push_decomposed(code_points *p, uint32_t c, utf8proc_option_t options, status *st)
{
    for (;;) {
        int ignored = 0;
        size_t left = p->room - p->count;
        utf8proc_ssize_t n = utf8proc_decompose_char((utf8proc_int32_t)c, p->c + p->count, (utf8proc_ssize_t)left, options, &ignored);
        if (n < 0) return status_set(st, STATUS_FAIL, "text cannot be normalised: %s", utf8proc_errmsg(n));
        if ((size_t)n <= left) {
            p->count += (size_t)n;
            return true;
        }
        utf8proc_int32_t *grown = alloc_resize(p->c, (p->room + (size_t)n) * 2, sizeof *grown, st);
        if (!grown) return false;
        p->c = grown;
        p->room = (p->room + (size_t)n) * 2;
    }
}

/* A run of marks in the order of their classes, equals as they were. A run is a mark or two in any language; one of
 * thousands is sorted by counting, so that whoever wrote it, n marks take n steps. */
static bool sort_marks(utf8proc_int32_t *c, size_t n, status *st)
{
    enum { FEW = 16 };
    if (n <= FEW) {
        for (size_t i = 1; i < n; i++)
            for (size_t k = i; k > 0 && class_of(c[k - 1]) > class_of(c[k]); k--) {
                utf8proc_int32_t swap = c[k];
                c[k] = c[k - 1];
                c[k - 1] = swap;
            }
        return true;
    }
    utf8proc_int32_t *copy = alloc_array(n, sizeof *copy, st);
    if (!copy) return false;
    memcpy(copy, c, n * sizeof *copy);
    size_t at[257] = {0};
    for (size_t i = 0; i < n; i++) at[class_of(copy[i]) + 1]++;
    for (int k = 1; k < 257; k++) at[k] += at[k - 1];
    for (size_t i = 0; i < n; i++) c[at[class_of(copy[i])]++] = copy[i];
    alloc_free(copy);
    return true;
}

/* The canonical ordering (Unicode, D109): marks between two characters of class 0. */
static bool sort_all_marks(const code_points *p, status *st)
{
    for (size_t i = 0; i < p->count;) {
        size_t end = i;
        while (end < p->count && class_of(p->c[end])) end++;
        if (end - i > 1 && !sort_marks(p->c + i, end - i, st)) return false;
        i = end > i ? end : i + 1;
    }
    return true;
}

/* utf8proc's own decomposition of a whole text sorts by insertion, which n marks in a row make n² steps: only its tables and
 * its composition, which is one pass, are used. */
bool tokenizer_unicode_normalise(tokenizer_unicode_form form, const char *text, size_t size, tokenizer_bytes *out,
                                 status *st)
{
    if (form == UNICODE_NFC && is_nfc_at_once(text, size)) return tokenizer_bytes_push(out, text, size, st);
    bool compose = form == UNICODE_NFC || form == UNICODE_NFKC;
    int flags = UTF8PROC_STABLE | (compose ? UTF8PROC_COMPOSE : UTF8PROC_DECOMPOSE);
    if (form == UNICODE_NFKC || form == UNICODE_NFKD) flags |= UTF8PROC_COMPAT;
    utf8proc_option_t options = (utf8proc_option_t)flags;
    code_points p = {.room = size + 32};
    bool ok = (p.c = alloc_array(p.room, sizeof *p.c, st)) != NULL;
    for (size_t i = 0; i < size && ok;) {
        uint32_t c = 0;
        int n = tokenizer_unicode_char(text + i, size - i, &c);
        ok = n ? push_decomposed(&p, c, options, st) : status_set(st, STATUS_FAIL, "text to be normalised is no UTF-8");
        i += (size_t)n;
    }
    ok = ok && sort_all_marks(&p, st);
    utf8proc_ssize_t n = ok ? utf8proc_normalize_utf32(p.c, (utf8proc_ssize_t)p.count, options) : 0;
    if (n < 0) ok = status_set(st, STATUS_FAIL, "text cannot be normalised: %s", utf8proc_errmsg(n));
    ok = ok && push_code_points(p.c, n, out, st);
    alloc_free(p.c);
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
        size_t length = utf8_encode((uint32_t)utf8proc_tolower((utf8proc_int32_t)c), utf8);
        if (!tokenizer_bytes_push(out, utf8, length, st)) return false;
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

tokenizer_unicode_kind tokenizer_unicode_kind_of(uint32_t c)
{
    switch (utf8proc_category((utf8proc_int32_t)c)) {
    case UTF8PROC_CATEGORY_LU: return UNICODE_UPPER;
    case UTF8PROC_CATEGORY_LL: return UNICODE_LOWER;
    case UTF8PROC_CATEGORY_LT: return UNICODE_TITLE;
    case UTF8PROC_CATEGORY_LM: case UTF8PROC_CATEGORY_LO: return UNICODE_LETTER;
    case UTF8PROC_CATEGORY_ND: return UNICODE_DECIMAL;
    case UTF8PROC_CATEGORY_NL: case UTF8PROC_CATEGORY_NO: return UNICODE_NUMBER;
    case UTF8PROC_CATEGORY_CN: case UTF8PROC_CATEGORY_CC: case UTF8PROC_CATEGORY_CF: case UTF8PROC_CATEGORY_CS: case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_ZL: case UTF8PROC_CATEGORY_ZP: return UNICODE_HIDDEN;
    case UTF8PROC_CATEGORY_ZS: return c == ' ' ? UNICODE_OTHER : UNICODE_HIDDEN;
    default: return UNICODE_OTHER;
    }
}

bool tokenizer_unicode_is_mark(uint32_t c)
{
    utf8proc_category_t k = utf8proc_category((utf8proc_int32_t)c);
    return k >= UTF8PROC_CATEGORY_MN && k <= UTF8PROC_CATEGORY_ME;
}

bool tokenizer_unicode_is_modifier(uint32_t c) { return utf8proc_category((utf8proc_int32_t)c) == UTF8PROC_CATEGORY_LM; }

bool tokenizer_unicode_is_format(uint32_t c) { return utf8proc_category((utf8proc_int32_t)c) == UTF8PROC_CATEGORY_CF; }

/* utf8proc maps one character to one; these become more (SpecialCasing.txt, the unconditional rows of Latin and Armenian). */
static const struct {
    uint16_t from, upper[3], title[3];
} LONG_CASES[] = {
    {0xDF, {'S', 'S'}, {'S', 's'}}, {0x149, {0x2BC, 'N'}, {0x2BC, 'N'}}, {0x1F0, {'J', 0x30C}, {'J', 0x30C}},
    {0x390, {0x399, 0x308, 0x301}, {0x399, 0x308, 0x301}}, {0x3B0, {0x3A5, 0x308, 0x301}, {0x3A5, 0x308, 0x301}},
    {0x587, {0x535, 0x552}, {0x535, 0x582}}, {0x1E96, {'H', 0x331}, {'H', 0x331}}, {0x1E97, {'T', 0x308}, {'T', 0x308}},
    {0x1E98, {'W', 0x30A}, {'W', 0x30A}}, {0x1E99, {'Y', 0x30A}, {'Y', 0x30A}}, {0x1E9A, {'A', 0x2BE}, {'A', 0x2BE}},
    {0xFB00, {'F', 'F'}, {'F', 'f'}}, {0xFB01, {'F', 'I'}, {'F', 'i'}}, {0xFB02, {'F', 'L'}, {'F', 'l'}},
    {0xFB03, {'F', 'F', 'I'}, {'F', 'f', 'i'}}, {0xFB04, {'F', 'F', 'L'}, {'F', 'f', 'l'}}, {0xFB05, {'S', 'T'}, {'S', 't'}}, {0xFB06, {'S', 'T'}, {'S', 't'}},
};

int tokenizer_unicode_case(uint32_t c, char how, uint32_t out[3])
{
    for (size_t i = 0; how != 'l' && c >= 0xDF && i < sizeof LONG_CASES / sizeof *LONG_CASES; i++) {
        if (LONG_CASES[i].from != c) continue;
        const uint16_t *to = how == 'u' ? LONG_CASES[i].upper : LONG_CASES[i].title;
        int n = 0;
        for (; n < 3 && to[n]; n++) out[n] = to[n];
        return n;
    }
    if (how == 'l' && c == 0x130) return out[0] = 'i', out[1] = 0x307, 2;
    utf8proc_int32_t mapped = how == 'u' ? utf8proc_toupper((utf8proc_int32_t)c) : how == 'l' ? utf8proc_tolower((utf8proc_int32_t)c) : utf8proc_totitle((utf8proc_int32_t)c);
    return out[0] = (uint32_t)mapped, 1;
}
