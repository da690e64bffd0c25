#include "provenance/filter_view.h"

#include <stdint.h>
#include <string.h>

#include "text/tokenizer.h"
#include "text/tokenizer_unicode.h"

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

/* Letters that look like Latin ones (after Unicode Technical Standard 39, confusables): "character, letter" for each. */
static uint32_t lookalike(uint32_t c)
{
    static const char *const PAIRS[] = {
        "аa", "вb", "еe", "кk", "мm", "нh", "оo", "рp", "сc", "тt", "уy", "хx", "іi", "јj", "ѕs", "ԁd", "ԛq", "ԝw", "һh", "ьb", "гr", "пn",
        "АA", "ВB", "ЕE", "КK", "МM", "НH", "ОO", "РP", "СC", "ТT", "УY", "ХX", "ІI", "ЈJ", "ЅS", "Ԛq", "Ԝw", "Ьb",
        "αa", "βb", "εe", "ιi", "κk", "νv", "οo", "ρp", "τt", "υu", "χx", "γy", "ωw", "ηn",
        "ΑA", "ΒB", "ΕE", "ΖZ", "ΗH", "ΙI", "ΚK", "ΜM", "ΝN", "ΟO", "ΡP", "ΤT", "ΥY", "ΧX",
        "ᴀa", "ʙb", "ᴄc", "ᴅd", "ᴇe", "ꜰf", "ɢg", "ʜh", "ɪi", "ᴊj", "ᴋk", "ʟl", "ᴍm", "ɴn", "ᴏo", "ᴘp", "ʀr", "ꜱs", "ᴛt", "ᴜu", "ᴠv", "ᴡw", "ʏy", "ᴢz",
        "ıi", "ɑa", "ɡg", "øo", "Øo", "đd", "łl", "ƅb", "ɓb", "ɗd", "օo", "սu", "հh", "ոn"};
    if (c < 0x80) return c;
    if (c >= 0x1F150 && c <= 0x1F169) return 'a' + (c - 0x1F150); /* white on a black circle, on a black square, flags' letters */
    if (c >= 0x1F170 && c <= 0x1F189) return 'a' + (c - 0x1F170);
    if (c >= 0x1F1E6 && c <= 0x1F1FF) return 'a' + (c - 0x1F1E6);
    for (size_t i = 0; i < sizeof PAIRS / sizeof PAIRS[0]; i++) {
        uint32_t from;
        int n = tokenizer_unicode_char(PAIRS[i], strlen(PAIRS[i]), &from);
        if (from == c) return (unsigned char)PAIRS[i][n];
    }
    return c;
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

static void put_bare(const char *text, size_t size, text_out *out)
{
    uint32_t before = 0;
    for (size_t i = 0; i < size && status_ok(out->st);) {
        uint32_t c;
        char bytes[4];
        int n = tokenizer_unicode_char(text + i, size - i, &c);
        i += n > 0 ? (size_t)n : 1;
        if (n == 0 || is_ornament(c, before) || shows_nothing(c)) continue;
        before = c;
        text_out_bytes(out, bytes, (size_t)tokenizer_unicode_write(c == '_' ? ' ' : lookalike(c), bytes));
    }
}

bool filter_view(filter_view_kind kind, const char *text, size_t size, text_out *out)
{
    if (is_plain(kind, text, size)) return false;
    text_out shown = {.st = out->st};
    tokenizer_bytes normal = {0};
    keep_shown(kind, text, size, &shown);
    if (shown.size && status_ok(out->st))
        tokenizer_unicode_normalise(kind != FILTER_VIEW_PLAIN ? UNICODE_NFKD : UNICODE_NFKC, shown.data, shown.size, &normal, out->st);
    if (kind != FILTER_VIEW_PLAIN) put_bare(normal.data, normal.size, out);
    else text_out_bytes(out, normal.data, normal.size);
    text_out_free(&shown);
    tokenizer_bytes_free(&normal);
    return status_ok(out->st);
}
