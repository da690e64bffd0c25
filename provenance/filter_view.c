#include "provenance/filter_view.h"

#include <stdint.h>
#include <string.h>

#include "provenance/filter_lookalikes.h"
#include "text/tokenizer.h"
#include "text/tokenizer_unicode.h"
#include "core/utf8.h"

typedef struct {
    uint32_t first, last;
} range;

static bool is_in(uint32_t c, const range *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (c >= list[i].first && c <= list[i].last) return true;
    return false;
}

/* Controls but white space, default-ignorable characters (DerivedCoreProperties), private use, what stands for no character. */
static bool shows_nothing(uint32_t c)
{
    static const range LIST[] = {{0x00, 0x08},     {0x0E, 0x1F},     {0x7F, 0x84},     {0x86, 0x9F},     {0xAD, 0xAD},     {0x34F, 0x34F},
                                 {0x61C, 0x61C},   {0x115F, 0x1160}, {0x17B4, 0x17B5}, {0x180B, 0x180F}, {0x200B, 0x200F}, {0x202A, 0x202E},
                                 {0x2060, 0x206F}, {0x3164, 0x3164}, {0xE000, 0xF8FF}, {0xFE00, 0xFE0F}, {0xFEFF, 0xFEFF}, {0xFFA0, 0xFFA0},
                                 {0xFFF0, 0xFFFD}, {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A}, {0xE0000, 0xE0FFF}, {0xF0000, 0x10FFFF}};
    bool never = (c >= 0xFDD0 && c <= 0xFDEF) || (c & 0xFFFE) == 0xFFFE; /* noncharacters */
    return never || is_in(c, LIST, sizeof LIST / sizeof LIST[0]) || tokenizer_unicode_is_format(c);
}

/* Whether what stands on a letter belongs to a script that writes vowels and tones so (those of India and of what lies to its
 * east and south, kana, Thaana), and to a letter of it. Anywhere else it is an ornament, points of Arabic and Hebrew too. */
static bool is_of_script(uint32_t c, uint32_t letter)
{
    bool writes = letter >= 0x900 || (letter >= 0x780 && letter <= 0x7BF);
    return writes && letter >> 8 == c >> 8;
}

/* before: the character that it stands on. */
static bool is_ornament(uint32_t c, uint32_t before)
{
    static const range ANY[] = {{0x300, 0x36F}, {0x483, 0x489}, {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF}, {0x20D0, 0x20FF}, {0xFE20, 0xFE2F}}; /* on any letter */
    if (c < 0x300) return false;
    return is_in(c, ANY, sizeof ANY / sizeof ANY[0]) || (tokenizer_unicode_is_mark(c) && !is_of_script(c, before));
}

static bool is_letter(uint32_t c) { return tokenizer_unicode_kind_of(c) <= UNICODE_LETTER; }

static bool is_apostrophe(uint32_t c)
{
    return c == '\'' || c == '`' || c == 0xB4 || c == 0x55A || c == 0x5F3 || c == 0x2018 || c == 0x2019 || c == 0x201B || c == 0x2032 || c == 0xFF07;
}

/* What is left unsaid within a word: an apostrophe between letters that begins none of English's endings (he'll is not hell). */
static bool is_unsaid(const char *text, size_t size, uint32_t c, uint32_t before)
{
    static const char *const ENDINGS[] = {"s", "t", "d", "m", "ll", "re", "ve"};
    char letters[4] = "";
    size_t count = 0;
    if (!is_apostrophe(c) || !is_letter(before)) return false;
    for (size_t i = 0; i < size && count < 3;) {
        int n = tokenizer_unicode_char(text + i, size - i, &c);
        i += n > 0 ? (size_t)n : 1;
        if (n == 0 || shows_nothing(c) || is_apostrophe(c) || tokenizer_unicode_is_mark(c)) continue;
        if (!is_letter(c)) break;
        letters[count++] = c < 0x80 ? (char)(c | 32) : '?';
    }
    for (size_t i = 0; i < sizeof ENDINGS / sizeof ENDINGS[0]; i++)
        if (strcmp(letters, ENDINGS[i]) == 0) return false;
    return count > 0;
}

static const filter_lookalike *lookalike(uint32_t c)
{
    size_t from = 0, to = c < 0x80 ? 0 : filter_lookalike_count;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (filter_lookalikes[middle].character < c) from = middle + 1;
        else to = middle;
    }
    return c >= 0x80 && from < filter_lookalike_count && filter_lookalikes[from].character == c ? &filter_lookalikes[from] : NULL;
}

static bool is_plain(filter_view_kind kind, const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        unsigned char b = (unsigned char)text[i];
        if (b >= 0x7F || (b < ' ' && (b < 9 || b > 13)) || (kind != FILTER_VIEW_PLAIN && b == '_') || (kind == FILTER_VIEW_SAID && (b == '\'' || b == '`'))) return false;
    }
    return true;
}

/* Appends the characters that show something, or are said. */
static void keep_shown(filter_view_kind kind, const char *text, size_t size, text_out *to)
{
    uint32_t before = 0;
    for (size_t i = 0; i < size && status_ok(to->st);) {
        uint32_t c;
        int n = tokenizer_unicode_char(text + i, size - i, &c);
        size_t next = i + (n > 0 ? (size_t)n : 1);
        bool kept = n > 0 && !shows_nothing(c) && !(kind != FILTER_VIEW_PLAIN && is_ornament(c, before));
        if (kept && kind == FILTER_VIEW_SAID)
            kept = !(tokenizer_unicode_is_modifier(c) && !is_of_script(c, before)) && !is_unsaid(text + next, size - next, c, before);
        if (kept) {
            text_out_bytes(to, text + i, (size_t)n);
            before = c;
        }
        i = next;
    }
}

/* A run of letters, with whatever stands on them or shows nothing. */
typedef struct {
    size_t end;
    bool latin, other; /* it has letters of Latin, letters of other scripts */
} word;

static word word_at(const char *text, size_t size, size_t from)
{
    word w = {.end = from};
    while (w.end < size) {
        uint32_t c;
        int n = tokenizer_unicode_char(text + w.end, size - w.end, &c);
        bool letter = n > 0 && is_letter(c);
        if (n > 0 && !letter && !tokenizer_unicode_is_mark(c) && !shows_nothing(c)) break;
        if (letter) *(c < 0x370 ? &w.latin : &w.other) = true;
        w.end += n > 0 ? (size_t)n : 1;
    }
    return w;
}

static uint32_t lower(uint32_t c)
{
    uint32_t out[3];
    return tokenizer_unicode_case(c, 'l', out) == 1 ? out[0] : c;
}

/* false: nothing in the text makes it another one in this form than in BARE. */
static bool put_bare(filter_view_kind kind, const char *text, size_t size, text_out *out)
{
    static const char MARK[] = "\u043E"; /* a letter that becomes an o, so that no word has it */
    uint32_t before = 0;
    bool either = false, other = false;
    word w = {0};
    for (size_t i = 0; i < size && status_ok(out->st);) {
        if (i >= w.end) {
            w = word_at(text, size, i);
            other = other || w.other;
            if (kind == FILTER_VIEW_ALIKE && w.latin && !w.other) text_out_add(out, MARK);
        }
        uint32_t c;
        char bytes[4];
        int n = tokenizer_unicode_char(text + i, size - i, &c);
        i += n > 0 ? (size_t)n : 1;
        if (n == 0 || is_ornament(c, before) || shows_nothing(c)) continue;
        before = c;
        if (kind == FILTER_VIEW_ALIKE) c = lower(c);
        const filter_lookalike *l = lookalike(c);
        if (!l || (l->how == LOOKALIKE_WEAK && !w.latin && kind != FILTER_VIEW_ALIKE)) text_out_bytes(out, bytes, utf8_encode(c == '_' ? ' ' : c, bytes));
        else text_out_add(out, l->how == LOOKALIKE_EITHER && kind != FILTER_VIEW_TALL ? "i" : l->letters);
        either = either || (l && l->how == LOOKALIKE_EITHER);
    }
    return kind == FILTER_VIEW_TALL ? either : kind == FILTER_VIEW_ALIKE ? other : true;
}

bool filter_view(filter_view_kind kind, const char *text, size_t size, text_out *out)
{
    if (is_plain(kind, text, size)) return false;
    text_out shown = {.st = out->st};
    tokenizer_bytes normal = {0};
    keep_shown(kind, text, size, &shown);
    if (shown.size && status_ok(out->st))
        tokenizer_unicode_normalise(kind != FILTER_VIEW_PLAIN ? UNICODE_NFKD : UNICODE_NFKC, shown.data, shown.size, &normal, out->st);
    size_t before = out->size;
    bool has = true;
    if (kind == FILTER_VIEW_PLAIN) text_out_bytes(out, normal.data, normal.size);
    else has = put_bare(kind, normal.data, normal.size, out);
    if (!has) out->size = before;
    text_out_free(&shown);
    tokenizer_bytes_free(&normal);
    return has && status_ok(out->st);
}
